//! Pages for operators.

pub mod desk;
mod passkeys;
mod seats;
