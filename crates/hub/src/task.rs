//! The loop that owns one room: everything that can wake it stands in one `select!`.

mod appends;
mod closing;
mod effects;
mod opening;

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::time::{Instant, sleep_until};
use tracing::warn;
use weft_ids::{DocId, Seq, SessionId, UserId};
use weft_room::{Effect, Event, Member, Missed, Outcome, RequestId, Room, Standing};
use weft_store::StoreError;
use weft_wire::{ClientMessage, StateVector};

use self::appends::Appends;
use self::opening::{DAMAGED, fail, open, renew};
use crate::hub::{Edit, HubError, Inner, Position, Submission};
use crate::limits::{
    CHECKPOINT_PAUSE, DRAIN_PATIENCE, ENCODE_INLINE_BYTES_MAX, EVICTION_PAUSE, TITLE_BYTES_MAX, TITLE_EARLY,
    TITLE_PAUSE, TURN_EVENTS_MAX, UNSAVED_BYTES_MAX,
};
use crate::load::{self, Behind};
use crate::outbox::{Closing, Outbox};
use crate::registry::Vitals;

/// What reaches a room.
#[derive(Debug)]
pub(crate) enum Command {
    Join {
        session: SessionId,
        member: Member,
        outbox: Arc<Outbox>,
    },
    Leave {
        session: SessionId,
    },
    Regrant {
        session: SessionId,
        standing: Standing,
    },
    Message {
        session: SessionId,
        message: ClientMessage,
        space: OwnedSemaphorePermit,
    },
    Drained {
        session: SessionId,
        missed: Missed,
    },
    Submit {
        author: SessionId,
        user: Option<UserId>,
        submission: Submission,
        reply: oneshot::Sender<Result<Outcome, HubError>>,
    },
    Ask {
        question: Question,
        reply: oneshot::Sender<Result<Answer, HubError>>,
    },
    /// Memory is short: close if nobody is here.
    Evict,
    /// Nobody may have it open any longer: store everything, send everyone off, close.
    Stop(Closing),
}

#[derive(Debug)]
pub(crate) enum Question {
    State { since: Option<StateVector> },
    Text,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) body: Bytes,
    pub(crate) position: Position,
    /// Nobody ever wrote to this document.
    pub(crate) blank: bool,
}

impl Command {
    /// Whether it may make the room encode its whole document.
    fn encodes(&self) -> bool {
        matches!(
            self,
            Self::Message { message: ClientMessage::SyncStep1(_), .. }
                | Self::Ask { .. }
                | Self::Drained { .. }
        )
    }
}

pub(crate) struct Task {
    doc: DocId,
    hub: Arc<Inner>,
    vitals: Arc<Vitals>,
    room: Room,
    outboxes: HashMap<SessionId, Arc<Outbox>>,
    requests: HashMap<RequestId, oneshot::Sender<Result<Outcome, HubError>>>,
    requests_made: u64,
    appends: Appends,
    /// How far the newest checkpoint is behind, as far as is stored.
    behind: Behind,
    checkpointed: Instant,
    title: String,
    title_due: Option<Instant>,
    /// Who changed the document last, if they were signed in.
    last_author: Option<UserId>,
    empty_since: Option<Instant>,
    evict: bool,
    /// Since when, and what its sessions are told.
    stopping: Option<(Instant, Closing)>,
    hung_up: bool,
    changes: u64,
}

/// Opens `doc` and runs its room until it closes.
pub(crate) async fn run(
    doc: DocId,
    hub: Arc<Inner>,
    vitals: Arc<Vitals>,
    mut commands: UnboundedReceiver<Command>,
) {
    let began = Instant::now();
    let (loaded, behind) = match open(&hub, &doc, &vitals).await {
        Ok(opened) => opened,
        Err(error) => return fail(&doc, &hub, &error, commands),
    };
    let replayed = behind.records > 0;
    let (loaded, behind) = renew(&hub, &doc, loaded, behind).await;
    hub.metrics.opens.record(began.elapsed().as_secs_f64());
    let room = Room::new(loaded);
    let mut task = Task {
        appends: Appends::new(doc.clone(), hub.store.clone(), vitals.clone()),
        title: title_of(&room),
        room,
        outboxes: HashMap::new(),
        requests: HashMap::new(),
        requests_made: 0,
        behind,
        checkpointed: Instant::now(),
        title_due: replayed.then(|| Instant::now() + TITLE_PAUSE),
        last_author: None,
        empty_since: Some(Instant::now()),
        evict: false,
        stopping: None,
        hung_up: false,
        changes: 0,
        doc,
        hub,
        vitals,
    };
    if replayed {
        // A crash may have come between a change and the note of its title.
        task.title.clear();
    }
    task.tell_sessions();
    task.weigh();
    task.hub.make_room(Duration::ZERO);
    let ended = task.run(&mut commands).await;
    task.hub.weight.fetch_sub(task.vitals.weight.load(Ordering::Relaxed), Ordering::Relaxed);
    match ended {
        Ok(()) => task.hub.metrics.rooms.decrement(1.0),
        Err(error) => {
            task.outboxes.values().for_each(|outbox| outbox.close(DAMAGED));
            fail(&task.doc, &task.hub, &error, commands);
        }
    }
}

impl Task {
    /// Runs until the room closes; an error if its document had to be loaded anew and could not.
    async fn run(&mut self, commands: &mut UnboundedReceiver<Command>) -> Result<(), StoreError> {
        let mut waiting = Vec::new();
        let mut alarm = pin!(sleep_until(Instant::now()));
        loop {
            let wake = self.wakes_at();
            // Mostly it is the time that it was in the turn before.
            if let Some(at) = wake.filter(|at| *at != alarm.deadline()) {
                alarm.as_mut().reset(at);
            }
            tokio::select! {
                biased;
                (ticket, seq, bytes) = self.appends.saved() => {
                    self.behind.records += seq.0.saturating_sub(self.room.head().0);
                    self.behind.bytes += bytes;
                    self.turn(VecDeque::new(), Some(Event::Durable { ticket, seq })).await?;
                }
                _ = commands.recv_many(&mut waiting, TURN_EVENTS_MAX),
                    if self.appends.unsaved_bytes() < UNSAVED_BYTES_MAX =>
                {
                    self.turn(std::mem::take(&mut waiting).into(), None).await?;
                }
                () = &mut alarm, if wake.is_some() => {
                    self.turn(VecDeque::new(), Some(Event::Wake)).await?;
                }
            }
            self.tend().await;
            if self.may_close() && self.close(commands).await {
                return Ok(());
            }
        }
    }

    /// One turn: everything that has come, then what is to be done about it.
    async fn turn(
        &mut self,
        mut commands: VecDeque<Command>,
        event: Option<Event>,
    ) -> Result<(), StoreError> {
        let mut event = event;
        loop {
            let encodes = commands.iter().any(Command::encodes);
            let first = event.take();
            let effects = if encodes {
                in_place(self.room.bytes(), || self.feed(first, &mut commands))
            } else {
                self.feed(first, &mut commands)
            };
            self.carry_out(effects);
            if !self.room.is_broken() {
                return Ok(());
            }
            self.rebuild().await?;
        }
    }

    /// Hands the room its events, up to one that breaks it.
    fn feed(&mut self, first: Option<Event>, commands: &mut VecDeque<Command>) -> Vec<Effect> {
        let began = Instant::now();
        let now = self.hub.now();
        let mut effects = Vec::new();
        if let Some(event) = first {
            self.room.handle(event, now, &mut effects);
        }
        while !self.room.is_broken()
            && let Some(command) = commands.pop_front()
        {
            if let Some(event) = self.event(command) {
                self.room.handle(event, now, &mut effects);
            }
        }
        self.room.settle(now, &mut effects);
        let counts = self.room.take_counts();
        self.hub.metrics.count(counts, began.elapsed());
        if counts.merged > 0 {
            self.changes += counts.merged;
            self.title_due.get_or_insert(Instant::now() + TITLE_PAUSE);
            self.weigh();
            self.hub.make_room(EVICTION_PAUSE);
        }
        effects
    }

    /// What a command is to the room, if it is something to the room.
    fn event(&mut self, command: Command) -> Option<Event> {
        Some(match command {
            Command::Join { session, member, outbox } => {
                self.outboxes.insert(session, outbox);
                self.empty_since = None;
                self.evict = false;
                self.hub.metrics.sessions.increment(1.0);
                self.tell_sessions();
                Event::Join { session, member }
            }
            Command::Leave { session } => {
                if self.outboxes.remove(&session).is_some() {
                    self.hub.metrics.sessions.decrement(1.0);
                    self.tell_sessions();
                }
                if self.outboxes.is_empty() {
                    self.empty_since = Some(Instant::now());
                }
                Event::Leave { session }
            }
            Command::Regrant { session, standing } => Event::Regrant { session, standing },
            Command::Message { session, message, space } => {
                drop(space);
                Event::Message { session, message }
            }
            Command::Drained { session, missed } => Event::Drained { session, missed },
            Command::Submit { author, user, submission, reply } => {
                self.requests_made += 1;
                let request = RequestId(self.requests_made);
                self.requests.insert(request, reply);
                let Submission { update, kind, name } = submission;
                Event::Submit { request, author, user, name, kind, update }
            }
            Command::Ask { question, reply } => {
                let _ = reply.send(Ok(self.answer(&question)));
                return None;
            }
            Command::Evict => {
                self.evict = self.outboxes.is_empty();
                return None;
            }
            Command::Stop(farewell) => {
                self.stopping.get_or_insert_with(|| (Instant::now(), farewell));
                return None;
            }
        })
    }

    fn answer(&mut self, question: &Question) -> Answer {
        let body = match question {
            Question::State { since: None } => self.room.state(),
            Question::State { since: Some(since) } => self.room.diff(since),
            Question::Text => self.room.text().into(),
        };
        let seq = self.room.head();
        let etag = if self.room.is_saved() {
            format!("\"{seq}\"")
        } else {
            // More is in it than is on disk yet.
            format!("\"{seq}.{}\"", self.changes)
        };
        let blank = seq == Seq::ZERO && self.room.is_saved();
        Answer { body, position: Position { seq, etag }, blank }
    }

    /// What is due besides the room's own affairs: notes, checkpoints, sending everyone off.
    async fn tend(&mut self) {
        if self.title_due.is_some_and(|due| due <= Instant::now() + TITLE_EARLY) {
            self.note_title();
        }
        if self.checkpoint_due().is_some_and(|due| due <= Instant::now()) {
            self.behind = Behind::default();
            self.checkpointed = Instant::now();
            let (store, doc) = (self.hub.store.clone(), self.doc.clone());
            tokio::spawn(async move {
                if let Err(error) = load::checkpoint(&store, &doc).await {
                    warn!(%doc, %error, "a checkpoint was not cut");
                }
            });
        }
        self.see_off();
    }

    /// When the next checkpoint is to be cut, if one is.
    fn checkpoint_due(&self) -> Option<Instant> {
        self.behind.is_far(self.room.bytes()).then(|| self.checkpointed + CHECKPOINT_PAUSE)
    }

    fn note_title(&mut self) {
        self.title_due = None;
        let title = title_of(&self.room);
        if self.changes > 0 && self.hub.edits.receiver_count() > 0 {
            let (doc, by) = (self.doc.clone(), self.last_author.clone());
            let edit = Edit { doc, title: title.as_str().into(), at: self.hub.now().wall, by };
            let _ = self.hub.edits.send(edit);
        }
        if title == self.title {
            return;
        }
        self.title.clone_from(&title);
        let (hub, doc) = (self.hub.clone(), self.doc.clone());
        tokio::spawn(async move { hub.note_title(&doc, title).await });
    }

    /// When there is something to do without anybody saying anything.
    fn wakes_at(&self) -> Option<Instant> {
        let room = self.room.wakes_at().map(|at| self.hub.began + Duration::from_millis(at));
        let idle = self.empty_since.filter(|_| self.requests.is_empty() && self.is_stored());
        let idle = idle.map(|since| since + self.hub.settings.idle_after);
        let stop = self
            .stopping
            .map(|(since, _)| since + if self.hung_up { DRAIN_PATIENCE * 2 } else { DRAIN_PATIENCE });
        // A time that has passed and changed nothing must not make the loop spin.
        let soonest = Instant::now() + Duration::from_millis(1);
        [room, idle, stop, self.title_due, self.checkpoint_due()]
            .into_iter()
            .flatten()
            .min()
            .map(|at| at.max(soonest))
    }

    fn tell_sessions(&self) {
        self.vitals.sessions.store(self.outboxes.len(), Ordering::Relaxed);
        let idle = if self.outboxes.is_empty() { self.hub.now().mono.max(1) } else { 0 };
        self.vitals.idle_since.store(idle, Ordering::Relaxed);
    }

    /// Notes about how much memory the document takes: several times its encoding.
    fn weigh(&self) {
        let weight = (self.room.bytes() as u64) * 10 + 4_096;
        let before = self.vitals.weight.swap(weight, Ordering::Relaxed);
        self.hub.weight.fetch_add(weight.wrapping_sub(before), Ordering::Relaxed);
    }
}

/// Runs work on a document of about `bytes` bytes; if that is long, the other tasks of this thread move elsewhere first.
fn in_place<T>(bytes: usize, work: impl FnOnce() -> T) -> T {
    if bytes > ENCODE_INLINE_BYTES_MAX && Handle::current().runtime_flavor() == RuntimeFlavor::MultiThread {
        tokio::task::block_in_place(work)
    } else {
        work()
    }
}

/// What stands under the root `title`, as Weft's own pages have it, in one line: two people who begin an empty title at
/// once make two lines of it.
fn title_of(room: &Room) -> String {
    let text = room.root_text("title");
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut end = line.len().min(TITLE_BYTES_MAX);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line[..end].to_owned()
}
