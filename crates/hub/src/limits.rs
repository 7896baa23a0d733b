//! Every limit of the hub, by name.

use std::time::Duration;

/// Bytes of messages that wait in one room's queue; beyond it the sockets are not read.
pub const ROOM_QUEUE_BYTES_MAX: usize = 2 << 20;
/// What the shortest message counts for in that queue, bytes.
pub const ROOM_QUEUE_BYTES_MIN: usize = 512;
/// Events a room handles in one turn.
pub const TURN_EVENTS_MAX: usize = 256;
/// Bytes of updates that wait for one session; beyond it they are dropped and the session is resynchronised.
pub const OUTBOX_BYTES_MAX: usize = 4 << 20;
/// Presence messages that wait for one session before they are collapsed into one.
pub const OUTBOX_WHISPERS_MAX: usize = 16;
/// Bytes of updates a room holds that are not on disk yet; beyond it the room takes in no more until some are.
pub const UNSAVED_BYTES_MAX: usize = 32 << 20;
/// Bytes of updates that go into one batch for the log at most.
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Records that go into one batch for the log at most.
pub const BATCH_RECORDS_MAX: usize = 4_096;
/// Documents whose encoding is longer than this are encoded off the async threads, bytes.
pub const ENCODE_INLINE_BYTES_MAX: usize = 64 << 10;
/// Bytes read from the log at a time while a document opens.
pub const LOAD_PAGE_BYTES: usize = 1 << 20;
/// A tail longer than this, bytes, is not kept beside the document that was loaded from it.
pub const LOAD_TAIL_BYTES_MAX: usize = 4 << 20;

/// How often it is looked for idle documents to close while open ones grow beyond the memory there is.
pub const EVICTION_PAUSE: Duration = Duration::from_millis(500);

/// The first pause before a failed call to the store is made again; doubles each time.
pub const RETRY_FIRST: Duration = Duration::from_millis(50);
/// The longest such pause.
pub const RETRY_LONGEST: Duration = Duration::from_secs(5);

/// A checkpoint is due when this many records came after the last one …
pub const CHECKPOINT_RECORDS: u64 = 1_000;
/// … and they hold a quarter as many bytes as the state, but at least this many are needed …
pub const CHECKPOINT_BYTES_LEAST: usize = 16 << 10;
/// … and this many suffice.
pub const CHECKPOINT_BYTES_MOST: usize = 4 << 20;
/// Few records make one due too when they hold as many bytes as the state, and at least this many.
pub const CHECKPOINT_BYTES_ALONE: usize = 16 << 20;
/// A checkpoint is also cut when a document closes with this many records after the last one.
pub const CHECKPOINT_RECORDS_AT_CLOSE: u64 = 100;
/// The shortest time between two checkpoints of an open document.
pub const CHECKPOINT_PAUSE: Duration = Duration::from_secs(10);
/// How many checkpoints of a document are kept.
pub const CHECKPOINTS_KEPT: usize = 2;

/// How long after a change a page's title is noted for the list of documents.
pub const TITLE_PAUSE: Duration = Duration::from_millis(250);
/// A room that is awake anyway notes it up to so much earlier: waking for it costs more than the note itself.
pub const TITLE_EARLY: Duration = Duration::from_millis(150);
/// The longest title kept, bytes.
pub const TITLE_BYTES_MAX: usize = 512;

/// How long sessions are waited for to take their last acknowledgements when the server stops.
pub const DRAIN_PATIENCE: Duration = Duration::from_secs(3);
