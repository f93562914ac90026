//! How verbs reach the data. Both ways speak the admin API's JSON, so a verb is written once:
//!
//! * [`Remote`]: a running server, when `--url` or (without a flag that names a database) `HALLPASS_URL` is set;
//! * [`Local`]: the same routes, called in process on the opened database.

mod local;
mod path;
mod problem;
mod remote;

use anyhow::Result;
use serde_json::Value;

pub use local::Local;
pub use path::{query, segment};
pub use problem::Problem;
pub use remote::Remote;

use crate::cli::{EgressArgs, Global};
use crate::exit::Exit;
use crate::ui::Ui;

/// One of the two ways.
pub enum Backend {
    Remote(Remote),
    Local(Box<Local>),
}

/// For who expects the flag to reach a server.
const SERVERS_OWN: &str = "note: --allow-egress has no effect through a server, which has its own: name the endpoint at the server's start";

/// A request to the admin API.
pub struct Call<'a> {
    method: &'static str,
    path: &'a str,
    body: Option<Value>,
    if_version: Option<i64>,
}

/// What came back.
pub struct Reply {
    status: u16,
    body: Vec<u8>,
}

/// What to do with a database that is not there yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// A misspelt directory must not pass as an empty installation.
    Refuse,
    /// The first operator may be made before the first start.
    Create,
}

impl Backend {
    /// The way that the flags and variables ask for.
    pub fn open(global: &Global, missing: Missing) -> Result<Self> {
        Self::open_with(global, missing, &EgressArgs::default())
    }

    /// As [`Backend::open`]; a database that is opened here is left through these exceptions too.
    pub fn open_with(global: &Global, missing: Missing, egress: &EgressArgs) -> Result<Self> {
        match global.server_url() {
            Some(url) => {
                if !egress.allow.is_empty() && !global.json {
                    Ui::new(false).note(SERVERS_OWN);
                }
                Ok(Self::Remote(Remote::new(&url, global)?))
            }
            None => {
                let effective = crate::load_config_of_database(global, egress)?;
                Ok(Self::Local(Box::new(Local::open(
                    &effective.config,
                    missing,
                )?)))
            }
        }
    }

    /// Sends a request. A refusal is a [`Problem`].
    pub fn send(&self, call: Call<'_>) -> Result<Value> {
        let reply = match self {
            Self::Remote(remote) => remote.send(&call)?,
            Self::Local(local) => local.send(&call)?,
        };
        reply.into_value(call.path)
    }

    /// Reads.
    pub fn get(&self, path: &str) -> Result<Value> {
        self.send(Call::new("GET", path))
    }

    /// Makes or does something.
    pub fn post(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Call::new("POST", path).with(body))
    }

    /// Changes something.
    pub fn patch(&self, path: &str, body: Value) -> Result<Value> {
        self.send(Call::new("PATCH", path).with(body))
    }

    /// Removes something.
    pub fn delete(&self, path: &str) -> Result<Value> {
        self.send(Call::new("DELETE", path))
    }
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub const fn new(method: &'static str, path: &'a str) -> Self {
        Self {
            method,
            path,
            body: None,
            if_version: None,
        }
    }

    /// With a body.
    pub fn with(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Only if the thing still has this version.
    pub fn if_version(mut self, version: Option<i64>) -> Self {
        self.if_version = version;
        self
    }

    /// The headers beside the credentials.
    fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("accept", "application/json".to_owned())];
        if self.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if let Some(version) = self.if_version {
            headers.push(("if-match", format!("\"{version}\"")));
        }
        headers
    }

    fn body_text(&self) -> String {
        self.body
            .as_ref()
            .map_or_else(String::new, Value::to_string)
    }
}

impl Reply {
    fn into_value(self, path: &str) -> Result<Value> {
        let value = if self.body.is_empty() {
            Ok(Value::Null)
        } else {
            serde_json::from_slice(&self.body)
        };
        match (self.status, value) {
            (200..=299, Ok(value)) => Ok(value),
            (200..=299, Err(_)) => Err(Exit::usage(format!(
                "the answer to {path} is not JSON: is this the address of a Hallpass server?"
            ))),
            (status, value) => Err(Problem::new(status, value.ok()).into()),
        }
    }
}
