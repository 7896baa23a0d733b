//! What a hand feels: the handle of a page's history dragged to and fro in Chromium.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;
use tokio::task::spawn_blocking;
use yrs::block::ClientID;
use yrs::{
    Doc, GetString, Map, OffsetKind, Options, Text, Transact, WriteTxn, XmlElementPrelim, XmlFragment,
    XmlTextPrelim,
};

use crate::history;
use crate::process::{Served, unpinned};
use crate::session::Dialect;

/// The page's edits, a key each.
pub(crate) const EDITS: usize = 10_000;
/// Where it stands.
const PAGE: &str = "page/benchbenchbenchbenchbench";
/// Whoever drags, and how they sign in.
pub(crate) const EMAIL: &str = "anna@example.org";
pub(crate) const PASSWORD: &str = "three herons weave by the lake";
/// Characters of a paragraph.
const PARAGRAPH_CHARS: u32 = 220;
/// Keys between two that take the last one back.
const TAKEN_BACK_EVERY: usize = 12;

/// What a hand felt; times in ms.
#[derive(Debug, Deserialize)]
pub(crate) struct Felt {
    /// How many frames there were while the handle moved.
    pub(crate) frames: u64,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) longest: f64,
    /// Frames of more than 20 ms.
    pub(crate) late: f64,
    /// From letting go until the moment is drawn: the longest of a few.
    pub(crate) drawn: f64,
}

/// Why there can be no measuring here, if so: the browser's driver or the browser is missing.
pub(crate) fn missing() -> Option<&'static str> {
    if !folder().join("node_modules/playwright-core").exists() {
        return Some("its packages are not installed; `cargo xtask test --only e2e` installs them");
    }
    let named = std::env::var_os("WEFT_CHROMIUM").unwrap_or_else(|| "/usr/bin/chromium".into());
    (!Path::new(&named).exists()).then_some("there is no Chromium; WEFT_CHROMIUM may name one")
}

/// Where the browser's scripts are.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("e2e")
}

/// Writes the page into a data directory, and whoever drags.
pub(crate) async fn prepare(program: &Path, data: &Path) -> Result<()> {
    history::write(data, PAGE, &typed()).await?;
    add_owner(program, data).await
}

/// Somebody owns the wiki in a data directory, and everything in it.
pub(crate) async fn add_owner(program: &Path, data: &Path) -> Result<()> {
    let mut command = Command::new(program);
    command.args(["user", "add", EMAIL, "--name", "Anna", "--role", "owner", "--password-stdin", "--data"]);
    command.arg(data).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let output = spawn_blocking(move || {
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(PASSWORD.as_bytes())?;
        }
        child.wait_with_output()
    });
    let output = output.await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Starts the server and drags over the page's history.
pub(crate) async fn round(program: &Path, data: &Path) -> Result<Felt> {
    let server = Served::server(program, data).await?;
    let http = format!("http://{}", server.target(Dialect::YWebsocket).authority);
    // Beside the generator on one core a browser would measure the generator.
    let mut command = unpinned("node");
    command.args(["bench/drag.mjs", &http, &format!("/{PAGE}"), EMAIL, PASSWORD]).current_dir(folder());
    // The script has limits of its own.
    let output = spawn_blocking(move || command.stdin(Stdio::null()).output()).await??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    server.stop().await?;
    serde_json::from_slice(&output.stdout).context("the browser said something else")
}

/// A page that somebody types: paragraph after paragraph, with a letter taken back now and then.
fn typed() -> Vec<Vec<u8>> {
    let mut random = SmallRng::seed_from_u64(3);
    let options =
        Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(77_777)) };
    let doc = Doc::with_options(options);
    let mut updates = Vec::with_capacity(EDITS);
    let mut text = None;
    for edit in 0..EDITS {
        let mut txn = doc.transact_mut();
        let page = txn.get_or_insert_xml_fragment("default");
        match &text {
            None => {
                txn.get_or_insert_map("weft").insert(&mut txn, "schema", 1);
                let title = txn.get_or_insert_xml_fragment("title");
                let line = title.push_back(&mut txn, XmlElementPrelim::empty("paragraph"));
                line.push_back(&mut txn, XmlTextPrelim::new("A page of ten thousand edits"));
                let block = page.push_back(&mut txn, XmlElementPrelim::empty("paragraph"));
                text = Some(block.push_back(&mut txn, XmlTextPrelim::new("")));
            }
            Some(line) if line.len(&txn) >= PARAGRAPH_CHARS => {
                let block = page.push_back(&mut txn, XmlElementPrelim::empty("paragraph"));
                text = Some(block.push_back(&mut txn, XmlTextPrelim::new("")));
            }
            Some(line) => {
                let end = line.len(&txn);
                if end > 0 && edit.is_multiple_of(TAKEN_BACK_EVERY) {
                    line.remove_range(&mut txn, end - 1, 1);
                } else {
                    let is_word = !line.get_string(&txn).ends_with(' ') && random.random_ratio(1, 6);
                    let letter = if is_word { ' ' } else { char::from(b'a' + random.random_range(0..26_u8)) };
                    line.insert(&mut txn, end, letter.encode_utf8(&mut [0; 4]));
                }
            }
        }
        updates.push(txn.encode_update_v1());
    }
    updates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_has_as_many_edits_as_it_says_and_none_of_them_is_empty() {
        let updates = typed();
        assert_eq!(updates.len(), EDITS);
        assert!(updates.iter().all(|update| update != &[0, 0]));
    }
}
