use std::sync::Arc;

use hallpass_core::Rng;
use http::HeaderMap;

/// The id that the client or a proxy in front gave, if it is sane, else a new one.
pub(super) fn of(headers: &HeaderMap, rng: &dyn Rng) -> Arc<str> {
    let given = headers
        .get("x-request-id")
        .and_then(|value| value.to_str().ok());
    match given {
        Some(id) if is_sane(id) => id.into(),
        _ => {
            let bytes: [u8; 16] = rng.bytes();
            data_encoding::HEXLOWER.encode(&bytes).into()
        }
    }
}

/// Short, and of characters that no log format or shell gives a meaning to.
fn is_sane(id: &str) -> bool {
    (1..=128).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':'))
}

#[cfg(test)]
mod tests {
    use super::is_sane;

    #[test]
    fn only_plain_ids_are_taken_over() {
        for id in [
            "a",
            "0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a",
            &"x".repeat(128),
        ] {
            assert!(is_sane(id), "{id}");
        }
        for id in ["", "a b", "a\"b", "${jndi:x}", "a\u{e9}", &"x".repeat(129)] {
            assert!(!is_sane(id), "{id}");
        }
    }
}
