//! What operators do to an account.

use axum::extract::State;
use axum::response::Response;
use hallpass_core::AccountPatch;
use hallpass_model::{AccountId, EnvironmentId, Error, ErrorKind, SessionId};
use http::StatusCode;
use serde_json::Value;

use super::account::{AccountPage, Whole, address};
use super::json_field::read_object;
use super::{base, version_of};
use crate::dashboard::posted::Posted;
use crate::dashboard::seat::Member;
use crate::dashboard::view::{Frame, Section, done, page_with};
use crate::dashboard::words::complaint;
use crate::extract::Id;
use crate::{AppState, Failure};

pub(super) async fn save_settings(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    // Whoever does not see the environment learns that first.
    let environments = &app.services.environments;
    environments.load(&posted.seat.caller, environment).await?;
    // What is left out is no wish to take it away.
    let (role, typed) = (posted.field("role")?, posted.field("permissions")?);
    let version = version_of(&posted)?;
    let permissions = match read_permissions(typed) {
        Ok(permissions) => permissions,
        Err(fault) => {
            return edit_again(&app, &posted, environment, account, |page| {
                page.editor.keep(role, typed, version);
                page.editor.permissions_fault = Some(fault);
                StatusCode::UNPROCESSABLE_ENTITY
            })
            .await;
        }
    };
    let patch = AccountPatch {
        role: Some((!role.is_empty()).then(|| role.to_owned())),
        permissions: Some(permissions),
    };
    let accounts = &app.services.accounts;
    let saved = accounts.update(
        &posted.seat.caller,
        environment,
        account,
        patch,
        Some(version),
    );
    let Err(error) = saved.await else {
        return Ok(done(&address(environment, account), "account-saved"));
    };
    match error.kind() {
        ErrorKind::PreconditionFailed => {
            edit_again(&app, &posted, environment, account, |page| {
                page.editor.collide(role, typed);
                StatusCode::PRECONDITION_FAILED
            })
            .await
        }
        ErrorKind::Unprocessable => {
            edit_again(&app, &posted, environment, account, |page| {
                page.editor.keep(role, typed, version);
                blame(page, error);
                StatusCode::UNPROCESSABLE_ENTITY
            })
            .await
        }
        _ => Err(error.into()),
    }
}

pub(super) async fn freeze(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let accounts = &app.services.accounts;
    accounts
        .freeze(&posted.seat.caller, environment, account)
        .await?;
    Ok(done(&address(environment, account), "account-frozen"))
}

pub(super) async fn unfreeze(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let accounts = &app.services.accounts;
    accounts
        .unfreeze(&posted.seat.caller, environment, account)
        .await?;
    Ok(done(&address(environment, account), "account-unfrozen"))
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    if posted.form.get("confirm") != Some("yes") {
        return edit_again(&app, &posted, environment, account, |page| {
            page.is_unconfirmed = true;
            StatusCode::UNPROCESSABLE_ENTITY
        })
        .await;
    }
    let accounts = &app.services.accounts;
    accounts
        .delete(&posted.seat.caller, environment, account)
        .await?;
    let list = format!("{}/accounts", base(environment));
    Ok(done(&list, "account-deleted"))
}

pub(super) async fn revoke_sessions(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let accounts = &app.services.accounts;
    accounts
        .revoke_sessions(&posted.seat.caller, environment, account)
        .await?;
    Ok(done(&address(environment, account), "sessions-revoked"))
}

pub(super) async fn revoke_session(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    Id(session): Id<SessionId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let accounts = &app.services.accounts;
    accounts
        .revoke_session(&posted.seat.caller, environment, account, session)
        .await?;
    Ok(done(&address(environment, account), "session-revoked"))
}

/// Nothing is no permissions of its own.
fn read_permissions(typed: &str) -> Result<Option<Value>, String> {
    if typed.trim().is_empty() {
        return Ok(None);
    }
    read_object(typed).map(|object| Some(Value::Object(object)))
}

/// Puts what a service refused to the field that it is about.
fn blame(page: &mut AccountPage, error: Error) {
    let pointer = error.pointer().unwrap_or_default();
    if pointer == "/role" {
        page.editor.role_fault = Some(complaint(&error.at("")));
        return;
    }
    let inside = pointer.strip_prefix("/permissions").unwrap_or(pointer);
    let inside = inside.to_owned();
    page.editor.permissions_fault = Some(complaint(&error.at(inside)));
}

/// The page once more, as the database has it, after what was typed is put into it.
async fn edit_again(
    app: &AppState,
    posted: &Posted<Member>,
    environment: EnvironmentId,
    account: AccountId,
    adjust: impl FnOnce(&mut AccountPage) -> StatusCode,
) -> Result<Response, Failure> {
    let frame = Frame::of(app, &posted.seat, environment, Section::Accounts).await?;
    let whole = Whole::load(app, &posted.seat.caller, environment, account, None).await?;
    let now = app.services.clock.now();
    let mut page = AccountPage::new(frame, whole, now);
    let status = adjust(&mut page);
    Ok(page_with(status, &page))
}
