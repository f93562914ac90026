//! The nouns of Hallpass: ids, entities, limits and the shared [`Error`]. No I/O, no clock, no randomness.

mod account;
mod api_key;
mod audit;
mod challenge;
mod delivery;
mod environment;
mod error;
mod id;
mod identity_provider;
mod issuer_key;
pub mod limits;
mod operator;
mod page;
mod passkey;
mod project;
mod session;
mod sign_in;
mod sign_in_provider;
mod signing_key;
mod subject;
mod time;
mod user;
mod wallet;
mod webhook;

pub use account::{Account, Identity, IdentityKind, Profile};
pub use api_key::{ApiKey, ApiKeyKind};
pub use audit::{ActorKind, AuditEntry, AuditKind};
pub use challenge::{Challenge, ChallengePurpose};
pub use delivery::{Delivery, DeliveryAttempt, DeliveryState, TargetKind};
pub use environment::{AudienceMode, Environment, EnvironmentSettings};
pub use error::{Error, ErrorKind, Result};
pub use id::{
    AccountId, ApiKeyId, AuditId, ChallengeId, DeliveryId, EnvironmentId, IdentityId,
    IdentityProviderId, MalformedId, OperatorId, OperatorKeyId, OperatorPasskeyId,
    OperatorSessionId, PasskeyId, ProjectId, SessionId, SignInProviderId, UserId, WalletId,
    WebhookId,
};
pub use identity_provider::{
    ClaimPath, IdentityProvider, MalformedClaimPath, ProviderKind, ProviderSettings,
    RolePermissions,
};
pub use issuer_key::{IssuerKey, IssuerKeyState};
pub use operator::{Operator, OperatorKey, OperatorPasskey, OperatorSession, Role};
pub use page::{Page, PageRequest};
pub use passkey::{Passkey, PasskeyCredential};
pub use project::Project;
pub use session::{Login, Session, SessionWallet};
pub use sign_in::{RolePermission, SignInSettings, ThemeMode, WalletType};
pub use sign_in_provider::{
    ClientAuth, OauthEndpoints, SignInProvider, SignInProviderKind, SignInProviderSettings,
};
pub use signing_key::{KeyOrigin, KeyState, SigningKey};
pub use subject::{MalformedSubject, Subject};
pub use time::Timestamp;
pub use user::{ConnectedUser, Metadata};
pub use wallet::Wallet;
pub use webhook::{DisabledReason, Webhook, WebhookEvent, WebhookSettings};
