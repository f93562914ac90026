//! Environments: where keys, users and settings live. Their id is what the Connect SDK calls the project id.

use std::sync::Arc;

use hallpass_model::{
    Environment, EnvironmentId, EnvironmentSettings, Error, Page, PageRequest, ProjectId, Result,
    SignInSettings, limits,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::actor::{Created, OperatorCaller};
use crate::change::{Change, Record};
use crate::expected::expected;
use crate::identity_providers::check_own_issuer;
use crate::issuer_keys::promise;
use crate::{Shared, names};

/// Makes, lists and sets up environments.
pub struct Environments {
    pub(crate) shared: Arc<Shared>,
}

/// What to change; what is left out stays.
#[derive(Debug, Clone, Default)]
pub struct EnvironmentPatch {
    /// A new name.
    pub name: Option<String>,
    /// A merge patch (RFC 7396) of the settings: `null` puts a setting back to its default.
    pub settings: Option<Value>,
    /// The same of how people sign in.
    pub sign_in: Option<Value>,
}

impl Environments {
    /// Makes an environment with default settings.
    ///
    /// # Errors
    /// `not_found` for the project, `name_taken`, `invalid_name`.
    pub async fn create(
        &self,
        caller: &OperatorCaller,
        project: ProjectId,
        name: &str,
    ) -> Result<Created<Environment>> {
        names::check(name)?;
        let mut change = Change::begin(&self.shared, caller).await?;
        if let Some(id) = change.replayed().await? {
            let environment = change.find_environment(names::replayed(&id)?).await?;
            return Ok(Created::Replayed(caller.visible_environment(environment)?));
        }
        caller.visible_project(change.find_project(project).await?)?;
        let environment = Environment {
            id: EnvironmentId::from_random(self.shared.rng.bytes()),
            project_id: project,
            name: name.to_owned(),
            settings: EnvironmentSettings::default(),
            sign_in: SignInSettings::default(),
            trust_epoch: 0,
            version: 1,
            created_at: change.now,
            updated_at: change.now,
        };
        change
            .insert_environment(&environment)
            .await
            .map_err(names::taken)?;
        change
            .commit(record(
                "environment.create",
                &environment,
                json!({ "name": name }),
            ))
            .await?;
        Ok(Created::New(environment))
    }

    /// Changes name or settings. With `if_match`, only if nobody else did meanwhile.
    ///
    /// # Errors
    /// `not_found`, `version_changed` (412), `invalid_settings` with a pointer, `issuer_taken`, `name_taken`,
    /// `invalid_name`.
    pub async fn update(
        &self,
        caller: &OperatorCaller,
        id: EnvironmentId,
        patch: EnvironmentPatch,
        if_match: Option<i64>,
    ) -> Result<Environment> {
        let (mut change, mut environment) = Change::begin_trust(&self.shared, caller, id).await?;
        let version = environment.version;
        require_version(version, if_match)?;
        if let Some(name) = &patch.name {
            names::check(name)?;
            environment.name.clone_from(name);
        }
        let mut changed = Value::Null;
        if let Some(settings) = patch.settings {
            environment.settings = patched(&environment.settings, &settings)
                .map_err(|error| error.within("/settings"))?;
            check_own_issuer(&mut change, &environment)
                .await
                .map_err(|error| error.at("/settings/issuer"))?;
            changed = settings;
        }
        let mut sign_in_changed = Value::Null;
        if let Some(patch) = patch.sign_in {
            let before = environment.sign_in.clone();
            environment.sign_in = patched_sign_in(&environment.sign_in, &patch)
                .map_err(|error| error.within("/sign_in"))?;
            let hosts = &environment.sign_in.hosts;
            if let Some(taken) = change.replace_environment_hosts(id, hosts).await? {
                return Err(host_taken(hosts, taken));
            }
            promise(&mut change, id, &before, &environment.sign_in).await?;
            sign_in_changed = patch;
        }
        environment.version += 1;
        environment.updated_at = change.now;
        if !change
            .update_environment(&environment, version)
            .await
            .map_err(names::taken)?
        {
            return Err(version_changed());
        }
        let detail = json!({ "name": patch.name, "settings": changed, "sign_in": sign_in_changed });
        change
            .commit(record("environment.update", &environment, detail))
            .await?;
        Ok(environment)
    }

    /// The environments of a project, newest first.
    ///
    /// # Errors
    /// `not_found` for the project, `invalid_cursor`.
    pub async fn list(
        &self,
        caller: &OperatorCaller,
        project: ProjectId,
        page: &PageRequest,
    ) -> Result<Page<Environment>> {
        let mut tx = self.shared.store.read().await?;
        caller.visible_project(tx.find_project(project).await?)?;
        Ok(tx.list_environments(project, page).await?)
    }

    /// One environment.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn load(&self, caller: &OperatorCaller, id: EnvironmentId) -> Result<Environment> {
        caller.visible_environment(self.shared.store.read().await?.find_environment(id).await?)
    }
}

pub(crate) fn require_version(current: i64, if_match: Option<i64>) -> Result<()> {
    if if_match.is_some_and(|expected| expected != current) {
        return Err(version_changed());
    }
    Ok(())
}

pub(crate) fn version_changed() -> Error {
    Error::precondition_failed(
        "version_changed",
        "it changed since you read it; read it again and repeat your change",
    )
}

fn patched(settings: &EnvironmentSettings, patch: &Value) -> Result<EnvironmentSettings> {
    let settings: EnvironmentSettings = merged(settings, patch, "settings")?;
    settings.validate()?;
    Ok(settings)
}

fn patched_sign_in(settings: &SignInSettings, patch: &Value) -> Result<SignInSettings> {
    let settings: SignInSettings = merged(settings, patch, "sign_in")?;
    settings.validate()?;
    let own =
        |claim: &Value, pointer: &str| check_permissions(claim).map_err(|e| e.within(pointer));
    if let Some(claim) = &settings.issued_permissions {
        own(claim, "/issued_permissions")?;
    }
    for (index, entry) in settings.role_permissions.iter().enumerate() {
        own(
            &entry.permissions,
            &format!("/role_permissions/{index}/permissions"),
        )?;
    }
    Ok(settings)
}

/// A permission claim as an issued token will carry it.
pub(crate) fn check_permissions(claim: &Value) -> Result<()> {
    let text = claim.to_string();
    if text.len() > limits::ROLE_PERMISSIONS_BYTES {
        return Err(Error::unprocessable(
            "invalid_settings",
            "permissions have at most 64 KiB as JSON",
        )
        .at(""));
    }
    hallpass_permissions::Claim::parse(&text)
        .map(drop)
        .map_err(|fault| {
            let pointer = fault.pointer.clone();
            Error::unprocessable("invalid_settings", fault.to_string()).at(pointer)
        })
}

fn host_taken(hosts: &[String], taken: &str) -> Error {
    let index = hosts.iter().position(|host| host == taken).unwrap_or(0);
    Error::conflict("host_taken", "another environment is found under this host")
        .at(format!("/sign_in/hosts/{index}"))
}

/// The settings with a patch laid over them. A fault points at the member that it is in.
fn merged<T>(settings: &T, patch: &Value, what: &str) -> Result<T>
where
    T: Serialize + DeserializeOwned + Default,
{
    let invalid =
        |pointer: String, why: String| Error::unprocessable("invalid_settings", why).at(pointer);
    let Value::Object(patch) = patch else {
        return Err(invalid(String::new(), format!("{what} is an object")));
    };
    let Ok(Value::Object(mut merged)) = serde_json::to_value(settings) else {
        return Err(Error::internal("settings serialise to an object"));
    };
    for (name, value) in patch {
        if !merged.contains_key(name) {
            return Err(invalid(pointer_to(name), format!("unknown setting {name}")));
        }
        if value.is_null() {
            merged.remove(name);
        } else {
            merged.insert(name.clone(), value.clone());
        }
        // One member at a time, so that the pointer is the culprit's.
        serde_json::from_value::<T>(json!({ name.as_str(): value }))
            .or_else(|error| {
                if value.is_null() {
                    Ok(T::default())
                } else {
                    Err(error)
                }
            })
            .map_err(|error| invalid(pointer_to(name), expected(&error)))?;
    }
    serde_json::from_value(Value::Object(merged))
        .map_err(|error| invalid(String::new(), expected(&error)))
}

/// One step of a pointer (RFC 6901).
fn pointer_to(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

fn record<'a>(action: &'a str, environment: &Environment, detail: Value) -> Record<'a> {
    Record {
        action,
        project: Some(environment.project_id),
        environment: Some(environment.id),
        target: environment.id.to_string(),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_changes_only_what_it_names() {
        let before = EnvironmentSettings {
            leeway_secs: 5,
            ..Default::default()
        };
        let after = patched(
            &before,
            &json!({ "require_audience": true, "issuer": "https://a.example" }),
        )
        .unwrap();
        assert_eq!((after.leeway_secs, after.require_audience), (5, true));
        assert_eq!(after.issuer.as_deref(), Some("https://a.example"));
        assert_eq!(
            patched(&after, &json!({ "issuer": null })).unwrap().issuer,
            None
        );
        assert_eq!(
            patched(&after, &json!({ "leeway_secs": null }))
                .unwrap()
                .leeway_secs,
            60
        );
    }

    #[test]
    fn faults_point_at_the_setting() {
        for (patch, pointer) in [
            (json!({ "leeway": 5 }), "/leeway"),
            (json!({ "a/b~c": 5 }), "/a~1b~0c"),
            (json!({ "leeway_secs": "5" }), "/leeway_secs"),
            (json!({ "leeway_secs": -1 }), "/leeway_secs"),
            (json!({ "leeway_secs": 301 }), "/leeway_secs"),
            (json!({ "aud_mode": "any" }), "/aud_mode"),
            (json!({ "aud_mode": "only_configured" }), "/aud_mode"),
            (json!({ "audiences": [""] }), "/audiences/0"),
            (json!([]), ""),
        ] {
            let error = patched(&EnvironmentSettings::default(), &patch).unwrap_err();
            assert_eq!(
                (error.code(), error.pointer()),
                ("invalid_settings", Some(pointer)),
                "{patch}"
            );
        }
    }
}
