//! Row 57 on every chain: what the message says is not what was handed out.

use hallpass_identity::wallet::{Chain, MessageError, MessageFields, MessageTime, SignInMessage};

use crate::support::{NOW, SEED, address, attempt, attempt_text, chain_id, expected, fields};
use crate::support::{sign_as, text, verify};

/// A message with these fields, properly signed, while the server expects the usual ones.
fn each_chain(change: impl Fn(&mut MessageFields)) -> [Result<(), &'static str>; 3] {
    Chain::ALL.map(|chain| {
        let mut fields = fields(chain);
        change(&mut fields);
        attempt(fields, |_| ())
    })
}

fn time(secs: i64) -> MessageTime {
    MessageTime::new(NOW.plus_secs(secs)).unwrap()
}

#[test]
fn row_57_an_undisturbed_exchange_passes() {
    assert_eq!(each_chain(|_| ()), [Ok(()); 3]);
}

#[test]
fn row_57_other_domain() {
    for domain in [
        "evil.example",
        "app.example.com.evil.example",
        "app.example.com:8443",
        "app.example.co",
        "APP.example.com",
        "app.example.com@evil.example",
        "evil@app.example.com",
    ] {
        let results = each_chain(|fields| fields.domain = domain.to_owned());
        assert_eq!(results, [Err("wrong_domain"); 3], "{domain}");
    }
}

#[test]
fn row_57_other_uri_host() {
    for uri in [
        "https://evil.example/login",
        "https://app.example.com:8443/login",
        "https://app.example.com@evil.example/login",
        "https://evil.example/https://app.example.com/login",
        "https://evil.example?https://app.example.com/login",
        "https:app.example.com/login",
        "urn:app.example.com",
    ] {
        let results = each_chain(|fields| fields.uri = uri.to_owned());
        assert_eq!(results, [Err("uri_host_mismatch"); 3], "{uri}");
    }
}

#[test]
fn row_57_a_uri_host_that_is_expected_but_is_not_the_domain() {
    for chain in Chain::ALL {
        let mut fields = fields(chain);
        fields.uri = "https://evil.example/login".to_owned();
        let result = attempt(fields, |expected| {
            expected.uri = "https://evil.example/login";
        });
        assert_eq!(result, Err("uri_host_mismatch"));
    }
}

#[test]
fn row_57_other_uri_of_the_same_host() {
    for uri in [
        "https://app.example.com/",
        "https://app.example.com/login/",
        "https://app.example.com/login?next=1",
        "https://app.example.com/login#top",
        "http://app.example.com/login",
    ] {
        let results = each_chain(|fields| fields.uri = uri.to_owned());
        assert_eq!(results, [Err("wrong_uri"); 3], "{uri}");
    }
    let results = each_chain(|fields| fields.scheme = Some("http".to_owned()));
    assert_eq!(results, [Err("wrong_uri"); 3]);
    let results = each_chain(|fields| fields.scheme = Some("https".to_owned()));
    assert_eq!(results, [Ok(()); 3]);
}

#[test]
fn row_57_other_chain() {
    for chain_id in ["137", "01", "11"] {
        let results = each_chain(|fields| fields.chain_id = chain_id.to_owned());
        assert_eq!(results, [Err("wrong_chain"); 3], "{chain_id}");
    }
}

#[test]
fn row_57_no_chain_is_allowed_when_the_list_is_empty() {
    for chain in Chain::ALL {
        let result = attempt(fields(chain), |expected| expected.chain_ids = &[]);
        assert_eq!(result, Err("wrong_chain"));
    }
}

#[test]
fn row_57_reused_nonce_is_another_nonce() {
    // The caller hands out a fresh nonce for each attempt and consumes it; an old message then carries another one.
    for chain in Chain::ALL {
        let result = attempt(fields(chain), |expected| {
            expected.nonce = "aFre5hN0nce777";
        });
        assert_eq!(result, Err("wrong_nonce"));
        let message = SignInMessage::new(fields(chain)).unwrap();
        assert_eq!(message.fields().nonce, "k3yS0meN0nce42");
    }
}

#[test]
fn row_57_short_nonce() {
    for chain in Chain::ALL {
        for nonce in ["", "k", "k3yS0me"] {
            let mut fields = fields(chain);
            fields.nonce = nonce.to_owned();
            assert_eq!(SignInMessage::new(fields), Err(MessageError::ShortNonce));
            let signed = text(crate::support::fields(chain)).replace("k3yS0meN0nce42", nonce);
            let leak = nonce.to_owned();
            let (address, ids) = (address(chain), [chain_id(chain)]);
            let mut expected = expected(&address, &ids);
            expected.nonce = &leak;
            let proof = sign_as(chain, &SEED, &signed);
            assert_eq!(
                verify(chain, &signed, &proof, &expected),
                Err("nonce_short")
            );
        }
    }
}

#[test]
fn row_57_expired() {
    for (at, outcome) in [
        (599, Ok(())),
        (600, Err("expired")),
        (601, Err("expired")),
        (i64::MAX / 4_000_000, Err("expired")),
    ] {
        for chain in Chain::ALL {
            let result = attempt(fields(chain), |expected| expected.now = NOW.plus_secs(at));
            assert_eq!(result, outcome, "{at} s after");
        }
    }
}

#[test]
fn row_57_without_an_expiry() {
    let results = each_chain(|fields| fields.expiration_time = None);
    assert_eq!(results, [Err("expiry_missing"); 3]);
}

#[test]
fn row_57_not_yet_valid() {
    // The exchange happens 300 s after NOW.
    for (from, outcome) in [(300, Ok(())), (301, Err("not_yet_valid"))] {
        let results = each_chain(|fields| fields.not_before = Some(time(from)));
        assert_eq!(results, [outcome; 3]);
    }
}

#[test]
fn row_57_issued_in_the_future() {
    for (at, outcome) in [(360, Ok(())), (361, Err("issued_in_future"))] {
        let results = each_chain(|fields| fields.issued_at = time(at));
        assert_eq!(results, [outcome; 3]);
    }
}

#[test]
fn row_57_other_session() {
    for session in [Some("session-2"), Some(""), None] {
        let results = each_chain(|fields| fields.request_id = session.map(str::to_owned));
        assert_eq!(results, [Err("wrong_session"); 3], "{session:?}");
    }
}

#[test]
fn row_57_carriage_return_in_the_statement() {
    for chain in Chain::ALL {
        let mut spoilt = fields(chain);
        spoilt.statement = Some("Sign in\r\nto the example app.".to_owned());
        assert!(SignInMessage::new(spoilt).is_err());
        for text in [
            text(fields(chain)).replace("Sign in to", "Sign in\r\nto"),
            text(fields(chain)).replace("app.\n", "app.\r\n"),
            text(fields(chain)).replace('\n', "\r\n"),
            text(fields(chain)) + "\r",
        ] {
            let result = attempt_text(chain, &text, |_| ());
            assert_eq!(result, Err("message_carriage_return"));
        }
    }
}

#[test]
fn row_57_line_feed_in_the_statement() {
    for chain in Chain::ALL {
        let mut spoilt = fields(chain);
        spoilt.statement = Some("Sign in\n\nURI: https://evil.example".to_owned());
        assert!(SignInMessage::new(spoilt).is_err());
        let text = text(fields(chain)).replace("Sign in to", "Sign in\nto");
        let result = attempt_text(chain, &text, |_| ());
        assert_eq!(result, Err("message_empty_line_missing"));
    }
}

#[test]
fn row_57_somebody_elses_signature() {
    for chain in Chain::ALL {
        let text = text(fields(chain));
        let (address, ids) = (address(chain), [chain_id(chain)]);
        let stranger = sign_as(chain, &[7; 32], &text);
        let result = verify(chain, &text, &stranger, &expected(&address, &ids));
        let code = match chain {
            Chain::Cosmos => "public_key_mismatch",
            Chain::Ethereum | Chain::Solana => "wrong_signer",
        };
        assert_eq!(result, Err(code));
    }
}

#[test]
fn row_57_somebody_elses_message() {
    for chain in Chain::ALL {
        let mut fields = fields(chain);
        fields.address = crate::support::address_of(chain, &[7; 32]);
        let text = text(fields);
        let (address, ids) = (address(chain), [chain_id(chain)]);
        let signed = sign_as(chain, &[7; 32], &text);
        let result = verify(chain, &text, &signed, &expected(&address, &ids));
        assert_eq!(result, Err("wrong_address"));
    }
}

#[test]
fn row_57_a_message_for_another_kind_of_wallet() {
    for chain in Chain::ALL {
        for other in Chain::ALL.into_iter().filter(|other| *other != chain) {
            let result = attempt_text(chain, &text(fields(other)), |_| ());
            assert_eq!(result, Err("message_first_line"));
        }
    }
}
