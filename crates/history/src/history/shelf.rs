//! The pasts at hand: least recently asked ones make room, and nobody builds what somebody else is building.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use weft_ids::{DocId, Seq};

use super::Outcome;
use crate::past::Past;

pub(crate) struct Shelf {
    slots: Mutex<Slots>,
    bytes_max: usize,
}

#[derive(Default)]
struct Slots {
    by_doc: HashMap<DocId, Slot>,
    /// What the ready ones take together.
    bytes: usize,
    /// Counts questions.
    asked: u64,
}

enum Slot {
    Ready { past: Arc<Past>, bytes: usize, asked: u64 },
    Building(watch::Receiver<Option<Outcome>>),
}

/// What there is of a document.
pub(crate) enum Found {
    /// All that was asked for.
    Ready(Arc<Past>),
    /// Somebody is at it.
    Building(watch::Receiver<Option<Outcome>>),
    /// The asker is to build it, from what there is, and to tell the others with `sender` after [`Shelf::put`].
    Build { old: Option<Arc<Past>>, sender: watch::Sender<Option<Outcome>> },
}

impl fmt::Debug for Shelf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.lock();
        f.debug_struct("Shelf").field("documents", &slots.by_doc.len()).field("bytes", &slots.bytes).finish()
    }
}

impl Shelf {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { slots: Mutex::default(), bytes_max }
    }

    /// The past of `doc` up to `head` at least.
    pub(crate) fn find(&self, doc: &DocId, head: Seq) -> Found {
        let mut slots = self.lock();
        slots.asked += 1;
        let now = slots.asked;
        match slots.by_doc.get_mut(doc) {
            Some(Slot::Ready { past, asked, .. }) if past.head() >= head => {
                *asked = now;
                return Found::Ready(past.clone());
            }
            // The builder died with its runtime; whoever asks next begins anew.
            Some(Slot::Building(building))
                if building.has_changed().is_ok() || building.borrow().is_some() =>
            {
                return Found::Building(building.clone());
            }
            _ => {}
        }
        let (sender, building) = watch::channel(None);
        let old = match slots.by_doc.insert(doc.clone(), Slot::Building(building)) {
            Some(Slot::Ready { past, bytes, .. }) => {
                slots.bytes -= bytes;
                Some(past)
            }
            _ => None,
        };
        Found::Build { old, sender }
    }

    /// Ends the build of `sender`. What is larger than the whole shelf, or was forgotten meanwhile, is not kept.
    pub(crate) fn put(&self, doc: &DocId, past: Option<Arc<Past>>, sender: &watch::Sender<Option<Outcome>>) {
        let mut slots = self.lock();
        match slots.by_doc.get(doc) {
            Some(Slot::Building(building)) if building.same_channel(&sender.subscribe()) => {}
            _ => return,
        }
        slots.remove(doc);
        let Some(past) = past else { return };
        let bytes = past.weight();
        if bytes > self.bytes_max {
            return;
        }
        slots.asked += 1;
        let asked = slots.asked;
        slots.bytes += bytes;
        slots.by_doc.insert(doc.clone(), Slot::Ready { past, bytes, asked });
        while slots.bytes > self.bytes_max {
            let oldest = slots.by_doc.iter().filter_map(|(doc, slot)| match slot {
                Slot::Ready { asked, .. } => Some((*asked, doc)),
                Slot::Building(_) => None,
            });
            let Some(doc) = oldest.min_by_key(|(asked, _)| *asked).map(|(_, doc)| doc.clone()) else { break };
            slots.remove(&doc);
        }
    }

    /// Drops what there is, and what is being built.
    pub(crate) fn forget(&self, doc: &DocId) {
        self.lock().remove(doc);
    }

    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots {
    fn remove(&mut self, doc: &DocId) {
        if let Some(Slot::Ready { bytes, .. }) = self.by_doc.remove(doc) {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use weft_ids::{SessionId, UnixMillis};
    use weft_store::{Author, BatchId, Record, RecordHash, RecordKind};

    use super::*;

    fn doc(name: &str) -> DocId {
        DocId::new(name).unwrap()
    }

    /// A past of one record that wrote "hi".
    fn past() -> Arc<Past> {
        let mut past = Past::new();
        past.add(&Record {
            seq: Seq(1),
            prev: RecordHash::FIRST,
            time: UnixMillis(1),
            author: Author { user: None, name: None, session: SessionId(1) },
            kind: RecordKind::Edit,
            batch: BatchId { writer: 0, number: 0 },
            update: vec![1, 1, 1, 0, 4, 1, 1, b't', 2, b'h', b'i', 0].into(),
        })
        .unwrap();
        Arc::new(past)
    }

    fn is_ready(shelf: &Shelf, name: &str) -> bool {
        matches!(shelf.lock().by_doc.get(&doc(name)), Some(Slot::Ready { .. }))
    }

    fn put(shelf: &Shelf, name: &str) {
        let Found::Build { old: None, sender } = shelf.find(&doc(name), Seq(1)) else {
            panic!("{name} is there")
        };
        shelf.put(&doc(name), Some(past()), &sender);
    }

    #[test]
    fn what_is_forgotten_while_it_is_built_is_not_kept() {
        let shelf = Shelf::new(usize::MAX);
        let Found::Build { sender, .. } = shelf.find(&doc("a"), Seq(1)) else { panic!() };
        shelf.forget(&doc("a"));
        let Found::Build { sender: second, .. } = shelf.find(&doc("a"), Seq(1)) else { panic!() };
        shelf.put(&doc("a"), Some(past()), &sender);
        assert!(!is_ready(&shelf, "a"));
        shelf.put(&doc("a"), Some(past()), &second);
        assert!(is_ready(&shelf, "a"));
    }

    #[test]
    fn the_least_recently_asked_makes_room_and_what_is_too_large_is_not_kept() {
        let bytes = past().weight();
        let shelf = Shelf::new(2 * bytes);
        put(&shelf, "a");
        put(&shelf, "b");
        assert!(matches!(shelf.find(&doc("a"), Seq(1)), Found::Ready(_)));
        put(&shelf, "c");
        assert_eq!(["a", "b", "c"].map(|name| is_ready(&shelf, name)), [true, false, true]);
        assert_eq!(shelf.lock().bytes, 2 * bytes);

        let small = Shelf::new(bytes - 1);
        put(&small, "a");
        assert!(!is_ready(&small, "a"));
        assert_eq!(small.lock().bytes, 0);
        assert!(small.lock().by_doc.is_empty(), "what is not kept leaves nothing");
    }

    #[test]
    fn who_asks_while_it_is_built_waits_and_who_asks_for_more_builds_on() {
        let shelf = Shelf::new(usize::MAX);
        let Found::Build { old: None, sender } = shelf.find(&doc("a"), Seq(1)) else { panic!() };
        assert!(matches!(shelf.find(&doc("a"), Seq(1)), Found::Building(_)));
        shelf.put(&doc("a"), Some(past()), &sender);
        sender.send_replace(Some(Ok(past())));
        assert!(matches!(shelf.find(&doc("a"), Seq(1)), Found::Ready(_)));
        let Found::Build { old: Some(_), sender } = shelf.find(&doc("a"), Seq(2)) else { panic!() };
        assert_eq!(shelf.lock().bytes, 0, "what is being built is not on the shelf");
        drop(sender);
        assert!(
            matches!(shelf.find(&doc("a"), Seq(1)), Found::Build { old: None, .. }),
            "the builder is dead"
        );
    }
}
