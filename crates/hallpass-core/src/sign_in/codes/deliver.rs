//! Handing a code to a mail server or to the service for text messages.

use hallpass_identity::code::OneTimeCode;
use hallpass_identity::contact::{EmailAddress, PhoneNumber};
use hallpass_mail::Mail;
use hallpass_model::{Challenge, ChallengePurpose, Error, Result};
use zeroize::Zeroizing;

use super::kept::CodeState;
use super::message::{self, Words};
use super::send::count;
use super::{Asker, Codes, Contact};
use crate::texts::TextMessage;

/// What is to be handed over.
pub(super) struct Delivery<'a> {
    pub(super) asker: &'a Asker<'a>,
    pub(super) contact: &'a Contact,
    pub(super) challenge: &'a Challenge,
    pub(super) code: &'a OneTimeCode,
}

impl Codes {
    /// Hands over a code that is written down already. One that was not taken is worth nothing from then on.
    pub(super) async fn deliver(&self, delivery: Delivery<'_>) -> Result<()> {
        let kind = delivery.contact.kind();
        let failure = match delivery.contact {
            Contact::Email(to) => self.mail(&delivery, to).await,
            Contact::Phone(to) => self.text(&delivery, to).await,
        };
        let Some(Failure { error, is_final }) = failure else {
            count(&kind, "sent");
            return Ok(());
        };
        count(&kind, "failed");
        self.withdraw(delivery.challenge, is_final).await?;
        Err(error)
    }

    async fn mail(&self, delivery: &Delivery<'_>, to: &EmailAddress) -> Option<Failure> {
        let words = self.words(delivery);
        let mail = Mail {
            id: *delivery.challenge.id.as_uuid(),
            sent_at: delivery.challenge.created_at,
            to: to.clone(),
            subject: message::subject(&words),
            text: message::text(&words),
            html: message::html(&words),
            code: Some(Zeroizing::new(delivery.code.expose().to_owned())),
        };
        let error = self.shared.mailer.send(&mail).await.err()?;
        let is_final = error.is_final();
        let public = Error::unavailable(
            "EMAIL_DELIVERY_FAILED",
            "the mail with the code could not be sent; try again later",
        );
        Some(Failure {
            error: public.because(error),
            is_final,
        })
    }

    async fn text(&self, delivery: &Delivery<'_>, to: &PhoneNumber) -> Option<Failure> {
        let words = self.words(delivery);
        let message = TextMessage {
            id: *delivery.challenge.id.as_uuid(),
            sent_at: delivery.challenge.created_at,
            to: to.clone(),
            text: message::short(&words),
            code: Zeroizing::new(delivery.code.expose().to_owned()),
        };
        let error = self.shared.texts.send(&message).await.err()?;
        let is_final = error.is_final();
        let public = Error::unavailable(
            "SMS_DELIVERY_FAILED",
            "the text message with the code could not be sent; try again later",
        );
        Some(Failure {
            error: public.because(error),
            is_final,
        })
    }

    fn words<'a>(&self, delivery: &Delivery<'a>) -> Words<'a> {
        let settings = delivery.asker.app.sign_in();
        let origin = delivery.asker.app.origin.as_deref();
        Words {
            app: settings.display_name.as_deref(),
            accent: settings.accent_color.as_deref(),
            origin: origin
                .filter(|origin| message::may_be_shown(origin, &settings.allowed_origins)),
            code: delivery.code.expose_grouped(),
            links: delivery.challenge.purpose == ChallengePurpose::Link,
        }
    }

    /// Makes a code worthless that did not leave. One that the other side turned down for good counts as sent: nobody is to
    /// be bothered with an address that does not exist.
    async fn withdraw(&self, challenge: &Challenge, is_final: bool) -> Result<()> {
        let (environment, id) = (challenge.environment_id, challenge.id);
        let mut tx = self.shared.store.write().await?;
        if let Some(state) = CodeState::of(challenge) {
            let state = CodeState {
                failed: !is_final,
                ..state
            };
            tx.set_challenge_state(environment, id, &state.to_json()?)
                .await?;
        }
        let now = self.shared.clock.now();
        tx.consume_challenge(environment, id, now).await?;
        tx.commit().await?;
        Ok(())
    }
}

struct Failure {
    error: Error,
    is_final: bool,
}
