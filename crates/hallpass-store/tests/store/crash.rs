//! SIGKILL in the middle of writes.

use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::process::{Command, Stdio};

use hallpass_store::{Engine, Store};
use hallpass_testkit::{block_on, on_both_engines};

use crate::faults::assert_intact;
use crate::samples::project;

const URL: &str = "HALLPASS_TEST_WRITER_URL";
const FROM: &str = "HALLPASS_TEST_WRITER_FROM";
const ROUNDS: u32 = 10;

on_both_engines! {
    async fn what_a_killed_process_acknowledged_is_there(database: Database) {
        let mut acknowledged = Vec::new();
        for round in 0..ROUNDS {
            // Each round kills at another point of the stream.
            let told = run_and_kill_writer(database.url(), round * 100_000, 5 + round as usize * 3);
            assert!(told.len() >= 5);
            acknowledged.extend(told);
            let store = database.open_again().await;
            let mut read = store.read().await.unwrap();
            for number in &acknowledged {
                let found = read.find_project(project(*number).id).await;
                assert_eq!(found, Ok(Some(project(*number))), "acknowledged in or before round {round}");
            }
            drop(read);
            if store.engine() == Engine::Sqlite {
                assert_intact(database.url()).await;
            }
            store.close().await;
        }
    }
}

/// The process that gets killed: writes, and says so once it may. Without its variable there is nothing to do.
#[test]
fn writer() {
    let (Ok(url), Ok(from)) = (env::var(URL), env::var(FROM)) else {
        return;
    };
    block_on(async {
        let store = Store::open(&url).await.unwrap();
        for number in from.parse().unwrap().. {
            let mut write = store.write().await.unwrap();
            write.insert_project(&project(number)).await.unwrap();
            write.commit().await.unwrap();
            let mut out = std::io::stdout().lock();
            writeln!(out, "\nwritten {number}").unwrap();
            out.flush().unwrap();
        }
    });
}

/// Kills after so many acknowledgements; answers all that were given, those in flight included.
fn run_and_kill_writer(url: &str, from: u32, after: usize) -> Vec<u32> {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::writer", "--nocapture"])
        .env(URL, url)
        .env(FROM, from.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = Vec::new();
    let mut killed = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let Some(number) = line.strip_prefix("written ") else {
            continue;
        };
        // A line cut short by the kill says nothing.
        told.extend(number.parse::<u32>());
        if told.len() >= after && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    assert!(
        !child.wait().unwrap().success(),
        "the writer must not end by itself"
    );
    told
}
