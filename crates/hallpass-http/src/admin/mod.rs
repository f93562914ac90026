//! What operators call, under `/admin/v1`. The extractor in each handler's signature is the role that it takes; which
//! projects an operator sees is for the services to know.

mod account_sessions;
mod account_views;
mod account_wallets;
mod accounts;
mod api_keys;
mod audit;
mod deliveries;
mod environments;
mod explain;
mod identity_provider_views;
mod identity_providers;
mod issuer_keys;
mod me;
mod operator_keys;
mod operators;
mod problem;
mod projects;
mod seal;
mod sign_in_providers;
mod sign_in_view;
mod signing_keys;
mod user_actions;
mod users;
mod views;
mod webhook_views;
mod webhooks;

use axum::Json;
use axum::response::{IntoResponse, Response};
use hallpass_core::Created;
use http::{StatusCode, header};
use serde::Serialize;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::AppState;

pub(crate) use problem::{Problem, render};
pub(crate) use views::AuditView;

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(me::read_operator_me))
        .routes(routes!(projects::create_project, projects::list_projects))
        .routes(routes!(projects::read_project, projects::update_project))
        .routes(routes!(
            environments::create_environment,
            environments::list_environments
        ))
        .routes(routes!(
            environments::read_environment,
            environments::update_environment
        ))
        .routes(routes!(
            signing_keys::generate_signing_key,
            signing_keys::list_signing_keys
        ))
        .routes(routes!(signing_keys::import_signing_key))
        .routes(routes!(
            signing_keys::read_signing_key,
            signing_keys::revoke_signing_key
        ))
        .routes(routes!(
            identity_providers::create_identity_provider,
            identity_providers::list_identity_providers
        ))
        .routes(routes!(
            identity_providers::read_identity_provider,
            identity_providers::update_identity_provider,
            identity_providers::delete_identity_provider
        ))
        .routes(routes!(identity_providers::test_identity_provider))
        .routes(routes!(issuer_keys::list_issuer_keys))
        .routes(routes!(issuer_keys::rotate_issuer_keys))
        .routes(routes!(issuer_keys::revoke_issuer_key))
        .routes(routes!(
            sign_in_providers::create_sign_in_provider,
            sign_in_providers::list_sign_in_providers
        ))
        .routes(routes!(
            sign_in_providers::read_sign_in_provider,
            sign_in_providers::update_sign_in_provider,
            sign_in_providers::delete_sign_in_provider
        ))
        .routes(routes!(api_keys::create_api_key, api_keys::list_api_keys))
        .routes(routes!(api_keys::read_api_key, api_keys::revoke_api_key))
        .routes(routes!(api_keys::rotate_api_key))
        .routes(routes!(webhooks::create_webhook, webhooks::list_webhooks))
        .routes(routes!(
            webhooks::read_webhook,
            webhooks::update_webhook,
            webhooks::delete_webhook
        ))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(deliveries::read_delivery))
        .routes(routes!(deliveries::retry_delivery))
        .routes(routes!(users::list_users))
        .routes(routes!(users::read_user, users::delete_user))
        .routes(routes!(users::replace_user_metadata))
        .routes(routes!(user_actions::freeze_user))
        .routes(routes!(user_actions::unfreeze_user))
        .routes(routes!(user_actions::revoke_user))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(
            accounts::read_account,
            accounts::update_account,
            accounts::delete_account
        ))
        .routes(routes!(accounts::freeze_account))
        .routes(routes!(accounts::unfreeze_account))
        .routes(routes!(
            account_sessions::list_account_sessions,
            account_sessions::revoke_account_sessions
        ))
        .routes(routes!(account_sessions::revoke_account_session))
        .routes(routes!(account_wallets::list_wallets_of_account))
        .routes(routes!(explain::explain_decision))
        .routes(routes!(explain::explain_matrix))
        .routes(routes!(explain::check_token))
        .routes(routes!(audit::list_environment_audit))
        .routes(routes!(audit::list_audit))
        .routes(routes!(
            operators::create_operator,
            operators::list_operators
        ))
        .routes(routes!(
            operators::read_operator,
            operators::update_operator
        ))
        .routes(routes!(
            operator_keys::create_operator_key,
            operator_keys::list_operator_keys
        ))
        .routes(routes!(operator_keys::revoke_operator_key))
        .routes(routes!(seal::read_seal))
        .routes(routes!(seal::rotate_seal))
}

/// 201 with `Location` for what was made now, 200 for what an earlier request with the same idempotency key made.
fn answer_created<T, V: Serialize>(
    created: Created<T>,
    location: impl FnOnce(&T) -> String,
    view: impl FnOnce(T) -> V,
) -> Response {
    match created {
        Created::New(thing) => {
            let location = location(&thing);
            (
                StatusCode::CREATED,
                [(header::LOCATION, location)],
                Json(view(thing)),
            )
                .into_response()
        }
        Created::Replayed(thing) => (StatusCode::OK, Json(view(thing))).into_response(),
    }
}

/// 200 with the version as `ETag`.
fn answer_versioned(version: i64, view: impl Serialize) -> Response {
    let tag = crate::extract::etag(version);
    ([(header::ETAG, tag)], Json(view)).into_response()
}
