//! From the claim's text to compiled grants, in one pass over the text.

use std::borrow::Cow;

use crate::claim::{Claim, GrantIndex, Node, Rule, Slot, UnknownPermission, path_of};
use crate::fault::{Fault, FaultKind};
use crate::hash::part_hash;
use crate::json::{Cursor, SyntaxFault};
use crate::path::{Part, push_token};
use crate::permission::{Permission, PermissionSet};
use crate::scope::{Level, Scope, Uuid};

/// The most grants that a claim may hold.
pub const MAX_GRANTS: usize = 5_000;

/// How lenient to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ParseOptions {
    /// Read a claim that is a string with the object's JSON inside as that object.
    pub accept_stringified: bool,
}

impl Claim {
    /// Parses the exact JSON text of the claim's value.
    ///
    /// # Errors
    /// The first fault in the order of the text.
    pub fn parse(json: &str) -> Result<Claim, Fault> {
        Claim::parse_with(json, ParseOptions::default())
    }

    /// Parses with options.
    ///
    /// # Errors
    /// The first fault in the order of the text; pointers of a stringified claim count from the object inside.
    pub fn parse_with(json: &str, options: ParseOptions) -> Result<Claim, Fault> {
        match object_text(json, options)? {
            None => Builder::new(json).build(),
            Some(inner) => Builder::new(&inner).build(),
        }
    }
}

/// `None`: the text itself is to be read; `Some`: the object was inside a string.
fn object_text(json: &str, options: ParseOptions) -> Result<Option<Cow<'_, str>>, Fault> {
    let mut cursor = Cursor::new(json);
    let found = cursor.value_kind().map_err(at_root)?;
    if found == "an object" {
        return Ok(None);
    }
    if found != "a string" {
        return Err(Fault::at_root(FaultKind::NotAnObject { found }));
    }
    let inner = cursor.string().map_err(at_root)?;
    cursor.end().map_err(at_root)?;
    let looks_like_object = inner.trim_ascii_start().starts_with('{');
    match (looks_like_object, options.accept_stringified) {
        (true, true) => Ok(Some(inner)),
        (true, false) => Err(Fault::at_root(FaultKind::Stringified)),
        (false, _) => Err(Fault::at_root(FaultKind::NotAnObject { found })),
    }
}

struct Builder<'a> {
    cursor: Cursor<'a>,
    nodes: Vec<Node>,
    table: Vec<Slot>,
    ids: Vec<Uuid>,
    texts: String,
    unknown: Vec<UnknownPermission>,
    specificities: u32,
    grants: u16,
}

/// An object being read.
#[derive(Clone, Copy)]
struct Container {
    index: GrantIndex,
    hash: u64,
    specificity: u8,
    level: Option<Level>,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str) -> Builder<'a> {
        // A member takes 40 bytes and more in real claims; short texts get room for all of theirs at once.
        let members = text.len() / 48 + 2;
        Builder {
            cursor: Cursor::new(text),
            nodes: Vec::with_capacity(members),
            table: Vec::with_capacity(members),
            ids: Vec::with_capacity(members),
            texts: String::new(),
            unknown: Vec::new(),
            specificities: 1,
            grants: 0,
        }
    }

    fn build(mut self) -> Result<Claim, Fault> {
        self.nodes.push(Node::root());
        let outcome = self.read();
        let duplicate = self.sort_table();
        // A duplicate that was found stands before whatever stopped the reading.
        if let Some(index) = duplicate {
            return Err(Fault {
                pointer: self.pointer(index),
                kind: FaultKind::DuplicateMember,
            });
        }
        outcome?;
        Ok(Claim {
            nodes: self.nodes.into(),
            table: self.table.into(),
            ids: self.ids.into(),
            texts: self.texts.into(),
            unknown: self.unknown.into(),
            specificities: self.specificities,
            grants: self.grants,
        })
    }

    fn read(&mut self) -> Result<(), Fault> {
        let root = Container {
            index: 0,
            hash: 0,
            specificity: 0,
            level: None,
        };
        self.object(root)?;
        self.cursor.end().map_err(at_root)
    }

    /// Recurses at most three times: a fourth level has no scope that could stand there.
    fn object(&mut self, container: Container) -> Result<(), Fault> {
        self.syntax(container.index, |cursor| cursor.expect(b'{', "an object"))?;
        if self.cursor.eat(b'}') {
            return if container.index == 0 {
                Ok(())
            } else {
                self.count(container.index)
            };
        }
        loop {
            let member = self.member(container)?;
            self.syntax(container.index, |cursor| cursor.expect(b':', "a colon"))?;
            self.rule(member)?;
            if !self.cursor.eat(b',') {
                break;
            }
        }
        self.syntax(container.index, |cursor| {
            cursor.expect(b'}', "a comma or the end of the object")
        })
    }

    fn member(&mut self, container: Container) -> Result<Container, Fault> {
        let name = self.syntax(container.index, Cursor::string)?;
        let scope = Scope::parse(&name)
            .map_err(|fault| self.below(container.index, &name, FaultKind::Scope(fault)))?;
        match container.level {
            Some(level) if level == scope.level => {
                return Err(self.below(container.index, &name, FaultKind::LevelTwice));
            }
            Some(level) if level > scope.level => {
                let named = self.path_names(container.index, scope.level);
                let kind = if named {
                    FaultKind::LevelTwice
                } else {
                    FaultKind::LevelOutOfOrder
                };
                return Err(self.below(container.index, &name, kind));
            }
            _ => {}
        }
        Ok(self.push(container, scope))
    }

    fn push(&mut self, container: Container, scope: Scope<'_>) -> Container {
        let node = match scope.part {
            Part::Id(id) => {
                self.ids.push(id);
                Node::id(container.index, scope.level, self.ids.len() as u32 - 1)
            }
            Part::Text(text) => {
                // At most 15,000 texts of 255 bytes: the offset fits 24 bits.
                let offset = self.texts.len() as u32;
                self.texts.push_str(text);
                Node::text(container.index, scope.level, offset, text.len() as u8)
            }
            Part::Any | Part::Unnamed => Node::any(container.index, scope.level),
        };
        let weight = match scope.level {
            Level::Integration => 1,
            Level::Credential => 3,
            Level::Configuration => 9,
        };
        // The limit on grants keeps the count of nodes below 2^14.
        let index = self.nodes.len() as GrantIndex;
        let hash = container
            .hash
            .wrapping_add(part_hash(scope.level, scope.part));
        let specificity = container.specificity + weight * scope.part.rank();
        self.nodes.push(node);
        self.table.push(Slot::new(hash, index));
        self.specificities |= 1 << specificity;
        Container {
            index,
            hash,
            specificity,
            level: Some(scope.level),
        }
    }

    fn rule(&mut self, member: Container) -> Result<(), Fault> {
        let (rule, allows) = match self.cursor.peek() {
            b'{' => return self.object(member),
            b'[' => (Rule::Array, self.array(member.index)?),
            b't' => {
                self.syntax(member.index, |cursor| cursor.literal("true"))?;
                (Rule::True, PermissionSet::ALL)
            }
            b'f' => {
                self.syntax(member.index, |cursor| cursor.literal("false"))?;
                (Rule::False, PermissionSet::EMPTY)
            }
            _ => {
                let found = self.syntax(member.index, Cursor::value_kind)?;
                return Err(self.fault(member.index, FaultKind::Rule { found }));
            }
        };
        if let Some(node) = self.nodes.get_mut(usize::from(member.index)) {
            *node = node.with_rule(rule, allows);
        }
        self.count(member.index)
    }

    fn array(&mut self, index: GrantIndex) -> Result<PermissionSet, Fault> {
        self.syntax(index, |cursor| cursor.expect(b'[', "an array"))?;
        let mut allows = PermissionSet::EMPTY;
        if self.cursor.eat(b']') {
            return Ok(allows);
        }
        for item in 0_u32.. {
            if self.cursor.peek() != b'"' {
                let found = self.syntax(index, Cursor::value_kind)?;
                return Err(self.below(index, &item.to_string(), FaultKind::Item { found }));
            }
            let name = self.syntax(index, Cursor::string)?;
            match name.parse::<Permission>() {
                Ok(permission) => allows = allows.union(permission.with_implied()),
                Err(_) => self.unknown.push(UnknownPermission {
                    node: index,
                    item,
                    name: name.into(),
                }),
            }
            if !self.cursor.eat(b',') {
                break;
            }
        }
        self.syntax(index, |cursor| {
            cursor.expect(b']', "a comma or the end of the array")
        })?;
        Ok(allows)
    }

    fn count(&mut self, index: GrantIndex) -> Result<(), Fault> {
        if usize::from(self.grants) == MAX_GRANTS {
            return Err(self.fault(index, FaultKind::TooManyGrants));
        }
        self.grants += 1;
        Ok(())
    }

    /// Sorts by bucket, then path; gives the first second occurrence of a path, if there is one.
    fn sort_table(&mut self) -> Option<GrantIndex> {
        let Builder {
            nodes,
            table,
            ids,
            texts,
            ..
        } = self;
        table.sort_unstable();
        let mut duplicate: Option<GrantIndex> = None;
        for run in table
            .chunk_by_mut(|one, two| one.bucket() == two.bucket())
            .filter(|run| run.len() > 1)
        {
            let path = |slot: &Slot| path_of(nodes, ids, texts, slot.index());
            run.sort_unstable_by(|one, two| path(one).cmp(&path(two)).then(one.cmp(two)));
            let repeated = run
                .array_windows()
                .filter(|[one, two]| path(one) == path(two))
                .map(|[_, two]| two.index());
            duplicate = duplicate.into_iter().chain(repeated).min();
        }
        duplicate
    }

    fn path_names(&self, index: GrantIndex, level: Level) -> bool {
        path_of(&self.nodes, &self.ids, &self.texts, index)
            .part(level)
            .is_named()
    }

    fn pointer(&self, index: GrantIndex) -> String {
        path_of(&self.nodes, &self.ids, &self.texts, index).pointer()
    }

    fn fault(&self, index: GrantIndex, kind: FaultKind) -> Fault {
        Fault {
            pointer: self.pointer(index),
            kind,
        }
    }

    fn below(&self, index: GrantIndex, token: &str, kind: FaultKind) -> Fault {
        let mut pointer = self.pointer(index);
        push_token(&mut pointer, token);
        Fault { pointer, kind }
    }

    /// Runs a step of the cursor; its faults point at the nearest container.
    fn syntax<T>(
        &mut self,
        container: GrantIndex,
        step: impl FnOnce(&mut Cursor<'a>) -> Result<T, SyntaxFault>,
    ) -> Result<T, Fault> {
        step(&mut self.cursor).map_err(|fault| self.fault(container, fault.into()))
    }
}

impl From<SyntaxFault> for FaultKind {
    fn from(fault: SyntaxFault) -> FaultKind {
        FaultKind::Syntax {
            offset: fault.offset,
            expected: fault.expected,
        }
    }
}

fn at_root(fault: SyntaxFault) -> Fault {
    Fault::at_root(fault.into())
}
