//! Backups into files: the automatic ones of a running server, and the pieces that `weft backup` shares.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, BufWriter};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use weft_store::Store;
use weft_store::backup::{self, BackupError, Progress, Summary};

use crate::app::AppState;
use crate::{data, stamp};

/// Automatic backups are called `weft-<time>.backup`.
const PREFIX: &str = "weft-";
const SUFFIX: &str = ".backup";
/// How long a server without any backup waits for the first one, and one whose backup failed for the next try.
const SOON: Duration = Duration::from_secs(10 * 60);

/// Writes a backup every `backup_every` for as long as the server runs, and keeps the newest `backup_keep`.
pub(crate) async fn keep(app: AppState) {
    let every = app.settings.backup_every;
    if every.is_zero() {
        return;
    }
    let folder = data::backups(&app.settings.data);
    let mut wait = first_wait(&folder, every, SystemTime::now());
    loop {
        tokio::time::sleep(wait).await;
        let (app, folder) = (app.clone(), folder.clone());
        let handle = Handle::current();
        let made = tokio::task::spawn_blocking(move || {
            let _whole = handle.block_on(app.dropping.read());
            make(&handle, &*app.store, &folder, app.settings.backup_keep as usize)
        });
        wait = match made.await {
            Ok(Ok(file)) => {
                tracing::info!(file = %file.display(), "a backup was written");
                metrics::gauge!("weft_backup_last_success_timestamp_seconds").set(unix_seconds());
                every
            }
            Ok(Err(error)) => failed(&error, every),
            Err(error) => failed(&error, every),
        };
    }
}

fn failed(error: &dyn std::error::Error, every: Duration) -> Duration {
    tracing::error!(%error, "the automatic backup failed");
    metrics::counter!("weft_backup_failures_total").increment(1);
    SOON.min(every)
}

fn unix_seconds() -> f64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// A restart does not put off a backup that is due.
fn first_wait(folder: &Path, every: Duration, now: SystemTime) -> Duration {
    let newest = list(folder).ok().and_then(|files| files.last().cloned());
    let made = newest.and_then(|file| fs::metadata(file).ok()?.modified().ok());
    let due = made.map(|made| every.saturating_sub(now.duration_since(made).unwrap_or_default()));
    due.unwrap_or(SOON).max(SOON).min(every)
}

/// Writes one automatic backup and removes those beyond `keep`. Blocks.
fn make(handle: &Handle, store: &dyn Store, folder: &Path, keep: usize) -> Result<PathBuf, BackupError> {
    fs::create_dir_all(folder)?;
    let file = folder.join(format!("{PREFIX}{}{SUFFIX}", stamp::utc(SystemTime::now())));
    let summary = write(handle, store, &file, |_| {})?;
    for (doc, what) in &summary.damaged {
        tracing::error!(%doc, what, "a damaged document is in the backup only up to its damage");
    }
    let files = list(folder)?;
    for old in &files[..files.len().saturating_sub(keep)] {
        fs::remove_file(old)?;
    }
    Ok(file)
}

/// The automatic backups in `folder`, oldest first.
pub(crate) fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX) && name.ends_with(SUFFIX)) {
            files.push(entry.path());
        }
    }
    files.sort();
    Ok(files)
}

/// Writes a backup of `store` to `file`, complete and on disk before it has that name. Blocks; `handle` is the runtime's.
pub(crate) fn write(
    handle: &Handle,
    store: &dyn Store,
    file: &Path,
    progress: impl FnMut(Progress) + Send,
) -> Result<Summary, BackupError> {
    let mut summary = Summary::default();
    put(file, |out| {
        summary = handle.block_on(backup::write(store, BufWriter::new(out), progress))?;
        Ok(())
    })?;
    Ok(summary)
}

/// Lets `fill` write `<file>.tmp`, syncs and verifies that, and gives it its name. What is not a whole backup goes away.
pub(crate) fn put(
    file: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), BackupError>,
) -> Result<Summary, BackupError> {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".tmp");
    let temporary = file.with_file_name(name);
    let filled = create(&temporary).map_err(BackupError::Io).and_then(|mut out| {
        fill(&mut out)?;
        out.sync_all()?;
        let summary = verify(&temporary, &mut |_| {})?;
        fs::rename(&temporary, file)?;
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
        Ok(summary)
    });
    if filled.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    filled
}

/// A file for its owner only: a backup holds everything.
fn create(path: &Path) -> io::Result<File> {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// Reads a backup through and says what it holds.
pub(crate) fn verify(file: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Summary, BackupError> {
    backup::verify(&mut BufReader::new(File::open(file)?), progress)
}

#[cfg(test)]
mod tests {
    use weft_store::MemoryStore;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_so_many_backups_are_kept_and_other_files_stay() {
        let home = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let folder = home.path().join("backups");
        fs::create_dir(&folder).unwrap();
        for name in ["weft-20200101T000000Z.backup", "weft-20200102T000000Z.backup", "mine.backup"] {
            fs::write(folder.join(name), "").unwrap();
        }
        let made = make(runtime.handle(), &MemoryStore::new(), &folder, 2).unwrap();
        assert!(verify(&made, &mut |_| {}).is_ok());
        let made = made.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(names(&folder), ["mine.backup", "weft-20200102T000000Z.backup", &made]);
    }

    #[test]
    fn a_backup_that_fails_leaves_neither_a_file_nor_a_part() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("x.backup");
        fs::write(&file, "the one before").unwrap();
        assert!(put(&file, |_| Err(io::Error::other("broken").into())).is_err());
        assert!(put(&file, |_| Ok(())).is_err(), "an empty file is no backup");
        assert_eq!(names(home.path()), ["x.backup"]);
        assert_eq!(fs::read_to_string(&file).unwrap(), "the one before");
    }

    #[test]
    fn a_backup_that_is_due_is_not_put_off_by_a_restart() {
        let home = tempfile::tempdir().unwrap();
        let (day, now) = (Duration::from_secs(86_400), SystemTime::now());
        assert_eq!(first_wait(home.path(), day, now), SOON);
        fs::write(home.path().join("weft-20200101T000000Z.backup"), "").unwrap();
        let hour = Duration::from_secs(3_600);
        assert!(first_wait(home.path(), day, now + hour) <= day - hour);
        assert_eq!(first_wait(home.path(), day, now + 2 * day), SOON);
        assert_eq!(first_wait(home.path(), Duration::from_secs(1), now + 2 * day), Duration::from_secs(1));
    }
}
