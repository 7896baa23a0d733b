//! A moment as a v1 update: what a client that had been there would hold.

use std::ops::Range;

use bytes::Bytes;
use weft_wire::blocks::{Block, Content, Link, Parent, TypeKind, values_len};
use weft_wire::{DeleteSpan, Place, ScanError, Update};

use super::moment::Moment;
use super::{Held, Kind, NONE, Past, Run, byte_at};

impl Moment<'_> {
    /// The whole state as one v1 update. Deleted content is not in it, only its place.
    ///
    /// # Errors
    /// [`ScanError`] when it is more than one update can hold.
    pub fn state(&self) -> Result<Bytes, ScanError> {
        let buried = self.buried();
        let (mut sections, mut deletes) = (Vec::new(), Vec::new());
        for (number, client) in self.past.clients.iter().enumerate() {
            let until = self.clocks[number];
            let mut blocks: Vec<Block<'_>> = Vec::new();
            // The bytes of the last block's text within its client's.
            let mut text = 0..0_usize;
            for run in &client.runs {
                let run = &self.past.runs[*run as usize];
                if run.clock >= until {
                    break;
                }
                let block = self.block(run, &buried);
                if matches!(block.content, Content::Collected | Content::Deleted) {
                    let (start, end) = (run.clock, run.clock + block.len);
                    deletes.push(DeleteSpan { client: client.id, start, end });
                }
                let bytes = match (run.held, block.content) {
                    (Held::Text { at, .. }, Content::Text(piece)) => at as usize..at as usize + piece.len(),
                    _ => 0..0,
                };
                let Some(last) = blocks.last_mut().filter(|last| continues(last, &block)) else {
                    text = bytes;
                    blocks.push(block);
                    continue;
                };
                match last.content {
                    Content::Collected | Content::Deleted => last.len += block.len,
                    // They were cut from one piece.
                    Content::Text(_) if text.end == bytes.start => {
                        text.end = bytes.end;
                        last.len += block.len;
                        let joined = std::str::from_utf8(&client.bytes[text.clone()]).unwrap_or_default();
                        last.content = Content::Text(joined);
                    }
                    _ => {
                        text = bytes;
                        blocks.push(block);
                    }
                }
            }
            sections.push((Place { client: client.id, clock: 0 }, blocks));
        }
        Update::compose(sections, deletes).map(Update::into_bytes)
    }

    /// A run as it was.
    fn block<'a>(&'a self, run: &'a Run, buried: &[bool]) -> Block<'a> {
        let (place, len) = (self.past.place(run), self.written(run));
        let collected = run.node == NONE || buried[run.node as usize] || run.held == Held::Collected;
        if collected {
            return Block { place, len, link: Link::Nowhere, content: Content::Collected };
        }
        let content = if self.deleted(run) { Content::Deleted } else { self.past.part(run, 0..len) };
        Block { place, len, link: self.past.link(run), content }
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
