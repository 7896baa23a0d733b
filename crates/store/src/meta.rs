use async_trait::async_trait;
use bytes::Bytes;

use crate::error::StoreError;
use crate::log::within;

/// The longest key, in bytes of UTF-8.
pub const META_KEY_BYTES_MAX: usize = 512;
/// The largest value, in bytes.
pub const META_VALUE_BYTES_MAX: usize = 1 << 20;

/// The state of one row: grows with every change of any row, so that no two states of a row ever share one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Rev(pub u64);

/// A stored value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Value {
    /// What was put.
    pub bytes: Bytes,
    /// Which putting of it this is.
    pub rev: Rev,
}

/// A row in a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// What a change demands of the row as it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Expect {
    /// Nothing.
    Any,
    /// That there is no such row.
    Absent,
    /// That it still is this one.
    Rev(Rev),
}

impl Expect {
    /// Whether a row with revision `current` (or none) is as expected.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] says what it is instead.
    pub fn check(self, current: Option<Rev>) -> Result<(), StoreError> {
        let as_expected = match self {
            Self::Any => true,
            Self::Absent => current.is_none(),
            Self::Rev(rev) => current == Some(rev),
        };
        if as_expected { Ok(()) } else { Err(StoreError::Conflict { current }) }
    }
}

/// Small named values, changed by compare-and-swap. Keys are 1 to [`META_KEY_BYTES_MAX`] bytes.
#[async_trait]
pub trait Meta: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Unavailable`].
    async fn get(&self, key: &str) -> Result<Option<Value>, StoreError>;

    /// Sets a value of at most [`META_VALUE_BYTES_MAX`] bytes. Resolves with its new revision when it is durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the row is not as expected. After an error that may pass, the value may or may
    /// not have been set: read before trying again.
    async fn put(&self, key: &str, bytes: Bytes, expect: Expect) -> Result<Rev, StoreError>;

    /// Removes a row; with [`Expect::Any`] it need not exist. Resolves when that is durable.
    ///
    /// # Errors
    /// As [`Meta::put`].
    async fn delete(&self, key: &str, expect: Expect) -> Result<(), StoreError>;

    /// Up to `max` rows whose keys start with `prefix` and come after `after`, in the order of their bytes. One call
    /// shows one moment; the next call may show a later one.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] or [`StoreError::Unavailable`].
    async fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<Vec<Entry>, StoreError>;
}

/// Whether a row keeps the limits. Every engine asks this first.
///
/// # Errors
/// [`StoreError::Refused`] or [`StoreError::TooLarge`].
pub fn check_meta(key: &str, value: &[u8]) -> Result<(), StoreError> {
    if key.is_empty() {
        return Err(StoreError::refused("an empty key"));
    }
    within("a key in bytes", key.len(), META_KEY_BYTES_MAX)?;
    within("a value in bytes", value.len(), META_VALUE_BYTES_MAX)
}
