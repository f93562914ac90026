//! How clients of a custody service see provisioned wallets: known, and without shares to wait for.

use axum::extract::State;
use axum::response::Response;
use axum::routing::{any, post};
use hallpass_core::{SessionCaller, WalletOwner};
use hallpass_model::{AccountId, Wallet, WalletType};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::compat::SessionRefusal;
use super::extract::SignedIn;
use super::sessions::require_own;
use super::unsupported;
use crate::extract::Id;
use crate::time::rfc3339;
use crate::{AppState, Failure};

/// A wallet as such clients know it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct KnownWallet {
    id: String,
    user_id: String,
    partner_id: String,
    /// `EVM` or `SOLANA`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `DKLS` or `ED25519`: what such a key would be made with. It was not.
    scheme: &'static str,
    address: String,
    public_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// Always `true`: the key is there, elsewhere.
    key_gen_complete: bool,
    /// Always `false`: there are no shares, so no client waits for them.
    shares_persisted: bool,
    created_at: String,
    updated_at: String,
}

/// An account's wallets.
#[derive(Serialize, ToSchema)]
pub(super) struct KnownWallets {
    wallets: Vec<KnownWallet>,
}

/// Shares of keys.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TemporaryShares {
    /// Always empty.
    #[schema(value_type = Vec<Object>)]
    temporary_shares: [(); 0],
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(list_known_wallets))
        .routes(routes!(list_all_known_wallets))
        .routes(routes!(list_temporary_shares))
        .route("/users/{account}/wallets", post(unsupported::refuse))
        .route("/wallets/pregen", any(unsupported::refuse))
        .route("/wallets/pregen/{*rest}", any(unsupported::refuse))
}

/// List wallets as clients of a custody service know them
#[utoipa::path(
    get, path = "/users/{account}/wallets", tag = "Wallets",
    params(("account" = uuid::Uuid, Path, description = "The account that is signed in")),
    responses(
        (status = 200, description = "Its wallets", body = KnownWallets),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
    ),
)]
pub(super) async fn list_known_wallets(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let wallets = known(&app, &caller).await?;
    Ok(outgoing.answer(&app, &caller, wallets))
}

/// List every wallet as clients of a custody service know them
#[utoipa::path(
    get, path = "/users/{account}/all-wallets", tag = "Wallets",
    params(("account" = uuid::Uuid, Path, description = "The account that is signed in")),
    responses(
        (status = 200, description = "The same list", body = KnownWallets),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
    ),
)]
pub(super) async fn list_all_known_wallets(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let wallets = known(&app, &caller).await?;
    Ok(outgoing.answer(&app, &caller, wallets))
}

/// List shares of keys
///
/// There are none: Hallpass keeps no part of any key.
#[utoipa::path(
    get, path = "/users/{account}/temporary-shares", tag = "Wallets",
    params(("account" = uuid::Uuid, Path, description = "The account that is signed in")),
    responses(
        (status = 200, description = "An empty list", body = TemporaryShares),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
    ),
)]
pub(super) async fn list_temporary_shares(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let none = TemporaryShares {
        temporary_shares: [],
    };
    Ok(outgoing.answer(&app, &caller, none))
}

async fn known(app: &AppState, caller: &SessionCaller) -> Result<KnownWallets, Failure> {
    let owner = WalletOwner::signed_in(caller)?;
    let wallets = app.services.wallets.list(owner).await?;
    Ok(KnownWallets {
        wallets: wallets.into_iter().map(KnownWallet::from).collect(),
    })
}

impl From<Wallet> for KnownWallet {
    fn from(wallet: Wallet) -> Self {
        let created_at = rfc3339(wallet.created_at);
        Self {
            id: wallet.id.to_string(),
            user_id: wallet.account_id.to_string(),
            partner_id: wallet.environment_id.to_string(),
            kind: wallet.chain.as_wire(),
            scheme: match wallet.chain {
                WalletType::Solana => "ED25519",
                WalletType::Evm | WalletType::Cosmos => "DKLS",
            },
            address: wallet.address,
            public_key: wallet.public_key,
            name: wallet.name,
            key_gen_complete: true,
            shares_persisted: false,
            updated_at: created_at.clone(),
            created_at,
        }
    }
}
