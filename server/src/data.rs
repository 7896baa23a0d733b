//! The data directory: the one place that names the engine.
//!
//! The store's own files stand directly in it (see `weft-store-sled`), beside `server.json`, `weft.key` and `backups/`.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use weft_store_sled::OpenError;
use weft_store_sled::SledStore;
use weft_store_sled::compact::{self, CompactError, Compacted, Rewritten, Step};

/// What may stand in a data directory that holds no documents.
const NOT_DATA: &[&str] = &["backups", "lost+found", "server.json", "weft.key", "LOCK"];

/// Where automatic backups go.
pub(crate) fn backups(data: &Path) -> PathBuf {
    data.join("backups")
}

/// The key that seals what must be read again. It is in no backup.
pub(crate) fn key_file(data: &Path) -> PathBuf {
    data.join("weft.key")
}

/// Keeps the key of a data directory that was moved aside for the one in its place: what is in a backup of the one was
/// sealed with it.
pub(crate) fn keep_key(aside: &Path, data: &Path) -> io::Result<()> {
    match fs::hard_link(key_file(aside), key_file(data)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => File::open(data)?.sync_all(),
    }
}

/// Opens (and on the first start makes) the store in `data`. Blocks.
pub(crate) fn open(data: &Path) -> Result<SledStore, OpenError> {
    SledStore::open(data, settings(data))
}

fn settings(data: &Path) -> weft_store_sled::Settings {
    weft_store_sled::Settings { backups: Some(backups(data)), ..Default::default() }
}

/// Writes the store in `data` anew, without what it does not need. Blocks.
pub(crate) fn compact(data: &Path, progress: impl FnMut(Step)) -> Result<Compacted, CompactError> {
    compact::run(data, settings(data), progress)
}

/// Writes the store in `data` anew, with one document as `rewritten` has it. Blocks.
pub(crate) fn rewrite(
    data: &Path,
    rewritten: &Rewritten,
    progress: impl FnMut(Step),
) -> Result<Compacted, CompactError> {
    compact::rewrite(data, settings(data), rewritten, progress)
}

/// Whether there is anything in `data` that a new store would mix with.
pub(crate) fn is_empty(data: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let name = entry?.file_name();
        if !NOT_DATA.iter().any(|known| name == *known) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a process has the store in `data` open.
pub(crate) fn is_in_use(data: &Path) -> bool {
    let Ok(lock) = File::open(data.join("LOCK")) else { return false };
    matches!(lock.try_lock(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_empty_until_a_store_was_made_in_it_and_in_use_while_it_is_open() {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        assert!(is_empty(&data).unwrap() && !is_in_use(&data));
        fs::create_dir_all(backups(&data)).unwrap();
        fs::write(key_file(&data), "a key").unwrap();
        assert!(is_empty(&data).unwrap());
        let store = open(&data).unwrap();
        assert!(!is_empty(&data).unwrap() && is_in_use(&data));
        assert!(matches!(open(&data), Err(OpenError::InUse { .. })));
        drop(store);
        assert!(!is_in_use(&data));
    }
}
