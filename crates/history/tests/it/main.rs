//! History over random worlds: several clients who edit, go offline and come back, and a log as the server keeps it.

mod moments;
mod restore;
mod world;
