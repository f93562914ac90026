use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_model::{ConnectedUser, EnvironmentId, ErrorKind, Subject, Timestamp};
use http::StatusCode;

use super::base;
use super::json_field::rows;
use super::user_lines::UserLines;
use crate::dashboard::seat::{Seat, Support};
use crate::dashboard::view::{Frame, Section, page, page_with};
use crate::dashboard::words::{Moment, pretty, segment};
use crate::extract::Id;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/people/user.html")]
pub(super) struct UserPage {
    pub(super) frame: Frame,
    base: String,
    /// The address of this page.
    here: String,
    sub: String,
    /// The same as the value of a query.
    sub_in_query: String,
    first_seen: Moment,
    changed: Moment,
    frozen: Option<Moment>,
    refused_until: Option<Moment>,
    pub(super) editor: Editor,
    /// The deletion was not confirmed.
    pub(super) is_unconfirmed: bool,
    acts: UserLines,
}

/// The metadata as it is being edited.
pub(super) struct Editor {
    pub(super) text: String,
    rows: usize,
    /// What saving replaces.
    version: i64,
    pub(super) fault: Option<String>,
    /// What somebody else saved meanwhile.
    conflict: Option<String>,
}

/// Nobody of this name has been here.
#[derive(Template)]
#[template(path = "dashboard/people/user_unknown.html")]
pub(super) struct UnknownUserPage {
    frame: Frame,
    base: String,
    here: String,
    sub: String,
    /// What was typed for a user who was deleted meanwhile.
    typed: Option<String>,
    acts: UserLines,
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(environment): Id<EnvironmentId>,
    Id(sub): Id<Subject>,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::Users).await?;
    let loaded = app.services.users.load(&seat.caller, environment, &sub);
    match loaded.await {
        Ok(user) => {
            let now = app.services.clock.now();
            Ok(page(&UserPage::new(frame, user, now)))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let unknown = UnknownUserPage::new(frame, environment, &sub, None);
            Ok(page_with(StatusCode::NOT_FOUND, &unknown))
        }
        Err(error) => Err(error.into()),
    }
}

impl UserPage {
    pub(super) fn new(frame: Frame, user: ConnectedUser, now: Timestamp) -> Self {
        let environment = user.environment_id;
        Self {
            frame,
            base: base(environment),
            here: address(environment, &user.sub),
            sub_in_query: segment(user.sub.as_str()),
            first_seen: Moment::new(user.created_at, now),
            changed: Moment::new(user.updated_at, now),
            frozen: user.frozen_at.map(|at| Moment::new(at, now)),
            refused_until: user.not_before.map(|until| Moment::new(until, now)),
            acts: UserLines::of(environment, &user.sub, user.version),
            editor: Editor::of(&user),
            is_unconfirmed: false,
            sub: user.sub.to_string(),
        }
    }
}

impl Editor {
    fn of(user: &ConnectedUser) -> Self {
        let text = pretty(&user.metadata);
        Self {
            rows: rows(&text),
            text,
            version: user.version,
            fault: None,
            conflict: None,
        }
    }

    /// What was typed in place of what is saved, and why it was not saved.
    pub(super) fn keep(&mut self, typed: &str, version: i64, fault: String) {
        typed.clone_into(&mut self.text);
        self.rows = rows(typed);
        self.version = version;
        self.fault = Some(fault);
    }

    /// What was typed beside what somebody else saved; saving again replaces the latter, now knowingly.
    pub(super) fn collide(&mut self, typed: &str) {
        self.rows = rows(typed);
        self.conflict = Some(std::mem::replace(&mut self.text, typed.to_owned()));
    }
}

impl UnknownUserPage {
    pub(super) fn new(
        frame: Frame,
        environment: EnvironmentId,
        sub: &Subject,
        typed: Option<String>,
    ) -> Self {
        Self {
            frame,
            base: base(environment),
            here: address(environment, sub),
            acts: UserLines::of(environment, sub, 1),
            sub: sub.to_string(),
            typed,
        }
    }
}

/// Where a user's page is.
pub(super) fn address(environment: EnvironmentId, sub: &Subject) -> String {
    format!("{}/users/{}", base(environment), segment(sub.as_str()))
}
