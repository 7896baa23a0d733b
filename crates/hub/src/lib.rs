//! Runs rooms: opens each document once, lets sessions join, feeds the room, saves what it accepts, closes it when
//! nobody needs it.
//!
//! One task owns one room (`task`). Sessions reach it through a bounded queue and are answered through their
//! [`Outbox`], which is bounded too: a session that does not read is brought up to date later, never skipped.

mod bell;
mod hub;
pub mod limits;
mod load;
mod metrics;
mod outbox;
mod registry;
mod session;
mod task;

pub use bell::Bell;
pub use hub::{
    DocumentSummary, Edit, Hub, HubError, HubSettings, Position, Status, Submission, Submitted, Usage,
    title_key,
};
pub use outbox::{Closing, Mail};
pub use session::{JoinError, Joining, Session};
pub use weft_room::Kind;
