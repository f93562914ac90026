/// Which envelope, and which habits, a path belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Surface {
    /// What the browser SDK and backends call with a user token.
    Connect,
    /// What operators call.
    Admin,
    /// Probes, metrics and pages of this server.
    Own,
}

impl Surface {
    /// The surface of a path. What is not ours is the Connect surface's, so that a browser can read the refusal.
    pub(crate) fn of(path: &str) -> Self {
        if path == "/admin" || path.starts_with("/admin/") {
            return Self::Admin;
        }
        let own = matches!(
            path,
            "/" | "/healthz" | "/readyz" | "/metrics" | "/openapi.json" | "/docs"
        );
        if own || path.starts_with("/docs/") {
            return Self::Own;
        }
        Self::Connect
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Admin => "admin",
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
            ("/administrator", Surface::Connect),
            ("/docs/style.css", Surface::Own),
            ("/", Surface::Own),
            ("/projects/x/sdk/me", Surface::Connect),
            ("/v2/projects/x/sdk/events/trigger", Surface::Connect),
        ] {
            assert_eq!(Surface::of(path), surface, "{path}");
        }
    }
}
