use axum::Json;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::{NewOperator, NewOperatorKey, OperatorPatch};
use hallpass_model::{OperatorId, ProjectId, Role};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::answer_created;
use super::views::{Listing, OperatorKeyView, OperatorView};
use crate::extract::{Admin, Id, PageQuery, StrictJson, StrictQuery, Submission};
use crate::{AppState, Failure};

/// Who is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewOperator, example = json!({ "name": "ana", "role": "member" }))]
pub(super) struct NewBody {
    /// 1 to 100 bytes, unique.
    name: String,
    /// `admin`, `member` or `support`, in any letter case.
    #[serde(deserialize_with = "role")]
    #[schema(value_type = String, example = "member")]
    role: Role,
    /// What it sees; left out or `null`: every project.
    #[serde(default)]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    projects: Option<Vec<ProjectId>>,
    /// When its first key stops working; left out: never.
    #[serde(default)]
    expires_in_secs: Option<i64>,
}

/// What to change; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OperatorPatch, example = json!({ "disabled": true }))]
pub(super) struct PatchBody {
    /// `admin`, `member` or `support`, in any letter case.
    #[serde(default, deserialize_with = "some_role")]
    #[schema(value_type = Option<String>, example = "support")]
    role: Option<Role>,
    /// What it sees; `null`: every project.
    #[serde(default, deserialize_with = "even_null")]
    #[schema(value_type = Option<Vec<uuid::Uuid>>)]
    projects: Option<Option<Vec<ProjectId>>>,
    /// `true` makes its keys stop working.
    #[serde(default)]
    disabled: Option<bool>,
}

/// An operator and a new key of theirs. The key is shown this once; only its digest is kept.
#[derive(Serialize, ToSchema)]
#[schema(as = NewOperatorKey)]
pub(super) struct NewKeyView {
    operator: OperatorView,
    key: OperatorKeyView,
    /// The key itself; left out when it was shown before.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// `true` when the key was shown before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secret_shown: bool,
}

impl From<NewOperatorKey> for NewKeyView {
    fn from(new: NewOperatorKey) -> Self {
        Self {
            operator: new.operator.into(),
            key: new.key.into(),
            secret_shown: new.secret.is_none(),
            secret: new.secret.map(|secret| secret.to_string()),
        }
    }
}

/// Make an operator with a first key
///
/// Needs an admin who sees every project.
#[utoipa::path(
    post, path = "/admin/v1/operators", tag = "Operators",
    extensions(("x-role" = json!("admin")), ("x-idempotent" = json!(true))),
    request_body = NewBody,
    responses(
        (status = 201, description = "Made; `secret` is the key", body = NewKeyView),
        (status = 200, description = "Made by an earlier request with this idempotency key: `secret_shown`, no key", body = NewKeyView),
        (status = 409, description = "`name_taken`", body = super::Problem),
    ),
)]
pub(super) async fn create_operator(
    State(app): State<AppState>,
    Admin(operator): Admin,
    new: Submission<NewBody>,
) -> Result<Response, Failure> {
    let operator = operator.with_idempotency(new.idempotency);
    let new = NewOperator {
        name: new.body.name,
        role: new.body.role,
        projects: new.body.projects,
        expires_in_secs: new.body.expires_in_secs,
    };
    let created = app.services.operators.create(&operator, new).await?;
    Ok(answer_created(
        created,
        |made| format!("/admin/v1/operators/{}", made.operator.id),
        NewKeyView::from,
    ))
}

/// List operators
#[utoipa::path(
    get, path = "/admin/v1/operators", tag = "Operators",
    extensions(("x-role" = json!("admin"))),
    params(PageQuery),
    responses((status = 200, description = "Every operator", body = Listing<OperatorView>)),
)]
pub(super) async fn list_operators(
    State(app): State<AppState>,
    Admin(operator): Admin,
    StrictQuery(page): StrictQuery<PageQuery>,
) -> Result<Json<Listing<OperatorView>>, Failure> {
    let page = page.into_request()?;
    let operators = app.services.operators.list(&operator, &page).await?;
    Ok(Listing::of(operators, OperatorView::from))
}

/// Read an operator
#[utoipa::path(
    get, path = "/admin/v1/operators/{operator}", tag = "Operators",
    extensions(("x-role" = json!("admin"))),
    params(("operator" = uuid::Uuid, Path, description = "The operator's id")),
    responses((status = 200, description = "The operator", body = OperatorView)),
)]
pub(super) async fn read_operator(
    State(app): State<AppState>,
    Admin(operator): Admin,
    Id(id): Id<OperatorId>,
) -> Result<Json<OperatorView>, Failure> {
    let found = app.services.operators.load(&operator, id).await?;
    Ok(Json(found.into()))
}

/// Change an operator's role or projects, or shut them out
#[utoipa::path(
    patch, path = "/admin/v1/operators/{operator}", tag = "Operators",
    extensions(("x-role" = json!("admin"))),
    params(("operator" = uuid::Uuid, Path, description = "The operator's id")),
    request_body = PatchBody,
    responses((status = 200, description = "The operator after the change", body = OperatorView)),
)]
pub(super) async fn update_operator(
    State(app): State<AppState>,
    Admin(operator): Admin,
    Id(id): Id<OperatorId>,
    StrictJson(patch): StrictJson<PatchBody>,
) -> Result<Json<OperatorView>, Failure> {
    let patch = OperatorPatch {
        role: patch.role,
        projects: patch.projects,
        disabled: patch.disabled,
    };
    let changed = app.services.operators.update(&operator, id, patch).await?;
    Ok(Json(changed.into()))
}

fn role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Role, D::Error> {
    let word = String::deserialize(deserializer)?;
    Role::from_word(&word)
        .ok_or_else(|| serde::de::Error::custom("a role is admin, member or support"))
}

fn some_role<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Role>, D::Error> {
    role(deserializer).map(Some)
}

/// Tells `null` from a member that is left out.
fn even_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
