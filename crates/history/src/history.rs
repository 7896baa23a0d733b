//! Histories of documents: each [`Past`] built once, kept while there is room, grown as its document grows.

mod shelf;

use std::fmt;
use std::sync::Arc;

use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_blocking;
use tracing::error;
use weft_access::Grant;
use weft_hub::Hub;
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::{Record, Store, StoreError};

use crate::error::HistoryError;
use crate::past::Past;
use crate::turns::Turns;
use shelf::{Found, Shelf};

/// How many bytes of memory the kept pasts may take together, unless set otherwise.
pub const MEMORY_BYTES_DEFAULT: u64 = 128 << 20;
/// How many pasts are built at the same time; others wait.
const BUILDS_MAX: usize = 2;
/// How many bytes of updates are read from the log at a time. A typed update has some 25.
pub(crate) const READ_BYTES: usize = 128 << 10;

/// How histories are kept.
#[derive(Debug, Clone)]
pub struct HistorySettings {
    /// About how many bytes of memory the kept pasts may take together. One that is larger on its own is used once and
    /// dropped.
    pub memory_bytes_max: u64,
}

impl Default for HistorySettings {
    fn default() -> Self {
        Self { memory_bytes_max: MEMORY_BYTES_DEFAULT }
    }
}

/// Answers what documents were. Cloning shares it.
#[derive(Clone)]
pub struct History(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Hub,
    shelf: Shelf,
    builds: Semaphore,
    /// Who restores in a document or copies to it, one after the other.
    pub(crate) turns: Turns,
}

impl fmt::Debug for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("History").field("shelf", &self.0.shelf).finish_non_exhaustive()
    }
}

/// What a build hands to everyone who waits for it.
type Outcome = Result<Arc<Past>, HistoryError>;

impl History {
    /// Histories of the documents of `hub`, whose store is `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, hub: Hub, settings: &HistorySettings) -> Self {
        let bytes_max = usize::try_from(settings.memory_bytes_max).unwrap_or(usize::MAX);
        Self(Arc::new(Inner {
            store,
            hub,
            shelf: Shelf::new(bytes_max),
            builds: Semaphore::new(BUILDS_MAX),
            turns: Turns::default(),
        }))
    }

    /// The document's past, up to its newest durable record at least.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn open(&self, grant: &Grant) -> Result<Arc<Past>, HistoryError> {
        let doc = grant.doc();
        let head = self.0.hub.head(grant).await?.ok_or(HistoryError::Unknown)?;
        loop {
            let mut building = match self.0.shelf.find(doc, head) {
                Found::Ready(past) => return Ok(past),
                Found::Building(building) => building,
                Found::Build { old, sender } => {
                    let building = sender.subscribe();
                    // On its own, so that one who stops waiting does not stop it for the others.
                    tokio::spawn(build(self.0.clone(), doc.clone(), old, sender));
                    building
                }
            };
            let outcome = building.wait_for(Option::is_some).await.ok().and_then(|outcome| outcome.clone());
            // A build that was under way before may end before what we know to be there.
            match outcome.unwrap_or(Err(HistoryError::BrokenOff))? {
                past if past.head() >= head => return Ok(past),
                _ => {}
            }
        }
    }

    /// Forgets what is kept of a document, whose log was changed otherwise than by growing.
    pub fn forget(&self, doc: &DocId) {
        self.0.shelf.forget(doc);
    }

    /// The wall clock.
    pub(crate) fn now() -> UnixMillis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}

/// Runs what takes long where it keeps nobody waiting.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, HistoryError> + Send + 'static,
) -> Result<T, HistoryError> {
    spawn_blocking(work).await.unwrap_or_else(|error| {
        error!(%error, "work on a history was broken off");
        Err(HistoryError::BrokenOff)
    })
}

async fn build(
    inner: Arc<Inner>,
    doc: DocId,
    old: Option<Arc<Past>>,
    sender: watch::Sender<Option<Outcome>>,
) {
    let permit = inner.builds.acquire().await;
    let (past, outcome) = grow(&inner, &doc, old).await;
    if let Err(error) = &outcome {
        error!(%doc, %error, "a history could not be read");
    }
    let outcome = outcome.and(past.clone().ok_or(HistoryError::BrokenOff));
    // On the shelf before anybody hears of it: who then asks again finds it there.
    inner.shelf.put(&doc, past, &sender);
    let _ = sender.send(Some(outcome));
    drop(permit);
}

/// How often a build begins anew because records went that it was about to read. They go once a day at most.
const BEGINNINGS_MAX: usize = 3;

/// Takes in what the log holds beyond `past`. What was whole before a store failed is handed back with the error.
async fn grow(
    inner: &Inner,
    doc: &DocId,
    past: Option<Arc<Past>>,
) -> (Option<Arc<Past>>, Result<(), HistoryError>) {
    let mut past = past;
    let mut beginnings = 0;
    loop {
        let outcome = grow_on(inner, doc, past).await;
        if !matches!(outcome.1, Err(HistoryError::Store(StoreError::Gone { .. })))
            || beginnings == BEGINNINGS_MAX
        {
            return outcome;
        }
        // Records went that it builds on: what stands for them now knows less.
        beginnings += 1;
        past = match begin(inner, doc).await {
            Ok(past) => Some(past),
            Err(error) => return (None, Err(error)),
        };
    }
}

/// The past of a document at its edge.
async fn begin(inner: &Inner, doc: &DocId) -> Result<Arc<Past>, HistoryError> {
    match inner.store.base(doc).await? {
        Some(base) => blocking(move || Ok(Arc::new(Past::begin(&base)?))).await,
        None => Ok(Arc::default()),
    }
}

async fn grow_on(
    inner: &Inner,
    doc: &DocId,
    past: Option<Arc<Past>>,
) -> (Option<Arc<Past>>, Result<(), HistoryError>) {
    let mut past = past.unwrap_or_default();
    let mut page = match inner.store.read(doc, past.head(), READ_BYTES).await {
        Ok(page) => page,
        Err(error) => return (Some(past), Err(error.into())),
    };
    let target = page.head;
    while let Some(last) = page.records.last().map(|record| record.seq) {
        let records = std::mem::take(&mut page.records);
        let folding = blocking(move || fold(past, &records));
        // The next page is read while this one is folded.
        let (folded, next) = tokio::join!(folding, async {
            if last < target { Some(inner.store.read(doc, last, READ_BYTES).await) } else { None }
        });
        past = match folded {
            Ok(past) => past,
            Err(error) => return (None, Err(error)),
        };
        match next {
            None => break,
            Some(Ok(next)) => page = next,
            Some(Err(error)) => return (Some(past), Err(error.into())),
        }
    }
    let whole = if past.head() < target { Err(HistoryError::BrokenOff) } else { Ok(()) };
    (Some(past), whole)
}

/// Takes in records. Copies the past only if somebody still looks at it.
pub(crate) fn fold(past: Arc<Past>, records: &[Record]) -> Result<Arc<Past>, HistoryError> {
    let mut past = Arc::unwrap_or_clone(past);
    records.iter().try_for_each(|record| past.add(record))?;
    Ok(Arc::new(past))
}

impl Past {
    /// The moment of a record.
    ///
    /// # Errors
    /// [`HistoryError::NoMoment`] or [`HistoryError::Gone`].
    pub fn moment_at(&self, seq: Seq) -> Result<crate::past::Moment<'_>, HistoryError> {
        self.moment(seq).ok_or_else(|| self.no_moment(seq))
    }

    /// Why there is no moment `asked`.
    #[must_use]
    pub fn no_moment(&self, asked: Seq) -> HistoryError {
        if asked < self.edge() {
            return HistoryError::Gone { first: self.edge().next() };
        }
        HistoryError::NoMoment { asked, head: self.head() }
    }
}

#[cfg(test)]
mod tests;
