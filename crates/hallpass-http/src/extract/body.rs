use std::time::Duration;

use aws_lc_rs::digest;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequest, Request};
use hallpass_core::IdempotencyKey;
use hallpass_model::Error;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;

use super::strict_json;
use crate::{AppState, Failure};

/// Bytes of a question about a decision: a bare claim of 1 MiB, a token, a target.
const EXPLAIN_BYTES: usize = 1024 * 1024 + 64 * 1024;

/// Bytes of a body where a route says nothing else.
pub(crate) const BODY_BYTES: usize = 256 * 1024;

/// How much of a refused body is let through to nowhere, and for how long.
const DISCARD_BYTES: usize = 128 * 1024 * 1024;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// A JSON body of at most `LIMIT` bytes, read strictly. No body at all reads as `{}`.
pub(crate) struct StrictJson<T, const LIMIT: usize = BODY_BYTES>(pub(crate) T);

/// A body that creates something, and the `Idempotency-Key` it came with.
pub(crate) struct Submission<T> {
    pub(crate) body: T,
    pub(crate) idempotency: Option<IdempotencyKey>,
}

/// A JSON body of a client that cannot be changed: members that nobody knows are left alone, and a type that is declared
/// beside no body at all is not looked at. Everything else is strict: size, repeated members, one JSON text.
pub(crate) struct Lenient<T>(pub(crate) T);

/// A question about decisions. What is wrong inside its claim is for the claim's own parser to say.
pub(crate) struct Explainable<T>(pub(crate) T);

impl<T: DeserializeOwned, const LIMIT: usize> FromRequest<AppState> for StrictJson<T, LIMIT> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Failure> {
        let body = json_text(request, LIMIT).await?;
        Ok(Self(strict_json::read(&body)?))
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Lenient<T> {
    type Rejection = Failure;

    async fn from_request(mut request: Request, _: &AppState) -> Result<Self, Failure> {
        if request.body().is_end_stream() {
            request.headers_mut().remove(header::CONTENT_TYPE);
        }
        let body = json_text(request, BODY_BYTES).await?;
        Ok(Self(strict_json::read(&body)?))
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Submission<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Failure> {
        let key = idempotency_key(request.headers())?;
        let mut seal = digest::Context::new(&digest::SHA256);
        seal.update(request.method().as_str().as_bytes());
        seal.update(b"\n");
        seal.update(request.uri().path().as_bytes());
        seal.update(b"\n");
        let body = json_text(request, BODY_BYTES).await?;
        seal.update(&body);
        let mut request_digest = [0; 32];
        request_digest.copy_from_slice(seal.finish().as_ref());
        Ok(Self {
            body: strict_json::read(&body)?,
            idempotency: key.map(|key| IdempotencyKey {
                key,
                request_digest,
            }),
        })
    }
}

impl<T: DeserializeOwned> FromRequest<AppState> for Explainable<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &AppState) -> Result<Self, Failure> {
        let body = json_text(request, EXPLAIN_BYTES).await?;
        Ok(Self(strict_json::read_around(&body, "claim")?))
    }
}

/// Reads a body up to a limit. What comes after is thrown away, see [`discard`].
pub(crate) async fn collect(mut body: Body, limit: usize) -> Result<Bytes, Failure> {
    let mut kept = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            Error::invalid_request("body_unreadable", "the body ended early").because(error)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if kept.len() + data.len() > limit {
            discard(body).await;
            return Err(too_large(limit));
        }
        kept.extend_from_slice(&data);
    }
    Ok(kept.into())
}

/// Lets a client that is still sending finish, within bounds: many read no answer before, and would see a broken
/// connection in its place. Nothing is kept.
async fn discard(mut body: Body) {
    let sink = async {
        let mut left = DISCARD_BYTES;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            left = match left.checked_sub(length) {
                Some(left) => left,
                None => break,
            };
        }
    };
    if tokio::time::timeout(DISCARD_TIME, sink).await.is_err() {
        tracing::debug!("a client kept sending a body that was refused");
    }
}

async fn json_text(request: Request, limit: usize) -> Result<Bytes, Failure> {
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        // Whoever waits for `100 Continue` has sent nothing yet, and need not.
        if !request.headers().contains_key(header::EXPECT) {
            discard(request.into_body()).await;
        }
        return Err(too_large(limit));
    }
    let declared = declares_json(request.headers());
    let body = collect(request.into_body(), limit).await?;
    match declared {
        Some(true) => {}
        None if body.is_empty() => {}
        Some(false) | None => {
            let error = Error::invalid_request(
                "unsupported_media_type",
                "this route reads JSON: send `Content-Type: application/json`",
            );
            return Err(Failure::with_status(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                error,
            ));
        }
    }
    if body.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    Ok(body)
}

/// Whether the declared type is JSON; `None` if no type is declared.
fn declares_json(headers: &HeaderMap) -> Option<bool> {
    let value = headers.get(header::CONTENT_TYPE)?;
    let Ok(value) = value.to_str() else {
        return Some(false);
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    Some(
        essence == "application/json"
            || (essence.starts_with("application/") && essence.ends_with("+json")),
    )
}

fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Error> {
    let invalid = || {
        Error::invalid_request(
            "invalid_idempotency_key",
            "`Idempotency-Key` is sent once and has 1 to 255 printable ASCII characters",
        )
    };
    let mut values = headers.get_all("idempotency-key").iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let text = value.to_str().map_err(|_| invalid())?;
    let printable = text.bytes().all(|byte| (0x20..=0x7e).contains(&byte));
    if values.next().is_some() || text.is_empty() || text.len() > 255 || !printable {
        return Err(invalid());
    }
    Ok(Some(text.to_owned()))
}

fn too_large(limit: usize) -> Failure {
    Error::too_large(
        "body_too_large",
        format!("this route reads at most {limit} bytes"),
    )
    .into()
}
