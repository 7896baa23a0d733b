//! A store that cannot be opened says why, with which file, and what can be done.

use std::path::Path;

use weft_store::Log;
use weft_store::contract::doc;
use weft_store_sled::{OpenError, Settings, SledStore};

use crate::world::{content, fill, one, open};

fn refusal(dir: &Path) -> OpenError {
    SledStore::open(dir, Settings::default()).map(drop).unwrap_err()
}

#[test]
fn a_store_in_use_is_refused_with_the_process_that_uses_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let error = refusal(dir.path());
    let pid = std::process::id();
    assert!(matches!(&error, OpenError::InUse { pid: Some(of), .. } if *of == pid));
    assert!(error.to_string().contains(&format!("already in use by process {pid}")), "{error}");
    drop(store);
    drop(open(dir.path()));
}

#[tokio::test]
async fn a_newer_format_is_refused_by_both_numbers_and_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).append(&doc("d"), one(1, 20)).await.unwrap();
    std::fs::write(dir.path().join("FORMAT"), "weft-store 5\n").unwrap();
    let error = refusal(dir.path());
    assert!(matches!(&error, OpenError::NewerFormat { found: 5, known: 4, .. }));
    let text = error.to_string();
    assert!(text.contains("FORMAT") && text.contains("format 5") && text.contains("up to 4"), "{text}");
    std::fs::write(dir.path().join("FORMAT"), "weft-store 4\n").unwrap();
    drop(open(dir.path()));
}

#[test]
fn a_directory_that_cannot_be_written_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a file");
    std::fs::write(&file, "").unwrap();
    for path in [file.clone(), file.join("below"), "/proc/weft-store".into()] {
        let error = refusal(&path);
        assert!(matches!(&error, OpenError::NotWritable { .. }), "{error:?}");
        let text = error.to_string();
        assert!(text.contains(path.to_str().unwrap()) && text.contains("cannot be written"), "{text}");
    }
}

#[tokio::test]
async fn a_database_that_is_gone_or_shorter_than_confirmed_is_refused_and_the_backup_named() {
    let (dir, backups) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fill(&open(dir.path())).await;
    let backup = backups.path().join("monday.weft");
    std::fs::write(&backup, "").unwrap();
    std::fs::remove_file(dir.path().join("store-1/db")).unwrap();
    let settings = Settings { backups: Some(backups.path().into()), ..Settings::default() };
    let error = SledStore::open(dir.path(), settings).map(drop).unwrap_err();
    assert!(matches!(&error, OpenError::Damaged { .. }));
    let text = error.to_string();
    assert!(text.contains("store-1/db") && text.contains(backup.to_str().unwrap()), "{text}");
    assert!(text.contains("weft restore"), "{text}");
}

#[tokio::test]
async fn a_damaged_snapshot_is_moved_aside_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path())).await;
    // The second opening writes the snapshot.
    let before = content(&open(dir.path())).await.unwrap();
    let database = dir.path().join("store-1");
    let snapshots = || {
        let entries = std::fs::read_dir(&database).unwrap().flatten();
        entries.map(|it| it.path()).filter(|it| it.to_str().unwrap().contains("/snap.")).collect::<Vec<_>>()
    };
    assert_eq!(snapshots().len(), 1);
    std::fs::write(&snapshots()[0], "garbage, and enough of it").unwrap();
    assert_eq!(content(&open(dir.path())).await.unwrap(), before);
}
