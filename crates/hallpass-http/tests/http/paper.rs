//! What the whole suite logs. No test may write a credential, whichever it is.

use std::io;
use std::sync::{Mutex, Once, PoisonError};

use tracing_subscriber::fmt::MakeWriter;

static TEXT: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Paper;

/// Takes down everything that is logged from now on. One subscriber for the process: which of several would see a line
/// depends on the thread that logs first.
pub fn take_down() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_writer(Paper)
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .init();
    });
}

/// Everything so far.
pub fn text() -> String {
    let text = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
    String::from_utf8_lossy(&text).into_owned()
}

impl<'a> MakeWriter<'a> for Paper {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let line = String::from_utf8_lossy(bytes);
        assert!(
            !holds_a_credential(&line),
            "a credential was logged: {line}"
        );
        let mut text = TEXT.lock().unwrap_or_else(PoisonError::into_inner);
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A token, an operator key longer than its hint, a private key, or the header that carries one.
fn holds_a_credential(line: &str) -> bool {
    let key = line.split("hpo_").skip(1).any(|rest| {
        let length = rest.bytes().take_while(u8::is_ascii_alphanumeric).count();
        length > 16
    });
    key || ["eyJ", "PRIVATE KEY", "Bearer "]
        .iter()
        .any(|mark| line.contains(mark))
}
