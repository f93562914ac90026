//! The README's tour, pasted into a shell.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Server, hallpass};

#[test]
fn the_sixty_seconds_go_as_written() {
    let readme =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md"))
            .unwrap();
    let tour = readme
        .split("```sh\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let directory = tempfile::tempdir().unwrap();
    let demo = Server::demo(directory.path());
    // The README's demo has its default directory.
    std::os::unix::fs::symlink(
        demo.variable("DATA_DIR"),
        directory.path().join("hallpass-demo"),
    )
    .unwrap();
    std::fs::copy(
        directory.path().join("demo.env"),
        directory.path().join("data/env"),
    )
    .unwrap();

    let program = Path::new(hallpass().get_program())
        .parent()
        .unwrap()
        .to_owned();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let script = tour.replace("\ncurl -s ", "\ncurl -sS --noproxy '*' ");
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(directory.path())
        .env("PATH", path)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let mut rest = said.as_str();
    let promises: Vec<_> = tour
        .lines()
        .filter_map(|line| line.strip_prefix("#=> "))
        .collect();
    assert!(promises.len() >= 6, "{tour}");
    for promise in promises {
        let at = rest.find(promise).unwrap_or_else(|| {
            panic!(
                "`{promise}` does not follow in:\n{said}\n{}",
                String::from_utf8_lossy(&output.stderr)
            )
        });
        rest = &rest[at + promise.len()..];
    }
    assert!(output.status.success(), "{output:?}");
}
