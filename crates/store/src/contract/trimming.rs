//! What every engine promises of records that are not kept any more.

use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{DocId, Seq, UnixMillis};

use super::{all, append, batch, doc};
use crate::Store;
use crate::backup;
use crate::base::{Base, KeptMoment};
use crate::checkpoint::CheckpointKind::Live;
use crate::error::StoreError;
use crate::record::{Record, RecordHash};
use crate::upkeep::Trimmed;

pub(super) async fn run<S: Store + 'static>(open: impl AsyncFn() -> Arc<S>) {
    records_that_are_not_kept_are_gone_and_the_others_stay(&*open().await).await;
    a_document_may_be_trimmed_to_its_head_and_goes_on(&*open().await).await;
    a_base_takes_the_place_of_the_one_before_it(&*open().await).await;
    a_base_that_does_not_fit_is_refused_and_changes_nothing(&*open().await).await;
    packing_and_trimming_go_together(&*open().await).await;
    a_trimmed_document_comes_back_from_a_backup(&*open().await, &*open().await).await;
}

/// A base at `seq` of a document with these records, with a moment for each of `kept`. Panics when there is no such
/// record.
#[must_use]
pub fn base(records: &[Record], kept: &[u64], seq: u64) -> Base {
    let of = |seq: u64| records.iter().find(|record| record.seq.0 == seq).expect("a record that is there");
    let moment = |seq: u64| KeptMoment {
        seq: Seq(seq),
        time: of(seq).time,
        update: Bytes::from(format!("everything up to {seq}")),
    };
    let moments = kept.iter().copied().chain([seq]).map(moment).collect();
    let created = records.first().map_or(UnixMillis(0), |record| record.time);
    Base { seq: Seq(seq), hash: of(seq).hash(), created, moments }
}

async fn written(store: &dyn Store, doc: &DocId, batches: u64) -> Vec<Record> {
    for number in 0..batches {
        append(store, doc, batch(number, &["one", "two", "three"])).await;
    }
    all(store, doc).await
}

async fn trim(store: &dyn Store, doc: &DocId, base: &Base) -> u64 {
    let Trimmed { records } = store.trim(doc, base.clone()).await.expect("a trim works");
    records
}

async fn read(store: &dyn Store, doc: &DocId, after: u64) -> Vec<Record> {
    store.read(doc, Seq(after), usize::MAX).await.expect("readable").records
}

fn gone(first: u64) -> Result<crate::Page, StoreError> {
    Err(StoreError::Gone { first: Seq(first) })
}

async fn records_that_are_not_kept_are_gone_and_the_others_stay(store: &dyn Store) {
    let (doc, other) = (doc("trimmed"), doc("untouched"));
    let records = written(store, &doc, 20).await;
    let others = written(store, &other, 4).await;
    assert_eq!(store.base(&doc).await, Ok(None), "everything is kept until somebody says otherwise");
    for seq in [10, 50] {
        store.save(&doc, Live, Seq(seq), Bytes::from_static(b"state")).await.expect("saved");
    }
    let before = store.documents(None, 9).await.expect("listed");
    // In the middle of a batch.
    let base = base(&records, &[3, 11], 31);
    assert_eq!(trim(store, &doc, &base).await, 31);
    assert_eq!(store.base(&doc).await, Ok(Some(base.clone())), "what stands for them comes back exactly");
    for after in [0, 1, 30] {
        assert_eq!(store.read(&doc, Seq(after), 100).await, gone(32), "after {after}");
    }
    for after in [31, 32, 33, 59] {
        assert!(read(store, &doc, after).await == records[after as usize..], "after {after}");
    }
    assert_eq!(read(store, &doc, 31).await[0].prev, base.hash, "the chain goes on from the base");
    assert_eq!(store.head(&doc).await, Ok(Some(Seq(60))));
    assert_eq!(store.documents(None, 9).await.expect("listed"), before, "a list tells the same as before");
    assert!(all(store, &other).await == others, "another document is not touched");
    let newest = async |at| store.newest(&doc, Live, Seq(at)).await.expect("readable").map(|it| it.seq);
    assert_eq!(newest(49).await, None, "what was derived from them alone is gone");
    assert_eq!(newest(60).await, Some(Seq(50)));
    assert_eq!(trim(store, &doc, &base).await, 0, "doing it again does nothing");
    assert_eq!(
        append(store, &doc, batch(19, &["one", "two", "three"])).await,
        Seq(60),
        "kept batches are known"
    );
    assert_eq!(append(store, &doc, batch(20, &["more"])).await, Seq(61));
    assert_eq!(read(store, &doc, 60).await[0].prev, records[59].hash());
    assert_eq!(store.base(&doc_of_nobody()).await, Ok(None));
}

fn doc_of_nobody() -> DocId {
    doc("nobody's")
}

async fn a_document_may_be_trimmed_to_its_head_and_goes_on(store: &dyn Store) {
    let doc = doc("quiet");
    let records = written(store, &doc, 2).await;
    let before = store.documents(None, 9).await.expect("listed");
    let base = base(&records, &[], 6);
    assert_eq!(trim(store, &doc, &base).await, 6);
    assert_eq!(store.head(&doc).await, Ok(Some(Seq(6))));
    assert_eq!(store.documents(None, 9).await.expect("listed"), before);
    assert_eq!(store.read(&doc, Seq(5), 100).await, gone(7));
    let page = store.read(&doc, Seq(6), 100).await.expect("readable");
    assert_eq!((page.records.len(), page.head), (0, Seq(6)));
    store.save(&doc, Live, Seq(6), Bytes::from_static(b"state")).await.expect("the head may be saved");
    assert_eq!(append(store, &doc, batch(2, &["more"])).await, Seq(7));
    let more = read(store, &doc, 6).await;
    assert_eq!((more[0].seq, more[0].prev), (Seq(7), records[5].hash()));
}

async fn a_base_takes_the_place_of_the_one_before_it(store: &dyn Store) {
    let doc = doc("again");
    let records = written(store, &doc, 20).await;
    assert_eq!(trim(store, &doc, &base(&records, &[3, 5], 7)).await, 7);
    let next = base(&records, &[3, 7, 9], 13);
    assert_eq!(trim(store, &doc, &next).await, 6, "only what was not gone yet counts");
    assert_eq!(store.base(&doc).await, Ok(Some(next)));
    let fewer = base(&records, &[9], 13);
    assert_eq!(trim(store, &doc, &fewer).await, 0);
    assert_eq!(store.base(&doc).await, Ok(Some(fewer)), "another one at the same place");
    assert!(read(store, &doc, 13).await == records[13..]);
}

async fn a_base_that_does_not_fit_is_refused_and_changes_nothing(store: &dyn Store) {
    let doc = doc("refused");
    let records = written(store, &doc, 4).await;
    let good = base(&records, &[2], 5);
    let refused = async |base: Base| {
        let result = store.trim(&doc, base).await;
        assert!(matches!(result, Err(StoreError::Refused { .. })), "{result:?}");
    };
    assert!(matches!(store.trim(&doc_of_nobody(), good.clone()).await, Err(StoreError::Refused { .. })));
    refused(Base { hash: RecordHash([9; 16]), ..good.clone() }).await;
    refused(Base { moments: Vec::new(), ..good.clone() }).await;
    let mut beyond = base(&records, &[], 12);
    beyond.seq = Seq(13);
    beyond.moments[0].seq = Seq(13);
    refused(beyond).await;
    assert!(all(store, &doc).await == records, "a refused one changes nothing");
    assert_eq!(store.base(&doc).await, Ok(None));
    trim(store, &doc, &good).await;
    refused(base(&records, &[], 4)).await;
    refused(Base { hash: RecordHash([9; 16]), ..good.clone() }).await;
    assert_eq!(store.base(&doc).await, Ok(Some(good.clone())));
    assert!(matches!(store.import_base(&doc, good).await, Err(StoreError::Refused { .. })));
}

async fn packing_and_trimming_go_together(store: &dyn Store) {
    let doc = doc("packed");
    let records = written(store, &doc, 200).await;
    store.pack(&doc, Seq(u64::MAX)).await.expect("packed");
    // In the middle of a segment.
    assert_eq!(trim(store, &doc, &base(&records, &[100], 333)).await, 333);
    assert!(read(store, &doc, 333).await == records[333..]);
    assert!(read(store, &doc, 400).await == records[400..]);
    store.pack(&doc, Seq(u64::MAX)).await.expect("packed");
    assert_eq!(trim(store, &doc, &base(&records, &[100], 334)).await, 1);
    assert!(read(store, &doc, 334).await == records[334..]);
    assert_eq!(append(store, &doc, batch(199, &["one", "two", "three"])).await, Seq(600), "it is known");
}

async fn a_trimmed_document_comes_back_from_a_backup(store: &dyn Store, into: &dyn Store) {
    let (long, quiet) = (doc("long"), doc("quiet"));
    let records = written(store, &long, 20).await;
    let quiets = written(store, &quiet, 2).await;
    let bases = [base(&records, &[3, 11], 31), base(&quiets, &[1], 6)];
    trim(store, &long, &bases[0]).await;
    trim(store, &quiet, &bases[1]).await;
    let mut file = Vec::new();
    let summary = backup::write(store, &mut file, |_| {}).await.expect("written");
    assert_eq!((summary.documents, summary.records, &summary.damaged[..]), (2, 29, &[][..]));
    backup::read(into, std::io::Cursor::new(&file), |_| {}).await.expect("restored");
    assert_eq!(into.base(&long).await, Ok(Some(bases[0].clone())));
    assert_eq!(into.base(&quiet).await, Ok(Some(bases[1].clone())));
    assert!(read(into, &long, 31).await == records[31..]);
    assert_eq!(into.documents(None, 9).await, store.documents(None, 9).await);
    assert_eq!(append(into, &quiet, batch(9, &["more"])).await, Seq(7));
    assert_eq!(read(into, &quiet, 6).await[0].prev, quiets[5].hash());
}
