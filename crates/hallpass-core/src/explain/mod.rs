//! Permission decisions with their reasons. Asks the same evaluator that enforcement asks, and has no effect: no
//! user is made, nothing is recorded.

mod matrix;

pub use matrix::{Matrix, MatrixCell, MatrixRequest, MatrixRow};

use std::sync::Arc;

use hallpass_model::{EnvironmentId, Error, Result};
use hallpass_permissions::{
    self as permissions, Claim, Explanation, Fault, Permission, TargetSpec,
};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::Shared;
use crate::actor::OperatorCaller;
use crate::calls::{CallQuestion, environment_of_call, question_of_call};
use crate::tokens::trust::Snapshot;
use crate::tokens::{Caller, Notes, Refusal, accept, check_standing, rules};

/// Bytes of a bare claim.
const CLAIM_BYTES: usize = 1024 * 1024;

/// Explains decisions.
pub struct Explain {
    pub(crate) shared: Arc<Shared>,
    /// Whose turn it is to explain a large claim.
    pub(crate) turns: Arc<Semaphore>,
}

/// Whose permissions, and what for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExplainRequest {
    /// A user token of the environment.
    #[serde(default)]
    pub token: Option<String>,
    /// A bare claim, as it would stand in a token. `null` is a (malformed) claim, not an absent one.
    #[serde(default, deserialize_with = "even_null")]
    pub claim: Option<Box<RawValue>>,
    /// A call of the Connect surface.
    #[serde(default)]
    pub call: Option<Call>,
    /// Or a question in the evaluator's own terms.
    #[serde(default)]
    pub question: Option<Question>,
}

/// A call of the Connect surface.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// The HTTP method.
    pub method: String,
    /// The path, with its query if it has one.
    pub path: String,
}

/// May this be done to that?
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// The permission needed.
    pub permission: Permission,
    /// What it is needed on; left out: the user as such.
    #[serde(default)]
    pub target: TargetSpec,
}

/// A token or a bare claim.
#[derive(Clone, Copy)]
struct Whose<'a> {
    token: Option<&'a str>,
    claim: Option<&'a RawValue>,
}

impl<'a> Whose<'a> {
    fn of(request: &'a ExplainRequest) -> Self {
        Whose {
            token: request.token.as_deref(),
            claim: request.claim.as_deref(),
        }
    }
}

impl Explain {
    /// Explains for an operator; without token and claim, for a token without the claim.
    ///
    /// # Errors
    /// `not_found`; 422: `token_refused` with `meta.reason`, `permission_claim_malformed`, `call_needs_target`,
    /// `unknown_call`, `one_of_two`; 503: `keys_unavailable` for a token that could not be judged.
    pub async fn for_operator(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
        request: ExplainRequest,
    ) -> Result<Explanation> {
        self.check_visible(caller, environment).await?;
        let (permission, target) = question(environment, &request)?;
        let claim = self.claim_of(environment, Whose::of(&request)).await?;
        self.answer(claim, target, permission).await
    }

    /// Explains for a connected user; without token and claim, for the token of this request.
    ///
    /// # Errors
    /// As for an operator.
    pub async fn for_caller(
        &self,
        caller: &Caller,
        request: ExplainRequest,
    ) -> Result<Explanation> {
        let (permission, target) = question(caller.environment(), &request)?;
        let claim = match self
            .given_claim(caller.environment(), Whose::of(&request))
            .await?
        {
            Some(claim) => claim,
            None => caller.claim().clone(),
        };
        self.answer(claim, target, permission).await
    }

    async fn answer(
        &self,
        claim: Claim,
        target: TargetSpec,
        permission: Permission,
    ) -> Result<Explanation> {
        self.in_turn(claim, move |claim| {
            permissions::explain(claim, &target, permission)
        })
        .await
    }

    /// Explaining a large claim takes up to a good part of a second: beside the requests, and one at a time.
    async fn in_turn<T: Send + 'static>(
        &self,
        claim: Claim,
        work: impl FnOnce(&Claim) -> T + Send + 'static,
    ) -> Result<T> {
        const QUICK_GRANTS: usize = 100;
        if claim.grants_count() <= QUICK_GRANTS {
            return Ok(work(&claim));
        }
        let turn = Arc::clone(&self.turns)
            .acquire_owned()
            .await
            .map_err(Error::internal)?;
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work(&claim)
        })
        .await
        .map_err(Error::internal)
    }

    async fn check_visible(
        &self,
        caller: &OperatorCaller,
        environment: EnvironmentId,
    ) -> Result<()> {
        let found = self
            .shared
            .store
            .read()
            .await?
            .find_environment(environment)
            .await?;
        caller.visible_environment(found)?;
        Ok(())
    }

    /// The claim that was given, or that of a token without one.
    async fn claim_of(&self, environment: EnvironmentId, whose: Whose<'_>) -> Result<Claim> {
        match self.given_claim(environment, whose).await? {
            Some(claim) => Ok(claim),
            None => self.without_claim(environment).await,
        }
    }

    /// What a token without the claim means in an environment.
    async fn without_claim(&self, environment: EnvironmentId) -> Result<Claim> {
        let snapshot = self.shared.snapshot(environment).await?;
        if snapshot.settings.require_permission_claim {
            return Err(refused(Refusal::PermissionsMissing));
        }
        Ok(Claim::absent())
    }

    async fn given_claim(
        &self,
        environment: EnvironmentId,
        whose: Whose<'_>,
    ) -> Result<Option<Claim>> {
        self.shared.trust.require_confirmed()?;
        let snapshot = self.shared.snapshot(environment).await?;
        match (whose.token, whose.claim) {
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(one_of_two("/claim", "give a token or a claim, not both")),
            (Some(token), None) => self
                .token_claim(environment, token, &snapshot)
                .await
                .map(Some),
            (None, Some(claim)) => {
                if claim.get().len() > CLAIM_BYTES {
                    return Err(
                        Error::too_large("claim_too_large", "a claim may have 1 MiB").at("/claim"),
                    );
                }
                Claim::parse_with(claim.get(), rules::parse_options(&snapshot.settings))
                    .map(Some)
                    .map_err(malformed)
            }
        }
    }

    /// The claim of a token that would be let in; a frozen or revoked user's would not.
    async fn token_claim(
        &self,
        environment: EnvironmentId,
        token: &str,
        snapshot: &Snapshot,
    ) -> Result<Claim> {
        let (remote, now) = (&self.shared.remote, self.shared.clock.now());
        let accepted = accept(token, snapshot, remote, now, &mut Notes::none())
            .await
            .map_err(refused)?;
        let mut tx = self.shared.store.read().await?;
        let user = tx.find_user(environment, &accepted.sub).await?;
        let not_before = tx.find_not_before(environment, &accepted.sub).await?;
        check_standing(user.as_ref(), not_before, accepted.times.iat).map_err(refused)?;
        Ok(accepted.claim)
    }
}

fn question(
    environment: EnvironmentId,
    request: &ExplainRequest,
) -> Result<(Permission, TargetSpec)> {
    let other = request
        .call
        .as_ref()
        .and_then(|call| environment_of_call(&call.path))
        .is_some_and(|id| id != environment.to_string());
    if other {
        return Err(Error::unprocessable(
            "other_environment",
            "the path names another environment, where this token is not known; ask there",
        )
        .at("/call/path"));
    }
    match (&request.call, &request.question) {
        (None, Some(question)) => {
            check_ids(&question.target, "/question/target")?;
            Ok((question.permission, question.target.clone()))
        }
        (Some(call), None) => match question_of_call(&call.method, &call.path) {
            CallQuestion::Asks(permission, target) => Ok((permission, target)),
            CallQuestion::NeedsTarget(permission) => Err(Error::unprocessable(
                "call_needs_target",
                format!("what this call acts on is not in its path; ask with question and the permission {}", permission.as_str()),
            )
            .at("/call/path")
            .with_meta(json!({ "permission": permission.as_str() }))),
            CallQuestion::ValidToken => Err(Error::unprocessable(
                "no_permission_needed",
                "every valid token may make this call; what is not visible to it is left out of the answer",
            )
            .at("/call")),
            CallQuestion::Unknown => {
                Err(Error::unprocessable("unknown_call", "no such call; paths begin with /projects/<environment id>/sdk/").at("/call"))
            }
        },
        (Some(_), Some(_)) => Err(one_of_two("/question", "give a call or a question, not both")),
        (None, None) => Err(one_of_two("", "give a call or a question")),
    }
}

/// An id in another spelling would match nothing and be explained as if it were somebody else's.
fn check_ids(target: &TargetSpec, pointer: &str) -> Result<()> {
    let accounts = [
        ("credential", &target.credential),
        ("configuration", &target.configuration),
    ];
    for (level, account) in accounts {
        let id = account.as_ref().and_then(|account| account.as_account().id);
        if id.is_some_and(|id| !permissions::is_uuid(id)) {
            return Err(
                Error::unprocessable("invalid_target", "an id is a lower-case UUID")
                    .at(format!("{pointer}/{level}/id")),
            );
        }
    }
    Ok(())
}

fn refused(refusal: Refusal) -> Error {
    if let Refusal::KeysUnavailable { .. } = refusal {
        // Nothing was found out about the token.
        return refusal.into();
    }
    let message = format!("this token would be refused: {}", refusal.message());
    Error::unprocessable("token_refused", message)
        .at("/token")
        .with_meta(json!({ "reason": refusal.code(), "pointer": refusal.pointer() }))
}

fn malformed(fault: Fault) -> Error {
    let pointer = fault.pointer.clone();
    Error::unprocessable("permission_claim_malformed", fault.to_string())
        .at(format!("/claim{pointer}"))
        .with_meta(json!({ "pointer": pointer }))
}

fn one_of_two(pointer: &str, message: &str) -> Error {
    Error::unprocessable("one_of_two", message).at(pointer)
}

fn even_null<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(deserializer).map(Some)
}
