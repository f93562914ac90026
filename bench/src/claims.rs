//! Permission claims of any size, alike in kind: integrations with accounts, configurations, wildcards and refusals.

use serde_json::{Map, Value, json};

/// The two tokens of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Three grants; the token has about 700 bytes.
    Small,
    /// 73 grants.
    Large,
}

/// Integrations that a claim names first; more are called `custom.app-N`.
pub const INTEGRATIONS: [&str; 8] = [
    "slack",
    "salesforce",
    "hubspot",
    "googledrive",
    "notion",
    "jira",
    "zendesk",
    "microsoftTeams",
];
/// Accounts that [`claim_of`] names by id in each integration.
pub const ACCOUNTS: usize = 4;
/// The external id under which every integration has an account.
pub const MAIN_ACCOUNT: &str = "main-account";
/// The external id of a configuration.
pub const TEAM: &str = "Team A";

const GRANTS_PER_INTEGRATION: usize = 9;

impl Size {
    pub const BOTH: [Self; 2] = [Self::Small, Self::Large];

    pub fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Large => "large",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::BOTH.into_iter().find(|size| size.name() == name)
    }

    pub fn grants(self) -> usize {
        match self {
            Self::Small => 3,
            Self::Large => 73,
        }
    }

    /// The JSON text of the claim's value.
    pub fn claim(self) -> String {
        match self {
            Self::Small => {
                r#"{"integration:slack":["proxy-api"],"integration:hubspot":true,"integration:*":false}"#.to_owned()
            }
            Self::Large => claim_of(self.grants()),
        }
    }
}

/// The JSON text of a claim with this many grants, objects around them not counted.
pub fn claim_of(grants: usize) -> String {
    let mut claim = Map::new();
    for number in 0..grants {
        let (path, rule) = grant(number);
        insert(&mut claim, &path, rule);
    }
    Value::Object(claim).to_string()
}

/// The integration's slug.
pub fn integration(number: usize) -> String {
    INTEGRATIONS
        .get(number)
        .map_or_else(|| format!("custom.app-{number}"), |name| (*name).to_owned())
}

/// The id of an account, the same in every run.
pub fn account_id(integration: usize, account: usize) -> String {
    let number = (integration * 64 + account) as u64;
    let (high, low) = (scramble(number * 2), scramble(number * 2 + 1));
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xfff,
        low >> 52,
        low & 0xffff_ffff_ffff
    )
}

/// A well-mixed number for each number (splitmix64).
pub fn scramble(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The scopes from the outside in, and what stands there.
fn grant(number: usize) -> (Vec<String>, Value) {
    let Some(within) = number.checked_sub(1) else {
        return (
            vec!["integration:*".to_owned()],
            json!(["metadata:read", "settings:read"]),
        );
    };
    let (app, place) = (
        within / GRANTS_PER_INTEGRATION,
        within % GRANTS_PER_INTEGRATION,
    );
    let account = |account| format!("credential:{}", account_id(app, account));
    let below = match place {
        0 | 2 | 4 => vec![account(place / 2), format!("configuration:ext:{TEAM}")],
        1 | 3 | 5 => vec![account(place / 2), "configuration:*".to_owned()],
        6 => vec![account(ACCOUNTS - 1)],
        7 => vec![format!("credential:ext:{MAIN_ACCOUNT}")],
        _ => vec!["credential:*".to_owned()],
    };
    let mut path = vec![format!("integration:{}", integration(app))];
    path.extend(below);
    (path, rule(number))
}

fn rule(number: usize) -> Value {
    match number % 7 {
        0 => json!(true),
        1 => json!(["proxy-api"]),
        2 => json!(["settings:write", "events"]),
        3 => json!(false),
        4 => json!(["proxy-api", "workflows", "events"]),
        5 => json!(["credential:write"]),
        _ => json!(["settings:read", "config:write"]),
    }
}

fn insert(object: &mut Map<String, Value>, path: &[String], rule: Value) {
    let Some((scope, deeper)) = path.split_first() else {
        return;
    };
    if deeper.is_empty() {
        object.insert(scope.clone(), rule);
        return;
    }
    let inner = object.entry(scope.clone()).or_insert_with(|| json!({}));
    if let Value::Object(inner) = inner {
        insert(inner, deeper, rule);
    }
}
