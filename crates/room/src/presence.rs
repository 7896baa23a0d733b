//! Who is here: presence with owners and expiry.
//!
//! The clients' own protocol lets anyone say anything of anyone. Here a client id belongs to the session that named
//! it first, until that session leaves or falls silent.

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
    clock: u32,
    /// JSON text; `None` once they left.
    state: Option<Bytes>,
    session: SessionId,
    renewed: u64,
}

/// What came of one entry.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// It is shown from now on.
    Shown,
    /// It says nothing new, or more than a session may say.
    Ignored,
    /// The id belongs to another session that is here.
    Owned(SessionId),
}

#[derive(Debug, Default)]
pub(crate) struct Presence {
    present: BTreeMap<ClientId, Present>,
    changed: BTreeSet<ClientId>,
}

impl Presence {
    /// A session says something of one client id.
    pub(crate) fn tell(&mut self, session: SessionId, entry: &Entry, now: u64) -> Told {
        let known = self.present.get(&entry.client);
        let clock = match known {
            Some(held) if held.state.is_some() && held.session != session => {
                return Told::Owned(held.session);
            }
            Some(held) if held.state.is_some() => {
                let newer = entry.clock > held.clock;
                let ends = entry.clock == held.clock && entry.state.is_none();
                if !newer && !ends {
                    return Told::Ignored;
                }
                entry.clock
            }
            // They left and are back. Everyone else remembers the clock they left with and would ignore them until
            // their next renewal: so what they say is told with a clock that counts as news.
            Some(left) => entry.clock.max(left.clock.saturating_add(1)),
            None => entry.clock,
        };
        if entry.state.is_none() && known.is_none_or(|held| held.state.is_none()) {
            return Told::Ignored;
        }
        let is_new = known.is_none_or(|held| held.state.is_none());
        if is_new
            && (self.count_of(session) >= PRESENCE_IDS_PER_SESSION_MAX || self.shown() >= PRESENCE_STATES_MAX)
        {
            return Told::Ignored;
        }
        self.present
            .insert(entry.client, Present { clock, state: entry.state.clone(), session, renewed: now });
        self.changed.insert(entry.client);
        Told::Shown
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
