//! What [`super::accept`] found, step by step and for people. Changes nothing: no user is made, nothing is remembered
//! or counted.

use hallpass_jose::{TokenError, UnverifiedToken, VerifyingKey};
use hallpass_model::{EnvironmentId, EnvironmentSettings, Result, Timestamp};
use hallpass_permissions::{Claim, Fault};
use serde::Serialize;

use super::accept::{Accepted, Content, Origin, accept, accept_of, check_content, check_form};
use super::issued;
use super::refusal::Refusal;
use super::{Tokens, check_standing};
use crate::identity_providers::TrustedProvider;

/// How a token fares in an environment.
#[derive(Debug, Clone, Serialize)]
pub struct TokenReport {
    /// Whether a request with it would be let in; in a test of one provider: if that one were asked.
    pub accepted: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// What was looked at, in order; the last one is what failed.
    pub steps: Vec<Step>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// What was looked at.
    pub name: &'static str,
    /// Whether it was good.
    pub ok: bool,
    /// What was found, or what to do.
    pub detail: String,
}

/// What can be said of a token without an environment.
pub struct OfflineReport {
    /// Step by step; the audience is not looked at.
    pub report: TokenReport,
    /// The permission claim of a token that nothing speaks against.
    pub claim: Option<Claim>,
    /// What is wrong with the permission claim.
    pub fault: Option<Fault>,
}

/// Notes on what was good. For a request none are taken, and none are put into words.
pub(crate) struct Notes(Option<Vec<Step>>);

impl Notes {
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    pub(super) const fn taken() -> Self {
        Self(Some(Vec::new()))
    }

    pub(super) fn good(&mut self, name: &'static str, detail: impl FnOnce() -> String) {
        if let Some(steps) = &mut self.0 {
            steps.push(Step {
                name,
                ok: true,
                detail: detail(),
            });
        }
    }

    fn conclude(self, refusal: Option<&Refusal>) -> TokenReport {
        let mut steps = self.0.unwrap_or_default();
        if let Some(refusal) = refusal {
            steps.push(Step {
                name: step_of(refusal),
                ok: false,
                detail: refusal.message(),
            });
        }
        TokenReport {
            accepted: refusal.is_none(),
            reason: refusal.map(Refusal::code),
            steps,
        }
    }
}

impl Tokens {
    /// Checks a token without any effect.
    ///
    /// # Errors
    /// `not_found` for the environment, `trust_state_unknown`, `storage_unavailable`. A refused token is no error.
    pub async fn check(&self, environment: EnvironmentId, token: &str) -> Result<TokenReport> {
        self.shared.trust.require_confirmed()?;
        let snapshot = self.shared.snapshot(environment).await?;
        let (now, mut notes) = (self.shared.clock.now(), Notes::taken());
        let accepted = accept(token, &snapshot, &self.shared.remote, now, &mut notes).await;
        self.concluded(environment, accepted, notes).await
    }

    /// The same by one provider's rules alone.
    pub(crate) async fn check_with(
        &self,
        environment: EnvironmentId,
        provider: &TrustedProvider,
        token: &str,
    ) -> Result<TokenReport> {
        self.shared.trust.require_confirmed()?;
        let snapshot = self.shared.snapshot(environment).await?;
        let (now, mut notes) = (self.shared.clock.now(), Notes::taken());
        let remote = &self.shared.remote;
        let accepted = accept_of(provider, token, &snapshot, remote, now, &mut notes).await;
        let mut report = self.concluded(environment, accepted, notes).await?;
        if report.accepted && provider.disabled {
            // Last, so that a provider can be tried out before it is enabled.
            let refusal = Refusal::ProviderDisabled;
            report = Notes(Some(report.steps)).conclude(Some(&refusal));
        }
        Ok(report)
    }

    async fn concluded(
        &self,
        environment: EnvironmentId,
        accepted: std::result::Result<Accepted, Refusal>,
        mut notes: Notes,
    ) -> Result<TokenReport> {
        let outcome = match accepted {
            Err(refusal) => Err(refusal),
            Ok(Accepted {
                sub,
                times,
                session,
                ..
            }) => {
                let mut tx = self.shared.store.read().await?;
                if let Some(session) = session {
                    let now = self.shared.clock.now();
                    let live = issued::check_session(&mut tx, environment, session, &sub, now);
                    if let Err(refusal) = live.await? {
                        return Ok(notes.conclude(Some(&refusal)));
                    }
                    notes.good("session", || {
                        "the session it was issued in is live".to_owned()
                    });
                }
                let user = tx.find_user(environment, &sub).await?;
                let not_before = tx.find_not_before(environment, &sub).await?;
                let found = if user.is_some() {
                    "known"
                } else {
                    "not seen before; a call would make the user"
                };
                check_standing(user.as_ref(), not_before, times.iat)
                    .map(|()| notes.good("user", || format!("{sub}: {found}")))
            }
        };
        Ok(notes.conclude(outcome.as_ref().err()))
    }
}

/// Judges a token by itself, with the settings of an environment that changed nothing. Without a key the signature
/// is not looked at.
#[must_use]
pub fn check_offline(token: &str, key: Option<&VerifyingKey>, now: Timestamp) -> OfflineReport {
    let mut notes = Notes::taken();
    match walk_offline(token, key, now, &mut notes) {
        Ok(content) => OfflineReport {
            report: notes.conclude(None),
            claim: Some(content.claim),
            fault: None,
        },
        Err(refusal) => OfflineReport {
            report: notes.conclude(Some(&refusal)),
            claim: None,
            fault: match refusal {
                Refusal::Permissions(fault) => Some(fault),
                _ => None,
            },
        },
    }
}

fn walk_offline(
    text: &str,
    key: Option<&VerifyingKey>,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Content, Refusal> {
    let settings = EnvironmentSettings::default();
    let origin = Origin::Unknown(&settings);
    let token = UnverifiedToken::parse(text)?;
    check_form(&token, text, origin, notes)?;
    let Some(key) = key else {
        return check_content(&token.unverified_claims()?, origin, now, notes);
    };
    let verified = token.verify(key)?;
    notes.good("signature", || {
        format!("made by the given key {}", key.thumbprint())
    });
    check_content(&verified.claims()?, origin, now, notes)
}

fn step_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Token(TokenError::SignatureInvalid | TokenError::AlgKeyMismatch)
        | Refusal::NoSigningKey
        | Refusal::UnknownKey
        | Refusal::ProviderAlgorithm
        | Refusal::KidNeeded { .. }
        | Refusal::KeysUnavailable { .. } => "signature",
        Refusal::Token(_) | Refusal::WrongType | Refusal::OtherKind(_) => "form",
        Refusal::UnknownIssuer | Refusal::OtherIssuer { .. } | Refusal::ProviderDisabled => {
            "provider"
        }
        Refusal::Claim(_) => "claims",
        Refusal::Subject(_) | Refusal::MissingClaim("sub") | Refusal::User { .. } => "subject",
        Refusal::AudienceMissing
        | Refusal::AudienceMismatch
        | Refusal::ProviderAudience
        | Refusal::NoAudiences
        | Refusal::IssuerMismatch => "audience",
        Refusal::Permissions(_)
        | Refusal::PermissionsMissing
        | Refusal::PermissionsAmbiguous { .. }
        | Refusal::PermissionsAt { .. }
        | Refusal::PermissionsMissingAt { .. }
        | Refusal::Roles { .. } => "permissions",
        Refusal::Revoked | Refusal::UserFrozen => "user",
        Refusal::SessionEnded => "session",
        _ => "times",
    }
}
