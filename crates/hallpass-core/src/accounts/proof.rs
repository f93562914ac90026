use hallpass_identity::contact::EmailAddress;
use hallpass_model::{IdentityKind, Login, Profile, SessionWallet};
use serde_json::{Value, json};

/// What a sign-in method has proven about somebody.
#[derive(Debug, Clone)]
pub(crate) struct Proof {
    pub(crate) kind: IdentityKind,
    /// The one spelling under which the identity is kept.
    pub(crate) identifier: String,
    /// As the person or client wrote it.
    pub(crate) shown: String,
    /// What a service says about the person.
    pub(crate) profile: Profile,
    /// A mailbox that the service has verified; never one that it only names.
    pub(crate) verified_email: Option<EmailAddress>,
    /// The external wallet that signed.
    pub(crate) wallet: Option<ProvenWallet>,
}

/// An external wallet that signed a message of ours.
#[derive(Debug, Clone)]
pub(crate) struct ProvenWallet {
    /// The address exactly as the client wrote it.
    pub(crate) address: String,
    /// The wallet's name, as the client said.
    pub(crate) provider: Option<String>,
}

impl Proof {
    /// A proof of an identity and nothing else.
    pub(crate) fn of(kind: IdentityKind, identifier: String, shown: String) -> Self {
        Self {
            kind,
            identifier,
            shown,
            profile: Profile::default(),
            verified_email: None,
            wallet: None,
        }
    }

    /// What the session will say of how somebody signed in: of a verified mailbox, the mailbox and who vouched for it.
    pub(crate) fn login(&self) -> Login {
        match &self.verified_email {
            Some(email) => Login {
                kind: IdentityKind::Email,
                identifier: email.account_key(),
                shown: email.as_str().to_owned(),
                oauth_method: Some(method(&self.kind)),
            },
            None => Login {
                kind: self.kind.clone(),
                identifier: self.identifier.clone(),
                shown: self.shown.clone(),
                oauth_method: None,
            },
        }
    }

    pub(crate) fn session_wallet(&self) -> Option<SessionWallet> {
        self.wallet.as_ref().map(|wallet| SessionWallet {
            kind: self.kind.clone(),
            address: wallet.address.clone(),
            provider: wallet.provider.clone(),
        })
    }

    /// What is kept beside the identity.
    pub(crate) fn detail(&self) -> Value {
        let provider = self
            .wallet
            .as_ref()
            .and_then(|wallet| wallet.provider.clone());
        json!({ "profile": self.profile, "wallet_provider": provider })
    }
}

/// The word by which issued tokens name a service: of an OIDC issuer, its handle.
fn method(kind: &IdentityKind) -> String {
    match kind {
        IdentityKind::Oidc(handle) => handle.clone(),
        other => other.to_string(),
    }
}
