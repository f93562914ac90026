//! Ways to sign in. Each proves an identity and nothing more; what follows from a proof is for [`crate::accounts`].

mod browser;
pub(crate) mod codes;
mod limits;
mod oauth;
mod passkeys;

pub use browser::PageBrowser;
pub use oauth::{Oauth, OauthEnd, OauthOutcome, OauthStanding, OauthVisit};
pub use passkeys::{
    MadePasskey, PagePlace, PageVisitor, PasskeyAnswer, PasskeyInvitation, PasskeyQuestion,
    Passkeys,
};
