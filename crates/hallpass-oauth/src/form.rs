//! `application/x-www-form-urlencoded`, with every character escaped that has a meaning anywhere.

/// Names and values as a form's body.
pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        if !text.is_empty() {
            text.push('&');
        }
        escape_into(&mut text, name);
        text.push('=');
        escape_into(&mut text, value);
    }
    text
}

/// One text, as it stands in a form (RFC 6749 section 2.3.1 wants client id and secret like this before they become a password).
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape_into(&mut escaped, text);
    escaped
}

fn escape_into(target: &mut String, text: &str) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            target.push(char::from(byte));
        } else {
            target.push('%');
            for nibble in [byte >> 4, byte & 15] {
                let digit = HEX.get(usize::from(nibble)).copied().unwrap_or(b'0');
                target.push(char::from(digit));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_with_a_meaning_is_escaped() {
        let pairs = [("code", "a b&c=d+e/\u{e9}"), ("empty", "")];
        assert_eq!(encode(&pairs), "code=a%20b%26c%3Dd%2Be%2F%C3%A9&empty=");
        assert_eq!(escape("AZaz09-._~"), "AZaz09-._~");
        assert_eq!(escape("p:\u{0}\n"), "p%3A%00%0A");
    }
}
