//! A form that a page sent.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use hallpass_model::Error;

use super::seat::{AtLeast, Seat, require_form_token};
use super::{cookie, origin, sign_in};
use crate::door::FORM_BYTES;
use crate::extract::collect;
use crate::form::Form;
use crate::{AppState, Failure};

/// The field in which forms carry their token.
pub(super) const TOKEN: &str = "form_token";

/// A form of this session, by an operator with at least this role.
pub(super) struct Posted<R> {
    pub(super) seat: Seat<R>,
    pub(super) form: Form,
}

impl<R: AtLeast> FromRequest<AppState> for Posted<R> {
    type Rejection = Response;

    async fn from_request(request: Request, app: &AppState) -> Result<Self, Response> {
        match Self::read(request, app).await {
            Ok(read) => read,
            Err(failure) => Err(failure.into_response()),
        }
    }
}

impl<R: AtLeast> Posted<R> {
    async fn read(request: Request, app: &AppState) -> Result<Result<Self, Response>, Failure> {
        let (parts, body) = request.into_parts();
        origin::require_same(&parts.headers)?;
        let body = collect(body, FORM_BYTES).await?;
        let form = Form::parse_up_to(&body, FORM_BYTES);
        let Some(seat) = Seat::<R>::of(&parts, app).await? else {
            // Nothing that was typed is lost: it waits on the page for whoever signs in.
            return Ok(Err(sign_in::ask_again(parts.uri.path(), &form)));
        };
        let token = form.get(TOKEN).map(str::as_bytes);
        let secret =
            cookie::find(&parts.headers, origin::is_https(app, &parts.headers)).unwrap_or_default();
        require_form_token(secret, token)?;
        Ok(Ok(Self { seat, form }))
    }

    /// A field that the page's form always has.
    ///
    /// # Errors
    /// `field_missing` (400).
    pub(super) fn field(&self, name: &str) -> Result<&str, Error> {
        self.form.get(name).ok_or_else(|| {
            Error::invalid_request(
                "field_missing",
                format!("the form lacks the field `{name}`, or has it twice"),
            )
        })
    }
}
