//! The writer does something between any two looks of a reader: seeded, on one thread, so that a failure comes again.

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::AtomicU64;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, SharedString, Unit};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use weft_ids::Seq;
use weft_store::contract::edit;
use weft_store::{BatchId, NewRecord};

use super::*;
use crate::open::Opened;
use crate::{Disk, Settings, log, pack};

const SEEDS: u64 = 100;
const READS: usize = 30;
/// A document does not grow beyond so many records: what is to be found is found in small ones.
const RECORDS_MAX: usize = 300;

/// A disk that need not survive anything.
#[derive(Debug)]
struct Careless;

impl Disk for Careless {
    fn sync(&self, _: &File, _: &Path) -> std::io::Result<()> {
        Ok(())
    }
}

/// A writer on a store of its own, to be driven by hand.
fn writer(dir: &Path) -> (Arc<Shared>, Thread, File) {
    let settings = Settings { disk: Arc::new(Careless), ..Settings::default() };
    let Opened { shared, journal, lock } = crate::open::open(dir, settings).unwrap();
    let shared = Arc::new(shared);
    let watchdog = Watchdog::start(shared.clone()).unwrap();
    (shared.clone(), Thread::new(shared, journal, watchdog), lock)
}

/// A writer, one document of many batches, and what is in it.
struct World {
    thread: Thread,
    random: StdRng,
    doc: DocId,
    batches: u64,
    /// The batch and the update of each record that was acknowledged.
    truth: Vec<(u64, Bytes)>,
    /// A segment that is made and not stored yet: rows may come between.
    packed: Option<pack::Step>,
    /// How often a reader is interrupted.
    haste: f64,
}

impl World {
    fn serve<T>(&mut self, job: impl FnOnce(Answer<T>) -> Job) -> T {
        let (answer, mut answered) = oneshot::channel();
        let share = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        self.thread.serve(vec![Queued { job: job(answer), bytes: 0, share }]);
        answered.try_recv().unwrap().unwrap()
    }

    fn append(&mut self) {
        let number = self.batches;
        self.batches += 1;
        let records: Vec<NewRecord> = (0..self.random.random_range(1..4_u64))
            .map(|at| edit(number, format!("{number} {at} {}", "x".repeat(self.random.random_range(0..40)))))
            .collect();
        self.truth.extend(records.iter().map(|record| (number, record.update.clone())));
        let (doc, batch) = (self.doc.clone(), Batch { id: BatchId { writer: 1, number }, records });
        let seq = self.serve(|answer| Job::Append { doc, batch, answer });
        assert_eq!(seq, Seq(self.truth.len() as u64));
    }

    /// What a writer may do while somebody reads.
    fn step(&mut self) {
        match self.random.random_range(0..10) {
            0..4 if self.truth.len() < RECORDS_MAX => {
                (0..self.random.random_range(1..12)).for_each(|_| self.append());
            }
            0..6 => {
                self.packed = pack::next_step(&self.thread.shared, &self.doc, Seq(1), Seq(u64::MAX)).unwrap()
            }
            6..8 => {
                if let Some(step) = self.packed.take() {
                    self.serve(|answer| Job::Rows { rows: step.rows, answer });
                }
            }
            _ => self.thread.settle().unwrap(),
        }
    }

    fn interrupt(&mut self) {
        if !self.thread.shared.commits_are_held_off() && self.random.random_bool(self.haste) {
            (0..self.random.random_range(1..6)).for_each(|_| self.step());
        }
    }
}

/// A page must begin where it was asked for, hold what was acknowledged, and see all that was before it was asked for.
fn read(world: &Rc<RefCell<World>>, shared: &Shared, doc: &DocId, seed: u64) {
    let (after, bytes_max, acknowledged) = {
        let world = &mut *world.borrow_mut();
        let len = world.truth.len();
        (world.random.random_range(0..=len), world.random.random_range(1..2000), len)
    };
    let page = log::read(shared, doc, Seq(after as u64), bytes_max).unwrap();
    let truth = &world.borrow().truth;
    assert!(page.head >= Seq(acknowledged as u64), "seed {seed}: what was acknowledged is not seen");
    assert!(page.head <= Seq(truth.len() as u64), "seed {seed}");
    assert_eq!(page.records.is_empty(), page.head == Seq(after as u64), "seed {seed}");
    let mut prev = None;
    for (at, record) in (after..).zip(&page.records) {
        assert_eq!(record.seq, Seq(at as u64 + 1), "seed {seed}: another record than the one that was due");
        assert_eq!((record.batch.number, &record.update), (truth[at].0, &truth[at].1), "seed {seed}");
        assert!(prev.is_none_or(|prev| prev == record.prev), "seed {seed}: the chain is whole");
        prev = Some(record.hash());
    }
}

#[test]
fn whatever_the_writer_does_while_somebody_reads_they_get_what_they_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let (shared, thread, _lock) = writer(dir.path());
    let mut thread = Some(thread);
    for seed in 0..SEEDS {
        let mut random = StdRng::seed_from_u64(seed);
        let haste = random.random_range(0.02..0.3);
        let doc = DocId::new(&format!("document {seed}")).unwrap();
        let world = World {
            thread: thread.take().unwrap(),
            random,
            doc: doc.clone(),
            batches: 0,
            truth: Vec::new(),
            packed: None,
            haste,
        };
        let world = Rc::new(RefCell::new(world));
        (0..60).for_each(|_| world.borrow_mut().append());
        let interrupting = world.clone();
        crate::view::INTERRUPT.set(Some(Box::new(move || interrupting.borrow_mut().interrupt())));
        (0..READS).for_each(|_| read(&world, &shared, &doc, seed));
        crate::view::INTERRUPT.set(None);
        read(&world, &shared, &doc, seed);
        thread = Some(Rc::into_inner(world).unwrap().into_inner().thread);
    }
}

/// Counts the records that the writer says it has stored, and how often it tells how long a commit took.
#[derive(Default)]
struct Told {
    records: Arc<AtomicU64>,
    commits: Arc<Times>,
}

#[derive(Default)]
struct Times(AtomicU64);

impl metrics::HistogramFn for Times {
    fn record(&self, _: f64) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl metrics::Recorder for Told {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        match key.name() {
            "weft_commit_records_total" => Counter::from_arc(self.records.clone()),
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        match key.name() {
            "weft_commit_seconds" => Histogram::from_arc(self.commits.clone()),
            _ => Histogram::noop(),
        }
    }
}

#[test]
fn a_commit_is_measured_and_one_that_stores_nothing_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (_shared, mut thread, _lock) = writer(dir.path());
    let told = Told::default();
    metrics::with_local_recorder(&told, || {
        for number in [1, 2, 2] {
            let records = vec![edit(number, "one"), edit(number, "two")];
            let (doc, batch) =
                (DocId::new("d").unwrap(), Batch { id: BatchId { writer: 1, number }, records });
            let (answer, _answered) = oneshot::channel();
            let share = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
            thread.serve(vec![Queued { job: Job::Append { doc, batch, answer }, bytes: 0, share }]);
        }
    });
    assert_eq!(told.records.load(Ordering::SeqCst), 4);
    assert_eq!(told.commits.0.load(Ordering::SeqCst), 2, "a batch that is there is not stored again");
}
