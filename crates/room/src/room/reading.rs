//! What a room tells those who ask: newcomers, those who return, those who fell behind.

use bytes::Bytes;
use weft_ids::SessionId;
use weft_wire::{ServerMessage, StateVector};

use crate::effect::Effect;
use crate::event::{Acks, Missed, Now};
use crate::limits::STEP1_EVERY_MS;
use crate::room::Room;
use crate::saving::Then;
use crate::session::Asked;

impl Room {
    /// The whole state as one v1 update.
    pub fn state(&mut self) -> Bytes {
        self.document.state()
    }

    /// What a replica with this state vector lacks, as one v1 update with the whole delete set.
    #[must_use]
    pub fn diff(&self, since: &StateVector) -> Bytes {
        // The vector was scanned, so it decodes.
        self.document.diff(&since.encode()).unwrap_or_else(|_| Bytes::from_static(&[0, 0]))
    }

    /// The state vector as v1 bytes.
    #[must_use]
    pub fn state_vector(&self) -> Bytes {
        self.document.state_vector()
    }

    /// The plain text.
    #[must_use]
    pub fn text(&self) -> String {
        self.document.text()
    }

    /// The plain text of one root.
    #[must_use]
    pub fn root_text(&self, root: &str) -> String {
        self.document.root_text(root)
    }

    pub(super) fn step1(&mut self, id: SessionId, since: StateVector, now: Now, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if !session.may_ask(now.mono) {
            session.deferred = Some(since);
            self.wake_by(now.mono + STEP1_EVERY_MS);
            return;
        }
        // Whoever asks again has begun anew, and counts on being asked as well.
        let again = std::mem::replace(&mut session.stepped, true) && session.member.acks == Acks::Status;
        let reads_acks = session.member.acks == Acks::Echo && !since.is_empty();
        if reads_acks && !self.is_saved() {
            self.turn.then.push(Then::Answer(id, since));
        } else {
            self.answer(id, &since, effects);
        }
        if again {
            self.ask(id, Asked::ForContent, effects);
        }
    }

    pub(super) fn answer(&mut self, to: SessionId, since: &StateVector, effects: &mut Vec<Effect>) {
        if !self.sessions.contains_key(&to) {
            return;
        }
        if since.is_empty() {
            let (base, tail) = self.catchup.serve(&mut self.document);
            effects.push(Effect::Send { to, message: ServerMessage::SyncStep2(base) });
            let updates = tail.into_iter().map(|update| ServerMessage::Update(update.bytes().clone()));
            effects.extend(updates.map(|message| Effect::Send { to, message }));
        } else {
            effects.push(Effect::Send { to, message: ServerMessage::SyncStep2(self.diff(since)) });
        }
    }

    pub(super) fn drained(&mut self, id: SessionId, missed: Missed, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get(&id) else { return };
        if session.member.acks == Acks::Echo && !self.is_saved() {
            self.turn.then.push(Then::Resync(id, missed));
        } else {
            self.resync(id, &missed, effects);
        }
    }

    /// Brings a session that fell behind up to date: it has everything but what it missed.
    pub(super) fn resync(&mut self, to: SessionId, missed: &Missed, effects: &mut Vec<Effect>) {
        if !self.sessions.contains_key(&to) {
            return;
        }
        self.counts.resyncs += 1;
        let has = self
            .clocks
            .iter()
            .map(|(client, clock)| (*client, missed.get(client).map_or(*clock, |first| *clock.min(first))));
        let has: StateVector = has.filter(|(_, clock)| *clock > 0).collect();
        effects.push(Effect::Send { to, message: ServerMessage::Update(self.diff(&has)) });
    }
}
