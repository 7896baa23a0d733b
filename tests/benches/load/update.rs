//! Which clocks an update carries: what a receiver needs to know of it, and no more.

use anyhow::{Context, Result, bail};
use yrs::updates::decoder::Decode;

/// Calls `each` with (client, start clock, end clock) for every unbroken span of blocks in a v1 update.
///
/// A hole (a Skip block) ends a span: what stands behind it is another span. Plain typing is walked in place; an update
/// with any other content is decoded by yrs, which is slow and never happens while updates are counted.
pub(crate) fn spans(update: &[u8], mut each: impl FnMut(u64, u32, u32)) -> Result<()> {
    match walk(update, &mut each) {
        Ok(()) => Ok(()),
        Err(Odd::Malformed) => bail!("the update is cut short or malformed"),
        Err(Odd::Content) => {
            let decoded = yrs::Update::decode_v1(update).context("the update does not decode")?;
            for (client, ranges) in decoded.insertions(true).iter() {
                ranges.iter().for_each(|range| each(client.get(), range.start, range.end));
            }
            Ok(())
        }
    }
}

/// Why a walk ended early.
#[derive(Debug, PartialEq, Eq)]
enum Odd {
    Malformed,
    Content,
}

/// The part of [`spans`] that reads plain typing without decoding it.
fn walk(update: &[u8], each: &mut impl FnMut(u64, u32, u32)) -> Result<(), Odd> {
    let mut input = Input(update);
    for _ in 0..input.varint()? {
        let blocks = input.varint()?;
        let client = input.varint()?;
        let mut start = input.clock()?;
        let mut end = start;
        for _ in 0..blocks {
            let info = input.byte()?;
            let length = match info & 0x1f {
                GC => input.clock()?,
                SKIP => {
                    if end > start {
                        each(client, start, end);
                    }
                    let length = input.clock()?;
                    start = end.checked_add(length).ok_or(Odd::Malformed)?;
                    end = start;
                    continue;
                }
                kind => {
                    input.neighbours(info)?;
                    match kind {
                        DELETED => input.clock()?,
                        STRING => utf16_length(input.bytes()?)?,
                        _ => return Err(Odd::Content),
                    }
                }
            };
            end = end.checked_add(length).ok_or(Odd::Malformed)?;
        }
        if end > start {
            each(client, start, end);
        }
    }
    Ok(())
}

/// Content kinds, the low five bits of a block's info byte.
const GC: u8 = 0;
const DELETED: u8 = 1;
const STRING: u8 = 4;
const SKIP: u8 = 10;

/// How many clock ticks a string takes.
fn utf16_length(text: &[u8]) -> Result<u32, Odd> {
    if text.is_ascii() {
        return Ok(text.len() as u32);
    }
    let text = std::str::from_utf8(text).map_err(|_| Odd::Malformed)?;
    Ok(text.encode_utf16().count() as u32)
}

/// The bytes not yet read.
#[derive(Debug)]
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl<'a> Input<'a> {
    fn byte(&mut self) -> Result<u8, Odd> {
        let (first, rest) = self.0.split_first().ok_or(Odd::Malformed)?;
        self.0 = rest;
        Ok(*first)
    }

    fn varint(&mut self) -> Result<u64, Odd> {
        let mut value = 0;
        for shift in (0..63).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Odd::Malformed)
    }

    fn clock(&mut self) -> Result<u32, Odd> {
        u32::try_from(self.varint()?).map_err(|_| Odd::Malformed)
    }

    fn bytes(&mut self) -> Result<&'a [u8], Odd> {
        let length = usize::try_from(self.varint()?).map_err(|_| Odd::Malformed)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Odd::Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Skips what a block says of its neighbours, or of its parent when it names none.
    fn neighbours(&mut self, info: u8) -> Result<(), Odd> {
        const LEFT: u8 = 0x80;
        const RIGHT: u8 = 0x40;
        const KEY: u8 = 0x20;
        for bit in [LEFT, RIGHT] {
            if info & bit != 0 {
                self.varint()?;
                self.varint()?;
            }
        }
        if info & (LEFT | RIGHT) == 0 {
            if self.varint()? == 1 {
                self.bytes()?;
            } else {
                self.varint()?;
                self.varint()?;
            }
            if info & KEY != 0 {
                self.bytes()?;
            }
        }
        Ok(())
    }

    /// The next varUint, or `None` when the bytes end.
    pub(crate) fn number(&mut self) -> Option<u64> {
        self.varint().ok()
    }

    /// The next length-prefixed bytes, or `None` when they are cut short.
    pub(crate) fn buffer(&mut self) -> Option<&'a [u8]> {
        self.bytes().ok()
    }
}

/// How many clocks of `client` a v1 state vector covers.
pub(crate) fn covered(state_vector: &[u8], client: u64) -> Option<u32> {
    let mut input = Input(state_vector);
    for _ in 0..input.number()? {
        let (who, clock) = (input.number()?, input.number()?);
        if who == client {
            return u32::try_from(clock).ok();
        }
    }
    Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::typist::Typist;
    use yrs::block::ClientID;
    use yrs::updates::encoder::Encode;
    use yrs::{Doc, Map, ReadTxn, StateVector, Transact, merge_updates_v1};

    fn listed(update: &[u8]) -> Vec<(u64, u32, u32)> {
        let mut all = Vec::new();
        spans(update, |client, start, end| all.push((client, start, end))).unwrap();
        all.sort_unstable();
        all
    }

    fn typed(client: u64, count: usize) -> Vec<Vec<u8>> {
        let mut typist = Typist::new(client);
        let one = |_| {
            let mut update = Vec::new();
            typist.update(&mut update);
            update
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn a_keystroke_carries_one_clock_and_an_empty_update_none() {
        assert_eq!(listed(&typed(9, 101)[100]), [(9, 100, 101)]);
        assert_eq!(listed(&[0, 0]), []);
    }

    #[test]
    fn a_merged_update_carries_the_spans_of_all_its_parts() {
        let (ours, theirs) = (typed(5, 300), typed(6, 200));
        let parts: Vec<&[u8]> = ours[100..].iter().chain(&theirs).map(Vec::as_slice).collect();
        let merged = merge_updates_v1(&parts).unwrap();
        assert_eq!(listed(&merged), [(5, 100, 300), (6, 0, 200)]);
    }

    #[test]
    fn a_hole_splits_a_span_in_two() {
        let all = typed(5, 30);
        let parts: Vec<&[u8]> = all[..10].iter().chain(&all[20..]).map(Vec::as_slice).collect();
        assert_eq!(listed(&merge_updates_v1(&parts).unwrap()), [(5, 0, 10), (5, 20, 30)]);
    }

    #[test]
    fn rich_content_is_counted_too() {
        let doc = Doc::with_client_id(8);
        let map = doc.get_or_insert_map("map");
        map.insert(&mut doc.transact_mut(), "key", true);
        map.insert(&mut doc.transact_mut(), "key", 7);
        let update = doc.transact().encode_state_as_update_v1(&StateVector::default());
        assert_eq!(listed(&update), [(8, 0, 2)]);
    }

    #[test]
    fn an_update_cut_short_anywhere_is_an_error_and_never_a_panic() {
        let update = typed(5, 100).remove(99);
        for length in 0..update.len() - 1 {
            assert!(walk(&update[..length], &mut |_, _, _| ()).is_err(), "{length} bytes");
        }
    }

    #[test]
    fn a_state_vector_tells_what_it_covers() {
        let vector = StateVector::from_iter([(ClientID::new(7), 700), (ClientID::new(8), 9)]).encode_v1();
        assert_eq!(covered(&vector, 7), Some(700));
        assert_eq!(covered(&vector, 9), Some(0));
        assert_eq!(covered(&vector[..2], 7), None);
    }
}
