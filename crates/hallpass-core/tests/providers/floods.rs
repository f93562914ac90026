//! Tokens that name keys which nobody has.

use std::sync::Arc;

use hallpass_testkit::provider::{DISCOVERY_PATH, KINDS};
use serde_json::json;

use crate::support::scene;

/// Together: ten thousand.
const TOKENS_OF_A_KIND: usize = 2_500;
const TASKS: usize = 10;

#[test]
fn row_26_ten_thousand_unknown_kids_cause_one_fetch() {
    hallpass_testkit::block_on(async {
        for kind in KINDS {
            let scene = Arc::new(scene(kind).await);
            assert_eq!(scene.outcome_with(json!({})).await, "accepted");
            assert_eq!(scene.provider.fetches(), 1);
            let key = scene.provider.key();
            let signed = key.sign(json!({}), &scene.provider.id_claims("user-1"));
            let (_, rest) = signed.split_once('.').unwrap();
            let rest = Arc::<str>::from(rest);
            // Half of them while no fetch may be made, half of them when one may.
            for (phase, fetches) in [(0, 1), (1, 2)] {
                scene.advance(phase * 31);
                let tasks: Vec<_> = (0..TASKS)
                    .map(|task| {
                        let (scene, rest) = (Arc::clone(&scene), Arc::clone(&rest));
                        tokio::spawn(async move {
                            for n in 0..TOKENS_OF_A_KIND / TASKS / 2 {
                                let header =
                                    json!({ "alg": "RS256", "kid": format!("{phase}-{task}-{n}") });
                                let header = data_encoding::BASE64URL_NOPAD
                                    .encode(header.to_string().as_bytes());
                                let token = format!("{header}.{rest}");
                                assert_eq!(scene.outcome(&token).await, "unknown_key");
                            }
                        })
                    })
                    .collect();
                for task in tasks {
                    task.await.unwrap();
                }
                assert_eq!(scene.provider.fetches(), fetches, "{kind:?}");
            }
            assert!(scene.provider.requests_to(DISCOVERY_PATH) <= 2);
            assert_eq!(scene.outcome_with(json!({})).await, "accepted");
            assert_eq!(scene.world.services.tokens.remembered_count(), 2);
        }
    });
}

#[tokio::test]
async fn row_26_a_flood_before_the_first_good_set_is_one_fetch_too() {
    for kind in KINDS {
        let scene = scene(kind).await;
        scene
            .provider
            .behave(hallpass_testkit::provider::Behaviour::Status(500));
        for n in 0..200 {
            let token = scene.provider.key().sign(
                json!({ "kid": format!("k{n}") }),
                &scene.provider.id_claims("user-1"),
            );
            // Nobody can say whether such a key exists.
            assert_eq!(scene.outcome(&token).await, "keys_unavailable", "{kind:?}");
        }
        assert_eq!(scene.provider.requests().len(), 1, "{kind:?}");
    }
}

#[test]
fn row_26_a_flood_while_the_provider_hangs_delays_no_known_key() {
    hallpass_testkit::block_on(async {
        for kind in KINDS {
            let scene = Arc::new(scene(kind).await);
            assert_eq!(scene.outcome_with(json!({})).await, "accepted");
            let before = scene.provider.requests().len();
            scene.provider.hold();
            scene.advance(31);
            let token = |n| scene.provider.id_token("user-1", json!({ "n": n }));
            let known: Vec<_> = (0..5).map(token).collect();
            let flood: Vec<_> = (0..20)
                .map(|_| {
                    let scene = Arc::clone(&scene);
                    tokio::spawn(async move { scene.present_unknown_key().await })
                })
                .collect();
            crate::support::eventually(before + 1, async || scene.provider.requests().len()).await;
            for token in &known {
                assert_eq!(scene.outcome(token).await, "accepted", "{kind:?}");
            }
            assert!(flood.iter().any(|task| !task.is_finished()), "{kind:?}");
            scene.provider.release();
            for task in flood {
                assert_eq!(task.await.unwrap(), "unknown_key", "{kind:?}");
            }
            assert_eq!(scene.provider.fetches(), 2, "{kind:?}");
        }
    });
}
