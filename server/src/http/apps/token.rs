//! Tokens that the server signs for an app.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Refused;
use weft_access::action::Administer;
use weft_ids::AppName;
use weft_wiki::app::{ForeignApp, Signs};

use super::name;
use crate::app::{App, AppState};
use crate::asking::now_seconds;
use crate::auth::app_token::{self, Access, Key, LIFE_SECONDS_MAX, Rooms, TokenError, User, Wish};
use crate::http::address::Part;
use crate::http::asked::Asked;
use crate::http::body::JsonBody;
use crate::http::error::{ApiError, ErrorBody};

/// How long a token holds unless its maker says otherwise, in seconds.
const LIFE_SECONDS: u64 = 600;

/// What a token is to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppTokenBody {
    /// One room, by its name below the app's.
    #[serde(default)]
    room: Option<String>,
    /// All rooms whose names below the app's begin so; empty: all.
    #[serde(default)]
    prefix: Option<String>,
    /// Whether changes are allowed.
    write: bool,
    /// Whom it is for, as presence and history show them.
    #[serde(default)]
    user: Option<AppUserBody>,
    /// How long it opens rooms, at most a day; 10 minutes if left out.
    #[serde(default)]
    seconds: Option<u64>,
}

/// Whom a token is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppUserBody {
    /// Their id within the app.
    #[serde(default)]
    id: Option<String>,
    #[serde(default)]
    name: Option<String>,
    /// `#rrggbb`.
    #[serde(default)]
    color: Option<String>,
}

/// What opens some of an app's rooms.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppTokenView {
    token: String,
    /// When it ends, in milliseconds since 1970.
    expires: u64,
}

/// The app that a token is asked for by: by those who look after the server, or by the app's own backend.
fn may_sign(app: &App, asked: &Asked, name: &AppName) -> Result<ForeignApp, ApiError> {
    if asked.credentials.backend(&app.wiki).as_ref() != Some(name) {
        asked.may::<Administer>(&app.wiki)?;
    }
    Ok(app.wiki.app(name).ok_or(Refused::Hidden)?)
}

/// The newest secret of an app, to sign with.
fn signing_key(app: &App, known: &ForeignApp) -> Result<Key, ApiError> {
    let mut secrets = known.keys.iter().rev().filter(|key| matches!(key.signs, Signs::Secret { .. }));
    match secrets.next() {
        Some(key) => app.app_key(&known.name, key).ok_or_else(ApiError::internal),
        None => Err(ApiError::new(
            StatusCode::CONFLICT,
            "no_secret",
            TokenError::NotOurs.to_string(),
            "Sign the token in the app's backend, or give the app a secret.",
        )),
    }
}

/// Signs a token that opens some of an app's rooms, for apps that share a secret with the server: asked for by its backend
/// with that secret as `Authorization: Bearer`, or by those who look after the server.
#[utoipa::path(post, path = "/api/apps/{app}/tokens", tag = "apps", params(("app" = String, Path,)),
    request_body = AppTokenBody, responses(
    (status = 201, description = "The token.", body = AppTokenView),
    (status = 401, description = "Nobody is signed in, and this is not the app's secret.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app.", body = ErrorBody),
    (status = 409, description = "The app has no secret: it alone signs.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn token(
    State(app): State<AppState>,
    asked: Asked,
    Part(text): Part,
    JsonBody(body): JsonBody<AppTokenBody>,
) -> Result<(StatusCode, Json<AppTokenView>), ApiError> {
    let name = name(&asked, &text)?;
    let known = may_sign(&app, &asked, &name)?;
    let key = signing_key(&app, &known)?;
    let seconds = body.seconds.unwrap_or(LIFE_SECONDS);
    if !(1..=LIFE_SECONDS_MAX).contains(&seconds) {
        return Err(ApiError::invalid("seconds", format!("a token holds 1 to {LIFE_SECONDS_MAX} seconds")));
    }
    let rooms = match (body.room, body.prefix) {
        (Some(room), None) => Rooms::Room(room),
        (None, Some(prefix)) => Rooms::Prefix(prefix),
        _ => return Err(ApiError::invalid("room", "name a room or a prefix, not both")),
    };
    let now = now_seconds();
    let expires = now + seconds;
    let wish = Wish {
        app: name.as_str().to_owned(),
        rooms,
        access: if body.write { Access::Write } else { Access::Read },
        user: body.user.map(|user| User { id: user.id, name: user.name, color: user.color }),
        expires,
    };
    let token = app_token::issue(&key, &wish, now).map_err(|why| {
        let field = if why == TokenError::User { "user" } else { "room" };
        ApiError::invalid(field, why.to_string())
    })?;
    Ok((StatusCode::CREATED, Json(AppTokenView { token, expires: expires * 1_000 })))
}
