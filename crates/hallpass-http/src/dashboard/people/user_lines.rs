use hallpass_model::{EnvironmentId, Subject};

use crate::dashboard::lines::Lines;
use crate::dashboard::words::{segment, shell_argument};

/// What can be done to a user, for a terminal.
pub(super) struct UserLines {
    pub(super) freeze: Lines,
    pub(super) unfreeze: Lines,
    pub(super) revoke: Lines,
    pub(super) delete: Lines,
    /// With the metadata in a file: it may be long.
    pub(super) metadata: Lines,
}

impl UserLines {
    pub(super) fn of(environment: EnvironmentId, sub: &Subject, version: i64) -> Self {
        let path = format!(
            "/admin/v1/environments/{environment}/users/{}",
            segment(sub.as_str())
        );
        let cli = |verb: &str, flags: &str| {
            format!(
                "hallpass user {verb} --environment {environment}{flags} {}",
                shell_argument(sub.as_str())
            )
        };
        let post = |verb: &str| Lines::new(cli(verb, ""), "POST", &format!("{path}/{verb}"), None);
        Self {
            freeze: post("freeze"),
            unfreeze: post("unfreeze"),
            revoke: post("revoke"),
            delete: Lines::new(cli("delete", ""), "DELETE", &path, None),
            metadata: Lines {
                cli: cli(
                    "metadata",
                    &format!(" --set metadata.json --if-version {version}"),
                ),
                curl: format!(
                    "curl -sS -X PUT \"$HALLPASS_URL\"{path}/metadata \\\n  \
                     -H \"Authorization: Bearer $HALLPASS_OPERATOR_KEY\" \\\n  \
                     -H 'Content-Type: application/json' -H 'If-Match: \"{version}\"' \\\n  \
                     --data-binary @metadata.json"
                ),
            },
        }
    }
}
