use std::io::Read as _;
use std::time::Duration;

use anyhow::{Context as _, Result};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, TlsProvider, parse_pem};

use super::{Call, Reply};
use crate::cli::Global;
use crate::exit::Exit;
use crate::files;

/// The admin API of a running server.
pub struct Remote {
    agent: ureq::Agent,
    base: String,
    operator_key: String,
}

/// More than any answer has.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

impl Remote {
    /// A server's address; the key comes from `--operator-key-file` or `HALLPASS_OPERATOR_KEY`.
    pub fn new(url: &str, global: &Global) -> Result<Self> {
        let uri: ureq::http::Uri = url.parse().map_err(|_| {
            Exit::usage(format!(
                "`{url}` is not an address such as https://hallpass.example"
            ))
        })?;
        let (Some("http" | "https"), Some(host)) = (uri.scheme_str(), uri.host()) else {
            return Err(Exit::usage(format!(
                "`{url}` must begin with http:// or https://"
            )));
        };
        let mut config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            // A redirect would carry the operator key somewhere else.
            .max_redirects(0)
            .user_agent(concat!("hallpass/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls(global)?);
        if is_loopback(host) {
            config = config.proxy(None);
        }
        Ok(Self {
            agent: config.build().into(),
            base: url.trim_end_matches('/').to_owned(),
            operator_key: operator_key(global)?,
        })
    }

    /// Sends a request.
    pub fn send(&self, call: &Call<'_>) -> Result<Reply> {
        let mut request = ureq::http::Request::builder()
            .method(call.method)
            .uri(format!("{}{}", self.base, call.path))
            .header("authorization", format!("Bearer {}", self.operator_key));
        for (name, value) in call.headers() {
            request = request.header(name, value);
        }
        let request = request
            .body(call.body_text())
            .context("a header of the request cannot be sent")?;
        let reply = self.agent.run(request).map_err(|error| {
            let hint = hint(&format!("{error:?}"));
            anyhow::Error::new(error).context(format!("cannot reach {}{hint}", self.base))
        })?;
        let status = reply.status().as_u16();
        let mut body = Vec::new();
        reply
            .into_body()
            .into_reader()
            .take(MAX_ANSWER_BYTES)
            .read_to_end(&mut body)?;
        Ok(Reply { status, body })
    }
}

/// What to make instead of a certificate that TLS libraries refuse. `openssl req -x509` makes such ones by itself.
fn hint(error: &str) -> &'static str {
    if error.contains("CaUsedAsEndEntity") {
        " (its certificate is an authority's own, CA:TRUE, and no server may use that: make the server's with \
         `openssl req -x509 -addext basicConstraints=critical,CA:FALSE ...`, or sign one with that authority)"
    } else {
        ""
    }
}

fn operator_key(global: &Global) -> Result<String> {
    let text = match &global.operator_key_file {
        Some(path) => files::read_text(path)?,
        None => std::env::var("HALLPASS_OPERATOR_KEY").unwrap_or_default(),
    };
    let key = text.trim();
    if key.is_empty() {
        return Err(Exit::usage(
            "no operator key: set HALLPASS_OPERATOR_KEY or --operator-key-file (`hallpass operator create` on the server's machine makes one)",
        ));
    }
    Ok(key.to_owned())
}

fn tls(global: &Global) -> Result<TlsConfig> {
    let mut tls = TlsConfig::builder().provider(TlsProvider::Rustls);
    if let Some(path) = &global.ca_cert {
        let pem = files::read_text(path)?;
        let certificates: Vec<Certificate<'static>> = parse_pem(pem.as_bytes())
            .filter_map(|item| match item {
                Ok(PemItem::Certificate(certificate)) => Some(certificate),
                _ => None,
            })
            .collect();
        if certificates.is_empty() {
            return Err(Exit::usage(format!(
                "{} holds no PEM certificate",
                path.display()
            )));
        }
        tls = tls.root_certs(RootCerts::new_with_certs(&certificates));
    }
    Ok(tls.build())
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}
