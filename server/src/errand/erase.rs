//! `weft erase`: what was written by mistake, a password say, leaves the history for good.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use tokio::runtime::Runtime;
use weft_history::erase::{self, Chosen, Erasure, Told};
use weft_ids::{DocId, PageId, Seq, UnixMillis};
use weft_store_sled::compact::{CompactError, Rewritten, Step};
use weft_wiki::audit::{self, Called, Deed};

use super::{ProgressLine, count};
use crate::cli::{self, EraseArgs, Exit};
use crate::config::Settings;
use crate::{backups, data, stamp};

/// Shows what would go, asks, rewrites the store without it, and says what is left elsewhere.
pub(crate) fn run(settings: &Settings, asked: &EraseArgs) -> anyhow::Result<Exit> {
    let doc =
        DocId::new(&asked.document).map_err(|error| anyhow::anyhow!("{:?}: {error}", asked.document))?;
    let chosen = chosen(asked)?;
    if data::is_empty(&settings.data)? {
        bail!("there is no Weft data in {}; name it with --data", settings.data.display());
    }
    let store = data::open(&settings.data)?;
    let runtime = Runtime::new().context("the runtime cannot start")?;
    let now = UnixMillis(stamp::unix_millis());
    let mut erasure =
        runtime.block_on(erase::prepare(&store, &doc, &chosen, asked.reason.as_deref(), now))?;
    drop(store);
    cli::say(&plan(&doc, &erasure.told))?;
    let backups = backups::list(&data::backups(&settings.data)).unwrap_or_default();
    if !asked.yes && !agreed("Erase this for good? There is no way back. [yes/no] ")? {
        cli::say("Nothing was changed.")?;
        return Ok(Exit::Done);
    }
    let (key, row) = noted(&doc, &erasure.told, asked.reason.as_deref(), now);
    erasure.rows.push((key, Some(row)));
    rewrite(settings, doc.clone(), erasure)?;
    cli::say(&format!("Erased. The history of {doc} says that it was done, and nothing of what it was."))?;
    let deleting = asked.delete_backups
        || (!asked.yes
            && !backups.is_empty()
            && agreed(&format!(
                "{} may still hold it. Delete them? [yes/no] ",
                count(backups.len() as u64, "automatic backup")
            ))?);
    let mut left = Vec::new();
    for backup in backups {
        if deleting && std::fs::remove_file(&backup).is_ok() {
            cli::say(&format!("Deleted {}.", backup.display()))?;
        } else {
            left.push(backup);
        }
    }
    cli::say(&unreached(&settings.data, &left))?;
    Ok(Exit::Done)
}

fn chosen(asked: &EraseArgs) -> anyhow::Result<Chosen> {
    match (&asked.text, asked.from) {
        (Some(text), None) => {
            let text = if text == "-" {
                // So that it stands neither in the shell's history nor in the list of processes.
                let input = std::io::stdin();
                if input.is_terminal() {
                    ask("The text to erase: ")?;
                }
                let mut line = String::new();
                input.lock().read_line(&mut line).context("standard input cannot be read")?;
                line.trim_end_matches(['\r', '\n']).to_owned()
            } else {
                text.clone()
            };
            if text.is_empty() {
                bail!("the text to erase is empty");
            }
            Ok(Chosen::Text(text))
        }
        (None, Some(from)) => {
            let to = asked.to.unwrap_or(from);
            if from == 0 || to < from {
                bail!("changes are numbered from 1, and --to must not come before --from");
            }
            Ok(Chosen::Records { from: Seq(from), to: Seq(to) })
        }
        _ => bail!("say what to erase: --text TEXT, or --from CHANGE --to CHANGE"),
    }
}

fn plan(doc: &DocId, told: &Told) -> String {
    let Told { characters, visible, others, first, last, by, versions, elsewhere } = told;
    let mut lines = vec![format!(
        "In {doc}: {} and {}, written between {} and {} (changes {} to {}) by {}.",
        count(*characters, "character"),
        count(*others, "other value"),
        stamp::utc_of(first.time.0),
        stamp::utc_of(last.time.0),
        first.seq,
        last.seq,
        by.join(", ")
    )];
    if *visible > 0 {
        lines
            .push(format!("{} of them can be seen in the document now, and will be deleted there.", visible));
    }
    if !versions.is_empty() {
        lines.push(format!("It shows in versions, which change: {}.", versions.join(", ")));
    }
    if !elsewhere.is_empty() {
        let keys: Vec<String> = elsewhere.iter().map(|key| key.escape_debug().to_string()).collect();
        lines.push(format!(
            "It also stands in what is kept beside documents, such as names, and stays there: {}.",
            keys.join(", ")
        ));
    }
    lines.join("\n")
}

/// What the audit log says of it. Not by its title, in which it may stand what was erased.
fn noted(doc: &DocId, told: &Told, reason: Option<&str>, now: UnixMillis) -> (String, Bytes) {
    let Told { characters, others, first, last, .. } = told;
    let (characters, others) = (count(*characters, "character"), count(*others, "other value"));
    let mut detail = format!("{characters} and {others} of changes {} to {}", first.seq, last.seq);
    if let Some(reason) = reason {
        detail.push_str(&format!(": {reason}"));
    }
    let id = PageId::of(doc).map_or_else(|| doc.as_str().to_owned(), |page| page.as_str().to_owned());
    let object = Called { id, name: doc.as_str().to_owned() };
    audit::row_of_the_operator(Deed::HistoryErased, object, detail, now)
}

fn ask(question: &str) -> anyhow::Result<()> {
    let mut out = std::io::stderr().lock();
    write!(out, "{question}").and_then(|()| out.flush()).context("nobody can be asked")
}

fn agreed(question: &str) -> anyhow::Result<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        bail!("nobody is there to be asked; nothing was changed. Scripts say --yes.");
    }
    ask(question)?;
    let mut answer = String::new();
    input.lock().read_line(&mut answer).context("standard input cannot be read")?;
    Ok(answer.trim() == "yes")
}

fn rewrite(settings: &Settings, doc: DocId, erasure: Erasure) -> anyhow::Result<()> {
    let Erasure { base, records, rows: meta, .. } = erasure;
    let rewritten = Rewritten { doc, base, records, meta };
    let mut progress = ProgressLine::new();
    let done = data::rewrite(&settings.data, &rewritten, |step| {
        progress.show(|| match step {
            Step::Copying { documents, of, .. } => {
                format!("Writing the store anew: {documents} of {}", count(of, "document"))
            }
            _ => "Writing the store anew".to_owned(),
        });
    });
    drop(progress);
    match done {
        Ok(_) => Ok(()),
        Err(CompactError::Open(error)) => Err(error.into()),
        Err(error) => Err(error.into()),
    }
}

/// What may still hold it.
fn unreached(data: &Path, backups: &[PathBuf]) -> String {
    let mut lines = vec![
        "What this cannot reach, and you may have to look after:".to_owned(),
        "- browsers and apps that have the document: they delete it when they next connect, but may have kept copies"
            .to_owned(),
        "- documents that it was copied to, here or elsewhere, exports, screenshots".to_owned(),
        "- backups and snapshots of the disk that you made yourself".to_owned(),
    ];
    lines.extend(backups.iter().map(|file| format!("- this automatic backup: {}", file.display())));
    lines.extend(
        moved_aside(data).iter().map(|path| format!("- this older data directory: {}", path.display())),
    );
    lines.push("A password that others could see is to be changed all the same.".to_owned());
    lines.join("\n")
}

/// What `weft restore --replace` moved aside.
fn moved_aside(data: &Path) -> Vec<PathBuf> {
    let whole = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let (Some(folder), Some(name)) = (whole.parent(), whole.file_name()) else { return Vec::new() };
    let prefix = format!("{}.old-", name.to_string_lossy());
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix))
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}
