//! Which tokens are let in, rule by rule. Each numbered test is a class of hostile input.

mod claims;
mod keys;
mod support;
mod times;
mod whole;
