//! The pages of one identity provider: to add one, and to change and test one that is there.

use askama::Template;
use hallpass_core::{ProviderTest, ProviderView};
use hallpass_model::{
    EnvironmentId, IdentityProviderId, ProviderKind, ProviderSettings, Timestamp,
};
use serde_json::{Value, json};

use super::authentication::ProviderRow;
use super::fields::{Difference, Field};
use super::provider_fields::{flags, label, members};
use super::shown::{Tab, TabLink, api, base, tabs};
use super::trouble::Trouble;
use crate::dashboard::lines::Lines;
use crate::dashboard::view::{Frame, Section};
use crate::dashboard::words::Moment;

#[derive(Template)]
#[template(path = "dashboard/setup/new_provider.html")]
pub(super) struct NewProviderPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    kind: &'static str,
    kind_label: &'static str,
    fields: Vec<Field>,
    opens_rare: bool,
    once: String,
    trouble: Option<Trouble>,
    lines: Lines,
}

impl NewProviderPage {
    pub(super) fn new(
        frame: Frame,
        environment: EnvironmentId,
        kind: ProviderKind,
        fields: Vec<Field>,
        once: String,
        trouble: Option<Trouble>,
    ) -> Self {
        let fields = with_trouble(fields, trouble.as_ref());
        Self {
            frame,
            tabs: tabs(environment, Tab::Authentication),
            base: base(environment),
            kind: kind.as_str(),
            kind_label: label(kind),
            opens_rare: opens_rare(&fields),
            fields,
            once,
            trouble,
            lines: lines_add(environment, kind),
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/setup/provider.html")]
pub(super) struct ProviderPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    row: ProviderRow,
    version: i64,
    created: Moment,
    updated: Moment,
    fields: Vec<Field>,
    opens_rare: bool,
    trouble: Option<Trouble>,
    /// Which form it is of.
    trouble_place: &'static str,
    /// Values that somebody else has set since the form was shown.
    differences: Vec<Difference>,
    token: String,
    test: Option<ProviderTest>,
    lines_update: Lines,
    lines_state: Lines,
    lines_remove: Lines,
    lines_test: Lines,
}

/// What a page says beyond what is stored.
#[derive(Default)]
pub(super) struct Said {
    /// What was typed, where it was not taken.
    pub(super) typed: Option<Vec<Field>>,
    /// What the form was opened with, where that still is what saving may replace.
    pub(super) version: Option<i64>,
    pub(super) trouble: Option<Trouble>,
    pub(super) differences: Vec<Difference>,
    pub(super) token: String,
    pub(super) test: Option<ProviderTest>,
}

impl ProviderPage {
    pub(super) fn new(
        frame: Frame,
        view: &ProviderView,
        stored: Vec<Field>,
        said: Said,
        now: Timestamp,
    ) -> Self {
        let provider = &view.provider;
        let (environment, id) = (provider.environment_id, provider.id);
        let is_typed = said.typed.is_some();
        let fields = said.typed.unwrap_or(stored);
        let fields = with_trouble(fields, said.trouble.as_ref());
        let is_disabled = provider.disabled_at.is_some();
        let trouble_place = if is_typed { "settings" } else { "test" };
        Self {
            frame,
            tabs: tabs(environment, Tab::Authentication),
            base: base(environment),
            row: ProviderRow::from(view),
            version: said.version.unwrap_or(provider.version),
            created: Moment::new(provider.created_at, now),
            updated: Moment::new(provider.updated_at, now),
            opens_rare: opens_rare(&fields),
            fields,
            trouble: said.trouble,
            trouble_place,
            differences: said.differences,
            token: said.token,
            test: said.test,
            lines_update: lines_update(environment, id, provider.version, &provider.settings),
            lines_state: lines_state(environment, id, is_disabled),
            lines_remove: lines_remove(environment, id),
            lines_test: lines_test(environment, id),
        }
    }
}

fn with_trouble(mut fields: Vec<Field>, trouble: Option<&Trouble>) -> Vec<Field> {
    for field in &mut fields {
        field.trouble = trouble.and_then(|trouble| trouble.at(field.name()));
    }
    fields
}

/// Whether the rare fields show something that must be seen.
fn opens_rare(fields: &[Field]) -> bool {
    let seen = |field: &Field| field.is_filled() || field.trouble.is_some();
    fields.iter().any(|field| field.spec.is_rare && seen(field))
}

fn lines_add(environment: EnvironmentId, kind: ProviderKind) -> Lines {
    let mut example = ProviderSettings::new(kind);
    let text = |text: &str| Some(text.to_owned());
    match kind {
        ProviderKind::Auth0 => example.domain = text("acme.eu.auth0.com"),
        ProviderKind::Firebase => example.project_id = text("acme-prod"),
        ProviderKind::Oidc => example.issuer = text("https://id.acme.com"),
        ProviderKind::Jwks => {
            example.url = text("https://id.acme.com/.well-known/jwks.json");
            example.issuer = text("https://id.acme.com");
        }
    }
    if kind != ProviderKind::Firebase {
        example.audiences = vec!["CLIENT_ID".to_owned()];
    }
    let word = kind.as_str();
    let flags = flags(&example);
    let cli = format!("hallpass idp add {word} --environment {environment}{flags}");
    let body = Value::Object(members(&example));
    let path = api(environment, "/identity-providers");
    Lines::new(cli, "POST", &path, Some(&body))
}

fn lines_update(
    environment: EnvironmentId,
    id: IdentityProviderId,
    version: i64,
    settings: &ProviderSettings,
) -> Lines {
    let flags = flags(settings);
    let cli =
        format!("hallpass idp set --environment {environment} {id}{flags} --if-version {version}");
    let mut settings = members(settings);
    settings.remove("kind");
    let body = json!({ "settings": settings });
    Lines::new(cli, "PATCH", &path(environment, id), Some(&body))
}

fn lines_state(environment: EnvironmentId, id: IdentityProviderId, is_disabled: bool) -> Lines {
    let verb = if is_disabled { "enable" } else { "disable" };
    let cli = format!("hallpass idp {verb} --environment {environment} {id}");
    let body = json!({ "disabled": !is_disabled });
    Lines::new(cli, "PATCH", &path(environment, id), Some(&body))
}

fn lines_remove(environment: EnvironmentId, id: IdentityProviderId) -> Lines {
    let cli = format!("hallpass idp remove --environment {environment} {id}");
    Lines::new(cli, "DELETE", &path(environment, id), None)
}

fn lines_test(environment: EnvironmentId, id: IdentityProviderId) -> Lines {
    let cli = format!("hallpass idp test --environment {environment} {id} --token \"$TOKEN\"");
    let path = format!("{}/test", path(environment, id));
    Lines::new(cli, "POST", &path, Some(&json!({ "token": "TOKEN" })))
}

fn path(environment: EnvironmentId, id: IdentityProviderId) -> String {
    api(environment, &format!("/identity-providers/{id}"))
}
