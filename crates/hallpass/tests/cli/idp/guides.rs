//! The lines of the guides, pasted into a shell.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::House;
use crate::support::{Ran, hallpass};

/// The guides that tell people what to type.
fn guides() -> Vec<PathBuf> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let each = std::fs::read_dir(docs.join("identity-providers")).unwrap();
    let each = each.map(|entry| entry.unwrap().path());
    each.chain([docs.join("IDENTITY-PROVIDERS.md")]).collect()
}

/// The lines of shell blocks, those that go on in the next one joined.
fn lines(guide: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(guide).unwrap();
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.map(|rest| rest.split("```").next().unwrap());
    let lines = blocks.flat_map(|block| {
        let joined = block.replace("\\\n", "");
        joined.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines.collect()
}

#[test]
fn every_line_of_the_guides_does_what_it_says() {
    let house = House::database(&[]);
    let (mut added, mut environment, mut provider) = (0, String::new(), String::new());
    for guide in guides() {
        for line in lines(&guide) {
            // A test would go out to the real service.
            if !line.starts_with("hallpass idp ") || line.starts_with("hallpass idp test ") {
                continue;
            }
            let is_add = line.starts_with("hallpass idp add ");
            if is_add {
                added += 1;
                environment = house.environment(&format!("Guide {added}"));
            }
            let variables = [
                ("ENVIRONMENT_ID", environment.as_str()),
                ("PROVIDER", &provider),
                ("CLIENT_ID", "client"),
            ];
            let ran = paste(house.directory.path(), &line, &variables).ok();
            // What a guide recommends is nothing to be warned of.
            assert!(!ran.stderr.contains("warning:"), "{line}: {ran:?}");
            if is_add {
                let list = ["idp", "list", "--environment", &environment, "--json"];
                let listed = house.run(&list).ok().json();
                provider = listed["items"][0]["id"].as_str().unwrap().to_owned();
            }
        }
    }
    assert!(added >= 12, "only {added} providers were added");
}

/// Runs a line as a shell would.
pub fn paste(directory: &Path, line: &str, variables: &[(&str, &str)]) -> Ran {
    let program = hallpass();
    let folder = Path::new(program.get_program()).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    // Without the variables of whoever runs the tests, as `hallpass()` is.
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell
        .args(["-c", line])
        .current_dir(directory)
        .env("PATH", path)
        .envs(variables.iter().copied());
    Ran::of(shell.output().unwrap())
}
