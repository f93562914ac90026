//! Rotating as fast as it is allowed, with everybody watching: verifiers that keep key sets to the last moment that
//! their headers allow, and tokens presented up to the last moment at which anybody may take them.

use std::time::Duration;

use hallpass_model::{IssuerKey, PageRequest, Timestamp};
use hallpass_testkit::Database;
use hallpass_testkit::person::{Person, Signing, signed_in};
use hallpass_testkit::world::World;
use serde_json::json;

use super::support::{Verifier, claims, now, set};

const TOKEN_SECS: i64 = 60;
const LEEWAY_SECS: i64 = 60;
const MAX_AGE_SECS: i64 = 5;

struct Seen {
    token: String,
    kid: String,
    issued: Timestamp,
    exp: Timestamp,
}

struct Race {
    world: World,
    person: Person,
    verifiers: Vec<Verifier>,
    tokens: Vec<Seen>,
    finished: Vec<Seen>,
    rotations: usize,
    refused: usize,
    most_published: usize,
}

impl Race {
    async fn begin(database: &Database) -> Self {
        let world = World::new(database.store().clone()).await;
        let sign_in = json!({
            "session_secs": TOKEN_SECS,
            "jwks_max_age_secs": MAX_AGE_SECS,
            "issuer_keys": 1,
            "rotate_after_secs": null,
        });
        set(&world, world.environment, sign_in).await;
        let signing = Signing::by_email("ana@example.com");
        let person = signed_in(&world.services, &world.store, world.environment, signing).await;
        Self {
            world,
            person,
            verifiers: (0..4).map(|_| Verifier::default()).collect(),
            tokens: Vec::new(),
            finished: Vec::new(),
            rotations: 0,
            refused: 0,
            most_published: 0,
        }
    }

    /// Rotates; refused, it waits no longer than it is told.
    async fn rotate(&mut self) {
        let World {
            services,
            environment,
            ..
        } = &self.world;
        let keys = &services.issuer_keys;
        match keys.rotate(&self.world.admin(), *environment, None).await {
            Ok(made) => {
                assert_eq!(made.len(), 1);
                self.rotations += 1;
            }
            Err(error) => {
                assert_eq!(error.code(), "too_many_published_keys");
                self.refused += 1;
                let wait = error.retry_after_secs().unwrap();
                for _ in 0..wait {
                    self.second().await;
                }
                let admin = self.world.admin();
                let keys = &self.world.services.issuer_keys;
                let again = keys.rotate(&admin, self.world.environment, None);
                assert!(again.await.is_ok(), "whoever waits as told finds room");
                self.rotations += 1;
            }
        }
    }

    /// A second passes in steps; at each of them a token is issued and everybody looks at every token.
    async fn second(&mut self) {
        for step in [400, 600] {
            self.world.clock.advance(Duration::from_millis(step));
            self.issue().await;
            self.verify().await;
        }
    }

    async fn issue(&mut self) {
        let issued = self.person.issue(&self.world.services, 0).await.unwrap();
        let exp = Timestamp::from_secs(claims(&issued.token)["exp"].as_i64().unwrap());
        self.tokens.push(Seen {
            token: issued.token,
            kid: issued.key_id,
            issued: now(&self.world),
            exp,
        });
    }

    async fn verify(&mut self) {
        let now = now(&self.world);
        let (environment, services) = (self.world.environment, &self.world.services);
        for verifier in &mut self.verifiers {
            verifier.look(services, environment, now).await;
        }
        let mut fresh = Verifier::default();
        fresh.look(services, environment, now).await;
        let published = services.issuer_keys.published(environment).await.unwrap();
        self.most_published = self
            .most_published
            .max(published.json.matches("\"kid\"").count());
        let over = |seen: &Seen| now >= seen.exp.plus_secs(LEEWAY_SECS);
        for seen in self.tokens.iter().filter(|seen| !over(seen)) {
            assert!(fresh.knows(&seen.kid), "a key left before its tokens ended");
            for verifier in &self.verifiers {
                assert!(
                    verifier.knows(&seen.kid),
                    "a key signed before every verifier knew it"
                );
            }
        }
        // The mathematics once at the beginning and once at the end of each token; the names above at every moment.
        if let Some(newest) = self.tokens.last() {
            for verifier in &self.verifiers {
                assert!(verifier.verifies(&newest.token));
            }
        }
        let (over, on): (Vec<_>, Vec<_>) = self.tokens.drain(..).partition(over);
        self.tokens = on;
        self.finished.extend(over);
        let nearly = self.tokens.first();
        if let Some(oldest) = nearly {
            assert!(fresh.verifies(&oldest.token));
        }
    }

    /// No token was signed by a key before or after its time.
    async fn check_signers(&mut self) {
        let mut keys: Vec<IssuerKey> = Vec::new();
        let mut page = PageRequest {
            after: None,
            limit: 200,
        };
        loop {
            let admin = self.world.admin();
            let list =
                self.world
                    .services
                    .issuer_keys
                    .list(&admin, self.world.environment, None, &page);
            let found = list.await.unwrap();
            keys.extend(found.items);
            page.after = found.next;
            if page.after.is_none() {
                break;
            }
        }
        assert_eq!(keys.len(), self.rotations + 1);
        self.finished.append(&mut self.tokens);
        for seen in &self.finished {
            let key = keys.iter().find(|key| key.kid == seen.kid).unwrap();
            assert!(key.signs_from <= seen.issued);
            assert!(key.signs_until.is_none_or(|until| seen.issued < until));
            assert!(
                key.published_until
                    .is_none_or(|until| seen.exp.plus_secs(LEEWAY_SECS) <= until)
            );
        }
    }
}

async fn race(database: Database, rotations: usize) {
    let mut race = Race::begin(&database).await;
    race.issue().await;
    while race.rotations < rotations {
        race.rotate().await;
        race.second().await;
    }
    for _ in 0..150 {
        race.second().await;
    }
    race.check_signers().await;
    assert!(race.refused > 0, "the set was never full");
    assert_eq!(race.most_published, 128);
    assert_eq!(race.tokens.len(), 0);
}

#[test]
fn six_hundred_rotations_and_no_good_token_fails() {
    hallpass_testkit::block_on(async { race(Database::sqlite().await, 600).await });
}

#[test]
fn a_hundred_and_fifty_rotations_and_no_good_token_fails_on_postgres() {
    hallpass_testkit::block_on(async { race(Database::postgres().await, 150).await });
}
