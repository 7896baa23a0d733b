//! Where pages lie: making, moving and copying them.

use weft_access::action::{EditPage, EditSpace, ViewPage};
use weft_access::{Allowed, PageRules, Refused, Right};
use weft_ids::{PageId, UserId};

use super::{PAGES_MAX, Page, Spot};
use crate::error::{Field, WikiError};
use crate::order::Order;
use crate::space::icon_cleaned;
use crate::wiki::{Stamp, Turn, Wiki, dice, now};

/// How deep pages lie at most. More than anybody needs, and a bound for every walk.
pub const PAGE_DEPTH_MAX: usize = 64;
/// Documents asked of the store at a time.
const LIST_PAGE: usize = 1_000;

/// Where a page is to lie, with the proof that somebody may put one there.
#[derive(Debug, Clone)]
pub enum Place {
    /// At the top of a space.
    Top(Allowed<EditSpace>),
    /// Below a page.
    Below(Allowed<EditPage>),
}

/// Where among its siblings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum At {
    /// Before all others.
    First,
    /// Behind all others.
    #[default]
    Last,
    /// Right behind one of them; behind all others if that is not there any more.
    After(PageId),
}

/// What a new page is to be.
#[derive(Debug, Clone)]
pub struct NewPage {
    /// Its id, if whoever makes it has chosen one.
    pub id: Option<PageId>,
    /// Where it is to lie.
    pub place: Place,
    /// Where among its siblings.
    pub at: At,
    /// An emoji.
    pub icon: Option<String>,
    /// The page it begins as a copy of, with the proof that it may be read.
    pub from: Option<Allowed<ViewPage>>,
}

impl Wiki {
    /// Makes a page. What it says comes with its document's first edit, or from the page it is a copy of.
    ///
    /// # Errors
    /// [`WikiError::Taken`] when there is (or was) a page or document with that id, [`WikiError::TooDeep`],
    /// [`WikiError::TooMany`], [`WikiError::Invalid`], and those of the store and the history.
    pub async fn make_page(&self, new: NewPage) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        let (spot, by) = self.place(&new.place)?;
        let icon = new.icon.map(|icon| icon_cleaned(&icon)).transpose()?;
        let id = new.id.unwrap_or_else(|| PageId::random(dice()));
        // A document that nobody may see must not become readable by whoever guesses its name.
        if self.page(&id).is_some() || self.0.store.head(&id.doc()).await?.is_some() {
            return Err(WikiError::Taken(Field::Id));
        }
        let icon = icon.or_else(|| new.from.as_ref().and_then(|from| self.page(from.object())?.icon));
        let page = self.add_page(&turn, id, spot, &new.at, icon, by).await?;
        drop(turn);
        if let Some(from) = new.from {
            self.copy_content(&from, &page.id).await?;
        }
        Ok(page)
    }

    /// Moves a page, with everything below it.
    ///
    /// # Errors
    /// [`WikiError::Circle`], [`WikiError::TooDeep`] and those of the store.
    pub async fn move_page(
        &self,
        proof: &Allowed<EditPage>,
        place: &Place,
        at: &At,
    ) -> Result<Page, WikiError> {
        let turn = self.turn().await;
        let (spot, _) = self.place(place)?;
        let page = self.page(proof.object()).ok_or(Refused::Hidden)?;
        {
            let model = self.model();
            let below = model.subtree(&page);
            if spot.parent().is_some_and(|parent| below.contains(parent)) {
                return Err(WikiError::Circle);
            }
            let depth = |id: &PageId| model.chain(id).map_or(0, |chain| chain.len());
            let own = depth(&page.id);
            let deepest = below.iter().map(depth).max().unwrap_or(own) - own;
            let above = spot.parent().map_or(0, depth);
            if above + 1 + deepest > PAGE_DEPTH_MAX {
                return Err(WikiError::TooDeep { max: PAGE_DEPTH_MAX });
            }
        }
        let order = self.order(&spot, at, Some(&page.id));
        let moved = Page { spot, order, ..page };
        self.put(&turn, moved.clone()).await?;
        Ok(moved)
    }

    /// Makes a copy of a page beside it; with `subtree` of everything below it that may be seen, too.
    ///
    /// # Errors
    /// As [`Wiki::make_page`].
    pub async fn duplicate(
        &self,
        proof: &Allowed<ViewPage>,
        place: Place,
        subtree: bool,
    ) -> Result<Page, WikiError> {
        let at = At::After(proof.object().clone());
        let new = NewPage { id: None, place, at, icon: None, from: Some(proof.clone()) };
        let copy = self.make_page(new).await?;
        if subtree {
            let mut waiting = vec![(proof.object().clone(), copy.id.clone())];
            while let Some((from, to)) = waiting.pop() {
                for child in self.children_seen(proof.subject(), &from) {
                    let seen = self.allow_page::<ViewPage>(proof.subject(), &child)?;
                    let place = Place::Below(self.allow_page::<EditPage>(proof.subject(), &to)?);
                    let new = NewPage { id: None, place, at: At::Last, icon: None, from: Some(seen) };
                    let made = self.make_page(new).await?;
                    waiting.push((child, made.id));
                }
            }
        }
        Ok(copy)
    }

    pub(crate) async fn add_page(
        &self,
        turn: &Turn<'_>,
        id: PageId,
        spot: Spot,
        at: &At,
        icon: Option<String>,
        by: Option<UserId>,
    ) -> Result<Page, WikiError> {
        if self.model().pages.len() >= PAGES_MAX {
            return Err(WikiError::TooMany { what: "pages", max: PAGES_MAX });
        }
        let above = spot.parent().cloned();
        let depth = above.map_or(0, |parent| self.model().chain(&parent).map_or(0, |chain| chain.len()));
        if depth >= PAGE_DEPTH_MAX {
            return Err(WikiError::TooDeep { max: PAGE_DEPTH_MAX });
        }
        let page = Page {
            order: self.order(&spot, at, None),
            id,
            spot,
            icon,
            rules: PageRules::default(),
            template: false,
            archived: None,
            trashed: None,
            created: Stamp { at: now(), by },
        };
        self.put(turn, page.clone()).await?;
        Ok(page)
    }

    /// Documents named like a page's that have no page, and were not destroyed: written before there was a wiki.
    pub(crate) async fn pages_without_a_row(&self) -> Result<Vec<PageId>, WikiError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let documents = self.0.store.documents(after.as_ref(), LIST_PAGE).await?;
            let ids = documents.iter().filter_map(|info| PageId::of(&info.doc));
            found.extend(ids.filter(|id| self.page(id).is_none()));
            if documents.len() < LIST_PAGE {
                return Ok(found);
            }
            after = documents.last().map(|info| info.doc.clone());
        }
    }

    fn place(&self, place: &Place) -> Result<(Spot, Option<UserId>), WikiError> {
        match place {
            Place::Top(proof) => {
                self.space(proof.object()).ok_or(Refused::Hidden)?;
                Ok((Spot::Top(proof.object().clone()), proof.by().cloned()))
            }
            Place::Below(proof) => {
                self.page(proof.object()).ok_or(Refused::Hidden)?;
                Ok((Spot::Below(proof.object().clone()), proof.by().cloned()))
            }
        }
    }

    /// A place among the siblings, `moved` not counted as one.
    fn order(&self, spot: &Spot, at: &At, moved: Option<&PageId>) -> Order {
        let model = self.model();
        let siblings: Vec<&Page> = model.lying(spot).filter(|page| Some(&page.id) != moved).collect();
        let behind = match at {
            At::First => 0,
            At::Last => siblings.len(),
            At::After(page) => {
                siblings.iter().position(|sibling| sibling.id == *page).map_or(siblings.len(), |at| at + 1)
            }
        };
        let before = behind.checked_sub(1).and_then(|at| siblings.get(at));
        Order::between(before.map(|page| &page.order), siblings.get(behind).map(|page| &page.order))
    }

    async fn copy_content(&self, from: &Allowed<ViewPage>, to: &PageId) -> Result<(), WikiError> {
        let read = self.grant(from.subject(), from.object().doc(), Right::Read)?;
        let write = self.grant(from.subject(), to.doc(), Right::Write)?;
        let Some(head) = self.0.hub.head(&read).await? else { return Ok(()) };
        self.0.history.copy(&read, head, &write, from.subject().name().cloned()).await?;
        Ok(())
    }
}
