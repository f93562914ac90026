//! The SMTP server that a URL names.

use std::net::IpAddr;

use percent_encoding::percent_decode_str;
use url::Url;
use zeroize::Zeroizing;

use crate::MailSetupError;

/// Mail submission, RFC 6409.
const SUBMISSION: u16 = 587;
/// Mail submission over TLS, RFC 8314.
const SUBMISSIONS: u16 = 465;

/// How a conversation is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Protection {
    /// TLS from the first byte.
    Wrapped,
    /// `STARTTLS`, or no mail.
    Required,
    /// `STARTTLS` where it is offered.
    Opportunistic,
    /// In the clear.
    None,
}

/// Where mail goes, and who we say we are. No `Debug`: there is a password inside.
pub(crate) struct Server {
    pub host: String,
    pub port: u16,
    pub protection: Protection,
    pub credentials: Option<Credentials>,
}

pub(crate) struct Credentials {
    pub user: String,
    pub password: Zeroizing<String>,
}

impl Server {
    /// Reads `smtp://[user:password@]host[:port][?tls=required|opportunistic|none]` or `smtps://...`.
    pub fn parse(text: &str) -> Result<Self, MailSetupError> {
        let unusable = MailSetupError::Url;
        let url = Url::parse(text.trim()).map_err(|_| unusable("it cannot be read"))?;
        let host = host_of(&url).ok_or(unusable("it names no host"))?;
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(unusable("there is something behind host and port"));
        }
        let credentials = credentials_of(&url)?;
        let protection = protection_of(&url, credentials.is_some())?;
        let usual = match protection {
            Protection::Wrapped => SUBMISSIONS,
            _ => SUBMISSION,
        };
        Ok(Self {
            host,
            port: url.port().unwrap_or(usual),
            protection,
            credentials,
        })
    }

    /// Host and port, for people.
    pub fn endpoint(&self) -> String {
        let (host, port) = (&self.host, self.port);
        if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }
}

/// Without the brackets of an IPv6 address. A name is plain letters, digits, dots and hyphens.
fn host_of(url: &Url) -> Option<String> {
    let host = url.host_str()?;
    if let Some(inside) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return inside
            .parse::<IpAddr>()
            .ok()
            .map(|address| address.to_string());
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    (!host.is_empty() && host.bytes().all(is_plain)).then(|| host.to_ascii_lowercase())
}

fn credentials_of(url: &Url) -> Result<Option<Credentials>, MailSetupError> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8();
        let text = text.map_err(|_| MailSetupError::Url("user name or password is not UTF-8"))?;
        if text.contains(['\0', '\r', '\n']) {
            return Err(MailSetupError::Url(
                "user name or password has a line break inside",
            ));
        }
        Ok(text.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err(MailSetupError::Url(
            "a user name and a password go together",
        )),
        (user, Some(password)) => Ok(Some(Credentials {
            user: decoded(user)?,
            password: Zeroizing::new(decoded(password)?),
        })),
    }
}

/// With a password TLS is required unless the URL says otherwise, because whoever sits between could take `STARTTLS` away.
fn protection_of(url: &Url, has_password: bool) -> Result<Protection, MailSetupError> {
    let wrapped = match url.scheme() {
        "smtps" => true,
        "smtp" => false,
        _ => {
            return Err(MailSetupError::Url(
                "it does not begin with smtp:// or smtps://",
            ));
        }
    };
    let mut asked = None;
    for (name, value) in url.query_pairs() {
        if name != "tls" || asked.is_some() {
            return Err(MailSetupError::Url("the only parameter is tls, once"));
        }
        asked = Some(match &*value {
            "required" => Protection::Required,
            "opportunistic" => Protection::Opportunistic,
            "none" => Protection::None,
            _ => {
                return Err(MailSetupError::Url(
                    "tls is required, opportunistic or none",
                ));
            }
        });
    }
    match (wrapped, asked) {
        (true, None | Some(Protection::Required)) => Ok(Protection::Wrapped),
        (true, Some(_)) => Err(MailSetupError::Url("smtps:// always uses TLS")),
        (false, Some(Protection::Opportunistic)) if has_password => Err(MailSetupError::Url(
            "a password is sent with tls=required, or with tls=none where nobody listens",
        )),
        (false, Some(asked)) => Ok(asked),
        (false, None) if has_password => Ok(Protection::Required),
        (false, None) => Ok(Protection::Opportunistic),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Server {
        match Server::parse(text) {
            Ok(server) => server,
            Err(error) => panic!("{text}: {error}"),
        }
    }

    #[test]
    fn urls_name_host_port_and_protection() {
        for (text, endpoint, protection) in [
            (
                "smtp://mail.example.com",
                "mail.example.com:587",
                Protection::Opportunistic,
            ),
            (
                "smtp://127.0.0.1:2525",
                "127.0.0.1:2525",
                Protection::Opportunistic,
            ),
            (
                "smtp://[::1]:2525/",
                "[::1]:2525",
                Protection::Opportunistic,
            ),
            (
                "smtp://Mail.Example.COM:25?tls=none",
                "mail.example.com:25",
                Protection::None,
            ),
            (
                "smtp://mail.example.com?tls=required",
                "mail.example.com:587",
                Protection::Required,
            ),
            (
                "smtp://u:p@mail.example.com",
                "mail.example.com:587",
                Protection::Required,
            ),
            (
                "smtp://u:p@mail.example.com?tls=none",
                "mail.example.com:587",
                Protection::None,
            ),
            (
                "smtps://u:p@mail.example.com",
                "mail.example.com:465",
                Protection::Wrapped,
            ),
            (
                "smtps://mail.example.com:2465?tls=required",
                "mail.example.com:2465",
                Protection::Wrapped,
            ),
        ] {
            let server = parse(text);
            assert_eq!(
                (server.endpoint().as_str(), server.protection),
                (endpoint, protection),
                "{text}"
            );
        }
    }

    #[test]
    fn user_names_and_passwords_are_decoded() {
        let server = parse("smtps://apikey%40example.com:p%3Aa%2Fs%25s@mail.example.com");
        let credentials = server
            .credentials
            .map(|both| (both.user, both.password.to_string()));
        assert_eq!(
            credentials,
            Some(("apikey@example.com".to_owned(), "p:a/s%s".to_owned()))
        );
    }

    #[test]
    fn what_is_no_smtp_url_is_refused_without_being_repeated() {
        for text in [
            "",
            "mail.example.com:25",
            "https://user:hunter2@mail.example.com",
            "smtp://",
            "smtp://hunter2@mail.example.com",
            "smtp://:hunter2@mail.example.com",
            "smtp://user:hunter2%0d%0aX@mail.example.com",
            "smtp://mail.example.com/hunter2",
            "smtp://mail.example.com#hunter2",
            "smtp://mail.example.com?tls=maybe",
            "smtp://mail.example.com?password=hunter2",
            "smtp://mail.example.com?tls=none&tls=required",
            "smtps://mail.example.com?tls=none",
            "smtp://user:hunter2@mail.example.com?tls=opportunistic",
            "smtp://mail%20example.com",
            "smtp://mail.example.com:99999",
        ] {
            let Err(error) = Server::parse(text) else {
                panic!("{text} was taken")
            };
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
