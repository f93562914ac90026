use hallpass_jose::{ClaimError, TokenError};
use hallpass_model::{Error, MalformedSubject};
use hallpass_permissions::Fault;
use serde_json::json;

use crate::keys::NoKeys;

/// Why a token is not accepted here. Its code is what clients, metrics and reports name it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    Token(TokenError),
    Claim(ClaimError),
    WrongType,
    NoSigningKey,
    MissingClaim(&'static str),
    Subject(MalformedSubject),
    ExpiresBeforeIssue,
    StartsAfterEnd,
    Expired {
        secs_ago: i64,
    },
    NotYetValid {
        in_secs: i64,
    },
    IssuedInFuture {
        in_secs: i64,
    },
    LivesTooLong {
        max_secs: u32,
    },
    AudienceMissing,
    AudienceMismatch,
    IssuerMismatch,
    Permissions(Fault),
    PermissionsMissing,
    Revoked,
    UserFrozen,
    /// The session that the token was issued in is over, or no longer its user's.
    SessionEnded,
    /// No provider has the token's issuer, and no key of the environment's own made the signature.
    UnknownIssuer,
    ProviderDisabled,
    KeysUnavailable {
        why: &'static str,
        retry_after_secs: u64,
    },
    UnknownKey,
    /// No `kid`, and not exactly one key that could be meant.
    KidNeeded {
        eligible: usize,
    },
    /// Another kind of token, by what its header or payload says.
    OtherKind(&'static str),
    ProviderAudience,
    /// The claim that names the user, where that is not `sub`.
    User {
        pointer: String,
        fault: UserFault,
    },
    AuthTime(&'static str),
    Roles {
        pointer: String,
    },
    PermissionsAmbiguous {
        pointer: String,
    },
    /// Permissions that stand elsewhere than under the claim's own name.
    PermissionsAt {
        pointer: String,
        fault: Fault,
    },
    PermissionsMissingAt {
        pointer: String,
    },
    /// The key that `kid` names is not for the token's algorithm at this provider.
    ProviderAlgorithm,
    /// In a test of one provider: the token is of another issuer.
    OtherIssuer {
        expected: String,
    },
    /// The provider names no audiences, and `aud` does not name the environment.
    NoAudiences,
}

/// What is wrong with the claim that names the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UserFault {
    Missing,
    NoText,
    TooLongForFirebase,
    Malformed(MalformedSubject),
}

impl Refusal {
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Claim(error) => error.code(),
            Self::WrongType | Self::OtherKind(_) => "wrong_type",
            Self::NoSigningKey => "no_signing_key",
            Self::MissingClaim(_)
            | Self::User {
                fault: UserFault::Missing,
                ..
            } => "claim_missing",
            Self::Subject(_)
            | Self::ExpiresBeforeIssue
            | Self::StartsAfterEnd
            | Self::User { .. }
            | Self::AuthTime(_)
            | Self::Roles { .. } => "claim_malformed",
            Self::Expired { .. } => "token_expired",
            Self::NotYetValid { .. } => "token_not_yet_valid",
            Self::IssuedInFuture { .. } => "iat_in_future",
            Self::LivesTooLong { .. } => "lifetime_too_long",
            Self::AudienceMissing
            | Self::AudienceMismatch
            | Self::ProviderAudience
            | Self::NoAudiences => "aud_mismatch",
            Self::IssuerMismatch | Self::UnknownIssuer | Self::OtherIssuer { .. } => "iss_mismatch",
            Self::ProviderAlgorithm => TokenError::AlgKeyMismatch.code(),
            Self::ProviderDisabled => "issuer_disabled",
            Self::KeysUnavailable { .. } => "keys_unavailable",
            Self::UnknownKey | Self::KidNeeded { .. } => "unknown_key",
            Self::PermissionsAmbiguous { .. } => "permission_claim_ambiguous",
            Self::Permissions(_) | Self::PermissionsAt { .. } => "permission_claim_malformed",
            Self::PermissionsMissing | Self::PermissionsMissingAt { .. } => {
                "permission_claim_missing"
            }
            Self::Revoked => "token_revoked",
            Self::UserFrozen => "user_frozen",
            Self::SessionEnded => "session_ended",
        }
    }

    /// What is wrong and what to do; holds nothing of the token but numbers.
    pub(crate) fn message(&self) -> String {
        match self {
            Self::Token(error) => error.to_string(),
            Self::Claim(error) => error.to_string(),
            Self::WrongType => {
                "the header's typ names another kind of token; use \"JWT\" or leave it out".into()
            }
            Self::NoSigningKey => {
                "this environment has no signing key yet; generate or import one and sign with it, or add the identity provider that signs"
                    .into()
            }
            Self::MissingClaim("auth_time") => {
                "the claim auth_time is missing; ID tokens of Firebase have it".into()
            }
            Self::MissingClaim(name) => {
                format!("the claim {name} is missing; a user token needs sub, iat and exp")
            }
            Self::Subject(error) => format!("the claim sub cannot name a user: {error}"),
            Self::ExpiresBeforeIssue => {
                "exp is not after iat; both are seconds since 1970, not milliseconds".into()
            }
            Self::StartsAfterEnd => "nbf is after exp, so the token is never valid".into(),
            Self::Expired { secs_ago } => {
                format!("the token expired {secs_ago} s ago; get a new one")
            }
            Self::NotYetValid { in_secs } => {
                format!("the token is valid from nbf on, {in_secs} s from now")
            }
            Self::IssuedInFuture { in_secs } => {
                format!(
                    "iat is {in_secs} s ahead of our clock; check the signing machine's clock, and that iat is in seconds"
                )
            }
            Self::LivesTooLong { max_secs } => {
                format!("exp is more than {max_secs} s after iat, the longest allowed here")
            }
            Self::AudienceMissing => "the claim aud is required here".into(),
            Self::AudienceMismatch => "aud names another environment or service".into(),
            Self::ProviderAudience => {
                "aud names none of the audiences configured for this identity provider; was the token made for another app?".into()
            }
            Self::IssuerMismatch => "iss is not the expected issuer; the two are compared to the last slash".into(),
            Self::Permissions(fault) => fault.to_string(),
            Self::PermissionsMissing => "this environment requires the permission claim".into(),
            Self::Revoked => {
                "tokens issued to this user up to then were revoked; get a new one".into()
            }
            Self::UserFrozen => "this user is frozen".into(),
            Self::SessionEnded => {
                "the session that this token was issued in has ended; sign in again".into()
            }
            Self::UnknownIssuer => {
                "iss is the issuer of none of this environment's identity providers, compared to the last slash, and no signing key of its own made the signature".into()
            }
            Self::ProviderDisabled => "the identity provider of this issuer is disabled here".into(),
            Self::KeysUnavailable { why, .. } => {
                format!("the identity provider's keys cannot be fetched now ({why}); the token was not judged, try again")
            }
            Self::UnknownKey => {
                "the identity provider publishes no key with this kid, or withdrew it; sign in again".into()
            }
            Self::KidNeeded { eligible } => {
                format!("the header has no kid, and {eligible} of the identity provider's keys could be meant; it takes exactly one")
            }
            Self::OtherKind(what) => (*what).into(),
            Self::User { fault, .. } => match fault {
                UserFault::Missing => {
                    "the claim that names the user at this identity provider is missing".into()
                }
                UserFault::NoText => {
                    "the claim that names the user at this identity provider must be a string".into()
                }
                UserFault::TooLongForFirebase => {
                    "sub is longer than the 128 bytes that Firebase allows".into()
                }
                UserFault::Malformed(error) => format!(
                    "the claim that names the user at this identity provider cannot do so: {error}"
                ),
            },
            Self::PermissionsAt { fault, .. } => format!(
                "the permissions at the place configured for this identity provider are malformed: {}",
                fault.kind
            ),
            Self::PermissionsMissingAt { .. } => {
                "this environment requires permissions, and the token has none at the place configured for its identity provider".into()
            }
            Self::ProviderAlgorithm => {
                "the key of this kid is for another algorithm, or the identity provider's settings do not list the token's".into()
            }
            Self::OtherIssuer { expected } => {
                format!("iss is not {expected}; the two are compared to the last slash")
            }
            Self::NoAudiences => {
                "aud is not this environment's, and the identity provider's settings name no other; name the app that the token is for as audience".into()
            }
            Self::AuthTime(what) => (*what).into(),
            Self::Roles { .. } => "roles are a string or an array of at most 256 strings".into(),
            Self::PermissionsAmbiguous { .. } => {
                "the token carries permissions under the claim's own name and in the place configured for this identity provider; it may use one of them".into()
            }
        }
    }

    /// The claim or header member at fault, as a pointer into the payload.
    pub(crate) fn pointer(&self) -> Option<String> {
        let claim = match self {
            Self::Claim(error) => error.claim(),
            Self::MissingClaim(name) => name,
            Self::Subject(_) => "sub",
            Self::ExpiresBeforeIssue | Self::Expired { .. } | Self::LivesTooLong { .. } => "exp",
            Self::StartsAfterEnd | Self::NotYetValid { .. } => "nbf",
            Self::IssuedInFuture { .. } | Self::Revoked => "iat",
            Self::AudienceMissing
            | Self::AudienceMismatch
            | Self::ProviderAudience
            | Self::NoAudiences => "aud",
            Self::IssuerMismatch
            | Self::UnknownIssuer
            | Self::OtherIssuer { .. }
            | Self::ProviderDisabled => "iss",
            Self::AuthTime(_) => "auth_time",
            Self::User { pointer, .. }
            | Self::Roles { pointer }
            | Self::PermissionsAmbiguous { pointer }
            | Self::PermissionsAt { pointer, .. }
            | Self::PermissionsMissingAt { pointer } => return Some(pointer.clone()),
            Self::Permissions(fault) => return Some(fault.pointer.clone()),
            _ => return None,
        };
        Some(format!("/{claim}"))
    }
}

impl From<NoKeys> for Refusal {
    fn from(no_keys: NoKeys) -> Self {
        Self::KeysUnavailable {
            why: no_keys.why,
            retry_after_secs: no_keys.retry_after_secs,
        }
    }
}

impl From<TokenError> for Refusal {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<ClaimError> for Refusal {
    fn from(error: ClaimError) -> Self {
        Self::Claim(error)
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let (code, message) = (refusal.code(), refusal.message());
        let error = match &refusal {
            Refusal::UserFrozen => Self::forbidden(code, message),
            Refusal::KeysUnavailable {
                retry_after_secs, ..
            } => Self::unavailable(code, message).retry_after(*retry_after_secs),
            _ => Self::unauthenticated(code, message),
        };
        match refusal.pointer() {
            Some(pointer) => error.with_meta(json!({ "pointer": pointer })).at(pointer),
            None => error,
        }
    }
}
