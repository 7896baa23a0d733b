//! What people keep at hand, and what they are told.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::{BeHere, NoteForOneself, ViewPage};
use weft_wiki::desk::Shelf;
use weft_wiki::notice::{About, Notice};

use super::address::Part;
use super::asked::Asked;
use super::body::{JsonBody, Moment};
use super::error::{ApiError, ErrorBody};
use crate::app::{App, AppState};

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeView {
    id: String,
    /// `spaceGranted`, `pageGranted`, `pageEdited` or `pageTrashed`.
    kind: &'static str,
    /// The page it is about, with its title, where whoever asks may see that.
    page: Option<Titled>,
    space: Option<Titled>,
    /// Whose doing it was.
    by: Option<Titled>,
    at: u64,
    read: bool,
}

/// Something by id and by what it is called.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Titled {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// What whoever asks was told.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeList {
    /// The newest first.
    notices: Vec<NoticeView>,
    unread: usize,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ReadBody {
    /// Everything up to this moment was seen, in milliseconds since 1970.
    #[schema(value_type = u64, maximum = 9_007_199_254_740_991_u64)]
    up_to: Moment,
}

async fn keep(
    app: &App,
    asked: &Asked,
    id: &str,
    shelf: Shelf,
    wanted: bool,
) -> Result<StatusCode, ApiError> {
    let oneself = asked.may::<NoteForOneself>(&app.wiki)?;
    let page = asked.may_to_page::<ViewPage>(&app.wiki, id)?;
    app.wiki.keep_at_hand(&oneself, &page, shelf, wanted).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes a page a favourite.
#[utoipa::path(put, path = "/api/pages/{id}/favourite", tag = "desk", params(("id" = String, Path,)), responses(
    (status = 204, description = "It is one."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 422, description = "There are as many as there may be.", body = ErrorBody),
))]
pub(crate) async fn add_favourite(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    keep(&app, &asked, &id, Shelf::Favourites, true).await
}

/// Makes a page a favourite no longer.
#[utoipa::path(delete, path = "/api/pages/{id}/favourite", tag = "desk", params(("id" = String, Path,)), responses(
    (status = 204, description = "It is none."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn remove_favourite(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    keep(&app, &asked, &id, Shelf::Favourites, false).await
}

/// Tells whoever asks of what happens to a page.
#[utoipa::path(put, path = "/api/pages/{id}/watch", tag = "desk", params(("id" = String, Path,)), responses(
    (status = 204, description = "They will be told."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 422, description = "They watch as many as they may.", body = ErrorBody),
))]
pub(crate) async fn watch(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    keep(&app, &asked, &id, Shelf::Watched, true).await
}

/// Tells whoever asks no longer of what happens to a page.
#[utoipa::path(delete, path = "/api/pages/{id}/watch", tag = "desk", params(("id" = String, Path,)), responses(
    (status = 204, description = "They will not be told any more."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn unwatch(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    keep(&app, &asked, &id, Shelf::Watched, false).await
}

/// Notes that whoever asks looks at a page.
#[utoipa::path(post, path = "/api/pages/{id}/visit", tag = "desk", params(("id" = String, Path,)), responses(
    (status = 204, description = "It is noted."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn visit(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let oneself = asked.may::<NoteForOneself>(&app.wiki)?;
    let page = asked.may_to_page::<ViewPage>(&app.wiki, &id)?;
    app.wiki.note_view(&oneself, &page).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What whoever asks was told.
#[utoipa::path(get, path = "/api/notices", tag = "desk", responses(
    (status = 200, description = "The newest first.", body = NoticeList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn notices(State(app): State<AppState>, asked: Asked) -> Result<Json<NoticeList>, ApiError> {
    let oneself = asked.may::<BeHere>(&app.wiki)?;
    let notices = app.wiki.notices(&oneself);
    let unread = notices.iter().filter(|notice| !notice.read).count();
    Ok(Json(NoticeList {
        notices: notices.iter().map(|notice| view(&app, &asked, notice)).collect(),
        unread,
    }))
}

fn view(app: &App, asked: &Asked, notice: &Notice) -> NoticeView {
    let name = app.wiki.name_seen(&asked.subject, &notice.about);
    let titled = |id: &str| name.map(|name| Titled { id: id.to_owned(), name });
    let (page, space) = match &notice.about {
        About::Page(id) => (titled(id.as_str()), None),
        About::Space(id) => (None, titled(id.as_str())),
    };
    let by = notice.by.as_ref().and_then(|by| app.wiki.person(by));
    NoticeView {
        id: notice.id.as_str().to_owned(),
        kind: notice.kind.as_str(),
        page,
        space,
        by: by.map(|person| Titled { id: person.id.as_str().to_owned(), name: person.name }),
        at: notice.at.0,
        read: notice.read,
    }
}

/// Notes what whoever asks has seen.
#[utoipa::path(post, path = "/api/notices/read", tag = "desk", request_body = ReadBody, responses(
    (status = 204, description = "It is noted."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 422, description = "Not a moment.", body = ErrorBody),
))]
pub(crate) async fn read(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<ReadBody>,
) -> Result<StatusCode, ApiError> {
    let oneself = asked.may::<NoteForOneself>(&app.wiki)?;
    app.wiki.read_notices(&oneself, body.up_to.0).await?;
    Ok(StatusCode::NO_CONTENT)
}
