use std::sync::Arc;

use hallpass_jose::Algorithm;
use hallpass_model::{
    ClaimPath, Error, IdentityProvider, IdentityProviderId, ProjectId, ProviderKind, Result,
};
use hallpass_permissions::Claim;

use super::derived::derive;
use crate::keys::Source;
use crate::keys::remote::RemoteKeys;

/// A provider as verification needs it.
pub(crate) struct TrustedProvider {
    pub(crate) id: IdentityProviderId,
    pub(crate) kind: ProviderKind,
    pub(crate) disabled: bool,
    pub(crate) issuers: Vec<String>,
    pub(crate) audiences: Vec<String>,
    pub(crate) any_audience: bool,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) token_types: Vec<String>,
    pub(crate) user_claim: Option<ClaimPath>,
    pub(crate) permissions: PermissionSource,
    pub(crate) source: Arc<Source>,
}

/// The one place where the permissions of a provider's tokens come from.
pub(crate) enum PermissionSource {
    OwnClaim,
    Path(ClaimPath),
    Roles {
        path: ClaimPath,
        permissions: Vec<(String, Claim)>,
    },
}

impl TrustedProvider {
    /// # Errors
    /// `internal` if the stored settings are not what was checked when they were stored.
    pub(crate) fn new(
        project: ProjectId,
        stored: IdentityProvider,
        remote: &RemoteKeys,
    ) -> Result<Self> {
        let derived = derive(&stored.settings).map_err(Error::internal)?;
        let settings = stored.settings;
        let permissions = match (settings.permissions_claim, settings.roles_claim) {
            (Some(path), _) => PermissionSource::Path(path),
            (None, Some(path)) => {
                let mut permissions = Vec::new();
                for mapped in settings.role_permissions {
                    let claim = Claim::parse(&mapped.permissions.to_string());
                    let claim = claim.map_err(|_| {
                        Error::internal("a role's stored permissions are malformed")
                    })?;
                    permissions.push((mapped.role, claim));
                }
                PermissionSource::Roles { path, permissions }
            }
            (None, None) => PermissionSource::OwnClaim,
        };
        let algorithms = match settings.kind {
            ProviderKind::Firebase => vec![Algorithm::RS256],
            _ => settings
                .algorithms
                .iter()
                .map(|name| {
                    Algorithm::parse(name)
                        .ok_or_else(|| Error::internal("a stored algorithm is unknown"))
                })
                .collect::<Result<_>>()?,
        };
        let audiences = match (settings.kind, settings.project_id) {
            (ProviderKind::Firebase, Some(project)) => vec![project],
            _ => settings.audiences,
        };
        Ok(Self {
            id: stored.id,
            kind: settings.kind,
            disabled: stored.disabled_at.is_some(),
            issuers: derived.issuers,
            audiences,
            any_audience: settings.any_audience,
            algorithms,
            token_types: settings.token_types,
            user_claim: settings.user_claim,
            permissions,
            source: remote.source(project, &derived.location),
        })
    }
}
