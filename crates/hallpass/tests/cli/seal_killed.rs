//! A change of the master key whose process is killed half-way, by the signal that nobody can catch.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use hallpass_seal::{KeyId, KeyRing, MasterKey, Place};
use hallpass_store::{Engine, SEALED_COLUMNS, SealedColumn};
use hallpass_testkit::{Database, on_both_engines};
use serde_json::json;

use crate::support::{Ran, hallpass, run};

/// So many that a change takes longer than it takes to notice that it has begun.
const ROWS: usize = 3000;

fn on(directory: &Path, database: &Database, verb: &[&str]) -> Ran {
    let at = ["--database-url", database.url(), "--config", "h.toml"];
    run(directory, &[verb, &at].concat())
}

fn keys(directory: &Path) -> Vec<MasterKey> {
    let text = fs::read_to_string(directory.join("key")).unwrap();
    text.lines()
        .map(|line| MasterKey::parse(line).unwrap())
        .collect()
}

fn secrets() -> &'static SealedColumn {
    let mut columns = SEALED_COLUMNS.iter();
    columns
        .find(|column| (column.table, column.column) == ("webhooks", "secret"))
        .unwrap()
}

fn place<'a>(row: &'a str, environment: &'a str) -> Place<'a> {
    Place {
        table: "webhooks",
        row,
        environment,
        field: "secret",
    }
}

async fn fill(database: &Database, environment: &str, ring: &KeyRing) {
    for chunk in 0..ROWS / 500 {
        let rows = (chunk * 500..(chunk + 1) * 500).map(|number| {
            let row = format!("row-{number:05}");
            let mut nonce = [0; 24];
            nonce[..8].copy_from_slice(&number.to_be_bytes());
            let secret = format!("secret of {row}");
            let sealed = ring
                .seal(&place(&row, environment), nonce, secret.as_bytes())
                .unwrap();
            let sealed = literal(database.store().engine(), sealed.as_bytes());
            format!(
                "('{row}', '{environment}', 'https://a.example', '[]', '{{}}', {sealed}, 1, 0, 0)"
            )
        });
        let rows: Vec<_> = rows.collect();
        database
            .tamper(&format!(
                "INSERT INTO webhooks (id, environment_id, url, events, settings, secret, version, created_at, updated_at) \
                 VALUES {}",
                rows.join(", ")
            ))
            .await;
    }
}

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

async fn sealed_with(database: &Database, id: KeyId) -> i64 {
    let mut tx = database.store().read().await.unwrap();
    let counts = tx.count_sealed(secrets()).await.unwrap();
    let own = counts.iter().find(|(key, _)| key == id.as_bytes());
    own.map_or(0, |(_, count)| *count)
}

async fn assert_all_open(database: &Database, ring: &KeyRing) {
    let mut tx = database.store().read().await.unwrap();
    let values = tx
        .list_sealed_otherwise(secrets(), &[0; 8], None, 10_000)
        .await
        .unwrap();
    assert_eq!(values.len(), ROWS);
    for value in values {
        let environment = value.environment.to_string();
        let secret = ring
            .open(&place(&value.row, &environment), &value.sealed)
            .unwrap();
        assert_eq!(
            secret.expose(),
            format!("secret of {}", value.row).as_bytes()
        );
    }
}

on_both_engines! {
    async fn a_killed_change_loses_nothing_and_is_finished_by_the_next(database: Database) {
        let directory = tempfile::tempdir().unwrap();
        let at = directory.path();
        fs::write(at.join("h.toml"), "[seal]\nmaster_key_file = \"key\"\n").unwrap();
        on(at, &database, &["seal", "new-key"]).ok();
        on(at, &database, &["seal", "rotate"]).ok();
        let project = on(at, &database, &["project", "create", "--name", "Acme", "--json"]).ok().json();
        let project = project["id"].as_str().unwrap();
        let made = ["environment", "create", "--project", project, "--name", "sandbox", "--json"];
        let environment = on(at, &database, &made).ok().json();
        let environment = environment["id"].as_str().unwrap();
        let first = keys(at).remove(0);
        fill(&database, environment, &KeyRing::new(first)).await;
        on(at, &database, &["seal", "new-key"]).ok();
        let (new, former) = (keys(at).remove(0), keys(at).remove(1));
        let id = new.id();
        let ring = KeyRing::new(new).with_former(former);

        let mut begun = 0;
        for _ in 0..3 {
            let mut rotation = hallpass()
                .current_dir(at)
                .args(["seal", "rotate", "--config", "h.toml", "--database-url", database.url()])
                .spawn()
                .unwrap();
            let before = begun;
            while begun == before && rotation.try_wait().unwrap().is_none() {
                begun = sealed_with(&database, id).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            rotation.kill().unwrap();
            rotation.wait().unwrap();
            assert_all_open(&database, &ring).await;
            begun = sealed_with(&database, id).await;
        }
        assert!(begun > 0);
        let finished = on(at, &database, &["seal", "rotate", "--json"]).ok().json();
        assert_eq!((&finished["done"], &finished["seal"]["remaining"]), (&json!(true), &json!(0)));
        // With the new key alone.
        let line = fs::read_to_string(at.join("key")).unwrap().lines().next().unwrap().to_owned();
        fs::write(at.join("key"), line).unwrap();
        assert_all_open(&database, &KeyRing::new(keys(at).remove(0))).await;
        on(at, &database, &["doctor"]).ok();
    }
}
