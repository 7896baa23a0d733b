//! `/api/docs/{name}/…`: what a document was, who made it so, and the way back.

mod error;
mod moment;
mod timeline;
mod view;

use axum::body::Body;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use weft_access::Grant;
use weft_history::HistoryError;

use super::error::ApiError;
use crate::app::AppState;

pub(crate) use moment::*;
pub(crate) use timeline::*;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What may be asked of a document's past: the part of the path after its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ask {
    Timeline,
    Density,
    /// The record as it stands in the path, if it stands there.
    At(Option<String>),
}

impl Ask {
    /// `rest` is what comes after the document's name and a slash.
    pub(crate) fn read(rest: &str) -> Option<Self> {
        let (first, second) = rest.split_once('/').map_or((rest, None), |(one, two)| (one, Some(two)));
        Some(match (first, second) {
            ("history", None) => Self::Timeline,
            ("history", Some("density")) => Self::Density,
            ("at", seq) if seq.is_none_or(|seq| !seq.contains('/')) => Self::At(seq.map(str::to_owned)),
            _ => return None,
        })
    }

    pub(crate) fn methods(&self) -> &'static [Method] {
        match self {
            Self::Timeline | Self::Density | Self::At(_) => &[Method::GET, Method::HEAD],
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
    let _ = body;
    match ask {
        Ask::Timeline => timeline(app, grant, query(&parts.uri)?).await,
        Ask::Density => density(app, grant, query(&parts.uri)?).await,
        Ask::At(seq) => at(app, grant, seq, &parts.uri, &parts.headers).await,
    }
}

/// The query of an address.
fn query<T: DeserializeOwned>(uri: &Uri) -> Result<T, ApiError> {
    axum::extract::Query::try_from_uri(uri).map(|axum::extract::Query(query)| query).map_err(|rejection| {
        let why = std::error::Error::source(&rejection).map_or_else(String::new, ToString::to_string);
        malformed(format!("the query cannot be read: {why}"))
    })
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
