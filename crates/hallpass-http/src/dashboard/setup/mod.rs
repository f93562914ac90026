//! SDK setup: the keys that sign user tokens, other services whose tokens count, what tokens and pages are allowed, and code
//! to begin with. Four pages of one section; each form asks one service and is, like that service's routes, for Members.

mod allowed;
mod authentication;
mod code;
mod fields;
mod keys;
mod once;
mod overlap;
mod provider_fields;
mod provider_pages;
mod providers;
mod shown;
mod snippets;
mod trouble;

use axum::Router;
use axum::routing::get;
use hallpass_model::{EnvironmentId, Error};

use super::view::{Frame, Section};
use super::{Member, Seat};
use crate::form::Form;
use crate::{AppState, Failure};

/// Addresses that forms are sent to show their page too: whoever types one, or comes back to it, meets no dead end.
pub(super) fn routes() -> Router<AppState> {
    let below = |path: &str| format!("/dashboard/environments/{{environment}}/setup{path}");
    Router::new()
        .route(&below(""), get(keys::show))
        .route(&below("/keys"), get(keys::show).post(keys::generate))
        .route(&below("/keys/import"), get(keys::show).post(keys::import))
        .route(&below("/keys/{kid}"), get(keys::show_one))
        .route(
            &below("/keys/{kid}/revoke"),
            get(keys::show_one).post(keys::revoke),
        )
        .route(&below("/authentication"), get(authentication::show))
        .route(
            &below("/authentication/check"),
            get(authentication::show).post(authentication::check),
        )
        .route(
            &below("/authentication/new/{kind}"),
            get(providers::show_new).post(providers::add),
        )
        .route(
            &below("/authentication/{provider}"),
            get(providers::show).post(providers::update),
        )
        .route(
            &below("/authentication/{provider}/state"),
            get(providers::show).post(providers::set_state),
        )
        .route(
            &below("/authentication/{provider}/remove"),
            get(providers::show).post(providers::remove),
        )
        .route(
            &below("/authentication/{provider}/test"),
            get(providers::show).post(providers::test),
        )
        .route(&below("/allowed"), get(allowed::show).post(allowed::save))
        .route(&below("/code"), get(code::show))
}

async fn frame(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
) -> Result<Frame, Failure> {
    Frame::of(app, seat, environment, Section::Setup).await
}

/// The version that a form was filled in on.
///
/// # Errors
/// 422 `form_incomplete`: without it, a change could undo somebody else's.
fn version_of(form: &Form) -> Result<i64, Error> {
    let version = form.get("version").and_then(|text| text.parse().ok());
    version.ok_or_else(incomplete)
}

fn incomplete() -> Error {
    Error::unprocessable(
        "form_incomplete",
        "something of this form was missing; please send it again",
    )
}
