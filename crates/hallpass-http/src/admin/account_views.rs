use hallpass_core::AccountDetail;
use hallpass_model::{Account, Identity, Session, Timestamp};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::time::rfc3339;

/// A person who signs in here, in one environment.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(super) struct AccountView {
    /// `sub` of issued tokens.
    id: Uuid,
    /// A name for people, as a service says it; shown, never believed.
    display_name: Option<String>,
    /// A handle at that service.
    username: Option<String>,
    /// The address of a picture.
    picture_url: Option<String>,
    /// Chooses the permissions of issued tokens.
    role: Option<String>,
    /// The permission claim of this account's issued tokens; beats the role's.
    #[schema(value_type = Option<Object>)]
    permissions: Option<Value>,
    frozen: bool,
    frozen_at: Option<String>,
    /// The last sign-in.
    signed_in_at: Option<String>,
    /// Raised by every change of an operator's; also the `ETag`.
    version: i64,
    created_at: String,
    updated_at: String,
}

/// An account and the ways to be it.
#[derive(Serialize, ToSchema)]
#[schema(as = AccountDetail)]
pub(super) struct AccountDetailView {
    #[serde(flatten)]
    account: AccountView,
    /// What was proven, oldest first.
    identities: Vec<IdentityView>,
}

/// One way to be an account.
#[derive(Serialize, ToSchema)]
#[schema(as = Identity)]
pub(super) struct IdentityView {
    id: Uuid,
    /// `email`, `phone`, `google`, `oidc:HANDLE`, `evm` and so on.
    #[schema(example = "email")]
    kind: String,
    /// As the person or client wrote it.
    #[schema(example = "ana@example.com")]
    shown: String,
    /// The account began with it.
    primary: bool,
    created_at: String,
}

/// The time during which a client is known. Its secret is kept as a digest and not shown.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// A public handle; `sid` of issued tokens.
    id: Uuid,
    account_id: Option<Uuid>,
    live: bool,
    /// How they signed in.
    #[schema(example = "email")]
    method: Option<String>,
    /// The origin of the page that began it.
    origin: Option<String>,
    created_at: String,
    authenticated_at: Option<String>,
    /// The last use that counted.
    renewed_at: String,
    /// When it ends unless it is used.
    expires_at: String,
    /// When it ends however much it is used.
    ends_at: String,
    /// Set when it was ended.
    ended_at: Option<String>,
}

/// How many sessions were ended.
#[derive(Serialize, ToSchema)]
#[schema(as = EndedSessions)]
pub(super) struct EndedView {
    pub(super) ended: u64,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        Self {
            id: *account.id.as_uuid(),
            display_name: account.profile.display_name,
            username: account.profile.username,
            picture_url: account.profile.picture_url,
            role: account.role,
            permissions: account.permissions,
            frozen: account.frozen_at.is_some(),
            frozen_at: account.frozen_at.map(rfc3339),
            signed_in_at: account.signed_in_at.map(rfc3339),
            version: account.version,
            created_at: rfc3339(account.created_at),
            updated_at: rfc3339(account.updated_at),
        }
    }
}

impl From<AccountDetail> for AccountDetailView {
    fn from(detail: AccountDetail) -> Self {
        Self {
            account: detail.account.into(),
            identities: detail
                .identities
                .into_iter()
                .map(IdentityView::from)
                .collect(),
        }
    }
}

impl From<Identity> for IdentityView {
    fn from(identity: Identity) -> Self {
        Self {
            id: *identity.id.as_uuid(),
            kind: identity.kind.to_string(),
            shown: identity.shown,
            primary: identity.is_primary,
            created_at: rfc3339(identity.created_at),
        }
    }
}

impl SessionView {
    pub(super) fn at(session: Session, now: Timestamp) -> Self {
        let live = session.is_live_at(now);
        Self {
            id: *session.id.as_uuid(),
            account_id: session.account_id.map(|id| *id.as_uuid()),
            live,
            method: session
                .login
                .map(|login| login.oauth_method.unwrap_or(login.kind.to_string())),
            origin: session.origin,
            created_at: rfc3339(session.created_at),
            authenticated_at: session.authenticated_at.map(rfc3339),
            renewed_at: rfc3339(session.renewed_at),
            expires_at: rfc3339(session.expires_at),
            ends_at: rfc3339(session.ends_at),
            ended_at: session.ended_at.map(rfc3339),
        }
    }
}
