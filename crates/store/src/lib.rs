//! What is asked of storage, and what every engine promises in return.
//!
//! - [`Log`]: the ordered updates of each document. [`Log::append`] resolves only when they are durable.
//! - [`Checkpoints`]: merged states at a place in the log. Derived: they make opening fast and may be thrown away.
//! - [`Base`]: what stands for older records that are not kept any more.
//! - [`Upkeep`]: what keeps a store small: packing, and dropping what is not to be kept.
//! - [`Meta`]: small named values, changed by compare-and-swap.
//! - [`codec`]: how records become bytes, the same for every engine, with a version and a checksum.
//! - [`segment`]: long runs of records, packed densely.
//! - [`backup`]: everything of a store as one file that any engine can read back.
//! - [`MemoryStore`]: the engine that keeps nothing, for tests and for trying things out.
//!
//! With the feature `test-support`: `contract::run`, which every engine passes, and `fault::FaultyStore`.

pub mod backup;
mod base;
mod checkpoint;
pub mod codec;
mod error;
mod log;
mod memory;
mod meta;
mod record;
pub mod segment;
mod upkeep;

#[cfg(any(test, feature = "test-support"))]
pub mod contract;
#[cfg(any(test, feature = "test-support"))]
pub mod fault;

pub use base::{BASE_BYTES_MAX, BASE_FORMAT, Base, KeptMoment};
pub use checkpoint::{CHECKPOINT_BYTES_MAX, Checkpoint, CheckpointKind, Checkpoints};
pub use error::StoreError;
pub use log::{BATCHES_REMEMBERED, DocumentInfo, Log, Page, check_batch, check_import};
pub use memory::MemoryStore;
pub use meta::{Entry, Expect, META_KEY_BYTES_MAX, META_VALUE_BYTES_MAX, Meta, Rev, Value, check_meta};
pub use record::{
    AUTHOR_NAME_BYTES_MAX, Author, BATCH_BYTES_MAX, BATCH_RECORDS_MAX, Batch, BatchId, NewRecord,
    RECORD_BYTES_MAX, Record, RecordHash, RecordKind,
};
pub use upkeep::{Packed, Size, Trimmed, Upkeep};

/// All that a server asks of one engine.
pub trait Store: Log + Checkpoints + Meta + Upkeep {}

impl<T: Log + Checkpoints + Meta + Upkeep + ?Sized> Store for T {}
