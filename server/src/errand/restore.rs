//! `weft restore FILE`: fills a data directory from a backup, or leaves it as it was.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use tokio::runtime::Runtime;
use weft_store::backup::{self, Summary};

use super::{ProgressLine, count};
use crate::cli::{self, Exit};
use crate::config::Settings;
use crate::{backups, data, stamp};

/// Where a restore is under way, inside the data directory: so it is on the same disk, and moving into place is quick.
const UNDER_WAY: &str = "restoring";

/// Restores.
pub(crate) fn run(settings: &Settings, file: &Path, replace: bool) -> anyhow::Result<Exit> {
    let data = settings.data.as_path();
    // Opened before anything moves: the file may lie in the very directory that is moved aside.
    let input = File::open(file).with_context(|| format!("{} cannot be read", file.display()))?;
    if data::is_in_use(data) {
        bail!("a server runs on {}; stop it first", data.display());
    }
    let left_over = data.join(UNDER_WAY);
    if left_over.exists() {
        fs::remove_dir_all(&left_over).with_context(|| format!("{} is in the way", left_over.display()))?;
    }
    let empty = data::is_empty(data).with_context(|| format!("{} cannot be read", data.display()))?;
    if !empty && !replace {
        bail!(
            "{} is not empty. With --replace it is moved aside, to {}.old-<time>; or name another with --data",
            data.display(),
            data.display()
        );
    }
    let mut progress = ProgressLine::new();
    backups::verify(file, &mut |now| {
        progress.show(|| format!("Verifying: {}", count(now.documents, "document")));
    })
    .with_context(|| format!("{} cannot be restored", file.display()))?;
    drop(progress);

    let aside = if empty { None } else { Some(move_aside(data)?) };
    let restored = fill(data, input);
    match (restored, aside) {
        (Ok(summary), aside) => {
            let (documents, records) =
                (count(summary.documents, "document"), count(summary.records, "record"));
            cli::say(&format!("{documents} with {records} are in {}", data.display()))?;
            if let Some(aside) = aside {
                data::keep_key(&aside, data).with_context(|| {
                    format!(
                        "everything is restored, but not weft.key: copy it from {} by hand",
                        aside.display()
                    )
                })?;
                cli::say(&format!("What was there before is in {}", aside.display()))?;
            }
            Ok(Exit::Done)
        }
        (Err(error), None) => Err(error),
        (Err(error), Some(aside)) => {
            // Nothing but the failed attempt can be in the new directory.
            let back = fs::remove_dir_all(data).and_then(|()| fs::rename(&aside, data));
            Err(match back {
                Ok(()) => error.context("the data directory is as it was"),
                Err(_) => error.context(format!("what was there before is in {}", aside.display())),
            })
        }
    }
}

fn move_aside(data: &Path) -> anyhow::Result<PathBuf> {
    let whole = data.canonicalize()?;
    let mut name = whole.file_name().context("the data directory has no name to move it by")?.to_owned();
    name.push(format!(".old-{}", stamp::utc(SystemTime::now())));
    let aside = whole.with_file_name(name);
    fs::rename(&whole, &aside).with_context(|| {
        format!(
            "{} cannot be moved to {} (if it is the root of a volume, move what is in it away by hand)",
            whole.display(),
            aside.display()
        )
    })?;
    Ok(aside)
}

/// Restores into a folder of its own and moves that into place when it is complete.
fn fill(data: &Path, input: File) -> anyhow::Result<Summary> {
    let under_way = data.join(UNDER_WAY);
    fs::create_dir_all(&under_way).with_context(|| format!("{} cannot be written", data.display()))?;
    let runtime = Runtime::new().context("the runtime cannot start")?;
    let store = data::open(&under_way)?;
    let mut progress = ProgressLine::new();
    let summary = runtime.block_on(backup::read(&store, BufReader::new(input), |now| {
        progress.show(|| format!("Restoring: {} of {}", now.documents, count(now.of, "document")));
    }));
    drop(progress);
    drop(store);
    if summary.is_err() {
        let _ = fs::remove_dir_all(&under_way);
    }
    let summary = summary?;
    into_place(&under_way, data).with_context(|| format!("{} could not be completed", data.display()))?;
    Ok(summary)
}

fn into_place(from: &Path, data: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::rename(entry.path(), data.join(entry.file_name()))?;
    }
    fs::remove_dir(from)?;
    File::open(data)?.sync_all()
}
