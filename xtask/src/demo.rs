//! Drives the release binary's `demo` as a newcomer would: starts it, pastes the tour's lines, stops it, starts it again.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::workspace::Workspace;
use crate::{shell, tour};

pub fn smoke(workspace: &Workspace) -> Result<()> {
    shell::run(&mut workspace.cargo(&["build", "--release", "-p", "hallpass"]))?;
    let home = TemporaryDirectory::create()?;
    let binary = workspace.target("release/hallpass");

    let first = Demo::start(&binary, home.path())?;
    println!(
        "first start:  {:>6.0} ms (goal 5000)",
        first.start_up.as_secs_f64() * 1e3
    );
    println!(
        "idle memory:  {:>6.1} MB resident (goal 40)",
        first.resident_megabytes()?
    );
    check_env_file(home.path())?;
    refuses_taken_port(&binary, home.path(), &first.address)?;
    let steps = first.walk_tour()?;
    let before = first.variables.clone();
    first.stop()?;

    let second = Demo::start(&binary, home.path())?;
    println!(
        "second start: {:>6.0} ms (goal 500)",
        second.start_up.as_secs_f64() * 1e3
    );
    for name in [
        "HALLPASS_PROJECT_ID",
        "HALLPASS_SANDBOX_ID",
        "HALLPASS_BETA_ID",
        "HALLPASS_PRODUCTION_ID",
    ] {
        ensure!(
            before.get(name) == second.variables.get(name),
            "{name} changed over a restart"
        );
    }
    second.walk_tour()?;
    second.stop()?;
    println!(
        "{steps} lines of the tour answered as promised, twice; SIGTERM ended both runs with 0"
    );
    Ok(())
}

const VARIABLES: &[&str] = &[
    "HALLPASS_URL",
    "HALLPASS_OPERATOR_KEY",
    "HALLPASS_PROJECT_ID",
    "HALLPASS_SANDBOX_ID",
    "HALLPASS_BETA_ID",
    "HALLPASS_PRODUCTION_ID",
    "HALLPASS_SIGNING_KEY_FILE",
    "HALLPASS_USER_TOKEN",
    "HALLPASS_DATA_DIR",
];

struct Demo {
    process: Option<Child>,
    start_up: Duration,
    variables: BTreeMap<String, String>,
    address: String,
    output: PathBuf,
}

impl Demo {
    fn start(binary: &Path, home: &Path) -> Result<Demo> {
        let env_file = home.join("env");
        drop(fs::remove_file(&env_file));
        let address = TcpListener::bind(("127.0.0.1", 0))?
            .local_addr()?
            .to_string();
        let output = home.join("output");
        let log = fs::File::create(&output)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "how long a start takes is one of the printed numbers"
        )]
        let started = Instant::now();
        let process = demo(binary, home, &address)
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let variables = BTreeMap::new();
        let mut demo = Demo {
            process: Some(process),
            start_up: Duration::ZERO,
            variables,
            address,
            output,
        };
        while !env_file.exists() {
            if started.elapsed() > Duration::from_secs(60) || demo.has_ended()? {
                bail!("demo wrote no env file\n{}", demo.printed_so_far()?);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        demo.start_up = started.elapsed();
        demo.variables = read_env_file(&env_file)?;
        Ok(demo)
    }

    fn has_ended(&mut self) -> Result<bool> {
        Ok(self
            .process
            .as_mut()
            .map_or(Ok(None), Child::try_wait)?
            .is_some())
    }

    /// Answers how many lines the tour has.
    fn walk_tour(&self) -> Result<usize> {
        let steps = tour::steps(&self.printed_so_far()?)?;
        steps.iter().try_for_each(tour::walk)?;
        Ok(steps.len())
    }

    /// The env file is written when the server is ready; the tour may follow a moment later.
    fn printed_so_far(&self) -> Result<String> {
        let mut printed = String::new();
        for _ in 0..40 {
            printed = fs::read_to_string(&self.output)?;
            if printed.contains("# answers ") {
                std::thread::sleep(Duration::from_millis(100));
                return Ok(fs::read_to_string(&self.output)?);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(printed)
    }

    fn resident_megabytes(&self) -> Result<f64> {
        let process = self.process.as_ref().context("demo runs")?;
        let status =
            fs::read_to_string(format!("/proc/{}/status", process.id())).unwrap_or_default();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap_or("0 kB");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(kilobytes * 1024.0 / 1e6)
    }

    /// Asks it to stop as a service manager does; the exit code must be 0.
    fn stop(mut self) -> Result<()> {
        let mut process = self.process.take().context("demo runs")?;
        shell::capture(Command::new("kill").args(["-TERM", &process.id().to_string()]))?;
        let status = process.wait()?;
        ensure!(
            status.success(),
            "SIGTERM ended demo with {status}\n{}",
            fs::read_to_string(&self.output)?
        );
        Ok(())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            drop(process.kill());
            drop(process.wait());
        }
    }
}

fn demo(binary: &Path, home: &Path, address: &str) -> Command {
    let mut command = Command::new(binary);
    for (name, _) in
        std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HALLPASS_"))
    {
        command.env_remove(name);
    }
    command
        .arg("demo")
        .arg("--data-dir")
        .arg(home.join("data"))
        .args(["--listen", address]);
    command
        .arg("--env-file")
        .arg(home.join("env"))
        .stdin(Stdio::null());
    command
}

fn check_env_file(home: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let env_file = home.join("env");
    let mode = fs::metadata(&env_file)?.permissions().mode() & 0o777;
    ensure!(mode == 0o600, "the env file has mode {mode:o}, not 600");
    let variables = read_env_file(&env_file)?;
    for name in VARIABLES {
        ensure!(
            variables.get(*name).is_some_and(|value| !value.is_empty()),
            "the env file lacks {name}"
        );
    }
    for name in ["HALLPASS_SIGNING_KEY_FILE", "HALLPASS_DATA_DIR"] {
        ensure!(
            Path::new(&variables[name]).is_absolute(),
            "{name} is not an absolute path"
        );
    }
    let key_mode = fs::metadata(&variables["HALLPASS_SIGNING_KEY_FILE"])?
        .permissions()
        .mode()
        & 0o777;
    ensure!(
        key_mode == 0o600,
        "the signing key file has mode {key_mode:o}, not 600"
    );
    Ok(())
}

fn read_env_file(env_file: &Path) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(env_file)?;
    let assignments = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assignments
        .map(|line| {
            let (name, value) = line
                .split_once('=')
                .with_context(|| format!("not an assignment: {line}"))?;
            let quoted = value
                .strip_prefix('\'')
                .and_then(|value| value.strip_suffix('\''));
            let value = quoted.with_context(|| format!("{name} is not single-quoted"))?;
            Ok((name.to_owned(), value.replace(r"'\''", "'")))
        })
        .collect()
}

fn refuses_taken_port(binary: &Path, home: &Path, taken: &str) -> Result<()> {
    let elsewhere = home.join("elsewhere");
    fs::create_dir(&elsewhere)?;
    let output = demo(binary, &elsewhere, taken).output()?;
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    ensure!(
        output.status.code() == Some(2),
        "a taken port ended with {}, not exit code 2\n{said}",
        output.status
    );
    let port = taken.rsplit(':').next().unwrap_or(taken);
    ensure!(
        said.contains(port),
        "the refusal does not name the taken port {port}:\n{said}"
    );
    Ok(())
}

struct TemporaryDirectory(PathBuf);

impl TemporaryDirectory {
    fn create() -> Result<TemporaryDirectory> {
        let path = std::env::temp_dir().join(format!("hallpass-demo-{}", std::process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(TemporaryDirectory(path))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryDirectory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
