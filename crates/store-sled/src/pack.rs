//! Packing: rows of a log become segments, each in one commit, while others read and append.

use async_trait::async_trait;
use weft_ids::{DocId, Seq};
use weft_store::segment::{SEGMENT_BYTES_MAX, SEGMENT_RECORDS_MAX, decode_segment, encode_segment};
use weft_store::{BATCHES_REMEMBERED, Base, Packed, RecordHash, Size, StoreError, Trimmed, Upkeep};

use crate::SledStore;
use crate::compact::live_bytes;
use crate::engine::{Shared, name_row};
use crate::keys::{self, Number};
use crate::log::beginning;
use crate::rows::{LogRow, OriginReader, Row, RowError, RowKind, segment_rows};
use crate::trim::base_row;
use crate::view::View;

/// Fewer records than this are not worth a segment of their own…
const RECORDS_MIN: u64 = 32;
/// …unless they have so many bytes.
const BYTES_MIN: usize = 4096;

#[async_trait]
impl Upkeep for SledStore {
    async fn pack(&self, doc: &DocId, upto: Seq) -> Result<Packed, StoreError> {
        let _alone = self.reshaping.lock().await;
        let mut packed = Packed::default();
        let mut from = Seq(1);
        loop {
            let of = doc.clone();
            let Some(step) = self.blocking(move |shared| next_step(shared, &of, from, upto)).await? else {
                return Ok(packed);
            };
            self.put_rows(step.rows).await?;
            packed += step.packed;
            from = step.next;
        }
    }

    async fn trim(&self, doc: &DocId, base: Base) -> Result<Trimmed, StoreError> {
        self.trim_to(doc, base).await
    }

    async fn remove(&self, doc: &DocId) -> Result<(), StoreError> {
        self.remove_all(doc).await
    }

    async fn size(&self) -> Result<Size, StoreError> {
        let live = self.blocking(|shared| shared.with(live_bytes)).await?;
        Ok(Size { live, disk: self.disk_bytes() })
    }
}

/// A new segment, and the rows that it replaces.
pub(crate) struct Step {
    pub(crate) rows: Vec<Row>,
    packed: Packed,
    /// The place behind it.
    next: Seq,
}

/// The next segment to be written at or behind `from`.
pub(crate) fn next_step(
    shared: &Shared,
    doc: &DocId,
    from: Seq,
    upto: Seq,
) -> Result<Option<Step>, StoreError> {
    shared.with(|view| {
        let Some(name) = name_row(view, doc)? else { return Ok(None) };
        let failed = |error: RowError| error.of(Some(doc));
        let edge = beginning(base_row(view, doc, name.number)?).0;
        let from = from.max(edge.next());
        let upto = upto.min(last_loose(view, name.number).map_err(failed)?);
        if upto < from {
            return Ok(None);
        }
        let mut run = Run::default();
        let mut rows = view.range(keys::row(name.number, from)..=keys::row(name.number, upto));
        loop {
            let row = rows.next().transpose().map_err(|error| failed(error.into()))?;
            let row = row.map(|(key, value)| LogRow::open(&key, value));
            let next = match row {
                None => None,
                Some(Ok(row)) if row.last() > upto => None,
                Some(Ok(row)) => Some(row),
                // A damaged row stays, for others to say so; nor is it known how far it goes.
                Some(Err(RowError::Bad(_))) => {
                    if let Some(step) = run.step(view, name.number)? {
                        return Ok(Some(step));
                    }
                    run = Run::default();
                    continue;
                }
                Some(Err(error)) => return Err(failed(error)),
            };
            let ends = next.as_ref().is_none_or(|row| is_full(row) || !run.takes(row));
            if ends && let Some(step) = run.step(view, name.number)? {
                return Ok(Some(step));
            }
            let Some(row) = next else { return Ok(None) };
            if ends {
                run = Run::default();
            }
            if !is_full(&row) {
                run.push(row);
            }
        }
    })
}

/// Whether a row is a segment that is large enough to stay for ever.
fn is_full(row: &LogRow) -> bool {
    match row.kind {
        RowKind::Batch { .. } => false,
        RowKind::Segment { bytes, .. } => {
            row.count * 2 >= SEGMENT_RECORDS_MAX as u64 || bytes * 2 >= SEGMENT_BYTES_MAX as u64
        }
    }
}

/// The last record before those of the batches that must be known again when they are repeated.
fn last_loose(view: &View<'_>, number: Number) -> Result<Seq, RowError> {
    let mut batches = Vec::new();
    for row in view.range(keys::row(number, Seq::ZERO)..=keys::row(number, Seq(u64::MAX))).rev() {
        let (key, value) = row?;
        let row = match LogRow::open(&key, value) {
            Ok(row) => row,
            // Which batch it was is lost: it counts as one.
            Err(RowError::Bad(_)) if batches.len() < BATCHES_REMEMBERED => {
                batches.push((u64::MAX, u32::MAX));
                continue;
            }
            Err(RowError::Bad(_)) => return Ok(Seq::ZERO),
            Err(error) => return Err(error),
        };
        match row.kind {
            RowKind::Segment { .. } => return Ok(row.last()),
            RowKind::Batch { number, origin } => {
                if batches.last() != Some(&(number, origin)) {
                    if batches.len() == BATCHES_REMEMBERED {
                        return Ok(row.last());
                    }
                    batches.push((number, origin));
                }
            }
        }
    }
    Ok(Seq::ZERO)
}

/// Rows that follow each other and may become one segment.
#[derive(Default)]
struct Run {
    rows: Vec<LogRow>,
    records: u64,
    bytes: usize,
    /// What is not packed yet.
    plain_records: u64,
    plain_bytes: usize,
}

/// The bytes of a row's updates, or somewhat more.
fn update_bytes(row: &LogRow) -> usize {
    match row.kind {
        RowKind::Batch { .. } => row.stored(),
        RowKind::Segment { bytes, .. } => bytes as usize,
    }
}

impl Run {
    fn takes(&self, row: &LogRow) -> bool {
        let Some(last) = self.rows.last() else { return true };
        row.first == last.last().next()
            && self.records + row.count <= SEGMENT_RECORDS_MAX as u64
            && self.bytes + update_bytes(row) <= SEGMENT_BYTES_MAX
    }

    fn push(&mut self, row: LogRow) {
        self.records += row.count;
        self.bytes += update_bytes(&row);
        if let RowKind::Batch { .. } = row.kind {
            self.plain_records += row.count;
            self.plain_bytes += row.stored();
        }
        self.rows.push(row);
    }

    /// The run as a segment, if it is worth one and can be read.
    fn step(&self, view: &View<'_>, number: Number) -> Result<Option<Step>, StoreError> {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else { return Ok(None) };
        if self.plain_records < RECORDS_MIN && self.plain_bytes < BYTES_MIN {
            return Ok(None);
        }
        let mut origins = OriginReader::new(view, number);
        let mut records = Vec::new();
        let mut hash: Option<RecordHash> = None;
        for row in &self.rows {
            let follows = hash.is_none_or(|hash| hash == row.prev);
            match origins.records(row) {
                Ok(more) if follows => records.extend(more),
                Ok(_) | Err(RowError::Bad(_)) => return Ok(None),
                Err(error) => return Err(error.of(None)),
            }
            hash = records.last().map(|record| record.hash());
        }
        let segment = encode_segment(&records).map_err(|error| RowError::from(error).of(None))?;
        // Whatever else may go wrong: rows are replaced only by what gives them back.
        if decode_segment(first.first, &segment).as_ref() != Ok(&records) {
            tracing::error!(
                first = first.first.0,
                "a segment does not give back its records; they stay as they are"
            );
            return Ok(None);
        }
        let mut rows: Vec<Row> = self.rows.iter().flat_map(LogRow::keys).map(|key| (key, None)).collect();
        let bytes_before = self.rows.iter().map(LogRow::stored).sum::<usize>() as u64;
        let packed = Packed {
            records: records.len() as u64,
            segments: 1,
            bytes_before,
            bytes_after: segment.len() as u64,
        };
        rows.extend(segment_rows(number, first.first, &segment));
        Ok(Some(Step { rows, packed, next: last.last().next() }))
    }
}
