use async_trait::async_trait;
use weft_ids::{DocId, Seq, UnixMillis};

use crate::base::Base;
use crate::error::StoreError;
use crate::record::{
    AUTHOR_NAME_BYTES_MAX, Author, BATCH_BYTES_MAX, BATCH_RECORDS_MAX, Batch, RECORD_BYTES_MAX, Record,
    RecordHash,
};

/// How many of a document's last batches an engine recognises when one of them is appended again.
pub const BATCHES_REMEMBERED: usize = 16;

/// The ordered, durable updates of every document: ground truth. Records are added and never changed; only the oldest
/// may one day not be kept any more ([`crate::Upkeep::trim`]).
#[async_trait]
pub trait Log: Send + Sync {
    /// Stores `batch` behind what `doc` has, creating the document with its first batch.
    ///
    /// Resolves with the place of the batch's last record once all of it is durable (written and synced): all or
    /// nothing. The same batch id appended again, while it is among the document's last [`BATCHES_REMEMBERED`] and its
    /// records are kept, is stored once and answered with its first place. A dropped future does not take the batch back.
    ///
    /// # Errors
    /// After [`StoreError::Unavailable`] or [`StoreError::Full`] the batch may or may not be stored: append it
    /// again with the same id. [`StoreError::TooLarge`], [`StoreError::Refused`] and [`StoreError::Damaged`] stay.
    async fn append(&self, doc: &DocId, batch: Batch) -> Result<Seq, StoreError>;

    /// The records after `after`, oldest first, of together about `bytes_max` bytes, and one at least if there is one.
    ///
    /// A record may be seen here a moment before the append that stores it resolves.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] when the record after `after` cannot be trusted. A page ends before such a record
    /// (its head lies further), so what is whole can be read, and nothing is silently shortened.
    /// [`StoreError::Gone`] when the record after `after` is not kept any more: [`Log::base`] stands for it.
    async fn read(&self, doc: &DocId, after: Seq, bytes_max: usize) -> Result<Page, StoreError>;

    /// The place of the newest record; `None` when nobody ever wrote to `doc`. Asking creates nothing.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Unavailable`].
    async fn head(&self, doc: &DocId) -> Result<Option<Seq>, StoreError>;

    /// What stands for the records of `doc` that are not kept any more; `None` when all are.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Unavailable`].
    async fn base(&self, doc: &DocId) -> Result<Option<Base>, StoreError>;

    /// Up to `max` documents whose names come after `after`, in the order of their bytes.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Unavailable`].
    async fn documents(&self, after: Option<&DocId>, max: usize) -> Result<Vec<DocumentInfo>, StoreError>;

    /// Puts `records`, read from another store, behind what `doc` has, with their places, times and hashes kept.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when they do not follow exactly (see [`check_import`]).
    async fn import(&self, doc: &DocId, records: Vec<Record>) -> Result<(), StoreError>;

    /// Begins `doc`, to which nobody ever wrote, with a base read from another store.
    ///
    /// # Errors
    /// [`StoreError::Refused`] when it is none or there is such a document; [`StoreError::TooLarge`].
    async fn import_base(&self, doc: &DocId, base: Base) -> Result<(), StoreError>;
}

/// A run of records.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Page {
    /// Oldest first, without holes.
    pub records: Vec<Record>,
    /// The newest place of the document when this was read; [`Seq::ZERO`] when nobody ever wrote to it.
    pub head: Seq,
}

/// A document in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DocumentInfo {
    /// Its name.
    pub doc: DocId,
    /// Its newest place.
    pub head: Seq,
    /// The time of its first record.
    pub created: UnixMillis,
    /// The time of its newest record.
    pub updated: UnixMillis,
}

/// Whether a batch keeps the limits. Every engine asks this first.
///
/// # Errors
/// [`StoreError::Refused`] or [`StoreError::TooLarge`].
pub fn check_batch(batch: &Batch) -> Result<(), StoreError> {
    within("a batch's number of records", batch.records.len(), BATCH_RECORDS_MAX)?;
    if batch.records.is_empty() {
        return Err(StoreError::refused("a batch without records"));
    }
    let mut bytes = 0;
    for record in &batch.records {
        check_content(&record.author, &record.update)?;
        bytes += record.update.len();
    }
    within("a batch's number of bytes", bytes, BATCH_BYTES_MAX)
}

/// Whether `records` follow exactly behind `head` with hash `prev`: places without a hole, hashes unbroken.
///
/// # Errors
/// [`StoreError::Refused`] says where they do not; [`StoreError::TooLarge`].
pub fn check_import(records: &[Record], head: Seq, prev: RecordHash) -> Result<(), StoreError> {
    let (mut head, mut prev) = (head, prev);
    for record in records {
        check_content(&record.author, &record.update)?;
        if record.seq != head.next() {
            return Err(StoreError::refused(format!("record {} does not follow record {head}", record.seq)));
        }
        if record.prev != prev {
            let what = format!("record {} does not carry the hash of the one before it", record.seq);
            return Err(StoreError::refused(what));
        }
        head = record.seq;
        prev = record.hash();
    }
    Ok(())
}

fn check_content(author: &Author, update: &[u8]) -> Result<(), StoreError> {
    if update.is_empty() {
        return Err(StoreError::refused("a record without an update"));
    }
    within("a record's number of bytes", update.len(), RECORD_BYTES_MAX)?;
    let name = author.name.as_ref().map_or(0, |name| name.len());
    within("an author's name in bytes", name, AUTHOR_NAME_BYTES_MAX)
}

/// Refuses more than a limit.
pub(crate) fn within(what: &'static str, is: usize, max: usize) -> Result<(), StoreError> {
    if is > max {
        return Err(StoreError::TooLarge { what, bytes: is as u64, max: max as u64 });
    }
    Ok(())
}
