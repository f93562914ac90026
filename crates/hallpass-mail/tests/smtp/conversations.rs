//! Conversations in the clear.

use hallpass_mail::{EmailAddress, Mail, MailError, Mailer, Trap};
use hallpass_model::Timestamp;
use uuid::Uuid;

use crate::server::{Manners, Server};

pub fn mail(to: &str) -> Mail {
    Mail {
        id: Uuid::from_u128(7),
        sent_at: Timestamp::from_secs(1_767_225_600),
        to: EmailAddress::parse(to).unwrap(),
        subject: "Your code".to_owned(),
        text: ".a line that begins with a dot\n.\n123 456\n"
            .to_owned()
            .into(),
        html: "<p>123 456</p>".to_owned().into(),
        code: Some("123456".to_owned().into()),
    }
}

pub fn mailer(url: &str) -> Mailer {
    Mailer::smtp(url, "Acme <no-reply@acme.example>", b"").unwrap()
}

#[tokio::test]
async fn a_mail_arrives_whole() {
    let server = Server::polite().await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    mailer.send(&mail("Ada@example.com")).await.unwrap();
    let heard = server.heard();
    let commands: Vec<&str> = heard.iter().take(4).map(String::as_str).collect();
    assert_eq!(
        commands,
        [
            "EHLO acme.example",
            "MAIL FROM:<no-reply@acme.example>",
            "RCPT TO:<Ada@example.com>",
            "DATA"
        ]
    );
    let message = server.message();
    assert!(
        message.contains("From: Acme <no-reply@acme.example>\r\n"),
        "{message}"
    );
    assert!(
        message.contains("\r\n.a line that begins with a dot\r\n.\r\n123 456\r\n"),
        "{message}"
    );
    assert_eq!(heard.last().map(String::as_str), Some("QUIT"));
}

#[tokio::test]
async fn a_dot_in_the_text_ends_nothing() {
    let server = Server::polite().await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    let mut smuggler = mail("ada@example.com");
    smuggler.text = "hello\r\n.\r\nMAIL FROM:<eve@example.com>\r\nRCPT TO:<bob@example.com>\n"
        .to_owned()
        .into();
    mailer.send(&smuggler).await.unwrap();
    let heard = server.heard();
    let senders = heard
        .iter()
        .filter(|line| line.starts_with("RCPT TO:"))
        .count();
    // Inside the message it is text; as a command it was said once.
    assert!(server.message().contains("RCPT TO:<bob@example.com>"));
    assert_eq!(senders, 2);
    let dots = heard.iter().filter(|line| *line == ".").count();
    assert_eq!(dots, 1, "the dot inside was doubled");
}

#[tokio::test]
async fn a_refusal_has_its_status_and_no_word_of_the_server() {
    let refusals = [
        (
            "RCPT",
            "550 5.1.1 <ada@example.com> unknown, hunter2",
            "550 5.1.1",
            true,
        ),
        ("RCPT", "451 4.3.0 later", "451 4.3.0", false),
        ("MAIL", "552 too much ada@example.com", "552", true),
        (".", "554 5.7.1 spam", "554 5.7.1", true),
    ];
    for (command, answer, shown, is_final) in refusals {
        let server = Server::with(Manners {
            instead: vec![(command, answer)],
            ..Manners::default()
        })
        .await;
        let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
        let error = mailer.send(&mail("ada@example.com")).await.unwrap_err();
        let expected = format!(
            "the SMTP server 127.0.0.1:{} refused the mail: {shown}",
            server.port
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!((error.code(), error.is_final()), ("mail_refused", is_final));
    }
}

#[tokio::test]
async fn a_password_leaves_in_the_clear_only_when_the_url_says_so() {
    let server = Server::with(Manners {
        auth: true,
        ..Manners::default()
    })
    .await;
    let guarded = mailer(&format!("smtp://ada:hunter2@127.0.0.1:{}", server.port));
    let error = guarded.send(&mail("ada@example.com")).await.unwrap_err();
    assert_eq!(error.code(), "mail_unusable");
    assert!(!server.heard().iter().any(|line| line.starts_with("AUTH")));

    let open = mailer(&format!(
        "smtp://ada:hunter2@127.0.0.1:{}?tls=none",
        server.port
    ));
    open.send(&mail("ada@example.com")).await.unwrap();
    // "\0ada\0hunter2" in Base64.
    assert!(
        server
            .heard()
            .contains(&"AUTH PLAIN AGFkYQBodW50ZXIy".to_owned())
    );
    assert!(!format!("{open:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_refused_password_is_not_repeated() {
    let server = Server::with(Manners {
        auth: true,
        instead: vec![("AUTH", "535 5.7.8 no such user ada with hunter2")],
        ..Manners::default()
    })
    .await;
    let mailer = mailer(&format!(
        "smtp://ada:hunter2@127.0.0.1:{}?tls=none",
        server.port
    ));
    let error = mailer.send(&mail("ada@example.com")).await.unwrap_err();
    assert_eq!(error.code(), "mail_sign_in_refused");
    assert!(!format!("{error} {error:?}").contains("hunter2"));
    assert_eq!(mailer.check().await.unwrap_err(), error);
}

#[tokio::test]
async fn a_server_that_is_not_there_or_is_none_is_an_error() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let error = mailer(&format!("smtp://127.0.0.1:{port}"))
        .send(&mail("a@b.co"))
        .await;
    assert_eq!(error.unwrap_err().code(), "mail_unreachable");

    for (answer, code) in [("hello", "mail_unusable"), ("99999 x", "mail_unusable")] {
        let server = Server::with(Manners {
            instead: vec![("EHLO", answer)],
            ..Manners::default()
        })
        .await;
        let error = mailer(&format!("smtp://127.0.0.1:{}", server.port))
            .send(&mail("a@b.co"))
            .await;
        assert_eq!(error.unwrap_err().code(), code, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_says_nothing_is_given_up() {
    let server = Server::with(Manners {
        mute: true,
        ..Manners::default()
    })
    .await;
    let mailer = mailer(&format!("smtp://127.0.0.1:{}", server.port));
    let error = mailer.send(&mail("a@b.co")).await.unwrap_err();
    assert_eq!(error.code(), "mail_timeout", "{error}");
}

#[tokio::test]
async fn a_check_sends_nothing() {
    let server = Server::polite().await;
    mailer(&format!("smtp://127.0.0.1:{}", server.port))
        .check()
        .await
        .unwrap();
    let heard = server.heard();
    assert!(
        !heard.iter().any(|line| line.starts_with("MAIL")),
        "{heard:?}"
    );
}

#[tokio::test]
async fn no_server_is_an_error_and_a_trap_keeps_the_last_ones() {
    assert_eq!(
        Mailer::off().send(&mail("a@b.co")).await,
        Err(MailError::Off)
    );
    let (told, hears) = std::sync::mpsc::channel();
    let trap = Trap::with_listener(2, move |caught| told.send(caught.code.clone()).unwrap());
    let mailer = Mailer::trap(trap.clone());
    for (at, to) in [
        "first@example.com",
        "second@example.com",
        "third@example.com",
    ]
    .into_iter()
    .enumerate()
    {
        let mut mail = mail(to);
        mail.id = Uuid::from_u128(at as u128);
        mailer.send(&mail).await.unwrap();
        assert_eq!(hears.recv().unwrap().as_deref(), Some("123456"));
    }
    let caught: Vec<String> = trap.list().into_iter().map(|caught| caught.to).collect();
    assert_eq!(caught, ["third@example.com", "second@example.com"]);
    assert!(mailer.trapped().is_some() && !mailer.is_off());
}

#[test]
fn senders_and_roots_are_checked_at_the_start() {
    for from in [
        "",
        "acme",
        "Acme <no-reply>",
        "a@b.co\r\nBcc: c@d.co",
        "Acme\0 <a@b.co>",
    ] {
        let error = Mailer::smtp("smtp://mail.example.com", from, b"").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the sender of mails is not usable"),
            "{from}: {error}"
        );
    }
    let error = Mailer::smtp(
        "smtp://mail.example.com",
        "a@b.co",
        b"-----BEGIN CERTIFICATE-----\n",
    );
    assert!(error.unwrap_err().to_string().contains("CA certificates"));
}
