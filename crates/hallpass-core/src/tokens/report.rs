//! The same rules as [`super::accept`], told step by step for people. Changes nothing: no user is made, nothing is
//! remembered or counted.

use hallpass_jose::{UnverifiedToken, VerifyingKey};
use hallpass_model::{EnvironmentId, EnvironmentSettings, Result, Subject, Timestamp};
use hallpass_permissions::{Claim, Fault};
use serde::Serialize;

use super::refusal::Refusal;
use super::rules::Times;
use super::trust::Snapshot;
use super::{Tokens, check_standing, rules};

/// How a token fares in an environment.
#[derive(Debug, Clone, Serialize)]
pub struct TokenReport {
    /// Whether a request with it would be let in.
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

/// Who judges the signature and the addressing.
enum Judge<'a> {
    Environment(&'a Snapshot),
    Key(&'a VerifyingKey),
    Nobody,
}

struct Walked {
    sub: Subject,
    iat: i64,
    claim: Claim,
}

impl Tokens {
    /// Checks a token without any effect.
    ///
    /// # Errors
    /// `not_found` for the environment, `trust_state_unknown`, `storage_unavailable`. A refused token is no error.
    pub async fn check(&self, environment: EnvironmentId, token: &str) -> Result<TokenReport> {
        self.shared.trust.require_confirmed()?;
        let snapshot = self.shared.snapshot(environment).await?;
        let (now, mut steps) = (self.shared.clock.now(), Vec::new());
        let outcome = match walk(
            token,
            &Judge::Environment(&snapshot),
            &snapshot.settings,
            now,
            &mut steps,
        ) {
            Err(refusal) => Err(refusal),
            Ok(Walked { sub, iat, .. }) => {
                let mut tx = self.shared.store.read().await?;
                let user = tx.find_user(environment, &sub).await?;
                let not_before = tx.find_not_before(environment, &sub).await?;
                let found = if user.is_some() {
                    "known"
                } else {
                    "not seen before; a call would make the user"
                };
                check_standing(user.as_ref(), not_before, iat).map(|()| {
                    steps.push(Step {
                        name: "user",
                        ok: true,
                        detail: format!("{sub}: {found}"),
                    })
                })
            }
        };
        Ok(concluded(outcome.as_ref().err(), steps))
    }
}

/// Judges a token by itself, with the settings of an environment that changed nothing. Without a key the signature
/// is not looked at.
#[must_use]
pub fn check_offline(token: &str, key: Option<&VerifyingKey>, now: Timestamp) -> OfflineReport {
    let mut steps = Vec::new();
    let judge = key.map_or(Judge::Nobody, Judge::Key);
    match walk(
        token,
        &judge,
        &EnvironmentSettings::default(),
        now,
        &mut steps,
    ) {
        Ok(walked) => OfflineReport {
            report: concluded(None, steps),
            claim: Some(walked.claim),
            fault: None,
        },
        Err(refusal) => OfflineReport {
            report: concluded(Some(&refusal), steps),
            claim: None,
            fault: match refusal {
                Refusal::Permissions(fault) => Some(fault),
                _ => None,
            },
        },
    }
}

fn concluded(refusal: Option<&Refusal>, mut steps: Vec<Step>) -> TokenReport {
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

fn walk(
    text: &str,
    judge: &Judge<'_>,
    settings: &EnvironmentSettings,
    now: Timestamp,
    steps: &mut Vec<Step>,
) -> Result<Walked, Refusal> {
    let mut passed = |name, detail| {
        steps.push(Step {
            name,
            ok: true,
            detail,
        })
    };
    let token = UnverifiedToken::parse(text)?;
    let header = token.header();
    let kid = header
        .kid
        .as_deref()
        .map_or_else(|| "no kid".to_owned(), |kid| format!("kid {kid}"));
    rules::check_type(&token)?;
    passed(
        "form",
        format!("compact JWS, {} bytes, {}, {kid}", text.len(), header.alg),
    );
    let verified = match judge {
        Judge::Environment(snapshot) => {
            let (verified, key) = rules::verify(&token, snapshot, now)?;
            passed("signature", format!("made by the signing key {}", key.kid));
            Some(verified)
        }
        Judge::Key(key) => {
            let verified = token.verify(key)?;
            passed(
                "signature",
                format!("made by the given key {}", key.thumbprint()),
            );
            Some(verified)
        }
        Judge::Nobody => None,
    };
    let claims = match &verified {
        Some(verified) => verified.claims()?,
        None => token.unverified_claims()?,
    };
    let sub = rules::check_subject(&claims)?;
    passed("subject", format!("names the user {sub}"));
    let Times { iat, exp } = rules::check_times(&claims, settings, now)?;
    let (age, left) = (now.as_secs() - iat, exp - now.as_secs());
    passed(
        "times",
        format!(
            "issued {age} s ago, expires in {left} s, leeway {} s",
            settings.leeway_secs
        ),
    );
    if let Judge::Environment(snapshot) = judge {
        rules::check_addressing(&claims, snapshot)?;
        let audience = if claims.aud.is_some() {
            "aud names this environment"
        } else {
            "no aud, none required"
        };
        passed("audience", audience.to_owned());
    }
    let claim = rules::parse_permissions(&claims, settings)?;
    let grants = if claim.is_absent() {
        "no permission claim: everything of this user is allowed".to_owned()
    } else {
        format!("{} grants", claim.grants_count())
    };
    passed("permissions", grants);
    Ok(Walked { sub, iat, claim })
}

fn step_of(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Token(
            hallpass_jose::TokenError::SignatureInvalid | hallpass_jose::TokenError::AlgKeyMismatch,
        )
        | Refusal::NoSigningKey => "signature",
        Refusal::Token(_) | Refusal::WrongType => "form",
        Refusal::Claim(_) => "claims",
        Refusal::Subject(_) | Refusal::MissingClaim("sub") => "subject",
        Refusal::AudienceMissing | Refusal::AudienceMismatch | Refusal::IssuerMismatch => {
            "audience"
        }
        Refusal::Permissions(_) | Refusal::PermissionsMissing => "permissions",
        Refusal::Revoked | Refusal::UserFrozen => "user",
        _ => "times",
    }
}
