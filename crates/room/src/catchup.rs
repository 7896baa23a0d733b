//! What a newcomer is sent: the state as it was encoded last, and what came after.
//!
//! Encoding a large document takes a hundred milliseconds and more; a newcomer must not cost the others that. So the
//! last encoded state is kept with the updates since, and both are sent. A fresh encoding is due only when the tail
//! has grown by a good part of the state.
//!
//! Clients call themselves synchronised with the first SyncStep2, and apps fill a document that is empty then. So the
//! SyncStep2 comes last, and a small document in it alone.

use bytes::Bytes;
use weft_doc::Document;
use weft_wire::Update;

/// A tail shorter than this never makes a fresh encoding due, bytes.
const TAIL_BYTES_FREE: usize = 16 << 10;
/// A tail longer than this, and than the state it follows, makes a fresh encoding due although nobody came, bytes.
const TAIL_BYTES_MAX: usize = 4 << 20;
/// So many updates of the tail are kept as they came before they are woven.
const LOOSE_MAX: usize = 256;
/// A state up to this long is copied to make one update of it and its tail, bytes.
const ONE_PIECE_BYTES_MAX: usize = 64 << 10;

#[derive(Debug, Default)]
pub(crate) struct Catchup {
    /// A whole state as one v1 update, if one was encoded.
    base: Option<Bytes>,
    /// What came after it, in order.
    tail: Vec<Update>,
    tail_bytes: usize,
    /// How many updates at the tail's end are as they came; those before are woven.
    loose: usize,
    /// Of the base, what was only put behind an encoded state.
    woven_bytes: usize,
}

impl Catchup {
    pub(crate) fn new(base: Option<Bytes>, tail: Vec<Update>) -> Self {
        let tail_bytes = tail.iter().map(|update| update.bytes().len()).sum();
        Self { base, loose: tail.len(), tail, tail_bytes, woven_bytes: 0 }
    }

    pub(crate) fn push(&mut self, update: Update) {
        self.tail_bytes += update.bytes().len();
        self.tail.push(update);
        self.loose += 1;
        if self.loose >= LOOSE_MAX {
            // What is known of a keystroke takes ten times the memory of its bytes.
            let loose = self.tail.split_off(self.tail.len() - self.loose);
            self.tail.extend(weave_all(loose));
            self.loose = 0;
        }
    }

    /// Encodes afresh once the tail outgrows the document: much that was written is gone again.
    pub(crate) fn compact(&mut self, document: &mut Document) {
        if self.tail_bytes > TAIL_BYTES_MAX.max(self.base.as_ref().map_or(0, Bytes::len)) {
            *self = Self::new(Some(document.state()), Vec::new());
        }
    }

    /// Learns how large the document really is, unless what it would learn is little.
    pub(crate) fn weigh_anew(&mut self, document: &mut Document) {
        if (self.tail_bytes + self.woven_bytes) * 8 > self.bytes() {
            *self = Self::new(Some(document.state()), Vec::new());
        }
    }

    /// About the size of the encoded state, bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.base.as_ref().map_or(0, Bytes::len) + self.tail_bytes
    }

    /// Whether a newcomer costs an encoding.
    pub(crate) fn is_stale(&self) -> bool {
        match &self.base {
            Some(base) => self.tail_bytes + self.woven_bytes > (base.len() / 4).max(TAIL_BYTES_FREE),
            None => true,
        }
    }

    /// Updates that together are the whole document; the last is the one to be sent as a SyncStep2.
    pub(crate) fn serve(&mut self, document: &mut Document) -> Vec<Bytes> {
        if self.is_stale() {
            *self = Self::new(Some(document.state()), Vec::new());
        }
        if self.tail.len() > 1 {
            self.tail = weave_all(std::mem::take(&mut self.tail));
            self.loose = 0;
        }
        if !self.tail.is_empty() && self.bytes() <= ONE_PIECE_BYTES_MAX {
            match self.in_one_piece() {
                Some(whole) => {
                    self.woven_bytes += self.tail_bytes;
                    self.loose = 0;
                    (self.base, self.tail, self.tail_bytes) = (Some(whole), Vec::new(), 0);
                }
                None => *self = Self::new(Some(document.state()), Vec::new()),
            }
        }
        self.base.iter().cloned().chain(self.tail.iter().map(|update| update.bytes().clone())).collect()
    }

    fn in_one_piece(&self) -> Option<Bytes> {
        let mut pieces = vec![Update::scan(self.base.clone()?).ok()?];
        pieces.extend_from_slice(&self.tail);
        Update::weave(&pieces).map(Update::into_bytes)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Client 7 appends one character to the root text `t`, as its `clock`-th.
    fn typed(clock: u32) -> Update {
        let mut bytes = vec![1, 1, 7];
        weft_wire::varint::write_uint(&mut bytes, u64::from(clock));
        if clock == 0 {
            bytes.extend([4, 1, 1, b't', 1, b'x']);
        } else {
            bytes.extend([0x84, 7]);
            weft_wire::varint::write_uint(&mut bytes, u64::from(clock) - 1);
            bytes.extend([1, b'x']);
        }
        bytes.push(0);
        Update::scan(bytes.into()).unwrap()
    }

    #[test]
    fn newcomers_get_everything_however_many_came_before_them() {
        let mut document = Document::new();
        let mut catchup = Catchup::default();
        let mut clock = 0;
        for joins_after in [0, 1, 1, 2, 255, 256, 257, 1, 1_000, 3] {
            for _ in 0..joins_after {
                let update = typed(clock);
                document.merge(update.bytes()).unwrap();
                catchup.push(update);
                clock += 1;
            }
            let pieces = catchup.serve(&mut document);
            let newcomer = Document::restore(pieces.iter().map(|piece| &piece[..])).unwrap();
            assert_eq!(newcomer.text().len(), clock as usize);
        }
    }

    #[test]
    fn a_long_tail_is_kept_in_few_pieces() {
        let mut catchup = Catchup::default();
        (0..10_000).for_each(|clock| catchup.push(typed(clock)));
        assert!(catchup.tail.len() < 10_000 / LOOSE_MAX + LOOSE_MAX, "{} pieces", catchup.tail.len());
    }
}
