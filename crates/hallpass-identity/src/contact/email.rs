use std::fmt;

/// The longest address (RFC 5321 section 4.5.3.1.3, without the angle brackets), in bytes.
pub const MAX_EMAIL_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_DOMAIN_BYTES: usize = 253;
const MAX_LABEL_BYTES: usize = 63;

/// Why a text is no e-mail address that we write to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// More than [`MAX_EMAIL_BYTES`], or a part of it over its own bound.
    #[error("the e-mail address is too long")]
    TooLong,
    /// Letters outside ASCII: a domain is written in its `xn--` form; others are not supported.
    #[error("the e-mail address has characters outside ASCII; write the domain in its xn-- form")]
    NotAscii,
    /// The part before the `@` is not a run of plain words with single dots between them; quoted ones are not taken.
    #[error("the part of the e-mail address before the @ is malformed")]
    Local,
    /// The part behind the `@` is no host name with at least one dot.
    #[error("the domain of the e-mail address is malformed")]
    Domain,
    /// There is no `@`, or more than one.
    #[error("an e-mail address has exactly one @")]
    NoAt,
}

impl EmailError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "email_too_long",
            Self::NotAscii => "email_not_ascii",
            Self::Local => "email_local_part",
            Self::Domain => "email_domain",
            Self::NoAt => "email_at_sign",
        }
    }
}

/// An e-mail address.
///
/// The rule: mail is sent to the address with its *domain* in small letters and the part before the `@` as the person
/// wrote it, because a host may tell `Ada` from `ada`. Accounts are kept under the *whole* address in small letters,
/// because no person does. Dots and `+tags` are kept in both: they are different mailboxes in general.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress {
    address: String,
}

impl EmailAddress {
    /// Reads an address: a dot-atom (RFC 5321 section 4.1.2), `@`, and a host name.
    ///
    /// # Errors
    /// Anything else, also blanks around it.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > MAX_EMAIL_BYTES {
            return Err(EmailError::TooLong);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::NoAt)?;
        if domain.contains('@') {
            return Err(EmailError::NoAt);
        }
        if local.len() > MAX_LOCAL_BYTES || domain.len() > MAX_DOMAIN_BYTES {
            return Err(EmailError::TooLong);
        }
        if !local.split('.').all(is_word) {
            return Err(EmailError::Local);
        }
        if !is_domain(domain) {
            return Err(EmailError::Domain);
        }
        let domain = domain.to_ascii_lowercase();
        Ok(Self {
            address: format!("{local}@{domain}"),
        })
    }

    /// The address to send to.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The spelling under which an account is kept.
    #[must_use]
    pub fn account_key(&self) -> String {
        self.address.to_ascii_lowercase()
    }

    /// What may be shown and logged: `a***@example.com`, with the same stars for every length.
    #[must_use]
    pub fn masked(&self) -> String {
        let (local, domain) = self.address.split_once('@').unwrap_or(("", ""));
        let first = local.get(..1).filter(|_| local.len() > 1).unwrap_or("");
        format!("{first}***@{domain}")
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EmailAddress({})", self.masked())
    }
}

/// One `atom` of RFC 5322 section 3.2.3.
fn is_word(text: &str) -> bool {
    let is_mark = |byte| b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || is_mark(byte))
}

/// At least two labels of letters, digits and inner hyphens; the last one not a number, so that no IP address passes.
fn is_domain(text: &str) -> bool {
    let last = text.rsplit('.').next().unwrap_or("");
    text.contains('.')
        && text.split('.').all(is_label)
        && !last.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    (1..=MAX_LABEL_BYTES).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
