//! Pages as they are told: as a line of a list, and as whoever opens one sees it.

use serde::Serialize;
use utoipa::ToSchema;
use weft_access::{Audience, Level, PageState, Who};
use weft_ids::UserId;
use weft_wiki::page::{Line, Page, Seen};

use crate::app::App;
use crate::http::spaces::GrantView;

/// How many people are named when it is told who can see a page.
const AUDIENCE_NAMED_MAX: usize = 5;

/// A page, as it stands in lists.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageRow {
    id: String,
    space: String,
    /// The page above it; null at the top, or where whoever asks may not see that.
    parent: Option<String>,
    /// Siblings stand in the order of these bytes, and of their ids where they are the same.
    order: String,
    /// Empty: nobody named it yet.
    title: String,
    /// An emoji.
    icon: Option<String>,
    restricted: bool,
    has_children: bool,
    template: bool,
    archived: bool,
    /// When somebody last wrote in it, in milliseconds since 1970.
    updated: u64,
    updated_by: Option<String>,
    created: u64,
    created_by: Option<String>,
    /// When and by whom it was put into the trash.
    #[serde(skip_serializing_if = "Option::is_none")]
    trashed: Option<StampView>,
}

/// When something was done, and by whom.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StampView {
    at: u64,
    by: Option<String>,
}

/// Pages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PageList {
    pub(crate) pages: Vec<PageRow>,
}

/// A page above another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Crumb {
    id: String,
    title: String,
    icon: Option<String>,
}

/// Who can see a page.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AudienceView {
    /// `members`: every member of the server. `people`: those named here.
    kind: &'static str,
    space_name: String,
    /// The first few who can see it besides.
    people: Vec<Named>,
    /// The groups that can.
    groups: Vec<String>,
    /// How many more people can.
    more: usize,
    /// Whether anyone can who has a public link.
    link: bool,
}

/// A person by name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Named {
    id: String,
    name: String,
}

/// A page, as whoever opens it sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PageView {
    #[serde(flatten)]
    row: PageRow,
    /// What whoever asks may on it.
    level: &'static str,
    /// `open`, `archived` or `trashed`.
    state: &'static str,
    /// What its address has of its title.
    slug: String,
    space_slug: String,
    breadcrumb: Vec<Crumb>,
    audience: AudienceView,
    /// Whether it is a favourite of whoever asks.
    favourite: bool,
    /// Whether whoever asks wants to be told of what happens to it.
    watching: bool,
    /// Who may what on it besides; for those who manage it.
    #[serde(skip_serializing_if = "Option::is_none")]
    grants: Option<Vec<GrantView>>,
}
impl PageRow {
    pub(crate) fn of(line: &Line) -> Self {
        let page = &line.page;
        let name = |user: &UserId| user.as_str().to_owned();
        Self {
            id: page.id.as_str().to_owned(),
            space: line.space.as_ref().map(|space| space.as_str().to_owned()).unwrap_or_default(),
            parent: line.parent.as_ref().map(|parent| parent.as_str().to_owned()),
            order: page.order.to_text(),
            title: line.title.to_string(),
            icon: page.icon.clone(),
            restricted: page.rules.restricted,
            has_children: line.has_children,
            template: page.template,
            archived: page.archived.is_some(),
            updated: line.edited.as_ref().map_or(page.created.at, |edited| edited.at).0,
            updated_by: line.edited.as_ref().and_then(|edited| edited.by.as_ref()).map(name),
            created: page.created.at.0,
            created_by: page.created.by.as_ref().map(name),
            trashed: page
                .trashed
                .as_ref()
                .map(|stamp| StampView { at: stamp.at.0, by: stamp.by.as_ref().map(name) }),
        }
    }
}

impl PageList {
    pub(crate) fn of(lines: &[Line]) -> Self {
        Self { pages: lines.iter().map(PageRow::of).collect() }
    }
}

impl PageView {
    /// What is told of a page to whoever may see it. People are told by name to people only, not to somebody who came by
    /// a public link.
    pub(crate) fn of(app: &App, seen: &Seen, user: Option<&UserId>) -> Self {
        let line = &seen.line;
        let named = user.is_some();
        let desk = user.map(|user| app.wiki.desk(user));
        let space = line.space.as_ref().and_then(|space| app.wiki.space(space));
        let crumb = |line: &Line| Crumb {
            id: line.page.id.as_str().to_owned(),
            title: line.title.to_string(),
            icon: line.page.icon.clone(),
        };
        let manages = seen.level == Level::Manage;
        Self {
            level: seen.level.as_str(),
            state: match seen.state {
                PageState::Open => "open",
                PageState::Archived => "archived",
                PageState::Trashed => "trashed",
            },
            slug: weft_wiki::space::slug_of(&line.title),
            space_slug: space.as_ref().map(|space| space.slug.clone()).unwrap_or_default(),
            breadcrumb: seen.above.iter().map(crumb).collect(),
            audience: AudienceView::of(app, &seen.audience, &line.page, space.map(|space| space.name), named),
            favourite: desk.as_ref().is_some_and(|desk| desk.favourites.contains(&line.page.id)),
            watching: desk.as_ref().is_some_and(|desk| desk.watched.contains(&line.page.id)),
            grants: manages.then(|| line.page.rules.granted.iter().map(GrantView::from).collect()),
            row: PageRow::of(line),
        }
    }
}

impl AudienceView {
    fn of(app: &App, audience: &Audience, page: &Page, space: Option<String>, named: bool) -> Self {
        let granted = || audience.granted.iter().filter(|_| named);
        let people: Vec<Named> = granted()
            .filter_map(|one| match &one.who {
                Who::Person(user) => app.wiki.person(user),
                Who::Group(_) => None,
            })
            .filter(|person| person.suspended.is_none())
            .map(|person| Named { id: person.id.as_str().to_owned(), name: person.name })
            .collect();
        let groups = granted().filter_map(|one| match &one.who {
            Who::Group(group) => app.wiki.group_name(group),
            Who::Person(_) => None,
        });
        Self {
            kind: if audience.members { "members" } else { "people" },
            space_name: space.unwrap_or_default(),
            more: people.len().saturating_sub(AUDIENCE_NAMED_MAX),
            groups: groups.collect(),
            people: people.into_iter().take(AUDIENCE_NAMED_MAX).collect(),
            link: app.wiki.is_shared(&page.id),
        }
    }
}
