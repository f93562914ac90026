//! The guides in `docs/identity-providers` cannot lie: their commands are carried out, and their tokens, signed here
//! with keys of a provider of our own, become exactly the users and permissions that the guides promise.

use std::path::PathBuf;

use hallpass_core::{Caller, ProviderView};
use hallpass_model::{ClaimPath, EnvironmentId, ProviderKind, ProviderSettings, RolePermissions};
use hallpass_permissions::{CLAIM, Claim, Grant, Permission};
use hallpass_testkit::Database;
use hallpass_testkit::provider::{FIREBASE_PATH, FakeKey, FakeProvider, JWKS_PATH};
use hallpass_testkit::world::World;
use serde_json::{Value, json};

const GUIDES: [&str; 7] = [
    "auth0", "clerk", "cognito", "entra", "firebase", "keycloak", "supabase",
];
const PARTS: [&str; 7] = [
    "As of November 2026",
    "\n## 1. In ",
    "\n## 2. In Hallpass\n",
    "\n## 3. The permission claim\n",
    "\n## 4. A token and what becomes of it\n",
    "\n## 5. Pitfalls\n",
    "\n## 6. Sources\n",
];

/// A command of a guide, a token, and what the guide says becomes of it.
struct Example {
    guide: &'static str,
    settings: ProviderSettings,
    header: Value,
    payload: Value,
    user: String,
    permissions: Value,
}

#[test]
fn there_is_a_guide_for_each_service_and_it_has_every_part() {
    let mut files: Vec<String> = std::fs::read_dir(docs("identity-providers"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, GUIDES.map(|guide| format!("{guide}.md")));

    let overview = read("IDENTITY-PROVIDERS.md");
    for guide in GUIDES {
        let text = read(&format!("identity-providers/{guide}.md"));
        let mut rest = text.as_str();
        for part in PARTS {
            let at = rest.find(part);
            rest = &rest[at.unwrap_or_else(|| panic!("{guide} lacks {part:?}, or not in order"))..];
        }
        assert!(rest.matches("<https://").count() >= 3, "{guide}: sources");
        assert!(
            overview.contains(&format!("(identity-providers/{guide}.md)")),
            "{guide}"
        );
    }
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let pages = GUIDES.map(|guide| format!("identity-providers/{guide}.md"));
    for page in pages
        .iter()
        .map(String::as_str)
        .chain(["IDENTITY-PROVIDERS.md"])
    {
        let text = read(page);
        let mut links = 0;
        for link in text
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let folder = docs(page).parent().unwrap().to_owned();
            let target = if file.is_empty() {
                docs(page)
            } else {
                folder.join(file)
            };
            assert!(target.exists(), "{page}: {link}");
            if !anchor.is_empty() {
                let headings = std::fs::read_to_string(&target).unwrap();
                let mut headings = headings.lines().filter(|line| line.starts_with('#'));
                assert!(
                    headings.any(|line| anchor_of(line) == anchor),
                    "{page}: {link}"
                );
            }
            links += 1;
        }
        assert!(links > 0, "{page}");
    }
}

#[test]
fn every_json_in_the_guides_is_json_and_every_permission_claim_in_it_is_one() {
    let mut claims = 0;
    for guide in GUIDES {
        for (language, body) in blocks(&read(&format!("identity-providers/{guide}.md"))) {
            if language == "json" {
                let value =
                    serde_json::from_str(&body).unwrap_or_else(|e| panic!("{guide}: {e}\n{body}"));
                claims += check_claims(guide, &value);
            }
        }
    }
    assert!(claims >= GUIDES.len(), "{claims} claims found");
}

#[test]
fn every_example_is_complete_and_agrees_with_its_command() {
    let examples = examples();
    for example in &examples {
        let (guide, payload) = (example.guide, &example.payload);
        for name in ["iat", "exp"] {
            assert!(payload[name].is_i64(), "{guide}: {name}");
        }
        assert!(payload["exp"].as_i64() > payload["iat"].as_i64(), "{guide}");
        assert!(
            payload["sub"].is_string() && payload["iss"].is_string(),
            "{guide}"
        );
        let named = match &example.settings.user_claim {
            Some(claim) => payload.pointer(&claim.pointer()),
            None => payload.get("sub"),
        };
        assert_eq!(named, Some(&json!(example.user)), "{guide}");
        assert!(example.header["kid"].is_string(), "{guide}");

        let audiences = match (&example.settings.project_id, &example.settings.audiences) {
            (Some(project), _) => std::slice::from_ref(project),
            (None, audiences) => audiences,
        };
        let in_token = |audience: &String| match &payload["aud"] {
            Value::Array(values) => values.contains(&json!(audience)),
            value => *value == json!(audience),
        };
        assert!(audiences.iter().any(in_token), "{guide}: {audiences:?}");
        for mapped in &example.settings.role_permissions {
            check_claim(guide, &mapped.permissions);
        }
        check_claim(guide, &example.permissions);
    }
    for guide in GUIDES {
        assert!(
            examples.iter().any(|example| example.guide == guide),
            "{guide} has no token"
        );
    }
}

#[tokio::test]
async fn every_command_is_accepted_as_written_and_without_a_warning() {
    let database = Database::sqlite().await;
    let world = World::new(database.store().clone()).await;
    for (index, example) in examples().into_iter().enumerate() {
        let place = world.another_environment(&index.to_string()).await;
        let view = add(&world, place, example.settings.clone()).await;
        let guide = example.guide;
        assert_eq!(view.warnings, [], "{guide}");
        let issuer = example.payload["iss"].as_str().unwrap();
        assert!(
            view.issuers.iter().any(|own| own == issuer),
            "{guide}: {:?}",
            view.issuers
        );
        let text = read(&format!("identity-providers/{guide}.md"));
        for issuer in &view.issuers {
            assert!(text.contains(issuer), "{guide} does not name {issuer}");
        }
        if example.settings.kind != ProviderKind::Oidc {
            assert!(
                text.contains(&view.keys_url),
                "{guide} does not name {}",
                view.keys_url
            );
        }
    }
}

#[tokio::test]
async fn the_overviews_roles_are_accepted_as_written() {
    let database = Database::sqlite().await;
    let world = World::new(database.store().clone()).await;
    let blocks = blocks(&read("IDENTITY-PROVIDERS.md"));
    let mut commands = blocks
        .iter()
        .filter(|(_, body)| body.starts_with("hallpass idp add oidc "));
    let settings = settings_of(&words(&commands.next().unwrap().1));
    for mapped in &settings.role_permissions {
        check_claim("overview", &mapped.permissions);
    }
    let view = add(&world, world.environment, settings).await;
    assert_eq!(view.warnings, []);
}

#[tokio::test]
async fn every_example_token_becomes_what_its_guide_says() {
    let examples = examples();
    let staged = Stage::set(&examples).await;
    for (index, example) in examples.iter().enumerate() {
        let guide = example.guide;
        let caller = staged.send(index, json!({})).await;
        let caller = caller.unwrap_or_else(|code| panic!("{guide} #{index}: {code}"));
        assert_eq!(caller.sub().as_str(), example.user, "{guide}");
        let promised = Claim::parse(&example.permissions.to_string()).unwrap();
        assert!(!caller.claim().is_absent(), "{guide}: unrestricted");
        assert_eq!(
            grants(caller.claim()),
            grants(&promised),
            "{guide} #{index}"
        );
    }
}

#[tokio::test]
async fn pitfalls_end_as_the_guides_say() {
    const AT: &str = "urn:useparagon:connect:permissions";
    let examples = examples();
    let staged = Stage::set(&examples).await;
    for (guide, nth, change, code) in [
        (
            "auth0",
            0,
            json!({"iss": "https://acme.eu.auth0.com"}),
            "iss_mismatch",
        ),
        (
            "auth0",
            0,
            json!({"aud": "https://api.acme.com"}),
            "aud_mismatch",
        ),
        (
            "auth0",
            1,
            json!({"iss": "https://acme.eu.auth0.com/"}),
            "accepted",
        ),
        ("firebase", 0, json!({"auth_time": null}), "claim_missing"),
        (
            "firebase",
            0,
            json!({"iss": "https://session.firebase.google.com/acme-prod"}),
            "iss_mismatch",
        ),
        (
            "firebase",
            0,
            json!({"sub": "x".repeat(129)}),
            "claim_malformed",
        ),
        (
            "supabase",
            0,
            json!({"iss": "https://qxlvbnwtyhzrkdsmpcfa.supabase.co/auth/v1/"}),
            "iss_mismatch",
        ),
        ("supabase", 0, json!({"aud": "anon"}), "aud_mismatch"),
        (
            "clerk",
            0,
            json!({AT: "<null>"}),
            "permission_claim_malformed",
        ),
        ("clerk", 0, json!({"aud": null}), "aud_mismatch"),
        ("clerk", 1, json!({"o": {"rol": null}}), "claim_malformed"),
        ("keycloak", 0, json!({"typ": "Bearer"}), "wrong_type"),
        (
            "keycloak",
            0,
            json!({AT: "{\"integration:jira\":true}"}),
            "permission_claim_malformed",
        ),
        ("keycloak", 1, json!({"aud": "account"}), "aud_mismatch"),
        ("cognito", 0, json!({"token_use": "access"}), "wrong_type"),
        ("cognito", 1, json!({"aud": null}), "aud_mismatch"),
        (
            "entra",
            0,
            json!({"iss": "https://sts.windows.net/3aa4a235-b6e2-48d5-9195-7fcf05b459b0/"}),
            "iss_mismatch",
        ),
        ("entra", 0, json!({"oid": null}), "claim_missing"),
        (
            "entra",
            0,
            json!({AT: "text"}),
            "permission_claim_ambiguous",
        ),
    ] {
        let mut of_guide = (0..examples.len()).filter(|at| examples[*at].guide == guide);
        let outcome = staged
            .send(of_guide.nth(nth).unwrap(), change.clone())
            .await;
        let outcome = outcome.map_or_else(|code| code, |_| "accepted");
        assert_eq!(outcome, code, "{guide} {change}");
    }
}

#[tokio::test]
async fn who_has_no_role_may_do_nothing() {
    let examples = examples();
    let staged = Stage::set(&examples).await;
    let mut tried = 0;
    for (index, example) in examples.iter().enumerate() {
        let Some(path) = &example.settings.roles_claim else {
            continue;
        };
        let caller = staged
            .send(index, json!({ path.segments()[0].clone(): null }))
            .await;
        let caller = caller.unwrap_or_else(|code| panic!("{}: {code}", example.guide));
        assert_eq!(grants(caller.claim()), grants(&Claim::parse("{}").unwrap()));
        tried += 1;
    }
    assert!(tried >= 5, "{tried}");
}

/// Every example's command carried out in an environment of its own, with its keys at a provider of ours.
struct Stage<'e> {
    examples: &'e [Example],
    world: World,
    places: Vec<(EnvironmentId, FakeProvider, FakeKey)>,
    _database: Database,
}

impl<'e> Stage<'e> {
    async fn set(examples: &'e [Example]) -> Self {
        let mut providers = Vec::new();
        for example in examples {
            providers.push(FakeProvider::of(example.settings.kind).await);
        }
        let database = Database::sqlite().await;
        let all: Vec<_> = providers.iter().collect();
        let world = World::beside(database.store().clone(), &all).await;
        let mut places = Vec::new();
        for (example, provider) in examples.iter().zip(providers) {
            let place = world.another_environment(&provider.endpoint()).await;
            let kid = example.header["kid"].as_str().unwrap();
            let key = match example.header["alg"].as_str().unwrap() {
                "RS256" => FakeKey::rsa(kid),
                "ES256" => FakeKey::es256(kid),
                other => panic!("{}: {other}", example.guide),
            };
            provider.use_only(&key);
            add(&world, place, moved_to(&provider, &example.settings)).await;
            places.push((place, provider, key));
        }
        Self {
            examples,
            world,
            places,
            _database: database,
        }
    }

    /// The example's token, issued now, with these members changed in it: `null` takes one away, `"<null>"` is `null`.
    async fn send(&self, index: usize, change: Value) -> Result<Caller, &'static str> {
        let (place, provider, key) = &self.places[index];
        let mut payload = self.examples[index].payload.clone();
        let later = provider.now_secs() - payload["iat"].as_i64().unwrap();
        let members = payload.as_object_mut().unwrap();
        for name in ["iat", "exp", "nbf", "auth_time"] {
            if let Some(value) = members.get_mut(name) {
                *value = json!(value.as_i64().unwrap() + later);
            }
        }
        for (name, value) in change.as_object().unwrap() {
            match value {
                Value::Null => members.remove(name),
                Value::String(text) if text == "<null>" => {
                    members.insert(name.clone(), Value::Null)
                }
                value => members.insert(name.clone(), value.clone()),
            };
        }
        let header = self.examples[index].header.to_string();
        let token = key.sign_exactly(&header, &payload.to_string());
        let tokens = &self.world.services.tokens;
        tokens
            .authenticate(*place, &token)
            .await
            .map_err(|error| error.code())
    }
}

/// The same provider, with its documents fetched from ours.
fn moved_to(provider: &FakeProvider, settings: &ProviderSettings) -> ProviderSettings {
    let mut settings = settings.clone();
    let path = match settings.kind {
        ProviderKind::Auth0 | ProviderKind::Jwks => JWKS_PATH,
        ProviderKind::Firebase => FIREBASE_PATH,
        ProviderKind::Oidc => {
            provider.set_issuer(settings.issuer.as_deref().unwrap());
            ""
        }
    };
    settings.url = Some(provider.url(path));
    settings
}

async fn add(world: &World, place: EnvironmentId, settings: ProviderSettings) -> ProviderView {
    let providers = &world.services.identity_providers;
    let added = providers.add(&world.admin(), place, settings).await;
    added.unwrap().into_inner()
}

/// In every guide, a token's header, its payload and the outcome follow the command that they belong to.
fn examples() -> Vec<Example> {
    let mut examples = Vec::new();
    for guide in GUIDES {
        let mut settings = None;
        let mut token: Vec<Value> = Vec::new();
        for (language, body) in blocks(&read(&format!("identity-providers/{guide}.md"))) {
            if language == "sh" && body.starts_with("hallpass idp add ") {
                settings = Some(settings_of(&words(&body)));
            }
            if language != "json" {
                continue;
            }
            let value: Value = serde_json::from_str(&body).unwrap();
            if token.is_empty() && value.get("alg").is_none() {
                continue;
            }
            token.push(value);
            if let [header, payload, outcome] = &token[..] {
                examples.push(Example {
                    guide,
                    settings: settings.clone().expect("a command before the token"),
                    header: header.clone(),
                    payload: payload.clone(),
                    user: outcome["user"].as_str().expect("a user").to_owned(),
                    permissions: outcome["permissions"].clone(),
                });
                token.clear();
            }
        }
        assert!(token.is_empty(), "{guide} ends within a token");
    }
    examples
}

/// What `hallpass idp add` makes of these words.
fn settings_of(words: &[String]) -> ProviderSettings {
    let mut settings = ProviderSettings::new(serde_json::from_value(json!(words[3])).unwrap());
    let flags = &words[4..];
    assert_eq!(flags.len() % 2, 0, "{flags:?}");
    for pair in flags.chunks(2) {
        let (flag, value) = (pair[0].as_str(), pair[1].clone());
        let path = || value.parse::<ClaimPath>().unwrap();
        match flag {
            "--environment" => assert_eq!(value, "$ENVIRONMENT_ID"),
            "--domain" => settings.domain = Some(value),
            "--custom-domain" => settings.custom_domain = Some(value),
            "--project-id" => settings.project_id = Some(value),
            "--url" => settings.url = Some(value),
            "--issuer" => settings.issuer = Some(value),
            "--audience" => settings.audiences.push(value),
            "--token-type" => settings.token_types.push(value),
            "--user-claim" => settings.user_claim = Some(path()),
            "--permissions-claim" => settings.permissions_claim = Some(path()),
            "--roles-claim" => settings.roles_claim = Some(path()),
            "--role" => {
                let (role, permissions) = value.split_once('=').unwrap();
                settings.role_permissions.push(RolePermissions {
                    role: role.to_owned(),
                    permissions: serde_json::from_str(permissions).unwrap(),
                });
            }
            other => panic!("{other}"),
        }
    }
    settings
}

/// Words of a command as a shell takes them; of quotes and backslashes only what the guides use.
fn words(command: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quote) = (String::new(), None);
    for char in command.replace("\\\n", " ").chars() {
        match (quote, char) {
            (Some(open), char) if char == open => quote = None,
            (None, '\'' | '"') => quote = Some(char),
            (None, char) if char.is_whitespace() => {
                words.extend((!word.is_empty()).then(|| std::mem::take(&mut word)))
            }
            (_, char) => word.push(char),
        }
    }
    assert_eq!((quote, word), (None, String::new()), "{command}");
    words
}

/// Fenced blocks, with their languages.
fn blocks(text: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(language), None) => open = Some((language.to_owned(), String::new())),
            (Some(""), Some(_)) => blocks.extend(open.take()),
            (_, Some((_, body))) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, None) => {}
        }
    }
    assert_eq!(open, None);
    blocks
}

/// Checks every permission claim anywhere in a value; how many there were.
fn check_claims(guide: &str, value: &Value) -> usize {
    let Value::Object(members) = value else {
        return 0;
    };
    let mut count = 0;
    for (name, value) in members {
        // Clerk's shortcodes stand for a claim.
        let is_placeholder = value.as_str().is_some_and(|text| text.starts_with("{{"));
        if (name == CLAIM || name == "permissions") && !is_placeholder {
            check_claim(guide, value);
            count += 1;
        } else {
            count += check_claims(guide, value);
        }
    }
    count
}

/// A claim that is well-formed, names permissions that exist, and means what it seems to: what its lists take away is
/// of no use there, for metadata belong to no integration.
fn check_claim(guide: &str, value: &Value) {
    let claim =
        Claim::parse(&value.to_string()).unwrap_or_else(|fault| panic!("{guide}: {fault} {value}"));
    assert_eq!(claim.unknown_permissions().len(), 0, "{guide}: {value}");
    let is_idle =
        |lost: &Permission| matches!(lost, Permission::MetadataRead | Permission::MetadataWrite);
    for lint in claim.lints() {
        let harmless =
            lint.code == "array_replaces_wider" && lint.permissions_lost.iter().all(is_idle);
        assert!(harmless, "{guide}: {value} {lint:?}");
    }
}

fn grants(claim: &Claim) -> Vec<Grant> {
    let mut grants: Vec<_> = claim
        .indexes()
        .map(|index| claim.find_grant(index).unwrap())
        .collect();
    grants.sort_by(|one, other| one.pointer.cmp(&other.pointer));
    grants
}

/// As Markdown hosts make them of headings.
fn anchor_of(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().replace(' ', "-")
}

fn docs(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(path)
}

fn read(path: &str) -> String {
    std::fs::read_to_string(docs(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
