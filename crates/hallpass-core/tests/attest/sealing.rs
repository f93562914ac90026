//! The master key: lost, wrong, and changed while everything goes on.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hallpass_core::{
    MasterKeys, OperatorCaller, Options, SealKeyState, SealStatus, Services, SettableClock,
    Surroundings, SystemRng,
};
use hallpass_model::{EnvironmentId, Timestamp};
use hallpass_seal::{KeyId, KeyRing, MasterKey, Place};
use hallpass_store::{Engine, SEALED_COLUMNS, SealedColumn, SealedValue, Store};
use hallpass_testkit::world::{World, egress_to};
use hallpass_testkit::{Database, on_both_engines};

const LONG: Duration = Duration::from_secs(60);

/// Keys by number, so that rings can be made again and again.
fn key(number: u8) -> MasterKey {
    MasterKey::from_bytes(std::array::from_fn(|place| number ^ (place as u8)))
}

fn id(number: u8) -> KeyId {
    key(number).id()
}

fn ring(numbers: &[u8]) -> Option<KeyRing> {
    let (first, former) = numbers.split_first()?;
    let ring = KeyRing::new(key(*first));
    Some(
        former
            .iter()
            .fold(ring, |ring, number| ring.with_former(key(*number))),
    )
}

/// The place that a node's keys come from.
#[derive(Clone, Default)]
struct Keys(Arc<Mutex<Vec<u8>>>);

impl Keys {
    fn of(numbers: &[u8]) -> Self {
        let keys = Self::default();
        keys.put(numbers);
        keys
    }

    fn put(&self, numbers: &[u8]) {
        *self.0.lock().unwrap() = numbers.to_vec();
    }

    async fn node(&self, store: Store) -> (Arc<Services>, Arc<SettableClock>) {
        let keys = self.0.clone();
        let clock = Arc::new(SettableClock::at(Timestamp::from_secs(1_800_000_000)));
        let surroundings = Surroundings {
            master_keys: MasterKeys::from_source(move || Ok(ring(&keys.lock().unwrap()))),
            ..Surroundings::new(egress_to(&[]))
        };
        let rng = Arc::new(SystemRng::new());
        let services = Services::start(store, clock.clone(), rng, surroundings, Options::default());
        (services.await.unwrap(), clock)
    }
}

fn column(table: &str, column: &str) -> &'static SealedColumn {
    let mut columns = SEALED_COLUMNS.iter();
    columns
        .find(|known| known.table == table && known.column == column)
        .unwrap()
}

fn sealed_with(
    number: u8,
    column: &SealedColumn,
    value: (&str, EnvironmentId),
    secret: &str,
) -> Vec<u8> {
    let place = Place {
        table: column.table,
        row: value.0,
        environment: &value.1.to_string(),
        field: column.column,
    };
    let nonce = std::array::from_fn(|_| NONCE.fetch_add(1, Ordering::SeqCst) as u8);
    ring(&[number])
        .unwrap()
        .seal(&place, nonce, secret.as_bytes())
        .unwrap()
        .into_bytes()
}

/// Any that differ will do here.
static NONCE: AtomicUsize = AtomicUsize::new(0);

fn literal(engine: Engine, bytes: &[u8]) -> String {
    let hex = bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    match engine {
        Engine::Sqlite => format!("x'{hex}'"),
        Engine::Postgres => format!("'\\x{hex}'::bytea"),
    }
}

/// Webhooks with two secrets each, sealed with the key of this number.
async fn webhooks(database: &Database, environment: EnvironmentId, count: usize, number: u8) {
    let (secrets, former) = (
        column("webhooks", "secret"),
        column("webhooks", "former_secret"),
    );
    let rows = (0..count).map(|row| {
        let row = format!("row-{row:04}");
        let literal = |column, text: String| {
            literal(
                database.store().engine(),
                &sealed_with(number, column, (&row, environment), &text),
            )
        };
        format!(
            "('{row}', '{environment}', 'https://a.example', '[]', '{{}}', {}, {}, 1, 0, 0)",
            literal(secrets, format!("secret of {row}")),
            literal(former, format!("former of {row}")),
        )
    });
    let rows: Vec<_> = rows.collect();
    database
        .tamper(&format!(
            "INSERT INTO webhooks (id, environment_id, url, events, settings, secret, former_secret, version, created_at, \
             updated_at) VALUES {}",
            rows.join(", ")
        ))
        .await;
}

/// Every value of a column.
async fn values(store: &Store, column: &SealedColumn) -> Vec<SealedValue> {
    let mut tx = store.read().await.unwrap();
    tx.list_sealed_otherwise(column, &[0; 8], None, 10_000)
        .await
        .unwrap()
}

/// What opens with these keys, by row.
async fn opened(store: &Store, column: &SealedColumn, numbers: &[u8]) -> BTreeMap<String, String> {
    let ring = ring(numbers).unwrap();
    let values = values(store, column).await.into_iter();
    let opened = values.filter_map(|value| {
        let place = Place {
            table: column.table,
            row: &value.row,
            environment: &value.environment.to_string(),
            field: column.column,
        };
        let secret = ring.open(&place, &value.sealed).ok()?;
        Some((
            value.row.clone(),
            String::from_utf8(secret.expose().to_vec()).unwrap(),
        ))
    });
    opened.collect()
}

async fn assert_all_open(store: &Store, numbers: &[u8], count: usize) {
    for (name, word) in [("secret", "secret"), ("former_secret", "former")] {
        let opened = opened(store, column("webhooks", name), numbers).await;
        assert_eq!(opened.len(), count, "{name}");
        assert!(
            opened
                .iter()
                .all(|(row, text)| *text == format!("{word} of {row}"))
        );
    }
}

fn admin() -> OperatorCaller {
    OperatorCaller::command_line()
}

fn state_of(status: &SealStatus, number: u8) -> (SealKeyState, i64, bool) {
    let key = status.keys.iter().find(|key| key.id == id(number)).unwrap();
    (key.state, key.values, key.removable)
}

fn code<T>(outcome: hallpass_model::Result<T>) -> (&'static str, String) {
    let error = outcome.err().unwrap();
    (error.code(), error.message().to_owned())
}

on_both_engines! {
    async fn a_lost_or_wrong_key_is_refused_by_name(database: Database) {
        let store = database.store().clone();
        let (none, _) = Keys::default().node(store.clone()).await;
        none.sealing.check().await.unwrap();
        let (first, _) = Keys::of(&[1]).node(store.clone()).await;
        first.sealing.check().await.unwrap();
        first.sealing.check().await.unwrap();

        let (why, said) = code(none.sealing.check().await);
        assert_eq!(why, "master_key_missing");
        assert!(said.contains(&id(1).to_string()), "{said}");
        let (wrong, _) = Keys::of(&[2]).node(store.clone()).await;
        let (why, said) = code(wrong.sealing.check().await);
        assert_eq!(why, "master_key_unknown");
        assert!(said.contains(&id(1).to_string()) && said.contains(&id(2).to_string()), "{said}");
        assert_eq!(code(wrong.sealing.rotate(&admin(), LONG).await).0, "master_key_unknown");
        let (both, _) = Keys::of(&[2, 1]).node(store).await;
        both.sealing.check().await.unwrap();
        both.sealing.compare().await.unwrap();
        // What needs no secret goes on without the key.
        assert_eq!(none.sealing.status(&admin()).await.unwrap().fault, Some("master_key_missing"));
        none.projects.create(&admin(), "Other").await.unwrap();
        for services in [none, first, wrong, both] {
            services.stop().await;
        }
    }

    async fn a_rotation_seals_everything_again_and_says_what_may_go(database: Database) {
        let world = World::new(database.store().clone()).await;
        webhooks(&database, world.environment, 130, 1).await;
        let keys = Keys::of(&[1]);
        let (services, _) = keys.node(database.store().clone()).await;
        services.sealing.check().await.unwrap();
        let status = services.sealing.status(&admin()).await.unwrap();
        assert_eq!((status.current, status.remaining()), (Some(id(1)), 0));
        assert_eq!(state_of(&status, 1), (SealKeyState::Current, 260, false));

        keys.put(&[2, 1]);
        let rotation = services.sealing.rotate(&admin(), LONG).await.unwrap();
        assert!(rotation.done);
        assert_eq!((rotation.resealed, rotation.unreadable), (260, 0));
        assert_eq!(state_of(&rotation.status, 1), (SealKeyState::Former, 0, true));
        assert_eq!(state_of(&rotation.status, 2), (SealKeyState::Current, 260, false));
        assert_all_open(database.store(), &[2], 130).await;
        let (alone, _) = Keys::of(&[2]).node(database.store().clone()).await;
        alone.sealing.check().await.unwrap();
        let again = services.sealing.rotate(&admin(), LONG).await.unwrap();
        assert!(again.done && again.resealed == 0);
        let page = hallpass_model::PageRequest::default();
        let trail = services.audit.list(&admin(), hallpass_core::AuditQuery::default(), &page).await.unwrap();
        let turns = trail.items.iter().filter(|entry| entry.action == "seal.rotate");
        assert_eq!(turns.count(), 1);
        services.stop().await;
        alone.stop().await;
    }

    async fn writers_that_go_on_meanwhile_lose_nothing(database: Database) {
        let world = World::new(database.store().clone()).await;
        webhooks(&database, world.environment, 120, 1).await;
        let keys = Keys::of(&[1]);
        let (services, _) = keys.node(database.store().clone()).await;
        services.sealing.check().await.unwrap();
        keys.put(&[2, 1]);
        // A node that has not noticed: it changes secrets and seals them with the former key, all the time.
        let stop = Arc::new(AtomicBool::new(false));
        let writer = tokio::spawn({
            let (store, stop) = (database.open_again().await, stop.clone());
            async move {
                let column = column("webhooks", "secret");
                let (mut written, mut turn) = (BTreeMap::new(), 0_usize);
                while !stop.load(Ordering::SeqCst) {
                    turn += 1;
                    let all = values(&store, column).await;
                    let value = &all[(turn * 7) % all.len()];
                    let text = format!("turn {turn}");
                    let sealed = sealed_with(1, column, (&value.row, value.environment), &text);
                    let Ok(mut tx) = store.write().await else { continue };
                    if let Ok(true) = tx.replace_sealed(column, value, &sealed).await
                        && tx.commit().await.is_ok()
                    {
                        written.insert(value.row.clone(), text);
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                written
            }
        });
        let during = services.sealing.rotate(&admin(), LONG).await.unwrap();
        assert!(during.resealed >= 240, "{during:?}");
        stop.store(true, Ordering::SeqCst);
        let written = writer.await.unwrap();
        assert!(written.len() > 1);
        let mut rotation = services.sealing.rotate(&admin(), LONG).await.unwrap();
        if !rotation.done {
            rotation = services.sealing.rotate(&admin(), LONG).await.unwrap();
        }
        assert!(rotation.done && rotation.status.remaining() == 0, "{rotation:?}");
        let opened = opened(database.store(), column("webhooks", "secret"), &[2]).await;
        assert_eq!(opened.len(), 120);
        for (row, text) in opened {
            let expected = written.get(&row).cloned().unwrap_or(format!("secret of {row}"));
            assert_eq!(text, expected, "{row}");
        }
        services.stop().await;
    }

    async fn a_rotation_that_is_dropped_half_way_goes_on_where_it_ended(database: Database) {
        let world = World::new(database.store().clone()).await;
        webhooks(&database, world.environment, 150, 1).await;
        let keys = Keys::of(&[1]);
        let (services, _) = keys.node(database.store().clone()).await;
        services.sealing.check().await.unwrap();
        keys.put(&[2, 1]);
        // Dropped while it announces, then at whatever it has come to.
        let (mut stopped, operator) = (0, admin());
        for millis in [100, 3005, 3020] {
            let rotate = services.sealing.rotate(&operator, LONG);
            let outcome = tokio::time::timeout(Duration::from_millis(millis), rotate).await;
            stopped += usize::from(outcome.is_err());
            assert_all_open(database.store(), &[2, 1], 150).await;
            if millis == 100 {
                assert_eq!(services.sealing.status(&admin()).await.unwrap().rotating_to, Some(id(2)));
                // From the announcement on, a node without the new key is refused.
                let (behind, _) = Keys::of(&[1]).node(database.store().clone()).await;
                assert_eq!(code(behind.sealing.check().await).0, "master_key_unknown");
                behind.stop().await;
            }
        }
        assert!(stopped > 0);
        let rotation = services.sealing.rotate(&admin(), LONG).await.unwrap();
        assert!(rotation.done && rotation.status.remaining() == 0, "{rotation:?}");
        assert_all_open(database.store(), &[2], 150).await;
        services.stop().await;
    }

    async fn a_value_from_another_row_or_column_does_not_open_and_stays(database: Database) {
        let world = World::new(database.store().clone()).await;
        webhooks(&database, world.environment, 4, 1).await;
        database
            .tamper("UPDATE webhooks SET secret = (SELECT w.secret FROM webhooks w WHERE w.id = 'row-0001') WHERE id = 'row-0000'")
            .await;
        database.tamper("UPDATE webhooks SET former_secret = secret WHERE id = 'row-0002'").await;
        let keys = Keys::of(&[1]);
        let (services, _) = keys.node(database.store().clone()).await;
        services.sealing.check().await.unwrap();
        keys.put(&[2, 1]);
        let rotation = services.sealing.rotate(&admin(), LONG).await.unwrap();
        assert!(rotation.done);
        assert_eq!((rotation.resealed, rotation.unreadable), (6, 2));
        // Not told to be removable while something names it.
        assert_eq!(state_of(&rotation.status, 1), (SealKeyState::Former, 2, false));
        services.stop().await;
    }

    async fn another_node_takes_the_new_key_by_itself(database: Database) {
        let world = World::new(database.store().clone()).await;
        webhooks(&database, world.environment, 3, 1).await;
        let keys = Keys::of(&[1]);
        let (services, _) = keys.node(database.store().clone()).await;
        let (other, _) = keys.node(database.open_again().await).await;
        services.sealing.check().await.unwrap();
        other.sealing.check().await.unwrap();
        assert_eq!(other.sealing.status(&admin()).await.unwrap().current, Some(id(1)));
        // No time passes on the node's clock: it does not wait for the floor between two looks.
        keys.put(&[2, 1]);
        assert!(services.sealing.rotate(&admin(), LONG).await.unwrap().done);
        let status = other.sealing.status(&admin()).await.unwrap();
        assert_eq!(status.current, Some(id(2)));
        services.stop().await;
        other.stop().await;
    }

    async fn an_operator_of_some_projects_may_not_look_or_turn(database: Database) {
        let world = World::new(database.store().clone()).await;
        let narrow = OperatorCaller { projects: Some(vec![world.project]), ..admin() };
        assert_eq!(code(world.services.sealing.status(&narrow).await).0, "all_projects_needed");
        assert_eq!(code(world.services.sealing.rotate(&narrow, LONG).await).0, "all_projects_needed");
    }
}
