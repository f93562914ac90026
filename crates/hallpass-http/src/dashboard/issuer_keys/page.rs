use askama::Template;
use hallpass_core::PublishedKeys;
use hallpass_model::{Environment, EnvironmentId, IssuerKey, IssuerKeyState, Page, Timestamp};
use serde_json::{Value, json};

use super::timeline::{Picture, WIDTH};
use crate::dashboard::lines::Lines;
use crate::dashboard::view::{Frame, Section};
use crate::dashboard::words::{Moment, grouped, pretty, segment, span};

#[derive(Template)]
#[template(path = "dashboard/issuer_keys.html")]
pub(super) struct IssuerKeysPage {
    pub(super) frame: Frame,
    /// The address of this page.
    here: String,
    picture: Option<Picture>,
    rows: Vec<KeyRow>,
    next: Option<String>,
    /// This is not the first page.
    is_later: bool,
    key_set: Option<KeySetView>,
    pub(super) rotation: Rotation,
    /// How long a key signs, if it is replaced by itself.
    rotates_after: Option<String>,
    /// How long a key is published before it signs.
    lead: String,
    withdrawal: Withdrawal,
}

/// What to rotate, as it is being chosen.
pub(super) struct Rotation {
    indexes: Vec<u32>,
    pub(super) chosen: Option<u32>,
    pub(super) fault: Option<String>,
    lines: Lines,
}

/// What to withdraw, as it is being chosen.
struct Withdrawal {
    keys: Vec<KeyChoice>,
    fault: Option<&'static str>,
    lines: Lines,
}

struct KeyChoice {
    kid: String,
    key_index: u32,
    state: &'static str,
    is_chosen: bool,
}

struct KeyRow {
    kid: String,
    key_index: u32,
    state: &'static str,
    badge: &'static str,
    since: Moment,
    until: Option<Moment>,
    uses: String,
    last_used: Option<Moment>,
}

struct KeySetView {
    url: String,
    /// Where it is too.
    others: Vec<String>,
    json: String,
    keep: String,
    /// Nobody said where the outside reaches this server.
    is_relative: bool,
}

impl IssuerKeysPage {
    pub(super) fn new(
        frame: Frame,
        environment: &Environment,
        keys: Page<IssuerKey>,
        is_later: bool,
        now: Timestamp,
    ) -> Self {
        let id = environment.id;
        let here = address(id);
        let settings = &environment.sign_in;
        let withdrawal = Withdrawal::of(id, &keys.items, now);
        Self {
            frame,
            picture: Picture::of(&keys.items, now),
            next: keys
                .next
                .map(|after| format!("{here}?after={}", segment(&after))),
            is_later,
            rows: keys
                .items
                .into_iter()
                .map(|key| KeyRow::new(key, now))
                .collect(),
            here,
            key_set: None,
            rotation: Rotation {
                indexes: (0..settings.issuer_keys).collect(),
                chosen: None,
                fault: None,
                lines: rotation_lines(id),
            },
            rotates_after: settings.rotate_after_secs.map(span),
            lead: span(settings.jwks_max_age_secs.saturating_add(30)),
            withdrawal,
        }
    }

    /// Says why a key was not withdrawn, with the choice as it was.
    pub(super) fn refuse_withdrawal(&mut self, kid: &str, fault: &'static str) {
        for key in &mut self.withdrawal.keys {
            key.is_chosen = key.kid == kid;
        }
        self.withdrawal.fault = Some(fault);
    }

    /// Shows the key set as it is published below this address.
    pub(super) fn show_set(
        &mut self,
        environment: &Environment,
        published: &PublishedKeys,
        server: &str,
    ) {
        let server = server.trim_end_matches('/');
        let id = environment.id;
        let value: Value = serde_json::from_str(&published.json).unwrap_or_default();
        self.key_set = Some(KeySetView {
            url: format!("{server}/environments/{id}/.well-known/jwks.json"),
            others: environment
                .sign_in
                .hosts
                .iter()
                .map(|host| format!("https://{host}/.well-known/jwks.json"))
                .collect(),
            is_relative: server.is_empty(),
            json: pretty(&value),
            keep: span(published.max_age_secs),
        });
    }

    fn is_chosen(&self, index: &u32) -> bool {
        self.rotation.chosen == Some(*index)
    }

    const fn width(&self) -> i64 {
        WIDTH
    }
}

impl KeyRow {
    fn new(key: IssuerKey, now: Timestamp) -> Self {
        let state = key.state_at(now);
        Self {
            key_index: key.key_index,
            state: state.as_str(),
            badge: match state {
                IssuerKeyState::Next => "next",
                IssuerKeyState::Active => "good",
                IssuerKeyState::Retiring => "warn",
                IssuerKeyState::Retired => "",
                IssuerKeyState::Revoked => "bad",
            },
            since: Moment::new(key.since(now), now),
            until: key.until(now).map(|until| Moment::new(until, now)),
            uses: grouped(key.use_count),
            last_used: key.last_used_at.map(|at| Moment::new(at, now)),
            kid: key.kid,
        }
    }
}

impl Withdrawal {
    fn of(environment: EnvironmentId, keys: &[IssuerKey], now: Timestamp) -> Self {
        let published = keys
            .iter()
            .filter(|key| key.state_at(now).is_published())
            .map(|key| KeyChoice {
                kid: key.kid.clone(),
                key_index: key.key_index,
                state: key.state_at(now).as_str(),
                is_chosen: false,
            });
        Self {
            keys: published.collect(),
            fault: None,
            lines: Lines::new(
                format!("hallpass issuer-key revoke --environment {environment} -- KID"),
                "DELETE",
                &format!("/admin/v1/environments/{environment}/issuer-keys/KID"),
                None,
            ),
        }
    }
}

fn rotation_lines(environment: EnvironmentId) -> Lines {
    Lines::new(
        format!("hallpass issuer-key rotate --environment {environment}"),
        "POST",
        &format!("/admin/v1/environments/{environment}/issuer-keys/rotate"),
        Some(&json!({})),
    )
}

/// Where the keys of an environment are.
pub(super) fn address(environment: EnvironmentId) -> String {
    format!("/dashboard/environments/{environment}/issuer-keys")
}
