//! How a document comes back from the store: the newest checkpoint, and the records after it.

use std::sync::Arc;

use bytes::Bytes;
use weft_doc::Document;
use weft_ids::{DocId, Seq};
use weft_room::Loaded;
use weft_store::{CheckpointKind, Store, StoreError};
use weft_wire::Update;

use crate::limits::{CHECKPOINTS_KEPT, ENCODE_INLINE_BYTES_MAX, LOAD_PAGE_BYTES};

/// How far behind the log the newest checkpoint is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Behind {
    pub(crate) records: u64,
    pub(crate) bytes: usize,
}

/// Loads a document. One that nobody ever wrote is empty, and loading it creates nothing.
pub(crate) async fn load(store: &Arc<dyn Store>, doc: &DocId) -> Result<(Loaded, Behind), StoreError> {
    let Some(newest) = store.head(doc).await? else { return Ok((Loaded::default(), Behind::default())) };
    let checkpoint = store.newest(doc, CheckpointKind::Live, newest).await?;
    let (base, mut head) = match checkpoint {
        Some(checkpoint) => (Some(checkpoint.state), checkpoint.seq),
        None => (None, Seq::ZERO),
    };
    let mut tail = Vec::new();
    let mut behind = Behind::default();
    loop {
        let page = store.read(doc, head, LOAD_PAGE_BYTES).await?;
        for record in page.records {
            head = record.seq;
            behind.records += 1;
            behind.bytes += record.update.len();
            let update = Update::scan(record.update)
                .map_err(|error| StoreError::damaged(doc, head, error.to_string()))?;
            tail.push(update);
        }
        if head >= page.head {
            break;
        }
    }
    let bytes = base.as_ref().map_or(0, Bytes::len) + behind.bytes;
    let (document, base, tail) = off_thread(bytes, move || {
        let parts = base.iter().map(|base| &base[..]).chain(tail.iter().map(|update| &update.bytes()[..]));
        (Document::restore(parts), base, tail)
    })
    .await;
    let document = document.map_err(|error| StoreError::damaged(doc, head, error.to_string()))?;
    Ok((Loaded { document, base, tail, head }, behind))
}

/// Cuts a checkpoint of what is on disk, on a scratch document: the open one is not disturbed. Returns its place.
pub(crate) async fn checkpoint(store: &Arc<dyn Store>, doc: &DocId) -> Result<Seq, StoreError> {
    let (mut loaded, behind) = load(store, doc).await?;
    if behind.records > 0 {
        let bytes = behind.bytes + loaded.base.as_ref().map_or(0, Bytes::len);
        let (state, head) = off_thread(bytes, move || (loaded.document.state(), loaded.head)).await;
        store.save(doc, CheckpointKind::Live, head, state).await?;
        store.keep_newest(doc, CheckpointKind::Live, CHECKPOINTS_KEPT).await?;
        return Ok(head);
    }
    Ok(loaded.head)
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
