//! Forms that make something carry a name of their own: sent again by a reload, they make nothing more.

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use hallpass_core::IdempotencyKey;
use hallpass_model::Error;

use crate::AppState;
use crate::form::Form;

/// The field that carries it.
const FIELD: &str = "once";

/// A name for a form that is shown now.
pub(super) fn fresh(app: &AppState) -> String {
    HEXLOWER.encode(&app.services.rng.bytes::<16>())
}

/// The name of a form of some kind that was sent, bound to what it asks for. Forms of several kinds on one page share it.
///
/// # Errors
/// 422 `form_incomplete` for a form that has none.
pub(super) fn of(form: &Form, kind: &str, asked: &[&str]) -> Result<IdempotencyKey, Error> {
    let given = form.get(FIELD).filter(|given| {
        given.len() == 32 && given.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let given = given.ok_or_else(super::incomplete)?;
    let mut seal = digest::Context::new(&digest::SHA256);
    for part in asked {
        // The length first, so that no two forms run together to the same bytes.
        seal.update(&(part.len() as u64).to_be_bytes());
        seal.update(part.as_bytes());
    }
    let mut request_digest = [0; 32];
    request_digest.copy_from_slice(seal.finish().as_ref());
    Ok(IdempotencyKey {
        key: format!("dashboard-{kind}-{given}"),
        request_digest,
    })
}
