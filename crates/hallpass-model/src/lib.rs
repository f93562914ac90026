//! The nouns of Hallpass: ids, entities, limits and the shared [`Error`]. No I/O, no clock, no randomness.

mod audit;
mod environment;
mod error;
mod id;
mod identity_provider;
pub mod limits;
mod operator;
mod page;
mod project;
mod signing_key;
mod subject;
mod time;
mod user;

pub use audit::{ActorKind, AuditEntry, AuditKind};
pub use environment::{AudienceMode, Environment, EnvironmentSettings};
pub use error::{Error, ErrorKind, Result};
pub use id::{
    AuditId, EnvironmentId, IdentityProviderId, MalformedId, OperatorId, OperatorKeyId, ProjectId,
    UserId,
};
pub use identity_provider::{
    ClaimPath, IdentityProvider, MalformedClaimPath, ProviderKind, ProviderSettings,
    RolePermissions,
};
pub use operator::{Operator, OperatorKey, Role};
pub use page::{Page, PageRequest};
pub use project::Project;
pub use signing_key::{KeyOrigin, KeyState, SigningKey};
pub use subject::{MalformedSubject, Subject};
pub use time::Timestamp;
pub use user::{ConnectedUser, Metadata};
