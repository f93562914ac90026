use crate::{AccountId, EnvironmentId, Timestamp, WalletId, WalletType};

/// A wallet that the customer's app provisioned for an account. Its owner has proven that they hold the private half, which
/// never was here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wallet {
    /// Its id.
    pub id: WalletId,
    /// The environment.
    pub environment_id: EnvironmentId,
    /// Whose it is.
    pub account_id: AccountId,
    /// The family of chains.
    pub chain: WalletType,
    /// The address that follows from the key, in its canonical spelling.
    pub address: String,
    /// The spelling under which the address is unique in the environment.
    pub account_key: String,
    /// `0x04...` on EVM, base58 on Solana.
    pub public_key: String,
    /// What the app calls it.
    pub name: Option<String>,
    /// When its possession was proven.
    pub created_at: Timestamp,
}

impl Wallet {
    /// What issued tokens say as `publicKey`: nothing on Solana, where the address is the key.
    #[must_use]
    pub fn claimed_public_key(&self) -> &str {
        match self.chain {
            WalletType::Solana => "",
            WalletType::Evm | WalletType::Cosmos => &self.public_key,
        }
    }
}
