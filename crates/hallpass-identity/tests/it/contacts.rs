//! E-mail addresses and phone numbers.

use hallpass_identity::contact::{
    EmailAddress, EmailError, MAX_EMAIL_BYTES, PhoneError, PhoneNumber,
};

#[test]
fn email_the_domain_is_small_and_the_account_wholly() {
    let address = EmailAddress::parse("Ada.Lovelace+Test@Mail.EXAMPLE.com").unwrap();
    assert_eq!(address.as_str(), "Ada.Lovelace+Test@mail.example.com");
    assert_eq!(address.account_key(), "ada.lovelace+test@mail.example.com");
}

#[test]
fn email_addresses_that_pass() {
    for text in [
        "a@b.co",
        "o'brien@example.com",
        "x_y-z@sub.example.org",
        "1@2.example",
        "a@xn--bcher-kva.example",
        "!#$%&'*+-/=?^_`{|}~@example.com",
        "ada@a-b.c1",
    ] {
        assert_eq!(EmailAddress::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn email_addresses_that_do_not() {
    for (text, error) in [
        ("", EmailError::NoAt),
        ("ada", EmailError::NoAt),
        ("a@b@example.com", EmailError::NoAt),
        ("\"a@b\"@example.com", EmailError::NoAt),
        ("@example.com", EmailError::Local),
        (".a@example.com", EmailError::Local),
        ("a.@example.com", EmailError::Local),
        ("a..b@example.com", EmailError::Local),
        ("a b@example.com", EmailError::Local),
        (" a@example.com", EmailError::Local),
        ("\"a\"@example.com", EmailError::Local),
        ("a(b)@example.com", EmailError::Local),
        ("<a@example.com>", EmailError::Local),
        ("Ada <a@example.com", EmailError::Local),
        ("a\r\nBcc:b@example.com", EmailError::Local),
        ("a\0@example.com", EmailError::Local),
        ("a,b@example.com", EmailError::Local),
        ("a@example.com\n", EmailError::Domain),
        ("a@example.com ", EmailError::Domain),
        ("a@", EmailError::Domain),
        ("a@localhost", EmailError::Domain),
        ("a@example.com.", EmailError::Domain),
        ("a@.example.com", EmailError::Domain),
        ("a@example..com", EmailError::Domain),
        ("a@-example.com", EmailError::Domain),
        ("a@example-.com", EmailError::Domain),
        ("a@ex_ample.com", EmailError::Domain),
        ("a@127.0.0.1", EmailError::Domain),
        ("a@[127.0.0.1]", EmailError::Domain),
        ("a@example.com, b@example.com", EmailError::NoAt),
        ("ad\u{430}@example.com", EmailError::NotAscii),
        ("a@b\u{fc}cher.example", EmailError::NotAscii),
        ("a\u{200b}@example.com", EmailError::NotAscii),
    ] {
        assert_eq!(EmailAddress::parse(text), Err(error), "{text:?}");
    }
}

#[test]
fn email_bounds() {
    let domain = |length: usize| format!("{}.com", vec!["a".repeat(length); 3].join("."));
    let fits = format!("{}@{}", "a".repeat(64), domain(61));
    assert_eq!(fits.len(), 254);
    assert_eq!(fits.len(), MAX_EMAIL_BYTES);
    assert!(EmailAddress::parse(&fits).is_ok());
    for text in [
        format!("{}@example.com", "a".repeat(65)),
        format!("a{fits}"),
        "a".repeat(10_000_000),
    ] {
        assert_eq!(EmailAddress::parse(&text), Err(EmailError::TooLong));
    }
    let label = format!("a@{}.com", "a".repeat(64));
    assert_eq!(EmailAddress::parse(&label), Err(EmailError::Domain));
}

#[test]
fn email_shown_without_the_person() {
    for (text, shown) in [
        ("ada@example.com", "a***@example.com"),
        ("ab@example.com", "a***@example.com"),
        ("a@example.com", "***@example.com"),
    ] {
        let address = EmailAddress::parse(text).unwrap();
        assert_eq!(address.masked(), shown);
        assert_eq!(format!("{address:?}"), format!("EmailAddress({shown})"));
    }
}

#[test]
fn phone_numbers_have_one_spelling() {
    for text in [
        "+15551234567",
        "+1 555 123 4567",
        "+1 (555) 123-4567",
        "+1.555.123.4567",
    ] {
        assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), "+15551234567");
    }
    for text in ["+6834000", "+123456789012345"] {
        assert_eq!(PhoneNumber::parse(text).unwrap().as_str(), text);
    }
}

#[test]
fn phone_numbers_that_do_not_pass() {
    for (text, error) in [
        ("", PhoneError::NoCountryCode),
        ("15551234567", PhoneError::NoCountryCode),
        ("0015551234567", PhoneError::NoCountryCode),
        (" +15551234567", PhoneError::NoCountryCode),
        ("+05551234567", PhoneError::NoCountryCode),
        ("\u{ff0b}15551234567", PhoneError::NoCountryCode),
        ("+", PhoneError::Length),
        ("+123456", PhoneError::Length),
        ("+1234567890123456", PhoneError::Length),
        ("++15551234567", PhoneError::Malformed),
        ("+1555123456x7", PhoneError::Malformed),
        ("+15551234567;ext=1", PhoneError::Malformed),
        ("+15551234567\n", PhoneError::Malformed),
        ("+1555123456\u{667}", PhoneError::Malformed),
        ("+1555\u{200b}1234567", PhoneError::Malformed),
    ] {
        assert_eq!(PhoneNumber::parse(text), Err(error), "{text:?}");
    }
    let padded = format!("+15551234567{}", " ".repeat(1_000_000));
    assert_eq!(PhoneNumber::parse(&padded), Err(PhoneError::Length));
}

#[test]
fn phone_shown_without_the_person() {
    let number = PhoneNumber::parse("+15551234567").unwrap();
    assert_eq!(number.masked(), "+***67");
    assert_eq!(format!("{number:?}"), "PhoneNumber(+***67)");
}
