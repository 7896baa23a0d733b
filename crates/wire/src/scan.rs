//! The walk over untrusted bytes that comes before every decode: linear, iterative, with no belief in any count.
//!
//! The rules are stricter than the format where honest clients never go and readers disagree or suffer. What this walk
//! accepts, every reader reads the same way: that is why it refuses two things that exist in old data, the JSON content
//! ([`ScanError::JsonContent`]) and XML hooks ([`ScanError::UnknownType`]), which the readers we serve read differently.

mod any;
mod block;
mod holes;
mod json;
mod nesting;
mod order;
mod update;

pub(crate) use any::any as skip_any;
pub(crate) use holes::parts;
pub(crate) use json::{Json, JsonKind};
pub(crate) use nesting::check as check_nesting;
pub use order::WAITING_MAX;
pub(crate) use update::{Summary, update};

use weft_ids::ClientId;

use crate::varint::{ReadError, Reader};

/// The deepest nesting of one value (arrays and maps inside each other), binary or JSON.
pub const ANY_DEPTH_MAX: usize = 64;
/// The deepest nesting of shared types that one update may add. Readers recurse over it when they delete or print.
pub const TYPE_DEPTH_MAX: u32 = 200;
/// The highest clock, and so the most elements one client can ever have written: readers compute with 32 signed bits.
pub const CLOCK_MAX: u32 = (1 << 31) - 1;
/// The longest name of a root type, in bytes of UTF-8.
pub const ROOT_NAME_BYTES_MAX: usize = 255;
/// The longest update, in bytes: offsets inside are kept in 32 bits. Frames are limited far below this.
pub const UPDATE_BYTES_MAX: usize = u32::MAX as usize;

/// Why an update or a state vector is refused. All of it is the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScanError {
    /// The bytes end before what they announce, a number has more than 53 bits, or a string is not UTF-8.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A count is larger than the number of bytes left, so it cannot be true.
    #[error("a count of {count} with {left} bytes left")]
    CountTooBig {
        /// What the bytes claim.
        count: u64,
        /// How many bytes follow.
        left: usize,
    },
    /// There are bytes after the end.
    #[error("{0} bytes follow the end")]
    TrailingBytes(usize),
    /// The update has more than [`UPDATE_BYTES_MAX`] bytes.
    #[error("an update of {0} bytes")]
    TooLong(usize),
    /// A client is listed twice; readers disagree about what that means.
    #[error("client {0:?} is listed twice")]
    ClientTwice(ClientId),
    /// A clock, or a clock and the lengths after it, passes [`CLOCK_MAX`].
    #[error("a clock passes 2^31-1")]
    ClockTooBig,
    /// A client is listed without blocks.
    #[error("a client is listed without blocks")]
    EmptySection,
    /// A block has no length.
    #[error("a block without content")]
    EmptyBlock,
    /// A block that stands for a gap. No document takes one in (see [`crate::Update::scan_with_holes`]).
    #[error("a skip block")]
    Skip,
    /// A block of unknown content, by its number.
    #[error("unknown content {0}")]
    UnknownContent(u8),
    /// Content 2, the JSON of the oldest clients. The engine reads one string more than was written, so what it would
    /// see is not what was scanned.
    #[error("content in the old JSON form")]
    JsonContent,
    /// A garbage-collected block with flags of an item.
    #[error("a collected block with flags")]
    CollectedWithFlags,
    /// A shared type of unknown kind, by its number. Includes 5 (an XML hook), which readers read differently.
    #[error("unknown shared type {0}")]
    UnknownType(u8),
    /// A parent that is neither a root (1) nor an element (0).
    #[error("unknown form of parent {0}")]
    UnknownParent(u64),
    /// The name of a root is longer than [`ROOT_NAME_BYTES_MAX`].
    #[error("the name of a root has {0} bytes")]
    RootNameTooLong(usize),
    /// A block hangs on one that its client had yet to write, on itself, or in a circle.
    #[error("a block depends on itself or on a later one")]
    DependsOnLater,
    /// Too many clients wait for each other for too long ([`WAITING_MAX`]).
    #[error("too many clients wait for each other")]
    TooTangled,
    /// A value of unknown kind, by its number.
    #[error("unknown value {0}")]
    UnknownValue(u8),
    /// A value nests deeper than [`ANY_DEPTH_MAX`].
    #[error("a value nests deeper than {ANY_DEPTH_MAX}")]
    ValueTooDeep,
    /// Shared types nest deeper than [`TYPE_DEPTH_MAX`].
    #[error("shared types nest deeper than {TYPE_DEPTH_MAX}")]
    TypesTooDeep,
    /// The value of an embed or a format is not JSON that every reader reads.
    #[error("not valid JSON")]
    NotJson,
    /// A deletion of nothing.
    #[error("an empty deletion")]
    EmptyDelete,
    /// The deletions of a client overlap or are out of order: cheap to write, dear to apply.
    #[error("deletions overlap or are out of order")]
    DeletesOutOfOrder,
}

/// A count of things of which each takes at least one byte.
fn count(reader: &mut Reader<'_>) -> Result<u64, ScanError> {
    let count = reader.uint()?;
    let left = reader.left();
    if count > left as u64 { Err(ScanError::CountTooBig { count, left }) } else { Ok(count) }
}

/// A client id. Every varUint is one, since both end at 2^53.
fn client(reader: &mut Reader<'_>) -> Result<ClientId, ScanError> {
    ClientId::new(reader.uint()?).ok_or(ScanError::Read(ReadError::NumberTooBig))
}

/// A clock or a length.
fn clock(reader: &mut Reader<'_>) -> Result<u32, ScanError> {
    let number = reader.uint()?;
    if number > u64::from(CLOCK_MAX) { Err(ScanError::ClockTooBig) } else { Ok(number as u32) }
}

/// Refuses a client that is listed twice, in linear time for the order everybody writes (descending) and never worse
/// than a sort.
#[derive(Debug, Default)]
pub(crate) struct Once {
    last: Option<ClientId>,
    unordered: bool,
}

impl Once {
    /// Notes that `client` is listed next.
    pub(crate) fn note(&mut self, client: ClientId) {
        self.unordered |= self.last.is_some_and(|last| last <= client);
        self.last = Some(client);
    }

    /// Whether the clients noted came in strictly descending order.
    pub(crate) fn descending(&self) -> bool {
        !self.unordered
    }

    /// Checks all clients noted, given again by `clients`.
    pub(crate) fn check(&self, clients: impl Iterator<Item = ClientId>) -> Result<(), ScanError> {
        if self.descending() {
            return Ok(());
        }
        let mut sorted: Vec<ClientId> = clients.collect();
        sorted.sort_unstable();
        match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(ScanError::ClientTwice(pair[0])),
            None => Ok(()),
        }
    }
}

/// Scans a state vector: `count`, then `client clock` each.
pub(crate) fn state_vector(bytes: &[u8]) -> Result<Vec<(ClientId, u32)>, ScanError> {
    let mut reader = Reader::new(bytes);
    let count = count(&mut reader)?;
    // Two bytes an entry at least: a count above that cannot be true, and the reservation stays below 8 times the input.
    if count > (reader.left() / 2) as u64 {
        return Err(ScanError::CountTooBig { count, left: reader.left() });
    }
    let mut entries = Vec::with_capacity(count as usize);
    let mut once = Once::default();
    for _ in 0..count {
        let client = client(&mut reader)?;
        once.note(client);
        entries.push((client, clock(&mut reader)?));
    }
    if reader.left() > 0 {
        return Err(ScanError::TrailingBytes(reader.left()));
    }
    once.check(entries.iter().map(|entry| entry.0))?;
    Ok(entries)
}
