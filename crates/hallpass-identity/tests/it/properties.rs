//! What holds for every input.

use hallpass_identity::Timestamp;
use hallpass_identity::code::{CodeLength, OneTimeCode};
use hallpass_identity::contact::{EmailAddress, PhoneNumber};
use hallpass_identity::wallet::{
    Chain, MessageFields, MessageTime, PageUri, SignInMessage, authority_of, cosmos, evm,
    scheme_of, solana,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::support::verify;
use crate::support::{
    Signed, address, address_of, chain_id, expected, fields, sign, sign_as, text,
};

fn any_chain() -> impl Strategy<Value = Chain> {
    prop::sample::select(Chain::ALL.to_vec())
}

fn any_time() -> impl Strategy<Value = MessageTime> {
    let moments = -62_167_219_200_000_000_i64..253_402_300_800_000_000;
    let ours = moments.prop_map(|micros| MessageTime::new(Timestamp::from_micros(micros)).unwrap());
    let theirs = "(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T(0[0-9]|1[0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-](0[0-9]|1[0-9]|2[0-3]):[0-5][0-9])";
    prop_oneof![
        ours,
        theirs.prop_map(|text| MessageTime::parse(&text).unwrap())
    ]
}

fn any_uri() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9+.-]{0,5}://[a-z0-9.-]{1,12}(:[0-9]{1,5})?(/[a-zA-Z0-9._~!$&'()*+,;=:@-]{0,8}){0,3}(\\?[a-z0-9=&/?]{0,9})?(#[a-z/?]{0,5})?"
}

fn any_fields() -> impl Strategy<Value = MessageFields> {
    let names = (
        option::of("[a-zA-Z][a-zA-Z0-9+.-]{0,6}"),
        "([a-z0-9:]{1,5}@)?([a-zA-Z0-9._~-]|%[0-9a-fA-F]{2}){1,20}(:[0-9]{0,5})?",
        option::of("[a-zA-Z0-9 ._~:/?#@!$&'()*+,;=\\[\\]-]{1,80}"),
        any_uri(),
        "[0-9]{1,20}",
        "[a-zA-Z0-9]{8,40}",
    );
    let rest = (
        any_time(),
        option::of(any_time()),
        option::of(any_time()),
        option::of("([a-zA-Z0-9._~!$&'()*+,;=:@-]|%[0-9A-F]{2}){0,20}"),
        option::of(vec(any_uri(), 0..4)),
    );
    let seed = prop::array::uniform32(1_u8..);
    (any_chain(), seed, names, rest).prop_map(|(chain, seed, names, rest)| {
        let (scheme, domain, statement, uri, chain_id, nonce) = names;
        let (issued_at, expiration_time, not_before, request_id, resources) = rest;
        let address = address_of(chain, &seed);
        MessageFields {
            scheme,
            statement,
            expiration_time,
            not_before,
            request_id,
            resources,
            ..MessageFields::required(chain, &domain, &address, &uri, &chain_id, &nonce, issued_at)
        }
    })
}

proptest! {
    #[test]
    fn what_is_built_parses_to_the_same(fields in any_fields()) {
        let message = SignInMessage::new(fields).unwrap();
        let text = message.to_string();
        let parsed = SignInMessage::parse(message.fields().chain, &text).unwrap();
        prop_assert_eq!(&parsed, &message);
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn reading_is_total(chain in any_chain(), text in any::<String>()) {
        let _ = SignInMessage::parse(chain, &text);
        let _ = MessageTime::parse(&text);
        let _ = (authority_of(&text), scheme_of(&text), PageUri::parse(&text));
        let _ = (evm::Address::parse(&text), evm::PublicKey::parse(&text));
        let _ = (solana::Address::parse(&text), cosmos::Address::parse(&text));
        let _ = (cosmos::PublicKey::parse(&text), evm::recover(b"", &text));
        let _ = (EmailAddress::parse(&text), PhoneNumber::parse(&text), OneTimeCode::parse(&text));
    }

    /// Near misses: whole lines of a message in any order, and stray text among them.
    #[test]
    fn what_parses_is_written_back_as_it_was(
        chain in any_chain(),
        picks in vec(0..18_usize, 8..16),
        start in 0..10_usize,
        stray in "\\PC{0,5}",
    ) {
        let mut full = fields(chain);
        full.resources = Some(vec!["https://a.example".to_owned()]);
        full.not_before = Some(full.issued_at.clone());
        let text = text(full);
        let mut lines: Vec<&str> = text.split('\n').collect();
        lines.push(&stray);
        let head = lines[..start].iter().copied();
        let tail = picks.iter().filter_map(|pick| lines.get(*pick)).copied();
        let mixed = head.chain(tail).collect::<Vec<_>>().join("\n");
        if let Ok(message) = SignInMessage::parse(chain, &mixed) {
            prop_assert_eq!(message.to_string(), mixed);
        }
    }

    #[test]
    fn any_change_of_one_character_spoils_the_proof(
        chain in any_chain(),
        at in any::<prop::sample::Index>(),
        letter in prop_oneof![prop::char::range(' ', '~'), any::<char>()],
        kind in 0..3_u8,
    ) {
        let good = text(fields(chain));
        let (address, ids) = (address(chain), [chain_id(chain)]);
        let expected = expected(&address, &ids);
        let signed = sign(chain, &good);
        prop_assert_eq!(verify(chain, &good, &signed, &expected), Ok(()));
        let mut letters: Vec<char> = good.chars().collect();
        let at = at.index(letters.len());
        match kind {
            0 => letters[at] = letter,
            1 => letters.insert(at, letter),
            _ => drop(letters.remove(at)),
        }
        let changed: String = letters.into_iter().collect();
        prop_assume!(changed != good);
        prop_assert!(verify(chain, &changed, &signed, &expected).is_err());
    }

    #[test]
    fn any_other_key_is_somebody_else(chain in any_chain(), seed in prop::array::uniform32(1_u8..)) {
        let text = text(fields(chain));
        let (address, ids) = (address(chain), [chain_id(chain)]);
        prop_assume!(address_of(chain, &seed) != address);
        let stranger = sign_as(chain, &seed, &text);
        prop_assert!(verify(chain, &text, &stranger, &expected(&address, &ids)).is_err());
    }

    #[test]
    fn no_text_but_the_signature_is_a_signature(chain in any_chain(), noise in "\\PC{0,140}|0x[0-9a-f]{130}|[A-Za-z0-9+/]{86}==|[1-9A-HJ-NP-Za-km-z]{88}") {
        let text = text(fields(chain));
        let (address, ids) = (address(chain), [chain_id(chain)]);
        let signed = Signed { signature: noise, ..sign(chain, &text) };
        prop_assert!(verify(chain, &text, &signed, &expected(&address, &ids)).is_err());
    }

    #[test]
    fn ethereum_addresses_have_one_checksummed_spelling(bytes in any::<[u8; 20]>(), flips in any::<u64>()) {
        let address = evm::Address::from_bytes(bytes);
        let text = address.to_string();
        prop_assert_eq!(evm::Address::parse_checksummed(&text), Ok(address));
        prop_assert_eq!(evm::Address::parse(&address.account_key()), Ok(address));
        let mixed: String = text.char_indices().map(|(at, c)| {
            if at < 2 || flips >> at & 1 == 0 { c } else if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
        }).collect();
        prop_assert_eq!(evm::Address::parse_checksummed(&mixed).is_ok(), mixed == text);
    }

    #[test]
    fn codes_come_back(random in any::<[u8; 32]>(), nine in any::<bool>()) {
        let length = if nine { CodeLength::Nine } else { CodeLength::Six };
        let code = OneTimeCode::from_random(length, &random).unwrap();
        prop_assert_eq!(code.expose().len(), length.digits());
        let typed = OneTimeCode::parse(&code.expose_grouped()).unwrap();
        prop_assert_eq!(typed.expose(), code.expose());
    }

    #[test]
    fn contacts_are_read_to_a_fixed_point(email in "[a-zA-Z0-9.+_-]{1,12}@[a-zA-Z0-9.-]{1,16}", phone in "\\+[0-9 ().-]{6,20}") {
        if let Ok(address) = EmailAddress::parse(&email) {
            prop_assert_eq!(EmailAddress::parse(address.as_str()).unwrap(), address.clone());
            let key = address.account_key();
            prop_assert_eq!(EmailAddress::parse(&key).unwrap().account_key(), key);
        }
        if let Ok(number) = PhoneNumber::parse(&phone) {
            prop_assert_eq!(PhoneNumber::parse(number.as_str()).unwrap(), number);
        }
    }
}
