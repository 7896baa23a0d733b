use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use sled::Db;
use weft_ids::{DocId, Seq};
use weft_store::StoreError;

use crate::Settings;
use crate::rows::{NameRow, get};
use crate::witness::Witness;

/// The open database.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) db: Db,
    /// sled's file once more, to sync it: sled's own flush is none.
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

/// What readers and the writer share.
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    /// Where sled's files are.
    pub(crate) database: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) witness: Witness,
    /// `None` while it is being opened anew after a failure of the disk. Readers hold it for one page.
    engine: RwLock<Option<Engine>>,
    /// Taken for writing while a commit is applied, for reading by whoever wants to see one moment.
    pub(crate) moment: RwLock<()>,
    /// Documents whose newest records may not be durable, since the commit that brought them failed, and how far
    /// they are. Empty but for the time of a failing disk.
    unsure: RwLock<HashMap<DocId, Seq>>,
}

impl Shared {
    pub(crate) fn new(dir: PathBuf, settings: Settings, witness: Witness, engine: Engine) -> Self {
        let database = engine.path.clone();
        let engine = RwLock::new(Some(engine));
        let (moment, unsure) = (RwLock::default(), RwLock::default());
        Self { dir, database, settings, witness, engine, moment, unsure }
    }

    /// Calls `read` with the database.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        match &*engine {
            Some(engine) => read(engine),
            None => Err(StoreError::Unavailable { what: "the database is being opened again".into() }),
        }
    }

    /// Takes the database away from readers, waiting for those who read, and closes it.
    pub(crate) fn close(&self) {
        let engine = self.engine.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(engine);
    }

    /// Gives readers a database again: all of it if it is `sure` to be durable.
    pub(crate) fn reopened(&self, engine: Engine, sure: bool) {
        let mut current = self.engine.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(engine);
        if sure {
            self.unsure.write().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// From now on readers of `doc` see nothing behind `durable`.
    pub(crate) fn doubt(&self, doc: DocId, durable: Seq) {
        let mut unsure = self.unsure.write().unwrap_or_else(PoisonError::into_inner);
        unsure.entry(doc).or_insert(durable);
    }

    /// The last place of `doc` that readers may see.
    pub(crate) fn ceiling(&self, doc: &DocId) -> Option<Seq> {
        self.unsure.read().unwrap_or_else(PoisonError::into_inner).get(doc).copied()
    }

    /// Holds off commits while the guard lives.
    pub(crate) fn one_moment(&self) -> RwLockReadGuard<'_, ()> {
        self.moment.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn disk_bytes(&self) -> u64 {
        folder_bytes(&self.database)
    }
}

pub(crate) fn folder_bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    let bytes = |entry: std::fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => folder_bytes(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.flatten().map(bytes).sum()
}

/// The row of a document's name.
pub(crate) fn name_row(db: &Db, doc: &DocId) -> Result<Option<NameRow>, StoreError> {
    let row =
        get(db, &crate::keys::name(doc)).and_then(|row| row.map(|row| NameRow::decode(&row)).transpose());
    row.map_err(|error| error.of(Some(doc)))
}
