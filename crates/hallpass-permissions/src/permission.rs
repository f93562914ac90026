//! The nine permissions and sets of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a token may be allowed to do. The text forms are those of the claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Permission {
    /// Connect, reconnect or disconnect a credential.
    #[serde(rename = "credential:write")]
    CredentialWrite,
    /// Create, change or destroy a configuration.
    #[serde(rename = "config:write")]
    ConfigWrite,
    /// Read user settings and which workflows are enabled.
    #[serde(rename = "settings:read")]
    SettingsRead,
    /// Write user settings and workflow enablement; implies reading them.
    #[serde(rename = "settings:write")]
    SettingsWrite,
    /// Read the user's metadata.
    #[serde(rename = "metadata:read")]
    MetadataRead,
    /// Write the user's metadata; implies reading it.
    #[serde(rename = "metadata:write")]
    MetadataWrite,
    /// Send Proxy API requests and whatever else acts with the credential's secret.
    #[serde(rename = "proxy-api")]
    ProxyApi,
    /// Send App Events.
    #[serde(rename = "events")]
    Events,
    /// Send Workflow Request triggers.
    #[serde(rename = "workflows")]
    Workflows,
}

/// The text is not one of the nine names. Letter case counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPermissionName;

/// A set of permissions in two bytes. Adding a `…:write` that implies its `…:read` adds both.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct PermissionSet(u16);

impl Permission {
    /// Every permission, in the order of the documentation.
    pub const ALL: [Permission; 9] = [
        Permission::CredentialWrite,
        Permission::ConfigWrite,
        Permission::SettingsRead,
        Permission::SettingsWrite,
        Permission::MetadataRead,
        Permission::MetadataWrite,
        Permission::ProxyApi,
        Permission::Events,
        Permission::Workflows,
    ];

    /// The name as it stands in a claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Permission::CredentialWrite => "credential:write",
            Permission::ConfigWrite => "config:write",
            Permission::SettingsRead => "settings:read",
            Permission::SettingsWrite => "settings:write",
            Permission::MetadataRead => "metadata:read",
            Permission::MetadataWrite => "metadata:write",
            Permission::ProxyApi => "proxy-api",
            Permission::Events => "events",
            Permission::Workflows => "workflows",
        }
    }

    /// This permission and the one it implies, if any.
    #[must_use]
    pub const fn with_implied(self) -> PermissionSet {
        let implied = match self {
            Permission::SettingsWrite => Permission::SettingsRead.bit(),
            Permission::MetadataWrite => Permission::MetadataRead.bit(),
            _ => 0,
        };
        PermissionSet(self.bit() | implied)
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

impl PermissionSet {
    /// No permission.
    pub const EMPTY: PermissionSet = PermissionSet(0);
    /// All nine.
    pub const ALL: PermissionSet = PermissionSet(0x1ff);

    /// Whether `permission` is in the set.
    #[must_use]
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & permission.bit() != 0
    }

    /// Whether the set holds nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many permissions the set holds.
    #[must_use]
    pub const fn len(self) -> u32 {
        self.0.count_ones()
    }

    /// What either set holds.
    #[must_use]
    pub const fn union(self, other: PermissionSet) -> PermissionSet {
        PermissionSet(self.0 | other.0)
    }

    /// What both sets hold.
    #[must_use]
    pub const fn intersection(self, other: PermissionSet) -> PermissionSet {
        PermissionSet(self.0 & other.0)
    }

    /// What this set holds and `other` does not.
    #[must_use]
    pub const fn without(self, other: PermissionSet) -> PermissionSet {
        PermissionSet(self.0 & !other.0)
    }

    /// The permissions in the order of the documentation.
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL
            .into_iter()
            .filter(move |permission| self.contains(*permission))
    }

    /// The fewest names that spell this set: a name implied by another one is left out.
    pub(crate) fn names(self) -> Vec<&'static str> {
        self.iter()
            .filter(|one| {
                !self
                    .iter()
                    .any(|other| other != *one && other.with_implied().contains(*one))
            })
            .map(Permission::as_str)
            .collect()
    }

    pub(crate) const fn bits(self) -> u16 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u16) -> PermissionSet {
        PermissionSet(bits & PermissionSet::ALL.0)
    }
}

impl FromStr for Permission {
    type Err = UnknownPermissionName;

    fn from_str(text: &str) -> Result<Permission, UnknownPermissionName> {
        match text {
            "credential:write" => Ok(Permission::CredentialWrite),
            "config:write" => Ok(Permission::ConfigWrite),
            "settings:read" => Ok(Permission::SettingsRead),
            "settings:write" => Ok(Permission::SettingsWrite),
            "metadata:read" => Ok(Permission::MetadataRead),
            "metadata:write" => Ok(Permission::MetadataWrite),
            "proxy-api" => Ok(Permission::ProxyApi),
            "events" => Ok(Permission::Events),
            "workflows" => Ok(Permission::Workflows),
            _ => Err(UnknownPermissionName),
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for UnknownPermissionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a permission name; the names are ")?;
        for (position, permission) in Permission::ALL.into_iter().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{permission}")?;
        }
        Ok(())
    }
}

impl std::error::Error for UnknownPermissionName {}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(Permission::as_str))
            .finish()
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> PermissionSet {
        permissions
            .into_iter()
            .fold(PermissionSet::EMPTY, |set, permission| {
                set.union(permission.with_implied())
            })
    }
}
