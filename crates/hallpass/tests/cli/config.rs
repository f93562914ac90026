use crate::support::{hallpass, run};

#[test]
fn an_unknown_key_is_fatal_with_its_place_for_every_verb() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("h.toml"),
        "[server]\nlisten = \"127.0.0.1:0\"\ndata_dirr = \"x\"\n",
    )
    .unwrap();
    for verb in [
        &["serve"][..],
        &["demo"],
        &["migrate"],
        &["project", "list"],
        &["config", "check"],
    ] {
        let ran = run(directory.path(), &[verb, &["--config", "h.toml"]].concat()).code(2);
        assert!(
            ran.stderr
                .contains("h.toml:3:1: unknown key `server.data_dirr`"),
            "{ran:?}"
        );
    }
    let checked = run(directory.path(), &["config", "check", "h.toml"]).code(2);
    assert!(
        checked.stderr.contains("did you mean `server.data_dir`?"),
        "{checked:?}"
    );
}

#[test]
fn a_flag_that_does_not_exist_is_wrong_use() {
    let directory = tempfile::tempdir().unwrap();
    run(directory.path(), &["serve", "--frobnicate"]).code(2);
    run(directory.path(), &["frobnicate"]).code(2);
}

#[test]
fn show_names_the_origin_of_each_value_and_no_password() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("h.toml"),
        "[log]\nlevel = \"debug\"\n",
    )
    .unwrap();
    let output = hallpass()
        .current_dir(directory.path())
        .env(
            "HALLPASS__DATABASE__URL",
            "postgres://ana:topsecret@db/hallpass",
        )
        .args([
            "config",
            "show",
            "--config",
            "h.toml",
            "--data-dir",
            "elsewhere",
        ])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let row = |key: &str| {
        shown
            .lines()
            .find(|line| line.starts_with(key))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(row("log.level").contains("h.toml:2:1"), "{shown}");
    assert!(
        row("server.data_dir").contains("flag --data-dir"),
        "{shown}"
    );
    assert!(
        row("database.url").contains("variable HALLPASS__DATABASE__URL"),
        "{shown}"
    );
    assert!(row("server.listen").ends_with("default"), "{shown}");
    assert!(!shown.contains("topsecret"), "{shown}");
}

#[test]
fn the_printed_default_is_a_configuration_that_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let printed = run(directory.path(), &["config", "default"]).ok().stdout;
    std::fs::write(directory.path().join("h.toml"), printed).unwrap();
    run(directory.path(), &["config", "check", "h.toml"]).ok();
}
