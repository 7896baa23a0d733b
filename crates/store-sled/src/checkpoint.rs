use async_trait::async_trait;
use bytes::Bytes;
use weft_ids::{DocId, Seq};
use weft_store::codec::put_varint;
use weft_store::{CHECKPOINT_BYTES_MAX, Checkpoint, CheckpointKind, Checkpoints, StoreError};

use crate::SledStore;
use crate::engine::{Shared, name_row};
use crate::keys::{self, Number, PIECE_BYTES};
use crate::rows::{Row, RowError, cursor, get, get_pieces, open, versioned};
use crate::view::View;
use crate::writer::Job;

/// Rows that need not be there at once are written so many at a time: what is typed meanwhile waits for one such part at
/// most.
const ROWS_AT_ONCE: usize = 64;
/// Fast, and text compresses well at any level.
const ZSTD_LEVEL: i32 = 3;

/// What stands in a checkpoint's manifest.
struct Manifest {
    /// The length of the state.
    len: usize,
    /// The length of its pieces together.
    stored: usize,
    /// The start of the state's BLAKE3.
    hash: [u8; 16],
}

impl Manifest {
    fn encode(&self) -> Vec<u8> {
        let mut body = versioned();
        put_varint(&mut body, self.len as u64);
        put_varint(&mut body, self.stored as u64);
        body.extend_from_slice(&self.hash);
        body
    }

    fn decode(body: &[u8]) -> Result<Self, RowError> {
        let mut cursor = cursor(body)?;
        let len = cursor.varint()? as usize;
        let stored = cursor.varint()? as usize;
        if len > CHECKPOINT_BYTES_MAX || stored > CHECKPOINT_BYTES_MAX * 2 {
            return Err(RowError::Bad("an impossible length".into()));
        }
        Ok(Self { len, stored, hash: cursor.array()? })
    }
}

fn hash(state: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    blake3::Hasher::new().update(state).finalize_xof().fill(&mut hash);
    hash
}

/// The rows of a checkpoint, its manifest last.
fn rows(kind: CheckpointKind, number: Number, seq: Seq, state: &[u8]) -> Result<Vec<Row>, StoreError> {
    let stored = zstd::bulk::compress(state, ZSTD_LEVEL)
        .map_err(|error| StoreError::Unavailable { what: format!("compressing a checkpoint: {error}") })?;
    let pieces = (0..).zip(stored.chunks(PIECE_BYTES));
    let mut rows: Vec<Row> = pieces
        .map(|(piece, bytes)| (keys::checkpoint_piece(kind, number, seq, piece), Some(bytes.to_vec())))
        .collect();
    let manifest = Manifest { len: state.len(), stored: stored.len(), hash: hash(state) };
    rows.push((keys::checkpoint(kind, number, seq), Some(manifest.encode())));
    Ok(rows)
}

/// Reads the checkpoint whose manifest is `body`.
pub(crate) fn load(
    view: &View<'_>,
    kind: CheckpointKind,
    number: Number,
    seq: Seq,
    body: &[u8],
) -> Result<Bytes, RowError> {
    let manifest = Manifest::decode(body)?;
    let mut stored = Vec::with_capacity(manifest.stored);
    get_pieces(view, manifest.stored, &mut stored, |piece| keys::checkpoint_piece(kind, number, seq, piece))?;
    let state = zstd::bulk::decompress(&stored, manifest.len);
    let state = state.map_err(|error| RowError::Bad(format!("it does not decompress: {error}")))?;
    if hash(&state) != manifest.hash {
        return Err(RowError::Bad("it is not the state that was saved".into()));
    }
    Ok(state.into())
}

fn newest(
    shared: &Shared,
    doc: &DocId,
    kind: CheckpointKind,
    at_or_before: Seq,
) -> Result<Option<Checkpoint>, StoreError> {
    shared.with(|view| {
        let Some(name) = name_row(view, doc)? else { return Ok(None) };
        let from = keys::checkpoint(kind, name.number, Seq::ZERO);
        for row in view.range(from..=keys::checkpoint(kind, name.number, at_or_before)).rev() {
            let (key, value) = row.map_err(|error| RowError::from(error).of(Some(doc)))?;
            let seq = Seq(keys::number_at(&key, 10).unwrap_or(0));
            let state = open(&key, value).and_then(|body| load(view, kind, name.number, seq, &body));
            match state {
                Ok(state) => return Ok(Some(Checkpoint { seq, state })),
                // Pruned while we read it, that is; or damaged. An older one and the log give the same.
                Err(RowError::Bad(what)) => {
                    if view.contains_key(&key).unwrap_or(true) {
                        tracing::warn!(%doc, %seq, what, "a checkpoint is damaged; passed over");
                    }
                }
                Err(error) => return Err(error.of(Some(doc))),
            }
        }
        Ok(None)
    })
}

impl SledStore {
    /// Stores rows, all of them or none.
    pub(crate) async fn put_rows(&self, rows: Vec<Row>) -> Result<(), StoreError> {
        let bytes = rows.iter().map(|(key, body)| key.len() + body.as_ref().map_or(0, Vec::len)).sum();
        self.writer.ask(bytes, |answer| Job::Rows { rows, answer }).await
    }

    /// Stores rows, some at a time: whatever comes between finds some of them done.
    pub(crate) async fn put_parts(&self, mut rows: Vec<Row>) -> Result<(), StoreError> {
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(ROWS_AT_ONCE));
            self.put_rows(rows).await?;
            rows = rest;
        }
        Ok(())
    }
}

#[async_trait]
impl Checkpoints for SledStore {
    async fn save(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        seq: Seq,
        state: Bytes,
    ) -> Result<(), StoreError> {
        if state.len() > CHECKPOINT_BYTES_MAX {
            let (bytes, max) = (state.len() as u64, CHECKPOINT_BYTES_MAX as u64);
            return Err(StoreError::TooLarge { what: "a checkpoint in bytes", bytes, max });
        }
        let _alone = self.saving.lock().await;
        let doc = doc.clone();
        let rows = self.blocking(move |shared| {
            let head = crate::log::head(shared, &doc)?;
            let number = shared.with(|view| name_row(view, &doc))?.map(|name| name.number);
            let (Some(number), true) = (number, seq > Seq::ZERO && head.is_some_and(|head| seq <= head))
            else {
                return Err(StoreError::refused(format!("document {doc:?} has no record {seq}")));
            };
            let manifest = keys::checkpoint(kind, number, seq);
            let known = shared.with(|view| get(view, &manifest).map_err(|error| error.of(Some(&doc))))?;
            if known.is_some() { Ok(Vec::new()) } else { rows(kind, number, seq, &state) }
        });
        let rows = rows.await?;
        self.put_parts(rows).await
    }

    async fn newest(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        at_or_before: Seq,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let doc = doc.clone();
        self.blocking(move |shared| newest(shared, &doc, kind, at_or_before)).await
    }

    async fn keep_newest(&self, doc: &DocId, kind: CheckpointKind, n: usize) -> Result<(), StoreError> {
        let _alone = self.saving.lock().await;
        let doc = doc.clone();
        let rows = self.blocking(move |shared| superfluous(shared, &doc, kind, n)).await?;
        self.put_parts(rows).await
    }
}

/// The manifests of all but the `n` newest checkpoints, and after them every piece that belongs to none that stays:
/// those of saves that a crash cut short as well.
fn superfluous(shared: &Shared, doc: &DocId, kind: CheckpointKind, n: usize) -> Result<Vec<Row>, StoreError> {
    shared.with(|view| {
        let Some(name) = name_row(view, doc)? else { return Ok(Vec::new()) };
        let failed = |error: sled::Error| RowError::from(error).of(Some(doc));
        let (first, last) = (Seq::ZERO, Seq(u64::MAX));
        let manifests =
            keys::checkpoint(kind, name.number, first)..=keys::checkpoint(kind, name.number, last);
        let mut kept = Vec::new();
        let mut rows = Vec::new();
        for key in view.range(manifests).keys().rev() {
            let key = key.map_err(failed)?;
            if kept.len() < n {
                kept.extend(keys::number_at(&key, 10));
            } else {
                rows.push((key.to_vec(), None));
            }
        }
        let mut from = keys::checkpoint_piece(kind, name.number, first, 0);
        let end = keys::checkpoint_piece(kind, name.number, last, u32::MAX);
        while let Some(key) = view.range(from..=end.clone()).keys().next() {
            let key = key.map_err(failed)?;
            let seq = keys::number_at(&key, 10).unwrap_or(u64::MAX);
            if !kept.contains(&seq) {
                let to = keys::checkpoint_piece(kind, name.number, Seq(seq), u32::MAX);
                for key in view.range(key..=to.into()).keys() {
                    rows.push((key.map_err(failed)?.to_vec(), None));
                }
            }
            let Some(next) = seq.checked_add(1) else { break };
            from = keys::checkpoint_piece(kind, name.number, Seq(next), 0);
        }
        Ok(rows)
    })
}
