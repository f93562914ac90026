//! What was changed and decided in an environment, for looking through and for taking along.

mod export;
mod filter;
mod rows;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use hallpass_model::{EnvironmentId, PageRequest, Timestamp};
use http::StatusCode;

use self::filter::{Faults, Filter};
use self::rows::AuditRow;
use super::asked::Asked;
use super::lines::{Lines, shell_word};
use super::seat::{Seat, Support};
use super::view::{Frame, Section, page, page_with};
use super::words::{grouped, segment, utc};
use crate::extract::Id;
use crate::{AppState, Failure};

/// Rows of one page.
const ROWS: u32 = 50;

#[derive(Template)]
#[template(path = "dashboard/audit.html")]
struct AuditPage {
    frame: Frame,
    /// The address of this page.
    here: String,
    filter: Filter,
    faults: Faults,
    recent: [Recent; 3],
    rows: Vec<AuditRow>,
    next: Option<String>,
    /// This is not the first page.
    is_later: bool,
    export: String,
    most: String,
    list: Lines,
}

/// A filter that people want often.
struct Recent {
    words: &'static str,
    href: String,
}

pub(super) fn routes() -> Router<AppState> {
    const PAGE: &str = "/dashboard/environments/{environment}/audit";
    Router::new()
        .route(PAGE, get(show))
        .route(&format!("{PAGE}.jsonl"), get(take_along))
}

async fn show(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(environment): Id<EnvironmentId>,
    asked: Asked,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::Audit).await?;
    let now = app.services.clock.now();
    let filter = Filter::of(&asked);
    let query = match filter.query(environment) {
        Ok(query) => query,
        Err(faults) => {
            let mut refused = AuditPage::new(frame, environment, filter, now);
            refused.faults = faults;
            return Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &refused));
        }
    };
    let request = PageRequest {
        after: asked.get("after").map(str::to_owned),
        limit: ROWS,
    };
    let audit = &app.services.audit;
    let found = audit.list(&seat.caller, query, &request).await?;
    let mut shown = AuditPage::new(frame, environment, filter, now);
    shown.is_later = request.after.is_some();
    let base = base(environment);
    let rows = found.items.into_iter();
    shown.rows = rows.map(|entry| AuditRow::new(entry, &base, now)).collect();
    shown.next = found.next.map(|after| shown.page_after(&after));
    Ok(page(&shown))
}

async fn take_along(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(environment): Id<EnvironmentId>,
    asked: Asked,
) -> Result<Response, Failure> {
    let filter = Filter::of(&asked);
    match filter.query(environment) {
        Ok(query) => {
            let after = asked.get("after");
            let most = asked.get("limit").and_then(|limit| limit.parse().ok());
            let most = most.map_or(export::MOST, |most: u32| most.clamp(1, export::MOST));
            export::export(&app, &seat.caller, environment, query, after, most).await
        }
        Err(faults) => {
            let frame = Frame::of(&app, &seat, environment, Section::Audit).await?;
            let now = app.services.clock.now();
            let mut refused = AuditPage::new(frame, environment, filter, now);
            refused.faults = faults;
            Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &refused))
        }
    }
}

impl AuditPage {
    fn new(frame: Frame, environment: EnvironmentId, filter: Filter, now: Timestamp) -> Self {
        let here = format!("{}/audit", base(environment));
        let since = |words, secs: i64| Recent {
            words,
            href: format!("{here}?from={}", segment(&utc(now.plus_secs(-secs)))),
        };
        Self {
            frame,
            faults: Faults::default(),
            recent: [
                since("the last hour", 3600),
                since("the last day", 86_400),
                since("the last week", 7 * 86_400),
            ],
            rows: Vec::new(),
            next: None,
            is_later: false,
            export: format!("{here}.jsonl{}", filter.in_address()),
            most: grouped(export::MOST.into()),
            list: lines(environment, &filter),
            filter,
            here,
        }
    }

    fn page_after(&self, after: &str) -> String {
        let filter = self.filter.in_address();
        let joint = if filter.is_empty() { '?' } else { '&' };
        format!("{}{filter}{joint}after={}", self.here, segment(after))
    }
}

fn base(environment: EnvironmentId) -> String {
    format!("/dashboard/environments/{environment}")
}

/// The command line knows no times but "the last while"; what it leaves out the address of the API has.
fn lines(environment: EnvironmentId, filter: &Filter) -> Lines {
    let mut cli = format!("hallpass audit list --environment {environment}");
    for (flag, value) in [
        ("kind", &filter.kind),
        ("action", &filter.action),
        ("actor", &filter.actor),
    ] {
        if !value.is_empty() {
            cli.push_str(&format!(" --{flag}={}", shell_word(value)));
        }
    }
    let query = match filter.query(environment) {
        Ok(query) => in_api(&query),
        Err(_) => String::new(),
    };
    let path = format!("/admin/v1/environments/{environment}/audit{query}");
    Lines::new(cli, "GET", &path, None)
}

/// The same question to the admin API, which reads RFC 3339 only.
fn in_api(query: &hallpass_core::AuditQuery) -> String {
    use crate::time::rfc3339;
    let fields = [
        ("kind", query.kind.map(|kind| kind.as_str().to_owned())),
        ("action", query.action.clone()),
        ("actor", query.actor_id.clone()),
        ("from", query.from.map(rfc3339)),
        ("until", query.until.map(rfc3339)),
    ];
    let given = fields
        .into_iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", segment(&value?))));
    let given: Vec<_> = given.collect();
    if given.is_empty() {
        String::new()
    } else {
        format!("?{}", given.join("&"))
    }
}
