use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::{Builder, Uuid};

/// The text is not the canonical lower-case 8-4-4-4-12 form of a UUID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected a lower-case UUID such as 0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a")]
pub struct MalformedId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A version 4 id from 16 random bytes. Public clients recognise only versions 0-5.
            #[must_use]
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(Builder::from_random_bytes(bytes).into_uuid())
            }

            /// A version 7 id: sorts by its time. For append-only tables.
            #[must_use]
            pub fn from_time_and_random(unix_millis: u64, bytes: [u8; 10]) -> Self {
                Self(Builder::from_unix_timestamp_millis(unix_millis, &bytes).into_uuid())
            }

            /// The id as a UUID.
            #[must_use]
            pub fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                let id = Uuid::try_parse(text).map_err(|_| MalformedId)?;
                // One spelling per id: `try_parse` also takes braces, URNs and upper case.
                let mut canonical = Uuid::encode_buffer();
                if id.as_hyphenated().encode_lower(&mut canonical) != text {
                    return Err(MalformedId);
                }
                Ok(Self(id))
            }
        }
    )+};
}

ids! {
    /// A product of the operator.
    ProjectId,
    /// An environment of a project. The Connect SDK calls this the project id.
    EnvironmentId,
    /// A connected user within one environment.
    UserId,
    /// A person or program that administers Hallpass.
    OperatorId,
    /// One key of an operator.
    OperatorKeyId,
    /// A passkey of an operator.
    OperatorPasskeyId,
    /// An operator's time at the dashboard (version 7).
    OperatorSessionId,
    /// An identity provider trusted in an environment.
    IdentityProviderId,
    /// A row of the audit trail (version 7).
    AuditId,
    /// A person who signs in at Hallpass itself.
    AccountId,
    /// One way to be an account: an e-mail address, a wallet and so on.
    IdentityId,
    /// A signed-in time, or one that may become so (version 7).
    SessionId,
    /// Something that may be used once: a code, a message to sign and so on.
    ChallengeId,
    /// A passkey of an account.
    PasskeyId,
    /// A wallet that the customer's app provisioned.
    WalletId,
    /// A service that vouches for people at sign-in.
    SignInProviderId,
    /// A publishable or secret key of an environment.
    ApiKeyId,
    /// An address that is told of events.
    WebhookId,
    /// One thing to tell one receiver (version 7).
    DeliveryId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_spelling_parses() {
        let id = EnvironmentId::from_random([0xab; 16]);
        assert_eq!(id.to_string().parse(), Ok(id));
        for other in [
            id.to_string().to_uppercase(),
            format!("{{{id}}}"),
            id.as_uuid().simple().to_string(),
            format!(" {id}"),
            String::new(),
        ] {
            assert_eq!(other.parse::<EnvironmentId>(), Err(MalformedId), "{other}");
        }
    }

    #[test]
    fn random_ids_are_version_4_and_timed_ids_version_7() {
        assert_eq!(
            ProjectId::from_random([255; 16])
                .as_uuid()
                .get_version_num(),
            4
        );
        let id = AuditId::from_time_and_random(1_700_000_000_000, [1; 10]);
        assert_eq!(id.as_uuid().get_version_num(), 7);
    }
}
