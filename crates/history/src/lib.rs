//! What a document was: every moment of it, who wrote and deleted what, versions, and the way back.
//!
//! [`Past`] is the heart: a document's log folded into one list of elements with their lifetimes. Everything else asks it.

pub mod blame;
pub mod past;

pub use past::{Moment, Past, PastError};
