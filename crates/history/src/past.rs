//! A document with all of its past: every element ever written, with the record that wrote it and the one that deleted it.
//!
//! A CRDT never moves what it holds and never brings a deleted element back, so an element lives from one record to
//! another, once. Folding the log into one list of elements in their final order, each with its lifetime, answers every
//! question of history by one walk: a moment is what was written by then and not yet deleted.
//!
//! The order is the CRDT's own (YATA: Nicolaescu and others, "Near Real-Time Peer-to-Peer Shared Editing on Extensible Data
//! Types", 2016, with Yjs' rule for neighbours on the right). Tests compare every moment with the document engine's.

mod fold;
mod moment;
mod restore;
mod runs;
mod state;
mod tree;

use std::collections::HashMap;
use std::ops::Range;

use foldhash::fast::RandomState;
use weft_ids::{ClientId, Seq, UnixMillis};
use weft_store::{Author, RecordKind};
use weft_wire::blocks::Other;
use weft_wire::{Place, ScanError};

use crate::give_way;
pub use moment::Moment;
pub(crate) use restore::KEPT_ROOT;
pub use restore::{WayBack, Wish, WishError};
use runs::Runs;
pub(crate) use tree::Shape;
pub use tree::{Insert, Node, Piece, TREE_DEPTH_MAX, Tree};

/// The most records one document's past may have.
pub const PAST_RECORDS_MAX: u64 = u32::MAX as u64 - 1;

/// No run, node, key or client.
pub(crate) const NONE: u32 = u32::MAX;

/// Why a log cannot be folded. It was merged once, so the store is at fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PastError {
    /// A record is not an update.
    #[error("record {0} is not an update: {1}")]
    Update(Seq, ScanError),
    /// A record builds on what no record before it brought.
    #[error("record {0} builds on content that is not in the log")]
    Missing(Seq),
    /// Records do not follow each other.
    #[error("record {0} comes where another was due")]
    OutOfOrder(Seq),
    /// There are more than [`PAST_RECORDS_MAX`] records.
    #[error("the history has more than {PAST_RECORDS_MAX} records")]
    TooMany,
}

/// The key of whoever wrote what is older than the records that are kept: nobody knows who it was.
pub const EARLIER: &str = "earlier";

/// The key of whoever erased something for good.
pub const OPERATOR: &str = "operator";

/// Who made a change, for people: sessions of one person are one author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// `user:` and their id if they were signed in, else `name:` and what they called themselves, else `session:` and
    /// its number; [`EARLIER`] for all who wrote before the edge, [`OPERATOR`] for whoever erased something.
    pub key: String,
    /// What they called themselves last.
    pub name: Option<String>,
    /// Their id if they were signed in.
    pub user: Option<String>,
}

impl Writer {
    fn of(author: &Author) -> Self {
        let name = author.name.as_ref().map(ToString::to_string);
        let user = author.user.as_ref().map(|user| user.as_str().to_owned());
        let key = match (&user, &name) {
            (Some(user), _) => format!("user:{user}"),
            (None, Some(name)) => format!("name:{name}"),
            (None, None) => format!("session:{:032x}", author.session.0),
        };
        Self { key, name, user }
    }
}

/// What is known of a record beside its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deed {
    /// When it reached the server.
    pub time: UnixMillis,
    /// Who: an index into [`Past::writers`].
    pub writer: u32,
    /// How it came about.
    pub kind: RecordKind,
    /// UTF-16 units of text it wrote.
    pub added: u32,
    /// UTF-16 units of text it deleted.
    pub removed: u32,
}

/// Neighbouring elements of one client with one fate.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// Index into `clients`.
    pub(crate) client: u32,
    pub(crate) clock: u32,
    pub(crate) len: u32,
    /// Neighbours among everything that was ever in the same list or under the same key.
    pub(crate) left: u32,
    pub(crate) right: u32,
    /// What stood beside it when it was written.
    pub(crate) origin: Option<Place>,
    pub(crate) right_origin: Option<Place>,
    /// The shared type it is in; [`NONE`] if it was collected.
    pub(crate) node: u32,
    /// Index into `keys`; [`NONE`] if it stands in a list.
    pub(crate) key: u32,
    /// The record that deleted it; 0 while it lives.
    pub(crate) death: u32,
    pub(crate) held: Held,
}

impl Run {
    pub(crate) const fn end(&self) -> u32 {
        self.clock + self.len
    }
}

/// What a run holds. Ranges are in the bytes of its client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    Collected,
    Deleted,
    Text {
        at: u32,
        bytes: u32,
    },
    Values {
        at: u32,
        bytes: u32,
    },
    /// Index into `nodes`.
    Type(u32),
    Other {
        what: Other,
        at: u32,
        bytes: u32,
    },
}

/// A shared type.
#[derive(Debug, Clone)]
pub(crate) struct Shared {
    pub(crate) kind: Kind,
    /// The first run of its list, living or not.
    pub(crate) start: u32,
    /// The run whose content it is; [`NONE`] for a root.
    pub(crate) item: u32,
    /// The keys it ever had, in the order they came up.
    pub(crate) keys: Vec<u32>,
}

/// What a shared type is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Its kind does not stand in the bytes; it shows in what lies in it.
    Root(String),
    Array,
    Map,
    Text,
    Element(String),
    Fragment,
    XmlText,
}

/// One client id's elements.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    /// The clock its next element will have.
    pub(crate) next: u32,
    pub(crate) runs: Runs,
    /// From which clock on elements came with which record; both ascend.
    pub(crate) births: Vec<(u32, u32)>,
    /// The content of its runs.
    pub(crate) bytes: Vec<u8>,
}

/// A document's past, up to some record. Begins with a [`weft_store::Base`] if there is one ([`Past::begin`]), and grows by
/// [`Past::add`].
#[derive(Debug, Clone, Default)]
pub struct Past {
    pub(crate) clients: Vec<Client>,
    client_index: HashMap<ClientId, u32, RandomState>,
    pub(crate) runs: Vec<Run>,
    pub(crate) nodes: Vec<Shared>,
    roots: HashMap<String, u32>,
    pub(crate) keys: Vec<String>,
    key_index: HashMap<String, u32>,
    /// The last run under a key, by shared type and key.
    pub(crate) entries: HashMap<(u32, u32), u32>,
    writers: Vec<Writer>,
    writer_index: HashMap<String, u32>,
    /// Whose the last record was that people wrote, and their number.
    last_author: Option<(Author, u32)>,
    /// Of the moments that are kept without the records that led to them, then of each record.
    deeds: Vec<Deed>,
    /// The records of these moments, ascending. Elements written by then are taken to be written by the next of them.
    kept: Vec<u32>,
    /// The record being taken in, or the newest.
    head: u32,
}

impl Past {
    /// The past of a document nobody ever wrote to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The newest record it holds.
    #[must_use]
    pub fn head(&self) -> Seq {
        Seq(u64::from(self.head))
    }

    /// The place before the first record that is kept; 0 if all are. What the document was then can be asked, and at the
    /// versions before it that people named.
    #[must_use]
    pub fn edge(&self) -> Seq {
        Seq(self.kept.last().map_or(0, |edge| u64::from(*edge)))
    }

    /// Everyone who ever wrote here, in the order of their first record.
    #[must_use]
    pub fn writers(&self) -> &[Writer] {
        &self.writers
    }

    /// The author with that key.
    #[must_use]
    pub fn writer(&self, key: &str) -> Option<u32> {
        self.writer_index.get(key).copied()
    }

    /// What is known of each record that is kept; before them, of the moments that are kept without theirs.
    #[must_use]
    pub fn deeds(&self) -> &[Deed] {
        &self.deeds
    }

    /// What is known of one record, or of a kept moment.
    #[must_use]
    pub fn deed(&self, seq: Seq) -> Option<&Deed> {
        self.deeds.get(self.index_of(seq)?)
    }

    /// Where in [`Past::deeds`] that of a record stands.
    pub(crate) fn index_of(&self, seq: Seq) -> Option<usize> {
        if seq > self.head() || seq == Seq::ZERO {
            return None;
        }
        match seq.0.checked_sub(self.edge().0 + 1) {
            Some(after) => usize::try_from(after).ok().map(|after| self.kept.len() + after),
            None => self.kept.binary_search(&(seq.0 as u32)).ok(),
        }
    }

    /// The record that [`Past::deeds`] tells of at `index`.
    pub(crate) fn seq_of(&self, index: usize) -> Seq {
        match self.kept.get(index) {
            Some(kept) => Seq(u64::from(*kept)),
            None => Seq(self.edge().0 + (index - self.kept.len()) as u64 + 1),
        }
    }

    /// Where in [`Past::deeds`] those begin that follow each other without a hole: with the edge, or record 1.
    pub(crate) fn unbroken(&self) -> usize {
        self.kept.len().saturating_sub(1)
    }

    /// The newest record at or before `time`, by the times the records carry (which a wrong clock may have made jump: the
    /// last one in order that is not later). A place that is not kept, if that lies before the edge.
    #[must_use]
    pub fn at_time(&self, time: UnixMillis) -> Seq {
        let next = self.deeds.iter().rposition(|deed| deed.time <= time).map_or(0, |at| at + 1);
        let seq = next.checked_sub(1).map_or(Seq::ZERO, |at| self.seq_of(at));
        match self.kept.get(next) {
            // Between two kept moments lie records that nobody knows any more.
            Some(kept) if u64::from(*kept) > seq.0 + 1 => seq.next(),
            _ => seq,
        }
    }

    /// The document as it was once record `seq` was in, or `None` if there is no such record, or it is not known any
    /// more. Zero is before the first.
    #[must_use]
    pub fn moment(&self, seq: Seq) -> Option<Moment<'_>> {
        (seq == Seq::ZERO || self.index_of(seq).is_some()).then(|| Moment::new(self, seq.0 as u32))
    }

    /// The document as it is.
    #[must_use]
    pub fn now(&self) -> Moment<'_> {
        Moment::new(self, self.head)
    }

    /// About how many bytes of memory it takes.
    #[must_use]
    pub fn weight(&self) -> usize {
        let clients: usize = self
            .clients
            .iter()
            .map(|client| client.runs.weight() + client.births.capacity() * 8 + client.bytes.capacity() + 128)
            .sum();
        clients
            + self.runs.capacity() * size_of::<Run>()
            + self.nodes.capacity() * (size_of::<Shared>() + 16)
            + self.entries.capacity() * 24
            + self.deeds.capacity() * size_of::<Deed>()
            + self.kept.capacity() * 4
            + self.writers.len() * 160
    }

    pub(crate) fn place(&self, run: &Run) -> Place {
        Place { client: self.clients[run.client as usize].id, clock: run.clock }
    }

    pub(crate) fn last_place(&self, run: &Run) -> Place {
        Place { client: self.clients[run.client as usize].id, clock: run.end() - 1 }
    }

    /// The run that holds an element, if it was ever written.
    pub(crate) fn find(&self, place: Place) -> Option<u32> {
        let client = &self.clients[*self.client_index.get(&place.client)? as usize];
        (place.clock < client.next).then(|| client.runs.holding(place.clock))
    }

    /// The shared type that is the content of the element at `place`.
    pub(crate) fn node_at(&self, place: Place) -> Option<u32> {
        match self.runs[self.find(place)? as usize].held {
            Held::Type(node) => Some(node),
            _ => None,
        }
    }

    /// The root type of that name.
    pub(crate) fn root(&self, name: &str) -> Option<u32> {
        self.roots.get(name).copied()
    }

    /// The roots by name.
    pub(crate) fn roots(&self) -> Vec<(&str, u32)> {
        let mut roots: Vec<_> = self.roots.iter().map(|(name, node)| (name.as_str(), *node)).collect();
        roots.sort_unstable();
        roots
    }

    /// The record that wrote the element `clock` of a client.
    pub(crate) fn birth(&self, client: u32, clock: u32) -> u32 {
        let births = &self.clients[client as usize].births;
        births[births.partition_point(|birth| birth.0 <= clock) - 1].1
    }

    /// The parts of a run by the record that wrote them, ascending.
    pub(crate) fn births_of(&self, run: &Run) -> impl Iterator<Item = (Range<u32>, u32)> + '_ {
        let births = &self.clients[run.client as usize].births;
        let first = births.partition_point(|birth| birth.0 <= run.clock) - 1;
        let (start, end) = (run.clock, run.end());
        (first..births.len()).take_while(move |at| births[*at].0 < end).map(move |at| {
            let until = births.get(at + 1).map_or(end, |next| next.0.min(end));
            (births[at].0.max(start) - start..until - start, births[at].1)
        })
    }

    pub(crate) fn bytes_of(&self, run: &Run) -> &[u8] {
        let (at, bytes) = match run.held {
            Held::Text { at, bytes } | Held::Values { at, bytes } | Held::Other { at, bytes, .. } => {
                (at, bytes)
            }
            Held::Collected | Held::Deleted | Held::Type(_) => return &[],
        };
        &self.clients[run.client as usize].bytes[at as usize..(at + bytes) as usize]
    }

    /// The characters of a run of text.
    pub(crate) fn text_of(&self, run: &Run) -> &str {
        match run.held {
            // It came as a string and was only ever cut between characters.
            Held::Text { .. } => std::str::from_utf8(self.bytes_of(run)).unwrap_or_default(),
            _ => "",
        }
    }

    /// The first of everything that was ever under a key of a shared type.
    pub(crate) fn chain_start(&self, node: u32, key: u32) -> u32 {
        let mut run = self.entries.get(&(node, key)).copied().unwrap_or(NONE);
        while run != NONE && self.runs[run as usize].left != NONE {
            run = self.runs[run as usize].left;
        }
        run
    }

    /// All shared types that ever were in one, each before what is in it.
    pub(crate) fn inside(&self, node: u32) -> Vec<u32> {
        let mut found = vec![node];
        let mut next = 0;
        while let Some(node) = found.get(next) {
            next += 1;
            found.extend(self.held_by(*node).filter_map(|run| match self.runs[run as usize].held {
                Held::Type(inner) => Some(inner),
                _ => None,
            }));
        }
        found.split_off(1)
    }

    /// All runs that were ever straight in a shared type.
    fn held_by(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let shared = &self.nodes[node as usize];
        let under = shared.keys.iter().flat_map(move |key| self.chain(self.chain_start(node, *key)));
        self.chain(shared.start).chain(under)
    }

    /// The records that wrote or deleted anything in a shared type.
    pub(crate) fn touched(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let all = std::iter::once(node).chain(self.inside(node));
        all.flat_map(|node| self.held_by(node)).flat_map(|run| {
            let run = &self.runs[run as usize];
            self.births_of(run).map(|(_, record)| record).chain(std::iter::once(run.death))
        })
    }

    /// The runs from `run` on to the right.
    pub(crate) fn chain(&self, run: u32) -> impl Iterator<Item = u32> + '_ {
        let next = move |run: &u32| {
            give_way::step();
            Some(self.runs[*run as usize].right).filter(|run| *run != NONE)
        };
        std::iter::successors(Some(run).filter(|run| *run != NONE), next)
    }
}

/// The byte after `units` UTF-16 units of `text`, and whether that is between two halves of one character.
pub(crate) fn byte_at(text: &str, units: u32) -> (usize, bool) {
    if text.len() == units as usize {
        return (text.len(), false);
    }
    let mut left = units as usize;
    for (at, char) in text.char_indices() {
        if left == 0 {
            return (at, false);
        }
        if char.len_utf16() > left {
            return (at, true);
        }
        left -= char.len_utf16();
    }
    (text.len(), false)
}
