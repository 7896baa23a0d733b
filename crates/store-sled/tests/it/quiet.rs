//! Reading leaves no trace, and many documents cost little.

use std::path::Path;

use weft_ids::Seq;
use weft_store::contract::{doc, hostile_names};
use weft_store::{CheckpointKind, Checkpoints, Log, Meta};

use crate::world::{bytes, fill, one, open, records};

/// By how many bytes sled's list of its segments may vary.
const SEGMENT_LIST_SLACK: u64 = 64;

/// Trap 17: storage does not grow from nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn opening_and_reading_ten_thousand_documents_adds_not_a_byte() {
    let dir = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(open(dir.path()));
    let appends: Vec<_> = (0..10_000_u64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move { store.append(&doc(&format!("page/{number}")), one(1, 60)).await })
        })
        .collect();
    for append in appends {
        append.await.unwrap().unwrap();
    }
    drop(store);
    let commits = || std::fs::read(dir.path().join("WITNESS")).unwrap();
    let before = commits();
    let mut sizes = Vec::new();
    for round in 0..4 {
        read_all(dir.path(), round).await;
        sizes.push(bytes(dir.path()));
    }
    assert_eq!(commits(), before, "reading is no commit");
    // sled tidies what the writing left behind, so its files may become smaller yet; and each opening writes a list of
    // its segments anew, whose numbers take a byte more or less. Nothing of that is for one of ten thousand documents.
    assert!(sizes.is_sorted_by(|a, b| *a + SEGMENT_LIST_SLACK >= *b), "not a byte more: {sizes:?}");
}

async fn read_all(dir: &Path, round: u64) {
    let store = open(dir);
    for number in 0..10_000 {
        let name = doc(&format!("page/{number}"));
        assert_eq!(store.head(&name).await, Ok(Some(Seq(1))));
        let unknown = doc(&format!("unknown/{number}"));
        assert_eq!(store.read(&unknown, Seq::ZERO, 1000).await.unwrap().head, Seq::ZERO);
        if number % 50 == round {
            assert_eq!(records(&store, &name).await.unwrap().len(), 1);
            assert_eq!(store.newest(&name, CheckpointKind::Live, Seq(1)).await, Ok(None));
            store.keep_newest(&unknown, CheckpointKind::Live, 1).await.unwrap();
            assert_eq!(store.get("unknown").await, Ok(None));
        }
    }
    assert_eq!(store.documents(None, usize::MAX).await.unwrap().len(), 10_000);
}

/// Trap 23: hostile names.
#[tokio::test]
async fn no_two_names_share_a_key_after_opening_again_either() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for (number, name) in hostile_names().iter().enumerate() {
        store.append(&doc(name), one(number as u64, 30)).await.unwrap();
    }
    drop(store);
    let store = open(dir.path());
    for (number, name) in hostile_names().iter().enumerate() {
        let records = records(&store, &doc(name)).await.unwrap();
        assert_eq!(records.len(), 1);
        assert_eq!(records[0].batch.number, number as u64);
    }
}

#[tokio::test]
async fn values_stay_out_of_sleds_large_value_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store).await;
    store.append(&doc("large"), one(1, 20 << 20)).await.unwrap();
    assert_eq!(records(&store, &doc("large")).await.unwrap()[0].update.len(), 20 << 20);
    assert_eq!(bytes(&dir.path().join("store-1/blobs")), 0);
}
