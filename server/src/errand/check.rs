//! `weft check`: is everything as it was written?

use anyhow::bail;
use weft_store_sled::check;

use super::{ProgressLine, count};
use crate::cli::{self, Exit};
use crate::config::Settings;
use crate::data;

/// Reads everything and reports.
pub(crate) fn run(settings: &Settings) -> anyhow::Result<Exit> {
    if data::is_empty(&settings.data)? {
        bail!("there is no Weft data in {}; name it with --data", settings.data.display());
    }
    let store = data::open(&settings.data)?;
    let mut progress = ProgressLine::new();
    let report = check::run(&store, |now| {
        progress.show(|| format!("Checking: {} of {}", now.documents, count(now.of, "document")));
    })?;
    drop(progress);
    let whole = [
        count(report.documents, "document"),
        count(report.records, "record"),
        count(report.checkpoints, "checkpoint"),
    ];
    if report.bases > 0 {
        let documents = count(report.bases, "document");
        cli::say(&format!("Of {documents} older records are not kept; what stands for them is whole."))?;
    }
    if report.is_whole() {
        cli::say(&format!("All is well: {}.", whole.join(", ")))?;
        return Ok(Exit::Done);
    }
    for damage in &report.named {
        let doc =
            damage.doc.as_ref().map_or("outside any document".to_owned(), |doc| format!("document {doc}"));
        let seq = damage.seq.map_or(String::new(), |seq| format!(", record {seq}"));
        cli::say(&format!("damaged: {doc}{seq}: {}", damage.what))?;
    }
    let more = report.damages - report.named.len() as u64;
    if more > 0 {
        cli::say(&format!("and {more} more"))?;
    }
    cli::say(&format!("{} found. Whole: {}.", count(report.damages, "damage"), whole.join(", ")))?;
    cli::say(
        "`weft restore` brings a backup back; automatic ones are in the data directory's folder \"backups\".",
    )?;
    Ok(Exit::Failed)
}
