//! The guarded opening: one process at a time, no format from the future, and no panic from a damaged file.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::Settings;
use crate::ballast;
use crate::engine::{Engine, Shared};
use crate::journal::{JOURNAL, Journal, JournalError, Unsettled};
use crate::keys;
use crate::rows::{RowError, StateRow};
use crate::view::View;
use crate::witness::{WITNESS, Witness};

/// The newest format of a store that this program reads and writes.
///
/// - 1: every record in a row of its batch.
/// - 2: rows may be segments.
/// - 3: a journal beside the database may hold what the database does not.
/// - 4: a document may begin with a base.
///
/// What is there stays the same from each to the next, so a store of an older format becomes one of the newest by
/// opening.
pub const STORE_FORMAT: u32 = 4;
/// The name of sled's main file in a database's folder.
pub(crate) const SLED_FILE: &str = "db";
const LOCK: &str = "LOCK";
const FORMAT: &str = "FORMAT";
const CURRENT: &str = "CURRENT";
/// What the name of a database starts with that is being written.
pub(crate) const UNFINISHED: &str = "new-";
/// What the name of a database starts with that is being removed.
const DONE_WITH: &str = "old-";
const FORMAT_WORD: &str = "weft-store";
/// sled's lock is given back by its own threads, a moment after it is closed.
const SLED_LOCK_WAIT: Duration = Duration::from_secs(5);
/// The segment size of new databases. Never changed: sled refuses a database with another.
const SEGMENT_BYTES: usize = 512 << 10;
/// How often sled tidies its file, in milliseconds. It does that on a thread of its own and nowhere else.
const TIDY_MILLIS: u64 = 1000;

/// Why a store cannot be opened: what happened, with which file, and what can be done.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has it open.
    #[error(
        "{} is already in use{}. Stop that process, or choose another data directory.",
        path.display(),
        pid.map(|pid| format!(" by process {pid}")).unwrap_or_default()
    )]
    InUse {
        /// The data directory.
        path: PathBuf,
        /// The other process, when it could be read.
        pid: Option<u32>,
    },
    /// A newer Weft wrote it.
    #[error(
        "{} says format {found}; this version of Weft knows formats up to {known}. Use the newer version that wrote \
         it, or another data directory. Nothing was changed.",
        path.display()
    )]
    NewerFormat {
        /// The file that says so.
        path: PathBuf,
        /// The format it names.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// The directory cannot be written.
    #[error(
        "{} cannot be written: {source}. Give this user the right to write there, or choose another data directory.",
        path.display()
    )]
    NotWritable {
        /// The directory or file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// What is there is not what was written.
    #[error("{} is damaged: {what}. {way_out}", file.display())]
    Damaged {
        /// The damaged file, or the folder it lies in.
        file: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What can be done.
        way_out: String,
    },
    /// The system refused something else, as for want of memory, threads or open files.
    #[error("{} cannot be opened: {source}", path.display())]
    System {
        /// The file or directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// A store as it was opened.
pub(crate) struct Opened {
    pub(crate) shared: Shared,
    pub(crate) journal: Journal,
    /// To be held while it is open.
    pub(crate) lock: File,
}

/// Opens the store in `dir`.
pub(crate) fn open(dir: &Path, settings: Settings) -> Result<Opened, OpenError> {
    std::fs::create_dir_all(dir).map_err(|source| not_writable(dir, source))?;
    let lock = lock(dir)?;
    let format = check_format(dir, &settings)?;
    let database = current(dir, &settings)?;
    let (witness, confirmed) =
        Witness::open(dir).map_err(|source| not_writable(&dir.join(WITNESS), source))?;
    let fresh = !database.join(SLED_FILE).exists();
    if fresh && confirmed > 0 {
        let what = format!("it is missing, though {confirmed} commits were confirmed");
        return Err(damaged(&database.join(SLED_FILE), what, dir, &settings));
    }
    let engine = match open_guarded(&database, dir, &settings) {
        Err(OpenError::System { source, .. }) if is_full(&source) => {
            ballast::drop(dir);
            open_guarded(&database, dir, &settings)?
        }
        other => other?,
    };
    let settled = settled(&engine, dir, &settings)?;
    let (journal, unsettled) = open_journal(&database, settled, dir, &settings)?;
    check_commits(&engine, settled.max(unsettled.commits), confirmed, dir, &settings)?;
    if format < STORE_FORMAT {
        write_format(dir)?;
    }
    // What a process that died had written but not synced is durable from here on, so a batch found here and
    // appended again may be answered at once.
    let synced =
        engine.file.sync_data().and_then(|()| if fresh { sync_folders(dir, &database) } else { Ok(()) });
    synced.map_err(|source| not_writable(&database, source))?;
    // What a compaction that was cut short left behind. A database of a higher number than the one in use may be what
    // somebody wants to look at, so it stays until the next compaction.
    if let Err(error) = remove_leftovers(dir, &database, |number, current| number < current) {
        tracing::warn!(%error, "what a compaction left behind could not be removed");
    }
    if let Err(error) = ballast::take(dir) {
        tracing::warn!(%error, "the disk is nearly full");
    }
    let recent = unsettled.writes.into_iter().collect();
    let shared = Shared::new(dir.to_owned(), settings, witness, engine, recent);
    Ok(Opened { shared, journal, lock })
}

fn is_full(error: &io::Error) -> bool {
    matches!(crate::rows::from_io(error), weft_store::StoreError::Full { .. })
}

fn not_writable(path: &Path, source: io::Error) -> OpenError {
    OpenError::NotWritable { path: path.to_owned(), source }
}

fn damaged(file: &Path, what: impl Into<String>, dir: &Path, settings: &Settings) -> OpenError {
    OpenError::Damaged { file: file.to_owned(), what: what.into(), way_out: way_out(dir, settings) }
}

fn way_out(dir: &Path, settings: &Settings) -> String {
    let newest = settings.backups.as_deref().and_then(newest_file);
    let backup = newest.as_ref().map_or("<backup file>".into(), |path| path.display().to_string());
    let found = match (&newest, &settings.backups) {
        (Some(_), _) => "the newest backup is named here".to_owned(),
        (None, Some(folder)) => format!("there is no backup in {}", folder.display()),
        (None, None) => "use your newest backup".to_owned(),
    };
    let dir = dir.display();
    format!("Keep {dir} as it is, move it aside, and run `weft restore {backup} --data {dir}` ({found}).")
}

fn newest_file(folder: &Path) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten();
    let files = files.filter(|entry| entry.metadata().is_ok_and(|meta| meta.is_file()));
    files.max_by_key(|entry| entry.metadata().and_then(|meta| meta.modified()).ok()).map(|entry| entry.path())
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK);
    let file = File::options().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = file.map_err(|source| not_writable(&path, source))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            let pid = file.read_to_string(&mut pid).ok().and_then(|_| pid.trim().parse().ok());
            return Err(OpenError::InUse { path: dir.to_owned(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(OpenError::System { path, source }),
    }
    let noted = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    noted.map_err(|source| not_writable(&path, source))?;
    Ok(file)
}

/// The format of what is there; a new store gets the newest.
fn check_format(dir: &Path, settings: &Settings) -> Result<u32, OpenError> {
    let path = dir.join(FORMAT);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if !databases(dir).is_empty() {
                return Err(damaged(&path, "it is missing, though there is a database", dir, settings));
            }
            return write_format(dir).map(|()| STORE_FORMAT);
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => String::new(),
        Err(source) => return Err(OpenError::System { path, source }),
    };
    let number = text.trim().strip_prefix(FORMAT_WORD).and_then(|rest| rest.trim().parse().ok());
    match number {
        Some(known @ 1..=STORE_FORMAT) => Ok(known),
        Some(found) if found > STORE_FORMAT => {
            Err(OpenError::NewerFormat { path, found, known: STORE_FORMAT })
        }
        _ => Err(damaged(&path, "it does not name a format", dir, settings)),
    }
}

fn write_format(dir: &Path) -> Result<(), OpenError> {
    write_small(dir, FORMAT, &format!("{FORMAT_WORD} {STORE_FORMAT}\n"))
}

/// The folder of the database in use, as CURRENT names it.
fn current(dir: &Path, settings: &Settings) -> Result<PathBuf, OpenError> {
    let path = dir.join(CURRENT);
    let databases = databases(dir);
    let name = match std::fs::read(&path) {
        Ok(name) => String::from_utf8_lossy(&name).trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match databases.as_slice() {
            [] => {
                write_small(dir, CURRENT, "store-1\n")?;
                return Ok(dir.join("store-1"));
            }
            // A pointer that is gone but can only have pointed there.
            [only] => {
                write_small(dir, CURRENT, &format!("{only}\n"))?;
                only.clone()
            }
            _ => return Err(damaged(&path, "it is missing, and there are several databases", dir, settings)),
        },
        Err(source) => return Err(OpenError::System { path, source }),
    };
    if !is_database_name(&name) {
        return Err(damaged(&path, "it does not name a database", dir, settings));
    }
    if !databases.is_empty() && !databases.contains(&name) {
        return Err(damaged(&path, format!("it names {name}, which is not there"), dir, settings));
    }
    Ok(dir.join(name))
}

fn is_database_name(name: &str) -> bool {
    database_number(name).is_some()
}

fn database_number(name: &str) -> Option<u32> {
    name.strip_prefix("store-").and_then(|number| number.parse().ok())
}

fn number_of(database: &Path) -> u32 {
    database.file_name().and_then(|name| database_number(name.to_str()?)).unwrap_or(0)
}

/// The name of the database that comes after the one in use.
pub(crate) fn next_name(database: &Path) -> String {
    format!("store-{}", number_of(database).wrapping_add(1))
}

/// Makes `name` the database in use.
pub(crate) fn point_at(dir: &Path, name: &str) -> Result<(), OpenError> {
    write_small(dir, CURRENT, &format!("{name}\n"))
}

/// Removes every database but the one in use.
pub(crate) fn remove_others(dir: &Path, database: &Path) -> io::Result<()> {
    remove_leftovers(dir, database, |number, current| number != current)
}

fn remove_leftovers(dir: &Path, database: &Path, is_left_over: fn(u32, u32) -> bool) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let of = |prefix| name.strip_prefix(prefix).is_some_and(is_database_name);
        if of(UNFINISHED) || of(DONE_WITH) {
            std::fs::remove_dir_all(entry.path())?;
        } else if database_number(&name).is_some_and(|number| is_left_over(number, number_of(database))) {
            remove(dir, &entry.path())?;
        }
    }
    Ok(())
}

/// Removes a database that is not in use any more. It never looks like one that is half there.
pub(crate) fn remove(dir: &Path, database: &Path) -> io::Result<()> {
    let Some(name) = database.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
    let aside = dir.join(format!("{DONE_WITH}{name}"));
    std::fs::rename(database, &aside)?;
    sync_folder(dir)?;
    std::fs::remove_dir_all(&aside)?;
    sync_folder(dir)
}

fn databases(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| is_database_name(name))
        .collect()
}

/// Writes a small file so that it is there whole or not at all.
fn write_small(dir: &Path, name: &str, text: &str) -> Result<(), OpenError> {
    let temporary = dir.join(format!("{name}.new"));
    let write = || -> io::Result<()> {
        let mut file = File::create(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, dir.join(name))?;
        sync_folder(dir)
    };
    write().map_err(|source| not_writable(&dir.join(name), source))
}

pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the names of a new database's files durable.
fn sync_folders(dir: &Path, database: &Path) -> io::Result<()> {
    sync_files(database)?;
    sync_folder(dir)
}

/// Makes the files of a database durable, and their names.
pub(crate) fn sync_files(database: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(database)?.flatten() {
        File::open(entry.path())?.sync_all()?;
    }
    sync_folder(database)
}

/// Opens the database; when sled cannot, once more without its snapshot, which it can do without.
fn open_guarded(database: &Path, dir: &Path, settings: &Settings) -> Result<Engine, OpenError> {
    let first = match open_engine(database, settings) {
        Ok(engine) => return Ok(engine),
        Err(EngineError::System(source)) => {
            return Err(OpenError::System { path: database.to_owned(), source });
        }
        Err(EngineError::Damaged(what)) => what,
    };
    let aside = snapshots_aside(database).map_err(|source| not_writable(database, source))?;
    if aside > 0 {
        tracing::warn!(first, "the database did not open; trying without its snapshot, moved aside");
        if let Ok(engine) = open_engine(database, settings) {
            tracing::info!("the database opened without its snapshot: nothing is lost");
            return Ok(engine);
        }
    }
    Err(damaged(&database.join(SLED_FILE), first, dir, settings))
}

/// Renames sled's snapshots so that it does not find them. Answers how many there were.
fn snapshots_aside(database: &Path) -> io::Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(database)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with("snap.") {
            std::fs::rename(entry.path(), database.join(format!("aside-{name}")))?;
            count += 1;
        }
    }
    Ok(count)
}

/// Why sled did not open.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("{0}")]
    Damaged(String),
    #[error("{0}")]
    System(io::Error),
}

/// Opens sled, on a thread of its own: it panics on some damage.
pub(crate) fn open_engine(database: &Path, settings: &Settings) -> Result<Engine, EngineError> {
    let config = sled::Config::new()
        .path(database)
        .cache_capacity(settings.cache_bytes.max(1 << 20))
        .segment_size(SEGMENT_BYTES)
        .flush_every_ms(Some(TIDY_MILLIS));
    let deadline = Instant::now() + SLED_LOCK_WAIT;
    let db = loop {
        let config = config.clone();
        let opening = std::thread::Builder::new().name("opening the database".into()).spawn(move || {
            // Reading the state forces sled to make sense of its pages, too.
            let open = || config.open().map(|db| (state_of(&db), db));
            catch_unwind(AssertUnwindSafe(open))
        });
        let opened = opening.map_err(EngineError::System)?.join();
        match opened {
            Ok(Ok(Ok((Err(RowError::Bad(what)), _)))) => {
                return Err(EngineError::Damaged(format!("the store's own state: {what}")));
            }
            Ok(Ok(Ok((Err(RowError::Engine(error)), _)) | Err(error))) => {
                let locked = error.to_string().contains("could not acquire lock");
                if locked && Instant::now() < deadline {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                return Err(what_sled_says(error));
            }
            Ok(Ok(Ok((Ok(_), db)))) => break db,
            Ok(Err(_)) | Err(_) => {
                return Err(EngineError::Damaged("the database cannot make sense of it".into()));
            }
        }
    };
    let file = File::options().read(true).write(true).open(database.join(SLED_FILE));
    let file = file.map_err(EngineError::System)?;
    Ok(Engine { db, file, path: database.to_owned() })
}

fn what_sled_says(error: sled::Error) -> EngineError {
    match error {
        // A file that ends too early is damage; a disk that is full or forbidden is not.
        sled::Error::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => EngineError::System(error),
        sled::Error::Corruption { .. } => EngineError::Damaged("its checksums do not fit".into()),
        other => EngineError::Damaged(other.to_string()),
    }
}

/// The state of a store as its database has it.
fn state_of(db: &sled::Db) -> Result<StateRow, RowError> {
    StateRow::read(&View::new(db, Arc::default()))
}

/// How many commits the database holds.
fn settled(engine: &Engine, dir: &Path, settings: &Settings) -> Result<u64, OpenError> {
    let file = engine.path.join(SLED_FILE);
    let state = match state_of(&engine.db) {
        Ok(state) => state,
        Err(RowError::Bad(what)) => {
            return Err(damaged(&file, format!("the store's own state: {what}"), dir, settings));
        }
        Err(RowError::Engine(error)) => return Err(damaged(&file, error.to_string(), dir, settings)),
    };
    if state.commits == 0 && engine.db.contains_key(keys::STATE).unwrap_or(true) {
        return Err(damaged(&file, "the store's own state counts no commit", dir, settings));
    }
    Ok(state.commits)
}

fn open_journal(
    database: &Path,
    settled: u64,
    dir: &Path,
    settings: &Settings,
) -> Result<(Journal, Unsettled), OpenError> {
    let opened = match Journal::open(database, settled) {
        Err(JournalError::System(source)) if is_full(&source) => {
            ballast::drop(dir);
            Journal::open(database, settled)
        }
        other => other,
    };
    let path = database.join(JOURNAL);
    opened.map_err(|error| match error {
        JournalError::System(source) => not_writable(&path, source),
        JournalError::Damaged(what) => {
            let (error, witness) = (damaged(&path, what, dir, settings), dir.join(WITNESS));
            or_go_on(error, &format!("delete it and {}", witness.display()))
        }
    })
}

/// Refuses a store that has lost what was confirmed.
fn check_commits(
    engine: &Engine,
    commits: u64,
    confirmed: u64,
    dir: &Path,
    settings: &Settings,
) -> Result<(), OpenError> {
    if commits >= confirmed {
        return Ok(());
    }
    let what = format!("it ends at commit {commits}, though {confirmed} were confirmed");
    let error = damaged(&engine.path.join(SLED_FILE), what, dir, settings);
    Err(or_go_on(error, &format!("delete {}", dir.join(WITNESS).display())))
}

/// Adds to what can be done how to do without what is lost.
fn or_go_on(mut error: OpenError, how: &str) -> OpenError {
    if let OpenError::Damaged { way_out, .. } = &mut error {
        *way_out += &format!(" To go on without what is lost, {how}.");
    }
    error
}
