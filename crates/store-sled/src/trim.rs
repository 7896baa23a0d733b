//! Dropping records: a base takes their place in one commit, and what nobody can reach any more goes after it.
//!
//! ```text
//! 1  the pieces of the base are written             nobody reads them yet
//! 2  one commit: the base's manifest, and what is left of the row that its place lies in
//!                                                   from here on the records up to the base do not exist for anybody
//! 3  their rows are removed, and the pieces of the base before
//! ```
//! After a crash in 3 the rest goes when the document is trimmed again, or with the next compaction.

use bytes::Bytes;
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::codec::{encode_row, put_varint};
use weft_store::segment::encode_segment;
use weft_store::{BASE_BYTES_MAX, Base, CheckpointKind, RecordHash, StoreError, Trimmed};

use crate::SledStore;
use crate::engine::{Shared, name_row};
use crate::keys::{self, Number, PIECE_BYTES};
use crate::rows::{
    LogRow, OriginReader, Row, RowError, RowKind, cursor, get, get_pieces, record_rows, segment_rows,
    versioned,
};
use crate::view::View;

/// Written once and read for years.
const ZSTD_LEVEL: i32 = 9;

/// What stands in a base's manifest: enough to append behind it without reading it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BaseRow {
    pub(crate) seq: Seq,
    pub(crate) hash: RecordHash,
    /// When the last record that it stands for reached the server.
    pub(crate) time: UnixMillis,
    /// Tells its pieces from those of the bases before it.
    pub(crate) generation: u64,
    /// The length of its bytes, and of its pieces together.
    len: usize,
    stored: usize,
    /// The start of the BLAKE3 of its bytes.
    sum: [u8; 16],
}

impl BaseRow {
    pub(crate) fn read(view: &View<'_>, number: Number) -> Result<Option<Self>, RowError> {
        get(view, &keys::base(number))?.map(|body| Self::decode(&body)).transpose()
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, RowError> {
        let mut cursor = cursor(body)?;
        let (seq, hash) = (Seq(cursor.varint()?), RecordHash(cursor.array()?));
        let (time, generation) = (UnixMillis(cursor.varint()?), cursor.varint()?);
        let (len, stored) = (cursor.varint()? as usize, cursor.varint()? as usize);
        if len > BASE_BYTES_MAX * 2 || stored > BASE_BYTES_MAX * 2 {
            return Err(RowError::Bad("an impossible length".into()));
        }
        Ok(Self { seq, hash, time, generation, len, stored, sum: cursor.array()? })
    }

    fn encode(&self) -> Vec<u8> {
        let mut body = versioned();
        put_varint(&mut body, self.seq.0);
        body.extend_from_slice(&self.hash.0);
        for number in [self.time.0, self.generation, self.len as u64, self.stored as u64] {
            put_varint(&mut body, number);
        }
        body.extend_from_slice(&self.sum);
        body
    }

    /// The base itself.
    pub(crate) fn load(&self, view: &View<'_>, number: Number) -> Result<Base, RowError> {
        let mut stored = Vec::with_capacity(self.stored);
        get_pieces(view, self.stored, &mut stored, |piece| keys::base_piece(number, self.generation, piece))?;
        let bytes = zstd::bulk::decompress(&stored, self.len);
        let bytes = bytes.map_err(|error| RowError::Bad(format!("it does not decompress: {error}")))?;
        if sum(&bytes) != self.sum {
            return Err(RowError::Bad("it is not the base that was written".into()));
        }
        let base = Base::decode(&Bytes::from(bytes))?;
        if (base.seq, base.hash) != (self.seq, self.hash) {
            return Err(RowError::Bad("it is the base of another place".into()));
        }
        Ok(base)
    }
}

/// The rows of a base: its pieces, and last its manifest.
pub(crate) fn base_rows(number: Number, base: &Base, generation: u64) -> Result<Vec<Row>, StoreError> {
    let bytes = base.encode();
    let stored = zstd::bulk::compress(&bytes, ZSTD_LEVEL)
        .map_err(|error| StoreError::Unavailable { what: format!("compressing a base: {error}") })?;
    let manifest = BaseRow {
        seq: base.seq,
        hash: base.hash,
        time: base.time(),
        generation,
        len: bytes.len(),
        stored: stored.len(),
        sum: sum(&bytes),
    };
    let pieces = (0..).zip(stored.chunks(PIECE_BYTES));
    let pieces =
        pieces.map(|(piece, bytes)| (keys::base_piece(number, generation, piece), Some(bytes.to_vec())));
    Ok(pieces.chain([(keys::base(number), Some(manifest.encode()))]).collect())
}

fn sum(bytes: &[u8]) -> [u8; 16] {
    let mut sum = [0; 16];
    blake3::Hasher::new().update(bytes).finalize_xof().fill(&mut sum);
    sum
}

/// The base of a document, with what it is damaged by put into words.
pub(crate) fn base_row(view: &View<'_>, doc: &DocId, number: Number) -> Result<Option<BaseRow>, StoreError> {
    BaseRow::read(view, number).map_err(|error| about_base(error).of(Some(doc)))
}

pub(crate) fn about_base(error: RowError) -> RowError {
    match error {
        RowError::Bad(what) => RowError::Bad(format!("what stands for its older records: {what}")),
        other => other,
    }
}

pub(crate) fn base(shared: &Shared, doc: &DocId) -> Result<Option<Base>, StoreError> {
    let read = || {
        shared.with(|view| {
            let Some(name) = name_row(view, doc)? else { return Ok(None) };
            let Some(row) = base_row(view, doc, name.number)? else { return Ok(None) };
            let base = row.load(view, name.number).map_err(|error| about_base(error).of(Some(doc)));
            base.map(Some)
        })
    };
    match read() {
        // Another one may have taken its place while its pieces were read.
        Err(StoreError::Damaged { .. }) => {
            let _moment = shared.one_moment();
            read()
        }
        result => result,
    }
}

/// What a trim writes.
struct Plan {
    number: Number,
    generation: u64,
    /// How many records it drops.
    records: u64,
    pieces: Vec<Row>,
    /// Written in one commit.
    last: Vec<Row>,
}

impl SledStore {
    pub(crate) async fn trim_to(&self, doc: &DocId, base: Base) -> Result<Trimmed, StoreError> {
        let _alone = self.reshaping.lock().await;
        let of = doc.clone();
        let seq = base.seq;
        let plan = self.blocking(move |shared| plan(shared, &of, &base)).await?;
        let Plan { number, generation, records, pieces, last } = plan;
        self.put_parts(pieces).await?;
        if !last.is_empty() {
            self.put_rows(last).await?;
        }
        let _saving = self.saving.lock().await;
        let rows =
            self.blocking(move |shared| shared.with(|view| unreachable(view, number, seq, generation)));
        self.put_parts(rows.await?).await?;
        Ok(Trimmed { records })
    }
}

fn plan(shared: &Shared, doc: &DocId, base: &Base) -> Result<Plan, StoreError> {
    let head = crate::log::head(shared, doc)?.unwrap_or(Seq::ZERO);
    shared.with(|view| {
        let Some(name) = name_row(view, doc)? else {
            return Err(StoreError::refused(format!("there is no document {doc:?}")));
        };
        let number = name.number;
        let old = base_row(view, doc, number)?;
        let edge = old.map_or(Seq::ZERO, |old| old.seq);
        let within = base.seq > edge && base.seq <= head;
        let row = if within {
            row_with(view, number, base.seq).map_err(|error| error.at(doc, base.seq))?
        } else {
            None
        };
        let hash = match &row {
            Some((_, records)) => {
                records.iter().find(|record| record.seq == base.seq).map(|record| record.hash())
            }
            None => old.filter(|old| old.seq == base.seq).map(|old| old.hash),
        };
        base.check_trim(edge, head, hash)?;
        if let Some(old) = old
            && old.seq == base.seq
            && old.load(view, number).is_ok_and(|known| known == *base)
        {
            // All that may be left is what a crash kept from being removed.
            let (pieces, last) = (Vec::new(), Vec::new());
            return Ok(Plan { number, generation: old.generation, records: 0, pieces, last });
        }
        let generation = old.map_or(1, |old| old.generation + 1);
        let mut pieces = base_rows(number, base, generation)?;
        let mut last = pieces.split_off(pieces.len() - 1);
        if let Some((row, mut records)) = row {
            let kept = records.split_off(records.partition_point(|record| record.seq <= base.seq));
            last.extend(row.keys().map(|key| (key, None)));
            if let Some(first) = kept.first() {
                match row.kind {
                    RowKind::Segment { .. } => {
                        let segment =
                            encode_segment(&kept).map_err(|error| RowError::from(error).of(Some(doc)))?;
                        last.extend(segment_rows(number, first.seq, &segment));
                    }
                    RowKind::Batch { .. } => {
                        let mut numbers = OriginNumbers::new(view, number);
                        let encoded = encode_row(&kept, |origin| numbers.of(origin));
                        if numbers.unknown {
                            return Err(StoreError::damaged(
                                doc,
                                first.seq,
                                "its author is not in the table",
                            ));
                        }
                        last.extend(record_rows(number, first.seq, &encoded));
                    }
                }
            }
        }
        Ok(Plan { number, generation, records: base.seq.0 - edge.0, pieces, last })
    })
}

/// The row that holds a record, and its records.
fn row_with(
    view: &View<'_>,
    number: Number,
    seq: Seq,
) -> Result<Option<(LogRow, Vec<weft_store::Record>)>, RowError> {
    let before = keys::row(number, Seq::ZERO)..=keys::row(number, seq);
    let Some((key, value)) = view.range(before).next_back().transpose()? else { return Ok(None) };
    let row = LogRow::open(&key, value)?;
    let records = OriginReader::new(view, number).records(&row)?;
    Ok(Some((row, records)))
}

/// The numbers of a document's origins, which are all there.
struct OriginNumbers {
    known: Vec<(u32, weft_store::codec::Origin)>,
    unknown: bool,
}

impl OriginNumbers {
    fn new(view: &View<'_>, number: Number) -> Self {
        let rows = view.range(keys::origin(number, 0)..=keys::origin(number, u32::MAX)).flatten();
        let known = rows.filter_map(|(key, value)| {
            let body = crate::rows::open(&key, value).ok()?;
            let origin = weft_store::codec::Origin::decode(&body).ok()?;
            Some((u32::from_be_bytes(*key.last_chunk()?), origin))
        });
        Self { known: known.collect(), unknown: false }
    }

    fn of(&mut self, origin: &weft_store::codec::Origin) -> u32 {
        let known = self.known.iter().find(|(_, known)| known == origin).map(|(number, _)| *number);
        self.unknown |= known.is_none();
        known.unwrap_or(0)
    }
}

/// What nobody reads any more: rows of records up to `seq`, checkpoints before it, pieces of other bases.
fn unreachable(view: &View<'_>, number: Number, seq: Seq, generation: u64) -> Result<Vec<Row>, StoreError> {
    let failed = |error: sled::Error| RowError::from(error).of(None);
    let mut rows = Vec::new();
    let mut remove = |from: Vec<u8>, to: Vec<u8>| -> Result<(), StoreError> {
        for key in view.range(from..=to).keys() {
            rows.push((key.map_err(failed)?.to_vec(), None));
        }
        Ok(())
    };
    remove(keys::row(number, Seq::ZERO), keys::row(number, seq))?;
    remove(keys::row_piece(number, Seq::ZERO, 0), keys::row_piece(number, seq, u32::MAX))?;
    if let Some(before) = seq.0.checked_sub(1) {
        for kind in [CheckpointKind::Live, CheckpointKind::History] {
            remove(keys::checkpoint(kind, number, Seq::ZERO), keys::checkpoint(kind, number, Seq(before)))?;
            let first = keys::checkpoint_piece(kind, number, Seq::ZERO, 0);
            remove(first, keys::checkpoint_piece(kind, number, Seq(before), u32::MAX))?;
        }
    }
    if let Some(before) = generation.checked_sub(1) {
        remove(keys::base_piece(number, 0, 0), keys::base_piece(number, before, u32::MAX))?;
    }
    remove(keys::base_piece(number, generation + 1, 0), keys::base_piece(number, u64::MAX, u32::MAX))?;
    Ok(rows)
}
