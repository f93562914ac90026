//! `idp test`: what was fetched, the keys in it, and how a token fares with them.

use anyhow::Result;
use serde_json::Value;

use super::show::{self, text};
use crate::exit::{Exit, NO_KEYS, REFUSED};
use crate::token::shown_report;
use crate::ui::{Column, Table, Tone, Ui, span};

const KEYS: [Column; 5] = [
    Column::with("KID", "/kid", kid),
    Column::with("ALG", "/algorithms", algorithms),
    Column::text("TYPE", "/kty"),
    Column::text("BITS", "/bits"),
    Column::with("USABLE", "", usable).toned(tone_of_usable),
];

/// What the failure of a fetch leaves as it is.
const LAST_GOOD: &str = "The keys below are of the last good set, which is still in use:";
/// A set came, but verifies no token of the provider.
const NO_USABLE_KEY: &str = "no_usable_key";

/// Shows the outcome and ends with its exit code.
pub fn concluded(answer: &Value, ui: &Ui) -> Result<()> {
    ui.answer(answer, |answer| shown(answer, ui));
    show::warn(answer, ui);
    if !is_true(answer, "/fetch/ok") {
        return Err(Exit::silent(NO_KEYS));
    }
    match answer.pointer("/token/accepted") {
        Some(Value::Bool(false)) => Err(Exit::silent(REFUSED)),
        _ => Ok(()),
    }
}

fn shown(answer: &Value, ui: &Ui) -> String {
    let mut parts = vec![fetch(answer, ui)];
    if let Some(keys) = answer.pointer("/keys")
        && keys.as_array().is_some_and(|keys| !keys.is_empty())
    {
        let table = Table::of(keys, &KEYS, "");
        parts.push(if is_last_good_set(answer) {
            format!("{LAST_GOOD}\n\n{table}")
        } else {
            table
        });
    }
    if let Some(report) = answer.pointer("/token").filter(|report| !report.is_null()) {
        parts.push(shown_report(report, ui));
    }
    parts.join("\n\n")
}

fn fetch(answer: &Value, ui: &Ui) -> String {
    let millis = answer.pointer("/fetch/millis").and_then(Value::as_u64);
    let took = millis.map_or_else(String::new, |millis| format!(" in {millis} ms"));
    let status = answer.pointer("/fetch/status").and_then(Value::as_u64);
    let status = status.map_or_else(String::new, |status| format!(", status {status}"));
    let (url, detail) = (text(answer, "/fetch/url"), text(answer, "/fetch/detail"));
    if !is_true(answer, "/fetch/ok") {
        let code = text(answer, "/fetch/code");
        let code = if code.is_empty() {
            code
        } else {
            format!(" ({code})")
        };
        let mark = ui.paint.bad("NO");
        let what = if came_without_use(answer) {
            "no usable key at"
        } else {
            "no keys from"
        };
        return format!("{mark}  {what} {url}{took}{status}{code}\n    {detail}");
    }
    let fresh = answer
        .pointer("/fetch/fresh_for_secs")
        .and_then(Value::as_i64);
    let fresh = fresh.map_or_else(String::new, |secs| {
        format!("; fetched again after {}", span(secs))
    });
    let mark = ui.paint.good("ok");
    let detail = if detail.is_empty() {
        detail
    } else {
        format!("\n    {detail}")
    };
    format!("{mark}  fetched {url}{took}{status}{fresh}{detail}")
}

fn came_without_use(answer: &Value) -> bool {
    text(answer, "/fetch/code") == NO_USABLE_KEY
}

/// Whether the keys listed are not those of this fetch.
fn is_last_good_set(answer: &Value) -> bool {
    let keys = answer.pointer("/keys").and_then(Value::as_array);
    let usable = keys.is_some_and(|keys| keys.iter().any(|key| is_true(key, "/usable")));
    !is_true(answer, "/fetch/ok") && (usable || !came_without_use(answer))
}

fn kid(kid: &Value) -> String {
    kid.as_str()
        .map_or_else(|| "(none)".to_owned(), crate::ui::printable)
}

fn algorithms(list: &Value) -> String {
    let names = list
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let names: Vec<_> = names.map(crate::ui::printable).collect();
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}

fn usable(key: &Value) -> String {
    let note = text(key, "/note");
    match (is_true(key, "/usable"), note.is_empty()) {
        (true, true) => "yes".to_owned(),
        (true, false) => format!("yes: {note}"),
        (false, true) => "no".to_owned(),
        (false, false) => format!("no: {note}"),
    }
}

fn tone_of_usable(key: &Value) -> Tone {
    if is_true(key, "/usable") {
        Tone::Good
    } else {
        Tone::Warn
    }
}

fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{concluded, shown};
    use crate::exit::{NO_KEYS, REFUSED, code_of};
    use crate::ui::Ui;

    #[test]
    fn a_good_fetch_lists_keys_and_steps() {
        let answer = json!({
            "fetch": { "url": "https://a/jwks", "millis": 12, "status": 200, "ok": true, "detail": "", "fresh_for_secs": 600 },
            "keys": [
                { "kid": "k1", "algorithms": ["RS256"], "kty": "RSA", "bits": 2048, "usable": true, "note": null },
                { "kid": null, "algorithms": [], "kty": "oct", "bits": null, "usable": false, "note": "symmetric" },
            ],
            "token": { "accepted": false, "reason": "aud_mismatch", "steps": [
                { "name": "form", "ok": true, "detail": "compact JWS" },
                { "name": "audience", "ok": false, "detail": "aud is b" },
            ] },
            "warnings": [],
        });
        let expected = "\
ok  fetched https://a/jwks in 12 ms, status 200; fetched again after 10 min

KID     ALG    TYPE  BITS  USABLE
k1      RS256  RSA   2048  yes
(none)  -      oct   -     no: symmetric

ok  form         compact JWS
NO  audience     aud is b
refused: aud_mismatch";
        assert_eq!(shown(&answer, &Ui::new(false)), expected);
        let ended = concluded(&answer, &Ui::new(true)).err();
        assert_eq!(ended.as_ref().map(code_of), Some(REFUSED));
    }

    #[test]
    fn keys_that_did_not_come_are_the_first_thing_said() {
        let answer = json!({
            "fetch": { "url": "https://a/jwks", "millis": 5000, "status": null, "ok": false, "code": "egress_timeout", "detail": "too late" },
            "keys": [], "token": { "accepted": false, "reason": "keys_unavailable", "steps": [] }, "warnings": [],
        });
        let said = shown(&answer, &Ui::new(false));
        assert!(
            said.starts_with(
                "NO  no keys from https://a/jwks in 5000 ms (egress_timeout)\n    too late"
            ),
            "{said}"
        );
        let ended = concluded(&answer, &Ui::new(true)).err();
        assert_eq!(ended.as_ref().map(code_of), Some(NO_KEYS));
    }

    #[test]
    fn keys_in_use_are_told_from_those_of_the_fetch() {
        let usable = json!({ "kid": "k1", "algorithms": ["RS256"], "kty": "RSA", "bits": 2048, "usable": true });
        let unusable =
            json!({ "kid": "k2", "algorithms": [], "usable": false, "note": "for encryption" });
        let answer = |code: &str, keys: [&serde_json::Value; 1]| {
            json!({
                "fetch": { "url": "https://a/jwks", "millis": 1, "ok": false, "code": code, "detail": "why" },
                "keys": keys, "warnings": [],
            })
        };
        for (code, key, last_good) in [
            ("egress_timeout", &usable, true),
            ("egress_timeout", &unusable, true),
            ("no_usable_key", &usable, true),
            ("no_usable_key", &unusable, false),
        ] {
            let said = shown(&answer(code, [key]), &Ui::new(false));
            assert_eq!(said.contains("last good set"), last_good, "{said}");
            let ended = concluded(&answer(code, [key]), &Ui::new(true)).err();
            assert_eq!(ended.as_ref().map(code_of), Some(NO_KEYS));
        }
        let said = shown(&answer("no_usable_key", [&unusable]), &Ui::new(false));
        assert_eq!(
            said,
            "\
NO  no usable key at https://a/jwks in 1 ms (no_usable_key)
    why

KID  ALG  TYPE  BITS  USABLE
k2   -    -     -     no: for encryption"
        );
    }
}
