//! RSA pairs that the tests of one process share, because making one takes longer than most tests.

use std::cell::Cell;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use hallpass_jose::SigningKey;

static POOL: Mutex<Vec<Arc<SigningKey>>> = Mutex::new(Vec::new());

thread_local! {
    /// How many this thread was given. The harness runs each test on a thread of its own.
    static GIVEN: Cell<usize> = const { Cell::new(0) };
}

/// A pair with 2048 bits that this test has not had yet.
pub(crate) fn next_rsa() -> Arc<SigningKey> {
    if !is_of_one_test() {
        return Arc::new(generate());
    }
    let index = GIVEN.replace(GIVEN.get() + 1);
    loop {
        if let Some(key) = pool(|keys| keys.get(index).cloned()) {
            return key;
        }
        let made = Arc::new(generate());
        pool(|keys| keys.push(made));
    }
}

/// A test's other threads, such as a runtime's workers, would begin to count anew: the same pair twice in one test.
fn is_of_one_test() -> bool {
    let thread = thread::current();
    thread.name().is_some_and(|name| !name.starts_with("tokio"))
}

fn pool<T>(look: impl FnOnce(&mut Vec<Arc<SigningKey>>) -> T) -> T {
    look(&mut POOL.lock().unwrap_or_else(PoisonError::into_inner))
}

fn generate() -> SigningKey {
    SigningKey::generate_rsa(2048).expect("the backend makes a key")
}
