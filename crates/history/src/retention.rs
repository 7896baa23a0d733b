//! Retention: of what is older than the operator wants to keep, only the versions that people named stay.
//!
//! The records up to the edge become a [`Base`]: for each named version before it, and for the edge itself, what came
//! since the moment before. So what a version was stays what it was, to the element, and everything that walks over a
//! [`Past`] works across the edge; only who wrote the older elements, and what came and went between two versions, is
//! forgotten.

use std::collections::HashSet;

use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::{Base, Expect, KeptMoment, RecordHash, RecordKind, Store, StoreError};
use weft_wire::ScanError;

use crate::error::HistoryError;
use crate::history::{History, READ_BYTES, blocking, fold};
use crate::past::{Moment, Past};
use crate::row::{self, VersionRow};
use crate::version::VERSIONS_MAX;

/// What a retention did to a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// How many records are not kept any more that were before.
    pub records: u64,
    /// The last of all that are not kept.
    pub edge: Seq,
    /// How many moments before that are kept, because people named them.
    pub versions: usize,
}

impl History {
    /// Drops the records of `doc` that are older than `before`, but for named versions; `None` when there is nothing to
    /// drop. Others go on reading and writing.
    ///
    /// # Errors
    /// [`HistoryError`]; nothing was dropped then.
    pub async fn retain(&self, doc: &DocId, before: UnixMillis) -> Result<Option<Dropped>, HistoryError> {
        // Nobody names a moment or restores one that is about to go.
        let _turn = self.0.turns.take(doc).await;
        let dropped = retain(&*self.0.store, doc, before).await?;
        if dropped.is_some() {
            self.forget(doc);
        }
        Ok(dropped)
    }
}

/// Drops the records of `doc` that are older than `before`, but for named versions; `None` when there is nothing to drop.
/// For a store that nobody else uses; [`History::retain`] is for a server.
///
/// # Errors
/// [`HistoryError`]; nothing was dropped then.
pub async fn retain(
    store: &dyn Store,
    doc: &DocId,
    before: UnixMillis,
) -> Result<Option<Dropped>, HistoryError> {
    let old = store.base(doc).await?;
    let (edge, hash) = old.as_ref().map_or((Seq::ZERO, RecordHash::FIRST), |base| (base.seq, base.hash));
    let named = named(store, doc).await?;
    let forgotten =
        |base: &Base| base.moments.iter().any(|it| it.seq != base.seq && !named.contains(&it.seq));
    let page = store.read(doc, edge, 1).await?;
    let first = page.records.first();
    let due = first.is_some_and(|record| record.time < before);
    // A version that lost its name is not kept any longer than the records around it.
    if !due && !old.as_ref().is_some_and(forgotten) {
        return Ok(None);
    }
    let created = match (&old, first) {
        (Some(base), _) => base.created,
        (None, first) => first.map_or(UnixMillis(0), |record| record.time),
    };
    let mut past = match old {
        Some(base) => blocking(move || Ok(Past::begin(&base)?)).await?.into(),
        None => std::sync::Arc::new(Past::new()),
    };
    let mut end = (edge, hash);
    loop {
        let mut records = store.read(doc, end.0, READ_BYTES).await?.records;
        let count = records.len();
        // Up to the first one that is not old enough, in their order: a clock that was wrong drops too little, never too
        // much.
        records.truncate(records.iter().position(|record| record.time >= before).unwrap_or(count));
        let Some(last) = records.last() else { break };
        end = (last.seq, last.hash());
        let all = records.len() == count;
        past = blocking(move || fold(past, &records)).await?;
        if !all {
            break;
        }
    }
    let (seq, hash) = end;
    let base = blocking(move || {
        let kept: Vec<Seq> = named.into_iter().collect();
        past.to_base(seq, hash, created, &kept)
            .map_err(|error| crate::past::WishError::TooLarge(error).into())
    })
    .await?;
    let versions = base.moments.len() - 1;
    let trimmed = store.trim(doc, base).await?;
    forget_notes(store, doc, seq).await?;
    Ok(Some(Dropped { records: trimmed.records, edge: seq, versions }))
}

/// The moments that people named.
async fn named(store: &dyn Store, doc: &DocId) -> Result<HashSet<Seq>, StoreError> {
    let rows = store.list(&row::versions(doc), None, VERSIONS_MAX).await?;
    rows.iter()
        .map(|entry| row::read::<VersionRow>(doc, &entry.value.bytes).map(|row| Seq(row.seq)))
        .collect()
}

/// Removes what was noted of restores and of erasing that are not in the log any more.
async fn forget_notes(store: &dyn Store, doc: &DocId, edge: Seq) -> Result<(), HistoryError> {
    let erasures = store.list(&row::erasures(doc), None, usize::MAX).await?;
    let last = row::erasure(doc, edge);
    for note in erasures.iter().filter(|note| note.key <= last) {
        store.delete(&note.key, Expect::Any).await?;
    }
    let notes = store.list(&row::restores(doc), None, usize::MAX).await?;
    if notes.is_empty() {
        return Ok(());
    }
    let mut kept = HashSet::new();
    let mut at = edge;
    loop {
        let records = store.read(doc, at, READ_BYTES).await?.records;
        let Some(last) = records.last() else { break };
        at = last.seq;
        for record in records.iter().filter(|record| record.kind == RecordKind::Restore) {
            kept.insert(row::restore_by_update(doc, &record.update));
            kept.insert(row::restore_by_place(doc, record.seq));
        }
    }
    for note in notes.iter().filter(|note| !kept.contains(&note.key)) {
        store.delete(&note.key, Expect::Any).await?;
    }
    Ok(())
}

impl Past {
    /// What stands for its records up to `seq`, the hash of which is `hash`, with those of the moments `kept` that are
    /// before it.
    ///
    /// # Errors
    /// [`ScanError`] when a moment is more than one update can hold.
    pub fn to_base(
        &self,
        seq: Seq,
        hash: RecordHash,
        created: UnixMillis,
        kept: &[Seq],
    ) -> Result<Base, ScanError> {
        let mut kept: Vec<Seq> = kept.iter().copied().filter(|it| *it < seq).chain([seq]).collect();
        kept.sort_unstable();
        kept.dedup();
        let mut moments: Vec<KeptMoment> = Vec::with_capacity(kept.len());
        let mut then: Option<Moment<'_>> = self.moment(Seq::ZERO);
        for seq in kept {
            let (Some(deed), Some(moment)) = (self.deed(seq), self.moment(seq)) else { continue };
            let update = match &then {
                Some(then) => moment.after(then)?,
                None => moment.state()?,
            };
            moments.push(KeptMoment { seq, time: deed.time, update });
            then = Some(moment);
        }
        Ok(Base { seq, hash, created, moments })
    }
}
