//! Keeps the store small while the server runs, quietly: drops the records that the operator does not want to keep, packs
//! the old ones of long documents, and removes the documents of pages that were deleted for good.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::broadcast::error::RecvError;
use tokio::time::Instant;
use weft_history::{Dropped, HistoryError};
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::segment::SEGMENT_RECORDS_MAX;
use weft_store::{Packed, Size, Store, StoreError};
use weft_wiki::Change;

use crate::app::{App, AppState};
use crate::stamp;

/// How often the documents are looked at.
const EVERY: Duration = Duration::from_secs(10 * 60);
/// So many newest records of a document stay as they are: they are read most, and are cheap to add to.
const LOOSE_RECORDS: u64 = 1000;
/// A document is packed when so many records beyond those are not: then a whole segment comes of it.
const STEP_RECORDS: u64 = SEGMENT_RECORDS_MAX as u64;
/// How soon a removal that failed is tried again.
const REMOVE_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// Between two segments the store has time for those who write.
const PAUSE: Duration = Duration::from_millis(500);
/// Documents are listed so many at a time.
const LIST_MAX: usize = 1000;
/// How often the store is measured: that reads all of it.
const MEASURE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);
/// A store that takes so many times what is alive in it is worth compacting…
const DISK_TIMES: u64 = 3;
/// …unless that is little all the same.
const DISK_BYTES: u64 = 256 << 20;

/// Drops and packs for as long as the server runs.
pub(crate) async fn keep(app: AppState) {
    let mut packed = HashMap::new();
    let mut measured = Instant::now();
    let mut dropped = None;
    loop {
        tokio::time::sleep(EVERY).await;
        let until = app.settings.history_keep_days.until(stamp::unix_millis());
        // Once a day: what is due then stays due if the server was not there.
        if until != dropped {
            match drop_older(&app, until).await {
                Ok(()) => dropped = until,
                // What is wrong with a document was told, and is told again tomorrow, not every ten minutes.
                Err(HistoryError::Store(error)) if !error.may_pass() => dropped = until,
                Err(error) => tracing::warn!(%error, "dropping old records failed; it is tried again later"),
            }
        }
        if let Err(error) = pass(&*app.store, &mut packed, PAUSE).await {
            tracing::warn!(%error, "packing old records failed; it is tried again later");
        }
        if measured.elapsed() >= MEASURE_EVERY {
            measured = Instant::now();
            match app.store.size().await {
                Ok(size) => tell(size),
                Err(error) => tracing::warn!(%error, "the store could not be measured"),
            }
        }
    }
}

/// Removes the documents of pages that are deleted for good, and those that an end of the server left over.
pub(crate) async fn remove_destroyed(app: AppState) {
    let mut changes = app.wiki.changes();
    loop {
        // Nobody reads everything meanwhile.
        let alone = app.dropping.write().await;
        let done = app.wiki.remove_destroyed().await;
        drop(alone);
        match done {
            Ok(0) => {}
            Ok(documents) => tracing::info!(documents, "what deleted pages said was removed from the disk"),
            Err(error) => {
                tracing::warn!(%error, "what deleted pages said could not be removed; it is tried again");
                tokio::time::sleep(REMOVE_AGAIN_AFTER).await;
                continue;
            }
        }
        loop {
            match changes.recv().await {
                Ok(Change::PageGone(_)) | Err(RecvError::Lagged(_)) => break,
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// Drops what is older than `until` in all documents, one after the other. One that fails does not keep the others.
pub(crate) async fn drop_older(app: &App, until: Option<u64>) -> Result<(), HistoryError> {
    let Some(until) = until.map(UnixMillis) else { return Ok(()) };
    let mut due = Vec::new();
    let mut last = None;
    loop {
        let page = app.store.documents(last.as_ref(), LIST_MAX).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.doc.clone());
        due.extend(page.into_iter().filter(|info| info.created < until).map(|info| info.doc));
    }
    let mut outcome = Ok(());
    for (at, doc) in due.iter().enumerate() {
        metrics::gauge!("weft_retention_documents_left").set((due.len() - at) as f64);
        let alone = app.dropping.write().await;
        let done = app.history.retain(doc, until).await;
        drop(alone);
        match done {
            Ok(None) => {}
            Ok(Some(dropped)) => {
                metrics::counter!("weft_dropped_records_total").increment(dropped.records);
                let Dropped { records, edge, versions } = dropped;
                tracing::info!(%doc, records, edge = edge.0, versions, "old records were dropped, as history_keep_days says");
            }
            Err(error) => {
                tracing::error!(%doc, %error, "old records of a document could not be dropped");
                outcome = Err(error);
            }
        }
    }
    metrics::gauge!("weft_retention_documents_left").set(0.0);
    outcome
}

fn tell(size: Size) {
    metrics::gauge!("weft_store_live_bytes").set(size.live as f64);
    if is_worth_compacting(size) {
        tracing::warn!(
            disk_bytes = size.disk,
            live_bytes = size.live,
            "the store takes much more than is in it: `weft compact` gives the space back (stop the server first)"
        );
    }
}

fn is_worth_compacting(size: Size) -> bool {
    size.disk > DISK_BYTES && size.disk / DISK_TIMES > size.live
}

/// Packs what is due in all documents. `packed` remembers how far each of them is, so that only those that grew are
/// looked at.
async fn pass(
    store: &dyn Store,
    packed: &mut HashMap<DocId, Seq>,
    pause: Duration,
) -> Result<Packed, StoreError> {
    let mut due = Vec::new();
    let mut last = None;
    loop {
        let page = store.documents(last.as_ref(), LIST_MAX).await?;
        let Some(end) = page.last() else { break };
        last = Some(end.doc.clone());
        for info in page {
            let from = packed.get(&info.doc).copied().unwrap_or(Seq::ZERO);
            let steps = info.head.0.saturating_sub(LOOSE_RECORDS + from.0) / STEP_RECORDS;
            if steps > 0 {
                due.push((info.doc, from, steps));
            }
        }
    }
    let mut left: u64 = due.iter().map(|(_, _, steps)| steps * STEP_RECORDS).sum();
    let mut total = Packed::default();
    for (doc, from, steps) in due {
        for step in 1..=steps {
            metrics::gauge!("weft_packing_records_left").set(left as f64);
            left -= STEP_RECORDS;
            let upto = Seq(from.0 + step * STEP_RECORDS);
            let done = store.pack(&doc, upto).await?;
            packed.insert(doc.clone(), upto);
            if done.segments > 0 {
                metrics::counter!("weft_packed_records_total").increment(done.records);
                total += done;
                tokio::time::sleep(pause).await;
            }
        }
    }
    metrics::gauge!("weft_packing_records_left").set(0.0);
    Ok(total)
}

#[cfg(test)]
mod tests {
    use weft_ids::SessionId;
    use weft_store::{Author, Batch, BatchId, Log as _, NewRecord, RecordKind};

    use super::*;
    use crate::data;

    async fn typed(store: &dyn Store, doc: &DocId, count: u64) {
        let head = store.head(doc).await.unwrap().unwrap_or(Seq::ZERO).0;
        let record = |number: u64| NewRecord {
            time: UnixMillis(number),
            author: Author { user: None, name: None, session: SessionId(1) },
            kind: RecordKind::Edit,
            update: format!("{number}").into(),
        };
        let id = BatchId { writer: 1, number: head };
        let records = (head..head + count).map(record).collect();
        store.append(doc, Batch { id, records }).await.unwrap();
    }

    #[tokio::test]
    async fn long_documents_are_packed_in_whole_segments_and_the_newest_records_stay() {
        let home = tempfile::tempdir().unwrap();
        let store = data::open(home.path()).unwrap();
        let (long, short) = (DocId::new("long").unwrap(), DocId::new("short").unwrap());
        for _ in 0..140 {
            typed(&store, &long, 100).await;
        }
        for _ in 0..40 {
            typed(&store, &short, 100).await;
        }
        let mut known = HashMap::new();
        let done = pass(&store, &mut known, Duration::ZERO).await.unwrap();
        assert!(done.segments >= 3 && done.records > 11_000 && done.records <= 13_000, "{done:?}");
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [(long.clone(), Seq(3 * STEP_RECORDS))]);
        let again = pass(&store, &mut HashMap::new(), Duration::ZERO).await.unwrap();
        assert_eq!(again, Packed::default(), "after a restart it finds nothing to do");
        let page = store.read(&long, Seq(4000), 1 << 20).await.unwrap();
        assert_eq!(page.records.len(), 10_000);
    }

    #[test]
    fn a_store_is_worth_compacting_when_it_takes_much_more_than_is_in_it() {
        let worth = |live, disk| is_worth_compacting(Size { live, disk });
        assert!(worth(100 << 20, 301 << 20));
        assert!(!worth(101 << 20, 301 << 20));
        assert!(!worth(0, DISK_BYTES), "little is little");
    }
}
