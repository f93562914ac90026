//! The machine around the database: directories, address, certificate, clock.

use std::net::ToSocketAddrs as _;
use std::path::Path;

use hallpass_core::{Clock as _, SystemClock};
use hallpass_model::Timestamp;

use super::{Finding, SOON_SECS};
use crate::certificate;
use crate::config::Config;
use crate::files;
use crate::ui::{ago, moment};

/// When this was written; a clock before it is wrong.
const WRITTEN_SECS: i64 = 1_795_305_600;

pub fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![clock()];
    if config.sqlite_file().is_some() {
        findings.extend(directory(config));
    }
    findings.push(address(config));
    findings.extend(
        config
            .tls()
            .map(|(cert, key)| examine_certificate(cert, key)),
    );
    findings
}

fn clock() -> Finding {
    let now = SystemClock::start().now();
    let shown = crate::ui::moment(now);
    if now.as_secs() < WRITTEN_SECS {
        return Finding::error(
            "clock",
            format!(
                "{shown} is before this program was made: tokens will look as if from the future"
            ),
        );
    }
    Finding::ok("clock", shown)
}

fn directory(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    let directory = &config.server.data_dir;
    match files::mode(directory) {
        None => findings.push(Finding::warning(
            "data directory",
            format!("{} is not there yet", directory.display()),
        )),
        Some(mode) if mode & 0o077 != 0 => findings.push(Finding::warning(
            "data directory",
            format!(
                "{} has mode {mode:o}: others on this machine can look in; chmod 700",
                directory.display()
            ),
        )),
        Some(_) => findings.push(Finding::ok(
            "data directory",
            directory.display().to_string(),
        )),
    }
    if let Some((file, mode)) = config
        .sqlite_file()
        .and_then(|file| Some((files::mode(&file)?, file)).map(|(mode, file)| (file, mode)))
        && mode & 0o077 != 0
    {
        findings.push(Finding::warning(
            "database file",
            format!(
                "{} has mode {mode:o}: others on this machine can read it; chmod 600",
                file.display()
            ),
        ));
    }
    findings
}

fn address(config: &Config) -> Finding {
    let listen = &config.server.listen;
    let Ok(mut addresses) = listen.to_socket_addrs() else {
        return Finding::error(
            "address",
            format!("`{listen}` is not an address such as 127.0.0.1:8080"),
        );
    };
    let open = addresses.any(|address| !address.ip().is_loopback());
    if open && config.tls().is_none() {
        return Finding::warning(
            "address",
            format!(
                "{listen} is reachable from outside without TLS: tokens and operator keys could be read on the way, unless a proxy with TLS stands in front"
            ),
        );
    }
    Finding::ok("address", listen.clone())
}

fn examine_certificate(cert: &Path, key: &Path) -> Finding {
    match certificate::read(cert, key) {
        Ok(expires) => judge(expires, SystemClock::start().now()),
        Err(why) => Finding::error("certificate", why),
    }
}

fn judge(expires: Timestamp, now: Timestamp) -> Finding {
    let when = format!("{}, {}", moment(expires), ago(expires, now));
    if expires <= now {
        Finding::error("certificate", format!("expired {when}"))
    } else if expires <= now.plus_secs(SOON_SECS) {
        Finding::warning(
            "certificate",
            format!("expires {when}: renew it; a running server takes the new file"),
        )
    } else {
        Finding::ok("certificate", format!("expires {when}"))
    }
}

#[cfg(test)]
mod tests {
    use hallpass_model::Timestamp;

    use super::super::Level;
    use super::judge;

    #[test]
    fn a_certificate_is_judged_by_the_time_it_has_left() {
        let now = Timestamp::from_secs(1_800_000_000);
        for (days, level) in [
            (-1, Level::Error),
            (0, Level::Error),
            (20, Level::Warning),
            (22, Level::Ok),
        ] {
            assert_eq!(
                judge(now.plus_secs(days * 86_400), now).level,
                level,
                "{days} days"
            );
        }
    }
}
