//! EIP-4361's own examples, and the order of a message's lines.

use hallpass_identity::wallet::{Chain, MAX_MESSAGE_BYTES, MessageError, SignInMessage};

use crate::grammar_fields::with;

/// The example of the EIP.
const EXAMPLE: &str = "service.org wants you to sign in with your Ethereum account:
0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2

I accept the ServiceOrg Terms of Service: https://service.org/tos

URI: https://service.org/login
Version: 1
Chain ID: 1
Nonce: 32891756
Issued At: 2021-09-30T16:25:24Z
Resources:
- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/
- https://example.com/my-web2-claim.json";

/// Every field.
pub const FULL: &str = "https://example.com:3388 wants you to sign in with your Ethereum account:
0xe5A12547fe4E872D192E3eCecb76F2Ce1aeA4946

URI: looks like a field, but is a statement

URI: https://example.com:3388/login?a=1#top
Version: 1
Chain ID: 1
Nonce: 12341234
Issued At: 2022-03-17T12:45:13.610Z
Expiration Time: 2023-03-17T12:45:13.610Z
Not Before: 2022-03-17T12:45:13.610Z
Request ID: some_id
Resources:
- https://example.com/login";

fn parse(text: &str) -> Result<SignInMessage, MessageError> {
    SignInMessage::parse(Chain::Ethereum, text)
}

fn comes_back(text: &str) {
    assert_eq!(parse(text).unwrap().to_string(), text);
}

#[test]
fn the_example_of_the_eip() {
    comes_back(EXAMPLE);
    let message = parse(EXAMPLE).unwrap();
    let fields = message.fields();
    assert_eq!(fields.scheme, None);
    assert_eq!(fields.domain, "service.org");
    assert_eq!(fields.address, "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2");
    assert_eq!(fields.uri, "https://service.org/login");
    assert_eq!((&*fields.chain_id, &*fields.nonce), ("1", "32891756"));
    assert_eq!(fields.issued_at.timestamp().as_secs(), 1_633_019_124);
    assert_eq!(fields.resources.as_ref().map(Vec::len), Some(2));
    assert_eq!(fields.request_id, None);
}

#[test]
fn every_field_is_read_and_written_back() {
    comes_back(FULL);
    let message = parse(FULL).unwrap();
    let fields = message.fields();
    assert_eq!(fields.scheme.as_deref(), Some("https"));
    assert_eq!(fields.domain, "example.com:3388");
    assert_eq!(
        fields.statement.as_deref(),
        Some("URI: looks like a field, but is a statement")
    );
    assert_eq!(fields.request_id.as_deref(), Some("some_id"));
    assert!(fields.not_before.is_some() && fields.expiration_time.is_some());
}

#[test]
fn what_may_be_absent_may_be_absent() {
    let statement = "URI: looks like a field, but is a statement\n";
    comes_back(&FULL.replacen(statement, "", 1));
    for line in [
        "Expiration Time: 2023-03-17T12:45:13.610Z\n",
        "Not Before: 2022-03-17T12:45:13.610Z\n",
        "Request ID: some_id\n",
        "\nResources:\n- https://example.com/login",
        "\n- https://example.com/login",
        "https://example.com:3388 wants",
    ] {
        let kept = if line.ends_with("wants") {
            "a.b wants"
        } else {
            ""
        };
        assert!(FULL.contains(line));
        comes_back(&FULL.replacen(line, kept, 1));
    }
    comes_back(&FULL.replace("some_id", ""));
}

#[test]
fn lines_out_of_order_or_absent() {
    let lines: Vec<&str> = FULL.split('\n').collect();
    for (absent, _) in lines.iter().enumerate() {
        let rest: Vec<&str> = [&lines[..absent], &lines[absent + 1..]].concat();
        // Without it a message is still whole: the statement, an optional line, and the only resource.
        let is_optional = [3, 10, 11, 12, 14].contains(&absent);
        assert_eq!(
            parse(&rest.join("\n")).is_ok(),
            is_optional,
            "line {absent}"
        );
    }
    for first in 0..lines.len() - 1 {
        let mut swapped = lines.clone();
        swapped.swap(first, first + 1);
        assert!(
            parse(&swapped.join("\n")).is_err(),
            "lines {first} and the next"
        );
    }
    for at in 0..lines.len() {
        let mut doubled = lines.clone();
        doubled.insert(at, lines[at]);
        // A resource may be listed twice.
        assert_eq!(
            parse(&doubled.join("\n")).is_ok(),
            at == 14,
            "line {at} twice"
        );
    }
}

#[test]
fn labels_and_ends_are_exact() {
    for (from, to) in [
        ("URI: https", "uri: https"),
        ("Nonce: ", "Nonce:"),
        ("Nonce: ", "Nonce:  "),
        ("Nonce: ", " Nonce: "),
        ("Ethereum", "ethereum"),
        ("account:", "account"),
        (" wants you", "  wants you"),
        ("Resources:", "Resources: "),
        ("- https", "-https"),
        ("- https", "* https"),
    ] {
        assert!(with(from, to).is_err(), "{to:?}");
    }
    for end in ["\n", " ", "\n\n", "\nmore", "\0"] {
        assert!(parse(&format!("{FULL}{end}")).is_err(), "{end:?}");
        assert!(parse(&format!("{EXAMPLE}{end}")).is_err(), "{end:?}");
    }
    for start in ["\n", " ", "\u{feff}", "\u{19}Ethereum Signed Message:\n"] {
        assert!(parse(&format!("{start}{FULL}")).is_err(), "{start:?}");
    }
    assert_eq!(parse(""), Err(MessageError::FirstLine));
}

#[test]
fn length_is_bounded() {
    let resources = "\n- https://example.com/login".repeat(MAX_MESSAGE_BYTES / 28 + 1);
    assert_eq!(
        parse(&format!("{FULL}{resources}")),
        Err(MessageError::TooLong)
    );
    let mut fields = parse(FULL).unwrap().fields().clone();
    fields.resources = Some(vec!["https://example.com/login".to_owned(); 400]);
    assert_eq!(SignInMessage::new(fields), Err(MessageError::TooLong));
    assert_eq!(parse(&"a".repeat(10_000_000)), Err(MessageError::TooLong));
}
