//! What one room has on its way to the disk: one batch at a time, everything else behind it.

use std::collections::VecDeque;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tracing::{error, info};
use weft_ids::{DocId, Seq};
use weft_room::{Draft, Kind, Ticket};
use weft_store::{Author, Batch, BatchId, NewRecord, RecordKind, Store};

use crate::limits::{BATCH_BYTES_MAX, BATCH_RECORDS_MAX, RETRY_FIRST, RETRY_LONGEST};
use crate::registry::Vitals;

type Saving = Pin<Box<dyn Future<Output = Seq> + Send>>;

struct Queued {
    ticket: Ticket,
    records: Vec<NewRecord>,
    bytes: usize,
}

pub(super) struct Appends {
    doc: DocId,
    store: Arc<dyn Store>,
    vitals: Arc<Vitals>,
    /// Random, so that a batch of an earlier opening is never taken for one of this.
    writer: u64,
    batches: u64,
    queued: VecDeque<Queued>,
    in_flight: Option<(Ticket, usize, Saving)>,
    unsaved_bytes: usize,
}

impl Appends {
    pub(super) fn new(doc: DocId, store: Arc<dyn Store>, vitals: Arc<Vitals>) -> Self {
        Self {
            doc,
            store,
            vitals,
            writer: rand::random(),
            batches: 0,
            queued: VecDeque::new(),
            in_flight: None,
            unsaved_bytes: 0,
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.in_flight.is_none() && self.queued.is_empty()
    }

    pub(super) fn unsaved_bytes(&self) -> usize {
        self.unsaved_bytes
    }

    pub(super) fn push(&mut self, ticket: Ticket, drafts: Vec<Draft>) {
        let bytes = drafts.iter().map(|draft| draft.update.len()).sum();
        self.unsaved_bytes += bytes;
        self.vitals.unsaved.store(self.unsaved_bytes, Ordering::Relaxed);
        let records = drafts.into_iter().map(record).collect();
        self.queued.push_back(Queued { ticket, records, bytes });
        self.start();
    }

    /// Resolves when the batch in flight is durable: its ticket, the place of its last record, and its bytes. Never
    /// resolves while there is none.
    pub(super) async fn saved(&mut self) -> (Ticket, Seq, usize) {
        let Some((ticket, bytes, saving)) = &mut self.in_flight else { return pending().await };
        let (ticket, bytes, seq) = (*ticket, *bytes, saving.await);
        self.in_flight = None;
        self.unsaved_bytes -= bytes;
        self.vitals.unsaved.store(self.unsaved_bytes, Ordering::Relaxed);
        self.start();
        (ticket, seq, bytes)
    }

    /// Sends off what waits, if nothing is in flight.
    fn start(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        let Some(Queued { mut ticket, mut records, mut bytes }) = self.queued.pop_front() else { return };
        while let Some(next) = self.queued.pop_front_if(|next| {
            bytes + next.bytes <= BATCH_BYTES_MAX && records.len() + next.records.len() <= BATCH_RECORDS_MAX
        }) {
            ticket = next.ticket;
            bytes += next.bytes;
            records.extend(next.records);
        }
        self.batches += 1;
        let batch = Batch { id: BatchId { writer: self.writer, number: self.batches }, records };
        let saving = append(self.doc.clone(), self.store.clone(), self.vitals.clone(), batch);
        self.in_flight = Some((ticket, bytes, Box::pin(saving)));
    }
}

/// Appends until it is durable: the store may be away for as long as it likes, nothing is given up.
async fn append(doc: DocId, store: Arc<dyn Store>, vitals: Arc<Vitals>, batch: Batch) -> Seq {
    let mut pause = RETRY_FIRST;
    loop {
        match store.append(&doc, batch.clone()).await {
            Ok(seq) => {
                if vitals.failing.swap(0, Ordering::Relaxed) > 0 {
                    info!(%doc, "storing works again");
                }
                return seq;
            }
            Err(error) => {
                let failures = vitals.failing.fetch_add(1, Ordering::Relaxed);
                if failures == 0 {
                    error!(%doc, %error, "an edit cannot be stored; trying again until it can");
                }
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_LONGEST);
            }
        }
    }
}

fn record(draft: Draft) -> NewRecord {
    NewRecord {
        time: draft.time,
        author: Author { user: draft.user, name: draft.name, session: draft.session },
        kind: match draft.kind {
            Kind::Edit => RecordKind::Edit,
            Kind::Restore => RecordKind::Restore,
            Kind::Import => RecordKind::Import,
            Kind::Server => RecordKind::Server,
        },
        update: draft.update,
    }
}
