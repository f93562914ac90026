//! Who sits in front of a page.

use std::marker::PhantomData;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Redirect, Response};
use hallpass_core::{OperatorCaller, OperatorSessions, SeatedOperator};
use hallpass_model::{Error, OperatorSession, Role};
use http::request::Parts;

use super::{PATH, cookie, notices, origin};
use crate::extract::{RequestId, require_role};
use crate::{AppState, Failure};

/// The header in which scripts of the pages send the form token.
const FORM_HEADER: &str = "x-hallpass-form";

/// What a page asks for.
pub(super) trait AtLeast {
    const ROLE: Role;
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        pub(super) struct $name;

        impl AtLeast for $name {
            const ROLE: Role = Role::$name;
        }
    )+};
}

roles! {
    /// May do everything.
    Admin,
    /// May change what is inside its projects.
    Member,
    /// May look, and ask why.
    Support,
}

/// An operator with at least this role, in a browser.
pub(super) struct Seat<R> {
    pub(super) caller: OperatorCaller,
    pub(super) session: OperatorSession,
    /// What forms of this session carry.
    pub(super) form_token: String,
    /// What was done just before, in words.
    pub(super) notice: Option<&'static str>,
    role: PhantomData<R>,
}

impl<R: AtLeast> FromRequestParts<AppState> for Seat<R> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, Response> {
        match Self::of(parts, app).await {
            Ok(Some(seat)) => Ok(seat),
            Ok(None) => Err(to_sign_in(parts)),
            Err(failure) => Err(failure.into_response()),
        }
    }
}

impl<R: AtLeast> Seat<R> {
    /// The operator of this browser's session; nobody, where there is none any more.
    ///
    /// # Errors
    /// `role_insufficient`, `storage_unavailable`.
    pub(super) async fn of(parts: &Parts, app: &AppState) -> Result<Option<Self>, Failure> {
        let Some(secret) = cookie::find(&parts.headers, origin::is_https(app, &parts.headers))
        else {
            return Ok(None);
        };
        let sessions = &app.services.operator_sessions;
        let seated = match sessions.authenticate(secret).await {
            Ok(seated) => seated,
            Err(error) if error.code() == "operator_session_over" => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        require_role(&seated.caller, R::ROLE)?;
        let SeatedOperator { caller, session } = seated;
        Ok(Some(Self {
            caller: named(parts, caller),
            session,
            form_token: OperatorSessions::form_token(secret),
            notice: notices::in_query(parts.uri.query()),
            role: PhantomData,
        }))
    }
}

/// The operator of a script's request to the admin API: the cookie counts only together with the form token.
///
/// # Errors
/// `cross_origin` and `form_token_invalid` (403), `operator_session_over` (401).
pub(crate) async fn seated_by_cookie(
    parts: &Parts,
    app: &AppState,
) -> Result<Option<OperatorCaller>, Error> {
    let Some(secret) = cookie::find(&parts.headers, origin::is_https(app, &parts.headers)) else {
        return Ok(None);
    };
    origin::require_same(&parts.headers)?;
    let token = parts
        .headers
        .get(FORM_HEADER)
        .map(http::HeaderValue::as_bytes);
    require_form_token(secret, token)?;
    let seated = app.services.operator_sessions.authenticate(secret).await?;
    Ok(Some(named(parts, seated.caller)))
}

/// # Errors
/// `form_token_invalid` (403).
pub(super) fn require_form_token(secret: &str, token: Option<&[u8]>) -> Result<(), Error> {
    let expected = OperatorSessions::form_token(secret);
    let token = token.unwrap_or_default();
    if verify_slices_are_equal(expected.as_bytes(), token).is_ok() {
        return Ok(());
    }
    Err(Error::forbidden(
        "form_token_invalid",
        "this was not sent by a page of the present session; load the page again and repeat it",
    ))
}

fn named(parts: &Parts, caller: OperatorCaller) -> OperatorCaller {
    match parts.extensions.get::<RequestId>() {
        Some(RequestId(id)) => caller.with_request_id(id.to_string()),
        None => caller,
    }
}

/// Where to sign in, and come back from.
fn to_sign_in(parts: &Parts) -> Response {
    let here = parts
        .uri
        .path_and_query()
        .map_or(PATH, |path| path.as_str());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("to", here);
    Redirect::to(&format!("{PATH}/sign-in?{}", query.finish())).into_response()
}
