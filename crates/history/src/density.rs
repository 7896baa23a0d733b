//! How much was changed when by whom: what is drawn above a slider.

use weft_ids::{Seq, UnixMillis};

use crate::past::Past;
use crate::timeline::Stamp;

/// The most buckets a density may have.
pub const BUCKETS_MAX: usize = 1_000;

/// What is as long in one bucket as in the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// The time. A record whose clock went back counts where the one before it does.
    Time,
    /// The number of records.
    Records,
}

/// What one author did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// Records.
    pub records: u64,
    /// UTF-16 units of text written.
    pub added: u64,
    /// UTF-16 units of text deleted.
    pub removed: u64,
}

/// A stretch of the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Its first record; if it has none, the first one after it. By time: with the time it begins at.
    pub from: Stamp,
    /// Its last record; if it has none, the one before `from`. By time: with the last millisecond that is in it.
    pub to: Stamp,
    /// What each author did in it, by index into [`Past::writers`], in the order of their first record in it.
    pub changes: Vec<(u32, Count)>,
}

impl Past {
    /// Records `first` to `last` in at most `buckets` stretches that are equally long by `scale`: fewer if there are
    /// fewer records (or milliseconds) than that. Empty if there are no such records. What [`Past::edge`] stands for is
    /// not counted as a change.
    #[must_use]
    pub fn density(&self, first: Seq, last: Seq, buckets: usize, scale: Scale) -> Vec<Bucket> {
        let first = first.max(Seq(1));
        let (Some(start), Some(end)) = (self.index_of(first), self.index_of(last)) else { return Vec::new() };
        let (start, first) = (start.max(self.unbroken()), first.max(self.edge()));
        let Some(deeds) = self.deeds().get(start..=end) else { return Vec::new() };
        let Some(began) = deeds.first().map(|deed| deed.time.0) else { return Vec::new() };
        let ended = deeds.iter().map(|deed| deed.time.0).max().unwrap_or(began);
        let length = match scale {
            Scale::Time => (ended - began).saturating_add(1),
            Scale::Records => deeds.len() as u64,
        };
        let count = (buckets.min(BUCKETS_MAX) as u64).min(length).max(1);
        // Bucket b holds the places p with floor(p * count / length) = b.
        let edge = |bucket: u64| {
            let place = (u128::from(bucket) * u128::from(length)).div_ceil(u128::from(count));
            u64::try_from(place).unwrap_or(u64::MAX)
        };

        let mut all = Vec::with_capacity(usize::try_from(count).unwrap_or_default());
        // By writer, one more than their place in the bucket being filled.
        let mut places = vec![0_usize; self.writers().len()];
        let (mut next, mut clock) = (0, began);
        for bucket in 0..count {
            let mut changes: Vec<(u32, Count)> = Vec::new();
            let from = next;
            while let Some(deed) = deeds.get(next) {
                let now = clock.max(deed.time.0);
                let place = if scale == Scale::Time { now - began } else { next as u64 };
                if place >= edge(bucket + 1) {
                    break;
                }
                clock = now;
                next += 1;
                if self.seq_of(start + next - 1) <= self.edge() {
                    continue;
                }
                let known = &mut places[deed.writer as usize];
                if *known == 0 {
                    changes.push((deed.writer, Count::default()));
                    *known = changes.len();
                }
                let count = &mut changes[*known - 1].1;
                count.records += 1;
                count.added += u64::from(deed.added);
                count.removed += u64::from(deed.removed);
            }
            changes.iter().for_each(|(writer, _)| places[*writer as usize] = 0);
            let stamp = |at: usize, place: u64| Stamp {
                seq: Seq(first.0 - 1 + at as u64),
                time: match scale {
                    Scale::Time => UnixMillis(began + place),
                    Scale::Records => deeds[(at - 1).min(deeds.len() - 1)].time,
                },
            };
            let (from, to) = (stamp(from + 1, edge(bucket)), stamp(next, edge(bucket + 1) - 1));
            all.push(Bucket { from, to, changes });
        }
        all
    }
}

#[cfg(test)]
mod tests;
