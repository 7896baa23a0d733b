//! How a document comes back from the store: the newest checkpoint, and the records after it.

use std::sync::Arc;

use bytes::Bytes;
use weft_doc::DocumentError;
use weft_ids::{DocId, Seq};
use weft_room::Loaded;
use weft_room::limits::TYPES_MAX;
use weft_store::{CheckpointKind, Store, StoreError};
use weft_wire::Update;

use crate::limits::{
    CHECKPOINT_BYTES_ALONE, CHECKPOINT_BYTES_LEAST, CHECKPOINT_BYTES_MOST, CHECKPOINT_RECORDS,
    CHECKPOINTS_KEPT, ENCODE_INLINE_BYTES_MAX, LOAD_PAGE_BYTES, LOAD_TAIL_BYTES_MAX,
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
        let many = self.records >= CHECKPOINT_RECORDS
            && self.bytes >= (bytes / 4).clamp(CHECKPOINT_BYTES_LEAST, CHECKPOINT_BYTES_MOST);
        many || self.bytes >= CHECKPOINT_BYTES_ALONE.max(bytes)
    }
}

/// Loads a document. One that nobody ever wrote is empty, and loading it creates nothing.
pub(crate) async fn load(store: &Arc<dyn Store>, doc: &DocId) -> Result<(Loaded, Behind), StoreError> {
    let Some(newest) = store.head(doc).await? else { return Ok((Loaded::default(), Behind::default())) };
    let mut loading = match store.newest(doc, CheckpointKind::Live, newest).await? {
        Some(checkpoint) => Loading::begin(checkpoint.seq, Some(checkpoint.state)),
        None => Loading::begin(Seq::ZERO, None),
    };
    loop {
        let page = match store.read(doc, loading.loaded.head, LOAD_PAGE_BYTES).await {
            // The records that would follow are not kept any more: something else stands for them.
            Err(StoreError::Gone { .. }) => {
                let kept = store.base(doc).await?;
                let head = loading.loaded.head;
                let kept = kept.ok_or_else(|| StoreError::damaged(doc, head, "records are missing"))?;
                let moments = kept.moments.into_iter().map(|moment| (moment.seq, moment.update));
                loading = Loading::begin(kept.seq, None).add(doc, moments).await?;
                continue;
            }
            page => page?,
        };
        let records = page.records.into_iter().map(|record| (record.seq, record.update));
        loading = loading.add(doc, records).await?;
        if loading.loaded.head >= page.head {
            return Ok(loading.end().await);
        }
    }
}

/// A document that is being loaded, a page of its log after the other: of what was written and deleted again it never
/// holds more than a page.
struct Loading {
    loaded: Loaded,
    behind: Behind,
    /// The base is not in the document yet.
    begins: bool,
    tail_bytes: usize,
    /// Base and tail were too much to keep: the document is all there is.
    folded: bool,
}

impl Loading {
    fn begin(head: Seq, base: Option<Bytes>) -> Self {
        let loaded = Loaded { base, head, ..Loaded::default() };
        Self { loaded, behind: Behind::default(), begins: true, tail_bytes: 0, folded: false }
    }

    /// Puts updates behind what there is.
    async fn add(
        mut self,
        doc: &DocId,
        stored: impl Iterator<Item = (Seq, Bytes)>,
    ) -> Result<Self, StoreError> {
        let before = self.loaded.tail.len();
        let mut bytes = if self.begins { self.loaded.base.as_ref().map_or(0, Bytes::len) } else { 0 };
        for (seq, update) in stored {
            self.behind.records += 1;
            self.behind.bytes += update.len();
            self.tail_bytes += update.len();
            bytes += update.len();
            let update =
                Update::scan(update).map_err(|error| StoreError::damaged(doc, seq, error.to_string()))?;
            self.loaded.tail.push(update);
            self.loaded.head = seq;
        }
        let head = self.loaded.head;
        let restored = off_thread(bytes, move || {
            let Loaded { document, base, tail, types, .. } = &mut self.loaded;
            let base = base.as_ref().filter(|_| self.begins);
            let tail = &tail[before..];
            *types +=
                base.map_or(0, types_of) + tail.iter().map(|update| update.types().len()).sum::<usize>();
            let parts =
                base.map(|base| &base[..]).into_iter().chain(tail.iter().map(|update| &update.bytes()[..]));
            document.restore_more(parts)?;
            self.begins = false;
            if self.tail_bytes > LOAD_TAIL_BYTES_MAX {
                (self.loaded.base, self.loaded.tail, self.tail_bytes) = (None, Vec::new(), 0);
                self.folded = true;
            }
            Ok(self)
        });
        restored.await.map_err(|error: DocumentError| StoreError::damaged(doc, head, error.to_string()))
    }

    async fn end(self) -> (Loaded, Behind) {
        let Self { loaded, behind, folded, .. } = self;
        let loaded = if folded { encoded(loaded, behind).await } else { loaded };
        (loaded, behind)
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
    metrics::counter!("weft_checkpoints_total").increment(1);
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

#[cfg(test)]
mod tests {
    use weft_ids::{SessionId, UnixMillis};
    use weft_store::MemoryStore;
    use weft_store::{Author, Batch, BatchId, NewRecord, RecordKind};
    use weft_wire::varint;

    use super::*;

    const LENGTH: usize = 512 << 10;

    /// Writes so many letters and deletes those before.
    fn replaced(number: usize) -> Bytes {
        let mut bytes = vec![1, 1, 9];
        varint::write_uint(&mut bytes, (number * LENGTH) as u64);
        bytes.extend([4, 1, 1, b't']);
        varint::write_string(&mut bytes, &"x".repeat(LENGTH));
        match number.checked_sub(1) {
            None => bytes.push(0),
            Some(before) => {
                bytes.extend([1, 9, 1]);
                varint::write_uint(&mut bytes, (before * LENGTH) as u64);
                varint::write_uint(&mut bytes, LENGTH as u64);
            }
        }
        bytes.into()
    }

    #[tokio::test]
    async fn what_was_written_and_deleted_again_is_not_held_while_loading() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let doc = DocId::new("d").unwrap();
        let records = 3 * LOAD_TAIL_BYTES_MAX / LENGTH;
        for number in 0..records {
            let record = NewRecord {
                time: UnixMillis(1),
                author: Author { user: None, name: None, session: SessionId(1) },
                kind: RecordKind::Edit,
                update: replaced(number),
            };
            let batch = Batch { id: BatchId { writer: 1, number: number as u64 }, records: vec![record] };
            store.append(&doc, batch).await.unwrap();
        }
        let (loaded, behind) = load(&store, &doc).await.unwrap();
        assert_eq!((loaded.head, behind.records), (Seq(records as u64), records as u64));
        let held = loaded.base.as_ref().map_or(0, Bytes::len)
            + loaded.tail.iter().map(|update| update.bytes().len()).sum::<usize>();
        assert!(held < LOAD_TAIL_BYTES_MAX, "{held} bytes are kept beside a text of {LENGTH}");
        assert_eq!(loaded.document.text().len(), LENGTH);
    }
}
