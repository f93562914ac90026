//! From a wish for a code to a code on its way.

use hallpass_identity::code::{CodeLength, OneTimeCode};
use hallpass_model::{
    Challenge, ChallengeId, ChallengePurpose, Error, IdentityKind, Result, Timestamp,
};
use hallpass_store::Write;

use super::deliver::Delivery;
use super::kept::{Binding, CodeState, sent};
use super::{Asker, CodeSent, Codes, Contact, flow_unknown};
use crate::Rng;
use crate::sign_in::limits::{
    Asking, CODE_SECS, ClientNetwork, History, LOOK_BACK_SECS, TooMany, WINDOW_SECS,
};

impl Codes {
    /// The first code of a flow.
    pub(super) async fn begin(
        &self,
        asker: &Asker<'_>,
        purpose: ChallengePurpose,
        contact: Contact,
    ) -> Result<CodeSent> {
        self.require_way(asker, &contact)?;
        self.require_master_key()?;
        let tx = self.shared.store.write().await?;
        self.send_within(tx, asker, purpose, contact, None).await
    }

    /// A further code of a flow; only the newest counts.
    pub(super) async fn again(&self, asker: &Asker<'_>, flow: ChallengeId) -> Result<CodeSent> {
        let environment = asker.app.environment();
        self.require_master_key()?;
        let mut tx = self.shared.store.write().await?;
        let since = self.shared.clock.now().plus_secs(-WINDOW_SECS);
        let first = tx
            .find_challenge(environment, flow)
            .await?
            .filter(|first| first.session_id == Some(asker.session) && first.created_at > since)
            .filter(|first| CodeState::of(first).is_some_and(|state| state.flow == flow))
            .ok_or_else(flow_unknown)?;
        let contact = Contact::kept(&first).ok_or_else(flow_unknown)?;
        self.require_way(asker, &contact)?;
        self.send_within(tx, asker, first.purpose, contact, Some(flow))
            .await
    }

    /// Decides, writes the code down, commits, and only then waits for the network.
    async fn send_within(
        &self,
        mut tx: Write,
        asker: &Asker<'_>,
        purpose: ChallengePurpose,
        contact: Contact,
        flow: Option<ChallengeId>,
    ) -> Result<CodeSent> {
        let now = self.shared.clock.now();
        let (environment, kind) = (asker.app.environment(), contact.kind());
        let identifier = contact.identifier();
        tx.take_turn(environment, &kind, &identifier).await?;
        let since = now.plus_secs(-LOOK_BACK_SECS);
        let before = tx
            .list_challenges_of_identifier(environment, &kind, &identifier, since)
            .await?;
        let counted = sent(&before);
        let history = History::new(&counted, now);
        let network = asker.client.map(ClientNetwork::of);
        let asking = self.asking(&mut tx, asker, &contact, network, now).await?;
        if let Err(refused) = history.may_send(asking) {
            count(&kind, "limited");
            return Err(rate_limited(refused));
        }
        let code = new_code(history.next_length(), &*self.shared.rng)?;
        let challenge =
            self.challenge(asker, purpose, &contact, &code, flow, asking.by_owner, now)?;
        if let Some(flow) = flow {
            replace_former(&mut tx, &before, asker, flow, now).await?;
        }
        tx.insert_challenge(&challenge).await?;
        tx.commit().await?;
        let flow = flow.unwrap_or(challenge.id);
        self.deliver(Delivery {
            asker,
            contact: &contact,
            challenge: &challenge,
            code: &code,
        })
        .await?;
        Ok(CodeSent { flow, contact })
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one row, with everything that stands in it"
    )]
    fn challenge(
        &self,
        asker: &Asker<'_>,
        purpose: ChallengePurpose,
        contact: &Contact,
        code: &OneTimeCode,
        flow: Option<ChallengeId>,
        by_owner: bool,
        now: Timestamp,
    ) -> Result<Challenge> {
        let id = ChallengeId::from_random(self.shared.rng.bytes());
        let identifier = contact.identifier();
        let binding = Binding {
            environment: asker.app.environment(),
            session: asker.session,
            challenge: id,
            purpose,
            identifier: &identifier,
        };
        let key = self.shared.rng.bytes();
        let digest = binding.digest(&key, code.expose());
        let state = CodeState {
            flow: flow.unwrap_or(id),
            digits: u8::try_from(code.expose().len()).unwrap_or(6),
            by_owner,
            failed: false,
            key: binding.seal_key(&self.shared, &key)?,
        };
        Ok(Challenge {
            id,
            environment_id: asker.app.environment(),
            session_id: Some(asker.session),
            purpose,
            identity_kind: contact.kind(),
            shown: contact.shown().to_owned(),
            digest: Some(digest),
            state: state.to_json()?,
            client_network: asker
                .client
                .map(|address| ClientNetwork::of(address).to_string()),
            wrong_answers: 0,
            created_at: now,
            expires_at: now.plus_secs(CODE_SECS),
            consumed_at: None,
            identifier,
        })
    }

    /// Who asks, as far as the limits care.
    async fn asking(
        &self,
        tx: &mut Write,
        asker: &Asker<'_>,
        contact: &Contact,
        network: Option<ClientNetwork>,
        now: Timestamp,
    ) -> Result<Asking> {
        let network_sends = match network {
            Some(network) => {
                let since = now.plus_secs(-WINDOW_SECS);
                tx.count_codes_of_network(&network.to_string(), since)
                    .await?
            }
            None => 0,
        };
        Ok(Asking {
            network,
            by_owner: self.is_owner(tx, asker, contact).await?,
            network_sends,
        })
    }

    /// Whether the session is, or was once, signed in to the account of this address. Nobody else's session leads to a
    /// look-up, so that it tells strangers nothing.
    async fn is_owner(&self, tx: &mut Write, asker: &Asker<'_>, contact: &Contact) -> Result<bool> {
        let environment = asker.app.environment();
        let session = tx.find_session(environment, asker.session).await?;
        let Some(account) = session.and_then(|known| known.account_id.or(known.former_account_id))
        else {
            return Ok(false);
        };
        let identity = tx
            .find_identity(environment, &contact.kind(), &contact.identifier())
            .await?;
        Ok(identity.is_some_and(|identity| identity.account_id == account))
    }

    /// Has the key at hand before a transaction is open: its source may be a command that takes its time.
    pub(super) fn require_master_key(&self) -> Result<()> {
        self.shared.seal.ring().map(drop)
    }

    /// Whether codes may and can go there at all.
    fn require_way(&self, asker: &Asker<'_>, contact: &Contact) -> Result<()> {
        let settings = asker.app.sign_in();
        match contact {
            Contact::Email(_) if !settings.email => Err(Error::forbidden(
                "EMAIL_NOT_ALLOWED",
                "signing in by e-mail is switched off for this app",
            )),
            Contact::Phone(_) if !settings.phone => Err(Error::forbidden(
                "SMS_NOT_ALLOWED",
                "signing in by phone is switched off for this app",
            )),
            Contact::Email(_) if self.shared.mailer.is_off() => Err(Error::unavailable(
                "EMAIL_DELIVERY_FAILED",
                "no mail can be sent: this server knows no mail server",
            )
            .because("start Hallpass with --smtp-url, or set [mail]")),
            Contact::Phone(_) if self.shared.texts.is_off() => Err(Error::unavailable(
                "SMS_DELIVERY_FAILED",
                "no text message can be sent: this server knows no service for them",
            )
            .because("set [texts]")),
            _ => Ok(()),
        }
    }
}

/// Uses up the codes of a flow that a further one replaces.
async fn replace_former(
    tx: &mut Write,
    before: &[Challenge],
    asker: &Asker<'_>,
    flow: ChallengeId,
    now: Timestamp,
) -> Result<()> {
    let own = |former: &&Challenge| {
        former.session_id == Some(asker.session)
            && CodeState::of(former).is_some_and(|state| state.flow == flow)
    };
    for former in before.iter().filter(own) {
        tx.consume_challenge(former.environment_id, former.id, now)
            .await?;
    }
    Ok(())
}

pub(super) fn count(kind: &IdentityKind, outcome: &'static str) {
    let channel = match kind {
        IdentityKind::Phone => "text",
        _ => "mail",
    };
    metrics::counter!("hallpass_codes_sent_total", "channel" => channel, "outcome" => outcome)
        .increment(1);
}

fn rate_limited(refused: TooMany) -> Error {
    Error::too_many_requests(
        "RATE_LIMITED",
        "too many codes were asked for: use the last one, or wait",
    )
    .retry_after(refused.retry_after_secs)
}

/// Draws until every code is as likely as the others; the second draw is needed less than once in 10^40 times.
fn new_code(length: CodeLength, rng: &dyn Rng) -> Result<OneTimeCode> {
    (0..4)
        .find_map(|_| OneTimeCode::from_random(length, &rng.bytes()))
        .ok_or_else(|| Error::internal("the source of randomness repeats itself"))
}
