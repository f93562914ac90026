use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hallpass_core::DELIVERY_HEADER;
use hallpass_model::Error;
use http::StatusCode;

use crate::Failure;

/// Refuses what a Hallpass delivers: a webhook that points back here would have every event make another one.
pub(crate) async fn refuse_own_deliveries(request: Request, next: Next) -> Response {
    if !request.headers().contains_key(DELIVERY_HEADER) {
        return next.run(request).await;
    }
    let error = Error::invalid_request(
        "delivery_loop",
        "this is what a webhook of Hallpass is told, and it was sent to Hallpass; correct the webhook's address",
    );
    Failure::with_status(StatusCode::LOOP_DETECTED, error).into_response()
}
