//! Text messages through the operator's webhook.

use std::sync::{Arc, Mutex};

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use hallpass_core::{Mailer, TextSender};
use hallpass_egress::{Egress, EgressOptions};
use hallpass_testkit::on_both_engines;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::support::{Signing, client, contact};

const NUMBER: &str = "+15551234567";

/// A service that answers every message with one status and keeps what it was sent.
struct Service {
    url: String,
    egress: Egress,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Service {
    async fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&heard);
        tokio::spawn(async move {
            while let Ok((mut connection, _)) = listener.accept().await {
                let mut text = String::new();
                let mut buffer = [0; 4096];
                while !is_whole(&text) {
                    let read = connection.read(&mut buffer).await.unwrap();
                    text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
                }
                notes.lock().unwrap().push(text);
                let answer = format!(
                    "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                );
                connection.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        let options = EgressOptions {
            allow: vec![address.to_string().parse().unwrap()],
            ..EgressOptions::default()
        };
        Self {
            url: format!("http://{address}/texts"),
            egress: Egress::new(options).unwrap(),
            heard,
        }
    }

    fn sender(&self, secret: &[u8]) -> TextSender {
        let secret = format!("whsec_{}", BASE64.encode(secret));
        TextSender::webhook(self.egress.clone(), &self.url, &secret).unwrap()
    }
}

fn is_whole(text: &str) -> bool {
    text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
        let length = header(head, "content-length").parse::<usize>().unwrap();
        body.len() >= length
    })
}

fn header<'t>(head: &'t str, name: &str) -> &'t str {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let (_, value) = lines
        .find(|(own, _)| own.eq_ignore_ascii_case(name))
        .unwrap();
    value
}

on_both_engines! {
    async fn a_text_message_is_posted_and_signed(database: Database) {
        let signing = Signing::with_phone(database).await;
        let service = Service::answering(204).await;
        let secret = [9; 32];
        let node = signing.node_with(Mailer::off(), service.sender(&secret)).await;
        let visitor = signing.visitor().await;
        let sent = node.codes.send(&visitor, contact(NUMBER), client("192.0.2.1")).await.unwrap();
        let heard = service.heard.lock().unwrap().remove(0);
        let (head, body) = heard.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /texts HTTP/1.1\r\n"), "{head}");
        assert_eq!(header(head, "content-type"), "application/json");
        let message: Value = serde_json::from_str(body).unwrap();
        assert_eq!(message["to"], json!(NUMBER));
        let signed = format!("{}.{}.{body}", header(head, "webhook-id"), header(head, "webhook-timestamp"));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signature = BASE64.encode(hmac::sign(&key, signed.as_bytes()).as_ref());
        assert_eq!(header(head, "webhook-signature"), format!("v1,{signature}"));

        let code = message["code"].as_str().unwrap().to_owned();
        let grouped = format!("{} {}", &code[..3], &code[3..]);
        assert!(message["text"].as_str().unwrap().starts_with(&grouped));
        assert_eq!(signing.refused(&visitor, sent.flow, &code).await, "signed in");
    }

    async fn a_service_that_does_not_take_it_is_an_error(database: Database) {
        let signing = Signing::with_phone(database).await;
        for status in [500, 302, 422] {
            let service = Service::answering(status).await;
            let node = signing.node_with(Mailer::off(), service.sender(&[9; 32])).await;
            let visitor = signing.visitor().await;
            let refused = node.codes.send(&visitor, contact(NUMBER), client("192.0.2.1")).await.unwrap_err();
            assert_eq!(refused.code(), "SMS_DELIVERY_FAILED", "{status}");
            let context = refused.context().unwrap().to_string();
            assert!(!context.contains("555"), "{context}");
        }
    }
}

#[tokio::test]
async fn address_and_secret_are_checked_at_the_start() {
    let service = Service::answering(204).await;
    let refused = |url: &str, secret: &str| {
        TextSender::webhook(service.egress.clone(), url, secret)
            .unwrap_err()
            .code()
    };
    let secret = format!("whsec_{}", BASE64.encode(&[1; 32]));
    assert_eq!(
        refused("http://texts.example/send", &secret),
        "egress_scheme_not_allowed"
    );
    assert_eq!(refused("https://10.0.0.1/send", &secret), "egress_blocked");
    assert_eq!(refused(&service.url, "hunter2"), "invalid_text_secret");
}
