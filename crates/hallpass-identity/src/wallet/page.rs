use super::message::{authority_of, is_uri, scheme_of};

/// Why a text does not name a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PageUriError {
    /// Not an absolute `http` or `https` URI, or too long.
    #[error("the uri is not an absolute http or https URI")]
    Malformed,
    /// A user name, capital letters or percent-encoding in the host, a default or impossible port: a browser writes none
    /// of these, and what is written in two ways cannot be compared.
    #[error("the host and port of the uri are not written as a browser writes them")]
    Authority,
}

impl PageUriError {
    /// A stable word for logs and answers.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed => "uri_malformed",
            Self::Authority => "uri_authority",
        }
    }
}

/// The page that a client says it is. Believed only once its [`PageUri::origin`] is one that the environment allows;
/// then its parts go into the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageUri {
    uri: String,
}

impl PageUri {
    /// Reads a URI as a browser writes it.
    ///
    /// # Errors
    /// Any other spelling: nothing is repaired.
    pub fn parse(text: &str) -> Result<Self, PageUriError> {
        let default_port = match scheme_of(text) {
            Some("http") => "80",
            Some("https") => "443",
            _ => return Err(PageUriError::Malformed),
        };
        if !is_uri(text) {
            return Err(PageUriError::Malformed);
        }
        let authority = authority_of(text).ok_or(PageUriError::Malformed)?;
        if !is_plain(authority, default_port) {
            return Err(PageUriError::Authority);
        }
        Ok(Self {
            uri: text.to_owned(),
        })
    }

    /// The whole text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Host and, if not the default one, port: a message's domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        authority_of(&self.uri).unwrap_or("")
    }

    /// Scheme, host and port, as an `Origin` header has them. Itself a URI, without what a page's query may give away.
    #[must_use]
    pub fn origin(&self) -> &str {
        let scheme = scheme_of(&self.uri).unwrap_or("");
        let end = scheme.len() + "://".len() + self.domain().len();
        self.uri.get(..end).unwrap_or("")
    }
}

fn is_plain(authority: &str, default_port: &str) -> bool {
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let is_port =
        |port: &str| !port.starts_with('0') && port != default_port && port.parse::<u16>().is_ok();
    let is_foreign = |byte: u8| byte.is_ascii_uppercase() || matches!(byte, b'@' | b'%');
    !host.is_empty() && !host.bytes().any(is_foreign) && port.is_none_or(is_port)
}
