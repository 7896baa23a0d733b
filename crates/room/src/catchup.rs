//! What a newcomer is sent: the state as it was encoded last, and what came after.
//!
//! Encoding a large document takes a hundred milliseconds and more; a newcomer must not cost the others that. So the
//! last encoded state is kept with the updates since, and both are sent. A fresh encoding is due only when the tail
//! has grown by a good part of the state.

use bytes::Bytes;
use weft_doc::Document;
use weft_wire::Update;

/// A tail shorter than this never makes a fresh encoding due, bytes.
const TAIL_BYTES_FREE: usize = 16 << 10;

#[derive(Debug, Default)]
pub(crate) struct Catchup {
    /// A whole state as one v1 update, if one was encoded.
    base: Option<Bytes>,
    /// What came after it, in order.
    tail: Vec<Update>,
    tail_bytes: usize,
}

impl Catchup {
    pub(crate) fn new(base: Option<Bytes>, tail: Vec<Update>) -> Self {
        let tail_bytes = tail.iter().map(|update| update.bytes().len()).sum();
        Self { base, tail, tail_bytes }
    }

    pub(crate) fn push(&mut self, update: Update) {
        self.tail_bytes += update.bytes().len();
        self.tail.push(update);
    }

    /// About the size of the encoded state, bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.base.as_ref().map_or(0, Bytes::len) + self.tail_bytes
    }

    /// Whether a newcomer costs an encoding.
    pub(crate) fn is_stale(&self) -> bool {
        match &self.base {
            Some(base) => self.tail_bytes > (base.len() / 4).max(TAIL_BYTES_FREE),
            None => true,
        }
    }

    /// The state, and the updates since as few as they weave into.
    pub(crate) fn serve(&mut self, document: &mut Document) -> (Bytes, Vec<Update>) {
        if self.is_stale() {
            *self = Self::new(Some(document.state()), Vec::new());
        } else if self.tail.len() > 1 {
            self.tail = weave_all(std::mem::take(&mut self.tail));
        }
        (self.base.clone().unwrap_or_else(|| Bytes::from_static(&[0, 0])), self.tail.clone())
    }
}

/// As few updates as hold what all of `updates` hold, in order.
pub(crate) fn weave_all(updates: Vec<Update>) -> Vec<Update> {
    if updates.len() < 2 {
        return updates;
    }
    match Update::weave(&updates) {
        Some(woven) => vec![woven],
        None => updates,
    }
}
