/// Why a key is refused. Never holds anything of the key's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A private half was given where only a public key belongs.
    #[error(
        "this is a private key; keep it secret and give only its public half (openssl pkey -in FILE -pubout)"
    )]
    PrivateKeyGiven,
    /// A shared secret was given (`kty` "oct" or a member `k`).
    #[error("this is a shared secret; only public keys can verify tokens here")]
    SymmetricKey,
    /// The text is longer than any key.
    #[error("the text is too long to be one key")]
    TooLarge,
    /// Not one clean PEM block of a supported kind.
    #[error("the PEM text cannot be read: {0}")]
    MalformedPem(PemFlaw),
    /// The DER inside is not a canonical key structure.
    #[error(
        "the key structure inside the PEM block is damaged or not in canonical DER; export the key again"
    )]
    MalformedDer,
    /// Not a JSON object.
    #[error("the JWK is not a JSON object")]
    MalformedJwk,
    /// A JWK member occurs twice.
    #[error("a member occurs twice in the JWK")]
    DuplicateMember,
    /// A JWK member that this `kty` needs is missing.
    #[error("the JWK lacks the member `{name}`")]
    MissingMember {
        /// The member, one of a fixed list.
        name: &'static str,
    },
    /// A JWK member has the wrong type, length or spelling.
    #[error("the JWK member `{name}` is malformed")]
    MalformedMember {
        /// The member, one of a fixed list.
        name: &'static str,
    },
    /// Neither RSA nor EC nor Ed25519.
    #[error("keys of this type are not supported; use RSA, EC P-256, EC P-384 or Ed25519")]
    UnsupportedKeyType,
    /// A curve other than P-256, P-384 and Ed25519.
    #[error("this curve is not supported; use P-256, P-384 or Ed25519")]
    UnsupportedCurve,
    /// `alg` names no supported signature algorithm.
    #[error("the algorithm named in the key is not a supported signature algorithm")]
    AlgUnsupported,
    /// The algorithm does not belong to keys of this type.
    #[error("the algorithm does not belong to this type of key")]
    AlgMismatch,
    /// `use` or `key_ops` says that the key is for something else.
    #[error("the key is not meant for verifying signatures (its `use` or `key_ops` says so)")]
    NotForVerification,
    /// The modulus is shorter than [`crate::MIN_RSA_BITS`].
    #[error("the RSA key has {bits} bits; at least 2048 are needed")]
    RsaTooSmall {
        /// Bits of the modulus.
        bits: u32,
    },
    /// The modulus is longer than [`crate::MAX_RSA_BITS`].
    #[error("the RSA key has {bits} bits; at most 8192 are accepted")]
    RsaTooLarge {
        /// Bits of the modulus.
        bits: u32,
    },
    /// `e` is even, below 3 or above 2^32 - 1.
    #[error("the RSA exponent must be odd, at least 3 and below 2^32; 65537 is usual")]
    RsaExponent,
    /// The modulus is even or has a tiny factor: no RSA modulus at all.
    #[error("the RSA modulus is not a product of two large primes; generate a new key")]
    RsaModulus,
    /// The modulus carries the mark of the generator behind CVE-2017-15361 (ROCA).
    #[error(
        "the RSA key was made by a flawed generator (ROCA, CVE-2017-15361) and can be broken; generate a new key"
    )]
    RsaRoca,
    /// The backend refuses this pair of modulus and exponent.
    #[error("the RSA modulus and exponent do not form a usable key")]
    RsaComponents,
    /// The coordinates are not a usable point of the curve.
    #[error("the coordinates are not a usable point of the curve")]
    PointNotOnCurve,
    /// `kid` is not a string of 1 to 256 printable ASCII characters.
    #[error("the JWK member `kid` must be a string of 1 to 256 printable ASCII characters")]
    KidMalformed,
    /// A public key was given where the private half is needed.
    #[error("this is a public key; signing needs the private one")]
    PublicKeyGiven,
    /// The private key is not usable: its parts contradict each other or it is of an unsupported kind.
    #[error(
        "the private key is damaged or of an unsupported kind; use RSA, EC P-256 or Ed25519 as PKCS#8"
    )]
    UnusablePrivateKey,
    /// RSA keys are generated with 2048, 3072, 4096 or 8192 bits.
    #[error("RSA keys are generated with 2048, 3072, 4096 or 8192 bits")]
    GenerateSize,
    /// The crypto backend could not generate a key.
    #[error("the key could not be generated")]
    GenerateFailed,
}

impl KeyError {
    /// The stable, machine-readable reason.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::PrivateKeyGiven => "private_key_given",
            Self::SymmetricKey => "symmetric_key",
            Self::TooLarge => "key_too_large",
            Self::MalformedPem(_) => "pem_malformed",
            Self::MalformedDer => "der_malformed",
            Self::MalformedJwk => "jwk_malformed",
            Self::DuplicateMember => "duplicate_member",
            Self::MissingMember { .. } => "jwk_member_missing",
            Self::MalformedMember { .. } => "jwk_member_malformed",
            Self::UnsupportedKeyType => "key_type_unsupported",
            Self::UnsupportedCurve => "curve_unsupported",
            Self::AlgUnsupported => "alg_unsupported",
            Self::AlgMismatch => "alg_mismatch",
            Self::NotForVerification => "not_for_verification",
            Self::RsaTooSmall { .. } => "rsa_too_small",
            Self::RsaTooLarge { .. } => "rsa_too_large",
            Self::RsaExponent => "rsa_exponent",
            Self::RsaModulus => "rsa_modulus",
            Self::RsaRoca => "rsa_roca",
            Self::RsaComponents => "rsa_components",
            Self::PointNotOnCurve => "point_not_on_curve",
            Self::KidMalformed => "kid_malformed",
            Self::PublicKeyGiven => "public_key_given",
            Self::UnusablePrivateKey => "private_key_unusable",
            Self::GenerateSize => "generate_size",
            Self::GenerateFailed => "generate_failed",
        }
    }
}

/// What is wrong with a PEM text (RFC 7468).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PemFlaw {
    /// No block at all.
    #[error("there is no line `-----BEGIN PUBLIC KEY-----`")]
    NoBlock,
    /// Two blocks or more.
    #[error("there is more than one block; give exactly one key")]
    SeveralBlocks,
    /// Something else than white space stands around the block.
    #[error("there is text around the block; give the block alone")]
    TextAround,
    /// The END line is missing or names another kind.
    #[error("the END line is missing or does not match the BEGIN line")]
    NoEnd,
    /// The lines between are not base64.
    #[error("the lines of the block are not base64")]
    NotBase64,
    /// A certificate was given.
    #[error("this is a certificate; extract its key first (openssl x509 -in FILE -noout -pubkey)")]
    Certificate,
    /// The private key is protected by a passphrase.
    #[error("the private key is encrypted; decrypt it first (openssl pkey -in FILE)")]
    Encrypted,
    /// The block is of another kind.
    #[error("the block is of an unsupported kind; give `PUBLIC KEY` or `RSA PUBLIC KEY`")]
    UnsupportedLabel,
}
