//! Ways to prove who one is. Each ends in a proof, from which `accounts` makes a signed-in session.

pub(crate) mod challenge;
pub(crate) mod telegram;
pub(crate) mod wallets;
