//! A store that is slow or fails when a test says so.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::watch;
use weft_ids::{DocId, Seq};

use crate::base::Base;
use crate::checkpoint::{Checkpoint, CheckpointKind, Checkpoints};
use crate::error::StoreError;
use crate::log::{DocumentInfo, Log, Page};
use crate::meta::{Entry, Expect, Meta, Rev, Value};
use crate::record::{Batch, Record};
use crate::upkeep::{Packed, Size, Trimmed, Upkeep};
use crate::{MemoryStore, Store};

/// What is called.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Op {
    /// [`Log::append`].
    Append,
    /// [`Log::read`] and [`Log::base`].
    Read,
    /// [`Log::head`].
    Head,
    /// [`Log::documents`].
    Documents,
    /// [`Log::import`] and [`Log::import_base`].
    Import,
    /// [`Checkpoints::save`].
    Save,
    /// [`Checkpoints::newest`].
    Newest,
    /// [`Checkpoints::keep_newest`].
    KeepNewest,
    /// All of [`Upkeep`].
    Upkeep,
    /// All of [`Meta`].
    Meta,
}

/// What happens to calls of one kind.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// They wait so long (tokio's clock, so a paused one works) before they are done.
    Delay(Duration),
    /// They wait, undone, until the fault is lifted.
    Hold,
    /// They are not done and answer with this.
    Fail(StoreError),
    /// They are done and answer with this all the same, as when an answer is lost.
    DoneButFail(StoreError),
}

#[derive(Debug, Default)]
struct Plan {
    faults: HashMap<Op, Fault>,
    calls: HashMap<Op, u64>,
}

/// The switchboard of a [`FaultyStore`]. Clones steer the same store.
#[derive(Clone, Debug)]
pub struct Faults(Arc<watch::Sender<Plan>>);

impl Faults {
    /// From now on, calls of `op` suffer `fault`.
    pub fn set(&self, op: Op, fault: Fault) {
        self.0.send_modify(|plan| {
            plan.faults.insert(op, fault);
        });
    }

    /// Calls of `op` work again, those held so far included.
    pub fn heal(&self, op: Op) {
        self.0.send_modify(|plan| {
            plan.faults.remove(&op);
        });
    }

    /// How many calls of `op` there were, the failed ones too.
    #[must_use]
    pub fn calls(&self, op: Op) -> u64 {
        self.0.borrow().calls.get(&op).copied().unwrap_or(0)
    }

    /// Waits until there were `calls` calls of `op`.
    pub async fn reached(&self, op: Op, calls: u64) {
        let mut plan = self.0.subscribe();
        // The sender lives as long as we do.
        let _ = plan.wait_for(|plan| plan.calls.get(&op).copied().unwrap_or(0) >= calls).await;
    }

    /// Suffers what is planned for `op`. `Ok(Some(..))`: do it, then fail with this.
    async fn suffer(&self, op: Op) -> Result<Option<StoreError>, StoreError> {
        self.0.send_modify(|plan| *plan.calls.entry(op).or_default() += 1);
        let fault = self.0.borrow().faults.get(&op).cloned();
        match fault {
            None => Ok(None),
            Some(Fault::Delay(time)) => {
                tokio::time::sleep(time).await;
                Ok(None)
            }
            Some(Fault::Hold) => {
                let mut plan = self.0.subscribe();
                let _ = plan.wait_for(|plan| plan.faults.get(&op) != Some(&Fault::Hold)).await;
                Ok(None)
            }
            Some(Fault::Fail(error)) => Err(error),
            Some(Fault::DoneButFail(error)) => Ok(Some(error)),
        }
    }
}

/// A store behind a switchboard of faults.
#[derive(Clone)]
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Faults,
}

impl std::fmt::Debug for FaultyStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultyStore").field("faults", &self.faults).finish_non_exhaustive()
    }
}

impl Default for FaultyStore {
    /// In front of an empty [`MemoryStore`].
    fn default() -> Self {
        Self::new(Arc::new(MemoryStore::new()))
    }
}

impl FaultyStore {
    /// In front of `inner`, without a fault yet.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, faults: Faults(Arc::new(watch::Sender::new(Plan::default()))) }
    }

    /// Its switchboard.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.faults.clone()
    }

    async fn through<T>(
        &self,
        op: Op,
        done: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let after = self.faults.suffer(op).await?;
        let result = done.await?;
        after.map_or(Ok(result), Err)
    }
}

#[async_trait]
impl Log for FaultyStore {
    async fn append(&self, doc: &DocId, batch: Batch) -> Result<Seq, StoreError> {
        self.through(Op::Append, self.inner.append(doc, batch)).await
    }

    async fn read(&self, doc: &DocId, after: Seq, bytes_max: usize) -> Result<Page, StoreError> {
        self.through(Op::Read, self.inner.read(doc, after, bytes_max)).await
    }

    async fn head(&self, doc: &DocId) -> Result<Option<Seq>, StoreError> {
        self.through(Op::Head, self.inner.head(doc)).await
    }

    async fn base(&self, doc: &DocId) -> Result<Option<Base>, StoreError> {
        self.through(Op::Read, self.inner.base(doc)).await
    }

    async fn documents(&self, after: Option<&DocId>, max: usize) -> Result<Vec<DocumentInfo>, StoreError> {
        self.through(Op::Documents, self.inner.documents(after, max)).await
    }

    async fn import(&self, doc: &DocId, records: Vec<Record>) -> Result<(), StoreError> {
        self.through(Op::Import, self.inner.import(doc, records)).await
    }

    async fn import_base(&self, doc: &DocId, base: Base) -> Result<(), StoreError> {
        self.through(Op::Import, self.inner.import_base(doc, base)).await
    }
}

#[async_trait]
impl Checkpoints for FaultyStore {
    async fn save(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        seq: Seq,
        state: Bytes,
    ) -> Result<(), StoreError> {
        self.through(Op::Save, self.inner.save(doc, kind, seq, state)).await
    }

    async fn newest(
        &self,
        doc: &DocId,
        kind: CheckpointKind,
        at_or_before: Seq,
    ) -> Result<Option<Checkpoint>, StoreError> {
        self.through(Op::Newest, self.inner.newest(doc, kind, at_or_before)).await
    }

    async fn keep_newest(&self, doc: &DocId, kind: CheckpointKind, n: usize) -> Result<(), StoreError> {
        self.through(Op::KeepNewest, self.inner.keep_newest(doc, kind, n)).await
    }
}

#[async_trait]
impl Upkeep for FaultyStore {
    async fn pack(&self, doc: &DocId, upto: Seq) -> Result<Packed, StoreError> {
        self.through(Op::Upkeep, self.inner.pack(doc, upto)).await
    }

    async fn trim(&self, doc: &DocId, base: Base) -> Result<Trimmed, StoreError> {
        self.through(Op::Upkeep, self.inner.trim(doc, base)).await
    }

    async fn remove(&self, doc: &DocId) -> Result<(), StoreError> {
        self.through(Op::Upkeep, self.inner.remove(doc)).await
    }

    async fn size(&self) -> Result<Size, StoreError> {
        self.through(Op::Upkeep, self.inner.size()).await
    }
}

#[async_trait]
impl Meta for FaultyStore {
    async fn get(&self, key: &str) -> Result<Option<Value>, StoreError> {
        self.through(Op::Meta, self.inner.get(key)).await
    }

    async fn put(&self, key: &str, bytes: Bytes, expect: Expect) -> Result<Rev, StoreError> {
        self.through(Op::Meta, self.inner.put(key, bytes, expect)).await
    }

    async fn delete(&self, key: &str, expect: Expect) -> Result<(), StoreError> {
        self.through(Op::Meta, self.inner.delete(key, expect)).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<Vec<Entry>, StoreError> {
        self.through(Op::Meta, self.inner.list(prefix, after, max)).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[tokio::test]
    async fn a_faulty_store_without_faults_keeps_the_contract() {
        contract::run(async || Arc::new(FaultyStore::default())).await;
    }

    #[tokio::test]
    async fn calls_fail_wait_and_heal_as_told() {
        let store = FaultyStore::default();
        let faults = store.faults();
        let doc = DocId::new("d").unwrap();
        let down = StoreError::Unavailable { what: "told to".into() };

        faults.set(Op::Append, Fault::Fail(down.clone()));
        assert_eq!(store.append(&doc, contract::batch(1, &["a"])).await, Err(down.clone()));
        assert_eq!(store.head(&doc).await, Ok(None));

        faults.set(Op::Append, Fault::DoneButFail(down.clone()));
        assert_eq!(store.append(&doc, contract::batch(1, &["a"])).await, Err(down));
        assert_eq!(store.head(&doc).await, Ok(Some(Seq(1))));

        faults.set(Op::Append, Fault::Hold);
        let held = tokio::spawn({
            let (store, doc) = (store.clone(), doc.clone());
            async move { store.append(&doc, contract::batch(1, &["a"])).await }
        });
        faults.reached(Op::Append, 3).await;
        assert!(!held.is_finished());
        faults.heal(Op::Append);
        assert_eq!(held.await.unwrap(), Ok(Seq(1)), "and the repeated batch was stored once");
    }
}
