//! Acknowledged means synced: what a disk that forgets, refuses or waits shows.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};

use weft_ids::Seq;
use weft_store::contract::{batch, doc};
use weft_store::{Log, StoreError, Upkeep, backup};
use weft_store_sled::{Disk, Settings, SledStore, check};

use crate::world::{content, copy, fill, one, open, records};

#[derive(Debug, Default)]
struct Counting(AtomicU64);

impl Disk for Counting {
    fn sync(&self, database: &File, _: &Path) -> io::Result<()> {
        self.0.fetch_add(1, Ordering::SeqCst);
        database.sync_data()
    }
}

#[tokio::test]
async fn every_commit_is_synced_and_reading_syncs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Counting::default());
    let store = SledStore::open(dir.path(), Settings { disk: disk.clone(), ..Settings::default() }).unwrap();
    for number in 0..50 {
        let before = disk.0.load(Ordering::SeqCst);
        store.append(&doc("d"), one(number, 20)).await.unwrap();
        assert_eq!(disk.0.load(Ordering::SeqCst), before + 1);
    }
    records(&store, &doc("d")).await.unwrap();
    store.append(&doc("d"), one(49, 20)).await.unwrap();
    assert_eq!(disk.0.load(Ordering::SeqCst), 50, "a batch that is there is not stored again");
}

/// A disk whose syncs wait until they are let through.
#[derive(Debug, Default)]
struct Gate {
    open: Mutex<bool>,
    moved: Condvar,
    waiting: tokio::sync::Notify,
    syncs: AtomicU64,
}

impl Disk for Gate {
    fn sync(&self, _: &File, _: &Path) -> io::Result<()> {
        self.syncs.fetch_add(1, Ordering::SeqCst);
        self.waiting.notify_one();
        drop(self.moved.wait_while(self.open.lock().unwrap(), |open| !*open).unwrap());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_answered_before_the_sync_and_who_comes_meanwhile_shares_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Gate::default());
    let settings = Settings { disk: disk.clone(), ..Settings::default() };
    let store = Arc::new(SledStore::open(dir.path(), settings).unwrap());
    let append = |room: u64| {
        let store = store.clone();
        tokio::spawn(async move { store.append(&doc(&format!("room {room}")), one(1, 20)).await })
    };
    let first = append(0);
    disk.waiting.notified().await;
    let others: Vec<_> = (1..=100).map(append).collect();
    while store.queued() < 100 {
        tokio::task::yield_now().await;
    }
    assert!(!first.is_finished(), "its sync has not returned");
    *disk.open.lock().unwrap() = true;
    disk.moved.notify_all();
    assert_eq!(first.await.unwrap(), Ok(Seq(1)));
    for other in others {
        assert_eq!(other.await.unwrap(), Ok(Seq(1)));
    }
    assert!(disk.syncs.load(Ordering::SeqCst) <= 3, "a hundred rooms shared a sync or two");
}

/// A disk whose syncs fail while told to.
#[derive(Debug, Default)]
struct Failing(AtomicBool);

impl Disk for Failing {
    fn sync(&self, database: &File, _: &Path) -> io::Result<()> {
        if self.0.load(Ordering::SeqCst) {
            return Err(io::Error::other("the disk is on strike"));
        }
        database.sync_data()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_is_told_hidden_from_readers_and_mended_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(Failing::default());
    let settings = Settings { disk: disk.clone(), ..Settings::default() };
    let store = Arc::new(SledStore::open(dir.path(), settings).unwrap());
    fill(&store).await;
    let name = doc("document 3");
    let before = records(&store, &name).await.unwrap();

    disk.0.store(true, Ordering::SeqCst);
    for number in 100..103 {
        let failed = store.append(&name, one(number, 20)).await;
        assert!(matches!(&failed, Err(error) if error.may_pass()), "{failed:?}");
        let failed = store.append(&doc("new"), one(number, 20)).await;
        assert!(failed.is_err());
    }
    assert_eq!(records(&store, &name).await.unwrap(), before, "readers see what is durable");
    assert_eq!(store.head(&doc("new")).await, Ok(None));
    assert_eq!(store.documents(None, usize::MAX).await.unwrap().len(), 30);

    disk.0.store(false, Ordering::SeqCst);
    let seq = loop {
        match store.append(&name, one(100, 20)).await {
            Ok(seq) => break seq,
            Err(error) => assert!(error.may_pass(), "{error}"),
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(seq, before.last().unwrap().seq.next(), "appended again, it is stored once");
    assert_eq!(records(&store, &name).await.unwrap().len(), before.len() + 1);
    drop(store);
    let store = open(dir.path());
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
    assert_eq!(records(&store, &name).await.unwrap().len(), before.len() + 1);
}

/// A disk that remembers, for some of its syncs, what a power cut right after them would leave: everything written
/// when they were called; or of the database, whose file was not synced then, only what it was when it last was.
#[derive(Debug)]
struct Forgetful {
    dir: PathBuf,
    cuts: PathBuf,
    state: Mutex<Forgotten>,
}

#[derive(Debug, Default)]
struct Forgotten {
    syncs: usize,
    acked: Vec<(u64, u64, Seq)>,
    /// The cut whose answers are not known yet.
    open: Option<PathBuf>,
    /// The database as its last sync left it.
    image: Option<PathBuf>,
    /// Each cut, and how many answers had been given before the sync that followed it.
    cuts: Vec<(PathBuf, usize)>,
    /// How many of them have a database that lacks what was written since its last sync.
    without: usize,
}

impl Disk for Forgetful {
    fn sync(&self, _: &File, path: &Path) -> io::Result<()> {
        let database = self.dir.join("store-1");
        let mut state = self.state.lock().unwrap();
        state.syncs += 1;
        if let Some(cut) = state.open.take() {
            // All answered by now rests on syncs up to the one before this.
            std::fs::copy(self.dir.join("WITNESS"), cut.join("WITNESS"))?;
            let acked = state.acked.len();
            state.cuts.push((cut, acked));
        }
        if !path.ends_with("JOURNAL") {
            let image = self.cuts.join(format!("image-{}", state.syncs));
            copy(&database, &image);
            state.image = Some(image);
        }
        if state.syncs % 9 == 1 {
            let cut = self.cuts.join(state.syncs.to_string());
            copy(&self.dir, &cut);
            if state.syncs.is_multiple_of(2)
                && let Some(image) = &state.image
            {
                std::fs::remove_dir_all(cut.join("store-1"))?;
                copy(image, &cut.join("store-1"));
                std::fs::copy(database.join("JOURNAL"), cut.join("store-1/JOURNAL"))?;
                state.without += 1;
            }
            state.open = Some(cut);
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_a_power_cut_after_any_sync() {
    let (dir, cuts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let disk = Arc::new(Forgetful {
        dir: dir.path().to_owned(),
        cuts: cuts.path().to_owned(),
        state: Mutex::default(),
    });
    let settings = Settings { disk: disk.clone(), ..Settings::default() };
    let store = Arc::new(SledStore::open(dir.path(), settings).unwrap());
    let writers: Vec<_> = (0..4_u64)
        .map(|room| {
            let (store, disk) = (store.clone(), disk.clone());
            tokio::spawn(async move {
                for number in 0..120 {
                    let size = if number % 10 == 9 { 20_000 } else { 30 };
                    let seq = store.append(&doc(&format!("room {room}")), one(number, size)).await.unwrap();
                    disk.state.lock().unwrap().acked.push((room, number, seq));
                    if number % 40 == 39 {
                        store.pack(&doc(&format!("room {room}")), seq).await.unwrap();
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    drop(store);
    let Forgotten { acked, cuts, without, .. } = std::mem::take(&mut *disk.state.lock().unwrap());
    assert!(cuts.len() >= 10 && without >= 3, "{} cuts, {without} of them without", cuts.len());
    for (cut, promised) in cuts {
        let store = open(&cut);
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        for room in 0..4 {
            let records = records(&store, &doc(&format!("room {room}"))).await.unwrap();
            for (_, number, seq) in acked[..promised].iter().filter(|(of, ..)| *of == room) {
                let record = records.get(seq.0 as usize - 1);
                assert!(record.is_some_and(|record| record.batch.number == *number), "lost: {room} {seq}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_under_load_is_one_consistent_point_and_comes_back_equal() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    fill(&store).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..20)
        .map(|room| {
            let (store, stop) = (store.clone(), stop.clone());
            tokio::spawn(async move {
                let doc = doc(&format!("document {room}"));
                for number in 1000.. {
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    store.append(&doc, batch(number, &["a", "b"])).await.unwrap();
                }
            })
        })
        .collect();
    for _ in 0..3 {
        let before = store.documents(None, usize::MAX).await.unwrap();
        let mut file = Vec::new();
        let summary = backup::write(&*store, &mut file, |_| {}).await.unwrap();
        assert_eq!((summary.documents, summary.damaged.len()), (30, 0));

        let into = tempfile::tempdir().unwrap();
        let restored = open(into.path());
        backup::read(&restored, io::Cursor::new(&file), |_| {}).await.unwrap();
        assert_eq!(check::run(&restored, |_| {}).unwrap().named, []);
        for info in before {
            let records = records(&restored, &info.doc).await.unwrap();
            let head = records.last().unwrap().seq;
            assert!(head >= info.head, "acknowledged before the backup began, and in it");
            let live = crate::world::records(&store, &info.doc).await.unwrap();
            assert!(live[..head.0 as usize] == records[..], "with places, times, authors and hashes");
        }
        let mut again = Vec::new();
        backup::write(&restored, &mut again, |_| {}).await.unwrap();
        assert!(again == file, "and a backup of it is the same file");
    }
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
}

#[tokio::test]
async fn what_was_appended_is_there_after_closing_and_opening() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store).await;
    let before = content(&store).await.unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!(content(&store).await.unwrap(), before);
    let name = doc("document 7");
    assert_eq!(store.append(&name, one(20, 4900)).await, Ok(Seq(41)), "a batch of before is known");
    assert_eq!(store.append(&name, one(21, 20)).await, Ok(Seq(42)));
    assert_eq!(records(&store, &name).await.unwrap().len(), 42);
    let refused = store.append(&name, batch(1, &[])).await;
    assert!(matches!(refused, Err(StoreError::Refused { .. })));
}
