//! Digests under which tokens and codes are kept, and the comparison for them.

use aws_lc_rs::{digest, hmac};
use subtle::{Choice, ConstantTimeEq};

/// Names the construction, so that no digest of this crate equals a plain SHA-256 or HMAC of the same input.
const TOKEN_LABEL: &[u8] = b"hallpass-seal token hash 1";
const CODE_LABEL: &[u8] = b"hallpass-seal code hash 1";

/// The SHA-256 under which a token is kept and found: session ids, API keys, ids of one-time links.
///
/// `domain` says what kind of token it is ("session", "secret key"); the same text in two domains has two digests.
/// There is neither salt nor work factor: only for tokens with at least 128 random bits. What people can guess
/// belongs in [`code_hash`].
#[must_use]
pub fn token_hash(domain: &str, token: &str) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(TOKEN_LABEL);
    for part in [domain, token] {
        context.update(&length(part.as_bytes()));
        context.update(part.as_bytes());
    }
    to_array(context.finish().as_ref())
}

/// The HMAC-SHA-256 under which a short code is kept.
///
/// A code of six digits is found from a plain digest in no time; with this one only by who also holds `key`.
/// Put everything into `parts` that the code is bound to (purpose, session, address) and the code itself. Where one
/// part ends is part of the digest: `["ab", "c"]` and `["a", "bc"]` differ.
#[must_use]
pub fn code_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(CODE_LABEL);
    for part in parts {
        context.update(&length(part));
        context.update(part);
    }
    to_array(context.sign().as_ref())
}

/// Whether two byte strings are equal, in a time that depends on the longer length only.
///
/// Neither where they differ nor whether their lengths do ends the comparison early.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    let mut equal: Choice = (a.len() as u64).ct_eq(&(b.len() as u64));
    for place in 0..a.len().max(b.len()) {
        let left = a.get(place).unwrap_or(&0);
        let right = b.get(place).unwrap_or(&0);
        equal &= left.ct_eq(right);
    }
    equal.into()
}

/// SHA-256 (FIPS 180-4) of the parts, one after the other, without separators.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    to_array(context.finish().as_ref())
}

/// Eight bytes, big-endian: what stands before each part, so that parts cannot lend each other bytes.
pub(crate) fn length(part: &[u8]) -> [u8; 8] {
    (part.len() as u64).to_be_bytes()
}

fn to_array(digest: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out.iter_mut().zip(digest) {
        *to = *from;
    }
    out
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;

    use super::*;

    #[test]
    fn the_examples_of_fips_180_come_out() {
        for (parts, digest) in [
            (
                &[][..],
                "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ),
            (
                &[&b"a"[..], b"bc"],
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            (
                &[&b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"[..]],
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
            ),
        ] {
            assert_eq!(HEXLOWER.encode(&sha256(parts)), digest);
        }
    }
}
