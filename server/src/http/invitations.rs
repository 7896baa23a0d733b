//! `/api/invitations`: places offered to people who are not here yet.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::{Administer, ManageSpace};
use weft_ids::InvitationId;
use weft_wiki::audit::Deed;
use weft_wiki::member::{INVITATION_MAX, Invitation, Newcomer, Offer};
use weft_wiki::{Field, WikiError};

use super::address::Part;
use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use super::me::MeView;
use super::people::role;
use super::sign_in::{accepted, sign_in_here};
use super::spaces::level;
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::mail::{Language, Mail};
use crate::auth::password::Password;
use crate::auth::secret::{Kind, Secret};

/// A place offered to somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    id: String,
    /// Whom it is for; null: for whoever has the link.
    email: Option<String>,
    role: &'static str,
    /// The name of whoever made it.
    by: Option<String>,
    created: u64,
    expires: u64,
    spaces: Vec<OfferedSpace>,
}

/// What they will be granted.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfferedSpace {
    space: String,
    /// `view`, `comment`, `edit` or `manage`.
    level: String,
}

/// Places offered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationList {
    /// The newest first.
    invitations: Vec<InvitationView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewInvitationBody {
    /// Left out: for whoever has the link, once.
    #[serde(default)]
    email: Option<String>,
    /// `owner`, `admin`, `member` or `guest`.
    role: String,
    #[serde(default)]
    spaces: Vec<OfferedSpace>,
}

/// A new invitation, with its link.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NewInvitationView {
    id: String,
    /// To hand to whom it is for. It is told here and never again.
    link: String,
    /// Whether it is on its way to them by mail.
    sent: bool,
}

/// What somebody sees who was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitedView {
    /// Whom it is for; null: for whoever has the link.
    email: Option<String>,
    /// Who invited them.
    by: String,
    /// What the wiki is called.
    server: String,
    role: &'static str,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptBody {
    name: String,
    email: String,
    #[schema(value_type = String)]
    password: Password,
}

/// The name of whoever made an invitation.
fn by(app: &App, invitation: &Invitation) -> Option<String> {
    let by = invitation.made.by.as_ref()?;
    app.wiki.person(by).map(|person| person.name)
}

/// The invitations that can still be accepted.
#[utoipa::path(get, path = "/api/invitations", tag = "people", responses(
    (status = 200, description = "The invitations, without their links.", body = InvitationList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people.", body = ErrorBody),
))]
pub(crate) async fn list(
    State(app): State<AppState>,
    asked: Asked,
) -> Result<Json<InvitationList>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let view = |invitation: Invitation| InvitationView {
        by: by(&app, &invitation),
        id: invitation.id.as_str().to_owned(),
        role: invitation.role.as_str(),
        created: invitation.made.at.0,
        expires: invitation.expires.0,
        spaces: invitation
            .spaces
            .iter()
            .map(|(space, level)| OfferedSpace {
                space: space.as_str().to_owned(),
                level: level.as_str().to_owned(),
            })
            .collect(),
        email: invitation.email,
    };
    Ok(Json(InvitationList { invitations: app.wiki.invitations(&proof).into_iter().map(view).collect() }))
}

/// Offers somebody a place, for seven days.
#[utoipa::path(post, path = "/api/invitations", tag = "people", request_body = NewInvitationBody, responses(
    (status = 201, description = "The invitation, with its link.", body = NewInvitationView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people, or the role is more than their own.", body = ErrorBody),
    (status = 404, description = "There is no such space, or whoever asks may not see it.", body = ErrorBody),
    (status = 409, description = "Somebody has this address already.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is, or too many wait for an answer.", body = ErrorBody),
    (status = 429, description = "Too much was made in a short time.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewInvitationBody>,
) -> Result<(StatusCode, Json<NewInvitationView>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    app.limits.create(proof.by().map_or("", |by| by.as_str()))?;
    let role = role(&body.role)?;
    let spaces = body.spaces.iter().map(|offered| {
        let proof = asked.may_to_space::<ManageSpace>(&app.wiki, &offered.space)?;
        Ok((proof, level(Field::Level, &offered.level)?))
    });
    let spaces = spaces.collect::<Result<Vec<_>, ApiError>>()?;
    let secret = Secret::random(Kind::Invitation);
    let invitation =
        app.wiki.invite(&proof, hash(&secret), Offer { email: body.email, role, spaces }).await?;
    app.note(&asked, Deed::Invited, Some(invitation.called()), Some(role.as_str().to_owned())).await;
    let link = format!("{}/invite/{}", app.base_url(), *secret.reveal());
    let sent = send(&app, &invitation, &link);
    let view = NewInvitationView { id: invitation.id.as_str().to_owned(), link, sent };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Sends an invitation's link to whom it is for. Answers whether it is on its way.
fn send(app: &App, invitation: &Invitation, link: &str) -> bool {
    let (Some(mailer), Some(email)) = (&app.mailer, &invitation.email) else { return false };
    let wiki = app.settings.wiki_name.0.as_str();
    let inviter = invitation.made.by.as_ref().and_then(|by| app.wiki.person(by));
    // Nobody knows yet what whoever is invited reads; most read what whoever invites them does.
    let language = Language::of(inviter.as_ref().and_then(|by| by.language.as_deref()));
    let by = inviter.as_ref().map_or(wiki, |by| by.name.as_str());
    let days = INVITATION_MAX.as_secs() / (24 * 60 * 60);
    match mailer.send(email, &Mail::Invitation { wiki, by, link, days }, language) {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "an invitation could not be sent");
            false
        }
    }
}

/// Takes an invitation back.
#[utoipa::path(delete, path = "/api/invitations/{id}", tag = "people", params(("id" = String, Path,)), responses(
    (status = 204, description = "Its link opens nothing any more."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after people.", body = ErrorBody),
    (status = 404, description = "There is none that could still be accepted.", body = ErrorBody),
))]
pub(crate) async fn revoke(
    State(app): State<AppState>,
    asked: Asked,
    Part(id): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let id = InvitationId::new(&id).ok_or_else(|| asked.unseen())?;
    let invitation = app.wiki.revoke_invitation(&proof, &id).await?;
    app.note(&asked, Deed::InvitationRevoked, Some(invitation.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}

fn opened(app: &App, asked: &Asked, text: &str) -> Result<(Secret, Invitation), ApiError> {
    app.limits.link(asked.address)?;
    let secret = Secret::parse(Kind::Invitation, text).ok_or(WikiError::Gone)?;
    let invitation = app.wiki.invitation_by_secret(&hash(&secret)).ok_or(WikiError::Gone)?;
    Ok((secret, invitation))
}

/// What a link offers.
#[utoipa::path(get, path = "/api/invitations/{id}", tag = "people",
    params(("id" = String, Path, description = "The secret of its link.")), responses(
    (status = 200, description = "What is offered, and by whom.", body = InvitedView),
    (status = 410, description = "It was used already, taken back, or has ended.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn one(
    State(app): State<AppState>,
    asked: Asked,
    Part(secret): Part,
) -> Result<Json<InvitedView>, ApiError> {
    let (_, invitation) = opened(&app, &asked, &secret)?;
    let server = app.settings.wiki_name.0.clone();
    let by = by(&app, &invitation).unwrap_or_else(|| server.clone());
    Ok(Json(InvitedView { by, server, role: invitation.role.as_str(), email: invitation.email }))
}

/// Accepts an invitation: whoever does is here, and signed in.
#[utoipa::path(post, path = "/api/invitations/{id}", tag = "people",
    params(("id" = String, Path, description = "The secret of its link.")),
    request_body = AcceptBody, responses(
    (status = 201, description = "They have an account, with this cookie.", body = MeView),
    (status = 409, description = "Somebody has this address, or a name that looks like it.", body = ErrorBody),
    (status = 410, description = "It was used already, taken back, or has ended.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
    (status = 429, description = "Too many links were tried.", body = ErrorBody),
))]
pub(crate) async fn accept(
    State(app): State<AppState>,
    asked: Asked,
    Part(secret): Part,
    headers: HeaderMap,
    JsonBody(body): JsonBody<AcceptBody>,
) -> Result<Response, ApiError> {
    let (secret, _) = opened(&app, &asked, &secret)?;
    let password = accepted(&app, body.password, &body.email, &body.name)?;
    let password = Some(app.hasher.hash(password).await?);
    let newcomer = Newcomer { name: body.name, email: body.email, password };
    let person = app.wiki.accept_invitation(&hash(&secret), newcomer).await?;
    let detail = Some(person.role.as_str().to_owned());
    app.note_of(Some(person.id.clone()), &asked, Deed::Joined, Some(person.called()), detail).await;
    sign_in_here(&app, &asked, &headers, &person, StatusCode::CREATED).await
}
