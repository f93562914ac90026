//! Audiences that tokens may be made for, and origins whose pages may use a publishable key.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use hallpass_core::EnvironmentPatch;
use hallpass_model::{AudienceMode, Environment, EnvironmentId, Result as Answer};
use serde_json::{Value, json};

use super::fields::{Control, Difference, Field, Spec, differences, require_single};
use super::shown::{Tab, TabLink, api, base, tabs};
use super::trouble::Trouble;
use super::{frame, incomplete, version_of};
use crate::dashboard::lines::{Lines, shell_word};
use crate::dashboard::view::{Frame, Section, done, page, page_with};
use crate::dashboard::{Member, Posted, Seat};
use crate::extract::Id;
use crate::form::Form;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/setup/allowed.html")]
struct AllowedPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    environment: String,
    version: i64,
    fields: Vec<Field>,
    trouble: Option<Trouble>,
    differences: Vec<Difference>,
    lines: Lines,
}

const SPECS: [Spec; 4] = [
    Spec {
        name: "audiences",
        label: "Allowed audiences",
        hint: "One per line, at most 16. A token's aud claim must be one of them, to the letter.",
        control: Control::Lines,
        is_rare: false,
    },
    Spec {
        name: "own_audience",
        label: "Also allow this environment's own audience",
        hint: "",
        control: Control::Check,
        is_rare: false,
    },
    Spec {
        name: "require_audience",
        label: "Refuse tokens without an audience",
        hint: "Otherwise a token that has no aud claim is accepted.",
        control: Control::Check,
        is_rare: false,
    },
    Spec {
        name: "allowed_origins",
        label: "Allowed origins",
        hint: "One per line, at most 64, such as https://app.acme.com. Left empty: pages of every origin may use your publishable keys.",
        control: Control::Lines,
        is_rare: false,
    },
];

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
) -> Result<Response, Failure> {
    let environments = &app.services.environments;
    let environment = environments.load(&seat.caller, environment).await?;
    let fields = stored(&environment);
    let shown = allowed_page(&app, &seat, &environment, fields, None).await?;
    Ok(page(&shown))
}

pub(super) async fn save(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    let version = version_of(&form)?;
    let mut fields = SPECS.map(|spec| Field::typed(spec, &form));
    require_single(&form, &fields)?;
    let error = match saved(&app, &seat, environment, &form, &fields, version).await {
        Ok(_) => {
            let to = format!("{}/allowed", base(environment));
            return Ok(done(&to, "settings-saved"));
        }
        Err(error) => error,
    };
    let trouble = Trouble::of(error)?;
    let status = trouble.status;
    let environments = &app.services.environments;
    let present = environments.load(&seat.caller, environment).await?;
    for (field, present) in fields.iter_mut().zip(stored(&present)) {
        if !field.is_in(&form) {
            *field = present;
        }
    }
    let is_conflict = trouble.is_conflict();
    let mut shown = allowed_page(&app, &seat, &present, fields.into(), Some(trouble)).await?;
    if !is_conflict {
        // Somebody else's change since then is still to be met, not to be undone.
        shown.version = version;
    }
    Ok(page_with(status, &shown))
}

async fn saved(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    form: &Form,
    fields: &[Field; 4],
    version: i64,
) -> Answer<Environment> {
    let [audiences, own_audience, require_audience, origins] = fields;
    // Left out is not left empty, which lets every origin in.
    if !origins.is_in(form) {
        return Err(incomplete().at("/sign_in/allowed_origins"));
    }
    let mode = if own_audience.is_filled() {
        "own_and_configured"
    } else {
        "only_configured"
    };
    let mut settings = json!({
        "aud_mode": mode,
        "require_audience": require_audience.is_filled(),
    });
    // A locked list is not sent, and stays.
    if audiences.is_in(form) {
        settings["audiences"] = json!(audiences.entries());
    }
    let patch = EnvironmentPatch {
        name: None,
        settings: Some(settings),
        sign_in: Some(json!({ "allowed_origins": origins.entries() })),
    };
    let environments = &app.services.environments;
    environments
        .update(&seat.caller, environment, patch, Some(version))
        .await
}

fn stored(environment: &Environment) -> Vec<Field> {
    let settings = &environment.settings;
    let own = settings.aud_mode == AudienceMode::OwnAndConfigured;
    let values: [Value; 4] = [
        json!(settings.audiences),
        json!(own),
        json!(settings.require_audience),
        json!(environment.sign_in.allowed_origins),
    ];
    let pairs = SPECS.into_iter().zip(values);
    pairs
        .map(|(spec, value)| Field::holding(spec, &value))
        .collect()
}

async fn allowed_page(
    app: &AppState,
    seat: &Seat<Member>,
    environment: &Environment,
    mut fields: Vec<Field>,
    trouble: Option<Trouble>,
) -> Result<AllowedPage, Failure> {
    let frame = frame(app, seat, environment.id).await?;
    let present = stored(environment);
    let differences = match &trouble {
        Some(trouble) if trouble.is_conflict() => differences(&fields, &present),
        _ => Vec::new(),
    };
    for (field, present) in fields.iter_mut().zip(present) {
        if present.is_locked {
            *field = present;
        }
        // The API knows the box as one of two modes.
        let member = match field.name() {
            "own_audience" => "aud_mode",
            other => other,
        };
        field.trouble = trouble.as_ref().and_then(|trouble| trouble.at(member));
    }
    Ok(AllowedPage {
        frame,
        tabs: tabs(environment.id, Tab::Allowed),
        base: base(environment.id),
        environment: environment.id.to_string(),
        version: environment.version,
        fields,
        trouble,
        differences,
        lines: lines(environment),
    })
}

fn lines(environment: &Environment) -> Lines {
    let settings = &environment.settings;
    let mut cli = format!("hallpass environment set {}", environment.id);
    for audience in &settings.audiences {
        cli.push_str(&format!(" --audience {}", shell_word(audience)));
    }
    if settings.audiences.is_empty() {
        cli.push_str(" --audience ''");
    }
    let sign_in = json!({ "allowed_origins": environment.sign_in.allowed_origins });
    let sign_in_word = shell_word(&sign_in.to_string());
    let version = environment.version;
    cli.push_str(&format!(" --sign-in {sign_in_word} --if-version {version}"));
    let body = json!({ "settings": { "audiences": settings.audiences }, "sign_in": sign_in });
    Lines::new(cli, "PATCH", &api(environment.id, ""), Some(&body))
}
