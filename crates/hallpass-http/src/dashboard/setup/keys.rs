//! Signing keys: the list, a new one, one that is brought, one that is withdrawn.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use data_encoding::BASE64;
use hallpass_core::{Created, GENERATED_BITS, GeneratedKey};
use hallpass_model::{EnvironmentId, KeyState, Page, PageRequest, SigningKey, Timestamp};
use serde_json::json;

use super::overlap::Overlap;
use super::shown::{Tab, TabLink, api, base, tabs};
use super::trouble::Trouble;
use super::{frame, once};
use crate::dashboard::lines::Lines;
use crate::dashboard::view::{Frame, Section, done, page, page_with};
use crate::dashboard::words::Moment;
use crate::dashboard::{Member, Posted, Seat};
use crate::extract::{Id, Kid};
use crate::form::Form;
use crate::{AppState, Failure};

#[derive(Template)]
#[template(path = "dashboard/setup/keys.html")]
struct KeysPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    keys: Vec<KeyRow>,
    next: Option<String>,
    /// Some key would be affected by a new one.
    is_trusting: bool,
    once: String,
    generate: NewKeyForm,
    import: NewKeyForm,
    lines_generate: Lines,
    lines_import: Lines,
}

/// One of the two ways to a new key.
#[derive(Default)]
struct NewKeyForm {
    bits: String,
    public_key: String,
    overlap: Overlap,
    trouble: Option<Trouble>,
}

impl NewKeyForm {
    fn of(form: &Form) -> Self {
        let text = |name: &str| form.get(name).unwrap_or_default().replace("\r\n", "\n");
        Self {
            bits: text("bits"),
            public_key: text("public_key"),
            overlap: Overlap::of(form),
            trouble: None,
        }
    }

    fn at(&self, member: &str) -> Option<String> {
        self.trouble.as_ref().and_then(|trouble| trouble.at(member))
    }

    /// The size that is offered first is the smallest: larger ones make every verification slower.
    fn has_bits(&self, bits: &u32) -> bool {
        match self.bits.parse::<u32>() {
            Ok(chosen) => *bits == chosen,
            Err(_) => *bits == 2048,
        }
    }
}

#[derive(Template)]
#[template(path = "dashboard/setup/key.html")]
struct KeyPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    key: KeyRow,
    lines: Lines,
}

#[derive(Template)]
#[template(path = "dashboard/setup/new_key.html")]
struct NewKeyPage {
    frame: Frame,
    tabs: Vec<TabLink>,
    base: String,
    key: KeyRow,
    /// The private half, the one time that it is shown.
    private_key: Option<PrivateKey>,
    /// What the same would have been elsewhere.
    lines: Lines,
}

struct PrivateKey {
    pem: String,
    base64: String,
    file_name: String,
}

/// A key as it is shown.
struct KeyRow {
    kid: String,
    fingerprint: String,
    state: &'static str,
    is_trusted: bool,
    is_active: bool,
    is_revoked: bool,
    bits: u32,
    origin: &'static str,
    public_key_pem: String,
    uses: i64,
    last_used: Option<Moment>,
    created: Moment,
    retires: Option<Moment>,
    revoked: Option<Moment>,
}

impl KeyRow {
    fn at(key: SigningKey, now: Timestamp) -> Self {
        let state = key.state_at(now);
        let moment = |at| Moment::new(at, now);
        Self {
            state: state.as_str(),
            is_trusted: state.is_trusted(),
            is_active: state == KeyState::Active,
            is_revoked: state == KeyState::Revoked,
            origin: key.origin.as_str(),
            kid: key.kid,
            fingerprint: key.fingerprint,
            bits: key.bits,
            public_key_pem: key.public_key_pem,
            uses: key.use_count,
            last_used: key.last_used_at.map(moment),
            created: moment(key.created_at),
            retires: key.retires_at.map(moment),
            revoked: key.revoked_at.map(moment),
        }
    }
}

pub(super) async fn show(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Result<Response, Failure> {
    let rows = PageRequest {
        after: query.get("after").cloned(),
        ..PageRequest::default()
    };
    let (generate, import) = (NewKeyForm::default(), NewKeyForm::default());
    let shown = keys_page(&app, &seat, environment, rows, generate, import).await?;
    Ok(page(&shown))
}

pub(super) async fn generate(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    let mut typed = NewKeyForm::of(&form);
    match generated(&app, &seat, environment, &form, &typed).await {
        Ok(created) => new_key_page(&app, &seat, environment, created).await,
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            typed.trouble = Some(trouble);
            let rows = PageRequest::default();
            let import = NewKeyForm::default();
            let shown = keys_page(&app, &seat, environment, rows, typed, import).await?;
            Ok(page_with(status, &shown))
        }
    }
}

async fn generated(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    form: &Form,
    typed: &NewKeyForm,
) -> hallpass_model::Result<Created<GeneratedKey>> {
    let overlap_secs = typed.overlap.secs()?;
    // What is no number is no size that the service knows.
    let bits = typed.bits.parse().unwrap_or_default();
    let (place, secs) = (environment.to_string(), overlap_secs.to_string());
    let once = once::of(form, "generate", &[&place, &typed.bits, &secs])?;
    let caller = seat.caller.clone().with_idempotency(Some(once));
    let keys = &app.services.signing_keys;
    keys.generate(&caller, environment, bits, overlap_secs)
        .await
}

pub(super) async fn import(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let Posted { seat, form, .. } = posted;
    let mut typed = NewKeyForm::of(&form);
    match imported(&app, &seat, environment, &form, &typed).await {
        Ok(_) => Ok(done(&base(environment), "key-imported")),
        Err(error) => {
            let trouble = Trouble::of(error)?;
            let status = trouble.status;
            typed.trouble = Some(trouble);
            let rows = PageRequest::default();
            let generate = NewKeyForm::default();
            let shown = keys_page(&app, &seat, environment, rows, generate, typed).await?;
            Ok(page_with(status, &shown))
        }
    }
}

async fn imported(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    form: &Form,
    typed: &NewKeyForm,
) -> hallpass_model::Result<Created<SigningKey>> {
    let overlap_secs = typed.overlap.secs()?;
    let (place, secs) = (environment.to_string(), overlap_secs.to_string());
    let once = once::of(form, "import", &[&place, &typed.public_key, &secs])?;
    let caller = seat.caller.clone().with_idempotency(Some(once));
    let keys = &app.services.signing_keys;
    keys.import(&caller, environment, &typed.public_key, overlap_secs)
        .await
}

pub(super) async fn show_one(
    State(app): State<AppState>,
    seat: Seat<Member>,
    Id(environment): Id<EnvironmentId>,
    Id(Kid(kid)): Id<Kid>,
) -> Result<Response, Failure> {
    let frame = frame(&app, &seat, environment).await?;
    let keys = &app.services.signing_keys;
    let key = keys.load(&seat.caller, environment, &kid).await?;
    let key = KeyRow::at(key, app.services.clock.now());
    let cli = format!(
        "hallpass key revoke --environment {environment} {}",
        key.kid
    );
    let path = api(environment, &format!("/signing-keys/{}", key.kid));
    Ok(page(&KeyPage {
        frame,
        tabs: tabs(environment, Tab::Keys),
        base: base(environment),
        lines: Lines::new(cli, "DELETE", &path, None),
        key,
    }))
}

pub(super) async fn revoke(
    State(app): State<AppState>,
    Id(environment): Id<EnvironmentId>,
    Id(Kid(kid)): Id<Kid>,
    posted: Posted<Member>,
) -> Result<Response, Failure> {
    let keys = &app.services.signing_keys;
    keys.revoke(&posted.seat.caller, environment, &kid).await?;
    Ok(done(&base(environment), "key-revoked"))
}

async fn keys_page(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    rows: PageRequest,
    generate: NewKeyForm,
    import: NewKeyForm,
) -> Result<KeysPage, Failure> {
    let frame = frame(app, seat, environment).await?;
    let keys = &app.services.signing_keys;
    let Page { items, next } = keys.list(&seat.caller, environment, &rows).await?;
    let now = app.services.clock.now();
    let keys: Vec<KeyRow> = items.into_iter().map(|key| KeyRow::at(key, now)).collect();
    Ok(KeysPage {
        frame,
        tabs: tabs(environment, Tab::Keys),
        base: base(environment),
        is_trusting: keys.iter().any(|key| key.is_trusted),
        keys,
        next,
        once: once::fresh(app),
        generate,
        import,
        lines_generate: lines_generate(environment),
        lines_import: lines_import(environment),
    })
}

async fn new_key_page(
    app: &AppState,
    seat: &Seat<Member>,
    environment: EnvironmentId,
    created: Created<GeneratedKey>,
) -> Result<Response, Failure> {
    let GeneratedKey {
        key,
        private_key_pem,
    } = created.into_inner();
    let frame = frame(app, seat, environment).await?;
    let private_key = private_key_pem.map(|pem| PrivateKey {
        base64: BASE64.encode(pem.as_bytes()),
        file_name: file_name(&key.kid),
        pem: pem.to_string(),
    });
    Ok(page(&NewKeyPage {
        frame,
        tabs: tabs(environment, Tab::Keys),
        base: base(environment),
        key: KeyRow::at(key, app.services.clock.now()),
        private_key,
        lines: lines_generate(environment),
    }))
}

/// The name of the key in the name of its file: whoever has two files can tell them apart.
fn file_name(kid: &str) -> String {
    let begin = kid.get(..8).unwrap_or(kid);
    format!("hallpass-signing-key-{begin}.pem")
}

fn lines_generate(environment: EnvironmentId) -> Lines {
    let cli = format!(
        "hallpass key generate --environment {environment} --bits 2048 --overlap 1h --out hallpass-signing-key.pem"
    );
    let body = json!({ "bits": 2048, "overlap_secs": 3600 });
    Lines::new(cli, "POST", &api(environment, "/signing-keys"), Some(&body))
}

fn lines_import(environment: EnvironmentId) -> Lines {
    let cli = format!("hallpass key import --environment {environment} --overlap 1h public.pem");
    let body = json!({ "public_key_pem": "-----BEGIN PUBLIC KEY-----\n...", "overlap_secs": 3600 });
    let path = api(environment, "/signing-keys/import");
    Lines::new(cli, "POST", &path, Some(&body))
}
