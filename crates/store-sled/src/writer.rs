//! The one thread that writes: takes everything that waits, puts it into one batch, makes it durable, answers all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use weft_ids::{DocId, Seq};
use weft_store::{Base, Batch, Expect, Record, Rev, StoreError};

use crate::ballast;
use crate::engine::{Engine, Shared};
use crate::open::{SLED_FILE, open_engine};
use crate::rows::{from_io, from_sled};

mod commit;
mod documents;
mod pace;
mod watchdog;

use commit::Commit;
use documents::Documents;
use pace::Pace;
use watchdog::Watchdog;

/// The most bytes that may wait for the writer; whoever brings more waits before queueing.
const QUEUE_BYTES_MAX: usize = 256 << 20;
/// The queue is counted in units of so many bytes.
const QUEUE_UNIT: usize = 1024;
/// A commit takes no further job once it has so many bytes: those who wait for it wait for all of them.
const COMMIT_BYTES_MAX: usize = 8 << 20;
/// Nor once it has so many jobs.
const COMMIT_JOBS_MAX: usize = 4096;
/// After a failure of the disk, the database is opened anew at most so often.
const REOPEN_EVERY: Duration = Duration::from_millis(500);

/// Where the answer to a job goes.
pub(crate) type Answer<T> = oneshot::Sender<Result<T, StoreError>>;

/// What the writer is asked to do.
pub(crate) enum Job {
    Append {
        doc: DocId,
        batch: Batch,
        answer: Answer<Seq>,
    },
    Import {
        doc: DocId,
        records: Vec<Record>,
        answer: Answer<()>,
    },
    ImportBase {
        doc: DocId,
        base: Base,
        answer: Answer<()>,
    },
    Put {
        key: String,
        bytes: Bytes,
        expect: Expect,
        answer: Answer<Rev>,
    },
    Delete {
        key: String,
        expect: Expect,
        answer: Answer<()>,
    },
    /// Rows that need no looking at what there is: parts of checkpoints, written or (`None`) removed.
    Rows {
        rows: Vec<(Vec<u8>, Option<Vec<u8>>)>,
        answer: Answer<()>,
    },
}

struct Queued {
    job: Job,
    bytes: usize,
    /// Its share of the queue, given back once it is answered.
    share: OwnedSemaphorePermit,
}

/// The handle to the writer's thread.
pub(crate) struct Writer {
    queue: Option<Sender<Queued>>,
    room: Arc<Semaphore>,
    asked: AtomicUsize,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(crate) fn start(shared: Arc<Shared>) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let watchdog = Watchdog::start(shared.clone())?;
        let thread = std::thread::Builder::new().name("store writer".into()).spawn(move || {
            Thread::new(shared, watchdog).run(&jobs);
        })?;
        let room = Arc::new(Semaphore::new(QUEUE_BYTES_MAX / QUEUE_UNIT));
        Ok(Self { queue: Some(queue), room, asked: AtomicUsize::new(0), thread: Some(thread) })
    }

    /// How many jobs are queued or being done.
    pub(crate) fn queued(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }

    /// Queues a job of about `bytes` bytes and waits for its answer.
    pub(crate) async fn ask<T>(
        &self,
        bytes: usize,
        job: impl FnOnce(Answer<T>) -> Job,
    ) -> Result<T, StoreError> {
        let stopping = || StoreError::Unavailable { what: "the store is closing".into() };
        let units = (bytes / QUEUE_UNIT + 1).min(QUEUE_BYTES_MAX / QUEUE_UNIT) as u32;
        let share = self.room.clone().acquire_many_owned(units).await.map_err(|_| stopping())?;
        let (answer, answered) = oneshot::channel();
        let queued = Queued { job: job(answer), bytes, share };
        let _asking = Asking::new(&self.asked);
        self.queue.as_ref().ok_or_else(stopping)?.send(queued).map_err(|_| stopping())?;
        answered.await.map_err(|_| stopping())?
    }
}

/// Counts whoever waits for an answer, also when they stop waiting.
struct Asking<'a>(&'a AtomicUsize);

impl<'a> Asking<'a> {
    fn new(asked: &'a AtomicUsize) -> Self {
        asked.fetch_add(1, Ordering::Relaxed);
        Self(asked)
    }
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Drop for Writer {
    /// What is queued is still stored.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What went wrong with a commit.
struct Failed {
    error: StoreError,
    /// The sync itself failed: the system may have dropped pages that it now believes clean.
    in_sync: bool,
}

struct Thread {
    shared: Arc<Shared>,
    documents: Documents,
    pace: Pace,
    /// The failure that stands between us and the next commit.
    failed: Option<Failed>,
    tried: Instant,
    /// Whether the database was opened anew after that failure.
    fresh: bool,
    watchdog: Watchdog,
}

impl Thread {
    fn new(shared: Arc<Shared>, watchdog: Watchdog) -> Self {
        let pace = Pace::new(shared.settings.commit_wait);
        let documents = Documents::default();
        Self { shared, documents, pace, failed: None, tried: Instant::now(), fresh: true, watchdog }
    }

    fn run(mut self, jobs: &Receiver<Queued>) {
        metrics::gauge!("weft_store_disk_bytes").set(self.shared.disk_bytes() as f64);
        while let Ok(first) = jobs.recv() {
            self.serve(gather(first, jobs));
            let now = Instant::now();
            if let Some(until) = self.pace.wait_until(now) {
                // Slept through, so that nobody who comes meanwhile has to wake this thread.
                std::thread::sleep(until.saturating_duration_since(now));
            }
        }
        // First the watchdog, which would keep the database open.
        drop(self.watchdog);
        self.shared.close();
    }

    fn serve(&mut self, group: Vec<Queued>) {
        let start = Instant::now();
        let ready = self.recover().and_then(|()| self.shared.with(|engine| Commit::on(&engine.db)));
        let mut commit = match ready {
            Ok(commit) => commit,
            Err(error) => return group.into_iter().for_each(|queued| queued.job.refuse(error.clone())),
        };
        self.pace.starts(start, group.iter().filter_map(|queued| queued.job.doc()));
        self.watchdog.begins();
        // The shares of the queue go back when the answers are out.
        let mut shares = Vec::with_capacity(group.len());
        let stored = catch_unwind(AssertUnwindSafe(|| {
            let (shared, documents) = (&self.shared, &mut self.documents);
            let stored = shared.with(|engine| {
                for Queued { job, share, .. } in group {
                    shares.push(share);
                    commit.take(job, &engine.db, documents);
                }
                Ok(if commit.is_empty() { Ok(()) } else { store(shared, engine, &mut commit) })
            });
            stored.unwrap_or_else(|error| Err(Failed { error, in_sync: false }))
        }));
        self.watchdog.ends();
        match stored {
            Ok(Ok(())) => {
                self.measure(&commit, start);
                commit.answer(Ok(()));
            }
            Ok(Err(failed)) => self.fail(failed, commit),
            Err(_) => {
                let what = "the database could not make sense of its file".into();
                self.fail(Failed { error: StoreError::Unavailable { what }, in_sync: false }, commit);
            }
        }
    }

    fn measure(&self, commit: &Commit, start: Instant) {
        if commit.is_empty() {
            return;
        }
        metrics::histogram!("weft_commit_seconds").record(start.elapsed().as_secs_f64());
        metrics::histogram!("weft_commit_batches").record(commit.batches() as f64);
        metrics::counter!("weft_commit_records_total").increment(commit.records());
        // Looking at the files costs more than a small commit does.
        if commit.commits().is_multiple_of(256) {
            metrics::gauge!("weft_store_disk_bytes").set(self.shared.disk_bytes() as f64);
        }
    }

    fn fail(&mut self, failed: Failed, commit: Commit) {
        metrics::counter!("weft_store_failures_total").increment(1);
        tracing::error!(error = %failed.error, "a commit failed; whoever waited for it is told");
        for (doc, durable) in commit.durable_heads() {
            self.shared.doubt(doc, durable);
        }
        self.documents = Documents::default();
        let in_sync = failed.in_sync;
        let error = failed.error.clone();
        self.failed = Some(failed);
        // sled takes nothing more after a failure of its own, and may not even read. A failed sync it knows nothing
        // of: it goes on serving readers until the disk is well again.
        self.fresh = !in_sync && self.reopen().is_ok();
        self.tried = Instant::now();
        commit.answer(Err(&error));
    }

    /// After a failed commit nothing is written until the disk takes bytes again, and the database, whose memory
    /// and file may differ now, was opened anew.
    fn recover(&mut self) -> Result<(), StoreError> {
        let Some(failed) = &self.failed else { return Ok(()) };
        if self.tried.elapsed() < REOPEN_EVERY {
            return Err(failed.error.clone());
        }
        self.tried = Instant::now();
        let ready = ballast::take(&self.shared.dir).map_err(|error| from_io(&error));
        let outcome = ready.and_then(|()| if self.fresh { Ok(()) } else { self.reopen() });
        match &outcome {
            Ok(()) => {
                tracing::info!("the disk takes bytes again");
                self.failed = None;
            }
            Err(error) => {
                metrics::counter!("weft_store_failures_total").increment(1);
                tracing::error!(%error, "the disk is still not writable");
            }
        }
        outcome
    }

    /// Opens the database anew. What it then holds is durable, or readers do not get it.
    fn reopen(&mut self) -> Result<(), StoreError> {
        let (path, settings) = (&self.shared.database, &self.shared.settings);
        self.shared.close();
        if self.failed.as_ref().is_some_and(|failed| failed.in_sync) {
            rewrite(&path.join(SLED_FILE)).map_err(|error| from_io(&error))?;
        }
        let opened = open_engine(path, settings).or_else(|_| {
            // Opening writes a little. On a full disk the ballast makes room for that.
            ballast::drop(&self.shared.dir);
            open_engine(path, settings)
        });
        let engine = opened.map_err(|error| StoreError::Unavailable { what: error.to_string() })?;
        let synced = settings.disk.sync(&engine.file, &engine.path);
        self.shared.reopened(engine, synced.is_ok());
        synced.map_err(|error| {
            if let Some(failed) = &mut self.failed {
                failed.in_sync = true;
            }
            from_io(&error)
        })
    }
}

/// `first` and what else waits.
fn gather(first: Queued, jobs: &Receiver<Queued>) -> Vec<Queued> {
    let mut bytes = first.bytes;
    let mut group = vec![first];
    while bytes < COMMIT_BYTES_MAX
        && group.len() < COMMIT_JOBS_MAX
        && let Ok(next) = jobs.try_recv()
    {
        bytes += next.bytes;
        group.push(next);
    }
    group
}

/// Applies and makes durable what the commit holds.
fn store(shared: &Shared, engine: &Engine, commit: &mut Commit) -> Result<(), Failed> {
    let failed = |error, in_sync| Failed { error, in_sync };
    let batch = commit.seal();
    let moment = shared.moment.write().unwrap_or_else(PoisonError::into_inner);
    let applied = engine.db.apply_batch(batch);
    drop(moment);
    applied.map_err(|error| failed(from_sled(&error), false))?;
    engine.db.flush().map_err(|error| failed(from_sled(&error), false))?;
    let synced = shared.settings.disk.sync(&engine.file, &engine.path);
    synced.map_err(|error| failed(from_io(&error), true))?;
    if let Err(error) = shared.witness.write(commit.commits()) {
        // It only lags behind then, which is no lie.
        tracing::warn!(%error, "cannot note the number of commits");
    }
    Ok(())
}

/// Writes a file over itself. After a failed sync the system may hold pages that never reached the disk for clean;
/// written again they are dirty again, and the next sync says the truth about them.
fn rewrite(path: &std::path::Path) -> std::io::Result<()> {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::options().read(true).write(true).open(path)?;
    let mut buffer = vec![0; 1 << 20];
    let mut at = 0;
    loop {
        let len = file.read_at(&mut buffer, at)?;
        if len == 0 {
            return file.sync_data();
        }
        file.write_all_at(&buffer[..len], at)?;
        at += len as u64;
    }
}
