use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::{ConnectedUser, EnvironmentId, Timestamp, limits};

use super::{ROWS, base, is_cut, next_page, page_request};
use crate::dashboard::asked::Asked;
use crate::dashboard::lines::Lines;
use crate::dashboard::seat::{Seat, Support};
use crate::dashboard::view::{Frame, Section, page};
use crate::dashboard::words::{Moment, grouped, segment};
use crate::extract::Id;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/people/users.html")]
struct UsersPage {
    frame: Frame,
    base: String,
    /// What was looked for; empty for everybody.
    search: String,
    /// The page of exactly this user.
    exactly: Option<String>,
    rows: Vec<UserRow>,
    next: Option<String>,
    /// The search stopped before the end of the list.
    is_cut: bool,
    looked_at: String,
    /// This is not the first page.
    is_later: bool,
    list: Lines,
}

struct UserRow {
    sub: String,
    href: String,
    first_seen: Moment,
    changed: Moment,
    is_frozen: bool,
    refused_until: Option<Moment>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(environment): Id<EnvironmentId>,
    asked: Asked,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::Users).await?;
    let users = &app.services.users;
    let search = asked.get("q").unwrap_or_default();
    let request = page_request(asked.get("after"), ROWS);
    let found = if search.is_empty() {
        users.list(&seat.caller, environment, &request).await?
    } else {
        users
            .search(&seat.caller, environment, search, &request)
            .await?
    };
    let base = base(environment);
    let list = format!("{base}/users");
    let now = app.services.clock.now();
    let is_user = hallpass_model::Subject::check(search).is_ok();
    Ok(page(&UsersPage {
        frame,
        exactly: is_user.then(|| format!("{list}/{}", segment(search))),
        next: next_page(&list, search, found.next.as_deref()),
        is_cut: is_cut(search, &found),
        looked_at: grouped(limits::SEARCH_ROWS.into()),
        is_later: request.after.is_some(),
        rows: found
            .items
            .into_iter()
            .map(|user| UserRow::new(user, &list, now))
            .collect(),
        search: search.to_owned(),
        list: lines(environment),
        base,
    }))
}

impl UserRow {
    fn new(user: ConnectedUser, list: &str, now: Timestamp) -> Self {
        Self {
            href: format!("{list}/{}", segment(user.sub.as_str())),
            sub: user.sub.to_string(),
            first_seen: Moment::new(user.created_at, now),
            changed: Moment::new(user.updated_at, now),
            is_frozen: user.frozen_at.is_some(),
            refused_until: user.not_before.map(|until| Moment::new(until, now)),
        }
    }
}

fn lines(environment: EnvironmentId) -> Lines {
    Lines::new(
        format!("hallpass user list --environment {environment}"),
        "GET",
        &format!("/admin/v1/environments/{environment}/users"),
        None,
    )
}
