//! Ways to sign in. Each proves an identity and nothing more; what follows from a proof is for [`crate::accounts`].

pub(crate) mod codes;
mod limits;
