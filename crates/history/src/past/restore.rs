//! The way back: an ordinary update that makes what is to be seen now what was to be seen then.

use std::collections::HashSet;
use std::ops::Range;

use smallvec::SmallVec;
use weft_ids::{ClientId, Seq};
use weft_wire::blocks::{Block, Content, Link, Parent};
use weft_wire::{DeleteSpan, Place, ScanError, Update};

use super::moment::Moment;
use super::{Held, NONE, Past, Run};

/// The root that tells which schema a page needs. It only ever rises, for whoever edits now knows the newest blocks.
pub(crate) const KEPT_ROOT: &str = "weft";

/// What is to be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The whole document as it was once record `to` was in.
    Whole {
        /// The moment.
        to: Seq,
    },
    /// Some shared types (blocks), with all that is in them.
    Blocks {
        /// The moment.
        to: Seq,
        /// The elements whose content they are.
        blocks: Vec<Place>,
    },
    /// Some roots, or what stands under some keys of root maps.
    Keys {
        /// The moment.
        to: Seq,
        /// The roots' names, each with a key of it or as a whole.
        keys: Vec<(String, Option<String>)>,
    },
    /// What was done after record `from` up to record `to` is taken back: by one author, or by all.
    TakeBack {
        /// The last record that stays.
        from: Seq,
        /// The last record that is taken back.
        to: Seq,
        /// An index into [`Past::writers`].
        writer: Option<u32>,
    },
}

/// An update that grants a [`Wish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// What to merge.
    pub update: Update,
    /// UTF-16 units of text it brings back.
    pub added: u32,
    /// UTF-16 units of text it deletes.
    pub removed: u32,
}

/// Why there is no way back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// There is no such record.
    #[error("there is no record {0}")]
    NoMoment(Seq),
    /// There was no such block or key at that moment.
    #[error("there was no {0} at that moment")]
    NoSuch(String),
    /// The block stood in another one that is gone: that one has to be brought back.
    #[error("what {0} stood in is gone; bring that back instead")]
    Homeless(String),
    /// It is more than one update may hold.
    #[error("it is more than one update can hold: {0}")]
    TooLarge(#[from] ScanError),
}

impl Past {
    /// An update by `client`, who must never have written here, that grants `wish` on top of [`Past::now`]; `None` if
    /// all is as wished already.
    ///
    /// What is wished for and gone is written anew where it stood; what is there and not wished for is deleted; what is
    /// there and wished for stays untouched, so that others go on typing in it.
    ///
    /// # Errors
    /// [`WishError`].
    pub fn way_back(&self, wish: &Wish, client: ClientId) -> Result<Option<WayBack>, WishError> {
        let now = self.now();
        let wanted = Wanted::new(self, &now, wish)?;
        if let What::Then(then) = &wanted.what
            && then.tree().without_ids() == now.tree().without_ids()
        {
            // It may be there again in other elements, from an earlier restore.
            return Ok(None);
        }
        let mut path =
            Path { past: self, now: &now, wanted: &wanted, out: Out::new(client), todo: Vec::new() };
        path.todo.extend(
            self.roots().into_iter().filter(|(name, _)| *name != KEPT_ROOT).map(|(_, node)| Todo::Mend(node)),
        );
        while let Some(todo) = path.todo.pop() {
            match todo {
                Todo::Mend(node) => path.mend(node),
                Todo::Copy(node, place) => path.copy(node, place),
            }
        }
        path.out.finish()
    }
}

/// Something that remains to be done.
enum Todo {
    /// A shared type that stays: what is in it is to be compared.
    Mend(u32),
    /// A shared type that was written anew at this place: what was in it is to follow.
    Copy(u32, Place),
}

/// Goes through a document and writes down what has to change.
struct Path<'a> {
    past: &'a Past,
    now: &'a Moment<'a>,
    wanted: &'a Wanted<'a>,
    out: Out<'a>,
    todo: Vec<Todo>,
}

impl<'a> Path<'a> {
    fn mend(&mut self, node: u32) {
        let past = self.past;
        let mut gone: Vec<(&'a Run, Range<u32>)> = Vec::new();
        let mut left: Option<Place> = None;
        for run in past.chain(past.nodes[node as usize].start) {
            let run = &past.runs[run as usize];
            let wanted = self.wanted.of(run);
            if self.now.shown(run) == 0 {
                gone.extend(wanted.into_iter().map(|part| (run, part)));
            } else {
                // All that is gone between two neighbours goes between them, in its order.
                self.bring_back(node, std::mem::take(&mut gone), left, Some(past.place(run)));
                self.keep(run, &wanted);
            }
            left = Some(past.last_place(run));
        }
        self.bring_back(node, gone, left, None);
        for key in &past.nodes[node as usize].keys {
            self.mend_entry(node, *key);
        }
    }

    /// Deletes what is not wanted of a run that is there.
    fn keep(&mut self, run: &'a Run, wanted: &[Range<u32>]) {
        let mut from = 0;
        for part in wanted.iter().cloned().chain(std::iter::once(run.len..run.len)) {
            if from < part.start {
                self.delete(run, from..part.start);
            }
            from = part.end;
        }
        if let (Held::Type(node), [_, ..]) = (run.held, wanted) {
            self.todo.push(Todo::Mend(node));
        }
    }

    fn mend_entry(&mut self, node: u32, key: u32) {
        let past = self.past;
        let is = self.now.entry(node, key).map(|run| &past.runs[run as usize]);
        let wanted = self.wanted.entry(node, key);
        match (is, wanted) {
            (Some(is), Some(wanted)) if std::ptr::eq(is, wanted) => {
                if let Held::Type(inner) = is.held {
                    self.todo.push(Todo::Mend(inner));
                }
            }
            (is, wanted) => {
                if let Some(is) = is {
                    self.delete(is, 0..is.len);
                }
                if let Some(wanted) = wanted {
                    let last =
                        past.entries.get(&(node, key)).map(|run| past.last_place(&past.runs[*run as usize]));
                    let link = Link::Beside(last, None);
                    self.write(wanted, 0..wanted.len, link);
                }
            }
        }
    }

    /// Writes anew what was between `left` and `right`.
    fn bring_back(
        &mut self,
        node: u32,
        gone: Vec<(&'a Run, Range<u32>)>,
        left: Option<Place>,
        right: Option<Place>,
    ) {
        let mut left = left;
        for (run, part) in gone {
            let link = match (left, right) {
                (None, None) => Link::In(self.past.parent(node), None),
                (left, right) => Link::Beside(left, right),
            };
            left = Some(self.write(run, part, link));
        }
    }

    /// Fills a shared type that was written anew.
    fn copy(&mut self, node: u32, place: Place) {
        let past = self.past;
        let mut left: Option<Place> = None;
        for run in past.chain(past.nodes[node as usize].start) {
            let run = &past.runs[run as usize];
            for part in self.wanted.of(run) {
                let link =
                    left.map_or(Link::In(Parent::Type(place), None), |left| Link::Beside(Some(left), None));
                left = Some(self.write(run, part, link));
            }
        }
        for key in &past.nodes[node as usize].keys {
            if let Some(run) = self.wanted.entry(node, *key) {
                let name = past.keys[*key as usize].as_str();
                self.write(run, 0..run.len, Link::In(Parent::Type(place), Some(name)));
            }
        }
    }

    /// Writes part of a run anew and returns the place of its last element.
    fn write(&mut self, run: &'a Run, part: Range<u32>, link: Link<'a>) -> Place {
        let place = self.out.write(part.end - part.start, link, self.past.part(run, part));
        if let Held::Type(node) = run.held {
            self.todo.push(Todo::Copy(node, place));
        }
        place
    }

    /// Deletes part of a run with all that is in it.
    fn delete(&mut self, run: &Run, part: Range<u32>) {
        let client = self.past.clients[run.client as usize].id;
        let (start, end) = (run.clock + part.start, run.clock + part.end);
        self.out.deletes.push(DeleteSpan { client, start, end });
        if let Held::Text { .. } = run.held {
            self.out.removed += part.end - part.start;
        }
        let Held::Type(node) = run.held else { return };
        let mut inside = vec![node];
        while let Some(node) = inside.pop() {
            let shared = &self.past.nodes[node as usize];
            let entries = shared.keys.iter().filter_map(|key| self.now.entry(node, *key));
            for run in self.past.chain(shared.start).chain(entries) {
                let run = &self.past.runs[run as usize];
                if self.now.shown(run) == 0 {
                    continue;
                }
                let client = self.past.clients[run.client as usize].id;
                self.out.deletes.push(DeleteSpan { client, start: run.clock, end: run.end() });
                match run.held {
                    Held::Text { .. } => self.out.removed += run.len,
                    Held::Type(node) => inside.push(node),
                    _ => {}
                }
            }
        }
    }
}

/// What is to be there in the end.
struct Wanted<'a> {
    past: &'a Past,
    now: &'a Moment<'a>,
    what: What<'a>,
}

enum What<'a> {
    /// What was there then.
    Then(Moment<'a>),
    /// What was there then of these, what is there now of all else.
    Some { then: Moment<'a>, chosen: Vec<bool>, keys: HashSet<(u32, u32)> },
    /// What would be there had these records' authors not done anything.
    Without { from: u32, to: u32, writer: Option<u32> },
}

type Parts = SmallVec<[Range<u32>; 1]>;

impl<'a> Wanted<'a> {
    fn new(past: &'a Past, now: &'a Moment<'a>, wish: &Wish) -> Result<Self, WishError> {
        let moment = |seq: Seq| past.moment(seq).ok_or(WishError::NoMoment(seq));
        let what = match wish {
            Wish::Whole { to } => What::Then(moment(*to)?),
            Wish::TakeBack { from, to, writer } => {
                moment(*from)?;
                moment(*to.max(from))?;
                What::Without { from: from.0 as u32, to: to.0 as u32, writer: *writer }
            }
            Wish::Blocks { to, blocks } => {
                let then = moment(*to)?;
                let nodes = blocks.iter().map(|block| chosen_block(past, now, &then, blocks, *block));
                let nodes = nodes.collect::<Result<Vec<u32>, _>>()?;
                let chosen = with_inside(past, |node| nodes.contains(&node));
                What::Some { then, chosen, keys: HashSet::new() }
            }
            Wish::Keys { to, keys } => {
                let then = moment(*to)?;
                let (mut roots, mut entries) = (HashSet::new(), HashSet::new());
                for (root, key) in keys {
                    let no_such = || WishError::NoSuch(root.clone());
                    let node = past.root(root).ok_or_else(no_such)?;
                    match key {
                        None => drop(roots.insert(node)),
                        Some(key) => {
                            let at = past.nodes[node as usize].keys.iter().copied();
                            let at = at.into_iter().find(|at| past.keys[*at as usize] == *key);
                            entries.insert((
                                node,
                                at.ok_or_else(|| WishError::NoSuch(format!("{root}/{key}")))?,
                            ));
                        }
                    }
                }
                let chosen = with_inside(past, |node| {
                    let item = past.nodes[node as usize].item;
                    let under = |run: &Run| entries.contains(&(run.node, run.key));
                    roots.contains(&node) || (item != NONE && under(&past.runs[item as usize]))
                });
                What::Some { then, chosen, keys: entries }
            }
        };
        Ok(Self { past, now, what })
    }

    /// Which parts of a run are wanted, ascending.
    fn of(&self, run: &Run) -> Parts {
        let first = |count: u32| if count == 0 { Parts::new() } else { Parts::from_elem(0..count, 1) };
        match &self.what {
            What::Then(then) => first(then.shown(run)),
            What::Some { then, chosen, keys } => {
                let inside = run.node != NONE && chosen[run.node as usize];
                let itself = matches!(run.held, Held::Type(node) if chosen[node as usize]);
                let keyed = run.key != NONE && keys.contains(&(run.node, run.key));
                first(if inside || itself || keyed { then.shown(run) } else { self.now.shown(run) })
            }
            What::Without { from, to, writer } => {
                let taken = |record: u32| {
                    *from < record && record <= *to && {
                        let by = || self.past.deed(Seq(u64::from(record))).map(|deed| deed.writer);
                        writer.is_none_or(|writer| Some(writer) == by())
                    }
                };
                let there = run.death == 0 || taken(run.death);
                if !there || matches!(run.held, Held::Collected | Held::Deleted) {
                    return Parts::new();
                }
                self.past.births_of(run).filter(|(_, record)| !taken(*record)).map(|(part, _)| part).fold(
                    Parts::new(),
                    |mut parts, part| {
                        match parts.last_mut() {
                            Some(last) if last.end == part.start => last.end = part.end,
                            _ => parts.push(part),
                        }
                        parts
                    },
                )
            }
        }
    }

    /// What is wanted under a key: the last that is.
    fn entry(&self, node: u32, key: u32) -> Option<&'a Run> {
        let mut run = self.past.entries.get(&(node, key)).copied().unwrap_or(NONE);
        while run != NONE {
            let candidate = &self.past.runs[run as usize];
            if !self.of(candidate).is_empty() {
                return Some(candidate);
            }
            run = candidate.left;
        }
        None
    }
}

/// Marks the shared types that are chosen or inside of a chosen one.
fn with_inside(past: &Past, chosen: impl Fn(u32) -> bool) -> Vec<bool> {
    let mut marked: Vec<bool> = Vec::with_capacity(past.nodes.len());
    for (node, shared) in past.nodes.iter().enumerate() {
        let around = if shared.item == NONE { NONE } else { past.runs[shared.item as usize].node };
        let inside = around != NONE && marked[around as usize];
        marked.push(inside || chosen(node as u32));
    }
    marked
}

/// The shared type of a block that can be brought back (or removed) by itself.
fn chosen_block(
    past: &Past,
    now: &Moment<'_>,
    then: &Moment<'_>,
    all: &[Place],
    block: Place,
) -> Result<u32, WishError> {
    let name = || format!("block {}:{}", block.client.get(), block.clock);
    let node = past.node_at(block).ok_or_else(|| WishError::NoSuch(name()))?;
    let mut item = &past.runs[past.nodes[node as usize].item as usize];
    if then.shown(item) == 0 && now.shown(item) == 0 {
        return Err(WishError::NoSuch(name()));
    }
    // What it stands in must be there, or come back with it.
    while item.node != NONE && past.nodes[item.node as usize].item != NONE {
        item = &past.runs[past.nodes[item.node as usize].item as usize];
        if now.shown(item) == 0 && !all.contains(&past.place(item)) {
            return Err(WishError::Homeless(name()));
        }
    }
    Ok(node)
}

/// The update being written.
struct Out<'a> {
    client: ClientId,
    next: u32,
    blocks: Vec<Written<'a>>,
    deletes: Vec<DeleteSpan>,
    added: u32,
    removed: u32,
}

struct Written<'a> {
    place: Place,
    len: u32,
    link: Link<'a>,
    what: WrittenWhat<'a>,
}

enum WrittenWhat<'a> {
    /// Text grows while what follows stands right behind it.
    Text(String),
    Content(Content<'a>),
}

impl<'a> Out<'a> {
    fn new(client: ClientId) -> Self {
        Self { client, next: 0, blocks: Vec::new(), deletes: Vec::new(), added: 0, removed: 0 }
    }

    fn write(&mut self, len: u32, link: Link<'a>, content: Content<'a>) -> Place {
        let place = Place { client: self.client, clock: self.next };
        self.next += len;
        let end = Place { client: self.client, clock: self.next - 1 };
        let Content::Text(text) = content else {
            self.blocks.push(Written { place, len, link, what: WrittenWhat::Content(content) });
            return end;
        };
        self.added += len;
        if let Some(last) = self.blocks.last_mut()
            && let WrittenWhat::Text(before) = &mut last.what
            && let Link::Beside(Some(left), right) = link
            && left.client == self.client
            && left.clock + 1 == place.clock
            && right == right_of(last.link)
        {
            before.push_str(text);
            last.len += len;
            return end;
        }
        self.blocks.push(Written { place, len, link, what: WrittenWhat::Text(text.to_owned()) });
        end
    }

    fn finish(self) -> Result<Option<WayBack>, WishError> {
        if self.blocks.is_empty() && self.deletes.is_empty() {
            return Ok(None);
        }
        let blocks: Vec<Block<'_>> = self
            .blocks
            .iter()
            .map(|written| Block {
                place: written.place,
                len: written.len,
                link: written.link,
                content: match &written.what {
                    WrittenWhat::Text(text) => Content::Text(text),
                    WrittenWhat::Content(content) => *content,
                },
            })
            .collect();
        let start = Place { client: self.client, clock: 0 };
        let update = Update::compose([(start, blocks)], self.deletes)?;
        Ok(Some(WayBack { update, added: self.added, removed: self.removed }))
    }
}

fn right_of(link: Link<'_>) -> Option<Place> {
    match link {
        Link::Beside(_, right) => right,
        Link::Nowhere | Link::In(..) => None,
    }
}
