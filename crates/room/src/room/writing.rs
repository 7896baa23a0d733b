//! How an update gets into a room, or why it does not.

use std::collections::BTreeSet;

use weft_doc::{MergeError, Merged};
use weft_ids::{ClientId, SessionId};
use weft_wire::{DeleteSpan, ServerMessage, Update};

use crate::aside::{Came, Waiting};
use crate::effect::{Effect, HangUp, Outcome};
use crate::event::{Acks, Kind, Now, RequestId};
use crate::limits::{GAPS_AFTER_ANSWER_MAX, OWED_MAX, STATE_BYTES_MAX, TYPES_MAX};
use crate::room::Room;
use crate::saving::Then;
use crate::session::{Asked, debt_of};
use crate::turn::{Accepted, Source};

/// What a room makes of an update.
enum Verdict {
    Merged,
    /// It brought nothing new.
    Known,
    /// It builds on content that is missing here.
    Gap,
    /// It writes under a client id that belongs to this session.
    Foreign(SessionId),
    TooLarge,
    Broken,
}

impl Room {
    pub(super) fn update(
        &mut self,
        id: SessionId,
        update: Update,
        step2: bool,
        now: Now,
        effects: &mut Vec<Effect>,
    ) {
        let came = self.came(id, step2);
        if step2 {
            self.note_claims(id, &update);
        }
        let gaps_before = self.sessions.get(&id).map_or(0, |session| session.gaps);
        if self.aside.holds(id) {
            self.set_aside(Waiting { from: id, update, came, owner: None }, effects);
        } else {
            self.take_in(id, update, came, None, now, effects);
        }
        if step2 {
            self.answered(id, gaps_before, now, effects);
        }
    }

    pub(super) fn submit(
        &mut self,
        request: RequestId,
        source: Source,
        update: Update,
        effects: &mut Vec<Effect>,
    ) {
        let outcome = match self.read_only {
            Some(why) => Outcome::ReadOnly(why),
            None => match self.judge(&source, &update) {
                // Answered as a record of its own, once that is on disk.
                Verdict::Merged => return,
                Verdict::Known => {
                    self.turn.then.push(Then::Known(request));
                    return;
                }
                Verdict::Gap => Outcome::Gap(self.document.state_vector()),
                Verdict::Foreign(_) => Outcome::Foreign,
                Verdict::TooLarge => Outcome::TooLarge,
                Verdict::Broken => {
                    self.rebuild(effects);
                    Outcome::Broken
                }
            },
        };
        self.counts.refused += 1;
        effects.push(Effect::Reply { request, outcome });
    }

    /// Looks at the updates set aside once more: the owner they wait for has answered, or is gone.
    pub(super) fn look_again(&mut self, answered: Option<SessionId>, now: Now, effects: &mut Vec<Effect>) {
        let waiting = self.aside.take();
        let senders: BTreeSet<SessionId> = waiting.iter().map(|waiting| waiting.from).collect();
        for waiting in waiting {
            if self.broken || self.aside.holds(waiting.from) {
                self.set_aside(Waiting { owner: None, ..waiting }, effects);
                continue;
            }
            let had_its_say = waiting.owner.filter(|owner| Some(*owner) == answered);
            self.take_in(waiting.from, waiting.update, waiting.came, had_its_say, now, effects);
        }
        for sender in senders.into_iter().filter(|sender| !self.aside.holds(*sender)).collect::<Vec<_>>() {
            if self.pay(sender) {
                self.ask(sender, Asked::ForContent, effects);
            }
        }
    }

    /// `had_its_say`: the owner of a client id who was asked for what is missing here, and has answered.
    fn take_in(
        &mut self,
        id: SessionId,
        update: Update,
        came: Came,
        had_its_say: Option<SessionId>,
        now: Now,
        effects: &mut Vec<Effect>,
    ) {
        let Some(session) = self.sessions.get(&id) else { return };
        let acks = session.member.acks;
        if !self.may_write(session) {
            self.refuse_reader(id, &update, came, effects);
            return;
        }
        let source = Source {
            session: id,
            user: session.member.standing.user.clone(),
            name: session.name.clone(),
            kind: Kind::Edit,
            request: None,
            echo: acks == Acks::Echo,
            // Answers may pass on what others wrote; and who announced an id writes under that one.
            claims: came == Came::Live && session.announced.is_none(),
        };
        match self.judge(&source, &update) {
            Verdict::Merged | Verdict::Known => {
                if came != Came::Live {
                    self.turn.synchronised.push(id);
                    if let Some(session) = self.sessions.get_mut(&id) {
                        session.too_large = false;
                    }
                }
                self.owe_ack(id, came);
            }
            Verdict::Gap if came != Came::Live && self.has_gap(&update) => {
                // It holds what waits at its sender for something missing. The rest need not wait for that.
                self.counts.gaps += 1;
                let part = update.fitting(|client| self.clock(client));
                self.note_withheld(id, &update);
                self.take_in(id, part, came, had_its_say, now, effects);
            }
            Verdict::Gap => self.refuse_gap(id, &update, came, effects),
            Verdict::Foreign(owner) if Some(owner) == had_its_say => {
                // The owner was asked and did not write this.
                self.refuse(id, effects);
                self.hang_up(id, HangUp::Foreign, effects);
            }
            Verdict::Foreign(owner) => {
                self.counts.aside += 1;
                self.set_aside(Waiting { from: id, update, came, owner: Some(owner) }, effects);
                self.challenge(owner, now, effects);
            }
            Verdict::TooLarge => self.refuse_for_size(id, effects),
            Verdict::Broken => {
                self.hang_up(id, HangUp::Broken, effects);
                self.rebuild(effects);
            }
        }
    }

    /// Merges the update if nothing stands against it.
    fn judge(&mut self, source: &Source, update: &Update) -> Verdict {
        if update.is_empty() {
            self.counts.known += 1;
            return Verdict::Known;
        }
        if self.has_gap(update) {
            return Verdict::Gap;
        }
        if let Some(owner) = self.foreign_owner(source.session, update) {
            return Verdict::Foreign(owner);
        }
        if self.brings_blocks(update) && self.is_full_for(update) {
            return Verdict::TooLarge;
        }
        match self.document.merge(update.bytes()) {
            Ok(Merged::New) => {
                self.accept(source, update);
                Verdict::Merged
            }
            Ok(Merged::Known) => {
                self.counts.known += 1;
                if source.echo {
                    self.turn.then.push(Then::Echo(source.session, update.clone()));
                }
                Verdict::Known
            }
            Err(MergeError::Missing) => Verdict::Gap,
            Err(MergeError::Broken(_)) => Verdict::Broken,
        }
    }

    fn accept(&mut self, source: &Source, update: &Update) {
        self.counts.merged += 1;
        let repeats = update.sections().iter().any(|section| section.start < self.clock(section.client));
        for section in update.sections() {
            let clock = self.clocks.entry(section.client).or_default();
            if section.end > *clock {
                *clock = section.end;
                if source.claims {
                    self.owners.entry(section.client).or_insert(source.session);
                }
            }
        }
        self.types += update.types().len();
        self.catchup.push(update.clone());
        self.catchup.compact(&mut self.document);
        self.turn.accepted.push(Accepted { source: source.clone(), update: update.clone(), repeats });
    }

    pub(super) fn clock(&self, client: ClientId) -> u32 {
        self.clocks.get(&client).copied().unwrap_or(0)
    }

    /// Whether it builds on, or deletes, what neither is here nor comes with it.
    fn has_gap(&self, update: &Update) -> bool {
        !update.fits(|client| self.clock(client))
    }

    fn brings_blocks(&self, update: &Update) -> bool {
        update.sections().iter().any(|section| section.end > self.clock(section.client))
    }

    fn is_full_for(&mut self, update: &Update) -> bool {
        let is_large = |room: &Self| room.catchup.bytes() + update.bytes().len() > STATE_BYTES_MAX;
        if is_large(self) {
            // What was written since it was encoded last may be gone again.
            self.catchup.weigh_anew(&mut self.document);
        }
        is_large(self) || self.types + update.types().len() > TYPES_MAX
    }

    /// The live session that a client id with new content in the update belongs to, if it is not the sender's own and
    /// its owner has not said that it wrote so much.
    fn foreign_owner(&self, sender: SessionId, update: &Update) -> Option<SessionId> {
        update.sections().iter().find_map(|section| {
            let owner = *self.owners.get(&section.client)?;
            if owner == sender || section.end <= self.clock(section.client) {
                return None;
            }
            let claims = self.sessions.get(&owner).map_or(&[][..], |session| &session.claims);
            let claimed = claims.iter().any(|(client, end)| *client == section.client && section.end <= *end);
            (!claimed).then_some(owner)
        })
    }

    /// What a session says it wrote under its own client ids. After a crash two clients may each hold what the server
    /// has forgotten of the other: neither answer can be taken in before the other, but each vouches for the other.
    fn note_claims(&mut self, id: SessionId, answer: &Update) {
        let owners = &self.owners;
        let own = answer.sections().iter().filter(|section| owners.get(&section.client) == Some(&id));
        if let Some(session) = self.sessions.get_mut(&id) {
            session.claims = own.map(|section| (section.client, section.end)).collect();
        }
    }

    /// What the client expects for the update it sent.
    fn came(&mut self, id: SessionId, step2: bool) -> Came {
        let asked = self.sessions.get_mut(&id).filter(|_| step2).and_then(|session| session.asked.take());
        match step2 {
            true => Came::AsAnswer { counted: asked != Some(Asked::ForLife) },
            false => Came::Live,
        }
    }

    /// Acknowledges an accepted update once everything accepted so far is on disk.
    fn owe_ack(&mut self, id: SessionId, came: Came) {
        let status = self.sessions.get(&id).is_some_and(|session| session.member.acks == Acks::Status);
        if status && came.is_counted() {
            self.turn.then.push(Then::Ack(id));
        }
    }

    /// A session that may only read: an answer which brings nothing is fine, all else is not taken.
    fn refuse_reader(&mut self, id: SessionId, update: &Update, came: Came, effects: &mut Vec<Effect>) {
        if came != Came::Live {
            self.turn.synchronised.push(id);
        }
        let brings_nothing =
            !self.has_gap(update) && !self.brings_blocks(update) && self.has_deleted(update.deletes());
        if came != Came::Live && brings_nothing {
            self.owe_ack(id, came);
        } else {
            self.refuse(id, effects);
        }
    }

    fn has_deleted(&self, spans: &[DeleteSpan]) -> bool {
        spans.is_empty()
            || self.document.has_deleted(spans.iter().map(|span| (span.client, span.start..span.end)))
    }

    /// Says that an update was not taken.
    fn refuse(&mut self, to: SessionId, effects: &mut Vec<Effect>) {
        self.counts.refused += 1;
        effects.push(Effect::Send { to, message: ServerMessage::SyncStatus(false) });
    }

    /// The document may not grow any more. Says so in words where the dialect has no negative acknowledgement.
    fn refuse_for_size(&mut self, id: SessionId, effects: &mut Vec<Effect>) {
        self.refuse(id, effects);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        let first = !std::mem::replace(&mut session.too_large, true);
        if first && session.member.acks == Acks::Echo {
            let why = "this document is as large as a document may get: delete something, then reload";
            effects.push(Effect::Send { to: id, message: ServerMessage::PermissionDenied(why.into()) });
        }
    }

    /// It builds on what is missing here: not kept, but its sender is asked for all we lack, and the acknowledgement
    /// it is owed comes when that has arrived.
    fn refuse_gap(&mut self, id: SessionId, update: &Update, came: Came, effects: &mut Vec<Effect>) {
        self.counts.gaps += 1;
        let Some(session) = self.sessions.get_mut(&id) else { return };
        if session.too_large {
            // What it lacks here is what was refused before it.
            self.refuse(id, effects);
            return;
        }
        if session.owed.len() >= OWED_MAX {
            self.hang_up(id, HangUp::Gaps, effects);
            return;
        }
        if came.is_counted() {
            session.owed.push(debt_of(update));
        }
        if came == Came::Live {
            self.ask(id, Asked::ForContent, effects);
        } else {
            session.gaps += 1;
        }
    }

    /// A Step2 came: an answer to what was asked. What it brought may settle older debts.
    fn answered(&mut self, id: SessionId, gaps_before: u32, now: Now, effects: &mut Vec<Effect>) {
        let still_owed = self.pay(id);
        let held_up = self.aside.holds(id);
        let Some(session) = self.sessions.get_mut(&id) else { return };
        session.challenged = None;
        // What is owed may be just what waits at its client for something missing: then it is asked again in time.
        if still_owed && !held_up && !self.withheld.contains_key(&id) {
            session.gaps += 1;
        }
        let ask_again = session.gaps > gaps_before;
        let gave_up = session.gaps >= GAPS_AFTER_ANSWER_MAX;
        if !ask_again && !held_up {
            session.gaps = 0;
        }
        if gave_up {
            self.hang_up(id, HangUp::Gaps, effects);
        } else if ask_again {
            self.ask(id, Asked::ForContent, effects);
        }
        if self.aside.waits_for(id) {
            self.look_again(Some(id), now, effects);
        }
    }

    /// Acknowledges what was refused for a gap and has come by another frame. Returns whether more is owed.
    fn pay(&mut self, id: SessionId) -> bool {
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        let owed = std::mem::take(&mut session.owed);
        if owed.is_empty() {
            return false;
        }
        let (paid, open): (Vec<_>, Vec<_>) = owed.into_iter().partition(|debt| {
            debt.clocks.iter().all(|(client, clock)| self.clock(*client) >= *clock)
                && self.has_deleted(&debt.deletes)
        });
        let Some(session) = self.sessions.get_mut(&id) else { return false };
        session.owed = open;
        if session.member.acks == Acks::Status {
            self.turn.then.extend(paid.iter().map(|_| Then::Ack(id)));
        }
        !session.owed.is_empty()
    }

    fn set_aside(&mut self, waiting: Waiting, effects: &mut Vec<Effect>) {
        let from = waiting.from;
        if !self.aside.push(waiting) {
            self.aside.forget(from);
            self.hang_up(from, HangUp::TooMuchWaiting, effects);
        }
    }

    fn rebuild(&mut self, effects: &mut Vec<Effect>) {
        self.broken = true;
        effects.push(Effect::Rebuild);
    }
}
