//! From what somebody typed to a proof.

use hallpass_identity::code::{CodeLength, OneTimeCode};
use hallpass_model::{Challenge, ChallengeId, ChallengePurpose, Error, Result, Timestamp};
use hallpass_seal::same;
use hallpass_store::{Read, Write};

use super::kept::{Binding, CodeState, sent};
use super::{Asker, Codes, Contact, flow_unknown};
use crate::accounts::Proof;
use crate::sign_in::limits::{
    ANSWERS_PER_CODE, Answering, History, LOOK_BACK_SECS, SIX_DIGIT_ANSWERS, Sent,
};

/// What an answer came to.
enum Verdict {
    Right,
    /// How many more there may be.
    Wrong(i64),
}

impl Codes {
    /// Takes one answer. Right or wrong is written down and committed before anybody hears of it, and answers for one
    /// address wait for each other, on every node.
    pub(super) async fn prove(
        &self,
        asker: &Asker<'_>,
        flow: ChallengeId,
        typed: &str,
        fits: fn(ChallengePurpose) -> bool,
    ) -> Result<(Proof, Contact)> {
        let typed = OneTimeCode::parse(typed)
            .map_err(|error| refused("code_malformed", error.to_string()))?;
        self.require_master_key()?;
        // What is refused anyway must not cost the only writer a turn: a look first, and then again behind the turn.
        let mut look = self.shared.store.read().await?;
        let first = first_of(&mut look, asker, flow, fits).await?;
        let contact = Contact::kept(&first).ok_or_else(flow_unknown)?;
        self.survey(&mut look, &first).await?;
        drop(look);
        let mut tx = self.shared.store.write().await?;
        tx.take_turn(
            first.environment_id,
            &first.identity_kind,
            &first.identifier,
        )
        .await?;
        let (current, state, all) = self.survey(&mut tx, &first).await?;
        let now = self.shared.clock.now();
        let verdict = self
            .weigh(&mut tx, asker, &current, &state, &typed, now)
            .await?;
        if let Verdict::Wrong(_) = verdict {
            void_short_codes(&mut tx, &all, state.length(), now).await?;
        }
        tx.commit().await?;
        match verdict {
            Verdict::Right => {
                count("right");
                Ok((contact.proof(), contact))
            }
            Verdict::Wrong(left) => {
                count("wrong");
                Err(wrong(left))
            }
        }
    }

    /// The code of a flow that counts, if an answer to it may be looked at, and what else was sent to its address.
    async fn survey(
        &self,
        tx: &mut Read,
        first: &Challenge,
    ) -> Result<(Challenge, CodeState, Vec<Challenge>)> {
        let now = self.shared.clock.now();
        let since = now.plus_secs(-LOOK_BACK_SECS);
        let all = tx
            .list_challenges_of_identifier(
                first.environment_id,
                &first.identity_kind,
                &first.identifier,
                since,
            )
            .await?;
        let (current, state) = current_of(&all, first, now).ok_or_else(expired)?;
        let current = current.clone();
        check_open(&current, &state, &sent(&all), now).inspect_err(|error| count(error.code()))?;
        Ok((current, state, all))
    }

    /// Compares, and writes down what came of it.
    async fn weigh(
        &self,
        tx: &mut Write,
        asker: &Asker<'_>,
        current: &Challenge,
        state: &CodeState,
        typed: &OneTimeCode,
        now: Timestamp,
    ) -> Result<Verdict> {
        let environment = current.environment_id;
        let binding = Binding {
            environment,
            session: asker.session,
            challenge: current.id,
            purpose: current.purpose,
            identifier: &current.identifier,
        };
        let key = binding.open_key(&self.shared, state)?;
        let digest = binding.digest(&key, typed.expose());
        if current.digest.is_some_and(|kept| same(&kept, &digest)) {
            if tx.consume_challenge(environment, current.id, now).await? {
                return Ok(Verdict::Right);
            }
            return Err(used_up());
        }
        if !tx
            .count_wrong_answer(environment, current.id, ANSWERS_PER_CODE)
            .await?
        {
            return Err(used_up());
        }
        let left = ANSWERS_PER_CODE - current.wrong_answers - 1;
        if left < 1 {
            tx.consume_challenge(environment, current.id, now).await?;
        }
        Ok(Verdict::Wrong(left))
    }
}

/// The beginning of a flow of this session, and of the kind that is asked about.
async fn first_of(
    tx: &mut Read,
    asker: &Asker<'_>,
    flow: ChallengeId,
    fits: fn(ChallengePurpose) -> bool,
) -> Result<Challenge> {
    tx.find_challenge(asker.app.environment(), flow)
        .await?
        .filter(|first| first.session_id == Some(asker.session) && fits(first.purpose))
        .ok_or_else(flow_unknown)
}

/// The code of a flow that counts; if none does any more, the last one. A further code used up the former ones, so that
/// no order of times decides which of them is good.
fn current_of<'a>(
    all: &'a [Challenge],
    first: &Challenge,
    now: Timestamp,
) -> Option<(&'a Challenge, CodeState)> {
    let of_flow = || {
        all.iter()
            .filter(|other| other.session_id == first.session_id && other.purpose == first.purpose)
            .filter_map(|other| CodeState::of(other).map(|state| (other, state)))
            .filter(|(_, state)| state.flow == first.id)
    };
    of_flow()
        .find(|(code, _)| code.is_open_at(now))
        .or_else(|| of_flow().next())
}

/// Whether the answer may be looked at.
fn check_open(current: &Challenge, state: &CodeState, sent: &[Sent], now: Timestamp) -> Result<()> {
    if History::new(sent, now).may_answer(state.length()) == Answering::Void {
        return Err(refused(
            "code_void",
            "too many wrong codes were typed for this address, so this one counts no more: ask for a new one",
        ));
    }
    if now >= current.expires_at {
        return Err(expired());
    }
    if current.consumed_at.is_some() || current.wrong_answers >= ANSWERS_PER_CODE {
        return Err(used_up());
    }
    Ok(())
}

/// After the last wrong answer that short codes of an address may have, none of them counts.
async fn void_short_codes(
    tx: &mut Write,
    all: &[Challenge],
    length: CodeLength,
    now: Timestamp,
) -> Result<()> {
    let sent = sent(all);
    let short = sent.iter().filter(|sent| sent.length == CodeLength::Six);
    let wrong: i64 = short.map(|sent| sent.wrong_answers).sum();
    if length != CodeLength::Six || wrong + 1 < SIX_DIGIT_ANSWERS {
        return Ok(());
    }
    for challenge in all.iter().filter(|challenge| challenge.is_open_at(now)) {
        if CodeState::of(challenge).is_some_and(|state| state.length() == CodeLength::Six) {
            tx.consume_challenge(challenge.environment_id, challenge.id, now)
                .await?;
        }
    }
    Ok(())
}

fn count(outcome: &'static str) {
    metrics::counter!("hallpass_code_answers_total", "outcome" => outcome).increment(1);
}

fn refused(code: &'static str, message: impl Into<String>) -> Error {
    Error::invalid_request(code, message).at("/verificationCode")
}

fn wrong(left: i64) -> Error {
    refused(
        "code_wrong",
        match left {
            2.. => format!("the code is wrong; {left} more tries"),
            1 => "the code is wrong; one more try".to_owned(),
            _ => "the code is wrong, for the third time: ask for a new one".to_owned(),
        },
    )
}

fn expired() -> Error {
    refused(
        "code_expired",
        "the code counted for 10 minutes, which are over: ask for a new one",
    )
}

fn used_up() -> Error {
    refused(
        "code_used_up",
        "this code counts no more: it was used, replaced or typed wrongly three times; ask for a new one",
    )
}
