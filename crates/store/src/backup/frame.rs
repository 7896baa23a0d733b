use std::io::{self, Read, Write};

use bytes::Bytes;
use weft_ids::{DocId, Seq, UnixMillis};

use super::{BackupError, Summary};
use crate::base::{Base, KeptMoment};
use crate::codec::{Cursor, Origin, Origins, put_bytes, put_varint};
use crate::meta::{META_KEY_BYTES_MAX, META_VALUE_BYTES_MAX};
use crate::record::{BatchId, RECORD_BYTES_MAX, Record, RecordHash, RecordKind};

const META: u8 = 1;
const DOCUMENT: u8 = 2;
const ORIGIN: u8 = 3;
const RECORD: u8 = 4;
const DOCUMENT_ENDS: u8 = 5;
const END: u8 = 6;
const BASE: u8 = 7;
const MOMENT: u8 = 8;
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

    /// A base and its moments, each in a frame of its own.
    pub(super) fn base(&mut self, base: &Base) -> io::Result<()> {
        let mut body = Vec::new();
        put_varint(&mut body, base.seq.0);
        body.extend_from_slice(&base.hash.0);
        put_varint(&mut body, base.created.0);
        put_varint(&mut body, base.moments.len() as u64);
        self.frame(BASE, &body)?;
        for moment in &base.moments {
            let mut body = Vec::with_capacity(moment.update.len() + 16);
            put_varint(&mut body, moment.seq.0);
            put_varint(&mut body, moment.time.0);
            body.extend_from_slice(&moment.update);
            self.frame(MOMENT, &body)?;
        }
        Ok(())
    }

    /// `seq` and `hash` are those of the document's last record, whether it is kept or not.
    pub(super) fn document_ends(&mut self, seq: Seq, hash: RecordHash) -> io::Result<()> {
        let mut body = Vec::new();
        put_varint(&mut body, seq.0);
        body.extend_from_slice(&hash.0);
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
    Base(Base),
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
    /// A base whose moments are being read, and how many it has.
    base: Option<(Base, u64)>,
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
            base: None,
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
                BASE if self.open && self.seq == Seq::ZERO => {
                    let (seq, hash) = (cursor.varint().map_err(bad)?, cursor.array().map_err(bad)?);
                    let (created, count) = (cursor.varint().map_err(bad)?, cursor.varint().map_err(bad)?);
                    cursor.end().map_err(bad)?;
                    let (seq, hash, created) = (Seq(seq), RecordHash(hash), UnixMillis(created));
                    (self.seq, self.hash) = (seq, hash);
                    self.base = Some((Base { seq, hash, created, moments: Vec::new() }, count));
                }
                MOMENT => {
                    if let Some(base) = self.moment(&body)? {
                        return Ok(Some(Frame::Base(base)));
                    }
                }
                _ if self.base.is_some() => return Err(damaged("a base without all of its moments")),
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

    /// Takes in a moment of a base, and gives the base when that was the last.
    fn moment(&mut self, body: &Bytes) -> Result<Option<Base>, BackupError> {
        let bad = |error: crate::codec::CodecError| damaged(error.to_string());
        let (base, count) = self.base.as_mut().ok_or_else(|| damaged("a moment without a base"))?;
        let mut cursor = Cursor::new(body);
        let (seq, time) = (cursor.varint().map_err(bad)?, cursor.varint().map_err(bad)?);
        let update = body.slice(body.len() - cursor.left()..);
        base.moments.push(KeptMoment { seq: Seq(seq), time: UnixMillis(time), update });
        if (base.moments.len() as u64) < *count {
            return Ok(None);
        }
        let base = self.base.take().map(|(base, _)| base);
        base.as_ref().map_or(Ok(()), Base::check).map_err(|error| damaged(error.to_string()))?;
        Ok(base)
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
