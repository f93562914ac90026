//! A permission claim as an indented tree.

use hallpass_permissions::{Claim, Grant, Permission, Rule};

use crate::ui::{Paint, printable};

/// Grants shown before the rest is only counted.
const SHOWN_GRANTS: usize = 200;

/// The claim, one grant a line, each below the scope it narrows.
pub fn of_claim(claim: &Claim, paint: Paint) -> String {
    let grants: Vec<Grant> = claim
        .indexes()
        .filter_map(|index| claim.find_grant(index))
        .collect();
    let inside: Vec<&Grant> = grants
        .iter()
        .filter(|grant| !grant.pointer.is_empty())
        .collect();
    if inside.is_empty() {
        return format!("  {}", paint.bad("{}: nothing is allowed"));
    }
    let label = |grant: &Grant| format!("{}{}", "  ".repeat(depth(grant)), scope(&grant.pointer));
    let width = inside
        .iter()
        .take(SHOWN_GRANTS)
        .map(|grant| label(grant).chars().count())
        .max()
        .unwrap_or_default()
        .min(60);
    let mut lines = Vec::new();
    for grant in inside.iter().take(SHOWN_GRANTS) {
        let empty =
            grant.rule == Rule::Object && !inside.iter().any(|other| is_below(other, grant));
        lines.push(format!(
            "{:width$}  {}",
            label(grant),
            rule(grant, empty, paint)
        ));
    }
    if inside.len() > SHOWN_GRANTS {
        lines.push(format!("  ... and {} more", inside.len() - SHOWN_GRANTS));
    }
    lines.join("\n")
}

/// The words of a pointer: `/integration:slack/credential:*` is `integration:slack > credential:*`.
pub fn place(pointer: &str) -> String {
    if pointer.is_empty() {
        return "the claim itself".to_owned();
    }
    pointer
        .split('/')
        .skip(1)
        .map(unescaped)
        .collect::<Vec<_>>()
        .join(" > ")
}

fn rule(grant: &Grant, empty: bool, paint: Paint) -> String {
    match grant.rule {
        Rule::True => paint.good("everything"),
        Rule::False => paint.bad("nothing"),
        Rule::Object if empty => paint.bad("nothing"),
        Rule::Object => paint.faint("only what is listed below"),
        Rule::Array if grant.allows.is_empty() => paint.bad("nothing"),
        Rule::Array => {
            let names: Vec<_> = grant.allows.iter().map(Permission::as_str).collect();
            paint.good(&names.join(", "))
        }
    }
}

fn is_below(other: &Grant, grant: &Grant) -> bool {
    other
        .pointer
        .strip_prefix(&grant.pointer)
        .is_some_and(|rest| rest.starts_with('/'))
}

fn depth(grant: &Grant) -> usize {
    grant.pointer.matches('/').count()
}

fn scope(pointer: &str) -> String {
    unescaped(pointer.rsplit('/').next().unwrap_or_default())
}

fn unescaped(token: &str) -> String {
    printable(&token.replace("~1", "/").replace("~0", "~"))
}

#[cfg(test)]
mod tests {
    use hallpass_permissions::Claim;

    use crate::ui::Paint;

    fn tree(claim: &str) -> String {
        Claim::parse(claim).map_or_else(
            |fault| fault.to_string(),
            |claim| super::of_claim(&claim, Paint::new(false)),
        )
    }

    #[test]
    fn each_grant_stands_below_the_scope_it_narrows() {
        let claim = r#"{"integration:*": true, "integration:slack": {"configuration:ext:a/b": ["events", "metadata:write"]}, "integration:x": {}}"#;
        assert_eq!(
            tree(claim),
            "  integration:*            everything\n  integration:slack        only what is listed below\n    configuration:ext:a/b  metadata:read, metadata:write, events\n  integration:x            nothing"
        );
        assert_eq!(tree("{}"), "  {}: nothing is allowed");
    }

    #[test]
    fn places_read_like_a_path() {
        assert_eq!(
            super::place("/integration:slack/configuration:ext:a~1b"),
            "integration:slack > configuration:ext:a/b"
        );
        assert_eq!(super::place(""), "the claim itself");
    }
}
