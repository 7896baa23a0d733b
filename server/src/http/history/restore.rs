//! `/restore` and `/copy`: the way back.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use weft_access::action::ViewPage;
use weft_access::{Grant, Right};
use weft_history::{Restored, Wanted};
use weft_hub::HubError;
use weft_ids::{DocId, PageId, Seq};
use weft_wire::Place;

use super::{fresh, malformed, place, to_json};
use crate::app::AppState;
use crate::http::error::{ApiError, ErrorBody};

/// The most blocks or keys of one restore.
pub(crate) const RESTORE_PARTS_MAX: usize = 1_000;

/// What is wanted back: `{to}` the whole document, `{to, blocks}`, `{to, keys}`, or with `from` that what was done in the
/// changes after `from` up to `to` (by `author`) had not been done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestoreWish {
    /// The moment; with `from`, the last change that is taken back.
    to: u64,
    /// The last change that stays.
    from: Option<u64>,
    /// The ids of blocks, as `/at` tells them.
    blocks: Option<Vec<String>>,
    /// `root`, or `root/key`.
    keys: Option<Vec<String>>,
    /// The key of an author, as `/history` tells it. Only with `from`.
    author: Option<String>,
    /// What the one who asks calls themselves.
    by: Option<String>,
}

/// A restore that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RestoreDone {
    /// Its change. To undo it, take this one back: `{from: seq - 1, to: seq}`.
    seq: u64,
    /// False if all was as wanted already; then `seq` is the newest change.
    changed: bool,
    /// UTF-16 units of text it brought back.
    added: u64,
    /// UTF-16 units of text it deleted.
    removed: u64,
}

/// A moment to copy.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CopyWish {
    /// The moment; the newest change unless said.
    at: Option<u64>,
    /// The new document's name; one is found unless said.
    name: Option<String>,
    /// What the one who asks calls themselves.
    by: Option<String>,
}

/// A copy that was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Copied {
    /// The new document.
    name: String,
    /// Its newest change.
    seq: u64,
}

/// Brings back what was, as one more change.
#[utoipa::path(
    post, path = "/api/docs/{name}/restore", tag = "history",
    params(("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb.")),
    request_body = RestoreWish,
    responses(
        (status = 200, description = "Done and durable.", body = RestoreDone),
        (status = 403, description = "Only reading is allowed.", body = ErrorBody),
        (status = 404, description = "There is no such document, change, block, key or author, or the change is not kept any more.", body = ErrorBody),
        (status = 413, description = "More than one update can hold.", body = ErrorBody),
        (status = 422, description = "Malformed, or what the block stood in is gone.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn restore(app: &AppState, grant: Grant, wish: RestoreWish) -> Result<Response, ApiError> {
    let by = wish.by.as_deref().map(Arc::from);
    let Restored { seq, changed, added, removed } = app.history.restore(&grant, &wanted(wish)?, by).await?;
    Ok(fresh(StatusCode::OK, to_json(&RestoreDone { seq: seq.0, changed, added, removed })?))
}

fn wanted(wish: RestoreWish) -> Result<Wanted, ApiError> {
    let to = Seq(wish.to);
    let few = |parts: usize| match parts {
        0 => Err(malformed("an empty list brings nothing back")),
        1..=RESTORE_PARTS_MAX => Ok(()),
        _ => Err(malformed(format!("at most {RESTORE_PARTS_MAX} blocks or keys at once"))),
    };
    match (wish.from, wish.blocks, wish.keys, wish.author) {
        (None, None, None, None) => Ok(Wanted::Whole { to }),
        (None, Some(blocks), None, None) => {
            few(blocks.len())?;
            let read = |id: &String| {
                place(id).ok_or_else(|| malformed(format!("{} is no block", id.escape_debug())))
            };
            Ok(Wanted::Blocks { to, blocks: blocks.iter().map(read).collect::<Result<Vec<Place>, _>>()? })
        }
        (None, None, Some(keys), None) => {
            few(keys.len())?;
            let read = |key: String| match key.split_once('/') {
                Some((root, key)) => (root.to_owned(), Some(key.to_owned())),
                None => (key, None),
            };
            Ok(Wanted::Keys { to, keys: keys.into_iter().map(read).collect() })
        }
        (Some(from), None, None, author) if from < wish.to => {
            Ok(Wanted::TakeBack { from: Seq(from), to, author })
        }
        (Some(_), None, None, _) => {
            Err(malformed("from comes before to: the changes after it are taken back"))
        }
        (None, None, None, Some(_)) => {
            Err(malformed("an author's work is taken back from a change on: say from"))
        }
        _ => Err(malformed("blocks, keys and from are three different wishes: one at a time")),
    }
}

/// Makes a new document of a moment of this one.
#[utoipa::path(
    post, path = "/api/docs/{name}/copy", tag = "history",
    params(("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb.")),
    request_body = CopyWish,
    responses(
        (status = 201, description = "Made and durable.", body = Copied),
        (status = 403, description = "Only reading is allowed.", body = ErrorBody),
        (status = 404, description = "There is no such document or change, or the change is not kept any more.", body = ErrorBody),
        (status = 409, description = "There is a document of that name.", body = ErrorBody),
        (status = 413, description = "More than one update can hold.", body = ErrorBody),
        (status = 422, description = "Malformed, not a name, or nothing to copy.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
pub(crate) async fn copy(app: &AppState, grant: Grant, wish: CopyWish) -> Result<Response, ApiError> {
    let at = async || match wish.at {
        Some(at) => Ok(Seq(at)),
        None => app.history.open(&grant).await.map(|past| past.head()),
    };
    // A wiki's page lies somewhere: its copy lies beside it.
    if let (None, Some(page)) = (&wish.name, PageId::of(grant.doc()).filter(|_| app.wiki.is_set_up())) {
        let proof = app.wiki.allow_page::<ViewPage>(grant.subject(), &page)?;
        let made = app.wiki.copy_moment(proof, at().await?).await?.id.doc();
        let seq = app.store.head(&made).await.map_err(HubError::from)?.unwrap_or_default();
        return Ok(fresh(
            StatusCode::CREATED,
            to_json(&Copied { name: made.as_str().to_owned(), seq: seq.0 })?,
        ));
    }
    let to = match &wish.name {
        Some(name) => DocId::new(name).map_err(|error| malformed(format!("not a name: {error}")))?,
        None => app.history.name_for_copy(grant.doc()).await?,
    };
    let target = app.wiki.grant(grant.subject(), to, Right::Write)?;
    let seq = app.history.copy(&grant, at().await?, &target, wish.by.as_deref().map(Arc::from)).await?;
    let copied = Copied { name: target.doc().as_str().to_owned(), seq: seq.0 };
    Ok(fresh(StatusCode::CREATED, to_json(&copied)?))
}
