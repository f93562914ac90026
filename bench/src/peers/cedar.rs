//! The large claim in Cedar, in two faithful translations.
//!
//! A target becomes a resource whose ancestors are the scopes that fit it, so "each scope of the grant fits" is a
//! chain of `resource in ...`.
//!
//! * A policy per grant, as Cedar is meant to be written: each grant that allows something is a `permit`, and the
//!   more specific grants that could replace it are its `unless`. Grants that allow nothing need no policy of their
//!   own; they only stand in those `unless`.
//! * One policy, as Cedar is quickest: for each integration a chain of `if ... then ... else` over the grants that
//!   could fit it, the most specific first. Cedar evaluates every policy for every request, and each costs about a
//!   microsecond before its first condition.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashSet};
use std::str::FromStr as _;

use anyhow::{Context as _, Result};
use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityTypeName, EntityUid,
    PolicySet, Request,
};
use hallpass_permissions::{Account, Claim, PermissionSet, Target};

use crate::questions::Question;

/// How the claim is written in Cedar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    PolicyPerGrant,
    OnePolicy,
}

/// Policies, resources and requests, all made before anything is timed.
pub struct Peer {
    authorizer: Authorizer,
    policies: PolicySet,
    entities: Entities,
    requests: Vec<Request>,
}

impl Peer {
    pub fn new(style: Style, claim: &Claim, questions: &[Question]) -> Result<Self> {
        let policies = match style {
            Style::PolicyPerGrant => policy_per_grant(&grants_of(claim))?,
            Style::OnePolicy => one_policy(&grants_of(claim))?,
        };
        let mut resources = Vec::new();
        let mut requests = Vec::new();
        for (number, question) in questions.iter().enumerate() {
            let resource = uid("Target", &number.to_string())?;
            resources.push(Entity::new_no_attrs(
                resource.clone(),
                scopes_of(&question.target())?,
            ));
            let action = uid("Action", question.permission.as_str())?;
            requests.push(Request::new(
                uid("User", "user-1")?,
                action,
                resource,
                Context::empty(),
                None,
            )?);
        }
        Ok(Self {
            authorizer: Authorizer::new(),
            policies: PolicySet::from_str(&policies)?,
            entities: Entities::from_entities(resources, None)?,
            requests,
        })
    }

    /// Whether the policies allow what the question with this number asks.
    pub fn is_allowed(&self, question: usize) -> bool {
        self.authorizer
            .is_authorized(&self.requests[question], &self.policies, &self.entities)
            .decision()
            == Decision::Allow
    }

    pub fn policies_count(&self) -> usize {
        self.policies.policies().count()
    }
}

/// One grant: its scopes from the outside in.
struct Grant {
    scopes: Vec<String>,
    specificity: [u8; 3],
    allows: PermissionSet,
}

impl Grant {
    /// Whether some target could fit both. An id and an external id may be two names of one thing.
    fn meets(&self, other: &Grant) -> bool {
        self.scopes.iter().all(|one| {
            other
                .scopes
                .iter()
                .all(|two| match (one.split_once(':'), two.split_once(':')) {
                    (Some((level, value)), Some((other_level, other_value))) => {
                        let wild = value == "*" || other_value == "*";
                        let other_name =
                            value.starts_with("ext:") != other_value.starts_with("ext:");
                        level != other_level || wild || other_name || value == other_value
                    }
                    _ => false,
                })
        })
    }

    fn exact_integration(&self) -> Option<&str> {
        let first = self.scopes.first().map(String::as_str);
        first.filter(|scope| scope.starts_with("integration:") && *scope != "integration:*")
    }

    /// That each scope but the `known` one fits.
    fn condition(&self, known: &str) -> Result<String> {
        let unknown = self.scopes.iter().rev().filter(|scope| *scope != known);
        let terms: Result<Vec<_>> = unknown
            .map(|scope| Ok(format!("resource in {}", uid("Scope", scope)?)))
            .collect();
        let terms = terms?;
        Ok(if terms.is_empty() {
            "true".to_owned()
        } else {
            terms.join(" && ")
        })
    }
}

fn policy_per_grant(grants: &[Grant]) -> Result<String> {
    let mut text = String::new();
    for grant in grants.iter().filter(|grant| !grant.allows.is_empty()) {
        // The deepest scope fits the fewest targets: in the head it dismisses the others at once. A list of actions
        // in the head would be built anew for every evaluation; as a condition it is built once.
        let (head, rest) = grant
            .scopes
            .split_last()
            .context("the claim itself allows nothing")?;
        text.push_str(&format!(
            "permit (principal, action, resource in {})",
            uid("Scope", head)?
        ));
        for scope in rest.iter().rev() {
            text.push_str(&format!(" when {{ resource in {} }}", uid("Scope", scope)?));
        }
        text.push_str(&format!(" when {{ action in {} }}", actions(grant.allows)?));
        for other in grants.iter().filter(|other| other.meets(grant)) {
            if other.specificity > grant.specificity {
                text.push_str(&format!(" unless {{ {} }}", other.condition("")?));
            } else if other.specificity == grant.specificity && other.allows != grant.allows {
                // Equally specific and of another mind: a conflict denies.
                let agreed = actions(other.allows)?;
                text.push_str(&format!(
                    " unless {{ {} && !(action in {agreed}) }}",
                    other.condition("")?
                ));
            }
        }
        text.push_str(";\n");
    }
    Ok(text)
}

fn one_policy(grants: &[Grant]) -> Result<String> {
    let names: BTreeSet<&str> = grants.iter().filter_map(Grant::exact_integration).collect();
    let mut text = "permit (principal, action, resource) when { ".to_owned();
    for name in names {
        let fitting = |grant: &&Grant| grant.exact_integration().is_none_or(|own| own == name);
        let chain = chain(&grants.iter().filter(fitting).collect::<Vec<_>>(), name)?;
        text.push_str(&format!(
            "if resource in {} then ({chain}) else ",
            uid("Scope", name)?
        ));
    }
    let elsewhere: Vec<_> = grants
        .iter()
        .filter(|grant| grant.exact_integration().is_none())
        .collect();
    text.push_str(&format!("{} }};", chain(&elsewhere, "")?));
    Ok(text)
}

/// `if ... then ... else` over the grants, the most specific first; `known` is a scope that surely fits.
fn chain(grants: &[&Grant], known: &str) -> Result<String> {
    let mut order: Vec<_> = grants
        .iter()
        .filter(|grant| !grant.scopes.is_empty())
        .collect();
    order.sort_by_key(|grant| Reverse(grant.specificity));
    let mut text = String::new();
    for grant in &order {
        text.push_str(&format!(
            "if {} then action in {}",
            grant.condition(known)?,
            actions(grant.allows)?
        ));
        let equals = order
            .iter()
            .filter(|other| other.specificity == grant.specificity && other.meets(grant));
        for other in equals.filter(|other| other.allows != grant.allows) {
            text.push_str(&format!(
                " && (!({}) || action in {})",
                other.condition(known)?,
                actions(other.allows)?
            ));
        }
        text.push_str(" else ");
    }
    text.push_str("false");
    Ok(text)
}

fn grants_of(claim: &Claim) -> Vec<Grant> {
    claim
        .indexes()
        .filter_map(|index| claim.find_grant(index))
        .map(|grant| Grant {
            scopes: grant
                .pointer
                .split('/')
                .skip(1)
                .map(|token| token.replace("~1", "/").replace("~0", "~"))
                .collect(),
            specificity: grant.specificity,
            allows: grant.allows,
        })
        .collect()
}

/// Every scope that fits the target.
fn scopes_of(target: &Target<'_>) -> Result<HashSet<EntityUid>> {
    let mut scopes = vec!["integration:*".to_owned()];
    scopes.extend(target.integration.map(|name| format!("integration:{name}")));
    for (level, thing) in [
        ("credential", target.credential),
        ("configuration", target.configuration),
    ] {
        let Some(Account { id, external_id }) = thing else {
            continue;
        };
        scopes.push(format!("{level}:*"));
        scopes.extend(id.map(|id| format!("{level}:{id}")));
        scopes.extend(external_id.map(|external_id| format!("{level}:ext:{external_id}")));
    }
    scopes.iter().map(|scope| uid("Scope", scope)).collect()
}

fn actions(set: PermissionSet) -> Result<String> {
    let names: Result<Vec<_>> = set
        .iter()
        .map(|one| Ok(uid("Action", one.as_str())?.to_string()))
        .collect();
    Ok(format!("[{}]", names?.join(", ")))
}

fn uid(kind: &str, id: &str) -> Result<EntityUid> {
    Ok(EntityUid::from_type_name_and_id(
        EntityTypeName::from_str(kind)?,
        EntityId::new(id),
    ))
}
