//! Connected users, whom tokens name, and accounts, who sign in here.

mod account;
mod account_forms;
mod account_lines;
mod account_rows;
mod accounts;
mod json_field;
mod user;
mod user_forms;
mod user_lines;
mod users;

use axum::Router;
use axum::routing::{get, post};
use hallpass_model::{EnvironmentId, Error, Page, PageRequest};

use super::posted::Posted;
use super::seat::Member;
use super::words::segment;
use crate::AppState;

/// Rows of one page of a list.
const ROWS: u32 = 50;

pub(super) fn routes() -> Router<AppState> {
    const USERS: &str = "/dashboard/environments/{environment}/users";
    const USER: &str = "/dashboard/environments/{environment}/users/{sub}";
    const ACCOUNTS: &str = "/dashboard/environments/{environment}/accounts";
    const ACCOUNT: &str = "/dashboard/environments/{environment}/accounts/{account}";
    let of_user = |action: &str| format!("{USER}/{action}");
    let of_account = |action: &str| format!("{ACCOUNT}/{action}");
    Router::new()
        .route(USERS, get(users::show))
        .route(USER, get(user::show))
        .route(&of_user("metadata"), post(user_forms::save_metadata))
        .route(&of_user("freeze"), post(user_forms::freeze))
        .route(&of_user("unfreeze"), post(user_forms::unfreeze))
        .route(&of_user("revoke"), post(user_forms::revoke))
        .route(&of_user("delete"), post(user_forms::delete))
        .route(ACCOUNTS, get(accounts::show))
        .route(ACCOUNT, get(account::show))
        .route(&of_account("settings"), post(account_forms::save_settings))
        .route(&of_account("freeze"), post(account_forms::freeze))
        .route(&of_account("unfreeze"), post(account_forms::unfreeze))
        .route(&of_account("delete"), post(account_forms::delete))
        .route(
            &of_account("sessions/revoke"),
            post(account_forms::revoke_sessions),
        )
        .route(
            &of_account("sessions/{session}/revoke"),
            post(account_forms::revoke_session),
        )
}

/// Where the pages of an environment are.
fn base(environment: EnvironmentId) -> String {
    format!("/dashboard/environments/{environment}")
}

/// The page of a list that an address asks for.
fn page_request(after: Option<&str>, limit: u32) -> PageRequest {
    PageRequest {
        after: after.map(str::to_owned),
        limit,
    }
}

/// Whether a search found less than a page, and there is more to look through.
fn is_cut<T>(search: &str, found: &Page<T>) -> bool {
    let is_full = u32::try_from(found.items.len()).is_ok_and(|rows| rows >= ROWS);
    !search.is_empty() && !is_full && found.next.is_some()
}

/// What saving replaces: the version that the form was opened with.
///
/// # Errors
/// `field_missing` (400): without it, a change could undo somebody else's.
fn version_of(posted: &Posted<Member>) -> Result<i64, Error> {
    let version = posted.field("version")?.parse();
    version.map_err(|_| {
        Error::invalid_request("field_missing", "the form's field `version` is no number")
    })
}

/// The address of the next page of a list, with the search that it belongs to.
fn next_page(list: &str, search: &str, after: Option<&str>) -> Option<String> {
    let after = segment(after?);
    Some(if search.is_empty() {
        format!("{list}?after={after}")
    } else {
        format!("{list}?q={}&after={after}", segment(search))
    })
}
