//! How long things took: a histogram of microseconds that costs a few nanoseconds a value.

/// Values below this stand in a bucket of their own; above it a bucket is 1/64 of its value wide (1.6 %).
const EXACT_BELOW: u32 = 64;
/// log2 of [`EXACT_BELOW`].
const EXACT_BITS: u32 = 6;
/// One group of 64 buckets for the exact values and one for each power of two from 64 us to 2^32 us.
const BUCKETS: usize = EXACT_BELOW as usize * (33 - EXACT_BITS as usize);

/// Counts of values in microseconds, by size.
#[derive(Debug, Clone)]
pub(crate) struct Histogram {
    counts: Box<[u64]>,
    total: u64,
    largest: u32,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; BUCKETS].into_boxed_slice(), total: 0, largest: 0 }
    }
}

impl Histogram {
    /// Counts one value, in microseconds.
    pub(crate) fn record(&mut self, micros: u32) {
        self.counts[bucket(micros)] += 1;
        self.total += 1;
        self.largest = self.largest.max(micros);
    }

    /// How many values were recorded.
    #[cfg(test)]
    pub(crate) fn len(&self) -> u64 {
        self.total
    }

    /// The value, in milliseconds, that `share` (0 to 1) of all values do not exceed; `None` when nothing was recorded.
    pub(crate) fn quantile_ms(&self, share: f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total);
        let mut passed = 0;
        for (index, count) in self.counts.iter().enumerate() {
            passed += count;
            if passed >= rank {
                return Some(f64::from(ceiling(index).min(self.largest)) / 1000.0);
            }
        }
        Some(f64::from(self.largest) / 1000.0)
    }
}

/// The bucket that holds `micros`.
fn bucket(micros: u32) -> usize {
    if micros < EXACT_BELOW {
        return micros as usize;
    }
    let shift = 31 - micros.leading_zeros() - EXACT_BITS;
    let place = (micros >> shift) - EXACT_BELOW;
    ((shift + 1) * EXACT_BELOW + place) as usize
}

/// The largest value that `bucket` puts at `index`.
fn ceiling(index: usize) -> u32 {
    let (group, place) = (index as u64 / u64::from(EXACT_BELOW), index as u64 % u64::from(EXACT_BELOW));
    if group == 0 {
        return place as u32;
    }
    (((u64::from(EXACT_BELOW) + place + 1) << (group - 1)) - 1) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_in_a_bucket_at_most_two_percent_wide() {
        let mut value = 0_u32;
        loop {
            let top = ceiling(bucket(value));
            assert!(top >= value, "{value} lies above its bucket's end {top}");
            assert!(f64::from(top - value) <= f64::from(value) / 50.0, "{value}..{top} is too wide");
            let Some(next) = value.checked_add(1 + value / 97) else { break };
            value = next;
        }
        assert_eq!(ceiling(bucket(u32::MAX)), u32::MAX);
        assert_eq!(bucket(u32::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_those_of_the_recorded_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile_ms(0.5), None);
        for micros in 1..=50 {
            histogram.record(micros);
        }
        histogram.record(7_000_000);
        assert_eq!(histogram.len(), 51);
        assert_eq!(histogram.quantile_ms(0.5), Some(0.026));
        assert_eq!(histogram.quantile_ms(0.01), Some(0.001));
        assert_eq!(
            histogram.quantile_ms(1.0),
            Some(7000.0),
            "the last bucket ends at the largest value seen"
        );
    }
}
