//! A self-made certificate for a name; `openssl` makes it.

use std::fs;
use std::process::Command;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

pub struct Certificate {
    directory: TempDir,
}

impl Certificate {
    pub fn for_name(name: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let made = Command::new("openssl")
            .current_dir(directory.path())
            .args([
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
            ])
            .args([
                "-subj",
                "/CN=hallpass test",
                "-keyout",
                "key.pem",
                "-out",
                "cert.pem",
            ])
            .args(["-addext", &format!("subjectAltName={name}")])
            .args(["-addext", "basicConstraints=critical,CA:FALSE"])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Self { directory }
    }

    pub fn pem(&self) -> Vec<u8> {
        fs::read(self.directory.path().join("cert.pem")).unwrap()
    }

    pub fn config(&self) -> Arc<ServerConfig> {
        let certificate = CertificateDer::from_pem_slice(&self.pem()).unwrap();
        let key = PrivateKeyDer::from_pem_file(self.directory.path().join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], key)
            .unwrap();
        Arc::new(config)
    }
}
