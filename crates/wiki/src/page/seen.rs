//! What somebody sees of pages: lists and trees, each with only what is theirs to see.

use std::sync::Arc;

use weft_access::action::{ViewPage, ViewSpace};
use weft_access::{Allowed, Audience, Level, PageState, Subject, page_level};
use weft_ids::{PageId, SpaceId};

use super::{Edited, Page, Spot};
use crate::model::Model;
use crate::wiki::Wiki;

/// A page as it stands in lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The page.
    pub page: Page,
    /// The space it lies in.
    pub space: Option<SpaceId>,
    /// The page above it, if whoever looks may see that.
    pub parent: Option<PageId>,
    /// What it is called; empty if nobody named it yet.
    pub title: Arc<str>,
    /// Who wrote in it last.
    pub edited: Option<Edited>,
    /// Whether something lies below it that whoever looks may see.
    pub has_children: bool,
}

/// A page as whoever opens it sees it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// What stands in lists.
    pub line: Line,
    /// What they may on it.
    pub level: Level,
    /// Whether it can be worked on.
    pub state: PageState,
    /// The pages above it that they may see, the top one first.
    pub above: Vec<Line>,
    /// Who can see it.
    pub audience: Audience,
}

impl Wiki {
    /// The pages of a space that somebody may see, each before what lies below it, siblings in their order.
    #[must_use]
    pub fn tree(&self, proof: &Allowed<ViewSpace>) -> Vec<Line> {
        let model = self.model();
        let mut lines = Vec::new();
        walk(&model, proof.subject(), &Spot::Top(proof.object().clone()), None, &mut lines);
        lines
    }

    /// The pages of a space that were put into the trash and that somebody may take out of it, the newest first.
    #[must_use]
    pub fn trash(&self, proof: &Allowed<ViewSpace>) -> Vec<Line> {
        let model = self.model();
        let here = |page: &&Page| model.space_of(&page.id).is_some_and(|space| space.id == *proof.object());
        let put_there = model.pages.iter().filter(|page| page.trashed.is_some()).filter(here);
        let seen = put_there.filter(|page| may_see(&model, proof.subject(), &page.id));
        let mut lines: Vec<Line> = seen.map(|page| line(&model, proof.subject(), page)).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.page.trashed.as_ref().map(|trashed| trashed.at)));
        lines
    }

    /// A page, as whoever may see it sees it.
    #[must_use]
    pub fn page_seen(&self, proof: &Allowed<ViewPage>) -> Option<Seen> {
        let model = self.model();
        let facts = model.facts(proof.object())?;
        let (level, _) = page_level(proof.subject(), &facts)?;
        let chain = model.chain(proof.object())?;
        let (page, above) = chain.split_last()?;
        let above = above.iter().filter(|page| may_see(&model, proof.subject(), &page.id));
        let above = above.map(|page| line(&model, proof.subject(), page)).collect();
        let audience = Audience::of(&facts);
        Some(Seen { line: line(&model, proof.subject(), page), level, state: facts.state, above, audience })
    }

    /// The space a page lies in.
    #[must_use]
    pub fn space_of(&self, page: &PageId) -> Option<SpaceId> {
        self.model().space_of(page).map(|space| space.id.clone())
    }

    /// What a page is called; empty if nobody named it yet.
    #[must_use]
    pub fn title(&self, page: &PageId) -> std::sync::Arc<str> {
        self.model().title(page)
    }

    /// A page as it stands in lists, if somebody may see it.
    #[must_use]
    pub fn line(&self, subject: &Subject, page: &PageId) -> Option<Line> {
        let model = self.model();
        let page = model.pages.get(page).filter(|page| may_see(&model, subject, &page.id))?;
        Some(line(&model, subject, page))
    }

    /// The pages that somebody may see and `wanted` takes, in no order; those in the trash are not among them.
    #[must_use]
    pub fn lines(&self, subject: &Subject, wanted: impl Fn(&Page, &str) -> bool) -> Vec<Line> {
        let model = self.model();
        let taken = model.pages.iter().filter(|page| wanted(page, &model.title(&page.id)));
        let seen = taken.filter(|page| {
            model.facts(&page.id).is_some_and(|facts| {
                facts.state != PageState::Trashed && page_level(subject, &facts).is_some()
            })
        });
        seen.map(|page| line(&model, subject, page)).collect()
    }

    /// What lies below a page and may be seen with it, each before what lies below it.
    #[must_use]
    pub fn lines_below(&self, proof: &Allowed<ViewPage>) -> Vec<Line> {
        let model = self.model();
        let mut lines = Vec::new();
        let spot = Spot::Below(proof.object().clone());
        walk(&model, proof.subject(), &spot, Some(proof.object()), &mut lines);
        lines
    }

    /// What lies right below a page and somebody may see, in order, without what is in the trash.
    pub(crate) fn children_seen(&self, subject: &Subject, page: &PageId) -> Vec<PageId> {
        let model = self.model();
        let below = Spot::Below(page.clone());
        let children = model.lying(&below).filter(|child| child.trashed.is_none());
        children.filter(|child| may_see(&model, subject, &child.id)).map(|child| child.id.clone()).collect()
    }
}

/// Adds what lies at a place, and below. A page that may be seen where the one above it may not stands in its stead.
fn walk(model: &Model, subject: &Subject, spot: &Spot, shown_below: Option<&PageId>, lines: &mut Vec<Line>) {
    for page in model.lying(spot).filter(|page| page.trashed.is_none()) {
        let seen = may_see(model, subject, &page.id);
        if seen {
            let mut line = line(model, subject, page);
            line.parent = shown_below.cloned();
            lines.push(line);
        }
        let below = Spot::Below(page.id.clone());
        walk(model, subject, &below, if seen { Some(&page.id) } else { shown_below }, lines);
    }
}

fn may_see(model: &Model, subject: &Subject, page: &PageId) -> bool {
    model.facts(page).is_some_and(|facts| page_level(subject, &facts).is_some())
}

fn line(model: &Model, subject: &Subject, page: &Page) -> Line {
    let below = Spot::Below(page.id.clone());
    let mut children = model.lying(&below).filter(|child| child.trashed.is_none());
    Line {
        space: model.space_of(&page.id).map(|space| space.id.clone()),
        parent: page.spot.parent().filter(|parent| may_see(model, subject, parent)).cloned(),
        has_children: children.any(|child| may_see(model, subject, &child.id)),
        title: model.title(&page.id),
        edited: model.edited.get(&page.id).cloned(),
        page: page.clone(),
    }
}
