//! Adding, changing, testing and removing one identity provider.

use axum::extract::{Path, State};
use axum::response::Response;
use hallpass_core::{Created, ProviderPatch, ProviderView};
use hallpass_model::{
    EnvironmentId, Error, IdentityProviderId, ProviderKind, ProviderSettings, Result as Answer,
};

use super::fields::{Field, differences, require_single};
use super::provider_fields::{kind_of, patch, settings, stored, typed};
use super::provider_pages::{NewProviderPage, ProviderPage, Said};
use super::shown::base;
use super::trouble::Trouble;
use super::{frame, once, version_of};
use crate::dashboard::view::{done, page, page_with};
use crate::dashboard::{Member, Posted, Seat};
use crate::extract::Id;
use crate::form::Form;
use crate::{AppState, Failure};

pub(super) async fn show_new(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
    Path((_, kind)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let kind = load_kind(&kind)?;
    let fields = stored(&ProviderSettings::new(kind));
    let frame = frame(&app, &seat, environment).await?;
    let once = once::fresh(&app);
    let shown = NewProviderPage::new(frame, environment, kind, fields, once, None);
    Ok(page(&shown))
}

pub(super) async fn add(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Path((_, kind)): Path<(String, String)>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    let kind = load_kind(&kind)?;
    let fields = typed(kind, &form);
    let error = match added(&app, &seat, environment, kind, &form, &fields).await {
        Ok(created) => {
            let id = created.into_inner().provider.id;
            let to = format!("{}/authentication/{id}", base(environment));
            return Ok(done(&to, "provider-added"));
        }
        Err(error) => error,
    };
    let trouble = Trouble::of(error)?;
    let status = trouble.status;
    let frame = frame(&app, &seat, environment).await?;
    let once = once::fresh(&app);
    let shown = NewProviderPage::new(frame, environment, kind, fields, once, Some(trouble));
    Ok(page_with(status, &shown))
}

async fn added(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    kind: ProviderKind,
    form: &Form,
    fields: &[Field],
) -> Answer<Created<ProviderView>> {
    let settings = settings(kind, fields)?;
    let asked = serde_json::to_string(&settings).map_err(Error::internal)?;
    let once = once::of(form, "provider", &[&environment.to_string(), &asked])?;
    let caller = seat.caller.clone().with_idempotency(Some(once));
    let providers = &app.services.identity_providers;
    providers.add(&caller, environment, settings).await
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
) -> Result<Response, Failure> {
    let view = load(&app, &seat, environment, provider).await?;
    let shown = provider_page(&app, &seat, &view, Said::default()).await?;
    Ok(page(&shown))
}

pub(super) async fn update(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    let version = version_of(&form)?;
    let mut view = load(&app, &seat, environment, provider).await?;
    let mut fields = typed(view.provider.settings.kind, &form);
    require_single(&form, &fields)?;
    let error = match updated(&app, &seat, &view, &form, &fields, version).await {
        Ok(_) => {
            let to = format!("{}/authentication/{provider}", base(environment));
            return Ok(done(&to, "provider-saved"));
        }
        Err(error) => error,
    };
    let trouble = Trouble::of(error)?;
    let status = trouble.status;
    if trouble.is_conflict() {
        // What was loaded above may be older than what the change met.
        view = load(&app, &seat, environment, provider).await?;
    }
    let present = stored(&view.provider.settings);
    let mut said = Said::default();
    if trouble.is_conflict() {
        said.differences = differences(&fields, &present);
    } else {
        // Somebody else's change since then is still to be met, not to be undone.
        said.version = Some(version);
    }
    for (field, present) in fields.iter_mut().zip(present) {
        if !field.is_in(&form) {
            *field = present;
        }
    }
    said.typed = Some(fields);
    said.trouble = Some(trouble);
    let shown = provider_page(&app, &seat, &view, said).await?;
    Ok(page_with(status, &shown))
}

async fn updated(
    app: &AppState,
    seat: &Seat<Member>,
    view: &ProviderView,
    form: &Form,
    fields: &[Field],
    version: i64,
) -> Answer<ProviderView> {
    // A locked list is not sent, and stays.
    let sent = fields.iter().filter(|field| field.is_in(form));
    let patch = ProviderPatch {
        settings: Some(patch(sent)?),
        disabled: None,
    };
    let (environment, id) = (view.provider.environment_id, view.provider.id);
    let providers = &app.services.identity_providers;
    providers
        .update(&seat.caller, environment, id, patch, Some(version))
        .await
}

pub(super) async fn set_state(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    // Asked twice, it stays as asked; so no version is needed.
    let disabled = match posted.form.get("disabled") {
        Some("yes") => true,
        Some("no") => false,
        _ => return Err(super::incomplete().into()),
    };
    let patch = ProviderPatch {
        settings: None,
        disabled: Some(disabled),
    };
    let providers = &app.services.identity_providers;
    providers
        .update(&posted.seat.caller, environment, provider, patch, None)
        .await?;
    let notice = if disabled {
        "provider-disabled"
    } else {
        "provider-enabled"
    };
    let to = format!("{}/authentication/{provider}", base(environment));
    Ok(done(&to, notice))
}

pub(super) async fn remove(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let providers = &app.services.identity_providers;
    providers
        .remove(&posted.seat.caller, environment, provider)
        .await?;
    let to = format!("{}/authentication", base(environment));
    Ok(done(&to, "provider-removed"))
}

pub(super) async fn test(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(provider): Id<IdentityProviderId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    let token = form.get("token").unwrap_or_default().to_owned();
    let given = Some(token.trim()).filter(|token| !token.is_empty());
    let providers = &app.services.identity_providers;
    let tested = providers.test(&seat.caller, environment, provider, given);
    let (test, trouble) = match tested.await {
        Ok(test) => (Some(test), None),
        Err(error) => (None, Some(Trouble::of(error)?)),
    };
    let status = trouble.as_ref().map(|trouble| trouble.status);
    let said = Said {
        trouble,
        token,
        test,
        ..Said::default()
    };
    let view = load(&app, &seat, environment, provider).await?;
    let shown = provider_page(&app, &seat, &view, said).await?;
    Ok(page_with(status.unwrap_or(http::StatusCode::OK), &shown))
}

async fn provider_page(
    app: &AppState,
    seat: &Seat<Member>,
    view: &ProviderView,
    said: Said,
) -> Result<ProviderPage, Failure> {
    let frame = frame(app, seat, view.provider.environment_id).await?;
    let stored = stored(&view.provider.settings);
    let now = app.services.clock.now();
    Ok(ProviderPage::new(frame, view, stored, said, now))
}

async fn load(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    provider: IdentityProviderId,
) -> Answer<ProviderView> {
    let providers = &app.services.identity_providers;
    providers.load(&seat.caller, environment, provider).await
}

fn load_kind(word: &str) -> Result<ProviderKind, Failure> {
    kind_of(word).ok_or_else(|| Error::not_found("kind of identity provider").into())
}
