//! Things to store. The same number gives the same thing.

use hallpass_model::{
    AudienceMode, Environment, EnvironmentId, EnvironmentSettings, IdentityProvider,
    IdentityProviderId, KeyOrigin, Operator, OperatorId, OperatorKey, OperatorKeyId, Page,
    PageRequest, Project, ProjectId, ProviderKind, ProviderSettings, Role, RolePermissions,
    SignInSettings, SigningKey, Subject, Timestamp, UserId,
};
use hallpass_model::{ConnectedUser, Metadata};
use hallpass_store::Store;
use serde_json::json;

pub const FIRST: Timestamp = Timestamp::from_micros(i64::MIN);
pub const LAST: Timestamp = Timestamp::from_micros(i64::MAX);

pub fn at(secs: i64) -> Timestamp {
    Timestamp::from_secs(1_700_000_000 + secs)
}

pub fn bytes(number: u32) -> [u8; 16] {
    // Spread, so that ids do not happen to sort like their numbers.
    let spread = u128::from(number.wrapping_mul(2_654_435_761)).wrapping_mul(u128::MAX / 97);
    let mut bytes = spread.to_be_bytes();
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    bytes
}

pub fn project(number: u32) -> Project {
    Project {
        id: ProjectId::from_random(bytes(number)),
        name: format!("project {number}"),
        created_at: at(i64::from(number)),
        updated_at: at(i64::from(number)),
    }
}

pub fn environment(project: ProjectId, number: u32) -> Environment {
    Environment {
        id: EnvironmentId::from_random(bytes(number)),
        project_id: project,
        name: format!("environment {number}"),
        settings: EnvironmentSettings::default(),
        sign_in: SignInSettings::default(),
        trust_epoch: 0,
        version: 1,
        created_at: at(i64::from(number)),
        updated_at: at(i64::from(number)),
    }
}

pub fn unusual_settings() -> EnvironmentSettings {
    EnvironmentSettings {
        require_permission_claim: true,
        accept_stringified_permissions: true,
        require_audience: true,
        audiences: vec!["a \"quoted\" audience".into(), "\u{1F511} key \\".into()],
        aud_mode: AudienceMode::OnlyConfigured,
        issuer: Some("https://issuer.example/'; DROP TABLE environments; --".into()),
        leeway_secs: 300,
        max_token_lifetime_secs: Some(u32::MAX),
    }
}

pub fn signing_key(environment: EnvironmentId, number: u32) -> SigningKey {
    SigningKey {
        environment_id: environment,
        kid: format!("kid_{number:039}"),
        fingerprint: format!("SHA256:{number}"),
        bits: 2048,
        public_key_pem: format!("-----BEGIN PUBLIC KEY-----\n{number}\n-----END PUBLIC KEY-----\n"),
        origin: KeyOrigin::Generated,
        created_at: at(i64::from(number)),
        retires_at: None,
        revoked_at: None,
        last_used_at: None,
        use_count: 0,
    }
}

pub fn identity_provider(environment: EnvironmentId, number: u32) -> IdentityProvider {
    IdentityProvider {
        id: IdentityProviderId::from_random(bytes(number)),
        environment_id: environment,
        settings: ProviderSettings {
            project_id: Some(format!("project-{number}")),
            ..ProviderSettings::new(ProviderKind::Firebase)
        },
        disabled_at: None,
        version: 1,
        created_at: at(i64::from(number)),
        updated_at: at(i64::from(number)),
    }
}

/// Every member is there, and holds what text, SQL and JSON trip over.
pub fn unusual_provider_settings() -> ProviderSettings {
    let hostile = "'; DROP TABLE identity_providers; -- $1 ? \\ \" \u{0} \u{202e} \u{1F511}";
    let path = |text: &str| Some(text.parse().expect("a path"));
    ProviderSettings {
        domain: Some(hostile.into()),
        custom_domain: Some(String::new()),
        project_id: Some("\n\t\u{7f}".into()),
        url: Some(format!("https://keys.example/?q={hostile}")),
        issuer: Some("https://issuer.example/%00".into()),
        audiences: vec![hostile.into(), String::new(), hostile.into()],
        any_audience: true,
        user_claim: path("/a~1b/~0"),
        permissions_claim: path("https://claims.example/permissions"),
        roles_claim: path("/\u{0}/'"),
        role_permissions: vec![
            RolePermissions {
                role: hostile.into(),
                permissions: largest_metadata().into(),
            },
            RolePermissions {
                role: String::new(),
                permissions: serde_json::Value::Null,
            },
        ],
        token_types: vec!["at+jwt".into(), hostile.into()],
        algorithms: vec!["EdDSA".into()],
        ..ProviderSettings::new(ProviderKind::Jwks)
    }
}

pub fn subject(number: u32) -> Subject {
    format!("user-{number}").parse().expect("a plain subject")
}

pub fn user(environment: EnvironmentId, number: u32) -> ConnectedUser {
    ConnectedUser {
        environment_id: environment,
        id: UserId::from_random(bytes(number)),
        sub: subject(number),
        metadata: Metadata::new(),
        version: 1,
        frozen_at: None,
        not_before: None,
        created_at: at(i64::from(number)),
        updated_at: at(i64::from(number)),
    }
}

pub fn metadata(value: serde_json::Value) -> Metadata {
    match value {
        serde_json::Value::Object(members) => members,
        other => panic!("{other} is no object"),
    }
}

/// 64 KiB of JSON text with everything that text can hold.
pub fn largest_metadata() -> Metadata {
    let mut largest = metadata(json!({
        "nested": {"list": [1, -1.5, null, true, "\u{0}\u{7f}\u{1F511}\"\\'$1?"]},
        "big": i64::MAX, "small": i64::MIN, "": "empty name",
    }));
    largest.insert("fill".into(), "".into());
    let used = serde_json::to_string(&largest).expect("it is JSON").len();
    largest.insert("fill".into(), "x".repeat(64 * 1024 - used).into());
    largest
}

pub fn operator(number: u32) -> Operator {
    Operator {
        id: OperatorId::from_random(bytes(number)),
        name: format!("operator {number}"),
        role: Role::Admin,
        projects: None,
        created_at: at(i64::from(number)),
        disabled_at: None,
    }
}

pub fn operator_key(operator: OperatorId, number: u32) -> OperatorKey {
    OperatorKey {
        id: OperatorKeyId::from_random(bytes(number)),
        operator_id: operator,
        hint: format!("hp_{number}"),
        created_at: at(i64::from(number)),
        expires_at: None,
        revoked_at: None,
        last_used_at: None,
    }
}

/// A stored project with one stored environment.
pub async fn stored_environment(store: &Store, number: u32) -> Environment {
    let project = project(number);
    let environment = environment(project.id, number);
    let mut write = store.write().await.expect("a write starts");
    write.insert_project(&project).await.expect("a project");
    write
        .insert_environment(&environment)
        .await
        .expect("an environment");
    write.commit().await.expect("a commit");
    environment
}

pub fn page(limit: u32) -> PageRequest {
    PageRequest { after: None, limit }
}

/// The request for the page after this one.
pub fn after<T>(page: &Page<T>, limit: u32) -> PageRequest {
    PageRequest {
        after: page.next.clone(),
        limit,
    }
}
