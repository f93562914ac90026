use serde_json::Value;

use crate::{AuditId, EnvironmentId, ProjectId, Timestamp};

/// One row of the audit trail. Never holds a token, a secret or a token's permission claim.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its id (version 7, sorts by time).
    pub id: AuditId,
    /// When.
    pub at: Timestamp,
    /// A change or a decision.
    pub kind: AuditKind,
    /// What sort of actor.
    pub actor_kind: ActorKind,
    /// The operator's id, or the user's `sub`; the CLI on the database itself has none.
    pub actor_id: Option<String>,
    /// The operator's name, for people.
    pub actor_name: Option<String>,
    /// The project it concerns, if any.
    pub project_id: Option<ProjectId>,
    /// The environment it concerns, if any.
    pub environment_id: Option<EnvironmentId>,
    /// What was done, as `<noun>.<verb>`.
    pub action: String,
    /// What it was done to.
    pub target: Option<String>,
    /// More, as a JSON object.
    pub detail: Value,
    /// The request it came with.
    pub request_id: Option<String>,
}

/// Changes are written with what they change; decisions are batched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuditKind {
    /// Somebody changed something.
    Change,
    /// A permission decision was enforced.
    Decision,
}

impl AuditKind {
    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Change => "change",
            Self::Decision => "decision",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Change, Self::Decision]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}

/// Who acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// An operator with a key.
    Operator,
    /// The command line, working on the database itself.
    CommandLine,
    /// A connected user with a token.
    User,
    /// Hallpass itself, by a rule of its own.
    System,
}

impl ActorKind {
    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::CommandLine => "command_line",
            Self::User => "user",
            Self::System => "system",
        }
    }

    /// The reverse of [`Self::as_str`].
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Operator, Self::CommandLine, Self::User, Self::System]
            .into_iter()
            .find(|kind| kind.as_str() == word)
    }
}
