//! Somebody who types: an endless chain of one-character updates of one client, each following the one before.
//!
//! The bytes are exactly those that yrs writes for the same edits (a test compares them), but made without a document,
//! so that making them costs nanoseconds and the generator is never what limits a run.

/// The name of the shared text that everybody types into.
pub(crate) const ROOT: &str = "text";

/// How many characters are typed in a row before the caret jumps back into the middle of them: nobody writes one
/// unbroken run for ever, and a run that only grows would be one block that only grows.
const RUN_CHARS: u32 = 80;

/// How far back the caret jumps.
const JUMP_CHARS: u32 = 40;

/// What is typed, over and over. One byte, one character, one clock tick each.
const PROSE: &[u8] =
    b"The loom holds the warp while the weft goes over and under, and what two hands weave is one cloth.\n";

/// Info byte of a string block; the two bits above say which neighbours are named.
const STRING: u8 = 4;
const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;

/// One client and how far it has typed.
#[derive(Debug, Clone)]
pub(crate) struct Typist {
    client: u64,
    clock: u32,
    /// The character that stands right of the caret: none in the first run, then a fixed one for the whole run.
    right: Option<u32>,
}

impl Typist {
    /// A client that has not typed yet. Client ids are below 2^53.
    pub(crate) fn new(client: u64) -> Typist {
        Typist { client, clock: 0, right: None }
    }

    /// The client id.
    pub(crate) fn client(&self) -> u64 {
        self.client
    }

    /// How many characters were typed so far.
    pub(crate) fn clock(&self) -> u32 {
        self.clock
    }

    /// Types one character: appends its v1 update to `out`. The nth character is clock n - 1.
    pub(crate) fn update(&mut self, out: &mut Vec<u8>) {
        out.extend([1, 1]);
        varint(out, self.client);
        varint(out, u64::from(self.clock));
        self.block(out);
        out.push(0);
        self.clock += 1;
        if self.clock.is_multiple_of(RUN_CHARS) {
            self.right = Some(self.clock - JUMP_CHARS);
        }
    }

    /// One update with every character typed since `from`, for a server that asks for them again.
    pub(crate) fn update_since(&self, from: u32, out: &mut Vec<u8>) {
        if from >= self.clock {
            out.extend([0, 0]);
            return;
        }
        let mut again = Typist { client: self.client, clock: from, right: right_of_run(from) };
        out.push(1);
        varint(out, u64::from(self.clock - from));
        varint(out, self.client);
        varint(out, u64::from(from));
        while again.clock < self.clock {
            again.block(out);
            again.clock += 1;
            again.right = right_of_run(again.clock);
        }
        out.push(0);
    }

    /// The block of the character at `clock`.
    fn block(&self, out: &mut Vec<u8>) {
        let left = if self.clock.is_multiple_of(RUN_CHARS) {
            self.right.map(|right| right - 1)
        } else {
            Some(self.clock - 1)
        };
        let left_bit = if left.is_some() { HAS_LEFT } else { 0 };
        let right_bit = if self.right.is_some() { HAS_RIGHT } else { 0 };
        out.push(STRING | left_bit | right_bit);
        for neighbour in [left, self.right].into_iter().flatten() {
            varint(out, self.client);
            varint(out, u64::from(neighbour));
        }
        if left.is_none() && self.right.is_none() {
            out.push(1);
            varint(out, ROOT.len() as u64);
            out.extend(ROOT.as_bytes());
        }
        out.extend([1, PROSE[self.clock as usize % PROSE.len()]]);
    }
}

/// What stands right of the caret while the run that holds `clock` is typed.
fn right_of_run(clock: u32) -> Option<u32> {
    let start = clock - clock % RUN_CHARS;
    (start > 0).then(|| start - JUMP_CHARS)
}

/// Appends lib0's varUint.
pub(crate) fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::block::ClientID;
    use yrs::updates::decoder::Decode;
    use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, Text, Transact, Update, WriteTxn};

    fn doc(client: u64) -> Doc {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        Doc::with_options(options)
    }

    #[test]
    fn a_typist_writes_the_very_bytes_that_yrs_writes() {
        let client = 3_000_000_123;
        let mut typist = Typist::new(client);
        let doc = doc(client);
        let text = doc.get_or_insert_text(ROOT);
        let mut caret = 0;
        for clock in 0..3_000_u32 {
            if clock > 0 && clock.is_multiple_of(RUN_CHARS) {
                caret -= JUMP_CHARS;
            }
            let mut txn = doc.transact_mut();
            let letter = char::from(PROSE[clock as usize % PROSE.len()]);
            text.insert(&mut txn, caret, &letter.to_string());
            caret += 1;
            let theirs = txn.encode_update_v1();
            let mut ours = Vec::new();
            typist.update(&mut ours);
            assert_eq!(ours, theirs, "character {clock}");
        }
    }

    #[test]
    fn what_is_sent_again_holds_all_that_was_asked_for() {
        for (from, typed) in [(0, 1), (0, 300), (79, 81), (80, 500), (133, 300), (300, 300)] {
            let mut typist = Typist::new(77);
            let whole = doc(1);
            let part = doc(2);
            for clock in 0..typed {
                let mut update = Vec::new();
                typist.update(&mut update);
                for doc in if clock < from { vec![&whole, &part] } else { vec![&whole] } {
                    doc.transact_mut().apply_update(Update::decode_v1(&update).unwrap()).unwrap();
                }
            }
            let mut again = Vec::new();
            typist.update_since(from, &mut again);
            part.transact_mut().apply_update(Update::decode_v1(&again).unwrap()).unwrap();
            let read = |doc: &Doc| {
                let mut txn = doc.transact_mut();
                let text = txn.get_or_insert_text(ROOT);
                (text.get_string(&txn), txn.state_vector())
            };
            assert_eq!(read(&part), read(&whole), "{from} of {typed}");
        }
    }
}
