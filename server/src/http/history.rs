//! `/api/docs/{name}/…`: what a document was, who made it so, and the way back.

mod difference;
mod error;
mod moment;
mod restore;
mod timeline;
mod version;
mod view;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use weft_access::Grant;
use weft_history::HistoryError;
use weft_ids::ClientId;
use weft_wire::Place;

use super::body::is_object;
use super::docs::read_body;
use super::error::ApiError;
use crate::app::AppState;

pub(crate) use difference::*;
pub(crate) use moment::*;
pub(crate) use restore::*;
pub(crate) use timeline::*;
pub(crate) use version::*;

/// The largest wish, in bytes of JSON.
const WISH_BYTES_MAX: usize = 256 << 10;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What may be asked of a document's past: the part of the path after its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    Timeline,
    Density,
    /// The record as it stands in the path, if it stands there.
    At(Option<String>),
    Diff,
    Blame,
    /// All of them, or one.
    Versions(Option<String>),
    Restore,
    Copy,
}

impl Ask {
    /// `rest` is what comes after the document's name and a slash.
    pub(crate) fn read(rest: &str) -> Option<Self> {
        let (first, second) = rest.split_once('/').map_or((rest, None), |(one, two)| (one, Some(two)));
        Some(match (first, second) {
            ("history", None) => Self::Timeline,
            ("history", Some("density")) => Self::Density,
            ("diff", None) => Self::Diff,
            ("blame", None) => Self::Blame,
            ("versions", id) if id.is_none_or(|id| !id.is_empty() && !id.contains('/')) => {
                Self::Versions(id.map(str::to_owned))
            }
            ("restore", None) => Self::Restore,
            ("copy", None) => Self::Copy,
            ("at", seq) if seq.is_none_or(|seq| !seq.contains('/')) => Self::At(seq.map(str::to_owned)),
            _ => return None,
        })
    }

    pub(crate) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Timeline | Self::Density | Self::At(_) | Self::Diff | Self::Blame => {
                &[Method::GET, Method::HEAD]
            }
            Self::Versions(None) => &[Method::GET, Method::HEAD, Method::POST],
            Self::Versions(Some(_)) => &[Method::GET, Method::HEAD, Method::PATCH, Method::DELETE],
            Self::Restore | Self::Copy => &[Method::POST],
        }
    }
}

/// Answers. The grant is to write where the method is one that changes something.
pub(crate) async fn answer(
    app: &AppState,
    grant: Grant,
    ask: Ask,
    parts: &Parts,
    body: Body,
) -> Result<Response, ApiError> {
    match ask {
        Ask::Timeline => timeline(app, grant, query(&parts.uri)?).await,
        Ask::Density => density(app, grant, query(&parts.uri)?).await,
        Ask::At(seq) => at(app, grant, seq, &parts.uri, &parts.headers).await,
        Ask::Diff => diff(app, grant, query(&parts.uri)?).await,
        Ask::Blame => blame(app, grant, query(&parts.uri)?).await,
        Ask::Versions(id) => version::answer(app, grant, id, parts, body).await,
        Ask::Restore => restore(app, grant, json_body(&parts.headers, body).await?).await,
        Ask::Copy => copy(app, grant, json_body(&parts.headers, body).await?).await,
    }
}

/// The query of an address.
fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(query)| query).map_err(|rejection| {
        let why = std::error::Error::source(&rejection).map_or_else(String::new, ToString::to_string);
        malformed(format!("the query cannot be read: {why}"))
    })
}

/// The JSON of a request.
async fn json_body<T: DeserializeOwned>(headers: &HeaderMap, body: Body) -> Result<T, ApiError> {
    let bytes = read_body(headers, body, WISH_BYTES_MAX).await?;
    if !is_object(&bytes) {
        return Err(malformed("the body is no JSON object"));
    }
    serde_json::from_slice(&bytes).map_err(|error| malformed(format!("the body cannot be read: {error}")))
}

/// A shared type or an element, as `client:clock`.
fn place(id: &str) -> Option<Place> {
    let (client, clock) = id.split_once(':')?;
    Some(Place { client: ClientId::new(client.parse().ok()?)?, clock: clock.parse().ok()? })
}

/// A request that does not say what it should.
fn malformed(message: impl Into<std::borrow::Cow<'static, str>>) -> ApiError {
    let help = "openapi.json says what may stand there.";
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "malformed", message, help)
}

/// Runs what may take long where it keeps nobody waiting.
async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "an answer was broken off");
        Err(HistoryError::BrokenOff.into())
    })
}

fn to_json(answer: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(answer).map_err(|error| {
        tracing::error!(%error, "an answer could not be written");
        HistoryError::BrokenOff.into()
    })
}

/// An answer that is another one soon.
fn fresh(status: StatusCode, json: Vec<u8>) -> Response {
    let fields =
        [(header::CONTENT_TYPE, JSON), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, fields, json).into_response()
}

#[cfg(test)]
mod tests;
