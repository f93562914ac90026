//! Users, accounts, issuer keys and the audit trail as operators see them in the dashboard.

mod accounts;
mod audit;
mod issuer_keys;
mod users;

use hallpass_model::Role;

use super::desk::Desk;
use crate::support::Site;

/// A new operator in front of the environment's pages.
async fn seat<'a>(site: &'a Site, name: &str, role: Role) -> Desk<'a> {
    Desk::of(site, name, role).await.within("")
}
