//! The gate for outbound requests, as the configuration describes it.

use std::path::Path;

use anyhow::Result;
use hallpass_egress::{Egress, EgressOptions, EgressSetupError};

use crate::certificate;
use crate::config::Config;
use crate::exit::Exit;

/// Builds the gate.
///
/// # Errors
/// Exit code 2 when the file of certificates cannot be used.
pub fn open(config: &Config) -> Result<Egress> {
    let file = &config.egress.ca_certs;
    let options = EgressOptions {
        allow: config.egress.allow.clone(),
        extra_roots_pem: certificates(file)?,
    };
    Egress::new(options).map_err(|error| match error {
        EgressSetupError::ExtraRoots(_) => {
            Exit::usage(format!("`egress.ca_certs`: {}: {error}", file.display()))
        }
        _ => anyhow::Error::new(error),
    })
}

/// The authorities that are trusted beside the public ones.
pub fn certificates(file: &Path) -> Result<Vec<u8>> {
    if file.as_os_str().is_empty() {
        return Ok(Vec::new());
    }
    let wrong = |why: String| Exit::usage(format!("`egress.ca_certs`: {why}"));
    certificate::authorities(file).map_err(wrong)?;
    std::fs::read(file).map_err(|error| wrong(format!("{}: {error}", file.display())))
}
