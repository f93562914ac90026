//! The slow, obvious evaluator: a list of grants and a filter, straight from `docs/PERMISSIONS.md`. It shares no
//! code with the crate, so that the two can be compared.

mod ordered;

use std::collections::HashSet;

use serde_json::Value;

use ordered::Json;

const NAMES: [&str; 9] = [
    "credential:write",
    "config:write",
    "settings:read",
    "settings:write",
    "metadata:read",
    "metadata:write",
    "proxy-api",
    "events",
    "workflows",
];

/// `None`: the token carries no claim.
pub struct Reference {
    grants: Option<Vec<Grant>>,
}

/// `allowed`, `reason` and the pointers of the deciding grants, sorted.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub allowed: bool,
    pub reason: &'static str,
    pub deciding: Vec<String>,
}

struct Grant {
    pointer: String,
    /// Integration, credential, configuration.
    scopes: [Scope; 3],
    rule: Rule,
}

#[derive(Clone, PartialEq)]
enum Scope {
    NotNamed,
    Star,
    Name(String),
    Id(String),
    External(String),
}

enum Rule {
    True,
    False,
    Array(Vec<String>),
    Object,
}

impl Reference {
    /// The fault is its pointer.
    pub fn read(claim: Option<&str>) -> Result<Reference, String> {
        let Some(text) = claim else {
            return Ok(Reference { grants: None });
        };
        let json: Json = serde_json::from_str(text).map_err(|_| String::new())?;
        if !matches!(json, Json::Object(_)) {
            return Err(String::new());
        }
        let mut reader = Reader {
            grants: Vec::new(),
            ends: 0,
        };
        reader.read(
            &json,
            String::new(),
            [Scope::NotNamed, Scope::NotNamed, Scope::NotNamed],
        )?;
        Ok(Reference {
            grants: Some(reader.grants),
        })
    }

    /// `target` as in the explain call.
    pub fn decide(&self, target: &Value, permission: &str) -> Answer {
        let Some(grants) = &self.grants else {
            return Answer {
                allowed: true,
                reason: "claim_absent",
                deciding: vec![],
            };
        };
        let matching: Vec<&Grant> = grants
            .iter()
            .filter(|grant| grant.matches(target))
            .collect();
        let highest = matching.iter().map(|grant| grant.specificity()).max();
        let deciding: Vec<&Grant> = matching
            .into_iter()
            .filter(|grant| Some(grant.specificity()) == highest)
            .collect();
        let yes = deciding
            .iter()
            .filter(|grant| grant.allows(permission))
            .count();
        let any = |wanted: fn(&Rule) -> bool| deciding.iter().any(|grant| wanted(&grant.rule));
        let reason = if yes == deciding.len() {
            "granted"
        } else if yes > 0 {
            "conflict"
        } else if any(|rule| matches!(rule, Rule::False)) {
            "denied_explicitly"
        } else if any(|rule| matches!(rule, Rule::Array(_))) {
            "permission_not_listed"
        } else if highest == Some([0, 0, 0]) {
            "no_matching_scope"
        } else {
            "narrowed"
        };
        let mut pointers: Vec<String> =
            deciding.iter().map(|grant| grant.pointer.clone()).collect();
        pointers.sort();
        Answer {
            allowed: reason == "granted",
            reason,
            deciding: pointers,
        }
    }
}

impl Grant {
    fn matches(&self, target: &Value) -> bool {
        let [integration, credential, configuration] = &self.scopes;
        let alone = *credential == Scope::NotNamed && *configuration == Scope::NotNamed;
        let integration_fits = match (integration, target["integration"].as_str()) {
            (Scope::NotNamed, _) => true,
            (Scope::Star, Some(_)) => true,
            (Scope::Star, None) => alone,
            (Scope::Name(name), Some(asked)) => name == asked,
            _ => false,
        };
        integration_fits
            && thing_fits(credential, &target["credential"])
            && thing_fits(configuration, &target["configuration"])
    }

    /// Configuration first, integration last.
    fn specificity(&self) -> [u8; 3] {
        let mut ranks = self.scopes.clone().map(|scope| match scope {
            Scope::NotNamed => 0,
            Scope::Star => 1,
            _ => 2,
        });
        ranks.reverse();
        ranks
    }

    fn allows(&self, permission: &str) -> bool {
        match &self.rule {
            Rule::True => true,
            Rule::False | Rule::Object => false,
            Rule::Array(listed) => {
                let lists = |name: &str| listed.iter().any(|one| one == name);
                lists(permission)
                    || (permission == "settings:read" && lists("settings:write"))
                    || (permission == "metadata:read" && lists("metadata:write"))
            }
        }
    }
}

fn thing_fits(scope: &Scope, thing: &Value) -> bool {
    match scope {
        Scope::NotNamed => true,
        Scope::Star => !thing.is_null(),
        Scope::Name(_) => false,
        // "new" is a string and has neither member.
        Scope::Id(id) => thing["id"].as_str() == Some(id),
        Scope::External(external_id) => thing["ext"].as_str() == Some(external_id),
    }
}

struct Reader {
    grants: Vec<Grant>,
    ends: usize,
}

impl Reader {
    fn read(&mut self, json: &Json, pointer: String, scopes: [Scope; 3]) -> Result<(), String> {
        let rule = match json {
            Json::Bool(true) => Rule::True,
            Json::Bool(false) => Rule::False,
            Json::Array(items) => Rule::Array(read_names(items, &pointer)?),
            Json::Object(_) => Rule::Object,
            Json::Null | Json::Number | Json::Text(_) => return Err(pointer),
        };
        self.grants.push(Grant {
            pointer: pointer.clone(),
            scopes: scopes.clone(),
            rule,
        });
        let Json::Object(members) = json else {
            return self.end(&pointer);
        };
        if members.is_empty() && !pointer.is_empty() {
            return self.end(&pointer);
        }
        let mut seen = HashSet::new();
        for (name, value) in members {
            let below = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            let (level, scope) = read_scope(name).ok_or_else(|| below.clone())?;
            let deeper_is_named = scopes[level..]
                .iter()
                .any(|scope| *scope != Scope::NotNamed);
            if deeper_is_named || !seen.insert(name) {
                return Err(below);
            }
            let mut longer = scopes.clone();
            longer[level] = scope;
            self.read(value, below, longer)?;
        }
        Ok(())
    }

    fn end(&mut self, pointer: &str) -> Result<(), String> {
        self.ends += 1;
        if self.ends > 5000 {
            Err(pointer.to_owned())
        } else {
            Ok(())
        }
    }
}

fn read_names(items: &[Json], pointer: &str) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    for (position, item) in items.iter().enumerate() {
        let Json::Text(name) = item else {
            return Err(format!("{pointer}/{position}"));
        };
        if NAMES.contains(&name.as_str()) {
            names.push(name.clone());
        }
    }
    Ok(names)
}

fn read_scope(name: &str) -> Option<(usize, Scope)> {
    let (kind, id) = name.split_once(':')?;
    let level = ["integration", "credential", "configuration"]
        .iter()
        .position(|known| *known == kind)?;
    if id == "*" {
        return Some((level, Scope::Star));
    }
    if level == 0 {
        return is_slug(id).then(|| (0, Scope::Name(id.to_owned())));
    }
    if let Some(external_id) = id.strip_prefix("ext:") {
        return is_external(external_id).then(|| (level, Scope::External(external_id.to_owned())));
    }
    is_lower_uuid(id).then(|| (level, Scope::Id(id.to_owned())))
}

fn is_slug(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    !characters.is_empty()
        && characters.len() <= 128
        && characters[0].is_ascii_alphanumeric()
        && characters
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(*c))
}

fn is_external(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text.trim() == text
        && !text.chars().any(|c| c.is_control())
        && text != "*"
        && !text.starts_with("ext:")
}

fn is_lower_uuid(text: &str) -> bool {
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.chars().all(|c| "0123456789abcdef".contains(c)))
}
