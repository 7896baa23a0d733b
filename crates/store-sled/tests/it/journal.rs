//! What the journal holds and the database does not is there whatever ends the process, or the store is not opened.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use weft_store::contract::doc;
use weft_store::{Log, Upkeep, backup};
use weft_store_sled::{OpenError, Settings, SledStore, check, compact};

use crate::damage::{Outcome, flip, outcome};
use crate::world::{content, copy, fill, one, open, records, soak};

const COPIES: u64 = 40;

/// A store as a process that was killed leaves it, its newest commits in the journal alone; and what is in it.
async fn killed(left: &Path) -> crate::world::Content {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    fill(&store).await;
    for number in 30..60 {
        store.append(&doc("document 3"), one(number, 40)).await.unwrap();
    }
    store.pack(&doc("document 3"), weft_ids::Seq(u64::MAX)).await.unwrap();
    store.append(&doc("new"), one(1, 40)).await.unwrap();
    copy(dir.path(), left);
    content(&store).await.unwrap()
}

fn journal(dir: &Path) -> std::path::PathBuf {
    dir.join("store-1/JOURNAL")
}

#[tokio::test]
async fn what_only_the_journal_holds_is_read_checked_backed_up_and_compacted() {
    let dir = tempfile::tempdir().unwrap();
    let truth = killed(dir.path()).await;
    let store = open(dir.path());
    assert!(content(&store).await.unwrap() == truth);
    let report = check::run(&store, |_| {}).unwrap();
    assert_eq!((report.named, report.documents), (vec![], 31));
    let mut file = Vec::new();
    backup::write(&store, &mut file, |_| {}).await.unwrap();
    let (_, again) = (drop(store), tempfile::tempdir().unwrap());
    let restored = open(again.path());
    backup::read(&restored, io::Cursor::new(&file), |_| {}).await.unwrap();
    assert!(content(&restored).await.unwrap() == truth);

    // Once more as it was left: a compaction finds the journal too, and what it writes needs none.
    let (dir, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let truth = killed(dir.path()).await;
    compact::run(dir.path(), Settings::default(), |_| {}).unwrap();
    copy(dir.path(), fresh.path());
    assert!(!fresh.path().join("store-2/JOURNAL").exists());
    let store = open(fresh.path());
    assert!(content(&store).await.unwrap() == truth);
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
}

#[tokio::test]
async fn writing_goes_on_behind_what_the_journal_holds() {
    let (dir, again) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    killed(dir.path()).await;
    let store = open(dir.path());
    let head = store.head(&doc("new")).await.unwrap().unwrap();
    assert_eq!(store.append(&doc("new"), one(1, 40)).await, Ok(head), "the last batch is known");
    assert_eq!(store.append(&doc("new"), one(2, 40)).await, Ok(head.next()));
    copy(dir.path(), again.path());
    let store = open(again.path());
    assert_eq!(records(&store, &doc("new")).await.unwrap().len(), 2, "killed once more");
}

#[tokio::test]
async fn a_journal_that_is_gone_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path()).await;
    std::fs::remove_file(journal(dir.path())).unwrap();
    let error = SledStore::open(dir.path(), Settings::default()).map(drop).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, OpenError::Damaged { .. }) && text.contains("were confirmed"), "{text}");
}

#[tokio::test]
async fn a_journal_that_lacks_a_commit_is_refused_by_name_with_what_can_be_done() {
    let dir = tempfile::tempdir().unwrap();
    killed(dir.path()).await;
    // As after a power cut, which may have taken the count of commits.
    std::fs::remove_file(dir.path().join("WITNESS")).unwrap();
    let file = OpenOptions::new().write(true).open(journal(dir.path())).unwrap();
    file.write_all_at(&[0; 8], 64).unwrap();
    let error = SledStore::open(dir.path(), Settings::default()).map(drop).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("JOURNAL") && text.contains("was written after it"), "{text}");
    assert!(
        text.contains("weft restore") && text.contains("To go on without what is lost, delete it"),
        "{text}"
    );
    std::fs::remove_file(journal(dir.path())).unwrap();
    assert!(!content(&open(dir.path())).await.unwrap().documents.is_empty(), "that way is open");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_journal_gives_everything_or_the_store_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let truth = killed(dir.path()).await;
    let mut refused = 0;
    for case in 0..COPIES * soak() {
        let mut random = StdRng::seed_from_u64(case);
        let hurt = tempfile::tempdir().unwrap();
        copy(dir.path(), hurt.path());
        let file = OpenOptions::new().read(true).write(true).open(journal(hurt.path())).unwrap();
        let len = file.metadata().unwrap().len();
        let at = random.random_range(0..len);
        let how = match case % 4 {
            0 => {
                file.set_len(at).unwrap();
                format!("cut at {at}")
            }
            1 => {
                file.write_all_at(&[0; 512], at).unwrap();
                format!("a sector zeroed at {at}")
            }
            _ => format!("a bit flipped at {}", flip(&file, &mut random)),
        };
        match outcome(hurt.path(), &truth, &format!("case {case}, {how}")).await {
            Outcome::Right => {}
            Outcome::Refused => refused += 1,
            Outcome::Flagged => panic!("case {case}, {how}: records of the journal are whole or missed"),
        }
    }
    assert!(refused > COPIES / 8, "the damage did something: {refused}");
}
