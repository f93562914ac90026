//! Rows 23 and 26 to 30 of the list of inputs that must not get through, for every kind of identity provider.

use std::sync::Arc;
use std::time::Duration;

use hallpass_http::{AppState, HttpSettings, app};
use hallpass_model::ProviderKind;
use hallpass_testkit::Database;
use hallpass_testkit::provider::{Behaviour, FakeKey, FakeProvider, KINDS};
use serde_json::{Value, json};

use crate::support::{Answer, Site};

async fn of_every_kind(test: impl AsyncFn(FakeProvider, Site)) {
    for kind in KINDS {
        let provider = FakeProvider::of(kind).await;
        let site = Site::beside(Database::sqlite().await, &[&provider]).await;
        site.trust(&provider).await;
        let good = provider.id_token("ana", json!({}));
        site.sdk("GET", "me").bearer(&good).send().await.ok(200);
        test(provider, site).await;
    }
}

#[track_caller]
fn is_refused(answer: &Answer, code: &str, what: &str) {
    assert_eq!(
        (answer.status, &*answer.code()),
        (401, code),
        "{what}: {}",
        answer.text()
    );
    assert_eq!(
        answer.header("www-authenticate"),
        "Bearer error=\"invalid_token\"",
        "{what}"
    );
}

/// Answers that are no key set to believe, and the code that each is shown with.
fn bad_sets(provider: &FakeProvider) -> Vec<(Behaviour, &'static str)> {
    let good = provider.key().jwk();
    let set = |keys: Value| Behaviour::body(json!({ "keys": keys }).to_string());
    let with = |members: Value| FakeKey::rsa("evil").with(members).jwk();
    let many: Vec<Value> = (0..10_000)
        .map(|n| json!({ "kty": "x", "kid": n.to_string() }))
        .collect();
    let symmetric = json!({ "kty": "oct", "kid": "secret", "alg": "HS256", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0" });
    vec![
        (
            set(json!([good, with(json!({ "kid": good["kid"] }))])),
            "jwks_duplicate_kid",
        ),
        (
            set(json!([good, with(json!({ "d": "AQAB", "p": "AQAB" }))])),
            "private_key_given",
        ),
        (set(json!([good, symmetric])), "symmetric_key"),
        (set(json!(many)), "jwks_too_many_keys"),
        (set(json!({ "0": good })), "jwks_malformed"),
        (
            Behaviour::body(format!(r#"{{"keys":[],"keys":[{good}]}}"#)),
            "duplicate_member",
        ),
        (Behaviour::body("[]"), "jwks_malformed"),
        (Behaviour::body(""), "jwks_malformed"),
        (Behaviour::Html, "jwks_malformed"),
        (Behaviour::Status(404), "unexpected_status"),
        (Behaviour::Huge(50_000_000), "egress_too_large"),
        (Behaviour::HugeClaim, "egress_too_large"),
        (Behaviour::CutOff, "egress_broken_off"),
        (Behaviour::Reset, "egress_broken_off"),
        (
            Behaviour::Redirect("http://keys.example/jwks".into()),
            "egress_scheme_not_allowed",
        ),
        (
            Behaviour::Redirect("https://10.0.0.1/jwks".into()),
            "egress_blocked",
        ),
        (
            Behaviour::Redirect(provider.url(provider.keys_path())),
            "egress_redirect_refused",
        ),
    ]
}

#[tokio::test]
async fn row_23_a_bad_set_is_refused_whole_and_the_last_good_one_stays() {
    of_every_kind(async |provider, site| {
        let me = || {
            let token = provider.id_token("ana", json!({}));
            site.sdk("GET", "me").bearer(&token).send()
        };
        let keys = async || {
            let listed = site
                .environment("GET", "/identity-providers")
                .local()
                .send();
            listed.await.ok(200)["items"][0]["keys"].clone()
        };
        for (behaviour, code) in bad_sets(&provider) {
            let what = format!("{} {code}", provider.kind().as_str());
            // Two tests each; a server may be asked every other second for long.
            site.world.clock.advance(Duration::from_secs(4));
            provider.behave_at(provider.keys_path(), behaviour);
            let id = site
                .environment("GET", "/identity-providers")
                .local()
                .send()
                .await
                .ok(200)["items"][0]["id"]
                .clone();
            let path = format!("/identity-providers/{}/test", id.as_str().expect("an id"));
            let report = site.environment("POST", &path).local().send().await.ok(200);
            assert_eq!(report["fetch"]["code"], code, "{what}: {report}");
            let degraded = keys().await;
            assert_eq!(
                (&degraded["state"], &degraded["failure"]["code"]),
                (&json!("stale"), &json!(code)),
                "{what}"
            );
            me().await.ok(200);
            provider.behave_at(provider.keys_path(), Behaviour::Serve);
            site.environment("POST", &path).local().send().await.ok(200);
            let again = keys().await;
            assert_eq!(
                (&again["state"], &again["failure"]),
                (&json!("fresh"), &Value::Null),
                "{what}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn row_26_a_flood_of_unknown_kids_causes_one_fetch_per_interval() {
    of_every_kind(async |provider, site| {
        let stranger = FakeKey::rsa("stranger");
        let flood = async || {
            for number in 0..300 {
                let header = json!({ "kid": format!("kid-{number}") });
                let token = stranger.sign(header, &provider.id_claims("ana"));
                let refused = site.sdk("GET", "me").bearer(&token).send().await;
                is_refused(&refused, "unknown_key", "a made-up kid");
            }
        };
        assert_eq!(provider.fetches(), 1);
        flood().await;
        assert_eq!(provider.fetches(), 1, "the floor has not passed");
        for fetches in [2, 3] {
            site.world.clock.advance(Duration::from_secs(31));
            flood().await;
            assert_eq!(provider.fetches(), fetches);
        }
        let good = provider.id_token("ana", json!({}));
        site.sdk("GET", "me").bearer(&good).send().await.ok(200);
    })
    .await;
}

#[tokio::test]
async fn row_27_a_token_for_somebody_else_is_refused() {
    of_every_kind(async |provider, site| {
        let own = provider.audience();
        let many = |count: usize| -> Vec<String> {
            (0..count).map(|number| format!("app-{number}")).collect()
        };
        let changed_case: String = own
            .chars()
            .map(|c| {
                if c.is_ascii_lowercase() {
                    c.to_ascii_uppercase()
                } else {
                    c.to_ascii_lowercase()
                }
            })
            .collect();
        for aud in [
            Value::Null,
            json!("elsewhere"),
            json!(format!("{own}x")),
            json!(own[..own.len() - 1]),
            json!(changed_case),
            json!(format!("{own} ")),
            json!(format!(" {own}")),
            json!(format!("{own},other")),
            json!(["elsewhere", format!("{own}/")]),
            json!(many(16)),
            json!(many(1000)),
            json!(format!("useparagon.com/{}", site.world.environment)),
        ] {
            let token = provider.id_token("ana", json!({ "aud": aud }));
            let refused = site.sdk("GET", "me").bearer(&token).send().await;
            is_refused(&refused, "aud_mismatch", &aud.to_string());
        }
        for aud in [json!(7), json!({}), json!([]), json!([own, 7]), json!(true)] {
            let token = provider.id_token("ana", json!({ "aud": aud }));
            let refused = site.sdk("GET", "me").bearer(&token).send().await;
            is_refused(&refused, "claim_malformed", &aud.to_string());
        }
        for aud in [json!([own]), json!(["elsewhere", own])] {
            let token = provider.id_token("ana", json!({ "aud": aud }));
            site.sdk("GET", "me").bearer(&token).send().await.ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn row_27_an_issuer_is_compared_to_the_last_byte() {
    of_every_kind(async |provider, site| {
        let own = provider.issuer();
        let slash = match own.strip_suffix('/') {
            Some(bare) => bare.to_owned(),
            None => format!("{own}/"),
        };
        for iss in [
            slash,
            own.to_uppercase(),
            format!("{own}x"),
            "https://elsewhere.example".into(),
            String::new(),
        ] {
            let token = provider.id_token("ana", json!({ "iss": iss }));
            let refused = site.sdk("GET", "me").bearer(&token).send().await;
            // It is nobody's token then, for our own keys did not make it either.
            is_refused(&refused, "iss_mismatch", &iss);
        }
        let token = provider.id_token("ana", json!({ "iss": null }));
        let refused = site.sdk("GET", "me").bearer(&token).send().await;
        is_refused(&refused, "signature_invalid", "no iss");
    })
    .await;
}

#[tokio::test]
async fn row_28_a_key_of_one_environment_is_none_in_another() {
    for kind in KINDS {
        let (ours, theirs) = (FakeProvider::of(kind).await, FakeProvider::of(kind).await);
        let site = Site::beside(Database::sqlite().await, &[&ours, &theirs]).await;
        site.trust(&ours).await;
        let elsewhere = site.world.another_environment("beta").await;
        let settings = serde_json::to_value(theirs.settings()).expect("JSON");
        let path = format!("/admin/v1/environments/{elsewhere}/identity-providers");
        site.call("POST", &path)
            .local()
            .json(&settings)
            .send()
            .await
            .ok(201);
        assert_eq!(
            ours.key().kid(),
            theirs.key().kid(),
            "the names are the same, the keys are not"
        );

        let next_door = format!("/projects/{elsewhere}/sdk/me");
        let there = |token: String| site.call("GET", &next_door).bearer(&token).send();
        let here = |token: String| site.sdk("GET", "me").bearer(&token).send();
        here(ours.id_token("ana", json!({}))).await.ok(200);
        there(theirs.id_token("ana", json!({}))).await.ok(200);
        // Signed by the one, in the name of the other.
        let forged =
            |by: &FakeProvider, of: &FakeProvider| by.key().sign(json!({}), &of.id_claims("ana"));
        is_refused(
            &here(forged(&theirs, &ours)).await,
            "signature_invalid",
            "forged here",
        );
        is_refused(
            &there(forged(&ours, &theirs)).await,
            "signature_invalid",
            "forged there",
        );
        if ours.issuer() != theirs.issuer() {
            is_refused(
                &here(theirs.id_token("ana", json!({}))).await,
                "iss_mismatch",
                "theirs here",
            );
            is_refused(
                &there(ours.id_token("ana", json!({}))).await,
                "iss_mismatch",
                "ours there",
            );
        }
    }
}

#[tokio::test]
async fn row_29_other_kinds_of_tokens_are_refused() {
    of_every_kind(async |provider, site| {
        let signed = |header: Value, more: Value| {
            provider
                .key()
                .sign(header, &provider.id_claims_with("ana", more))
        };
        let logout = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
        for (header, claims, what) in [
            (json!({ "typ": "at+jwt" }), json!({}), "an access token"),
            (
                json!({ "typ": "application/at+jwt" }),
                json!({}),
                "an access token with its full type",
            ),
            (
                json!({ "typ": "AT+JWT" }),
                json!({}),
                "an access token in capitals",
            ),
            (
                json!({ "typ": "logout+jwt" }),
                json!({ "events": logout }),
                "a logout token",
            ),
            (
                json!({}),
                json!({ "events": logout }),
                "a logout token by its claim",
            ),
            (
                json!({ "typ": "secevent+jwt" }),
                json!({}),
                "a security event",
            ),
            (
                json!({ "typ": "dpop+jwt" }),
                json!({ "htm": "GET", "htu": "https://x.example" }),
                "a DPoP proof",
            ),
            (
                json!({}),
                json!({ "htm": "GET", "htu": "https://x.example" }),
                "a DPoP proof by its claims",
            ),
            (
                json!({}),
                json!({ "cnf": { "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }),
                "a token bound to a key",
            ),
            (
                json!({}),
                json!({ "token_use": "access" }),
                "an access token of Cognito",
            ),
            (
                json!({}),
                json!({ "typ": "Bearer" }),
                "an access token of Keycloak",
            ),
            (
                json!({}),
                json!({ "typ": "Refresh" }),
                "a refresh token of Keycloak",
            ),
            (json!({ "typ": "webhook+jwt" }), json!({}), "a webhook"),
            (
                json!({ "typ": "connect-session+jwt" }),
                json!({}),
                "a session of ours",
            ),
            (
                json!({ "typ": "oauth-authz-req+jwt" }),
                json!({}),
                "a request object",
            ),
            (json!({ "typ": "" }), json!({}), "an empty type"),
        ] {
            let refused = site
                .sdk("GET", "me")
                .bearer(&signed(header, claims))
                .send()
                .await;
            is_refused(&refused, "wrong_type", what);
        }
        for (header, claims) in [
            (json!({ "typ": null }), json!({})),
            (json!({ "typ": "jwt" }), json!({})),
            (json!({}), json!({ "token_use": "id" })),
            (json!({}), json!({ "typ": "ID" })),
        ] {
            site.sdk("GET", "me")
                .bearer(&signed(header, claims))
                .send()
                .await
                .ok(200);
        }
    })
    .await;
}

#[tokio::test]
async fn row_29_an_access_token_counts_where_its_type_and_audience_are_configured() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let provider = FakeProvider::of(kind).await;
        let site = Site::beside(Database::sqlite().await, &[&provider]).await;
        let mut settings = serde_json::to_value(provider.settings()).expect("JSON");
        settings["token_types"] = json!(["at+jwt"]);
        site.trust_with(&settings).await;
        let call = async |header: Value, more: Value| {
            let token = provider
                .key()
                .sign(header, &provider.id_claims_with("ana", more));
            site.sdk("GET", "me").bearer(&token).send().await
        };
        for header in [
            json!({ "typ": "at+jwt" }),
            json!({ "typ": "application/at+jwt" }),
            json!({}),
        ] {
            call(header, json!({})).await.ok(200);
        }
        call(json!({}), json!({ "typ": "Bearer" })).await.ok(200);
        call(json!({}), json!({ "token_use": "access" }))
            .await
            .ok(200);
        let elsewhere = call(
            json!({ "typ": "at+jwt" }),
            json!({ "aud": "https://api.example" }),
        )
        .await;
        is_refused(&elsewhere, "aud_mismatch", "for another service");
        let logout = call(json!({ "typ": "at+jwt" }), json!({ "events": {} })).await;
        is_refused(&logout, "wrong_type", "a logout token all the same");
        let other = call(json!({ "typ": "dpop+jwt" }), json!({})).await;
        is_refused(&other, "wrong_type", "another type");
    }
}

#[tokio::test]
async fn row_30_what_is_withdrawn_stops_at_once_and_on_every_node() {
    of_every_kind(async |provider, site| {
        let second = site.world.second_node(site.world.store.clone()).await;
        let second = app(AppState::new(Arc::clone(&second), HttpSettings::default()));
        let token = provider.id_token("ana", json!({}));
        let other = provider.id_token("bo", json!({}));
        let here = |token: &str| site.sdk("GET", "me").bearer(token);
        let there = |token: &str| here(token).to(&second);
        // Both nodes remember the tokens.
        for token in [&token, &other] {
            here(token).send().await.ok(200);
            there(token).send().await.ok(200);
        }
        let change = async |method: &str, path: &str, body: Value| {
            let call = site.environment(method, path).local().json(&body);
            let answer = call.send().await;
            assert!(answer.status < 300, "{}", answer.text());
        };
        let until = async |status: u16, code: &str, token: &str| {
            // A second is promised; the rest is the machine's.
            for _ in 0..500 {
                let answer = there(token).send().await;
                if (answer.status, &*answer.code()) == (status, code) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            panic!("the other node never answered {status} {code}");
        };

        change("POST", "/users/bo/freeze", json!({})).await;
        here(&other).send().await.refused(403, "user_frozen");
        until(403, "user_frozen", &other).await;

        let listed = site
            .environment("GET", "/identity-providers")
            .local()
            .send()
            .await
            .ok(200);
        let path = format!(
            "/identity-providers/{}",
            listed["items"][0]["id"].as_str().expect("an id")
        );
        change("PATCH", &path, json!({ "disabled": true })).await;
        is_refused(&here(&token).send().await, "issuer_disabled", "disabled");
        until(401, "issuer_disabled", &token).await;
        change("PATCH", &path, json!({ "disabled": false })).await;
        here(&token).send().await.ok(200);
        until(200, "", &token).await;

        change("POST", "/users/ana/revoke", json!({})).await;
        is_refused(&here(&token).send().await, "token_revoked", "revoked");
        until(401, "token_revoked", &token).await;

        site.world.clock.advance(Duration::from_secs(2));
        let newer = provider.id_token("ana", json!({}));
        here(&newer).send().await.ok(200);
        there(&newer).send().await.ok(200);
        change("DELETE", &path, json!({})).await;
        is_refused(&here(&newer).send().await, "signature_invalid", "removed");
        until(401, "signature_invalid", &newer).await;
    })
    .await;
}

#[tokio::test]
async fn row_30_a_key_that_the_provider_withdrew_stops_with_the_refresh() {
    of_every_kind(async |provider, site| {
        let old = provider.id_token("ana", json!({}));
        site.sdk("GET", "me").bearer(&old).send().await.ok(200);
        let next = FakeKey::rsa("next");
        provider.use_only(&next);
        site.world.clock.advance(Duration::from_secs(31));
        // Its first token brings the new set; the old key's remembered token goes with the old set.
        let new = provider.id_token("ana", json!({}));
        site.sdk("GET", "me").bearer(&new).send().await.ok(200);
        assert_eq!(provider.fetches(), 2);
        let refused = site.sdk("GET", "me").bearer(&old).send().await;
        is_refused(&refused, "unknown_key", "of a withdrawn key");
        site.sdk("GET", "me").bearer(&new).send().await.ok(200);
    })
    .await;
}
