//! Who asks on the operators' side, and how a repeated request is recognised.

use hallpass_model::{
    ActorKind, Environment, Error, Operator, OperatorKeyId, Project, ProjectId, Result, Role,
};

/// An operator whose key was checked, or the command line on the database itself.
#[derive(Debug, Clone)]
pub struct OperatorCaller {
    /// Who it is, for the audit trail.
    pub actor: Actor,
    /// What it may do.
    pub role: Role,
    /// The projects it sees; `None` is all of them.
    pub projects: Option<Vec<ProjectId>>,
    /// The request, for the audit trail.
    pub request_id: Option<String>,
    /// Set when the request may be a repetition.
    pub idempotency: Option<IdempotencyKey>,
}

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// What sort of actor.
    pub kind: ActorKind,
    /// The operator's id.
    pub id: Option<String>,
    /// The operator's name.
    pub name: Option<String>,
    /// The key it used.
    pub key: Option<OperatorKeyId>,
}

/// The client's name for a request, and what the request was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// 1-255 printable ASCII characters, chosen by the client.
    pub key: String,
    /// SHA-256 of method, path and body.
    pub request_digest: [u8; 32],
}

/// Something that was asked to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created<T> {
    /// It was made now.
    New(T),
    /// An earlier request with the same idempotency key made it.
    Replayed(T),
}

impl<T> Created<T> {
    /// The thing itself.
    pub fn into_inner(self) -> T {
        match self {
            Self::New(thing) | Self::Replayed(thing) => thing,
        }
    }

    /// The same answer about another thing.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Created<U> {
        match self {
            Self::New(thing) => Created::New(f(thing)),
            Self::Replayed(thing) => Created::Replayed(f(thing)),
        }
    }
}

impl OperatorCaller {
    /// The command line working on the database itself: whoever can open the file may do everything.
    #[must_use]
    pub fn command_line() -> Self {
        Self {
            actor: Actor {
                kind: ActorKind::CommandLine,
                id: None,
                name: None,
                key: None,
            },
            role: Role::Admin,
            projects: None,
            request_id: None,
            idempotency: None,
        }
    }

    /// The server itself: what follows from the settings, not from a request.
    pub(crate) fn server() -> Self {
        let mut caller = Self::command_line();
        caller.actor.kind = ActorKind::System;
        caller
    }

    pub(crate) fn operator(operator: &Operator, key: OperatorKeyId) -> Self {
        Self {
            actor: Actor {
                kind: ActorKind::Operator,
                id: Some(operator.id.to_string()),
                name: Some(operator.name.clone()),
                key: Some(key),
            },
            role: operator.role,
            projects: operator.projects.clone(),
            request_id: None,
            idempotency: None,
        }
    }

    /// Names the request in the audit trail.
    #[must_use]
    pub fn with_request_id(mut self, request_id: impl Into<String>) -> Self {
        self.request_id = Some(request_id.into());
        self
    }

    /// Lets a repetition of this request be recognised.
    #[must_use]
    pub fn with_idempotency(mut self, key: Option<IdempotencyKey>) -> Self {
        self.idempotency = key;
        self
    }

    /// Whether it sees a project.
    #[must_use]
    pub fn sees(&self, project: ProjectId) -> bool {
        self.projects
            .as_ref()
            .is_none_or(|projects| projects.contains(&project))
    }

    /// Managing operators or making projects would let a narrowed admin widen itself.
    pub(crate) fn require_all_projects(&self) -> Result<()> {
        if self.projects.is_some() {
            return Err(Error::forbidden(
                "all_projects_needed",
                "this operator is limited to some projects; an admin without that limit has to do this",
            ));
        }
        Ok(())
    }

    /// What it must not see is not there.
    pub(crate) fn visible_project(&self, project: Option<Project>) -> Result<Project> {
        project
            .filter(|project| self.sees(project.id))
            .ok_or_else(|| Error::not_found("project"))
    }

    pub(crate) fn visible_environment(
        &self,
        environment: Option<Environment>,
    ) -> Result<Environment> {
        environment
            .filter(|environment| self.sees(environment.project_id))
            .ok_or_else(|| Error::not_found("environment"))
    }

    /// Idempotency keys of different operators never meet.
    pub(crate) fn idempotency_scope(&self) -> &str {
        self.actor.id.as_deref().unwrap_or("command_line")
    }
}
