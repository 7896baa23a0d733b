//! One document's log replaced by another one: nothing of the old one is left on disk, whatever cuts it short.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use rand::RngExt;
use weft_ids::{DocId, Seq};
use weft_store::contract::{base, doc};
use weft_store::{CheckpointKind, Checkpoints, Expect, Log, Meta, Record, Upkeep};
use weft_store_sled::compact::{self, CompactError, Rewritten, Step};
use weft_store_sled::{Settings, SledStore, check};

use crate::world::{Content, Cuts, content, fill, one, open, records, soak, update};

const SECRET: &[u8] = b"correct horse battery staple";

fn secret(name: &DocId) -> bool {
    name == &doc("secret")
}

/// 30 other documents, and one with the secret in records, a segment, a checkpoint and a value.
async fn filled(store: &SledStore) -> Vec<Record> {
    fill(store).await;
    let name = doc("secret");
    for number in 0..300 {
        let mut batch = one(number, 30);
        if number % 100 == 50 {
            batch.records[0].update = Bytes::from_static(SECRET);
        }
        store.append(&name, batch).await.unwrap();
    }
    store.pack(&name, Seq(200)).await.unwrap();
    store.save(&name, CheckpointKind::Live, Seq(290), Bytes::from_static(SECRET)).await.unwrap();
    let large = [SECRET, &update(1, 9000)].concat();
    store.put("small", Bytes::from_static(SECRET), Expect::Any).await.unwrap();
    store.put("large", large.into(), Expect::Any).await.unwrap();
    records(store, &name).await.unwrap()
}

/// The same log without it, its hashes computed anew.
fn without(records: &[Record]) -> Rewritten {
    let mut records = records.to_vec();
    let mut prev = records[0].prev;
    for record in &mut records {
        record.prev = prev;
        if record.update == SECRET {
            record.update = Bytes::from_static(b"gone");
        }
        prev = record.hash();
    }
    let meta = vec![
        ("small".into(), Some(Bytes::from_static(b"nothing"))),
        ("large".into(), None),
        ("new".into(), Some(update(7, 5000))),
    ];
    Rewritten { doc: doc("secret"), base: None, records, meta }
}

/// Whether the bytes stand in any file of a folder.
fn found(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => found(&entry.path(), bytes),
        _ => std::fs::read(entry.path()).unwrap().windows(bytes.len()).any(|window| window == bytes),
    })
}

fn others(content: Content) -> Vec<(DocId, Vec<Record>)> {
    let documents = content.documents.into_iter().filter(|(name, _)| !secret(name));
    documents.map(|(name, records)| (name, records.unwrap())).collect()
}

#[tokio::test]
async fn cut_short_at_any_step_it_is_the_old_or_the_new_and_the_new_holds_no_byte_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old = filled(&store).await;
    let before = content(&store).await.unwrap();
    drop(store);
    assert!(found(dir.path(), SECRET), "it can be found");
    let rewritten = without(&old);
    let cuts = Arc::new(Cuts::of(dir.path()));
    let settings = Settings { disk: cuts.clone(), ..Settings::default() };
    let mut switched = usize::MAX;
    compact::rewrite(dir.path(), settings, &rewritten, |step| {
        let cut = cuts.take();
        if step == Step::Switched {
            switched = cut;
        }
    })
    .unwrap();
    assert!(!found(dir.path(), SECRET));
    assert!(switched > 12 && switched < cuts.taken(), "{switched} of {}", cuts.taken());
    let meta = [("new", update(7, 5000)), ("small", Bytes::from_static(b"nothing"))];
    let rest = others(before);
    for at in 0..=cuts.taken() {
        let cut = if at == cuts.taken() { dir.path().to_owned() } else { cuts.at(at) };
        let store = open(&cut);
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        let is = records(&store, &doc("secret")).await.unwrap();
        let is_new = at >= switched;
        assert!(is == if is_new { rewritten.records.clone() } else { old.clone() }, "cut {at}");
        let now = content(&store).await.unwrap();
        if is_new {
            let rows = now.meta.clone().unwrap();
            for (key, value) in &meta {
                assert!(rows.iter().any(|(name, bytes)| name == key && bytes == value), "{key}");
            }
            assert!(rows.iter().all(|(name, _)| name != "large"));
            let newest = store.newest(&doc("secret"), CheckpointKind::Live, Seq(300)).await.unwrap();
            assert_eq!(newest, None, "what was derived is derived anew");
            assert_eq!(
                store.append(&doc("secret"), one(299, 30)).await,
                Ok(Seq(300)),
                "the last batches are known"
            );
            assert_eq!(store.append(&doc("secret"), one(300, 30)).await, Ok(Seq(301)));
            let rev = store.put("later", Bytes::new(), Expect::Absent).await.unwrap();
            assert!(rev > store.get("new").await.unwrap().unwrap().rev, "revisions go on");
        }
        drop(store);
        assert!(others(now) == rest, "the others are as they were");
        if is_new {
            assert!(!found(&cut, SECRET), "also what was left of the old database is gone by opening");
        }
    }
}

#[tokio::test]
async fn a_document_whose_older_records_are_not_kept_is_rewritten_with_its_base() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old = filled(&store).await;
    let mut kept = base(&old, &[51], 120);
    kept.moments[0].update = Bytes::from_static(SECRET);
    store.trim(&doc("secret"), kept.clone()).await.unwrap();
    drop(store);
    kept.moments[0].update = Bytes::from_static(b"gone");
    let Rewritten { doc: name, meta, .. } = without(&old);
    let mut records = old[120..].to_vec();
    records.retain(|record| record.seq <= Seq(140));
    let rewritten = Rewritten { doc: name.clone(), base: Some(kept.clone()), records: records.clone(), meta };
    compact::rewrite(dir.path(), Settings::default(), &rewritten, |_| {}).unwrap();
    let store = open(dir.path());
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
    assert_eq!(store.base(&name).await, Ok(Some(kept)));
    assert!(store.read(&name, Seq(120), usize::MAX).await.unwrap().records == records);
    drop(store);
    assert!(!found(dir.path(), SECRET));
}

#[tokio::test]
async fn a_log_that_does_not_follow_and_a_document_that_is_not_there_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old = filled(&store).await;
    let before = content(&store).await.unwrap();
    drop(store);
    let mut broken = without(&old);
    broken.records.remove(7);
    let nobody = Rewritten { doc: doc("nobody"), ..without(&old) };
    for bad in [broken, nobody] {
        let refused = compact::rewrite(dir.path(), Settings::default(), &bad, |_| {});
        assert!(matches!(refused, Err(CompactError::Store(_))), "{refused:?}");
    }
    assert!(content(&open(dir.path())).await.unwrap() == before);
}

const DIR: &str = "WEFT_STORE_REWRITE_DIR";

#[test]
#[ignore = "not a test: the process that the test below starts and kills"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut out = std::io::stdout().lock();
    writeln!(out, "\nstarted").unwrap();
    out.flush().unwrap();
    loop {
        let old = runtime.block_on(async { records(&open(Path::new(&dir)), &doc("secret")).await.unwrap() });
        compact::rewrite(Path::new(&dir), Settings::default(), &without(&old), |_| {}).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_is_the_old_or_the_new() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let old = filled(&store).await;
    drop(store);
    let new = without(&old).records;
    let (mut olds, mut news) = (0, 0);
    for life in 0..16 * soak() {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "rewriting::child", "--ignored", "--nocapture", "--test-threads=1"])
            .env(DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line == "started"));
        std::thread::sleep(Duration::from_millis(rand::rng().random_range(0..60 * (life + 1))));
        child.kill().unwrap();
        child.wait().unwrap();
        let is = records(&open(dir.path()), &doc("secret")).await.unwrap();
        if is == new {
            news += 1;
            assert!(!found(dir.path(), SECRET));
        } else {
            olds += 1;
            assert!(is == old && news == 0, "once new it stays so");
        }
    }
    assert!(olds + news > 0);
}
