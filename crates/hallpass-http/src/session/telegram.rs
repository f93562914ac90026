//! Sign-in with Telegram's login widget.

use axum::extract::State;
use axum::response::Response;
use hallpass_core::TelegramLogin;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::compat::SessionRefusal;
use super::extract::Visitor;
use crate::extract::Lenient;
use crate::{AppState, Failure};

/// What the widget hands over.
#[derive(Deserialize, ToSchema)]
pub(super) struct TelegramAuthObject {
    /// The person's number, as a number or text.
    #[schema(value_type = u64)]
    id: Digits<u64>,
    /// Seconds since the epoch, as a number or text.
    #[schema(value_type = i64)]
    auth_date: Digits<i64>,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    photo_url: Option<String>,
    /// 64 hexadecimal digits.
    hash: String,
}

/// Pages read the widget's answer from a query or from JSON.
#[derive(Deserialize)]
#[serde(untagged)]
enum Digits<T> {
    Number(T),
    Text(String),
}

/// A person who agreed at Telegram.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignInWithTelegram {
    auth_object: TelegramAuthObject,
}

/// Who Telegram makes somebody.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TelegramAuth {
    telegram_user_id: String,
}

/// Somebody has signed in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TelegramSignedIn {
    /// Always `done`.
    stage: &'static str,
    /// Always empty.
    auth_methods: [&'static str; 0],
    is_new_user: bool,
    user_id: String,
    auth: TelegramAuth,
    #[serde(skip_serializing_if = "Option::is_none")]
    display_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pfp_url: Option<String>,
}

impl TelegramAuthObject {
    /// A number that cannot be one is no proof; the check of the hash says so.
    pub(super) fn into_login(self) -> TelegramLogin {
        TelegramLogin {
            id: self.id.value(),
            auth_date: self.auth_date.value(),
            first_name: self.first_name,
            last_name: self.last_name,
            username: self.username,
            photo_url: self.photo_url,
            hash: self.hash,
        }
    }
}

impl<T: std::str::FromStr + Default> Digits<T> {
    fn value(self) -> T {
        match self {
            Self::Number(number) => number,
            Self::Text(text) => text.parse().unwrap_or_default(),
        }
    }
}

pub(crate) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default().routes(routes!(verify_telegram_sign_in))
}

/// Sign in with Telegram
///
/// The widget's answer counts once, for ten minutes after the person agreed.
#[utoipa::path(
    post, path = "/users/telegram/v2", tag = "Sign-in", request_body = SignInWithTelegram,
    responses(
        (status = 200, description = "Somebody is signed in; the session's secret is a new one", body = TelegramSignedIn),
        (status = 401, description = "`telegram_wrong_hash`, `telegram_too_old`, `telegram_replayed` and the like", body = SessionRefusal),
        (status = 403, description = "`account_frozen`", body = SessionRefusal),
        (status = 404, description = "No Telegram bot is set up", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_telegram_sign_in(
    State(app): State<AppState>,
    Visitor(mut caller, outgoing): Visitor,
    Lenient(body): Lenient<SignInWithTelegram>,
) -> Result<Response, Failure> {
    let login = body.auth_object.into_login();
    let signed_in = app
        .services
        .telegram_sign_in
        .sign_in(&mut caller, &login)
        .await?;
    let done = TelegramSignedIn {
        stage: "done",
        auth_methods: [],
        is_new_user: signed_in.is_new,
        user_id: signed_in.account.to_string(),
        auth: TelegramAuth {
            telegram_user_id: login.id.to_string(),
        },
        display_name: signed_in.profile.display_name,
        username: signed_in.profile.username,
        pfp_url: signed_in.profile.picture_url,
    };
    Ok(outgoing.answer(&app, &caller, done))
}
