use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use weft_ids::{DocId, Seq, UnixMillis};

use crate::base::Base;
use crate::checkpoint::{CHECKPOINT_BYTES_MAX, Checkpoint, CheckpointKind, Checkpoints};
use crate::error::StoreError;
use crate::log::{BATCHES_REMEMBERED, DocumentInfo, Log, Page, check_batch, check_import, within};
use crate::meta::{Entry, Expect, Meta, Rev, Value, check_meta};
use crate::record::{Batch, BatchId, Record, RecordHash};
use crate::upkeep::{Packed, Size, Trimmed, Upkeep};

/// Keeps everything in memory and nothing after that: what it calls durable ends with the process.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    documents: BTreeMap<DocId, Document>,
    meta: BTreeMap<String, Value>,
    rev: u64,
}

#[derive(Debug, Default)]
struct Document {
    /// What stands for the records before the first of these.
    base: Option<Base>,
    records: Vec<Record>,
    /// The last batches and their last places, so that a repeated one is known.
    batches: VecDeque<(BatchId, Seq)>,
    checkpoints: BTreeMap<(CheckpointKind, Seq), Bytes>,
}

impl Document {
    /// The place before the first record.
    fn edge(&self) -> Seq {
        self.base.as_ref().map_or(Seq::ZERO, |base| base.seq)
    }

    fn head(&self) -> Seq {
        Seq(self.edge().0 + self.records.len() as u64)
    }

    /// The hash that the next record carries.
    fn hash(&self) -> RecordHash {
        let base = self.base.as_ref().map_or(RecordHash::FIRST, |base| base.hash);
        self.records.last().map_or(base, Record::hash)
    }

    fn push(&mut self, records: Vec<Record>) {
        for record in records {
            if self.batches.back().is_none_or(|(id, _)| *id != record.batch) {
                if self.batches.len() == BATCHES_REMEMBERED {
                    self.batches.pop_front();
                }
                self.batches.push_back((record.batch, record.seq));
            }
            if let Some(newest) = self.batches.back_mut() {
                newest.1 = record.seq;
            }
            self.records.push(record);
        }
    }
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics half-way through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Log for MemoryStore {
    async fn append(&self, doc: &DocId, batch: Batch) -> Result<Seq, StoreError> {
        check_batch(&batch)?;
        let mut inner = self.inner();
        let document = inner.documents.entry(doc.clone()).or_default();
        if let Some((_, seq)) = document.batches.iter().find(|(id, _)| *id == batch.id) {
            return Ok(*seq);
        }
        let records = batch.place(document.head(), document.hash());
        document.push(records);
        Ok(document.head())
    }

    async fn read(&self, doc: &DocId, after: Seq, bytes_max: usize) -> Result<Page, StoreError> {
        let inner = self.inner();
        let Some(document) = inner.documents.get(doc) else { return Ok(Page::default()) };
        let Some(skip) = after.0.checked_sub(document.edge().0) else {
            return Err(StoreError::Gone { first: document.edge().next() });
        };
        let mut records = Vec::new();
        let mut bytes = 0;
        for record in document.records.iter().skip(skip.try_into().unwrap_or(usize::MAX)) {
            bytes += record.update.len();
            if bytes > bytes_max && !records.is_empty() {
                break;
            }
            records.push(record.clone());
        }
        Ok(Page { records, head: document.head() })
    }

    async fn head(&self, doc: &DocId) -> Result<Option<Seq>, StoreError> {
        Ok(self.inner().documents.get(doc).map(Document::head))
    }

    async fn base(&self, doc: &DocId) -> Result<Option<Base>, StoreError> {
        Ok(self.inner().documents.get(doc).and_then(|document| document.base.clone()))
    }

    async fn documents(&self, after: Option<&DocId>, max: usize) -> Result<Vec<DocumentInfo>, StoreError> {
        let inner = self.inner();
        let from = after.map_or(Bound::Unbounded, |after| Bound::Excluded(after.clone()));
        let info = |(doc, document): (&DocId, &Document)| DocumentInfo {
            doc: doc.clone(),
            head: document.head(),
            created: match (&document.base, document.records.first()) {
                (Some(base), _) => base.created,
                (None, first) => first.map_or(UnixMillis(0), |record| record.time),
            },
            updated: match (document.records.last(), &document.base) {
                (Some(record), _) => record.time,
                (None, base) => base.as_ref().map_or(UnixMillis(0), Base::time),
            },
        };
        Ok(inner.documents.range((from, Bound::Unbounded)).take(max).map(info).collect())
    }

    async fn import(&self, doc: &DocId, records: Vec<Record>) -> Result<(), StoreError> {
        let mut inner = self.inner();
        let known = inner.documents.get(doc);
        let head = known.map_or(Seq::ZERO, Document::head);
        let prev = known.map_or(RecordHash::FIRST, Document::hash);
        check_import(&records, head, prev)?;
        if !records.is_empty() {
            inner.documents.entry(doc.clone()).or_default().push(records);
        }
        Ok(())
    }

    async fn import_base(&self, doc: &DocId, base: Base) -> Result<(), StoreError> {
        base.check()?;
        let mut inner = self.inner();
        if inner.documents.contains_key(doc) {
            return Err(StoreError::refused(format!("there is a document {doc:?} already")));
        }
        inner.documents.insert(doc.clone(), Document { base: Some(base), ..Document::default() });
        Ok(())
    }
}

#[async_trait]
impl Checkpoints for MemoryStore {
    async fn save(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        seq: Seq,
        state: Bytes,
    ) -> Result<(), StoreError> {
        within("a checkpoint in bytes", state.len(), CHECKPOINT_BYTES_MAX)?;
        let mut inner = self.inner();
        match inner.documents.get_mut(doc) {
            Some(document) if seq > Seq::ZERO && seq <= document.head() => {
                document.checkpoints.entry((kind, seq)).or_insert(state);
                Ok(())
            }
            _ => Err(StoreError::refused(format!("document {doc:?} has no record {seq}"))),
        }
    }

    async fn newest(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        at_or_before: Seq,
    ) -> Result<Option<Checkpoint>, StoreError> {
        let inner = self.inner();
        let Some(document) = inner.documents.get(doc) else { return Ok(None) };
        let newest = document.checkpoints.range((kind, Seq::ZERO)..=(kind, at_or_before)).next_back();
        Ok(newest.map(|((_, seq), state)| Checkpoint { seq: *seq, state: state.clone() }))
    }

    async fn keep_newest(&self, doc: &DocId, kind: CheckpointKind, n: usize) -> Result<(), StoreError> {
        let mut inner = self.inner();
        let Some(document) = inner.documents.get_mut(doc) else { return Ok(()) };
        let seqs = document.checkpoints.keys().rev().filter(|(of, _)| *of == kind);
        let old: Vec<_> = seqs.skip(n).copied().collect();
        for key in old {
            document.checkpoints.remove(&key);
        }
        Ok(())
    }
}

#[async_trait]
impl Upkeep for MemoryStore {
    /// There is nothing to gain here.
    async fn pack(&self, _: &DocId, _: Seq) -> Result<Packed, StoreError> {
        Ok(Packed::default())
    }

    async fn trim(&self, doc: &DocId, base: Base) -> Result<Trimmed, StoreError> {
        let mut inner = self.inner();
        let Some(document) = inner.documents.get_mut(doc) else {
            return Err(StoreError::refused(format!("there is no document {doc:?}")));
        };
        let edge = document.edge();
        let count = usize::try_from(base.seq.0.saturating_sub(edge.0)).unwrap_or(usize::MAX);
        let hash = match count.checked_sub(1) {
            None => document.base.as_ref().map(|base| base.hash),
            Some(last) => document.records.get(last).map(Record::hash),
        };
        base.check_trim(edge, document.head(), hash)?;
        document.records.drain(..count);
        document.checkpoints.retain(|(_, seq), _| *seq >= base.seq);
        document.base = Some(base);
        Ok(Trimmed { records: count as u64 })
    }

    async fn remove(&self, doc: &DocId) -> Result<(), StoreError> {
        self.inner().documents.remove(doc);
        Ok(())
    }

    async fn size(&self) -> Result<Size, StoreError> {
        let inner = self.inner();
        let records = |document: &Document| -> u64 {
            let moments = document.base.iter().flat_map(|base| &base.moments);
            let moments = moments.map(|moment| moment.update.len() as u64);
            let states = document.checkpoints.values().map(|state| state.len() as u64).chain(moments);
            document.records.iter().map(|record| record.update.len() as u64).chain(states).sum()
        };
        let meta = inner.meta.iter().map(|(key, value)| (key.len() + value.bytes.len()) as u64);
        Ok(Size { live: inner.documents.values().map(records).chain(meta).sum(), disk: 0 })
    }
}

#[async_trait]
impl Meta for MemoryStore {
    async fn get(&self, key: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.inner().meta.get(key).cloned())
    }

    async fn put(&self, key: &str, bytes: Bytes, expect: Expect) -> Result<Rev, StoreError> {
        check_meta(key, &bytes)?;
        let mut inner = self.inner();
        expect.check(inner.meta.get(key).map(|value| value.rev))?;
        inner.rev += 1;
        let rev = Rev(inner.rev);
        inner.meta.insert(key.to_owned(), Value { bytes, rev });
        Ok(rev)
    }

    async fn delete(&self, key: &str, expect: Expect) -> Result<(), StoreError> {
        let mut inner = self.inner();
        expect.check(inner.meta.get(key).map(|value| value.rev))?;
        inner.meta.remove(key);
        Ok(())
    }

    async fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<Vec<Entry>, StoreError> {
        let inner = self.inner();
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(after),
            _ => Bound::Included(prefix),
        };
        let rows = inner.meta.range::<str, _>((from, Bound::Unbounded));
        let rows = rows.take_while(|(key, _)| key.starts_with(prefix)).take(max);
        Ok(rows.map(|(key, value)| Entry { key: key.clone(), value: value.clone() }).collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contract;

    #[tokio::test]
    async fn the_in_memory_store_keeps_the_contract() {
        contract::run(async || Arc::new(MemoryStore::new())).await;
    }
}
