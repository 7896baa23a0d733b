//! Bytes to messages and back, for every dialect; and the scanner that stands before every decode.
//!
//! Nothing a stranger sends reaches the document engine, the log or a peer before [`Update::scan`],
//! [`StateVector::scan`] or [`awareness::decode`] has walked it. All of them are linear in the bytes given, use no
//! recursion, believe no count they have not checked against the bytes left, and never panic.
//!
//! - [`Dialect::decode`] turns a frame of a client into an [`Incoming`]; [`Envelope::encode`] turns a
//!   [`ServerMessage`] into a frame.
//! - [`Update`] is a CRDT change in the Yjs v1 layout: its bytes as the client sent them, and what the scanner learnt
//!   about them. [`Update::weave`] makes one of several without decoding a block.
//!
//! No clock, no socket, no random number and no document engine lives here.

pub mod awareness;
pub mod blocks;
pub mod close;
mod dialect;
mod fitting;
mod hocuspocus;
mod holes;
mod message;
pub mod scan;
mod state_vector;
mod update;
pub mod varint;
mod weave;
mod y_websocket;

pub use dialect::{Dialect, Envelope};
pub use hocuspocus::{ADDRESS_BYTES_MAX, TOKEN_BYTES_MAX, VERSION_BYTES_MAX};
pub use message::{ClientMessage, DecodeError, Incoming, ServerMessage};
pub use scan::ScanError;
pub use state_vector::StateVector;
pub use update::{Beyond, DeleteSpan, Place, Section, Update};
