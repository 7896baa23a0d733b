//! Presence: who is here, with a cursor, a name and a colour, as the clients describe themselves.
//!
//! The bytes are `count`, then for each client its id, the clock of its state, and the state as JSON text.

use bytes::Bytes;
use weft_ids::ClientId;

use crate::scan::{CLOCK_MAX, Json, JsonKind};
use crate::varint::{ReadError, Reader, buf_len, uint_len, write_buf, write_uint};

/// The longest state, in bytes of JSON.
pub const STATE_BYTES_MAX: usize = 16 * 1024;
/// The deepest nesting of a state.
pub const STATE_DEPTH_MAX: usize = 16;
/// The most entries in one message. A client that is asked tells all it knows of a document: up to 2,000 live states,
/// and those that just left.
pub const ENTRIES_MAX: usize = 4_096;
/// The bytes of a message without entries, which keeps every client's connection alive and says nothing.
pub const EMPTY: &[u8] = &[0];

/// The state of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Whose.
    pub client: ClientId,
    /// Rises with every change and renewal.
    pub clock: u32,
    /// A JSON object as text, exactly as it came; `None` means that the client left (`null` on the wire).
    pub state: Option<Bytes>,
}

/// Why a presence message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AwarenessError {
    /// The bytes end early, a number has more than 53 bits, or a string is not UTF-8.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// More than [`ENTRIES_MAX`] entries, or more than the bytes can hold.
    #[error("{0} entries")]
    TooManyEntries(u64),
    /// A clock of 2^31 or more.
    #[error("a clock passes 2^31-1")]
    ClockTooBig,
    /// A state of more than [`STATE_BYTES_MAX`] bytes.
    #[error("a state of {0} bytes")]
    StateTooBig(usize),
    /// A state that is not a JSON object or `null`, or nests deeper than [`STATE_DEPTH_MAX`].
    #[error("a state that is not a JSON object")]
    NotAnObject,
    /// There are bytes after the last entry.
    #[error("{0} bytes follow the end")]
    TrailingBytes(usize),
}

/// What JavaScript's `JSON.parse` reads, no deeper than browsers are asked to bear.
const JSON: Json = Json { depth_max: STATE_DEPTH_MAX, portable: false };

/// Reads a presence message. Each state is copied out, so that keeping one does not keep the whole frame.
///
/// # Errors
/// [`AwarenessError`] says which rule the bytes break. A client may be listed more than once; later entries count more.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry>, AwarenessError> {
    let mut reader = Reader::new(bytes);
    let count = reader.uint()?;
    // An entry takes three bytes at least.
    if count > ENTRIES_MAX as u64 || count > (reader.left() / 3) as u64 {
        return Err(AwarenessError::TooManyEntries(count));
    }
    let mut entries = Vec::with_capacity(count as usize);
    for _ in 0..count {
        entries.push(entry(&mut reader)?);
    }
    if reader.left() > 0 { Err(AwarenessError::TrailingBytes(reader.left())) } else { Ok(entries) }
}

fn entry(reader: &mut Reader<'_>) -> Result<Entry, AwarenessError> {
    let client = ClientId::new(reader.uint()?).ok_or(ReadError::NumberTooBig)?;
    let clock = reader.uint()?;
    if clock > u64::from(CLOCK_MAX) {
        return Err(AwarenessError::ClockTooBig);
    }
    let text = reader.buf()?;
    if text.len() > STATE_BYTES_MAX {
        return Err(AwarenessError::StateTooBig(text.len()));
    }
    let text = std::str::from_utf8(text).map_err(|_| ReadError::NotUtf8)?;
    let state = match JSON.check(text) {
        Ok(JsonKind::Object) => Some(Bytes::copy_from_slice(text.as_bytes())),
        Ok(JsonKind::Null) => None,
        _ => return Err(AwarenessError::NotAnObject),
    };
    Ok(Entry { client, clock: clock as u32, state })
}

/// Writes a presence message.
#[must_use]
pub fn encode(entries: &[Entry]) -> Bytes {
    let text = |entry: &Entry| entry.state.clone().unwrap_or(Bytes::from_static(b"null"));
    let length: usize = entries
        .iter()
        .map(|e| uint_len(e.client.get()) + uint_len(u64::from(e.clock)) + buf_len(text(e).len()))
        .sum();
    let mut out = Vec::with_capacity(uint_len(entries.len() as u64) + length);
    write_uint(&mut out, entries.len() as u64);
    for entry in entries {
        write_uint(&mut out, entry.client.get());
        write_uint(&mut out, u64::from(entry.clock));
        write_buf(&mut out, &text(entry));
    }
    out.into()
}
