//! `/versions`: moments worth coming back to.

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Grant;
use weft_history::{By, Version};
use weft_ids::Seq;

use super::view::Author;
use super::{fresh, json_body, to_json};
use crate::app::AppState;
use crate::http::error::{ApiError, ErrorBody};

/// Names a moment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewVersion {
    /// 1 to 100 characters.
    #[schema(example = "Before the merger")]
    name: String,
    /// The change; the newest unless said.
    seq: Option<u64>,
    /// What the one who names it calls themselves.
    by: Option<String>,
}

/// Gives a version another name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Renamed {
    /// 1 to 100 characters.
    name: String,
}

/// The versions of a document.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Versions {
    /// The newest moment first.
    versions: Vec<VersionView>,
}

/// A moment worth coming back to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    id: String,
    /// Null if it is automatic: where a session ended.
    name: Option<String>,
    /// `named` or `automatic`.
    kind: &'static str,
    /// The last change that is in it.
    seq: u64,
    /// When that was made, in milliseconds since 1970.
    time: u64,
    /// Who named it, if they said.
    by: Option<Author>,
    /// Names its content: the same for the same content, also after a restart or a restore from a backup. Null in the
    /// list for automatic ones.
    hash: Option<String>,
    /// When it was named, in milliseconds since 1970.
    created: Option<u64>,
}

impl From<Version> for VersionView {
    fn from(version: Version) -> Self {
        let Version { id, seq, time, hash, named } = version;
        let kind = if named.is_some() { "named" } else { "automatic" };
        let (name, by, created) = match named {
            Some(named) => (Some(named.name), named.by.map(Author::from), Some(named.created.0)),
            None => (None, None, None),
        };
        Self { id, name, kind, seq: seq.0, time: time.0, by, hash, created }
    }
}

impl From<By> for Author {
    fn from(By { name, user }: By) -> Self {
        let key = match (&user, &name) {
            (Some(user), _) => format!("user:{user}"),
            (None, Some(name)) => format!("name:{name}"),
            (None, None) => String::new(),
        };
        Self { key, name, user }
    }
}

/// Everything below `/versions`.
pub(super) async fn answer(
    app: &AppState,
    grant: Grant,
    id: Option<String>,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    match (&parts.method, id) {
        (&Method::POST, _) => name(app, grant, json_body(&parts.headers, body).await?).await,
        (&Method::PATCH, Some(id)) => rename(app, grant, &id, json_body(&parts.headers, body).await?).await,
        (&Method::DELETE, Some(id)) => unname(app, grant, &id).await,
        (_, Some(id)) => one(app, grant, &id).await,
        (_, None) => list(app, grant).await,
    }
}

fn told(status: StatusCode, version: Version) -> Result<Response, ApiError> {
    Ok(fresh(status, to_json(&VersionView::from(version))?))
}

/// The named versions and the newest automatic ones.
#[utoipa::path(
    get, path = "/api/docs/{name}/versions", tag = "history",
    params(("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb.")),
    responses(
        (status = 200, description = "The versions, newest moment first.", body = Versions),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn list(app: &AppState, grant: Grant) -> Result<Response, ApiError> {
    let versions = app.history.versions(&grant).await?;
    let versions = versions.into_iter().map(VersionView::from).collect();
    Ok(fresh(StatusCode::OK, to_json(&Versions { versions })?))
}

/// One version, with the hash of its content as the log gives it now.
#[utoipa::path(
    get, path = "/api/docs/{name}/versions/{id}", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("id" = String, Path, description = "The version."),
    ),
    responses(
        (status = 200, description = "The version.", body = VersionView),
        (status = 404, description = "There is no such version, or no such document.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn one(app: &AppState, grant: Grant, id: &str) -> Result<Response, ApiError> {
    told(StatusCode::OK, app.history.version(&grant, id).await?)
}

/// Gives a moment a name.
#[utoipa::path(
    post, path = "/api/docs/{name}/versions", tag = "history",
    params(("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb.")),
    request_body = NewVersion,
    responses(
        (status = 201, description = "Named.", body = VersionView),
        (status = 403, description = "Only reading is allowed.", body = ErrorBody),
        (status = 404, description = "There is no such change, it is not kept any more, or there is no such document.", body = ErrorBody),
        (status = 422, description = "Not a name, or as many versions as there may be.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn name(app: &AppState, grant: Grant, new: NewVersion) -> Result<Response, ApiError> {
    let NewVersion { name, seq, by } = new;
    let version = app.history.name_version(&grant, &name, seq.map(Seq), by.as_deref()).await?;
    told(StatusCode::CREATED, version)
}

/// Gives a named version another name.
#[utoipa::path(
    patch, path = "/api/docs/{name}/versions/{id}", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("id" = String, Path, description = "The version."),
    ),
    request_body = Renamed,
    responses(
        (status = 200, description = "Renamed.", body = VersionView),
        (status = 403, description = "Only reading is allowed.", body = ErrorBody),
        (status = 404, description = "There is no such version, or no such document.", body = ErrorBody),
        (status = 422, description = "Not a name, or the version is automatic.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn rename(
    app: &AppState,
    grant: Grant,
    id: &str,
    new: Renamed,
) -> Result<Response, ApiError> {
    told(StatusCode::OK, app.history.rename_version(&grant, id, &new.name).await?)
}

/// Takes the name off a moment, which stays in the history.
#[utoipa::path(
    delete, path = "/api/docs/{name}/versions/{id}", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("id" = String, Path, description = "The version."),
    ),
    responses(
        (status = 204, description = "It has no name any more."),
        (status = 403, description = "Only reading is allowed.", body = ErrorBody),
        (status = 404, description = "There is no such version, or no such document.", body = ErrorBody),
        (status = 422, description = "The version is automatic.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn unname(app: &AppState, grant: Grant, id: &str) -> Result<Response, ApiError> {
    app.history.unname_version(&grant, id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
