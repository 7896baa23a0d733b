//! `/api/people`: everybody who has an account, and what those who look after them do.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Role;
use weft_access::action::{Administer, BeHere, Own};
use weft_ids::{UnixMillis, UserId};
use weft_wiki::audit::Deed;
use weft_wiki::member::{NewPerson, Person, PersonChange};

use super::address::Part;
use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::sign_in::accepted;
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::password::Password;
use crate::auth::secret::{Kind, Secret};

/// Somebody who has an account.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    id: String,
    name: String,
    /// `#rrggbb`.
    color: String,
    /// The address of their picture.
    picture: Option<String>,
    /// `owner`, `admin`, `member` or `guest`.
    role: &'static str,
    suspended: bool,
    #[serde(flatten)]
    #[schema(value_type = CareView)]
    care: Option<CareView>,
}

/// What is told of somebody only to those who look after people; to others it is left out.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CareView {
    #[schema(required = false)]
    email: String,
    #[schema(required = false)]
    created: u64,
    /// When they were last here, to some minutes; null: not since they signed out.
    seen: Option<u64>,
    /// How they sign in: `password`, `passkey`, `provider`, or null if they cannot yet.
    sign_in: Option<&'static str>,
    /// Whether they are asked for a second step.
    #[schema(required = false)]
    totp: bool,
}

/// People.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonList {
    /// By name.
    people: Vec<PersonView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPersonBody {
    name: String,
    email: String,
    /// `owner`, `admin`, `member` or `guest`.
    role: String,
    /// Left out: they choose one by a link.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    password: Option<Password>,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PersonChangeBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    suspended: Option<bool>,
    /// False, by an owner: takes the second step of signing in away from somebody who lost what they need for it.
    #[serde(default)]
    totp: Option<bool>,
}

/// A link to hand to somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LinkView {
    pub(crate) link: String,
}

/// Where a person's picture is, if they have one. Another picture has another address.
pub(crate) fn picture_address(person: &Person) -> Option<String> {
    let picture = person.picture.as_ref()?;
    Some(format!("/api/people/{}/picture?v={picture}", person.id.as_str()))
}

/// Reads a role's word.
pub(crate) fn role(word: &str) -> Result<Role, ApiError> {
    Role::read(word).ok_or_else(|| ApiError::invalid("role", "a role is owner, admin, member or guest"))
}

impl PersonView {
    /// People, as whoever asks may see them.
    fn of_all<'a>(app: &App, asked: &Asked, people: impl IntoIterator<Item = &'a Person>) -> Vec<Self> {
        let cares = app.wiki.allow::<Administer>(&asked.subject).is_ok();
        let seen = cares.then(|| app.wiki.last_seen());
        people.into_iter().map(|person| Self::with(app, person, seen.as_ref())).collect()
    }

    /// Somebody, for whoever looks after them.
    fn of(app: &App, person: &Person) -> Self {
        Self::with(app, person, Some(&app.wiki.last_seen()))
    }

    fn with(app: &App, person: &Person, seen: Option<&HashMap<UserId, UnixMillis>>) -> Self {
        let care = |seen: &HashMap<UserId, UnixMillis>| CareView {
            email: person.email.clone(),
            created: person.created.0,
            seen: seen.get(&person.id).map(|seen| seen.0),
            sign_in: match &person.password {
                Some(_) => Some("password"),
                None if !app.wiki.passkeys(&person.id).is_empty() => Some("passkey"),
                None => app.wiki.has_identity(&person.id).then_some("provider"),
            },
            totp: app.wiki.has_second_step(&person.id),
        };
        Self {
            id: person.id.as_str().to_owned(),
            name: person.name.clone(),
            color: person.color.clone(),
            picture: picture_address(person),
            role: person.role.as_str(),
            suspended: person.suspended.is_some(),
            care: seen.map(care),
        }
    }
}

fn id_of(asked: &Asked, id: &str) -> Result<UserId, ApiError> {
    Ok(UserId::new(id).ok_or_else(|| asked.unseen())?)
}

/// Everybody who has an account. Guests see only themselves.
#[utoipa::path(get, path = "/api/people", tag = "people", responses(
    (status = 200, description = "The people.", body = PersonList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<PersonList>, ApiError> {
    let proof = asked.may::<BeHere>(&app.wiki)?;
    let is_guest = asked.subject.role() == Some(Role::Guest);
    let shown = |person: &Person| !is_guest || asked.subject.user() == Some(&person.id);
    let people = app.wiki.people(&proof);
    let people = people.iter().filter(|person| shown(person));
    Ok(Json(PersonList { people: PersonView::of_all(&app, &asked, people) }))
}

/// Adds somebody without an invitation. On a server without an owner only its operator does, and makes the owner first.
#[utoipa::path(post, path = "/api/people", tag = "people", request_body = NewPersonBody, responses(
    (status = 201, description = "They have an account.", body = PersonView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people, or the role is more than their own.", body = ErrorBody),
    (status = 409, description = "Somebody has this address, or a name that looks like it.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn add(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewPersonBody>,
) -> Result<(StatusCode, Json<PersonView>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let role = role(&body.role)?;
    let password = match body.password {
        Some(password) => {
            let password = accepted(&app, password, &body.email, &body.name)?;
            Some(app.hasher.hash(password).await?)
        }
        None => None,
    };
    let new = NewPerson { email: body.email, name: body.name, role, password };
    let person = app.wiki.add_by_hand(&proof, new, super::server::FIRST_SPACE).await?;
    app.note(&asked, Deed::PersonAdded, Some(person.called()), Some(role.as_str().to_owned())).await;
    Ok((StatusCode::CREATED, Json(PersonView::of(&app, &person))))
}

/// Changes somebody's role, name or address, keeps them out or lets them in again. Whoever is kept out is signed out
/// everywhere at once. An owner also takes a second step away from somebody who lost what they need for it.
#[utoipa::path(patch, path = "/api/people/{id}", tag = "people", params(("id" = String, Path,)),
    request_body = PersonChangeBody, responses(
    (status = 200, description = "Who they are now.", body = PersonView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people, or not after this one.", body = ErrorBody),
    (status = 404, description = "There is nobody with this id.", body = ErrorBody),
    (status = 409, description = "The server would be without an owner, or the address or name is taken.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
    JsonBody(body): JsonBody<PersonChangeBody>,
) -> Result<Json<PersonView>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let id = id_of(&asked, &id)?;
    let before = app.wiki.person(&id);
    let own = match body.totp {
        None => None,
        Some(false) => Some(asked.may::<Own>(&app.wiki)?),
        Some(true) => {
            return Err(ApiError::invalid("totp", "only they themselves turn their second step on"));
        }
    };
    let PersonChangeBody { name, email, suspended, .. } = body;
    let role = body.role.as_deref().map(role).transpose()?;
    let person = app.wiki.change_person(&proof, &id, PersonChange { role, suspended, name, email }).await?;
    if let Some(before) = before {
        if before.suspended.is_some() != person.suspended.is_some() {
            let deed = if person.suspended.is_some() { Deed::Suspended } else { Deed::Readmitted };
            app.note(&asked, deed, Some(person.called()), None).await;
        }
        let mut parts = Vec::new();
        if before.role != person.role {
            parts.push(format!("{} to {}", before.role.as_str(), person.role.as_str()));
        }
        if before.name != person.name {
            parts.push(format!("was called {}", before.name));
        }
        if before.email != person.email {
            parts.push(format!("{} to {}", before.email, person.email));
        }
        if !parts.is_empty() {
            app.note(&asked, Deed::PersonChanged, Some(person.called()), Some(parts.join("; "))).await;
        }
    }
    if let Some(own) = own
        && app.wiki.take_second_step(&own, &id).await?.1
    {
        app.note(&asked, Deed::SecondStepRemoved, Some(person.called()), None).await;
    }
    Ok(Json(PersonView::of(&app, &person)))
}

/// Makes a link with which somebody chooses a new password, to be handed to them. It holds for half an hour.
#[utoipa::path(post, path = "/api/people/{id}/reset", tag = "people", params(("id" = String, Path,)), responses(
    (status = 201, description = "The link.", body = LinkView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people, or not after this one.", body = ErrorBody),
    (status = 404, description = "There is nobody with this id.", body = ErrorBody),
    (status = 422, description = "They are suspended.", body = ErrorBody),
))]
pub(crate) async fn reset(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<(StatusCode, Json<LinkView>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let secret = Secret::random(Kind::Reset);
    let person = app.wiki.make_reset(&proof, &id_of(&asked, &id)?, hash(&secret)).await?;
    app.note(&asked, Deed::ResetMade, Some(person.called()), None).await;
    let link = format!("{}/reset/{}", app.base_url(), *secret.reveal());
    Ok((StatusCode::CREATED, Json(LinkView { link })))
}

/// Removes somebody for good. What they wrote stays, with their name in its history.
#[utoipa::path(delete, path = "/api/people/{id}", tag = "people", params(("id" = String, Path,)), responses(
    (status = 204, description = "They are gone."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not own the server.", body = ErrorBody),
    (status = 404, description = "There is nobody with this id.", body = ErrorBody),
    (status = 409, description = "The server would be without an owner.", body = ErrorBody),
))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<Own>(&app.wiki)?;
    let person = app.wiki.remove_person(&proof, &id_of(&asked, &id)?).await?;
    app.note(&asked, Deed::PersonRemoved, Some(person.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody's picture.
#[utoipa::path(get, path = "/api/people/{id}/picture", tag = "people", params(("id" = String, Path,)), responses(
    (status = 200, description = "The picture.", body = Vec<u8>, content_type = "image/*"),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 404, description = "They have none, or there is nobody with this id.", body = ErrorBody),
))]
pub(crate) async fn picture(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<Response, ApiError> {
    let proof = asked.may::<BeHere>(&app.wiki)?;
    let picture = app.wiki.picture(&proof, &id_of(&asked, &id)?).await?;
    let (kind, bytes) = picture.ok_or(weft_access::Refused::Hidden)?;
    let mut fields = HeaderMap::new();
    fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind.media_type()));
    // The address changes with the picture, and it is nobody's but of those who are here.
    fields.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=604800"));
    fields.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    Ok((fields, bytes).into_response())
}
