//! Trimming: a base takes the place of older records, from one moment to the next, whatever cuts it short.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::RngExt;
use weft_ids::{DocId, Seq};
use weft_store::contract::{base, doc};
use weft_store::{Base, CheckpointKind, Checkpoints, Log, Record, StoreError, Upkeep};
use weft_store_sled::{Settings, SledStore, check, compact};

use crate::world::{Failing, database, one, open, records, soak, update};

/// What a document is: what stands for its older records, and the others.
type Kept = (Option<Base>, Vec<Record>);

async fn kept(store: &SledStore, doc: &DocId) -> Kept {
    let base = store.base(doc).await.unwrap();
    let after = base.as_ref().map_or(Seq::ZERO, |base| base.seq);
    (base, store.read(doc, after, usize::MAX).await.unwrap().records)
}

/// 300 records, some of them large, the first 200 packed, with a checkpoint.
async fn filled(store: &SledStore, name: &DocId) -> Vec<Record> {
    for number in 0..300 {
        store.append(name, one(number, if number % 50 == 7 { 9000 } else { 30 })).await.unwrap();
    }
    store.pack(name, Seq(200)).await.unwrap();
    store.save(name, CheckpointKind::Live, Seq(90), update(1, 20_000)).await.unwrap();
    records(store, name).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_reads_and_who_appends_while_it_trims_finds_all_of_it_or_none() {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(open(dir.path()));
    let name = doc("busy");
    let all = Arc::new(filled(&store, &name).await);
    let done = Arc::new(AtomicBool::new(false));
    let reader = tokio::spawn({
        let (store, name, done, all) = (store.clone(), name.clone(), done.clone(), all.clone());
        async move {
            let mut gone = 0;
            while !done.load(Ordering::Relaxed) {
                for after in [0, 40, 100, 150, 250] {
                    match store.read(&name, Seq(after), 1 << 20).await {
                        Ok(page) => {
                            // It may end early, before rows that went under the reader's hands.
                            let known = page.records.iter().take_while(|record| record.seq <= Seq(300));
                            let known: Vec<_> = known.collect();
                            let rest = &all[after as usize..];
                            assert!(!known.is_empty() && known.len() <= rest.len(), "after {after}");
                            assert!(known.iter().zip(rest).all(|(is, was)| *is == was), "after {after}");
                        }
                        Err(StoreError::Gone { first }) => {
                            assert!(first.0 > after + 1, "what is there is not called gone");
                            gone += 1;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
                if let Some(base) = store.base(&name).await.unwrap() {
                    assert_eq!(base.hash, all[base.seq.0 as usize - 1].hash());
                }
            }
            gone
        }
    });
    let writer = tokio::spawn({
        let (store, name) = (store.clone(), name.clone());
        async move {
            for number in 300..400 {
                assert_eq!(store.append(&name, one(number, 30)).await, Ok(Seq(number + 1)));
            }
        }
    });
    for seq in (10..=290).step_by(20) {
        store.trim(&name, base(&all, &[5], seq)).await.unwrap();
    }
    writer.await.unwrap();
    done.store(true, Ordering::Relaxed);
    assert!(reader.await.unwrap() > 0);
    let (_, rest) = kept(&store, &name).await;
    assert_eq!((rest.len(), rest[0].prev), (110, all[289].hash()));
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_short_after_any_commit_it_is_what_it_was_or_what_it_becomes() {
    let (dir, name) = (tempfile::tempdir().unwrap(), doc("d"));
    let whole = dir.path().join("whole");
    let store = open(&whole);
    let all = filled(&store, &name).await;
    let first = base(&all, &[5], 60);
    store.trim(&name, first.clone()).await.unwrap();
    let mut second = base(&all, &[5, 60], 120);
    // So much that its pieces take several commits.
    second.moments[1].update =
        (0..600_000_u32).flat_map(|at| at.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let before = kept(&store, &name).await;
    drop(store);
    let mut outcomes = Vec::new();
    for commits in 0.. {
        let cut = dir.path().join(format!("cut {commits}"));
        crate::world::copy(&whole, &cut);
        let disk = Failing::after(commits);
        let store = SledStore::open(&cut, Settings { disk, ..Settings::default() }).unwrap();
        let trimmed = store.trim(&name, second.clone()).await;
        drop(store);
        let store = open(&cut);
        let after = kept(&store, &name).await;
        let is_new = after.0.as_ref() == Some(&second);
        assert!(after == before || (is_new && after.1 == all[120..]), "after {commits} commits");
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        outcomes.push(is_new);
        // Whatever was left is cleared away by the next try, or by a compaction.
        if commits % 2 == 0 {
            store.trim(&name, second.clone()).await.unwrap();
        }
        drop(store);
        compact::run(&cut, Settings::default(), |_| {}).unwrap();
        let rows = database(&cut.join("store-2"));
        let prefixes = |prefix: &[u8]| rows.scan_prefix(prefix).count();
        let pieces = prefixes(b"x");
        let low = [b"l".as_slice(), &1_u64.to_be_bytes(), &0_u64.to_be_bytes()].concat();
        let edge = if is_new || commits % 2 == 0 { 120_u64 } else { 60 };
        assert_eq!(prefixes(b"z") == 0, edge == 120, "the checkpoint at 90 goes when its place does");
        let high = [b"l".as_slice(), &1_u64.to_be_bytes(), &edge.to_be_bytes()].concat();
        assert_eq!(rows.range(low..=high).count(), 0, "no row of what is dropped is left");
        drop(rows);
        let store = open(&cut);
        let (base, rest) = kept(&store, &name).await;
        assert_eq!((base.unwrap().seq, rest.len()), (Seq(edge), 300 - edge as usize));
        assert!(pieces > 0);
        if trimmed.is_ok() {
            break;
        }
    }
    assert!(outcomes.len() > 6, "{outcomes:?}");
    assert!(!outcomes[0] && outcomes.is_sorted(), "first the old, then the new: {outcomes:?}");
}

const DIR: &str = "WEFT_STORE_TRIM_DIR";

#[test]
#[ignore = "not a test: the process that the test below starts and kills"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let store = Arc::new(open(Path::new(&dir)));
        let name = doc("d");
        let mut out = std::io::stdout();
        writeln!(out, "\nstarted").unwrap();
        loop {
            let (old, rest) = kept(&store, &name).await;
            let (edge, head) = (old.map_or(0, |base| base.seq.0), rest.last().map_or(0, |last| last.seq.0));
            let writing = tokio::spawn({
                let (store, name) = (store.clone(), name.clone());
                async move {
                    for number in head..head + 40 {
                        store.append(&name, one(number, 30)).await.unwrap();
                    }
                }
            });
            if rest.len() > 60 {
                let mut next = base(&rest, &[], edge + 45);
                next.moments[0].update = update(edge + 45, 100_000);
                store.trim(&name, next).await.unwrap();
            }
            writing.await.unwrap();
            store.pack(&name, Seq(u64::MAX)).await.unwrap();
            let seq = store.head(&name).await.unwrap().unwrap();
            writeln!(out, "saved {} .", seq.0).unwrap();
            out.flush().unwrap();
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_is_what_it_was_or_what_it_becomes() {
    let (dir, name) = (tempfile::tempdir().unwrap(), doc("d"));
    let mut edges = Vec::new();
    for _ in 0..16 * soak() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "trimming::child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut saved = 0;
        let mut hear = |line: &str| {
            let number = line.strip_prefix("saved ").and_then(|line| line.strip_suffix(" ."));
            saved = number.map_or(saved, |number| number.parse().unwrap());
        };
        assert!(lines.by_ref().inspect(|line| hear(line)).any(|line| line.starts_with("saved")));
        let wait = Duration::from_millis(rand::rng().random_range(0..300));
        let killer = std::thread::spawn(move || {
            std::thread::sleep(wait);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        lines.for_each(|line| hear(&line));
        killer.join().unwrap();

        let store = open(dir.path());
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        let (base, rest) = kept(&store, &name).await;
        let edge = base.as_ref().map_or(0, |base| base.seq.0);
        if let Some(base) = base {
            assert!(base.moments[0].update == update(edge, 100_000), "it is whole");
        }
        assert!(rest.iter().all(|record| record.batch.number == record.seq.0 - 1), "nothing else went");
        assert!(edge + rest.len() as u64 >= saved, "nothing that was saved went");
        edges.push(edge);
    }
    assert!(edges.is_sorted() && edges.last() > edges.first(), "it got on: {edges:?}");
}

#[tokio::test]
async fn a_damaged_base_is_named_and_the_records_after_it_are_read() {
    let (dir, name) = (tempfile::tempdir().unwrap(), doc("d"));
    let store = open(dir.path());
    let all = filled(&store, &name).await;
    store.trim(&name, base(&all, &[5], 60)).await.unwrap();
    drop(store);
    let db = database(&dir.path().join("store-1"));
    let (key, value) = db.scan_prefix(b"x").next().unwrap().unwrap();
    let mut value = value.to_vec();
    value[7] ^= 1;
    db.insert(key, value).unwrap();
    db.flush().unwrap();
    drop(db);
    let store = open(dir.path());
    let Err(StoreError::Damaged { doc: Some(of), what, .. }) = store.base(&name).await else {
        panic!("the damage was not noticed")
    };
    assert!(of == name && what.contains("older records"), "{what}");
    assert!(store.read(&name, Seq(60), usize::MAX).await.unwrap().records == all[60..]);
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.damages, report.records), (1, 240), "{:?}", report.named);
    assert_eq!(store.append(&name, one(300, 30)).await, Ok(Seq(301)));
    let mut file = Vec::new();
    let summary = weft_store::backup::write(&store, &mut file, |_| {}).await.unwrap();
    assert_eq!(summary.damaged.len(), 1, "a backup says so too");
}
