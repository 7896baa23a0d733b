//! What the tests share: stores, their content, and copies of them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};

use bytes::Bytes;
use weft_ids::{DocId, Seq};
use weft_store::contract::{batch, doc, edit};
use weft_store::{Batch, BatchId, CheckpointKind, Checkpoints, Expect, Log, Meta, Record, StoreError};
use weft_store_sled::{Disk, Settings, SledStore};

/// How many times as long the long tests are to run: `WEFT_STORE_SOAK=20` for a night.
pub(crate) fn soak() -> u64 {
    std::env::var("WEFT_STORE_SOAK").ok().and_then(|times| times.parse().ok()).unwrap_or(1)
}

pub(crate) fn open(dir: &Path) -> SledStore {
    SledStore::open(dir, Settings::default()).unwrap()
}

/// An update of `len` bytes that says which one it is.
pub(crate) fn update(number: u64, len: usize) -> Bytes {
    let mut bytes = format!("update {number} ").into_bytes();
    bytes.extend((bytes.len()..len).map(|at| (at as u64 * 31 + number) as u8));
    bytes.into()
}

pub(crate) fn one(number: u64, len: usize) -> Batch {
    Batch { id: BatchId { writer: 1, number }, records: vec![edit(number, update(number, len))] }
}

/// Everything a store says.
#[derive(PartialEq, Debug, Default)]
pub(crate) struct Content {
    pub(crate) documents: BTreeMap<DocId, Result<Vec<Record>, StoreError>>,
    pub(crate) meta: Option<Vec<(String, Bytes)>>,
}

pub(crate) async fn content(store: &SledStore) -> Result<Content, StoreError> {
    let mut content = Content::default();
    for info in store.documents(None, usize::MAX).await? {
        let records = records(store, &info.doc).await;
        content.documents.insert(info.doc, records);
    }
    if let Ok(rows) = store.list("", None, usize::MAX).await {
        content.meta = Some(rows.into_iter().map(|row| (row.key, row.value.bytes)).collect());
    }
    Ok(content)
}

pub(crate) async fn records(store: &SledStore, doc: &DocId) -> Result<Vec<Record>, StoreError> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(Seq::ZERO, |record| record.seq);
        let page = store.read(doc, after, 64 << 10).await?;
        if page.records.is_empty() {
            assert_eq!(after, page.head, "a page is empty at the head only");
            return Ok(records);
        }
        records.extend(page.records);
    }
}

/// Some documents with small and large records, checkpoints, meta rows.
pub(crate) async fn fill(store: &SledStore) {
    for index in 0..30_u64 {
        let doc = doc(&format!("document {index}"));
        for number in 0..20 {
            store.append(&doc, batch(number, &["typed", "and more typed text"])).await.unwrap();
        }
        store.append(&doc, one(20, 700 * index as usize)).await.unwrap();
        store.save(&doc, CheckpointKind::Live, Seq(30), update(index, 3000)).await.unwrap();
        let value = update(index, 200 * index as usize);
        store.put(&format!("page/{index}"), value, Expect::Absent).await.unwrap();
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        // sled renames its snapshot while we look.
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => copy(&entry.path(), &to),
            _ => drop(std::fs::copy(entry.path(), to)),
        }
    }
}

/// A disk that copies a store before and after it makes something durable: a copy holds what a process that is killed at
/// that moment leaves.
#[derive(Debug)]
pub(crate) struct Cuts {
    store: PathBuf,
    folder: tempfile::TempDir,
    taken: AtomicUsize,
}

impl Cuts {
    pub(crate) fn of(store: &Path) -> Self {
        Self { store: store.to_owned(), folder: tempfile::tempdir().unwrap(), taken: AtomicUsize::new(0) }
    }

    /// Copies the store, and gives the number of the copy.
    pub(crate) fn take(&self) -> usize {
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        copy(&self.store, &self.at(number));
        number
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(Ordering::Relaxed)
    }

    pub(crate) fn at(&self, number: usize) -> PathBuf {
        self.folder.path().join(number.to_string())
    }
}

impl Disk for Cuts {
    fn sync(&self, database: &File, _: &Path) -> io::Result<()> {
        self.take();
        database.sync_data()?;
        self.take();
        Ok(())
    }
}

pub(crate) fn bytes(folder: &Path) -> u64 {
    let size = |entry: std::fs::DirEntry| {
        let meta = entry.metadata().unwrap();
        if meta.is_dir() { bytes(&entry.path()) } else { meta.len() }
    };
    std::fs::read_dir(folder).unwrap().flatten().map(size).sum()
}

/// The database of a store that was closed, to be looked into behind its back.
pub(crate) fn database(folder: &std::path::Path) -> sled::Db {
    // sled lets go of its lock when the last of its threads has ended, and tells nobody when that is.
    let mut patience = 500;
    loop {
        match sled::Config::new().path(folder).open() {
            Ok(db) => return db,
            Err(sled::Error::Io(error)) if patience > 0 && error.to_string().contains("lock") => {
                patience -= 1;
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            Err(error) => panic!("{error}"),
        }
    }
}

/// A disk that takes so many commits and no more.
#[derive(Debug)]
pub(crate) struct Failing(AtomicI64);

impl Failing {
    pub(crate) fn after(commits: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(commits)))
    }
}

impl Disk for Failing {
    fn sync(&self, database: &File, _: &Path) -> io::Result<()> {
        if self.0.fetch_sub(1, Ordering::Relaxed) <= 0 {
            return Err(io::Error::other("told to"));
        }
        database.sync_data()
    }
}
