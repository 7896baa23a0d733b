//! Which rooms are open: one for each document, and nobody is between two.
//!
//! Everything that reaches a room without being in it (joins, requests) is sent under the registry's lock, and a room
//! closes under the same lock and only if its queue is empty. So a second opener shares the first one's opening, and
//! one who comes while a room closes either keeps it open or gets the next opening.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use weft_ids::DocId;

use crate::session::Room;
use crate::task::Command;

/// What the registry knows of an open room.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) room: Room,
    pub(crate) vitals: Arc<Vitals>,
}

/// What a room tells of itself.
#[derive(Debug, Default)]
pub(crate) struct Vitals {
    /// About the memory its document takes, bytes.
    pub(crate) weight: AtomicU64,
    pub(crate) sessions: AtomicUsize,
    /// When its last session left, ms since the hub began; 0 while somebody is there.
    pub(crate) idle_since: AtomicU64,
    /// What it took in and is not on disk yet, bytes.
    pub(crate) unsaved: AtomicUsize,
    /// It failed to merge too often, so nobody may write it.
    pub(crate) read_only: AtomicBool,
    /// Its appends are failing.
    pub(crate) failing: AtomicUsize,
}

/// The open rooms, and what can have none.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    pub(crate) open: HashMap<DocId, Entry>,
    /// Documents that were removed since the hub began, or are being removed.
    pub(crate) removed: HashSet<DocId>,
}

#[derive(Debug, Default)]
pub(crate) struct Registry {
    rooms: Mutex<Rooms>,
    closed: Notify,
}

impl Registry {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Rooms> {
        // A map operation that panics leaves the map whole.
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a room out if `may_close` still says so under the lock.
    pub(crate) fn remove_if(&self, doc: &DocId, may_close: impl FnOnce() -> bool) -> bool {
        let mut rooms = self.lock();
        let closes = may_close();
        if closes {
            rooms.open.remove(doc);
            drop(rooms);
            self.closed.notify_waiters();
        }
        closes
    }

    /// Resolves when no room is open.
    pub(crate) async fn empty(&self) {
        self.until(|rooms| rooms.open.is_empty()).await;
    }

    /// Resolves when `doc` has no room.
    pub(crate) async fn closed(&self, doc: &DocId) {
        self.until(|rooms| !rooms.open.contains_key(doc)).await;
    }

    async fn until(&self, wanted: impl Fn(&Rooms) -> bool) {
        loop {
            let closed = self.closed.notified();
            if wanted(&self.lock()) {
                return;
            }
            closed.await;
        }
    }

    /// Asks the rooms that have been idle longest to close until `excess` bytes are free.
    pub(crate) fn evict(&self, excess: u64) {
        let rooms = self.lock();
        let idle =
            rooms.open.values().filter_map(|entry| match entry.vitals.idle_since.load(Ordering::Relaxed) {
                0 => None,
                since => Some((since, entry)),
            });
        let mut idle: Vec<(u64, &Entry)> = idle.collect();
        idle.sort_unstable_by_key(|(since, _)| *since);
        let mut freed = 0;
        for (_, entry) in idle {
            if freed >= excess {
                break;
            }
            freed += entry.vitals.weight.load(Ordering::Relaxed);
            let _ = entry.room.commands.send(Command::Evict);
        }
    }
}
