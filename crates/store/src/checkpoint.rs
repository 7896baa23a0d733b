use async_trait::async_trait;
use bytes::Bytes;
use weft_ids::{DocId, Seq};

use crate::error::StoreError;

/// The largest state a checkpoint holds, in bytes before compression.
pub const CHECKPOINT_BYTES_MAX: usize = 512 << 20;

/// What a checkpoint is for: the two are built differently and kept by different rules.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CheckpointKind {
    /// The state as a live document holds it, for opening.
    Live,
    /// The state with deleted content kept, for looking into the past.
    History,
}

/// The merged state of a document at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// The last record it contains.
    pub seq: Seq,
    /// A v1 update that holds everything up to there.
    pub state: Bytes,
}

/// Merged states at places in the log. Derived from it, so none is irreplaceable.
#[async_trait]
pub trait Checkpoints: Send + Sync {
    /// Keeps `state` as what `doc` was at `seq`. A checkpoint is immutable: a second one for the same place and kind
    /// changes nothing. Resolves when it is durable.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when the document has no record `seq`; [`StoreError::TooLarge`]; else may pass.
    async fn save(&self, doc: &DocId, kind: CheckpointKind, seq: Seq, state: Bytes)
    -> Result<(), StoreError>;

    /// The newest whole checkpoint at or before a place. One that cannot be read is passed over for an older one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn newest(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        at_or_before: Seq,
    ) -> Result<Option<Checkpoint>, StoreError>;

    /// Removes all but the `n` newest.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Full`].
    async fn keep_newest(&self, doc: &DocId, kind: CheckpointKind, n: usize) -> Result<(), StoreError>;
}
