use async_trait::async_trait;
use weft_ids::{DocId, Seq};

use crate::base::Base;
use crate::error::StoreError;

/// What keeps a store small: nothing of it changes what [`crate::Log::read`] answers, unless that is its purpose.
///
/// All of it may be done while others read and append, and each step is durable whole or not at all, so whatever
/// cuts it short (a crash, a dropped future) leaves the document as it was or as it becomes.
#[async_trait]
pub trait Upkeep: Send + Sync {
    /// Keeps the records of `doc` up to `upto` as segments (see [`crate::segment`]) instead of one by one.
    ///
    /// Every record stays, bit for bit, and is read as before. A few of the newest records stay as they are even when
    /// `upto` is the head: those of the last [`crate::BATCHES_REMEMBERED`] batches, and those that are too few to be
    /// worth a segment. Damaged records are passed over and stay. Doing it again does nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Full`]: what was packed until then is.
    async fn pack(&self, doc: &DocId, upto: Seq) -> Result<Packed, StoreError>;

    /// Drops the records of `doc` up to `base.seq`, for which `base` stands from then on, with all that was derived from
    /// them alone. From one moment to the next: who reads meanwhile finds all of them or none, and so does who opens the
    /// store after a crash. What comes after `base.seq` stays, bit for bit.
    ///
    /// `base` may be at the same place as the one before it, and say something else. Doing it again does nothing.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when `base` does not carry the hash of the record at its place, or lies before the one
    /// there is; [`StoreError::Damaged`] when that record cannot be read; else may pass.
    async fn trim(&self, doc: &DocId, base: Base) -> Result<Trimmed, StoreError>;

    /// Removes `doc` with all its records and all that was derived from them, from one moment to the next: from then on
    /// it is a document to which nobody ever wrote. Its meta rows, which the store does not know for its own, stay. Doing
    /// it again does nothing.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] or [`StoreError::Full`].
    async fn remove(&self, doc: &DocId) -> Result<(), StoreError>;

    /// How large the store is. May read everything: not to be asked often.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn size(&self) -> Result<Size, StoreError>;
}

/// How large a store is, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Size {
    /// All that is alive: names and contents, as they are stored.
    pub live: u64,
    /// What it takes on disk. Much more than is alive means that compacting the store gives space back.
    pub disk: u64,
}

/// What dropping records did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Trimmed {
    /// How many records are not kept any more that were before.
    pub records: u64,
}

/// What a packing did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Packed {
    /// How many records are in new segments.
    pub records: u64,
    /// How many segments were written.
    pub segments: u64,
    /// The bytes of these records as they were stored before.
    pub bytes_before: u64,
    /// The bytes of the segments.
    pub bytes_after: u64,
}

impl std::ops::AddAssign for Packed {
    fn add_assign(&mut self, other: Self) {
        self.records += other.records;
        self.segments += other.segments;
        self.bytes_before += other.bytes_before;
        self.bytes_after += other.bytes_after;
    }
}
