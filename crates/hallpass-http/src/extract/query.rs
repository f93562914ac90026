use axum::extract::{FromRequestParts, Query};
use hallpass_model::Error;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{AppState, Failure};

/// The query of a list. Its types refuse unknown parameters, so that a misspelt filter is not silently ignored.
pub(crate) struct StrictQuery<T>(pub(crate) T);

/// For a list that comes whole.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

impl<T: DeserializeOwned> FromRequestParts<AppState> for StrictQuery<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &AppState) -> Result<Self, Failure> {
        Query::<T>::try_from_uri(&parts.uri)
            .map(|Query(query)| Self(query))
            .map_err(|rejection| {
                let text = rejection.body_text();
                let reason = text.rsplit_once(": ").map_or(&*text, |(_, reason)| reason);
                let reason: String = reason.chars().take(120).collect();
                Error::unprocessable(
                    "invalid_query",
                    format!("the query cannot be read: {reason}"),
                )
                .into()
            })
    }
}
