use axum::Json;
use axum::extract::State;
use hallpass_core::AppCaller;
use hallpass_model::{EnvironmentId, Error, ThemeMode};
use serde::Serialize;
use utoipa::ToSchema;

use super::compat::SessionRefusal;
use super::extract::App;
use super::sessions::{SupportedWalletType, wallet_types};
use crate::extract::Id;
use crate::{AppState, Failure};

/// What clients know of the environment.
#[derive(Serialize, ToSchema)]
pub(super) struct PartnerAnswer {
    partner: Partner,
}

/// The environment, as its apps see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Partner {
    /// The environment's id.
    id: String,
    /// External wallets that people may sign in with.
    supported_wallet_types: Vec<SupportedWalletType>,
    cosmos_prefix: String,
    /// Where the hosted pages are.
    #[serde(skip_serializing_if = "Option::is_none")]
    portal_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logo_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    theme_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accent_color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    foreground_color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    background_color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    font: Option<String>,
}

/// Read what an app shows of its environment
#[utoipa::path(
    get, path = "/partners/{environment}", tag = "Sessions",
    params(("environment" = uuid::Uuid, Path, description = "The environment's id, as `partnerId` has it")),
    responses(
        (status = 200, description = "The environment", body = PartnerAnswer),
        (status = 404, description = "The key names another environment", body = SessionRefusal),
    ),
)]
pub(super) async fn read_partner(
    State(app): State<AppState>,
    App(caller): App,
    Id(environment): Id<EnvironmentId>,
) -> Result<Json<PartnerAnswer>, Failure> {
    if caller.environment() != environment {
        return Err(Error::not_found("partner").into());
    }
    let partner = partner(&caller, app.settings.public_url.as_deref());
    Ok(Json(PartnerAnswer { partner }))
}

fn partner(caller: &AppCaller, public_url: Option<&str>) -> Partner {
    let settings = caller.sign_in();
    let portal_url = settings.portal_url.as_deref().or(public_url);
    Partner {
        id: caller.environment().to_string(),
        supported_wallet_types: wallet_types(&settings.wallet_types),
        cosmos_prefix: settings.cosmos_prefix.clone(),
        portal_url: portal_url.map(str::to_owned),
        display_name: settings.display_name.clone(),
        logo_url: settings.logo_url.clone(),
        theme_mode: settings.theme_mode.map(ThemeMode::as_str),
        accent_color: settings.accent_color.clone(),
        foreground_color: settings.foreground_color.clone(),
        background_color: settings.background_color.clone(),
        font: settings.font.clone(),
    }
}
