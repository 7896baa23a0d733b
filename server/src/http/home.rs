//! `/api/home`, `/api/find`: where to begin, and how to get somewhere.

use std::cmp::Reverse;
use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::BeHere;
use weft_ids::PageId;
use weft_wiki::desk::FAVOURITES_MAX;
use weft_wiki::page::Line;

use super::address::Queried;
use super::asked::Asked;
use super::error::{ApiError, ErrorBody};
use super::pages::view::{PageList, PageRow};
use crate::app::AppState;

/// The most pages of a list that is no tree.
const LIST_MAX: usize = 30;
/// The most pages that are found.
const FOUND_MAX: usize = 20;

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

/// What there is to begin with.
#[utoipa::path(get, path = "/api/home", tag = "pages", responses(
    (status = 200, description = "Lists of at most 30 pages each.", body = Home),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn home(State(app): State<AppState>, asked: Asked) -> Result<Json<Home>, ApiError> {
    asked.may::<BeHere>(&app.wiki)?;
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
    let by_id: HashMap<&PageId, &Line> = seen.iter().map(|line| (&line.page.id, line)).collect();
    let at_hand = |pages: Vec<&PageId>, max: usize| -> Vec<PageRow> {
        pages.into_iter().filter_map(|page| by_id.get(page)).take(max).map(|line| PageRow::of(line)).collect()
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
    Queried(find): Queried<Find>,
) -> Result<Json<PageList>, ApiError> {
    asked.may::<BeHere>(&app.wiki)?;
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
