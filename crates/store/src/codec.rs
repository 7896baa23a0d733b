//! How records become bytes, the same for every engine.
//!
//! Records are stored in *rows*: a run of consecutive records of one batch. Who made them is not repeated in each:
//! a row names an [`Origin`] by its number in a table that the engine keeps beside the document ([`Origins`]).
//!
//! A record's hash is taken over a form of its own ([`Record::hash`]), not over the row, so that rows may be packed,
//! regrouped or moved to another engine without breaking the chain.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{Seq, SessionId, UnixMillis, UserId};

use crate::record::{Author, BatchId, Record, RecordHash, RecordKind};

mod cursor;
pub use cursor::{Cursor, put_bytes, put_varint};

/// The newest row format.
pub const ROW_FORMAT: u8 = 1;
/// The version of the form that record hashes are taken over. It never changes for a record once written.
const HASH_FORM: u8 = 1;
/// Updates up to this many bytes are copied to be hashed: preparing a hasher costs more than that.
const HASHED_AT_ONCE: usize = 512;
/// The checksum behind every sealed row, in bytes.
pub const SEAL_BYTES: usize = 4;

/// Why bytes are not a row.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// They end too early, or say something impossible.
    #[error("it is not a whole row: {0}")]
    Malformed(&'static str),
    /// The checksum behind them does not fit.
    #[error("its checksum does not fit")]
    Checksum,
    /// A newer Weft wrote them.
    #[error("it has row format {0}; this version reads up to {ROW_FORMAT}")]
    Newer(u8),
    /// A newer Weft wrote them as a segment.
    #[error("it has segment format {0}; this version reads up to {known}", known = crate::segment::SEGMENT_FORMAT)]
    NewerSegment(u8),
    /// A newer Weft wrote them as a base.
    #[error("it has base format {0}; this version reads up to {known}", known = crate::base::BASE_FORMAT)]
    NewerBase(u8),
    /// They name an origin that the table does not have.
    #[error("it names author {0}, who is not in the document's table")]
    UnknownOrigin(u32),
}

/// Where records come from: who made them, by which writer. Repeated by thousands of records, so stored once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Origin {
    /// Who made them.
    pub author: Author,
    /// [`BatchId::writer`] of the batches that stored them.
    pub writer: u64,
}

impl Origin {
    /// The origin of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self { author: record.author.clone(), writer: record.batch.writer }
    }

    /// As bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![ROW_FORMAT];
        out.extend_from_slice(&self.writer.to_le_bytes());
        put_author(&mut out, &self.author);
        out
    }

    /// From bytes that [`Origin::encode`] made.
    ///
    /// # Errors
    /// [`CodecError`].
    pub fn decode(bytes: &[u8]) -> Result<Self, CodecError> {
        let mut cursor = Cursor::new(bytes);
        version(&mut cursor)?;
        let writer = u64::from_le_bytes(cursor.array()?);
        let session = SessionId(u128::from_le_bytes(cursor.array()?));
        let user = match optional(&mut cursor)? {
            None => None,
            Some(id) => Some(UserId::new(id).ok_or(CodecError::Malformed("a user id of impossible length"))?),
        };
        let name = optional(&mut cursor)?.map(Arc::from);
        cursor.end()?;
        Ok(Self { author: Author { user, name, session }, writer })
    }
}

fn put_author(out: &mut Vec<u8>, author: &Author) {
    out.extend_from_slice(&author.session.0.to_le_bytes());
    for text in [author.user.as_ref().map(UserId::as_str), author.name.as_deref()] {
        // 0 says none, so that an empty name and no name stay apart.
        match text {
            None => out.push(0),
            Some(text) => {
                put_varint(out, text.len() as u64 + 1);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

fn optional<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a str>, CodecError> {
    let Some(len) = cursor.varint()?.checked_sub(1) else { return Ok(None) };
    let bytes = cursor.take(len)?;
    std::str::from_utf8(bytes).map(Some).map_err(|_| CodecError::Malformed("a name that is not UTF-8"))
}

/// The table of a document's origins, by number. Numbers are never reused.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    by_number: HashMap<u32, Origin>,
    by_origin: HashMap<Origin, u32>,
    next: u32,
}

impl Origins {
    /// A table whose numbers below `next` are taken by origins it does not hold.
    #[must_use]
    pub fn starting_at(next: u32) -> Self {
        Self { next, ..Self::default() }
    }

    /// The number of `origin`, and whether it was given just now (then it must be stored before the row is).
    pub fn number(&mut self, origin: &Origin) -> (u32, bool) {
        if let Some(number) = self.by_origin.get(origin) {
            return (*number, false);
        }
        let number = self.next;
        self.insert(number, origin.clone());
        (number, true)
    }

    /// Takes an origin read from storage.
    pub fn insert(&mut self, number: u32, origin: Origin) {
        self.by_number.insert(number, origin.clone());
        self.by_origin.insert(origin, number);
        self.next = self.next.max(number.saturating_add(1));
    }

    /// The origin with a number.
    #[must_use]
    pub fn get(&self, number: u32) -> Option<&Origin> {
        self.by_number.get(&number)
    }

    /// The number that the next new origin gets.
    #[must_use]
    pub fn next(&self) -> u32 {
        self.next
    }

    /// How many it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_number.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_number.is_empty()
    }
}

impl RecordKind {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Edit => 0,
            Self::Restore => 1,
            Self::Import => 2,
            Self::Server => 3,
            Self::Erase => 4,
        }
    }

    pub(crate) fn from_code(code: u8) -> Result<Self, CodecError> {
        Ok(match code {
            0 => Self::Edit,
            1 => Self::Restore,
            2 => Self::Import,
            3 => Self::Server,
            4 => Self::Erase,
            _ => return Err(CodecError::Malformed("an unknown kind of record")),
        })
    }
}

impl Record {
    /// What the next record of the document carries as [`Record::prev`].
    #[must_use]
    pub fn hash(&self) -> RecordHash {
        self.hash_in(&mut Vec::with_capacity(160))
    }

    /// [`Record::hash`], with a buffer to be used again for the next one.
    pub(crate) fn hash_in(&self, form: &mut Vec<u8>) -> RecordHash {
        form.clear();
        form.extend_from_slice(&self.prev.0);
        form.push(HASH_FORM);
        form.extend_from_slice(&self.seq.0.to_le_bytes());
        form.extend_from_slice(&self.time.0.to_le_bytes());
        form.push(self.kind.code());
        form.extend_from_slice(&self.batch.writer.to_le_bytes());
        form.extend_from_slice(&self.batch.number.to_le_bytes());
        put_author(form, &self.author);
        put_varint(form, self.update.len() as u64);
        let hash = if self.update.len() <= HASHED_AT_ONCE {
            form.extend_from_slice(&self.update);
            blake3::hash(form)
        } else {
            blake3::Hasher::new().update(form).update(&self.update).finalize()
        };
        let mut start = RecordHash::default();
        start.0.copy_from_slice(&hash.as_bytes()[..16]);
        start
    }
}

/// A run of consecutive records of one batch as bytes. `number` gives each origin its number.
///
/// Not part of the bytes: the place of the first record, which the engine's key says.
#[must_use]
pub fn encode_row(records: &[Record], mut number: impl FnMut(&Origin) -> u32) -> Vec<u8> {
    let Some(first) = records.first() else { return Vec::new() };
    let bytes: usize = records.iter().map(|record| record.update.len() + 8).sum();
    let mut out = Vec::with_capacity(bytes + 40);
    out.push(ROW_FORMAT);
    out.extend_from_slice(&first.prev.0);
    put_varint(&mut out, first.batch.number);
    put_varint(&mut out, records.len() as u64);
    // The time of the last record stands in front, so that the head of a row says when its document last changed.
    let mut time = records.last().map_or(0, |last| last.time.0);
    put_varint(&mut out, time);
    for record in records {
        debug_assert_eq!(record.batch, first.batch, "a row is of one batch");
        out.push(record.kind.code());
        put_varint(&mut out, u64::from(number(&Origin::of(record))));
        let step = record.time.0.wrapping_sub(time) as i64;
        // Zigzag: a wall clock may step back, and a small step back must stay small.
        put_varint(&mut out, ((step << 1) ^ (step >> 63)) as u64);
        time = record.time.0;
        put_bytes(&mut out, &record.update);
    }
    out
}

/// The records of a row whose first one has place `first`. Their updates share `bytes`.
///
/// # Errors
/// [`CodecError`]; a row of an older format is read, one of a newer is not.
pub fn decode_row(
    first: Seq,
    bytes: &Bytes,
    mut origin: impl FnMut(u32) -> Option<Origin>,
) -> Result<Vec<Record>, CodecError> {
    let (mut cursor, RowHead { mut prev, number, count, time, .. }) = head(bytes)?;
    // Each record takes at least five bytes, so a wild count cannot make us reserve much.
    if count > cursor.left() as u64 {
        return Err(CodecError::Malformed("an impossible number of records"));
    }
    let mut records: Vec<Record> = Vec::with_capacity(count.min(1024) as usize);
    let mut time = time.0;
    for index in 0..count {
        let kind = RecordKind::from_code(cursor.byte()?)?;
        let at = u32::try_from(cursor.varint()?).map_err(|_| CodecError::Malformed("an author's number"))?;
        let Origin { author, writer } = origin(at).ok_or(CodecError::UnknownOrigin(at))?;
        let step = cursor.varint()?;
        time = time.wrapping_add((step >> 1) ^ (step & 1).wrapping_neg());
        let update = cursor.bytes()?;
        let record = Record {
            seq: Seq(first.0.checked_add(index).ok_or(CodecError::Malformed("a place past the last"))?),
            prev,
            time: UnixMillis(time),
            author,
            kind,
            batch: BatchId { writer, number },
            update: bytes.slice_ref(update),
        };
        prev = record.hash();
        records.push(record);
    }
    cursor.end()?;
    Ok(records)
}

/// What stands at the start of a row, within its first [`ROW_HEAD_BYTES_MAX`] bytes.
///
/// # Errors
/// [`CodecError`].
pub fn peek_row(bytes: &[u8]) -> Result<RowHead, CodecError> {
    let (mut cursor, mut head) = head(bytes)?;
    cursor.byte()?;
    head.origin = u32::try_from(cursor.varint()?).map_err(|_| CodecError::Malformed("an author's number"))?;
    Ok(head)
}

/// The bytes that [`peek_row`] needs at most.
pub const ROW_HEAD_BYTES_MAX: usize = 1 + 16 + 10 + 10 + 10 + 1 + 5;

/// What stands at the start of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RowHead {
    /// The hash of the record before the row's first.
    pub prev: RecordHash,
    /// [`BatchId::number`] of its batch.
    pub number: u64,
    /// How many records it has: one at least.
    pub count: u64,
    /// The time of its last record.
    pub time: UnixMillis,
    /// The number of the first record's origin.
    pub origin: u32,
}

fn head(bytes: &[u8]) -> Result<(Cursor<'_>, RowHead), CodecError> {
    let mut cursor = Cursor::new(bytes);
    version(&mut cursor)?;
    let prev = RecordHash(cursor.array()?);
    let number = cursor.varint()?;
    let count = cursor.varint()?;
    if count == 0 {
        return Err(CodecError::Malformed("an impossible number of records"));
    }
    let time = UnixMillis(cursor.varint()?);
    Ok((cursor, RowHead { prev, number, count, time, origin: 0 }))
}

fn version(cursor: &mut Cursor<'_>) -> Result<(), CodecError> {
    match cursor.byte()? {
        ROW_FORMAT => Ok(()),
        0 => Err(CodecError::Malformed("format 0")),
        newer => Err(CodecError::Newer(newer)),
    }
}

/// Puts a CRC-32C of `key` and `body` behind `body`: a row under the wrong key does not open either.
pub fn seal(key: &[u8], body: &mut Vec<u8>) {
    let sum = crc32c::crc32c_append(crc32c::crc32c(key), body);
    body.extend_from_slice(&sum.to_le_bytes());
}

/// What was sealed under `key`.
///
/// # Errors
/// [`CodecError::Checksum`].
pub fn open<'a>(key: &[u8], sealed: &'a [u8]) -> Result<&'a [u8], CodecError> {
    let (body, sum) = sealed.split_last_chunk::<SEAL_BYTES>().ok_or(CodecError::Checksum)?;
    if crc32c::crc32c_append(crc32c::crc32c(key), body) == u32::from_le_bytes(*sum) {
        Ok(body)
    } else {
        Err(CodecError::Checksum)
    }
}

#[cfg(test)]
mod tests;
