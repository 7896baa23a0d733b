//! The rows as readers see them: those of the database, and on top of them those that only the journal holds yet.

use std::cmp::Ordering;
use std::collections::{BTreeMap, btree_map};
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use sled::{Db, IVec};

/// Rows that the database does not hold yet; `None` for one that is to go.
pub(crate) type Recent = BTreeMap<IVec, Option<IVec>>;

/// A row as it is read: its key and its value.
pub(crate) type Found = Result<(IVec, IVec), sled::Error>;

/// All rows there are.
///
/// The recent ones are those of the moment when the view was made. Meanwhile they may go into the database, and newer
/// ones with them: who reads several rows without holding commits off may see some of before and some of after.
#[derive(Clone)]
pub(crate) struct View<'a> {
    db: &'a Db,
    recent: Arc<Recent>,
}

impl<'a> View<'a> {
    pub(crate) fn new(db: &'a Db, recent: Arc<Recent>) -> Self {
        Self { db, recent }
    }

    pub(crate) fn get(&self, key: &[u8]) -> Result<Option<IVec>, sled::Error> {
        interrupted();
        match self.recent.get(key) {
            Some(row) => Ok(row.clone()),
            None => self.db.get(key),
        }
    }

    pub(crate) fn contains_key(&self, key: &[u8]) -> Result<bool, sled::Error> {
        interrupted();
        match self.recent.get(key) {
            Some(row) => Ok(row.is_some()),
            None => self.db.contains_key(key),
        }
    }

    /// The rows whose keys lie in `range`, in order, from either end.
    pub(crate) fn range<K: AsRef<[u8]>>(&self, range: impl RangeBounds<K>) -> Range<'_> {
        interrupted();
        let bytes = |bound: Bound<&K>| bound.map(|key| IVec::from(key.as_ref()));
        let bounds = (bytes(range.start_bound()), bytes(range.end_bound()));
        let recent = if is_empty(&bounds) {
            // A map panics on bounds that are the wrong way round; the database has no rows there.
            btree_map::Range::default()
        } else {
            self.recent.range::<IVec, _>((bounds.0.as_ref(), bounds.1.as_ref()))
        };
        Range { database: Ends::new(self.db.range(bounds)), recent: Ends::new(recent) }
    }

    pub(crate) fn iter(&self) -> Range<'_> {
        self.range::<&[u8]>(..)
    }
}

#[cfg(test)]
thread_local! {
    /// What tests have happen on this thread before each look into the database, as others may do something then.
    pub(crate) static INTERRUPT: std::cell::RefCell<Option<Box<dyn Fn()>>> = const { std::cell::RefCell::new(None) };
}

/// Others may do something here.
fn interrupted() {
    #[cfg(test)]
    if let Some(interrupt) = INTERRUPT.take() {
        interrupt();
        INTERRUPT.set(Some(interrupt));
    }
}

fn is_empty((start, end): &(Bound<IVec>, Bound<IVec>)) -> bool {
    match (start, end) {
        (Bound::Unbounded, _) | (_, Bound::Unbounded) => false,
        (Bound::Included(start), Bound::Included(end)) => start > end,
        (Bound::Included(start) | Bound::Excluded(start), Bound::Included(end) | Bound::Excluded(end)) => {
            start >= end
        }
    }
}

/// Some rows, in the order of their keys.
pub(crate) struct Range<'a> {
    database: Ends<sled::Iter>,
    recent: Ends<btree_map::Range<'a, IVec, Option<IVec>>>,
}

impl Range<'_> {
    pub(crate) fn keys(self) -> impl DoubleEndedIterator<Item = Result<IVec, sled::Error>> {
        self.map(|row| row.map(|(key, _)| key))
    }

    /// The next row from one end. Of two with the same key the recent one counts; `nearer` says which of two keys
    /// comes first.
    fn step(&mut self, end: End, nearer: Ordering) -> Option<Found> {
        interrupted();
        loop {
            let order = match (self.database.peek(end), self.recent.peek(end)) {
                (Some(Ok((key, _))), Some((recent, _))) => key.cmp(recent),
                (Some(_), _) => nearer,
                (None, Some(_)) => nearer.reverse(),
                (None, None) => return None,
            };
            if order == nearer {
                return self.database.take(end);
            }
            if order == Ordering::Equal {
                self.database.take(end);
            }
            if let Some((key, Some(value))) = self.recent.take(end) {
                return Some(Ok((key.clone(), value.clone())));
            }
        }
    }
}

impl Iterator for Range<'_> {
    type Item = Found;

    fn next(&mut self) -> Option<Found> {
        self.step(End::Front, Ordering::Less)
    }
}

impl DoubleEndedIterator for Range<'_> {
    fn next_back(&mut self) -> Option<Found> {
        self.step(End::Back, Ordering::Greater)
    }
}

#[derive(Clone, Copy)]
enum End {
    Front,
    Back,
}

/// An iterator whose next item can be looked at from both ends.
struct Ends<I: Iterator> {
    items: I,
    front: Option<I::Item>,
    back: Option<I::Item>,
}

impl<I: DoubleEndedIterator> Ends<I> {
    fn new(items: I) -> Self {
        Self { items, front: None, back: None }
    }

    fn peek(&mut self, end: End) -> Option<&I::Item> {
        let Self { items, front, back } = self;
        match end {
            End::Front => {
                *front = front.take().or_else(|| items.next()).or_else(|| back.take());
                front.as_ref()
            }
            End::Back => {
                *back = back.take().or_else(|| items.next_back()).or_else(|| front.take());
                back.as_ref()
            }
        }
    }

    fn take(&mut self, end: End) -> Option<I::Item> {
        self.peek(end);
        match end {
            End::Front => self.front.take(),
            End::Back => self.back.take(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use rand::rngs::StdRng;
    use rand::{RngExt, SeedableRng};

    use super::*;

    /// Rows in the database and recent ones, at random, and what they are together.
    fn world(random: &mut StdRng, db: &Db) -> (Recent, BTreeMap<IVec, IVec>) {
        db.clear().unwrap();
        let (mut recent, mut all) = (Recent::new(), BTreeMap::new());
        for _ in 0..random.random_range(0..12) {
            let key = IVec::from(&[random.random_range(0..8_u8)]);
            db.insert(&key, b"old").unwrap();
            all.insert(key, IVec::from(b"old"));
        }
        for _ in 0..random.random_range(0..12) {
            let key = IVec::from(&[random.random_range(0..8_u8)]);
            let value = random.random_bool(0.6).then(|| IVec::from(&[random.random::<u8>()]));
            match &value {
                Some(value) => all.insert(key.clone(), value.clone()),
                None => all.remove(&key),
            };
            recent.insert(key, value);
        }
        (recent, all)
    }

    fn bound(random: &mut StdRng) -> Bound<Vec<u8>> {
        let key = vec![random.random_range(0..9_u8)];
        match random.random_range(0..5) {
            0 => Bound::Unbounded,
            1 | 2 => Bound::Excluded(key),
            _ => Bound::Included(key),
        }
    }

    #[test]
    fn a_view_is_what_database_and_recent_rows_are_together_from_either_end() {
        let db = sled::Config::new().temporary(true).open().unwrap();
        for seed in 0..2000 {
            let mut random = StdRng::seed_from_u64(seed);
            let (recent, all) = world(&mut random, &db);
            let view = View::new(&db, Arc::new(recent));
            for key in 0..8_u8 {
                assert_eq!(view.get(&[key]).unwrap(), all.get(&[key][..]).cloned(), "seed {seed}");
                assert_eq!(view.contains_key(&[key]).unwrap(), all.contains_key(&[key][..]), "seed {seed}");
            }
            let bounds = (bound(&mut random), bound(&mut random));
            let inside = all.into_iter().filter(|(key, _)| bounds.contains(&key.to_vec()));
            let mut expected: VecDeque<_> = inside.collect();
            let mut rows = view.range(bounds.clone());
            loop {
                let (found, wanted) = if random.random_bool(0.5) {
                    (rows.next(), expected.pop_front())
                } else {
                    (rows.next_back(), expected.pop_back())
                };
                assert_eq!(found.transpose().unwrap(), wanted, "seed {seed}, {bounds:?}");
                if wanted.is_none() {
                    break;
                }
            }
        }
    }
}
