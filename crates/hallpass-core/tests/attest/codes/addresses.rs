//! One account for one address, however it is written; and what is no address.

use hallpass_core::Contact;
use hallpass_model::IdentityKind;
use hallpass_testkit::on_both_engines;

use super::support::{ADA, Signing, other_than};

on_both_engines! {
    async fn capital_letters_lead_to_the_same_account(database: Database) {
        let signing = Signing::new(database).await;
        let (_, small) = signing.sign_in(ADA).await;
        for spelling in ["Ada@Example.COM", "ADA@example.com"] {
            let (_, other) = signing.sign_in(spelling).await;
            assert_eq!(other.account.id, small.account.id, "{spelling}");
        }
        // The mail goes where the person wrote; the host may tell one from the other.
        assert_eq!(signing.newest("ADA@example.com").len(), 6);
        let (_, other) = signing.sign_in("ada+shop@example.com").await;
        assert_ne!(other.account.id, small.account.id, "another mailbox");
    }

    async fn limits_see_one_address_in_every_spelling(database: Database) {
        let signing = Signing::new(database).await;
        for spelling in ["ada@example.com", "Ada@example.com", "ADA@EXAMPLE.COM", "ada@Example.com", "aDa@example.com"] {
            let visitor = signing.visitor().await;
            signing.send(&visitor, spelling, "192.0.2.1").await.unwrap();
        }
        let visitor = signing.visitor().await;
        let refused = signing.send(&visitor, "adA@example.com", "192.0.2.1").await;
        assert_eq!(refused.unwrap_err().code(), "RATE_LIMITED");
        assert_eq!(signing.kept(&IdentityKind::Email, ADA).await.len(), 5);
    }

    async fn known_and_unknown_addresses_are_answered_alike(database: Database) {
        let signing = Signing::new(database).await;
        signing.sign_in(ADA).await;
        let mut texts = Vec::new();
        for to in [ADA, "nobody@example.com"] {
            let visitor = signing.visitor().await;
            let sent = signing.send(&visitor, to, "192.0.2.1").await.unwrap();
            assert_eq!(sent.contact.shown(), to);
            let caught = signing.world.post.list().remove(0);
            let code = caught.code.unwrap();
            let grouped = format!("{} {}", &code[..3], &code[3..]);
            let blank = |text: &str| text.replace(&grouped, "CODE").replace(to, "ADDRESS");
            texts.push((blank(&caught.subject), blank(&caught.text)));
            let refused = signing.refused(&visitor, sent.flow, &other_than(&code)).await;
            assert_eq!(refused, "code_wrong");
        }
        assert_eq!(texts[0], texts[1]);
    }
}

#[test]
fn what_could_become_a_header_or_another_person_is_no_address() {
    for address in [
        "ada@example.com\r\nBcc: eve@example.com",
        "ada@example.com\nsubject: hi",
        "ada@example.com\0",
        "ada@example.com, eve@example.com",
        "Ada <ada@example.com>",
        " ada@example.com",
        "ada@example.com ",
        "ada@exаmple.com",
        "аda@example.com",
        "ada@example。com",
        "ada@localhost",
        "ada@127.0.0.1",
        "ada@[127.0.0.1]",
        "@example.com",
        "ada@",
        "ada@@example.com",
        "",
    ] {
        let refused = Contact::email(address).unwrap_err();
        assert_eq!(refused.code(), "INVALID_EMAIL_FORMAT", "{address:?}");
        assert!(!refused.message().contains("eve"), "not repeated");
    }
    for number in [
        "5551234567",
        "+1",
        "+1555\r\n1234567",
        "+1555123456x",
        "+٣٣٣٣٣٣٣٣٣",
        "+0551234567",
        "",
    ] {
        let refused = Contact::phone(number).unwrap_err();
        assert_eq!(refused.code(), "INVALID_PHONE_FORMAT", "{number:?}");
    }
}
