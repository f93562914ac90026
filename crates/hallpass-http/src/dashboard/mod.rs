//! Pages for operators: setting an environment up, making and reading tokens, seeing what a token may do.
//!
//! A page is made here from what the services say, as the admin API's answers are, and by the same roles: the extractor in a
//! handler's signature ([`Seat`] for what is read, [`Posted`] for what a form sends) is its permission. Pages load nothing
//! from elsewhere and run no script but their own; what scripts ask, they ask the admin API, with the session's form token.

mod asked;
mod assets;
mod audit;
mod cookie;
mod home;
mod issuer_keys;
mod lines;
mod notices;
mod operator_passkeys;
mod origin;
mod overview;
mod people;
mod posted;
mod refused;
mod seat;
mod sessions;
mod setup;
mod sign_in;
mod tools;
mod view;
mod words;

use axum::Router;

use crate::AppState;

pub(crate) use refused::render;
pub(crate) use seat::seated_by_cookie;

use posted::Posted;
use seat::{Member, Seat, Support};

/// Where all of it is.
pub(crate) const PATH: &str = "/dashboard";

/// Whether a path is one of these pages, or what they load.
pub(crate) fn is_page(path: &str) -> bool {
    path.strip_prefix(PATH)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

pub(crate) fn pages() -> Router<AppState> {
    Router::new()
        .merge(assets::routes())
        .merge(sign_in::routes())
        .merge(home::routes())
        .merge(overview::routes())
        .merge(sessions::routes())
        .merge(setup::routes())
        .merge(operator_passkeys::routes())
        .merge(people::routes())
        .merge(issuer_keys::routes())
        .merge(audit::routes())
        .merge(tools::routes())
}
