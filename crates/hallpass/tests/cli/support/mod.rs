//! The binary, its servers and an HTTP client.

mod http;
mod provider;
mod server;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

pub use http::{get, patch, post};
pub use provider::Provider;
pub use server::Server;

/// The binary without the variables of whoever runs the tests.
pub fn hallpass() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hallpass"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("HALLPASS") {
            command.env_remove(name);
        }
    }
    command
        .env("NO_COLOR", "1")
        .stdin(std::process::Stdio::null());
    command
}

/// Runs the binary in a directory.
pub fn run(directory: &Path, arguments: &[&str]) -> Ran {
    Ran::of(
        hallpass()
            .current_dir(directory)
            .args(arguments)
            .output()
            .expect("the binary starts"),
    )
}

/// Runs a verb somewhere.
pub type Run<'a> = &'a dyn Fn(&[&str]) -> Ran;

/// How a run ended.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    pub fn of(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// The run succeeded.
    #[track_caller]
    pub fn ok(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self
    }

    /// The run ended with this code.
    #[track_caller]
    pub fn code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Stdout as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}
