//! Two moments walked at once.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use similar::{Algorithm, DiffOp, capture_diff_slices};
use weft_ids::Seq;

use super::text;
use super::{Before, Blocks, Change, ChangeKind, DiffNode, DiffWhat, Part, PartInsert, Summary};
use crate::past::Held;
use crate::past::{Insert, Moment, NONE, Node, Past, Piece, Run, Shape, TREE_DEPTH_MAX};

/// How much of two blocks' words must be the same for one to be the other, changed: a half.
const ALIKE: f64 = 0.5;
/// The most blocks gone and come in one list that are compared with each other for being alike.
const ALIKE_BLOCKS_MAX: usize = 500;
/// The most that went and came in one gap and is ordered anew with as little as possible told as moved. Beyond, all of it
/// is told as moved, which is right as well, only longer.
pub const ANEW_MAX: usize = 4_000;

/// What became of one thing in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Kept,
    /// With the record that did it.
    Added(u32),
    Removed(u32),
}

/// One thing in a list at either moment, in the order both agree on.
struct Entry {
    fate: Fate,
    node: DiffNode,
    /// What it shows, without ids, if it came or went.
    bare: Option<Node>,
    /// The shared type it is, if it is one.
    inner: Option<u32>,
}

pub(super) struct Merge<'a> {
    pub(super) past: &'a Past,
    pub(super) then: &'a Moment<'a>,
    pub(super) now: &'a Moment<'a>,
    summary: Summary,
    writers: BTreeSet<u32>,
    keys: HashMap<u32, Arc<str>>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(past: &'a Past, then: &'a Moment<'a>, now: &'a Moment<'a>) -> Self {
        let (summary, writers, keys) = (Summary::default(), BTreeSet::new(), HashMap::new());
        Self { past, then, now, summary, writers, keys }
    }

    pub(super) fn finish(self) -> (Summary, Vec<u32>) {
        (self.summary, self.writers.into_iter().collect())
    }

    /// A change that a record made.
    pub(super) fn change(&mut self, kind: ChangeKind, record: u32) -> Change {
        let deed = self.past.deed(Seq(u64::from(record))).or_else(|| self.past.deeds().first());
        let (writer, at) = deed.map_or((0, 0), |deed| (deed.writer, deed.time.0));
        self.writers.insert(writer);
        let by = self.keys.entry(writer);
        let by = by.or_insert_with(|| self.past.writers()[writer as usize].key.as_str().into()).clone();
        Change { kind, by, at, seq: u64::from(record) }
    }

    pub(super) fn count_text(&mut self, added: bool, units: u64) {
        if added { self.summary.added += units } else { self.summary.removed += units }
    }

    /// A shared type that is there at both moments (or is a root).
    pub(super) fn node(&mut self, node: u32, depth: u32) -> DiffNode {
        let plain = |what| DiffNode { what, change: None, before: None };
        if depth > TREE_DEPTH_MAX {
            return self.deep(node);
        }
        let id = self.past.id_of(node);
        match self.past.kind(node) {
            Shape::Fragment => plain(DiffWhat::Fragment { id, children: self.list(node, depth) }),
            Shape::Array => plain(DiffWhat::Array { id, items: self.list(node, depth) }),
            Shape::Text => plain(DiffWhat::Text { id, parts: text::parts(self, node, depth) }),
            Shape::Map => {
                let past = self.past;
                let keys = past.nodes[node as usize].keys.iter();
                let entries = keys.filter_map(|key| {
                    let told = self.entry(node, *key, depth)?;
                    Some((past.keys[*key as usize].clone(), told))
                });
                plain(DiffWhat::Map { id, entries: entries.collect() })
            }
            Shape::Element(name) => {
                let name = name.to_owned();
                let children = self.list(node, depth);
                let (attrs, before, record) = self.attributes(node, depth);
                let change = record.map(|record| self.change(ChangeKind::Changed, record));
                let text = |child: &DiffNode| matches!(&child.what, DiffWhat::Text { parts, .. } if child.change.is_some() || parts.iter().any(|part| part.change.is_some()));
                self.summary.blocks.changed += u64::from(change.is_some() || children.iter().any(text));
                let before = before.map(|attrs| Before::Element { attrs });
                let what = DiffWhat::Element { id: id.unwrap_or_default(), name, attrs, children };
                DiffNode { what, change, before }
            }
        }
    }

    /// What is too deep to be told: whether it is the same, and if not, by the last record that had part in it.
    fn deep(&mut self, node: u32) -> DiffNode {
        let (then, now) = (self.then.deep(node), self.now.deep(node));
        let between = self.then.record + 1..=self.now.record;
        let change = (then != now).then(|| {
            let last = self.past.touched(node).filter(|record| between.contains(record)).max();
            self.change(ChangeKind::Changed, last.unwrap_or(self.now.record))
        });
        DiffNode { what: DiffWhat::Deep { content: now.to_string() }, change, before: None }
    }

    /// An element's attributes; those it had and the record that changed them last, if it had others.
    #[expect(clippy::type_complexity, reason = "three things of one walk")]
    pub(super) fn attributes(
        &self,
        node: u32,
        depth: u32,
    ) -> (BTreeMap<String, serde_json::Value>, Option<BTreeMap<String, serde_json::Value>>, Option<u32>) {
        let (mut was, mut is, mut record) = (BTreeMap::new(), BTreeMap::new(), None);
        for key in &self.past.nodes[node as usize].keys {
            let name = &self.past.keys[*key as usize];
            let (old, new) = (self.then.entry(node, *key), self.now.entry(node, *key));
            if let Some(run) = old {
                was.insert(name.clone(), self.then.attribute(run, depth));
            }
            if let Some(run) = new {
                is.insert(name.clone(), self.now.attribute(run, depth));
            }
            if was.get(name) != is.get(name) {
                record = record.max(Some(self.replaced(old, new)));
            }
        }
        let changed = was != is;
        (is, changed.then_some(was), record.filter(|_| changed))
    }

    /// The record by which one thing took the place of another, or went.
    fn replaced(&self, old: Option<u32>, new: Option<u32>) -> u32 {
        let birth = new.map(|run| self.past.birth_of(&self.past.runs[run as usize]));
        birth.or_else(|| old.map(|run| self.past.runs[run as usize].death)).unwrap_or_default()
    }

    /// What stands under a key at either moment.
    fn entry(&mut self, node: u32, key: u32, depth: u32) -> Option<DiffNode> {
        let (old, new) = (self.then.entry(node, key), self.now.entry(node, key));
        if old == new {
            let run = &self.past.runs[new? as usize];
            return Some(match run.held {
                Held::Type(inner) => self.node(inner, depth + 1),
                _ => untouched(self.now.value(new?, depth)),
            });
        }
        let before = old.map(|run| self.then.value(run, depth));
        let after = new.map(|run| self.now.value(run, depth));
        let record = self.replaced(old, new);
        let bare = |node: &Option<Node>| node.clone().map(without_ids);
        if bare(&before) == bare(&after) {
            return after.map(untouched);
        }
        self.summary.removed += before.as_ref().map_or(0, units);
        self.summary.added += after.as_ref().map_or(0, units);
        let (kind, what, before) = match (before, after) {
            (Some(before), Some(after)) => (ChangeKind::Changed, after, Some(Before::Node(Box::new(before)))),
            (None, Some(after)) => (ChangeKind::Added, after, None),
            (before, None) => (ChangeKind::Removed, before?, None),
        };
        Some(DiffNode { change: Some(self.change(kind, record)), before, ..untouched(what) })
    }

    /// What stands in a list at either moment.
    fn list(&mut self, node: u32, depth: u32) -> Vec<DiffNode> {
        let past = self.past;
        let mut entries: Vec<Entry> = Vec::new();
        for run in past.chain(past.nodes[node as usize].start) {
            let held = &past.runs[run as usize];
            let (was, is) = (self.then.shown(held), self.now.shown(held));
            if was == 0 && is == 0 {
                continue;
            }
            match held.held {
                Held::Type(inner) if was > 0 && is > 0 => {
                    let node = self.node(inner, depth + 1);
                    entries.push(Entry { fate: Fate::Kept, node, bare: None, inner: Some(inner) });
                }
                _ => self.push_values(run, held, depth, &mut entries),
            }
        }
        self.settle(entries, depth)
    }

    /// What a run holds, each of it with its fate.
    fn push_values(&mut self, run: u32, held: &Run, depth: u32, entries: &mut Vec<Entry>) {
        let (was, is) = (self.then.shown(held), self.now.shown(held));
        let told = if is > 0 { self.now.values(run, depth) } else { self.then.values(run, depth) };
        let births: Vec<u32> =
            self.past.births_of(held).flat_map(|(part, record)| part.map(move |_| record)).collect();
        for (at, node) in told.into_iter().enumerate() {
            let fate = if is == 0 {
                Fate::Removed(held.death)
            } else if (at as u32) < was {
                Fate::Kept
            } else {
                Fate::Added(births.get(at).copied().unwrap_or_default())
            };
            let bare = (fate != Fate::Kept).then(|| without_ids(node.clone()));
            let inner = match held.held {
                Held::Type(inner) => Some(inner),
                _ => None,
            };
            entries.push(Entry { fate, node: untouched(node), bare, inner });
        }
    }

    /// Finds what was only made anew or moved among what came and went, and marks the rest.
    fn settle(&mut self, mut entries: Vec<Entry>, depth: u32) -> Vec<DiffNode> {
        let gaps = gaps(&entries);
        let mut drop = vec![false; entries.len()];
        let mut kinds: Vec<Option<ChangeKind>> = vec![None; entries.len()];
        let mut paired = vec![false; entries.len()];
        let said = said(&entries);
        // What was made anew where it stood is no change.
        for (old, new) in made_anew(&entries, &gaps, &said) {
            (drop[old], paired[old], paired[new]) = (true, true, true);
        }
        let mut gone: HashMap<u32, VecDeque<usize>> = HashMap::new();
        for (at, entry) in entries.iter().enumerate() {
            if let (Fate::Removed(_), false) = (entry.fate, paired[at]) {
                gone.entry(said[at]).or_default().push_back(at);
            }
        }
        for at in 0..entries.len() {
            let (Fate::Added(_), false) = (entries[at].fate, paired[at]) else { continue };
            if let Some(old) = gone.get_mut(&said[at]).and_then(VecDeque::pop_front) {
                (drop[old], paired[old], paired[at]) = (true, true, true);
                kinds[at] = Some(ChangeKind::Moved);
            }
        }
        self.pair_alike(&mut entries, &gaps, &mut drop, &mut paired);
        let mut told = Vec::with_capacity(entries.len());
        for (at, mut entry) in entries.into_iter().enumerate() {
            if drop[at] {
                continue;
            }
            let kind = match entry.fate {
                _ if paired[at] => kinds[at],
                Fate::Kept => None,
                Fate::Added(_) => Some(ChangeKind::Added),
                Fate::Removed(_) => Some(ChangeKind::Removed),
            };
            if let (Some(kind), Fate::Added(record) | Fate::Removed(record)) = (kind, entry.fate) {
                self.count(kind, entry.bare.as_ref());
                if let (ChangeKind::Added, Some(inner)) = (kind, entry.inner) {
                    // All of it is counted as one.
                    let counted = self.summary;
                    entry.node = self.come(inner, record, depth + 1);
                    self.summary = counted;
                }
                entry.node.change = Some(self.change(kind, record));
            }
            told.push(entry.node);
        }
        told
    }

    fn count(&mut self, kind: ChangeKind, bare: Option<&Node>) {
        let blocks: &mut Blocks = &mut self.summary.blocks;
        let block = u64::from(matches!(bare, Some(Node::Element { .. })));
        let text = bare.map_or(0, units);
        match kind {
            ChangeKind::Added => {
                (blocks.added, self.summary.added) = (blocks.added + block, self.summary.added + text)
            }
            ChangeKind::Removed => {
                (blocks.removed, self.summary.removed) =
                    (blocks.removed + block, self.summary.removed + text);
            }
            ChangeKind::Moved => blocks.moved += block,
            ChangeKind::Changed => blocks.changed += block,
            ChangeKind::Formatted => {}
        }
    }

    /// A block that went and one that came in the same gap, with text alike, are one that changed.
    fn pair_alike(&mut self, entries: &mut [Entry], gaps: &[usize], drop: &mut [bool], paired: &mut [bool]) {
        let open = |paired: &[bool], entries: &[Entry], added: bool| -> Vec<usize> {
            let fits = |at: &usize| {
                !paired[*at]
                    && matches!(
                        (entries[*at].fate, added),
                        (Fate::Added(_), true) | (Fate::Removed(_), false)
                    )
                    && entries[*at].bare.as_ref().is_some_and(|bare| block_text(bare).is_some())
            };
            (0..entries.len()).filter(fits).collect()
        };
        let (old, new) = (open(paired, entries, false), open(paired, entries, true));
        if old.len() + new.len() > ALIKE_BLOCKS_MAX {
            return;
        }
        for at in new {
            let Fate::Added(record) = entries[at].fate else { continue };
            let found = old.iter().copied().find(|old| {
                !paired[*old] && gaps[*old] == gaps[at] && {
                    let text = |at: usize| entries[at].bare.as_ref().and_then(block_text).unwrap_or_default();
                    text::alike(&text(*old), &text(at)) >= ALIKE
                }
            });
            let Some(from) = found else { continue };
            (drop[from], paired[at], paired[from]) = (true, true, true);
            let Fate::Removed(gone) = entries[from].fate else { continue };
            let (Some(before), Some(after)) = (entries[from].bare.clone(), entries[at].bare.clone()) else {
                continue;
            };
            let parts = text::rewritten(self, &before, &after, gone, record);
            let change = self.change(ChangeKind::Changed, record);
            let node = &mut entries[at].node;
            node.change = Some(change);
            if let (DiffWhat::Element { attrs, children, .. }, Node::Element { attrs: was, .. }) =
                (&mut node.what, before)
            {
                if *attrs != was {
                    node.before = Some(Before::Element { attrs: was });
                }
                let id = children.iter().find_map(|child| match &child.what {
                    DiffWhat::Text { id, .. } => Some(id.clone()),
                    _ => None,
                });
                let what = DiffWhat::Text { id: id.flatten(), parts };
                *children = vec![DiffNode { what, change: None, before: None }];
            }
            self.summary.blocks.changed += 1;
        }
    }
}

/// What each entry that came or went shows, as a number: the same for the same.
fn said(entries: &[Entry]) -> Vec<u32> {
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut number = |entry: &Entry| {
        let next = numbers.len() as u32;
        entry.bare.as_ref().map_or(NONE, |bare| *numbers.entry(text_of(bare)).or_insert(next))
    };
    entries.iter().map(&mut number).collect()
}

/// Entries that went and came again in the same gap and in the same order, as many as there are.
fn made_anew(entries: &[Entry], gaps: &[usize], said: &[u32]) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut from = 0;
    for all in gaps.chunk_by(|one, other| one == other) {
        let gap = from..from + all.len();
        from = gap.end;
        let gone = gap.clone().filter(|at| matches!(entries[*at].fate, Fate::Removed(_)));
        let come = gap.clone().filter(|at| matches!(entries[*at].fate, Fate::Added(_)));
        let (gone, come): (Vec<usize>, Vec<usize>) = (gone.collect(), come.collect());
        let numbers = |of: &[usize]| of.iter().map(|at| said[*at]).collect::<Vec<u32>>();
        let (old, new) = (numbers(&gone), numbers(&come));
        // Only what is on both sides can be the same, and nothing is compared where all of it is.
        let (old, new) = (shared(&old, &new), shared(&new, &old));
        let alike = old.iter().zip(&new).take_while(|(one, other)| one.1 == other.1).count();
        if (old.len() + new.len() - 2 * alike) > ANEW_MAX {
            found.extend((0..alike).map(|at| (gone[old[at].0], come[new[at].0])));
            continue;
        }
        let numbers = |of: &[(usize, u32)]| of.iter().map(|one| one.1).collect::<Vec<u32>>();
        for op in capture_diff_slices(Algorithm::Myers, &numbers(&old), &numbers(&new)) {
            if let DiffOp::Equal { old_index, new_index, len } = op {
                found.extend((0..len).map(|at| (gone[old[old_index + at].0], come[new[new_index + at].0])));
            }
        }
    }
    found
}

/// Those of `some` that are among `others` too, with their place.
fn shared(some: &[u32], others: &[u32]) -> Vec<(usize, u32)> {
    let others: HashSet<u32> = others.iter().copied().collect();
    some.iter().copied().enumerate().filter(|(_, number)| others.contains(number)).collect()
}

/// The number of the gap between kept entries that each entry stands in.
fn gaps(entries: &[Entry]) -> Vec<usize> {
    let mut gap = 0;
    let number = |entry: &Entry| {
        gap += usize::from(entry.fate == Fate::Kept);
        gap
    };
    entries.iter().map(number).collect()
}

fn without_ids(mut node: Node) -> Node {
    node.forget_ids();
    node
}

fn text_of(bare: &Node) -> String {
    serde_json::to_string(bare).unwrap_or_default()
}

/// The text of a block that holds nothing else.
fn block_text(node: &Node) -> Option<String> {
    let Node::Element { children, .. } = node else { return None };
    let mut text = String::new();
    for child in children {
        let Node::Text { delta, .. } = child else { return None };
        for piece in delta {
            let Insert::Text(piece) = &piece.insert else { return None };
            text.push_str(piece);
        }
    }
    Some(text)
}

/// UTF-16 units of text in something.
fn units(node: &Node) -> u64 {
    match node {
        Node::Fragment { children, .. }
        | Node::Element { children, .. }
        | Node::Array { items: children, .. } => children.iter().map(units).sum(),
        Node::Map { entries, .. } => entries.values().map(units).sum(),
        Node::Text { delta, .. } => delta
            .iter()
            .map(|piece| match &piece.insert {
                Insert::Text(text) => u64::from(weft_wire::blocks::utf16_len(text)),
                Insert::Node(node) => units(node),
                Insert::Embed(_) => 0,
            })
            .sum(),
        _ => 0,
    }
}

/// Something that is told as it is.
pub(super) fn untouched(node: Node) -> DiffNode {
    let all = |nodes: Vec<Node>| nodes.into_iter().map(untouched).collect();
    let what = match node {
        Node::Fragment { id, children } => DiffWhat::Fragment { id, children: all(children) },
        Node::Element { id, name, attrs, children } => {
            DiffWhat::Element { id, name, attrs, children: all(children) }
        }
        Node::Array { id, items } => DiffWhat::Array { id, items: all(items) },
        Node::Map { id, entries } => {
            let entries = entries.into_iter().map(|(key, node)| (key, untouched(node))).collect();
            DiffWhat::Map { id, entries }
        }
        Node::Text { id, delta } => {
            let part = |Piece { insert, attributes }| {
                let insert = match insert {
                    Insert::Text(text) => PartInsert::Text(text),
                    Insert::Embed(value) => PartInsert::Embed(value),
                    Insert::Node(node) => PartInsert::Node(node),
                };
                Part { insert, attributes, before: None, change: None }
            };
            DiffWhat::Text { id, parts: delta.into_iter().map(part).collect() }
        }
        Node::Value { value } => DiffWhat::Value { value },
        Node::Binary { base64 } => DiffWhat::Binary { base64 },
        Node::Document { guid } => DiffWhat::Document { guid },
        Node::Deep { content } => DiffWhat::Deep { content },
    };
    DiffNode { what, change: None, before: None }
}

impl Past {
    /// The record that wrote the first element of a run.
    pub(crate) fn birth_of(&self, run: &Run) -> u32 {
        if run.client == NONE { 0 } else { self.birth(run.client, run.clock) }
    }
}
