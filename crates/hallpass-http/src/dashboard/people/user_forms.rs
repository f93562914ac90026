//! What operators do to a user.

use axum::extract::State;
use axum::response::Response;
use hallpass_model::{EnvironmentId, ErrorKind, Subject};
use http::StatusCode;

use super::json_field::read_object;
use super::user::{UnknownUserPage, UserPage, address};
use super::{base, version_of};
use crate::dashboard::posted::Posted;
use crate::dashboard::seat::Member;
use crate::dashboard::view::{Frame, Section, done, page_with};
use crate::dashboard::words::complaint;
use crate::extract::Id;
use crate::{AppState, Failure};

pub(super) async fn save_metadata(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    // Whoever does not see the environment learns that first.
    let environments = &app.services.environments;
    environments.load(&posted.seat.caller, environment).await?;
    let typed = posted.field("metadata")?;
    let version = version_of(&posted)?;
    let metadata = match read_object(typed) {
        Ok(metadata) => metadata,
        Err(fault) => {
            return edit_again(&app, &posted, environment, &sub, |page| {
                page.editor.keep(typed, version, fault);
                StatusCode::UNPROCESSABLE_ENTITY
            })
            .await;
        }
    };
    let users = &app.services.users;
    let saved = users.replace_metadata(
        &posted.seat.caller,
        environment,
        &sub,
        metadata,
        Some(version),
    );
    match saved.await {
        Ok(_) => Ok(done(&address(environment, &sub), "metadata-saved")),
        Err(error) => match error.kind() {
            ErrorKind::PreconditionFailed => {
                edit_again(&app, &posted, environment, &sub, |page| {
                    page.editor.collide(typed);
                    StatusCode::PRECONDITION_FAILED
                })
                .await
            }
            ErrorKind::Unprocessable => {
                edit_again(&app, &posted, environment, &sub, |page| {
                    page.editor.keep(typed, version, complaint(&error));
                    StatusCode::UNPROCESSABLE_ENTITY
                })
                .await
            }
            ErrorKind::NotFound => {
                gone(&app, &posted, environment, &sub, Some(typed.to_owned())).await
            }
            _ => Err(error.into()),
        },
    }
}

pub(super) async fn freeze(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let users = &app.services.users;
    users.freeze(&posted.seat.caller, environment, &sub).await?;
    Ok(done(&address(environment, &sub), "user-frozen"))
}

pub(super) async fn unfreeze(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let users = &app.services.users;
    users
        .unfreeze(&posted.seat.caller, environment, &sub)
        .await?;
    Ok(done(&address(environment, &sub), "user-unfrozen"))
}

pub(super) async fn revoke(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let users = &app.services.users;
    users.revoke(&posted.seat.caller, environment, &sub).await?;
    Ok(done(&address(environment, &sub), "user-revoked"))
}

pub(super) async fn delete(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    if posted.form.get("confirm") != Some("yes") {
        return edit_again(&app, &posted, environment, &sub, |page| {
            page.is_unconfirmed = true;
            StatusCode::UNPROCESSABLE_ENTITY
        })
        .await;
    }
    let users = &app.services.users;
    users.delete(&posted.seat.caller, environment, &sub).await?;
    let list = format!("{}/users", base(environment));
    Ok(done(&list, "user-deleted"))
}

/// The page once more, as the database has it, after what was typed is put into it.
async fn edit_again(
    app: &AppState,
    posted: &Posted<Member>,
    environment: EnvironmentId,
    sub: &Subject,
    adjust: impl FnOnce(&mut UserPage) -> StatusCode,
) -> Result<Response, Failure> {
    let frame = Frame::of(app, &posted.seat, environment, Section::Users).await?;
    let users = &app.services.users;
    let user = users.load(&posted.seat.caller, environment, sub).await?;
    let now = app.services.clock.now();
    let mut page = UserPage::new(frame, user, now);
    let status = adjust(&mut page);
    Ok(page_with(status, &page))
}

/// The user was deleted meanwhile; what was typed is still shown.
async fn gone(
    app: &AppState,
    posted: &Posted<Member>,
    environment: EnvironmentId,
    sub: &Subject,
    typed: Option<String>,
) -> Result<Response, Failure> {
    let frame = Frame::of(app, &posted.seat, environment, Section::Users).await?;
    let page = UnknownUserPage::new(frame, environment, sub, typed);
    Ok(page_with(StatusCode::NOT_FOUND, &page))
}
