use std::io::Cursor;

use bytes::Bytes;
use weft_ids::Seq;

use super::*;
use crate::checkpoint::{CheckpointKind, Checkpoints};
use crate::contract::{all, batch, doc, hostile_names};
use crate::log::Log;
use crate::memory::MemoryStore;
use crate::meta::{Expect, Meta};

/// What version 1 wrote. Never regenerate this.
const BACKUP_1: &[u8] = include_bytes!("../../fixtures/backup-1.weft");

async fn filled() -> MemoryStore {
    let store = MemoryStore::new();
    for (index, name) in hostile_names().iter().enumerate() {
        for number in 0..(index as u64 % 5 + 1) {
            store.append(&doc(name), batch(number, &["one", "two", name])).await.unwrap();
        }
        store.save(&doc(name), CheckpointKind::Live, Seq(1), Bytes::from_static(b"derived")).await.unwrap();
    }
    for key in ["a", "space/1", "space/2", "\u{10ffff}"] {
        store.put(key, Bytes::copy_from_slice(key.as_bytes()), Expect::Absent).await.unwrap();
    }
    store
}

async fn backup(store: &dyn Store) -> Vec<u8> {
    let mut file = Vec::new();
    write(store, &mut file, |_| {}).await.unwrap();
    file
}

async fn restore(file: &[u8]) -> Result<MemoryStore, BackupError> {
    let store = MemoryStore::new();
    let result = read(&store, Cursor::new(file), |_| {}).await;
    if result.is_err() {
        assert!(store.documents(None, 1).await.unwrap().is_empty(), "refused whole");
        assert!(store.list("", None, 1).await.unwrap().is_empty(), "refused whole");
    }
    result.map(|_| store)
}

#[tokio::test]
async fn what_is_restored_is_what_was_backed_up_to_the_byte() {
    let store = filled().await;
    let file = backup(&store).await;
    let restored = restore(&file).await.unwrap();
    for info in store.documents(None, usize::MAX).await.unwrap() {
        assert_eq!(all(&restored, &info.doc).await, all(&store, &info.doc).await);
        let checkpoint = restored.newest(&info.doc, CheckpointKind::Live, info.head).await.unwrap();
        assert_eq!(checkpoint, None, "checkpoints are derived");
    }
    assert_eq!(
        restored.documents(None, usize::MAX).await.unwrap(),
        store.documents(None, usize::MAX).await.unwrap()
    );
    assert_eq!(restored.get("space/2").await.unwrap().unwrap().bytes, "space/2");
    assert_eq!(backup(&restored).await, file);
}

#[tokio::test]
async fn an_empty_store_is_backed_up_and_restored() {
    let file = backup(&MemoryStore::new()).await;
    assert!(restore(&file).await.unwrap().documents(None, 1).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_backup_cut_anywhere_is_refused_whole() {
    let file = backup(&filled().await).await;
    for cut in (0..file.len()).step_by(7).chain(file.len() - 40..file.len()) {
        let refused = restore(&file[..cut]).await;
        assert!(matches!(refused, Err(BackupError::Damaged(_) | BackupError::NotABackup)), "cut at {cut}");
    }
    let longer: Vec<u8> = file.iter().copied().chain([0]).collect();
    assert!(restore(&longer).await.is_err(), "a byte too many");
}

#[tokio::test]
async fn a_backup_altered_anywhere_is_refused_whole() {
    let file = backup(&filled().await).await;
    for at in (0..file.len()).step_by(5).chain(file.len() - 40..file.len()) {
        let mut altered = file.clone();
        altered[at] ^= 1 << (at % 8);
        assert!(restore(&altered).await.is_err(), "a bit altered at {at}");
    }
}

#[tokio::test]
async fn a_backup_of_a_newer_format_is_refused_by_its_number() {
    let file = backup(&MemoryStore::new()).await;
    let newer = [b"weft backup 3\n", &file[14..]].concat();
    let refused = restore(&newer).await.err().unwrap();
    assert!(matches!(refused, BackupError::NewerFormat { found: 3, known: 2 }));
    assert!(refused.to_string().contains("format 3") && refused.to_string().contains("up to 2"));
    assert!(matches!(restore(b"PK\x03\x04 something else").await, Err(BackupError::NotABackup)));
}

#[tokio::test]
async fn a_backup_is_not_restored_over_something() {
    let file = backup(&filled().await).await;
    let store = MemoryStore::new();
    store.put("k", Bytes::new(), Expect::Absent).await.unwrap();
    assert!(matches!(read(&store, Cursor::new(&file), |_| {}).await, Err(BackupError::NotEmpty)));
}

#[tokio::test]
async fn backups_of_format_1_are_read() {
    let restored = restore(BACKUP_1).await.unwrap();
    let expected = filled().await;
    for info in expected.documents(None, usize::MAX).await.unwrap() {
        assert_eq!(all(&restored, &info.doc).await, all(&expected, &info.doc).await);
    }
}
