//! `weft compact`: drops the records that are not to be kept, packs the old ones of every document, and gives the space
//! back that the store does not need.

use anyhow::{Context as _, bail};
use tokio::runtime::Runtime;
use weft_ids::{Seq, UnixMillis};
use weft_store::{Log as _, Packed, Upkeep as _};
use weft_store_sled::SledStore;
use weft_store_sled::compact::{CompactError, Step};

use super::{ProgressLine, count};
use crate::cli::{self, Exit};
use crate::config::Settings;
use crate::{data, stamp};

/// Documents are listed so many at a time.
const LIST_MAX: usize = 1000;

/// Drops and packs, then writes the store anew.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<Exit> {
    if data::is_empty(&settings.data)? {
        bail!("there is no Weft data in {}; name it with --data", settings.data.display());
    }
    let store = data::open(&settings.data)?;
    let runtime = Runtime::new().context("the runtime cannot start")?;
    if let Some(until) = settings.history_keep_days.until(stamp::unix_millis()) {
        runtime.block_on(drop_older(&store, UnixMillis(until)))?;
    }
    let packed = runtime.block_on(pack_all(&store))?;
    drop(store);
    if packed.records > 0 {
        let (before, after) = (size(packed.bytes_before), size(packed.bytes_after));
        cli::say(&format!("Packed {}: {before} became {after}.", count(packed.records, "old record")))?;
    }
    let mut progress = ProgressLine::new();
    let done = data::compact(&settings.data, |step| {
        progress.show(|| match step {
            Step::Counting => "Compacting: counting what there is".to_owned(),
            Step::Copying { documents, of, bytes, of_bytes } => {
                let of = count(of, "document");
                format!("Compacting: {documents} of {of}, {} of {}", size(bytes), size(of_bytes))
            }
            Step::Verifying => "Compacting: verifying the copy".to_owned(),
            Step::Verified | Step::Named | Step::Switched | Step::Removed => "Compacting: done".to_owned(),
        });
    });
    drop(progress);
    let done = match done {
        Ok(done) => done,
        // As itself: a store that does not open has an exit code of its own.
        Err(CompactError::Open(error)) => return Err(error.into()),
        Err(error) => return Err(error.into()),
    };
    let documents = count(done.documents, "document");
    let (before, after) = (size(done.before), size(done.after));
    cli::say(&format!("The store with {documents} took {before} on disk and takes {after} now."))?;
    Ok(Exit::Done)
}

/// Drops what is older than `until`, and says what that was.
async fn drop_older(store: &SledStore, until: UnixMillis) -> anyhow::Result<()> {
    let mut progress = ProgressLine::new();
    let (mut done, mut documents, mut records, mut last) = (0_u64, 0_u64, 0_u64, None);
    let mut failed = Vec::new();
    loop {
        let page = store.documents(last.as_ref(), LIST_MAX).await?;
        if page.is_empty() {
            break;
        }
        for info in page {
            match weft_history::retain(store, &info.doc, until).await {
                Ok(None) => {}
                Ok(Some(dropped)) => {
                    documents += 1;
                    records += dropped.records;
                }
                Err(error) => failed.push(format!("{}: {error}", info.doc)),
            }
            done += 1;
            progress.show(|| {
                format!(
                    "Dropping what is not kept: {}, {}",
                    count(done, "document"),
                    count(records, "change")
                )
            });
            last = Some(info.doc);
        }
    }
    drop(progress);
    let before = stamp::day(until.0);
    let (records, documents) = (count(records, "change"), count(documents, "document"));
    cli::say(&format!(
        "Dropped {records} of {documents}, as history_keep_days says: of what was before {before}, only the versions \
         that people named are kept."
    ))?;
    match failed.len() {
        0 => Ok(()),
        _ => bail!("of these documents nothing could be dropped:\n{}", failed.join("\n")),
    }
}

async fn pack_all(store: &SledStore) -> anyhow::Result<Packed> {
    let mut progress = ProgressLine::new();
    let mut packed = Packed::default();
    let (mut done, mut last) = (0_u64, None);
    loop {
        let page = store.documents(last.as_ref(), LIST_MAX).await?;
        if page.is_empty() {
            return Ok(packed);
        }
        for info in page {
            packed += store.pack(&info.doc, Seq(u64::MAX)).await?;
            done += 1;
            progress.show(|| {
                format!("Packing: {}, {}", count(done, "document"), count(packed.records, "record"))
            });
            last = Some(info.doc);
        }
    }
}

/// Bytes as a person reads them.
fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        assert_eq!([9_999, 1_577_979, 113_029_941].map(size), ["9999 bytes", "1577 kB", "113.0 MB"]);
    }
}
