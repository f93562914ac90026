//! Passkeys by which operators sign in to the dashboard. One question has one answer: it is used up before the answer is
//! looked at, and counts for five minutes.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use hallpass_identity::passkey::{Ceremony, PasskeyError};
use hallpass_model::{
    Error, OperatorId, OperatorPasskey, OperatorPasskeyId, PasskeyCredential, Result, limits,
};
use hallpass_seal::token_hash;
use serde_json::json;

use super::{OpenedSession, Opener, insert, no_operator, operator_by_key, own_id, whose};
use crate::change::{Change, Record};
use crate::sign_in::{challenge_in, decode, refused, verify_answer, verify_made};
use crate::{
    MadePasskey, OperatorCaller, PagePlace, PasskeyAnswer, PasskeyQuestion, Shared, names,
};

const CEREMONY_SECS: i64 = 5 * 60;

/// Makes, lists and removes passkeys of operators, and opens sessions with them.
pub struct OperatorPasskeys {
    pub(crate) shared: Arc<Shared>,
}

/// A passkey and whose it is.
#[derive(Debug, Clone)]
pub struct ListedOperatorPasskey {
    /// The passkey.
    pub passkey: OperatorPasskey,
    /// The operator's name.
    pub operator_name: String,
    /// Whether it is the caller's own.
    pub is_own: bool,
    /// Whether it would open a session now.
    pub counts: bool,
}

/// What a browser is asked when an operator wants a new passkey.
#[derive(Debug, Clone)]
pub struct OperatorPasskeyInvitation {
    /// Random, and how long there is to answer.
    pub question: PasskeyQuestion,
    /// What the passkey is to say of its operator, as base64url.
    pub user_handle: String,
    /// The operator for people.
    pub user_name: String,
    /// What the operator has already, so that a device is not asked twice.
    pub known: Vec<String>,
}

impl OperatorPasskeys {
    /// Asks a browser to sign an operator in.
    ///
    /// # Errors
    /// `storage_unavailable`.
    pub async fn begin_sign_in(&self) -> Result<PasskeyQuestion> {
        self.ask(None).await
    }

    /// Opens a session with the passkey that answered.
    ///
    /// # Errors
    /// `passkey_expired` when the question was answered, left too long or never asked; `passkey_refused`.
    pub async fn finish_sign_in(
        &self,
        place: &PagePlace,
        answer: &PasskeyAnswer,
        browser: &str,
    ) -> Result<OpenedSession> {
        let challenge = self.consume(None, &answer.client_data).await?;
        let (operator, passkey) = {
            let mut tx = self.shared.store.read().await?;
            let passkey = tx
                .find_operator_passkey_by_credential(&answer.credential_id)
                .await?
                .ok_or_else(unknown)?;
            let now = self.shared.clock.now();
            let operator = operator_by_key(&mut tx, passkey.operator_id, passkey.key, now).await?;
            (operator.ok_or_else(unknown)?, passkey)
        };
        let handle = passkey.operator_id.as_uuid().as_bytes();
        let changed = verify_answer(
            answer,
            &ceremony(place, &challenge),
            &passkey.credential_id,
            &passkey.credential,
            handle,
        )?;
        let caller = OperatorCaller::operator(&operator, passkey.key);
        let mut change = Change::begin(&self.shared, &caller).await?;
        let now = change.now;
        // A second use at the same moment has read the same counter.
        if !change
            .note_operator_passkey_use(&passkey, &changed, now)
            .await?
        {
            return Err(refused(PasskeyError::CounterWentBack));
        }
        let opener = Opener {
            key: passkey.key,
            passkey: Some(passkey.id),
        };
        let secret = insert(&self.shared, change, operator.id, &opener, browser).await?;
        Ok(OpenedSession { caller, secret })
    }

    /// Asks a browser for a new passkey of the caller.
    ///
    /// # Errors
    /// `operator_needed`, `too_many_passkeys`.
    pub async fn begin_registration(
        &self,
        caller: &OperatorCaller,
    ) -> Result<OperatorPasskeyInvitation> {
        let operator = own_id(caller)?;
        let known = self.known(operator).await?;
        check_room(&known)?;
        Ok(OperatorPasskeyInvitation {
            question: self.ask(Some(operator)).await?,
            user_handle: BASE64URL_NOPAD.encode(operator.as_uuid().as_bytes()),
            user_name: caller.actor.name.clone().unwrap_or_default(),
            known: known.into_iter().map(|one| one.credential_id).collect(),
        })
    }

    /// Keeps a new passkey of the caller.
    ///
    /// # Errors
    /// `passkey_expired`, `passkey_refused`, `passkey_known`, `too_many_passkeys`, `invalid_name`.
    pub async fn finish_registration(
        &self,
        caller: &OperatorCaller,
        place: &PagePlace,
        name: &str,
        made: &MadePasskey,
    ) -> Result<OperatorPasskey> {
        names::check(name)?;
        let operator_id = own_id(caller)?;
        let challenge = self.consume(Some(operator_id), &made.client_data).await?;
        let new = verify_made(made, &ceremony(place, &challenge))?;
        check_room(&self.known(operator_id).await?)?;
        let key = caller.actor.key.ok_or_else(no_operator)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        let passkey = OperatorPasskey {
            id: OperatorPasskeyId::from_random(self.shared.rng.bytes()),
            operator_id,
            key,
            credential_id: BASE64URL_NOPAD.encode(&new.credential_id),
            credential: PasskeyCredential {
                public_key: BASE64URL_NOPAD.encode(new.key.as_cose()),
                counter: new.counter,
                is_synced: new.is_synced,
            },
            name: name.to_owned(),
            created_at: change.now,
            last_used_at: None,
        };
        change
            .insert_operator_passkey(&passkey)
            .await
            .map_err(|error| {
                if error.is_conflict() {
                    Error::conflict("passkey_known", "this passkey is known here already")
                } else {
                    error.into()
                }
            })?;
        change
            .commit(record("operator_passkey.create", &passkey))
            .await?;
        Ok(passkey)
    }

    /// Passkeys, newest first: everybody's for an admin without limits, else the caller's own.
    ///
    /// # Errors
    /// `operator_needed`.
    pub async fn list(&self, caller: &OperatorCaller) -> Result<Vec<ListedOperatorPasskey>> {
        let of = whose(caller)?;
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.read().await?;
        let mut listed = Vec::new();
        for passkey in tx.list_operator_passkeys(of).await? {
            let counts = operator_by_key(&mut tx, passkey.operator_id, passkey.key, now).await?;
            let operator = tx.find_operator(passkey.operator_id).await?;
            listed.push(ListedOperatorPasskey {
                is_own: caller.actor.id.as_deref() == Some(&*passkey.operator_id.to_string()),
                passkey,
                operator_name: operator.map(|operator| operator.name).unwrap_or_default(),
                counts: counts.is_some(),
            });
        }
        Ok(listed)
    }

    /// Removes a passkey and ends the sessions that it opened: anybody's for an admin without limits, else the caller's own.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn remove(&self, caller: &OperatorCaller, id: OperatorPasskeyId) -> Result<()> {
        let of = whose(caller)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        let passkey = change
            .find_operator_passkey(of, id)
            .await?
            .ok_or_else(|| Error::not_found("passkey"))?;
        let now = change.now;
        // Whoever signs in with it meanwhile holds its row, so the session is there to be ended.
        change.delete_operator_passkey(id).await?;
        change.end_operator_sessions_of_passkey(id, now).await?;
        change
            .commit(record("operator_passkey.delete", &passkey))
            .await
    }

    async fn known(&self, operator: OperatorId) -> Result<Vec<OperatorPasskey>> {
        let mut tx = self.shared.store.read().await?;
        Ok(tx.list_operator_passkeys(Some(operator)).await?)
    }

    async fn ask(&self, operator: Option<OperatorId>) -> Result<PasskeyQuestion> {
        let challenge = BASE64URL_NOPAD.encode(&self.shared.rng.bytes::<32>());
        let expires_at = self.shared.clock.now().plus_secs(CEREMONY_SECS);
        let mut tx = self.shared.store.write().await?;
        tx.insert_operator_challenge(&digest(&challenge), operator, expires_at)
            .await?;
        tx.commit().await?;
        Ok(PasskeyQuestion {
            challenge,
            secs: CEREMONY_SECS,
        })
    }

    /// The question that an answer is for, used up.
    async fn consume(&self, operator: Option<OperatorId>, client_data: &str) -> Result<Vec<u8>> {
        let challenge = challenge_in(client_data)?;
        let now = self.shared.clock.now();
        let mut tx = self.shared.store.write().await?;
        let was_asked = tx
            .consume_operator_challenge(&digest(&challenge), operator, now)
            .await?;
        tx.commit().await?;
        if !was_asked {
            return Err(Error::conflict(
                "passkey_expired",
                "this was answered already, or took longer than five minutes; try again",
            ));
        }
        decode(&challenge)
    }
}

fn ceremony<'a>(place: &'a PagePlace, challenge: &'a [u8]) -> Ceremony<'a> {
    Ceremony {
        challenge,
        origin: &place.origin,
        host: &place.host,
        framed_by: None,
    }
}

fn digest(challenge: &str) -> [u8; 32] {
    token_hash("operator passkey", challenge)
}

fn check_room(known: &[OperatorPasskey]) -> Result<()> {
    if known.len() < limits::PASSKEYS {
        return Ok(());
    }
    Err(Error::conflict(
        "too_many_passkeys",
        "an operator has at most 20 passkeys: remove one that you no longer use",
    ))
}

fn unknown() -> Error {
    Error::forbidden("passkey_refused", "no operator signs in with this passkey")
}

fn record<'a>(action: &'a str, passkey: &OperatorPasskey) -> Record<'a> {
    Record {
        action,
        project: None,
        environment: None,
        target: format!("{}/{}", passkey.operator_id, passkey.id),
        detail: json!({ "name": passkey.name }),
    }
}
