//! Shapes that other crates read and write, written down for the document. A test holds them against real answers.

use utoipa::ToSchema;

/// Whose permissions, and what for. Give a token, a claim or neither; a call or a question.
#[derive(ToSchema)]
#[schema(example = json!({
    "claim": { "integration:slack": ["proxy-api"] },
    "question": { "permission": "settings:read", "target": { "integration": "slack" } },
}))]
#[expect(dead_code, reason = "describes what core deserializes")]
pub(crate) struct ExplainBody {
    /// A user token of the environment.
    token: Option<String>,
    /// A bare permission claim, as it would stand in a token; at most 1 MiB.
    #[schema(value_type = Option<Object>)]
    claim: Option<()>,
    /// A call of the Connect surface.
    call: Option<Call>,
    /// Or a question in the evaluator's own terms.
    question: Option<Question>,
}

/// A call of the Connect surface.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core deserializes")]
pub(crate) struct Call {
    #[schema(example = "PATCH")]
    method: String,
    /// With its query, if it has one.
    #[schema(example = "/projects/0b5c8f0e-9a55-4a54-8a0c-0d5a4f3c2b1a/sdk/me")]
    path: String,
}

/// May this be done to that?
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core deserializes")]
pub(crate) struct Question {
    #[schema(example = "proxy-api")]
    permission: String,
    /// Left out: the user as such.
    target: Option<Target>,
}

/// What a permission is needed on.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what permissions reads and writes")]
pub(crate) struct Target {
    /// The integration's slug.
    #[schema(example = "slack")]
    integration: Option<String>,
    /// `{"id"}`, `{"ext"}`, both, or `"new"`.
    #[schema(value_type = Option<Object>)]
    credential: Option<()>,
    /// `{"id"}`, `{"ext"}`, both, or `"new"`.
    #[schema(value_type = Option<Object>)]
    configuration: Option<()>,
}

/// A decision with its reasons.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what permissions writes")]
pub(crate) struct Explanation {
    /// `allow` or `deny`.
    #[schema(example = "deny")]
    decision: String,
    /// `claim_absent`, `granted`, `denied_explicitly`, `permission_not_listed`, `narrowed`, `no_matching_scope` or `conflict`.
    #[schema(example = "permission_not_listed")]
    reason: String,
    permission: String,
    target: Target,
    /// The grants that decided.
    deciding: Vec<Grant>,
    /// The others that were looked at.
    considered: Vec<Grant>,
    /// For a denial, the smallest RFC 6902 patch of the claim that allows.
    #[schema(value_type = Option<Vec<Object>>)]
    change: Option<()>,
    /// What else that change would allow.
    #[schema(value_type = Vec<Object>)]
    also_allows: Vec<()>,
    /// Names in the claim that are no permissions; they grant nothing.
    unknown_permissions: Vec<String>,
    /// What in the claim probably does not mean what was intended.
    #[schema(value_type = Vec<Object>)]
    lints: Vec<()>,
}

/// Whose permissions, and on what. Give a token, a claim or neither.
#[derive(ToSchema)]
#[schema(example = json!({
    "claim": { "integration:slack": ["proxy-api"] },
    "targets": [{ "integration": "slack" }, { "integration": "slack", "credential": "new" }],
}))]
#[expect(dead_code, reason = "describes what core deserializes")]
pub(crate) struct MatrixBody {
    /// A user token of the environment.
    token: Option<String>,
    /// A bare permission claim, as it would stand in a token; at most 1 MiB.
    #[schema(value_type = Option<Object>)]
    claim: Option<()>,
    /// At most 64. Left out: what the claim itself speaks of, the first 64 of it.
    targets: Option<Vec<Target>>,
}

/// The decisions about one claim.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct Matrix {
    /// In the order of the targets, or of the claim's text.
    rows: Vec<MatrixRow>,
    /// Paths of the claim beyond the 64 that have a row.
    #[schema(example = 0)]
    left_out: u32,
    /// Names in the claim that are no permissions; they grant nothing.
    unknown_permissions: Vec<String>,
    /// What in the claim probably does not mean what was intended.
    #[schema(value_type = Vec<Object>)]
    lints: Vec<()>,
}

/// Nine decisions about one target.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct MatrixRow {
    /// The path of the claim that the target stands for: a `*` becomes a new account, or an integration that the claim
    /// does not name. Left out for a target that was given.
    #[schema(example = json!(["integration:slack", "credential:*"]))]
    scopes: Option<Vec<String>>,
    target: Target,
    /// One for each of the nine permissions, always in the same order.
    decisions: Vec<MatrixCell>,
}

/// One decision of a matrix.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct MatrixCell {
    #[schema(example = "proxy-api")]
    permission: String,
    /// `allow` or `deny`.
    #[schema(example = "allow")]
    decision: String,
    /// As in an explanation.
    #[schema(example = "granted")]
    reason: String,
}

/// One path of the claim.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what permissions writes")]
pub(crate) struct Grant {
    /// Where in the claim.
    pointer: String,
    /// Ranks of configuration, credential and integration: 2 exact, 1 `*`, 0 not named.
    #[schema(example = json!([0, 2, 2]))]
    specificity: [u8; 3],
}

/// How a token fares.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct TokenReport {
    /// Whether a request with it would be let in.
    accepted: bool,
    /// The code of the refusal; left out for a good token.
    reason: Option<String>,
    /// What was looked at, in order.
    steps: Vec<TokenStep>,
}

/// One thing that was looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what core writes")]
pub(crate) struct TokenStep {
    #[schema(example = "signature")]
    name: String,
    ok: bool,
    /// What was found, or what to do.
    detail: String,
}
