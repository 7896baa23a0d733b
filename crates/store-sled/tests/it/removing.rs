//! Removing a document: it is there whole or not at all, whatever cuts it short, and nothing of it is left in the end.

use weft_ids::Seq;
use weft_store::contract::{base, doc};
use weft_store::{CheckpointKind, Checkpoints, Log, Upkeep};
use weft_store_sled::{Settings, SledStore, check, compact};

use crate::world::{Failing, database, one, open, records, update};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_short_after_any_commit_it_is_there_whole_or_not_at_all() {
    let (dir, name, other) = (tempfile::tempdir().unwrap(), doc("d"), doc("another"));
    let whole = dir.path().join("whole");
    let store = open(&whole);
    for number in 0..300 {
        store.append(&name, one(number, if number % 50 == 7 { 9_000 } else { 30 })).await.unwrap();
    }
    store.pack(&name, Seq(200)).await.unwrap();
    let all = records(&store, &name).await.unwrap();
    store.trim(&name, base(&all, &[5], 60)).await.unwrap();
    // So much that its pieces take several commits.
    store.save(&name, CheckpointKind::Live, Seq(250), update(1, 600_000)).await.unwrap();
    store.append(&other, one(0, 9_000)).await.unwrap();
    drop(store);

    let mut outcomes = Vec::new();
    for commits in 0.. {
        let cut = dir.path().join(format!("cut {commits}"));
        crate::world::copy(&whole, &cut);
        let disk = Failing::after(commits);
        let store = SledStore::open(&cut, Settings { disk, ..Settings::default() }).unwrap();
        let removed = store.remove(&name).await;
        drop(store);
        let store = open(&cut);
        let is_gone = store.head(&name).await.unwrap().is_none();
        if !is_gone {
            let page = store.read(&name, Seq(60), usize::MAX).await.unwrap();
            assert!(page.records == all[60..], "after {commits} commits");
            assert!(store.newest(&name, CheckpointKind::Live, Seq(300)).await.unwrap().is_some());
        }
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        assert_eq!(store.head(&other).await.unwrap(), Some(Seq(1)));
        outcomes.push(is_gone);
        drop(store);
        if is_gone {
            compact::run(&cut, Settings::default(), |_| {}).unwrap();
            let rows = database(&cut.join("store-2"));
            let of_it = |prefix: &[u8]| rows.scan_prefix([prefix, &1_u64.to_be_bytes()].concat()).count();
            let left = [b"b".as_slice(), b"k\0", b"l", b"o", b"x", b"y", b"z\0"].map(of_it);
            assert_eq!(left, [0; 7], "after {commits} commits");
        }
        if removed.is_ok() {
            break;
        }
    }
    assert!(outcomes.len() > 2 && outcomes[1], "what is left is only pieces: {outcomes:?}");
    assert!(outcomes.is_sorted(), "first it is there, then it is gone: {outcomes:?}");
}
