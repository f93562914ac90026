//! Which algorithm a published key is for.

use hallpass_jose::Algorithm;
use hallpass_model::ProviderKind;
use hallpass_testkit::provider::{FakeKey, KINDS};
use serde_json::{Value, json};

use crate::support::{Scene, scene, scene_with};

async fn outcome_of(scene: &Scene, key: &FakeKey, header: Value) -> &'static str {
    let claims = scene.provider.id_claims("user-1");
    scene.outcome(&key.sign(header, &claims)).await
}

#[tokio::test]
async fn keys_without_alg_have_the_usual_one_of_their_type() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let scene = scene(kind).await;
        let keys = [
            FakeKey::rsa("r"),
            FakeKey::es256("e"),
            FakeKey::ed25519("d"),
        ];
        scene
            .provider
            .publish(&keys.clone().map(FakeKey::without_alg));
        for key in &keys {
            let kid = key.kid();
            assert_eq!(
                outcome_of(&scene, key, json!({})).await,
                "accepted",
                "{kind:?} {kid:?}"
            );
            for alg in ["RS256", "RS384", "PS256", "ES256", "ES384", "EdDSA"] {
                if alg == key.signing.algorithm().as_str() {
                    continue;
                }
                assert_eq!(
                    outcome_of(&scene, key, json!({ "alg": alg })).await,
                    "alg_key_mismatch",
                    "{kind:?} {kid:?} {alg}"
                );
            }
        }
    }
}

#[tokio::test]
async fn listed_algorithms_are_the_only_ones() {
    for kind in [ProviderKind::Auth0, ProviderKind::Oidc, ProviderKind::Jwks] {
        let scene = scene_with(kind, json!({ "algorithms": ["ES256", "PS256"] })).await;
        let (rsa, ec) = (FakeKey::rsa("r"), FakeKey::es256("e"));
        let unsaid = FakeKey::rsa("u").without_alg();
        scene
            .provider
            .publish(&[rsa.clone(), ec.clone(), unsaid.clone()]);
        assert_eq!(outcome_of(&scene, &ec, json!({})).await, "accepted");
        assert_eq!(
            outcome_of(&scene, &rsa, json!({})).await,
            "alg_key_mismatch"
        );
        // Says RS256 itself; a list does not make it a key for PS256.
        let claimed = outcome_of(&scene, &rsa, json!({ "alg": "PS256" })).await;
        assert_eq!(claimed, "alg_key_mismatch");
        // Says nothing: PS256 is for it to verify, and this is no such signature.
        let listed = outcome_of(&scene, &unsaid, json!({ "alg": "PS256" })).await;
        assert_eq!(listed, "signature_invalid");
        assert_eq!(
            outcome_of(&scene, &unsaid, json!({})).await,
            "alg_key_mismatch"
        );
    }
}

#[tokio::test]
async fn a_listed_algorithm_is_verified_with_a_key_that_names_none() {
    let scene = scene_with(ProviderKind::Jwks, json!({ "algorithms": ["PS256"] })).await;
    let published = FakeKey::rsa("r");
    scene.provider.publish(&[published.clone().without_alg()]);
    let pss = published.signing_for(Algorithm::PS256);
    assert_eq!(outcome_of(&scene, &pss, json!({})).await, "accepted");
}

#[tokio::test]
async fn rows_1_to_5_algorithms_that_are_no_keys() {
    for kind in KINDS {
        let scene = scene(kind).await;
        let key = scene.provider.key();
        let claims = scene.provider.id_claims("user-1");
        for alg in [
            "none", "None", "nOnE", "", "HS256", "HS512", "rs256", "RSA-OAEP",
        ] {
            let token = key.sign(json!({ "alg": alg }), &claims);
            let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
            for token in [token, unsigned] {
                let code = scene.refusal(&token).await.code();
                assert!(
                    ["alg_not_allowed", "malformed", "token_malformed"].contains(&code),
                    "{kind:?} {alg}: {code}"
                );
            }
        }
        assert_eq!(scene.provider.requests().len(), 0, "before any key lookup");
        for alg in ["RS384", "RS512", "PS256", "ES256", "EdDSA"] {
            assert_eq!(
                outcome_of(&scene, &key, json!({ "alg": alg })).await,
                "alg_key_mismatch",
                "{kind:?} {alg}"
            );
        }
    }
}
