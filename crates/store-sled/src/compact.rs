//! Giving space back: what is alive is copied into a fresh database beside the old one, which then goes.
//!
//! sled never makes its file smaller, so this is the one way. What is on disk at each step, and what opening makes of
//! it when a crash comes there:
//!
//! ```text
//! 1  new-store-2/ is being written      CURRENT names store-1, the folder is removed
//! 2  it is complete, verified, synced   the same
//! 3  it is renamed to store-2/          CURRENT names store-1; the next compaction removes store-2
//! 4  CURRENT names store-2              store-2 is used, and store-1, whose number is lower, is removed
//! 5  store-1 becomes old-store-1/       store-2 is used, the folder is removed
//! 6  old-store-1/ is removed
//! ```

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use sled::IVec;
use weft_ids::Seq;
use weft_store::{CheckpointKind, StoreError};

use crate::Settings;
use crate::engine::Engine;
use crate::keys::{self, Number};
use crate::meta::MetaRow;
use crate::open::{self, EngineError, OpenError, Opened};
use crate::rewrite::{Replaced, put};
use crate::rows::{LogRow, OriginReader, RowError, from_io, from_sled, open as open_row};
use crate::trim::BaseRow;
use crate::view::{Range, View};

pub use crate::rewrite::Rewritten;

/// Rows are written so many bytes at a time.
const BATCH_BYTES: usize = 256 << 10;
/// What sled's file takes at most for bytes that are written once, in order: so many tenths of them…
const FILE_TENTHS: u64 = 25;
/// …and so much whatever they are.
const FILE_BYTES: u64 = 8 << 20;

/// Why a store was not compacted. It is as it was.
#[derive(Debug, thiserror::Error)]
pub enum CompactError {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It cannot be read, or the new one not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The disk has too little room for both for a while.
    #[error(
        "{} has {} MiB free, and up to {} MiB are needed while the old and the new database stand side by side. \
         Free some space and try again. Nothing was changed.",
        path.display(), free >> 20, needed.div_ceil(1 << 20)
    )]
    NoRoom {
        /// The data directory.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// What was written is not what was read.
    #[error(
        "the new database does not hold what was written into it; it was given up, and nothing was changed"
    )]
    Differs,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The rows are being counted.
    Counting,
    /// The rows are being copied.
    Copying {
        /// Documents whose records are copied.
        documents: u64,
        /// Documents there are.
        of: u64,
        /// Bytes copied.
        bytes: u64,
        /// Bytes there are.
        of_bytes: u64,
    },
    /// The copy is complete and is read once more.
    Verifying,
    /// The copy is as it should be, and durable.
    Verified,
    /// It has its name.
    Named,
    /// It is the store now.
    Switched,
    /// The old database is gone.
    Removed,
}

/// What a compaction did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// What the database took on disk, in bytes.
    pub before: u64,
    /// What it takes now.
    pub after: u64,
    /// The bytes of all keys and values in it.
    pub live: u64,
    /// Documents in it.
    pub documents: u64,
}

/// Compacts the store in `dir`, which nobody may have open. Blocks for as long as writing everything anew takes.
///
/// # Errors
/// [`CompactError`]; the store is as it was then.
pub fn run(dir: &Path, settings: Settings, progress: impl FnMut(Step)) -> Result<Compacted, CompactError> {
    run_with(dir, settings, None, progress)
}

/// Compacts the store in `dir` as [`run`] does, with one document's log and some meta rows replaced by others: no byte of
/// what they were is copied, and the old database is removed.
///
/// # Errors
/// [`CompactError`]; the store is as it was then.
pub fn rewrite(
    dir: &Path,
    settings: Settings,
    rewritten: &Rewritten,
    progress: impl FnMut(Step),
) -> Result<Compacted, CompactError> {
    run_with(dir, settings, Some(rewritten), progress)
}

fn run_with(
    dir: &Path,
    settings: Settings,
    rewritten: Option<&Rewritten>,
    mut progress: impl FnMut(Step),
) -> Result<Compacted, CompactError> {
    let Opened { shared, lock: _lock, .. } = open::open(dir, settings)?;
    let replaced = match rewritten {
        Some(rewritten) => Some(shared.with(|view| Replaced::of(view, rewritten))?),
        None => None,
    };
    let replaced = replaced.as_ref();
    open::remove_others(dir, &shared.database).map_err(|error| from_io(&error))?;
    let before = shared.disk_bytes();
    let next = open::next_name(&shared.database);
    let fresh = dir.join(format!("{}{next}", open::UNFINISHED));

    progress(Step::Counting);
    let total = shared.with(|view| Live::new(view, replaced).count())?;
    let added = rewritten.map_or(0, Rewritten::bytes);
    let needed = (total.bytes + added) * FILE_TENTHS / 10 + FILE_BYTES;
    let free = shared.settings.disk.free(dir).map_err(|error| from_io(&error))?;
    if free < needed {
        return Err(CompactError::NoRoom { path: dir.to_owned(), needed, free });
    }
    let copied = shared.with(|view| {
        copy(Live::new(view, replaced), &fresh, &shared.settings, total, &mut progress).inspect_err(|_| {
            // Whoever opens the store next would remove it as well.
            let _ = std::fs::remove_dir_all(&fresh);
        })
    })?;
    progress(Step::Verifying);
    let same = verify(&fresh, &shared.settings, &copied).and_then(|same| match (rewritten, replaced) {
        (Some(rewritten), Some(replaced)) if same => {
            put(&fresh, &shared.settings, rewritten, replaced.number)
        }
        _ => Ok(same),
    });
    if !matches!(same, Ok(true)) {
        let _ = std::fs::remove_dir_all(&fresh);
        same?;
        return Err(CompactError::Differs);
    }
    progress(Step::Verified);

    let (old, new) = (shared.database.clone(), dir.join(&next));
    // Nobody writes, so what is closed here is what was copied.
    shared.close();
    let switch = || -> io::Result<()> {
        std::fs::rename(&fresh, &new)?;
        open::sync_folder(dir)
    };
    switch().map_err(|error| from_io(&error))?;
    progress(Step::Named);
    open::point_at(dir, &next)?;
    progress(Step::Switched);
    // From here on the store is the new one, whatever becomes of the old one.
    if let Err(error) = open::remove(dir, &old) {
        tracing::warn!(%error, path = %old.display(), "the old database could not be removed");
    }
    progress(Step::Removed);
    let after = crate::engine::folder_bytes(&new);
    Ok(Compacted { before, after, live: total.bytes, documents: total.documents })
}

/// The bytes of all that is alive in the database. Reads everything.
pub(crate) fn live_bytes(view: &View<'_>) -> Result<u64, StoreError> {
    Ok(Live::new(view, None).count()?.bytes)
}

/// What a database holds: to compare two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum {
    rows: u64,
    hash: blake3::Hash,
}

#[derive(Default)]
struct Summing {
    rows: u64,
    hasher: blake3::Hasher,
}

impl Summing {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.rows += 1;
        self.hasher.update(&(key.len() as u64).to_le_bytes()).update(key);
        self.hasher.update(&(value.len() as u64).to_le_bytes()).update(value);
    }

    fn sum(&self) -> Sum {
        Sum { rows: self.rows, hash: self.hasher.finalize() }
    }
}

fn copy(
    mut live: Live<'_>,
    fresh: &Path,
    settings: &Settings,
    total: Total,
    progress: &mut dyn FnMut(Step),
) -> Result<Sum, StoreError> {
    let engine = new_engine(fresh, settings)?;
    let mut sum = Summing::default();
    let (mut batch, mut waiting, mut bytes) = (sled::Batch::default(), 0, 0);
    loop {
        let row = live.next()?;
        if let Some((key, value)) = &row {
            sum.add(key, value);
            waiting += key.len() + value.len();
            batch.insert(key, value);
        }
        if waiting >= BATCH_BYTES || row.is_none() {
            engine.db.apply_batch(std::mem::take(&mut batch)).map_err(|error| from_sled(&error))?;
            bytes += waiting as u64;
            waiting = 0;
            progress(Step::Copying {
                documents: live.documents,
                of: total.documents,
                bytes,
                of_bytes: total.bytes,
            });
        }
        if row.is_none() {
            break;
        }
    }
    engine.db.flush().map_err(|error| from_sled(&error))?;
    settings.disk.sync(&engine.file, &engine.path).map_err(|error| from_io(&error))?;
    Ok(sum.sum())
}

pub(crate) fn new_engine(path: &Path, settings: &Settings) -> Result<Engine, StoreError> {
    open::open_engine(path, settings).map_err(|error| match error {
        EngineError::System(error) => from_io(&error),
        EngineError::Damaged(what) => StoreError::Unavailable { what },
    })
}

/// Whether what a fresh opening finds in the database is what was put into it.
fn verify(fresh: &Path, settings: &Settings, copied: &Sum) -> Result<bool, StoreError> {
    let engine = new_engine(fresh, settings)?;
    let mut sum = Summing::default();
    for row in engine.db.iter() {
        let (key, value) = row.map_err(|error| from_sled(&error))?;
        sum.add(&key, &value);
    }
    engine.db.flush().map_err(|error| from_sled(&error))?;
    settings.disk.sync(&engine.file, &engine.path).map_err(|error| from_io(&error))?;
    drop(engine);
    open::sync_files(fresh).map_err(|error| from_io(&error))?;
    Ok(sum.sum() == *copied)
}

/// How much is alive.
#[derive(Debug, Clone, Copy, Default)]
struct Total {
    documents: u64,
    bytes: u64,
}

/// All rows of a database but those that nothing leads to: pieces that a crash left behind, and authors all of whose
/// records are in segments. What is damaged is alive too: somebody may want to look at it.
struct Live<'a> {
    view: &'a View<'a>,
    /// What is left out.
    replaced: Option<&'a Replaced>,
    rows: Range<'a>,
    /// Documents met in the log.
    documents: u64,
    /// The document whose log is being read.
    document: Option<Number>,
    /// The origins that rows name, by document; of a document with a damaged row, all of them.
    origins: HashSet<(Number, u32)>,
    all_origins: HashSet<Number>,
    /// The revisions of the meta values that lie in pieces, and whether all are to stay.
    values: HashSet<u64>,
    all_values: bool,
    /// Documents whose older records are not kept.
    bases: HashMap<Number, BaseRow>,
    /// The last thing in pieces, and whether it is alive.
    whole: Option<(Vec<u8>, bool)>,
}

impl<'a> Live<'a> {
    fn new(view: &'a View<'a>, replaced: Option<&'a Replaced>) -> Self {
        Self {
            view,
            replaced,
            rows: view.iter(),
            documents: 0,
            document: None,
            origins: HashSet::new(),
            all_origins: HashSet::new(),
            values: HashSet::new(),
            all_values: false,
            bases: HashMap::new(),
            whole: None,
        }
    }

    fn count(mut self) -> Result<Total, StoreError> {
        let mut bytes = 0;
        while let Some((key, value)) = self.next()? {
            bytes += (key.len() + value.len()) as u64;
        }
        Ok(Total { documents: self.documents, bytes })
    }

    fn next(&mut self) -> Result<Option<(IVec, IVec)>, StoreError> {
        while let Some(row) = self.rows.next() {
            let (key, value) = row.map_err(|error| RowError::from(error).of(None))?;
            if self.replaced.is_some_and(|replaced| replaced.holds(&key)) {
                continue;
            }
            if self.is_alive(&key, &value)? {
                return Ok(Some((key, value)));
            }
        }
        Ok(None)
    }

    fn is_alive(&mut self, key: &IVec, value: &IVec) -> Result<bool, StoreError> {
        let number = keys::number_at(key, 1).unwrap_or(0);
        match key.first() {
            Some(b'b') => {
                if let Ok(base) = open_row(key, value.clone()).and_then(|body| BaseRow::decode(&body)) {
                    self.bases.insert(number, base);
                }
                Ok(true)
            }
            Some(b'l' | b'y') if self.is_dropped(number, seq_at(key, 9)) => Ok(false),
            Some(b'k' | b'z') if self.is_outdated(key) => Ok(false),
            Some(b'l') => self.log_row(number, key, value).map(|()| true),
            Some(b'o') => {
                let origin = key.last_chunk().map_or(u32::MAX, |origin| u32::from_be_bytes(*origin));
                Ok(self.all_origins.contains(&number) || self.origins.contains(&(number, origin)))
            }
            Some(&keys::META) => {
                match open_row(key, value.clone()).and_then(|body| MetaRow::decode(&body)) {
                    Ok(row) if row.pieces() > 0 => drop(self.values.insert(row.rev.0)),
                    Ok(_) => {}
                    Err(_) => self.all_values = true,
                }
                Ok(true)
            }
            Some(b'w') => Ok(self.all_values || self.values.contains(&number)),
            Some(b'x') => {
                match self.bases.get(&number) {
                    Some(base) => Ok(keys::number_at(key, 9) == Some(base.generation)),
                    // There is none, or it is damaged.
                    None => self.leads_to(keys::base(number)),
                }
            }
            Some(b'y') => self.leads_to(keys::row(number, seq_at(key, 9))),
            Some(b'z') => {
                let kind =
                    if key.get(1) == Some(&0) { CheckpointKind::Live } else { CheckpointKind::History };
                let number = keys::number_at(key, 2).unwrap_or(0);
                self.leads_to(keys::checkpoint(kind, number, seq_at(key, 10)))
            }
            _ => Ok(true),
        }
    }

    /// Whether a base stands for a record.
    fn is_dropped(&self, number: Number, seq: Seq) -> bool {
        self.bases.get(&number).is_some_and(|base| seq <= base.seq)
    }

    /// Whether a checkpoint's row is of a place before the base.
    fn is_outdated(&self, key: &[u8]) -> bool {
        let base = keys::number_at(key, 2).and_then(|number| self.bases.get(&number));
        base.is_some_and(|base| seq_at(key, 10) < base.seq)
    }

    /// Notes the origins that a row of records names.
    fn log_row(&mut self, number: Number, key: &IVec, value: &IVec) -> Result<(), StoreError> {
        if self.document.replace(number) != Some(number) {
            self.documents += 1;
        }
        let mut named = Vec::new();
        let mut origins = OriginReader::new(self.view, number);
        let records = LogRow::open(key, value.clone()).and_then(|row| {
            row.records(self.view, |origin| {
                named.push((number, origin));
                origins.get(origin)
            })
        });
        match records {
            Ok(_) => self.origins.extend(named),
            Err(RowError::Bad(_)) => drop(self.all_origins.insert(number)),
            Err(error) => return Err(error.of(None)),
        }
        Ok(())
    }

    /// Whether the thing that a piece belongs to is there.
    fn leads_to(&mut self, whole: Vec<u8>) -> Result<bool, StoreError> {
        if let Some((known, alive)) = &self.whole
            && *known == whole
        {
            return Ok(*alive);
        }
        let alive = self.view.contains_key(&whole).map_err(|error| from_sled(&error))?;
        self.whole = Some((whole, alive));
        Ok(alive)
    }
}

fn seq_at(key: &[u8], at: usize) -> Seq {
    Seq(keys::number_at(key, at).unwrap_or(0))
}
