use std::collections::{HashMap, VecDeque};

use weft_ids::{DocId, Seq};
use weft_store::codec::{Origin, Origins, encode_row};
use weft_store::{BATCHES_REMEMBERED, Base, BatchId, Record, RecordHash, StoreError};

use crate::engine::name_row;
use crate::keys::{self, Number};
use crate::log::{beginning, newest_row};
use crate::rows::{LogRow, OriginReader, RowError, RowKind, Rows, get};
use crate::trim::base_row;
use crate::view::View;

/// So many documents' ends are kept in memory; the others are read when they are written again.
const DOCUMENTS_CACHED_MAX: usize = 2048;
/// Of each document so many origins. One forgotten is stored once more, which harms nothing.
const ORIGINS_CACHED_MAX: usize = 128;
/// To find the last batches of a document, at most so many rows are read.
const ROWS_SEARCHED_MAX: usize = 4 * BATCHES_REMEMBERED;
/// A batch larger than this is stored as several rows, so that a page of it can be read without all of it.
const ROW_BYTES_MAX: usize = 256 << 10;

/// The ends of the documents written last.
#[derive(Default)]
pub(super) struct Documents {
    known: HashMap<DocId, Document>,
    clock: u64,
}

/// The end of a document.
pub(super) struct Document {
    /// `None` until its first record is stored.
    pub(super) number: Option<Number>,
    pub(super) head: Seq,
    pub(super) hash: RecordHash,
    /// The last batches and their last places, oldest first.
    batches: VecDeque<(BatchId, Seq)>,
    origins: Origins,
    used: u64,
}

impl Documents {
    /// The end of `doc`, read when it is not known.
    pub(super) fn load(&mut self, view: &View<'_>, doc: &DocId) -> Result<&mut Document, StoreError> {
        self.clock += 1;
        if !self.known.contains_key(doc) {
            if self.known.len() >= DOCUMENTS_CACHED_MAX {
                let mut used: Vec<u64> = self.known.values().map(|document| document.used).collect();
                let (_, middle, _) = used.select_nth_unstable(DOCUMENTS_CACHED_MAX / 2);
                let middle = *middle;
                self.known.retain(|_, document| document.used > middle);
            }
            let document = Document::read(view, doc)?;
            self.known.insert(doc.clone(), document);
        }
        let document = self.known.get_mut(doc);
        let document = document.ok_or_else(|| StoreError::refused("no such document in the cache"))?;
        document.used = self.clock;
        Ok(document)
    }

    /// There is no such document any more. Answers with its number, where it is known.
    pub(super) fn forget(&mut self, doc: &DocId) -> Option<Number> {
        self.known.remove(doc).and_then(|document| document.number)
    }
}

impl Document {
    fn read(view: &View<'_>, doc: &DocId) -> Result<Self, StoreError> {
        let mut document = Self {
            number: None,
            head: Seq::ZERO,
            hash: RecordHash::FIRST,
            batches: VecDeque::new(),
            origins: Origins::default(),
            used: 0,
        };
        let Some(name) = name_row(view, doc)? else { return Ok(document) };
        document.number = Some(name.number);
        let base = base_row(view, doc, name.number)?;
        (document.head, document.hash) = beginning(base);
        let edge = document.head;
        let newest = newest_row(view, name.number, edge).map_err(|error| error.of(Some(doc)))?;
        if newest.is_none() && base.is_none() {
            return Err(StoreError::damaged(doc, Seq(1), "all of its records are missing"));
        }
        let first = newest.as_ref().and_then(|(key, _)| keys::number_at(key, 9)).map_or(edge, Seq);
        document.read_end(view, name.number, newest).map_err(|error| error.at(doc, first))?;
        Ok(document)
    }

    fn read_end(
        &mut self,
        view: &View<'_>,
        number: Number,
        newest: Option<(sled::IVec, sled::IVec)>,
    ) -> Result<(), RowError> {
        let mut origins = OriginReader::new(view, number);
        let edge = self.head;
        if let Some((key, value)) = newest {
            let records = origins.records(&LogRow::open(&key, value)?)?;
            let newest = records.last().ok_or_else(|| RowError::Bad("a row without records".into()))?;
            (self.head, self.hash) = (newest.seq, newest.hash());
        }

        let rows = view.range(keys::row(number, edge.next())..=keys::row(number, Seq(u64::MAX)));
        for row in rows.rev().take(ROWS_SEARCHED_MAX) {
            let (key, value) = row?;
            // An older row that cannot be read is not the business of whoever appends: reading it will say so.
            let Ok(row) = LogRow::open(&key, value) else { break };
            let ends = match row.kind {
                RowKind::Batch { number, origin } => {
                    let Some(Origin { writer, .. }) = origins.get(origin) else { break };
                    vec![(BatchId { writer, number }, row.last())]
                }
                RowKind::Segment { .. } => {
                    let Ok(records) = origins.records(&row) else { break };
                    records.iter().rev().map(|record| (record.batch, record.seq)).collect()
                }
            };
            for (id, last) in ends {
                if self.batches.front().is_none_or(|(of, _)| *of != id) {
                    if self.batches.len() == BATCHES_REMEMBERED {
                        break;
                    }
                    self.batches.push_front((id, last));
                }
            }
        }
        let last =
            view.range(keys::origin(number, 0)..=keys::origin(number, u32::MAX)).next_back().transpose()?;
        let last = last.and_then(|(key, _)| Some(u32::from_be_bytes(*key.last_chunk()?)));
        self.origins = Origins::starting_at(last.map_or(0, |last| last + 1));
        // Whoever wrote last will likely write next, after a restart too.
        if let Some(last) = last
            && let Some(body) = get(view, &keys::origin(number, last))?
        {
            self.origins.insert(last, Origin::decode(&body)?);
        }
        Ok(())
    }

    /// The document begins with a base.
    pub(super) fn begin(&mut self, number: Number, base: &Base) {
        (self.number, self.head, self.hash) = (Some(number), base.seq, base.hash);
    }

    /// Where a batch that is here already ends.
    pub(super) fn place_of(&self, id: BatchId) -> Option<Seq> {
        self.batches.iter().rev().find(|(of, _)| *of == id).map(|(_, seq)| *seq)
    }

    /// Puts `records`, which follow the head, into `rows`.
    pub(super) fn push(&mut self, number: Number, records: &[Record], rows: &mut Rows) {
        if self.origins.len() > ORIGINS_CACHED_MAX {
            self.origins = Origins::starting_at(self.origins.next());
        }
        let mut rest = records;
        while let Some(first) = rest.first() {
            let mut bytes = 0;
            let fits = rest.iter().take_while(|record| {
                bytes += record.update.len();
                record.batch == first.batch && bytes <= ROW_BYTES_MAX
            });
            // The first one goes in, whatever its size.
            let len = fits.count().max(1);
            let (row, others) = rest.split_at(len);
            let origins = &mut self.origins;
            let encoded = encode_row(row, |origin| {
                let (at, new) = origins.number(origin);
                if new {
                    rows.put(keys::origin(number, at), origin.encode());
                }
                at
            });
            rows.put_records(number, first.seq, &encoded);
            rest = others;
        }
        for record in records {
            self.remember(record.batch, record.seq);
        }
        if let Some(last) = records.last() {
            (self.head, self.hash) = (last.seq, last.hash());
        }
    }

    fn remember(&mut self, id: BatchId, seq: Seq) {
        match self.batches.back_mut() {
            Some((of, last)) if *of == id => *last = seq,
            _ => {
                if self.batches.len() == BATCHES_REMEMBERED {
                    self.batches.pop_front();
                }
                self.batches.push_back((id, seq));
            }
        }
    }
}
