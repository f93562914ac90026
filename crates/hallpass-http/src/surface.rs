/// Which envelope, and which habits, a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Surface {
    /// What the browser SDK and backends call with a user token.
    Connect,
    /// What apps call to sign people in.
    Session,
    /// Pages for people who sign in.
    Page,
    /// Key sets, for everybody.
    Published,
    /// What operators call.
    Admin,
    /// Pages for operators.
    Dashboard,
    /// Probes, metrics and pages of this server.
    Own,
}

/// First steps of the paths that sign people in.
const SESSION_PLACES: &[&str] = &[
    "2fa",
    "assets",
    "auth",
    "biometrics",
    "enclave",
    "encrypted-wallet-private-keys",
    "errors",
    "faucet",
    "logout",
    "on-ramp-config",
    "partners",
    "passwords",
    "recovery",
    "sessions",
    "temporary-transmissions",
    "touch",
    "users",
    "v1",
    "wallets",
];

impl Surface {
    /// The surface of a path. What is not ours is the Connect surface's, so that a browser can read the refusal.
    pub(crate) fn of(path: &str) -> Self {
        if path == "/admin" || path.starts_with("/admin/") {
            return Self::Admin;
        }
        if crate::dashboard::is_page(path) {
            return Self::Dashboard;
        }
        let own = matches!(
            path,
            "/" | "/healthz" | "/readyz" | "/metrics" | "/openapi.json" | "/docs" | "/demo/mail"
        );
        if own || path.starts_with("/docs/") {
            return Self::Own;
        }
        if path.ends_with("/.well-known/jwks.json") {
            return Self::Published;
        }
        if crate::session::is_page(path) {
            return Self::Page;
        }
        let mut steps = path.split('/').skip(1);
        let first = steps.next().unwrap_or_default();
        let own_way = first == "v2" && matches!(steps.next(), Some("accounts" | "wallets"));
        if own_way || SESSION_PLACES.contains(&first) {
            return Self::Session;
        }
        Self::Connect
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Session => "session",
            Self::Page => "page",
            Self::Published => "published",
            Self::Admin => "admin",
            Self::Dashboard => "dashboard",
            Self::Own => "own",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Surface;

    #[test]
    fn every_path_has_one_surface() {
        for (path, surface) in [
            ("/admin/v1/me", Surface::Admin),
            ("/admin", Surface::Admin),
            ("/dashboard", Surface::Dashboard),
            ("/dashboard/environments/x/audit.jsonl", Surface::Dashboard),
            ("/dashboards", Surface::Connect),
            ("/administrator", Surface::Connect),
            ("/docs/style.css", Surface::Own),
            ("/demo/mail", Surface::Own),
            ("/", Surface::Own),
            ("/projects/x/sdk/me", Surface::Connect),
            ("/touch", Surface::Session),
            ("/users/x/verify", Surface::Session),
            ("/.well-known/jwks.json", Surface::Published),
            ("/environments/x/.well-known/jwks.json", Surface::Published),
            ("/v2/wallets", Surface::Session),
            ("/v2/accounts/x/wallets", Surface::Session),
            ("/v2/walletsx", Surface::Connect),
            ("/v2/projects/x/sdk/events/trigger", Surface::Connect),
        ] {
            assert_eq!(Surface::of(path), surface, "{path}");
        }
    }
}
