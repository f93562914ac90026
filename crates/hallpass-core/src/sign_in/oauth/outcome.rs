//! What a provider proved, and what the person is told.

use hallpass_model::{AccountId, Login, Profile};
use hallpass_oauth::{ProviderRefusal, UpstreamIdentity};

use crate::accounts::Proof;
use crate::api_keys::AppCaller;
use crate::sign_in_providers::OauthProvider;

/// How a visit ended; for the page that the person sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthOutcome {
    /// What became of it.
    pub end: OauthEnd,
    /// The provider's name for people.
    pub provider: String,
    /// The app's name, if it has one.
    pub app: Option<String>,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OauthStanding {
    /// The account.
    pub account: AccountId,
    /// What is shown of the person.
    pub profile: Profile,
    /// How they signed in.
    pub login: Login,
    /// The account was made by that.
    pub is_new: bool,
}

/// What became of a visit to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OauthEnd {
    /// The session is signed in.
    SignedIn,
    /// The identity belongs to the account now.
    Linked,
    /// What was proven belongs to two accounts, or to another one; nothing was changed.
    Conflict,
    /// The person said no; nothing was changed.
    Denied,
    /// The provider did not want to; nothing was changed.
    Refused,
}

impl OauthOutcome {
    pub(super) fn of(end: OauthEnd, app: &AppCaller, found: &OauthProvider) -> Self {
        let settings = &found.row.settings;
        let label = settings.label.clone();
        Self {
            end,
            provider: label.unwrap_or_else(|| settings.kind.title().to_owned()),
            app: app.sign_in().display_name.clone(),
        }
    }

    pub(super) fn refused(
        app: &AppCaller,
        found: &OauthProvider,
        refusal: &ProviderRefusal,
    ) -> Self {
        let end = if refusal.is_by_the_person() {
            OauthEnd::Denied
        } else {
            OauthEnd::Refused
        };
        Self::of(end, app, found)
    }
}

/// What the provider's word proves: its name for the person, and an address only where it may vouch for addresses and does.
pub(super) fn proof(found: &OauthProvider, identity: UpstreamIdentity) -> Proof {
    let is_believed = found.provider.is_believed_about_emails();
    let verified_email = identity
        .email
        .filter(|_| is_believed && identity.email_verified);
    let kind = found.row.identity_kind();
    Proof {
        // No address, whatever the person's name there is, and the same for ever: tokens name people by it.
        shown: format!("{kind}:{}", identity.subject),
        kind,
        identifier: identity.subject,
        profile: Profile {
            display_name: identity.display_name,
            username: identity.username,
            picture_url: identity.picture_url,
        },
        verified_email,
        wallet: None,
    }
}
