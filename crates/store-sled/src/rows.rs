//! What the rows hold, and how they are read and written. Every value ends in a checksum over its key and itself.

use bytes::Bytes;
use sled::IVec;
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::codec::{self, CodecError, Cursor, Origin, put_varint};
use weft_store::segment::{self, SEGMENT_HEAD_BYTES_MAX};
use weft_store::{Record, RecordHash, StoreError};

use crate::journal::Write;
use crate::keys::{self, Number, PIECE_BYTES};
use crate::view::View;

/// Log rows up to this many bytes stand whole in their row; larger ones go into pieces.
const INLINE_BYTES_MAX: usize = 1024;
/// Of a row in pieces, so many first bytes stand in the row itself: its head among them.
const FIRST_BYTES: usize = codec::ROW_HEAD_BYTES_MAX;
/// The version that the rows of this file start with.
const VERSION: u8 = 1;

/// Why a row cannot be had.
#[derive(Debug)]
pub(crate) enum RowError {
    /// It is not what was written.
    Bad(String),
    /// The database could not read it.
    Engine(sled::Error),
}

impl From<sled::Error> for RowError {
    fn from(error: sled::Error) -> Self {
        Self::Engine(error)
    }
}

impl From<CodecError> for RowError {
    fn from(error: CodecError) -> Self {
        Self::Bad(error.to_string())
    }
}

impl RowError {
    /// As an error about a record of a document.
    pub(crate) fn at(self, doc: &DocId, seq: Seq) -> StoreError {
        match engine_error(self) {
            StoreError::Damaged { what, .. } => StoreError::damaged(doc, seq, what),
            other => other,
        }
    }

    /// As an error about a document as a whole, or about none.
    pub(crate) fn of(self, doc: Option<&DocId>) -> StoreError {
        match engine_error(self) {
            StoreError::Damaged { what, seq, .. } => StoreError::Damaged { doc: doc.cloned(), seq, what },
            other => other,
        }
    }
}

fn engine_error(error: RowError) -> StoreError {
    match error {
        RowError::Bad(what) => StoreError::Damaged { doc: None, seq: None, what },
        RowError::Engine(error) => from_sled(&error),
    }
}

/// What a failure of sled means to a caller.
pub(crate) fn from_sled(error: &sled::Error) -> StoreError {
    match error {
        sled::Error::Io(error) => from_io(error),
        sled::Error::Corruption { .. } => StoreError::Damaged {
            doc: None,
            seq: None,
            what: "the database found its file damaged there".into(),
        },
        other => StoreError::Unavailable { what: other.to_string() },
    }
}

/// What a failure of the disk means to a caller.
pub(crate) fn from_io(error: &std::io::Error) -> StoreError {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let what = error.to_string();
    match error.kind() {
        StorageFull | QuotaExceeded | FileTooLarge => StoreError::Full { what },
        _ => StoreError::Unavailable { what },
    }
}

/// A value with its checksum checked and cut off.
pub(crate) fn open(key: &[u8], value: IVec) -> Result<IVec, RowError> {
    let len = codec::open(key, &value)?.len();
    Ok(value.subslice(0, len))
}

pub(crate) fn get(view: &View<'_>, key: &[u8]) -> Result<Option<IVec>, RowError> {
    view.get(key)?.map(|value| open(key, value)).transpose()
}

/// A key, and what it holds from now on: nothing, or these bytes, not yet sealed.
pub(crate) type Row = (Vec<u8>, Option<Vec<u8>>);

/// Rows on their way into the database.
#[derive(Default)]
pub(crate) struct Rows {
    pub(crate) writes: Vec<Write>,
}

impl Rows {
    pub(crate) fn put(&mut self, key: Vec<u8>, mut body: Vec<u8>) {
        codec::seal(&key, &mut body);
        self.writes.push((key.into(), Some(body.into())));
    }

    pub(crate) fn remove(&mut self, key: impl Into<IVec>) {
        self.writes.push((key.into(), None));
    }

    /// A row of records.
    pub(crate) fn put_records(&mut self, number: Number, seq: Seq, row: &[u8]) {
        for (key, body) in record_rows(number, seq, row) {
            self.put(key, body.unwrap_or_default());
        }
    }

    pub(crate) fn put_pieces(&mut self, bytes: &[u8], key: impl Fn(u32) -> Vec<u8>) {
        for (piece, bytes) in (0..).zip(bytes.chunks(PIECE_BYTES)) {
            self.put(key(piece), bytes.to_vec());
        }
    }
}

/// The rows of some records, the first of which has place `seq`, encoded as `row`.
pub(crate) fn record_rows(number: Number, seq: Seq, row: &[u8]) -> Vec<Row> {
    let mut body = Vec::with_capacity(row.len().min(INLINE_BYTES_MAX) + 16);
    let mut rows = Vec::new();
    if row.len() <= INLINE_BYTES_MAX {
        body.push(WHOLE);
        body.extend_from_slice(row);
    } else {
        let (first, rest) = row.split_at(FIRST_BYTES);
        body.push(IN_PIECES);
        put_varint(&mut body, row.len() as u64);
        body.extend_from_slice(first);
        let pieces = (0..).zip(rest.chunks(PIECE_BYTES));
        rows.extend(pieces.map(|(at, bytes)| (keys::row_piece(number, seq, at), Some(bytes.to_vec()))));
    }
    rows.push((keys::row(number, seq), Some(body)));
    rows
}

/// The rows of a segment whose first record has place `seq`.
pub(crate) fn segment_rows(number: Number, seq: Seq, segment: &[u8]) -> impl Iterator<Item = Row> {
    let (first, rest) = segment.split_at(segment.len().min(SEGMENT_HEAD_BYTES_MAX));
    let mut body = vec![SEGMENT];
    put_varint(&mut body, segment.len() as u64);
    body.extend_from_slice(first);
    let pieces = (0..).zip(rest.chunks(PIECE_BYTES));
    let pieces = pieces.map(move |(at, bytes)| (keys::row_piece(number, seq, at), Some(bytes.to_vec())));
    pieces.chain(std::iter::once((keys::row(number, seq), Some(body))))
}

/// `len` bytes out of pieces.
pub(crate) fn get_pieces(
    view: &View<'_>,
    len: usize,
    into: &mut Vec<u8>,
    key: impl Fn(u32) -> Vec<u8>,
) -> Result<(), RowError> {
    let end = into.len() + len;
    for piece in 0..len.div_ceil(PIECE_BYTES) as u32 {
        let Some(bytes) = get(view, &key(piece))? else {
            return Err(RowError::Bad(format!("piece {piece} is missing")));
        };
        if bytes.len() != PIECE_BYTES.min(end - into.len()) {
            return Err(RowError::Bad(format!("piece {piece} has another length")));
        }
        into.extend_from_slice(&bytes);
    }
    Ok(())
}

/// How a row of records is stored: whole, in pieces, or as a segment, in pieces as well.
const WHOLE: u8 = 0;
const IN_PIECES: u8 = 1;
const SEGMENT: u8 = 2;

/// A row of records as read: its head, and the rest where it lies.
pub(crate) struct LogRow {
    pub(crate) number: Number,
    pub(crate) first: Seq,
    /// How many records it has: one at least.
    pub(crate) count: u64,
    /// The hash of the record before its first.
    pub(crate) prev: RecordHash,
    /// The time of its last record.
    pub(crate) time: UnixMillis,
    pub(crate) kind: RowKind,
    /// The whole row, or its first bytes.
    bytes: IVec,
    at: usize,
    /// The length of the whole row, when it lies in pieces.
    in_pieces: Option<usize>,
}

/// What a row's head says besides, by its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RowKind {
    /// Records of one batch: its number, and the number of the first record's origin.
    Batch { number: u64, origin: u32 },
    /// Records of many batches: the hash of the last one, and the bytes of their updates.
    Segment { last: RecordHash, bytes: u64 },
}

impl LogRow {
    pub(crate) fn open(key: &[u8], value: IVec) -> Result<Self, RowError> {
        let bytes = open(key, value)?;
        let (Some(number), Some(first)) = (keys::number_at(key, 1), keys::number_at(key, 9)) else {
            return Err(RowError::Bad("a key of impossible length".into()));
        };
        let mut cursor = Cursor::new(&bytes);
        let shape = cursor.byte()?;
        let in_pieces = match shape {
            WHOLE => None,
            IN_PIECES | SEGMENT => Some(cursor.varint()? as usize),
            _ => return Err(RowError::Bad("a row of unknown shape".into())),
        };
        let at = bytes.len() - cursor.left();
        let (count, prev, time, kind) = if shape == SEGMENT {
            let head = segment::peek_segment(&bytes[at..])?;
            let kind = RowKind::Segment { last: head.last, bytes: head.bytes };
            (head.count, head.prev, head.time, kind)
        } else {
            let head = codec::peek_row(&bytes[at..])?;
            let kind = RowKind::Batch { number: head.number, origin: head.origin };
            (head.count, head.prev, head.time, kind)
        };
        if count > u64::MAX - first {
            return Err(RowError::Bad("a place past the last".into()));
        }
        Ok(Self { number, first: Seq(first), count, prev, time, kind, bytes, at, in_pieces })
    }

    pub(crate) fn last(&self) -> Seq {
        Seq(self.first.0 + self.count - 1)
    }

    /// The bytes it takes, without its keys.
    pub(crate) fn stored(&self) -> usize {
        self.in_pieces.unwrap_or(self.bytes.len() - self.at)
    }

    /// The keys of all that it consists of.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Vec<u8>> {
        let (number, first) = (self.number, self.first);
        let rest = self.in_pieces.map_or(0, |len| len.saturating_sub(self.bytes.len() - self.at));
        let pieces = (0..rest.div_ceil(PIECE_BYTES) as u32).map(move |at| keys::row_piece(number, first, at));
        std::iter::once(keys::row(number, first)).chain(pieces)
    }

    pub(crate) fn records(
        &self,
        view: &View<'_>,
        origins: impl FnMut(u32) -> Option<Origin>,
    ) -> Result<Vec<Record>, RowError> {
        let first = &self.bytes[self.at..];
        let mut whole = first.to_vec();
        if let Some(len) = self.in_pieces {
            let rest = len.checked_sub(first.len());
            let rest = rest.filter(|rest| *rest <= weft_store::BATCH_BYTES_MAX * 2);
            let rest = rest.ok_or_else(|| RowError::Bad("an impossible length".into()))?;
            get_pieces(view, rest, &mut whole, |piece| keys::row_piece(self.number, self.first, piece))?;
        }
        match self.kind {
            RowKind::Batch { .. } => Ok(codec::decode_row(self.first, &Bytes::from(whole), origins)?),
            RowKind::Segment { .. } => {
                let records = segment::decode_segment(self.first, &whole)?;
                if records.len() as u64 != self.count {
                    return Err(RowError::Bad("it does not hold the records it says it holds".into()));
                }
                Ok(records)
            }
        }
    }
}

/// What is known of a document under its name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NameRow {
    pub(crate) number: Number,
    pub(crate) created: UnixMillis,
}

impl NameRow {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut body = vec![VERSION];
        body.extend_from_slice(&self.number.to_be_bytes());
        put_varint(&mut body, self.created.0);
        body
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, RowError> {
        let mut cursor = cursor(body)?;
        let number = u64::from_be_bytes(cursor.array()?);
        Ok(Self { number, created: UnixMillis(cursor.varint()?) })
    }
}

/// What is known of the store as a whole. Written with every commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StateRow {
    /// How many commits there were.
    pub(crate) commits: u64,
    /// The last revision given to a meta row.
    pub(crate) rev: u64,
    /// How many document numbers were given.
    pub(crate) documents: u64,
}

impl StateRow {
    pub(crate) fn encode(self) -> Vec<u8> {
        let mut body = vec![VERSION];
        for number in [self.commits, self.rev, self.documents] {
            put_varint(&mut body, number);
        }
        body
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, RowError> {
        let mut cursor = cursor(body)?;
        Ok(Self { commits: cursor.varint()?, rev: cursor.varint()?, documents: cursor.varint()? })
    }

    pub(crate) fn read(view: &View<'_>) -> Result<Self, RowError> {
        get(view, keys::STATE)?.map_or(Ok(Self::default()), |body| Self::decode(&body))
    }
}

/// A cursor behind the version that a row starts with.
pub(crate) fn cursor(body: &[u8]) -> Result<Cursor<'_>, RowError> {
    let mut cursor = Cursor::new(body);
    match cursor.byte()? {
        VERSION => Ok(cursor),
        other => Err(RowError::Bad(format!("it has version {other}; this program reads {VERSION}"))),
    }
}

/// Starts a row of this file's version.
pub(crate) fn versioned() -> Vec<u8> {
    vec![VERSION]
}

/// Reads a document's origins, each once.
pub(crate) struct OriginReader<'a> {
    view: &'a View<'a>,
    number: Number,
    known: codec::Origins,
    /// Why one could not be read: the decoder only learns that it is unknown.
    pub(crate) failed: Option<RowError>,
}

impl<'a> OriginReader<'a> {
    pub(crate) fn new(view: &'a View<'a>, number: Number) -> Self {
        Self { view, number, known: codec::Origins::default(), failed: None }
    }

    pub(crate) fn get(&mut self, number: u32) -> Option<Origin> {
        if let Some(origin) = self.known.get(number) {
            return Some(origin.clone());
        }
        let read = || -> Result<Option<Origin>, RowError> {
            let body = get(self.view, &keys::origin(self.number, number))?;
            body.map(|body| Ok(Origin::decode(&body)?)).transpose()
        };
        match read() {
            Ok(origin) => {
                let origin = origin?;
                self.known.insert(number, origin.clone());
                Some(origin)
            }
            Err(error) => {
                self.failed = Some(error);
                None
            }
        }
    }

    /// The records of a row.
    pub(crate) fn records(&mut self, row: &LogRow) -> Result<Vec<Record>, RowError> {
        let view = self.view;
        let records = row.records(view, |number| self.get(number));
        records.map_err(|error| self.failed.take().unwrap_or(error))
    }
}
