//! What a visit to a provider keeps, and what it does not.

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::{Challenge, ChallengeId, EnvironmentId, Error, Result, SessionId};
use hallpass_oauth::Verifier;
use hallpass_seal::token_hash;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::sign_in::PageBrowser;

const ENVIRONMENT_BYTES: usize = 16;
const RANDOM_BYTES: usize = 32;
/// Keeps digests of states apart from those of other tokens.
const DOMAIN: &str = "oauth state";

/// What is kept of a flow; none of it completes one.
#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    /// The provider's word in paths.
    pub(super) provider: String,
    pub(super) redirect_uri: String,
    /// Names the browser.
    pub(super) browser: String,
    /// The publishable key of the app that asks.
    pub(super) key: String,
    pub(super) origin: Option<String>,
    pub(super) link: Option<ChallengeId>,
}

impl Flow {
    pub(super) fn read(challenge: &Challenge) -> Result<Self> {
        serde_json::from_value(challenge.state.clone()).map_err(Error::internal)
    }
}

/// The text that comes back with the callback: the environment, in the clear, and 256 random bits.
pub(super) struct State {
    text: String,
    environment: EnvironmentId,
}

impl State {
    pub(super) fn new(environment: EnvironmentId, random: [u8; RANDOM_BYTES]) -> Self {
        let mut bytes = environment.as_uuid().as_bytes().to_vec();
        bytes.extend_from_slice(&random);
        Self {
            text: BASE64URL_NOPAD.encode(&bytes),
            environment,
        }
    }

    /// `None` for what is none of ours.
    pub(super) fn read(text: &str) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
        if bytes.len() != ENVIRONMENT_BYTES + RANDOM_BYTES {
            return None;
        }
        let environment = Uuid::from_slice(bytes.get(..ENVIRONMENT_BYTES)?).ok()?;
        Some(Self {
            text: text.to_owned(),
            environment: environment.to_string().parse().ok()?,
        })
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn environment(&self) -> EnvironmentId {
        self.environment
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        token_hash(DOMAIN, &self.text)
    }
}

/// What only the browser that began can bring.
pub(super) struct Secrets {
    pub(super) verifier: Verifier,
    pub(super) nonce: String,
}

/// Made from the browser's own secret, which is in its cookie and nowhere else.
pub(super) fn secrets(browser: &PageBrowser, session: SessionId, state: &State) -> Secrets {
    let derived = |what: &str| browser.digest(&format!("oauth {what} {}", state.text()), session);
    Secrets {
        verifier: Verifier::from_random(derived("verifier")),
        nonce: BASE64URL_NOPAD.encode(&derived("nonce")),
    }
}

pub(super) fn browser_digest(browser: &PageBrowser, session: SessionId) -> String {
    BASE64URL_NOPAD.encode(&browser.digest("oauth browser", session))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

    #[test]
    fn a_state_is_read_back_and_nothing_else_is_one() {
        let environment = EnvironmentId::from_random([3; 16]);
        let state = State::new(environment, [7; 32]);
        let back = State::read(state.text()).unwrap();
        assert_eq!(back.environment(), environment);
        assert_eq!(back.digest(), state.digest());
        let long = format!("{}A", state.text());
        for other in ["", "x", &state.text()[1..], &long, "%", &"A".repeat(60)] {
            assert!(State::read(other).is_none(), "{other}");
        }
    }

    #[test]
    fn row_40_a_verifier_is_of_one_flow_and_one_browser() {
        let rng = SystemRng::new();
        let browser = || PageBrowser::known_by(None, &rng);
        let (one, other) = (browser(), browser());
        let session = SessionId::from_random([1; 16]);
        let environment = EnvironmentId::from_random([3; 16]);
        let (first, second) = (
            State::new(environment, [7; 32]),
            State::new(environment, [8; 32]),
        );
        let of = |browser, session, state| {
            let secrets = secrets(browser, session, state);
            (secrets.verifier.expose().to_owned(), secrets.nonce)
        };
        let whole = of(&one, session, &first);
        assert_eq!(whole, of(&one, session, &first));
        assert_ne!(whole.0, whole.1);
        for elsewhere in [
            of(&other, session, &first),
            of(&one, session, &second),
            of(&one, SessionId::from_random([2; 16]), &first),
        ] {
            assert_ne!(whole.0, elsewhere.0);
            assert_ne!(whole.1, elsewhere.1);
        }
    }
}
