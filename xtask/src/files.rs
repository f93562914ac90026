//! Rules about files that no compiler checks: their size, what they name, and marks of unfinished work.

use std::fs;

use anyhow::{Result, bail};

use crate::shell;
use crate::workspace::Workspace;

const LONGEST: usize = 600;

/// Files that Git knows or would add.
pub fn check(workspace: &Workspace) -> Result<()> {
    let list = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let list = shell::capture(workspace.command("git").args(list))?;
    let mut faults = Vec::new();
    let mut looked_at = 0_usize;
    for name in list.lines() {
        let Ok(text) = fs::read_to_string(workspace.path(name)) else {
            continue; // deleted, or not text
        };
        looked_at += 1;
        faults.extend(
            faults_of(name, &text)
                .into_iter()
                .map(|fault| format!("{name}{fault}")),
        );
    }
    if faults.is_empty() {
        println!("{looked_at} text files keep the rules");
        return Ok(());
    }
    faults.iter().for_each(|fault| println!("{fault}"));
    bail!("{} places break a rule", faults.len());
}

fn faults_of(name: &str, text: &str) -> Vec<String> {
    let extension = name.rsplit('.').next().unwrap_or_default();
    let code = matches!(extension, "rs" | "js" | "mjs" | "ts" | "py" | "sh");
    let generated = name.ends_with(".lock") || name.starts_with("fuzz/corpus/");
    let mut faults = Vec::new();
    if code && text.lines().count() > LONGEST {
        faults.push(format!(": more than {LONGEST} lines; look for the seam"));
    }
    for (number, line) in text.lines().enumerate().filter(|_| !generated) {
        let here = number + 1;
        if names_a_machine(line) {
            faults.push(format!(":{here}: a path that only one machine has"));
        }
        if code && MARKS.iter().any(|mark| line.contains(mark)) {
            faults.push(format!(":{here}: a mark of unfinished work"));
        }
        if name.ends_with("package-lock.json") && line.contains("\"resolved\"") {
            faults.push(format!(
                ":{here}: names a registry host; e2e/.npmrc leaves it out"
            ));
        }
    }
    faults
}

/// Written in pieces, so that this file does not name them itself.
const MARKS: &[&str] = &[
    concat!("FIX", "ME"),
    concat!("XX", "X:"),
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("#[ign", "ore"),
    concat!("test.", "only"),
];

fn names_a_machine(line: &str) -> bool {
    let fixed = [
        concat!("/wo", "rk/"),
        concat!("../sha", "red"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
    ];
    fixed.iter().any(|path| line.contains(path))
        || line
            .split(concat!("/tm", "p/"))
            .skip(1)
            .any(begins_with_a_directory)
}

fn begins_with_a_directory(rest: &str) -> bool {
    let name = rest
        .find(|letter: char| !letter.is_ascii_lowercase())
        .unwrap_or(rest.len());
    name > 0 && rest[name..].starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, faults_of};

    #[test]
    fn a_clean_file_has_no_faults() {
        assert_eq!(
            faults_of("src/lib.rs", "fn main() {}\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn every_rule_can_be_broken() {
        let long = "\n".repeat(LONGEST + 1);
        for (name, text) in [
            ("src/lib.rs", long.as_str()),
            ("README.md", concat!("see ../sha", "red/design")),
            ("README.md", concat!("in /tm", "p/hp/notes")),
            ("src/lib.rs", concat!("todo", "!()")),
            (
                "e2e/package-lock.json",
                "\"resolved\": \"https://registry.example/\"",
            ),
        ] {
            assert_eq!(faults_of(name, text).len(), 1, "{name}");
        }
    }
}
