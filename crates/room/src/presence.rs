//! Who is here: presence with owners and expiry.
//!
//! The clients' own protocol lets anyone say anything of anyone, and honest clients make use of it: they pass on what
//! they hear of others. Here a client id is spoken for by one session, until that session leaves or falls silent. The
//! first thing a session says is of itself: it **announces** its id, and so takes it over from one that merely passed
//! it on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{ClientId, SessionId};
use weft_wire::awareness::Entry;

use crate::limits::{
    PRESENCE_EXPIRES_MS, PRESENCE_IDS_PER_SESSION_MAX, PRESENCE_REMEMBERED_MS, PRESENCE_STATES_MAX,
};

#[derive(Debug)]
struct Present {
    /// As everyone is told.
    clock: u32,
    /// As its session said it: less than the clock for as long as it has not heard that it counts for more.
    said: u32,
    /// JSON text; `None` once they left.
    state: Option<Bytes>,
    session: SessionId,
    /// The session announced it as its own.
    announced: bool,
    renewed: u64,
}

/// What came of one entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is shown from now on.
    Shown,
    /// It says nothing new, or more than a session may say.
    Ignored,
    /// The id was announced by another session that is here.
    Owned(SessionId),
}

#[derive(Debug, Default)]
pub(crate) struct Presence {
    present: BTreeMap<ClientId, Present>,
    changed: BTreeSet<ClientId>,
}

impl Presence {
    /// A session says something of one client id; `announces` if it is the first thing it says.
    pub(crate) fn tell(&mut self, session: SessionId, entry: &Entry, announces: bool, now: u64) -> Told {
        let known = self.present.get(&entry.client);
        let held = known.filter(|present| present.state.is_some());
        let clock = match (held, known) {
            (Some(held), _) if held.session != session => match (announces, held.announced) {
                (true, true) => return Told::Owned(held.session),
                (true, false) => entry.clock.max(held.clock.saturating_add(1)),
                // Passed on. Whoever speaks for the id will say so themselves.
                (false, _) => return Told::Ignored,
            },
            (Some(held), _) if entry.clock > held.said => entry.clock.max(held.clock.saturating_add(1)),
            (Some(held), _) if entry.clock == held.said && entry.state.is_none() => held.clock,
            (Some(_), _) => return Told::Ignored,
            _ if entry.state.is_none() => return Told::Ignored,
            // They left and are back. Everyone else remembers the clock they left with and would ignore them until
            // their next renewal: so what they say is told with a clock that counts as news.
            (None, Some(left)) if announces => entry.clock.max(left.clock.saturating_add(1)),
            // Passed on by somebody who has not heard yet that they left.
            (None, Some(left)) if entry.clock <= left.clock => return Told::Ignored,
            (None, _) => entry.clock,
        };
        let full =
            || self.count_of(session) >= PRESENCE_IDS_PER_SESSION_MAX || self.shown() >= PRESENCE_STATES_MAX;
        if held.is_none() && full() {
            return Told::Ignored;
        }
        let announced = announces || held.is_some_and(|held| held.session == session && held.announced);
        let state = entry.state.clone();
        let said = entry.clock;
        self.present.insert(entry.client, Present { clock, said, state, session, announced, renewed: now });
        self.changed.insert(entry.client);
        Told::Shown
    }

    /// Whom a session speaks for.
    pub(crate) fn spoken_by(&self, session: SessionId) -> Vec<ClientId> {
        let shown = |present: &Present| present.session == session && present.state.is_some();
        self.present.iter().filter(|(_, present)| shown(present)).map(|(client, _)| *client).collect()
    }

    /// What is shown of a client.
    pub(crate) fn state(&self, client: ClientId) -> Option<Bytes> {
        self.present.get(&client)?.state.clone()
    }

    /// Shows a client differently, though it said nothing: told with a clock that counts as news.
    pub(crate) fn restate(&mut self, client: ClientId, state: Bytes) {
        if let Some(present) = self.present.get_mut(&client) {
            present.state = Some(state);
            present.clock = present.clock.saturating_add(1);
            self.changed.insert(client);
        }
    }

    /// A session is gone: so is everyone it spoke for.
    pub(crate) fn leave(&mut self, session: SessionId, now: u64) {
        self.end(|present| present.session == session, now);
    }

    /// Whose time has come; and forgets those who left long ago.
    pub(crate) fn expire(&mut self, now: u64) {
        self.end(|present| present.renewed + PRESENCE_EXPIRES_MS <= now, now);
        self.present
            .retain(|_, present| present.state.is_some() || present.renewed + PRESENCE_REMEMBERED_MS > now);
    }

    /// When [`expire`](Self::expire) has something to do next.
    pub(crate) fn expires_at(&self) -> Option<u64> {
        let due = |present: &Present| {
            present.renewed
                + if present.state.is_some() { PRESENCE_EXPIRES_MS } else { PRESENCE_REMEMBERED_MS }
        };
        self.present.values().map(due).min()
    }

    /// What changed since the last call, as one message; `None` if nothing did.
    pub(crate) fn news(&mut self) -> Option<Arc<[Entry]>> {
        let changed = std::mem::take(&mut self.changed);
        let entries: Vec<Entry> = changed.iter().filter_map(|client| self.entry(*client)).collect();
        (!entries.is_empty()).then(|| entries.into())
    }

    /// Everyone who is here; `None` if nobody is.
    pub(crate) fn everyone(&self) -> Option<Arc<[Entry]>> {
        let shown = self.present.iter().filter(|(_, present)| present.state.is_some());
        let entries: Vec<Entry> = shown.filter_map(|(client, _)| self.entry(*client)).collect();
        (!entries.is_empty()).then(|| entries.into())
    }

    /// How many are shown.
    pub(crate) fn shown(&self) -> usize {
        self.present.values().filter(|present| present.state.is_some()).count()
    }

    fn entry(&self, client: ClientId) -> Option<Entry> {
        let present = self.present.get(&client)?;
        Some(Entry { client, clock: present.clock, state: present.state.clone() })
    }

    fn count_of(&self, session: SessionId) -> usize {
        self.present.values().filter(|present| present.session == session && present.state.is_some()).count()
    }

    fn end(&mut self, over: impl Fn(&Present) -> bool, now: u64) {
        for (client, present) in &mut self.present {
            if present.state.is_some() && over(present) {
                present.state = None;
                present.renewed = now;
                self.changed.insert(*client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: SessionId = SessionId(1);
    const BOB: SessionId = SessionId(2);

    fn entry(clock: u32, state: Option<&'static str>) -> Entry {
        let state = state.map(|text| Bytes::from_static(text.as_bytes()));
        Entry { client: ClientId::new(7).unwrap(), clock, state }
    }

    /// The clock and state that everyone is told, if they are told something.
    fn news(presence: &mut Presence) -> Option<(u32, bool)> {
        presence.news().map(|entries| (entries[0].clock, entries[0].state.is_some()))
    }

    #[test]
    fn what_others_pass_on_neither_moves_nor_removes_whom_it_is_about() {
        let mut presence = Presence::default();
        assert_eq!(presence.tell(ANN, &entry(1, Some("{}")), true, 0), Told::Shown);
        assert_eq!(news(&mut presence), Some((1, true)));
        for said in [entry(1, Some("{}")), entry(9, Some("{}")), entry(1, None), entry(9, None)] {
            assert_eq!(presence.tell(BOB, &said, false, 0), Told::Ignored);
        }
        assert_eq!(presence.tell(BOB, &entry(9, Some("{}")), true, 0), Told::Owned(ANN));
        assert_eq!(news(&mut presence), None);
    }

    #[test]
    fn an_echo_of_someone_who_left_does_not_bring_them_back() {
        let mut presence = Presence::default();
        presence.tell(ANN, &entry(3, Some("{}")), true, 0);
        presence.leave(ANN, 0);
        assert_eq!(news(&mut presence), Some((3, false)));
        assert_eq!(presence.tell(BOB, &entry(3, Some("{}")), false, 0), Told::Ignored);
        assert_eq!(presence.tell(BOB, &entry(3, None), false, 0), Told::Ignored);
        assert_eq!(news(&mut presence), None);
    }

    #[test]
    fn trap_9_who_returns_with_the_same_clock_is_seen_at_once() {
        let mut presence = Presence::default();
        presence.tell(ANN, &entry(3, Some("{}")), true, 0);
        presence.leave(ANN, 0);
        news(&mut presence);
        assert_eq!(presence.tell(BOB, &entry(3, Some("{}")), true, 0), Told::Shown);
        assert_eq!(news(&mut presence), Some((4, true)));
        // What they say next may come before they hear of that.
        assert_eq!(presence.tell(BOB, &entry(4, Some("{\"a\":1}")), false, 0), Told::Shown);
        assert_eq!(news(&mut presence), Some((5, true)));
        assert_eq!(presence.tell(BOB, &entry(4, Some("{}")), false, 0), Told::Ignored);
        assert_eq!(presence.tell(BOB, &entry(4, None), false, 0), Told::Shown);
        assert_eq!(news(&mut presence), Some((5, false)));
    }

    #[test]
    fn who_speaks_for_themselves_takes_over_from_one_who_passed_it_on() {
        let mut presence = Presence::default();
        assert_eq!(presence.tell(BOB, &entry(5, Some("{}")), false, 0), Told::Shown);
        assert_eq!(presence.tell(ANN, &entry(5, Some("{}")), true, 0), Told::Shown);
        assert_eq!(presence.tell(BOB, &entry(6, None), false, 0), Told::Ignored);
        presence.leave(BOB, 0);
        assert_eq!(presence.shown(), 1);
    }

    #[test]
    fn a_session_may_hide_and_show_itself() {
        let mut presence = Presence::default();
        presence.tell(ANN, &entry(1, Some("{}")), true, 0);
        assert_eq!(presence.tell(ANN, &entry(1, None), false, 0), Told::Shown);
        assert_eq!(presence.shown(), 0);
        assert_eq!(presence.tell(ANN, &entry(2, Some("{}")), false, 0), Told::Shown);
        assert_eq!(presence.shown(), 1);
    }

    #[test]
    fn a_presence_that_is_not_renewed_ends_and_is_forgotten() {
        let mut presence = Presence::default();
        presence.tell(ANN, &entry(1, Some("{}")), true, 0);
        news(&mut presence);
        presence.expire(PRESENCE_EXPIRES_MS - 1);
        assert_eq!(news(&mut presence), None);
        assert_eq!(presence.expires_at(), Some(PRESENCE_EXPIRES_MS));
        presence.expire(PRESENCE_EXPIRES_MS);
        assert_eq!(news(&mut presence), Some((1, false)));
        presence.expire(PRESENCE_EXPIRES_MS + PRESENCE_REMEMBERED_MS);
        assert_eq!(presence.expires_at(), None);
    }

    #[test]
    fn a_session_speaks_for_a_few_clients_and_no_more() {
        let mut presence = Presence::default();
        for client in 0..10 {
            let client = ClientId::new(client).unwrap();
            presence.tell(ANN, &Entry { client, clock: 1, state: Some(Bytes::from_static(b"{}")) }, false, 0);
        }
        assert_eq!(presence.shown(), PRESENCE_IDS_PER_SESSION_MAX);
    }
}
