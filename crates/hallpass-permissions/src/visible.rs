//! What may appear in lists.
//!
//! A thing is visible when at least one permission is allowed on it or on something below it. Below it are the
//! things that exist for this user and those the token could create: a new credential of an integration, a new
//! configuration of a credential, without an external id or with one that the claim itself names.

use crate::claim::{Claim, GrantIndex};
use crate::decide::permissions;
use crate::path::{Part, Path};
use crate::target::{Account, Target};

/// Whether `thing` may be shown.
///
/// `below` are the existing things under it: for an integration its credentials and their configurations, for a
/// credential its configurations, for a configuration nothing. Each is a full target (integration, credential and so
/// on). What could be created under `thing` and under each of `below` is added here.
///
/// ```
/// use hallpass_permissions::{Account, Claim, Target, visible};
///
/// let claim = Claim::parse(r#"{"integration:slack": {"credential:*": ["credential:write"]}}"#)?;
/// let slack = Target { integration: Some("slack"), ..Target::default() };
/// assert!(visible(&claim, slack, []), "a credential could be created");
/// let github = Target { integration: Some("github"), ..Target::default() };
/// assert!(!visible(&claim, github, []));
/// # Ok::<(), hallpass_permissions::Fault>(())
/// ```
pub fn visible<'a>(
    claim: &Claim,
    thing: Target<'a>,
    below: impl IntoIterator<Item = Target<'a>>,
) -> bool {
    claim.is_absent()
        || std::iter::once(thing)
            .chain(below)
            .any(|target| is_allowed_anything(claim, &target) || could_create(claim, &target))
}

fn is_allowed_anything(claim: &Claim, target: &Target<'_>) -> bool {
    !permissions(claim, target).is_empty()
}

fn could_create(claim: &Claim, above: &Target<'_>) -> bool {
    if above.configuration.is_some() {
        return false;
    }
    with_new_things(above, Account::NEW, Account::NEW)
        .iter()
        .any(|target| is_allowed_anything(claim, target))
        || claim
            .indexes()
            .any(|index| could_create_named(claim, above, index))
}

/// It is enough to try the external ids of one grant at a time: whatever allows a thing with other names still does
/// when the names that no deciding grant asks for are left out.
fn could_create_named(claim: &Claim, above: &Target<'_>, index: GrantIndex) -> bool {
    if claim.allows(index).is_empty() {
        return false;
    }
    let path = claim.path(index);
    if !names_external_id(&path) {
        return false;
    }
    let account = |part| match part {
        Part::Text(external_id) => Account::with_external_id(external_id),
        _ => Account::NEW,
    };
    let targets = with_new_things(above, account(path.credential), account(path.configuration));
    targets
        .iter()
        .any(|target| is_allowed_anything(claim, target))
}

/// The target with a new configuration, and, if it has no credential, with a new credential without and with one.
fn with_new_things<'a>(
    above: &Target<'a>,
    credential: Account<'a>,
    configuration: Account<'a>,
) -> Vec<Target<'a>> {
    match above.credential {
        Some(_) => vec![Target {
            configuration: Some(configuration),
            ..*above
        }],
        None => vec![
            Target {
                credential: Some(credential),
                ..*above
            },
            Target {
                credential: Some(credential),
                configuration: Some(configuration),
                ..*above
            },
        ],
    }
}

fn names_external_id(path: &Path<'_>) -> bool {
    matches!(path.credential, Part::Text(_)) || matches!(path.configuration, Part::Text(_))
}
