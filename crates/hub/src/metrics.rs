//! What a hub counts.

use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use weft_room::Counts;

/// What is counted, looked up once.
pub(crate) struct Metrics {
    pub(crate) rooms: Gauge,
    pub(crate) sessions: Gauge,
    pub(crate) queued: Gauge,
    pub(crate) unsaved: Gauge,
    pub(crate) memory: Gauge,
    pub(crate) opens: Histogram,
    turns: Histogram,
    merged: Counter,
    known: Counter,
    gaps: Counter,
    aside: Counter,
    refused: Counter,
    resyncs: Counter,
    fallen_behind: Counter,
    pub(crate) updates_out: Counter,
    pub(crate) read_only: Gauge,
    pub(crate) closed_idle: Counter,
    pub(crate) closed_for_memory: Counter,
    pub(crate) closed_at_the_end: Counter,
    pub(crate) rebuilds: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let updates_in = |outcome: &'static str| counter!("weft_updates_in_total", "outcome" => outcome);
        let closed = |reason: &'static str| counter!("weft_rooms_closed_total", "reason" => reason);
        Self {
            rooms: gauge!("weft_rooms"),
            sessions: gauge!("weft_sessions"),
            queued: gauge!("weft_room_queues_bytes"),
            unsaved: gauge!("weft_unsaved_bytes"),
            memory: gauge!("weft_documents_memory_bytes"),
            opens: histogram!("weft_open_seconds"),
            turns: histogram!("weft_turn_seconds"),
            merged: updates_in("merged"),
            known: updates_in("known"),
            gaps: updates_in("gap"),
            aside: updates_in("aside"),
            refused: updates_in("refused"),
            resyncs: counter!("weft_resyncs_total"),
            fallen_behind: counter!("weft_sessions_fallen_behind_total"),
            updates_out: counter!("weft_updates_out_total"),
            read_only: gauge!("weft_documents_read_only"),
            closed_idle: closed("idle"),
            closed_for_memory: closed("memory"),
            closed_at_the_end: closed("stop"),
            rebuilds: counter!("weft_rooms_rebuilt_total"),
        }
    }

    pub(crate) fn count(&self, counts: Counts, took: Duration) {
        let Counts { merged, known, gaps, aside, refused, resyncs } = counts;
        if merged + known + gaps + aside + refused > 0 {
            self.turns.record(took.as_secs_f64());
        }
        for (counter, count) in [
            (&self.merged, merged),
            (&self.known, known),
            (&self.gaps, gaps),
            (&self.aside, aside),
            (&self.refused, refused),
            (&self.resyncs, resyncs),
        ] {
            if count > 0 {
                counter.increment(count);
            }
        }
    }

    pub(crate) fn behind(&self, fell: bool) {
        if fell {
            self.fallen_behind.increment(1);
        }
    }
}
