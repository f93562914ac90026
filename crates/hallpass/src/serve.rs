//! `hallpass serve`: configuration, address, database, services, listener; and a clean end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use hallpass_core::Services;
use hallpass_http::{AddressRange, AppState, HttpSettings, ServeOptions, TlsConfig};
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::certificate;
use crate::cli::{Global, ServeArgs};
use crate::config::{Config, DATA_DIR_VARIABLE, Overrides};
use crate::database;
use crate::egress;
use crate::exit::Exit;
use crate::files::{self, quoted};
use crate::logs;
use crate::master_key::Source;
use crate::messengers::Messengers;
use crate::portal::Portal;
use crate::ui::Ui;

/// The line that an installation without operators is told to run.
const FIRST_OPERATOR: &str = "hallpass operator create --name NAME --role admin";

pub fn run(global: &Global, args: &ServeArgs, ui: &Ui) -> Result<()> {
    let effective = crate::load_config(global, &overrides(args))?;
    let config = &effective.config;
    logs::start(&config.log)?;
    let messengers = check_settings(config)?;
    check_tls(config)?;
    let door = Door::open(config)?;
    let portal = Portal::open(config, ui)?;
    runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let store = match config.database.migrate {
            true => database::open_migrated(config).await?,
            false => database::open_existing(config, database::MAKE_IT).await?,
        };
        let services = database::start_services(store, config, messengers).await?;
        check_master_key(&services).await?;
        ui.announce(format!(
            "Hallpass listens on {} ({})",
            door.url,
            database::shown(config)
        ));
        if services
            .operators
            .is_empty()
            .await
            .map_err(|error| database::with_context(&error))?
        {
            ui.announce(format!(
                "Nobody administers it yet. On this machine, run:\n\n  {FIRST_OPERATOR}{}\n",
                place(global, config)
            ));
        }
        if let Some(path) = &args.env_file {
            let data_dir = files::absolute(&config.server.data_dir)
                .unwrap_or_else(|_| config.server.data_dir.clone());
            let lines = [
                ("HALLPASS_URL", door.url.clone()),
                (DATA_DIR_VARIABLE, data_dir.display().to_string()),
            ];
            files::replace_secret(path, &variables(&lines))?;
        }
        door.serve(config, services, portal, stop).await
    })
}

/// The address, taken before anything else is touched.
pub struct Door {
    listener: TcpListener,
    /// Where a client on this machine reaches the server.
    pub url: String,
}

impl Door {
    /// Takes the configured address.
    ///
    /// # Errors
    /// Exit code 2 when it is taken or is no address of this machine.
    pub fn open(config: &Config) -> Result<Self> {
        let address = &config.server.listen;
        let listener = TcpListener::bind(address).map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => Exit::usage(format!(
                "{address} is taken: something listens there already (another hallpass?); choose another with --listen, \
                 such as --listen 127.0.0.1:0 for any free port"
            )),
            _ => Exit::usage(format!("cannot listen on `{address}`: {error}; expected an address such as 127.0.0.1:8080")),
        })?;
        listener.set_nonblocking(true)?;
        let url = url(listener.local_addr()?, config.tls().is_some());
        Ok(Self { listener, url })
    }

    /// Serves until SIGTERM or SIGINT, then lets requests in flight finish.
    pub async fn serve(
        self,
        config: &Config,
        services: Arc<Services>,
        portal: Option<Portal>,
        stop: Stop,
    ) -> Result<()> {
        let settings = HttpSettings {
            trusted_proxies: trusted_proxies(config)?,
            failed_verifications_per_minute: config.limits.failed_verifications_per_minute,
            new_sessions_per_minute: config.limits.new_sessions_per_minute,
            public_url: Some(for_browsers(&self.url)),
            default_environment: config.server.default_environment,
        };
        let app = hallpass_http::app(AppState::new(services.clone(), settings));
        let options = ServeOptions {
            tls: config.tls().map(|(cert, key)| TlsConfig {
                cert: cert.clone(),
                key: key.clone(),
            }),
            drain: Duration::from_secs(config.server.drain_secs),
        };
        let listener = tokio::net::TcpListener::from_std(self.listener)?;
        tracing::info!(
            url = self.url,
            database = database::shown(config),
            "listening"
        );
        let portal = portal.map(Portal::serve).transpose()?;
        let served = hallpass_http::serve(listener, app, options, stop.told()).await;
        if let Some(portal) = portal {
            portal.abort();
        }
        services.stop().await;
        served.context("the listener failed")?;
        tracing::info!("stopped");
        Ok(())
    }
}

/// SIGTERM or SIGINT. Listened for from the start, so that whoever saw us ready can end us cleanly.
pub struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Takes over both signals.
    pub fn listen() -> Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn told(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        tracing::info!("told to stop: finishing what is in flight");
    }
}

/// What a flag sets for this run.
pub fn overrides(args: &ServeArgs) -> Overrides {
    Overrides {
        listen: args.listen.clone(),
        tls_cert: args.tls_cert.clone(),
        tls_key: args.tls_key.clone(),
        smtp_url: args.smtp_url.clone(),
        portal_listen: args.portal_listen.clone(),
        allow_egress: args.egress.allow.clone(),
        ..Overrides::default()
    }
}

/// Checks what only a start would use.
///
/// # Errors
/// Exit code 2.
pub fn check_settings(config: &Config) -> Result<Messengers> {
    logs::filter(&config.log.level)?;
    trusted_proxies(config)?;
    let egress = egress::open(config)?;
    Source::named(config)?;
    Messengers::configured(config, &egress)
}

/// A lost or wrong master key is told before the first request needs it.
///
/// # Errors
/// Exit code 2, with the keys by name and what to do.
pub async fn check_master_key(services: &Services) -> Result<()> {
    let checked = services.sealing.check().await;
    checked.map_err(|error| {
        let told = database::with_context(&error);
        match error.code() {
            "storage_unavailable" => told,
            _ => Exit::usage(format!("{told:#}")),
        }
    })
}

/// Reads the certificate and its key once, so that a start fails before it is announced.
///
/// # Errors
/// Exit code 2.
pub fn check_tls(config: &Config) -> Result<()> {
    match config.tls() {
        Some((cert, key)) => certificate::read(cert, key)
            .map(|_| ())
            .map_err(Exit::usage),
        None => Ok(()),
    }
}

/// Worker threads as the machine has cores.
pub fn runtime() -> Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?)
}

/// Variables as a POSIX shell reads them.
pub fn variables(values: &[(&str, String)]) -> String {
    values
        .iter()
        .map(|(name, value)| format!("{name}={}\n", quoted(value)))
        .collect()
}

fn trusted_proxies(config: &Config) -> Result<Vec<AddressRange>> {
    let ranges = config.server.trusted_proxies.iter().map(|text| {
        text.parse()
            .map_err(|error| Exit::usage(format!("`server.trusted_proxies`: `{text}`: {error}")))
    });
    ranges.collect()
}

/// The same place as people should have it in their browser: passkeys need a name.
pub fn for_browsers(url: &str) -> String {
    match url.strip_prefix("http://127.0.0.1:") {
        Some(port) => format!("http://localhost:{port}"),
        None => url.to_owned(),
    }
}

/// Where a client on this machine reaches an address.
pub fn url(address: SocketAddr, tls: bool) -> String {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    let scheme = if tls { "https" } else { "http" };
    format!("{scheme}://{}", SocketAddr::new(ip, address.port()))
}

/// The flags that lead another command to the same database, whatever variables its shell has.
fn place(global: &Global, config: &Config) -> String {
    let file = global.config.as_ref().map_or_else(String::new, |path| {
        format!(" --config {}", quoted(&path.to_string_lossy()))
    });
    let url = &config.database.url;
    if url.is_empty() {
        let directory = files::absolute(&config.server.data_dir)
            .unwrap_or_else(|_| config.server.data_dir.clone());
        return format!("{file} --data-dir {}", quoted(&directory.to_string_lossy()));
    }
    if url.starts_with("sqlite:") {
        return format!("{file} --database-url {}", quoted(url));
    }
    // An address can hold a password: the reader, the variable or the file knows it.
    if global.database_url.is_some() {
        return format!("{file} --database-url ...");
    }
    // An empty address is no server: HALLPASS_URL does not count then.
    format!("{file} --url ''")
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::{place, url, variables};
    use crate::cli::Cli;

    #[test]
    fn the_url_is_one_that_a_client_here_can_use() -> Result<(), std::net::AddrParseError> {
        for (address, tls, expected) in [
            ("127.0.0.1:8080", false, "http://127.0.0.1:8080"),
            ("0.0.0.0:1", true, "https://127.0.0.1:1"),
            ("[::]:2", false, "http://[::1]:2"),
        ] {
            assert_eq!(url(address.parse()?, tls), expected);
        }
        Ok(())
    }

    #[test]
    fn the_place_of_a_database_has_no_password_and_beats_a_server() -> anyhow::Result<()> {
        for (flags, variable, expected) in [
            ("", None, " --data-dir './hallpass-data'"),
            (
                "--config a.toml --data-dir /x",
                None,
                " --config 'a.toml' --data-dir '/x'",
            ),
            (
                "--database-url sqlite:a.db",
                None,
                " --database-url 'sqlite:a.db'",
            ),
            (
                "--database-url postgres://u:p@h/n",
                None,
                " --database-url ...",
            ),
            ("", Some("postgres://u:p@h/n"), " --url ''"),
        ] {
            let cli = Cli::parse_from(format!("hallpass serve {flags}").split_whitespace());
            let mut config = crate::config::load(None, std::iter::empty(), &<_>::default())?.config;
            config.server.data_dir = cli
                .global
                .data_dir
                .clone()
                .unwrap_or(config.server.data_dir);
            let url = cli.global.database_url.clone();
            config.database.url = url.or(variable.map(str::to_owned)).unwrap_or_default();
            assert_eq!(place(&cli.global, &config), expected, "{flags}");
        }
        Ok(())
    }

    #[test]
    fn variables_are_single_quoted() {
        assert_eq!(
            variables(&[("A", "x y".into()), ("B", "it's".into())]),
            "A='x y'\nB='it'\\''s'\n"
        );
    }
}
