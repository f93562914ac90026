//! Conversations over TLS.

use hallpass_mail::Mailer;

use crate::certificate::Certificate;
use crate::conversations::mail;
use crate::server::{Manners, Server};

fn trusting(url: &str, certificate: &Certificate) -> Mailer {
    Mailer::smtp(url, "no-reply@acme.example", &certificate.pem()).unwrap()
}

#[tokio::test]
async fn starttls_hides_password_and_mail() {
    let certificate = Certificate::for_name("IP:127.0.0.1");
    let server = Server::with(Manners {
        starttls: Some(certificate.config()),
        auth: true,
        ..Manners::default()
    })
    .await;
    let url = format!("smtp://ada:hunter2@127.0.0.1:{}", server.port);
    trusting(&url, &certificate)
        .send(&mail("ada@example.com"))
        .await
        .unwrap();
    let heard = server.heard();
    let wrapped = heard.iter().position(|line| line == "(TLS)").unwrap();
    for command in ["AUTH ", "MAIL ", "DATA"] {
        let at = heard
            .iter()
            .position(|line| line.starts_with(command))
            .unwrap();
        assert!(at > wrapped, "{command} after the handshake: {heard:?}");
    }
}

#[tokio::test]
async fn tls_from_the_first_byte() {
    let certificate = Certificate::for_name("IP:127.0.0.1");
    let server = Server::with(Manners {
        wrapped: Some(certificate.config()),
        ..Manners::default()
    })
    .await;
    let url = format!("smtps://127.0.0.1:{}", server.port);
    trusting(&url, &certificate)
        .send(&mail("ada@example.com"))
        .await
        .unwrap();
    assert!(server.message().contains("Subject: Your code"));
}

#[tokio::test]
async fn a_certificate_of_somebody_else_stops_the_mail() {
    let (own, other) = (
        Certificate::for_name("IP:127.0.0.1"),
        Certificate::for_name("DNS:other.example"),
    );
    for (presented, trusted) in [(&own, &other), (&other, &other)] {
        for (scheme, wrapped) in [("smtp", false), ("smtps", true)] {
            let server = Server::with(Manners {
                starttls: (!wrapped).then(|| presented.config()),
                wrapped: wrapped.then(|| presented.config()),
                ..Manners::default()
            })
            .await;
            let url = format!("{scheme}://127.0.0.1:{}", server.port);
            let error = trusting(&url, trusted)
                .send(&mail("a@b.co"))
                .await
                .unwrap_err();
            assert_eq!(error.code(), "mail_tls_failed", "{error}");
            assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")));
        }
    }
}

#[tokio::test]
async fn a_server_that_takes_starttls_away_gets_nothing_where_it_is_required() {
    let server = Server::polite().await;
    let mailer = |query: &str| {
        let url = format!("smtp://127.0.0.1:{}?tls={query}", server.port);
        Mailer::smtp(&url, "no-reply@acme.example", b"").unwrap()
    };
    let error = mailer("required").send(&mail("a@b.co")).await.unwrap_err();
    assert_eq!(error.code(), "mail_unusable");
    assert!(!server.heard().iter().any(|line| line.starts_with("MAIL")));
    mailer("opportunistic").send(&mail("a@b.co")).await.unwrap();
}
