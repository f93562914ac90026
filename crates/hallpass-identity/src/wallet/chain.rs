use super::message::MessageError;
use super::{cosmos, evm, solana};

/// A family of wallets: how addresses and signatures look. Which network of the family is the message's `Chain ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Chain {
    /// Ethereum and every chain with its accounts.
    Ethereum,
    /// Solana.
    Solana,
    /// Chains of the Cosmos SDK with secp256k1 accounts.
    Cosmos,
}

impl Chain {
    /// Every chain, for tests and menus.
    pub const ALL: [Self; 3] = [Self::Ethereum, Self::Solana, Self::Cosmos];

    /// The name as people know it; stands in the message's first line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ethereum => "Ethereum",
            Self::Solana => "Solana",
            Self::Cosmos => "Cosmos",
        }
    }

    /// The one spelling of an address under which an account is kept: small hexadecimal digits for Ethereum (however the
    /// client wrote them), the address itself for the others. `None` for what is not an address of this chain.
    #[must_use]
    pub fn account_key(self, address: &str) -> Option<String> {
        match self {
            Self::Ethereum => Some(evm::Address::parse(address).ok()?.account_key()),
            Self::Solana => Some(solana::Address::parse(address).ok()?.to_string()),
            Self::Cosmos => Some(cosmos::Address::parse(address).ok()?.to_string()),
        }
    }

    /// The spelling that a message needs, for an address in any that the chain allows: with its checksum on Ethereum.
    /// `None` for what is not an address of this chain.
    #[must_use]
    pub fn canonical_address(self, address: &str) -> Option<String> {
        match self {
            Self::Ethereum => Some(evm::Address::parse(address).ok()?.to_string()),
            Self::Solana | Self::Cosmos => self.account_key(address),
        }
    }

    /// An address in a message is written in its one correct form.
    pub(super) fn check_address(self, address: &str) -> Result<(), MessageError> {
        match self {
            Self::Ethereum => evm::Address::parse_checksummed(address).map(drop)?,
            Self::Solana => solana::Address::parse(address).map(drop)?,
            Self::Cosmos => cosmos::Address::parse(address).map(drop)?,
        }
        Ok(())
    }

    /// Decimal digits on Ethereum (EIP-155); the network's name elsewhere, such as `mainnet` or `cosmoshub-4`.
    pub(super) fn is_chain_id(self, id: &str) -> bool {
        let allowed = |byte: u8| match self {
            Self::Ethereum => byte.is_ascii_digit(),
            Self::Solana | Self::Cosmos => {
                byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':')
            }
        };
        (1..=64).contains(&id.len()) && id.bytes().all(allowed)
    }
}
