use crate::{
    OperatorId, OperatorKeyId, OperatorPasskeyId, OperatorSessionId, PasskeyCredential, ProjectId,
    Timestamp,
};

/// A person or program that administers Hallpass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    /// Its id.
    pub id: OperatorId,
    /// Display name, unique in the installation.
    pub name: String,
    /// What it may do.
    pub role: Role,
    /// The projects it sees; `None` is all of them.
    pub projects: Option<Vec<ProjectId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Set when it was shut out; its keys stop working.
    pub disabled_at: Option<Timestamp>,
}

impl Operator {
    /// Whether it may see a project.
    #[must_use]
    pub fn sees(&self, project: ProjectId) -> bool {
        self.projects
            .as_ref()
            .is_none_or(|projects| projects.contains(&project))
    }
}

/// What an operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Everything, operators included.
    Admin,
    /// Everything inside its projects, but not operators.
    Member,
    /// Reads users and audit.
    Support,
}

impl Role {
    /// Every role, most powerful first.
    pub const ALL: [Self; 3] = [Self::Admin, Self::Member, Self::Support];

    /// The word used in every surface and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Support => "support",
        }
    }

    /// The reverse of [`Self::as_str`], in any letter case.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(word))
    }
}

/// One key of an operator; the key itself is kept only as a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorKey {
    /// Its id.
    pub id: OperatorKeyId,
    /// Whose it is.
    pub operator_id: OperatorId,
    /// Its first characters, to tell keys apart.
    pub hint: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops working; `None` is never.
    pub expires_at: Option<Timestamp>,
    /// Set when it was withdrawn.
    pub revoked_at: Option<Timestamp>,
    /// Last use, up to 5 s late.
    pub last_used_at: Option<Timestamp>,
}

/// An operator's time at the dashboard; its secret is kept only as a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorSession {
    /// Its id.
    pub id: OperatorSessionId,
    /// Whose it is.
    pub operator_id: OperatorId,
    /// The key that opened it, or by which the passkey was made that did. When the key ends, so does the session.
    pub key: OperatorKeyId,
    /// The passkey that opened it, if one did. When it is removed, the session ends.
    pub passkey: Option<OperatorPasskeyId>,
    /// What the browser called itself, cut short.
    pub browser: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last use, up to a minute late.
    pub renewed_at: Timestamp,
    /// When it is over if nobody uses it.
    pub expires_at: Timestamp,
    /// When it is over however much it is used.
    pub ends_at: Timestamp,
    /// Set when it was ended.
    pub ended_at: Option<Timestamp>,
}

impl OperatorSession {
    /// Whether it still counts.
    #[must_use]
    pub fn is_live_at(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && now < self.expires_at && now < self.ends_at
    }
}

/// A passkey by which an operator signs in to the dashboard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorPasskey {
    /// Its id.
    pub id: OperatorPasskeyId,
    /// Whose it is.
    pub operator_id: OperatorId,
    /// The key by which it was made. When the key ends, the passkey counts no more.
    pub key: OperatorKeyId,
    /// What its authenticator calls it.
    pub credential_id: String,
    /// What it verifies with.
    pub credential: PasskeyCredential,
    /// For its owner, to tell passkeys apart.
    pub name: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Last use.
    pub last_used_at: Option<Timestamp>,
}
