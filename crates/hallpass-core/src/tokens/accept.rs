//! The one way from a token's text to what it grants, for requests and for reports alike: a report is the same walk
//! with notes taken.

use std::sync::Arc;

use hallpass_jose::{Claims, TokenError, UnverifiedToken};
use hallpass_model::{EnvironmentSettings, IssuerKey, ProviderKind, SessionId, Subject, Timestamp};
use hallpass_permissions::Claim;

use super::issued;
use super::providers;
use super::refusal::Refusal;
use super::report::Notes;
use super::rules::{self, Times};
use super::trust::Snapshot;
use crate::identity_providers::TrustedProvider;
use crate::issuer_keys::HeldKey;
use crate::keys::RemoteKey;
use crate::keys::remote::RemoteKeys;
use crate::ledger::KeyUse;

/// A token that passed every rule that needs no database.
pub(crate) struct Accepted {
    pub(crate) sub: Subject,
    pub(crate) times: Times,
    pub(crate) claim: Claim,
    /// When the own key that verified it ends.
    pub(crate) key_ends_at: Option<Timestamp>,
    pub(crate) uses: Option<Arc<KeyUse>>,
    pub(crate) remote_key: Option<Arc<RemoteKey>>,
    /// The session that it was issued in here; the token counts only while that is live.
    pub(crate) session: Option<SessionId>,
}

/// What a good token says.
pub(super) struct Content {
    pub(super) sub: Subject,
    pub(super) times: Times,
    pub(super) claim: Claim,
}

/// Whose rules a token is judged by.
#[derive(Clone, Copy)]
pub(super) enum Origin<'s> {
    /// The environment's own signing keys.
    OwnKeys(&'s Snapshot),
    Provider(&'s Snapshot, &'s TrustedProvider),
    /// The environment's issuer keys: it was issued here.
    Issued(&'s Snapshot, &'s IssuerKey, &'s Arc<HeldKey>),
    /// No environment was named; audience and issuer are not looked at.
    Unknown(&'s EnvironmentSettings),
}

/// Every rule that needs no database.
pub(crate) async fn accept(
    text: &str,
    snapshot: &Snapshot,
    remote: &RemoteKeys,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Accepted, Refusal> {
    let token = UnverifiedToken::parse(text)?;
    let origin = origin_of(&token, snapshot, now)?;
    judge(&token, text, origin, remote, now, notes).await
}

/// The same by one provider's rules, whatever the environment would choose.
pub(super) async fn accept_of(
    provider: &TrustedProvider,
    text: &str,
    snapshot: &Snapshot,
    remote: &RemoteKeys,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Accepted, Refusal> {
    let token = UnverifiedToken::parse(text)?;
    let issuer = token.unverified_text("iss");
    if !provider.issuers.is_empty()
        && !provider
            .issuers
            .iter()
            .any(|own| issuer.as_deref() == Some(own))
    {
        return Err(Refusal::OtherIssuer {
            expected: provider.issuers.join(" or "),
        });
    }
    let origin = Origin::Provider(snapshot, provider);
    judge(&token, text, origin, remote, now, notes).await
}

/// By issuer, byte for byte; by the name of an issuer key; then the own keys; without any, the provider that has no
/// issuer.
fn origin_of<'s>(
    token: &UnverifiedToken<'_>,
    snapshot: &'s Snapshot,
    now: Timestamp,
) -> Result<Origin<'s>, Refusal> {
    let issued = issued::find_key(token, snapshot, now);
    if snapshot.providers.is_empty() {
        return Ok(match issued {
            Some((key, held)) => Origin::Issued(snapshot, key, held),
            None => Origin::OwnKeys(snapshot),
        });
    }
    let issuer = token.unverified_text("iss");
    let by_issuer = |provider: &&TrustedProvider| {
        provider
            .issuers
            .iter()
            .any(|own| issuer.as_deref() == Some(own))
    };
    let mut providers = snapshot.providers.iter();
    let found = match (providers.find(by_issuer), issued) {
        (Some(provider), _) => provider,
        (None, Some((key, held))) => return Ok(Origin::Issued(snapshot, key, held)),
        (None, None) if snapshot.keys.iter().any(|key| key.is_trusted_at(now)) => {
            return Ok(Origin::OwnKeys(snapshot));
        }
        (None, None) => {
            let mut providers = snapshot.providers.iter();
            let without = providers.find(|provider| provider.issuers.is_empty());
            without.ok_or(Refusal::UnknownIssuer)?
        }
    };
    if found.disabled {
        return Err(Refusal::ProviderDisabled);
    }
    Ok(Origin::Provider(snapshot, found))
}

async fn judge(
    token: &UnverifiedToken<'_>,
    text: &str,
    origin: Origin<'_>,
    remote: &RemoteKeys,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Accepted, Refusal> {
    check_form(token, text, origin, notes)?;
    match origin {
        Origin::Provider(_, provider) => {
            notes.good("provider", || {
                let kind = provider.kind.as_str();
                let how = if provider.issuers.is_empty() {
                    "takes every issuer"
                } else {
                    "has its issuer"
                };
                format!("the {kind} provider {} {how}", provider.id)
            });
            let (verified, key) = providers::verify(token, provider, remote).await?;
            notes.good("signature", || {
                let kid = key.kid.as_deref().unwrap_or("without a kid");
                format!("made by the provider's key {kid}")
            });
            let content = check_content(&verified.claims()?, origin, now, notes)?;
            Ok(content.accepted(None, None, Some(key), None))
        }
        Origin::OwnKeys(snapshot) => {
            let (verified, key) = rules::verify(token, snapshot, now)
                .map_err(|refusal| of_no_issuer(token, snapshot, refusal))?;
            notes.good("signature", || {
                format!("made by the signing key {}", key.kid)
            });
            let content = check_content(&verified.claims()?, origin, now, notes)?;
            let uses = Some(Arc::clone(&key.uses));
            Ok(content.accepted(key.ends_at, uses, None, None))
        }
        Origin::Issued(snapshot, key, held) => {
            issued::check_trusted(snapshot)?;
            let verified = token.verify(&held.public)?;
            notes.good("signature", || {
                format!("made by the issuer key {}", key.kid)
            });
            let claims = verified.claims()?;
            let content = check_content(&claims, origin, now, notes)?;
            let session = issued::session(&claims)?;
            Ok(content.accepted(key.published_until, None, None, Some(session)))
        }
        Origin::Unknown(_) => Err(Refusal::NoSigningKey),
    }
}

/// Where there are providers, a token with an issuer that none of them has was most likely meant for one of them.
fn of_no_issuer(token: &UnverifiedToken<'_>, snapshot: &Snapshot, refusal: Refusal) -> Refusal {
    let meant_for_a_provider = !snapshot.providers.is_empty()
        && token
            .unverified_text("iss")
            .is_some_and(|issuer| snapshot.settings.issuer.as_deref() != Some(&*issuer));
    match refusal {
        Refusal::Token(TokenError::SignatureInvalid | TokenError::AlgKeyMismatch)
            if meant_for_a_provider =>
        {
            Refusal::UnknownIssuer
        }
        other => other,
    }
}

/// What can be said before a key is looked for.
pub(super) fn check_form(
    token: &UnverifiedToken<'_>,
    text: &str,
    origin: Origin<'_>,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    match origin {
        Origin::Provider(_, provider) => providers::check_type(token, provider)?,
        Origin::OwnKeys(_) | Origin::Issued(..) | Origin::Unknown(_) => rules::check_type(token)?,
    }
    notes.good("form", || {
        let header = token.header();
        let kid = header.kid.as_deref();
        let kid = kid.map_or_else(|| "no kid".to_owned(), |kid| format!("kid {kid}"));
        format!("compact JWS, {} bytes, {}, {kid}", text.len(), header.alg)
    });
    Ok(())
}

/// What the claims have to say, whoever verified them.
pub(super) fn check_content(
    claims: &Claims<'_>,
    origin: Origin<'_>,
    now: Timestamp,
    notes: &mut Notes,
) -> Result<Content, Refusal> {
    let settings = origin.settings();
    let sub = match origin {
        Origin::Provider(_, provider) => {
            providers::check_kind(claims, provider)?;
            providers::subject(claims, provider)?
        }
        Origin::OwnKeys(_) | Origin::Issued(..) | Origin::Unknown(_) => {
            rules::check_subject(claims)?
        }
    };
    notes.good("subject", || format!("names the user {sub}"));
    let times = rules::check_times(claims, settings, now)?;
    if let Origin::Provider(_, provider) = origin
        && provider.kind == ProviderKind::Firebase
    {
        providers::check_auth_time(claims, settings, now)?;
    }
    notes.good("times", || {
        let (age, left) = (now.as_secs() - times.iat, times.exp - now.as_secs());
        format!(
            "issued {age} s ago, expires in {left} s, leeway {} s",
            settings.leeway_secs
        )
    });
    check_addressing(claims, origin, notes)?;
    let claim = match origin {
        Origin::Provider(_, provider) => providers::parse_permissions(claims, provider, settings)?,
        Origin::OwnKeys(_) | Origin::Issued(..) | Origin::Unknown(_) => {
            rules::parse_permissions(claims, settings)?
        }
    };
    notes.good("permissions", || {
        let found = match origin {
            Origin::Provider(_, provider) => providers::permissions_found(claims, provider),
            Origin::OwnKeys(_) | Origin::Issued(..) | Origin::Unknown(_) => String::new(),
        };
        match claim.grants_count() {
            _ if claim.is_absent() => {
                "no permission claim: everything of this user is allowed".to_owned()
            }
            1 => format!("1 grant{found}"),
            grants => format!("{grants} grants{found}"),
        }
    });
    Ok(Content { sub, times, claim })
}

fn check_addressing(
    claims: &Claims<'_>,
    origin: Origin<'_>,
    notes: &mut Notes,
) -> Result<(), Refusal> {
    let found = match origin {
        Origin::Unknown(_) => return Ok(()),
        Origin::Issued(snapshot, ..) => {
            issued::check_audience(claims, snapshot)?;
            notes.good("audience", || "aud is this environment".to_owned());
            return Ok(());
        }
        Origin::Provider(snapshot, provider) if provider.any_audience => {
            if claims.aud.is_none() && snapshot.settings.require_audience {
                return Err(Refusal::AudienceMissing);
            }
            "any audience is accepted"
        }
        Origin::Provider(_, provider) if !provider.audiences.is_empty() => {
            providers::check_audience(claims, provider)?;
            "aud names an app configured for this provider"
        }
        Origin::Provider(snapshot, _) | Origin::OwnKeys(snapshot) => {
            let of_provider = matches!(origin, Origin::Provider(..));
            rules::check_audience(claims, snapshot).map_err(|refusal| match refusal {
                Refusal::AudienceMismatch if of_provider => Refusal::NoAudiences,
                other => other,
            })?;
            if claims.aud.is_some() {
                "aud names this environment"
            } else {
                "no aud, none required"
            }
        }
    };
    // Where a provider has issuers, they chose it.
    let is_chosen = matches!(origin, Origin::Provider(_, provider) if !provider.issuers.is_empty());
    if !is_chosen {
        rules::check_issuer(claims, origin.settings())?;
    }
    notes.good("audience", || found.to_owned());
    Ok(())
}

impl Origin<'_> {
    fn settings(&self) -> &EnvironmentSettings {
        match self {
            Self::OwnKeys(snapshot) | Self::Provider(snapshot, _) | Self::Issued(snapshot, ..) => {
                &snapshot.settings
            }
            Self::Unknown(settings) => settings,
        }
    }
}

impl Content {
    fn accepted(
        self,
        key_ends_at: Option<Timestamp>,
        uses: Option<Arc<KeyUse>>,
        remote_key: Option<Arc<RemoteKey>>,
        session: Option<SessionId>,
    ) -> Accepted {
        Accepted {
            sub: self.sub,
            times: self.times,
            claim: self.claim,
            key_ends_at,
            uses,
            remote_key,
            session,
        }
    }
}
