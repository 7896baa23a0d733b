//! What a session holds and nobody can use yet, because something before it is missing everywhere.
//!
//! A client that gets the missing content from us takes in what waited for it, and tells nobody: to it, that came from
//! us. So we have to ask.

use weft_ids::{ClientId, SessionId};
use weft_wire::Update;

use crate::effect::{Effect, HangUp};
use crate::limits::{GAPS_AFTER_ANSWER_MAX, WITHHELD_CLIENTS_MAX};
use crate::room::Room;
use crate::session::{Asked, Needs};

impl Room {
    /// Notes what must be here before what does not fit of a session's answer does.
    pub(super) fn note_withheld(&mut self, id: SessionId, answer: &Update) {
        let beyond = answer.beyond().iter().map(|beyond| (beyond.client, beyond.start));
        let sections = answer.sections().iter().map(|section| (section.client, section.start));
        let needs = answer.needs().iter().map(|need| (need.client, need.clock + 1));
        let deletes = answer
            .deletes()
            .iter()
            .filter(|span| span.end > self.clock(span.client).max(answer.end_of(span.client)))
            .map(|span| (span.client, span.start.max(self.clock(span.client)) + 1));
        let is_missing = |(client, clock): &(ClientId, u32)| *clock > self.clock(*client);
        let missing = sections.chain(needs).filter(is_missing);
        let mut waits: Needs = beyond.chain(missing).chain(deletes).collect();
        waits.sort_unstable();
        waits.dedup_by_key(|(client, _)| *client);
        // If it waits for more, asking for the first brings the others up again.
        waits.truncate(WITHHELD_CLIENTS_MAX);
        // A hole that was filled while the answer was on its way costs another question. One that is sent again and again
        // although it is filled is none.
        let filled = answer.beyond().iter().any(|beyond| beyond.start <= self.clock(beyond.client));
        if let Some(session) = self.sessions.get_mut(&id).filter(|_| filled) {
            session.gaps += 1;
        }
        self.withheld.insert(id, waits);
    }

    /// Asks those who hold what may fit now.
    pub(super) fn ask_for_withheld(&mut self, effects: &mut Vec<Effect>) {
        let clocks = &self.clocks;
        let reached =
            |(client, clock): &(ClientId, u32)| clocks.get(client).is_some_and(|here| here >= clock);
        let due = self.withheld.iter().filter(|(_, waits)| waits.iter().any(reached));
        let due: Vec<SessionId> = due.map(|(id, _)| *id).collect();
        for id in due {
            self.withheld.remove(&id);
            let gave_up = self.sessions.get(&id).is_some_and(|session| session.gaps >= GAPS_AFTER_ANSWER_MAX);
            if gave_up {
                self.hang_up(id, HangUp::Gaps, effects);
            } else {
                self.ask(id, Asked::ForContent, effects);
            }
        }
    }
}
