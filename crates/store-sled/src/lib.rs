//! One machine's storage: sled 0.34.7 behind one writer thread that commits in groups and syncs for real.
//!
//! What stands in the directory given to [`SledStore::open`]:
//! ```text
//! LOCK      locked while a process has the store open; holds its process id
//! FORMAT    the number of the format of everything here
//! CURRENT   which database is in use: compaction writes a new one and moves this pointer
//! BALLAST   some megabytes to be deleted when the disk is full, so that the store can still be opened
//! WITNESS   how many commits were confirmed, so that a database that lost some is found out
//! store-1/  sled's own files, and JOURNAL: the newest commits, which sled does not have yet
//! ```
//! While it is compacted and a moment after, a database beside it: `new-store-2/`, `old-store-1/` (see [`compact`]).
//! The layout inside the database is in `keys.rs`, the path of a commit in `writer.rs`, the guarded opening in
//! `open.rs`.

mod ballast;
pub mod check;
mod checkpoint;
pub mod compact;
mod disk;
mod engine;
mod journal;
mod keys;
mod log;
mod meta;
mod open;
mod pack;
mod remove;
mod rewrite;
mod rows;
mod trim;
mod view;
mod witness;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use weft_store::StoreError;

pub use disk::{Disk, RealDisk};
pub use open::{OpenError, STORE_FORMAT};

use engine::Shared;
use open::Opened;
use writer::Writer;

/// How the store behaves. The defaults suit a small server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What sled may cache, in bytes. It takes some three times as much memory.
    pub cache_bytes: u64,
    /// The least time between two commits while many documents are written at once: more appends then share a
    /// flush. Never waited when few are.
    pub commit_wait: Duration,
    /// Where automatic backups lie, to name the newest when the store does not open.
    pub backups: Option<PathBuf>,
    /// What makes bytes durable.
    pub disk: Arc<dyn Disk>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            cache_bytes: 4 << 20,
            commit_wait: Duration::from_millis(40),
            backups: None,
            disk: Arc::new(RealDisk),
        }
    }
}

/// A store in a directory. Dropping it stores what was appended, and closes it.
pub struct SledStore {
    writer: Writer,
    shared: Arc<Shared>,
    /// Checkpoints are written in several commits; one at a time, so that two never mix.
    saving: tokio::sync::Mutex<()>,
    /// Held by whoever replaces rows of a log by others.
    reshaping: tokio::sync::Mutex<()>,
    /// Held until everything else is closed: fields drop in this order.
    _lock: std::fs::File,
}

impl fmt::Debug for SledStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SledStore").field("dir", &self.shared.dir).finish_non_exhaustive()
    }
}

impl SledStore {
    /// Opens the store in `dir`, creating it when there is none. Blocks the thread for some milliseconds, more for a
    /// large store.
    ///
    /// # Errors
    /// [`OpenError`] says what is wrong, with which file, and what can be done.
    pub fn open(dir: &Path, settings: Settings) -> Result<Self, OpenError> {
        let Opened { shared, journal, lock } = open::open(dir, settings)?;
        let shared = Arc::new(shared);
        let writer = Writer::start(shared.clone(), journal)
            .map_err(|source| OpenError::System { path: dir.to_owned(), source })?;
        Ok(Self {
            writer,
            shared,
            saving: tokio::sync::Mutex::new(()),
            reshaping: tokio::sync::Mutex::new(()),
            _lock: lock,
        })
    }

    /// The directory it was opened in.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.shared.dir
    }

    /// What its files take on disk, in bytes.
    #[must_use]
    pub fn disk_bytes(&self) -> u64 {
        self.shared.disk_bytes()
    }

    /// How many calls wait for the writer or are being answered by it.
    #[must_use]
    pub fn queued(&self) -> usize {
        self.writer.queued()
    }

    /// Runs `read` where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.shared.clone();
        match tokio::task::spawn_blocking(move || read(&shared)).await {
            Ok(result) => result,
            // sled panics on some damage it does not expect.
            Err(error) if error.is_panic() => Err(StoreError::Damaged {
                doc: None,
                seq: None,
                what: "the database could not make sense of its file".into(),
            }),
            Err(_) => Err(StoreError::Unavailable { what: "the server is stopping".into() }),
        }
    }
}
