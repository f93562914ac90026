//! Ways to sign in. Each proves an identity and nothing more; what follows from a proof is for [`crate::accounts`].

mod browser;
pub(crate) mod challenge;
pub(crate) mod codes;
mod limits;
mod oauth;
mod passkeys;
pub(crate) mod telegram;
pub(crate) mod wallets;

pub use browser::PageBrowser;
pub use oauth::{Oauth, OauthEnd, OauthOutcome, OauthStanding, OauthVisit};
pub use passkeys::{
    MadePasskey, PagePlace, PageVisitor, PasskeyAnswer, PasskeyInvitation, PasskeyQuestion,
    Passkeys,
};
pub(crate) use passkeys::{challenge_in, decode, refused, verify_answer, verify_made};
pub use telegram::{TelegramAccount, TelegramLogin, TelegramSignIn};
pub use wallets::{ClaimedWallet, PageFacts, WalletAnswer, WalletLogin, WalletOffer, WalletSignIn};
