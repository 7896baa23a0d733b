//! `/diff` and `/blame`: what changed, and who wrote what.

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Grant;
use weft_history::blame::{Blame, BlameError};
use weft_history::diff::Difference;
use weft_ids::Seq;
use weft_wire::Place;

use super::timeline::stamp;
use super::view::{Author, Stamp};
use super::{fresh, malformed, place, to_json, work};
use crate::app::AppState;
use crate::http::error::{ApiError, ErrorBody};

#[derive(Debug, Deserialize)]
pub(crate) struct DiffQuery {
    from: u64,
    to: u64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BlameQuery {
    at: Option<u64>,
    #[serde(default)]
    deleted: bool,
    ids: Option<String>,
}

/// Two moments merged into one tree.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DifferenceView {
    from: Stamp,
    to: Stamp,
    /// Everybody the changes name.
    authors: Vec<Author>,
    /// `summary` (added, removed, blocks), and `roots`: nodes as `/at` tells them, with what is gone in its place. A node
    /// or a part of a text that changed has a `change`: `kind` (added, removed, changed, moved, formatted), `by`, `at`, `seq`;
    /// and `before` with what it was. Texts have `parts` instead of a `delta`.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    difference: Difference,
}

/// Who wrote what.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BlameView {
    /// Everybody the runs name.
    authors: Vec<Author>,
    /// `seq`, and `runs`: `root`, `block`, `id` (client:clock), `len`, `text`, `by`, `at`, `seq`, and `deleted` (by, at, seq)
    /// of what is gone.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    blame: Blame,
}

/// What is different between two moments.
#[utoipa::path(
    get, path = "/api/docs/{name}/diff", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("from" = u64, Query, description = "The earlier moment; 0 is before the first change."),
        ("to" = u64, Query, description = "The later moment."),
    ),
    responses(
        (status = 200, description = "Both moments merged.", body = DifferenceView),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document, there is no such change, or it is not kept any more.", body = ErrorBody),
        (status = 422, description = "Malformed.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn diff(app: &AppState, grant: Grant, query: DiffQuery) -> Result<Response, ApiError> {
    let (from, to) = (Seq(query.from), Seq(query.to));
    let past = app.history.open(&grant).await?;
    let json = work(move || {
        let stamps = (stamp(&past, from)?, stamp(&past, to)?);
        if from > to {
            return Err(malformed(format!("from ({from}) comes after to ({to})")));
        }
        let difference = past.difference(from, to).map_err(|no| past.no_moment(no.0))?;
        let author = |writer: &u32| Author::from(&past.writers()[*writer as usize]);
        let authors = difference.writers.iter().map(author).collect();
        to_json(&DifferenceView { from: stamps.0, to: stamps.1, authors, difference })
    });
    Ok(fresh(StatusCode::OK, json.await?))
}

/// Who wrote what, and when; who deleted it.
#[utoipa::path(
    get, path = "/api/docs/{name}/blame", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("at" = Option<u64>, Query, description = "The moment; the newest change unless said."),
        ("deleted" = Option<bool>, Query, description = "Tell also what was deleted by then."),
        ("ids" = Option<String>, Query, description = "Exactly these elements, deleted or not: client:clock+len, separated by commas."),
    ),
    responses(
        (status = 200, description = "The authors of each stretch.", body = BlameView),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document, there is no such change or element, or it is not kept any more.", body = ErrorBody),
        (status = 413, description = "More elements than can be asked for at once.", body = ErrorBody),
        (status = 422, description = "Malformed.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn blame(app: &AppState, grant: Grant, query: BlameQuery) -> Result<Response, ApiError> {
    let ids = query.ids.as_deref().map(elements).transpose()?;
    if ids.is_some() && (query.at.is_some() || query.deleted) {
        return Err(malformed("ids name elements of any time: at and deleted do not go with them"));
    }
    let past = app.history.open(&grant).await?;
    let json = work(move || {
        let blame = match ids {
            Some(ids) => past.blame_of(&ids),
            None => past.blame(query.at.map_or(past.head(), Seq), query.deleted),
        };
        let blame = blame.map_err(|error| match error {
            BlameError::NoMoment(asked) => past.no_moment(asked).into(),
            BlameError::NoElement(..) => {
                let help = "Elements are client:clock, as the document's own items have them.";
                ApiError::new(StatusCode::NOT_FOUND, "unknown_element", error.to_string(), help)
            }
            BlameError::TooMany(_) => {
                let help = "Ask for fewer at a time.";
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many", error.to_string(), help)
            }
        })?;
        let author = |writer: &u32| Author::from(&past.writers()[*writer as usize]);
        to_json(&BlameView { authors: blame.writers.iter().map(author).collect(), blame })
    });
    Ok(fresh(StatusCode::OK, json.await?))
}

/// Elements as `client:clock+len`, separated by commas.
fn elements(ids: &str) -> Result<Vec<(Place, u32)>, ApiError> {
    let read = |id: &str| {
        let (at, len) = id.split_once('+').unwrap_or((id, "1"));
        Some((place(at)?, len.parse().ok().filter(|len| *len > 0)?))
    };
    // A plus in a query may have become a space on its way.
    let wrong = |id: &str| malformed(format!("{} is not client:clock+len", id.escape_debug()));
    ids.split(',').map(|id| read(&id.replace(' ', "+")).ok_or_else(|| wrong(id))).collect()
}
