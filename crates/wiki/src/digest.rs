//! Digests: what people are told by mail of what they have not looked at here. This says what is due; when, and how it is
//! written, is for whoever sends it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use weft_access::{Scope, Subject};
use weft_ids::{UnixMillis, UserId};

use crate::change::Change;
use crate::error::WikiError;
use crate::member::Person;
use crate::model::Model;
use crate::notice::Notice;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::Wiki;

/// What happened longer ago than this is in no digest, in milliseconds: nobody wants a mail of what they left unread for
/// weeks when they, or their server, begin with digests. More than a week, so that a weekly one leaves nothing out.
pub const DIGEST_REACH_MS: u64 = 8 * 24 * 60 * 60 * 1_000;

/// How often somebody wants a digest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// Never.
    Off,
    /// Once a day at most: who never looks in is who needs it.
    #[default]
    Daily,
    /// Once a week at most.
    Weekly,
}

impl Rhythm {
    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        [Self::Off, Self::Daily, Self::Weekly].into_iter().find(|rhythm| rhythm.as_str() == word)
    }
}

/// What one mail is to tell somebody.
#[derive(Debug, Clone)]
pub struct News {
    /// Whom.
    pub person: Person,
    /// What, the newest first, each with what it is about as they see it called (see [`Wiki::name_seen`]).
    pub told: Vec<(Notice, String)>,
}

/// How far somebody's digests went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Digested {
    user: UserId,
    up_to: UnixMillis,
}

impl Person {
    /// Whether there are digests for them at all.
    #[must_use]
    pub fn has_digests(&self) -> bool {
        self.suspended.is_none() && self.digest != Rhythm::Off
    }
}

impl Model {
    /// What happened up to this moment is in no digest of somebody's any more.
    pub(crate) fn digested(&self, user: &UserId, at: UnixMillis) -> UnixMillis {
        let up_to = self.digests.get(user).map_or(0, |digested| digested.up_to.0);
        UnixMillis(up_to.max(at.0.saturating_sub(DIGEST_REACH_MS)))
    }
}

impl Wiki {
    /// Whom a digest could tell something at `at`, each with the moment of the oldest of it.
    #[must_use]
    pub fn awaiting_digest(&self, at: UnixMillis) -> Vec<(UserId, UnixMillis)> {
        let model = self.model();
        let mut waiting: BTreeMap<&UserId, UnixMillis> = BTreeMap::new();
        for notice in model.notices.iter().filter(|notice| !notice.read) {
            if notice.at > model.digested(&notice.user, at) {
                let oldest = waiting.entry(&notice.user).or_insert(notice.at);
                *oldest = notice.at.min(*oldest);
            }
        }
        let wanted = |user: &UserId| model.people.get(user).is_some_and(Person::has_digests);
        waiting.into_iter().filter(|(user, _)| wanted(user)).map(|(user, at)| (user.clone(), at)).collect()
    }

    /// What somebody's digest is to tell of what happened until `until`: what they have not read, no digest told before,
    /// and they may see now. From then on it counts as told, whatever becomes of the mail: one that is lost is better than
    /// one that comes again every day.
    ///
    /// # Errors
    /// Those of the store. Nothing is to be sent then.
    pub async fn take_digest(&self, user: &UserId, until: UnixMillis) -> Result<Option<News>, WikiError> {
        let turn = self.turn().await;
        let Some(person) = self.person(user).filter(Person::has_digests) else { return Ok(None) };
        let subject = Subject { person: self.model().persona(user, Scope::Full), ..Subject::default() };
        let since = self.model().digested(user, until);
        let due = |notice: &Notice| !notice.read && since < notice.at && notice.at <= until;
        let notices: Vec<Notice> = self.notices_of(user).into_iter().filter(due).collect();
        if notices.is_empty() {
            return Ok(None);
        }
        self.put(&turn, Digested { user: user.clone(), up_to: until }).await?;
        let named = |notice: Notice| {
            let name = self.name_seen(&subject, &notice.about)?;
            Some((notice, name))
        };
        let told: Vec<_> = notices.into_iter().filter_map(named).collect();
        Ok((!told.is_empty()).then_some(News { person, told }))
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: String,
    up_to: u64,
}

impl Row for Digested {
    type Id = UserId;
    const NOUN: &'static str = "digest";

    fn id(&self) -> UserId {
        self.user.clone()
    }

    fn word(id: &UserId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored { user: self.user.as_str().to_owned(), up_to: self.up_to.0 };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self { user: UserId::new(&stored.user)?, up_to: UnixMillis(stored.up_to) })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.digests
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}
