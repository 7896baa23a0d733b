//! One client in the room.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use smallvec::SmallVec;
use weft_ids::{ClientId, UserId};
use weft_wire::{DeleteSpan, StateVector, Update};

use crate::event::{Identity, Member, Standing};
use crate::limits::{AUTHOR_NAME_BYTES_MAX, STEP1_BURST, STEP1_EVERY_MS};

/// Clocks a document must have reached.
pub(crate) type Needs = SmallVec<[(ClientId, u32); 2]>;

/// What must be in the document before an update that was refused for a gap may be acknowledged.
#[derive(Debug)]
pub(crate) struct Debt {
    pub(crate) clocks: Needs,
    pub(crate) deletes: SmallVec<[DeleteSpan; 1]>,
}

/// Why a session was sent our SyncStep1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// To learn what we lack. Its client counts the answer as one thing to be acknowledged.
    ForContent,
    /// To see whether it is there. Its client does not count the answer, so acknowledging it would let the page say
    /// *Saved* while something else is on its way.
    ForLife,
}

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) member: Member,
    /// A SyncStep1 of ours that it has not answered.
    pub(crate) asked: Option<Asked>,
    /// It has sent a SyncStep1: the first is answered with ours, the greeting; later ones ask for another of ours.
    pub(crate) stepped: bool,
    /// The client id it announced as its own, by its first presence.
    pub(crate) announced: Option<ClientId>,
    /// How much it wrote under its own client ids, by its last answer.
    pub(crate) claims: Needs,
    /// Another session claims one of its client ids: by when it has to answer.
    pub(crate) challenged: Option<u64>,
    /// When it was last challenged, so that a stranger cannot make it answer all the time.
    pub(crate) last_challenge: Option<u64>,
    /// Updates refused for a gap: each is acknowledged when what it carried has come by another frame.
    pub(crate) owed: Vec<Debt>,
    /// Its last change was refused because the document is too large: what it writes next builds on that.
    pub(crate) too_large: bool,
    /// How often gaps remained after it answered.
    pub(crate) gaps: u32,
    /// What the person calls themselves.
    pub(crate) name: Option<Arc<str>>,
    step1: Bucket,
    /// A SyncStep1 that came too soon after others; answered when its time comes.
    pub(crate) deferred: Option<StateVector>,
}

#[derive(Debug)]
struct Bucket {
    left: u32,
    refilled: u64,
}

impl Session {
    pub(crate) fn new(member: Member, now: u64) -> Self {
        Self {
            name: known_name(&member.standing.identity),
            member,
            asked: None,
            stepped: false,
            announced: None,
            claims: Needs::new(),
            challenged: None,
            last_challenge: None,
            owed: Vec::new(),
            too_large: false,
            gaps: 0,
            step1: Bucket { left: STEP1_BURST, refilled: now },
            deferred: None,
        }
    }

    /// Whether another SyncStep1 may be answered now.
    pub(crate) fn may_ask(&mut self, now: u64) -> bool {
        let bucket = &mut self.step1;
        let gained = now.saturating_sub(bucket.refilled) / STEP1_EVERY_MS;
        if gained > 0 {
            bucket.left =
                STEP1_BURST.min(bucket.left.saturating_add(u32::try_from(gained).unwrap_or(u32::MAX)));
            bucket.refilled += gained * STEP1_EVERY_MS;
        }
        let may = bucket.left > 0;
        bucket.left = bucket.left.saturating_sub(1);
        may
    }

    /// What it may, and who it is shown as, from now on.
    pub(crate) fn regrant(&mut self, standing: Standing) {
        self.name = known_name(&standing.identity).or(self.name.take());
        self.member.standing = standing;
    }

    /// What others are to see instead of `presence`, if it says of itself what it may not.
    pub(crate) fn stamp(&self, presence: &Bytes) -> Option<Bytes> {
        let Standing { user, identity, .. } = &self.member.standing;
        if *identity == Identity::Free {
            return None;
        }
        let mut state: Map<String, Value> = serde_json::from_slice(presence).ok()?;
        let said = state.get("user");
        let shown = match identity {
            Identity::Known { name, color } => {
                json!({ "id": user.as_ref().map(UserId::as_str), "name": &**name, "color": &**color })
            }
            _ => {
                let mut user = said?.as_object()?.clone();
                user.remove("id")?;
                Value::Object(user)
            }
        };
        if said == Some(&shown) {
            return None;
        }
        state.insert("user".to_owned(), shown);
        serde_json::to_vec(&state).ok().map(Bytes::from)
    }

    /// Learns the person's name from their presence, `{"user":{"name":…}}` as every editor binding has it. Looks only
    /// when the name it knows no longer stands in the text: presence changes with every keystroke, names do not.
    pub(crate) fn learn_name(&mut self, presence: &Bytes) {
        let known = matches!(self.member.standing.identity, Identity::Known { .. });
        if known || self.name.as_ref().is_some_and(|name| contains(presence, name.as_bytes())) {
            return;
        }
        let Ok(state) = serde_json::from_slice::<serde_json::Value>(presence) else { return };
        let name = state.get("user").and_then(|user| user.get("name")).or_else(|| state.get("name"));
        if let Some(name) = name.and_then(serde_json::Value::as_str).filter(|name| !name.is_empty()) {
            self.name = Some(author_name(name));
        }
    }
}

/// What a document holds once it holds `update`.
pub(crate) fn debt_of(update: &Update) -> Debt {
    let sections = update.sections().iter().map(|section| (section.client, section.end));
    let places = update.needs().iter().map(|place| (place.client, place.clock + 1));
    let beyond = update.beyond().iter().map(|beyond| (beyond.client, beyond.end));
    let mut clocks: Needs = sections.chain(places).chain(beyond).collect();
    // Only the highest clock of each client matters.
    clocks.sort_unstable_by(|a, b| (a.0, b.1).cmp(&(b.0, a.1)));
    clocks.dedup_by_key(|(client, _)| *client);
    Debt { clocks, deletes: update.deletes().into() }
}

/// The name that the server vouches for.
fn known_name(identity: &Identity) -> Option<Arc<str>> {
    match identity {
        Identity::Known { name, .. } => Some(author_name(name)),
        Identity::Free | Identity::Guest => None,
    }
}

/// A person's name, as long as the log keeps it.
pub(crate) fn author_name(name: &str) -> Arc<str> {
    cut(name, AUTHOR_NAME_BYTES_MAX).into()
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    needle.is_empty() || haystack.windows(needle.len()).any(|window| window == needle)
}

/// At most `bytes_max` bytes of `text`, cut between characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
