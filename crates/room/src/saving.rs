//! What waits for the disk: nothing is acknowledged before it is durable, and nothing out of order.

use std::collections::VecDeque;

use weft_ids::{Seq, SessionId};
use weft_wire::{ServerMessage, Update};

use crate::event::{RequestId, Ticket};

/// What to do once everything accepted so far is on disk.
#[derive(Debug)]
pub(crate) enum Then {
    /// Acknowledge one update.
    Ack(SessionId),
    /// Send a session its own update back, which is how its dialect acknowledges.
    Echo(SessionId, Update),
    /// Say this to one who would read its own content in it as an acknowledgement: the answer to a SyncStep1, or what
    /// a session had missed. Encoded when it was asked for, since later content is on disk later.
    Say(SessionId, ServerMessage),
    /// Answer a request.
    Reply(RequestId),
}

#[derive(Debug, Default)]
pub(crate) struct Saving {
    issued: Ticket,
    waiting: VecDeque<(Ticket, Vec<Then>)>,
    /// The place of the last durable record.
    pub(crate) head: Seq,
}

impl Saving {
    pub(crate) fn new(head: Seq) -> Self {
        Self { head, ..Self::default() }
    }

    /// A new batch is on its way to the disk.
    pub(crate) fn issue(&mut self, then: Vec<Then>) -> Ticket {
        self.issued = Ticket(self.issued.0 + 1);
        self.waiting.push_back((self.issued, then));
        self.issued
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits with what is on its way; gives `then` back if nothing is.
    pub(crate) fn behind(&mut self, then: Then) -> Option<Then> {
        match self.waiting.back_mut() {
            Some((_, waiting)) => {
                waiting.push(then);
                None
            }
            None => Some(then),
        }
    }

    /// Everything up to `ticket` is durable: what may be done now, in order.
    pub(crate) fn durable(&mut self, ticket: Ticket, seq: Seq) -> Vec<Then> {
        self.head = self.head.max(seq);
        let mut due = Vec::new();
        while self.waiting.front().is_some_and(|(first, _)| *first <= ticket) {
            due.extend(self.waiting.pop_front().into_iter().flat_map(|(_, then)| then));
        }
        due
    }
}
