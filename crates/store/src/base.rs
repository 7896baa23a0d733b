//! What stands for a document's older records once they are not kept any more.

use bytes::Bytes;
use weft_ids::{Seq, UnixMillis};

use crate::codec::{CodecError, Cursor, put_bytes, put_varint};
use crate::error::StoreError;
use crate::log::within;
use crate::record::{RECORD_BYTES_MAX, RecordHash};

/// The newest format of a base.
pub const BASE_FORMAT: u8 = 1;
/// The most bytes of updates that one base holds.
pub const BASE_BYTES_MAX: usize = 512 << 20;

/// Everything that a document's records up to a place amount to, at a few moments.
///
/// Merging the updates of all its moments gives what merging those records gave: every element has its place, every
/// deletion is there. Only the content of what was written and deleted between two moments is gone. So a client that was
/// away for long is brought up to date as before, and what it wrote finds its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Base {
    /// The last of the records it stands for.
    pub seq: Seq,
    /// The hash of that record, which the next one carries on: the chain is proven from here.
    pub hash: RecordHash,
    /// When the document's first record reached the server.
    pub created: UnixMillis,
    /// The moments that are kept, oldest first: the last is that of `seq`.
    pub moments: Vec<KeptMoment>,
}

/// A moment that is kept without the records that led to it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct KeptMoment {
    /// The last record that was in it.
    pub seq: Seq,
    /// When that record reached the server.
    pub time: UnixMillis,
    /// A v1 update that makes this moment of the kept one before it.
    pub update: Bytes,
}

impl Base {
    /// When the last record it stands for reached the server.
    #[must_use]
    pub fn time(&self) -> UnixMillis {
        self.moments.last().map_or(self.created, |moment| moment.time)
    }

    /// As bytes, which hold no checksum: the engine adds its own.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let bytes: usize = self.moments.iter().map(|moment| moment.update.len() + 24).sum();
        let mut out = Vec::with_capacity(bytes + 40);
        out.push(BASE_FORMAT);
        put_varint(&mut out, self.seq.0);
        out.extend_from_slice(&self.hash.0);
        put_varint(&mut out, self.created.0);
        put_varint(&mut out, self.moments.len() as u64);
        for moment in &self.moments {
            put_varint(&mut out, moment.seq.0);
            put_varint(&mut out, moment.time.0);
            put_bytes(&mut out, &moment.update);
        }
        out
    }

    /// From bytes that [`Base::encode`] made. The updates share them.
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode(bytes: &Bytes) -> Result<Self, CodecError> {
        let mut cursor = Cursor::new(bytes);
        match cursor.byte()? {
            BASE_FORMAT => {}
            0 => return Err(CodecError::Malformed("format 0")),
            newer => return Err(CodecError::NewerBase(newer)),
        }
        let (seq, hash) = (Seq(cursor.varint()?), RecordHash(cursor.array()?));
        let (created, count) = (UnixMillis(cursor.varint()?), cursor.varint()?);
        let mut moments = Vec::new();
        for _ in 0..count {
            let (seq, time) = (Seq(cursor.varint()?), UnixMillis(cursor.varint()?));
            moments.push(KeptMoment { seq, time, update: bytes.slice_ref(cursor.bytes()?) });
        }
        cursor.end()?;
        let base = Self { seq, hash, created, moments };
        if base.check().is_err() {
            return Err(CodecError::Malformed("moments out of order"));
        }
        Ok(base)
    }

    /// Whether it is one: its moments ascend and end with its place, and none is above the limits. Every engine asks
    /// this first.
    ///
    /// # Errors
    /// [`StoreError::Refused`] or [`StoreError::TooLarge`].
    pub fn check(&self) -> Result<(), StoreError> {
        let mut last = Seq::ZERO;
        let mut bytes = 0;
        for moment in &self.moments {
            if moment.seq <= last {
                return Err(StoreError::refused("the moments of a base do not follow each other"));
            }
            within("a kept moment's number of bytes", moment.update.len(), RECORD_BYTES_MAX)?;
            last = moment.seq;
            bytes += moment.update.len();
        }
        if last != self.seq || last == Seq::ZERO {
            return Err(StoreError::refused("a base does not end with the moment of its place"));
        }
        within("a base's number of bytes", bytes, BASE_BYTES_MAX)
    }

    /// Whether it may stand for the records up to its place in a document that ends with `head` and whose records begin
    /// behind `old`; `hash` is that of the record at its place.
    ///
    /// # Errors
    /// [`StoreError::Refused`] says why not.
    pub fn check_trim(&self, old: Seq, head: Seq, hash: Option<RecordHash>) -> Result<(), StoreError> {
        self.check()?;
        if self.seq < old || self.seq > head {
            let what =
                format!("a base at record {} of a document that has {} to {head}", self.seq, old.next());
            return Err(StoreError::refused(what));
        }
        if hash != Some(self.hash) {
            let what = format!("a base does not carry the hash of record {}", self.seq);
            return Err(StoreError::refused(what));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> Base {
        let moment = |seq, update: &'static [u8]| KeptMoment {
            seq: Seq(seq),
            time: UnixMillis(seq * 1000),
            update: Bytes::from_static(update),
        };
        Base {
            seq: Seq(9),
            hash: RecordHash([7; 16]),
            created: UnixMillis(5),
            moments: vec![moment(3, b"abc"), moment(9, b"de")],
        }
    }

    /// As it lies on disk. Never changed: bases of this format are read for ever.
    const FORMAT_1: &[u8] =
        b"\x01\x09\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x07\x05\x02\
        \x03\xb8\x17\x03abc\x09\xa8\x46\x02de";

    #[test]
    fn a_base_of_format_1_is_read_and_written() {
        assert_eq!(Base::decode(&Bytes::from_static(FORMAT_1)), Ok(base()));
        assert_eq!(base().encode(), FORMAT_1);
    }

    #[test]
    fn a_newer_base_and_a_broken_one_are_told_apart() {
        let mut newer = base().encode();
        newer[0] = BASE_FORMAT + 1;
        assert_eq!(Base::decode(&newer.into()), Err(CodecError::NewerBase(BASE_FORMAT + 1)));
        let whole = base().encode();
        for len in 0..whole.len() {
            assert!(Base::decode(&Bytes::copy_from_slice(&whole[..len])).is_err(), "{len}");
        }
    }

    #[test]
    fn moments_must_ascend_to_the_place_of_the_base() {
        let mut bad = base();
        bad.moments.swap(0, 1);
        assert!(matches!(bad.check(), Err(StoreError::Refused { .. })));
        let bad = Base { seq: Seq(10), ..base() };
        assert!(matches!(bad.check(), Err(StoreError::Refused { .. })));
        let bad = Base { moments: Vec::new(), seq: Seq(0), ..base() };
        assert!(matches!(bad.check(), Err(StoreError::Refused { .. })));
        let mut large = base();
        large.moments[0].update = vec![0; RECORD_BYTES_MAX + 1].into();
        assert!(matches!(large.check(), Err(StoreError::TooLarge { .. })));
    }
}
