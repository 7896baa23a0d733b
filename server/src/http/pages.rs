//! `/api/pages`: pages, without what they say.

pub(crate) mod view;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use weft_access::action::{DestroyPage, EditPage, EditSpace, ManagePage, RestPage, ViewPage};
use weft_access::{Granted, Refused};
use weft_ids::PageId;
use weft_wiki::Field;
use weft_wiki::audit::Deed;
use weft_wiki::page::{At, NewPage, PageChange, Place, Source};

use self::view::PageView;
use super::address::Part;
use super::asked::Asked;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::spaces::{GrantBody, given, level};
use crate::app::{App, AppState};

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

fn view(app: &App, asked: &Asked, id: &str) -> Result<Json<PageView>, ApiError> {
    let proof = asked.may_to_page::<ViewPage>(&app.wiki, id)?;
    let seen = app.wiki.page_seen(&proof).ok_or(Refused::Hidden)?;
    Ok(Json(PageView::of(app, &seen, asked.subject.user())))
}

/// Where a page is to lie.
fn place(app: &App, asked: &Asked, space: &str, parent: Option<&str>) -> Result<Place, ApiError> {
    Ok(match parent {
        Some(parent) => {
            let parent = asked.may_to_page::<EditPage>(&app.wiki, parent)?;
            if app.wiki.space_of(parent.object()).is_none_or(|of| of.as_str() != space) {
                let why = "the page to put it below lies in another space";
                return Err(ApiError::invalid(Field::Place.as_str(), why));
            }
            Place::Below(parent)
        }
        None => Place::Top(asked.may_to_space::<EditSpace>(&app.wiki, space)?),
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
        Some(from) => Some(Source { page: asked.may_to_page::<ViewPage>(&app.wiki, from)?, at: None }),
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
    Ok((StatusCode::CREATED, view(&app, &asked, page.id.as_str())?))
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
    Part(id): Part,
) -> Result<Json<PageView>, ApiError> {
    view(&app, &asked, &id)
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
    Part(id): Part,
    JsonBody(body): JsonBody<PageChangeBody>,
) -> Result<Json<PageView>, ApiError> {
    // Out of the archive first: what lies there cannot be changed.
    if body.archived == Some(false) {
        app.wiki.archive_page(&asked.may_to_page::<RestPage>(&app.wiki, &id)?, false).await?;
    }
    if body.icon.is_some() || body.template.is_some() {
        let proof = asked.may_to_page::<EditPage>(&app.wiki, &id)?;
        app.wiki.change_page(&proof, PageChange { icon: body.icon, template: body.template }).await?;
    }
    if body.archived == Some(true) {
        app.wiki.archive_page(&asked.may_to_page::<RestPage>(&app.wiki, &id)?, true).await?;
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
    Part(id): Part,
    JsonBody(body): JsonBody<MoveBody>,
) -> Result<Json<PageView>, ApiError> {
    let proof = asked.may_to_page::<EditPage>(&app.wiki, &id)?;
    let own = || app.wiki.space_of(proof.object()).map(|space| space.as_str().to_owned());
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
    Part(id): Part,
    JsonBody(body): JsonBody<DuplicateBody>,
) -> Result<(StatusCode, Json<PageView>), ApiError> {
    let proof = asked.may_to_page::<ViewPage>(&app.wiki, &id)?;
    let copy = app.wiki.duplicate(&proof, body.subtree).await?;
    Ok((StatusCode::CREATED, view(&app, &asked, copy.id.as_str())?))
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
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may_to_page::<RestPage>(&app.wiki, &id)?;
    app.wiki.trash_page(&proof).await?;
    app.note(&asked, Deed::PageTrashed, Some(app.called(proof.object())), None).await;
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
    Part(id): Part,
) -> Result<Json<PageView>, ApiError> {
    let proof = asked.may_to_page::<RestPage>(&app.wiki, &id)?;
    app.wiki.restore_page(&proof).await?;
    app.note(&asked, Deed::PageRestored, Some(app.called(proof.object())), None).await;
    view(&app, &asked, &id)
}

/// Deletes a page that is in the trash, with everything below it, for good.
#[utoipa::path(delete, path = "/api/pages/{id}/forever", tag = "pages", params(("id" = String, Path,)), responses(
    (status = 204, description = "Nobody comes to it any more, and what it said, and ever said, is about to leave the disk."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "It is not in the trash.", body = ErrorBody),
))]
pub(crate) async fn destroy(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may_to_page::<DestroyPage>(&app.wiki, &id)?;
    let called = app.called(proof.object());
    app.wiki.destroy_page(&proof).await?;
    app.note(&asked, Deed::PageDestroyed, Some(called), None).await;
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
    Part(id): Part,
    JsonBody(body): JsonBody<AccessBody>,
) -> Result<Json<PageView>, ApiError> {
    let proof = asked.may_to_page::<ManagePage>(&app.wiki, &id)?;
    let read =
        |grant: &GrantBody| Ok(Granted { who: grant.who.read()?, level: level(Field::Level, &grant.level)? });
    let granted = body.grants.iter().map(read).collect::<Result<Vec<Granted>, ApiError>>()?;
    let detail = access_told(&app, body.restricted, &granted);
    app.wiki.set_page_rules(&proof, body.restricted, granted).await?;
    app.note(&asked, Deed::PageAccess, Some(app.called(proof.object())), Some(detail)).await;
    view(&app, &asked, &id)
}

/// Who may what on a page, for the audit log.
fn access_told(app: &App, restricted: bool, granted: &[Granted]) -> String {
    let inherits = if restricted { "only those named" } else { "as above it" };
    let named = granted.iter().map(|one| format!("{}: {}", app.name_of(&one.who), one.level.as_str()));
    std::iter::once(inherits.to_owned()).chain(named).collect::<Vec<_>>().join(", ")
}
