//! `kill -9` at any moment: nothing acknowledged is missing, and nothing is half there.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use weft_ids::Seq;
use weft_store::contract::{doc, edit};
use weft_store::{Batch, BatchId, CheckpointKind, Checkpoints, Expect, Log, Meta, Upkeep};
use weft_store_sled::check;

use crate::world::{open, records, soak, update};

const KILLS: u64 = 32;
const DIR: &str = "WEFT_STORE_CHILD_DIR";
const LIFE: &str = "WEFT_STORE_CHILD_LIFE";

/// The batch that writer `life` of a document appends as its `number`th: mostly small, at times large.
fn planned(life: u64, number: u64) -> Batch {
    let sizes: &[usize] = match number % 16 {
        3 => &[20, 20, 20],
        7 => &[5000],
        11 => &[20, 30_000, 20],
        15 => &[700_000, 20],
        _ => &[20],
    };
    let id = BatchId { writer: life, number };
    let edit = |(index, size): (usize, &usize)| edit(number, update(number * 10 + index as u64, *size));
    Batch { id, records: sizes.iter().enumerate().map(edit).collect() }
}

#[test]
#[ignore = "not a test: the process that the test below starts and kills"]
fn child() {
    let (Ok(dir), Ok(life)) = (std::env::var(DIR), std::env::var(LIFE)) else { return };
    let life: u64 = life.parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let store = Arc::new(open(Path::new(&dir)));
        let writers: Vec<_> = (0..6)
            .map(|room| {
                let store = store.clone();
                tokio::spawn(async move {
                    let doc = doc(&format!("room {room}"));
                    for number in 0.. {
                        let seq = store.append(&doc, planned(life, number)).await.unwrap();
                        say(room, number, seq);
                        if number % 16 == 5 {
                            store.pack(&doc, seq).await.unwrap();
                        }
                        if number % 8 == 7 {
                            store.save(&doc, CheckpointKind::Live, seq, update(seq.0, 20_000)).await.unwrap();
                            store.keep_newest(&doc, CheckpointKind::Live, 2).await.unwrap();
                            let value = update(seq.0, 3000);
                            store.put(&format!("room {room}"), value, Expect::Any).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
    });
}

/// Tells the parent. The dot says that the line is whole: a kill may cut it.
fn say(room: u64, number: u64, seq: Seq) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "acked {room} {number} {} .", seq.0).unwrap();
    out.flush().unwrap();
}

fn start(dir: &Path, life: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .env(LIFE, life.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kill_9_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let mut acked: HashMap<(u64, u64, u64), u64> = HashMap::new();
    for life in 0..KILLS * soak() {
        let mut child = start(dir.path(), life);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().and_then(Result::ok);
        let mut ack = |line: &str| {
            // The first answer may share its line with what the test harness says.
            let Some((_, answer)) = line.split_once("acked ") else { return };
            let Some(answer) = answer.strip_suffix(" .") else { return };
            let fields: Vec<u64> = answer.split(' ').map_while(|field| field.parse().ok()).collect();
            if let [room, number, seq] = fields[..] {
                acked.insert((life, room, number), seq);
            }
        };
        while let Some(line) = next() {
            ack(&line);
            if line.contains("acked") {
                break;
            }
        }
        let wait = Duration::from_millis(rand::rng().random_range(0..120));
        let killer = std::thread::spawn(move || {
            std::thread::sleep(wait);
            child.kill().unwrap();
            child.wait().unwrap();
        });
        while let Some(line) = next() {
            ack(&line);
        }
        killer.join().unwrap();
    }
    assert!(acked.len() as u64 > KILLS * 5, "the children got to work: {}", acked.len());

    let store = open(dir.path());
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!(report.named, [], "the chains are whole");
    let mut found = HashMap::new();
    for room in 0..6_u64 {
        let name = doc(&format!("room {room}"));
        let records = records(&store, &name).await.unwrap();
        for batch in records.chunk_by(|a, b| a.batch == b.batch) {
            let BatchId { writer, number } = batch[0].batch;
            let updates: Vec<_> = planned(writer, number).records.into_iter().map(|it| it.update).collect();
            let stored: Vec<_> = batch.iter().map(|it| it.update.clone()).collect();
            assert!(stored == updates, "a batch is there whole or not at all");
            let last = batch.last().unwrap().seq.0;
            assert_eq!(found.insert((writer, room, number), last), None, "and once");
        }
        let newest = store.newest(&name, CheckpointKind::Live, Seq(u64::MAX)).await.unwrap();
        if let Some(checkpoint) = newest {
            assert!(checkpoint.state == update(checkpoint.seq.0, 20_000));
        }
        if let Some(value) = store.get(&format!("room {room}")).await.unwrap() {
            assert_eq!(value.bytes.len(), 3000);
        }
    }
    for (batch, seq) in &acked {
        let stored = found.get(batch).copied();
        assert!(stored.is_some(), "acknowledged and missing: {batch:?}");
        assert!(stored == Some(*seq), "{batch:?} was acknowledged at {seq}, found at {stored:?}");
    }
}
