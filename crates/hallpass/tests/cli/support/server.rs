use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{Ran, hallpass};

/// A running `serve` or `demo`; killed when dropped.
pub struct Server {
    child: Option<Child>,
    /// From the env file.
    pub variables: BTreeMap<String, String>,
    directory: PathBuf,
    name: String,
}

impl Server {
    /// `hallpass demo` on a free port, with `directory/data`.
    pub fn demo(directory: &Path) -> Self {
        let arguments = [
            "demo",
            "--data-dir",
            "data",
            "--portal-listen",
            "127.0.0.1:0",
        ];
        Self::start(directory, "demo", &arguments)
    }

    /// `hallpass serve` on a free port.
    pub fn serve(directory: &Path, name: &str, arguments: &[&str]) -> Self {
        Self::start(directory, name, &[&["serve"], arguments].concat())
    }

    /// Any server verb on a free port.
    pub fn start(directory: &Path, name: &str, arguments: &[&str]) -> Self {
        let env_file = directory.join(format!("{name}.env"));
        drop(fs::remove_file(&env_file));
        let mut command: Command = hallpass();
        command
            .current_dir(directory)
            .args(arguments)
            .args(["--listen", "127.0.0.1:0", "--env-file"])
            .arg(&env_file);
        let file =
            |stream: &str| fs::File::create(directory.join(format!("{name}.{stream}"))).unwrap();
        let child = command
            .stdout(file("out"))
            .stderr(file("err"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self {
            child: Some(child),
            variables: BTreeMap::new(),
            directory: directory.to_owned(),
            name: name.to_owned(),
        };
        server.wait_for(&env_file);
        server.variables = read_variables(&env_file);
        server
    }

    /// A variable of the env file.
    #[track_caller]
    pub fn variable(&self, name: &str) -> &str {
        &self.variables[&format!("HALLPASS_{name}")]
    }

    /// Where the current user is read.
    pub fn me(&self, environment: &str) -> String {
        format!("{}/projects/{environment}/sdk/me", self.variable("URL"))
    }

    /// A route of the admin API.
    pub fn admin(&self, path: &str) -> String {
        format!("{}/admin/v1{path}", self.variable("URL"))
    }

    /// Everything it wrote so far: answers and logs.
    pub fn output(&self) -> String {
        let read = |stream: &str| {
            fs::read_to_string(self.directory.join(format!("{}.{stream}", self.name))).unwrap()
        };
        format!("{}\n{}", read("out"), read("err"))
    }

    /// What it printed for people.
    pub fn stdout(&self) -> String {
        fs::read_to_string(self.directory.join(format!("{}.out", self.name))).unwrap()
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Sends a signal by name and waits for the end.
    pub fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let mut child = self.child.take().unwrap();
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let status = child.wait().unwrap();
        (status.code(), self.output())
    }

    /// Runs a verb against this server's admin API.
    pub fn remote(&self, arguments: &[&str]) -> Ran {
        let output = hallpass()
            .current_dir(&self.directory)
            .env("HALLPASS_URL", self.variable("URL"))
            .env("HALLPASS_OPERATOR_KEY", self.variable("OPERATOR_KEY"))
            .args(arguments)
            .output();
        Ran::of(output.unwrap())
    }

    fn wait_for(&mut self, env_file: &Path) {
        let started = Instant::now();
        while !env_file.exists() {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(
                ended.is_none(),
                "it ended with {ended:?}:\n{}",
                self.output()
            );
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "it did not get ready:\n{}",
                self.output()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

fn read_variables(env_file: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(env_file).unwrap();
    let pairs = text.lines().map(|line| {
        let (name, value) = line.split_once('=').unwrap();
        let value = value
            .strip_prefix('\'')
            .unwrap()
            .strip_suffix('\'')
            .unwrap();
        (name.to_owned(), value.replace(r"'\''", "'"))
    });
    pairs.collect()
}
