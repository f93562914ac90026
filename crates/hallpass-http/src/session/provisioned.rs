//! Wallets that apps provision. Hallpass keeps public keys only: this is no MPC custody.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{WalletOwner, WalletProof};
use hallpass_model::{AccountId, ChallengeId, Error, Wallet, WalletId, WalletType};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use super::compat::SessionRefusal;
use super::extract::{SecretApp, SignedIn};
use crate::extract::{Id, Lenient, StrictJson};
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// A public key that is to be registered.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWalletChallenge {
    /// `EVM` or `SOLANA`.
    #[serde(rename = "type")]
    #[schema(example = "EVM")]
    kind: String,
    /// EVM: secp256k1 in hexadecimal digits, compressed or not. Solana: Ed25519 in base58. Never a private key.
    public_key: String,
}

/// A message for the key's holder.
#[derive(Serialize, ToSchema)]
pub(super) struct WalletChallengeView {
    challenge_id: String,
    /// The address that follows from the key.
    address: String,
    /// To be signed as it is: `personal_sign` on EVM, Ed25519 over its bytes on Solana.
    message: String,
    expires_at: String,
}

/// The holder's signature.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterWallet {
    challenge_id: Uuid,
    /// Hexadecimal behind `0x` on EVM, base58 on Solana.
    signature: String,
    /// What the app calls the wallet.
    #[serde(default)]
    name: Option<String>,
}

/// A provisioned wallet.
#[derive(Serialize, ToSchema)]
#[schema(as = Wallet)]
pub(crate) struct WalletView {
    id: Uuid,
    /// `EVM` or `SOLANA`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Derived here from the key.
    address: String,
    /// `0x04...` on EVM, base58 on Solana.
    public_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    created_at: String,
}

/// An account's wallets.
#[derive(Serialize, ToSchema)]
pub(super) struct WalletList {
    items: Vec<WalletView>,
}

/// An address that a backend asks about.
#[derive(Deserialize, ToSchema)]
pub(super) struct VerifyWalletAddress {
    /// In any spelling of its chain.
    address: String,
}

/// The wallet with that address.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifiedWalletAddress {
    wallet_id: String,
}

impl From<Wallet> for WalletView {
    fn from(wallet: Wallet) -> Self {
        Self {
            id: *wallet.id.as_uuid(),
            kind: wallet.chain.as_wire(),
            address: wallet.address,
            public_key: wallet.public_key,
            name: wallet.name,
            created_at: rfc3339(wallet.created_at),
        }
    }
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(create_wallet_challenge))
        .routes(routes!(create_wallet, list_wallets))
        .routes(routes!(delete_wallet))
        .routes(routes!(create_account_wallet_challenge))
        .routes(routes!(create_account_wallet, list_account_wallets))
        .routes(routes!(delete_account_wallet))
        .routes(routes!(verify_wallet_address))
}

/// Begin to register a wallet
///
/// For the account that is signed in. The message counts once, in this session.
#[utoipa::path(
    post, path = "/v2/wallets/challenges", tag = "Wallets", request_body = NewWalletChallenge,
    responses(
        (status = 200, description = "A message to sign", body = WalletChallengeView),
        (status = 403, description = "`not_signed_in`, `account_frozen`", body = SessionRefusal),
        (status = 422, description = "`invalid_public_key`, `private_key_given`, `wallet_type_unsupported`", body = SessionRefusal),
    ),
)]
pub(super) async fn create_wallet_challenge(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    StrictJson(new): StrictJson<NewWalletChallenge>,
) -> Result<Response, Failure> {
    let owner = WalletOwner::signed_in(&caller)?;
    let challenge = begin(&app, owner, &new).await?;
    Ok(outgoing.answer(&app, &caller, challenge))
}

/// Register a wallet
///
/// With the signature over the challenge's message. One that the account has already is answered as it is.
#[utoipa::path(
    post, path = "/v2/wallets", tag = "Wallets", request_body = RegisterWallet,
    responses(
        (status = 200, description = "The wallet", body = WalletView),
        (status = 401, description = "`challenge_invalid`; `wrong_signer` and other faults of the signature", body = SessionRefusal),
        (status = 403, description = "`not_signed_in`, `account_frozen`", body = SessionRefusal),
        (status = 409, description = "`wallet_taken`, `too_many_wallets`", body = SessionRefusal),
    ),
)]
pub(super) async fn create_wallet(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    StrictJson(proof): StrictJson<RegisterWallet>,
) -> Result<Response, Failure> {
    let owner = WalletOwner::signed_in(&caller)?;
    let wallet = register(&app, owner, proof).await?;
    Ok(outgoing.answer(&app, &caller, wallet))
}

/// List wallets
#[utoipa::path(
    get, path = "/v2/wallets", tag = "Wallets",
    responses(
        (status = 200, description = "The wallets of the account that is signed in, oldest first", body = WalletList),
        (status = 403, description = "`not_signed_in`", body = SessionRefusal),
    ),
)]
pub(super) async fn list_wallets(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
) -> Result<Response, Failure> {
    let owner = WalletOwner::signed_in(&caller)?;
    let list = list_of(&app, owner).await?;
    Ok(outgoing.answer(&app, &caller, list))
}

/// Remove a wallet
#[utoipa::path(
    delete, path = "/v2/wallets/{wallet}", tag = "Wallets",
    params(("wallet" = uuid::Uuid, Path, description = "The wallet's id")),
    responses(
        (status = 200, description = "The wallet as it was", body = WalletView),
        (status = 403, description = "`not_signed_in`", body = SessionRefusal),
        (status = 404, description = "The account has no such wallet", body = SessionRefusal),
    ),
)]
pub(super) async fn delete_wallet(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(id): Id<WalletId>,
) -> Result<Response, Failure> {
    let owner = WalletOwner::signed_in(&caller)?;
    let wallet = app.services.wallets.remove(owner, id).await?;
    Ok(outgoing.answer(&app, &caller, WalletView::from(wallet)))
}

/// Begin to register a wallet for an account
///
/// For backends. The signature has to be the user's all the same.
#[utoipa::path(
    post, path = "/v2/accounts/{account}/wallets/challenges", tag = "Wallets",
    params(("account" = uuid::Uuid, Path, description = "The account's id, `sub` of its tokens")),
    request_body = NewWalletChallenge,
    responses(
        (status = 200, description = "A message to sign", body = WalletChallengeView),
        (status = 403, description = "`secret_key_needed`, `account_frozen`", body = SessionRefusal),
        (status = 404, description = "No such account", body = SessionRefusal),
        (status = 422, description = "`invalid_public_key`, `private_key_given`, `wallet_type_unsupported`", body = SessionRefusal),
    ),
)]
pub(super) async fn create_account_wallet_challenge(
    State(app): State<AppState>,
    SecretApp(caller): SecretApp,
    Id(account): Id<AccountId>,
    StrictJson(new): StrictJson<NewWalletChallenge>,
) -> Result<Json<WalletChallengeView>, Failure> {
    let owner = WalletOwner::named(&caller, account);
    Ok(Json(begin(&app, owner, &new).await?))
}

/// Register a wallet for an account
#[utoipa::path(
    post, path = "/v2/accounts/{account}/wallets", tag = "Wallets",
    params(("account" = uuid::Uuid, Path, description = "The account's id, `sub` of its tokens")),
    request_body = RegisterWallet,
    responses(
        (status = 200, description = "The wallet", body = WalletView),
        (status = 401, description = "`challenge_invalid`; `wrong_signer` and other faults of the signature", body = SessionRefusal),
        (status = 403, description = "`secret_key_needed`, `account_frozen`", body = SessionRefusal),
        (status = 409, description = "`wallet_taken`, `too_many_wallets`", body = SessionRefusal),
    ),
)]
pub(super) async fn create_account_wallet(
    State(app): State<AppState>,
    SecretApp(caller): SecretApp,
    Id(account): Id<AccountId>,
    StrictJson(proof): StrictJson<RegisterWallet>,
) -> Result<Json<WalletView>, Failure> {
    let owner = WalletOwner::named(&caller, account);
    Ok(Json(register(&app, owner, proof).await?))
}

/// List an account's wallets
#[utoipa::path(
    get, path = "/v2/accounts/{account}/wallets", tag = "Wallets",
    params(("account" = uuid::Uuid, Path, description = "The account's id, `sub` of its tokens")),
    responses(
        (status = 200, description = "Its wallets, oldest first", body = WalletList),
        (status = 403, description = "`secret_key_needed`", body = SessionRefusal),
        (status = 404, description = "No such account", body = SessionRefusal),
    ),
)]
pub(super) async fn list_account_wallets(
    State(app): State<AppState>,
    SecretApp(caller): SecretApp,
    Id(account): Id<AccountId>,
) -> Result<Json<WalletList>, Failure> {
    let owner = WalletOwner::named(&caller, account);
    Ok(Json(list_of(&app, owner).await?))
}

/// Remove a wallet of an account
#[utoipa::path(
    delete, path = "/v2/accounts/{account}/wallets/{wallet}", tag = "Wallets",
    params(
        ("account" = uuid::Uuid, Path, description = "The account's id, `sub` of its tokens"),
        ("wallet" = uuid::Uuid, Path, description = "The wallet's id"),
    ),
    responses(
        (status = 200, description = "The wallet as it was", body = WalletView),
        (status = 403, description = "`secret_key_needed`", body = SessionRefusal),
        (status = 404, description = "The account has no such wallet", body = SessionRefusal),
    ),
)]
pub(super) async fn delete_account_wallet(
    State(app): State<AppState>,
    SecretApp(caller): SecretApp,
    Id(account): Id<AccountId>,
    Id(id): Id<WalletId>,
) -> Result<Json<WalletView>, Failure> {
    let owner = WalletOwner::named(&caller, account);
    let wallet = app.services.wallets.remove(owner, id).await?;
    Ok(Json(wallet.into()))
}

/// Verify an address
///
/// Whether it is a wallet's of this environment. Needs a secret key.
#[utoipa::path(
    post, path = "/wallets/verify", tag = "Wallets", request_body = VerifyWalletAddress,
    responses(
        (status = 200, description = "It is", body = VerifiedWalletAddress),
        (status = 403, description = "`secret_key_needed`", body = SessionRefusal),
        (status = 404, description = "It is not", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_wallet_address(
    State(app): State<AppState>,
    SecretApp(caller): SecretApp,
    Lenient(body): Lenient<VerifyWalletAddress>,
) -> Result<Json<VerifiedWalletAddress>, Failure> {
    let wallets = &app.services.wallets;
    let id = wallets.verify_address(&caller, &body.address).await?;
    Ok(Json(VerifiedWalletAddress {
        wallet_id: id.to_string(),
    }))
}

async fn begin(
    app: &AppState,
    owner: WalletOwner<'_>,
    new: &NewWalletChallenge,
) -> Result<WalletChallengeView, Failure> {
    let chain = WalletType::ALL
        .into_iter()
        .find(|family| family.as_wire() == new.kind)
        .ok_or_else(|| {
            Error::unprocessable("wallet_type_unsupported", "`type` is EVM or SOLANA").at("/type")
        })?;
    let wallets = &app.services.wallets;
    let challenge = wallets.challenge(owner, chain, &new.public_key).await?;
    Ok(WalletChallengeView {
        challenge_id: challenge.id.to_string(),
        address: challenge.address,
        message: challenge.message,
        expires_at: rfc3339(challenge.expires_at),
    })
}

async fn register(
    app: &AppState,
    owner: WalletOwner<'_>,
    proof: RegisterWallet,
) -> Result<WalletView, Failure> {
    let malformed = || Error::unauthenticated("challenge_invalid", "no such challenge");
    let challenge: ChallengeId = proof
        .challenge_id
        .to_string()
        .parse()
        .map_err(|_| malformed())?;
    let proof = WalletProof {
        challenge,
        signature: proof.signature,
        name: proof.name,
    };
    Ok(app.services.wallets.register(owner, &proof).await?.into())
}

async fn list_of(app: &AppState, owner: WalletOwner<'_>) -> Result<WalletList, Failure> {
    let wallets = app.services.wallets.list(owner).await?;
    Ok(WalletList {
        items: wallets.into_iter().map(WalletView::from).collect(),
    })
}
