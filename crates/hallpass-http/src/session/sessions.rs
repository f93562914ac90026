use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use hallpass_core::SessionCaller;
use hallpass_model::{AccountId, Error, WalletType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use super::compat::{self, SessionRefusal};
use super::extract::{App, SignedIn, Visitor};
use crate::extract::{Id, Lenient};
use crate::{AppState, Failure};

/// How to open a session.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OpenQuery {
    /// `true`: exchange the secret; what the session knows stays.
    #[serde(default)]
    regenerate: Option<String>,
}

/// A client's session.
#[derive(Serialize, ToSchema)]
#[schema(as = OpenedSession)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionView {
    /// The environment's id.
    partner_id: String,
    /// External wallets that people may sign in with.
    supported_wallet_types: Vec<SupportedWalletType>,
    /// How Cosmos addresses begin.
    cosmos_prefix: String,
    /// Whether somebody is signed in.
    is_authenticated: bool,
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// The session's public handle.
    session_id: String,
    /// The same; backends verify it with `POST /sessions/verify`.
    session_lookup_id: String,
    /// Whether the client expects to make a wallet of its own: always `false` without external wallets.
    needs_wallet: bool,
    /// Wallets that the client has chosen; always empty.
    #[schema(value_type = Object)]
    current_wallet_ids: Map<String, Value>,
    /// External wallets whose owner signed in this session, as the client wrote their addresses.
    verified_external_wallet_addresses: Vec<String>,
    /// The origin of the page that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// A family of external wallets.
#[derive(Serialize, ToSchema)]
pub(super) struct SupportedWalletType {
    /// `EVM`, `SOLANA` or `COSMOS`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// Always `true`: nobody needs one.
    optional: bool,
}

/// Whether it was done.
#[derive(Serialize, ToSchema)]
pub(super) struct Done {
    success: bool,
}

impl Done {
    pub(super) const YES: Self = Self { success: true };
}

/// Open a session
///
/// Answers the client's session, renewed; one that has run out, or none, is answered with a new one. The secret comes in
/// the header `x-capsule-sid`.
#[utoipa::path(
    post, path = "/touch", tag = "Sessions", params(OpenQuery),
    responses(
        (status = 200, description = "The session", body = SessionView),
        (status = 401, description = "`api_key_invalid`", body = SessionRefusal),
        (status = 403, description = "`origin_not_authorized`", body = SessionRefusal),
    ),
)]
pub(super) async fn open_session(
    State(app): State<AppState>,
    Query(query): Query<OpenQuery>,
    Visitor(caller, outgoing): Visitor,
) -> Result<Response, Failure> {
    let caller = if query.regenerate.as_deref() == Some("true") {
        app.services.sessions.regenerate(caller).await?
    } else {
        caller
    };
    Ok(outgoing.answer(&app, &caller, view(&caller)))
}

/// End the session
///
/// Answers 200 without a session too.
#[utoipa::path(
    get, path = "/logout", tag = "Sessions",
    responses((status = 200, description = "Nobody is signed in any more", body = Done)),
)]
pub(super) async fn end_session(
    State(app): State<AppState>,
    App(caller): App,
    headers: HeaderMap,
) -> Result<Json<Done>, Failure> {
    let presented = compat::presented(&headers);
    app.services.sessions.end(&caller, presented).await?;
    Ok(Json(Done::YES))
}

/// Keep the session alive
#[utoipa::path(
    post, path = "/users/{account}/session/keep-alive", tag = "Sessions",
    params(("account" = String, Path, description = "The account that is signed in")),
    responses(
        (status = 200, description = "The session's end has moved", body = SessionView),
        (status = 403, description = "`not_signed_in`, or somebody else is", body = SessionRefusal),
    ),
)]
pub(super) async fn renew_session(
    State(app): State<AppState>,
    SignedIn(caller, outgoing): SignedIn,
    Id(account): Id<AccountId>,
) -> Result<Response, Failure> {
    require_own(&caller, account)?;
    let caller = app.services.sessions.extend(caller).await?;
    Ok(outgoing.answer(&app, &caller, view(&caller)))
}

/// Tell of a fault in a client
///
/// Counted and forgotten; what it says is not kept.
#[utoipa::path(
    post, path = "/errors/sdk", tag = "Sessions", request_body = Object,
    responses((status = 200, description = "Heard", body = Done)),
)]
pub(super) async fn record_client_error(App(_): App, Lenient(_): Lenient<Value>) -> Json<Done> {
    metrics::counter!("hallpass_client_errors_total").increment(1);
    Json(Done::YES)
}

/// Nobody acts for somebody else.
pub(super) fn require_own(caller: &SessionCaller, account: AccountId) -> Result<(), Error> {
    if caller.session.account_id == Some(account) {
        return Ok(());
    }
    Err(Error::forbidden(
        "not_own_account",
        "another account is signed in in this session",
    ))
}

fn view(caller: &SessionCaller) -> SessionView {
    let session = &caller.session;
    let settings = caller.app.sign_in();
    let id = session.id.to_string();
    SessionView {
        partner_id: caller.app.environment().to_string(),
        supported_wallet_types: wallet_types(&settings.wallet_types),
        cosmos_prefix: settings.cosmos_prefix.clone(),
        is_authenticated: session.is_signed_in(),
        user_id: session.account_id.map(|id| id.to_string()),
        session_id: id.clone(),
        session_lookup_id: id,
        needs_wallet: session.is_signed_in() && !settings.wallet_types.is_empty(),
        current_wallet_ids: Map::new(),
        verified_external_wallet_addresses: session
            .wallets
            .iter()
            .map(|wallet| wallet.address.clone())
            .collect(),
        origin: session.origin.clone(),
    }
}

pub(super) fn wallet_types(types: &[WalletType]) -> Vec<SupportedWalletType> {
    types
        .iter()
        .map(|wallet| SupportedWalletType {
            kind: wallet.as_wire(),
            optional: true,
        })
        .collect()
}
