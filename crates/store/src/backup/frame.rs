use std::io::{self, Read, Write};

use bytes::Bytes;
use weft_ids::{DocId, Seq, UnixMillis};

use super::{BackupError, Summary};
use crate::codec::{Cursor, Origin, Origins, put_bytes, put_varint};
use crate::meta::{META_KEY_BYTES_MAX, META_VALUE_BYTES_MAX};
use crate::record::{BatchId, RECORD_BYTES_MAX, Record, RecordHash, RecordKind};

const META: u8 = 1;
const DOCUMENT: u8 = 2;
const ORIGIN: u8 = 3;
const RECORD: u8 = 4;
const DOCUMENT_ENDS: u8 = 5;
const END: u8 = 6;
/// The largest frame: a record or a meta row with what stands around it.
const FRAME_BYTES_MAX: u64 = (RECORD_BYTES_MAX + META_VALUE_BYTES_MAX + META_KEY_BYTES_MAX + 1024) as u64;

/// Frames on their way into a file: a tag, a length, and what they hold.
pub(super) struct FrameWriter<W> {
    out: W,
    origins: Origins,
    time: u64,
}

impl<W: Write> FrameWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, origins: Origins::default(), time: 0 }
    }

    pub(super) fn into_inner(self) -> W {
        self.out
    }

    fn frame(&mut self, tag: u8, body: &[u8]) -> io::Result<()> {
        let mut head = vec![tag];
        put_varint(&mut head, body.len() as u64);
        self.out.write_all(&head)?;
        self.out.write_all(body)
    }

    pub(super) fn meta(&mut self, key: &str, value: &[u8]) -> io::Result<()> {
        let mut body = Vec::with_capacity(key.len() + value.len() + 8);
        put_bytes(&mut body, key.as_bytes());
        put_bytes(&mut body, value);
        self.frame(META, &body)
    }

    pub(super) fn document(&mut self, doc: &DocId) -> io::Result<()> {
        self.origins = Origins::default();
        self.time = 0;
        self.frame(DOCUMENT, doc.as_str().as_bytes())
    }

    pub(super) fn record(&mut self, record: &Record) -> io::Result<()> {
        let origin = Origin::of(record);
        let (number, new) = self.origins.number(&origin);
        if new {
            self.frame(ORIGIN, &origin.encode())?;
        }
        let mut body = Vec::with_capacity(record.update.len() + 24);
        body.push(record.kind.code());
        put_varint(&mut body, u64::from(number));
        put_varint(&mut body, record.batch.number);
        put_varint(&mut body, record.time.0.wrapping_sub(self.time));
        self.time = record.time.0;
        body.extend_from_slice(&record.update);
        self.frame(RECORD, &body)
    }

    pub(super) fn document_ends(&mut self, last: Option<&Record>) -> io::Result<()> {
        let mut body = Vec::new();
        put_varint(&mut body, last.map_or(0, |record| record.seq.0));
        body.extend_from_slice(&last.map_or(RecordHash::FIRST, Record::hash).0);
        self.frame(DOCUMENT_ENDS, &body)
    }

    pub(super) fn end(&mut self, summary: &Summary) -> io::Result<()> {
        let mut body = Vec::new();
        for count in [summary.documents, summary.records, summary.meta] {
            put_varint(&mut body, count);
        }
        self.frame(END, &body)
    }
}

/// What a file holds.
#[derive(Debug)]
pub(super) enum Frame {
    Meta { key: String, value: Bytes },
    Document(DocId),
    Record(Record),
    DocumentEnds,
}

/// Frames out of a file, each verified against those before it.
pub(super) struct FrameReader<R> {
    input: R,
    pub(super) summary: Summary,
    origins: Origins,
    next_origin: u32,
    /// The end of the document being read.
    open: bool,
    seq: Seq,
    hash: RecordHash,
    time: u64,
}

fn damaged(what: impl Into<String>) -> BackupError {
    BackupError::Damaged(what.into())
}

impl<R: Read> FrameReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            summary: Summary::default(),
            origins: Origins::default(),
            next_origin: 0,
            open: false,
            seq: Seq::ZERO,
            hash: RecordHash::FIRST,
            time: 0,
        }
    }

    /// The next frame; `None` behind the end, which must count what there was.
    pub(super) fn next(&mut self) -> Result<Option<Frame>, BackupError> {
        loop {
            let (tag, body) = self.frame()?;
            let bad = |error: crate::codec::CodecError| damaged(error.to_string());
            let mut cursor = Cursor::new(&body);
            match tag {
                META if !self.open => {
                    let key = String::from_utf8(cursor.bytes().map_err(bad)?.to_vec());
                    let key = key.map_err(|_| damaged("a key that is not UTF-8"))?;
                    let value = body.slice_ref(cursor.bytes().map_err(bad)?);
                    cursor.end().map_err(bad)?;
                    self.summary.meta += 1;
                    return Ok(Some(Frame::Meta { key, value }));
                }
                DOCUMENT if !self.open => {
                    let name = std::str::from_utf8(&body).ok().and_then(|name| DocId::new(name).ok());
                    let doc = name.ok_or_else(|| damaged("a document's name that is none"))?;
                    (self.origins, self.next_origin) = (Origins::default(), 0);
                    (self.open, self.seq, self.hash, self.time) = (true, Seq::ZERO, RecordHash::FIRST, 0);
                    return Ok(Some(Frame::Document(doc)));
                }
                ORIGIN if self.open => {
                    self.origins.insert(self.next_origin, Origin::decode(&body).map_err(bad)?);
                    self.next_origin += 1;
                }
                RECORD if self.open => return self.record(&body).map(|record| Some(Frame::Record(record))),
                DOCUMENT_ENDS if self.open => {
                    let (count, hash) = (cursor.varint().map_err(bad)?, cursor.array().map_err(bad)?);
                    if count != self.seq.0 || RecordHash(hash) != self.hash {
                        return Err(damaged("a document does not end where it should"));
                    }
                    self.open = false;
                    self.summary.documents += 1;
                    return Ok(Some(Frame::DocumentEnds));
                }
                END if !self.open => {
                    for counted in [self.summary.documents, self.summary.records, self.summary.meta] {
                        if cursor.varint().map_err(bad)? != counted {
                            return Err(damaged("it does not hold what it says it holds"));
                        }
                    }
                    return Ok(None);
                }
                _ => return Err(damaged(format!("a frame of kind {tag} in the wrong place"))),
            }
        }
    }

    fn record(&mut self, body: &Bytes) -> Result<Record, BackupError> {
        let bad = |error: crate::codec::CodecError| damaged(error.to_string());
        let mut cursor = Cursor::new(body);
        let kind = RecordKind::from_code(cursor.byte().map_err(bad)?).map_err(bad)?;
        let origin = u32::try_from(cursor.varint().map_err(bad)?).ok();
        let origin = origin.and_then(|number| self.origins.get(number)).cloned();
        let Origin { author, writer } = origin.ok_or_else(|| damaged("a record of nobody"))?;
        let number = cursor.varint().map_err(bad)?;
        self.time = self.time.wrapping_add(cursor.varint().map_err(bad)?);
        let update = body.slice(body.len() - cursor.left()..);
        self.seq = self.seq.next();
        let record = Record {
            seq: self.seq,
            prev: self.hash,
            time: UnixMillis(self.time),
            author,
            kind,
            batch: BatchId { writer, number },
            update,
        };
        self.hash = record.hash();
        self.summary.records += 1;
        Ok(record)
    }

    fn frame(&mut self) -> Result<(u8, Bytes), BackupError> {
        let tag = self.byte()?;
        let mut len = 0_u64;
        for shift in (0..35).step_by(7) {
            let byte = self.byte()?;
            len |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        if len > FRAME_BYTES_MAX {
            return Err(damaged("a frame of impossible length"));
        }
        let mut body = Vec::new();
        (&mut self.input).take(len).read_to_end(&mut body)?;
        if body.len() as u64 != len {
            return Err(damaged("it ends too early"));
        }
        Ok((tag, body.into()))
    }

    fn byte(&mut self) -> Result<u8, BackupError> {
        let mut byte = [0];
        self.input.read_exact(&mut byte).map_err(|error| damaged(error.to_string()))?;
        Ok(byte[0])
    }
}
