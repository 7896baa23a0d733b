//! A server with one document: the room, what is on its way to it and to the disk. It dies when a plan says so.

use std::collections::{BTreeMap, HashMap, VecDeque};

use bytes::Bytes;
use weft_ids::{ClientId, Seq, SessionId};
use weft_room::{Acks, Draft, Effect, Event, Now, Outcome, RequestId, Room, Ticket};
use weft_wire::{ClientMessage, ServerMessage, Update};

use super::disk::Disk;
use super::post::Post;

/// A batch that the store was asked to keep.
#[derive(Debug)]
struct Batch {
    ticket: Ticket,
    updates: Vec<Bytes>,
    /// It is kept, but the answer was lost.
    stored: Option<Seq>,
}

/// What is known of a session, to judge what it is told.
#[derive(Debug)]
struct Witness {
    /// Its client's id.
    id: ClientId,
    acks: Acks,
    /// What it sent and was not told to be durable.
    open: Vec<Update>,
    /// Its answers to our SyncStep1, of which some are acknowledged.
    answers: Vec<Update>,
}

/// The server.
#[derive(Debug, Default)]
pub(super) struct Server {
    /// What survives it.
    pub(super) disk: Disk,
    /// The open document.
    pub(super) room: Option<Room>,
    /// What waits for the room.
    pub(super) inbox: VecDeque<Event>,
    /// What waits for the sessions.
    pub(super) posts: BTreeMap<SessionId, Post>,
    witnesses: HashMap<SessionId, Witness>,
    expected: HashMap<SessionId, (Post, Witness)>,
    queued: VecDeque<(Ticket, Vec<Draft>)>,
    in_flight: Option<Batch>,
    requests: HashMap<RequestId, Update>,
    /// Sessions hung up on.
    pub(super) hung_up: Vec<(SessionId, weft_room::HangUp)>,
}

impl Server {
    /// What waits for a session, and what it will be judged by.
    pub(super) fn expect(&mut self, session: SessionId, post: Post, id: ClientId, acks: Acks) {
        let witness = Witness { id, acks, open: Vec::new(), answers: Vec::new() };
        self.expected.insert(session, (post, witness));
    }

    /// Nobody reads what this session is told any more.
    pub(super) fn is_deaf(&mut self, session: SessionId) {
        self.witnesses.remove(&session);
    }

    /// The room takes a turn with the first `count` events that wait.
    ///
    /// # Errors
    /// What was promised and is not so.
    pub(super) fn turn(&mut self, count: usize, now: Now) -> Result<(), String> {
        let events: Vec<Event> = self.inbox.drain(..count.min(self.inbox.len())).collect();
        if events.is_empty() { Ok(()) } else { self.feed(events, now) }
    }

    /// A turn with these events.
    ///
    /// # Errors
    /// What was promised and is not so.
    pub(super) fn feed(&mut self, events: Vec<Event>, now: Now) -> Result<(), String> {
        let mut room = match self.room.take() {
            Some(room) => room,
            None => Room::new(self.disk.load()?),
        };
        let mut effects = Vec::new();
        for event in events {
            self.note(&event);
            tell(format_args!("  > {event:?}"));
            room.handle(event, now, &mut effects);
            if room.is_broken() {
                return Err("the room broke".into());
            }
        }
        room.settle(now, &mut effects);
        self.room = Some(room);
        effects.into_iter().try_for_each(|effect| self.carry_out(effect))
    }

    fn note(&mut self, event: &Event) {
        match event {
            Event::Join { session, .. } => {
                if let Some((post, witness)) = self.expected.remove(session) {
                    self.posts.insert(*session, post);
                    self.witnesses.insert(*session, witness);
                }
            }
            Event::Leave { session } => {
                self.posts.remove(session);
                self.witnesses.remove(session);
            }
            Event::Message { session, message } => {
                let Some(witness) = self.witnesses.get_mut(session) else { return };
                match message {
                    ClientMessage::Update(update) => witness.open.push(update.clone()),
                    ClientMessage::SyncStep2(update) => witness.answers.push(update.clone()),
                    _ => {}
                }
            }
            Event::Submit { request, update, .. } => {
                self.requests.insert(*request, update.clone());
            }
            _ => {}
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), String> {
        tell(format_args!("  < {effect:?}"));
        match effect {
            Effect::Send { to, message } => {
                if let ServerMessage::SyncStep2(bytes) | ServerMessage::Update(bytes) = &message {
                    let update = Update::scan(bytes.clone()).map_err(|error| format!("sent: {error}"))?;
                    self.judge_echo(to, &update)?;
                }
                if let Some(post) = self.posts.get_mut(&to) {
                    post.send(&message);
                }
            }
            Effect::Broadcast { update, except } => {
                let sessions: Vec<SessionId> = self.posts.keys().copied().collect();
                for to in sessions.into_iter().filter(|to| !except.contains(to)) {
                    self.relay(to, &update)?;
                }
            }
            Effect::Relay { to, update } => self.relay(to, &update)?,
            Effect::Ack { to, count } => self.acknowledge(to, count)?,
            Effect::Whisper { to: Some(to), entries } => {
                if let Some(post) = self.posts.get_mut(&to) {
                    post.whisper(&entries);
                }
            }
            Effect::Whisper { to: None, entries } => {
                self.posts.values_mut().for_each(|post| post.whisper(&entries));
            }
            Effect::Append { ticket, drafts } => {
                self.queued.push_back((ticket, drafts));
                self.start();
            }
            Effect::Reply { request, outcome } => self.judge_reply(request, &outcome)?,
            Effect::HangUp { session, why } => {
                if let Some(post) = self.posts.get_mut(&session) {
                    post.closing = true;
                    self.hung_up.push((session, why));
                }
            }
            Effect::Rebuild => return Err("the room asks to be rebuilt".into()),
        }
        Ok(())
    }

    fn relay(&mut self, to: SessionId, update: &Update) -> Result<(), String> {
        self.judge_echo(to, update)?;
        if let Some(post) = self.posts.get_mut(&to) {
            post.relay(update);
        }
        Ok(())
    }

    /// A client that reads its own content as an acknowledgement must not get it before it is durable.
    fn judge_echo(&self, to: SessionId, update: &Update) -> Result<(), String> {
        let Some(witness) = self.witnesses.get(&to).filter(|witness| witness.acks == Acks::Echo) else {
            return Ok(());
        };
        let own = update.sections().iter().find(|section| section.client == witness.id);
        match own.filter(|own| own.end > self.disk.clock(own.client)) {
            Some(own) => Err(format!("{to:?} gets its own content back before it is durable: {own:?}")),
            None => Ok(()),
        }
    }

    fn acknowledge(&mut self, to: SessionId, count: u32) -> Result<(), String> {
        let Some(witness) = self.witnesses.get_mut(&to) else { return Ok(()) };
        for _ in 0..count {
            if let Some(at) = witness.open.iter().position(|update| self.disk.holds(update)) {
                witness.open.remove(at);
            } else if let Some(at) = witness.answers.iter().position(|update| self.disk.holds(update)) {
                witness.answers.remove(at);
            } else {
                return Err(format!(
                    "{to:?} is told that something is saved, and nothing of it is: {witness:?}"
                ));
            }
        }
        if let Some(post) = self.posts.get_mut(&to) {
            post.ack(count);
        }
        Ok(())
    }

    fn judge_reply(&mut self, request: RequestId, outcome: &Outcome) -> Result<(), String> {
        let update = self.requests.remove(&request).ok_or("a request was answered twice")?;
        match outcome {
            Outcome::Stored(seq) => match self.disk.record(*seq) {
                Some(record) if record.bytes() == update.bytes() => Ok(()),
                record => Err(format!("a request is said to be record {seq}, which is {record:?}")),
            },
            Outcome::Known(_) if !self.disk.holds(&update) => Err("a request was answered too early".into()),
            Outcome::Known(_) | Outcome::Gap(_) => Ok(()),
            other => Err(format!("an honest request was refused: {other:?}")),
        }
    }

    /// Whether the room must defend this client id for this session.
    #[must_use]
    pub(super) fn defends(&self, client: ClientId, session: SessionId) -> bool {
        self.room.as_ref().and_then(|room| room.owner(client)) == Some(session)
    }

    /// Sends off what waits for the disk, if nothing is on its way.
    fn start(&mut self) {
        if self.in_flight.is_some() {
            return;
        }
        while let Some((ticket, drafts)) = self.queued.pop_front() {
            let batch = self.in_flight.get_or_insert(Batch { ticket, updates: Vec::new(), stored: None });
            batch.ticket = ticket;
            batch.updates.extend(drafts.into_iter().map(|draft| draft.update));
        }
    }

    /// The batch on its way is durable, and the room hears of it. `false` if there was none.
    ///
    /// # Errors
    /// What was promised and is not so.
    pub(super) fn store(&mut self, now: Now) -> Result<bool, String> {
        let Some(batch) = self.in_flight.take() else { return Ok(false) };
        let seq = match batch.stored {
            // The store knows the batch by its id and keeps it once.
            Some(seq) => seq,
            None => self.disk.append(&batch.updates)?,
        };
        self.start();
        self.feed(vec![Event::Durable { ticket: batch.ticket, seq }], now)?;
        Ok(true)
    }

    /// The append fails, and will be tried again; perhaps only its answer was lost.
    ///
    /// # Errors
    /// What was promised and is not so.
    pub(super) fn fail(&mut self, kept: bool) -> Result<(), String> {
        if let Some(batch) = self.in_flight.as_mut().filter(|batch| kept && batch.stored.is_none()) {
            batch.stored = Some(self.disk.append(&batch.updates)?);
        }
        Ok(())
    }

    /// Everything but the disk is gone.
    pub(super) fn crash(&mut self) {
        *self = Self { disk: std::mem::take(&mut self.disk), ..Self::default() };
    }

    /// The room closes if nobody needs it.
    pub(super) fn evict(&mut self) {
        let saved = self.room.as_ref().is_some_and(|room| room.is_saved() && room.sessions() == 0);
        if saved && self.in_flight.is_none() && self.inbox.is_empty() {
            self.room = None;
        }
    }

    /// Whether nothing is on its way anywhere but to clients.
    #[must_use]
    pub(super) fn is_idle(&self) -> bool {
        self.inbox.is_empty() && self.in_flight.is_none() && self.queued.is_empty()
    }
}

/// With `WEFT_TRACE` set, tells what happens, for one who looks into a plan.
#[expect(clippy::print_stderr, reason = "that is where a test's own words go")]
pub(super) fn tell(what: std::fmt::Arguments<'_>) {
    static ASKED: std::sync::LazyLock<bool> =
        std::sync::LazyLock::new(|| std::env::var_os("WEFT_TRACE").is_some());
    if *ASKED {
        eprintln!("{what}");
    }
}
