//! `/api/pages`: pages, without what they say.

use std::cmp::Reverse;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::{BeHere, DestroyPage, EditPage, EditSpace, ManagePage, RestPage, ViewPage};
use weft_access::{Audience, Level, PageState, Refused, Who};
use weft_ids::{PageId, UserId};
use weft_wiki::Field;
use weft_wiki::desk::FAVOURITES_MAX;
use weft_wiki::page::{At, Line, NewPage, Page, PageChange, Place, Seen};

use super::asked::Asked;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::spaces::{GrantBody, GrantView, given, level, space_id};
use crate::app::{App, AppState};

/// The most pages of a list that is no tree.
const LIST_MAX: usize = 30;
/// The most pages that are found.
const FOUND_MAX: usize = 20;
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
    pages: Vec<PageRow>,
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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewPageBody {
    /// Its id, if whoever makes it has chosen one.
    #[serde(default)]
    id: Option<String>,
    space: String,
    #[serde(default)]
    parent: Option<String>,
    /// The sibling it is to stand behind. Null: before all. Left out: behind all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    after: Option<Option<String>>,
    #[serde(default)]
    icon: Option<String>,
    /// The page it begins as a copy of.
    #[serde(default)]
    from: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct PageChangeBody {
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    icon: Option<Option<String>>,
    #[serde(default)]
    template: Option<bool>,
    #[serde(default)]
    archived: Option<bool>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MoveBody {
    /// The space to move it to; left out: where it is.
    #[serde(default)]
    space: Option<String>,
    /// The page to move it below. Null or left out: to the top of the space.
    #[serde(default)]
    parent: Option<String>,
    /// The sibling it is to stand behind. Null: before all. Left out: behind all.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    after: Option<Option<String>>,
}

#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DuplicateBody {
    /// Whether to copy what lies below it, too.
    #[serde(default)]
    subtree: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessBody {
    /// Whether what holds above holds here no more.
    restricted: bool,
    /// Who may what here and below besides.
    grants: Vec<GrantBody>,
}

/// What there is to begin with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Home {
    /// The pages that whoever asks looked at last.
    viewed: Vec<PageRow>,
    /// Their favourites.
    favourites: Vec<PageRow>,
    /// The pages that were edited last.
    edited: Vec<PageRow>,
    /// Those that whoever asks made, the newest first.
    mine: Vec<PageRow>,
    /// Those they may see in spaces that they may not.
    shared: Vec<PageRow>,
}

/// What is looked for.
#[derive(Debug, Deserialize)]
pub(crate) struct Find {
    q: String,
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

/// A page's id from the path; what is none is as hidden as what does not exist.
pub(crate) fn page_id(asked: &Asked, text: &str) -> Result<PageId, ApiError> {
    let missing = if asked.subject.person.is_none() { Refused::SignIn } else { Refused::Hidden };
    PageId::new(text).ok_or_else(|| missing.into())
}

fn view(app: &App, asked: &Asked, id: &PageId) -> Result<Json<PageView>, ApiError> {
    let proof = app.wiki.allow_page::<ViewPage>(&asked.subject, id)?;
    let seen = app.wiki.page_seen(&proof).ok_or(Refused::Hidden)?;
    Ok(Json(PageView::of(app, &seen, asked.subject.user())))
}

/// Where a page is to lie.
fn place(app: &App, asked: &Asked, space: &str, parent: Option<&str>) -> Result<Place, ApiError> {
    Ok(match parent {
        Some(parent) => {
            let parent = app.wiki.allow_page::<EditPage>(&asked.subject, &page_id(asked, parent)?)?;
            if app.wiki.space_of(parent.object()).is_none_or(|of| of.as_str() != space) {
                let why = "the page to put it below lies in another space";
                return Err(ApiError::invalid(Field::Place.as_str(), why));
            }
            Place::Below(parent)
        }
        None => Place::Top(app.wiki.allow_space::<EditSpace>(&asked.subject, &space_id(asked, space)?)?),
    })
}

fn at(after: Option<Option<String>>) -> Result<At, ApiError> {
    Ok(match after {
        None => At::Last,
        Some(None) => At::First,
        Some(Some(id)) => {
            let bad = || ApiError::invalid("after", "this is no page's id");
            At::After(PageId::new(&id).ok_or_else(bad)?)
        }
    })
}

/// Makes a page.
#[utoipa::path(post, path = "/api/pages", tag = "pages", request_body = NewPageBody, responses(
    (status = 201, description = "The page.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks may not edit there.", body = ErrorBody),
    (status = 404, description = "There is no such place or page to copy, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "The id is taken, or pages would lie too deep.", body = ErrorBody),
    (status = 422, description = "A field cannot be so.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewPageBody>,
) -> Result<(StatusCode, Json<PageView>), ApiError> {
    let id = match &body.id {
        Some(id) => {
            let why = "an id has 22 to 64 of a-z, 0-9, _ and -";
            Some(PageId::new(id).ok_or_else(|| ApiError::invalid(Field::Id.as_str(), why))?)
        }
        None => None,
    };
    let from = match &body.from {
        Some(from) => Some(app.wiki.allow_page::<ViewPage>(&asked.subject, &page_id(&asked, from)?)?),
        None => None,
    };
    let new = NewPage {
        id,
        place: place(&app, &asked, &body.space, body.parent.as_deref())?,
        at: at(body.after)?,
        icon: body.icon,
        from,
    };
    let page = app.wiki.make_page(new).await?;
    Ok((StatusCode::CREATED, view(&app, &asked, &page.id)?))
}

/// One page.
#[utoipa::path(get, path = "/api/pages/{id}", tag = "pages", params(("id" = String, Path,)), responses(
    (status = 200, description = "The page.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn one(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<PageView>, ApiError> {
    view(&app, &asked, &page_id(&asked, &id)?)
}

/// Changes a page's icon, whether it is a template, whether it is archived.
#[utoipa::path(patch, path = "/api/pages/{id}", tag = "pages", params(("id" = String, Path,)),
    request_body = PageChangeBody, responses(
    (status = 200, description = "The page, changed.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks may not edit it, or it is at rest.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 422, description = "A field cannot be so.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<PageChangeBody>,
) -> Result<Json<PageView>, ApiError> {
    let id = page_id(&asked, &id)?;
    // Out of the archive first: what lies there cannot be changed.
    if body.archived == Some(false) {
        app.wiki.archive_page(&app.wiki.allow_page::<RestPage>(&asked.subject, &id)?, false).await?;
    }
    if body.icon.is_some() || body.template.is_some() {
        let proof = app.wiki.allow_page::<EditPage>(&asked.subject, &id)?;
        app.wiki.change_page(&proof, PageChange { icon: body.icon, template: body.template }).await?;
    }
    if body.archived == Some(true) {
        app.wiki.archive_page(&app.wiki.allow_page::<RestPage>(&asked.subject, &id)?, true).await?;
    }
    view(&app, &asked, &id)
}

/// Moves a page, with everything below it.
#[utoipa::path(post, path = "/api/pages/{id}/move", tag = "pages", params(("id" = String, Path,)),
    request_body = MoveBody, responses(
    (status = 200, description = "The page, where it is now.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks may not edit it, or not there.", body = ErrorBody),
    (status = 404, description = "There is no such page or place, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "It would lie below itself, or too deep.", body = ErrorBody),
    (status = 422, description = "A field cannot be so.", body = ErrorBody),
))]
pub(crate) async fn move_to(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<MoveBody>,
) -> Result<Json<PageView>, ApiError> {
    let id = page_id(&asked, &id)?;
    let proof = app.wiki.allow_page::<EditPage>(&asked.subject, &id)?;
    let own = || app.wiki.space_of(&id).map(|space| space.as_str().to_owned());
    let space = body.space.clone().or_else(own).ok_or(Refused::Hidden)?;
    let place = place(&app, &asked, &space, body.parent.as_deref())?;
    app.wiki.move_page(&proof, &place, &at(body.after)?).await?;
    view(&app, &asked, &id)
}

/// Makes a copy of a page beside it.
#[utoipa::path(post, path = "/api/pages/{id}/duplicate", tag = "pages", params(("id" = String, Path,)),
    request_body = DuplicateBody, responses(
    (status = 201, description = "The copy.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks may not edit where it lies.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn duplicate(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<DuplicateBody>,
) -> Result<(StatusCode, Json<PageView>), ApiError> {
    let proof = app.wiki.allow_page::<ViewPage>(&asked.subject, &page_id(&asked, &id)?)?;
    let line = app.wiki.line(&asked.subject, proof.object()).ok_or(Refused::Hidden)?;
    let space = line.space.as_ref().ok_or(Refused::Hidden)?;
    let parent = line.page.spot.parent().map(PageId::as_str);
    let place = place(&app, &asked, space.as_str(), parent)?;
    let copy = app.wiki.duplicate(&proof, place, body.subtree).await?;
    Ok((StatusCode::CREATED, view(&app, &asked, &copy.id)?))
}

/// Puts a page, with everything below it, into the trash.
#[utoipa::path(delete, path = "/api/pages/{id}", tag = "pages", params(("id" = String, Path,)), responses(
    (status = 204, description = "It is in the trash."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks may not edit it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn trash(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let proof = app.wiki.allow_page::<RestPage>(&asked.subject, &page_id(&asked, &id)?)?;
    app.wiki.trash_page(&proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes a page, with everything that went with it, out of the trash.
#[utoipa::path(post, path = "/api/pages/{id}/restore", tag = "pages", params(("id" = String, Path,)), responses(
    (status = 200, description = "The page, where it is now.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks may not edit it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn restore(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<Json<PageView>, ApiError> {
    let proof = app.wiki.allow_page::<RestPage>(&asked.subject, &page_id(&asked, &id)?)?;
    app.wiki.restore_page(&proof).await?;
    view(&app, &asked, proof.object())
}

/// Deletes a page that is in the trash, with everything below it, for good.
#[utoipa::path(delete, path = "/api/pages/{id}/forever", tag = "pages", params(("id" = String, Path,)), responses(
    (status = 204, description = "Nobody comes to it any more."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "It is not in the trash.", body = ErrorBody),
))]
pub(crate) async fn destroy(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let proof = app.wiki.allow_page::<DestroyPage>(&asked.subject, &page_id(&asked, &id)?)?;
    app.wiki.destroy_page(&proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says who may what on a page and below it.
#[utoipa::path(put, path = "/api/pages/{id}/access", tag = "pages", params(("id" = String, Path,)),
    request_body = AccessBody, responses(
    (status = 200, description = "The page, changed.", body = PageView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it, or it is at rest.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 422, description = "There is no such person, group or level.", body = ErrorBody),
))]
pub(crate) async fn access(
    State(app): State<AppState>,
    asked: Asked,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<AccessBody>,
) -> Result<Json<PageView>, ApiError> {
    let id = page_id(&asked, &id)?;
    let proof = app.wiki.allow_page::<ManagePage>(&asked.subject, &id)?;
    let read = |grant: &GrantBody| {
        Ok(weft_access::Granted { who: grant.who.read()?, level: level(Field::Level, &grant.level)? })
    };
    let granted = body.grants.iter().map(read).collect::<Result<_, ApiError>>()?;
    app.wiki.set_page_rules(&proof, body.restricted, granted).await?;
    view(&app, &asked, &id)
}

/// What there is to begin with.
#[utoipa::path(get, path = "/api/home", tag = "pages", responses(
    (status = 200, description = "Lists of at most 30 pages each.", body = Home),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn home(State(app): State<AppState>, asked: Asked) -> Result<Json<Home>, ApiError> {
    app.wiki.allow::<BeHere>(&asked.subject)?;
    let mut seen = app.wiki.lines(&asked.subject, |page, _| page.archived.is_none());
    let updated = |line: &Line| line.edited.as_ref().map_or(line.page.created.at, |edited| edited.at);
    seen.sort_by_key(|line| Reverse(updated(line)));
    let own = asked.subject.user();
    let desk = own.map(|user| app.wiki.desk(user));
    let desk = desk.as_ref();
    let spaces: Vec<_> = app.wiki.spaces_of(&asked.subject).into_iter().map(|(space, _)| space.id).collect();
    let rows = |lines: Vec<&Line>| lines.into_iter().take(LIST_MAX).map(PageRow::of).collect();
    let mut mine: Vec<&Line> = seen.iter().filter(|line| line.page.created.by.as_ref() == own).collect();
    mine.sort_by_key(|line| Reverse(line.page.created.at));
    let elsewhere = |line: &&Line| {
        line.parent.is_none() && line.space.as_ref().is_some_and(|space| !spaces.contains(space))
    };
    // Pages at hand are shown in the order of the desk; what is gone or not theirs to see any more is passed over.
    let at_hand = |pages: Vec<&PageId>, max: usize| -> Vec<PageRow> {
        let lines = pages.into_iter().filter_map(|page| seen.iter().find(|line| line.page.id == *page));
        lines.take(max).map(PageRow::of).collect()
    };
    Ok(Json(Home {
        viewed: at_hand(
            desk.map(|desk| desk.viewed.iter().map(|(page, _)| page).collect()).unwrap_or_default(),
            LIST_MAX,
        ),
        favourites: at_hand(
            desk.map(|desk| desk.favourites.iter().collect()).unwrap_or_default(),
            FAVOURITES_MAX,
        ),
        edited: rows(seen.iter().collect()),
        mine: rows(mine),
        shared: rows(seen.iter().filter(elsewhere).collect()),
    }))
}

/// Pages by title.
#[utoipa::path(get, path = "/api/find", tag = "pages",
    params(("q" = String, Query, description = "Words; a title holds them all.")), responses(
    (status = 200, description = "At most 20 pages, the best first.", body = PageList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn find(
    State(app): State<AppState>,
    asked: Asked,
    Query(find): Query<Find>,
) -> Result<Json<PageList>, ApiError> {
    app.wiki.allow::<BeHere>(&asked.subject)?;
    let words: Vec<String> = find.q.to_lowercase().split_whitespace().map(str::to_owned).collect();
    if words.is_empty() {
        return Ok(Json(PageList { pages: Vec::new() }));
    }
    let whole = words.join(" ");
    let holds = |title: &str| {
        let title = title.to_lowercase();
        words.iter().all(|word| title.contains(word))
    };
    let mut found = app.wiki.lines(&asked.subject, |page, title| page.archived.is_none() && holds(title));
    found.sort_by_cached_key(|line| {
        let title = line.title.to_lowercase();
        (!title.starts_with(&whole), title.chars().count(), title, line.page.id.clone())
    });
    found.truncate(FOUND_MAX);
    Ok(Json(PageList::of(&found)))
}
