//! What each stage does.

use anyhow::Result;

use crate::postgres::{self, Cluster};
use crate::workspace::Workspace;
use crate::{demo, files, install, node, shell};

/// What the stages of one run share.
pub struct Session<'a> {
    workspace: &'a Workspace,
    /// Lives until the run ends, however it ends.
    cluster: Option<Cluster>,
}

impl<'a> Session<'a> {
    pub fn new(workspace: &'a Workspace) -> Session<'a> {
        Session {
            workspace,
            cluster: None,
        }
    }

    /// The temporary server of this run, or the one that the caller of xtask brought along.
    fn postgres_url(&self) -> Option<String> {
        let ours = self.cluster.as_ref().map(Cluster::url);
        ours.or_else(|| std::env::var(POSTGRES_URL).ok())
    }

    fn cargo(&self, arguments: &[&str]) -> Result<()> {
        shell::run(&mut self.workspace.cargo(arguments))
    }
}

/// The variable by which every test finds PostgreSQL.
const POSTGRES_URL: &str = "HALLPASS_TEST_POSTGRES_URL";

const FUZZ: &str = "fuzz/Cargo.toml";

pub fn format(session: &mut Session) -> Result<()> {
    session.cargo(&["fmt", "--all", "--", "--check"])?;
    session.cargo(&["fmt", "--manifest-path", FUZZ, "--", "--check"])
}

pub fn files(session: &mut Session) -> Result<()> {
    files::check(session.workspace)
}

pub fn deny(session: &mut Session) -> Result<()> {
    let cargo_deny =
        install::find_cargo_deny(session.workspace).unwrap_or_else(|| "cargo-deny".into());
    let checks = ["--workspace", "check", "bans", "licenses", "sources"];
    shell::run(session.workspace.command(cargo_deny).args(checks))
}

pub fn clippy(session: &mut Session) -> Result<()> {
    session.cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])?;
    let mut fuzz = session
        .workspace
        .cargo(&["clippy", "--manifest-path", FUZZ]);
    fuzz.arg("--target-dir").arg(session.workspace.target(""));
    shell::run(fuzz.args(["--", "-D", "warnings"]))
}

pub fn doc(session: &mut Session) -> Result<()> {
    let mut doc = session
        .workspace
        .cargo(&["doc", "--workspace", "--no-deps"]);
    shell::run(doc.env("RUSTDOCFLAGS", "-D warnings"))
}

pub fn architecture(session: &mut Session) -> Result<()> {
    session.cargo(&["test", "-p", "xtask", "--test", "architecture"])
}

/// The types of the dashboard's scripts, and the tests of those that need no browser.
pub fn scripts(session: &mut Session) -> Result<()> {
    let mut npm = node::command(session.workspace, "npm")?;
    npm.current_dir(session.workspace.path("e2e"));
    shell::run(npm.args(["run", "--silent", "scripts"]))
}

pub fn postgres(session: &mut Session) -> Result<()> {
    if std::env::var_os(POSTGRES_URL).is_some() {
        println!("{POSTGRES_URL} is set: using that server");
        return Ok(());
    }
    let cluster = Cluster::start()?;
    println!("temporary cluster: {}", cluster.url());
    session.cluster = Some(cluster);
    Ok(())
}

pub fn tests(session: &mut Session) -> Result<()> {
    let mut tests = session
        .workspace
        .cargo(&["test", "--workspace", "--no-fail-fast"]);
    tests.envs(session.postgres_url().map(|url| (POSTGRES_URL, url)));
    // A machine without Node.js of its own has it beside the Python tools.
    tests.envs(node::path(session.workspace).map(|path| ("PATH", path)));
    shell::run(&mut tests)
}

pub fn fuzz(session: &mut Session) -> Result<()> {
    let mut runner = session
        .workspace
        .cargo(&["run", "--release", "--manifest-path", FUZZ]);
    // One build directory: what both ask for alike is compiled once.
    runner.arg("--target-dir").arg(session.workspace.target(""));
    shell::run(runner.args(["--bin", "stable", "--", "run", "--seconds", "30"]))
}

pub fn end_to_end(session: &mut Session) -> Result<()> {
    session.cargo(&["build", "-p", "hallpass"])?;
    let workspace = session.workspace;
    let mut runner = node::command(workspace, "node")?;
    runner.arg("e2e/run.mjs");
    runner.env("HALLPASS_BIN", workspace.target("debug/hallpass"));
    runner.env(
        "HALLPASS_E2E_PYTHON",
        workspace.python_tools().join("bin/python"),
    );
    runner.envs(install::find_chromium().map(|chromium| ("HALLPASS_E2E_CHROMIUM", chromium)));
    runner.envs(postgres::find_program("psql").map(|psql| ("HALLPASS_E2E_PSQL", psql)));
    runner.envs(session.postgres_url().map(|url| (POSTGRES_URL, url)));
    shell::run(&mut runner)
}

pub fn demo(session: &mut Session) -> Result<()> {
    demo::smoke(session.workspace)
}
