//! What each field of a message may hold.

use hallpass_identity::wallet::{
    Chain, Field, MAX_NONCE_CHARS, MAX_URI_BYTES, MessageError, SignInMessage,
};

use crate::grammar_lines::FULL;

/// The result after replacing one part of the text with every field, which must be there.
pub fn with(from: &str, to: &str) -> Result<SignInMessage, MessageError> {
    assert!(FULL.contains(from), "{from}");
    SignInMessage::parse(Chain::Ethereum, &FULL.replacen(from, to, 1))
}

#[test]
fn domains() {
    let first = "https://example.com:3388 wants";
    for domain in [
        "localhost",
        "127.0.0.1:8080",
        "[::1]:80",
        "[2001:db8::1]",
        "user:pw@example.com",
        "a_b.c:",
        "xn--bcher-kva.example",
        "ex%41mple.org",
        "EXAMPLE.com",
        "ftp+x.-1://example.com",
    ] {
        assert!(with(first, &format!("{domain} wants")).is_ok(), "{domain}");
    }
    for domain in [
        "",
        "a b",
        "a/b",
        "a.com/",
        "a.com?x",
        "a.com#x",
        "[::1",
        "::1]",
        "[::g]",
        "[1.2.3.4]",
        "a:80x",
        "a:80:90",
        "b\u{fc}cher.example",
        "a%4",
        "a%4g",
        "a\u{0}b",
        "a\tb",
        "a@b@c",
        "a\\b",
    ] {
        let result = with(first, &format!("{domain} wants"));
        assert_eq!(
            result,
            Err(MessageError::Malformed(Field::Domain)),
            "{domain}"
        );
    }
    for scheme in ["", "1http", "-x", "ht tp", "h\u{e9}"] {
        let result = with(first, &format!("{scheme}://example.com wants"));
        assert_eq!(
            result,
            Err(MessageError::Malformed(Field::Scheme)),
            "{scheme}"
        );
    }
}

#[test]
fn uris() {
    let line = "URI: https://example.com:3388/login?a=1#top";
    for uri in [
        "https://example.com",
        "HTTPS://example.com/",
        "urn:a:b",
        "a:",
        "a:/b",
        "a:b/c",
        "x://h/%20?/?#/?",
        "ipfs://bafy/",
        "did:key:z6Mk",
        "file:///etc",
        "https://[::1]:8080/",
    ] {
        assert!(with(line, &format!("URI: {uri}")).is_ok(), "{uri}");
    }
    for uri in [
        "",
        "_not_a_uri_",
        "//example.com",
        "/path",
        "https//x",
        "1a:b",
        "https://a b",
        "https://a/%",
        "https://a/%zz",
        "https://a#b#c",
        "https://a/\"",
        "https://a/<b>",
        "https://a/{b}",
        "https://a/b\\c",
        "https://a[b/c",
        "https://ex\u{e4}mple.org",
        "https://a/b[c]",
        " https://a",
        "https://a ",
    ] {
        let result = with(line, &format!("URI: {uri}"));
        assert_eq!(result, Err(MessageError::Malformed(Field::Uri)), "{uri}");
        let result = with("- https://example.com/login", &format!("- {uri}"));
        assert_eq!(
            result,
            Err(MessageError::Malformed(Field::Resources)),
            "{uri}"
        );
    }
    let long = format!("https://a/{}", "b".repeat(MAX_URI_BYTES - 10));
    assert!(with(line, &format!("URI: {long}")).is_ok());
    assert!(with(line, &format!("URI: {long}b")).is_err());
}

#[test]
fn statements() {
    let line = "URI: looks like a field, but is a statement";
    let every = "azAZ09 -._~ :/?#[]@ !$&'()*+,;= ";
    assert!(with(line, every).is_ok());
    for statement in [
        "tab\there",
        "\"quoted\"",
        "a%20b",
        "a<b>",
        "a\\b",
        "a`b",
        "a^b",
        "{a}",
        "a|b",
        "Gr\u{fc}\u{df}e",
        "\u{202e}",
        "\u{0}",
    ] {
        let result = with(line, statement);
        assert_eq!(
            result,
            Err(MessageError::Malformed(Field::Statement)),
            "{statement}"
        );
    }
    assert!(
        with(line, "").is_err(),
        "an empty statement is two empty lines too many"
    );
}

#[test]
fn nonces_chains_and_ids() {
    for (nonce, error) in [
        ("1234567", MessageError::ShortNonce),
        ("", MessageError::ShortNonce),
        ("1234-5678", MessageError::Malformed(Field::Nonce)),
        ("12345678 ", MessageError::Malformed(Field::Nonce)),
        ("1234567\u{e9}", MessageError::Malformed(Field::Nonce)),
        (
            &"1".repeat(MAX_NONCE_CHARS + 1),
            MessageError::Malformed(Field::Nonce),
        ),
    ] {
        assert_eq!(with("12341234", nonce), Err(error), "{nonce}");
    }
    assert!(with("12341234", &"a".repeat(MAX_NONCE_CHARS)).is_ok());
    for id in [
        "",
        "?",
        "0x1",
        "-1",
        "1.0",
        "1 ",
        "\u{661}",
        &"1".repeat(65),
    ] {
        let result = with("Chain ID: 1", &format!("Chain ID: {id}"));
        assert_eq!(result, Err(MessageError::Malformed(Field::ChainId)), "{id}");
    }
    for id in ["a b", "a/b", "a?b", "a#b", "%4", "\u{e9}"] {
        let result = with("some_id", id);
        assert_eq!(
            result,
            Err(MessageError::Malformed(Field::RequestId)),
            "{id}"
        );
    }
    assert!(with("some_id", "a:b@c!$%20~").is_ok());
    for version in ["2", "", "01", "1 ", "1.0"] {
        let result = with("Version: 1", &format!("Version: {version}"));
        assert_eq!(result, Err(MessageError::Version), "{version}");
    }
}

#[test]
fn addresses_in_messages() {
    let address = "0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946";
    for (spelling, error) in [
        (
            "0xe5a12547fe4e872d192e3ececb76f2ce1aea4946",
            MessageError::Checksum,
        ),
        (
            "0xE5A12547fe4E872D192E3eCecb76F2Ce1aeA4946",
            MessageError::Checksum,
        ),
        (
            "e5A12547fe4E872D192E3eCecb76F2Ce1aeA4946",
            MessageError::Malformed(Field::Address),
        ),
        (
            "0Xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946",
            MessageError::Malformed(Field::Address),
        ),
        (
            "0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA494",
            MessageError::Malformed(Field::Address),
        ),
        (
            "0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946 ",
            MessageError::Malformed(Field::Address),
        ),
        ("vitalik.eth", MessageError::Malformed(Field::Address)),
        ("", MessageError::Malformed(Field::Address)),
    ] {
        assert_eq!(with(address, spelling), Err(error), "{spelling}");
    }
}
