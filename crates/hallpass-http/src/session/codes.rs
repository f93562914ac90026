//! Codes in mails and text messages, as public clients ask for them.
//!
//! A client is always told to type a code and that it will then be signed in, whether there is an account or not. The id
//! that it gets first is the flow's; the account's own comes with the right answer.

use std::str::FromStr;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{CodeSent, Contact, SessionCaller};
use hallpass_model::{AccountId, ChallengeId, Error, IdentityKind, MalformedId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::compat::SessionRefusal;
use super::extract::{App, Visitor};
use crate::extract::{Client, Id, Lenient, PathId};
use crate::{AppState, Failure};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::default()
        .routes(routes!(send_code))
        .routes(routes!(send_login_code))
        .routes(routes!(verify_code))
        .routes(routes!(verify_email_code))
        .routes(routes!(verify_identifier_code))
        .routes(routes!(resend_code))
        .routes(routes!(list_supported_auth_methods))
        .routes(routes!(read_supported_auth_methods))
        .routes(routes!(register_password_key))
}

/// What stands where clients put an account's id: a flow before the right answer, the account after it.
pub(super) struct FlowOrAccount(ChallengeId);

impl FromStr for FlowOrAccount {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        text.parse().map(Self)
    }
}

impl PathId for FlowOrAccount {
    const PARAM: &'static str = "account";
    const NOUN: &'static str = "sign-in";
}

/// Who wants a code: one of the two. Other members, such as colours for the mail, are not looked at.
#[derive(Deserialize, ToSchema)]
pub(super) struct SendCode {
    email: Option<String>,
    /// With `+` and the country's code.
    phone: Option<String>,
    /// Where newer clients put the two.
    auth: Option<SendCodeTo>,
}

/// Who wants a code, one step further in.
#[derive(Deserialize, ToSchema)]
struct SendCodeTo {
    email: Option<String>,
    phone: Option<String>,
}

/// A typed code.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypedCode {
    verification_code: String,
}

/// A wish for another code.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ResendCode {
    /// Names the flow when the code adds an address to an account.
    linked_account_id: Option<String>,
}

/// Where a sign-in stands.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    /// `verify`: a code is to be typed. `signup`: somebody is signed in (clients of this protocol read it so).
    stage: &'static str,
    /// What follows the code; always `login`, with an account or without.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_stage: Option<&'static str>,
    /// Where the code is typed: `PASSWORD`, in the app; `BASIC_LOGIN`, on the hosted page.
    #[serde(skip_serializing_if = "Option::is_none")]
    login_auth_methods: Option<[&'static str; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signup_auth_methods: Option<[&'static str; 1]>,
    auth: CodeAuth,
    /// The flow; with the right answer, the account.
    user_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_channel: Option<&'static str>,
}

/// The address: one of the two.
#[derive(Serialize, ToSchema)]
struct CodeAuth {
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

/// A code is on its way.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CodeOnItsWay {
    /// The flow.
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    /// `SMS` for a phone.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery_channel: Option<&'static str>,
}

/// Credentials that a client may ask for. There are none: codes are not among them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SupportedAuthMethods {
    /// Always empty.
    supported_auth_methods: [String; 0],
    #[serde(
        skip_serializing_if = "Option::is_none",
        rename = "hasPasswordWithoutPIN"
    )]
    has_password_without_pin: Option<bool>,
}

/// A placeholder that nothing is kept under.
#[derive(Serialize, ToSchema)]
pub(super) struct PasswordKey {
    id: String,
}

/// Ask for a code
///
/// Sends a code to a mailbox or a phone, whether there is an account or not.
#[utoipa::path(
    post, path = "/users/init", tag = "Codes", request_body = SendCode,
    responses(
        (status = 200, description = "A code is on its way", body = Stage),
        (status = 400, description = "`INVALID_AUTH`, `INVALID_EMAIL_FORMAT`, `INVALID_PHONE_FORMAT`", body = SessionRefusal),
        (status = 403, description = "`EMAIL_NOT_ALLOWED`, `SMS_NOT_ALLOWED`", body = SessionRefusal),
        (status = 429, description = "`RATE_LIMITED`: wait `Retry-After` seconds", body = SessionRefusal),
        (status = 503, description = "`EMAIL_DELIVERY_FAILED`, `SMS_DELIVERY_FAILED`", body = SessionRefusal),
    ),
)]
pub(super) async fn send_code(
    State(app): State<AppState>,
    Visitor(caller, outgoing): Visitor,
    Client(client): Client,
    Lenient(body): Lenient<SendCode>,
) -> Result<Response, Failure> {
    let contact = contact_of(body)?;
    let sent = app.services.codes.send(&caller, contact, client).await?;
    let stage = waiting(&sent, caller.app.sign_in().hosted_codes);
    Ok(outgoing.answer(&app, &caller, stage))
}

/// Ask for a code to sign in again
#[utoipa::path(
    post, path = "/users/send-login-code", tag = "Codes", request_body = SendCode,
    responses(
        (status = 200, description = "A code is on its way", body = CodeOnItsWay),
        (status = 429, description = "`RATE_LIMITED`: wait `Retry-After` seconds", body = SessionRefusal),
    ),
)]
pub(super) async fn send_login_code(
    State(app): State<AppState>,
    Visitor(caller, outgoing): Visitor,
    Client(client): Client,
    Lenient(body): Lenient<SendCode>,
) -> Result<Response, Failure> {
    let contact = contact_of(body)?;
    let sent = app.services.codes.send(&caller, contact, client).await?;
    let answer = CodeOnItsWay {
        user_id: Some(sent.flow.to_string()),
        delivery_channel: channel_of(&sent.contact),
    };
    Ok(outgoing.answer(&app, &caller, answer))
}

/// Ask for another code
///
/// The former one counts no more.
#[utoipa::path(
    post, path = "/users/{account}/resend-verification-code", tag = "Codes", request_body = ResendCode,
    params(("account" = uuid::Uuid, Path, description = "`userId` of the first answer")),
    responses(
        (status = 200, description = "A code is on its way", body = CodeOnItsWay),
        (status = 400, description = "`code_flow_unknown`", body = SessionRefusal),
        (status = 429, description = "`RATE_LIMITED`: wait `Retry-After` seconds", body = SessionRefusal),
    ),
)]
pub(super) async fn resend_code(
    State(app): State<AppState>,
    Visitor(caller, outgoing): Visitor,
    Client(client): Client,
    Id(FlowOrAccount(id)): Id<FlowOrAccount>,
    Lenient(body): Lenient<ResendCode>,
) -> Result<Response, Failure> {
    let flow = match body.linked_account_id {
        Some(linked) => linked
            .parse()
            .map_err(|_| Error::not_found("linked account"))?,
        None => id,
    };
    let sent = app.services.codes.resend(&caller, flow, client).await?;
    let answer = CodeOnItsWay {
        user_id: None,
        delivery_channel: channel_of(&sent.contact),
    };
    Ok(outgoing.answer(&app, &caller, answer))
}

/// Type a code
///
/// A right one signs in: the session's secret is exchanged, and `userId` is the account from now on.
#[utoipa::path(
    post, path = "/users/{account}/verify", tag = "Codes", request_body = TypedCode,
    params(("account" = uuid::Uuid, Path, description = "`userId` of the first answer")),
    responses(
        (status = 200, description = "Somebody is signed in", body = Stage),
        (status = 400, description = "`code_wrong`, `code_malformed`, `code_expired`, `code_used_up`, `code_void`, `code_flow_unknown`", body = SessionRefusal),
        (status = 403, description = "`account_frozen`", body = SessionRefusal),
    ),
)]
pub(super) async fn verify_code(
    State(app): State<AppState>,
    visitor: Visitor,
    Id(flow): Id<FlowOrAccount>,
    Lenient(body): Lenient<TypedCode>,
) -> Result<Response, Failure> {
    verify(&app, visitor, &flow, &body).await
}

/// Type a code from a mail
///
/// The same as `/verify`, for older clients.
#[utoipa::path(
    post, path = "/users/{account}/verify-email", tag = "Codes", request_body = TypedCode,
    params(("account" = uuid::Uuid, Path, description = "`userId` of the first answer")),
    responses((status = 200, description = "Somebody is signed in", body = Stage)),
)]
pub(super) async fn verify_email_code(
    State(app): State<AppState>,
    visitor: Visitor,
    Id(flow): Id<FlowOrAccount>,
    Lenient(body): Lenient<TypedCode>,
) -> Result<Response, Failure> {
    verify(&app, visitor, &flow, &body).await
}

/// Type a code from a mail or text message
///
/// The same as `/verify`, for older clients.
#[utoipa::path(
    post, path = "/users/{account}/verify-identifier", tag = "Codes", request_body = TypedCode,
    params(("account" = uuid::Uuid, Path, description = "`userId` of the first answer")),
    responses((status = 200, description = "Somebody is signed in", body = Stage)),
)]
pub(super) async fn verify_identifier_code(
    State(app): State<AppState>,
    visitor: Visitor,
    Id(flow): Id<FlowOrAccount>,
    Lenient(body): Lenient<TypedCode>,
) -> Result<Response, Failure> {
    verify(&app, visitor, &flow, &body).await
}

/// List the credentials of an account, briefly
#[utoipa::path(
    get, path = "/users/supported-auth-methods", tag = "Codes",
    responses((status = 200, description = "The same for every address: none", body = SupportedAuthMethods)),
)]
pub(super) async fn list_supported_auth_methods(App(_): App) -> Json<SupportedAuthMethods> {
    Json(SupportedAuthMethods {
        supported_auth_methods: [],
        has_password_without_pin: None,
    })
}

/// List the credentials of an account
///
/// Nobody is looked up, so that nobody learns who has an account.
#[utoipa::path(
    get, path = "/users/supported-auth-methods/v2", tag = "Codes",
    responses((status = 200, description = "The same for every address: none", body = SupportedAuthMethods)),
)]
pub(super) async fn read_supported_auth_methods(App(_): App) -> Json<SupportedAuthMethods> {
    Json(SupportedAuthMethods {
        supported_auth_methods: [],
        has_password_without_pin: Some(false),
    })
}

/// Ask for a placeholder of a password
///
/// Clients want an id before they show anything; there are no passwords, and nothing is kept.
#[utoipa::path(
    post, path = "/users/{account}/passwords/key", tag = "Codes", request_body = Object,
    params(("account" = uuid::Uuid, Path, description = "The account that is signed in, or the flow")),
    responses(
        (status = 200, description = "A placeholder", body = PasswordKey),
        (status = 403, description = "`not_own_account`", body = SessionRefusal),
    ),
)]
pub(super) async fn register_password_key(
    State(app): State<AppState>,
    Visitor(caller, outgoing): Visitor,
    Id(FlowOrAccount(id)): Id<FlowOrAccount>,
    Lenient(_): Lenient<serde_json::Value>,
) -> Result<Response, Failure> {
    require_own(&app, &caller, id).await?;
    let key = PasswordKey {
        id: ChallengeId::from_random(app.services.rng.bytes()).to_string(),
    };
    Ok(outgoing.answer(&app, &caller, key))
}

async fn verify(
    app: &AppState,
    Visitor(caller, outgoing): Visitor,
    FlowOrAccount(flow): &FlowOrAccount,
    body: &TypedCode,
) -> Result<Response, Failure> {
    let typed = &body.verification_code;
    let (caller, signed_in) = app.services.codes.verify(caller, *flow, typed).await?;
    let stage = Stage {
        stage: "signup",
        next_stage: None,
        login_auth_methods: None,
        signup_auth_methods: Some(["PASSWORD"]),
        auth: auth_of(&signed_in.contact),
        user_id: signed_in.account.id.to_string(),
        delivery_channel: None,
    };
    Ok(outgoing.answer(app, &caller, stage))
}

fn waiting(sent: &CodeSent, hosted: bool) -> Stage {
    Stage {
        stage: "verify",
        next_stage: Some("login"),
        login_auth_methods: Some([if hosted { "BASIC_LOGIN" } else { "PASSWORD" }]),
        signup_auth_methods: None,
        auth: auth_of(&sent.contact),
        user_id: sent.flow.to_string(),
        delivery_channel: channel_of(&sent.contact),
    }
}

/// Exactly one address, wherever it stands.
fn contact_of(body: SendCode) -> Result<Contact, Error> {
    let (inner_email, inner_phone) = match body.auth {
        Some(auth) => (auth.email, auth.phone),
        None => (None, None),
    };
    match (body.email.or(inner_email), body.phone.or(inner_phone)) {
        (Some(email), None) => Contact::email(&email),
        (None, Some(phone)) => Contact::phone(&phone),
        _ => Err(Error::invalid_request(
            "INVALID_AUTH",
            "send either email or phone; other ways to sign in have paths of their own",
        )),
    }
}

fn auth_of(contact: &Contact) -> CodeAuth {
    let shown = Some(contact.shown().to_owned());
    match contact {
        Contact::Email(_) => CodeAuth {
            email: shown,
            phone: None,
        },
        Contact::Phone(_) => CodeAuth {
            email: None,
            phone: shown,
        },
    }
}

fn channel_of(contact: &Contact) -> Option<&'static str> {
    (contact.kind() == IdentityKind::Phone).then_some("SMS")
}

/// The account that is signed in, or a flow of this very session.
async fn require_own(app: &AppState, caller: &SessionCaller, id: ChallengeId) -> Result<(), Error> {
    let is_account = |account: AccountId| account.as_uuid() == id.as_uuid();
    if caller.session.account_id.is_some_and(is_account) {
        return Ok(());
    }
    let codes = &app.services.codes;
    match codes.find_flow(&caller.app, caller.session.id, id).await? {
        Some(_) => Ok(()),
        None => Err(Error::forbidden(
            "not_own_account",
            "another account, or none, is signed in in this session",
        )),
    }
}
