//! Compaction: everything is there afterwards, whatever cuts it short, and the space is given back.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use weft_ids::Seq;
use weft_store::contract::doc;
use weft_store::{CheckpointKind, Checkpoints, Log, Upkeep};
use weft_store_sled::compact::{self, CompactError, Step};
use weft_store_sled::{Disk, OpenError, Settings, check};

use crate::world::{bytes, content, copy, fill, one, open, records, soak, update};

fn compacted(dir: &Path) -> compact::Compacted {
    compact::run(dir, Settings::default(), |_| {}).unwrap()
}

fn databases(dir: &Path) -> Vec<String> {
    let names =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.filter(|name| name.contains("store-")).collect();
    names.sort();
    names
}

/// A store of 30 documents, one of them packed, with much that is gone again.
async fn filled(dir: &Path) {
    let store = open(dir);
    fill(&store).await;
    let name = doc("document 7");
    for number in 100..2500 {
        let seq = store.append(&name, one(number, 30)).await.unwrap();
        if number % 100 == 0 {
            store.save(&name, CheckpointKind::Live, seq, update(number, 30_000)).await.unwrap();
            store.keep_newest(&name, CheckpointKind::Live, 1).await.unwrap();
        }
    }
    store.pack(&name, Seq(u64::MAX)).await.unwrap();
}

#[tokio::test]
async fn after_a_compaction_everything_is_there_and_takes_less() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await;
    let before = content(&open(dir.path())).await.unwrap();
    let mut steps = Vec::new();
    let done = compact::run(dir.path(), Settings::default(), |step| steps.push(step)).unwrap();
    assert_eq!(done.documents, 30);
    assert!(done.after < done.before * 3 / 4 && done.live < done.after, "{done:?}");
    assert_eq!(steps.first(), Some(&Step::Counting));
    let last = steps.iter().rev().find(|step| matches!(step, Step::Copying { .. }));
    assert_eq!(
        last,
        Some(&Step::Copying { documents: 30, of: 30, bytes: done.live, of_bytes: done.live }),
        "progress ends where it said"
    );
    assert_eq!(databases(dir.path()), ["store-2"]);
    assert!(bytes(&dir.path().join("store-2")) <= done.after);

    let store = open(dir.path());
    assert!(content(&store).await.unwrap() == before);
    let size = store.size().await.unwrap();
    assert!(size.live == done.live && size.disk > size.live, "{size:?}");
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.named, report.checkpoints, report.meta), (vec![], 30, 30));
    let newest = store.newest(&doc("document 7"), CheckpointKind::Live, Seq(2500)).await.unwrap().unwrap();
    assert!(newest.state == update(2400, 30_000));
    let name = doc("document 7");
    let head = store.head(&name).await.unwrap().unwrap();
    assert_eq!(store.append(&name, one(2499, 30)).await, Ok(head), "the last batches are known");
    assert_eq!(store.append(&name, one(2500, 30)).await, Ok(head.next()));
    drop(store);
    assert_eq!(compacted(dir.path()).documents, 30, "and once more");
    assert_eq!(databases(dir.path()), ["store-3"]);
}

#[tokio::test]
async fn cut_short_at_any_step_the_store_is_what_it_was() {
    let (dir, cuts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    filled(dir.path()).await;
    let before = content(&open(dir.path())).await.unwrap();
    let mut steps = Vec::new();
    compact::run(dir.path(), Settings::default(), |step| {
        copy(dir.path(), &cuts.path().join(steps.len().to_string()));
        steps.push(step);
    })
    .unwrap();
    assert!(steps.len() >= 8, "{steps:?}");
    for (at, step) in steps.iter().enumerate() {
        let cut = cuts.path().join(at.to_string());
        let store = open(&cut);
        assert!(content(&store).await.unwrap() == before, "cut at {step:?}");
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        drop(store);
        let left = databases(&cut);
        match step {
            Step::Switched | Step::Removed => assert_eq!(left, ["store-2"]),
            Step::Named => assert_eq!(left, ["store-1", "store-2"], "nothing but its name says what it is"),
            _ => assert_eq!(left, ["store-1"]),
        }
        compacted(&cut);
        assert_eq!(databases(&cut).len(), 1);
        assert!(content(&open(&cut)).await.unwrap() == before);
    }
}

const DIR: &str = "WEFT_STORE_COMPACT_DIR";

#[test]
#[ignore = "not a test: the process that the test below starts and kills"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nstarted").unwrap();
    out.flush().unwrap();
    loop {
        compact::run(Path::new(&dir), Settings::default(), |_| {}).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_the_store_is_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await;
    let before = content(&open(dir.path())).await.unwrap();
    for _ in 0..16 * soak() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "compacting::child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "started"));
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(0..250)));
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(content(&open(dir.path())).await.unwrap() == before);
    }
    assert!(compacted(dir.path()).documents == 30);
    assert_eq!(databases(dir.path()).len(), 1);
    assert_eq!(check::run(&open(dir.path()), |_| {}).unwrap().named, []);
}

/// A disk with a certain room left.
#[derive(Debug)]
struct Small(u64);

impl Disk for Small {
    fn sync(&self, database: &File, _: &Path) -> io::Result<()> {
        database.sync_data()
    }

    fn free(&self, _: &Path) -> io::Result<u64> {
        Ok(self.0)
    }
}

#[tokio::test]
async fn with_too_little_room_it_says_how_much_is_needed_and_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    filled(dir.path()).await;
    let run = |free| {
        let settings = Settings { disk: Arc::new(Small(free)), ..Settings::default() };
        compact::run(dir.path(), settings, |_| {})
    };
    let Err(error @ CompactError::NoRoom { needed, .. }) = run(0) else { panic!("there is no room") };
    let text = error.to_string();
    assert!(text.contains(dir.path().to_str().unwrap()) && text.contains("MiB"), "{text}");
    assert!(matches!(run(needed - 1), Err(CompactError::NoRoom { .. })));
    assert_eq!(databases(dir.path()), ["store-1"]);
    let done = run(needed).unwrap();
    assert!(done.after <= needed, "what was asked for is enough");
}

#[tokio::test]
async fn a_store_in_use_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let _store = open(dir.path());
    let refused = compact::run(dir.path(), Settings::default(), |_| {});
    assert!(matches!(refused, Err(CompactError::Open(OpenError::InUse { .. }))));
}

#[tokio::test]
async fn what_nothing_leads_to_goes_and_what_is_damaged_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store).await;
    for number in 0..100 {
        let mut batch = one(number, 30);
        batch.id.writer = 1 + u64::from(number < 70);
        store.append(&doc("packed"), batch).await.unwrap();
    }
    store.pack(&doc("packed"), Seq(u64::MAX)).await.unwrap();
    drop(store);
    let db = crate::world::database(&dir.path().join("store-1"));
    // Half a checkpoint, and pieces of a record and of a value that are gone.
    for prefix in [b"z\0".as_slice(), b"y", b"w"] {
        let key = [prefix, &99_999_u64.to_be_bytes(), &12_345_u64.to_be_bytes(), &[0; 4]].concat();
        db.insert(key, &b"nothing leads here"[..]).unwrap();
    }
    let row = [b"l".as_slice(), &5_u64.to_be_bytes(), &21_u64.to_be_bytes()].concat();
    let mut value = db.get(&row).unwrap().unwrap().to_vec();
    value[9] ^= 1;
    db.insert(row, value).unwrap();
    db.flush().unwrap();
    let rows = db.len();
    drop(db);
    let before = content(&open(dir.path())).await.unwrap();
    compacted(dir.path());
    assert!(content(&open(dir.path())).await.unwrap() == before);
    assert!(records(&open(dir.path()), &doc("document 4")).await.is_err(), "damage is not hidden");
    let db = crate::world::database(&dir.path().join("store-2"));
    assert_eq!(db.len(), rows - 3 - 3, "the pieces, and the authors of whom all records are packed");
}
