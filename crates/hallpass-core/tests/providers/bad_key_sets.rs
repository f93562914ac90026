//! Key sets that must not be trusted: refused whole, while the last good one goes on counting.

use hallpass_model::{ErrorKind, ProviderKind, ProviderSettings};
use hallpass_testkit::provider::{Behaviour, FakeKey, FakeProvider, KINDS};
use serde_json::{Value, json};

use crate::support::{changed, scene};

const FIFTY_MEGABYTES: u64 = 50_000_000;
/// What may be under way in buffers when the reader has had enough.
const SENT_AT_MOST: u64 = 12_000_000;

/// Every bad set with the code that its refusal has.
fn bad_sets(provider: &FakeProvider) -> Vec<(&'static str, Behaviour, &'static str)> {
    let good = provider.key().jwk();
    let (kid, other) = (provider.key(), FakeKey::rsa("other"));
    let with = |members: Value| kid.clone().with(members).jwk();
    let set = |keys: Vec<Value>| Behaviour::body(json!({ "keys": keys }).to_string());
    let text = good.to_string();
    let whole = json!({ "keys": [good] }).to_string();
    let twice = text.replacen('{', "{\"kty\":\"RSA\",", 1);
    vec![
        (
            "duplicate kids",
            set(vec![
                good.clone(),
                other.clone().with(json!({ "kid": kid.kid() })).jwk(),
            ]),
            "jwks_duplicate_kid",
        ),
        (
            "a private member",
            set(vec![good.clone(), with(json!({ "kid": "p", "d": "AQAB" }))]),
            "private_key_given",
        ),
        (
            "a symmetric key",
            set(vec![
                good.clone(),
                json!({ "kty": "oct", "k": "c2VjcmV0", "kid": "s" }),
            ]),
            "symmetric_key",
        ),
        (
            "ten thousand keys",
            set(vec![json!({ "kty": "RSA" }); 10_000]),
            "jwks_too_many_keys",
        ),
        (
            "one key too many",
            set(vec![json!({ "kty": "RSA" }); 101]),
            "jwks_too_many_keys",
        ),
        (
            "ten thousand whole keys",
            set(vec![good.clone(); 10_000]),
            "egress_too_large",
        ),
        (
            "50 MB",
            Behaviour::Huge(FIFTY_MEGABYTES),
            "egress_too_large",
        ),
        (
            "a lie about the length",
            Behaviour::HugeClaim,
            "egress_too_large",
        ),
        ("a page for people", Behaviour::Html, "jwks_malformed"),
        (
            "a redirect to http",
            Behaviour::Redirect("http://keys.example/jwks.json".into()),
            "egress_scheme_not_allowed",
        ),
        (
            "a redirect to the metadata service",
            Behaviour::Redirect("http://169.254.169.254/latest/meta-data/".into()),
            "egress_blocked",
        ),
        (
            "a redirect to itself",
            Behaviour::Redirect(provider.keys_path().into()),
            "egress_redirect_refused",
        ),
        (
            "truncated JSON",
            Behaviour::body(&whole[..whole.len() / 2]),
            "jwks_malformed",
        ),
        (
            "more behind the end",
            Behaviour::body(format!("{whole}{{}}")),
            "jwks_malformed",
        ),
        (
            "an array",
            Behaviour::body(format!("[{text}]")),
            "jwks_malformed",
        ),
        (
            "keys that are no array",
            Behaviour::body(r#"{"keys":{}}"#),
            "jwks_malformed",
        ),
        (
            "another document",
            Behaviour::body(r#"{"issuer":"x"}"#),
            "jwks_no_keys",
        ),
        (
            "a member twice",
            Behaviour::body(format!("{{\"keys\":[{twice}]}}")),
            "duplicate_member",
        ),
        (
            "keys twice",
            Behaviour::body(format!("{{\"keys\":[],{}", &whole[1..])),
            "duplicate_member",
        ),
        (
            "bytes that are no text",
            Behaviour::Body(vec![0xFF; 64]),
            "jwks_malformed",
        ),
        ("an empty body", Behaviour::body(""), "jwks_malformed"),
        ("404", Behaviour::Status(404), "unexpected_status"),
        ("204", Behaviour::Status(204), "unexpected_status"),
        ("500", Behaviour::Status(500), "unexpected_status"),
        ("an answer cut off", Behaviour::CutOff, "egress_broken_off"),
        (
            "what was not asked for: gzip",
            compressed(),
            "jwks_malformed",
        ),
        (
            "no HTTP",
            Behaviour::Verbatim(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec()),
            "egress_broken_off",
        ),
    ]
}

/// The beginning of an answer in gzip, as a decompression bomb begins too.
fn compressed() -> Behaviour {
    let body = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0xEC, 0xC1, 1, 1, 0, 0];
    let length = body.len();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
    );
    Behaviour::Verbatim([head.as_bytes(), &body].concat())
}

#[tokio::test]
async fn row_23_the_last_good_set_keeps_verifying_auth0() {
    last_good_set_keeps_verifying(ProviderKind::Auth0).await;
}

#[tokio::test]
async fn row_23_the_last_good_set_keeps_verifying_firebase() {
    last_good_set_keeps_verifying(ProviderKind::Firebase).await;
}

#[tokio::test]
async fn row_23_the_last_good_set_keeps_verifying_oidc() {
    last_good_set_keeps_verifying(ProviderKind::Oidc).await;
}

#[tokio::test]
async fn row_23_the_last_good_set_keeps_verifying_jwks() {
    last_good_set_keeps_verifying(ProviderKind::Jwks).await;
}

async fn last_good_set_keeps_verifying(kind: ProviderKind) {
    let scene = scene(kind).await;
    let cached = scene.provider.id_token("user-1", json!({}));
    assert_eq!(scene.outcome(&cached).await, "accepted");
    let good_since = scene.keys().await.fetched_at;
    let sent_before = scene.provider.bytes_sent();
    for (name, behaviour, code) in bad_sets(&scene.provider) {
        scene
            .provider
            .behave_at(scene.provider.keys_path(), behaviour);
        scene.advance(31);
        let unknown = scene.present_unknown_key().await;
        assert_eq!(unknown, "keys_unavailable", "{name}");
        assert_eq!(
            scene.standing().await,
            ("stale", Some(code)),
            "{kind:?}: {name}"
        );
        let keys = scene.keys().await;
        assert_eq!((keys.count, keys.fetched_at), (1, good_since), "{name}");
        assert_eq!(scene.outcome(&cached).await, "accepted", "{name}");
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{name}");
    }
    let sent = scene.provider.bytes_sent() - sent_before;
    assert!(sent < SENT_AT_MOST, "{sent} bytes were read or under way");
    scene
        .provider
        .behave_at(scene.provider.keys_path(), Behaviour::Serve);
    scene.advance(31);
    assert_eq!(scene.present_unknown_key().await, "unknown_key");
    assert_eq!(scene.standing().await, ("fresh", None));
    assert_ne!(scene.keys().await.fetched_at, good_since);
}

#[tokio::test]
async fn row_23_a_cold_provider_with_a_bad_set_answers_503_auth0() {
    cold_provider_answers_503(ProviderKind::Auth0).await;
}

#[tokio::test]
async fn row_23_a_cold_provider_with_a_bad_set_answers_503_firebase() {
    cold_provider_answers_503(ProviderKind::Firebase).await;
}

#[tokio::test]
async fn row_23_a_cold_provider_with_a_bad_set_answers_503_oidc() {
    cold_provider_answers_503(ProviderKind::Oidc).await;
}

#[tokio::test]
async fn row_23_a_cold_provider_with_a_bad_set_answers_503_jwks() {
    cold_provider_answers_503(ProviderKind::Jwks).await;
}

async fn cold_provider_answers_503(kind: ProviderKind) {
    let mut scene = scene(kind).await;
    for (index, (name, behaviour, code)) in bad_sets(&scene.provider).into_iter().enumerate() {
        scene.remove().await;
        let settings = at_another_place(&scene.provider, index);
        scene.id = crate::support::add(&scene.world, &settings).await;
        scene
            .provider
            .behave_at(scene.provider.keys_path(), behaviour);
        assert_eq!(scene.standing().await, ("unknown", None), "{name}");
        let token = scene.provider.id_token("user-1", json!({}));
        let refused = scene.refusal(&token).await;
        assert_eq!(
            (refused.kind(), refused.code()),
            (ErrorKind::Unavailable, "keys_unavailable"),
            "{kind:?}: {name}"
        );
        let wait = refused.retry_after_secs().unwrap();
        assert!((1..=31).contains(&wait), "{name}: {wait}");
        assert!(refused.message().contains(code), "{}", refused.message());
        assert_eq!(
            scene.standing().await,
            ("unavailable", Some(code)),
            "{kind:?}: {name}"
        );
        // Judged anew as soon as a set is there.
        scene
            .provider
            .behave_at(scene.provider.keys_path(), Behaviour::Serve);
        scene.advance(31);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{name}");
    }
}

/// The same provider's keys under another address, of which nothing is known yet.
fn at_another_place(provider: &FakeProvider, index: usize) -> ProviderSettings {
    if provider.kind() == ProviderKind::Oidc {
        provider.set_issuer(&provider.url(&format!("/realms/{index}")));
        return provider.settings();
    }
    let settings = provider.settings();
    let url = format!("{}?place={index}", settings.url.as_deref().unwrap());
    changed(&settings, json!({ "url": url }))
}

#[tokio::test]
async fn row_23_a_set_with_some_unusable_keys_is_good_for_the_others() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let good = scene.provider.key();
        let strange = |members: Value| FakeKey::rsa("strange").with(members);
        scene.provider.publish(&[
            strange(json!({ "kid": "a", "use": "enc" })),
            strange(json!({ "kid": "b", "kty": "AKP", "n": null, "e": null })),
            strange(json!({ "kid": "c", "crv": "P-256", "kty": "EC", "x": "AA", "y": "AA" })),
            strange(json!({ "kid": "d", "n": "AQAB" })),
            strange(json!({ "kid": "e", "e": "AQ" })),
            good,
        ]);
        assert_eq!(scene.outcome_with(json!({})).await, "accepted", "{kind:?}");
        assert_eq!(scene.keys().await.count, 1);
    }
}

#[tokio::test]
async fn a_set_without_a_usable_key_withdraws_every_key() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let key = scene.provider.key();
        let cached = scene.provider.id_token("user-1", json!({}));
        for keys in [vec![], vec![key.clone().with(json!({ "use": "enc" }))]] {
            scene.provider.publish(std::slice::from_ref(&key));
            scene.advance(31);
            assert_eq!(scene.present_unknown_key().await, "unknown_key");
            assert_eq!(scene.outcome(&cached).await, "accepted", "{kind:?}");
            scene.provider.publish(&keys);
            scene.advance(31);
            assert_eq!(scene.present_unknown_key().await, "unknown_key");
            assert_eq!(scene.outcome(&cached).await, "unknown_key", "{kind:?}");
            assert_eq!(scene.standing().await, ("fresh", None), "{kind:?}");
            assert_eq!(scene.keys().await.count, 0);
        }
    }
}
