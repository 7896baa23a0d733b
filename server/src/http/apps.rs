//! `/api/apps`: namespaces of rooms for foreign apps, and the tokens that open them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Allowed;
use weft_access::action::Administer;
use weft_ids::AppName;
use weft_wiki::Field;
use weft_wiki::app::{AppChange, AppKey, ForeignApp};
use weft_wiki::audit::{Called, Deed};

use super::asked::Asked;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use crate::app::{App, AppState};
use crate::asking::now_seconds;
use crate::auth::app_token::{self, Access, AppToken, Key, LIFE_SECONDS_MAX, Rooms, User};
use crate::auth::seal::Purpose;
use crate::config::{Origins, SettingValue as _};

/// How long a token lives unless its maker says otherwise, in seconds.
const LIFE_SECONDS: u64 = 3_600;

/// A foreign app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppView {
    /// What its rooms' names begin with, before a slash.
    app: String,
    /// What people call it.
    name: String,
    /// `secret`: it shares one with the server. `public`: it signs its tokens itself.
    key: &'static str,
    /// The web pages, by origin, from which its rooms may be opened.
    origins: Vec<String>,
    created: u64,
    /// How many of its rooms are open now.
    rooms: usize,
    /// How many sessions are in them.
    sessions: usize,
}

/// Apps.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppList {
    /// By their rooms' beginnings.
    apps: Vec<AppView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAppBody {
    /// What its rooms' names are to begin with: 1 to 40 of a-z, 0-9 and -, beginning with a letter.
    app: String,
    name: String,
    #[serde(default)]
    origins: Vec<String>,
    /// Its Ed25519 public key, as a JWK has it in `x`, if it signs its tokens itself.
    #[serde(default)]
    public_key: Option<String>,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct AppChangeBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    origins: Option<Vec<String>>,
    /// Its public key, another or for the first time.
    #[serde(default)]
    public_key: Option<String>,
    /// Makes a new secret; the old key ends at once.
    #[serde(default)]
    new_secret: bool,
}

/// An app, with its secret if that is new.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppMade {
    #[serde(flatten)]
    app: AppView,
    /// For its backend, which signs tokens with it (HS256) or asks for them. It is told here and never again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

/// What a token is to open.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenBody {
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
    user: Option<UserBody>,
    /// How long it holds, at most a day.
    #[serde(default)]
    seconds: Option<u64>,
}

/// Whom a token is for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserBody {
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
pub(crate) struct TokenView {
    token: String,
    /// When it ends, in milliseconds since 1970.
    expires: u64,
}

impl App {
    /// The key of an app, ready to check with. `None`: it was sealed with another key than this server has.
    pub(crate) fn app_key(&self, name: &AppName, key: &AppKey) -> Option<Key> {
        match key {
            AppKey::Public(key) => Some(Key::Public(*key)),
            AppKey::Shared(sealed) => match self.key.open(Purpose::App(name.as_str()), sealed) {
                Ok(secret) => Key::shared(secret).ok(),
                Err(why) => {
                    tracing::error!(app = name.as_str(), %why, "an app's secret cannot be read");
                    None
                }
            },
        }
    }

    fn app_view(&self, app: ForeignApp) -> AppView {
        let (rooms, sessions) = self.hub.open_below(&format!("{}/", app.name));
        AppView {
            app: app.name.as_str().to_owned(),
            name: app.title,
            key: match app.key {
                AppKey::Shared(_) => "secret",
                AppKey::Public(_) => "public",
            },
            origins: app.origins,
            created: app.made.at.0,
            rooms,
            sessions,
        }
    }
}

fn name(asked: &Asked, text: &str) -> Result<AppName, ApiError> {
    Ok(AppName::new(text).ok_or_else(|| asked.unseen())?)
}

fn called(app: &ForeignApp) -> Called {
    Called { id: app.name.as_str().to_owned(), name: app.title.clone() }
}

/// The origins that a form names.
fn origins(texts: &[String]) -> Result<Vec<String>, ApiError> {
    let read = |text: &String| {
        let known = Origins::parse(text).map_err(|why| ApiError::invalid("origins", why))?;
        match known.0.first() {
            Some(origin) if known.0.len() == 1 && origin != "null" => Ok(origin.clone()),
            _ => Err(ApiError::invalid("origins", "an origin looks like https://app.example.com")),
        }
    };
    texts.iter().map(read).collect()
}

fn public_key(text: &str) -> Result<AppKey, ApiError> {
    match Key::public(text) {
        Ok(Key::Public(key)) => Ok(AppKey::Public(key)),
        Ok(Key::Shared(_)) => Err(ApiError::internal()),
        Err(why) => Err(ApiError::invalid("publicKey", why.to_string())),
    }
}

/// A new shared secret: as it is kept, and as it is told.
fn secret(app: &App, name: &AppName) -> Result<(AppKey, String), ApiError> {
    let Key::Shared(bytes) = Key::random() else { return Err(ApiError::internal()) };
    // What is signed with is the text itself: that is what a backend has in its settings.
    let text = URL_SAFE_NO_PAD.encode(bytes.as_slice());
    let sealed = app.key.seal(Purpose::App(name.as_str()), text.as_bytes()).ok_or_else(ApiError::internal)?;
    Ok((AppKey::Shared(sealed), text))
}

/// Every app.
#[utoipa::path(get, path = "/api/apps", tag = "apps", responses(
    (status = 200, description = "The apps.", body = AppList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<AppList>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let apps = app.wiki.apps(&proof).into_iter().map(|one| app.app_view(one)).collect();
    Ok(Json(AppList { apps }))
}

/// Registers an app: rooms whose names begin with its own, and a slash, need a token of it from now on.
#[utoipa::path(post, path = "/api/apps", tag = "apps", request_body = NewAppBody, responses(
    (status = 201, description = "The app, with its secret.", body = AppMade),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 409, description = "There is an app of this name.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewAppBody>,
) -> Result<(StatusCode, Json<AppMade>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let why = "an app's name has 1 to 40 of a-z, 0-9 and -, begins with a letter, and is not \"page\"";
    let name = AppName::new(&body.app).ok_or_else(|| ApiError::invalid(Field::App.as_str(), why))?;
    let (key, secret) = match &body.public_key {
        Some(x) => (public_key(x)?, None),
        None => secret(&app, &name).map(|(key, text)| (key, Some(text)))?,
    };
    let made = app.wiki.make_app(&proof, name, &body.name, key, origins(&body.origins)?).await?;
    app.note(&asked, Deed::AppMade, Some(called(&made)), None).await;
    Ok((StatusCode::CREATED, Json(AppMade { app: app.app_view(made), secret })))
}

/// Changes what an app is called, where its pages are, or its key.
#[utoipa::path(patch, path = "/api/apps/{app}", tag = "apps", params(("app" = String, Path,)),
    request_body = AppChangeBody, responses(
    (status = 200, description = "The app as it is now, with its secret if that is new.", body = AppMade),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Path(text): Path<String>,
    JsonBody(body): JsonBody<AppChangeBody>,
) -> Result<Json<AppMade>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let name = name(&asked, &text)?;
    let (key, secret) = match (&body.public_key, body.new_secret) {
        (None, false) => (None, None),
        (Some(x), false) => (Some(public_key(x)?), None),
        (None, true) => secret(&app, &name).map(|(key, text)| (Some(key), Some(text)))?,
        (Some(_), true) => {
            return Err(ApiError::invalid("publicKey", "a public key or a new secret, not both"));
        }
    };
    let has_key = key.is_some();
    let origins = body.origins.as_deref().map(origins).transpose()?;
    let change = AppChange { title: body.name, key, origins };
    let changed = app.wiki.change_app(&proof, &name, change).await?;
    let detail = has_key.then(|| "another key".to_owned());
    app.note(&asked, Deed::AppChanged, Some(called(&changed)), detail).await;
    Ok(Json(AppMade { app: app.app_view(changed), secret }))
}

/// Removes an app: its tokens open nothing any more. Its rooms stay, as rooms that are nobody's.
#[utoipa::path(delete, path = "/api/apps/{app}", tag = "apps", params(("app" = String, Path,)), responses(
    (status = 204, description = "It is gone, and whoever was in its rooms is out of them."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app.", body = ErrorBody),
))]
pub(crate) async fn remove(
    State(app): State<AppState>,
    asked: Asked,
    Path(text): Path<String>,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let removed = app.wiki.remove_app(&proof, &name(&asked, &text)?).await?;
    app.note(&asked, Deed::AppRemoved, Some(called(&removed)), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Who asks for a token: those who look after the server, or the app's own backend by its secret.
fn may_sign(app: &App, asked: &Asked, headers: &HeaderMap, name: &AppName) -> Result<ForeignApp, ApiError> {
    let by_secret = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
        .and_then(|shown| {
            let known = app.wiki.app(name)?;
            let Key::Shared(secret) = app.app_key(name, &known.key)? else { return None };
            // Both are hashed first, so that comparing takes the same time wherever a guess goes wrong.
            let hash = |bytes: &[u8]| blake3::hash(bytes);
            (hash(&secret) == hash(shown.as_bytes())).then_some(known)
        });
    if let Some(known) = by_secret {
        return Ok(known);
    }
    let _proof: Allowed<Administer> = asked.may::<Administer>(&app.wiki)?;
    Ok(app.wiki.app(name).ok_or(weft_access::Refused::Hidden)?)
}

/// Signs a token that opens some of an app's rooms, for apps that share a secret with the server: asked for by its backend
/// with that secret as `Authorization: Bearer`, or by those who look after the server.
#[utoipa::path(post, path = "/api/apps/{app}/tokens", tag = "apps", params(("app" = String, Path,)),
    request_body = TokenBody, responses(
    (status = 201, description = "The token.", body = TokenView),
    (status = 401, description = "Nobody is signed in, and this is not the app's secret.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is, or the app signs its tokens itself.", body = ErrorBody),
))]
pub(crate) async fn token(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    Path(text): Path<String>,
    JsonBody(body): JsonBody<TokenBody>,
) -> Result<(StatusCode, Json<TokenView>), ApiError> {
    let name = name(&asked, &text)?;
    let known = may_sign(&app, &asked, &headers, &name)?;
    let key = app.app_key(&name, &known.key).ok_or_else(ApiError::internal)?;
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
    let wish = AppToken {
        app: name.as_str().to_owned(),
        rooms,
        access: if body.write { Access::Write } else { Access::Read },
        user: body.user.map(|user| User { id: user.id, name: user.name, color: user.color }),
        expires: now + seconds,
    };
    let token = app_token::issue(&key, &wish, now).map_err(|why| {
        let field = if why == app_token::TokenError::User { "user" } else { "room" };
        ApiError::invalid(field, why.to_string())
    })?;
    Ok((StatusCode::CREATED, Json(TokenView { token, expires: (now + seconds) * 1_000 })))
}
