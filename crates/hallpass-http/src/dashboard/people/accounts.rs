use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::{Account, EnvironmentId, Timestamp, limits};

use super::{ROWS, base, is_cut, next_page, page_request};
use crate::dashboard::asked::Asked;
use crate::dashboard::lines::Lines;
use crate::dashboard::seat::{Seat, Support};
use crate::dashboard::view::{Frame, Section, page};
use crate::dashboard::words::{Moment, clipped, grouped};
use crate::extract::Id;
use crate::{AppState, Failure};

/// How much of a name stands in a row.
const NAME_CHARS: usize = 80;

#[derive(Template)]
#[template(path = "dashboard/people/accounts.html")]
struct AccountsPage {
    frame: Frame,
    base: String,
    /// What was looked for; empty for everybody.
    search: String,
    rows: Vec<AccountRow>,
    next: Option<String>,
    /// The search stopped before the end of the list.
    is_cut: bool,
    looked_at: String,
    /// This is not the first page.
    is_later: bool,
    list: Lines,
}

struct AccountRow {
    id: String,
    name: Option<String>,
    role: Option<String>,
    is_frozen: bool,
    signed_in: Option<Moment>,
    created: Moment,
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(environment): Id<EnvironmentId>,
    asked: Asked,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::Accounts).await?;
    let accounts = &app.services.accounts;
    let search = asked.get("q").map(str::trim).unwrap_or_default();
    let request = page_request(asked.get("after"), ROWS);
    let found = if search.is_empty() {
        accounts.list(&seat.caller, environment, &request).await?
    } else {
        accounts
            .search(&seat.caller, environment, search, &request)
            .await?
    };
    let base = base(environment);
    let now = app.services.clock.now();
    Ok(page(&AccountsPage {
        frame,
        next: next_page(&format!("{base}/accounts"), search, found.next.as_deref()),
        is_cut: is_cut(search, &found),
        looked_at: grouped(limits::SEARCH_ROWS.into()),
        is_later: request.after.is_some(),
        rows: found
            .items
            .into_iter()
            .map(|account| AccountRow::new(account, now))
            .collect(),
        search: search.to_owned(),
        list: Lines::new(
            format!("hallpass account list --environment {environment}"),
            "GET",
            &format!("/admin/v1/environments/{environment}/accounts"),
            None,
        ),
        base,
    }))
}

impl AccountRow {
    fn new(account: Account, now: Timestamp) -> Self {
        let profile = account.profile;
        let name = profile.display_name.or(profile.username);
        Self {
            id: account.id.to_string(),
            name: name.map(|name| clipped(&name, NAME_CHARS)),
            role: account.role,
            is_frozen: account.frozen_at.is_some(),
            signed_in: account.signed_in_at.map(|at| Moment::new(at, now)),
            created: Moment::new(account.created_at, now),
        }
    }
}
