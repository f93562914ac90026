//! Whom we believe to be who they say, and what went wrong when not.

use std::sync::Arc;

use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::EgressSetupError;

/// TLS 1.2 and 1.3, HTTP/1.1, the public roots and the operator's own.
pub(crate) fn client_config(extra_roots_pem: &[u8]) -> Result<ClientConfig, EgressSetupError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| EgressSetupError::Client(error.to_string()))?
        .with_root_certificates(roots(extra_roots_pem)?)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Our own words: what the other side sent (names in its certificate) is not repeated.
pub(crate) fn reason(error: &Error) -> &'static str {
    match error {
        Error::InvalidCertificate(fault) => certificate_reason(fault),
        Error::AlertReceived(_) => "it refused the handshake",
        Error::InvalidMessage(_) => "it does not speak TLS on this port",
        _ => "the handshake failed; TLS 1.2 or 1.3 is needed",
    }
}

fn roots(extra_roots_pem: &[u8]) -> Result<RootCertStore, EgressSetupError> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if extra_roots_pem.is_empty() {
        return Ok(roots);
    }
    let unusable = |what: String| EgressSetupError::ExtraRoots(what);
    let before = roots.len();
    for certificate in CertificateDer::pem_slice_iter(extra_roots_pem) {
        let certificate = certificate.map_err(|error| unusable(format!("not PEM: {error}")))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.len() == before {
        return Err(unusable(
            "no certificate in PEM form is in there".to_owned(),
        ));
    }
    Ok(roots)
}

fn certificate_reason(fault: &CertificateError) -> &'static str {
    match fault {
        CertificateError::UnknownIssuer => {
            "its certificate is not from an authority that Hallpass trusts; for one of your own, put the authority's certificate in ca_certs"
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired"
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet; check the clocks"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another name"
        }
        // rustls has no variant of its own for this one, and it is what a hand-made certificate runs into.
        CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "its certificate is one of an authority (CA:TRUE), and a server's own must not be"
        }
        _ => "its certificate is not acceptable",
    }
}
