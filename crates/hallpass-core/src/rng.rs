use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use hallpass_model::{AuditId, Timestamp};

/// Gives random bytes.
pub trait Rng: Send + Sync + 'static {
    /// Fills the slice with unpredictable bytes.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Rng {
    /// An array of random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// An id for a row of the audit trail.
    #[must_use]
    pub fn audit_id(&self, at: Timestamp) -> AuditId {
        AuditId::from_time_and_random(
            u64::try_from(at.as_micros() / 1000).unwrap_or(0),
            self.bytes(),
        )
    }
}

/// The operating system's generator, through aws-lc.
#[derive(Debug, Default)]
pub struct SystemRng(SystemRandom);

impl SystemRng {
    /// A handle on it.
    #[must_use]
    pub fn new() -> Self {
        Self(SystemRandom::new())
    }
}

impl Rng for SystemRng {
    fn fill(&self, bytes: &mut [u8]) {
        // Ids and keys made from bytes that are not random would be worse than no answer.
        #[expect(
            clippy::expect_used,
            reason = "without randomness nothing here is safe to go on with"
        )]
        self.0
            .fill(bytes)
            .expect("the operating system gives randomness");
    }
}
