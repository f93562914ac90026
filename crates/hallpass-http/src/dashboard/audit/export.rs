//! The trail as JSON lines: each row as the admin API shows it, read page by page while the reader keeps up.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use axum::response::{IntoResponse, Response};
use hallpass_core::{AuditQuery, OperatorCaller};
use hallpass_model::{AuditEntry, EnvironmentId, Error, Page, PageRequest, limits};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use hyper::body::Frame;
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::admin::AuditView;
use crate::{AppState, Failure};

/// Rows of one export. Beyond them a last line says where the next one begins.
pub(super) const MOST: u32 = 100_000;

/// Pages that wait for a slow reader.
const AHEAD: usize = 2;

/// How long a page waits for a reader that has stopped.
const PATIENCE: Duration = Duration::from_secs(30);

/// After how long to ask again where all places are taken.
const RETRY_SECS: u64 = 10;

/// What one export reads.
struct Reading {
    app: AppState,
    caller: OperatorCaller,
    query: AuditQuery,
    most: u32,
}

/// Answers with the rows; whatever is refused is refused before the first one.
pub(super) async fn export(
    app: &AppState,
    caller: &OperatorCaller,
    environment: EnvironmentId,
    query: AuditQuery,
    after: Option<&str>,
    most: u32,
) -> Result<Response, Failure> {
    let place = Arc::clone(&app.exports)
        .try_acquire_owned()
        .map_err(|_| busy())?;
    let reading = Reading {
        app: app.clone(),
        caller: caller.clone(),
        query,
        most,
    };
    let first = reading.page(after.map(str::to_owned), most).await?;
    let (sender, lines) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let _place = place;
        let mut page = first;
        let mut left = reading.most;
        loop {
            left = left.saturating_sub(u32::try_from(page.items.len()).unwrap_or(left));
            let next = page.next.take();
            let text = text_of(page, next.as_deref().filter(|_| left == 0));
            let Ok(text) = text else {
                return;
            };
            if !is_taken(&sender, Piece::Rows(text), PATIENCE).await {
                return;
            }
            let Some(next) = next.filter(|_| left > 0) else {
                is_taken(&sender, Piece::End, PATIENCE).await;
                return;
            };
            page = match reading.page(Some(next), left).await {
                Ok(page) => page,
                Err(error) => {
                    tracing::warn!(
                        code = error.code(),
                        "an export of the audit trail broke off"
                    );
                    return;
                }
            };
        }
    });
    let name = format!("attachment; filename=\"audit-{environment}.jsonl\"");
    let headers = [
        (CONTENT_TYPE, "application/jsonl; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, name),
    ];
    Ok((headers, Body::new(Lines(lines))).into_response())
}

/// Hands a piece on, if the reader takes one in time. Whoever does not keeps neither rows nor a place.
async fn is_taken(sender: &Sender<Piece>, piece: Piece, patience: Duration) -> bool {
    let sent = tokio::time::timeout(patience, sender.send(piece)).await;
    matches!(sent, Ok(Ok(())))
}

fn busy() -> Error {
    Error::unavailable(
        "export_busy",
        "as many exports as may be at once are being read; try again soon",
    )
    .retry_after(RETRY_SECS)
}

impl Reading {
    async fn page(&self, after: Option<String>, left: u32) -> Result<Page<AuditEntry>, Error> {
        let request = PageRequest {
            after,
            limit: left.min(limits::PAGE_ROWS),
        };
        let audit = &self.app.services.audit;
        audit.list(&self.caller, self.query.clone(), &request).await
    }
}

fn text_of(page: Page<AuditEntry>, next: Option<&str>) -> serde_json::Result<Bytes> {
    let mut text = Vec::new();
    for entry in page.items {
        serde_json::to_writer(&mut text, &AuditView::from(entry))?;
        text.push(b'\n');
    }
    if let Some(next) = next {
        serde_json::to_writer(&mut text, &json!({ "next": next }))?;
        text.push(b'\n');
    }
    Ok(text.into())
}

/// A part of an export.
enum Piece {
    Rows(Bytes),
    /// Nothing follows, and nothing is missing.
    End,
}

/// What was read, on its way out.
struct Lines(Receiver<Piece>);

impl HttpBody for Lines {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        self.0.poll_recv(context).map(|piece| match piece {
            Some(Piece::Rows(text)) => Some(Ok(Frame::data(text))),
            Some(Piece::End) => None,
            // Ends the connection, so that nobody takes the half for the whole.
            None => Some(Err("the export broke off".into())),
        })
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(10);

    fn rows() -> Piece {
        Piece::Rows(Bytes::from_static(b"{}\n"))
    }

    #[tokio::test]
    async fn a_reader_that_stops_is_waited_for_so_long_and_sees_a_broken_export() {
        let (sender, lines) = mpsc::channel(1);
        assert!(is_taken(&sender, rows(), MOMENT).await);
        assert!(!is_taken(&sender, rows(), MOMENT).await, "nobody reads");
        drop(sender);
        let mut lines = Lines(lines);
        assert!(lines.frame().await.is_some_and(|frame| frame.is_ok()));
        assert!(lines.frame().await.is_some_and(|frame| frame.is_err()));
    }

    #[tokio::test]
    async fn a_whole_export_ends_by_itself() {
        let (sender, lines) = mpsc::channel(2);
        for piece in [rows(), Piece::End] {
            assert!(is_taken(&sender, piece, MOMENT).await);
        }
        drop(sender);
        let read = Lines(lines).collect().await.expect("a whole body");
        assert_eq!(read.to_bytes(), "{}\n");
    }
}
