//! `/api/spaces`: trees of pages with members.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::{Administer, MakeSpaces, ManageSpace, ViewSpace};
use weft_access::{Granted, Level, Refused, Who, space_level};
use weft_ids::{GroupId, SpaceId, UserId};
use weft_wiki::Field;
use weft_wiki::audit::Deed;
use weft_wiki::space::{NewSpace, Space, SpaceChange};

use super::address::Part;
use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::pages::view::PageList;
use crate::app::AppState;

/// A space, as whoever asks sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SpaceView {
    id: String,
    /// Its word in addresses.
    slug: String,
    name: String,
    /// An emoji.
    icon: Option<String>,
    description: String,
    /// What every member of the server may in it: `view`, `comment`, `edit` or `manage`. Null: it is private.
    members: Option<&'static str>,
    /// What whoever asks may in it. Null: nothing, they only look after the server.
    level: Option<&'static str>,
    /// Who may what besides; for its managers.
    #[serde(skip_serializing_if = "Option::is_none")]
    grants: Option<Vec<GrantView>>,
}

/// Somebody's level.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GrantView {
    who: WhoBody,
    /// `view`, `comment`, `edit` or `manage`.
    level: &'static str,
}

/// A person or a group, by id.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhoBody {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

/// Spaces.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SpaceList {
    spaces: Vec<SpaceView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewSpaceBody {
    name: String,
    /// Its word in addresses; made from the name if left out.
    #[serde(default)]
    slug: Option<String>,
    #[serde(default)]
    icon: Option<String>,
    #[serde(default)]
    description: Option<String>,
    /// What every member may in it; null or left out: it is private.
    #[serde(default)]
    members: Option<String>,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SpaceChangeBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    slug: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    icon: Option<Option<String>>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    members: Option<Option<String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GrantBody {
    pub(crate) who: WhoBody,
    pub(crate) level: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UngrantBody {
    who: WhoBody,
}

/// The name of what is to be removed, as whoever does it typed it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConfirmBody {
    name: String,
}

/// Whom a space is open to, for the audit log.
fn open_to(space: &Space) -> String {
    space.rules.members.map_or("private".to_owned(), |level| format!("all members: {}", level.as_str()))
}

/// Tells a field that is null from one that is left out.
pub(crate) fn given<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// Reads a level's word.
pub(crate) fn level(field: Field, word: &str) -> Result<Level, ApiError> {
    Level::read(word)
        .ok_or_else(|| ApiError::invalid(field.as_str(), "a level is view, comment, edit or manage"))
}

impl WhoBody {
    /// Whom it means.
    pub(crate) fn read(&self) -> Result<Who, ApiError> {
        let who = match (&self.person, &self.group) {
            (Some(person), None) => UserId::new(person).map(Who::Person),
            (None, Some(group)) => GroupId::new(group).map(Who::Group),
            _ => None,
        };
        who.ok_or_else(|| ApiError::invalid(Field::Who.as_str(), "name a person or a group by its id"))
    }
}

impl From<&Granted> for GrantView {
    fn from(granted: &Granted) -> Self {
        let who = match &granted.who {
            Who::Person(user) => WhoBody { person: Some(user.as_str().to_owned()), group: None },
            Who::Group(group) => WhoBody { person: None, group: Some(group.as_str().to_owned()) },
        };
        Self { who, level: granted.level.as_str() }
    }
}

impl SpaceView {
    pub(crate) fn of(space: &Space, own: Option<Level>) -> Self {
        let grants = || space.rules.granted.iter().map(GrantView::from).collect();
        Self {
            id: space.id.as_str().to_owned(),
            slug: space.slug.clone(),
            name: space.name.clone(),
            icon: space.icon.clone(),
            description: space.description.clone(),
            members: space.rules.members.map(Level::as_str),
            level: own.map(Level::as_str),
            grants: (own == Some(Level::Manage)).then(grants),
        }
    }

    fn to(asked: &Asked, space: &Space) -> Json<Self> {
        Json(Self::of(space, space_level(&asked.subject, &space.rules)))
    }
}

/// The spaces that whoever asks may see.
#[utoipa::path(get, path = "/api/spaces", tag = "spaces", responses(
    (status = 200, description = "The spaces, by name.", body = SpaceList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<SpaceList>, ApiError> {
    asked.may::<weft_access::action::BeHere>(&app.wiki)?;
    let seen = app.wiki.spaces_of(&asked.subject);
    Ok(Json(SpaceList {
        spaces: seen.iter().map(|(space, level)| SpaceView::of(space, Some(*level))).collect(),
    }))
}

/// Every space, for those who look after the server; not what stands in them.
#[utoipa::path(get, path = "/api/admin/spaces", tag = "spaces", responses(
    (status = 200, description = "The spaces, by name.", body = SpaceList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
))]
pub(crate) async fn list_all(State(app): State<AppState>, asked: Asked) -> Result<Json<SpaceList>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let all = app.wiki.spaces(&proof);
    let view = |space: &Space| SpaceView::of(space, space_level(&asked.subject, &space.rules));
    Ok(Json(SpaceList { spaces: all.iter().map(view).collect() }))
}

/// Makes a space.
#[utoipa::path(post, path = "/api/spaces", tag = "spaces", request_body = NewSpaceBody, responses(
    (status = 201, description = "The space; whoever made it manages it.", body = SpaceView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Guests make no spaces.", body = ErrorBody),
    (status = 409, description = "Another has that address, or one that looks like it.", body = ErrorBody),
    (status = 422, description = "A field cannot be so.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewSpaceBody>,
) -> Result<(StatusCode, Json<SpaceView>), ApiError> {
    let proof = asked.may::<MakeSpaces>(&app.wiki)?;
    let members = body.members.as_deref().map(|word| level(Field::Level, word)).transpose()?;
    let new = NewSpace {
        name: body.name,
        slug: body.slug,
        icon: body.icon,
        description: body.description.unwrap_or_default(),
        members,
    };
    let space = app.wiki.make_space(&proof, new).await?;
    app.note(&asked, Deed::SpaceMade, Some(space.called()), None).await;
    Ok((StatusCode::CREATED, SpaceView::to(&asked, &space)))
}

/// One space.
#[utoipa::path(get, path = "/api/spaces/{id}", tag = "spaces", params(("id" = String, Path,)), responses(
    (status = 200, description = "The space.", body = SpaceView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn one(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Json<SpaceView>, ApiError> {
    let proof = asked.may_to_space::<ViewSpace>(&app.wiki, &id)?;
    let space = app.wiki.space(proof.object()).ok_or(Refused::Hidden)?;
    Ok(SpaceView::to(&asked, &space))
}

/// Changes what a space is called, and whom it is open to.
#[utoipa::path(patch, path = "/api/spaces/{id}", tag = "spaces", params(("id" = String, Path,)),
    request_body = SpaceChangeBody, responses(
    (status = 200, description = "The space, changed.", body = SpaceView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "The address is taken, or nobody could manage it any more.", body = ErrorBody),
    (status = 422, description = "A field cannot be so.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<SpaceChangeBody>,
) -> Result<Json<SpaceView>, ApiError> {
    let proof = asked.may_to_space::<ManageSpace>(&app.wiki, &id)?;
    let members = match body.members {
        Some(Some(word)) => Some(Some(level(Field::Level, &word)?)),
        Some(None) => Some(None),
        None => None,
    };
    let change = SpaceChange {
        name: body.name,
        slug: body.slug,
        icon: body.icon,
        description: body.description,
        members,
    };
    let space = app.wiki.change_space(&proof, change).await?;
    app.note(&asked, Deed::SpaceChanged, Some(space.called()), Some(open_to(&space))).await;
    Ok(SpaceView::to(&asked, &space))
}

/// Removes a space with all its pages.
#[utoipa::path(delete, path = "/api/spaces/{id}", tag = "spaces", params(("id" = String, Path,)),
    request_body = ConfirmBody, responses(
    (status = 204, description = "It is gone, with its pages."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 422, description = "The name is not its name.", body = ErrorBody),
))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<ConfirmBody>,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may_to_space::<ManageSpace>(&app.wiki, &id)?;
    let space = app.wiki.remove_space(&proof, &body.name).await?;
    app.note(&asked, Deed::SpaceRemoved, Some(space.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Grants somebody a level in a space.
#[utoipa::path(put, path = "/api/spaces/{id}/grants", tag = "spaces", params(("id" = String, Path,)),
    request_body = GrantBody, responses(
    (status = 200, description = "The space, changed.", body = SpaceView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "Nobody could manage it any more.", body = ErrorBody),
    (status = 422, description = "There is no such person, group or level.", body = ErrorBody),
))]
pub(crate) async fn grant(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<GrantBody>,
) -> Result<Json<SpaceView>, ApiError> {
    let proof = asked.may_to_space::<ManageSpace>(&app.wiki, &id)?;
    let granted = level(Field::Level, &body.level)?;
    let who = body.who.read()?;
    let space = app.wiki.grant_in_space(&proof, &who, Some(granted)).await?;
    let detail = format!("{}: {}", app.name_of(&who), granted.as_str());
    app.note(&asked, Deed::SpaceGranted, Some(space.called()), Some(detail)).await;
    Ok(SpaceView::to(&asked, &space))
}

/// Takes from somebody what was granted to them in a space.
#[utoipa::path(delete, path = "/api/spaces/{id}/grants", tag = "spaces", params(("id" = String, Path,)),
    request_body = UngrantBody, responses(
    (status = 200, description = "The space, changed.", body = SpaceView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not manage it.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "Nobody could manage it any more.", body = ErrorBody),
))]
pub(crate) async fn ungrant(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<UngrantBody>,
) -> Result<Json<SpaceView>, ApiError> {
    let proof = asked.may_to_space::<ManageSpace>(&app.wiki, &id)?;
    let who = body.who.read()?;
    let space = app.wiki.grant_in_space(&proof, &who, None).await?;
    let detail = format!("{}: nothing", app.name_of(&who));
    app.note(&asked, Deed::SpaceGranted, Some(space.called()), Some(detail)).await;
    Ok(SpaceView::to(&asked, &space))
}

/// Makes whoever looks after the server a manager of a space.
#[utoipa::path(post, path = "/api/spaces/{id}/take-over", tag = "spaces", params(("id" = String, Path,)), responses(
    (status = 200, description = "The space.", body = SpaceView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is none.", body = ErrorBody),
))]
pub(crate) async fn take_over(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Json<SpaceView>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let id = SpaceId::new(&id).ok_or_else(|| asked.unseen())?;
    let space = app.wiki.take_space_over(&proof, &id).await?;
    app.note(&asked, Deed::SpaceTakenOver, Some(space.called()), None).await;
    Ok(SpaceView::to(&asked, &space))
}

/// The pages of a space that whoever asks may see.
#[utoipa::path(get, path = "/api/spaces/{id}/pages", tag = "spaces", params(("id" = String, Path,)), responses(
    (status = 200, description = "The pages, each before what lies below it.", body = PageList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn pages(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Json<PageList>, ApiError> {
    let proof = asked.may_to_space::<ViewSpace>(&app.wiki, &id)?;
    Ok(Json(PageList::of(&app.wiki.tree(&proof))))
}

/// What lies in a space's trash and whoever asks may take out of it.
#[utoipa::path(get, path = "/api/spaces/{id}/trash", tag = "spaces", params(("id" = String, Path,)), responses(
    (status = 200, description = "The pages that were put there, the newest first.", body = PageList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "There is none, or whoever asks may not see it.", body = ErrorBody),
))]
pub(crate) async fn trash(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Json<PageList>, ApiError> {
    let proof = asked.may_to_space::<ViewSpace>(&app.wiki, &id)?;
    Ok(Json(PageList::of(&app.wiki.trash(&proof))))
}
