//! How public clients write a wallet and its signature.

use hallpass_core::{AppCaller, ClaimedWallet, WalletAnswer};
use hallpass_model::Error;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Characters of a text that only travels through.
const TEXT_CHARS: usize = 2048;

/// An external wallet. What a client says of it comes back as it was said, as clients compare it letter by letter.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ExternalWallet {
    /// The address; on Cosmos its hexadecimal or bech32 form.
    address: String,
    /// `EVM`, `SOLANA` or `COSMOS`.
    #[serde(rename = "type")]
    kind: String,
    /// The environment's id; filled in where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partner_id: Option<String>,
    /// The wallet's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider: Option<String>,
    /// The wallet's name for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_id: Option<String>,
    /// The bech32 form of a Cosmos address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address_bech32: Option<String>,
    /// The app waits for a signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    with_verification: Option<bool>,
    /// The app expects embedded wallets too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    with_full_para_auth: Option<bool>,
    /// The app only shows the wallet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    is_connection_only: Option<bool>,
    /// Shown, never believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ens_name: Option<String>,
    /// Shown, never believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ens_avatar: Option<String>,
}

/// A wallet's signature.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SignedMessage {
    /// Hexadecimal on EVM, base58 on Solana, base64 on Cosmos.
    signed_message: String,
    /// Cosmos: the compressed public key in hexadecimal digits.
    #[serde(default)]
    cosmos_public_key_hex: Option<String>,
    /// Cosmos: the bech32 address that the wallet signed for.
    #[serde(default)]
    cosmos_signer: Option<String>,
}

impl ExternalWallet {
    /// The wallet with its environment named.
    ///
    /// # Errors
    /// `wrong_partner`, `wallet_malformed`.
    pub(super) fn within(mut self, app: &AppCaller) -> Result<Self, Error> {
        let own = app.environment().to_string();
        if self.partner_id.as_ref().is_some_and(|id| *id != own) {
            return Err(Error::unprocessable(
                "wrong_partner",
                "the wallet was connected for another environment",
            )
            .at("/externalWallet/partnerId"));
        }
        self.partner_id = Some(own);
        let texts = [&self.provider_id, &self.ens_name, &self.ens_avatar];
        let is_long = |text: &String| text.len() > TEXT_CHARS || text.contains(char::is_control);
        if texts.into_iter().flatten().any(is_long) {
            return Err(Error::unprocessable(
                "wallet_malformed",
                "texts about a wallet have at most 2048 bytes and no control characters",
            )
            .at("/externalWallet"));
        }
        Ok(self)
    }

    pub(super) fn address(&self) -> &str {
        &self.address
    }

    pub(super) fn claimed(&self) -> ClaimedWallet {
        ClaimedWallet {
            kind: self.kind.clone(),
            address: self.address.clone(),
            address_bech32: self.address_bech32.clone(),
            provider: self.provider.clone(),
            is_connection_only: self.is_connection_only.unwrap_or_default(),
        }
    }

    /// A wallet as it is shown among linked accounts.
    pub(super) fn shown(
        kind: &'static str,
        address: String,
        provider: Option<String>,
        app: &AppCaller,
    ) -> Self {
        Self {
            address,
            kind: kind.to_owned(),
            partner_id: Some(app.environment().to_string()),
            provider,
            provider_id: None,
            address_bech32: None,
            with_verification: None,
            with_full_para_auth: None,
            is_connection_only: None,
            ens_name: None,
            ens_avatar: None,
        }
    }
}

impl From<SignedMessage> for WalletAnswer {
    fn from(signed: SignedMessage) -> Self {
        Self {
            signature: signed.signed_message,
            cosmos_public_key: signed.cosmos_public_key_hex,
            cosmos_signer: signed.cosmos_signer,
        }
    }
}
