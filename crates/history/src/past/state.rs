//! A moment as a v1 update: what a client that had been there would hold, or what it would have missed since another.

use std::ops::Range;

use bytes::Bytes;
use weft_wire::blocks::{Block, Content, Link, Parent, TypeKind, values_len};
use weft_wire::{DeleteSpan, Place, ScanError, Update};

use super::moment::Moment;
use super::{Client, Held, Kind, NONE, Past, Run, byte_at};

impl Moment<'_> {
    /// The whole state as one v1 update. Deleted content is not in it, only its place.
    ///
    /// # Errors
    /// [`ScanError`] when it is more than one update can hold.
    pub fn state(&self) -> Result<Bytes, ScanError> {
        self.after(&Moment::new(self.past, 0))
    }

    /// What came after `then`, an earlier moment of the same past, as one v1 update: merged with the state of `then` it
    /// gives the state of this one. Content that came and went in between is not in it, only its place.
    ///
    /// # Errors
    /// [`ScanError`] when it is more than one update can hold.
    pub fn after(&self, then: &Moment<'_>) -> Result<Bytes, ScanError> {
        let (buried, buried_then) = (self.buried(), then.buried());
        let (mut sections, mut deletes) = (Vec::new(), Vec::new());
        for (number, client) in self.past.clients.iter().enumerate() {
            let (since, until) = (then.clocks[number], self.clocks[number]);
            let mut blocks = Blocks { client, blocks: Vec::new(), text: 0..0 };
            for run in client.runs.iter() {
                let run = &self.past.runs[run as usize];
                if run.clock >= until {
                    break;
                }
                let end = run.end().min(until);
                let gone = self.is_gone(run, &buried);
                // What was gone then is known to be.
                let start = if then.is_gone(run, &buried_then) { run.clock.max(since) } else { run.clock };
                if gone && start < end {
                    deletes.push(DeleteSpan { client: client.id, start, end });
                }
                if end > since {
                    blocks.push(self.past, run, self.block(run, run.clock.max(since)..end, &buried));
                }
            }
            if since < until {
                sections.push((Place { client: client.id, clock: since }, blocks.blocks));
            }
        }
        Update::compose(sections, deletes).map(Update::into_bytes)
    }

    /// Whether nothing of a run was to be seen any more, nor ever will be.
    fn is_gone(&self, run: &Run, buried: &[bool]) -> bool {
        self.is_collected(run, buried) || self.deleted(run) || run.held == Held::Deleted
    }

    fn is_collected(&self, run: &Run, buried: &[bool]) -> bool {
        run.node == NONE || buried[run.node as usize] || run.held == Held::Collected
    }

    /// Some clocks of a run as they were.
    fn block<'a>(&'a self, run: &'a Run, clocks: Range<u32>, buried: &[bool]) -> Block<'a> {
        let (place, len) = (Place { clock: clocks.start, ..self.past.place(run) }, clocks.end - clocks.start);
        if self.is_collected(run, buried) {
            return Block { place, len, link: Link::Nowhere, content: Content::Collected };
        }
        let link = match clocks.start.checked_sub(1) {
            Some(clock) if clocks.start > run.clock => {
                Link::Beside(Some(Place { clock, ..place }), run.right_origin)
            }
            _ => self.past.link(run),
        };
        let part = clocks.start - run.clock..clocks.end - run.clock;
        let content = if self.deleted(run) { Content::Deleted } else { self.past.part(run, part) };
        Block { place, len, link, content }
    }
}

/// A client's blocks, as few as say the same.
struct Blocks<'a> {
    client: &'a Client,
    blocks: Vec<Block<'a>>,
    /// The bytes of the last block's text within its client's.
    text: Range<usize>,
}

impl<'a> Blocks<'a> {
    fn push(&mut self, past: &'a Past, run: &Run, block: Block<'a>) {
        let bytes = match (run.held, block.content) {
            (Held::Text { at, .. }, Content::Text(piece)) => {
                let before = byte_at(past.text_of(run), block.place.clock - run.clock).0;
                let at = at as usize + before;
                at..at + piece.len()
            }
            _ => 0..0,
        };
        if let Some(last) = self.blocks.last_mut().filter(|last| continues(last, &block)) {
            match last.content {
                Content::Collected | Content::Deleted => {
                    last.len += block.len;
                    return;
                }
                // They were cut from one piece.
                Content::Text(_) if self.text.end == bytes.start => {
                    self.text.end = bytes.end;
                    last.len += block.len;
                    let joined = std::str::from_utf8(&self.client.bytes[self.text.clone()]);
                    last.content = Content::Text(joined.unwrap_or_default());
                    return;
                }
                _ => {}
            }
        }
        self.text = bytes;
        self.blocks.push(block);
    }
}

/// Whether one block can say what two say: the second was written right behind the first, with the same on its right.
fn continues(first: &Block<'_>, second: &Block<'_>) -> bool {
    match (first.content, second.content) {
        (Content::Collected, Content::Collected) => true,
        (Content::Deleted, Content::Deleted) | (Content::Text(_), Content::Text(_)) => {
            let last = Place { clock: second.place.clock - 1, ..first.place };
            let right = match first.link {
                Link::Beside(_, right) => right,
                Link::Nowhere | Link::In(..) => None,
            };
            second.link == Link::Beside(Some(last), right)
        }
        _ => false,
    }
}

impl Past {
    /// Where a run stands, as a block says it.
    pub(crate) fn link(&self, run: &Run) -> Link<'_> {
        if run.origin.is_some() || run.right_origin.is_some() {
            return Link::Beside(run.origin, run.right_origin);
        }
        let key = (run.key != NONE).then(|| self.keys[run.key as usize].as_str());
        Link::In(self.parent(run.node), key)
    }

    /// A shared type, as a block names it.
    pub(crate) fn parent(&self, node: u32) -> Parent<'_> {
        let shared = &self.nodes[node as usize];
        match &shared.kind {
            Kind::Root(name) => Parent::Root(name),
            _ => Parent::Type(self.place(&self.runs[shared.item as usize])),
        }
    }

    /// Elements of what a run holds.
    pub(crate) fn part(&self, run: &Run, part: Range<u32>) -> Content<'_> {
        match run.held {
            Held::Collected => Content::Collected,
            Held::Deleted => Content::Deleted,
            Held::Text { .. } => {
                let text = self.text_of(run);
                Content::Text(&text[byte_at(text, part.start).0..byte_at(text, part.end).0])
            }
            Held::Values { .. } => {
                let values = self.bytes_of(run);
                Content::Values(&values[values_len(values, part.start)..values_len(values, part.end)])
            }
            Held::Other { what, .. } => Content::Other(what, self.bytes_of(run)),
            Held::Type(node) => Content::Type(match &self.nodes[node as usize].kind {
                Kind::Array => TypeKind::Array,
                Kind::Map => TypeKind::Map,
                Kind::Text => TypeKind::Text,
                Kind::Element(name) => TypeKind::Element(name),
                Kind::XmlText => TypeKind::XmlText,
                Kind::Fragment | Kind::Root(_) => TypeKind::Fragment,
            }),
        }
    }
}
