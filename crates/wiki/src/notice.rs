//! Notices: what a person is told of.

use serde::{Deserialize, Serialize};
use weft_access::action::{BeHere, NoteForOneself, ViewSpace};
use weft_access::{Allowed, Refused, Subject, Who};
use weft_ids::{NoticeId, PageId, SpaceId, UnixMillis, UserId};

use crate::change::Change;
use crate::error::WikiError;
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::{Turn, Wiki, dice, now};

/// The most notices that are kept for one person; the oldest go.
pub const NOTICES_PER_PERSON_MAX: usize = 200;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// They were let into a space.
    SpaceGranted,
    /// A page was shared with them.
    PageGranted,
    /// Somebody else wrote in a page they watch.
    PageEdited,
    /// A page they watch was put into the trash.
    PageTrashed,
}

impl Kind {
    const ALL: [Self; 4] = [Self::SpaceGranted, Self::PageGranted, Self::PageEdited, Self::PageTrashed];

    /// The word for it in the API and in storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SpaceGranted => "spaceGranted",
            Self::PageGranted => "pageGranted",
            Self::PageEdited => "pageEdited",
            Self::PageTrashed => "pageTrashed",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A page.
    Page(PageId),
    /// A space.
    Space(SpaceId),
}

/// Something that one person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: NoticeId,
    /// Who is told.
    pub user: UserId,
    /// What happened.
    pub kind: Kind,
    /// What it is about.
    pub about: About,
    /// Whose doing it was, if that is known.
    pub by: Option<UserId>,
    /// When.
    pub at: UnixMillis,
    /// Whether they have seen it.
    pub read: bool,
}

impl Wiki {
    /// What somebody was told, the newest first.
    #[must_use]
    pub fn notices(&self, proof: &Allowed<BeHere>) -> Vec<Notice> {
        proof.by().map(|user| self.notices_of(user)).unwrap_or_default()
    }

    /// What a page (empty if nobody named it yet) or a space is called, if somebody may see it.
    #[must_use]
    pub fn name_seen(&self, subject: &Subject, about: &About) -> Option<String> {
        match about {
            About::Page(page) => self.line(subject, page).map(|line| line.title.to_string()),
            About::Space(space) => {
                self.allow_space::<ViewSpace>(subject, space).ok()?;
                self.space(space).map(|space| space.name)
            }
        }
    }

    /// Notes that whoever asks has seen everything up to a moment.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn read_notices(
        &self,
        proof: &Allowed<NoteForOneself>,
        up_to: UnixMillis,
    ) -> Result<(), WikiError> {
        let user = proof.by().ok_or(Refused::SignIn)?;
        let turn = self.turn().await;
        for notice in self.notices_of(user).into_iter().filter(|notice| !notice.read && notice.at <= up_to) {
            self.put(&turn, Notice { read: true, ..notice }).await?;
        }
        Ok(())
    }

    /// Tells everyone in `whom` but whoever did it. What somebody has not yet seen of the same is not told twice; but if
    /// it is too old for their next digest it comes anew, or who reads nothing but the digests would hear of it once.
    pub(crate) async fn tell_people(
        &self,
        turn: &Turn<'_>,
        whom: &[UserId],
        kind: Kind,
        about: &About,
        by: Option<&UserId>,
    ) -> Result<(), WikiError> {
        for user in whom.iter().filter(|user| Some(*user) != by) {
            let known = self.notices_of(user);
            let is_told = |notice: &&Notice| !notice.read && notice.kind == kind && notice.about == *about;
            if let Some(told) = known.iter().find(is_told) {
                let digested = self.model().digested(user, now());
                if told.at <= digested {
                    self.put(turn, Notice { by: by.cloned(), at: now(), ..told.clone() }).await?;
                }
                continue;
            }
            for old in known.into_iter().skip(NOTICES_PER_PERSON_MAX - 1) {
                self.remove::<Notice>(turn, old.id).await?;
            }
            let notice = Notice {
                id: NoticeId::random(dice()),
                user: user.clone(),
                kind,
                about: about.clone(),
                by: by.cloned(),
                at: now(),
                read: false,
            };
            self.put(turn, notice).await?;
        }
        Ok(())
    }

    /// The people behind what something is granted to.
    pub(crate) fn people_behind(&self, who: &Who) -> Vec<UserId> {
        match who {
            Who::Person(user) => vec![user.clone()],
            Who::Group(group) => {
                let model = self.model();
                model
                    .groups
                    .get(group)
                    .map(|group| group.people.iter().cloned().collect())
                    .unwrap_or_default()
            }
        }
    }

    /// What somebody was told, the newest first.
    pub(crate) fn notices_of(&self, user: &UserId) -> Vec<Notice> {
        let model = self.model();
        let mut own: Vec<Notice> =
            model.notices.iter().filter(|notice| notice.user == *user).cloned().collect();
        own.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
        own
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    user: String,
    kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    page: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    space: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    at: u64,
    read: bool,
}

impl Row for Notice {
    type Id = NoticeId;
    const NOUN: &'static str = "notice";

    fn id(&self) -> NoticeId {
        self.id.clone()
    }

    fn word(id: &NoticeId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let (page, space) = match &self.about {
            About::Page(page) => (Some(page.as_str().to_owned()), None),
            About::Space(space) => (None, Some(space.as_str().to_owned())),
        };
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            user: self.user.as_str().to_owned(),
            kind: self.kind.as_str().to_owned(),
            page,
            space,
            by: self.by.as_ref().map(|by| by.as_str().to_owned()),
            at: self.at.0,
            read: self.read,
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let about = match (&stored.page, &stored.space) {
            (Some(page), None) => About::Page(PageId::new(page)?),
            (None, Some(space)) => About::Space(SpaceId::new(space)?),
            _ => return None,
        };
        Some(Self {
            id: NoticeId::new(&stored.id)?,
            user: UserId::new(&stored.user)?,
            kind: Kind::read(&stored.kind)?,
            about,
            by: stored.by.and_then(|by| UserId::new(&by)),
            at: UnixMillis(stored.at),
            read: stored.read,
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.notices
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        let user = before.or(after).map(|notice| notice.user.clone());
        user.map(Change::Notice).into_iter().collect()
    }
}
