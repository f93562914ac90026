//! What the same clients can ask of a service that keeps people's wallet keys. Hallpass keeps none, and says so.

use axum::routing::any;
use hallpass_model::Error;
use http::StatusCode;
use utoipa_axum::router::OpenApiRouter;

use crate::{AppState, Failure};

/// Paths of wallets that a server would hold keys of, and of services around them.
const PATHS: &[&str] = &[
    "/auth/farcaster/{*rest}",
    "/biometrics/{*rest}",
    "/enclave/{*rest}",
    "/encrypted-wallet-private-keys",
    "/faucet",
    "/2fa/{*rest}",
    "/on-ramp-config",
    "/recovery",
    "/recovery/{*rest}",
    "/temporary-transmissions",
    "/temporary-transmissions/{*rest}",
    "/users/{account}/biometrics/{*rest}",
    "/users/{account}/key-shares",
    "/users/{account}/pending-transactions/{*rest}",
    "/users/{account}/wallets/{wallet}/{*rest}",
    "/v1/wallets",
    "/v1/wallets/{*rest}",
];

pub(super) fn routes() -> OpenApiRouter<AppState> {
    PATHS.iter().fold(OpenApiRouter::default(), |router, path| {
        router.route(path, any(refuse))
    })
}

pub(super) async fn refuse() -> Failure {
    not_supported(
        "Hallpass holds no wallet keys (it is no MPC custody), so it neither makes wallets nor signs with them",
    )
}

/// 501 with the reason.
pub(super) fn not_supported(why: &str) -> Failure {
    Failure::with_status(
        StatusCode::NOT_IMPLEMENTED,
        Error::invalid_request("NOT_SUPPORTED", why),
    )
}
