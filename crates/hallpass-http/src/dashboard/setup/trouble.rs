//! Why a form was not accepted, said where it was typed.

use hallpass_model::{Error, ErrorKind};
use http::StatusCode;

use crate::Failure;
use crate::failure::sentence;

/// A refusal that whoever sent the form can do something about.
pub(super) struct Trouble {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The member at fault, as the admin API calls it; empty where it is none in particular.
    pub(super) member: String,
    /// Which entry of a list it is, counted from 1.
    entry: Option<usize>,
}

impl Trouble {
    /// # Errors
    /// What no other input would change has a page of its own.
    pub(super) fn of(error: Error) -> Result<Self, Failure> {
        let failure = Failure::from(error);
        let error = failure.error();
        let can_be_mended = match error.kind() {
            ErrorKind::InvalidRequest
            | ErrorKind::Conflict
            | ErrorKind::PreconditionFailed
            | ErrorKind::TooLarge
            | ErrorKind::Unprocessable
            | ErrorKind::TooManyRequests => true,
            ErrorKind::Forbidden => error.code() == "egress_blocked",
            ErrorKind::Unauthenticated
            | ErrorKind::NotFound
            | ErrorKind::Internal
            | ErrorKind::Unavailable => false,
        };
        if !can_be_mended {
            return Err(failure);
        }
        let mut steps = error.pointer().unwrap_or_default().split('/').skip(1);
        let first = steps.next().unwrap_or_default();
        let member = if matches!(first, "settings" | "sign_in") {
            steps.next().unwrap_or_default()
        } else {
            first
        };
        let entry = steps.next().and_then(|step| step.parse::<usize>().ok());
        Ok(Self {
            status: failure.status(),
            code: error.code(),
            message: match error.code() {
                // The service speaks of the header that a program would have sent.
                "idempotency_key_reused" => {
                    "This form was sent before, with something else in it. Please send it again."
                        .to_owned()
                }
                _ => sentence(error.message()),
            },
            member: member.to_owned(),
            entry: entry.map(|index| index + 1),
        })
    }

    pub(super) fn is_conflict(&self) -> bool {
        self.code == "version_changed"
    }

    /// What to say at a field.
    pub(super) fn at(&self, member: &str) -> Option<String> {
        (self.member == member).then(|| match self.entry {
            Some(entry) => format!("Entry {entry}: {}", self.message),
            None => self.message.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_the_field() {
        let at = |pointer: &str| {
            let error = Error::unprocessable("invalid_settings", "wrong").at(pointer);
            Trouble::of(error).unwrap()
        };
        assert_eq!(at("/domain").at("domain").as_deref(), Some("Wrong."));
        assert_eq!(at("/domain").at("url"), None);
        let second = at("/settings/audiences/1").at("audiences");
        assert_eq!(second.as_deref(), Some("Entry 2: Wrong."));
        let origin = at("/sign_in/allowed_origins/0").at("allowed_origins");
        assert_eq!(origin.as_deref(), Some("Entry 1: Wrong."));
        assert_eq!(at("").at("domain"), None);
    }

    #[test]
    fn what_no_input_would_change_is_no_trouble_of_a_form() {
        assert!(Trouble::of(Error::not_found("environment")).is_err());
        assert!(Trouble::of(Error::forbidden("role_insufficient", "no")).is_err());
        assert!(Trouble::of(Error::forbidden("egress_blocked", "no")).is_ok());
    }
}
