//! `token verify`: a token step by step, as an environment judges it or against one public key.

use anyhow::Result;
use hallpass_core::check_offline;
use serde_json::{Value, json};

use super::{NOT_JUDGED, now, public_key, token_text};
use crate::backend::{Backend, Missing};
use crate::cli::{Global, VerifyArgs};
use crate::exit::{Exit, FAILED, REFUSED};
use crate::ui::Ui;

pub fn run(global: &Global, args: &VerifyArgs, ui: &Ui) -> Result<()> {
    let token = token_text(&args.token)?;
    let report = match (&args.environment, &args.key) {
        (Some(environment), _) => {
            let backend = Backend::open_with(global, Missing::Refuse, &args.egress)?;
            backend.post(
                &format!("/admin/v1/environments/{environment}/tokens/check"),
                json!({ "token": token }),
            )?
        }
        (None, key) => {
            let key = key.as_deref().map(public_key).transpose()?;
            serde_json::to_value(check_offline(&token, key.as_ref(), now()).report)?
        }
    };
    ui.answer(&report, |report| shown(report, ui));
    if report.pointer("/accepted") == Some(&Value::Bool(true)) {
        if args.environment.is_none() {
            ui.note("Checked against this key only: audience, rotation, frozen and revoked users are the environment's.");
        }
        return Ok(());
    }
    let is_judged = report.pointer("/reason").and_then(Value::as_str) != Some(NOT_JUDGED);
    Err(Exit::silent(if is_judged { REFUSED } else { FAILED }))
}

/// The steps, and the verdict at the end.
pub fn shown(report: &Value, ui: &Ui) -> String {
    let text = |value: &Value, pointer: &str| {
        value
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let mut lines: Vec<String> = Vec::new();
    for step in report
        .pointer("/steps")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let ok = step.pointer("/ok") == Some(&Value::Bool(true));
        let mark = if ok {
            ui.paint.good("ok")
        } else {
            ui.paint.bad("NO")
        };
        lines.push(format!(
            "{mark}  {:12} {}",
            text(step, "/name"),
            text(step, "/detail")
        ));
    }
    let accepted = report.pointer("/accepted") == Some(&Value::Bool(true));
    let reason = text(report, "/reason");
    lines.push(if accepted {
        ui.paint.good("accepted")
    } else if reason == NOT_JUDGED {
        let verdict = format!(
            "not judged: {reason}; calls answer 503, nothing is known about the token now, try again"
        );
        ui.paint.warn(&verdict)
    } else {
        ui.paint.bad(&format!("refused: {reason}"))
    });
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::shown;
    use crate::ui::Ui;

    #[test]
    fn a_token_without_keys_is_not_called_refused() {
        let step = json!({ "name": "key", "ok": false, "detail": "no keys" });
        let said = |reason: &str| {
            let report = json!({ "accepted": false, "reason": reason, "steps": [step] });
            shown(&report, &Ui::new(false))
        };
        let unknown = said("keys_unavailable");
        assert!(
            unknown.contains("not judged: keys_unavailable") && unknown.contains("503"),
            "{unknown}"
        );
        assert!(said("unknown_key").ends_with("refused: unknown_key"));
    }
}
