//! The fake provider does what it says, the bad things too.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use hallpass_jose::{JwkSet, UnverifiedToken};
use hallpass_testkit::provider::{
    Behaviour, DISCOVERY_PATH, FIREBASE_PATH, FakeKey, FakeProvider, JWKS_PATH, KINDS,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

async fn ask(provider: &FakeProvider, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(provider.address()).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").unwrap().1
}

#[tokio::test]
async fn every_kind_signs_tokens_that_its_published_keys_verify() {
    for kind in KINDS {
        let provider = FakeProvider::of(kind).await;
        let answer = ask(&provider, provider.keys_path()).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        let keys = JwkSet::from_json(body(&answer)).unwrap();
        let token = provider.id_token("user-1", json!({ "extra": 1, "name": null }));
        let token = UnverifiedToken::parse(&token).unwrap();
        let kid = token.header().kid.as_deref().unwrap().to_owned();
        let verified = token.verify(keys.find(&kid).unwrap().key()).unwrap();
        let claims = verified.claims().unwrap();
        assert_eq!(claims.sub.as_deref(), Some("user-1"));
        assert_eq!(claims.iss.as_deref(), Some(&*provider.issuer()));
        assert!(claims.raw("extra").is_some() && claims.raw("name").is_none());
        assert_eq!(provider.fetches(), 1);
    }
}

#[tokio::test]
async fn keys_of_every_type_with_the_members_asked_for() {
    let provider = FakeProvider::start().await;
    let keys = [
        FakeKey::rsa("r").without_alg(),
        FakeKey::es256("e").with(json!({ "use": "enc" })),
        FakeKey::ed25519("d").without_kid(),
    ];
    provider.publish(&keys);
    let set: Value = serde_json::from_str(body(&ask(&provider, "/jwks").await.unwrap())).unwrap();
    assert_eq!(set, provider.key_set());
    assert_eq!(
        (&set["keys"][0]["kty"], set["keys"][0].get("alg")),
        (&json!("RSA"), None)
    );
    assert_eq!(set["keys"][1]["use"], "enc");
    assert_eq!(
        (&set["keys"][2]["crv"], set["keys"][2].get("kid")),
        (&json!("Ed25519"), None)
    );
    for key in &keys {
        let token = key.sign(json!({ "typ": null, "n": 7 }), &json!({ "sub": "user-1" }));
        let token = UnverifiedToken::parse(&token).unwrap();
        assert_eq!(token.header().kid.as_deref(), key.kid());
        token.verify(&key.signing.verifying_key()).unwrap();
    }
    assert_eq!(
        provider.sign("r", json!({}), &json!({})),
        keys[0].sign(json!({}), &json!({})),
        "RS256 signatures are always the same"
    );
}

#[tokio::test]
async fn discovery_says_what_it_is_told_to() {
    let provider = FakeProvider::oidc("app").await;
    provider.set_discovery(json!({ "issuer": "https://other.example", "userinfo_endpoint": null }));
    let answer = ask(&provider, &format!("/realms/a{DISCOVERY_PATH}")).await;
    let document: Value = serde_json::from_str(body(&answer.unwrap())).unwrap();
    assert_eq!(document["issuer"], "https://other.example");
    assert_eq!(document["jwks_uri"], provider.url(JWKS_PATH));
    assert!(document.get("userinfo_endpoint").is_none());
}

#[tokio::test]
async fn bad_days() {
    let provider = FakeProvider::firebase("acme-prod").await;
    provider.set_header("Cache-Control", "max-age=60");
    for (behaviour, status, contains) in [
        (Behaviour::Serve, "200", "Cache-Control: max-age=60\r\n"),
        (Behaviour::body("{"), "200", "\r\n\r\n{"),
        (Behaviour::Status(500), "500", ""),
        (Behaviour::Html, "200", "Content-Type: text/html"),
        (
            Behaviour::Redirect("http://elsewhere.example/".into()),
            "302",
            "Location: http://elsewhere.example/\r\n",
        ),
    ] {
        provider.behave(behaviour);
        let answer = ask(&provider, FIREBASE_PATH).await.unwrap();
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{answer}"
        );
        assert!(answer.contains(contains), "{answer}");
    }
    provider.behave(Behaviour::Verbatim(b"SSH-2.0-x\r\n".to_vec()));
    assert_eq!(ask(&provider, "/").await.unwrap(), "SSH-2.0-x\r\n");
    let before = provider.bytes_sent();
    provider.behave(Behaviour::Huge(3_000_000));
    assert!(ask(&provider, "/").await.unwrap().len() > 3_000_000);
    assert!(provider.bytes_sent() - before > 3_000_000);
    provider.behave(Behaviour::CutOff);
    let answer = ask(&provider, FIREBASE_PATH).await.unwrap();
    assert!(answer.ends_with("]}"), "{answer}");
    provider.behave(Behaviour::Reset);
    assert!(ask(&provider, "/").await.is_err());
    for silent in [
        Behaviour::Hang,
        Behaviour::HugeClaim,
        Behaviour::Drip,
        Behaviour::DripHead,
    ] {
        provider.behave(silent.clone());
        let answered = tokio::time::timeout(Duration::from_millis(200), ask(&provider, "/")).await;
        assert!(answered.is_err(), "{silent:?}");
    }
    provider.behave(Behaviour::Serve);
    provider.behave_at("/jwks", Behaviour::Status(503));
    assert!(ask(&provider, "/jwks").await.unwrap().contains("503"));
    assert!(ask(&provider, FIREBASE_PATH).await.unwrap().contains("200"));
}

#[tokio::test]
async fn down_and_up_again_on_the_same_port() {
    let provider = FakeProvider::start().await;
    let mut kept = TcpStream::connect(provider.address()).await.unwrap();
    for _ in 0..2 {
        provider.go_down().await;
        provider.go_down().await;
        let refused = ask(&provider, JWKS_PATH).await.unwrap_err();
        assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
        provider.come_up().await;
        provider.come_up().await;
        assert!(ask(&provider, JWKS_PATH).await.unwrap().contains("keys"));
    }
    let mut rest = Vec::new();
    // Ended, one way or the other.
    let _ = kept.read_to_end(&mut rest).await;
    assert!(rest.is_empty());
}

#[tokio::test]
async fn answers_are_held_until_released() {
    let provider = FakeProvider::start().await;
    provider.hold();
    let asking: Vec<_> = (0..3)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { ask(&provider, JWKS_PATH).await })
        })
        .collect();
    provider.wait_for_fetches(3).await;
    assert!(asking.iter().all(|task| !task.is_finished()));
    provider.release();
    for task in asking {
        assert!(task.await.unwrap().unwrap().contains("keys"));
    }
    assert_eq!((provider.fetches(), provider.connections()), (3, 3));
}
