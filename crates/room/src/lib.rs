//! An open document and its co-editors, without IO.
//!
//! A [`Room`] is a plain struct: events go in, effects come out. It has no lock, no clock, no socket and no random
//! number, so the same code runs behind real sockets and in a simulator.
//!
//! A caller hands in the events of one turn with [`Room::handle`], then calls [`Room::settle`], which turns what was
//! accepted into one batch for the log and one frame for everyone. Effects are carried out in order.

mod aside;
mod catchup;
mod effect;
mod event;
pub mod limits;
mod presence;
mod room;
mod saving;
mod session;
mod turn;

pub use effect::{Draft, Effect, HangUp, Outcome};
pub use event::{Acks, Event, Identity, Kind, Member, Missed, Now, RequestId, Standing, Ticket};
pub use room::{Counts, Loaded, Room};
