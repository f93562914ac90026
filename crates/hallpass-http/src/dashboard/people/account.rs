use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{AccountDetail, OperatorCaller};
use hallpass_model::{Account, AccountId, EnvironmentId, Page, Session, Timestamp, Wallet};

use super::account_lines::AccountLines;
use super::account_rows::{IdentityRow, SessionRow, TEXT_CHARS, WalletRow};
use super::json_field::rows;
use super::{base, page_request};
use crate::dashboard::asked::Asked;
use crate::dashboard::seat::{Seat, Support};
use crate::dashboard::view::{Frame, Section, page};
use crate::dashboard::words::{Moment, clipped, pretty, segment};
use crate::extract::Id;
use crate::{AppState, Failure};

/// Sessions of one page.
const SESSIONS: u32 = 20;

#[derive(Template)]
#[template(path = "dashboard/people/account.html")]
pub(super) struct AccountPage {
    pub(super) frame: Frame,
    base: String,
    /// The address of this page.
    here: String,
    id: String,
    name: Option<String>,
    username: Option<String>,
    picture_url: Option<String>,
    created: Moment,
    changed: Moment,
    signed_in: Option<Moment>,
    frozen: Option<Moment>,
    pub(super) editor: Editor,
    identities: Vec<IdentityRow>,
    wallets: Vec<WalletRow>,
    sessions: Vec<SessionRow>,
    more_sessions: Option<String>,
    /// The deletion was not confirmed.
    pub(super) is_unconfirmed: bool,
    acts: AccountLines,
}

/// Role and permissions as they are being edited; empty is none.
pub(super) struct Editor {
    pub(super) role: String,
    pub(super) permissions: String,
    rows: usize,
    /// What saving replaces.
    version: i64,
    pub(super) role_fault: Option<String>,
    pub(super) permissions_fault: Option<String>,
    /// What somebody else saved meanwhile.
    conflict: Option<Saved>,
}

struct Saved {
    role: String,
    permissions: String,
}

/// An account with all that its page shows.
pub(super) struct Whole {
    detail: AccountDetail,
    sessions: Page<Session>,
    wallets: Vec<Wallet>,
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Support>,
    Id(environment): Id<EnvironmentId>,
    Id(account): Id<AccountId>,
    asked: Asked,
) -> Result<Response, Failure> {
    let frame = Frame::of(&app, &seat, environment, Section::Accounts).await?;
    let after = asked.get("sessions_after");
    let whole = Whole::load(&app, &seat.caller, environment, account, after).await?;
    let now = app.services.clock.now();
    Ok(page(&AccountPage::new(frame, whole, now)))
}

impl Whole {
    pub(super) async fn load(
        app: &AppState,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        account: AccountId,
        sessions_after: Option<&str>,
    ) -> Result<Self, Failure> {
        let accounts = &app.services.accounts;
        let wallets = &app.services.wallets;
        let request = page_request(sessions_after, SESSIONS);
        Ok(Self {
            detail: accounts.load(caller, environment, account).await?,
            sessions: accounts
                .list_sessions(caller, environment, account, &request)
                .await?,
            wallets: wallets
                .list_of_account(caller, environment, account)
                .await?,
        })
    }
}

impl AccountPage {
    pub(super) fn new(frame: Frame, whole: Whole, now: Timestamp) -> Self {
        let Whole {
            detail:
                AccountDetail {
                    account,
                    identities,
                },
            sessions,
            wallets,
        } = whole;
        let here = address(account.environment_id, account.id);
        let short = |text: Option<String>| text.map(|text| clipped(&text, TEXT_CHARS));
        let more = sessions.next.as_deref();
        Self {
            frame,
            base: base(account.environment_id),
            more_sessions: more
                .map(|after| format!("{here}?sessions_after={}#sessions", segment(after))),
            here,
            id: account.id.to_string(),
            created: Moment::new(account.created_at, now),
            changed: Moment::new(account.updated_at, now),
            signed_in: account.signed_in_at.map(|at| Moment::new(at, now)),
            frozen: account.frozen_at.map(|at| Moment::new(at, now)),
            editor: Editor::of(&account),
            acts: AccountLines::of(account.environment_id, account.id, account.version),
            name: short(account.profile.display_name),
            username: short(account.profile.username),
            picture_url: short(account.profile.picture_url),
            identities: identities
                .iter()
                .map(|identity| IdentityRow::new(identity, now))
                .collect(),
            wallets: wallets
                .into_iter()
                .map(|wallet| WalletRow::new(wallet, now))
                .collect(),
            sessions: sessions
                .items
                .into_iter()
                .map(|session| SessionRow::new(session, now))
                .collect(),
            is_unconfirmed: false,
        }
    }

    fn has_live_sessions(&self) -> bool {
        self.sessions.iter().any(|session| session.is_live)
    }
}

impl Editor {
    fn of(account: &Account) -> Self {
        let permissions = account.permissions.as_ref().map(pretty).unwrap_or_default();
        Self {
            rows: rows(&permissions),
            role: account.role.clone().unwrap_or_default(),
            permissions,
            version: account.version,
            role_fault: None,
            permissions_fault: None,
            conflict: None,
        }
    }

    /// What was typed in place of what is saved.
    pub(super) fn keep(&mut self, role: &str, permissions: &str, version: i64) {
        role.clone_into(&mut self.role);
        permissions.clone_into(&mut self.permissions);
        self.rows = rows(permissions);
        self.version = version;
    }

    /// What was typed beside what somebody else saved; saving again replaces the latter, now knowingly.
    pub(super) fn collide(&mut self, role: &str, permissions: &str) {
        self.rows = rows(permissions);
        self.conflict = Some(Saved {
            role: std::mem::replace(&mut self.role, role.to_owned()),
            permissions: std::mem::replace(&mut self.permissions, permissions.to_owned()),
        });
    }
}

/// Where an account's page is.
pub(super) fn address(environment: EnvironmentId, account: AccountId) -> String {
    format!("{}/accounts/{account}", base(environment))
}
