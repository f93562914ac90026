//! `token why`: the decision for one call or question, and what would change it. Exit code 0 allow, 3 deny,
//! 4 when the token or the claim is refused before any decision, 1 when nothing can be known about the token now.

use anyhow::Result;
use hallpass_core::{CallQuestion, check_offline, question_of_call};
use hallpass_permissions::{
    self as permissions, AccountSpec, Claim, Explanation, Permission, TargetSpec,
};
use serde_json::{Value, json};

use super::{NOT_JUDGED, decision, inspect, now, public_key, token_text, tree};
use crate::backend::{Backend, Missing, Problem};
use crate::cli::{Global, WhyArgs};
use crate::exit::{DENIED, Exit, FAILED, REFUSED};
use crate::files;
use crate::ui::Ui;

/// What is asked about the token or claim.
enum Question {
    Permission(Permission, TargetSpec),
    /// A call that needs a valid token and no permission.
    ValidToken,
}

pub fn run(global: &Global, args: &WhyArgs, ui: &Ui) -> Result<()> {
    let question = question(args)?;
    let mut notes = Vec::new();
    let explanation = match (&args.environment, &args.token, &args.claim) {
        (Some(environment), Some(token), _) => {
            let backend = Backend::open_with(global, Missing::Refuse, &args.egress)?;
            let environment = format!("/admin/v1/environments/{environment}");
            asked(&backend, &environment, &token_text(token)?, &question, ui)?
        }
        (None, Some(token), _) => {
            let token = token_text(token)?;
            let claim = claim_of_token(&token, args, ui)?;
            if args.key.is_none() {
                notes.push(UNCHECKED);
            }
            if inspect::has_issuer(&token) {
                notes.push(ISSUER_UNKNOWN);
            }
            question.explained(&claim)?
        }
        (_, None, Some(file)) => {
            let text = files::read_text(file)?;
            let claim = Claim::parse(&text).map_err(|fault| {
                refused(
                    "permission_claim_malformed",
                    &fault.to_string(),
                    Some(&fault.pointer),
                    ui,
                )
            })?;
            question.explained(&claim)?
        }
        (_, None, None) => return Err(Exit::usage("give --token or --claim")),
    };
    ui.answer(&explanation, |explanation| match question {
        Question::Permission(..) => decision::tree(explanation, ui),
        Question::ValidToken => format!("{}: {EVERY_VALID_TOKEN}", ui.paint.good("ALLOW")),
    });
    notes.iter().for_each(|note| ui.note(note));
    let allowed = explanation.pointer("/decision").and_then(Value::as_str) == Some("allow");
    if allowed {
        Ok(())
    } else {
        Err(Exit::silent(DENIED))
    }
}

const UNCHECKED: &str =
    "The token's signature was not checked: add --environment ID, or --key PUBLIC.pem.";
const ISSUER_UNKNOWN: &str = "The token names its issuer. If that is an identity provider of the environment, user and permissions may stand \
     elsewhere in the token, and the answer may be another one: only --environment ID knows.";
const EVERY_VALID_TOKEN: &str = "every valid token may; what it must not see is left out";

impl Question {
    fn explained(&self, claim: &Claim) -> Result<Value> {
        match self {
            Self::Permission(permission, target) => {
                let explanation: Explanation = permissions::explain(claim, target, *permission);
                Ok(serde_json::to_value(explanation)?)
            }
            Self::ValidToken => Ok(no_permission_needed()),
        }
    }
}

/// No grant decides, so there is none to name.
fn no_permission_needed() -> Value {
    json!({
        "decision": "allow",
        "reason": "no_permission_needed",
        "permission": null,
        "detail": EVERY_VALID_TOKEN,
    })
}

/// The environment's own answer. The check comes first: it also knows frozen and revoked users.
fn asked(
    backend: &Backend,
    environment: &str,
    token: &str,
    question: &Question,
    ui: &Ui,
) -> Result<Value> {
    let report = backend.post(
        &format!("{environment}/tokens/check"),
        json!({ "token": token }),
    )?;
    if report.pointer("/accepted") == Some(&Value::Bool(false)) {
        let reason = report
            .pointer("/reason")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let steps = report.pointer("/steps").and_then(Value::as_array);
        let detail = steps
            .and_then(|steps| steps.last()?.get("detail")?.as_str())
            .unwrap_or_default();
        return Err(refused(reason, detail, None, ui));
    }
    let Question::Permission(permission, target) = question else {
        return Ok(no_permission_needed());
    };
    let question = json!({ "permission": permission, "target": target });
    let answer = backend.post(
        &format!("{environment}/explain"),
        json!({ "token": token, "question": question }),
    );
    answer.map_err(|error| match error.downcast_ref::<Problem>() {
        Some(problem) if problem.code() == "token_refused" => {
            let text = |pointer: &str| problem.raw.pointer(pointer).and_then(Value::as_str);
            refused(
                text("/meta/reason").unwrap_or("token_refused"),
                text("/detail").unwrap_or_default(),
                text("/meta/pointer"),
                ui,
            )
        }
        _ => error,
    })
}

fn claim_of_token(token: &str, args: &WhyArgs, ui: &Ui) -> Result<Claim> {
    let key = args.key.as_deref().map(public_key).transpose()?;
    let offline = check_offline(token, key.as_ref(), now());
    offline.claim.ok_or_else(|| {
        let reason = offline.report.reason.unwrap_or_default();
        let detail = offline
            .report
            .steps
            .last()
            .map_or("", |step| step.detail.as_str());
        refused(
            reason,
            detail,
            offline.fault.as_ref().map(|fault| fault.pointer.as_str()),
            ui,
        )
    })
}

/// With `--json` the refusal is on stdout, where a program looks for the answer.
fn refused(reason: &str, detail: &str, pointer: Option<&str>, ui: &Ui) -> anyhow::Error {
    let (decision, code) = if reason == NOT_JUDGED {
        ("unknown", FAILED)
    } else {
        ("refused", REFUSED)
    };
    if ui.json {
        ui.raw(&json!({ "decision": decision, "reason": reason, "detail": detail, "pointer": pointer }));
        return Exit::silent(code);
    }
    let place = pointer.map_or_else(String::new, |pointer| {
        format!("\n  where: {}", tree::place(pointer))
    });
    let (verdict, consequence) = if code == FAILED {
        let unknown = "Calls answer 503: nothing is known about the token now, try again.";
        (ui.paint.warn("UNKNOWN"), unknown)
    } else {
        let refused = "No permission is looked at: every call answers 401.";
        (ui.paint.bad("REFUSED"), refused)
    };
    ui.line(format!(
        "{verdict}  {reason}\n  {detail}{place}\n  {consequence}"
    ));
    Exit::silent(code)
}

fn question(args: &WhyArgs) -> Result<Question> {
    if let (Some(method), Some(path)) = (&args.method, &args.path) {
        return question_of(method, path);
    }
    let name = args.permission.as_deref().unwrap_or_default();
    let permission = name
        .parse()
        .map_err(|error| Exit::usage(format!("`{name}`: {error}")))?;
    let target = TargetSpec {
        integration: args.integration.clone(),
        credential: account(&args.credential)?,
        configuration: account(&args.configuration)?,
    };
    Ok(Question::Permission(permission, target))
}

/// A thing by its id, its external id, or both.
fn account(texts: &[String]) -> Result<Option<AccountSpec>> {
    let mut account: Option<AccountSpec> = None;
    for text in texts {
        let named: AccountSpec = text
            .parse()
            .map_err(|error| Exit::usage(format!("`{text}`: {error}")))?;
        account = Some(match account.take() {
            None => named,
            Some(AccountSpec {
                id: Some(id),
                ext: None,
            }) if named.ext.is_some() => AccountSpec {
                id: Some(id),
                ..named
            },
            Some(AccountSpec {
                id: None,
                ext: Some(ext),
            }) if named.id.is_some() => AccountSpec {
                ext: Some(ext),
                ..named
            },
            Some(_) => {
                return Err(Exit::usage(format!(
                    "`{text}`: twice only for an id and an external id of the same thing"
                )));
            }
        });
    }
    Ok(account)
}

/// A path from the root, or the whole URL.
fn question_of(method: &str, path: &str) -> Result<Question> {
    let after_host = path
        .split_once("://")
        .and_then(|(_, rest)| rest.find('/').and_then(|slash| rest.get(slash..)));
    let path = after_host.unwrap_or(path);
    let method = method.to_ascii_uppercase();
    match question_of_call(&method, path) {
        CallQuestion::Asks(permission, target) => Ok(Question::Permission(permission, target)),
        CallQuestion::ValidToken => Ok(Question::ValidToken),
        CallQuestion::NeedsTarget(permission) => Err(Exit::usage(format!(
            "what {method} {path} acts on is named in its body: ask with --permission {permission} --integration NAME \
             [--credential ID|ext:X|new] [--configuration ID|ext:X|new]"
        ))),
        CallQuestion::Unknown => Err(Exit::usage(format!(
            "{method} {path} is no call of the Connect surface"
        ))),
    }
}
