//! What every engine promises of documents that are removed.

use std::sync::Arc;

use bytes::Bytes;
use weft_ids::Seq;

use super::{all, append, batch, doc};
use crate::Store;
use crate::checkpoint::CheckpointKind::{History, Live};

pub(super) async fn run<S: Store + 'static>(open: impl AsyncFn() -> Arc<S>) {
    a_removed_document_is_one_that_nobody_ever_wrote(&*open().await).await;
    what_has_base_segments_and_checkpoints_goes_with_them(&*open().await).await;
    what_is_appended_beside_a_removal_is_whole_or_not_there(open().await).await;
}

async fn is_nothing(store: &dyn Store, name: &str) {
    let doc = doc(name);
    assert_eq!(store.head(&doc).await, Ok(None));
    assert_eq!(store.base(&doc).await, Ok(None));
    assert_eq!(store.read(&doc, Seq::ZERO, usize::MAX).await.map(|page| page.records.len()), Ok(0));
    for kind in [Live, History] {
        assert_eq!(store.newest(&doc, kind, Seq(u64::MAX)).await, Ok(None));
    }
    let listed = store.documents(None, 99).await.expect("listed");
    assert!(listed.iter().all(|info| info.doc != doc));
}

async fn a_removed_document_is_one_that_nobody_ever_wrote(store: &dyn Store) {
    let (gone, stays) = (doc("gone"), doc("gone, not quite"));
    for doc in [&gone, &stays] {
        append(store, doc, batch(0, &["one", "two"])).await;
    }
    let others = all(store, &stays).await;
    store.remove(&gone).await.expect("removed");
    is_nothing(store, "gone").await;
    store.remove(&gone).await.expect("doing it again does nothing");
    store.remove(&doc("nobody's")).await.expect("nor does it of what never was");
    assert!(all(store, &stays).await == others, "another document is not touched");

    // The same batch is no repetition: what it repeats is not there.
    assert_eq!(append(store, &gone, batch(0, &["anew"])).await, Seq(1));
    let anew = all(store, &gone).await;
    assert_eq!(anew.len(), 1);
    assert_eq!(&anew[0].update[..], b"anew");
}

async fn what_has_base_segments_and_checkpoints_goes_with_them(store: &dyn Store) {
    let name = "long";
    let doc = doc(name);
    for number in 0..200 {
        append(store, &doc, batch(number, &[&"much ".repeat(300), "little"])).await;
    }
    let records = all(store, &doc).await;
    store.pack(&doc, Seq(300)).await.expect("packed");
    store.trim(&doc, super::trimming::base(&records, &[3], 20)).await.expect("trimmed");
    for (kind, seq) in [(Live, 350), (History, 360)] {
        store.save(&doc, kind, Seq(seq), Bytes::from(vec![7; 9_000])).await.expect("saved");
    }
    store.remove(&doc).await.expect("removed");
    is_nothing(store, name).await;
    assert_eq!(append(store, &doc, batch(1, &["anew"])).await, Seq(1));
    assert_eq!(store.newest(&doc, Live, Seq(u64::MAX)).await, Ok(None));
}

async fn what_is_appended_beside_a_removal_is_whole_or_not_there<S: Store + 'static>(store: Arc<S>) {
    let doc = doc("contested");
    for round in 0..20 {
        append(&*store, &doc, batch(round * 100, &["first"])).await;
        let writers = (1..5).map(|number| {
            let (store, doc) = (store.clone(), doc.clone());
            tokio::spawn(async move { store.append(&doc, batch(round * 100 + number, &["a", "b"])).await })
        });
        let writers: Vec<_> = writers.collect();
        store.remove(&doc).await.expect("removed");
        for writer in writers {
            writer.await.expect("it ends").expect("what is appended is stored");
        }
        // What came before the removal went with it, the rest follows from 1 without a hole.
        let records = store.read(&doc, Seq::ZERO, usize::MAX).await.expect("readable").records;
        let places: Vec<u64> = records.iter().map(|record| record.seq.0).collect();
        assert_eq!(places, (1..=places.len() as u64).collect::<Vec<_>>());
        assert!(records.iter().all(|record| &record.update[..] != b"first"));
        store.remove(&doc).await.expect("removed");
    }
}
