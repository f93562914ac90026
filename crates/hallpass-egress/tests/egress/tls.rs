//! Whom the gate trusts, and what it says when it does not. Certificates are made by `openssl`.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use hallpass_egress::{Egress, EgressError, EgressOptions, EgressSetupError};
use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use crate::support::{Answer, Connection, LIMITS, Names, Server, answer_all, code, ok, text};

/// A self-made certificate and its key.
pub struct Certificate {
    directory: TempDir,
}

impl Certificate {
    pub fn for_names(names: &str) -> Self {
        Self::with(names, "basicConstraints=critical,CA:FALSE")
    }

    fn with(names: &str, constraints: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut made = openssl(&directory, "req");
        made.args(["-x509", "-out", "cert.pem"])
            .args(["-addext", &format!("subjectAltName={names}")])
            .args(["-addext", constraints]);
        run(made.args(NEW_KEY));
        Self { directory }
    }

    /// `openssl req` makes nothing that is over already; `openssl ca` does, but wants its paperwork.
    fn expired(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        run(openssl(&directory, "req")
            .args(["-out", "request.pem"])
            .args(NEW_KEY));
        let paperwork = format!(
            "[ca]\ndefault_ca=own\n[own]\ndatabase=issued\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\n\
             policy=any\nx509_extensions=leaf\n[any]\ncommonName=supplied\n\
             [leaf]\nsubjectAltName=DNS:{name}\nbasicConstraints=critical,CA:FALSE\n"
        );
        fs::write(directory.path().join("ca.conf"), paperwork).unwrap();
        fs::write(directory.path().join("issued"), "").unwrap();
        fs::write(directory.path().join("serial"), "01\n").unwrap();
        let mut made = openssl(&directory, "ca");
        made.args(["-batch", "-selfsign", "-notext", "-config", "ca.conf"])
            .args([
                "-startdate",
                "20200101000000Z",
                "-enddate",
                "20200201000000Z",
            ])
            .args([
                "-keyfile",
                "key.pem",
                "-in",
                "request.pem",
                "-out",
                "cert.pem",
            ]);
        run(&mut made);
        Self { directory }
    }

    pub fn pem(&self) -> Vec<u8> {
        fs::read(self.directory.path().join("cert.pem")).unwrap()
    }

    fn config(&self) -> ServerConfig {
        let certificate = CertificateDer::from_pem_slice(&self.pem()).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.directory.path().join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        // A server that prefers HTTP/2 must still be spoken to in HTTP/1.1.
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        config
    }
}

const NEW_KEY: &[&str] = &[
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-subj",
    "/CN=hallpass test",
    "-keyout",
    "key.pem",
];

fn openssl(directory: &TempDir, command: &str) -> Command {
    let mut openssl = Command::new("openssl");
    openssl.current_dir(directory.path()).arg(command);
    openssl
}

fn run(command: &mut Command) {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

/// Answers over TLS with this certificate.
pub fn tls_server(
    certificate: &Certificate,
    answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static,
) -> Server {
    let acceptor = TlsAcceptor::from(Arc::new(certificate.config()));
    let answer: Answer = Arc::new(answer);
    Server::behaving_at("127.0.0.1:0", move |connection| {
        let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
        async move {
            if let Ok(connection) = acceptor.accept(connection).await {
                answer_all(Box::new(connection), answer, Default::default()).await;
            }
        }
    })
}

fn egress_trusting(roots: Vec<u8>, listed: &str) -> Egress {
    let options = EgressOptions {
        allow: vec![listed.parse().unwrap()],
        extra_roots_pem: roots,
    };
    Egress::with_resolver(options, Names::all(&["127.0.0.1"])).unwrap()
}

fn reason(error: &EgressError) -> &'static str {
    match error {
        EgressError::TlsFailed { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_operators_own_roots_are_trusted() {
    let certificate = Certificate::for_names("DNS:one.test,IP:127.0.0.1");
    let server = tls_server(&certificate, |_| ok("over TLS"));
    for host in ["one.test", "127.0.0.1"] {
        let listed = format!("{host}:{}", server.port());
        let egress = egress_trusting(certificate.pem(), &listed);
        let fetched = egress
            .get(&format!("https://{listed}/"), LIMITS)
            .await
            .unwrap();
        assert_eq!(text(&fetched), "over TLS");
    }
}

#[tokio::test]
async fn an_unknown_certificate_is_refused_also_where_the_endpoint_is_listed() {
    let certificate = Certificate::for_names("DNS:one.test");
    let another = Certificate::for_names("DNS:one.test");
    let server = tls_server(&certificate, |_| ok("over TLS"));
    let listed = format!("one.test:{}", server.port());
    for roots in [Vec::new(), another.pem()] {
        let outcome = egress_trusting(roots, &listed)
            .get(&format!("https://{listed}/"), LIMITS)
            .await;
        assert_eq!(code(outcome), "egress_tls_failed");
    }
    let refused = egress_trusting(Vec::new(), &listed)
        .get(&format!("https://{listed}/"), LIMITS)
        .await
        .unwrap_err();
    assert!(reason(&refused).contains("ca_certs"), "{refused}");
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_reason() {
    let authority = "basicConstraints=critical,CA:TRUE";
    for (certificate, expected) in [
        (Certificate::for_names("DNS:two.test"), "another name"),
        (
            Certificate::for_names("DNS:one.test.two.test,IP:127.0.0.1"),
            "another name",
        ),
        (Certificate::with("DNS:one.test", authority), "CA:TRUE"),
        (Certificate::expired("one.test"), "expired"),
    ] {
        let server = tls_server(&certificate, |_| ok("over TLS"));
        let listed = format!("one.test:{}", server.port());
        let refused = egress_trusting(certificate.pem(), &listed)
            .get(&format!("https://{listed}/"), LIMITS)
            .await
            .unwrap_err();
        assert!(reason(&refused).contains(expected), "{expected}: {refused}");
    }
}

#[tokio::test]
async fn what_speaks_no_tls_is_told_apart() {
    let plain = Server::behaving(|mut connection: Connection| async move {
        drop(
            connection
                .write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                .await,
        );
        let mut rest = Vec::new();
        drop(tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut rest).await);
    })
    .await;
    let listed = plain.address.to_string();
    let refused = egress_trusting(Vec::new(), &listed)
        .get(&format!("https://{listed}/"), LIMITS)
        .await
        .unwrap_err();
    assert!(reason(&refused).contains("does not speak TLS"), "{refused}");

    let silent = Server::behaving(|mut connection: Connection| async move {
        let mut hello = [0; 16];
        drop(tokio::io::AsyncReadExt::read_exact(&mut connection, &mut hello).await);
        drop(connection.shutdown().await);
        let mut rest = Vec::new();
        drop(tokio::io::AsyncReadExt::read_to_end(&mut connection, &mut rest).await);
    })
    .await;
    let listed = silent.address.to_string();
    let refused = egress_trusting(Vec::new(), &listed)
        .get(&format!("https://{listed}/"), LIMITS)
        .await
        .unwrap_err();
    assert!(reason(&refused).contains("hung up"), "{refused}");
}

#[test]
fn roots_that_are_none_are_found_at_the_start() {
    for pem in [
        "not PEM at all",
        "-----BEGIN CERTIFICATE-----\nbm90IGEgY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    ] {
        let options = EgressOptions {
            extra_roots_pem: pem.as_bytes().to_vec(),
            ..EgressOptions::default()
        };
        let failed = Egress::new(options);
        assert!(
            matches!(failed, Err(EgressSetupError::ExtraRoots(_))),
            "{pem}"
        );
    }
}
