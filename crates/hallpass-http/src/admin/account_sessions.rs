use axum::Json;
use axum::extract::State;
use hallpass_model::{AccountId, EnvironmentId, SessionId};

use super::account_views::{EndedView, SessionView};
use super::views::Listing;
use crate::extract::{Id, Member, PageQuery, StrictQuery, Support};
use crate::{AppState, Failure};

/// List the sessions of an account
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/accounts/{account}/sessions", tag = "Accounts",
    extensions(("x-role" = json!("support"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
        PageQuery,
    ),
    responses((status = 200, description = "Its sessions; ended ones too, while they are kept", body = Listing<SessionView>)),
)]
pub(super) async fn list_account_sessions(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<SessionView>>, Failure> {
    let page = page.into_request()?;
    let accounts = &app.services.accounts;
    let sessions = accounts
        .list_sessions(&operator, environment, account, &page)
        .await?;
    let now = app.services.clock.now();
    Ok(Listing::of(sessions, |session| {
        SessionView::at(session, now)
    }))
}

/// End every session of an account
///
/// Tokens that they issued stop counting where they are user tokens. Whoever is shut out so may sign in again.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/accounts/{account}/sessions", tag = "Accounts",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
    ),
    responses((status = 200, description = "How many were ended", body = EndedView)),
)]
pub(super) async fn revoke_account_sessions(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
) -> Result<Json<EndedView>, Failure> {
    let accounts = &app.services.accounts;
    let ended = accounts
        .revoke_sessions(&operator, environment, account)
        .await?;
    Ok(Json(EndedView { ended }))
}

/// End a session
///
/// Tokens that it issued stop counting where they are user tokens.
#[utoipa::path(
    delete, path = "/admin/v1/environments/{environment}/accounts/{account}/sessions/{session}", tag = "Accounts",
    extensions(("x-role" = json!("member"))),
    params(
        ("environment" = uuid::Uuid, Path, description = "The environment's id"),
        ("account" = uuid::Uuid, Path, description = "The account's id"),
        ("session" = uuid::Uuid, Path, description = "The session's id"),
    ),
    responses((status = 200, description = "The session, ended", body = SessionView)),
)]
pub(super) async fn revoke_account_session(
    State(app): State<AppState>,
    Member(operator): Member,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    Id(session): Id<SessionId>,
) -> Result<Json<SessionView>, Failure> {
    let accounts = &app.services.accounts;
    let session = accounts
        .revoke_session(&operator, environment, account, session)
        .await?;
    Ok(Json(SessionView::at(session, app.services.clock.now())))
}
