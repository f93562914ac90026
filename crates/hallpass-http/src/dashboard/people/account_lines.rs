use hallpass_model::{AccountId, EnvironmentId};

use crate::dashboard::lines::Lines;

/// What can be done to an account, for a terminal.
pub(super) struct AccountLines {
    pub(super) freeze: Lines,
    pub(super) unfreeze: Lines,
    pub(super) delete: Lines,
    /// With the settings in a file: permissions may be long.
    pub(super) settings: Lines,
    pub(super) sessions: Lines,
    /// Of one session, whose id the reader puts in.
    pub(super) session: Lines,
}

impl AccountLines {
    pub(super) fn of(environment: EnvironmentId, account: AccountId, version: i64) -> Self {
        let path = format!("/admin/v1/environments/{environment}/accounts/{account}");
        let cli =
            |verb: &str| format!("hallpass account {verb} --environment {environment} {account}");
        let of_sessions =
            format!("hallpass session revoke --environment {environment} --account {account}");
        let post = |verb: &str| Lines::new(cli(verb), "POST", &format!("{path}/{verb}"), None);
        Self {
            freeze: post("freeze"),
            unfreeze: post("unfreeze"),
            delete: Lines::new(cli("delete"), "DELETE", &path, None),
            settings: Lines {
                cli: format!(
                    "{} --role ROLE --permissions permissions.json --if-version {version}",
                    cli("set")
                ),
                curl: format!(
                    "curl -sS -X PATCH \"$HALLPASS_URL\"{path} \\\n  \
                     -H \"Authorization: Bearer $HALLPASS_OPERATOR_KEY\" \\\n  \
                     -H 'Content-Type: application/json' -H 'If-Match: \"{version}\"' \\\n  \
                     -d '{{\"role\":\"ROLE\",\"permissions\":{{\"integration:*\":[\"metadata:read\"]}}}}'"
                ),
            },
            sessions: Lines::new(
                format!("{of_sessions} --all"),
                "DELETE",
                &format!("{path}/sessions"),
                None,
            ),
            session: Lines::new(
                format!("{of_sessions} SESSION_ID"),
                "DELETE",
                &format!("{path}/sessions/SESSION_ID"),
                None,
            ),
        }
    }
}
