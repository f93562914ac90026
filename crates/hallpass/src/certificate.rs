//! A TLS certificate and its key: readable, and belonging together.

use std::path::Path;

use hallpass_model::Timestamp;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// When the leaf certificate of the pair expires.
pub fn read(cert: &Path, key: &Path) -> Result<Timestamp, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect);
    let chain = chain.map_err(|error| format!("{}: {error}", cert.display()))?;
    let private =
        PrivateKeyDer::from_pem_file(key).map_err(|error| format!("{}: {error}", key.display()))?;
    let leaf = chain
        .first()
        .ok_or_else(|| format!("{} holds no certificate", cert.display()))?;
    let expires = not_after(leaf)
        .ok_or_else(|| format!("{}: the certificate's dates cannot be read", cert.display()))?;
    let pair = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, private);
    pair.map_err(|error| {
        format!(
            "{} and {} do not go together: {error}",
            cert.display(),
            key.display()
        )
    })?;
    Ok(expires)
}

/// When each certificate of a file expires; at least one.
pub fn authorities(file: &Path) -> Result<Vec<Timestamp>, String> {
    let name = file.display();
    let each: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
    let each = each.map_err(|error| format!("{name}: {error}"))?;
    if each.is_empty() {
        return Err(format!("{name} holds no PEM certificate"));
    }
    let ends = each.iter().map(|certificate| {
        not_after(certificate)
            .ok_or_else(|| format!("{name} holds something that is no certificate"))
    });
    ends.collect()
}

/// `notAfter` of an X.509 certificate (RFC 5280, section 4.1).
fn not_after(certificate: &[u8]) -> Option<Timestamp> {
    const INTEGER: u8 = 0x02;
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let (_, outer, _) = element(certificate)?;
    let (_, mut rest, _) = element(outer)?;
    let (tag, _, after) = element(rest)?;
    if tag == VERSION {
        rest = after;
    }
    // serialNumber, signature, issuer
    for expected in [INTEGER, SEQUENCE, SEQUENCE] {
        let (tag, _, after) = element(rest)?;
        if tag != expected {
            return None;
        }
        rest = after;
    }
    let (_, validity, _) = element(rest)?;
    let (_, _, after_not_before) = element(validity)?;
    let (tag, time, _) = element(after_not_before)?;
    parse_time(tag, std::str::from_utf8(time).ok()?)
}

/// The first DER element: tag, content, what follows it.
fn element(der: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = der.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count == 0 || count > 4 {
            return None;
        }
        let (bytes, rest) = rest.split_at_checked(count)?;
        (
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | usize::from(*byte)),
            rest,
        )
    };
    let (content, after) = rest.split_at_checked(length)?;
    Some((tag, content, after))
}

/// UTCTime (years 1950-2049) or GeneralizedTime, both in UTC.
fn parse_time(tag: u8, text: &str) -> Option<Timestamp> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let digits = match tag {
        UTC_TIME if text.len() == 13 => format!("{}{text}", if text < "50" { "20" } else { "19" }),
        GENERALIZED_TIME if text.len() == 15 => text.to_owned(),
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| digits.get(range);
    let (date, time) = (part(0..8)?, part(8..14)?);
    let iso = format!(
        "{}-{}-{}T{}:{}:{}Z",
        date.get(0..4)?,
        date.get(4..6)?,
        date.get(6..8)?,
        time.get(0..2)?,
        time.get(2..4)?,
        time.get(4..6)?
    );
    let at: jiff::Timestamp = iso.parse().ok()?;
    Some(Timestamp::from_micros(at.as_microsecond()))
}

#[cfg(test)]
mod tests {
    use hallpass_model::Timestamp;

    use super::parse_time;

    #[test]
    fn both_forms_of_time_are_read() {
        let shown = |tag, text| parse_time(tag, text).map(crate::ui::moment);
        assert_eq!(
            parse_time(0x17, "700101000000Z"),
            Some(Timestamp::from_secs(0))
        );
        assert_eq!(
            shown(0x17, "491231235959Z").as_deref(),
            Some("2049-12-31 23:59:59Z")
        );
        assert_eq!(
            shown(0x18, "20500101000000Z").as_deref(),
            Some("2050-01-01 00:00:00Z")
        );
        for (tag, text) in [
            (0x17, "7001010000Z"),
            (0x18, "2050é101000000"),
            (0x04, "700101000000Z"),
        ] {
            assert_eq!(parse_time(tag, text), None, "{text}");
        }
    }
}
