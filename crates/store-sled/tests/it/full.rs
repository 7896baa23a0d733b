//! A full disk: writers are told, readers are served, and writing resumes by itself when there is room.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use weft_store::contract::doc;
use weft_store::{Log, StoreError};
use weft_store_sled::check;

use crate::world::{one, open, records};

const DIR: &str = "WEFT_STORE_FULL_DIR";
const FILE_BYTES_MAX: u64 = 6 << 20;

#[test]
#[ignore = "not a test: the process that the test below starts with a limit on its files"]
fn child() {
    let Ok(dir) = std::env::var(DIR) else { return };
    let say = |word: String| {
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{word}").unwrap();
        out.flush().unwrap();
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async move {
        let store = open(Path::new(&dir));
        let name = doc("d");
        // More than the disk takes at once.
        let large = store.append(&doc("large"), one(0, 7 << 20)).await;
        assert!(matches!(large, Err(StoreError::Full { .. })), "{large:?}");
        assert_eq!(store.head(&doc("large")).await, Ok(None), "nobody sees what was not stored");
        while let Err(error) = store.append(&name, one(0, 3000)).await {
            assert!(error.may_pass(), "{error:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let mut number = 1;
        let error = loop {
            match store.append(&name, one(number, 3000)).await {
                Ok(_) => number += 1,
                Err(error) => break error,
            }
        };
        assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
        let seen = records(&store, &name).await.unwrap().len() as u64;
        assert_eq!(seen, number, "what was acknowledged is still read, and no more");
        say(format!("full {number}"));
        let start = Instant::now();
        for more in number..number + 200 {
            // Some may find a place in what the database has to spare; all of them need more room.
            while let Err(error) = store.append(&name, one(more, 3000)).await {
                assert!(error.may_pass(), "{error:?}");
                assert!(start.elapsed() < Duration::from_secs(60), "{error}");
                let seen = records(&store, &name).await.unwrap().len() as u64;
                assert_eq!(seen, more, "what was acknowledged is still read, and no more");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let records = records(&store, &name).await.unwrap();
        assert!(records.iter().enumerate().all(|(at, record)| record.batch.number == at as u64));
        assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
        say(format!("done {}", records.len()));
    });
}

#[test]
fn a_full_disk_is_told_and_writing_resumes_by_itself() {
    if Command::new("prlimit").arg("--version").stdout(Stdio::null()).status().is_err() {
        eprintln!("skipped: there is no prlimit here to make a disk look full");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    // Ignored, so that a write past the limit fails as one on a full disk does, and does not end the process.
    let mut child = Command::new("sh")
        .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", "prlimit"])
        .arg(format!("--fsize={FILE_BYTES_MAX}:unlimited"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "full::child", "--ignored", "--nocapture", "--test-threads=1"])
        .env(DIR, dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut words = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut wait_for = |word: &str| words.by_ref().find(|line| line.starts_with(word));
    assert!(wait_for("full").is_some(), "the limit was met, and told");
    std::thread::sleep(Duration::from_millis(700));
    let pid = child.id().to_string();
    let raised =
        Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited:unlimited"]).status().unwrap();
    assert!(raised.success());
    assert!(wait_for("done").is_some(), "writing resumed by itself");
    assert!(child.wait().unwrap().success());
}
