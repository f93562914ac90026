//! Targets as people and programs write them: JSON in the explain call, words on the command line.

use std::fmt;
use std::str::FromStr;

use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::scope::{is_external_id, is_uuid};
use crate::target::{Account, Target};

/// An owned target: `{"integration": "slack", "credential": {"id": "…"}, "configuration": "new"}`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    /// The integration's slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration: Option<String>,
    /// The account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<AccountSpec>,
    /// The configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub configuration: Option<AccountSpec>,
}

/// `{"id": "…", "ext": "…"}` with either or both, or `"new"`. On the command line `ID`, `ext:X` or `new`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountSpec {
    /// UUID text.
    pub id: Option<String>,
    /// External id without `ext:`.
    pub ext: Option<String>,
}

/// The word is neither an id nor `ext:` and an external id nor `new`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSpecError;

impl TargetSpec {
    /// The borrowed form that [`crate::decide`] takes.
    #[must_use]
    pub fn as_target(&self) -> Target<'_> {
        Target {
            integration: self.integration.as_deref(),
            credential: self.credential.as_ref().map(AccountSpec::as_account),
            configuration: self.configuration.as_ref().map(AccountSpec::as_account),
        }
    }
}

impl AccountSpec {
    /// About to be created, no external id requested.
    #[must_use]
    pub fn new_thing() -> AccountSpec {
        AccountSpec::default()
    }

    /// The borrowed form.
    #[must_use]
    pub fn as_account(&self) -> Account<'_> {
        Account {
            id: self.id.as_deref(),
            external_id: self.ext.as_deref(),
        }
    }
}

impl From<Target<'_>> for TargetSpec {
    fn from(target: Target<'_>) -> TargetSpec {
        TargetSpec {
            integration: target.integration.map(str::to_owned),
            credential: target.credential.map(AccountSpec::from),
            configuration: target.configuration.map(AccountSpec::from),
        }
    }
}

impl From<Account<'_>> for AccountSpec {
    fn from(account: Account<'_>) -> AccountSpec {
        AccountSpec {
            id: account.id.map(str::to_owned),
            ext: account.external_id.map(str::to_owned),
        }
    }
}

impl FromStr for AccountSpec {
    type Err = AccountSpecError;

    /// Ids are taken in either letter case, as people paste them.
    fn from_str(text: &str) -> Result<AccountSpec, AccountSpecError> {
        if text == "new" {
            return Ok(AccountSpec::new_thing());
        }
        if let Some(external_id) = text.strip_prefix("ext:") {
            let valid = is_external_id(external_id);
            return valid
                .then(|| AccountSpec {
                    id: None,
                    ext: Some(external_id.to_owned()),
                })
                .ok_or(AccountSpecError);
        }
        let id = text.to_ascii_lowercase();
        if is_uuid(&id) {
            Ok(AccountSpec {
                id: Some(id),
                ext: None,
            })
        } else {
            Err(AccountSpecError)
        }
    }
}

impl fmt::Display for AccountSpecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a UUID, ext: and an external id, or new")
    }
}

impl std::error::Error for AccountSpecError {}

impl Serialize for AccountSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.id.is_none() && self.ext.is_none() {
            return serializer.serialize_str("new");
        }
        let mut map = serializer.serialize_map(None)?;
        if let Some(id) = &self.id {
            map.serialize_entry("id", id)?;
        }
        if let Some(ext) = &self.ext {
            map.serialize_entry("ext", ext)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for AccountSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<AccountSpec, D::Error> {
        deserializer.deserialize_any(AccountSpecVisitor)
    }
}

struct AccountSpecVisitor;

impl<'de> Visitor<'de> for AccountSpecVisitor {
    type Value = AccountSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#""new" or an object with id, ext or both"#)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AccountSpec, E> {
        if text == "new" {
            Ok(AccountSpec::new_thing())
        } else {
            Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<AccountSpec, A::Error> {
        let mut spec = AccountSpec::default();
        while let Some(name) = map.next_key::<String>()? {
            let slot = match name.as_str() {
                "id" => &mut spec.id,
                "ext" => &mut spec.ext,
                _ => return Err(A::Error::unknown_field(&name, &["id", "ext"])),
            };
            if slot.is_some() {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            *slot = map.next_value()?;
        }
        Ok(spec)
    }
}
