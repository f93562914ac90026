//! What the claims of a provider's token have to say, whichever kind it is.

use hallpass_model::ProviderKind;
use hallpass_testkit::provider::KINDS;
use serde_json::{Value, json};

use crate::support::{PERMISSIONS, Scene, scene, scene_with};

#[tokio::test]
async fn rows_13_and_14_times_of_the_wrong_shape() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let claims = scene.provider.id_claims_with("user-1", json!({ "nbf": 1 }));
        for name in ["exp", "nbf", "iat"] {
            for bad in [
                "\"1800000000\"",
                "null",
                "true",
                "{}",
                "[1]",
                "-1",
                "1e400",
                "9223372036854775808",
                "9007199254740992",
                "9e99",
            ] {
                let payload = with_raw(&claims, name, bad);
                let outcome = scene.outcome_of_payload(&payload).await;
                assert_eq!(outcome, "claim_malformed", "{kind:?} {name} {bad}");
            }
        }
        let payload = with_raw(&claims, "exp", "NaN");
        assert_ne!(scene.outcome_of_payload(&payload).await, "accepted");
        // A fraction is cut off.
        let exp = scene.provider.now_secs() + 60;
        let payload = with_raw(&claims, "exp", &format!("{exp}.75"));
        assert_eq!(scene.outcome_of_payload(&payload).await, "accepted");
    }
}

#[tokio::test]
async fn row_15_times_that_do_not_fit_the_clock() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let now = scene.provider.now_secs();
        for (more, expected) in [
            (json!({ "exp": null }), "claim_missing"),
            (json!({ "iat": null }), "claim_missing"),
            (json!({ "iat": now + 61, "exp": now + 90 }), "iat_in_future"),
            (json!({ "iat": now + 60, "exp": now + 90 }), "accepted"),
            (json!({ "iat": now - 90, "exp": now - 60 }), "token_expired"),
            (json!({ "iat": now - 90, "exp": now - 59 }), "accepted"),
            (json!({ "exp": now }), "claim_malformed"),
            (json!({ "nbf": now + 61 }), "token_not_yet_valid"),
            (json!({ "nbf": now + 7200 }), "claim_malformed"),
        ] {
            // Nobody signs in after the token was made.
            let auth_time = json!({ "auth_time": now - 90 });
            let claims = scene.provider.id_claims_with("user-1", auth_time);
            let mut claims = claims.as_object().unwrap().clone();
            for (name, value) in more.as_object().unwrap() {
                if value.is_null() {
                    claims.remove(name);
                } else {
                    claims.insert(name.clone(), value.clone());
                }
            }
            let outcome = scene
                .outcome_of_payload(&Value::Object(claims).to_string())
                .await;
            assert_eq!(outcome, expected, "{kind:?} {more}");
        }
        // Remembered tokens end at the same second.
        let token = scene.provider.id_token("user-1", json!({}));
        assert_eq!(scene.outcome(&token).await, "accepted");
        scene.advance(3659);
        assert_eq!(scene.outcome(&token).await, "accepted");
        scene.advance(1);
        assert_eq!(scene.outcome(&token).await, "token_expired", "{kind:?}");
    }
}

#[tokio::test]
async fn what_the_environment_says_of_times_and_issuers() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let patch = hallpass_core::EnvironmentPatch {
            settings: Some(json!({
                "leeway_secs": 0,
                "max_token_lifetime_secs": 3600,
                "issuer": "https://the-own-keys.example",
                "audiences": ["the-own-keys"],
            })),
            ..Default::default()
        };
        let environments = &scene.world.services.environments;
        environments
            .update(&scene.world.admin(), scene.world.environment, patch, None)
            .await
            .unwrap();
        let now = scene.provider.now_secs();
        for (more, expected) in [
            (json!({}), "accepted"),
            (json!({ "exp": now + 3601 }), "lifetime_too_long"),
            (json!({ "iat": now + 1, "exp": now + 2 }), "iat_in_future"),
            (json!({ "nbf": now + 1 }), "token_not_yet_valid"),
            // The own keys' issuer and audience are none of a provider's.
            (json!({ "aud": "the-own-keys" }), "aud_mismatch"),
            (
                json!({ "iss": "https://the-own-keys.example" }),
                "signature_invalid",
            ),
        ] {
            let outcome = scene.outcome_with(more.clone()).await;
            assert_eq!(outcome, expected, "{kind:?} {more}");
        }
    }
}

#[tokio::test]
async fn row_16_duplicate_members() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let good = scene.provider.id_claims("user-1").to_string();
        let rest = good.strip_prefix('{').unwrap();
        for twice in [
            "\"sub\":\"user-2\"",
            "\"exp\":1",
            "\"iss\":\"https://evil.example\"",
            "\"\\u0069ss\":\"https://evil.example\"",
            "\"a\":{\"b\":1,\"b\":2}",
        ] {
            let outcome = scene.outcome_of_payload(&format!("{{{twice},{rest}")).await;
            assert_eq!(outcome, "duplicate_member", "{kind:?} {twice}");
        }
        let key = scene.provider.key();
        let header = format!(
            "{{\"alg\":\"RS256\",\"kid\":\"x\",\"kid\":{:?}}}",
            key.kid()
        );
        let token = key.sign_exactly(&header, &good);
        assert_ne!(scene.outcome(&token).await, "accepted", "{kind:?}");
    }
}

#[tokio::test]
async fn row_31_subjects_that_cannot_name_a_user() {
    for kind in KINDS {
        let scene = scene(kind).await;
        for sub in unusable_names() {
            let payload = with_raw(&scene.provider.id_claims("user-1"), "sub", &sub.to_string());
            let outcome = scene.outcome_of_payload(&payload).await;
            assert_eq!(outcome, "claim_malformed", "{kind:?} {sub}");
        }
        let outcome = scene.outcome_with(json!({ "sub": null })).await;
        assert_eq!(outcome, "claim_missing", "{kind:?}");
        for sub in ["\u{e9}", "e\u{301}"] {
            let token = scene.provider.id_token(sub, json!({}));
            assert_eq!(scene.outcome(&token).await, "accepted");
        }
        assert_eq!(users(&scene).await, ["e\u{301}", "\u{e9}"], "{kind:?}");
    }
}

fn unusable_names() -> Vec<Value> {
    vec![
        json!(""),
        json!(7),
        json!(["a"]),
        json!({ "id": "a" }),
        json!(true),
        Value::Null,
        json!("x".repeat(256)),
        json!("a\u{0}"),
        json!("a\u{202e}b"),
        json!(" a"),
        json!("a\t"),
    ]
}

async fn users(scene: &Scene) -> Vec<String> {
    let users = &scene.world.services.users;
    let page = users
        .list(
            &scene.world.admin(),
            scene.world.environment,
            &Default::default(),
        )
        .await
        .unwrap();
    let mut subs: Vec<_> = page.items.iter().map(|user| user.sub.to_string()).collect();
    subs.sort_unstable();
    subs
}

#[tokio::test]
async fn row_31_another_claim_may_name_the_user() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        for (path, place) in [
            ("email", "email"),
            ("https://acme.test/uid", "https://acme.test/uid"),
            ("/app/user/id", "app"),
        ] {
            let scene = scene_with(kind, json!({ "user_claim": path })).await;
            let say = |value: Value| match place {
                "app" => json!({ "app": { "user": { "id": value } } }),
                name => json!({ name: value }),
            };
            // Mere words of the user's own choosing in sub, and no sub at all: not looked at.
            for sub in [json!("user-1"), Value::Null, json!(7)] {
                let mut more = say(json!("ana"));
                more["sub"] = sub.clone();
                let payload = scene.provider.id_claims_with("user-1", more);
                let outcome = scene.outcome_of_payload(&payload.to_string()).await;
                // A claim of the wrong type is malformed whether it is used or not.
                let expected = if sub == json!(7) {
                    "claim_malformed"
                } else {
                    "accepted"
                };
                assert_eq!(outcome, expected, "{kind:?} {path} {sub}");
            }
            assert_eq!(users(&scene).await, ["ana"], "{kind:?} {path}");
            for bad in unusable_names() {
                let payload = with_claims(&scene.provider.id_claims("user-1"), say(bad.clone()));
                let outcome = scene.outcome_of_payload(&payload).await;
                assert_eq!(outcome, "claim_malformed", "{kind:?} {path} {bad}");
            }
            let nowhere = scene.provider.id_token("user-1", json!({ place: null }));
            let refused = scene.refusal(&nowhere).await;
            assert_eq!(refused.code(), "claim_missing", "{kind:?} {path}");
            let pointer = match place {
                "app" => "/app/user/id",
                "email" => "/email",
                _ => "/https:~1~1acme.test~1uid",
            };
            assert_eq!(refused.pointer(), Some(pointer));
        }
    }
}

#[tokio::test]
async fn row_32_only_an_absent_permission_claim_is_unrestricted() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let claims = scene.provider.id_claims("user-1");
        for bad in ["\"{}\"", "[]", "7", "true", "false", "null"] {
            let outcome = scene
                .outcome_of_payload(&with_raw(&claims, PERMISSIONS, bad))
                .await;
            assert_eq!(outcome, "permission_claim_malformed", "{kind:?} {bad}");
        }
        let outcome = scene.outcome_with(json!({ PERMISSIONS: {} })).await;
        assert_eq!(outcome, "accepted", "{kind:?}");
    }
}

/// The claims with this JSON text as the value of a member.
fn with_raw(claims: &Value, name: &str, text: &str) -> String {
    let mut claims = claims.clone();
    claims[name] = json!("@raw@");
    claims.to_string().replace("\"@raw@\"", text)
}

/// The claims with these too, `null` being a value.
fn with_claims(claims: &Value, more: Value) -> String {
    let mut claims = claims.as_object().unwrap().clone();
    claims.extend(more.as_object().unwrap().clone());
    Value::Object(claims).to_string()
}
