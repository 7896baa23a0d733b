//! Who wrote what, and who deleted it: for what is to be seen at a moment, and for any element ever written.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;
use weft_ids::{ClientId, Seq, UnixMillis};
use weft_wire::Place;
use weft_wire::blocks::Other;

use crate::past::{Held, Kind, Moment, NONE, Past, Run};

/// Neighbouring elements by one author are told as one run while they came within this many milliseconds, so that an
/// answer has a run for each burst of typing, not for each key.
pub const BLAME_BURST_MS: u64 = 60_000;

/// The most elements [`Past::blame_of`] tells of at once: more than a page may hold.
pub const BLAME_ELEMENTS_MAX: u64 = 1 << 22;

/// Why nobody can be named.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BlameError {
    /// There is no such record.
    #[error("there is no record {0}")]
    NoMoment(Seq),
    /// Nobody ever wrote that element.
    #[error("nobody ever wrote the element {}:{}", .0.get(), .1)]
    NoElement(ClientId, u32),
    /// More than [`BLAME_ELEMENTS_MAX`] elements were asked for.
    #[error("{0} elements are more than {BLAME_ELEMENTS_MAX}, the most that can be asked for at once")]
    TooMany(u64),
}

/// Who wrote and deleted something, element by element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blame {
    /// The moment.
    pub seq: u64,
    /// Which authors are named in it: indices into [`Past::writers`], ascending.
    #[serde(skip)]
    pub writers: Vec<u32>,
    /// In the order of the document, roots by name; the entries and attributes of a shared type stand before its list.
    pub runs: Vec<BlameRun>,
}

/// Neighbouring elements of one client, by one author, of one burst ([`BLAME_BURST_MS`]) and with one fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BlameRun {
    /// The root it is in; `None` if it was collected with what it was in.
    pub root: Option<Arc<str>>,
    /// The innermost XML element around it, else the shared type it stands in: its `client:clock`; `None` straight in a
    /// root.
    pub block: Option<Arc<str>>,
    /// The key it stood under, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Arc<str>>,
    /// Its first element: `client:clock`.
    pub id: String,
    /// How many elements; UTF-16 units of text.
    pub len: u32,
    /// What it is, if not text.
    #[serde(skip_serializing_if = "Written::is_text")]
    pub what: Written,
    /// Its characters; empty for what is no text.
    pub text: String,
    /// Who wrote it, when.
    #[serde(flatten)]
    pub written: Hand,
    /// Who deleted it, when; `None` if it was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Hand>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hand {
    /// Their key: [`crate::past::Writer::key`].
    pub by: Arc<str>,
    /// The time of the last record that had part in it, in milliseconds since 1970.
    pub at: u64,
    /// That record.
    pub seq: u64,
    /// The first record that had part in it, if that is another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

/// When something began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The record.
    pub seq: u64,
    /// Its time, in milliseconds since 1970.
    pub at: u64,
}

/// What a run of elements is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Written {
    /// Characters.
    Text,
    /// Plain values of a list or under a key; an element each.
    Values,
    /// A shared type: a block, a map, …
    Type,
    /// A thing that stands in a text.
    Embed,
    /// Bytes.
    Binary,
    /// A document in the document.
    Document,
    /// Nobody knows any more: its content was thrown away before it came here.
    Gone,
}

impl Written {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
    fn is_text(&self) -> bool {
        *self == Self::Text
    }

    /// `None` for marks, which are no content.
    const fn of(held: Held) -> Option<Self> {
        Some(match held {
            Held::Text { .. } => Self::Text,
            Held::Values { .. } => Self::Values,
            Held::Type(_) => Self::Type,
            Held::Other { what: Other::Embed, .. } => Self::Embed,
            Held::Other { what: Other::Binary, .. } => Self::Binary,
            Held::Other { what: Other::Document, .. } => Self::Document,
            Held::Other { what: Other::Format, .. } => return None,
            Held::Collected | Held::Deleted => Self::Gone,
        })
    }
}

impl Past {
    /// Who wrote what was to be seen once record `at` was in; with `with_deleted`, of everything written by then.
    ///
    /// # Errors
    /// [`BlameError::NoMoment`].
    pub fn blame(&self, at: Seq, with_deleted: bool) -> Result<Blame, BlameError> {
        let moment = self.moment(at).ok_or(BlameError::NoMoment(at))?;
        let mut clerk = Clerk::new(moment);
        for (_, root) in self.roots() {
            // A stack instead of recursion, because a stranger decides how deep a document is.
            let mut open = vec![self.walk(root)];
            while let Some(walk) = open.last_mut() {
                let Some(run) = walk.pop() else {
                    open.pop();
                    continue;
                };
                let held = &self.runs[run as usize];
                let written = clerk.moment.written(held);
                if written == 0 || (!with_deleted && clerk.death(held) != 0) {
                    continue;
                }
                clerk.tell(run, held.clock, held.clock + written);
                if let Held::Type(inner) = held.held {
                    open.push(self.walk(inner));
                }
            }
        }
        Ok(clerk.finish(at))
    }

    /// Who wrote these elements, and who deleted them if they are gone; each a first element and a number of them, told
    /// in the order asked for.
    ///
    /// # Errors
    /// [`BlameError::NoElement`] if one was never written, [`BlameError::TooMany`].
    pub fn blame_of(&self, asked: &[(Place, u32)]) -> Result<Blame, BlameError> {
        let all: u64 = asked.iter().map(|(_, len)| u64::from(*len)).sum();
        if all > BLAME_ELEMENTS_MAX {
            return Err(BlameError::TooMany(all));
        }
        let mut clerk = Clerk::new(self.now());
        for (first, len) in asked {
            clerk.seam();
            let (mut clock, end) = (first.clock, u64::from(first.clock) + u64::from(*len));
            while u64::from(clock) < end {
                let place = Place { clock, ..*first };
                let run = self.find(place).ok_or(BlameError::NoElement(place.client, clock))?;
                let until = u64::from(self.runs[run as usize].end()).min(end) as u32;
                clerk.tell(run, clock, until);
                clock = until;
            }
        }
        Ok(clerk.finish(self.head()))
    }

    /// The runs of a shared type, last first: what ever stood under its keys, then its list.
    fn walk(&self, node: u32) -> Vec<u32> {
        let shared = &self.nodes[node as usize];
        let chains = shared.keys.iter().map(|key| self.chain_start(node, *key));
        let mut runs: Vec<u32> =
            chains.chain(std::iter::once(shared.start)).flat_map(|start| self.chain(start)).collect();
        runs.reverse();
        runs
    }
}

/// Where a shared type is.
#[derive(Debug, Clone)]
struct Where {
    root: Option<Arc<str>>,
    block: Option<Arc<str>>,
    /// Whether `block` is an XML element.
    in_element: bool,
    /// The record that deleted what it is in; 0 if that lives.
    grave: u32,
}

/// Some records by one author.
#[derive(Debug, Clone, Copy)]
struct Deeds {
    writer: u32,
    first: u32,
    last: u32,
    from: UnixMillis,
    to: UnixMillis,
}

impl Deeds {
    fn of(past: &Past, record: u32) -> Self {
        let (writer, time) = match past.deed(Seq(u64::from(record))) {
            Some(deed) => (deed.writer, deed.time),
            None => (NONE, UnixMillis(0)),
        };
        Self { writer, first: record, last: record, from: time, to: time }
    }

    /// Both as one, if one author did them in one burst.
    fn with(self, other: Self) -> Option<Self> {
        let (from, to) = (self.from.min(other.from), self.to.max(other.to));
        (self.writer == other.writer && to.0 - from.0 <= BLAME_BURST_MS).then(|| Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            from,
            to,
            ..self
        })
    }
}

/// A run that may grow.
struct Open {
    node: u32,
    client: u32,
    end: u32,
    births: Deeds,
    death: Option<Deeds>,
}

/// Writes down who did what.
struct Clerk<'a> {
    past: &'a Past,
    moment: Moment<'a>,
    keys: Vec<Arc<str>>,
    wheres: HashMap<u32, Where>,
    named: Vec<bool>,
    runs: Vec<BlameRun>,
    open: Option<Open>,
}

impl<'a> Clerk<'a> {
    fn new(moment: Moment<'a>) -> Self {
        let past = moment.past();
        let keys = past.writers().iter().map(|writer| Arc::from(writer.key.as_str())).collect();
        let named = vec![false; past.writers().len()];
        Self { past, moment, keys, wheres: HashMap::new(), named, runs: Vec::new(), open: None }
    }

    /// The record that had deleted a run, or what it is in; 0 if it was there.
    fn death(&mut self, run: &Run) -> u32 {
        let grave = if run.node == NONE { 0 } else { self.whereabouts(run.node).grave };
        earlier(self.by_then(run.death), grave)
    }

    fn by_then(&self, death: u32) -> u32 {
        if death <= self.moment.record { death } else { 0 }
    }

    fn whereabouts(&mut self, node: u32) -> Where {
        let mut inner = Vec::new();
        let mut at = node;
        let mut known = loop {
            if let Some(known) = self.wheres.get(&at) {
                break known.clone();
            }
            inner.push(at);
            let shared = &self.past.nodes[at as usize];
            if let Kind::Root(name) = &shared.kind {
                break Where {
                    root: Some(Arc::from(name.as_str())),
                    block: None,
                    in_element: false,
                    grave: 0,
                };
            }
            at = self.past.runs[shared.item as usize].node;
            if at == NONE {
                break Where { root: None, block: None, in_element: false, grave: 0 };
            }
        };
        while let Some(node) = inner.pop() {
            let shared = &self.past.nodes[node as usize];
            let is_element = matches!(shared.kind, Kind::Element(_));
            if shared.item != NONE {
                known.grave = earlier(self.by_then(self.past.runs[shared.item as usize].death), known.grave);
            }
            if is_element || !known.in_element {
                known.block = self.past.id_of(node).map(Arc::from);
                known.in_element = is_element;
            }
            self.wheres.insert(node, known.clone());
        }
        known
    }

    /// What follows is not to be joined to what was told.
    fn seam(&mut self) {
        self.close();
    }

    /// Tells of the elements `from..to` of a run, which were written.
    fn tell(&mut self, run: u32, from: u32, to: u32) {
        let run = &self.past.runs[run as usize];
        let Some(what) = Written::of(run.held) else { return };
        let death = self.death(run);
        let death = (death != 0).then(|| Deeds::of(self.past, death));
        let mut text = Units { rest: self.past.text_of(run), at: run.clock };
        text.take(from);
        for (part, record) in self.past.births_of(run) {
            let (start, end) = ((run.clock + part.start).max(from), (run.clock + part.end).min(to));
            if start < end {
                let births = Deeds::of(self.past, record);
                self.add(run, what, start, end, births, death, text.take(end));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all that makes a run")]
    fn add(
        &mut self,
        run: &Run,
        what: Written,
        from: u32,
        to: u32,
        births: Deeds,
        death: Option<Deeds>,
        text: &str,
    ) {
        if self.join(run, what, from, to, births, death, text) {
            return;
        }
        self.close();
        let Where { root, block, .. } = if run.node == NONE {
            Where { root: None, block: None, in_element: false, grave: 0 }
        } else {
            self.whereabouts(run.node)
        };
        let place = self.past.place(run);
        let nobody = Hand { by: Arc::from(""), at: 0, seq: 0, since: None };
        self.runs.push(BlameRun {
            root,
            block,
            key: (run.key != NONE).then(|| Arc::from(self.past.keys[run.key as usize].as_str())),
            id: format!("{}:{}", place.client.get(), from),
            len: to - from,
            what,
            text: text.to_owned(),
            written: nobody,
            deleted: None,
        });
        self.open = Some(Open { node: run.node, client: run.client, end: to, births, death });
    }

    /// Makes the last run longer, if it goes on.
    #[expect(clippy::too_many_arguments, reason = "all that makes a run")]
    fn join(
        &mut self,
        run: &Run,
        what: Written,
        from: u32,
        to: u32,
        births: Deeds,
        death: Option<Deeds>,
        text: &str,
    ) -> bool {
        let (Some(open), Some(last)) = (&mut self.open, self.runs.last_mut()) else { return false };
        let continues = open.node == run.node
            && open.client == run.client
            && open.end == from
            && last.what == what
            && matches!(what, Written::Text | Written::Values | Written::Gone)
            && run.key == NONE;
        let death = match (open.death, death) {
            (None, None) => Some(None),
            (Some(one), Some(other)) => one.with(other).map(Some),
            _ => None,
        };
        let (true, Some(births), Some(death)) = (continues, open.births.with(births), death) else {
            return false;
        };
        (open.end, open.births, open.death) = (to, births, death);
        last.len += to - from;
        last.text.push_str(text);
        true
    }

    /// The last run will not grow any more: says who.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let written = self.hand(open.births);
        let deleted = open.death.map(|death| self.hand(death));
        if let Some(last) = self.runs.last_mut() {
            (last.written, last.deleted) = (written, deleted);
        }
    }

    fn hand(&mut self, deeds: Deeds) -> Hand {
        if let Some(named) = self.named.get_mut(deeds.writer as usize) {
            *named = true;
        }
        let by = self.keys.get(deeds.writer as usize).cloned().unwrap_or_else(|| Arc::from(""));
        let time = |record: u32| self.past.deed(Seq(u64::from(record))).map_or(0, |deed| deed.time.0);
        let since = Since { seq: u64::from(deeds.first), at: time(deeds.first) };
        Hand {
            by,
            at: time(deeds.last),
            seq: u64::from(deeds.last),
            since: (deeds.first != deeds.last).then_some(since),
        }
    }

    fn finish(mut self, at: Seq) -> Blame {
        self.close();
        let named = self.named.iter().enumerate().filter(|(_, named)| **named);
        Blame { seq: at.0, writers: named.map(|(writer, _)| writer as u32).collect(), runs: self.runs }
    }
}

/// The earlier of two deaths, 0 being none.
fn earlier(one: u32, other: u32) -> u32 {
    match (one, other) {
        (0, death) | (death, 0) => death,
        (one, other) => one.min(other),
    }
}

/// Text that is taken from its front, UTF-16 unit by unit.
struct Units<'a> {
    rest: &'a str,
    /// The clock of its first unit.
    at: u32,
}

impl<'a> Units<'a> {
    /// What stands before the element `until`. A character counts to where its first unit is.
    fn take(&mut self, until: u32) -> &'a str {
        let mut byte = 0;
        for char in self.rest.chars() {
            if self.at >= until {
                break;
            }
            byte += char.len_utf8();
            self.at += char.len_utf16() as u32;
        }
        let (taken, rest) = self.rest.split_at(byte);
        self.rest = rest;
        taken
    }
}
