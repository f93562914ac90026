//! An environment at a glance.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use hallpass_core::{AuditQuery, Check, TalliedMinute};
use hallpass_model::{
    ActorKind, AuditEntry, EnvironmentId, KeyState, PageRequest, SigningKey, Timestamp,
};

use super::Support;
use super::seat::Seat;
use super::view::{Frame, Section, page, place};
use super::words::Moment;
use crate::extract::Id;
use crate::{AppState, Failure};

/// The chart's measures, in units of its picture.
const BAR_STEP: f64 = 4.0;
const CHART_HEIGHT: f64 = 58.0;
/// Rows of the trail, and reasons of refusals, that are shown here.
const LATEST: u32 = 8;
const REASONS: usize = 6;

#[derive(Template)]
#[template(path = "dashboard/overview.html")]
struct OverviewPage {
    frame: Frame,
    /// The address of the environment's pages.
    base: String,
    name: String,
    accepted: u64,
    refused: u64,
    most: u64,
    bars: Vec<Bar>,
    reasons: Vec<(&'static str, u64)>,
    keys: Vec<KeyRow>,
    issuer_keys: Vec<(&'static str, usize)>,
    sessions: i64,
    checks: Vec<Check>,
    latest: Vec<LatestRow>,
}

/// One minute: what was refused stands on top of what was accepted.
struct Bar {
    x: String,
    accepted_y: String,
    accepted_height: String,
    refused_y: String,
    refused_height: String,
}

struct KeyRow {
    kid: String,
    state: &'static str,
    tone: &'static str,
    uses: i64,
    retires_at: Option<Moment>,
}

struct LatestRow {
    at: Moment,
    action: String,
    by: String,
}

pub(super) fn routes() -> Router<AppState> {
    Router::new().route("/dashboard/environments/{environment}", get(show))
}

async fn show(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    seat: Seat<Support>,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::Overview).await?;
    let (services, caller) = (&app.services, &seat.caller);
    let now = services.clock.now();
    let tally = services.tokens.tally(caller, environment).await?;
    let some = PageRequest::default();
    let (keys, issuer_keys) = if frame.may_change {
        let keys = services
            .signing_keys
            .list(caller, environment, &some)
            .await?;
        let issuers = &services.issuer_keys;
        let issuer_keys = issuers.list(caller, environment, None, &some).await?;
        (keys.items, issuer_keys.items)
    } else {
        (Vec::new(), Vec::new())
    };
    let mut states = BTreeMap::<&'static str, usize>::new();
    for key in &issuer_keys {
        *states.entry(key.state_at(now).as_str()).or_default() += 1;
    }
    let query = AuditQuery {
        environment: Some(environment),
        ..AuditQuery::default()
    };
    let latest = PageRequest {
        after: None,
        limit: LATEST,
    };
    let trail = services.audit.list(caller, query, &latest).await?;
    let most = tally.minutes.iter().map(total).max().unwrap_or(0);
    let name = frame
        .here
        .as_ref()
        .map(|here| here.environment.name.clone());
    Ok(page(&OverviewPage {
        base: place(environment, ""),
        name: name.unwrap_or_default(),
        accepted: tally.minutes.iter().map(|minute| minute.accepted).sum(),
        refused: tally.minutes.iter().map(|minute| minute.refused).sum(),
        most,
        bars: bars(&tally.minutes, most),
        reasons: tally.reasons.into_iter().take(REASONS).collect(),
        keys: keys.into_iter().map(|key| key_row(key, now)).collect(),
        issuer_keys: states.into_iter().collect(),
        sessions: services
            .accounts
            .count_sessions(caller, environment)
            .await?,
        checks: services.health.ready().await.checks,
        latest: trail
            .items
            .into_iter()
            .map(|entry| latest_row(entry, now))
            .collect(),
        frame,
    }))
}

fn total(minute: &TalliedMinute) -> u64 {
    minute.accepted + minute.refused
}

fn bars(minutes: &[TalliedMinute], most: u64) -> Vec<Bar> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a picture of a few hundred pixels"
    )]
    let height = |count: u64| match (count, most) {
        (0, _) | (_, 0) => 0.0,
        // One among thousands is still seen.
        (count, most) => (count as f64 / most as f64 * CHART_HEIGHT).max(1.5),
    };
    let mut left = 0.0;
    let mut bars = Vec::new();
    for minute in minutes {
        let (accepted, refused) = (height(minute.accepted), height(minute.refused));
        let number = |value: f64| format!("{value:.1}");
        bars.push(Bar {
            x: number(left),
            accepted_y: number(59.0 - accepted),
            accepted_height: number(accepted),
            refused_y: number(59.0 - accepted - refused),
            refused_height: number(refused),
        });
        left += BAR_STEP;
    }
    bars
}

fn key_row(key: SigningKey, now: Timestamp) -> KeyRow {
    let state = key.state_at(now);
    KeyRow {
        state: state.as_str(),
        tone: match state {
            KeyState::Active => "good",
            KeyState::Retiring => "warn",
            KeyState::Retired | KeyState::Revoked => "bad",
        },
        uses: key.use_count,
        retires_at: key.retires_at.map(|at| Moment::new(at, now)),
        kid: key.kid,
    }
}

fn latest_row(entry: AuditEntry, now: Timestamp) -> LatestRow {
    let by = match entry.actor_kind {
        ActorKind::CommandLine => Some("command line".to_owned()),
        ActorKind::System => Some("Hallpass itself".to_owned()),
        _ => entry.actor_name.or(entry.actor_id),
    };
    LatestRow {
        at: Moment::new(entry.at, now),
        action: entry.action,
        by: by.unwrap_or_default(),
    }
}
