//! The hub: who wants what of which document.

mod usage;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::Instant;
use tracing::warn;
use weft_access::Grant;
use weft_ids::{DocId, Seq, SessionId, UnixMillis, UserId};
use weft_room::{Kind, Member, Now, Outcome};
use weft_store::{Expect, Store, StoreError};
use weft_wire::{StateVector, Update, close};

use crate::metrics::Metrics;
use crate::outbox::{Closing, Outbox};
use crate::registry::{Entry, Registry, Vitals};
use crate::session::{JoinError, Joining, Room, Session, standing};
use crate::task::{self, Command, Question};

pub use self::usage::Usage;

/// Where a document's title is noted: this, and its name.
const TITLE: &str = "title/";
/// What sessions are told when the server stops.
const RESTARTS: Closing = Closing { code: close::RESTART, reason: "the server restarts" };
/// What sessions are told when their document is removed.
const REMOVED: Closing = Closing { code: close::FORBIDDEN, reason: "this document was deleted for good" };
/// Edits that a listener may be behind before it misses some.
const EDITS_KEPT: usize = 4_096;
/// Documents asked of the store at a time.
const LIST_PAGE: usize = 1_000;

/// The meta row that holds the title of a document, which is derived from it.
#[must_use]
pub fn title_key(doc: &DocId) -> String {
    format!("{TITLE}{}", doc.as_str())
}

/// How a hub behaves.
#[derive(Debug, Clone)]
pub struct HubSettings {
    /// How long a document stays open after its last session left.
    pub idle_after: Duration,
    /// About how many bytes of memory open documents may take before idle ones are closed at once.
    pub memory_bytes_max: u64,
    /// How many sessions one document may have.
    pub sessions_per_doc_max: usize,
}

impl Default for HubSettings {
    fn default() -> Self {
        Self { idle_after: Duration::from_secs(60), memory_bytes_max: 1 << 30, sessions_per_doc_max: 2_000 }
    }
}

/// Why a request about a document failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HubError {
    /// Nobody ever wrote to it.
    #[error("there is no such document")]
    Unknown,
    /// The grant does not allow it, or the document is read-only.
    #[error("{0}")]
    NotAllowed(&'static str),
    /// The update builds on content that is missing here.
    #[error("the update builds on content that this server does not have")]
    Gap {
        /// Our state vector, v1 bytes: send everything from there on.
        have: Bytes,
    },
    /// The update writes under the client id of someone who is connected.
    #[error("the update writes under the client id of someone who is editing now")]
    Foreign,
    /// The document is as large as documents may get.
    #[error("the document is as large as a document may get")]
    TooLarge,
    /// The update cannot be merged.
    #[error("the update cannot be merged: {0}")]
    Refused(String),
    /// Its stored data is damaged.
    #[error("the document's stored data is damaged")]
    Damaged,
    /// The server is stopping.
    #[error("the server is stopping")]
    Draining,
    /// The store does not answer.
    #[error("the store does not answer now")]
    Unavailable,
}

impl From<StoreError> for HubError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { .. } | StoreError::NewerFormat { .. } => Self::Damaged,
            StoreError::TooLarge { .. } => Self::TooLarge,
            _ => Self::Unavailable,
        }
    }
}

/// A document's place in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The last record that is on disk and in the answer; the answer may hold more that is on its way to the disk.
    pub seq: Seq,
    /// An entity tag (RFC 9110, with quotes) that differs whenever the content does.
    pub etag: String,
}

/// An update that comes without a session.
#[derive(Debug, Clone)]
pub struct Submission {
    /// The change.
    pub update: Update,
    /// How it comes about.
    pub kind: Kind,
    /// What its author calls themselves; cut to what the log keeps. Who they proved to be is in the grant.
    pub name: Option<Arc<str>>,
}

impl Submission {
    /// Somebody who gives no name edits.
    #[must_use]
    pub fn edit(update: Update) -> Self {
        Self { update, kind: Kind::Edit, name: None }
    }
}

/// An update that is on disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submitted {
    /// The record it became, or, if it changed nothing, the newest one.
    pub position: Position,
    /// It brought something new and so became a record, alone.
    pub changed: bool,
    /// The document did not exist before.
    pub created: bool,
}

/// That a document was edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Which document.
    pub doc: DocId,
    /// Its title since; empty if it has none.
    pub title: Arc<str>,
    /// When, at the latest.
    pub at: UnixMillis,
    /// Who was the last to change it, if they were signed in.
    pub by: Option<UserId>,
}

/// A document in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSummary {
    /// Its name.
    pub doc: DocId,
    /// Its title, if it is a page that has one.
    pub title: Option<String>,
    /// When it last changed.
    pub updated: UnixMillis,
    /// The place of its newest record.
    pub head: Seq,
}

/// How the hub is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Status {
    /// Documents open.
    pub rooms: usize,
    /// Sessions in them.
    pub sessions: usize,
    /// About how much memory the open documents take, bytes.
    pub memory_bytes: u64,
    /// Messages that wait in the rooms' queues, bytes.
    pub queued_bytes: usize,
    /// Edits on their way to the disk, bytes.
    pub unsaved_bytes: usize,
    /// Documents nobody may write for now, because they failed to merge too often.
    pub read_only: usize,
    /// Some edits cannot be stored at the moment.
    pub store_failing: bool,
    /// The server is stopping.
    pub draining: bool,
}

/// Runs rooms. Cloning shares it.
#[derive(Clone)]
pub struct Hub(Arc<Inner>);

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub").field("status", &self.status()).finish_non_exhaustive()
    }
}

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) settings: HubSettings,
    pub(crate) registry: Registry,
    pub(crate) metrics: Metrics,
    pub(crate) began: Instant,
    pub(crate) edits: broadcast::Sender<Edit>,
    /// About the memory that open documents take, bytes.
    pub(crate) weight: AtomicU64,
    /// When documents were last closed for want of memory, ms since the hub began.
    evicted: AtomicU64,
    draining: AtomicBool,
    /// Makes session ids unique between processes.
    process: u64,
    sessions_made: AtomicU64,
}

impl Hub {
    /// A hub over `store`. Must be called within a tokio runtime, and after the metrics recorder is installed.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, settings: HubSettings) -> Self {
        Self(Arc::new(Inner {
            store,
            settings,
            registry: Registry::default(),
            metrics: Metrics::new(),
            began: Instant::now(),
            edits: broadcast::Sender::new(EDITS_KEPT),
            weight: AtomicU64::new(0),
            evicted: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            process: rand::random(),
            sessions_made: AtomicU64::new(0),
        }))
    }

    /// Joins a room, opening its document if need be. Does not wait for it: what the session says is answered once
    /// the document is loaded.
    ///
    /// # Errors
    /// [`JoinError`].
    pub fn join(&self, grant: &Grant, joining: Joining) -> Result<Session, JoinError> {
        let id = self.0.session_id();
        let member = Member { standing: standing(grant), acks: joining.acks(), schema: joining.schema };
        let outbox = Outbox::new(joining.envelope, joining.mail);
        let limit = self.0.settings.sessions_per_doc_max;
        let command = Command::Join { session: id, member, outbox: outbox.clone() };
        let room = self.0.reach(grant.doc(), command, |vitals| {
            if vitals.sessions.load(Ordering::Relaxed) >= limit { Err(JoinError::Full) } else { Ok(()) }
        })?;
        Ok(Session { id, doc: grant.doc().clone(), room, outbox })
    }

    /// The document's state as one v1 update: all of it, or what a replica with state vector `since` lacks.
    ///
    /// # Errors
    /// [`HubError`].
    pub async fn state(
        &self,
        grant: &Grant,
        since: Option<StateVector>,
    ) -> Result<(Bytes, Position), HubError> {
        self.ask(grant, Question::State { since }).await
    }

    /// The document's plain text.
    ///
    /// # Errors
    /// [`HubError`].
    pub async fn text(&self, grant: &Grant) -> Result<(String, Position), HubError> {
        let (text, position) = self.ask(grant, Question::Text).await?;
        // It was a string a moment ago.
        Ok((String::from_utf8_lossy(&text).into_owned(), position))
    }

    /// The place of the document's newest record on disk; nothing if nobody ever wrote to it. Waits for nothing that is
    /// on its way there.
    ///
    /// # Errors
    /// [`HubError`].
    pub async fn head(&self, grant: &Grant) -> Result<Option<Seq>, HubError> {
        Ok(self.0.store.head(grant.doc()).await?)
    }

    /// Merges an update; resolves when it is on disk. It reaches every session like one of theirs, and is a record of
    /// its own. Creates the document if nobody ever wrote to it.
    ///
    /// # Errors
    /// [`HubError`]; nothing was stored.
    pub async fn submit(&self, grant: &Grant, submission: Submission) -> Result<Submitted, HubError> {
        if !grant.may_write() {
            return Err(HubError::NotAllowed("this grant only allows reading"));
        }
        let created = self.0.store.head(grant.doc()).await?.is_none();
        let (reply, answer) = oneshot::channel();
        let (author, user) = (self.0.session_id(), grant.subject().user().cloned());
        self.0.reach(grant.doc(), Command::Submit { author, user, submission, reply }, |_| Ok(()))?;
        let submitted = |seq, changed| Submitted {
            position: Position { seq, etag: format!("\"{seq}\"") },
            changed,
            created,
        };
        match answer.await.map_err(|_| HubError::Unavailable)?? {
            Outcome::Stored(seq) => Ok(submitted(seq, true)),
            Outcome::Known(seq) => Ok(submitted(seq, false)),
            Outcome::Gap(have) => Err(HubError::Gap { have }),
            Outcome::Foreign => Err(HubError::Foreign),
            Outcome::TooLarge => Err(HubError::TooLarge),
            Outcome::ReadOnly(why) => Err(HubError::NotAllowed(why)),
            Outcome::Broken => Err(HubError::Refused("its parts do not fit together".into())),
        }
    }

    /// Every document that was ever written, the one that changed last first.
    ///
    /// # Errors
    /// [`HubError`].
    pub async fn documents(&self) -> Result<Vec<DocumentSummary>, HubError> {
        let mut documents: Vec<DocumentSummary> = Vec::new();
        loop {
            let after = documents.last().map(|last| last.doc.clone());
            let page = self.0.store.documents(after.as_ref(), LIST_PAGE).await?;
            let full = page.len() == LIST_PAGE;
            documents.extend(page.into_iter().map(|info| DocumentSummary {
                doc: info.doc,
                title: None,
                updated: info.updated,
                head: info.head,
            }));
            if !full {
                break;
            }
        }
        for (doc, title) in self.titles().await? {
            // They came in the order of their names' bytes.
            if let Ok(at) = documents.binary_search_by(|known| known.doc.cmp(&doc)) {
                documents[at].title = Some(title.as_ref().to_owned()).filter(|title| !title.is_empty());
            }
        }
        documents.sort_by(|a, b| b.updated.cmp(&a.updated).then_with(|| a.doc.cmp(&b.doc)));
        Ok(documents)
    }

    /// The titles of all documents that have, or had, one.
    ///
    /// # Errors
    /// What the store says.
    pub async fn titles(&self) -> Result<Vec<(DocId, Arc<str>)>, StoreError> {
        let mut titles = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let page = self.0.store.list(TITLE, after.as_deref(), LIST_PAGE).await?;
            for entry in &page {
                let title = String::from_utf8_lossy(&entry.value.bytes);
                if let Ok(doc) = DocId::new(&entry.key[TITLE.len()..]) {
                    titles.push((doc, title.into()));
                }
            }
            if page.len() < LIST_PAGE {
                return Ok(titles);
            }
            after = page.last().map(|entry| entry.key.clone());
        }
    }

    /// What is edited from now on, told a moment after it happens and not more often than a few times a second for one
    /// document. A listener that lags misses some.
    #[must_use]
    pub fn edits(&self) -> broadcast::Receiver<Edit> {
        self.0.edits.subscribe()
    }

    /// How things are, told to the metrics too.
    pub fn status(&self) -> Status {
        let status = self.look();
        #[expect(clippy::cast_precision_loss, reason = "a gauge")]
        for (gauge, value) in [
            (&self.0.metrics.queued, status.queued_bytes as f64),
            (&self.0.metrics.unsaved, status.unsaved_bytes as f64),
            (&self.0.metrics.memory, status.memory_bytes as f64),
            (&self.0.metrics.read_only, status.read_only as f64),
        ] {
            gauge.set(value);
        }
        status
    }

    fn look(&self) -> Status {
        let rooms = self.0.registry.lock();
        Status {
            rooms: rooms.open.len(),
            sessions: rooms.open.values().map(|entry| entry.vitals.sessions.load(Ordering::Relaxed)).sum(),
            memory_bytes: self.0.weight.load(Ordering::Relaxed),
            queued_bytes: rooms.open.values().map(|entry| entry.room.queued_bytes()).sum(),
            unsaved_bytes: rooms
                .open
                .values()
                .map(|entry| entry.vitals.unsaved.load(Ordering::Relaxed))
                .sum(),
            read_only: rooms
                .open
                .values()
                .filter(|entry| entry.vitals.read_only.load(Ordering::Relaxed))
                .count(),
            store_failing: rooms.open.values().any(|entry| entry.vitals.failing.load(Ordering::Relaxed) > 0),
            draining: self.0.draining.load(Ordering::Relaxed),
        }
    }

    /// Refuses everyone from now on, stores what was received, sends the sessions off and closes the rooms. Gives up
    /// at `deadline`; returns whether everything was closed by then.
    pub async fn drain(&self, deadline: Instant) -> bool {
        {
            let rooms = self.0.registry.lock();
            self.0.draining.store(true, Ordering::SeqCst);
            for entry in rooms.open.values() {
                let _ = entry.room.commands.send(Command::Stop(RESTARTS));
            }
        }
        tokio::time::timeout_at(deadline, self.0.registry.empty()).await.is_ok()
    }

    /// Removes a document for good, with its log and all that was derived from it. Whoever has it open is sent off, and
    /// nobody comes to it any more for as long as the hub lives. Waits for what is on its way to the disk.
    ///
    /// # Errors
    /// What the store says; doing it again goes on.
    pub async fn remove(&self, doc: &DocId) -> Result<(), StoreError> {
        {
            let mut rooms = self.0.registry.lock();
            rooms.removed.insert(doc.clone());
            if let Some(entry) = rooms.open.get(doc) {
                let _ = entry.room.commands.send(Command::Stop(REMOVED));
            }
        }
        self.0.registry.closed(doc).await;
        self.0.store.remove(doc).await?;
        self.0.store.delete(&title_key(doc), Expect::Any).await
    }

    async fn ask(&self, grant: &Grant, question: Question) -> Result<(Bytes, Position), HubError> {
        let open = self.0.registry.lock().open.contains_key(grant.doc());
        if !open && self.0.store.head(grant.doc()).await?.is_none() {
            return Err(HubError::Unknown);
        }
        let (reply, answer) = oneshot::channel();
        self.0.reach(grant.doc(), Command::Ask { question, reply }, |_| Ok(()))?;
        let answer = answer.await.map_err(|_| HubError::Unavailable)??;
        if answer.blank {
            return Err(HubError::Unknown);
        }
        Ok((answer.body, answer.position))
    }
}

impl From<JoinError> for HubError {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::Draining => Self::Draining,
            JoinError::Full => Self::Unavailable,
            JoinError::Removed => Self::Unknown,
        }
    }
}

impl Inner {
    /// Sends `command` to the room of `doc`, opening it if need be, unless `allow` objects.
    fn reach(
        self: &Arc<Self>,
        doc: &DocId,
        command: Command,
        allow: impl FnOnce(&Vitals) -> Result<(), JoinError>,
    ) -> Result<Room, JoinError> {
        let mut rooms = self.registry.lock();
        if self.draining.load(Ordering::SeqCst) {
            return Err(JoinError::Draining);
        }
        if rooms.removed.contains(doc) {
            return Err(JoinError::Removed);
        }
        if let Some(entry) = rooms.open.get(doc) {
            allow(&entry.vitals)?;
            let _ = entry.room.commands.send(command);
            return Ok(entry.room.clone());
        }
        let (sender, receiver) = mpsc::unbounded_channel();
        let _ = sender.send(command);
        let room = Room::new(sender);
        let vitals = Arc::new(Vitals::default());
        rooms.open.insert(doc.clone(), Entry { room: room.clone(), vitals: vitals.clone() });
        drop(rooms);
        self.metrics.rooms.increment(1.0);
        tokio::spawn(task::run(doc.clone(), self.clone(), vitals, receiver));
        Ok(room)
    }

    /// Closes those that have been idle longest if documents take more memory than there is. With `pause` not at once
    /// again: a document that grows need not ask with every keystroke.
    pub(crate) fn make_room(&self, pause: Duration) {
        let weight = self.weight.load(Ordering::Relaxed);
        let excess = weight.saturating_sub(self.settings.memory_bytes_max);
        let now = self.now().mono;
        if excess > 0 && now >= self.evicted.load(Ordering::Relaxed) + millis(pause) {
            self.evicted.store(now, Ordering::Relaxed);
            self.registry.evict(excess);
        }
    }

    pub(crate) fn is_over_budget(&self) -> bool {
        self.weight.load(Ordering::Relaxed) > self.settings.memory_bytes_max
    }

    pub(crate) fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono: millis(self.began.elapsed()), wall: UnixMillis(millis(wall)) }
    }

    pub(crate) async fn note_title(&self, doc: &DocId, title: String) {
        let key = title_key(doc);
        let same = match self.store.get(&key).await {
            Ok(known) => known.map_or(title.is_empty(), |value| value.bytes == title.as_bytes()),
            Err(_) => false,
        };
        if !same && let Err(error) = self.store.put(&key, title.into(), Expect::Any).await {
            // The list shows the title before; the next change of it is noted again.
            warn!(%doc, %error, "a title was not noted");
        }
        if self.registry.lock().removed.contains(doc) {
            // Nobody else would take it away again.
            let _ = self.store.delete(&key, Expect::Any).await;
        }
    }

    fn session_id(&self) -> SessionId {
        let made = self.sessions_made.fetch_add(1, Ordering::Relaxed);
        SessionId((u128::from(self.process) << 64) | u128::from(made))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
