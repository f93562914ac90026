//! Other ways to do the same.

pub mod cedar;
pub mod jsonwebtoken;
pub mod walk;
