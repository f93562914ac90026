//! User tokens as a customer's backend signs them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use hallpass_jose::{ProtectedHeader, SigningKey};

use crate::claims::Size;

/// How long minted tokens live: longer than any run.
const LIFETIME_SECS: u64 = 12 * 3600;

/// A signing key and its name, as the customer's backend holds them.
pub struct Mint {
    key: SigningKey,
    kid: String,
    issued_at: u64,
}

impl Mint {
    pub fn new(key: SigningKey) -> Result<Self> {
        #[expect(
            clippy::disallowed_methods,
            reason = "tokens are compared with the machine's clock by the real core"
        )]
        let issued_at = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        Ok(Self {
            kid: key.verifying_key().thumbprint(),
            key,
            issued_at,
        })
    }

    pub fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The token of one user.
    pub fn token(&self, size: Size, user: usize) -> Result<String> {
        let payload = format!(
            r#"{{"sub":"user-{user:06}","iat":{},"exp":{},"{}":{}}}"#,
            self.issued_at,
            self.issued_at + LIFETIME_SECS,
            hallpass_permissions::CLAIM,
            size.claim(),
        );
        let header = ProtectedHeader {
            kid: Some(&self.kid),
            typ: Some("JWT"),
        };
        Ok(self.key.sign(&header, payload.as_bytes())?)
    }

    /// Tokens of `count` users, in no particular order, handed over one by one: signing uses every core.
    pub fn each_token(
        &self,
        size: Size,
        count: usize,
        mut take: impl FnMut(String) -> Result<()>,
    ) -> Result<()> {
        let next = AtomicUsize::new(0);
        let workers = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let (give, tokens) = mpsc::sync_channel(64);
            for _ in 0..workers {
                let (give, next) = (give.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let user = next.fetch_add(1, Ordering::Relaxed);
                        // The other end is gone when `take` failed: then nobody waits for more.
                        if user >= count || give.send(self.token(size, user)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(give);
            tokens.into_iter().try_for_each(|token| take(token?))
        })
    }
}
