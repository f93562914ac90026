//! Providers for people: a card, a list, and what to be warned of.

use serde_json::Value;

use crate::ui::{Column, Table, Tone, Ui, printable};

const COLUMNS: [Column; 6] = [
    Column::id("ID", "/id"),
    Column::text("KIND", "/kind"),
    Column::with("ISSUER", "", issuers),
    Column::with("AUDIENCES", "", audiences),
    Column::with("KEYS", "", keys_unless_disabled).toned(tone_of_both),
    Column::with("WARNINGS", "/warnings", codes).toned(tone_of_warnings),
];

const CARD: [Column; 27] = [
    Column::id("id", "/id"),
    Column::text("kind", "/kind"),
    Column::with("state", "/disabled", state).toned(tone_of_state),
    Column::id("environment", "/environment_id"),
    Column::id("domain", "/domain"),
    Column::id("custom domain", "/custom_domain"),
    Column::id("project id", "/project_id"),
    Column::with("issuer", "", issuers),
    Column::id("keys at", "/keys_url"),
    Column::with("audiences", "", audiences),
    Column::text("user claim", "/user_claim"),
    Column::text("permissions claim", "/permissions_claim"),
    Column::text("roles claim", "/roles_claim"),
    Column::with("roles", "/role_permissions", roles),
    Column::text("token types", "/token_types"),
    Column::text("algorithms", "/algorithms"),
    Column::with("keys", "/keys", keys).toned(tone_of_keys),
    Column::time("fetched", "/keys/fetched_at"),
    Column::time("fetched again", "/keys/refresh_at"),
    Column::time("usable until", "/keys/usable_until"),
    Column::with("last failure", "/keys/failure/message", failure).toned(bad),
    Column::text("failure code", "/keys/failure/code"),
    Column::time("failed", "/keys/failure/at"),
    Column::with("warnings", "/warnings", codes).toned(tone_of_warnings),
    Column::text("version", "/version"),
    Column::time("created", "/created_at"),
    Column::time("updated", "/updated_at"),
];

/// The card on stdout and, for people, each warning on stderr.
pub fn card_and_warnings(provider: &Value, ui: &Ui) {
    ui.answer(provider, |provider| Table::card_of_present(provider, &CARD));
    warn(provider, ui);
}

/// One line per provider.
pub fn list(providers: &Value, _ui: &Ui) -> String {
    Table::of(
        providers,
        &COLUMNS,
        "no identity providers yet: `hallpass idp add --help`",
    )
}

/// The warnings of a provider or a test of it, for people.
pub fn warn(answer: &Value, ui: &Ui) {
    if ui.json {
        return;
    }
    for warning in items(answer.pointer("/warnings").unwrap_or(&Value::Null)) {
        ui.note(format!(
            "{} {} ({})",
            ui.paint.warn("warning:"),
            text(warning, "/message"),
            text(warning, "/code")
        ));
        if let Some(flags) = remedy(&text(warning, "/code"))
            && answer.pointer("/environment_id").is_some()
        {
            let (environment, id) = (text(answer, "/environment_id"), text(answer, "/id"));
            ui.note(format!(
                "  to do: hallpass idp set --environment {environment} {id} {flags}"
            ));
        }
    }
}

/// The flags that end a warning.
fn remedy(code: &str) -> Option<&'static str> {
    match code {
        "any_audience" => Some("--any-audience false --audience CLIENT_ID"),
        "no_audience" => Some("--audience CLIENT_ID"),
        "no_issuer" => Some("--issuer ISSUER"),
        _ => None,
    }
}

/// A text of an answer, without what could steer the terminal.
pub fn text(value: &Value, pointer: &str) -> String {
    let text = value.pointer(pointer).and_then(Value::as_str);
    printable(text.unwrap_or_default())
}

/// The issuers of a provider.
pub fn issuers(provider: &Value) -> String {
    let issuers = texts(provider.pointer("/issuers").unwrap_or(&Value::Null));
    if issuers.is_empty() {
        "any".to_owned()
    } else {
        issuers
    }
}

/// Whether a provider's tokens are refused for now.
pub fn is_disabled(provider: &Value) -> bool {
    provider.pointer("/disabled") == Some(&Value::Bool(true))
}

fn audiences(provider: &Value) -> String {
    if provider.pointer("/any_audience") == Some(&Value::Bool(true)) {
        return "ANY".to_owned();
    }
    let own = texts(provider.pointer("/audiences").unwrap_or(&Value::Null));
    match (own.is_empty(), provider.pointer("/project_id")) {
        (false, _) => own,
        (true, Some(Value::String(project))) => printable(project),
        (true, _) => "the environment's".to_owned(),
    }
}

fn state(disabled: &Value) -> String {
    if *disabled == Value::Bool(true) {
        "disabled"
    } else {
        "enabled"
    }
    .to_owned()
}

fn tone_of_state(disabled: &Value) -> Tone {
    if *disabled == Value::Bool(true) {
        Tone::Warn
    } else {
        Tone::Plain
    }
}

fn keys(keys: &Value) -> String {
    let count = keys.pointer("/count").and_then(Value::as_u64).unwrap_or(0);
    match text(keys, "/state").as_str() {
        "unknown" => "not fetched here yet".to_owned(),
        state if count > 0 => format!("{state} ({count})"),
        state => state.to_owned(),
    }
}

/// A list has little room, and a disabled provider's keys do not matter.
fn keys_unless_disabled(provider: &Value) -> String {
    if is_disabled(provider) {
        return "disabled".to_owned();
    }
    let status = provider.pointer("/keys").unwrap_or(&Value::Null);
    let shown = keys(status);
    // Elsewhere the failure is over, or nobody waits for the keys.
    let is_degraded = ["stale", "unavailable"].contains(&text(status, "/state").as_str());
    match text(status, "/failure/code") {
        code if is_degraded && !code.is_empty() => format!("{shown}: {code}"),
        _ => shown,
    }
}

fn tone_of_both(provider: &Value) -> Tone {
    if is_disabled(provider) {
        return Tone::Warn;
    }
    tone_of_keys(provider.pointer("/keys").unwrap_or(&Value::Null))
}

fn tone_of_keys(keys: &Value) -> Tone {
    match keys.pointer("/state").and_then(Value::as_str) {
        Some("fresh") => Tone::Good,
        Some("stale") => Tone::Warn,
        Some("unavailable") => Tone::Bad,
        _ => Tone::Plain,
    }
}

fn failure(message: &Value) -> String {
    printable(message.as_str().unwrap_or_default())
}

const fn bad(_: &Value) -> Tone {
    Tone::Bad
}

fn roles(roles: &Value) -> String {
    let names: Vec<_> = items(roles)
        .iter()
        .map(|role| text(role, "/role"))
        .collect();
    names.join(", then ")
}

fn codes(warnings: &Value) -> String {
    let codes: Vec<_> = items(warnings)
        .iter()
        .map(|warning| text(warning, "/code"))
        .collect();
    if codes.is_empty() {
        "none".to_owned()
    } else {
        codes.join(", ")
    }
}

fn tone_of_warnings(warnings: &Value) -> Tone {
    if items(warnings).is_empty() {
        Tone::Plain
    } else {
        Tone::Warn
    }
}

fn texts(list: &Value) -> String {
    let texts: Vec<_> = items(list)
        .iter()
        .filter_map(Value::as_str)
        .map(printable)
        .collect();
    texts.join(", ")
}

fn items(list: &Value) -> &[Value] {
    list.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{CARD, Table, list};
    use crate::ui::Ui;

    #[test]
    fn a_list_says_what_matters_on_one_line() {
        let providers = json!({ "items": [
            { "id": "p1", "kind": "auth0", "issuers": ["https://a/", "https://b/"], "audiences": ["c"],
              "disabled": false, "keys": { "state": "fresh", "count": 2 }, "warnings": [] },
            { "id": "p2", "kind": "jwks", "issuers": [], "any_audience": true, "disabled": true,
              "keys": { "state": "unknown", "count": 0 },
              "warnings": [{ "code": "any_audience" }, { "code": "no_issuer" }] },
            { "id": "p3", "kind": "firebase", "issuers": ["https://f/acme"], "project_id": "acme",
              "keys": { "state": "unavailable", "count": 0, "failure": { "code": "egress_timeout" } } },
            { "id": "p4", "kind": "oidc", "issuers": ["https://o"], "audiences": ["c"],
              "keys": { "state": "stale", "count": 1, "failure": { "code": "jwks_malformed" } } },
            { "id": "p5", "kind": "oidc", "issuers": ["https://p"], "audiences": ["c"],
              "keys": { "state": "idle", "count": 1, "failure": { "code": "jwks_malformed" } } },
        ], "next": null });
        let lines = "\
ID  KIND      ISSUER                  AUDIENCES  KEYS                         WARNINGS
p1  auth0     https://a/, https://b/  c          fresh (2)                    none
p2  jwks      any                     ANY        disabled                     any_audience, no_issuer
p3  firebase  https://f/acme          acme       unavailable: egress_timeout  none
p4  oidc      https://o               c          stale (1): jwks_malformed    none
p5  oidc      https://p               c          idle (1)                     none";
        assert_eq!(list(&providers, &Ui::new(false)), lines);
        assert!(list(&json!({ "items": [] }), &Ui::new(false)).contains("idp add"));
    }

    #[test]
    fn a_card_leaves_out_what_is_not_set() {
        let provider = json!({
            "id": "p1", "kind": "jwks", "issuers": ["i"], "disabled": false, "keys_url": "https://a/jwks",
            "roles_claim": "/r", "role_permissions": [{ "role": "admin" }, { "role": "user" }],
            "keys": { "state": "stale", "count": 1, "failure": { "code": "egress_timeout", "message": "late" } },
        });
        let card = Table::card_of_present(&provider, &CARD);
        for line in [
            "roles         admin, then user",
            "keys          stale (1)",
            "last failure  late",
        ] {
            assert!(card.contains(line), "{card}");
        }
        assert!(
            !card.contains("project id") && !card.contains("token types"),
            "{card}"
        );
    }
}
