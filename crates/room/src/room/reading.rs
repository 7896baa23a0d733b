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
        let reads_acks = session.member.acks == Acks::Echo;
        if since.is_empty() {
            self.answer_newcomer(id, effects);
        } else {
            let answer = ServerMessage::SyncStep2(self.diff(&since));
            self.say(id, answer, reads_acks, effects);
        }
        if again {
            self.ask(id, Asked::ForContent, effects);
        }
    }

    /// Everything, to one who has nothing, and so nothing that it could read as an acknowledgement.
    fn answer_newcomer(&mut self, to: SessionId, effects: &mut Vec<Effect>) {
        let mut pieces = self.catchup.serve(&mut self.document);
        let last = pieces.pop().unwrap_or_else(|| Bytes::from_static(&[0, 0]));
        let updates = pieces.into_iter().map(ServerMessage::Update);
        effects.extend(updates.map(|message| Effect::Send { to, message }));
        effects.push(Effect::Send { to, message: ServerMessage::SyncStep2(last) });
    }

    /// Says it at once, or behind what is on its way to the disk to one who reads content as an acknowledgement.
    fn say(&mut self, to: SessionId, message: ServerMessage, reads_acks: bool, effects: &mut Vec<Effect>) {
        if reads_acks && !self.is_saved() {
            self.turn.then.push(Then::Say(to, message));
        } else {
            effects.push(Effect::Send { to, message });
        }
    }

    /// Brings a session that fell behind up to date: it has everything but what it missed.
    pub(super) fn drained(&mut self, id: SessionId, missed: &Missed, effects: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get(&id) else { return };
        let reads_acks = session.member.acks == Acks::Echo;
        self.counts.resyncs += 1;
        let has = self
            .clocks
            .iter()
            .map(|(client, clock)| (*client, missed.get(client).map_or(*clock, |first| *clock.min(first))));
        let has: StateVector = has.filter(|(_, clock)| *clock > 0).collect();
        let update = ServerMessage::Update(self.diff(&has));
        self.say(id, update, reads_acks, effects);
    }
}
