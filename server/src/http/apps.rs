//! `/api/apps`: namespaces of rooms for foreign apps, their keys, and the tokens that open them.

mod token;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::Administer;
use weft_ids::{AppKeyId, AppName, DocId};
use weft_wiki::app::{AppChange, AppKey, ForeignApp, Signs};
use weft_wiki::audit::{Called, Deed};
use weft_wiki::{Field, SecretHash};
use zeroize::Zeroizing;

pub(crate) use self::token::*;
use super::address::{Part, Parts};
use super::asked::Asked;
use super::audit::Noted;
use super::body::JsonBody;
use super::error::{ApiError, ErrorBody};
use crate::app::{App, AppState};
use crate::asking::hash;
use crate::auth::app_token::{Key, public_key, public_key_text};
use crate::auth::seal::Purpose;
use crate::auth::secret::{Kind, Secret};
use crate::config::{Origins, SettingValue as _};

/// The most documents of an app that are counted.
const DOCUMENTS_COUNTED_MAX: usize = 10_000;

/// A foreign app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppView {
    /// What its rooms' names begin with, before a slash.
    app: String,
    /// What people call it.
    name: String,
    /// With what its tokens are checked, the oldest first; at most 4.
    keys: Vec<AppKeyView>,
    /// The web pages, by origin, from which its rooms may be opened.
    origins: Vec<String>,
    /// In milliseconds since 1970.
    created: u64,
    /// How many rooms of it were ever written; no more than 10,000 are counted.
    documents: usize,
    /// How many of its rooms are open now.
    rooms: usize,
    /// How many sessions are in them.
    sessions: usize,
    /// About how much memory they take, in bytes.
    memory_bytes: u64,
}

/// One key of an app.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AppKeyView {
    id: String,
    /// `secret`: the app shares it with the server (HS256). `public`: the app alone signs (EdDSA).
    kind: &'static str,
    /// A public key, as a JWK has it in `x`.
    #[serde(skip_serializing_if = "Option::is_none")]
    public_key: Option<String>,
    /// In milliseconds since 1970.
    created: u64,
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
    /// Its Ed25519 public key, as a JWK has it in `x`, if it alone is to sign. Left out: it gets a secret.
    #[serde(default)]
    public_key: Option<String>,
}

/// What is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppChangeBody {
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    origins: Option<Vec<String>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewAppKeyBody {
    /// An Ed25519 public key, as a JWK has it in `x`. Left out: a new secret is made.
    #[serde(default)]
    public_key: Option<String>,
}

/// An app, with its newest secret if that is new.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AppMade {
    #[serde(flatten)]
    app: AppView,
    /// For its backend, which signs tokens with it (HS256) or shows it to have them signed. It is told here and never
    /// again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
}

impl From<&AppKey> for AppKeyView {
    fn from(key: &AppKey) -> Self {
        let (kind, public_key) = match &key.signs {
            Signs::Secret { .. } => ("secret", None),
            Signs::Public(key) => ("public", Some(public_key_text(key))),
        };
        Self { id: key.id.as_str().to_owned(), kind, public_key, created: key.made.at.0 }
    }
}

impl Noted for ForeignApp {
    fn called(&self) -> Called {
        Called { id: self.name.as_str().to_owned(), name: self.title.clone() }
    }
}

impl App {
    /// A key of an app, ready to check with. `None`: it was sealed with another key than this server has.
    pub(crate) fn app_key(&self, name: &AppName, key: &AppKey) -> Option<Key> {
        match &key.signs {
            Signs::Public(key) => Some(Key::Public(*key)),
            Signs::Secret { sealed, .. } => match self.key.open(Purpose::App(name.as_str()), sealed) {
                Ok(secret) => Some(Key::Shared(secret)),
                Err(why) => {
                    // The log said so when the server started; strangers are not to fill it.
                    tracing::debug!(app = name.as_str(), %why, "an app's secret cannot be read");
                    None
                }
            },
        }
    }

    async fn app_view(&self, app: ForeignApp) -> Result<AppView, ApiError> {
        let beginning = format!("{}/", app.name);
        let usage = self.hub.open_below(&beginning);
        let beginning = DocId::new(&beginning).map_err(|_| ApiError::internal())?;
        Ok(AppView {
            app: app.name.as_str().to_owned(),
            keys: app.keys.iter().map(AppKeyView::from).collect(),
            name: app.title,
            origins: app.origins,
            created: app.made.at.0,
            documents: self.hub.documents_below(&beginning, DOCUMENTS_COUNTED_MAX).await?,
            rooms: usage.rooms,
            sessions: usage.sessions,
            memory_bytes: usage.memory_bytes,
        })
    }

    async fn app_made(
        &self,
        app: ForeignApp,
        secret: Option<Zeroizing<String>>,
    ) -> Result<AppMade, ApiError> {
        Ok(AppMade { app: self.app_view(app).await?, secret: secret.map(|secret| secret.to_string()) })
    }

    /// The key that a form asks for: as it is kept, and as it is told if it is a secret.
    fn new_key(
        &self,
        name: &AppName,
        public: Option<&str>,
    ) -> Result<(Signs, Option<Zeroizing<String>>), ApiError> {
        if let Some(x) = public {
            let key = public_key(x).map_err(|why| ApiError::invalid(Field::Key.as_str(), why.to_string()))?;
            return Ok((Signs::Public(key), None));
        }
        let secret = Secret::random(Kind::App);
        let text = secret.reveal();
        let sealed = self.key.seal(Purpose::App(name.as_str()), text.as_bytes());
        let hash: SecretHash = hash(&secret);
        Ok((Signs::Secret { sealed: sealed.ok_or_else(ApiError::internal)?, hash }, Some(text)))
    }
}

fn name(asked: &Asked, text: &str) -> Result<AppName, ApiError> {
    Ok(AppName::new(text).ok_or_else(|| asked.unseen())?)
}

/// The origins that a form names.
fn origins(texts: &[String]) -> Result<Vec<String>, ApiError> {
    let invalid = |why: String| ApiError::invalid(Field::Origins.as_str(), why);
    let read = |text: &String| {
        let known = Origins::parse(text).map_err(invalid)?;
        match known.0.first() {
            Some(origin) if known.0.len() == 1 && origin != "null" => Ok(origin.clone()),
            _ => Err(invalid("an origin looks like https://app.example.com".to_owned())),
        }
    };
    texts.iter().map(read).collect()
}

/// Every app.
#[utoipa::path(get, path = "/api/apps", tag = "apps", responses(
    (status = 200, description = "The apps.", body = AppList),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 503, description = "The store fails.", body = ErrorBody),
))]
pub(crate) async fn list(State(app): State<AppState>, asked: Asked) -> Result<Json<AppList>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let mut apps = Vec::new();
    for one in app.wiki.apps(&proof) {
        apps.push(app.app_view(one).await?);
    }
    Ok(Json(AppList { apps }))
}

/// Registers an app: rooms whose names begin with its own, and a slash, need a token of it from now on.
#[utoipa::path(post, path = "/api/apps", tag = "apps", request_body = NewAppBody, responses(
    (status = 201, description = "The app, with its secret.", body = AppMade),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 409, description = "There is an app of this name.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is, or there are as many as there may be.", body = ErrorBody),
))]
pub(crate) async fn make(
    State(app): State<AppState>,
    asked: Asked,
    JsonBody(body): JsonBody<NewAppBody>,
) -> Result<(StatusCode, Json<AppMade>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let why = "an app's name has 1 to 40 of a-z, 0-9 and -, begins with a letter, and is not \"page\"";
    let name = AppName::new(&body.app).ok_or_else(|| ApiError::invalid(Field::App.as_str(), why))?;
    let (signs, secret) = app.new_key(&name, body.public_key.as_deref())?;
    let made = app.wiki.make_app(&proof, name, &body.name, signs, origins(&body.origins)?).await?;
    app.note(&asked, Deed::AppMade, Some(made.called()), None).await;
    Ok((StatusCode::CREATED, Json(app.app_made(made, secret).await?)))
}

/// Changes what an app is called, or from which pages its rooms may be opened.
#[utoipa::path(patch, path = "/api/apps/{app}", tag = "apps", params(("app" = String, Path,)),
    request_body = AppChangeBody, responses(
    (status = 200, description = "The app as it is now.", body = AppView),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app.", body = ErrorBody),
    (status = 422, description = "Something cannot be as it is.", body = ErrorBody),
))]
pub(crate) async fn change(
    State(app): State<AppState>,
    asked: Asked,
    Part(text): Part,
    JsonBody(body): JsonBody<AppChangeBody>,
) -> Result<Json<AppView>, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let name = name(&asked, &text)?;
    let origins = body.origins.as_deref().map(origins).transpose()?;
    let detail = origins.as_ref().map(|origins| format!("origins: {}", origins.join(" ")));
    let changed = app.wiki.change_app(&proof, &name, AppChange { title: body.name, origins }).await?;
    app.note(&asked, Deed::AppChanged, Some(changed.called()), detail).await;
    Ok(Json(app.app_view(changed).await?))
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
    Part(text): Part,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let removed = app.wiki.remove_app(&proof, &name(&asked, &text)?).await?;
    app.note(&asked, Deed::AppRemoved, Some(removed.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives an app one more key: a new secret, or a public key of its own. Those that it has go on to hold, so that its
/// backend can change over before the old one is removed.
#[utoipa::path(post, path = "/api/apps/{app}/keys", tag = "apps", params(("app" = String, Path,)),
    request_body = NewAppKeyBody, responses(
    (status = 201, description = "The app as it is now, with the secret if there is a new one.", body = AppMade),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app.", body = ErrorBody),
    (status = 409, description = "The app has this very key.", body = ErrorBody),
    (status = 422, description = "This is no key, or the app has as many as it may have.", body = ErrorBody),
))]
pub(crate) async fn add_key(
    State(app): State<AppState>,
    asked: Asked,
    Part(text): Part,
    JsonBody(body): JsonBody<NewAppKeyBody>,
) -> Result<(StatusCode, Json<AppMade>), ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let name = name(&asked, &text)?;
    let (signs, secret) = app.new_key(&name, body.public_key.as_deref())?;
    let changed = app.wiki.add_app_key(&proof, &name, signs).await?;
    let detail = if secret.is_some() { "a secret" } else { "a public key" };
    app.note(&asked, Deed::AppKeyAdded, Some(changed.called()), Some(detail.to_owned())).await;
    Ok((StatusCode::CREATED, Json(app.app_made(changed, secret).await?)))
}

/// Takes a key away from an app: what was signed with it opens nothing any more.
#[utoipa::path(delete, path = "/api/apps/{app}/keys/{key}", tag = "apps",
    params(("app" = String, Path,), ("key" = String, Path,)), responses(
    (status = 204, description = "It is gone, and what it opened is closed."),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 404, description = "There is no such app, or it has no such key.", body = ErrorBody),
))]
pub(crate) async fn remove_key(
    State(app): State<AppState>,
    asked: Asked,
    Parts([text, key]): Parts,
) -> Result<StatusCode, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let (name, key) = (name(&asked, &text)?, AppKeyId::new(&key).ok_or_else(|| asked.unseen())?);
    let changed = app.wiki.remove_app_key(&proof, &name, &key).await?;
    app.note(&asked, Deed::AppKeyRemoved, Some(changed.called()), None).await;
    Ok(StatusCode::NO_CONTENT)
}
