use std::fmt;

use hallpass_model::Session;
use hallpass_seal::token_hash;
use zeroize::Zeroizing;

use super::DOMAIN;
use crate::api_keys::AppCaller;

/// A client with its session, found by the secret that it presented.
pub struct SessionCaller {
    /// The app that it belongs to.
    pub app: AppCaller,
    /// The session as it is now.
    pub session: Session,
    /// The session was begun for this request.
    pub is_fresh: bool,
    token: Zeroizing<String>,
}

impl SessionCaller {
    pub(super) fn new(app: AppCaller, session: Session, token: Zeroizing<String>) -> Self {
        Self {
            app,
            session,
            is_fresh: false,
            token,
        }
    }

    /// The secret that the client must present from now on.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        token_hash(DOMAIN, &self.token)
    }

    /// Takes over a secret that was exchanged in a transaction.
    pub(crate) fn exchange(&mut self, token: Zeroizing<String>) {
        self.token = token;
        self.session.rotation_due = false;
    }
}

impl fmt::Debug for SessionCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionCaller")
            .field("session", &self.session.id)
            .finish_non_exhaustive()
    }
}
