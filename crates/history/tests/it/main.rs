//! History over random worlds: several clients who edit, go offline and come back, and a log as the server keeps it.

#![expect(clippy::unwrap_used, reason = "what the tests share is test code too")]

mod blame;
mod blocks;
mod deeds;
mod deep;
mod diff;
mod erase;
mod moments;
mod restore;
mod retention;
mod world;
