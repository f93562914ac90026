//! What a question is about.

/// The thing to be acted on. Levels that the call does not have are `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Target<'a> {
    /// The integration's slug.
    pub integration: Option<&'a str>,
    /// The account of it.
    pub credential: Option<Account<'a>>,
    /// The configuration of that account.
    pub configuration: Option<Account<'a>>,
}

/// A credential or configuration by what is known of it. With neither id nor external id it is one that is about to
/// be created without an external id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Account<'a> {
    /// Lower-case UUID text; any other text matches no id.
    pub id: Option<&'a str>,
    /// The external id without `ext:`.
    pub external_id: Option<&'a str>,
}

impl<'a> Account<'a> {
    /// About to be created, no external id requested.
    pub const NEW: Account<'static> = Account {
        id: None,
        external_id: None,
    };

    /// An existing thing without an external id.
    #[must_use]
    pub const fn with_id(id: &'a str) -> Account<'a> {
        Account {
            id: Some(id),
            external_id: None,
        }
    }

    /// A thing known by its external id only, or one about to be created with it.
    #[must_use]
    pub const fn with_external_id(external_id: &'a str) -> Account<'a> {
        Account {
            id: None,
            external_id: Some(external_id),
        }
    }
}
