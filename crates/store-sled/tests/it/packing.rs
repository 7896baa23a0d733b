//! Packing: the rows become few and small, and nobody who reads or appends meanwhile notices.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use weft_ids::{DocId, Seq};
use weft_store::codec::seal;
use weft_store::contract::doc;
use weft_store::{Log, Packed, StoreError, Upkeep, backup};
use weft_store_sled::{SledStore, check};

use crate::world::{one, open, records};

const ALL: Seq = Seq(u64::MAX);

async fn typed(store: &SledStore, doc: &DocId, numbers: std::ops::Range<u64>) {
    for number in numbers {
        store.append(doc, one(number, 30)).await.unwrap();
    }
}

fn rows(db: &sled::Db, prefix: u8) -> usize {
    db.scan_prefix([prefix]).count()
}

#[tokio::test]
async fn packed_records_are_few_rows_and_come_back_after_a_restart_too() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let name = doc("d");
    typed(&store, &name, 0..9000).await;
    store.append(&name, one(9000, 700_000)).await.unwrap();
    typed(&store, &name, 9001..10_000).await;
    let before = records(&store, &name).await.unwrap();
    let mut file = Vec::new();
    backup::write(&store, &mut file, |_| {}).await.unwrap();

    let packed = store.pack(&name, Seq(9500)).await.unwrap();
    assert_eq!(
        (packed.records, packed.segments),
        (9500, 5),
        "full ones, the large record alone, and what is left"
    );
    assert!(packed.bytes_after < packed.bytes_before);
    assert_eq!(store.pack(&name, Seq(9500)).await, Ok(Packed::default()));
    let rest = store.pack(&name, ALL).await.unwrap();
    assert_eq!((rest.records, rest.segments), (983, 1), "a small segment grows by what follows it");
    drop(store);

    let db = crate::world::database(&dir.path().join("store-1"));
    assert_eq!(rows(&db, b'l'), 5 + 16, "the last batches stay as they are");
    drop(db);
    let store = open(dir.path());
    assert!(records(&store, &name).await.unwrap() == before);
    let mut again = Vec::new();
    backup::write(&store, &mut again, |_| {}).await.unwrap();
    assert!(again == file, "a backup is the same to the byte");
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.named, report.records), (vec![], 10_000));
    assert_eq!(store.append(&name, one(9984, 30)).await, Ok(Seq(9985)), "the last batches are known");
    assert_eq!(store.append(&name, one(10_000, 30)).await, Ok(Seq(10_001)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_and_who_appends_while_it_packs_notices_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    let name = doc("busy");
    typed(&store, &name, 0..500).await;
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, name, done) = (store.clone(), name.clone(), done.clone());
        async move {
            let mut rounds = 0;
            while !done.load(Ordering::SeqCst) || rounds == 0 {
                let (mut after, mut prev) = (Seq(rounds * 7 % 90), None);
                loop {
                    let page = store.read(&name, after, 3000).await.unwrap();
                    if after >= page.head {
                        break;
                    }
                    for record in page.records {
                        assert_eq!((record.seq, record.batch.number), (after.next(), after.0));
                        assert!(prev.is_none_or(|prev| prev == record.prev), "the chain is whole");
                        (after, prev) = (record.seq, Some(record.hash()));
                    }
                }
                rounds += 1;
            }
        }
    });
    let packer = tokio::spawn({
        let (store, name, done) = (store.clone(), name.clone(), done.clone());
        async move {
            let mut packed = Packed::default();
            while !done.load(Ordering::SeqCst) {
                packed += store.pack(&name, ALL).await.unwrap();
                tokio::task::yield_now().await;
            }
            packed
        }
    });
    typed(&store, &name, 500..3000).await;
    done.store(true, Ordering::SeqCst);
    reader.await.unwrap();
    assert!(packer.await.unwrap().segments > 5);
    assert_eq!(records(&store, &name).await.unwrap().len(), 3000);
    let store = Arc::into_inner(store).unwrap();
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
}

/// The key of the row that starts at record `seq` of the first document.
fn row(seq: u64) -> Vec<u8> {
    [b"l".as_slice(), &1_u64.to_be_bytes(), &seq.to_be_bytes()].concat()
}

/// A document of two full segments and some loose records, changed behind the store's back.
async fn changed(change: impl FnOnce(&sled::Db)) -> (tempfile::TempDir, SledStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    typed(&store, &doc("d"), 0..8300).await;
    store.pack(&doc("d"), Seq(8192)).await.unwrap();
    drop(store);
    let db = crate::world::database(&dir.path().join("store-1"));
    change(&db);
    db.flush().unwrap();
    drop(db);
    let store = open(dir.path());
    (dir, store)
}

/// Names the damage at record 4097, and serves all before it.
async fn flagged(store: &SledStore) {
    let Err(error) = records(store, &doc("d")).await else { panic!("the damage was not noticed") };
    assert!(matches!(error, StoreError::Damaged { seq: Some(Seq(4097)), .. }), "{error}");
    let page = store.read(&doc("d"), Seq(4000), 100_000).await.unwrap();
    assert_eq!((page.records.len(), page.head), (96, Seq(8300)), "what lies before the damage is served");
    assert!(!store.read(&doc("d"), Seq(8200), 100).await.unwrap().records.is_empty(), "and what lies behind");
    let report = check::run(store, |_| {}).unwrap();
    assert_eq!((report.damages, report.named[0].seq), (1, Some(Seq(4097))), "{:?}", report.named);
    assert_eq!(store.pack(&doc("d"), ALL).await.unwrap().records, 8300 - 8192 - 16, "the rest is packed");
    assert_eq!(check::run(store, |_| {}).unwrap().damages, 1, "and the damage stays, to be seen");
}

#[tokio::test]
async fn a_bit_flipped_in_a_segment_is_named_by_its_first_record() {
    let (_dir, store) = changed(|db| {
        let piece = [b"y".as_slice(), &1_u64.to_be_bytes(), &4097_u64.to_be_bytes()].concat();
        let (key, value) = db.scan_prefix(piece).next().unwrap().unwrap();
        let mut value = value.to_vec();
        value[7] ^= 1;
        db.insert(key, value).unwrap();
    })
    .await;
    flagged(&store).await;
}

#[tokio::test]
async fn a_segment_that_does_not_carry_on_the_chain_is_named() {
    let (_dir, store) = changed(|db| {
        let mut body = db.get(row(4097)).unwrap().unwrap().to_vec();
        body.truncate(body.len() - 4);
        // The shape, the length in two or three bytes, the format; then the hash of the record before.
        body[6] ^= 1;
        seal(&row(4097), &mut body);
        db.insert(row(4097), body).unwrap();
    })
    .await;
    flagged(&store).await;
}

#[tokio::test]
async fn a_missing_segment_is_named() {
    let (_dir, store) = changed(|db| assert!(db.remove(row(4097)).unwrap().is_some())).await;
    let Err(error) = records(&store, &doc("d")).await else { panic!("the damage was not noticed") };
    assert!(matches!(error, StoreError::Damaged { seq: Some(Seq(4097)), .. }), "{error}");
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!(report.damages, 1, "{:?}", report.named);
}
