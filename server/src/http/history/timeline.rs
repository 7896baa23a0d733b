//! `/history` and `/history/density`: who was at work when, and how much.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::Grant;
use weft_history::density::{self, BUCKETS_MAX, Scale};
use weft_history::erase::ErasureNote;
use weft_history::timeline::{self, EditSession};
use weft_history::{Past, RestoreNote};
use weft_ids::Seq;
use weft_store::RecordKind;

use super::view::{Author, Named, Stamp};
use super::{fresh, malformed, to_json, work};
use crate::app::AppState;
use crate::http::body::NUMBER_MAX;
use crate::http::error::{ApiError, ErrorBody};

/// The most sessions of one answer.
pub(crate) const SESSIONS_MAX: usize = 200;
const SESSIONS_DEFAULT: usize = 50;
const BUCKETS_DEFAULT: usize = 200;

#[derive(Debug, Deserialize)]
pub(crate) struct TimelineQuery {
    before: Option<u64>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct DensityQuery {
    buckets: Option<usize>,
    #[serde(default)]
    by: By,
    from: Option<u64>,
    to: Option<u64>,
}

/// What is as long in one bucket as in the next.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum By {
    #[default]
    Time,
    Seq,
}

/// A page of a document's sessions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// The first change; if older ones are not kept any more, the last of those, which stands for all of them.
    first: Stamp,
    /// Whether older changes are not kept any more. Versions that people named are.
    trimmed: bool,
    /// The newest change.
    head: Stamp,
    /// Everybody the sessions name.
    authors: Vec<Author>,
    /// Newest first.
    sessions: Vec<Session>,
    /// What to give as `before` for the next page; null at the beginning.
    next: Option<u64>,
}

/// Neighbouring changes without a pause of more than ten minutes, whoever made them; a restore, an import or a change of the
/// server's own stands alone.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    /// Its first change.
    from: Stamp,
    /// Its last change.
    to: Stamp,
    /// Keys of those who took part.
    authors: Vec<String>,
    kind: SessionKind,
    /// UTF-16 units of text written.
    added: u64,
    /// UTF-16 units of text deleted.
    removed: u64,
    /// How many changes.
    records: u64,
    /// What a restore brought back, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<RestoredView>,
    /// What was erased, if it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    erased: Option<ErasedView>,
}

/// What was erased for good.
#[derive(Debug, Serialize, ToSchema)]
struct ErasedView {
    /// UTF-16 units of text.
    characters: u64,
    /// Values, marks, embeds and the like.
    others: u64,
    /// Why, if somebody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl From<ErasureNote> for ErasedView {
    fn from(note: ErasureNote) -> Self {
        let ErasureNote { characters, others, reason } = note;
        Self { characters, others, reason }
    }
}

/// What was brought back.
#[derive(Debug, Serialize, ToSchema)]
struct RestoredView {
    /// The moment; with `from`, the last change that was taken back.
    to: u64,
    /// The last change that stayed, if work was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<u64>,
    /// The key of whose work was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    author: Option<String>,
    /// The whole document.
    whole: bool,
}

impl From<RestoreNote> for RestoredView {
    fn from(note: RestoreNote) -> Self {
        let RestoreNote { from, to, author, whole } = note;
        Self { to: to.0, from: from.map(|from| from.0), author, whole }
    }
}

/// How changes came about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SessionKind {
    Edit,
    Restore,
    Import,
    Server,
    /// The operator erased something for good.
    Erase,
    /// It stands for all older changes, which are not kept any more.
    Earlier,
}

impl From<RecordKind> for SessionKind {
    fn from(kind: RecordKind) -> Self {
        match kind {
            RecordKind::Edit => Self::Edit,
            RecordKind::Restore => Self::Restore,
            RecordKind::Import => Self::Import,
            RecordKind::Server => Self::Server,
            RecordKind::Erase => Self::Erase,
        }
    }
}

/// How much was changed when, by whom.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Density {
    by: By,
    /// The first change counted.
    from: Stamp,
    /// The last change counted.
    to: Stamp,
    /// Everybody the buckets name.
    authors: Vec<Author>,
    /// Oldest first; fewer than asked for if there are fewer changes (or milliseconds).
    buckets: Vec<Bucket>,
}

/// A stretch of the document's past.
#[derive(Debug, Serialize, ToSchema)]
struct Bucket {
    /// Its first change; if it has none, the first one after it. By time: with the time it begins at.
    from: Stamp,
    /// Its last change; if it has none, the one before `from`. By time: with the last millisecond of it.
    to: Stamp,
    /// What each author did, by their key.
    changes: BTreeMap<String, Count>,
}

/// What one author did.
#[derive(Debug, Serialize, ToSchema)]
struct Count {
    records: u64,
    /// UTF-16 units of text written.
    added: u64,
    /// UTF-16 units of text deleted.
    removed: u64,
}

/// Who was at work when: editing sessions, newest first.
#[utoipa::path(
    get, path = "/api/docs/{name}/history", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("before" = Option<u64>, Query, minimum = 1, maximum = 9_007_199_254_740_990_u64, description = "Only changes before this one; `next` of the page before."),
        ("limit" = Option<usize>, Query, description = "At most so many sessions: 1 to 200, 50 unless said.", minimum = 1, maximum = 200),
    ),
    responses(
        (status = 200, description = "The sessions.", body = Timeline),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document.", body = ErrorBody),
        (status = 422, description = "Malformed.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn timeline(
    app: &AppState,
    grant: Grant,
    query: TimelineQuery,
) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(SESSIONS_DEFAULT);
    if !(1..=SESSIONS_MAX).contains(&limit) {
        return Err(malformed(format!("limit is 1 to {SESSIONS_MAX}")));
    }
    let before = match query.before {
        Some(0 | NUMBER_MAX..) => {
            return Err(malformed(format!("before is a change, so 1 to {}", NUMBER_MAX - 1)));
        }
        before => before,
    };
    let past = app.history.open(&grant).await?;
    let known = past.clone();
    let sessions: Vec<EditSession> = work(move || {
        let last = before.map_or(known.head(), |before| Seq(before - 1).min(known.head()));
        Ok(known.sessions(last).take(limit).collect())
    })
    .await?;
    let mut notes = Vec::with_capacity(sessions.len());
    for session in &sessions {
        notes.push(match session.kind {
            RecordKind::Restore => (app.history.restored(&grant, session.to.seq).await?, None),
            RecordKind::Erase => (None, app.history.erased(&grant, session.to.seq).await?),
            _ => (None, None),
        });
    }
    let json = work(move || {
        let head = past.head();
        let first = past.edge().max(Seq(1));
        let next =
            sessions.last().map(|session| session.from.seq).filter(|seq| *seq > first).map(|seq| seq.0);
        let mut named = Named::default();
        let sessions = sessions
            .into_iter()
            .zip(notes)
            .map(|(session, (restored, erased))| Session {
                restored: restored.map(Into::into),
                erased: erased.map(Into::into),
                ..told(&past, session, &mut named)
            })
            .collect();
        to_json(&Timeline {
            first: stamp(&past, first)?,
            trimmed: past.edge() > Seq::ZERO,
            head: stamp(&past, head)?,
            sessions,
            next,
            authors: named.authors(&past),
        })
    });
    Ok(fresh(StatusCode::OK, json.await?))
}

fn told(past: &Past, session: EditSession, named: &mut Named) -> Session {
    if session.to.seq <= past.edge() {
        let (from, to) = (session.from.into(), session.to.into());
        let (authors, kind) = (Vec::new(), SessionKind::Earlier);
        let (added, removed, records) = (0, 0, 0);
        return Session { from, to, authors, kind, added, removed, records, restored: None, erased: None };
    }
    Session {
        from: session.from.into(),
        to: session.to.into(),
        records: session.records(),
        // The operator erases, and nobody in the document.
        authors: match session.kind {
            RecordKind::Erase => Vec::new(),
            _ => session.writers.iter().map(|writer| named.key(past, *writer)).collect(),
        },
        kind: session.kind.into(),
        added: session.added,
        removed: session.removed,
        restored: None,
        erased: None,
    }
}

/// How much was changed when by whom, for drawing.
#[utoipa::path(
    get, path = "/api/docs/{name}/history/density", tag = "history",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("buckets" = Option<usize>, Query, description = "How many stretches: 1 to 1000, 200 unless said.", minimum = 1, maximum = 1000),
        ("by" = Option<By>, Query, description = "What is as long in one bucket as in the next: the time (unless said), or the number of changes."),
        ("from" = Option<u64>, Query, description = "The first change to count; the first that is kept unless said."),
        ("to" = Option<u64>, Query, description = "The last change to count; the newest unless said."),
    ),
    responses(
        (status = 200, description = "The buckets.", body = Density),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document, there are no such changes, or they are not kept any more.", body = ErrorBody),
        (status = 422, description = "Malformed.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn density(app: &AppState, grant: Grant, query: DensityQuery) -> Result<Response, ApiError> {
    let buckets = query.buckets.unwrap_or(BUCKETS_DEFAULT);
    if !(1..=BUCKETS_MAX).contains(&buckets) {
        return Err(malformed(format!("buckets is 1 to {BUCKETS_MAX}")));
    }
    let past = app.history.open(&grant).await?;
    let json = work(move || {
        let (from, to) = (query.from.map_or(past.edge(), Seq).max(Seq(1)), query.to.map_or(past.head(), Seq));
        // Who asks for the changes after the newest one is told so, not that the range is upside down.
        let (from_stamp, to_stamp) = (stamp(&past, from)?, stamp(&past, to)?);
        if from > to {
            return Err(malformed(format!("from ({from}) comes after to ({to})")));
        }
        let scale = match query.by {
            By::Time => Scale::Time,
            By::Seq => Scale::Records,
        };
        let mut named = Named::default();
        let buckets = past.density(from, to, buckets, scale);
        let buckets = buckets.into_iter().map(|bucket| told_bucket(&past, &bucket, &mut named)).collect();
        let authors = named.authors(&past);
        to_json(&Density { by: query.by, from: from_stamp, to: to_stamp, authors, buckets })
    });
    Ok(fresh(StatusCode::OK, json.await?))
}

fn told_bucket(past: &Past, bucket: &density::Bucket, named: &mut Named) -> Bucket {
    let count = |(writer, count): &(u32, density::Count)| {
        let density::Count { records, added, removed } = *count;
        (named.key(past, *writer), Count { records, added, removed })
    };
    Bucket {
        from: bucket.from.into(),
        to: bucket.to.into(),
        changes: bucket.changes.iter().map(count).collect(),
    }
}

/// A record that must be there.
pub(super) fn stamp(past: &Past, seq: Seq) -> Result<Stamp, ApiError> {
    let found: Option<timeline::Stamp> = past.stamp(seq);
    found.map(Stamp::from).ok_or_else(|| past.no_moment(seq).into())
}
