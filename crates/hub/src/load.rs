//! How a document comes back from the store: the newest checkpoint, and the records after it.

use std::sync::Arc;

use bytes::Bytes;
use weft_doc::Document;
use weft_ids::{DocId, Seq};
use weft_room::Loaded;
use weft_room::limits::TYPES_MAX;
use weft_store::{CheckpointKind, Store, StoreError};
use weft_wire::Update;

use crate::limits::{
    CHECKPOINT_BYTES_LEAST, CHECKPOINT_BYTES_MOST, CHECKPOINT_RECORDS, CHECKPOINTS_KEPT,
    ENCODE_INLINE_BYTES_MAX, LOAD_PAGE_BYTES,
};

/// How far behind the log the newest checkpoint is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) records: u64,
    pub(crate) bytes: usize,
}

impl Behind {
    /// Whether a new checkpoint of a document of about `bytes` bytes is worth its space.
    pub(crate) fn is_far(self, bytes: usize) -> bool {
        self.records >= CHECKPOINT_RECORDS
            && self.bytes >= (bytes / 4).clamp(CHECKPOINT_BYTES_LEAST, CHECKPOINT_BYTES_MOST)
    }
}

/// Loads a document. One that nobody ever wrote is empty, and loading it creates nothing.
pub(crate) async fn load(store: &Arc<dyn Store>, doc: &DocId) -> Result<(Loaded, Behind), StoreError> {
    let Some(newest) = store.head(doc).await? else { return Ok((Loaded::default(), Behind::default())) };
    let checkpoint = store.newest(doc, CheckpointKind::Live, newest).await?;
    let (mut base, mut head) = match checkpoint {
        Some(checkpoint) => (Some(checkpoint.state), checkpoint.seq),
        None => (None, Seq::ZERO),
    };
    let mut tail = Tail::default();
    loop {
        let page = match store.read(doc, head, LOAD_PAGE_BYTES).await {
            // The records that would follow are not kept any more: something else stands for them.
            Err(StoreError::Gone { .. }) => {
                let kept = store.base(doc).await?;
                let kept = kept.ok_or_else(|| StoreError::damaged(doc, head, "records are missing"))?;
                (base, tail, head) = (None, Tail::default(), kept.seq);
                kept.moments.into_iter().try_for_each(|moment| tail.push(doc, moment.seq, moment.update))?;
                continue;
            }
            page => page?,
        };
        for record in page.records {
            head = record.seq;
            tail.push(doc, record.seq, record.update)?;
        }
        if head >= page.head {
            break;
        }
    }
    let Tail { updates: tail, behind } = tail;
    let bytes = base.as_ref().map_or(0, Bytes::len) + behind.bytes;
    let (document, types, base, tail) = off_thread(bytes, move || {
        let types =
            base.as_ref().map_or(0, types_of) + tail.iter().map(|update| update.types().len()).sum::<usize>();
        let parts = base.iter().map(|base| &base[..]).chain(tail.iter().map(|update| &update.bytes()[..]));
        (Document::restore(parts), types, base, tail)
    })
    .await;
    let document = document.map_err(|error| StoreError::damaged(doc, head, error.to_string()))?;
    Ok((Loaded { document, base, tail, head, types }, behind))
}

/// What comes after a checkpoint.
#[derive(Default)]
struct Tail {
    updates: Vec<Update>,
    behind: Behind,
}

impl Tail {
    fn push(&mut self, doc: &DocId, seq: Seq, update: Bytes) -> Result<(), StoreError> {
        self.behind.records += 1;
        self.behind.bytes += update.len();
        let update =
            Update::scan(update).map_err(|error| StoreError::damaged(doc, seq, error.to_string()))?;
        self.updates.push(update);
        Ok(())
    }
}

/// Cuts a checkpoint of what is on disk, on a scratch document: the open one is not disturbed.
pub(crate) async fn checkpoint(store: &Arc<dyn Store>, doc: &DocId) -> Result<(), StoreError> {
    let (loaded, behind) = load(store, doc).await?;
    let Loaded { base: Some(state), head, .. } = encoded(loaded, behind).await else { return Ok(()) };
    keep(store, doc, head, state).await
}

/// The same document with its state encoded anew: nothing comes after its base.
pub(crate) async fn encoded(mut loaded: Loaded, behind: Behind) -> Loaded {
    let bytes = behind.bytes + loaded.base.as_ref().map_or(0, Bytes::len);
    off_thread(bytes, move || {
        loaded.base = Some(loaded.document.state());
        loaded.tail.clear();
        loaded
    })
    .await
}

/// Keeps `state` as what the document was at `head`.
pub(crate) async fn keep(
    store: &Arc<dyn Store>,
    doc: &DocId,
    head: Seq,
    state: Bytes,
) -> Result<(), StoreError> {
    store.save(doc, CheckpointKind::Live, head, state).await?;
    store.keep_newest(doc, CheckpointKind::Live, CHECKPOINTS_KEPT).await
}

/// The fewest bytes a shared type takes in an update.
const TYPE_BYTES_MIN: usize = 5;

/// How many shared types a state holds at most. It is only worth a count if it may be near what a document may hold.
fn types_of(state: &Bytes) -> usize {
    let at_most = state.len() / TYPE_BYTES_MIN;
    if at_most < TYPES_MAX / 2 {
        return at_most;
    }
    Update::scan(state.clone()).map_or(at_most, |state| state.types().len())
}

/// Runs `work` here if it is about few bytes, else where it may take its time.
async fn off_thread<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if bytes <= ENCODE_INLINE_BYTES_MAX {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
