//! What all pages of the section show alike.

use hallpass_model::EnvironmentId;

use crate::dashboard::view::place;

/// A page of the section.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Tab {
    Keys,
    Authentication,
    Allowed,
    Code,
}

/// A link to a page of the section.
pub(super) struct TabLink {
    pub(super) href: String,
    pub(super) label: &'static str,
    pub(super) is_here: bool,
}

/// Links to all of them.
pub(super) fn tabs(environment: EnvironmentId, here: Tab) -> Vec<TabLink> {
    let base = base(environment);
    [
        (Tab::Keys, "", "Signing keys"),
        (Tab::Authentication, "/authentication", "Authentication"),
        (Tab::Allowed, "/allowed", "Audiences and origins"),
        (Tab::Code, "/code", "Code"),
    ]
    .into_iter()
    .map(|(tab, path, label)| TabLink {
        href: format!("{base}{path}"),
        label,
        is_here: tab == here,
    })
    .collect()
}

/// Where the section is.
pub(super) fn base(environment: EnvironmentId) -> String {
    place(environment, "/setup")
}

/// Where the admin API has an environment's things.
pub(super) fn api(environment: EnvironmentId, path: &str) -> String {
    format!("/admin/v1/environments/{environment}{path}")
}
