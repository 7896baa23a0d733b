//! Segments: long runs of consecutive records of one document, packed densely.
//!
//! A typed record is some 20 bytes of update and as much again of metadata, and nearly all of it follows from the
//! record before. A segment keeps what does not follow, column by column, each compressed on its own:
//!
//! ```text
//! format (1 byte) · hash of the record before (16) · hash of the last record (16)
//! varints: number of records, time of the last one, bytes of all updates
//! columns: for each its length and its length as stored (0: not compressed), then its bytes
//! CRC-32C over all of that
//! ```
//! It gives every record back bit for bit. Hashes inside a segment are not kept but computed, and the last one must
//! come out as noted, so whoever reads a segment has verified its part of the chain.

use std::collections::HashMap;

use bytes::Bytes;
use weft_ids::{Seq, UnixMillis};
use zstd::bulk::Decompressor;

use crate::codec::{CodecError, Cursor, Origin, open, put_bytes, put_varint, seal};
use crate::record::{BATCH_BYTES_MAX, BatchId, Record, RecordHash, RecordKind};

mod updates;
use updates::{Packer, Unpacker};

/// The newest segment format.
pub const SEGMENT_FORMAT: u8 = 1;
/// A segment has at most so many records: whoever reads one of them unpacks all.
pub const SEGMENT_RECORDS_MAX: usize = 4096;
/// And its updates have together at most so many bytes, unless it is a single record.
pub const SEGMENT_BYTES_MAX: usize = 256 << 10;
/// So many records are read at once, some tens of microseconds; then whoever types goes first, if they wait for this core.
const RECORDS_AT_ONCE: usize = 256;
/// The bytes that [`peek_segment`] needs at most.
pub const SEGMENT_HEAD_BYTES_MAX: usize = 1 + 16 + 16 + 3 * 10;
/// Packed once and read for years.
const ZSTD_LEVEL: i32 = 15;
/// But a large column, that of a whole imported document, is not to take seconds.
const ZSTD_LEVEL_LARGE: i32 = 3;
const LARGE_BYTES: usize = 1 << 20;
/// Columns shorter than this gain nothing.
const COMPRESSED_FROM: usize = 32;
/// No column is larger: not even one that holds a whole batch badly.
const COLUMN_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;
const SEAL_KEY: &[u8] = b"segment";

/// What stands at the start of a segment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SegmentHead {
    /// The hash of the record before its first.
    pub prev: RecordHash,
    /// The hash of its last record.
    pub last: RecordHash,
    /// How many records it has: one at least.
    pub count: u64,
    /// The time of its last record.
    pub time: UnixMillis,
    /// The bytes of all its updates.
    pub bytes: u64,
}

/// Packs consecutive records of one document.
///
/// Not part of the bytes: the place of the first record, which the engine's key says.
///
/// # Errors
/// [`CodecError::Malformed`] when there is no record, or one does not follow the one before it.
pub fn encode_segment(records: &[Record]) -> Result<Vec<u8>, CodecError> {
    let (Some(first), Some(last)) = (records.first(), records.last()) else {
        return Err(CodecError::Malformed("no record to pack"));
    };
    let mut out = vec![SEGMENT_FORMAT];
    out.extend_from_slice(&first.prev.0);
    out.extend_from_slice(&last.hash().0);
    put_varint(&mut out, records.len() as u64);
    put_varint(&mut out, last.time.0);
    put_varint(&mut out, records.iter().map(|record| record.update.len() as u64).sum());

    let mut columns = Columns::default();
    let mut packer = Packer::default();
    let mut expected = (first.seq, first.prev);
    for record in records {
        if (record.seq, record.prev) != expected {
            return Err(CodecError::Malformed("records that do not follow each other"));
        }
        columns.push(record);
        packer.push(&record.update);
        expected = (record.seq.next(), record.hash());
    }
    let columns = columns.into_bytes();
    for column in columns.iter().chain(&packer.into_columns()) {
        put_column(&mut out, column)?;
    }
    seal(SEAL_KEY, &mut out);
    Ok(out)
}

/// The records of a segment whose first one has place `first`. Their updates share one allocation.
///
/// # Errors
/// [`CodecError`]; among them that the chain of hashes does not come out as noted.
pub fn decode_segment(first: Seq, sealed: &[u8]) -> Result<Vec<Record>, CodecError> {
    let bytes = open(SEAL_KEY, sealed)?;
    let (mut cursor, head) = head(bytes)?;
    let mut unzip = unzip()?;
    let mut column = || get_column(&mut cursor, &mut unzip);
    let columns = [column()?, column()?, column()?, column()?, column()?];
    let mut reader = Reader::new(&columns)?;
    let mut update_columns = Vec::with_capacity(updates::COLUMNS);
    for _ in 0..updates::COLUMNS {
        update_columns.push(column()?);
    }
    cursor.end()?;
    if head.bytes > COLUMN_BYTES_MAX as u64 {
        return Err(CodecError::Malformed("updates of impossible length"));
    }
    let mut unpacker = Unpacker::new(&update_columns, head.bytes as usize)?;
    // A record takes a byte in each of several columns, so a wild count ends soon.
    let mut ends = Vec::with_capacity(head.count.min(SEGMENT_RECORDS_MAX as u64) as usize);
    for _ in 0..head.count {
        ends.push(unpacker.unpack()?);
    }
    let all = Bytes::from(unpacker.finish()?);

    let mut records = Vec::with_capacity(ends.len());
    let (mut seq, mut prev, mut start) = (first, head.prev, 0);
    let mut form = Vec::new();
    for end in ends {
        let (origin, kind) = reader.who()?;
        let number = reader.number(origin)?;
        let time = UnixMillis(reader.time()?);
        let Origin { author, writer } = &reader.origins[origin];
        let batch = BatchId { writer: *writer, number };
        let update = all.slice(start..end);
        let record = Record { seq, prev, time, author: author.clone(), kind, batch, update };
        prev = record.hash_in(&mut form);
        seq = Seq(seq.0.checked_add(1).ok_or(CodecError::Malformed("a place past the last"))?);
        start = end;
        records.push(record);
        if records.len().is_multiple_of(RECORDS_AT_ONCE) {
            std::thread::yield_now();
        }
    }
    reader.end()?;
    if prev != head.last {
        return Err(CodecError::Malformed("its records do not have the hash that was noted"));
    }
    Ok(records)
}

/// What stands at the start of a segment, within its first [`SEGMENT_HEAD_BYTES_MAX`] bytes.
///
/// # Errors
/// [`CodecError`].
pub fn peek_segment(bytes: &[u8]) -> Result<SegmentHead, CodecError> {
    head(bytes).map(|(_, head)| head)
}

fn head(bytes: &[u8]) -> Result<(Cursor<'_>, SegmentHead), CodecError> {
    let mut cursor = Cursor::new(bytes);
    match cursor.byte()? {
        SEGMENT_FORMAT => {}
        0 => return Err(CodecError::Malformed("format 0")),
        newer => return Err(CodecError::NewerSegment(newer)),
    }
    let (prev, last) = (RecordHash(cursor.array()?), RecordHash(cursor.array()?));
    let (count, time, bytes) = (cursor.varint()?, UnixMillis(cursor.varint()?), cursor.varint()?);
    if count == 0 {
        return Err(CodecError::Malformed("an impossible number of records"));
    }
    Ok((cursor, SegmentHead { prev, last, count, time, bytes }))
}

fn put_column(out: &mut Vec<u8>, column: &[u8]) -> Result<(), CodecError> {
    put_varint(out, column.len() as u64);
    if column.is_empty() {
        return Ok(());
    }
    if column.len() >= COMPRESSED_FROM {
        let level = if column.len() < LARGE_BYTES { ZSTD_LEVEL } else { ZSTD_LEVEL_LARGE };
        let stored = zstd::bulk::compress(column, level);
        let stored = stored.map_err(|_| CodecError::Malformed("a column that does not compress"))?;
        if stored.len() < column.len() {
            put_bytes(out, &stored);
            return Ok(());
        }
    }
    put_varint(out, 0);
    out.extend_from_slice(column);
    Ok(())
}

/// One for all columns of a segment: it is larger than most of them.
fn unzip() -> Result<Decompressor<'static>, CodecError> {
    Decompressor::new().map_err(|_| CodecError::Malformed("columns that nothing decompresses"))
}

fn get_column(cursor: &mut Cursor<'_>, unzip: &mut Decompressor<'_>) -> Result<Vec<u8>, CodecError> {
    let len = cursor.varint()?;
    if len == 0 {
        return Ok(Vec::new());
    }
    match cursor.varint()? {
        0 => Ok(cursor.take(len)?.to_vec()),
        stored => {
            let stored = cursor.take(stored)?;
            let len = usize::try_from(len).ok().filter(|len| *len <= COLUMN_BYTES_MAX);
            let len = len.ok_or(CodecError::Malformed("a column of impossible length"))?;
            let column = unzip.decompress(stored, len).ok().filter(|column| column.len() == len);
            column.ok_or(CodecError::Malformed("a column that does not decompress"))
        }
    }
}

/// A signed step as an unsigned number, small when the step is.
fn zigzag(step: u64) -> u64 {
    let step = step as i64;
    ((step << 1) ^ (step >> 63)) as u64
}

fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

/// All of a record but its update, on the way into columns.
#[derive(Default)]
struct Columns {
    numbers: HashMap<Origin, usize>,
    /// Of each origin its last batch number.
    batches: Vec<u64>,
    time: u64,
    run: Option<(u64, u64)>,
    origins: Vec<u8>,
    who: Vec<u8>,
    number: Vec<u8>,
    /// The low byte of each step in time, which hardly compresses, apart from the rest, which does.
    time_low: Vec<u8>,
    time_high: Vec<u8>,
}

impl Columns {
    fn push(&mut self, record: &Record) {
        let origin = Origin::of(record);
        let next = self.numbers.len();
        let at = *self.numbers.entry(origin).or_insert_with_key(|origin| {
            put_bytes(&mut self.origins, &origin.encode());
            self.batches.push(0);
            next
        });
        let who = at as u64 * KINDS + u64::from(record.kind.code());
        match &mut self.run {
            Some((of, len)) if *of == who => *len += 1,
            run => {
                if let Some((of, len)) = run.replace((who, 1)) {
                    put_varint(&mut self.who, of);
                    put_varint(&mut self.who, len);
                }
            }
        }
        let number = record.batch.number;
        put_varint(&mut self.number, zigzag(number.wrapping_sub(self.batches[at])));
        self.batches[at] = number;
        let step = record.time.0.wrapping_sub(self.time);
        self.time = record.time.0;
        self.time_low.push(step as u8);
        put_varint(&mut self.time_high, zigzag(((step as i64) >> 8) as u64));
    }

    fn into_bytes(mut self) -> [Vec<u8>; 5] {
        if let Some((of, len)) = self.run {
            put_varint(&mut self.who, of);
            put_varint(&mut self.who, len);
        }
        [self.origins, self.who, self.number, self.time_low, self.time_high]
    }
}

/// More than there are kinds of records.
const KINDS: u64 = 16;

/// The same columns on the way out.
struct Reader<'a> {
    origins: Vec<Origin>,
    batches: Vec<u64>,
    run: (usize, RecordKind, u64),
    time_now: u64,
    who: Cursor<'a>,
    number: Cursor<'a>,
    time_low: Cursor<'a>,
    time_high: Cursor<'a>,
}

impl<'a> Reader<'a> {
    fn new([origins, who, number, time_low, time_high]: &'a [Vec<u8>; 5]) -> Result<Self, CodecError> {
        let mut cursor = Cursor::new(origins);
        let mut origins = Vec::new();
        while cursor.left() > 0 {
            origins.push(Origin::decode(cursor.bytes()?)?);
        }
        Ok(Self {
            batches: vec![0; origins.len()],
            origins,
            run: (0, RecordKind::Edit, 0),
            time_now: 0,
            who: Cursor::new(who),
            number: Cursor::new(number),
            time_low: Cursor::new(time_low),
            time_high: Cursor::new(time_high),
        })
    }

    /// The origin, which is one of `origins`, and the kind of the next record.
    fn who(&mut self) -> Result<(usize, RecordKind), CodecError> {
        if self.run.2 == 0 {
            let (who, len) = (self.who.varint()?, self.who.varint()?);
            let at = usize::try_from(who / KINDS).ok().filter(|at| *at < self.origins.len());
            let at = at.ok_or(CodecError::Malformed("a record of nobody"))?;
            if len == 0 {
                return Err(CodecError::Malformed("a run of no record"));
            }
            self.run = (at, RecordKind::from_code((who % KINDS) as u8)?, len);
        }
        self.run.2 -= 1;
        Ok((self.run.0, self.run.1))
    }

    fn number(&mut self, origin: usize) -> Result<u64, CodecError> {
        let number = self.batches[origin].wrapping_add(unzigzag(self.number.varint()?));
        self.batches[origin] = number;
        Ok(number)
    }

    fn time(&mut self) -> Result<u64, CodecError> {
        let (low, high) = (self.time_low.byte()?, unzigzag(self.time_high.varint()?));
        self.time_now = self.time_now.wrapping_add((high << 8) | u64::from(low));
        Ok(self.time_now)
    }

    fn end(&self) -> Result<(), CodecError> {
        if self.run.2 > 0 {
            return Err(CodecError::Malformed("something follows its end"));
        }
        [&self.who, &self.number, &self.time_low, &self.time_high].into_iter().try_for_each(Cursor::end)
    }
}

#[cfg(test)]
mod tests;
