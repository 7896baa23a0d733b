//! What the room wants done, done.

use weft_room::{Effect, HangUp};
use weft_wire::close;

use super::Task;
use crate::outbox::{Closing, Shared};

impl Task {
    pub(super) fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { to, message } => {
                    if let Some(outbox) = self.outboxes.get(&to) {
                        outbox.send(&message);
                    }
                }
                Effect::Broadcast { update, except } => {
                    let update = Shared::new(update);
                    let mut told = 0;
                    for (session, outbox) in &self.outboxes {
                        if !except.contains(session) {
                            told += 1;
                            self.hub.metrics.behind(outbox.relay(&update));
                        }
                    }
                    self.hub.metrics.updates_out.increment(told);
                }
                Effect::Relay { to, update } => {
                    if let Some(outbox) = self.outboxes.get(&to) {
                        self.hub.metrics.behind(outbox.relay(&Shared::new(update)));
                        self.hub.metrics.updates_out.increment(1);
                    }
                }
                Effect::Ack { to, count } => {
                    if let Some(outbox) = self.outboxes.get(&to) {
                        outbox.ack(count);
                    }
                }
                Effect::Whisper { to, entries } => {
                    let whisper = Shared::new(entries);
                    match to {
                        Some(to) => {
                            if let Some(outbox) = self.outboxes.get(&to) {
                                outbox.whisper(&whisper);
                            }
                        }
                        None => self.outboxes.values().for_each(|outbox| outbox.whisper(&whisper)),
                    }
                }
                Effect::Append { ticket, drafts } => {
                    if let Some(last) = drafts.last() {
                        self.last_author.clone_from(&last.user);
                    }
                    self.appends.push(ticket, drafts);
                }
                Effect::Reply { request, outcome } => {
                    if let Some(reply) = self.requests.remove(&request) {
                        let _ = reply.send(Ok(outcome));
                    }
                }
                Effect::HangUp { session, why } => {
                    if let Some(outbox) = self.outboxes.get(&session) {
                        outbox.close(closing(why));
                    }
                }
                // Read off the room itself once the turn is over.
                Effect::Rebuild => {}
            }
        }
    }
}

fn closing(why: HangUp) -> Closing {
    let (code, reason) = match why {
        HangUp::Gaps => (close::POLICY, "edits kept building on content that was never sent; reconnect"),
        HangUp::Broken => (close::POLICY, "an edit could not be merged"),
        HangUp::TooMuchWaiting => (close::TRY_LATER, "too many edits wait for another client; reconnect"),
        HangUp::Foreign => (close::POLICY, "edits under a client id that belongs to someone else here"),
    };
    Closing { code, reason }
}
