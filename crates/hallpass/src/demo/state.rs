//! What the demo's database and data directory hold. Found again on the next start: the ids stay, tokens are new.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use hallpass_core::{Created, NewOperator, OperatorCaller, OperatorPatch, Services};
use hallpass_jose::SigningKey;
use hallpass_model::{
    Environment, EnvironmentId, ErrorKind, Operator, Page, PageRequest, Project, ProjectId, Role,
    Subject,
};

use super::sign_in::{self, Keys};
use crate::database::with_context;
use crate::files;
use crate::token::{self, Order};

/// Everything that the env file and the tour name.
pub struct Prepared {
    pub project: ProjectId,
    pub sandbox: EnvironmentId,
    pub beta: EnvironmentId,
    pub production: EnvironmentId,
    pub operator_key: String,
    /// Signs tokens of the sandbox.
    pub signing_key_file: PathBuf,
    pub user_token: String,
    pub headers: Headers,
    /// Of an app that signs people in, in the sandbox.
    pub keys: Keys,
}

/// Files that curl reads an `Authorization` header from, so that no token has to be pasted.
pub struct Headers {
    pub user: PathBuf,
    pub reader: PathBuf,
    pub beta_user: PathBuf,
    pub operator: PathBuf,
    /// Names the app by its publishable key.
    pub app: PathBuf,
}

const PROJECT: &str = "Demo";
const OPERATOR: &str = "Demo operator";
const KEY_BITS: u32 = 2048;
const TOKEN_SECS: i64 = 12 * 60 * 60;
/// A key that somebody else put in keeps working for a while beside the demo's own.
const OVERLAP_SECS: i64 = 24 * 60 * 60;
/// The tour's narrow token: may read metadata, nothing else.
pub const READER_CLAIM: &str = r#"{"integration:*":["metadata:read"]}"#;

/// Makes what is missing.
pub async fn prepare(services: &Services, data_dir: &Path) -> Result<Prepared> {
    let caller = OperatorCaller::command_line();
    let project = project(services, &caller).await?;
    let sandbox = environment(services, &caller, project, "sandbox").await?;
    let beta = environment(services, &caller, project, "beta").await?;
    let production = environment(services, &caller, project, "production").await?;
    let operator_key = operator_key(services, &caller, &data_dir.join("operator-key")).await?;
    let signing_key_file = data_dir.join("sandbox-signing-key.pem");
    let sandbox_key = signing_key(services, &caller, sandbox, &signing_key_file).await?;
    let beta_key = signing_key(
        services,
        &caller,
        beta,
        &data_dir.join("beta-signing-key.pem"),
    )
    .await?;

    let keys = sign_in::prepare(services, &caller, sandbox, data_dir).await?;

    let now = services.clock.now();
    let sub: Subject = "user-1".parse()?;
    let mint = |key: &SigningKey, environment: EnvironmentId, permissions: Option<&str>| {
        let audience = format!("useparagon.com/{environment}");
        let order = Order {
            sub: &sub,
            issued_at: now,
            ttl_secs: TOKEN_SECS,
            audience: Some(&audience),
            permissions,
        };
        token::sign(key, &order).map(|(token, _)| token)
    };
    let user_token = mint(&sandbox_key, sandbox, None)?;
    let directory = files::private_directory(&data_dir.join("headers"))?;
    let line = |name: &str, line: &str| {
        let path = directory.join(name);
        files::replace_secret(&path, &format!("{line}\n")).map(|()| path)
    };
    let header = |name: &str, bearer: &str| line(name, &format!("Authorization: Bearer {bearer}"));
    let headers = Headers {
        user: header("user", &user_token)?,
        reader: header("reader", &mint(&sandbox_key, sandbox, Some(READER_CLAIM))?)?,
        beta_user: header("beta-user", &mint(&beta_key, beta, None)?)?,
        operator: header("operator", &operator_key)?,
        app: line("app", &format!("X-External-API-Key: {}", keys.publishable))?,
    };
    Ok(Prepared {
        project,
        sandbox,
        beta,
        production,
        operator_key,
        signing_key_file,
        user_token,
        headers,
        keys,
    })
}

async fn project(services: &Services, caller: &OperatorCaller) -> Result<ProjectId> {
    let mut request = first_page();
    loop {
        let Page { items, next } = services
            .projects
            .list(caller, &request)
            .await
            .map_err(|error| with_context(&error))?;
        if let Some(Project { id, .. }) = items.into_iter().find(|project| project.name == PROJECT)
        {
            return Ok(id);
        }
        if next.is_none() {
            break;
        }
        request.after = next;
    }
    let created = services
        .projects
        .create(caller, PROJECT)
        .await
        .map_err(|error| with_context(&error))?;
    Ok(created.into_inner().id)
}

async fn environment(
    services: &Services,
    caller: &OperatorCaller,
    project: ProjectId,
    name: &str,
) -> Result<EnvironmentId> {
    let page = services
        .environments
        .list(caller, project, &first_page())
        .await
        .map_err(|error| with_context(&error))?;
    if let Some(Environment { id, .. }) = page
        .items
        .into_iter()
        .find(|environment| environment.name == name)
    {
        return Ok(id);
    }
    let created = services
        .environments
        .create(caller, project, name)
        .await
        .map_err(|error| with_context(&error))?;
    Ok(created.into_inner().id)
}

/// The operator's key of the last start if it still works, else a new one.
async fn operator_key(services: &Services, caller: &OperatorCaller, file: &Path) -> Result<String> {
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    let kept = kept.trim();
    if !kept.is_empty() && services.operators.authenticate(kept).await.is_ok() {
        return Ok(kept.to_owned());
    }
    let created = match operator(services, caller).await? {
        Some(operator) => {
            let enabled = OperatorPatch {
                disabled: Some(false),
                ..OperatorPatch::default()
            };
            if operator.disabled_at.is_some() {
                services
                    .operators
                    .update(caller, operator.id, enabled)
                    .await
                    .map_err(|error| with_context(&error))?;
            }
            services
                .operators
                .create_key(caller, operator.id, None)
                .await
        }
        None => {
            let new = NewOperator {
                name: OPERATOR.to_owned(),
                role: Role::Admin,
                projects: None,
                expires_in_secs: None,
            };
            services.operators.create(caller, new).await
        }
    };
    let secret = created
        .map_err(|error| with_context(&error))
        .map(Created::into_inner)?
        .secret;
    let secret = secret.context("a new operator key was not shown")?;
    files::replace_secret(file, &format!("{}\n", *secret))?;
    Ok(secret.to_string())
}

async fn operator(services: &Services, caller: &OperatorCaller) -> Result<Option<Operator>> {
    let mut request = first_page();
    loop {
        let Page { items, next } = services
            .operators
            .list(caller, &request)
            .await
            .map_err(|error| with_context(&error))?;
        if let Some(operator) = items.into_iter().find(|operator| operator.name == OPERATOR) {
            return Ok(Some(operator));
        }
        if next.is_none() {
            return Ok(None);
        }
        request.after = next;
    }
}

/// The private key of the last start if the environment still trusts it, else a new one.
async fn signing_key(
    services: &Services,
    caller: &OperatorCaller,
    environment: EnvironmentId,
    file: &Path,
) -> Result<SigningKey> {
    let keys = services
        .signing_keys
        .list(caller, environment, &first_page())
        .await
        .map_err(|error| with_context(&error))?;
    let now = services.clock.now();
    let mut trusted = keys
        .items
        .iter()
        .filter(|key| key.state_at(now).is_trusted())
        .peekable();
    let kept = std::fs::read_to_string(file)
        .ok()
        .and_then(|pem| SigningKey::from_pem(&pem).ok());
    let overlap_secs = if trusted.peek().is_some() {
        OVERLAP_SECS
    } else {
        0
    };
    if let Some(kept) = kept {
        let kid = kept.verifying_key().thumbprint();
        if trusted.any(|key| key.kid == kid) {
            return Ok(kept);
        }
    }
    let generated = match services
        .signing_keys
        .generate(caller, environment, KEY_BITS, overlap_secs)
        .await
    {
        // Too many keys retire already.
        Err(error) if error.kind() == ErrorKind::Conflict => {
            services
                .signing_keys
                .generate(caller, environment, KEY_BITS, 0)
                .await
        }
        outcome => outcome,
    };
    let generated = generated
        .map_err(|error| with_context(&error))?
        .into_inner();
    let pem = generated
        .private_key_pem
        .context("a new private key was not shown")?;
    files::replace_secret(file, &pem)?;
    Ok(SigningKey::from_pem(&pem)?)
}

fn first_page() -> PageRequest {
    PageRequest {
        limit: hallpass_model::limits::PAGE_ROWS,
        ..PageRequest::default()
    }
}
