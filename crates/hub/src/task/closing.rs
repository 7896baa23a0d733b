//! How a room ends: when nobody needs it, or because the server stops.

use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{info, warn};

use super::{Command, Task, in_place};
use crate::limits::{CHECKPOINT_BYTES_MOST, CHECKPOINT_RECORDS_AT_CLOSE, DRAIN_PATIENCE};
use crate::load::{self, Behind};

impl Task {
    /// Whether everything that was accepted is on disk.
    pub(super) fn is_stored(&self) -> bool {
        self.room.is_saved() && self.appends.is_idle()
    }

    pub(super) fn may_close(&self) -> bool {
        if !self.requests.is_empty() {
            return false;
        }
        if let Some((since, _)) = self.stopping {
            let patience = since.elapsed() >= DRAIN_PATIENCE * 2;
            return self.is_stored() && self.hung_up && (self.outboxes.is_empty() || patience);
        }
        let Some(since) = self.empty_since else { return false };
        let idle = self.evict || self.hub.is_over_budget() || since.elapsed() >= self.hub.settings.idle_after;
        self.outboxes.is_empty() && idle && self.is_stored()
    }

    /// Closes the room unless somebody came meanwhile. Everything is on disk by now.
    pub(super) async fn close(&mut self, commands: &mut UnboundedReceiver<Command>) -> bool {
        if self.title_due.is_some() {
            self.note_title();
        }
        let worth_it = self.behind.records >= CHECKPOINT_RECORDS_AT_CLOSE
            && self.behind.bytes >= (self.room.bytes() / 8).min(CHECKPOINT_BYTES_MOST);
        // A server that stops has little time: only what would be long in opening.
        let due = if self.stopping.is_some() { self.checkpoint_due().is_some() } else { worth_it };
        if due && commands.is_empty() {
            self.behind = Behind::default();
            let head = self.room.head();
            let state = in_place(self.room.bytes(), || self.room.state());
            if let Err(error) = load::keep(&self.hub.store, &self.doc, head, state).await {
                warn!(doc = %self.doc, %error, "a checkpoint was not cut");
            }
        }
        let closes = self.hub.registry.remove_if(&self.doc, || commands.is_empty());
        if closes {
            let metrics = &self.hub.metrics;
            let rested =
                self.empty_since.is_some_and(|since| since.elapsed() >= self.hub.settings.idle_after);
            let closed = match self.stopping {
                Some(_) => &metrics.closed_at_the_end,
                None if rested => &metrics.closed_idle,
                None => &metrics.closed_for_memory,
            };
            closed.increment(1);
            info!(doc = %self.doc, "closed");
        }
        closes
    }

    /// A room that stops sends everyone off once what they sent is stored.
    pub(super) fn see_off(&mut self) {
        let stored = self.is_stored();
        if let Some((since, farewell)) = self.stopping
            && !self.hung_up
            && (stored || since.elapsed() >= DRAIN_PATIENCE)
        {
            self.hung_up = true;
            for outbox in self.outboxes.values() {
                outbox.close(farewell);
            }
        }
    }
}
