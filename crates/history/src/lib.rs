//! What a document was: every moment of it, who wrote and deleted what, versions, and the way back.
//!
//! [`Past`] is the heart: a document's log folded into one list of elements with their lifetimes. Everything else asks it.
//! [`History`] is how the server reaches it: it keeps the pasts at hand and does what needs the store and the hub.

pub mod blame;
pub mod density;
mod error;
mod history;
pub mod past;
pub mod timeline;
mod turns;

#[cfg(test)]
mod deeds;

pub use error::HistoryError;
pub use history::{History, HistorySettings, MEMORY_BYTES_DEFAULT};
pub use past::{Moment, Past, PastError};
