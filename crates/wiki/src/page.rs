//! Pages: where they lie, what they are called, and who did something to them last.
//!
//! What a page says is its document ([`weft_ids::PageId::doc`]); here is everything else. Its title is the document's
//! own, edited by all together, and noted here as it changes.

mod destroyed;
mod edited;
mod place;
mod rest;
mod seen;

pub(crate) use destroyed::Destroyed;
pub use edited::Edited;
pub use place::{At, NewPage, PAGE_DEPTH_MAX, Place, Source};
pub use seen::{Line, Seen};

use serde::{Deserialize, Serialize};
use weft_access::action::{EditPage, ManagePage};
use weft_access::{Allowed, Granted, PageRules};
use weft_ids::{PageId, SpaceId, UserId};

use crate::change::Change;
use crate::error::WikiError;
use crate::model::Model;
use crate::notice::{About, Kind};
use crate::order::Order;
use crate::row::{Row, StoredStamp, Table, pack, unpack};
use crate::space::{GRANTED_MAX, StoredGranted, icon_cleaned};
use crate::wiki::{Stamp, Wiki};

/// The most pages of one server.
pub const PAGES_MAX: usize = 500_000;

/// Where a page lies. The space of one that lies below another is that one's, so that moving a page is changing one row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Spot {
    /// At the top of a space.
    Top(SpaceId),
    /// Below a page.
    Below(PageId),
}

impl Spot {
    /// The page it is below.
    #[must_use]
    pub fn parent(&self) -> Option<&PageId> {
        match self {
            Self::Top(_) => None,
            Self::Below(parent) => Some(parent),
        }
    }
}

/// A page, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Its id.
    pub id: PageId,
    /// Where it lies.
    pub spot: Spot,
    /// Where among its siblings.
    pub order: Order,
    /// An emoji.
    pub icon: Option<String>,
    /// Who may what on it, besides what holds where it lies.
    pub rules: PageRules,
    /// Others begin with a copy of it.
    pub template: bool,
    /// It was put into the archive.
    pub archived: Option<Stamp>,
    /// It was put into the trash.
    pub trashed: Option<Stamp>,
    /// When and by whom it was made.
    pub created: Stamp,
}

/// What is to be different about a page; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PageChange {
    /// An emoji; `Some(None)`: none.
    pub icon: Option<Option<String>>,
    /// Others begin with a copy of it.
    pub template: Option<bool>,
}

impl Wiki {
    /// A page, if there is one with that id.
    #[must_use]
    pub fn page(&self, id: &PageId) -> Option<Page> {
        self.model().pages.get(id).cloned()
    }

    /// Changes a page's icon, or whether it is a template.
    ///
    /// # Errors
    /// [`WikiError::Invalid`] and those of the store.
    pub async fn change_page(
        &self,
        proof: &Allowed<EditPage>,
        change: PageChange,
    ) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        let mut page = self.page(proof.object()).ok_or(weft_access::Refused::Hidden)?;
        if let Some(icon) = change.icon {
            page.icon = icon.map(|icon| icon_cleaned(&icon)).transpose()?;
        }
        if let Some(template) = change.template {
            page.template = template;
        }
        self.put(&turn, page.clone()).await?;
        Ok(page)
    }

    /// Says who may what on a page and below it.
    ///
    /// # Errors
    /// [`WikiError::Invalid`] when there is no such person or group, [`WikiError::TooMany`], and those of the store.
    pub async fn set_page_rules(
        &self,
        proof: &Allowed<ManagePage>,
        restricted: bool,
        granted: Vec<Granted>,
    ) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        if granted.len() > GRANTED_MAX {
            return Err(WikiError::TooMany { what: "people and groups here", max: GRANTED_MAX });
        }
        for one in &granted {
            self.check_who(&one.who)?;
        }
        let mut page = self.page(proof.object()).ok_or(weft_access::Refused::Hidden)?;
        let before = std::mem::replace(&mut page.rules, PageRules { restricted, granted });
        self.put(&turn, page.clone()).await?;
        let is_new = |one: &&Granted| before.granted.iter().all(|known| known.who != one.who);
        let new: Vec<UserId> =
            page.rules.granted.iter().filter(is_new).flat_map(|one| self.people_behind(&one.who)).collect();
        let about = About::Page(page.id.clone());
        self.tell_people(&turn, &new, Kind::PageGranted, &about, proof.by()).await?;
        Ok(page)
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    space: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    parent: Option<String>,
    order: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    restricted: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    granted: Vec<StoredGranted>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    template: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archived: Option<StoredStamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trashed: Option<StoredStamp>,
    created: StoredStamp,
}

impl Row for Page {
    type Id = PageId;
    const NOUN: &'static str = "page";

    fn id(&self) -> PageId {
        self.id.clone()
    }

    fn word(id: &PageId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let (space, parent) = match &self.spot {
            Spot::Top(space) => (Some(space.as_str().to_owned()), None),
            Spot::Below(parent) => (None, Some(parent.as_str().to_owned())),
        };
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            space,
            parent,
            order: self.order.to_text(),
            icon: self.icon.clone(),
            restricted: self.rules.restricted,
            granted: self.rules.granted.iter().map(StoredGranted::from).collect(),
            template: self.template,
            archived: self.archived.as_ref().map(StoredStamp::from),
            trashed: self.trashed.as_ref().map(StoredStamp::from),
            created: StoredStamp::from(&self.created),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let spot = match (&stored.space, &stored.parent) {
            (Some(space), None) => Spot::Top(SpaceId::new(space)?),
            (None, Some(parent)) => Spot::Below(PageId::new(parent)?),
            _ => return None,
        };
        let granted = stored.granted.iter().map(StoredGranted::read).collect::<Option<_>>()?;
        Some(Self {
            id: PageId::new(&stored.id)?,
            spot,
            order: Order::read(&stored.order)?,
            icon: stored.icon,
            rules: PageRules { restricted: stored.restricted, granted },
            template: stored.template,
            archived: stored.archived.map(Stamp::from),
            trashed: stored.trashed.map(Stamp::from),
            created: stored.created.into(),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.pages
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            if let Some(siblings) = model.children.get_mut(&before.spot) {
                siblings.remove(&(before.order.clone(), before.id.clone()));
                if siblings.is_empty() {
                    model.children.remove(&before.spot);
                }
            }
            if after.is_none() {
                model.titles.remove(&before.id);
            }
        }
        if let Some(after) = after {
            let siblings = model.children.entry(after.spot.clone()).or_default();
            siblings.insert((after.order.clone(), after.id.clone()));
        }
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        match (before, after) {
            (_, Some(after)) => vec![Change::Page(after.id.clone())],
            (Some(before), None) => vec![Change::PageGone(before.id.clone())],
            (None, None) => Vec::new(),
        }
    }

    fn touches_rights(before: Option<&Self>, after: Option<&Self>) -> bool {
        let decisive = |page: &Self| {
            let rest = (page.archived.is_some(), page.trashed.is_some());
            (page.spot.clone(), page.rules.clone(), rest)
        };
        before.is_some() && before.map(decisive) != after.map(decisive)
    }
}
