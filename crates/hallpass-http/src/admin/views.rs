//! How the nouns look from outside.

use hallpass_core::Actor;
use hallpass_model::{
    AudienceMode, AuditEntry, ConnectedUser, Environment, EnvironmentSettings, Metadata, Operator,
    OperatorKey, Page, Project, ProjectId, SigningKey, Timestamp,
};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::sign_in_view::SignInView;
use crate::time::rfc3339;

/// Some rows, newest first unless the operation says otherwise.
#[derive(Serialize, ToSchema)]
pub(super) struct Listing<T> {
    /// The rows.
    items: Vec<T>,
    /// Send it as `after` for more; `null` at the end.
    next: Option<String>,
}

impl<T> Listing<T> {
    pub(super) fn of<U>(page: Page<U>, view: impl FnMut(U) -> T) -> axum::Json<Self> {
        let Page { items, next } = page.map(view);
        axum::Json(Self { items, next })
    }
}

/// A product of the operator.
#[derive(Serialize, ToSchema)]
#[schema(as = Project)]
pub(super) struct ProjectView {
    id: Uuid,
    name: String,
    created_at: String,
    updated_at: String,
}

impl From<Project> for ProjectView {
    fn from(project: Project) -> Self {
        Self {
            id: *project.id.as_uuid(),
            name: project.name,
            created_at: rfc3339(project.created_at),
            updated_at: rfc3339(project.updated_at),
        }
    }
}

/// Where keys, users and settings live. The Connect SDK calls its id the project id.
#[derive(Serialize, ToSchema)]
#[schema(as = Environment)]
pub(super) struct EnvironmentView {
    id: Uuid,
    project_id: Uuid,
    name: String,
    settings: SettingsView,
    sign_in: SignInView,
    /// Raised by every change of name or settings; also the `ETag`.
    version: i64,
    created_at: String,
    updated_at: String,
}

/// How user tokens are judged.
#[derive(Serialize, ToSchema)]
#[schema(as = EnvironmentSettings)]
pub(super) struct SettingsView {
    /// Refuse tokens without a permission claim, instead of allowing them everything of their user.
    require_permission_claim: bool,
    /// Read a permission claim that is a string holding a JSON object.
    accept_stringified_permissions: bool,
    /// Refuse tokens without `aud`.
    require_audience: bool,
    /// Audiences accepted, compared byte for byte; at most 16.
    audiences: Vec<String>,
    /// `own_and_configured` also accepts `useparagon.com/<environment id>`; `only_configured` does not.
    #[schema(example = "own_and_configured")]
    aud_mode: &'static str,
    /// When set, `iss` has to equal it.
    issuer: Option<String>,
    /// Clock leeway in seconds, 0 to 300.
    leeway_secs: u32,
    /// When set, the longest `exp - iat` in seconds.
    max_token_lifetime_secs: Option<u32>,
}

impl From<Environment> for EnvironmentView {
    fn from(environment: Environment) -> Self {
        Self {
            id: *environment.id.as_uuid(),
            project_id: *environment.project_id.as_uuid(),
            name: environment.name,
            settings: environment.settings.into(),
            sign_in: environment.sign_in.into(),
            version: environment.version,
            created_at: rfc3339(environment.created_at),
            updated_at: rfc3339(environment.updated_at),
        }
    }
}

impl From<EnvironmentSettings> for SettingsView {
    fn from(settings: EnvironmentSettings) -> Self {
        // Taken apart by name, so that a new setting cannot be forgotten here.
        let EnvironmentSettings {
            require_permission_claim,
            accept_stringified_permissions,
            require_audience,
            audiences,
            aud_mode,
            issuer,
            leeway_secs,
            max_token_lifetime_secs,
        } = settings;
        Self {
            require_permission_claim,
            accept_stringified_permissions,
            require_audience,
            audiences,
            aud_mode: match aud_mode {
                AudienceMode::OwnAndConfigured => "own_and_configured",
                AudienceMode::OnlyConfigured => "only_configured",
            },
            issuer,
            leeway_secs,
            max_token_lifetime_secs,
        }
    }
}

/// The public half of a key that only the customer's backend signs with.
#[derive(Serialize, ToSchema)]
#[schema(as = SigningKey)]
pub(super) struct SigningKeyView {
    /// RFC 7638 thumbprint.
    kid: String,
    /// `SHA256:` and the digest of the public key, for people to compare.
    fingerprint: String,
    /// `active`, `retiring`, `retired` or `revoked`.
    #[schema(example = "active")]
    state: &'static str,
    bits: u32,
    /// `generated` or `imported`.
    #[schema(example = "generated")]
    origin: &'static str,
    public_key_pem: String,
    created_at: String,
    /// Until when a retiring key is trusted.
    retires_at: Option<String>,
    revoked_at: Option<String>,
    /// Up to 5 seconds late.
    last_used_at: Option<String>,
    /// Tokens it let in; up to 5 seconds late.
    use_count: i64,
}

impl SigningKeyView {
    pub(super) fn at(key: SigningKey, now: Timestamp) -> Self {
        Self {
            state: key.state_at(now).as_str(),
            kid: key.kid,
            fingerprint: key.fingerprint,
            bits: key.bits,
            origin: key.origin.as_str(),
            public_key_pem: key.public_key_pem,
            created_at: rfc3339(key.created_at),
            retires_at: key.retires_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
            use_count: key.use_count,
        }
    }
}

/// A user of the operator's product, known by tokens.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(super) struct UserView {
    id: Uuid,
    /// The token's `sub`.
    sub: String,
    #[schema(value_type = Object)]
    metadata: Metadata,
    frozen: bool,
    frozen_at: Option<String>,
    /// Tokens issued up to then are refused.
    not_before: Option<String>,
    /// Raised by every change of the metadata; also the `ETag`.
    version: i64,
    created_at: String,
    updated_at: String,
}

impl From<ConnectedUser> for UserView {
    fn from(user: ConnectedUser) -> Self {
        Self {
            id: *user.id.as_uuid(),
            sub: user.sub.to_string(),
            metadata: user.metadata,
            frozen: user.frozen_at.is_some(),
            frozen_at: user.frozen_at.map(rfc3339),
            not_before: user.not_before.map(rfc3339),
            version: user.version,
            created_at: rfc3339(user.created_at),
            updated_at: rfc3339(user.updated_at),
        }
    }
}

/// A person or program that administers Hallpass.
#[derive(Serialize, ToSchema)]
#[schema(as = Operator)]
pub(super) struct OperatorView {
    id: Uuid,
    name: String,
    /// `admin`, `member` or `support`.
    #[schema(example = "member")]
    role: &'static str,
    /// What it sees; `null` is every project.
    projects: Option<Vec<Uuid>>,
    created_at: String,
    /// Set while its keys do not work.
    disabled_at: Option<String>,
}

impl From<Operator> for OperatorView {
    fn from(operator: Operator) -> Self {
        Self {
            id: *operator.id.as_uuid(),
            name: operator.name,
            role: operator.role.as_str(),
            projects: operator.projects.map(|ids| uuids(&ids)),
            created_at: rfc3339(operator.created_at),
            disabled_at: operator.disabled_at.map(rfc3339),
        }
    }
}

/// One key of an operator, without the key itself.
#[derive(Serialize, ToSchema)]
#[schema(as = OperatorKey)]
pub(super) struct OperatorKeyView {
    id: Uuid,
    operator_id: Uuid,
    /// Its first characters.
    hint: String,
    created_at: String,
    /// When it stops working; `null` is never.
    expires_at: Option<String>,
    revoked_at: Option<String>,
    /// Up to 5 seconds late.
    last_used_at: Option<String>,
}

impl From<OperatorKey> for OperatorKeyView {
    fn from(key: OperatorKey) -> Self {
        Self {
            id: *key.id.as_uuid(),
            operator_id: *key.operator_id.as_uuid(),
            hint: key.hint,
            created_at: rfc3339(key.created_at),
            expires_at: key.expires_at.map(rfc3339),
            revoked_at: key.revoked_at.map(rfc3339),
            last_used_at: key.last_used_at.map(rfc3339),
        }
    }
}

/// One row of the audit trail.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditView {
    id: Uuid,
    at: String,
    /// `change` or `decision`.
    #[schema(example = "change")]
    kind: &'static str,
    actor: ActorView,
    project_id: Option<Uuid>,
    environment_id: Option<Uuid>,
    /// What was done, as `<noun>.<verb>`.
    #[schema(example = "signing_key.generate")]
    action: String,
    /// What it was done to.
    target: Option<String>,
    #[schema(value_type = Object)]
    detail: Value,
    request_id: Option<String>,
}

/// Who acted.
#[derive(Serialize, ToSchema)]
#[schema(as = Actor)]
pub(super) struct ActorView {
    /// `operator`, `command_line`, `user` or `system`.
    #[schema(example = "operator")]
    kind: &'static str,
    /// The operator's id, or the user's `sub`.
    id: Option<String>,
    name: Option<String>,
}

impl From<Actor> for ActorView {
    fn from(actor: Actor) -> Self {
        Self {
            kind: actor.kind.as_str(),
            id: actor.id,
            name: actor.name,
        }
    }
}

impl From<AuditEntry> for AuditView {
    fn from(entry: AuditEntry) -> Self {
        Self {
            id: *entry.id.as_uuid(),
            at: rfc3339(entry.at),
            kind: entry.kind.as_str(),
            actor: ActorView {
                kind: entry.actor_kind.as_str(),
                id: entry.actor_id,
                name: entry.actor_name,
            },
            project_id: entry.project_id.map(|id| *id.as_uuid()),
            environment_id: entry.environment_id.map(|id| *id.as_uuid()),
            action: entry.action,
            target: entry.target,
            detail: entry.detail,
            request_id: entry.request_id,
        }
    }
}

pub(super) fn uuids(ids: &[ProjectId]) -> Vec<Uuid> {
    ids.iter().map(|id| *id.as_uuid()).collect()
}
