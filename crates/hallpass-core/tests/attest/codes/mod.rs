//! One-time codes in mails and text messages.

mod addresses;
mod answers;
mod attacks;
mod crowds;
mod sends;
mod support;
mod texts;
