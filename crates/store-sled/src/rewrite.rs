//! A document's log replaced by another one while the store is compacted: how something is erased for good.
//!
//! The copy is made without the document, then given the new log, and only then takes the old database's place. So a
//! crash leaves the store as it was or as it becomes, and what was erased goes with the old files.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{DocId, Seq};
use weft_store::segment::{SEGMENT_BYTES_MAX, SEGMENT_RECORDS_MAX, encode_segment};
use weft_store::{Base, Record, StoreError, check_import};

use crate::Settings;
use crate::compact::new_engine;
use crate::engine::name_row;
use crate::keys::{self, Number};
use crate::log::{beginning, next_row};
use crate::meta::MetaRow;
use crate::rows::{OriginReader, RowError, Rows, StateRow, from_io, from_sled, segment_rows};
use crate::trim::{BaseRow, base_rows};
use crate::view::View;

/// A document as it is to be from now on.
#[derive(Debug, Clone)]
pub struct Rewritten {
    /// Which one; it must be there.
    pub doc: DocId,
    /// What stands for its older records, if they are not kept.
    pub base: Option<Base>,
    /// All of its records.
    pub records: Vec<Record>,
    /// Meta rows with what they hold from then on, or that they go.
    pub meta: Vec<(String, Option<Bytes>)>,
}

impl Rewritten {
    /// About how many bytes it takes.
    pub(crate) fn bytes(&self) -> u64 {
        let moments = self.base.iter().flat_map(|base| &base.moments).map(|moment| moment.update.len());
        let records = self.records.iter().map(|record| record.update.len() + 64);
        let meta = self.meta.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Bytes::len));
        moments.chain(records).chain(meta).map(|bytes| bytes as u64).sum()
    }
}

/// What of a database is not copied, since something else takes its place.
pub(crate) struct Replaced {
    pub(crate) number: Number,
    meta: HashSet<Vec<u8>>,
    /// The revisions of those meta values that lie in pieces.
    pieces: HashSet<u64>,
}

impl Replaced {
    /// # Errors
    /// [`StoreError::Refused`] when there is no such document, or its records do not follow each other.
    pub(crate) fn of(view: &View<'_>, rewritten: &Rewritten) -> Result<Self, StoreError> {
        let doc = &rewritten.doc;
        let Some(name) = name_row(view, doc)? else {
            return Err(StoreError::refused(format!("there is no document {doc:?}")));
        };
        let (edge, hash) = match &rewritten.base {
            Some(base) => base.check().map(|()| (base.seq, base.hash))?,
            None => beginning(None),
        };
        check_import(&rewritten.records, edge, hash)?;
        let (mut meta, mut pieces) = (HashSet::new(), HashSet::new());
        for (key, _) in &rewritten.meta {
            let row = MetaRow::read(view, key).map_err(|error| error.of(None))?;
            pieces.extend(row.filter(|row| row.pieces() > 0).map(|row| row.rev.0));
            meta.insert(keys::meta(key));
        }
        Ok(Self { number: name.number, meta, pieces })
    }

    /// Whether a row is among it.
    pub(crate) fn holds(&self, key: &[u8]) -> bool {
        match key.first() {
            Some(&keys::META) => self.meta.contains(key),
            Some(b'w') => keys::number_at(key, 1).is_some_and(|rev| self.pieces.contains(&rev)),
            _ => keys::number_of(key) == Some(self.number),
        }
    }
}

/// Puts the document into the copy, makes it durable, and reads it once more. Answers whether it is what it should be.
pub(crate) fn put(
    fresh: &Path,
    settings: &Settings,
    rewritten: &Rewritten,
    number: Number,
) -> Result<bool, StoreError> {
    let engine = new_engine(fresh, settings)?;
    let db = &engine.db;
    let apply = |rows: Rows| {
        let mut batch = sled::Batch::default();
        for (key, value) in rows.writes {
            match value {
                Some(value) => batch.insert(key, value),
                None => batch.remove(key),
            }
        }
        db.apply_batch(batch).map_err(|error| from_sled(&error))
    };
    let mut rows = Rows::default();
    if let Some(base) = &rewritten.base {
        base_rows(number, base, 1)?
            .into_iter()
            .for_each(|(key, body)| rows.put(key, body.unwrap_or_default()));
    }
    let mut state = StateRow::read(&View::new(db, Arc::default())).map_err(|error| error.of(None))?;
    for (key, value) in &rewritten.meta {
        if let Some(value) = value {
            state.rev += 1;
            MetaRow::put(key, weft_store::Rev(state.rev), value, &mut rows);
        }
    }
    rows.put(keys::STATE.to_vec(), state.encode());
    apply(rows)?;
    for run in runs(&rewritten.records) {
        let segment = encode_segment(run).map_err(|error| RowError::from(error).of(Some(&rewritten.doc)))?;
        let mut rows = Rows::default();
        segment_rows(number, run[0].seq, &segment)
            .for_each(|(key, body)| rows.put(key, body.unwrap_or_default()));
        apply(rows)?;
    }
    db.flush().map_err(|error| from_sled(&error))?;
    settings.disk.sync(&engine.file, &engine.path).map_err(|error| from_io(&error))?;
    drop(engine);

    let engine = new_engine(fresh, settings)?;
    let same = is_there(&View::new(&engine.db, Arc::default()), rewritten, number)
        .map_err(|error| error.of(Some(&rewritten.doc)))?;
    engine.db.flush().map_err(|error| from_sled(&error))?;
    settings.disk.sync(&engine.file, &engine.path).map_err(|error| from_io(&error))?;
    drop(engine);
    crate::open::sync_files(fresh).map_err(|error| from_io(&error))?;
    Ok(same)
}

/// The records in runs that a segment takes.
fn runs(records: &[Record]) -> Vec<&[Record]> {
    let (mut runs, mut rest) = (Vec::new(), records);
    while !rest.is_empty() {
        let mut bytes = 0;
        let fits = rest.iter().take(SEGMENT_RECORDS_MAX).take_while(|record| {
            bytes += record.update.len();
            bytes <= SEGMENT_BYTES_MAX
        });
        let (run, others) = rest.split_at(fits.count().max(1));
        runs.push(run);
        rest = others;
    }
    runs
}

fn is_there(view: &View<'_>, rewritten: &Rewritten, number: Number) -> Result<bool, RowError> {
    let row = BaseRow::read(view, number)?;
    let base = row.map(|row| row.load(view, number)).transpose()?;
    let (edge, hash) = beginning(row);
    let mut origins = OriginReader::new(view, number);
    let mut expected = Some((edge.next(), hash));
    let mut records = rewritten.records.iter();
    for row in view.range(keys::row(number, Seq::ZERO)..=keys::row(number, Seq(u64::MAX))) {
        let found = next_row(&mut origins, row, expected)?;
        expected = found.last().map(|record| (record.seq.next(), record.hash()));
        if !found.iter().all(|record| records.next() == Some(record)) {
            return Ok(false);
        }
    }
    for (key, value) in &rewritten.meta {
        let found = MetaRow::read(view, key)?.map(|row| row.value(view)).transpose()?;
        if found.map(|found| found.bytes) != *value {
            return Ok(false);
        }
    }
    Ok(records.next().is_none() && base == rewritten.base)
}
