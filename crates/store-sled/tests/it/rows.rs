//! Damage inside the database: named by document and record, and kept away from everything else.

use std::path::Path;

use sled::{Db, IVec};
use weft_ids::Seq;
use weft_store::codec::seal;
use weft_store::contract::{batch, doc};
use weft_store::{CheckpointKind, Checkpoints, Log, Meta, StoreError, backup};
use weft_store_sled::check;

use crate::world::{fill, one, open, records, update};

/// A store of 30 documents, changed behind its back.
async fn changed(dir: &Path, change: impl FnOnce(&Db)) {
    fill(&open(dir)).await;
    let db = crate::world::database(&dir.join("store-1"));
    change(&db);
    db.flush().unwrap();
}

/// The key of the log row of document number `number` (they are numbered from 1 as they come) that starts at `seq`.
fn row(number: u64, seq: u64) -> Vec<u8> {
    [b"l".as_slice(), &number.to_be_bytes(), &seq.to_be_bytes()].concat()
}

fn flip(db: &Db, key: &[u8]) {
    let mut value = db.get(key).unwrap().unwrap().to_vec();
    let middle = value.len() / 2;
    value[middle] ^= 4;
    db.insert(key, value).unwrap();
}

/// Seals anew what was changed: damage that no checksum shows.
fn forge(db: &Db, key: &[u8], change: impl FnOnce(&mut Vec<u8>)) {
    let mut body = db.get(key).unwrap().unwrap().to_vec();
    body.truncate(body.len() - 4);
    change(&mut body);
    seal(key, &mut body);
    db.insert(key, body).unwrap();
}

/// Reads document 4 (number 5) up to its damage, which must be at `seq`, and all others whole.
async fn flagged(dir: &Path, seq: u64) {
    let store = open(dir);
    let hurt = doc("document 4");
    let Err(error) = records(&store, &hurt).await else { panic!("the damage was not noticed") };
    let text = error.to_string();
    assert!(text.contains("document 4") && text.contains(&format!("record {seq}")), "{text}");
    let mut whole = 0;
    while let Ok(page) = store.read(&hurt, Seq(whole), 10).await {
        assert!(page.head >= Seq(seq), "a damaged document is not shortened");
        whole = page.records.last().unwrap().seq.0;
    }
    assert_eq!(whole, seq - 1, "what lies before the damage is served");
    for other in (0..30).filter(|other| *other != 4) {
        assert_eq!(records(&store, &doc(&format!("document {other}"))).await.unwrap().len(), 41);
    }

    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.damages, report.documents), (1, 30), "{:?}", report.named);
    assert_eq!((report.named[0].doc.as_ref(), report.named[0].seq), (Some(&hurt), Some(Seq(seq))));

    let summary = backup::write(&store, std::io::sink(), |_| {}).await.unwrap();
    assert_eq!(summary.damaged.len(), 1);
    assert_eq!(summary.damaged[0].0, hurt, "a backup holds the others, and says what is missing");
    assert_eq!(summary.records, 29 * 41 + seq - 1);
}

#[tokio::test]
async fn a_bit_flipped_in_a_row_is_named_by_document_and_record() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), |db| flip(db, &row(5, 21))).await;
    flagged(dir.path(), 21).await;
}

#[tokio::test]
async fn a_missing_row_is_named_by_document_and_record() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), |db| assert!(db.remove(row(5, 21)).unwrap().is_some())).await;
    let store = open(dir.path());
    let error = records(&store, &doc("document 4")).await.err();
    assert!(matches!(error, Some(StoreError::Damaged { seq: Some(Seq(21)), .. })), "{error:?}");
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!(report.damages, 1, "{:?}", report.named);
}

#[tokio::test]
async fn a_forged_record_is_found_by_the_hash_that_the_next_one_carries() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), |db| {
        forge(db, &row(5, 21), |body| {
            let last = body.len() - 1;
            body[last] = b'T';
        });
    })
    .await;
    let store = open(dir.path());
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!(report.damages, 1, "{:?}", report.named);
    assert_eq!(report.named[0].seq, Some(Seq(23)), "the first record that does not fit");
    assert!(report.named[0].to_string().contains("document 4"), "{}", report.named[0]);
    assert!(records(&store, &doc("document 4")).await.is_err());
}

#[tokio::test]
async fn a_row_under_another_key_is_no_row() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), |db| {
        let (one, two): (IVec, IVec) =
            (db.get(row(5, 21)).unwrap().unwrap(), db.get(row(6, 21)).unwrap().unwrap());
        db.insert(row(5, 21), two).unwrap();
        db.insert(row(6, 21), one).unwrap();
    })
    .await;
    let report = check::run(&open(dir.path()), |_| {}).unwrap();
    assert_eq!(report.damages, 2, "{:?}", report.named);
}

#[tokio::test]
async fn a_piece_missing_from_a_large_record_is_named() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), |db| {
        let key =
            db.scan_prefix([b"y".as_slice(), &30_u64.to_be_bytes()].concat()).keys().nth(2).unwrap().unwrap();
        db.remove(key).unwrap();
    })
    .await;
    let store = open(dir.path());
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!(report.damages, 1, "{:?}", report.named);
    assert_eq!(report.named[0].seq, Some(Seq(41)));
    let last = store.read(&doc("document 29"), Seq(40), 1000).await;
    assert!(matches!(last, Err(StoreError::Damaged { seq: Some(Seq(41)), .. })), "{last:?}");
    assert_eq!(store.read(&doc("document 29"), Seq(30), 1000).await.unwrap().records.len(), 10);
    let refused = store.append(&doc("document 29"), one(99, 10)).await;
    assert!(matches!(refused, Err(StoreError::Damaged { .. })), "nothing is built on a damaged end");
}

#[tokio::test]
async fn a_damaged_checkpoint_is_passed_over_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let name = doc("d");
    store.append(&name, batch(1, &["a", "b", "c"])).await.unwrap();
    for seq in [1, 3] {
        store.save(&name, CheckpointKind::Live, Seq(seq), update(seq, 9000)).await.unwrap();
    }
    drop(store);
    let db = crate::world::database(&dir.path().join("store-1"));
    let key = db.scan_prefix(b"z").keys().next_back().unwrap().unwrap();
    flip(&db, &key);
    drop(db);
    let store = open(dir.path());
    let newest = store.newest(&name, CheckpointKind::Live, Seq(3)).await.unwrap().unwrap();
    assert_eq!(newest.seq, Seq(1));
    assert!(newest.state == update(1, 9000));
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.damages, report.checkpoints, report.named[0].seq), (1, 1, Some(Seq(3))));
}

#[tokio::test]
async fn a_damaged_meta_row_is_an_error_and_reported_by_its_key() {
    let dir = tempfile::tempdir().unwrap();
    changed(dir.path(), |db| flip(db, b"vpage/7")).await;
    let store = open(dir.path());
    assert!(matches!(store.get("page/7").await, Err(StoreError::Damaged { .. })));
    assert!(store.get("page/8").await.unwrap().is_some());
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.damages, report.meta), (1, 29));
    assert!(report.named[0].what.contains("page/7"), "{}", report.named[0]);
}
