//! What things are called, as types.
//!
//! Nothing here knows a clock, a socket or a random number: whoever creates an id passes its bits in.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The longest document name, in bytes of UTF-8.
pub const DOC_ID_BYTES_MAX: usize = 255;
/// The longest user id, in bytes of UTF-8.
pub const USER_ID_BYTES_MAX: usize = 128;
/// Client ids are integers that JavaScript can hold exactly: below 2^53.
pub const CLIENT_ID_MAX: u64 = (1 << 53) - 1;

/// The name of a document: 1 to [`DOC_ID_BYTES_MAX`] bytes of UTF-8 without NUL, kept exactly as given
/// (no case folding, no Unicode normalisation). Two names that differ in any byte are two documents.
///
/// NUL is refused because the Hocuspocus dialect separates a name from a session id with it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocId(Arc<str>);

/// Why a string is not a document's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocIdError {
    /// The name has no characters.
    #[error("a document name must not be empty")]
    Empty,
    /// The name has more than [`DOC_ID_BYTES_MAX`] bytes.
    #[error("a document name may have at most {DOC_ID_BYTES_MAX} bytes; this one has {0}")]
    TooLong(usize),
    /// The name contains a NUL character.
    #[error("a document name must not contain a NUL character")]
    Nul,
}

impl DocId {
    /// Checks `name` and keeps it.
    ///
    /// # Errors
    /// [`DocIdError`] says which rule it breaks.
    pub fn new(name: &str) -> Result<Self, DocIdError> {
        if name.is_empty() {
            return Err(DocIdError::Empty);
        }
        if name.len() > DOC_ID_BYTES_MAX {
            return Err(DocIdError::TooLong(name.len()));
        }
        if name.contains('\0') {
            return Err(DocIdError::Nul);
        }
        Ok(Self(name.into()))
    }

    /// The name as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DocId {
    /// Quoted and escaped: a hostile name cannot break a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

impl Borrow<str> for DocId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A person (or a program acting as one), as the log records it: 1 to [`USER_ID_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserId(Arc<str>);

impl UserId {
    /// Keeps `id` if it is 1 to [`USER_ID_BYTES_MAX`] bytes long.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        (!id.is_empty() && id.len() <= USER_ID_BYTES_MAX).then(|| Self(id.into()))
    }

    /// The id as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One client in one room. Unique within a process and, by its random upper half, between processes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A CRDT client id: who wrote a block of content, as the clients number themselves. Below 2^53.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(u64);

impl ClientId {
    /// Keeps `id` if JavaScript can hold it exactly ([`CLIENT_ID_MAX`]).
    #[must_use]
    pub fn new(id: u64) -> Option<Self> {
        (id <= CLIENT_ID_MAX).then_some(Self(id))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A place in a document's log: the number of the last record up to it. The first record is 1; 0 is before all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first record.
    pub const ZERO: Self = Self(0);

    /// The place one record later.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Debug for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z, as the server's wall clock had them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct UnixMillis(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_name_is_kept_exactly_or_refused() {
        for name in ["a", " ", "..", "%2f", "a:b/c", "*", "日本語", "é", "e\u{301}", "\u{1F600}"] {
            assert_eq!(DocId::new(name).unwrap().as_str(), name);
        }
        assert_eq!(DocId::new(""), Err(DocIdError::Empty));
        assert_eq!(DocId::new("a\0b"), Err(DocIdError::Nul));
        assert!(DocId::new(&"x".repeat(DOC_ID_BYTES_MAX)).is_ok());
        assert_eq!(DocId::new(&"x".repeat(DOC_ID_BYTES_MAX + 1)), Err(DocIdError::TooLong(256)));
    }

    #[test]
    fn client_ids_end_where_javascript_integers_do() {
        assert!(ClientId::new(CLIENT_ID_MAX).is_some());
        assert!(ClientId::new(CLIENT_ID_MAX + 1).is_none());
    }

    #[test]
    fn a_name_cannot_break_a_log_line() {
        let name = DocId::new("a\n\u{1b}[31m").unwrap();
        assert!(!format!("{name} {name:?}").contains(['\n', '\u{1b}']));
    }
}
