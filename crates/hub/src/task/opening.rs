//! How a document gets into its room: loaded when the room opens, and anew when an update could not be merged.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{error, warn};
use weft_ids::DocId;
use weft_room::{Event, Loaded};
use weft_store::StoreError;
use weft_wire::close;

use super::{Command, Task};
use crate::hub::{HubError, Inner};
use crate::limits::{RETRY_FIRST, RETRY_LONGEST};
use crate::load::{self, Behind};
use crate::outbox::Closing;
use crate::registry::Vitals;

/// Loads the document, trying again for as long as the store may come back.
pub(super) async fn open(
    hub: &Arc<Inner>,
    doc: &DocId,
    vitals: &Vitals,
) -> Result<(Loaded, Behind), StoreError> {
    let mut pause = RETRY_FIRST;
    loop {
        match load::load(&hub.store, doc).await {
            Err(error) if error.may_pass() => {
                vitals.failing.store(1, Ordering::Relaxed);
                warn!(%doc, %error, "a document cannot be loaded now; trying again");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(RETRY_LONGEST);
            }
            outcome => {
                vitals.failing.store(0, Ordering::Relaxed);
                return outcome;
            }
        }
    }
}

/// A document that was long in opening, because much came after its newest checkpoint, gets a new one at once.
pub(super) async fn renew(hub: &Arc<Inner>, doc: &DocId, loaded: Loaded, behind: Behind) -> (Loaded, Behind) {
    let bytes = loaded.base.as_ref().map_or(0, Bytes::len) + behind.bytes;
    if !behind.is_far(bytes) {
        return (loaded, behind);
    }
    let loaded = load::encoded(loaded, behind).await;
    let (store, doc, head) = (hub.store.clone(), doc.clone(), loaded.head);
    if let Some(state) = loaded.base.clone() {
        tokio::spawn(async move {
            if let Err(error) = load::keep(&store, &doc, head, state).await {
                warn!(%doc, %error, "a checkpoint was not cut");
            }
        });
    }
    (loaded, Behind::default())
}

/// What sessions are told of a document that cannot be loaded.
pub(super) const DAMAGED: Closing = Closing {
    code: close::INTERNAL,
    reason: "this document's stored data is damaged; its administrator can run `weft check`",
};

/// Tells everyone who waits that the document cannot be opened. The next one to come tries anew.
pub(super) fn fail(
    doc: &DocId,
    hub: &Arc<Inner>,
    error: &StoreError,
    mut commands: UnboundedReceiver<Command>,
) {
    error!(%doc, %error, "a document cannot be opened; run `weft check`");
    hub.registry.remove_if(doc, || true);
    hub.metrics.rooms.decrement(1.0);
    while let Ok(command) = commands.try_recv() {
        match command {
            Command::Join { outbox, .. } => outbox.close(DAMAGED),
            Command::Submit { reply, .. } => drop(reply.send(Err(HubError::Damaged))),
            Command::Ask { reply, .. } => drop(reply.send(Err(HubError::Damaged))),
            _ => {}
        }
    }
}

impl Task {
    /// The document in memory is not what the log says: once all that was accepted is stored, it is loaded anew.
    pub(super) async fn rebuild(&mut self) -> Result<(), StoreError> {
        warn!(doc = %self.doc, "an update could not be merged; the document is rebuilt from its log");
        self.hub.metrics.rebuilds.increment(1);
        let mut durable = Vec::new();
        while !self.appends.is_idle() {
            let (ticket, seq, _) = self.appends.saved().await;
            durable.push(Event::Durable { ticket, seq });
        }
        let (loaded, behind) = open(&self.hub, &self.doc, &self.vitals).await?;
        let mut effects = Vec::new();
        self.room.rebuilt(loaded, &mut effects);
        if let Some(why) = self.room.read_only()
            && !self.vitals.read_only.swap(true, Ordering::Relaxed)
        {
            error!(doc = %self.doc, why, "a document is read-only now; a restart makes it writable too");
        }
        self.behind = behind;
        let now = self.hub.now();
        for event in durable {
            self.room.handle(event, now, &mut effects);
        }
        self.carry_out(effects);
        Ok(())
    }
}
