use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use sled::Db;
use weft_ids::DocId;
use weft_store::StoreError;

use crate::Settings;
use crate::journal::Write;
use crate::rows::{NameRow, from_io, from_sled, get};
use crate::view::{Recent, View};
use crate::witness::Witness;

/// The open database.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) db: Db,
    /// sled's file once more, to sync it: sled's own flush is none.
    pub(crate) file: File,
    pub(crate) path: PathBuf,
}

/// Why the database did not take the recent rows.
#[derive(Debug)]
pub(crate) struct Unsettled {
    pub(crate) error: StoreError,
    /// The sync itself failed: the system may have dropped pages that it now believes clean.
    pub(crate) in_sync: bool,
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
    /// What is durable in the journal and not in the database.
    recent: RwLock<Arc<Recent>>,
    /// Taken for writing while rows change, for reading by whoever wants to see one moment.
    moment: RwLock<()>,
}

impl Shared {
    pub(crate) fn new(
        dir: PathBuf,
        settings: Settings,
        witness: Witness,
        engine: Engine,
        recent: Recent,
    ) -> Self {
        let database = engine.path.clone();
        let (engine, recent) = (RwLock::new(Some(engine)), RwLock::new(Arc::new(recent)));
        Self { dir, database, settings, witness, engine, recent, moment: RwLock::default() }
    }

    /// Calls `read` with the rows there are.
    pub(crate) fn with<T>(
        &self,
        read: impl FnOnce(&View<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.with_engine(|engine| {
            // First the recent rows, then the database: rows go from here to there, and are here until they are there.
            let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner).clone();
            read(&View::new(&engine.db, recent))
        })
    }

    /// Calls `work` with the database.
    pub(crate) fn with_engine<T>(
        &self,
        work: impl FnOnce(&Engine) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let engine = self.engine.read().unwrap_or_else(PoisonError::into_inner);
        match &*engine {
            Some(engine) => work(engine),
            None => Err(StoreError::Unavailable { what: "the database is being opened again".into() }),
        }
    }

    /// Shows readers what the journal has made durable.
    pub(crate) fn show(&self, writes: Vec<Write>) {
        let _moment = self.moment.write().unwrap_or_else(PoisonError::into_inner);
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        // Whoever reads keeps what there was.
        Arc::make_mut(&mut recent).extend(writes);
    }

    /// Moves all recent rows into the database, durably, in one step.
    pub(crate) fn settle(&self) -> Result<(), Unsettled> {
        let recent = self.recent.read().unwrap_or_else(PoisonError::into_inner).clone();
        if recent.is_empty() {
            return Ok(());
        }
        let mut in_sync = false;
        let settled = self.with_engine(|engine| {
            let mut batch = sled::Batch::default();
            for (key, value) in &*recent {
                match value {
                    Some(value) => batch.insert(key, value),
                    None => batch.remove(key),
                }
            }
            let moment = self.moment.write().unwrap_or_else(PoisonError::into_inner);
            let applied = engine.db.apply_batch(batch);
            drop(moment);
            applied.map_err(|error| from_sled(&error))?;
            engine.db.flush().map_err(|error| from_sled(&error))?;
            let synced = self.settings.disk.sync(&engine.file, &engine.path);
            synced.map_err(|error| {
                in_sync = true;
                from_io(&error)
            })
        });
        settled.map_err(|error| Unsettled { error, in_sync })?;
        *self.recent.write().unwrap_or_else(PoisonError::into_inner) = Arc::default();
        Ok(())
    }

    /// Takes the database away from readers, waiting for those who read, and closes it.
    pub(crate) fn close(&self) {
        let engine = self.engine.write().unwrap_or_else(PoisonError::into_inner).take();
        drop(engine);
    }

    /// Gives readers a database again.
    pub(crate) fn reopened(&self, engine: Engine) {
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Some(engine);
    }

    /// Holds off commits while the guard lives.
    pub(crate) fn one_moment(&self) -> RwLockReadGuard<'_, ()> {
        self.moment.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether somebody wants to see one moment.
    #[cfg(test)]
    pub(crate) fn commits_are_held_off(&self) -> bool {
        self.moment.try_write().is_err()
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
pub(crate) fn name_row(view: &View<'_>, doc: &DocId) -> Result<Option<NameRow>, StoreError> {
    let row =
        get(view, &crate::keys::name(doc)).and_then(|row| row.map(|row| NameRow::decode(&row)).transpose());
    row.map_err(|error| error.of(Some(doc)))
}
