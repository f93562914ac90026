use hallpass_model::Timestamp;

use super::message::{SignInMessage, authority_of, scheme_of};

/// How far in the future a message may have been issued, in seconds: the clocks of two nodes differ a little.
pub const ISSUED_AT_LEEWAY_SECS: i64 = 60;

/// What a signed message must say; all of it known to the server before the message arrives.
///
/// The nonce is compared here and consumed by the caller: once, before the verification, whatever its outcome.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// Host and port of the page, as in the message that was handed out.
    pub domain: &'a str,
    /// The page's URI, as in the message that was handed out; its host and port must be the domain.
    pub uri: &'a str,
    /// The account, in any spelling that its chain allows.
    pub address: &'a str,
    /// The nonce that was handed out for this attempt.
    pub nonce: &'a str,
    /// The networks that the environment allows.
    pub chain_ids: &'a [&'a str],
    /// A public name of the session that asked, which stands as `Request ID`. It must outlive a change of the session's
    /// secret, and must not be that secret.
    pub session: &'a str,
    /// The time of day.
    pub now: Timestamp,
}

/// What a well-formed message does not fulfil.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unmet {
    /// The page's host or port is another.
    #[error("the message was made for another domain")]
    Domain,
    /// The URI is another.
    #[error("the message was made for another URI")]
    Uri,
    /// The URI does not belong to the domain of the same message.
    #[error("the host and port of the message's URI are not its domain")]
    UriHost,
    /// The account is another.
    #[error("the message names another address")]
    Address,
    /// The nonce is another.
    #[error("the message carries another nonce than the one handed out")]
    Nonce,
    /// The network is not allowed here.
    #[error("the message names a chain id that is not allowed here")]
    ChainId,
    /// The message belongs to another session, or to none.
    #[error("the message was made for another session")]
    Session,
    /// There is no `Expiration Time`.
    #[error("the message has no expiration time")]
    NoExpiry,
    /// The message's time is over.
    #[error("the message has expired")]
    Expired,
    /// `Not Before` is still to come.
    #[error("the message is not valid yet")]
    NotYetValid,
    /// `Issued At` lies in the future.
    #[error("the message was issued in the future")]
    IssuedInFuture,
}

impl Unmet {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Domain => "wrong_domain",
            Self::Uri => "wrong_uri",
            Self::UriHost => "uri_host_mismatch",
            Self::Address => "wrong_address",
            Self::Nonce => "wrong_nonce",
            Self::ChainId => "wrong_chain",
            Self::Session => "wrong_session",
            Self::NoExpiry => "expiry_missing",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
        }
    }
}

impl SignInMessage {
    /// Whether this message says what it must. Texts are compared byte by byte: both sides come from this server.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, expected: &Expected<'_>) -> Result<(), Unmet> {
        self.check_place(expected)?;
        let fields = self.fields();
        let account = fields.chain.account_key(expected.address);
        ensure(
            account.is_some() && account == fields.chain.account_key(&fields.address),
            Unmet::Address,
        )?;
        ensure(fields.nonce == expected.nonce, Unmet::Nonce)?;
        ensure(
            expected.chain_ids.contains(&fields.chain_id.as_str()),
            Unmet::ChainId,
        )?;
        ensure(
            fields.request_id.as_deref() == Some(expected.session),
            Unmet::Session,
        )?;
        self.check_times(expected.now)
    }

    fn check_place(&self, expected: &Expected<'_>) -> Result<(), Unmet> {
        let fields = self.fields();
        ensure(fields.domain == expected.domain, Unmet::Domain)?;
        ensure(
            authority_of(&fields.uri) == Some(fields.domain.as_str()),
            Unmet::UriHost,
        )?;
        let same_scheme =
            fields.scheme.is_none() || fields.scheme.as_deref() == scheme_of(&fields.uri);
        ensure(same_scheme && fields.uri == expected.uri, Unmet::Uri)
    }

    /// Valid from `Not Before` on, and until just before `Expiration Time`.
    fn check_times(&self, now: Timestamp) -> Result<(), Unmet> {
        let fields = self.fields();
        let Some(expiration) = &fields.expiration_time else {
            return Err(Unmet::NoExpiry);
        };
        ensure(now < expiration.timestamp(), Unmet::Expired)?;
        let start = fields.not_before.as_ref();
        ensure(
            start.is_none_or(|start| start.timestamp() <= now),
            Unmet::NotYetValid,
        )?;
        let latest = now.plus_secs(ISSUED_AT_LEEWAY_SECS);
        ensure(
            fields.issued_at.timestamp() <= latest,
            Unmet::IssuedInFuture,
        )
    }
}

fn ensure(holds: bool, otherwise: Unmet) -> Result<(), Unmet> {
    if holds { Ok(()) } else { Err(otherwise) }
}
