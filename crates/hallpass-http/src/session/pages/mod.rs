//! Pages that this server shows to people: signing in, and their passkeys.
//!
//! An app opens one for a session, named in the address by its public handle. A handle is no credential, so a page
//! completes that one session only after a proof: a code, a passkey, a service that vouches. It shows who asks, is framed
//! by nobody but the page that began the session, runs no script but its own, and works by keyboard and, for codes,
//! without any script. Forms carry a token that is bound to browser and session.

mod assets;
pub(super) mod browser;
mod look;
pub(super) mod params;
mod passkeys;
pub(super) mod sign_in;
mod tickets;
pub(super) mod view;
pub(super) mod visit;

use axum::routing::{get, post};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;

/// Whether a path is a page's, or what a page loads. Other origins never read those.
pub(crate) fn is_page(path: &str) -> bool {
    let page = |name: &str| {
        path.strip_prefix(name)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    page("/auth/otp")
        || page("/auth/sign-in")
        || page("/auth/assets")
        || (page("/auth/passkeys") && path != "/auth/passkeys/tickets")
        || super::oauth::is_visit(path)
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(tickets::issue_passkey_ticket))
        // Pages are for people; the document describes what programs call.
        .route("/auth/otp", get(sign_in::show))
        .route("/auth/sign-in", get(sign_in::show))
        .route("/auth/sign-in/send", post(sign_in::send))
        .route("/auth/sign-in/code", post(sign_in::check))
        .route("/auth/sign-in/done", get(sign_in::done))
        .route("/auth/sign-in/passkey/begin", post(passkeys::begin_sign_in))
        .route("/auth/sign-in/passkey", post(passkeys::finish_sign_in))
        .route(
            "/auth/passkeys",
            get(passkeys::show).post(passkeys::finish_registration),
        )
        .route("/auth/passkeys/begin", post(passkeys::begin_registration))
        .route("/auth/passkeys/open", post(passkeys::open))
        .route("/auth/passkeys/{id}/name", post(passkeys::rename))
        .route("/auth/passkeys/{id}/remove", post(passkeys::remove))
        .route("/auth/assets/page.css", get(assets::read_style))
        .route("/auth/assets/page.mjs", get(assets::read_script))
        .route("/auth/assets/look.css", get(assets::read_look))
}

#[cfg(test)]
mod tests {
    use super::is_page;

    #[test]
    fn pages_are_told_from_what_programs_call() {
        for path in [
            "/auth/otp",
            "/auth/sign-in",
            "/auth/sign-in/passkey/begin",
            "/auth/passkeys",
            "/auth/passkeys/x/remove",
            "/auth/assets/page.css",
            "/auth/google",
        ] {
            assert!(is_page(path), "{path}");
        }
        for path in ["/auth/jwt", "/auth/otpx", "/auth/passkeys/tickets", "/auth"] {
            assert!(!is_page(path), "{path}");
        }
    }
}
