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
    /// Answer a request that brought nothing new.
    Known(RequestId),
}

/// A batch on its way to the disk.
#[derive(Debug)]
struct Batch {
    ticket: Ticket,
    /// How many records it has.
    records: usize,
    /// The requests that are a record of it each: which one, counted from 1.
    submitted: Vec<(RequestId, usize)>,
    then: Vec<Then>,
}

/// What may be done now that more is on disk.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// Requests, and the record each of them became.
    pub(crate) submitted: Vec<(RequestId, Seq)>,
    /// All else, in order.
    pub(crate) then: Vec<Then>,
}

#[derive(Debug, Default)]
pub(crate) struct Saving {
    issued: Ticket,
    waiting: VecDeque<Batch>,
    /// The place of the last durable record.
    pub(crate) head: Seq,
}

impl Saving {
    pub(crate) fn new(head: Seq) -> Self {
        Self { head, ..Self::default() }
    }

    /// A new batch of so many records is on its way to the disk.
    pub(crate) fn issue(
        &mut self,
        records: usize,
        submitted: Vec<(RequestId, usize)>,
        then: Vec<Then>,
    ) -> Ticket {
        let ticket = Ticket(self.issued.0 + 1);
        self.issued = ticket;
        self.waiting.push_back(Batch { ticket, records, submitted, then });
        ticket
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits with what is on its way; gives `then` back if nothing is.
    pub(crate) fn behind(&mut self, then: Then) -> Option<Then> {
        match self.waiting.back_mut() {
            Some(batch) => {
                batch.then.push(then);
                None
            }
            None => Some(then),
        }
    }

    /// Everything up to `ticket` is durable, its last record at `seq` and the ones before it right before that: what
    /// may be done now.
    pub(crate) fn durable(&mut self, ticket: Ticket, seq: Seq) -> Due {
        self.head = self.head.max(seq);
        let stored = self.waiting.iter().take_while(|batch| batch.ticket <= ticket).count();
        let records: usize = self.waiting.iter().take(stored).map(|batch| batch.records).sum();
        let mut before = seq.0.saturating_sub(records as u64);
        let mut due = Due::default();
        for batch in self.waiting.drain(..stored) {
            let place = |(request, nth)| (request, Seq(before + nth as u64));
            due.submitted.extend(batch.submitted.into_iter().map(place));
            due.then.extend(batch.then);
            before += batch.records as u64;
        }
        due
    }
}
