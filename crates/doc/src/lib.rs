//! One CRDT document and all we know of its content; the only user of `yrs`.
//!
//! Callers hand in v1 updates that have passed the scanner of `weft-wire`; this crate merges them, says what came
//! of it, and answers with state, differences and plain text. It holds no clock, no lock of its own and no socket.

mod document;
mod text;
mod value;

pub use document::{Document, DocumentError, MergeError, Merged};
pub use value::values;
