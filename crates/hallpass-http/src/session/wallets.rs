//! Sign-in with wallets that people bring along.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use hallpass_core::PageFacts;
use hallpass_model::ChallengeId;
use http::header::HOST;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::compat::SessionRefusal;
use super::external_wallet::{ExternalWallet, SignedMessage};
use super::extract::{App, Visitor};
use super::sessions::Done;
use crate::extract::{Id, Lenient};
use crate::{AppState, Failure};

/// Wallets that an app has connected.
#[derive(Deserialize, ToSchema)]
pub(super) struct TrackWallets {
    /// `{address, type, provider}` of each.
    #[schema(value_type = Vec<Object>)]
    wallets: Vec<Value>,
}

/// A wallet that is to sign in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct BeginWalletSignIn {
    external_wallet: ExternalWallet,
    /// The network, as a number or text.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    chain_id: Option<ChainId>,
    /// The page that asks.
    #[serde(default)]
    uri: Option<String>,
}

/// Clients write a network either way.
#[derive(Deserialize)]
#[serde(untagged)]
enum ChainId {
    Number(u64),
    Text(String),
}

/// A wallet and its signature.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct VerifyWalletSignIn {
    external_wallet: ExternalWallet,
    #[serde(flatten)]
    signed: SignedMessage,
}

/// Who a wallet makes somebody.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WalletAuth {
    external_wallet_address: String,
}

/// A message to sign.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WalletSignInBegun {
    /// Always `verify`.
    stage: &'static str,
    /// Always `signup`.
    next_stage: &'static str,
    /// Always empty.
    signup_auth_methods: [&'static str; 0],
    /// Names the attempt, not an account.
    user_id: String,
    auth: WalletAuth,
    external_wallet: ExternalWallet,
    /// To be signed as it is, within ten minutes, in this session.
    signature_verification_message: String,
}

/// Somebody has signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct WalletSignedIn {
    /// Always `done`.
    stage: &'static str,
    /// Always empty.
    auth_methods: [&'static str; 0],
    is_new_user: bool,
    user_id: String,
    auth: WalletAuth,
    external_wallet: ExternalWallet,
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(track_external_wallets))
        .routes(routes!(begin_wallet_sign_in))
        .routes(routes!(verify_wallet_sign_in))
}

/// Tell of connected wallets
///
/// Counted and forgotten: a connected wallet is nobody's proof.
#[utoipa::path(
    post, path = "/users/external-wallets/track-connections", tag = "Sign-in",
    request_body = TrackWallets,
    responses((status = 200, description = "Heard", body = Done)),
)]
pub(super) async fn track_external_wallets(
    App(_): App,
    Lenient(tracked): Lenient<TrackWallets>,
) -> Json<Done> {
    let count = u64::try_from(tracked.wallets.len()).unwrap_or(u64::MAX);
    metrics::counter!("hallpass_external_wallets_connected_total").increment(count);
    Json(Done::YES)
}

/// Begin to sign in with a wallet
///
/// The message is bound to the session, the page and the wallet; it counts once.
#[utoipa::path(
    post, path = "/users/external-wallets/login/v2", tag = "Sign-in",
    request_body = BeginWalletSignIn,
    responses(
        (status = 200, description = "A message for the wallet", body = WalletSignInBegun),
        (status = 403, description = "`wallet_type_not_allowed`, `uri_not_allowed`", body = SessionRefusal),
        (status = 422, description = "`wallet_type_unsupported`, `wallet_address_invalid`, `wallet_address_mismatch`, `wallet_malformed`, `wrong_partner`, `chain_id_invalid`, `uri_malformed`, `uri_authority`", body = SessionRefusal),
    ),
)]
pub(super) async fn begin_wallet_sign_in(
    State(app): State<AppState>,
    Visitor(caller, outgoing): Visitor,
    headers: HeaderMap,
    Lenient(begin): Lenient<BeginWalletSignIn>,
) -> Result<Response, Failure> {
    let wallet = begin.external_wallet.within(&caller.app)?;
    let page = page_facts(&caller.app, &headers, begin.uri);
    let chain_id = begin.chain_id.map(|id| match id {
        ChainId::Number(number) => number.to_string(),
        ChainId::Text(text) => text,
    });
    let offer = app
        .services
        .wallet_sign_in
        .offer(&caller, &wallet.claimed(), &page, chain_id.as_deref())
        .await?;
    let begun = WalletSignInBegun {
        stage: "verify",
        next_stage: "signup",
        signup_auth_methods: [],
        user_id: offer.attempt.to_string(),
        auth: auth(&wallet),
        external_wallet: wallet,
        signature_verification_message: offer.message,
    };
    Ok(outgoing.answer(&app, &caller, begun))
}

/// Sign in with a wallet's signature
///
/// The attempt is used up, also by a wrong signature.
#[utoipa::path(
    post, path = "/users/{attempt}/external-wallets/verify/v2", tag = "Sign-in",
    params(("attempt" = uuid::Uuid, Path, description = "`userId` of the attempt")),
    request_body = VerifyWalletSignIn,
    responses(
        (status = 200, description = "Somebody is signed in; the session's secret is a new one", body = WalletSignedIn),
        (status = 401, description = "`challenge_invalid`; `wrong_signer` and other faults of the signature", body = SessionRefusal),
        (status = 403, description = "`connection_only`, `account_frozen`", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_wallet_sign_in(
    State(app): State<AppState>,
    Visitor(mut caller, outgoing): Visitor,
    Id(attempt): Id<ChallengeId>,
    Lenient(verify): Lenient<VerifyWalletSignIn>,
) -> Result<Response, Failure> {
    let wallet = verify.external_wallet.within(&caller.app)?;
    let answer = verify.signed.into();
    let login = app
        .services
        .wallet_sign_in
        .verify(&mut caller, attempt, &wallet.claimed(), &answer)
        .await?;
    let done = WalletSignedIn {
        stage: "done",
        auth_methods: [],
        is_new_user: login.is_new,
        user_id: login.account.to_string(),
        auth: auth(&wallet),
        external_wallet: wallet,
    };
    Ok(outgoing.answer(&app, &caller, done))
}

/// What is known of the page that asks.
pub(super) fn page_facts(
    app: &hallpass_core::AppCaller,
    headers: &HeaderMap,
    uri: Option<String>,
) -> PageFacts {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    PageFacts {
        uri,
        origin: app.origin.clone(),
        host: host.map(str::to_owned),
    }
}

fn auth(wallet: &ExternalWallet) -> WalletAuth {
    WalletAuth {
        external_wallet_address: wallet.address().to_owned(),
    }
}
