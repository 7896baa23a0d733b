//! The one thread that writes: takes everything that waits, puts it into one batch, makes it durable, answers all.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use weft_ids::{DocId, Seq};
use weft_store::{Base, Batch, Expect, Record, Rev, StoreError};

use crate::ballast;
use crate::engine::{Shared, Unsettled};
use crate::journal::Journal;
use crate::keys::Number;
use crate::open::{SLED_FILE, open_engine};
use crate::rows::from_io;

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
    /// Answers with the number that the document had, if there was one.
    Remove {
        doc: DocId,
        answer: Answer<Option<Number>>,
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
    pub(crate) fn start(shared: Arc<Shared>, journal: Journal) -> std::io::Result<Self> {
        let (queue, jobs) = channel();
        let watchdog = Watchdog::start(shared.clone())?;
        let thread = std::thread::Builder::new().name("store writer".into()).spawn(move || {
            Thread::new(shared, journal, watchdog).run(&jobs);
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

/// What stands between us and the next commit.
struct Failed {
    error: StoreError,
    /// Whether it may be that the database's memory and its file differ.
    database: Doubt,
}

/// How far the open database can be believed after a failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubt {
    None,
    /// sled takes nothing more after a failure of its own, and may not even read.
    Engine,
    /// A sync failed: the system may have dropped pages that it now believes clean. sled knows nothing of that, and
    /// goes on serving readers.
    File,
}

struct Thread {
    shared: Arc<Shared>,
    journal: Journal,
    documents: Documents,
    pace: Pace,
    failed: Option<Failed>,
    tried: Instant,
    watchdog: Watchdog,
}

impl Thread {
    fn new(shared: Arc<Shared>, journal: Journal, watchdog: Watchdog) -> Self {
        let pace = Pace::new(shared.settings.commit_wait);
        let documents = Documents::default();
        Self { shared, journal, documents, pace, failed: None, tried: Instant::now(), watchdog }
    }

    fn run(mut self, jobs: &Receiver<Queued>) {
        metrics::gauge!("weft_store_disk_bytes").set(self.shared.disk_bytes() as f64);
        while let Ok(first) = jobs.recv() {
            self.watchdog.begins();
            self.serve(gather(first, jobs));
            self.watchdog.ends();
            let now = Instant::now();
            if let Some(until) = self.pace.wait_until(now) {
                // Slept through, so that nobody who comes meanwhile has to wake this thread.
                std::thread::sleep(until.saturating_duration_since(now));
            }
        }
        self.watchdog.begins();
        // What the database does not take is in the journal, and found there by whoever opens the store next.
        if self.failed.is_none()
            && let Err(error) = self.settle()
        {
            tracing::warn!(%error, "what was written last stays in the journal");
        }
        // First the watchdog, which would keep the database open.
        drop(self.watchdog);
        self.shared.close();
    }

    fn serve(&mut self, group: Vec<Queued>) {
        let start = Instant::now();
        let ready = self.recover().and_then(|()| self.shared.with(Commit::on));
        let mut commit = match ready {
            Ok(commit) => commit,
            Err(error) => return group.into_iter().for_each(|queued| queued.job.refuse(error.clone())),
        };
        self.pace.starts(start, group.iter().filter_map(|queued| queued.job.doc()));
        // The shares of the queue go back when the answers are out.
        let mut shares = Vec::with_capacity(group.len());
        let taken = catch_unwind(AssertUnwindSafe(|| {
            self.shared.with(|view| {
                for Queued { job, share, .. } in group {
                    shares.push(share);
                    commit.take(job, view, &mut self.documents);
                }
                Ok(())
            })
        }));
        let stored = match taken {
            Ok(Ok(())) if commit.is_empty() => Ok(()),
            Ok(Ok(())) => self.store(&mut commit, start),
            Ok(Err(error)) => Err(Failed { error, database: Doubt::Engine }),
            Err(_) => Err(not_understood()),
        };
        if let Err(failed) = stored {
            let error = failed.error.clone();
            self.fail(failed);
            return commit.answer(Err(&error));
        }
        commit.answer(Ok(()));
        if self.journal.is_full() {
            // Whoever waited has been answered.
            let _ = self.settle();
        }
    }

    /// Makes durable what the commit holds, and shows it to readers.
    fn store(&mut self, commit: &mut Commit, start: Instant) -> Result<(), Failed> {
        let writes = commit.seal();
        let written = self.journal.write(commit.commits(), &writes, &*self.shared.settings.disk);
        // Nobody sees what is not durable, and the database has nothing to do with it.
        written.map_err(|error| Failed { error: from_io(&error), database: Doubt::None })?;
        self.shared.show(writes);
        if let Err(error) = self.shared.witness.write(commit.commits()) {
            // It only lags behind then, which is no lie.
            tracing::warn!(%error, "cannot note the number of commits");
        }
        self.measure(commit, start);
        Ok(())
    }

    /// Moves what the journal holds into the database.
    fn settle(&mut self) -> Result<(), StoreError> {
        let shared = &self.shared;
        let failed = match catch_unwind(AssertUnwindSafe(|| shared.settle())) {
            Ok(Ok(())) => {
                self.journal.begin_anew();
                return Ok(());
            }
            Ok(Err(Unsettled { error, in_sync })) => {
                Failed { error, database: if in_sync { Doubt::File } else { Doubt::Engine } }
            }
            Err(_) => not_understood(),
        };
        let error = failed.error.clone();
        self.fail(failed);
        Err(error)
    }

    fn measure(&self, commit: &Commit, start: Instant) {
        metrics::histogram!("weft_commit_seconds").record(start.elapsed().as_secs_f64());
        metrics::histogram!("weft_commit_batches").record(commit.batches() as f64);
        metrics::counter!("weft_commit_records_total").increment(commit.records());
        // Looking at the files costs more than a small commit does.
        if commit.commits().is_multiple_of(256) {
            metrics::gauge!("weft_store_disk_bytes").set(self.shared.disk_bytes() as f64);
        }
    }

    fn fail(&mut self, mut failed: Failed) {
        metrics::counter!("weft_store_failures_total").increment(1);
        tracing::error!(error = %failed.error, "storing failed; whoever waits for it is told");
        self.documents = Documents::default();
        self.tried = Instant::now();
        if failed.database == Doubt::Engine && self.reopen(Doubt::Engine).is_ok() {
            failed.database = Doubt::None;
        }
        self.failed = Some(failed);
    }

    /// After a failure nothing is written until the disk takes bytes again, and the database has what the journal
    /// holds. If its memory and file may differ, it is opened anew before.
    fn recover(&mut self) -> Result<(), StoreError> {
        let Some(Failed { error, database }) = &self.failed else { return Ok(()) };
        if self.tried.elapsed() < REOPEN_EVERY {
            return Err(error.clone());
        }
        let doubt = *database;
        self.tried = Instant::now();
        let ready = ballast::take(&self.shared.dir).map_err(|error| from_io(&error));
        let ready = ready.and_then(|()| if doubt == Doubt::None { Ok(()) } else { self.reopen(doubt) });
        match ready {
            Ok(()) => {
                self.failed = None;
                self.settle()?;
                tracing::info!("the disk takes bytes again");
                Ok(())
            }
            Err(error) => {
                metrics::counter!("weft_store_failures_total").increment(1);
                tracing::error!(%error, "the disk is still not writable");
                Err(error)
            }
        }
    }

    /// Opens the database anew.
    fn reopen(&self, doubt: Doubt) -> Result<(), StoreError> {
        let (path, settings) = (&self.shared.database, &self.shared.settings);
        self.shared.close();
        if doubt == Doubt::File {
            rewrite(&path.join(SLED_FILE)).map_err(|error| from_io(&error))?;
        }
        let opened = open_engine(path, settings).or_else(|_| {
            // Opening writes a little. On a full disk the ballast makes room for that.
            ballast::drop(&self.shared.dir);
            open_engine(path, settings)
        });
        let engine = opened.map_err(|error| StoreError::Unavailable { what: error.to_string() })?;
        self.shared.reopened(engine);
        Ok(())
    }
}

fn not_understood() -> Failed {
    let what = "the database could not make sense of its file".into();
    Failed { error: StoreError::Unavailable { what }, database: Doubt::Engine }
}

/// `first` and what else waits.
fn gather(first: Queued, jobs: &Receiver<Queued>) -> Vec<Queued> {
    let mut bytes = first.bytes;
    let mut group = vec![first];
    // What follows a removal looks at what it leaves, which is there once it is committed.
    while !group.last().is_some_and(|last| matches!(last.job, Job::Remove { .. }))
        && bytes < COMMIT_BYTES_MAX
        && group.len() < COMMIT_JOBS_MAX
        && let Ok(next) = jobs.try_recv()
    {
        bytes += next.bytes;
        group.push(next);
    }
    group
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

#[cfg(test)]
mod tests;
