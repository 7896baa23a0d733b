//! How long a large document takes to open: cold and warm, alone and for many at once.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use futures_util::future::try_join_all;
use tokio::time::sleep;

use crate::document::Document;
use crate::process::Served;
use crate::session::{self, Said, Session, Target};
use crate::socket::Reader;

/// How many open the document at the same moment.
pub(crate) const AT_ONCE: usize = 50;

/// How often a warm document is opened alone in one round.
const WARM_OPENS: usize = 20;

/// How many updates are handed to the socket before it must have taken them.
const WRITE_AHEAD: usize = 512;

/// How long a server may take to hold the whole document after it was sent.
const KEEPING_MAX: Duration = Duration::from_secs(120);

/// What one round found.
#[derive(Debug)]
pub(crate) struct Openings {
    /// The first open after a restart, in ms.
    pub(crate) cold_ms: f64,
    /// Opens while others have it open, in ms, the median of a few.
    pub(crate) warm_ms: f64,
    /// Opens a second, [`AT_ONCE`] at the same moment, the first after a restart.
    pub(crate) cold_per_s: f64,
    /// The same, while others have it open.
    pub(crate) warm_per_s: f64,
}

/// Types the whole document into `room`, edit by edit, and waits until a newcomer is given all of it.
pub(crate) async fn type_document(target: &Target, room: &str, document: &Document) -> Result<Duration> {
    let begun = Instant::now();
    let opened = session::open(target, room).await?;
    let ear = tokio::task::spawn_local(listen(opened.reader, opened.session.clone(), target.clone()));
    for updates in document.updates.chunks(WRITE_AHEAD) {
        let mut frames = Vec::new();
        updates.iter().for_each(|update| opened.session.append_update(&mut frames, update));
        opened.session.push(&frames);
        if !opened.session.drained().await {
            // The reading side knows why.
            ear.await??;
            bail!("the socket broke while the document was typed");
        }
    }
    let sent = Instant::now();
    loop {
        let given = session::open(target, room).await?.given;
        if document.covered_by(&given) && document.equals(&given) {
            break;
        }
        ensure!(sent.elapsed() < KEEPING_MAX, "the server still lacks part of the document");
        if ear.is_finished() {
            ear.await??;
            bail!("the server closed the socket that typed the document");
        }
        sleep(Duration::from_millis(100)).await;
    }
    ear.abort();
    Ok(begun.elapsed())
}

/// Reads what comes back to the one who types, so that the server never waits for it.
async fn listen(mut reader: Reader, session: Session, target: Target) -> Result<()> {
    let hear = |frame: crate::socket::Frame<'_>| match session.hear(target.dialect, frame)? {
        Said::Refused => bail!("the server refused an edit"),
        // Every edit follows the one before it, so there is nothing to ask for.
        Said::Step1(have) => bail!("the server lacks edits it was sent: it has the state vector {have:02x?}"),
        _ => Ok(()),
    };
    while reader.read(hear).await? {}
    Ok(())
}

/// Restarts the server twice and opens the document in all four ways.
pub(crate) async fn round(
    program: &Path,
    data: &Path,
    dialect: session::Dialect,
    room: &str,
    document: &Document,
) -> Result<Openings> {
    let server = Served::server(program, data).await?;
    let target = server.target(dialect);
    let cold_ms = alone(&target, room, document).await?;
    let warm_ms = warm_alone(&target, room, document).await?;
    let warm_per_s = at_once(&target, room, document).await?;
    server.stop().await?;
    let server = Served::server(program, data).await?;
    let cold_per_s = at_once(&server.target(dialect), room, document).await?;
    server.stop().await?;
    Ok(Openings { cold_ms, warm_ms, cold_per_s, warm_per_s })
}

/// The part of [`round`] that needs no restart, for a server that is not ours to start: warm alone, warm at once.
pub(crate) async fn warm_round(target: &Target, room: &str, document: &Document) -> Result<(f64, f64)> {
    let warm_ms = warm_alone(target, room, document).await?;
    Ok((warm_ms, at_once(target, room, document).await?))
}

/// One open, in ms.
async fn alone(target: &Target, room: &str, document: &Document) -> Result<f64> {
    let opened = session::open(target, room).await?;
    ensure!(document.equals(&opened.given), "a newcomer was not given the whole document");
    Ok(opened.took.as_secs_f64() * 1000.0)
}

/// The median of [`WARM_OPENS`] opens, one after the other, while one session stays.
async fn warm_alone(target: &Target, room: &str, document: &Document) -> Result<f64> {
    let _stays = session::open(target, room).await?;
    let mut times = Vec::new();
    for _ in 0..WARM_OPENS {
        times.push(alone(target, room, document).await?);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

/// Opens a second when [`AT_ONCE`] sessions open at the same moment.
async fn at_once(target: &Target, room: &str, document: &Document) -> Result<f64> {
    let begun = Instant::now();
    let opened = try_join_all((0..AT_ONCE).map(|_| session::open(target, room))).await?;
    let took = begun.elapsed().as_secs_f64();
    for session in &opened {
        ensure!(
            document.covered_by(&session.given),
            "one of many newcomers was not given the whole document"
        );
    }
    Ok(AT_ONCE as f64 / took)
}
