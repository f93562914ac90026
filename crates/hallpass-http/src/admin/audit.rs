use axum::Json;
use axum::extract::State;
use hallpass_core::AuditQuery;
use hallpass_model::{AuditKind, EnvironmentId, Error, PageRequest};
use serde::Deserialize;
use utoipa::IntoParams;

use super::views::{AuditView, Listing};
use crate::extract::{Id, PageQuery, StrictQuery, Support};
use crate::time;
use crate::{AppState, Failure};

/// Which rows of the audit trail.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// Of this environment; left out where the path names one.
    #[param(value_type = Option<uuid::Uuid>)]
    environment: Option<EnvironmentId>,
    /// `change` or `decision`.
    kind: Option<String>,
    /// Exactly this action, such as `signing_key.generate`.
    action: Option<String>,
    /// By this operator id or `sub`.
    actor: Option<String>,
    /// Not before this RFC 3339 time.
    from: Option<String>,
    /// Before this RFC 3339 time.
    until: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// How many rows; 50 unless said.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Read the audit trail
///
/// Newest first; only rows of projects that the operator sees.
#[utoipa::path(
    get, path = "/admin/v1/audit", tag = "Audit",
    extensions(("x-role" = json!("support"))),
    params(AuditFilter),
    responses((status = 200, description = "The rows", body = Listing<AuditView>)),
)]
pub(super) async fn list_audit(
    State(app): State<AppState>,
    Support(operator): Support,
    StrictQuery(filter): StrictQuery<AuditFilter>,
) -> Result<Json<Listing<AuditView>>, Failure> {
    let (query, page) = filter.into_query(None)?;
    let rows = app.services.audit.list(&operator, query, &page).await?;
    Ok(Listing::of(rows, AuditView::from))
}

/// Read the audit trail of an environment
#[utoipa::path(
    get, path = "/admin/v1/environments/{environment}/audit", tag = "Audit",
    extensions(("x-role" = json!("support"))),
    params(("environment" = uuid::Uuid, Path, description = "The environment's id"), AuditFilter),
    responses((status = 200, description = "The rows", body = Listing<AuditView>)),
)]
pub(super) async fn list_environment_audit(
    State(app): State<AppState>,
    Support(operator): Support,
    Id(environment): Id<EnvironmentId>,
    StrictQuery(filter): StrictQuery<AuditFilter>,
) -> Result<Json<Listing<AuditView>>, Failure> {
    let (query, page) = filter.into_query(Some(environment))?;
    let rows = app.services.audit.list(&operator, query, &page).await?;
    Ok(Listing::of(rows, AuditView::from))
}

impl AuditFilter {
    fn into_query(
        self,
        of_path: Option<EnvironmentId>,
    ) -> Result<(AuditQuery, PageRequest), Error> {
        if of_path.is_some() && self.environment.is_some() {
            let message = "the path names the environment already";
            return Err(Error::unprocessable("invalid_query", message).at("/environment"));
        }
        let kind = match self.kind.as_deref() {
            None => None,
            Some(word) => Some(AuditKind::from_word(word).ok_or_else(|| {
                Error::unprocessable("invalid_query", "`kind` is change or decision").at("/kind")
            })?),
        };
        let time = |text: Option<String>, pointer| {
            text.map(|text| time::parse(&text, pointer)).transpose()
        };
        let query = AuditQuery {
            environment: of_path.or(self.environment),
            kind,
            action: self.action,
            actor_id: self.actor,
            from: time(self.from, "/from")?,
            until: time(self.until, "/until")?,
        };
        let page = PageQuery {
            after: self.after,
            limit: self.limit,
        };
        Ok((query, page.into_request()?))
    }
}
