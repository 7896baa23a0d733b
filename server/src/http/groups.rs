//! `/api/groups`: people together, so that rights are given once.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::{Administer, BeHere};
use weft_ids::{GroupId, UserId};
use weft_wiki::Field;
use weft_wiki::audit::Deed;
use weft_wiki::member::Group;

use super::address::Part;
use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use crate::app::{App, AppState};

/// People together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupView {
    id: String,
    name: String,
    /// Who is in it.
    people: Vec<String>,
}

/// Groups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupList {
    /// By name.
    groups: Vec<GroupView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroupBody {
    name: String,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupChangeBody {
    #[serde(default)]
    name: Option<String>,
    /// Who comes in.
    #[serde(default)]
    add: Vec<String>,
    /// Who goes out.
    #[serde(default)]
    remove: Vec<String>,
}

impl From<Group> for GroupView {
    fn from(group: Group) -> Self {
        let people = group.people.iter().map(|person| person.as_str().to_owned()).collect();
        Self { id: group.id.as_str().to_owned(), name: group.name, people }
    }
}

fn people(ids: &[String]) -> Result<Vec<UserId>, ApiError> {
    let read = |id: &String| {
        UserId::new(id).ok_or_else(|| ApiError::invalid(Field::Who.as_str(), "name people by their ids"))
    };
    ids.iter().map(read).collect()
}

/// What is to be noted of a change.
fn told(app: &App, add: &[UserId], remove: &[UserId]) -> Option<String> {
    let names = |ids: &[UserId]| {
        let names = ids.iter().filter_map(|id| app.wiki.person(id)).map(|person| person.name);
        names.collect::<Vec<_>>().join(", ")
    };
    let parts = [("in: ", add), ("out: ", remove)].into_iter().filter(|(_, ids)| !ids.is_empty());
    let parts: Vec<String> = parts.map(|(word, ids)| format!("{word}{}", names(ids))).collect();
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// Every group.
#[utoipa::path(get, path = "/api/groups", tag = "people", responses(
    (status = 200, description = "The groups.", body = GroupList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<GroupList>, ApiError> {
    let proof = asked.may::<BeHere>(&app.wiki)?;
    let groups = if asked.subject.role() == Some(weft_access::Role::Guest) {
        // A guest knows nobody but whom a page shows them.
        Vec::new()
    } else {
        app.wiki.groups(&proof)
    };
    Ok(Json(GroupList { groups: groups.into_iter().map(GroupView::from).collect() }))
}

/// Makes an empty group.
#[utoipa::path(post, path = "/api/groups", tag = "people", request_body = NewGroupBody, responses(
    (status = 201, description = "The group.", body = GroupView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people.", body = ErrorBody),
    (status = 409, description = "Another group has this name, or one that looks like it.", body = ErrorBody),
    (status = 422, description = "The name cannot be as it is, or there are as many as there may be.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewGroupBody>,
) -> Result<(StatusCode, Json<GroupView>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let group = app.wiki.make_group(&proof, &body.name).await?;
    app.note(&asked, Deed::GroupMade, Some(group.called()), None).await;
    Ok((StatusCode::CREATED, Json(group.into())))
}

/// Names a group otherwise, lets people in and out of it.
#[utoipa::path(patch, path = "/api/groups/{id}", tag = "people", params(("id" = String, Path,)),
    request_body = GroupChangeBody, responses(
    (status = 200, description = "The group as it is now.", body = GroupView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people.", body = ErrorBody),
    (status = 404, description = "There is no such group, or no such person.", body = ErrorBody),
    (status = 409, description = "Another group has this name, or one that looks like it.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<GroupChangeBody>,
) -> Result<Json<GroupView>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let id = GroupId::new(&id).ok_or_else(|| asked.unseen())?;
    let (add, remove) = (people(&body.add)?, people(&body.remove)?);
    let group = app.wiki.change_group(&proof, &id, body.name.as_deref(), &add, &remove).await?;
    app.note(&asked, Deed::GroupChanged, Some(group.called()), told(&app, &add, &remove)).await;
    Ok(Json(group.into()))
}

/// Removes a group, and with it what was granted to it.
#[utoipa::path(delete, path = "/api/groups/{id}", tag = "people", params(("id" = String, Path,)), responses(
    (status = 204, description = "It is gone."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people.", body = ErrorBody),
    (status = 404, description = "There is no such group.", body = ErrorBody),
))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let id = GroupId::new(&id).ok_or_else(|| asked.unseen())?;
    let group = app.wiki.remove_group(&proof, &id).await?;
    app.note(&asked, Deed::GroupRemoved, Some(group.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}
