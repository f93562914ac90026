//! Accounts: people who sign in at Hallpass itself. One is known by its identities, each of which was proven, and no
//! two accounts of an environment share one.

mod link;
mod operators;
mod proof;
mod sign_in;

use std::sync::Arc;

pub(crate) use link::LinkOutcome;
pub use operators::{AccountDetail, AccountPatch};
pub(crate) use proof::{Proof, ProvenWallet};
pub(crate) use sign_in::{Completion, SignInOutcome};

use crate::Shared;

/// Finds, makes and joins accounts by what was proven.
pub struct Accounts {
    pub(crate) shared: Arc<Shared>,
}
