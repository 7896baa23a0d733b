//! Where pages lie: making, moving and copying them.

use weft_access::action::{EditPage, EditSpace, ViewPage};
use weft_access::{Allowed, PageRules, Refused, Right};
use weft_ids::{PageId, Seq, UserId};

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
    /// What it begins as a copy of.
    pub from: Option<Source>,
}

/// A page at some moment.
#[derive(Debug, Clone)]
pub struct Source {
    /// Which one, with the proof that it may be read.
    pub page: Allowed<ViewPage>,
    /// The moment, as a place in its history; `None`: now.
    pub at: Option<Seq>,
}

impl Wiki {
    /// Makes a page. What it says comes with its document's first edit, or from the page it is a copy of: without that
    /// there is no page either.
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
        let was = self.model().destroyed.get(&id).is_some();
        if was || self.page(&id).is_some() || self.0.store.head(&id.doc()).await?.is_some() {
            return Err(WikiError::Taken(Field::Id));
        }
        let icon = icon.or_else(|| new.from.as_ref().and_then(|from| self.page(from.page.object())?.icon));
        let page = self.add_page(&turn, id, spot, &new.at, icon, by).await?;
        drop(turn);
        if let Some(from) = new.from
            && let Err(error) = self.copy_content(&from, &page.id).await
        {
            let turn = self.turn().await;
            self.destroy(&turn, &page.id).await?;
            return Err(error);
        }
        Ok(page)
    }

    /// The place beside a page, where whoever may see it may make one.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn beside(&self, proof: &Allowed<ViewPage>) -> Result<Place, Refused> {
        let page = self.page(proof.object()).ok_or(Refused::Hidden)?;
        let subject = proof.subject();
        Ok(match &page.spot {
            Spot::Top(space) => Place::Top(self.allow_space::<EditSpace>(subject, space)?),
            Spot::Below(parent) => Place::Below(self.allow_page::<EditPage>(subject, parent)?),
        })
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

    /// Makes a page beside another, of what that was at a moment.
    ///
    /// # Errors
    /// As [`Wiki::make_page`].
    pub async fn copy_moment(&self, proof: Allowed<ViewPage>, at: Seq) -> Result<Page, WikiError> {
        let (place, beside) = (self.beside(&proof)?, At::After(proof.object().clone()));
        let from = Some(Source { page: proof, at: Some(at) });
        self.make_page(NewPage { id: None, place, at: beside, icon: None, from }).await
    }

    /// Makes a copy of a page beside it; with `subtree` of everything below it that may be seen, too.
    ///
    /// # Errors
    /// As [`Wiki::make_page`].
    pub async fn duplicate(&self, proof: &Allowed<ViewPage>, subtree: bool) -> Result<Page, WikiError> {
        let (place, at) = (self.beside(proof)?, At::After(proof.object().clone()));
        let from = Some(Source { page: proof.clone(), at: None });
        let new = NewPage { id: None, place, at, icon: None, from };
        let copy = self.make_page(new).await?;
        if subtree {
            let mut waiting = vec![(proof.object().clone(), copy.id.clone())];
            while let Some((from, to)) = waiting.pop() {
                for child in self.children_seen(proof.subject(), &from) {
                    let seen = self.allow_page::<ViewPage>(proof.subject(), &child)?;
                    let place = Place::Below(self.allow_page::<EditPage>(proof.subject(), &to)?);
                    let from = Some(Source { page: seen, at: None });
                    let new = NewPage { id: None, place, at: At::Last, icon: None, from };
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

    async fn copy_content(&self, from: &Source, to: &PageId) -> Result<(), WikiError> {
        let subject = from.page.subject();
        let read = self.grant(subject, from.page.object().doc(), Right::Read)?;
        let write = self.grant(subject, to.doc(), Right::Write)?;
        let at = match from.at {
            Some(at) => at,
            None => match self.0.hub.head(&read).await? {
                Some(head) => head,
                // Nobody wrote in it yet.
                None => return Ok(()),
            },
        };
        self.0.history.copy(&read, at, &write, subject.name().cloned()).await?;
        Ok(())
    }
}
