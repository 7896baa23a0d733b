//! Taking records into a past: each element to its place in the one order that every replica agrees on.

use std::collections::HashSet;

use smallvec::SmallVec;
use weft_ids::ClientId;
use weft_store::{Base, Record, RecordKind};
use weft_wire::blocks::{Block, Content, Link, Parent, TypeKind};
use weft_wire::{Place, Update};

use super::{
    Client, Deed, EARLIER, Held, Kind, NONE, OPERATOR, PAST_RECORDS_MAX, Past, PastError, Run, Shared,
    Writer, byte_at, runs::Runs,
};
use crate::give_way;

/// An element hangs on one that is not here.
struct Missing;

/// Where a block goes, as far as its bytes say.
struct Target {
    node: u32,
    key: u32,
    left: u32,
    right: u32,
    origin: Option<Place>,
    right_origin: Option<Place>,
}

impl Past {
    /// Takes in the next record.
    ///
    /// # Errors
    /// [`PastError`]; after one this past must not be used again.
    pub fn add(&mut self, record: &Record) -> Result<(), PastError> {
        give_way::step();
        if record.seq.0 > PAST_RECORDS_MAX {
            return Err(PastError::TooMany);
        }
        if record.seq != self.head().next() {
            return Err(PastError::OutOfOrder(record.seq));
        }
        let update =
            Update::scan(record.update.clone()).map_err(|error| PastError::Update(record.seq, error))?;
        let writer = self.writer_of(record);
        let (time, kind) = (record.time, record.kind);
        self.deeds.push(Deed { time, writer, kind, added: 0, removed: 0 });
        self.head = record.seq.0 as u32;
        self.take(&update).map_err(|Missing| PastError::Missing(record.seq))
    }

    /// A past whose oldest records are not kept: it begins with what stands for them.
    ///
    /// # Errors
    /// [`PastError`].
    pub fn begin(base: &Base) -> Result<Self, PastError> {
        if base.seq.0 > PAST_RECORDS_MAX {
            return Err(PastError::TooMany);
        }
        let mut past = Self::new();
        let writer = past.writer_number(Writer { key: EARLIER.to_owned(), name: None, user: None });
        for moment in &base.moments {
            let update =
                Update::scan(moment.update.clone()).map_err(|error| PastError::Update(moment.seq, error))?;
            // No edit, so it never passes for part of a session.
            let kind = RecordKind::Import;
            past.deeds.push(Deed { time: moment.time, writer, kind, added: 0, removed: 0 });
            past.head = moment.seq.0 as u32;
            past.kept.push(past.head);
            past.take(&update).map_err(|Missing| PastError::Missing(moment.seq))?;
        }
        Ok(past)
    }

    fn writer_of(&mut self, record: &Record) -> u32 {
        if record.kind == RecordKind::Erase {
            return self.writer_number(Writer { key: OPERATOR.to_owned(), name: None, user: None });
        }
        // Mostly the same as of the record before.
        if let Some((author, writer)) = &self.last_author
            && *author == record.author
        {
            return *writer;
        }
        let writer = self.writer_number(Writer::of(&record.author));
        self.last_author = Some((record.author.clone(), writer));
        writer
    }

    fn writer_number(&mut self, writer: Writer) -> u32 {
        if let Some(known) = self.writer_index.get(&writer.key) {
            let at = *known;
            if writer.name.is_some() {
                self.writers[at as usize].name = writer.name;
            }
            return at;
        }
        let at = self.writers.len() as u32;
        self.writer_index.insert(writer.key.clone(), at);
        self.writers.push(writer);
        at
    }

    fn take(&mut self, update: &Update) -> Result<(), Missing> {
        let mut open: Vec<_> = update
            .sections()
            .iter()
            .map(|section| (section.client, update.blocks(section).peekable()))
            .collect();
        // Sections may need each other's elements. What a block lacks is brought by taking the section that has it, up to
        // there, first; the scanner has refused those that wait for each other in a circle.
        let mut waiting: SmallVec<[(usize, Option<Place>); 4]> = SmallVec::new();
        for first in 0..open.len() {
            waiting.push((first, None));
            while let Some(&(at, until)) = waiting.last() {
                if until.is_some_and(|place| self.knows(place)) {
                    waiting.pop();
                    continue;
                }
                let Some(block) = open[at].1.peek().copied() else {
                    waiting.pop();
                    if until.is_some() {
                        return Err(Missing);
                    }
                    continue;
                };
                match self.lacks(&block) {
                    None => {
                        open[at].1.next();
                        self.put(&block)?;
                    }
                    Some(place) => {
                        let other =
                            open.iter().position(|(client, _)| *client == place.client).ok_or(Missing)?;
                        if other == at || waiting.len() > 2 * open.len() {
                            return Err(Missing);
                        }
                        waiting.push((other, Some(place)));
                    }
                }
            }
        }
        for span in update.deletes() {
            self.delete(span.client, span.start, span.end);
        }
        Ok(())
    }

    fn knows(&self, place: Place) -> bool {
        self.client_index
            .get(&place.client)
            .is_some_and(|client| place.clock < self.clients[*client as usize].next)
    }

    /// An element that the block hangs on and that is not here.
    fn lacks(&self, block: &Block<'_>) -> Option<Place> {
        let (one, other) = match block.link {
            Link::Nowhere | Link::In(Parent::Root(_), _) => (None, None),
            Link::In(Parent::Type(place), _) => (Some(place), None),
            Link::Beside(left, right) => (left, right),
        };
        let before = block.place.clock.checked_sub(1).map(|clock| Place { clock, ..block.place });
        [one, other, before].into_iter().flatten().find(|place| !self.knows(*place))
    }

    /// Puts a block to its place, or what of it is not here yet. All it hangs on is here.
    fn put(&mut self, block: &Block<'_>) -> Result<(), Missing> {
        let client = self.client(block.place.client);
        let have = self.clients[client as usize].next;
        let known = have.saturating_sub(block.place.clock);
        if known >= block.len {
            return Ok(());
        }
        let record = self.head;
        let target = self.target(block, (known > 0).then(|| Place { clock: have - 1, ..block.place }))?;
        let births = &mut self.clients[client as usize].births;
        if births.last().is_none_or(|last| last.1 != record) {
            births.push((have, record));
        }
        let run = self.runs.len() as u32;
        let Some(target) = target else {
            // What it hung on was collected, so it is nowhere to be seen either.
            self.push(client, block.len - known, None, Held::Collected, record);
            return Ok(());
        };
        let held = self.hold(client, run, block, known);
        let death = if matches!(held, Held::Collected | Held::Deleted) { record } else { 0 };
        if let Held::Text { .. } = held {
            self.deeds.last_mut().into_iter().for_each(|deed| deed.added += block.len - known);
        }
        let left = self.settle(client, &target);
        if death == 0 && self.extend(left, client, &target, block.len - known, held) {
            return Ok(());
        }
        self.push(client, block.len - known, Some((&target, left)), held, death);
        self.tie(run, record);
        Ok(())
    }

    fn client(&mut self, id: ClientId) -> u32 {
        if let Some(client) = self.client_index.get(&id) {
            return *client;
        }
        let client = self.clients.len() as u32;
        self.clients.push(Client {
            id,
            next: 0,
            runs: Runs::default(),
            births: Vec::new(),
            bytes: Vec::new(),
        });
        self.client_index.insert(id, client);
        client
    }

    /// Where a block goes; `None` if what it hangs on was collected. `before` is its last element that is here already.
    fn target(&mut self, block: &Block<'_>, before: Option<Place>) -> Result<Option<Target>, Missing> {
        let (mut origin, mut right_origin) = match block.link {
            Link::Beside(left, right) => (left, right),
            Link::Nowhere => return Ok(None),
            Link::In(..) => (None, None),
        };
        let mut within = match block.link {
            Link::In(parent, key) => {
                let node = match parent {
                    Parent::Root(name) => Some(self.root_named(name)),
                    // Content that was thrown away takes what was in it along.
                    Parent::Type(place) => self.node_at(place),
                };
                let Some(node) = node else { return Ok(None) };
                Some((node, key.map_or(NONE, |key| self.key(key))))
            }
            _ => None,
        };
        if before.is_some() {
            origin = before;
        }
        let left = match origin {
            Some(place) => self.ending_at(place).ok_or(Missing)?,
            None => NONE,
        };
        let right = match right_origin {
            Some(place) => self.starting_at(place).ok_or(Missing)?,
            None => NONE,
        };
        for beside in [left, right] {
            if beside == NONE {
                continue;
            }
            let run = &self.runs[beside as usize];
            if run.node == NONE {
                return Ok(None);
            }
            within = within.or(Some((run.node, run.key)));
        }
        if right == NONE {
            right_origin = None;
        }
        let Some((node, key)) = within else { return Ok(None) };
        Ok(Some(Target { node, key, left, right, origin, right_origin }))
    }

    fn root_named(&mut self, name: &str) -> u32 {
        if let Some(node) = self.roots.get(name) {
            return *node;
        }
        let node = self.nodes.len() as u32;
        self.nodes.push(Shared {
            kind: Kind::Root(name.to_owned()),
            start: NONE,
            item: NONE,
            keys: Vec::new(),
        });
        self.roots.insert(name.to_owned(), node);
        node
    }

    fn key(&mut self, key: &str) -> u32 {
        if let Some(known) = self.key_index.get(key) {
            return *known;
        }
        let at = self.keys.len() as u32;
        self.keys.push(key.to_owned());
        self.key_index.insert(key.to_owned(), at);
        at
    }

    /// Keeps a block's content without its first `known` elements.
    fn hold(&mut self, client: u32, run: u32, block: &Block<'_>, known: u32) -> Held {
        let bytes = &mut self.clients[client as usize].bytes;
        let at = bytes.len() as u32;
        match block.content {
            Content::Collected => Held::Collected,
            Content::Deleted => Held::Deleted,
            Content::Text(text) => {
                let (from, halved) = byte_at(text, known);
                if halved {
                    bytes.extend_from_slice("\u{fffd}".as_bytes());
                    bytes.extend_from_slice(&text.as_bytes()[from + 4..]);
                } else {
                    bytes.extend_from_slice(&text.as_bytes()[from..]);
                }
                Held::Text { at, bytes: bytes.len() as u32 - at }
            }
            Content::Values(values) => {
                bytes.extend_from_slice(&values[weft_wire::blocks::values_len(values, known)..]);
                Held::Values { at, bytes: bytes.len() as u32 - at }
            }
            Content::Other(what, content) => {
                bytes.extend_from_slice(content);
                Held::Other { what, at, bytes: content.len() as u32 }
            }
            Content::Type(kind) => {
                let kind = match kind {
                    TypeKind::Array => Kind::Array,
                    TypeKind::Map => Kind::Map,
                    TypeKind::Text => Kind::Text,
                    TypeKind::Element(name) => Kind::Element(name.to_owned()),
                    TypeKind::Fragment => Kind::Fragment,
                    TypeKind::XmlText => Kind::XmlText,
                };
                self.nodes.push(Shared { kind, start: NONE, item: run, keys: Vec::new() });
                Held::Type(self.nodes.len() as u32 - 1)
            }
        }
    }

    /// Which run it stands right of, after all that others wrote at the same place and that goes before it.
    fn settle(&self, client: u32, target: &Target) -> u32 {
        let mut left = target.left;
        let mut other = if left != NONE {
            self.runs[left as usize].right
        } else if target.key != NONE {
            self.chain_start(target.node, target.key)
        } else {
            self.nodes[target.node as usize].start
        };
        if other == target.right {
            return left;
        }
        let me = self.clients[client as usize].id;
        let (mut passed, mut rivals): (HashSet<u32>, HashSet<u32>) = (HashSet::new(), HashSet::new());
        while other != NONE && other != target.right {
            passed.insert(other);
            rivals.insert(other);
            let run = &self.runs[other as usize];
            if run.origin == target.origin {
                if self.clients[run.client as usize].id < me {
                    left = other;
                    rivals.clear();
                } else if run.right_origin == target.right_origin {
                    break;
                }
            } else {
                match run.origin.and_then(|place| self.find(place)) {
                    Some(on) if passed.contains(&on) => {
                        if !rivals.contains(&on) {
                            left = other;
                            rivals.clear();
                        }
                    }
                    _ => break,
                }
            }
            other = run.right;
        }
        left
    }

    /// Makes the run on the left longer instead of adding one, when a client types on.
    fn extend(&mut self, left: u32, client: u32, target: &Target, len: u32, held: Held) -> bool {
        if left == NONE || left != target.left {
            return false;
        }
        let next = self.clients[client as usize].next;
        let run = &mut self.runs[left as usize];
        let (Held::Text { at, bytes }, Held::Text { at: new_at, bytes: new_bytes }) = (run.held, held) else {
            return false;
        };
        let continues = run.client == client
            && run.end() == next
            && run.death == 0
            && run.key == NONE
            && run.right_origin == target.right_origin
            && at + bytes == new_at;
        if continues {
            run.len += len;
            run.held = Held::Text { at, bytes: bytes + new_bytes };
            self.clients[client as usize].next += len;
        }
        continues
    }

    /// Adds a run at the end of its client's.
    fn push(&mut self, client: u32, len: u32, at: Option<(&Target, u32)>, held: Held, death: u32) {
        let run = self.runs.len() as u32;
        let writer = &mut self.clients[client as usize];
        let clock = writer.next;
        writer.next += len;
        writer.runs.push(clock, run);
        self.runs.push(match at {
            None => Run {
                client,
                clock,
                len,
                left: NONE,
                right: NONE,
                origin: None,
                right_origin: None,
                node: NONE,
                key: NONE,
                death,
                held,
            },
            Some((target, left)) => Run {
                client,
                clock,
                len,
                left,
                right: NONE,
                origin: target.origin,
                right_origin: target.right_origin,
                node: target.node,
                key: target.key,
                death,
                held,
            },
        });
    }

    /// Ties a new run, which knows what is left of it, into its list or chain.
    fn tie(&mut self, run: u32, record: u32) {
        let Run { left, node, key, .. } = self.runs[run as usize];
        let right = if left != NONE {
            std::mem::replace(&mut self.runs[left as usize].right, run)
        } else if key != NONE {
            self.chain_start(node, key)
        } else {
            std::mem::replace(&mut self.nodes[node as usize].start, run)
        };
        self.runs[run as usize].right = right;
        if right != NONE {
            self.runs[right as usize].left = run;
        } else if key != NONE {
            if self.entries.insert((node, key), run).is_none() {
                self.nodes[node as usize].keys.push(key);
            }
            if left != NONE {
                self.kill(left, record);
            }
        }
        let item = self.nodes[node as usize].item;
        let buried = item != NONE && self.runs[item as usize].death != 0;
        if buried || (key != NONE && right != NONE) {
            self.kill(run, record);
        }
    }

    /// Deletes a run with all that is in it, also what whoever deleted it had not heard of.
    fn kill(&mut self, run: u32, record: u32) {
        let mut dying: SmallVec<[u32; 8]> = SmallVec::from_elem(run, 1);
        while let Some(run) = dying.pop() {
            let run = &mut self.runs[run as usize];
            if run.death != 0 {
                continue;
            }
            run.death = record;
            match (run.held, self.deeds.last_mut()) {
                (Held::Text { .. }, Some(deed)) => deed.removed += run.len,
                (Held::Type(node), _) => dying.extend(self.held_by(node)),
                _ => {}
            }
        }
    }

    fn delete(&mut self, client: ClientId, start: u32, end: u32) {
        let Some(&client) = self.client_index.get(&client) else { return };
        let record = self.head;
        let end = end.min(self.clients[client as usize].next);
        let mut clock = start;
        while clock < end {
            let mut run = self.clients[client as usize].runs.holding(clock);
            if self.runs[run as usize].death == 0 {
                if self.runs[run as usize].clock < clock {
                    run = self.split(run, clock);
                }
                if self.runs[run as usize].end() > end {
                    self.split(run, end);
                }
                self.kill(run, record);
            }
            clock = self.runs[run as usize].end();
        }
    }

    /// The run that ends with an element, cut if need be.
    fn ending_at(&mut self, place: Place) -> Option<u32> {
        let run = self.find(place)?;
        if place.clock + 1 < self.runs[run as usize].end() {
            self.split(run, place.clock + 1);
        }
        Some(run)
    }

    /// The run that starts with an element, cut if need be.
    fn starting_at(&mut self, place: Place) -> Option<u32> {
        let run = self.find(place)?;
        if self.runs[run as usize].clock < place.clock {
            Some(self.split(run, place.clock))
        } else {
            Some(run)
        }
    }

    /// Cuts a run before `clock`, which lies inside it, and returns its second part.
    fn split(&mut self, run: u32, clock: u32) -> u32 {
        let second = self.runs.len() as u32;
        let first = &self.runs[run as usize];
        let (client, offset) = (first.client, clock - first.clock);
        let (one, other) = self.cut(run, offset);
        let place = Place { client: self.clients[client as usize].id, clock: clock - 1 };
        let first = &mut self.runs[run as usize];
        let mut rest = Run { clock, len: first.len - offset, left: run, held: other, ..first.clone() };
        first.len = offset;
        first.held = one;
        let right = rest.right;
        if rest.node == NONE {
            rest.left = NONE;
        } else {
            rest.origin = Some(place);
            self.runs[run as usize].right = second;
            if right != NONE {
                self.runs[right as usize].left = second;
            } else if rest.key != NONE {
                self.entries.insert((rest.node, rest.key), second);
            }
        }
        self.runs.push(rest);
        self.clients[client as usize].runs.insert(clock, second);
        second
    }

    /// Cuts a run's content behind `offset` elements. A character outside the first plane that is cut in half leaves two
    /// replacement characters, as in every replica.
    fn cut(&mut self, run: u32, offset: u32) -> (Held, Held) {
        let run = &self.runs[run as usize];
        match run.held {
            Held::Text { at, bytes } => {
                let text = self.text_of(run);
                let (byte, halved) = byte_at(text, offset);
                if !halved {
                    let byte = byte as u32;
                    let second = Held::Text { at: at + byte, bytes: bytes - byte };
                    return (Held::Text { at, bytes: byte }, second);
                }
                let first = format!("{}\u{fffd}", &text[..byte]);
                let second = format!("\u{fffd}{}", &text[byte + 4..]);
                let arena = &mut self.clients[run.client as usize].bytes;
                let mut keep = |text: &str| {
                    let at = arena.len() as u32;
                    arena.extend_from_slice(text.as_bytes());
                    Held::Text { at, bytes: text.len() as u32 }
                };
                (keep(&first), keep(&second))
            }
            Held::Values { at, bytes } => {
                let byte = weft_wire::blocks::values_len(self.bytes_of(run), offset) as u32;
                (Held::Values { at, bytes: byte }, Held::Values { at: at + byte, bytes: bytes - byte })
            }
            held => (held, held),
        }
    }
}
