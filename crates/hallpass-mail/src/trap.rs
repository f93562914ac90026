use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use hallpass_model::Timestamp;
use uuid::Uuid;

use crate::Mail;

/// Keeps the last mails and texts in memory instead of sending them: for a demo, and for tests. A clone is the same trap.
#[derive(Clone)]
pub struct Trap {
    inner: Arc<Inner>,
}

struct Inner {
    capacity: usize,
    caught: Mutex<VecDeque<Caught>>,
    on_catch: Box<dyn Fn(&Caught) + Send + Sync>,
}

/// A mail, or a text message, that was caught. It has the code in the clear, and is made to be shown.
#[derive(Clone)]
pub struct Caught {
    /// The mail's id.
    pub id: Uuid,
    /// An e-mail address or phone number.
    pub to: String,
    /// The mail's subject; empty for a text message.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The code inside.
    pub code: Option<String>,
    /// When it was sent.
    pub sent_at: Timestamp,
}

impl Trap {
    /// A trap for this many; older ones are forgotten.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self::with_listener(capacity, |_| ())
    }

    /// The same, and whoever listens hears of each one at once.
    #[must_use]
    pub fn with_listener(
        capacity: usize,
        on_catch: impl Fn(&Caught) + Send + Sync + 'static,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                capacity,
                caught: Mutex::default(),
                on_catch: Box::new(on_catch),
            }),
        }
    }

    /// Keeps something, a text message for example.
    pub fn keep(&self, caught: Caught) {
        (self.inner.on_catch)(&caught);
        let mut all = self.all();
        all.push_front(caught);
        all.truncate(self.inner.capacity);
    }

    /// What was caught, newest first.
    #[must_use]
    pub fn list(&self) -> Vec<Caught> {
        self.all().iter().cloned().collect()
    }

    pub(crate) fn catch(&self, mail: &Mail) {
        self.keep(Caught {
            id: mail.id,
            to: mail.to.as_str().to_owned(),
            subject: crate::mail::one_line(&mail.subject),
            text: mail.text.to_string(),
            code: mail.code.as_ref().map(|code| code.to_string()),
            sent_at: mail.sent_at,
        });
    }

    fn all(&self) -> std::sync::MutexGuard<'_, VecDeque<Caught>> {
        self.inner
            .caught
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
