//! A path of scopes: where a grant stands, how specific it is, and how two of them overlap.

use crate::scope::{Level, Uuid, uuid_text};

/// What a path says about one level. The derived order only serves to sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part<'a> {
    /// The level is not named: anything fits, also a target without it.
    Unnamed,
    /// `*`
    Any,
    /// The thing with this id.
    Id(Uuid),
    /// The integration's name, or the external id of a credential or configuration.
    Text(&'a str),
}

/// The scopes from the claim's root to a grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path<'a> {
    pub(crate) configuration: Part<'a>,
    pub(crate) credential: Part<'a>,
    pub(crate) integration: Part<'a>,
}

/// Specificity as one number, 0..27: configuration counts nine, credential three, integration one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Specificity(u8);

impl<'a> Part<'a> {
    pub(crate) const fn rank(self) -> u8 {
        match self {
            Part::Unnamed => 0,
            Part::Any => 1,
            Part::Id(_) | Part::Text(_) => 2,
        }
    }

    pub(crate) const fn is_named(self) -> bool {
        !matches!(self, Part::Unnamed)
    }

    /// The member name that says this on `level`; `None` where nothing is named.
    pub(crate) fn scope_text(self, level: Level) -> Option<String> {
        let level_name = level.as_str();
        match (self, level) {
            (Part::Unnamed, _) => None,
            (Part::Any, _) => Some(format!("{level_name}:*")),
            (Part::Id(id), _) => Some(format!("{level_name}:{}", uuid_text(id))),
            (Part::Text(name), Level::Integration) => Some(format!("{level_name}:{name}")),
            (Part::Text(external_id), _) => Some(format!("{level_name}:ext:{external_id}")),
        }
    }

    /// Whether some thing fits both. An id and an external id may always be two names of one thing.
    fn meets(self, other: Part<'_>) -> bool {
        match (self, other) {
            (Part::Id(one), Part::Id(two)) => one == two,
            (Part::Text(one), Part::Text(two)) => one == two,
            _ => true,
        }
    }

    /// Whether everything that fits `other` fits this.
    fn covers(self, other: Part<'_>) -> bool {
        match self {
            Part::Unnamed => true,
            Part::Any => other.is_named(),
            Part::Id(_) | Part::Text(_) => self == other,
        }
    }
}

impl<'a> Path<'a> {
    pub(crate) const ROOT: Path<'static> = Path {
        configuration: Part::Unnamed,
        credential: Part::Unnamed,
        integration: Part::Unnamed,
    };

    pub(crate) fn part(&self, level: Level) -> Part<'a> {
        match level {
            Level::Integration => self.integration,
            Level::Credential => self.credential,
            Level::Configuration => self.configuration,
        }
    }

    pub(crate) fn with(mut self, level: Level, part: Part<'a>) -> Path<'a> {
        match level {
            Level::Integration => self.integration = part,
            Level::Credential => self.credential = part,
            Level::Configuration => self.configuration = part,
        }
        self
    }

    pub(crate) const fn named_levels(&self) -> u8 {
        self.configuration.is_named() as u8
            + self.credential.is_named() as u8
            + self.integration.is_named() as u8
    }

    pub(crate) const fn specificity(&self) -> Specificity {
        Specificity(
            9 * self.configuration.rank() + 3 * self.credential.rank() + self.integration.rank(),
        )
    }

    /// `integration:*` with nothing below it: the only wildcard that also fits a target without integration.
    pub(crate) const fn is_every_integration(&self) -> bool {
        matches!(self.integration, Part::Any)
            && !self.credential.is_named()
            && !self.configuration.is_named()
    }

    /// Whether some target is matched by both paths.
    pub(crate) fn meets(&self, other: &Path<'_>) -> bool {
        self.integration.meets(other.integration)
            && self.credential.meets(other.credential)
            && self.configuration.meets(other.configuration)
    }

    /// Whether every target that `other` matches is matched by this path too.
    pub(crate) fn covers(&self, other: &Path<'_>) -> bool {
        self.is_every_integration()
            || (self.integration.covers(other.integration)
                && self.credential.covers(other.credential)
                && self.configuration.covers(other.configuration))
    }

    /// Whether this path begins with all scopes of `ancestor`.
    pub(crate) fn is_below(&self, ancestor: &Path<'_>) -> bool {
        let Some(deepest) = LEVELS
            .into_iter()
            .rev()
            .find(|&level| ancestor.part(level).is_named())
        else {
            return true;
        };
        LEVELS
            .into_iter()
            .all(|level| level > deepest || ancestor.part(level) == self.part(level))
    }

    /// The member names from the outside in.
    pub(crate) fn scopes(&self) -> Vec<String> {
        LEVELS
            .iter()
            .filter_map(|&level| self.part(level).scope_text(level))
            .collect()
    }

    /// RFC 6901 pointer into the claim; the root is the empty text.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for scope in self.scopes() {
            push_token(&mut pointer, &scope);
        }
        pointer
    }
}

impl Specificity {
    pub(crate) const fn number(self) -> u8 {
        self.0
    }

    /// `[configuration, credential, integration]`, each 2 for exact, 1 for `*`, 0 for not named.
    pub(crate) const fn ranks(self) -> [u8; 3] {
        [self.0 / 9, self.0 / 3 % 3, self.0 % 3]
    }
}

/// From the outside in, the order in which a claim nests them.
pub(crate) const LEVELS: [Level; 3] = [Level::Integration, Level::Credential, Level::Configuration];

/// Appends `/token` with the escapes of RFC 6901.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for character in token.chars() {
        match character {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLACK: Part<'static> = Part::Text("slack");
    const ONE: Part<'static> = Part::Id(Uuid { high: 0, low: 1 });
    const TWO: Part<'static> = Part::Id(Uuid { high: 0, low: 2 });
    const ACME: Part<'static> = Part::Text("acme");

    fn path<'a>(integration: Part<'a>, credential: Part<'a>) -> Path<'a> {
        Path {
            integration,
            credential,
            configuration: Part::Unnamed,
        }
    }

    #[test]
    fn two_ids_are_two_things_and_an_external_id_may_be_either() {
        assert!(path(SLACK, ONE).meets(&path(Part::Any, ONE)));
        assert!(path(SLACK, ONE).meets(&path(Part::Unnamed, ACME)));
        assert!(!path(SLACK, ONE).meets(&path(SLACK, TWO)));
        assert!(!path(SLACK, ONE).meets(&path(Part::Text("github"), ONE)));
        assert!(!path(SLACK, ACME).meets(&path(SLACK, Part::Text("other"))));
    }

    #[test]
    fn a_path_covers_what_it_always_matches_too() {
        let everything = path(Part::Any, Part::Unnamed);
        for other in [
            Path::ROOT,
            path(Part::Unnamed, ONE),
            path(SLACK, ONE),
            everything,
        ] {
            assert!(everything.covers(&other), "{other:?}");
        }
        assert!(path(Part::Unnamed, ONE).covers(&path(SLACK, ONE)));
        assert!(path(SLACK, Part::Any).covers(&path(SLACK, ONE)));
        assert!(!path(SLACK, ONE).covers(&path(SLACK, ACME)));
        assert!(!path(SLACK, Part::Any).covers(&path(SLACK, Part::Unnamed)));
        assert!(!path(SLACK, Part::Unnamed).covers(&everything));
        assert!(!path(Part::Any, ONE).covers(&path(Part::Unnamed, ONE)));
    }
}
