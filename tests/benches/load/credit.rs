//! Who has received what: every update is credited to every receiver once, whichever frame brought it.
//!
//! A server may forward updates one by one, merge them, or answer a session that fell behind with one difference:
//! what counts is that a writer's clocks arrive without a hole. Latency is counted per clock of the writer, from the
//! moment it was sent to the moment a receiver first held it.

use std::ops::Range;

use crate::latency::Histogram;

/// One writer of a room.
#[derive(Debug)]
pub(crate) struct Writer {
    /// How many others are to receive each of its updates.
    receivers: u32,
    /// When each clock was sent, in microseconds of the run.
    sent_at: Vec<u32>,
    /// How many (receiver, clock) pairs have been credited.
    credited: u64,
}

impl Writer {
    /// How many of its updates are under way, averaged over its receivers.
    pub(crate) fn in_flight(&self) -> u64 {
        let sent = self.sent_at.len() as u64;
        if self.receivers == 0 { 0 } else { sent - self.credited / u64::from(self.receivers) }
    }
}

/// How far one receiver holds the updates of each writer of its room, without a hole.
#[derive(Debug, Clone)]
pub(crate) struct Coverage {
    ends: Vec<u32>,
}

/// What a span of clocks meant to a receiver.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Covered {
    /// These clocks are new and follow what is held.
    Fresh(Range<u32>),
    /// Held already.
    Known,
    /// Something before the span is missing, so the span cannot be shown and is not credited.
    Gap,
}

impl Coverage {
    /// A receiver in a room with `writers` writers that holds nothing yet.
    pub(crate) fn new(writers: usize) -> Coverage {
        Coverage { ends: vec![0; writers] }
    }

    /// Takes note that the clocks `start..end` of the room's writer number `writer` have arrived.
    pub(crate) fn cover(&mut self, writer: usize, start: u32, end: u32) -> Covered {
        let held = &mut self.ends[writer];
        if start > *held {
            return Covered::Gap;
        }
        if end <= *held {
            return Covered::Known;
        }
        let fresh = *held..end;
        *held = end;
        Covered::Fresh(fresh)
    }

    /// The clock up to which the receiver holds everything of `writer`.
    pub(crate) fn end(&self, writer: usize) -> u32 {
        self.ends[writer]
    }
}

/// The counts of one run, over all rooms.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    writers: Vec<Writer>,
    /// Updates sent during these microseconds count towards the latency.
    measured: Range<u32>,
    latency: Histogram,
    delivered: u64,
    gaps: u64,
}

impl Ledger {
    /// Adds a writer whose updates go to `receivers` others; returns its number.
    pub(crate) fn add_writer(&mut self, receivers: u32) -> usize {
        self.writers.push(Writer { receivers, sent_at: Vec::new(), credited: 0 });
        self.writers.len() - 1
    }

    /// Sets which updates count towards the latency, by the microsecond in which they were sent.
    pub(crate) fn measure(&mut self, span: Range<u32>) {
        self.measured = span;
    }

    /// A writer sends its next update.
    pub(crate) fn sent(&mut self, writer: usize, now: u32) {
        self.writers[writer].sent_at.push(now);
    }

    /// A receiver holds the clocks `fresh` of `writer` since `now`. Clocks that were never sent are ignored.
    pub(crate) fn credit(&mut self, writer: usize, fresh: Range<u32>, now: u32) {
        let writer = &mut self.writers[writer];
        let end = (fresh.end as usize).min(writer.sent_at.len());
        let Some(sent_at) = writer.sent_at.get(fresh.start as usize..end) else { return };
        writer.credited += sent_at.len() as u64;
        self.delivered += sent_at.len() as u64;
        for &sent in sent_at {
            if self.measured.contains(&sent) {
                self.latency.record(now.saturating_sub(sent));
            }
        }
    }

    /// A span arrived whose beginning is missing.
    pub(crate) fn gap(&mut self) {
        self.gaps += 1;
    }

    /// Spans that arrived with something missing before them.
    pub(crate) fn gaps(&self) -> u64 {
        self.gaps
    }

    /// The writer with this number.
    pub(crate) fn writer(&self, number: usize) -> &Writer {
        &self.writers[number]
    }

    /// Updates sent so far by one writer.
    pub(crate) fn sent_by(&self, number: usize) -> u32 {
        self.writers[number].sent_at.len() as u32
    }

    /// Updates sent so far, by all writers.
    pub(crate) fn sent_total(&self) -> u64 {
        self.writers.iter().map(|writer| writer.sent_at.len() as u64).sum()
    }

    /// (receiver, update) pairs credited so far.
    pub(crate) fn delivered(&self) -> u64 {
        self.delivered
    }

    /// (receiver, update) pairs not credited yet: at the end of a run, updates lost or skipped.
    pub(crate) fn missing(&self) -> u64 {
        let owed = |writer: &Writer| writer.sent_at.len() as u64 * u64::from(writer.receivers);
        self.writers.iter().map(owed).sum::<u64>() - self.delivered
    }

    /// The latency of the updates measured.
    pub(crate) fn latency(&self) -> &Histogram {
        &self.latency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One writer with two receivers; every update is measured; update `n` is sent at `n` ms.
    fn ledger(updates: u32) -> Ledger {
        let mut ledger = Ledger::default();
        let writer = ledger.add_writer(2);
        ledger.measure(0..u32::MAX);
        for n in 0..updates {
            ledger.sent(writer, n * 1000);
        }
        ledger
    }

    fn receive(ledger: &mut Ledger, held: &mut Coverage, span: Range<u32>, now: u32) {
        match held.cover(0, span.start, span.end) {
            Covered::Fresh(fresh) => ledger.credit(0, fresh, now),
            Covered::Known => (),
            Covered::Gap => ledger.gap(),
        }
    }

    #[test]
    fn a_merged_frame_credits_every_update_it_carries_with_its_own_latency() {
        let mut ledger = ledger(10);
        let mut held = Coverage::new(1);
        receive(&mut ledger, &mut held, 0..10, 10_000);
        assert_eq!(ledger.delivered(), 10);
        assert_eq!(ledger.latency().len(), 10);
        assert_eq!(ledger.latency().quantile_ms(1.0), Some(10.0), "the first update waited longest");
        assert_eq!(
            ledger.latency().quantile_ms(0.01),
            Some(1.007),
            "the last one waited least: its bucket's end"
        );
        assert_eq!(ledger.missing(), 10, "the second receiver still waits");
    }

    #[test]
    fn what_comes_twice_is_credited_once() {
        let mut ledger = ledger(10);
        let mut held = Coverage::new(1);
        receive(&mut ledger, &mut held, 0..4, 10_000);
        receive(&mut ledger, &mut held, 0..4, 11_000);
        receive(&mut ledger, &mut held, 2..6, 12_000);
        assert_eq!(ledger.delivered(), 6);
        assert_eq!(held.end(0), 6);
    }

    #[test]
    fn what_follows_a_gap_is_not_credited_until_a_resync_covers_the_gap() {
        let mut ledger = ledger(10);
        let mut held = Coverage::new(1);
        receive(&mut ledger, &mut held, 0..3, 10_000);
        receive(&mut ledger, &mut held, 4..10, 10_000);
        assert_eq!(ledger.delivered(), 3);
        assert_eq!(ledger.gaps(), 1);
        receive(&mut ledger, &mut held, 0..10, 12_000);
        assert_eq!(ledger.delivered(), 10);
        assert_eq!(held.end(0), 10);
    }

    #[test]
    fn an_update_that_one_receiver_never_gets_stays_missing() {
        let mut ledger = ledger(10);
        let (mut one, mut other) = (Coverage::new(1), Coverage::new(1));
        receive(&mut ledger, &mut one, 0..10, 10_000);
        receive(&mut ledger, &mut other, 0..9, 10_000);
        assert_eq!(ledger.missing(), 1);
        assert_eq!(ledger.writer(0).in_flight(), 1);
        receive(&mut ledger, &mut other, 9..10, 10_000);
        assert_eq!(ledger.missing(), 0);
        assert_eq!(ledger.writer(0).in_flight(), 0);
    }

    #[test]
    fn only_updates_sent_while_measuring_count_towards_the_latency() {
        let mut ledger = ledger(10);
        ledger.measure(3_000..6_000);
        receive(&mut ledger, &mut Coverage::new(1), 0..10, 10_000);
        assert_eq!(ledger.latency().len(), 3);
        assert_eq!(ledger.delivered(), 10);
    }

    #[test]
    fn clocks_that_nobody_sent_are_not_credited() {
        let mut ledger = ledger(3);
        receive(&mut ledger, &mut Coverage::new(1), 0..5, 10_000);
        assert_eq!(ledger.delivered(), 3);
    }
}
