//! The room: who is in it, what they said this turn, and what is to be done about it.

mod reading;
mod withheld;
mod writing;

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use weft_doc::Document;
use weft_ids::{ClientId, Seq, SessionId};
use weft_wire::{ClientMessage, ServerMessage, StateVector, Update, awareness};

use crate::aside::Aside;
use crate::catchup::Catchup;
use crate::effect::{Effect, HangUp, Outcome};
use crate::event::{Acks, Event, Member, Now, Standing};
use crate::limits::{OWNER_ANSWERS_MS, PRESENCE_EXPIRES_MS};
use crate::presence::{Presence, Told};
use crate::saving::{Saving, Then};
use crate::session::{Asked, Needs, Session, author_name};
use crate::turn::{Source, Turn};

/// The map that Weft's own pages keep their schema number in, and its key.
const SCHEMA: (&str, &str) = ("weft", "schema");
/// How often a document may fail to merge before nobody may write it any more.
const REBUILDS_MAX: u32 = 2;
const FAILED_TO_MERGE: &str =
    "this document failed to merge more than once and is read-only until everybody has left it for a while";

const NO_LONGER_ALLOWED: &str = "you may read this document, but no longer change it";

/// A document as it was loaded: a whole state and what came after it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The document.
    pub document: Document,
    /// The state it was loaded from, if there was one, v1 bytes.
    pub base: Option<Bytes>,
    /// The updates since, in order.
    pub tail: Vec<Update>,
    /// The place of the last record.
    pub head: Seq,
    /// How many shared types it holds, deleted ones included.
    pub types: usize,
}

/// What a room has done since it was last asked, for the metrics.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Updates accepted that were new.
    pub merged: u64,
    /// Updates that brought nothing new.
    pub known: u64,
    /// Updates refused because they build on missing content.
    pub gaps: u64,
    /// Updates set aside because they write under another's client id.
    pub aside: u64,
    /// Updates refused for want of the right to write, or of room.
    pub refused: u64,
    /// Sessions brought up to date after they had fallen behind.
    pub resyncs: u64,
}

/// An open document and its co-editors.
#[derive(Debug)]
pub struct Room {
    document: Document,
    /// How many shared types it holds, deleted ones included.
    types: usize,
    /// The next clock of every client id: the state vector, kept here so that no frame costs a look into the document.
    clocks: HashMap<ClientId, u32>,
    catchup: Catchup,
    sessions: BTreeMap<SessionId, Session>,
    presence: Presence,
    /// To whom a client id belongs while they are here: who announced it, or else who typed under it first.
    owners: HashMap<ClientId, SessionId>,
    /// Who reads its own content as an acknowledgement, and has not yet told us all it has.
    newcomers: Vec<SessionId>,
    aside: Aside,
    /// Who holds what waits there for something missing, and what must be here before asking for it makes sense.
    withheld: BTreeMap<SessionId, Needs>,
    saving: Saving,
    turn: Turn,
    /// Why nobody may write, if nobody may.
    read_only: Option<&'static str>,
    /// The document in memory may differ from the log.
    broken: bool,
    rebuilds: u32,
    /// No later than this there is something to do without an event.
    wakes_at: Option<u64>,
    counts: Counts,
}

impl Room {
    /// Opens a room on a document.
    #[must_use]
    pub fn new(loaded: Loaded) -> Self {
        Self {
            clocks: loaded.document.clocks(),
            document: loaded.document,
            types: loaded.types,
            catchup: Catchup::new(loaded.base, loaded.tail),
            sessions: BTreeMap::new(),
            presence: Presence::default(),
            owners: HashMap::new(),
            newcomers: Vec::new(),
            aside: Aside::default(),
            withheld: BTreeMap::new(),
            saving: Saving::new(loaded.head),
            turn: Turn::default(),
            read_only: None,
            broken: false,
            rebuilds: 0,
            wakes_at: None,
            counts: Counts::default(),
        }
    }

    /// One thing that happened. Its effects may stand in `effects` at once or only after [`settle`](Self::settle).
    pub fn handle(&mut self, event: Event, now: Now, effects: &mut Vec<Effect>) {
        match event {
            Event::Join { session, member } => self.join(session, member, now, effects),
            Event::Regrant { session, standing } => self.regrant(session, standing, effects),
            Event::Leave { session } => self.leave(session, now, effects),
            Event::Message { session, message } => self.message(session, message, now, effects),
            Event::Submit { request, author, user, name, kind, update } => {
                let name = name.as_deref().map(author_name);
                let source = Source::submitted(request, author, user, name, kind);
                self.submit(request, source, update, effects);
            }
            Event::Durable { ticket, seq } => {
                let due = self.saving.durable(ticket, seq);
                let stored = |(request, seq)| Effect::Reply { request, outcome: Outcome::Stored(seq) };
                effects.extend(due.submitted.into_iter().map(stored));
                self.perform(due.then, effects);
            }
            Event::Drained { session, missed } => self.drained(session, &missed, effects),
            Event::Wake => self.wake(now, effects),
        }
    }

    /// Ends the turn: what was accepted goes to the log and to the others.
    pub fn settle(&mut self, now: Now, effects: &mut Vec<Effect>) {
        let mut turn = std::mem::take(&mut self.turn);
        if turn.accepted.is_empty() {
            let now_or_later = turn.then.into_iter();
            let then = now_or_later.filter_map(|then| self.saving.behind(then)).collect();
            self.perform(then, effects);
        } else {
            turn.relay(&self.who_waits(&turn), effects);
            let (drafts, submitted) = turn.drafts(now.wall);
            let ticket = self.saving.issue(drafts.len(), submitted, turn.then);
            effects.push(Effect::Append { ticket, drafts });
        }
        self.ask_for_withheld(effects);
        self.newcomers.retain(|session| !turn.synchronised.contains(session));
        if let Some(entries) = self.presence.news() {
            effects.push(Effect::Whisper { to: None, entries });
        }
    }

    /// Who reads its own content as an acknowledgement and cannot be told from this turn's what is its own. A newcomer's
    /// may come by its old socket, or by others who pass it on; and anybody's may be in what repeats older content.
    fn who_waits(&self, turn: &Turn) -> Vec<SessionId> {
        if !turn.accepted.iter().any(|accepted| accepted.repeats) {
            return self.newcomers.clone();
        }
        let echoing = self.sessions.iter().filter(|(_, session)| session.member.acks == Acks::Echo);
        echoing.map(|(id, _)| *id).collect()
    }

    /// By when (on the monotonic clock of [`Now`]) the room wants an [`Event::Wake`], if it wants one.
    #[must_use]
    pub fn wakes_at(&self) -> Option<u64> {
        self.wakes_at
    }

    /// Whether an [`Effect::Rebuild`] is due: no event may come before [`rebuilt`](Self::rebuilt).
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Whether everything accepted is on disk.
    #[must_use]
    pub fn is_saved(&self) -> bool {
        self.saving.is_clean() && self.turn.accepted.is_empty()
    }

    /// How many sessions are here.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// About the size of the encoded document, bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.catchup.bytes()
    }

    /// Whether the next newcomer, or the next one to ask for the whole state, costs an encoding of it.
    #[must_use]
    pub fn needs_encoding(&self) -> bool {
        self.catchup.is_stale()
    }

    /// The place of the last record that is known to be on disk.
    #[must_use]
    pub fn head(&self) -> Seq {
        self.saving.head
    }

    /// The session here that a client id belongs to, if it belongs to one.
    #[must_use]
    pub fn owner(&self, client: ClientId) -> Option<SessionId> {
        self.owners.get(&client).copied()
    }

    /// Why nobody may write, if so.
    #[must_use]
    pub fn read_only(&self) -> Option<&'static str> {
        self.read_only
    }

    /// What was done since the last call.
    pub fn take_counts(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// The document was loaded anew from the log, with all that was accepted. After too many times it is read-only for
    /// as long as the room is open, and everyone here is told.
    pub fn rebuilt(&mut self, loaded: Loaded, effects: &mut Vec<Effect>) {
        self.clocks = loaded.document.clocks();
        self.document = loaded.document;
        self.types = loaded.types;
        self.catchup = Catchup::new(loaded.base, loaded.tail);
        self.saving.head = loaded.head;
        self.broken = false;
        self.rebuilds += 1;
        if self.rebuilds >= REBUILDS_MAX && self.read_only.is_none() {
            self.read_only = Some(FAILED_TO_MERGE);
            for (to, session) in &self.sessions {
                effects.push(Effect::Send { to: *to, message: no_longer(session, FAILED_TO_MERGE) });
            }
        }
    }

    fn join(&mut self, id: SessionId, member: Member, now: Now, effects: &mut Vec<Effect>) {
        let session = Session::new(member, now.mono);
        let read_only = !self.may_write(&session);
        if session.member.acks == Acks::Echo {
            self.newcomers.push(id);
        }
        self.sessions.insert(id, session);
        effects.push(Effect::Send { to: id, message: ServerMessage::Authenticated { read_only } });
        self.ask(id, Asked::ForContent, effects);
        if let Some(entries) = self.presence.everyone() {
            effects.push(Effect::Whisper { to: Some(id), entries });
        }
    }

    fn regrant(&mut self, id: SessionId, standing: Standing, effects: &mut Vec<Effect>) {
        let Some(before) = self.sessions.get(&id).map(|session| self.may_write(session)) else { return };
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.regrant(standing);
        for client in self.presence.spoken_by(id) {
            let said = self.presence.state(client);
            if let Some(state) = said.and_then(|state| session.stamp(&state)) {
                self.presence.restate(client, state);
            }
        }
        let Some(session) = self.sessions.get(&id) else { return };
        let message = match (before, self.may_write(session)) {
            (true, false) => no_longer(session, NO_LONGER_ALLOWED),
            (false, true) => ServerMessage::Authenticated { read_only: false },
            _ => return,
        };
        effects.push(Effect::Send { to: id, message });
    }

    fn leave(&mut self, id: SessionId, now: Now, effects: &mut Vec<Effect>) {
        if self.sessions.remove(&id).is_none() {
            return;
        }
        self.aside.forget(id);
        self.withheld.remove(&id);
        self.newcomers.retain(|newcomer| *newcomer != id);
        self.release(id, now, effects);
    }

    /// What belonged to a session is free for others.
    fn release(&mut self, id: SessionId, now: Now, effects: &mut Vec<Effect>) {
        self.presence.leave(id, now.mono);
        self.wake_by(now.mono + PRESENCE_EXPIRES_MS);
        self.owners.retain(|_, owner| *owner != id);
        if self.aside.waits_for(id) {
            self.look_again(None, now, effects);
        }
    }

    fn message(&mut self, id: SessionId, message: ClientMessage, now: Now, effects: &mut Vec<Effect>) {
        if !self.sessions.contains_key(&id) {
            return;
        }
        match message {
            ClientMessage::SyncStep1(since) => self.step1(id, since, now, effects),
            ClientMessage::SyncStep2(update) => self.update(id, update, true, now, effects),
            ClientMessage::Update(update) => self.update(id, update, false, now, effects),
            ClientMessage::Awareness(entries) => self.awareness(id, &entries, now, effects),
            ClientMessage::QueryAwareness => {
                if let Some(entries) = self.presence.everyone() {
                    effects.push(Effect::Whisper { to: Some(id), entries });
                }
            }
            // Authentication, liveness and leaving are the socket's business; the rest says nothing to a room.
            ClientMessage::Auth { .. }
            | ClientMessage::Stateless(_)
            | ClientMessage::Close
            | ClientMessage::Ping
            | ClientMessage::Pong
            | ClientMessage::Ignored(_) => {}
        }
    }

    fn awareness(
        &mut self,
        id: SessionId,
        entries: &[awareness::Entry],
        now: Now,
        effects: &mut Vec<Effect>,
    ) {
        for entry in entries {
            let Some(session) = self.sessions.get_mut(&id) else { return };
            // The first presence a client sends is its own and alone; later ones may pass on what it heard of others.
            let announces = session.announced.is_none() && entries.len() == 1 && entry.state.is_some();
            let stamped = entry.state.as_ref().and_then(|state| session.stamp(state));
            let stamped = stamped.map(|state| awareness::Entry { state: Some(state), ..*entry });
            let entry = stamped.as_ref().unwrap_or(entry);
            match self.presence.tell(id, entry, announces, now.mono) {
                Told::Shown => {
                    if announces {
                        session.announced = Some(entry.client);
                        self.owners.insert(entry.client, id);
                    }
                    if let Some(state) = &entry.state
                        && session.announced == Some(entry.client)
                    {
                        session.learn_name(state);
                    }
                }
                Told::Ignored => {}
                Told::Owned(owner) => self.challenge(owner, now, effects),
            }
        }
        self.wake_by(now.mono + PRESENCE_EXPIRES_MS);
    }

    /// Another session claims what belongs to `owner`: is it still there?
    fn challenge(&mut self, owner: SessionId, now: Now, effects: &mut Vec<Effect>) {
        let deadline = now.mono + OWNER_ANSWERS_MS;
        let Some(session) = self.sessions.get_mut(&owner) else { return };
        let lately = session.last_challenge.is_some_and(|last| now.mono < last + OWNER_ANSWERS_MS);
        if session.challenged.is_some() || (lately && !self.aside.waits_for(owner)) {
            return;
        }
        session.challenged = Some(deadline);
        session.last_challenge = Some(now.mono);
        self.ask(owner, Asked::ForLife, effects);
        self.wake_by(deadline);
    }

    fn wake(&mut self, now: Now, effects: &mut Vec<Effect>) {
        self.wakes_at = None;
        self.presence.expire(now.mono);
        let silent: Vec<SessionId> = self
            .sessions
            .iter_mut()
            .filter_map(|(id, session)| {
                let over = session.challenged.is_some_and(|deadline| deadline <= now.mono);
                over.then(|| {
                    session.challenged = None;
                    *id
                })
            })
            .collect();
        for id in silent {
            self.release(id, now, effects);
        }
        let deferred: Vec<(SessionId, StateVector)> = self
            .sessions
            .iter_mut()
            .filter_map(|(id, session)| Some((*id, session.deferred.take()?)))
            .collect();
        for (id, since) in deferred {
            self.step1(id, since, now, effects);
        }
        let deadlines = self.sessions.values().filter_map(|session| session.challenged);
        if let Some(next) = deadlines.chain(self.presence.expires_at()).min() {
            self.wake_by(next);
        }
    }

    fn wake_by(&mut self, at: u64) {
        self.wakes_at = Some(self.wakes_at.map_or(at, |earlier| earlier.min(at)));
    }

    /// Does what was waiting for the disk.
    fn perform(&mut self, then: Vec<Then>, effects: &mut Vec<Effect>) {
        let mut acks: Vec<(SessionId, u32)> = Vec::new();
        for then in then {
            match then {
                Then::Ack(to) => match acks.iter_mut().find(|(session, _)| *session == to) {
                    Some((_, count)) => *count += 1,
                    None => acks.push((to, 1)),
                },
                Then::Echo(to, update) => effects.push(Effect::Relay { to, update }),
                Then::Say(to, message) => effects.push(Effect::Send { to, message }),
                Then::Known(request) => {
                    effects.push(Effect::Reply { request, outcome: Outcome::Known(self.saving.head) });
                }
            }
        }
        effects.extend(acks.into_iter().map(|(to, count)| Effect::Ack { to, count }));
    }

    /// Sends our SyncStep1, unless it has one to answer already: the answer is what we lack.
    fn ask(&mut self, id: SessionId, why: Asked, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        match session.asked {
            None => {
                session.asked = Some(why);
                let message = ServerMessage::SyncStep1(self.document.state_vector());
                effects.push(Effect::Send { to: id, message });
            }
            Some(Asked::ForLife) => session.asked = Some(why),
            Some(Asked::ForContent) => {}
        }
    }

    fn may_write(&self, session: &Session) -> bool {
        session.member.standing.may_write && self.read_only.is_none() && !self.is_newer_than(session)
    }

    /// Whether the page was made with a newer schema than the session's client knows: it would drop what it does not.
    fn is_newer_than(&self, session: &Session) -> bool {
        let Some(theirs) = session.member.schema else { return false };
        self.document.integer(SCHEMA.0, SCHEMA.1).is_some_and(|ours| ours > i64::from(theirs))
    }

    fn hang_up(&mut self, session: SessionId, why: HangUp, effects: &mut Vec<Effect>) {
        effects.push(Effect::HangUp { session, why });
    }
}

/// How a session is told that it may not write any more.
fn no_longer(session: &Session, why: &'static str) -> ServerMessage {
    match session.member.acks {
        Acks::Status => ServerMessage::Authenticated { read_only: true },
        Acks::Echo => ServerMessage::PermissionDenied(why.into()),
    }
}
