//! A person's desk: favourites, what they looked at last, what they watch.

use serde::{Deserialize, Serialize};
use weft_access::Allowed;
use weft_access::Refused;
use weft_access::action::{NoteForOneself, ViewPage};
use weft_ids::{PageId, UnixMillis, UserId};

use crate::change::Change;
use crate::error::WikiError;
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::{Wiki, now};

/// The most favourites of one person.
pub const FAVOURITES_MAX: usize = 200;
/// The most pages that one person watches.
pub const WATCHED_MAX: usize = 2_000;
/// How many of the pages that somebody looked at are remembered.
pub const VIEWED_MAX: usize = 50;
/// Looking at the page on top again is noted no more often than this, in milliseconds.
const VIEWED_EVERY_MS: u64 = 60_000;

/// What a person keeps at hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desk {
    /// Whose.
    pub user: UserId,
    /// Favourites, the one added last at the end.
    pub favourites: Vec<PageId>,
    /// What they looked at, the last first.
    pub viewed: Vec<(PageId, UnixMillis)>,
    /// Of which pages they want to be told.
    pub watched: Vec<PageId>,
}

/// One of the lists on a desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shelf {
    /// Favourites.
    Favourites,
    /// What they want to be told of.
    Watched,
}

impl Desk {
    fn shelf(&mut self, shelf: Shelf) -> (&mut Vec<PageId>, &'static str, usize) {
        match shelf {
            Shelf::Favourites => (&mut self.favourites, "favourites", FAVOURITES_MAX),
            Shelf::Watched => (&mut self.watched, "watched pages", WATCHED_MAX),
        }
    }

    fn empty(user: UserId) -> Self {
        Self { user, favourites: Vec::new(), viewed: Vec::new(), watched: Vec::new() }
    }
}

impl Wiki {
    /// What a person keeps at hand. Some of it may be gone, or theirs to see no more.
    #[must_use]
    pub fn desk(&self, user: &UserId) -> Desk {
        self.model().desks.get(user).cloned().unwrap_or_else(|| Desk::empty(user.clone()))
    }

    /// Puts a page onto one of the lists of whoever asks, or takes it off. Doing it again does nothing.
    ///
    /// # Errors
    /// [`WikiError::TooMany`] and those of the store.
    pub async fn keep_at_hand(
        &self,
        proof: &Allowed<NoteForOneself>,
        page: &Allowed<ViewPage>,
        shelf: Shelf,
        wanted: bool,
    ) -> Result<(), WikiError> {
        self.change_desk(proof, |desk| {
            let (list, what, max) = desk.shelf(shelf);
            if !wanted {
                list.retain(|known| known != page.object());
            } else if !list.contains(page.object()) {
                if list.len() >= max {
                    // What is gone, or theirs to see no more, nobody can take off the list.
                    list.retain(|known| self.allow_page::<ViewPage>(proof.subject(), known).is_ok());
                }
                if list.len() >= max {
                    return Err(WikiError::TooMany { what, max });
                }
                list.push(page.object().clone());
            }
            Ok(())
        })
        .await
    }

    /// Notes that whoever asks looks at a page.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note_view(
        &self,
        proof: &Allowed<NoteForOneself>,
        page: &Allowed<ViewPage>,
    ) -> Result<(), WikiError> {
        let at = now();
        self.change_desk(proof, |desk| {
            let noted = |(top, then): &(PageId, UnixMillis)| {
                top == page.object() && at.0.saturating_sub(then.0) < VIEWED_EVERY_MS
            };
            if !desk.viewed.first().is_some_and(noted) {
                desk.viewed.retain(|(viewed, _)| viewed != page.object());
                desk.viewed.insert(0, (page.object().clone(), at));
                desk.viewed.truncate(VIEWED_MAX);
            }
            Ok(())
        })
        .await
    }

    /// Who watches a page.
    pub(crate) fn watchers(&self, page: &PageId) -> Vec<UserId> {
        let model = self.model();
        let watching = model.desks.iter().filter(|desk| desk.watched.contains(page));
        watching.map(|desk| desk.user.clone()).collect()
    }

    async fn change_desk(
        &self,
        proof: &Allowed<NoteForOneself>,
        change: impl FnOnce(&mut Desk) -> Result<(), WikiError>,
    ) -> Result<(), WikiError> {
        let user = proof.by().ok_or(Refused::SignIn)?;
        let turn = self.turn().await;
        let before = self.desk(user);
        let mut desk = before.clone();
        change(&mut desk)?;
        if desk == before { Ok(()) } else { self.put(&turn, desk).await }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: String,
    favourites: Vec<String>,
    viewed: Vec<(String, u64)>,
    watched: Vec<String>,
}

impl Row for Desk {
    type Id = UserId;
    const NOUN: &'static str = "desk";

    fn id(&self) -> UserId {
        self.user.clone()
    }

    fn word(id: &UserId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let words = |pages: &[PageId]| pages.iter().map(|page| page.as_str().to_owned()).collect();
        let stored = Stored {
            user: self.user.as_str().to_owned(),
            favourites: words(&self.favourites),
            viewed: self.viewed.iter().map(|(page, at)| (page.as_str().to_owned(), at.0)).collect(),
            watched: words(&self.watched),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let pages =
            |words: Vec<String>| words.iter().map(|word| PageId::new(word)).collect::<Option<Vec<_>>>();
        let viewed = stored.viewed.iter().map(|(page, at)| Some((PageId::new(page)?, UnixMillis(*at))));
        Some(Self {
            user: UserId::new(&stored.user)?,
            favourites: pages(stored.favourites)?,
            viewed: viewed.collect::<Option<_>>()?,
            watched: pages(stored.watched)?,
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.desks
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}
