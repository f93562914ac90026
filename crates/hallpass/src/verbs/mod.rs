//! The verbs that administer: each sends one request (or a few) to the admin API and shows the answer.

pub mod account;
pub mod api_key;
pub mod audit;
pub mod config;
pub mod database;
pub mod delivery;
pub mod environment;
pub mod idp;
pub mod issuer_key;
pub mod key;
pub mod operator;
pub mod project;
pub mod seal;
mod secret;
pub mod session;
pub mod sign_in_provider;
pub mod user;
pub mod webhook;

use crate::backend::query;
use crate::cli::PageArgs;

/// A list's path with the page asked for.
fn paged(path: &str, page: &PageArgs) -> String {
    query(
        path,
        &[
            ("after", page.after.clone()),
            ("limit", page.limit.map(|limit| limit.to_string())),
        ],
    )
}
