use hallpass_model::Error;
use http::{HeaderMap, Uri, header};

/// What the `Authorization` header offers.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Offered<'a> {
    /// No header, an empty one, or a scheme that is not ours.
    Nothing,
    /// What follows `Bearer`.
    Bearer(&'a str),
    /// One word without a scheme.
    Bare(&'a str),
}

/// Reads the one place where credentials are looked for.
///
/// # Errors
/// 400 `invalid_request` for credentials in the query or two headers (RFC 6750, section 2).
pub(super) fn read<'a>(headers: &'a HeaderMap, uri: &Uri) -> Result<Offered<'a>, Error> {
    if uri
        .query()
        .is_some_and(|query| holds_access_token(query.as_bytes()))
    {
        return Err(elsewhere("the query"));
    }
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(Offered::Nothing);
    };
    if values.next().is_some() {
        return Err(Error::invalid_request(
            "invalid_request",
            "`Authorization` is sent once",
        ));
    }
    let text = value.to_str().map_err(|_| {
        Error::invalid_request(
            "invalid_request",
            "`Authorization` holds characters outside printable ASCII",
        )
    })?;
    Ok(offered(text.trim()))
}

/// The refusal of credentials outside the header.
pub(crate) fn elsewhere(place: &str) -> Error {
    Error::invalid_request(
        "invalid_request",
        format!("`access_token` in {place} is never read: send `Authorization: Bearer`"),
    )
}

/// Whether form-encoded text (a query or a body) has a field `access_token`.
pub(crate) fn holds_access_token(form: &[u8]) -> bool {
    form.split(|byte| *byte == b'&').any(|field| {
        let name = field.split(|byte| *byte == b'=').next().unwrap_or_default();
        decodes_to(name, b"access_token")
    })
}

fn offered(text: &str) -> Offered<'_> {
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => {
            Offered::Bearer(token.trim_start_matches(' '))
        }
        Some(_) => Offered::Nothing,
        None if text.is_empty() || text.eq_ignore_ascii_case("bearer") => Offered::Nothing,
        None => Offered::Bare(text),
    }
}

fn decodes_to(mut encoded: &[u8], expected: &[u8]) -> bool {
    for byte in expected {
        let (decoded, rest) = match encoded {
            [b'%', high, low, rest @ ..] => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => (high * 16 + low, rest),
                _ => return false,
            },
            [byte, rest @ ..] => (*byte, rest),
            [] => return false,
        };
        if decoded != *byte {
            return false;
        }
        encoded = rest;
    }
    encoded.is_empty()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|digit| digit as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_read_in_three_forms() {
        for (text, expected) in [
            ("Bearer a.b.c", Offered::Bearer("a.b.c")),
            ("bEARER  a.b.c", Offered::Bearer("a.b.c")),
            ("a.b.c", Offered::Bare("a.b.c")),
            ("Bearer", Offered::Nothing),
            ("", Offered::Nothing),
            ("Basic dXNlcg==", Offered::Nothing),
            ("DPoP a.b.c", Offered::Nothing),
            ("Bearer a b", Offered::Bearer("a b")),
        ] {
            assert_eq!(offered(text), expected, "{text:?}");
        }
    }

    #[test]
    fn access_token_is_found_however_it_is_written() {
        for form in ["access_token=x", "a=1&access_token", "%61ccess_toke%6E=x"] {
            assert!(holds_access_token(form.as_bytes()), "{form}");
        }
        for form in [
            "",
            "access_tokens=x",
            "a=access_token",
            "xaccess_token=1",
            "%6=1",
        ] {
            assert!(!holds_access_token(form.as_bytes()), "{form}");
        }
    }
}
