use std::fs;

use hallpass_store::Engine;
use hallpass_testkit::on_both_engines;

/// Statements that both engines have.
const SHARED: usize = 197;

/// How many statements an engine has: PostgreSQL claims with one of its own too.
pub fn statements_on(engine: Engine) -> usize {
    match engine {
        Engine::Sqlite => SHARED,
        Engine::Postgres => SHARED + 1,
    }
}

on_both_engines! {
    async fn every_statement_fits_the_tables(database: Database) {
        let engine = database.store().engine();
        assert_eq!(database.store().check_statements().await, Ok(statements_on(engine)));
    }

    async fn a_missing_column_is_reported_with_its_statement(database: Database) {
        database.tamper("ALTER TABLE projects RENAME COLUMN name TO title").await;
        let error = database.store().check_statements().await.expect_err("a column is missing");
        assert!(error.to_string().contains("FROM projects"), "{error}");
    }
}

#[test]
fn every_statement_constant_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let mut constants = 0;
    for entry in fs::read_dir(folder).expect("the sources") {
        let path = entry.expect("a source").path();
        let source = fs::read_to_string(&path).expect("text");
        let Some((_, list)) = source.split_once("const STATEMENTS: &[&str] = &[") else {
            continue;
        };
        let list = list.split_once("];").expect("the list ends").0;
        let registered: Vec<&str> = list.split(',').map(str::trim).collect();
        for line in source.lines() {
            let Some((name, _)) = line
                .strip_prefix("const ")
                .and_then(|rest| rest.split_once(": &str ="))
            else {
                continue;
            };
            constants += 1;
            // Openings of a built query, and what belongs to one engine: run by other tests, on that engine.
            let elsewhere = [
                "LIST_ONLY",
                "SELECT",
                "CHANNEL",
                "CLAIM_ON_POSTGRES",
                "POSTGRES_NOTIFY",
                "SQLITE_CHANGES",
            ];
            assert!(
                registered.contains(&name) || elsewhere.contains(&name),
                "{name} of {} is not in its STATEMENTS",
                path.display()
            );
        }
    }
    // Three statements for each of four sealed columns are made by a macro and have no name of their own.
    assert_eq!(constants, SHARED - 12 + 6);
}
