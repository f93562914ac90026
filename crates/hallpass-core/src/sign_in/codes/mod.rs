//! One-time codes in mails and text messages.
//!
//! Nobody is looked up when a code is asked for: an address with an account and one without are treated alike, and the
//! id that the client gets is the challenge's. A code counts once, for ten minutes, in the session that asked for it,
//! and only the newest one of a flow does. A wrong answer is committed before it is answered; what answers and sends are
//! worth together is decided in [`super::limits`].

mod answer;
mod contact;
mod deliver;
mod kept;
mod message;
mod send;

use std::net::IpAddr;
use std::sync::Arc;

use hallpass_mail::Trap;
use hallpass_model::{
    Account, ChallengeId, ChallengePurpose, Error, IdentityKind, Result, SessionId,
};

pub use contact::Contact;

use crate::Shared;
use crate::accounts::{Accounts, Completion, Proof, SignInOutcome};
use crate::api_keys::AppCaller;
use crate::sessions::SessionCaller;

/// Sends codes and takes answers.
pub struct Codes {
    pub(crate) shared: Arc<Shared>,
}

/// A code is on its way.
#[derive(Debug, Clone)]
pub struct CodeSent {
    /// Names the flow: what the client answers and asks again with.
    pub flow: ChallengeId,
    /// Where it goes.
    pub contact: Contact,
}

/// A right answer.
#[derive(Debug)]
pub struct SignedInByCode {
    /// Who is signed in.
    pub account: Account,
    /// The account was made by this.
    pub is_new: bool,
    /// What was proven.
    pub contact: Contact,
}

/// For which session a code is asked or answered, and where the request comes from.
pub(crate) struct Asker<'a> {
    pub(crate) app: &'a AppCaller,
    pub(crate) session: SessionId,
    pub(crate) client: Option<IpAddr>,
}

impl Codes {
    /// Where mails and text messages end up, if they never leave.
    #[must_use]
    pub fn trap(&self) -> Option<&Trap> {
        self.shared.mailer.trapped()
    }

    /// Sends a code that signs in.
    ///
    /// # Errors
    /// `RATE_LIMITED` (429), `EMAIL_NOT_ALLOWED`, `SMS_NOT_ALLOWED` (403), `EMAIL_DELIVERY_FAILED`,
    /// `SMS_DELIVERY_FAILED` (503).
    pub async fn send(
        &self,
        caller: &SessionCaller,
        contact: Contact,
        client: Option<IpAddr>,
    ) -> Result<CodeSent> {
        let purpose = purpose_of(&contact);
        self.begin(&asker(caller, client), purpose, contact).await
    }

    /// The same for a page that acts for a session.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub async fn send_on_page(
        &self,
        app: &AppCaller,
        session: SessionId,
        contact: Contact,
        client: Option<IpAddr>,
    ) -> Result<CodeSent> {
        let asker = Asker {
            app,
            session,
            client,
        };
        let purpose = purpose_of(&contact);
        self.begin(&asker, purpose, contact).await
    }

    /// Sends another code in a flow of the session; the former one counts no more.
    ///
    /// # Errors
    /// As [`Self::send`]; `code_flow_unknown` (400) when the session has no such flow, or it began over an hour ago.
    pub async fn resend(
        &self,
        caller: &SessionCaller,
        flow: ChallengeId,
        client: Option<IpAddr>,
    ) -> Result<CodeSent> {
        self.again(&asker(caller, client), flow).await
    }

    /// The same for a page that acts for a session.
    ///
    /// # Errors
    /// As [`Self::resend`].
    pub async fn resend_on_page(
        &self,
        app: &AppCaller,
        session: SessionId,
        flow: ChallengeId,
        client: Option<IpAddr>,
    ) -> Result<CodeSent> {
        let asker = Asker {
            app,
            session,
            client,
        };
        self.again(&asker, flow).await
    }

    /// Takes an answer; a right one signs in and exchanges the session's secret.
    ///
    /// # Errors
    /// `code_malformed`, `code_wrong`, `code_expired`, `code_used_up`, `code_void`, `code_flow_unknown` (400),
    /// `account_frozen` (403).
    pub async fn verify(
        &self,
        mut caller: SessionCaller,
        flow: ChallengeId,
        typed: &str,
    ) -> Result<(SessionCaller, SignedInByCode)> {
        let (proof, contact) = self
            .prove(&asker(&caller, None), flow, typed, is_sign_in)
            .await?;
        let by = Completion::Holder(&mut caller);
        let signed_in = self.sign_in(by, &proof, contact).await?;
        Ok((caller, signed_in))
    }

    /// The same for a page that acts for a session: the session's holder is signed in.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub async fn verify_on_page(
        &self,
        app: &AppCaller,
        session: SessionId,
        flow: ChallengeId,
        typed: &str,
    ) -> Result<SignedInByCode> {
        let asker = Asker {
            app,
            session,
            client: None,
        };
        let (proof, contact) = self.prove(&asker, flow, typed, is_sign_in).await?;
        self.sign_in(Completion::Page { app, session }, &proof, contact)
            .await
    }

    /// What a flow of a session is about, for a page that shows it; `None` for one of another session.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn find_flow(
        &self,
        app: &AppCaller,
        session: SessionId,
        flow: ChallengeId,
    ) -> Result<Option<Contact>> {
        let mut tx = self.shared.store.read().await?;
        let found = tx.find_challenge(app.environment(), flow).await?;
        Ok(found
            .filter(|first| first.session_id == Some(session) && is_sign_in(first.purpose))
            .and_then(|first| Contact::kept(&first)))
    }

    /// Sends a code that adds a further address to the account that is signed in.
    ///
    /// # Errors
    /// As [`Self::send`].
    pub(crate) async fn send_for_link(
        &self,
        caller: &SessionCaller,
        contact: Contact,
        client: Option<IpAddr>,
    ) -> Result<ChallengeId> {
        let sent = self
            .begin(&asker(caller, client), ChallengePurpose::Link, contact)
            .await?;
        Ok(sent.flow)
    }

    /// Takes an answer to such a code. What must survive a refusal is committed; what the proof leads to is the caller's.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub(crate) async fn check_for_link(
        &self,
        caller: &SessionCaller,
        flow: ChallengeId,
        typed: &str,
    ) -> Result<Proof> {
        let is_link = |purpose| purpose == ChallengePurpose::Link;
        let (proof, _) = self
            .prove(&asker(caller, None), flow, typed, is_link)
            .await?;
        Ok(proof)
    }

    async fn sign_in(
        &self,
        by: Completion<'_>,
        proof: &Proof,
        contact: Contact,
    ) -> Result<SignedInByCode> {
        let accounts = Accounts {
            shared: Arc::clone(&self.shared),
        };
        let mut tx = self.shared.store.write().await?;
        match accounts.sign_in(&mut tx, by, proof).await? {
            SignInOutcome::SignedIn { account, is_new } => {
                tx.commit().await?;
                Ok(SignedInByCode {
                    account: *account,
                    is_new,
                    contact,
                })
            }
            SignInOutcome::Conflict => Err(Error::internal(
                "a code proves one identity, of one account",
            )),
        }
    }
}

fn asker(caller: &SessionCaller, client: Option<IpAddr>) -> Asker<'_> {
    Asker {
        app: &caller.app,
        session: caller.session.id,
        client,
    }
}

fn purpose_of(contact: &Contact) -> ChallengePurpose {
    match contact.kind() {
        IdentityKind::Phone => ChallengePurpose::PhoneCode,
        _ => ChallengePurpose::EmailCode,
    }
}

fn is_sign_in(purpose: ChallengePurpose) -> bool {
    matches!(
        purpose,
        ChallengePurpose::EmailCode | ChallengePurpose::PhoneCode
    )
}

/// Of whatever reason: the flow is not this session's, is of another kind, or is long over.
fn flow_unknown() -> Error {
    Error::invalid_request(
        "code_flow_unknown",
        "no code was asked for here lately: ask for one and type it in the same session",
    )
}
