use hallpass_model::{ActorKind, AuditEntry, AuditKind, Timestamp};
use serde_json::Value;

use crate::dashboard::words::{Moment, clipped, pretty_clipped, segment};

/// How much of a detail stands in a row; the export has all of it.
const DETAIL_CHARS: usize = 800;
const TEXT_CHARS: usize = 300;

pub(super) struct AuditRow {
    pub(super) at: Moment,
    pub(super) kind: &'static str,
    pub(super) action: String,
    pub(super) actor: String,
    /// The rows of the same actor.
    pub(super) of_actor: Option<String>,
    pub(super) target: Option<String>,
    /// The page of the target.
    pub(super) target_page: Option<String>,
    pub(super) detail: String,
    pub(super) request_id: Option<String>,
    /// The decision in the permission explorer.
    pub(super) explorer: Option<String>,
}

impl AuditRow {
    pub(super) fn new(entry: AuditEntry, base: &str, now: Timestamp) -> Self {
        let is_decision = entry.kind == AuditKind::Decision;
        let of_actor = entry
            .actor_id
            .as_deref()
            .map(|id| format!("{base}/audit?actor={}", segment(id)));
        Self {
            at: Moment::new(entry.at, now),
            kind: entry.kind.as_str(),
            actor: actor(&entry),
            of_actor,
            target_page: entry
                .target
                .as_deref()
                .and_then(|target| page_of(&entry.action, target, base)),
            target: entry.target.map(|target| clipped(&target, TEXT_CHARS)),
            explorer: is_decision.then(|| explorer(&entry.detail, base)).flatten(),
            detail: match &entry.detail {
                Value::Object(members) if members.is_empty() => String::new(),
                detail => pretty_clipped(detail, DETAIL_CHARS),
            },
            request_id: entry.request_id,
            action: entry.action,
        }
    }
}

fn actor(entry: &AuditEntry) -> String {
    let named = entry.actor_name.as_deref().or(entry.actor_id.as_deref());
    match (entry.actor_kind, named) {
        (ActorKind::Operator, Some(name)) => format!("operator {}", clipped(name, TEXT_CHARS)),
        (ActorKind::User, Some(sub)) => format!("user {sub}"),
        (ActorKind::Operator, None) => "an operator".to_owned(),
        (ActorKind::User, None) => "a user".to_owned(),
        (ActorKind::CommandLine, _) => "the command line".to_owned(),
        (ActorKind::System, _) => "Hallpass itself".to_owned(),
    }
}

/// Where the target is looked at. What was deleted since has a page that says so.
fn page_of(action: &str, target: &str, base: &str) -> Option<String> {
    let (noun, _) = action.split_once('.')?;
    match noun {
        "user" => Some(format!("{base}/users/{}", segment(target))),
        "account" => Some(format!("{base}/accounts/{}", segment(target))),
        "issuer_key" => Some(format!("{base}/issuer-keys")),
        _ => None,
    }
}

/// The explorer with what the row knows. Whose claim it was is not kept, so the explorer asks for the token.
fn explorer(detail: &Value, base: &str) -> Option<String> {
    let permission = detail.pointer("/permission")?.as_str()?;
    let mut address = format!("{base}/explorer#permission={}", segment(permission));
    for name in ["integration", "credential", "configuration"] {
        let member = detail.pointer(&format!("/target/{name}"));
        if let Some(text) = member.and_then(account_text) {
            address.push_str(&format!("&{name}={}", segment(&text)));
        }
    }
    Some(address)
}

/// Part of a target as the command line writes it: a text, `ID`, `ext:X` or `new`. What has both an id and an external
/// id has no such word, and stands there as its JSON.
fn account_text(member: &Value) -> Option<String> {
    match member {
        Value::String(text) => Some(text.clone()),
        Value::Object(account) => {
            let text = |name: &str| account.get(name).and_then(Value::as_str);
            match (text("id"), text("ext")) {
                (Some(id), None) => Some(id.to_owned()),
                (None, Some(ext)) => Some(format!("ext:{ext}")),
                (Some(_), Some(_)) => Some(member.to_string()),
                (None, None) => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_decision_leads_to_its_question() {
        let detail = json!({ "permission": "metadata:write", "target": {}, "reason": "no_grant" });
        assert_eq!(
            explorer(&detail, "/e").as_deref(),
            Some("/e/explorer#permission=metadata%3Awrite")
        );
        let target =
            json!({ "integration": "a&b", "credential": { "ext": "x/1" }, "configuration": "new" });
        let detail = json!({ "permission": "p", "target": target });
        assert_eq!(
            explorer(&detail, "").as_deref(),
            Some(
                "/explorer#permission=p&integration=a%26b&credential=ext%3Ax%2F1&configuration=new"
            )
        );
        assert_eq!(explorer(&json!({}), ""), None);
    }

    #[test]
    fn targets_have_pages() {
        assert_eq!(
            page_of("user.freeze", "a/b", "/e").as_deref(),
            Some("/e/users/a%2Fb")
        );
        assert_eq!(page_of("operator.create", "x", "/e"), None);
        assert_eq!(page_of("decision", "x", "/e"), None);
    }
}
