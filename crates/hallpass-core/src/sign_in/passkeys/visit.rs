//! Visits: who may change an account's passkeys, and for how long. And the rows in which questions wait for answers.

use data_encoding::BASE64URL_NOPAD;
use hallpass_model::{
    Account, AccountId, Challenge, ChallengeId, ChallengePurpose, Error, IdentityKind, Result,
    Session,
};
use hallpass_seal::token_hash;
use hallpass_store::{Read, Write};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::asked::{self, Asked};
use super::{PagePlace, PageVisitor, Passkeys, name_of, passkeys_off};
use crate::secret_text::SecretText;
use crate::sessions::SessionCaller;

/// How long a person may take to answer.
pub(super) const CEREMONY_SECS: i64 = 5 * 60;
/// How long a browser may change an account's passkeys after a sign-in.
const VISIT_SECS: i64 = 10 * 60;
/// How long the holder of a session has to follow a ticket.
const TICKET_SECS: i64 = 5 * 60;
/// How tickets begin.
const TICKET_PREFIX: &str = "hpt_";

impl Passkeys {
    /// Lets the browser that has just signed somebody in change that account's passkeys for a while. Whoever calls it has
    /// seen the proof.
    ///
    /// # Errors
    /// `session_ended`.
    pub async fn begin_visit(&self, visitor: &PageVisitor<'_>) -> Result<()> {
        let mut tx = self.shared.store.write().await?;
        let session = self.load_session(&mut tx, visitor).await?;
        let account = session.account_id.ok_or_else(visit_over)?;
        self.grant_visit(&mut tx, visitor, account).await?;
        Ok(tx.commit().await?)
    }

    /// A ticket with which the holder of a signed-in session opens its account's passkeys in a browser, once.
    ///
    /// # Errors
    /// `passkeys_off`, `visit_over`.
    pub async fn issue_ticket(&self, caller: &SessionCaller) -> Result<Zeroizing<String>> {
        if !caller.app.sign_in().passkeys {
            return Err(passkeys_off());
        }
        let account = caller.session.account_id.ok_or_else(visit_over)?;
        let ticket = SecretText::generate(TICKET_PREFIX, &*self.shared.rng).reveal();
        let row = self.row(
            &caller.session,
            ChallengePurpose::Page,
            token_hash("page ticket", &ticket),
            json!({ "account": account }),
            TICKET_SECS,
        );
        let mut tx = self.shared.store.write().await?;
        tx.insert_challenge(&row).await?;
        tx.commit().await?;
        Ok(ticket)
    }

    /// How the account is called that a ticket opens. The ticket stays good.
    ///
    /// # Errors
    /// `ticket_used`.
    pub async fn look_at_ticket(&self, visitor: &PageVisitor<'_>, ticket: &str) -> Result<String> {
        let mut tx = self.shared.store.read().await?;
        let (_, account, session) = self.find_ticket(&mut tx, visitor, ticket).await?;
        Ok(name_of(&session, &account))
    }

    /// Takes a ticket, and gives the browser a visit for it.
    ///
    /// # Errors
    /// `ticket_used`.
    pub async fn take_ticket(&self, visitor: &PageVisitor<'_>, ticket: &str) -> Result<()> {
        let mut tx = self.shared.store.write().await?;
        let (row, account, _) = self.find_ticket(&mut tx, visitor, ticket).await?;
        let now = self.shared.clock.now();
        if !tx
            .consume_challenge(row.environment_id, row.id, now)
            .await?
        {
            return Err(ticket_used());
        }
        self.grant_visit(&mut tx, visitor, account.id).await?;
        Ok(tx.commit().await?)
    }

    async fn find_ticket(
        &self,
        tx: &mut Read,
        visitor: &PageVisitor<'_>,
        ticket: &str,
    ) -> Result<(Challenge, Account, Session)> {
        let environment = visitor.app.environment();
        let digest = token_hash("page ticket", ticket);
        let row = tx
            .find_challenge_by_digest(environment, ChallengePurpose::Page, &digest)
            .await?
            .filter(|row| row.session_id == Some(visitor.session))
            .filter(|row| row.is_open_at(self.shared.clock.now()))
            .ok_or_else(ticket_used)?;
        let (account, session) = self.account_of(tx, visitor, &row).await?;
        Ok((row, account, session))
    }

    /// The account that this browser may change the passkeys of, and the session that says so.
    pub(super) async fn visited(
        &self,
        tx: &mut Read,
        visitor: &PageVisitor<'_>,
    ) -> Result<(Account, Session)> {
        let digest = visitor.browser.digest("page visit", visitor.session);
        let row = tx
            .find_challenge_by_digest(visitor.app.environment(), ChallengePurpose::Page, &digest)
            .await?
            .filter(|row| row.is_open_at(self.shared.clock.now()))
            .ok_or_else(visit_over)?;
        self.account_of(tx, visitor, &row).await
    }

    /// A visit is good for as long as its session is signed in as the same, unfrozen account.
    async fn account_of(
        &self,
        tx: &mut Read,
        visitor: &PageVisitor<'_>,
        row: &Challenge,
    ) -> Result<(Account, Session)> {
        let environment = visitor.app.environment();
        let now = self.shared.clock.now();
        let session = tx
            .find_session(environment, visitor.session)
            .await?
            .filter(|session| session.is_live_at(now))
            .ok_or_else(visit_over)?;
        let id = session.account_id.ok_or_else(visit_over)?;
        if row.state.get("account").and_then(Value::as_str) != Some(&id.to_string()) {
            return Err(visit_over());
        }
        let account = tx
            .find_account(environment, id)
            .await?
            .filter(|account| account.frozen_at.is_none())
            .ok_or_else(visit_over)?;
        Ok((account, session))
    }

    pub(super) async fn grant_visit(
        &self,
        tx: &mut Write,
        visitor: &PageVisitor<'_>,
        account: AccountId,
    ) -> Result<()> {
        let session = self.load_session(tx, visitor).await?;
        let row = self.row(
            &session,
            ChallengePurpose::Page,
            visitor.browser.digest("page visit", visitor.session),
            json!({ "account": account }),
            VISIT_SECS,
        );
        Ok(tx.insert_challenge(&row).await?)
    }

    pub(super) async fn load_session(
        &self,
        tx: &mut Read,
        visitor: &PageVisitor<'_>,
    ) -> Result<Session> {
        let now = self.shared.clock.now();
        tx.find_session(visitor.app.environment(), visitor.session)
            .await?
            .filter(|session| session.is_live_at(now))
            .ok_or_else(|| {
                Error::unauthenticated("session_over", "the session is over: begin another")
            })
    }

    /// Writes down a question; gives its challenge.
    pub(super) async fn ask(
        &self,
        tx: &mut Write,
        visitor: &PageVisitor<'_>,
        purpose: ChallengePurpose,
        place: &PagePlace,
    ) -> Result<String> {
        let session = self.load_session(tx, visitor).await?;
        let asked = Asked {
            challenge: BASE64URL_NOPAD.encode(&self.shared.rng.bytes::<32>()),
            place: place.clone(),
            account: session.account_id,
        };
        let state = serde_json::to_value(&asked).map_err(Error::internal)?;
        let digest = visitor
            .browser
            .digest_of_question(visitor.session, &asked.challenge);
        let row = self.row(&session, purpose, digest, state, CEREMONY_SECS);
        tx.insert_challenge(&row).await?;
        Ok(asked.challenge)
    }

    /// Takes back the question that the browser answers, if it was asked of this browser, for this session. What comes of
    /// the answer, it was the only one.
    pub(super) async fn consume(
        &self,
        visitor: &PageVisitor<'_>,
        purpose: ChallengePurpose,
        client_data: &str,
    ) -> Result<Asked> {
        let expired = || {
            Error::conflict(
                "passkey_expired",
                "this was answered before, or too late, or never asked here: begin again",
            )
        };
        let challenge = asked::challenge_in(client_data)?;
        let digest = visitor
            .browser
            .digest_of_question(visitor.session, &challenge);
        let environment = visitor.app.environment();
        let mut tx = self.shared.store.write().await?;
        let row = tx
            .find_challenge_by_digest(environment, purpose, &digest)
            .await?
            .ok_or_else(expired)?;
        let now = self.shared.clock.now();
        if !tx.consume_challenge(environment, row.id, now).await? {
            return Err(expired());
        }
        tx.commit().await?;
        serde_json::from_value(row.state).map_err(Error::internal)
    }

    fn row(
        &self,
        session: &Session,
        purpose: ChallengePurpose,
        digest: [u8; 32],
        state: Value,
        secs: i64,
    ) -> Challenge {
        let now = self.shared.clock.now();
        Challenge {
            id: ChallengeId::from_random(self.shared.rng.bytes()),
            environment_id: session.environment_id,
            session_id: Some(session.id),
            purpose,
            // Passkeys find their account themselves; the column only tells challenges of one address apart.
            identity_kind: IdentityKind::Email,
            identifier: String::new(),
            shown: String::new(),
            digest: Some(digest),
            state,
            client_network: None,
            wrong_answers: 0,
            created_at: now,
            expires_at: now.plus_secs(secs),
            consumed_at: None,
        }
    }
}

fn visit_over() -> Error {
    Error::forbidden(
        "visit_over",
        "passkeys can be changed for ten minutes after signing in: sign in again",
    )
}

fn ticket_used() -> Error {
    Error::forbidden(
        "ticket_used",
        "this link was used, or is too old: ask the app for another",
    )
}
