//! What looking into the past costs: any moment, the timeline, a difference, blame and a restore, on the recorded session.

use std::convert::Infallible;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use tokio::time::{interval, timeout};
use weft_ids::{DocId, SessionId, UnixMillis};
use weft_store::{Author, BatchId, Log, NewRecord, Record, RecordHash, RecordKind, Upkeep};
use weft_store_sled::{Settings, SledStore};
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, Transact, Update, WriteTxn};

use crate::commit;
use crate::document::Document;
use crate::latency::Histogram;
use crate::process::{Served, get, post, resident_kib};
use crate::session::{self, Dialect, Said};
use crate::typist::ROOT;

/// The document everything is asked of.
const NAME: &str = "bench-history";
/// When the session is said to have begun: 1 June 2026.
const BEGAN: u64 = 1_780_272_000_000;
/// Milliseconds between two keys.
const KEY_GAP: std::ops::Range<u64> = 80..400;
/// How many edits somebody makes before there is a pause and another goes on.
const SITTING: usize = 4_000;
/// The pause: with it the session takes over two weeks.
const PAUSE: u64 = 6 * 3_600_000;
/// A day, in ms.
const DAY: u64 = 24 * 3_600_000;
/// How often somebody who walks through the past asks for a moment of it.
const WALK: Duration = Duration::from_millis(100);
const WRITERS: [&str; 3] = ["Ann", "Bob", "Cem"];
/// Records written at a time.
const CHUNK: usize = 4_096;
/// Moments asked for in a round.
const MOMENTS: usize = 100;
/// How long a restore may take to arrive.
const ARRIVAL_MAX: Duration = Duration::from_secs(30);

/// What one round found; times in ms.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The first moment asked for after a restart.
    pub(crate) first: f64,
    /// The 95th percentile of moments, as state and as text, once one was asked for.
    pub(crate) state: f64,
    pub(crate) text: f64,
    pub(crate) timeline: f64,
    pub(crate) density: f64,
    /// The 95th percentile of differences of two moments a day apart.
    pub(crate) diff: f64,
    pub(crate) blame: f64,
    /// From asking for a restore of the whole document until a co-editor shows it.
    pub(crate) restore: f64,
}

/// What somebody who types has of it.
#[derive(Debug)]
pub(crate) struct Beside {
    /// From an edit to its acknowledgement, in ms.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    /// The server's memory at the end, in MiB.
    pub(crate) memory: f64,
}

impl Beside {
    fn of(server: &Served, times: Histogram) -> Result<Self> {
        let at = |share| times.quantile_ms(share).context("nothing was typed");
        Ok(Self { p50: at(0.5)?, p99: at(0.99)?, memory: resident_kib(server.pid())? / 1024.0 })
    }
}

/// What lies on the disk, in bytes.
#[derive(Debug)]
pub(crate) struct Kept {
    /// The updates alone.
    pub(crate) raw: u64,
    /// The data directory as the records were written, and after `weft compact`; with what the store keeps in reserve
    /// for a full disk.
    pub(crate) written: u64,
    pub(crate) compacted: u64,
    /// All rows of the store after `weft compact`: the whole history with authors, times and hashes.
    pub(crate) packed: u64,
}

/// Writes updates into a data directory, record by record as if they had been typed by three people over two weeks.
pub(crate) async fn write(data: &Path, name: &str, updates: &[Vec<u8>]) -> Result<()> {
    std::fs::create_dir_all(data)?;
    let store = SledStore::open(data, Settings::default()).context("the store does not open")?;
    let doc = DocId::new(name)?;
    let mut random = SmallRng::seed_from_u64(7);
    let (mut time, mut prev, mut seq) = (BEGAN, RecordHash::FIRST, weft_ids::Seq::ZERO);
    for (chunk, updates) in updates.chunks(CHUNK).enumerate() {
        let mut records = Vec::with_capacity(updates.len());
        for (number, update) in updates.iter().enumerate() {
            let edit = chunk * CHUNK + number;
            time += random.random_range(KEY_GAP) + if edit.is_multiple_of(SITTING) { PAUSE } else { 0 };
            let who = edit / SITTING % WRITERS.len();
            let author = Author {
                user: None,
                name: Some(Arc::from(WRITERS[who])),
                session: SessionId(who as u128 + 1),
            };
            let update = Bytes::copy_from_slice(update);
            let new = NewRecord { time: UnixMillis(time), author, kind: RecordKind::Edit, update };
            let record = Record::place(new, seq.next(), prev, BatchId { writer: 1, number: edit as u64 });
            (seq, prev) = (record.seq, record.hash());
            records.push(record);
        }
        store.import(&doc, records).await?;
    }
    Ok(())
}

/// Writes what the session led to into a data directory, without how.
pub(crate) async fn prepare_without(data: &Path, document: &Document) -> Result<()> {
    write(data, NAME, std::slice::from_ref(&document.state)).await
}

/// Writes the session into a data directory and compacts it.
pub(crate) async fn prepare(program: &Path, data: &Path, document: &Document) -> Result<Kept> {
    write(data, NAME, &document.updates).await?;
    let raw = document.updates.iter().map(|update| update.len() as u64).sum();
    let written = bytes_in(data)?;
    let status = Command::new(program)
        .args(["compact", "--data"])
        .arg(data)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    ensure!(status.success(), "weft compact ended with {status}");
    let compacted = bytes_in(data)?;
    let store = SledStore::open(data, Settings::default()).context("the store does not open any more")?;
    let packed = store.size().await?.live;
    Ok(Kept { raw, written, compacted, packed })
}

/// What the files of a directory take on the disk.
fn bytes_in(folder: &Path) -> Result<u64> {
    use std::os::unix::fs::MetadataExt as _;
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        bytes += if meta.is_dir() { bytes_in(&entry.path())? } else { meta.blocks() * 512 };
    }
    Ok(bytes)
}

/// Starts the server and asks for everything once.
pub(crate) async fn round(program: &Path, data: &Path, document: &Document, seed: u64) -> Result<Found> {
    let server = Served::server(program, data).await?;
    let at = server.target(Dialect::YWebsocket).authority;
    let mut random = SmallRng::seed_from_u64(seed);
    let edits = document.updates.len() as u64;
    let path = |what: &str| format!("/api/docs/{NAME}/{what}");
    let mut found = Found {
        first: timed(&at, &path(&format!("at/{}", edits / 2)), "text/plain").await?.0,
        ..Found::default()
    };

    for (accept, to) in [("application/octet-stream", &mut found.state), ("text/plain", &mut found.text)] {
        let mut times = Vec::new();
        for _ in 0..MOMENTS {
            let seq = random.random_range(1..=edits);
            times.push(timed(&at, &path(&format!("at/{seq}")), accept).await?.0);
        }
        *to = p95(times);
    }
    found.timeline = timed(&at, &path("history"), "application/json").await?.0;
    found.density = timed(&at, &path("history/density?buckets=200"), "application/json").await?.0;
    let mut times = Vec::new();
    for _ in 0..MOMENTS / 5 {
        let to = random.random_range(edits / 10..=edits);
        let here = stamp(&timed(&at, &path(&format!("at/{to}")), "application/json").await?.1)?;
        let before =
            timed(&at, &path(&format!("at?time={}", here.1.saturating_sub(DAY))), "application/json").await?;
        let from = stamp(&before.1)?.0;
        times.push(timed(&at, &path(&format!("diff?from={from}&to={to}")), "application/json").await?.0);
    }
    found.diff = p95(times);
    found.blame = timed(&at, &path("blame"), "application/json").await?.0;
    found.restore = restore(&server, &path("restore"), random.random_range(edits / 4..edits / 2)).await?;
    server.stop().await?;
    Ok(found)
}

/// Somebody types in the document: where it has no past, where it has one and nobody looks back, and while another walks
/// through it.
pub(crate) async fn beside_typing(
    program: &Path,
    [without, with]: [&Path; 2],
    document: &Document,
    seconds: u64,
) -> Result<[Beside; 3]> {
    let server = Served::server(program, without).await?;
    let target = server.target(Dialect::Hocuspocus);
    let pastless = Beside::of(&server, commit::round(&target, NAME, seconds).await?)?;
    server.stop().await?;

    let server = Served::server(program, with).await?;
    let target = server.target(Dialect::Hocuspocus);
    let alone = Beside::of(&server, commit::round(&target, NAME, seconds).await?)?;
    let typing = commit::round(&target, NAME, seconds);
    let watched = tokio::select! {
        times = typing => Beside::of(&server, times?)?,
        failed = walk(&target.authority, document.updates.len() as u64) => return failed.map(|never| match never {}),
    };
    server.stop().await?;
    Ok([pastless, alone, watched])
}

/// Asks for one moment after the other.
async fn walk(authority: &str, edits: u64) -> Result<Infallible> {
    let mut random = SmallRng::seed_from_u64(11);
    let mut beat = interval(WALK);
    loop {
        beat.tick().await;
        let path = format!("/api/docs/{NAME}/at/{}", random.random_range(1..=edits));
        get(authority, &path, "application/json").await?;
    }
}

/// Asks for a moment back while somebody has the document open.
async fn restore(server: &Served, path: &str, to: u64) -> Result<f64> {
    let target = server.target(Dialect::YWebsocket);
    let (_, text) = timed(&target.authority, &format!("/api/docs/{NAME}/at/{to}"), "text/plain").await?;
    let wished = String::from_utf8(text)?;
    let session::Opened { session, mut reader, given, .. } = session::open(&target, NAME).await?;
    let replica = Doc::new();
    given.iter().try_for_each(|update| apply(&replica, update))?;
    let begun = Instant::now();
    let asking = async {
        let body = format!("{{\"to\":{to}}}");
        post(&target.authority, path, &body).await.map(|_| ())
    };
    let hearing = async {
        loop {
            let mut shown = false;
            let open = reader
                .read(|frame| {
                    if let Said::Update(update) = session.hear(target.dialect, frame)? {
                        apply(&replica, update)?;
                        let mut txn = replica.transact_mut();
                        let text = txn.get_or_insert_text(ROOT);
                        shown = text.get_string(&txn) == wished;
                    }
                    Ok(())
                })
                .await?;
            ensure!(open, "the server closed the socket");
            if shown {
                return Ok(begun.elapsed());
            }
        }
    };
    let (asked, heard) = tokio::join!(asking, timeout(ARRIVAL_MAX, hearing));
    asked?;
    match heard {
        Ok(took) => Ok(took?.as_secs_f64() * 1_000.0),
        Err(_) => bail!("the restored text did not arrive"),
    }
}

fn apply(doc: &Doc, update: &[u8]) -> Result<()> {
    doc.transact_mut().apply_update(Update::decode_v1(update)?)?;
    Ok(())
}

/// How long an answer takes, in ms, its connection included, and its body.
async fn timed(authority: &str, path: &str, accept: &str) -> Result<(f64, Vec<u8>)> {
    let begun = Instant::now();
    let body = get(authority, path, accept).await?;
    Ok((begun.elapsed().as_secs_f64() * 1_000.0, body))
}

/// The seq and the time that an answer of a moment carries.
fn stamp(body: &[u8]) -> Result<(u64, u64)> {
    let body: serde_json::Value = serde_json::from_slice(body)?;
    let number = |key: &str| body[key].as_u64().with_context(|| format!("no {key} in the answer"));
    Ok((number("seq")?, number("time")?))
}

fn p95(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() * 95).div_ceil(100) - 1]
}
