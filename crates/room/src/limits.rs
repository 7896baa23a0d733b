//! Every limit of a room, by name.

/// Client ids whose presence one session may set in one room.
pub const PRESENCE_IDS_PER_SESSION_MAX: usize = 4;
/// Presence states one room holds; one more is not shown.
pub const PRESENCE_STATES_MAX: usize = 2_000;
/// A presence that was not renewed for this long is over, ms (clients renew every 15 s and drop others at 30 s).
pub const PRESENCE_EXPIRES_MS: u64 = 30_000;
/// How long the clock of a presence that ended is remembered, ms, so that one who returns with it is shown at once.
pub const PRESENCE_REMEMBERED_MS: u64 = 60_000;

/// How long the live owner of a client id has to answer our SyncStep1, ms, before its ids are free for another.
pub const OWNER_ANSWERS_MS: u64 = 5_000;
/// Bytes of updates that wait in one room for the owner of a client id to answer.
pub const ASIDE_BYTES_MAX: usize = 8 << 20;
/// Updates that wait in one room for the owner of a client id to answer.
pub const ASIDE_FRAMES_MAX: usize = 256;

/// Updates of one session that were refused for a gap and are still owed their acknowledgement.
pub const OWED_MAX: usize = 1_024;
/// Gaps that remain after a session answered our SyncStep1, before it is hung up on.
pub const GAPS_AFTER_ANSWER_MAX: u32 = 3;

/// Clients whose missing content is noted as what a session's own waits for.
pub const WITHHELD_CLIENTS_MAX: usize = 1_024;

/// SyncStep1 a session may send at once; after that one a second is answered.
pub const STEP1_BURST: u32 = 5;
/// How often a session gains another SyncStep1, ms.
pub const STEP1_EVERY_MS: u64 = 1_000;

/// The size of a document's encoded state, bytes, from which on it may shrink but not grow.
pub const STATE_BYTES_MAX: usize = 32 << 20;

/// Shared types (paragraphs, lists, maps) that a document may hold, deleted ones included. They cannot nest deeper than
/// there are of them, and the CRDT deletes nested ones by recursion: this is what keeps it within a thread's stack.
/// A page of a megabyte has about 6,000.
pub const TYPES_MAX: usize = 400_000;

/// The longest name a person's presence gives, as kept in the log, bytes.
pub const AUTHOR_NAME_BYTES_MAX: usize = 64;
