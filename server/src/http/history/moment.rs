//! `/at`: a document as it was.

use std::cmp::Reverse;

use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Grant;
use weft_history::Past;
use weft_history::past::Tree;
use weft_hub::Position;
use weft_ids::{Seq, UnixMillis};

use super::view::Author;
use super::{JSON, malformed, query, to_json, work};
use crate::app::AppState;
use crate::http::docs::{OCTETS, PLAIN_TEXT, content};
use crate::http::error::{ApiError, ErrorBody};

#[derive(Debug, Deserialize)]
struct MomentQuery {
    time: Option<u64>,
}

/// A document as it was.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MomentTree {
    /// The last change that is in it.
    seq: u64,
    /// When that was made, in milliseconds since 1970.
    time: u64,
    /// Who made it; null for the empty document before the first change.
    author: Option<Author>,
    /// `{roots: {name: node}}`. A node has a `type`: `fragment` (children), `element` (id, name, attrs, children), `text`
    /// (delta), `map` (entries), `array` (items), `value`, `binary` (base64), `document` (guid), or `deep` for what lies
    /// deeper than 256 levels.
    #[schema(value_type = Object)]
    tree: Tree,
}

/// What a moment may be told as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Tree,
    Text,
    State,
}

impl Form {
    /// In the order in which they are given where the client has no wish.
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Tree, "application", "json"),
        (Self::Text, "text", "plain"),
        (Self::State, "application", "octet-stream"),
    ];

    /// The form that `Accept` prefers.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut wishes: Vec<&str> = headers
            .get_all(header::ACCEPT)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|wish| !wish.is_empty())
            .collect();
        if wishes.is_empty() {
            wishes.push("*/*");
        }
        let rank = |(form, kind, subtype): (Self, &str, &str)| {
            // The most exact range that fits counts (RFC 9110, 12.5.1).
            let fit = wishes.iter().filter_map(|wish| {
                let mut parts = wish.split(';').map(str::trim);
                let (wished, wished_subtype) = parts.next()?.split_once('/')?;
                let exact = match (wished, wished_subtype) {
                    (one, two) if one.eq_ignore_ascii_case(kind) && two.eq_ignore_ascii_case(subtype) => 2,
                    (one, "*") if one.eq_ignore_ascii_case(kind) => 1,
                    ("*", "*") => 0,
                    _ => return None,
                };
                let weight = parts.find_map(|part| part.strip_prefix("q="));
                let weight = weight.map_or(1.0, |weight| weight.parse::<f32>().unwrap_or(0.0));
                Some((exact, (weight.clamp(0.0, 1.0) * 1000.0) as u32))
            });
            let (exact, weight) = fit.max_by_key(|(exact, _)| *exact)?;
            (weight > 0).then_some((Reverse(weight), Reverse(exact), form))
        };
        let mut found: Vec<_> = Self::ALL.into_iter().filter_map(rank).collect();
        found.sort_by_key(|(weight, exact, _)| (*weight, *exact));
        found.first().map(|(.., form)| *form).ok_or_else(|| {
            ApiError::new(
                StatusCode::NOT_ACCEPTABLE,
                "not_acceptable",
                "a moment is not told in any form that Accept names",
                "Accept application/json (a tree), text/plain or application/octet-stream (a v1 state).",
            )
        })
    }
}

/// The document as it was once a change was in.
#[utoipa::path(
    get, path = "/api/docs/{name}/at/{seq}", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("seq" = u64, Path, description = "The change; 0 is the empty document. Left out with `time`."),
        ("time" = Option<u64>, Query, description = "Instead of a change, `/at?time=`: milliseconds since 1970. The last change made by then counts."),
        ("accept" = Option<String>, Header, description = "application/json: a tree (unless said). text/plain: the text. application/octet-stream: a Yjs v1 update with the whole state."),
        ("if-none-match" = Option<String>, Header, description = "An ETag of an earlier answer."),
    ),
    responses(
        (status = 200, description = "The document as it was.", content(
            (MomentTree = "application/json"), (String = "text/plain"), (Vec<u8> = "application/octet-stream")),
            headers(("weft-seq" = u64, description = "The change."), ("etag" = String, description = "Names this answer."))),
        (status = 304, description = "Not changed since the answer with that ETag."),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document, there is no such change, or it is not kept any more.", body = ErrorBody),
        (status = 406, description = "None of the three forms is acceptable.", body = ErrorBody),
        (status = 422, description = "Malformed.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn at(
    app: &AppState,
    grant: Grant,
    seq: Option<String>,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let asked = match (seq, query::<MomentQuery>(uri)?.time) {
        (Some(seq), None) => Asked::Seq(seq.parse().map(Seq).map_err(|_| {
            malformed(format!("{} is not a change: changes are numbered from 1", seq.escape_debug()))
        })?),
        (None, Some(time)) => Asked::Time(UnixMillis(time)),
        (None, None) => return Err(malformed("which moment? Ask /at/{seq} or /at?time={milliseconds}")),
        (Some(_), Some(_)) => return Err(malformed("a moment is a change or a time, not both")),
    };
    let form = Form::of(headers)?;
    let past = app.history.open(&grant).await?;
    let (seq, body) = work(move || {
        let seq = match asked {
            Asked::Seq(seq) => seq,
            Asked::Time(time) => past.at_time(time),
        };
        Ok((seq, told(&past, seq, form)?))
    })
    .await?;
    let kind = match form {
        Form::Tree => JSON,
        Form::Text => PLAIN_TEXT,
        Form::State => OCTETS,
    };
    // What is told of a moment may change with what came later (an author's name), so the bytes are named, not the moment.
    let etag = blake3::hash(&body).to_hex()[..32].to_owned();
    let mut response = content(headers, &Position { seq, etag }, kind, body.into());
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    Ok(response)
}

#[derive(Debug, Clone, Copy)]
enum Asked {
    Seq(Seq),
    Time(UnixMillis),
}

fn told(past: &Past, seq: Seq, form: Form) -> Result<Vec<u8>, ApiError> {
    let moment = past.moment_at(seq)?;
    match form {
        Form::Text => Ok(moment.text().into_bytes()),
        Form::State => moment.state().map(Vec::from).map_err(|error| {
            let help = "Ask for the text or the tree instead.";
            ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string(), help)
        }),
        Form::Tree => to_json(&MomentTree {
            seq: seq.0,
            time: super::stamp(past, seq)?.time,
            author: past
                .deed(seq)
                .filter(|_| seq > past.edge())
                .map(|deed| Author::from(&past.writers()[deed.writer as usize])),
            tree: moment.tree(),
        }),
    }
}
