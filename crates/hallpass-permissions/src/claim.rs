//! The compiled claim: one small node per grant, and a sorted table that finds a node by its path.

use std::fmt;

use crate::hash::path_hash;
use crate::path::{Part, Path, Specificity};
use crate::permission::PermissionSet;
use crate::scope::{Level, Uuid};

/// Names a grant of one claim; 0 is the claim's own object, the others follow in the order of the text.
pub type GrantIndex = u16;

/// What a token may do: absent (unrestricted) or the compiled grants.
///
/// `Debug` shows how many grants there are and nothing of their content.
#[derive(Clone, Default)]
pub struct Claim {
    /// In the order of the text; the root first. Empty for an absent claim.
    pub(crate) nodes: Box<[Node]>,
    /// Hash bucket and node index, sorted by bucket, then by path. The root is not in it.
    pub(crate) table: Box<[Slot]>,
    pub(crate) ids: Box<[Uuid]>,
    pub(crate) texts: Box<str>,
    pub(crate) unknown: Box<[UnknownPermission]>,
    /// Bit n: some grant has specificity n.
    pub(crate) specificities: u32,
    pub(crate) grants: u16,
}

/// A name in an array that is no permission. It grants nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPermission {
    pub(crate) node: GrantIndex,
    pub(crate) item: u32,
    pub(crate) name: Box<str>,
}

/// One grant, for display.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// RFC 6901 pointer into the claim.
    pub pointer: String,
    /// `[configuration, credential, integration]`: 2 exact, 1 `*`, 0 not named.
    pub specificity: [u8; 3],
    /// What stands there.
    pub rule: Rule,
    /// What it allows by itself, implied permissions included.
    pub allows: PermissionSet,
}

/// The form of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// `true`
    True,
    /// `false`
    False,
    /// A list of permissions.
    Array,
    /// An object: an empty grant at its own scope.
    Object,
}

/// Eight bytes: parent, place of the scope's content, and in `bits` permissions (9), rule (2) and form (4).
#[derive(Clone, Copy)]
pub(crate) struct Node {
    pub(crate) parent: GrantIndex,
    bits: u16,
    /// Ids: index; texts: offset and, in the low byte, length.
    content: u32,
}

/// Hash bucket (high 18 bits) and node index (low 14).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Slot(u32);

/// How a node names its level.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Root,
    Any,
    Id,
    Text,
}

impl Claim {
    /// The claim of a token that carries none: everything of that user is allowed.
    #[must_use]
    pub fn absent() -> Claim {
        Claim::default()
    }

    /// Whether the token carried no claim.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Paths that end in a rule or an empty object; at most [`crate::MAX_GRANTS`].
    #[must_use]
    pub fn grants_count(&self) -> usize {
        usize::from(self.grants)
    }

    /// Names in arrays that are no permissions, in the order of the text.
    pub fn unknown_permissions(&self) -> impl ExactSizeIterator<Item = &UnknownPermission> {
        self.unknown.iter()
    }

    /// Pointer of an unknown permission's array item.
    #[must_use]
    pub fn unknown_pointer(&self, unknown: &UnknownPermission) -> String {
        format!("{}/{}", self.path(unknown.node).pointer(), unknown.item)
    }

    /// Bytes on the heap, for the accounting of caches.
    #[must_use]
    pub fn heap_bytes(&self) -> usize {
        size_of_val(&*self.nodes)
            + size_of_val(&*self.table)
            + size_of_val(&*self.ids)
            + self.texts.len()
            + self
                .unknown
                .iter()
                .map(|one| size_of_val(one) + one.name.len())
                .sum::<usize>()
    }

    /// A grant by its index; `None` for one of another claim.
    #[must_use]
    pub fn find_grant(&self, index: GrantIndex) -> Option<Grant> {
        let node = self.node(index)?;
        let path = self.path(index);
        Some(Grant {
            pointer: path.pointer(),
            specificity: path.specificity().ranks(),
            rule: node.rule(),
            allows: node.allows(),
        })
    }

    /// Indexes of all grants, empty ones included, in the order of the text.
    pub fn indexes(&self) -> impl DoubleEndedIterator<Item = GrantIndex> + use<> {
        // A claim has at most 15,001 nodes.
        0..GrantIndex::try_from(self.nodes.len()).unwrap_or(GrantIndex::MAX)
    }

    pub(crate) fn node(&self, index: GrantIndex) -> Option<&Node> {
        self.nodes.get(usize::from(index))
    }

    pub(crate) fn allows(&self, index: GrantIndex) -> PermissionSet {
        self.node(index).map_or(PermissionSet::EMPTY, Node::allows)
    }

    pub(crate) fn rule(&self, index: GrantIndex) -> Rule {
        self.node(index).map_or(Rule::Object, Node::rule)
    }

    pub(crate) fn path(&self, index: GrantIndex) -> Path<'_> {
        path_of(&self.nodes, &self.ids, &self.texts, index)
    }

    /// The grant at exactly this path.
    pub(crate) fn find(&self, path: &Path<'_>) -> Option<GrantIndex> {
        if *path == Path::ROOT {
            return (!self.is_absent()).then_some(0);
        }
        self.find_hashed(path, path_hash(path))
    }

    /// The same for a path hashed already; not for the root.
    pub(crate) fn find_hashed(&self, path: &Path<'_>, hash: u64) -> Option<GrantIndex> {
        let bucket = Slot::bucket_of(hash);
        let first = self.table.partition_point(|slot| slot.bucket() < bucket);
        let slot = self
            .table
            .get(first)
            .filter(|slot| slot.bucket() == bucket)?;
        if self.stands_at(slot.index(), path) {
            Some(slot.index())
        } else {
            self.find_in_bucket(bucket, first, path)
        }
    }

    /// Buckets are sorted by path: however many grants share one, a few steps find the right one.
    #[cold]
    fn find_in_bucket(&self, bucket: u32, first: usize, path: &Path<'_>) -> Option<GrantIndex> {
        let rest = self.table.get(first..)?;
        let rest = rest.get(..rest.partition_point(|slot| slot.bucket() == bucket))?;
        let place = rest
            .binary_search_by(|slot| self.path(slot.index()).cmp(path))
            .ok()?;
        rest.get(place).map(|slot| slot.index())
    }

    /// Whether the grant's path is exactly this one, without putting the former together.
    fn stands_at(&self, mut index: GrantIndex, path: &Path<'_>) -> bool {
        let mut unseen = path.named_levels();
        while let Some(node) = self.nodes.get(usize::from(index)) {
            if node.form() == Form::Root {
                return unseen == 0;
            }
            if unseen == 0 || part_of(node, &self.ids, &self.texts) != path.part(node.level()) {
                return false;
            }
            unseen -= 1;
            index = node.parent;
        }
        false
    }

    /// Grants below `ancestor`, which need not be an object.
    pub(crate) fn descendants(
        &self,
        ancestor: GrantIndex,
    ) -> impl Iterator<Item = GrantIndex> + '_ {
        self.indexes()
            .filter(move |&index| index > ancestor)
            .take_while(move |&index| self.has_ancestor(index, ancestor))
    }

    pub(crate) fn has_ancestor(&self, mut index: GrantIndex, ancestor: GrantIndex) -> bool {
        while index > ancestor {
            index = self.node(index).map_or(0, |node| node.parent);
        }
        index == ancestor
    }

    pub(crate) fn specificity(&self, index: GrantIndex) -> Specificity {
        self.path(index).specificity()
    }
}

impl UnknownPermission {
    /// The name as it stands in the claim.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Node {
    pub(crate) fn root() -> Node {
        Node::new(0, Form::Root, Level::Integration, 0)
    }

    pub(crate) fn any(parent: GrantIndex, level: Level) -> Node {
        Node::new(parent, Form::Any, level, 0)
    }

    pub(crate) fn id(parent: GrantIndex, level: Level, index: u32) -> Node {
        Node::new(parent, Form::Id, level, index)
    }

    pub(crate) fn text(parent: GrantIndex, level: Level, offset: u32, length: u8) -> Node {
        Node::new(parent, Form::Text, level, (offset << 8) | u32::from(length))
    }

    pub(crate) fn with_rule(self, rule: Rule, allows: PermissionSet) -> Node {
        let rule_bits: u16 = match rule {
            Rule::Object => 0,
            Rule::False => 1,
            Rule::Array => 2,
            Rule::True => 3,
        };
        Node {
            bits: (self.bits & !0x7ff) | (rule_bits << 9) | allows.bits(),
            ..self
        }
    }

    pub(crate) fn allows(&self) -> PermissionSet {
        PermissionSet::from_bits(self.bits)
    }

    pub(crate) fn rule(&self) -> Rule {
        match (self.bits >> 9) & 3 {
            0 => Rule::Object,
            1 => Rule::False,
            2 => Rule::Array,
            _ => Rule::True,
        }
    }

    fn new(parent: GrantIndex, form: Form, level: Level, content: u32) -> Node {
        Node {
            parent,
            bits: ((form as u16) << 13) | ((level as u16) << 11),
            content,
        }
    }

    fn form(&self) -> Form {
        match self.bits >> 13 {
            0 => Form::Root,
            1 => Form::Any,
            2 => Form::Id,
            _ => Form::Text,
        }
    }

    fn level(&self) -> Level {
        match (self.bits >> 11) & 3 {
            0 => Level::Integration,
            1 => Level::Credential,
            _ => Level::Configuration,
        }
    }

    fn text_range(&self) -> std::ops::Range<usize> {
        let offset = (self.content >> 8) as usize;
        offset..offset + (self.content & 0xff) as usize
    }
}

impl Slot {
    const INDEX_BITS: u32 = 14;

    pub(crate) fn new(hash: u64, index: GrantIndex) -> Slot {
        Slot((Slot::bucket_of(hash) << Slot::INDEX_BITS) | u32::from(index))
    }

    pub(crate) const fn bucket(self) -> u32 {
        self.0 >> Slot::INDEX_BITS
    }

    pub(crate) const fn index(self) -> GrantIndex {
        (self.0 & ((1 << Slot::INDEX_BITS) - 1)) as GrantIndex
    }

    pub(crate) const fn bucket_of(hash: u64) -> u32 {
        (hash >> (32 + Slot::INDEX_BITS)) as u32
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_absent() {
            f.write_str("Claim(absent)")
        } else {
            write!(f, "Claim({} grants)", self.grants)
        }
    }
}

/// The scopes from the root to `index`. Also used while the claim is being built.
pub(crate) fn path_of<'a>(
    nodes: &[Node],
    ids: &[Uuid],
    texts: &'a str,
    mut index: GrantIndex,
) -> Path<'a> {
    let mut path = Path::ROOT;
    while let Some(node) = nodes
        .get(usize::from(index))
        .filter(|node| node.form() != Form::Root)
    {
        path = path.with(node.level(), part_of(node, ids, texts));
        index = node.parent;
    }
    path
}

fn part_of<'a>(node: &Node, ids: &[Uuid], texts: &'a str) -> Part<'a> {
    match node.form() {
        Form::Root => Part::Unnamed,
        Form::Any => Part::Any,
        Form::Id => Part::Id(ids.get(node.content as usize).copied().unwrap_or_default()),
        Form::Text => Part::Text(texts.get(node.text_range()).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_that_share_a_bucket_are_all_found() {
        let id = |n: u64| {
            let mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (n << 7);
            format!(
                "{:08x}-0000-4000-8000-{:012x}",
                mixed >> 32,
                mixed.wrapping_mul(mixed) >> 16
            )
        };
        let members: Vec<String> = (0..5_000)
            .map(|n| format!("\"credential:{}\":true", id(n)))
            .collect();
        let claim = Claim::parse(&format!("{{{}}}", members.join(","))).unwrap_or_default();
        let shared = claim
            .table
            .array_windows()
            .filter(|[one, two]| one.bucket() == two.bucket());
        assert!(shared.count() > 10, "the names are meant to collide");
        for index in claim.indexes() {
            assert_eq!(claim.find(&claim.path(index)), Some(index));
        }
    }

    #[test]
    fn a_hash_alone_finds_nothing() {
        let claim =
            Claim::parse(r#"{"integration:slack":{"credential:*":true}}"#).unwrap_or_default();
        let slack = Path {
            integration: Part::Text("slack"),
            ..Path::ROOT
        };
        let below = slack.with(Level::Credential, Part::Any);
        let github = Path {
            integration: Part::Text("github"),
            ..below
        };
        let stands = |index| [slack, below, github].map(|path| claim.stands_at(index, &path));
        assert_eq!(
            [stands(1), stands(2)],
            [[true, false, false], [false, true, false]]
        );
        assert_eq!(claim.find_hashed(&github, path_hash(&below)), None);
    }
}
