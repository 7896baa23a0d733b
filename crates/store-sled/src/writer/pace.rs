use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use weft_ids::DocId;

/// So many different documents…
const BUSY_DOCUMENTS: usize = 4;
/// …written within so long make a server busy.
const BUSY_WINDOW: Duration = Duration::from_millis(20);

/// Decides when a commit waits for more to share its flush with.
///
/// Somebody typing alone must never wait, and neither must a program that appends one batch after the other: only
/// when several documents are written at once do commits keep a distance.
pub(super) struct Pace {
    distance: Duration,
    last: Option<Instant>,
    /// The documents written last, each once, and when.
    recent: [Option<(u64, Instant)>; BUSY_DOCUMENTS],
}

impl Pace {
    pub(super) fn new(distance: Duration) -> Self {
        Self { distance, last: None, recent: [None; BUSY_DOCUMENTS] }
    }

    /// Until when to gather; `None` to go at once.
    pub(super) fn wait_until(&self, now: Instant) -> Option<Instant> {
        let until = self.last? + self.distance;
        let busy = self.recent.iter().all(|seen| seen.is_some_and(|(_, when)| now - when < BUSY_WINDOW));
        (busy && until > now).then_some(until)
    }

    /// A commit starts that holds these documents.
    pub(super) fn starts<'a>(&mut self, now: Instant, documents: impl Iterator<Item = &'a DocId>) {
        self.last = Some(now);
        for document in documents.take(2 * BUSY_DOCUMENTS) {
            let mut hasher = DefaultHasher::new();
            document.hash(&mut hasher);
            let hash = hasher.finish();
            let same = self.recent.iter_mut().find(|seen| seen.is_some_and(|(of, _)| of == hash));
            let slot = match same {
                Some(slot) => Some(slot),
                None => self.recent.iter_mut().min_by_key(|seen| seen.map(|(_, when)| when)),
            };
            if let Some(slot) = slot {
                *slot = Some((hash, now));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc(number: usize) -> DocId {
        DocId::new(&number.to_string()).unwrap()
    }

    #[test]
    fn one_who_writes_alone_never_waits() {
        let mut pace = Pace::new(Duration::from_millis(3));
        let start = Instant::now();
        for micros in (0..50_000).step_by(200) {
            let now = start + Duration::from_micros(micros);
            assert_eq!(pace.wait_until(now), None);
            pace.starts(now, [doc(1)].iter());
        }
    }

    #[test]
    fn commits_keep_a_distance_while_many_documents_are_written() {
        let mut pace = Pace::new(Duration::from_millis(3));
        let start = Instant::now();
        for number in 0..BUSY_DOCUMENTS {
            pace.starts(start, [doc(number)].iter());
        }
        let soon = start + Duration::from_millis(1);
        assert_eq!(pace.wait_until(soon), Some(start + Duration::from_millis(3)));
        assert_eq!(pace.wait_until(start + Duration::from_millis(4)), None, "the distance is kept already");
        pace.starts(start + Duration::from_secs(1), [doc(1)].iter());
        assert_eq!(pace.wait_until(start + Duration::from_millis(1001)), None, "it is long quiet");
    }
}
