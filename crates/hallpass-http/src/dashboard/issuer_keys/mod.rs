//! The keys that sign issued tokens: their life as a picture and as a table, and the key set as verifiers get it.

mod page;
mod timeline;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use hallpass_core::OperatorCaller;
use hallpass_model::{EnvironmentId, Error, ErrorKind, PageRequest};
use http::StatusCode;

use self::page::{IssuerKeysPage, address};
use super::asked::Asked;
use super::posted::Posted;
use super::seat::{Member, Seat};
use super::view::{Frame, Section, done, page, page_with};
use super::words::complaint;
use crate::extract::Id;
use crate::{AppState, Failure};

/// Rows of one page.
const ROWS: u32 = 50;

pub(super) fn routes() -> Router<AppState> {
    const PAGE: &str = "/dashboard/environments/{environment}/issuer-keys";
    Router::new()
        .route(PAGE, get(show))
        .route(&format!("{PAGE}/rotate"), post(rotate))
        .route(&format!("{PAGE}/revoke"), post(revoke))
}

async fn show(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
    asked: Asked,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::IssuerKeys).await?;
    let after = asked.get("after");
    let made = assemble(&app, &seat.caller, frame, environment, after).await?;
    Ok(page(&made))
}

async fn rotate(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let typed = posted.form.get("key_index").unwrap_or_default();
    let chosen = (!typed.is_empty()).then(|| typed.parse::<u32>());
    let rotated = match chosen.clone().transpose() {
        Ok(index) => {
            let keys = &app.services.issuer_keys;
            keys.rotate(&posted.seat.caller, environment, index)
                .await
                .map(drop)
        }
        Err(_) => Err(no_index()),
    };
    let Err(error) = rotated else {
        return Ok(done(&address(environment), "issuer-keys-rotated"));
    };
    let Some(status) = status_at_form(&error) else {
        return Err(error.into());
    };
    let frame = Frame::of(&app, &posted.seat, environment, Section::IssuerKeys).await?;
    let mut made = assemble(&app, &posted.seat.caller, frame, environment, None).await?;
    made.rotation.chosen = chosen.and_then(Result::ok);
    made.rotation.fault = Some(complaint(&error.at("")));
    Ok(page_with(status, &made))
}

async fn revoke(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let kid = posted.form.get("kid").unwrap_or_default();
    let fault = if kid.is_empty() {
        Some("Nothing was withdrawn. Choose a key.")
    } else if posted.form.get("confirm") != Some("yes") {
        Some("Nothing was withdrawn. Tick the box to confirm.")
    } else {
        None
    };
    if let Some(fault) = fault {
        let frame = Frame::of(&app, &posted.seat, environment, Section::IssuerKeys).await?;
        let mut made = assemble(&app, &posted.seat.caller, frame, environment, None).await?;
        made.refuse_withdrawal(kid, fault);
        return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &made));
    }
    let keys = &app.services.issuer_keys;
    let revoked = keys.revoke(&posted.seat.caller, environment, kid).await?;
    let notice = match revoked.hasty_successor {
        Some(_) => "issuer-key-revoked-hasty",
        None => "issuer-key-revoked",
    };
    Ok(done(&address(environment), notice))
}

async fn assemble(
    app: &AppState,
    caller: &OperatorCaller,
    frame: Frame,
    environment: EnvironmentId,
    after: Option<&str>,
) -> Result<IssuerKeysPage, Failure> {
    let services = &app.services;
    let request = PageRequest {
        after: after.map(str::to_owned),
        limit: ROWS,
    };
    let keys = services
        .issuer_keys
        .list(caller, environment, None, &request)
        .await?;
    let owner = services.environments.load(caller, environment).await?;
    let is_later = after.is_some();
    // An address can name a place in the list of keys that never were.
    let has_keys = !keys.items.is_empty() || is_later && has_any(app, caller, environment).await?;
    let now = services.clock.now();
    let mut made = IssuerKeysPage::new(frame, &owner, keys, is_later, now);
    // Asking for the set of an environment without keys makes the first ones, and looking should change nothing.
    if has_keys {
        let published = services.issuer_keys.published(environment).await?;
        let server = app.settings.public_url.as_deref().unwrap_or_default();
        made.show_set(&owner, &published, server);
    }
    Ok(made)
}

async fn has_any(
    app: &AppState,
    caller: &OperatorCaller,
    environment: EnvironmentId,
) -> Result<bool, Failure> {
    let first = PageRequest {
        after: None,
        limit: 1,
    };
    let keys = &app.services.issuer_keys;
    let found = keys.list(caller, environment, None, &first).await?;
    Ok(!found.items.is_empty())
}

/// What is said beside the form instead of on a page of its own.
fn status_at_form(error: &Error) -> Option<StatusCode> {
    match error.kind() {
        ErrorKind::Unprocessable => Some(StatusCode::UNPROCESSABLE_ENTITY),
        ErrorKind::Conflict => Some(StatusCode::CONFLICT),
        ErrorKind::Unavailable if error.code().starts_with("master_key") => {
            Some(StatusCode::SERVICE_UNAVAILABLE)
        }
        _ => None,
    }
}

fn no_index() -> Error {
    Error::unprocessable("unknown_key_index", "an index is a number; choose one")
}
