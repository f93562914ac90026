//! `clientDataJSON`: what the browser says about the page that asked, which is signed along.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use data_encoding::BASE64URL_NOPAD;
use hallpass_jose::raw;

use super::{Ceremony, PasskeyError};

/// The longest client data that is looked at, in bytes. Browsers may add members; theirs have about 200 bytes.
const MAX_CLIENT_DATA_BYTES: usize = 8 * 1024;

/// Which of the two ceremonies the browser was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Registration,
    SignIn,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Registration => "webauthn.create",
            Self::SignIn => "webauthn.get",
        }
    }
}

/// Checks that the browser answered this ceremony, on this page.
pub(super) fn check(
    client_data: &[u8],
    kind: Kind,
    ceremony: &Ceremony<'_>,
) -> Result<(), PasskeyError> {
    if client_data.len() > MAX_CLIENT_DATA_BYTES {
        return Err(PasskeyError::ClientDataMalformed);
    }
    let json = std::str::from_utf8(client_data).map_err(|_| PasskeyError::ClientDataMalformed)?;
    if text_member(json, "type")? != kind.as_str() {
        return Err(PasskeyError::WrongType);
    }
    let challenge = BASE64URL_NOPAD
        .decode(text_member(json, "challenge")?.as_bytes())
        .map_err(|_| PasskeyError::ClientDataMalformed)?;
    verify_slices_are_equal(&challenge, ceremony.challenge)
        .map_err(|_| PasskeyError::WrongChallenge)?;
    if text_member(json, "origin")? != ceremony.origin {
        return Err(PasskeyError::WrongOrigin);
    }
    check_frame(json, ceremony.framed_by)
}

/// In a frame of another page the browser says so, and newer ones name the page.
fn check_frame(json: &str, framed_by: Option<&str>) -> Result<(), PasskeyError> {
    match raw::member(json, "crossOrigin") {
        None | Some("false") => return Ok(()),
        Some("true") => {}
        Some(_) => return Err(PasskeyError::ClientDataMalformed),
    }
    let framed_by = framed_by.ok_or(PasskeyError::WrongFrame)?;
    match raw::member(json, "topOrigin") {
        None => Ok(()),
        Some(_) if text_member(json, "topOrigin")? == framed_by => Ok(()),
        Some(_) => Err(PasskeyError::WrongFrame),
    }
}

fn text_member(json: &str, name: &str) -> Result<String, PasskeyError> {
    raw::member(json, name)
        .and_then(raw::text)
        .map(|text| text.into_owned())
        .ok_or(PasskeyError::ClientDataMalformed)
}
