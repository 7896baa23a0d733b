//! `weft backup FILE`: through the server that runs on the data directory, or from the store itself.

use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, header};
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use weft_store::backup::BackupError;

use super::{ProgressLine, count};
use crate::cli::{self, Exit};
use crate::config::Settings;
use crate::http::admin::DAMAGED;
use crate::running::{self, Running};
use crate::{backups, data};

/// Writes the backup.
pub(crate) fn run(settings: &Settings, file: &Path, force: bool) -> anyhow::Result<Exit> {
    if file.exists() && !force {
        bail!("{} exists already; take another name, or --force to replace it", file.display());
    }
    let runtime = Runtime::new().context("the runtime cannot start")?;
    let running = running::find(&settings.data);
    let answer = running.as_ref().map(|running| runtime.block_on(ask(running)));
    let damaged = match (running, answer) {
        (Some(_), Some(Ok(response))) => through_server(&runtime, response, file)?,
        // Nobody answers there: a server that was killed leaves its file behind. The store's lock knows better.
        (running, answer) => match data::is_in_use(&settings.data) {
            false => directly(&runtime, settings, file)?,
            true => {
                let place = settings.data.display();
                let pid = running.map_or(String::new(), |running| format!(" (process {})", running.pid));
                let why = answer.and_then(Result::err).map_or(String::new(), |error| format!(": {error:#}"));
                bail!("a server{pid} has {place} open, but the backup cannot be had from it{why}");
            }
        },
    };
    let mut progress = ProgressLine::new();
    let summary = backups::verify(file, &mut |now| {
        progress.show(|| format!("Verifying: {}", count(now.documents, "document")));
    })?;
    drop(progress);
    let (documents, records) = (count(summary.documents, "document"), count(summary.records, "record"));
    cli::say(&format!("{documents} with {records} are in {}", file.display()))?;
    if damaged.is_empty() {
        return Ok(Exit::Done);
    }
    cli::complain("These documents are damaged, and in the backup only up to the damage:");
    for line in &damaged {
        cli::complain(&format!("  {line}"));
    }
    Ok(Exit::Failed)
}

/// Asks the running server for a backup.
async fn ask(running: &Running) -> anyhow::Result<Response<Incoming>> {
    let stream = TcpStream::connect(running.address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get("/api/admin/backup")
        .header(header::HOST, running.address.to_string())
        .header(header::AUTHORIZATION, running.token.bearer())
        .header(header::TE, "trailers")
        .body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    if !response.status().is_success() {
        bail!("the server at {} answered {}", running.address, response.status());
    }
    Ok(response)
}

/// Takes what the server sends. Answers with the documents it calls damaged.
fn through_server(
    runtime: &Runtime,
    response: Response<Incoming>,
    file: &Path,
) -> Result<Vec<String>, BackupError> {
    let mut damaged = Vec::new();
    let mut progress = ProgressLine::new();
    backups::put(file, |out| {
        let mut body = response.into_body();
        let mut received = 0;
        while let Some(frame) = runtime.block_on(body.frame()) {
            let frame = frame.map_err(|error| {
                BackupError::Io(std::io::Error::other(format!("the server broke off: {error}")))
            })?;
            match frame.into_data() {
                Ok(bytes) => {
                    out.write_all(&bytes)?;
                    received += bytes.len();
                    progress.show(|| format!("Backup: {} KiB", received >> 10));
                }
                Err(frame) => {
                    let trailers = frame.into_trailers().unwrap_or_default();
                    let text = trailers.get(DAMAGED).map_or(&[][..], |value| value.as_bytes());
                    let text = String::from_utf8_lossy(text).into_owned();
                    let text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
                    damaged = text.lines().map(str::to_owned).collect();
                }
            }
        }
        Ok(())
    })?;
    Ok(damaged)
}

/// Reads the store, which nobody else has open.
fn directly(runtime: &Runtime, settings: &Settings, file: &Path) -> anyhow::Result<Vec<String>> {
    if data::is_empty(&settings.data)? {
        bail!("there is no Weft data in {}; name it with --data", settings.data.display());
    }
    let store = data::open(&settings.data)?;
    let mut progress = ProgressLine::new();
    let summary = backups::write(runtime.handle(), &store, file, |now| {
        progress.show(|| format!("Backup: {} of {}", now.documents, count(now.of, "document")));
    })?;
    Ok(summary.damaged.into_iter().map(|(doc, what)| format!("{doc}: {what}")).collect())
}
