use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{Seq, SessionId, UnixMillis, UserId};

/// The largest update one record carries, in bytes: the largest frame, with room for a restored document.
pub const RECORD_BYTES_MAX: usize = 32 << 20;
/// The most records one batch carries.
pub const BATCH_RECORDS_MAX: usize = 16_384;
/// The most bytes of updates one batch carries.
pub const BATCH_BYTES_MAX: usize = 64 << 20;
/// The longest name an author is recorded with, in bytes of UTF-8.
pub const AUTHOR_NAME_BYTES_MAX: usize = 64;

/// Who made a change, as far as the server knew.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Author {
    /// The signed-in person; `None` for somebody unknown.
    pub user: Option<UserId>,
    /// What they called themselves (presence, not proof): at most [`AUTHOR_NAME_BYTES_MAX`] bytes.
    pub name: Option<Arc<str>>,
    /// The session it came by.
    pub session: SessionId,
}

/// How a change came about.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RecordKind {
    /// Somebody edited.
    Edit,
    /// Somebody brought an earlier state back.
    Restore,
    /// It was imported from elsewhere.
    Import,
    /// The server itself changed the document.
    Server,
    /// The operator erased something from the history for good; the record deletes what that was.
    Erase,
}

/// A change to be stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewRecord {
    /// When it reached the server.
    pub time: UnixMillis,
    /// Who made it.
    pub author: Author,
    /// How it came about.
    pub kind: RecordKind,
    /// The v1 update exactly as the client sent it: 1 to [`RECORD_BYTES_MAX`] bytes.
    pub update: Bytes,
}

/// Names one append, so that repeating it stores it once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct BatchId {
    /// Whoever appends: random, once per room opening.
    pub writer: u64,
    /// Counts that writer's batches.
    pub number: u64,
}

/// Records that become durable together or not at all: 1 to [`BATCH_RECORDS_MAX`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Batch {
    /// Its name.
    pub id: BatchId,
    /// Its records, oldest first.
    pub records: Vec<NewRecord>,
}

/// The hash of a record, over its content and the hash of the record before it in its document.
///
/// 16 bytes of BLAKE3. A typed update is some 20 bytes, so 32 would double every row, and the chain needs
/// resistance against a second preimage (somebody fitting a forged record under the hashes that follow it), which
/// 128 bits give. It is no signature: who can rewrite the whole store can recompute the whole chain, and is found
/// out by comparing with a hash noted elsewhere, in a backup for example.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct RecordHash(pub [u8; 16]);

impl RecordHash {
    /// What stands before the first record. Zeros rather than something of the name, so that a document may one day
    /// be renamed or copied without rewriting its history.
    pub const FIRST: Self = Self([0; 16]);
}

impl fmt::Debug for RecordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A change as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// Its place in the document: 1, 2, 3, … without holes.
    pub seq: Seq,
    /// The hash of the record before it; [`RecordHash::FIRST`] for record 1.
    pub prev: RecordHash,
    /// When it reached the server.
    pub time: UnixMillis,
    /// Who made it.
    pub author: Author,
    /// How it came about.
    pub kind: RecordKind,
    /// The append that stored it.
    pub batch: BatchId,
    /// The v1 update exactly as the client sent it.
    pub update: Bytes,
}

impl Record {
    /// Gives `new` its place behind a record with hash `prev`.
    #[must_use]
    pub fn place(new: NewRecord, seq: Seq, prev: RecordHash, batch: BatchId) -> Self {
        let NewRecord { time, author, kind, update } = new;
        Self { seq, prev, time, author, kind, batch, update }
    }
}

impl Batch {
    /// Gives the batch's records their places behind `head`, whose hash is `prev`.
    #[must_use]
    pub fn place(self, head: Seq, prev: RecordHash) -> Vec<Record> {
        let (mut seq, mut prev, id) = (head, prev, self.id);
        let place = |new| {
            seq = seq.next();
            let record = Record::place(new, seq, prev, id);
            prev = record.hash();
            record
        };
        self.records.into_iter().map(place).collect()
    }
}
