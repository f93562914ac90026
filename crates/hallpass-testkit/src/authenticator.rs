//! An authenticator in software: makes a passkey and signs with it, and can be told to misbehave in one place.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
};
use data_encoding::BASE64URL_NOPAD;

/// A person was there, and recognised.
pub const PRESENT_AND_VERIFIED: u8 = 0b101;
const HAS_CREDENTIAL: u8 = 1 << 6;

enum Key {
    Es256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rs256(Box<RsaKeyPair>),
}

/// One passkey and the device that holds it. Its members may be changed to make it misbehave.
pub struct Authenticator {
    key: Key,
    pub host: String,
    pub credential_id: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
    pub counter: u32,
    pub flags: u8,
}

/// What the browser hands over for a new passkey.
pub struct Registration {
    pub credential_id: Vec<u8>,
    pub client_data: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

/// What the browser hands over for a sign-in.
pub struct SignIn {
    pub credential_id: Vec<u8>,
    pub client_data: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub user_handle: Option<Vec<u8>>,
}

impl Authenticator {
    pub fn es256(host: &str) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap();
        Self::new(host, Key::Es256(key))
    }

    pub fn ed25519(host: &str) -> Self {
        Self::new(host, Key::Ed25519(Ed25519KeyPair::generate().unwrap()))
    }

    pub fn rs256(host: &str) -> Self {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self::new(host, Key::Rs256(Box::new(key)))
    }

    fn new(host: &str, key: Key) -> Self {
        // The id is the key's own, so that two authenticators never share one.
        let id = digest(&SHA256, &cose(&key));
        Self {
            key,
            host: host.to_owned(),
            credential_id: id.as_ref()[..20].to_vec(),
            user_handle: None,
            counter: 0,
            flags: PRESENT_AND_VERIFIED,
        }
    }

    /// Makes the passkey for an account.
    pub fn register(&mut self, challenge: &[u8], origin: &str, user_handle: &[u8]) -> Registration {
        self.user_handle = Some(user_handle.to_vec());
        let data = self.new_credential_data();
        Registration {
            credential_id: self.credential_id.clone(),
            client_data: client_data("webauthn.create", challenge, origin, ""),
            attestation_object: attestation_object("none", &[0xA0], &data),
        }
    }

    /// Uses the passkey; the counter goes up unless it is switched off at 0.
    pub fn sign_in(&mut self, challenge: &[u8], origin: &str) -> SignIn {
        if self.counter != 0 {
            self.counter += 1;
        }
        let client_data = client_data("webauthn.get", challenge, origin, "");
        self.sign(client_data, self.data(self.flags, &[]))
    }

    /// Signs whatever it is given.
    pub fn sign(&self, client_data: Vec<u8>, authenticator_data: Vec<u8>) -> SignIn {
        let client_hash = digest(&SHA256, &client_data);
        let message = [&authenticator_data, client_hash.as_ref()].concat();
        SignIn {
            credential_id: self.credential_id.clone(),
            client_data,
            authenticator_data,
            signature: self.signature(&message),
            user_handle: self.user_handle.clone(),
        }
    }

    /// Authenticator data with these flags and whatever stands behind the counter.
    pub fn data(&self, flags: u8, behind: &[u8]) -> Vec<u8> {
        let host_hash = digest(&SHA256, self.host.as_bytes());
        [
            host_hash.as_ref(),
            &[flags],
            &self.counter.to_be_bytes(),
            behind,
        ]
        .concat()
    }

    /// Authenticator data of a new passkey.
    pub fn new_credential_data(&self) -> Vec<u8> {
        let length = u16::try_from(self.credential_id.len()).unwrap();
        let credential = [
            &[0; 16],
            &length.to_be_bytes()[..],
            &self.credential_id,
            &cose(&self.key),
        ]
        .concat();
        self.data(self.flags | HAS_CREDENTIAL, &credential)
    }

    pub fn public_key(&self) -> Vec<u8> {
        cose(&self.key)
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Es256(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Ed25519(key) => key.sign(message).as_ref().to_vec(),
            Key::Rs256(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }
}

/// Client data as a browser writes it, with more members if the test wants some.
pub fn client_data(kind: &str, challenge: &[u8], origin: &str, more: &str) -> Vec<u8> {
    let challenge = BASE64URL_NOPAD.encode(challenge);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false{more}}}"#)
        .into_bytes()
}

/// `statement` is CBOR.
pub fn attestation_object(format: &str, statement: &[u8], data: &[u8]) -> Vec<u8> {
    let mut object = vec![0xA3];
    object.extend(text("fmt"));
    object.extend(text(format));
    object.extend(text("attStmt"));
    object.extend(statement);
    object.extend(text("authData"));
    object.extend(bytes(data));
    object
}

fn cose(key: &Key) -> Vec<u8> {
    match key {
        Key::Es256(key) => {
            let point = key.public_key().as_ref();
            let head = [0xA5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21];
            [
                &head[..],
                &bytes(&point[1..33]),
                &[0x22],
                &bytes(&point[33..65]),
            ]
            .concat()
        }
        Key::Ed25519(key) => {
            let head = [0xA4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21];
            [&head[..], &bytes(key.public_key().as_ref())].concat()
        }
        Key::Rs256(key) => {
            // PKCS#1: a sequence of the modulus, with a zero before its highest bit, and 65537.
            let der = key.public_key().as_ref();
            let (modulus, exponent) = (&der[9..265], &der[267..]);
            let head = [0xA4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20];
            [&head[..], &bytes(modulus), &[0x21], &bytes(exponent)].concat()
        }
    }
}

pub fn bytes(content: &[u8]) -> Vec<u8> {
    [&head(0x40, content.len()), content].concat()
}

pub fn text(content: &str) -> Vec<u8> {
    [&head(0x60, content.len()), content.as_bytes()].concat()
}

fn head(kind: u8, length: usize) -> Vec<u8> {
    match length {
        0..=23 => vec![kind | u8::try_from(length).unwrap()],
        24..=255 => vec![kind | 24, u8::try_from(length).unwrap()],
        _ => {
            let [high, low] = u16::try_from(length).unwrap().to_be_bytes();
            vec![kind | 25, high, low]
        }
    }
}
