//! What a document was: every moment of it, who wrote and deleted what, versions, and the way back.
//!
//! [`Past`] is the heart: a document's log folded into one list of elements with their lifetimes. Everything else asks it.
//! [`History`] is how the server reaches it: it keeps the pasts at hand and does what needs the store and the hub.

pub mod blame;
mod content;
mod copy;
pub mod density;
pub mod diff;
pub mod erase;
mod error;
mod give_way;
mod history;
pub mod past;
mod remove;
mod restore;
mod retention;
mod row;
pub mod timeline;
mod turns;
mod version;

#[cfg(test)]
mod deeds;

pub use content::ContentHash;
pub use copy::COPIES_MAX;
pub use error::HistoryError;
pub use history::{History, HistorySettings, MEMORY_BYTES_DEFAULT};
pub use past::{EARLIER, Moment, Past, PastError};
pub use restore::{RestoreNote, Restored, Wanted};
pub use retention::{Dropped, retain};
pub use version::{AUTOMATIC_LISTED_MAX, By, Named, VERSION_NAME_CHARACTERS_MAX, VERSIONS_MAX, Version};
