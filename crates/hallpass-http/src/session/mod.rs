//! What apps call to sign people in: sessions, codes, wallets, issued tokens. Public clients of another vendor speak to
//! it unmodified; their habits stand in [`compat`] and nowhere else.

mod codes;
pub(crate) mod compat;
mod external_wallet;
mod extract;
mod handles;
mod jwks;
mod jwt;
mod known_wallets;
mod linked_accounts;
mod oauth;
mod pages;
mod partners;
mod provisioned;
mod sessions;
mod telegram;
mod unsupported;
mod verification;
mod wallets;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;

pub(crate) use compat::render;
pub(crate) use extract::Outgoing;
pub(crate) use pages::is_page;
pub(crate) use pages::visit::{addressed, host_of};
pub(crate) use provisioned::WalletView;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(sessions::open_session))
        .routes(routes!(sessions::end_session))
        .routes(routes!(sessions::renew_session))
        .routes(routes!(sessions::record_client_error))
        .routes(routes!(partners::read_partner))
        .routes(routes!(verification::verify_session))
        .routes(routes!(verification::verify_portal_session))
        .routes(routes!(handles::read_session_origin))
        .routes(routes!(handles::read_session_login_method))
        .routes(routes!(handles::read_session_standing))
        .merge(known_wallets::routes())
        .merge(linked_accounts::routes())
        .merge(provisioned::routes())
        .merge(telegram::routes())
        .merge(wallets::routes())
        .merge(codes::routes())
        .routes(routes!(jwks::read_key_set))
        .routes(routes!(jwks::read_key_set_of_host))
        .routes(routes!(jwt::issue_token))
        .merge(pages::routes())
        .merge(oauth::routes())
        .merge(unsupported::routes())
}
