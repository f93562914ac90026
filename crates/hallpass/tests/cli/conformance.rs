//! `token why` answers every shared case as the file says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::support::run;

/// A case by its members; the claim keeps its exact text, because a duplicate member would vanish in a value.
type Case = BTreeMap<String, Box<RawValue>>;

#[test]
fn token_why_agrees_with_the_shared_cases() {
    let cases: Vec<Case> = files()
        .iter()
        .flat_map(|file| {
            serde_json::from_str::<Vec<Case>>(&std::fs::read_to_string(file).unwrap()).unwrap()
        })
        .collect();
    let share = cases.len().div_ceil(4);
    std::thread::scope(|scope| {
        for share in cases.chunks(share) {
            scope.spawn(|| all_agree(share));
        }
    });
    println!("{} cases through the process", cases.len());
    assert!(cases.len() >= 150, "only {} cases", cases.len());
}

fn all_agree(cases: &[Case]) {
    let directory = tempfile::tempdir().unwrap();
    let key = hallpass_jose::SigningKey::generate_es256().unwrap();
    std::fs::write(
        directory.path().join("key.pem"),
        key.to_pkcs8_pem().unwrap().as_str(),
    )
    .unwrap();
    let unrestricted = run(
        directory.path(),
        &["token", "mint", "--key", "key.pem", "--sub", "user-1"],
    )
    .ok();
    for case in cases {
        agrees(case, directory.path(), unrestricted.stdout.trim());
    }
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/permissions");
    let entries = std::fs::read_dir(folder).expect("the shared cases");
    let mut files: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .collect();
    files.sort();
    files
}

fn agrees(case: &Case, directory: &Path, unrestricted: &str) {
    let member = |name: &str| {
        case.get(name)
            .map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap())
    };
    let (target, permission, expected) = (member("target"), member("permission"), member("expect"));
    let name = member("name");
    let mut arguments: Vec<String> = ["token", "why", "--json", "--permission"]
        .map(str::to_owned)
        .to_vec();
    arguments.push(permission.as_str().unwrap().to_owned());
    match case.get("claim") {
        Some(claim) => {
            std::fs::write(directory.join("claim.json"), claim.get()).unwrap();
            arguments.extend(["--claim".to_owned(), "claim.json".to_owned()]);
        }
        None => arguments.extend(["--token".to_owned(), unrestricted.to_owned()]),
    }
    if let Some(integration) = target["integration"].as_str() {
        arguments.extend(["--integration".to_owned(), integration.to_owned()]);
    }
    for level in ["credential", "configuration"] {
        for text in names(&target[level]) {
            arguments.extend([format!("--{level}"), text]);
        }
    }
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let ran = run(directory, &arguments);
    if expected == "malformed" || expected["decision"] == json!("malformed") {
        assert_eq!(ran.code, Some(4), "{name}\n{ran:#?}");
        if let Some(pointer) = expected.get("pointer") {
            assert_eq!(&ran.json()["pointer"], pointer, "{name}");
        }
        return;
    }
    let code = if expected["decision"] == json!("allow") {
        0
    } else {
        3
    };
    assert_eq!(ran.code, Some(code), "{name}\n{ran:#?}");
    let answer = ran.json();
    assert_eq!(answer["reason"], expected["reason"], "{name}");
    if let Some(pointer) = expected
        .get("pointer")
        .filter(|pointer| pointer.is_string())
    {
        let deciding: Vec<_> = answer["deciding"]
            .as_array()
            .unwrap()
            .iter()
            .map(|grant| &grant["pointer"])
            .collect();
        assert!(deciding.contains(&pointer), "{name}\n{answer:#}");
    }
}

/// A thing as the flag names it: once, or twice when it has both ids.
fn names(thing: &Value) -> Vec<String> {
    let id = thing["id"].as_str().map(str::to_owned);
    let external_id = thing["ext"].as_str().map(|ext| format!("ext:{ext}"));
    let word = thing.as_str().map(str::to_owned);
    [id, external_id, word].into_iter().flatten().collect()
}
