//! Where a person can be reached, in one spelling for each: e-mail addresses and phone numbers.
//!
//! Both are read strictly: what is not plainly right is refused, never repaired. `Debug` and `masked()` show too little to
//! write to anybody; the address itself comes out by `as_str()` only.

mod email;
mod phone;

pub use email::{EmailAddress, EmailError, MAX_EMAIL_BYTES};
pub use phone::{PhoneError, PhoneNumber};
