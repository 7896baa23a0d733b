//! `/api/me`: one's own account.

pub(crate) mod sign_ins;
pub(crate) mod tokens;
pub(crate) mod totp;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Refused;
use weft_access::action::KeepAccount;
use weft_wiki::audit::Deed;
use weft_wiki::digest::Rhythm;
use weft_wiki::member::{PICTURE_BYTES_MAX, Person, Profile, Theme};

use super::asked::Asked;
use super::audit::Noted as _;
use super::body::JsonBody;
use super::docs::read_body;
use super::error::{ApiError, ErrorBody};
use super::people::picture_address;
use super::sign_in::accepted;
use super::spaces::given;
use crate::app::{App, AppState};
use crate::auth::password::{Password, Verdict};

/// Whoever asks, as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MeView {
    id: String,
    name: String,
    email: String,
    /// `owner`, `admin`, `member` or `guest`.
    role: &'static str,
    /// `#rrggbb`.
    color: String,
    /// The address of their picture.
    picture: Option<String>,
    /// Null: as the browser has it.
    language: Option<String>,
    /// By its IANA name. Null: as the browser has it.
    time_zone: Option<String>,
    /// `auto`, `light` or `dark`.
    theme: &'static str,
    /// How often they are told by mail of what they have not looked at: `off`, `daily` or `weekly`.
    digest: &'static str,
    has_password: bool,
    /// Whether a code of an authenticator app is asked for when they sign in.
    totp: bool,
    /// How many passkeys they have.
    passkeys: usize,
}

impl MeView {
    pub(crate) fn of(app: &App, person: &Person) -> Self {
        Self {
            id: person.id.as_str().to_owned(),
            name: person.name.clone(),
            email: person.email.clone(),
            role: person.role.as_str(),
            color: person.color.clone(),
            picture: picture_address(person),
            language: person.language.clone(),
            time_zone: person.time_zone.clone(),
            theme: person.theme.as_str(),
            digest: person.digest.as_str(),
            has_password: person.password.is_some(),
            totp: app.wiki.has_second_step(&person.id),
            passkeys: app.wiki.passkeys(&person.id).len(),
        }
    }
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct MeChangeBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    color: Option<String>,
    /// Null: as the browser has it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    language: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    time_zone: Option<Option<String>>,
    #[serde(default)]
    theme: Option<String>,
    /// `off`, `daily` or `weekly`.
    #[serde(default)]
    digest: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    /// The one they have, if they have one.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    current: Option<Password>,
    #[schema(value_type = String)]
    password: Password,
}

/// Whoever asks, as they are now.
pub(crate) fn oneself(app: &App, asked: &Asked) -> Result<Person, ApiError> {
    let person = asked.subject.person.as_ref().and_then(|person| app.wiki.person(&person.user));
    Ok(person.ok_or(Refused::SignIn)?)
}

/// Whoever asks.
#[utoipa::path(get, path = "/api/me", tag = "me", responses(
    (status = 200, description = "Who they are.", body = MeView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 409, description = "The server has no owner yet, so nobody can be.", body = ErrorBody),
))]
pub(crate) async fn me(State(app): State<AppState>, asked: Asked) -> Result<Json<MeView>, ApiError> {
    if !app.wiki.is_set_up() {
        return Err(ApiError::new(
            StatusCode::CONFLICT,
            "set_up",
            "this server has no owner yet",
            "Open the set-up link that Weft printed when it was started.",
        ));
    }
    Ok(Json(MeView::of(&app, &oneself(&app, &asked)?)))
}

/// Changes what one is called, looks like, how one sees Weft, and what one is told by mail.
#[utoipa::path(patch, path = "/api/me", tag = "me", request_body = MeChangeBody, responses(
    (status = 200, description = "Who they are now.", body = MeView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "A key does not change its person's account.", body = ErrorBody),
    (status = 409, description = "The name looks like somebody else's, in letters of another script.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<MeChangeBody>,
) -> Result<Json<MeView>, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let no_theme = || ApiError::invalid("theme", "a theme is auto, light or dark");
    let theme = body.theme.as_deref().map(|word| Theme::read(word).ok_or_else(no_theme)).transpose()?;
    let no_digest = || ApiError::invalid("digest", "a digest comes daily, weekly, or is off");
    let digest = body.digest.as_deref().map(|word| Rhythm::read(word).ok_or_else(no_digest)).transpose()?;
    let MeChangeBody { name, color, language, time_zone, .. } = body;
    let profile = Profile { name, color, language, time_zone, theme, digest };
    let person = app.wiki.change_profile(&proof, profile).await?;
    Ok(Json(MeView::of(&app, &person)))
}

/// Gives oneself a picture: a PNG, JPEG or WebP of at most 512 KiB.
#[utoipa::path(put, path = "/api/me/picture", tag = "me",
    request_body(content = Vec<u8>, content_type = "image/*"), responses(
    (status = 200, description = "Who they are now.", body = MeView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 413, description = "It is too large.", body = ErrorBody),
    (status = 422, description = "It is no picture.", body = ErrorBody),
))]
pub(crate) async fn set_picture(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<MeView>, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let bytes = read_body(&headers, body, PICTURE_BYTES_MAX).await?;
    let person = app.wiki.set_picture(&proof, &bytes).await?;
    Ok(Json(MeView::of(&app, &person)))
}

/// Takes one's picture away.
#[utoipa::path(delete, path = "/api/me/picture", tag = "me", responses(
    (status = 204, description = "There is none."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
))]
pub(crate) async fn remove_picture(
    State(app): State<AppState>,
    asked: Asked,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    app.wiki.remove_picture(&proof).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// That whoever asks knows their password, if they have one. It stands in this field of the request.
pub(crate) async fn confirm(
    app: &App,
    asked: &Asked,
    person: &Person,
    field: &'static str,
    current: Option<Password>,
) -> Result<(), ApiError> {
    let Some(known) = &person.password else { return Ok(()) };
    let current = current.ok_or_else(|| ApiError::invalid(field, "give the password that you have"))?;
    app.limits.sign_in(&person.email, asked.address)?;
    match app.hasher.verify(current, Some(known.clone())).await? {
        Verdict::Right { .. } => Ok(()),
        Verdict::Wrong => Err(ApiError::new(
            StatusCode::UNAUTHORIZED,
            "wrong",
            "this is not the password that you have",
            "Nothing was changed. Type it again; if you forgot it, sign out and choose a new one.",
        )
        .about(field)),
    }
}

/// Chooses another password. Every other browser of theirs is signed out.
#[utoipa::path(post, path = "/api/me/password", tag = "me", request_body = PasswordBody, responses(
    (status = 204, description = "From now on it is the new one."),
    (status = 401, description = "Nobody is signed in, or the current password is not right.", body = ErrorBody),
    (status = 422, description = "The new one is too easy to guess, or the current one is missing.", body = ErrorBody),
    (status = 429, description = "Too many were tried.", body = ErrorBody),
))]
pub(crate) async fn set_password(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<PasswordBody>,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<KeepAccount>(&app.wiki)?;
    let person = oneself(&app, &asked)?;
    confirm(&app, &asked, &person, "current", body.current).await?;
    let password = accepted(&app, body.password, &person.email, &person.name)?;
    let hash = app.hasher.hash(password).await?;
    app.wiki.change_password(&proof, hash, asked.sign_in()).await?;
    app.note(&asked, Deed::PasswordChanged, Some(person.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}
