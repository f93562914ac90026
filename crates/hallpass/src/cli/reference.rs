//! Writes `docs/CLI.md` from the definitions of the command line, so that it cannot say anything else.

use clap::{Arg, Command, CommandFactory as _};

const HEAD: &str = "\
# The command line

Written from the program's own definitions by a test (`HALLPASS_BLESS=1 cargo test -p hallpass --bins reference`); do not edit.

Exit codes: 0 done; 1 failed; 2 wrong use, a wrong configuration or a taken address; 3 `token why` says deny, `idp test` got
no usable key; 4 a token or claim is refused before any decision (`token why`, `token verify`, `token inspect`, `idp test`). A token
whose keys cannot be fetched is not refused: `token why` and `token verify` fail with 1.

Verbs that administer (`project`, `environment`, `key`, `idp`, `user`, `operator`, `audit`, and `token verify|why --environment`)
call the admin API when `--url` or `HALLPASS_URL` is set, with the key of `HALLPASS_OPERATOR_KEY` or `--operator-key-file`.
Otherwise they open a database, which a running server obeys within a second: that of `--data-dir`, `--database-url`, the
configuration or `HALLPASS_DATA_DIR`. The first two flags win over `HALLPASS_URL`. Durations are written `30s`, `15m`, `1h`, `7d`.

With `--json` a failure is one JSON object on stderr: the server's problem document, or `title`, `detail` and `code`.
";

fn reference() -> String {
    let mut root = super::Cli::command();
    root.build();
    let global: Vec<String> = root
        .get_arguments()
        .filter(|arg| arg.is_global_set())
        .map(item)
        .collect();
    let mut sections = vec![
        HEAD.to_owned(),
        format!("## For every verb\n\n{}\n", global.join("\n")),
    ];
    root.get_subcommands()
        .filter(|verb| verb.get_name() != "help")
        .for_each(|verb| section(verb, "hallpass", &mut sections));
    sections.join("\n")
}

fn section(command: &Command, parent: &str, sections: &mut Vec<String>) {
    let path = format!("{parent} {}", command.get_name());
    let about = command
        .get_about()
        .map(ToString::to_string)
        .unwrap_or_default();
    let verbs: Vec<_> = command
        .get_subcommands()
        .filter(|verb| verb.get_name() != "help")
        .collect();
    if !verbs.is_empty() {
        verbs
            .into_iter()
            .for_each(|verb| section(verb, &path, sections));
        return;
    }
    let own = command.get_arguments().filter(|arg| {
        !arg.is_global_set() && !["help", "version"].contains(&arg.get_id().as_str())
    });
    let own: Vec<String> = own.map(item).collect();
    let arguments = if own.is_empty() {
        String::new()
    } else {
        format!("\n{}\n", own.join("\n"))
    };
    sections.push(format!("## `{path}`\n\n{about}.\n{arguments}"));
}

/// One argument as a list item.
fn item(arg: &Arg) -> String {
    let names = arg.get_value_names().map(|names| {
        names
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(" ")
    });
    let takes_value = arg.get_action().takes_values();
    let shown = match (arg.get_long(), names) {
        (Some(long), Some(names)) if takes_value => format!("--{long} {names}"),
        (Some(long), _) => format!("--{long}"),
        (None, names) => names.unwrap_or_else(|| arg.get_id().to_string().to_uppercase()),
    };
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let default: Vec<_> = arg
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy().into_owned())
        .collect();
    let default = if default.is_empty() || default == ["-"] || default == ["false"] {
        String::new()
    } else {
        format!(" [default: {}]", default.join(" "))
    };
    let required = if arg.is_required_set() && arg.get_long().is_some() {
        " (required)"
    } else {
        ""
    };
    let variable = arg
        .get_env()
        .map(|name| format!(" [variable: {}]", name.to_string_lossy()))
        .unwrap_or_default();
    format!("- `{shown}`{required} {help}{default}{variable}")
        .replace("`  ", "` ")
        .trim_end()
        .to_owned()
}

#[test]
fn reference_is_current() -> std::io::Result<()> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/CLI.md");
    let expected = reference();
    if std::env::var_os("HALLPASS_BLESS").is_some() {
        std::fs::write(file, &expected)?;
    }
    assert!(
        std::fs::read_to_string(file)? == expected,
        "docs/CLI.md is stale: run HALLPASS_BLESS=1 cargo test -p hallpass --bins reference"
    );
    Ok(())
}
