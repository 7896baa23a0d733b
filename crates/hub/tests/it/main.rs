//! The hub: what it promises, over a store that is slow or fails.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod eviction;
mod quarantine;
mod removing;
mod rooms;
mod submissions;
mod world;
