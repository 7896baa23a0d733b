//! `/api/docs`: documents over HTTP.
//!
//! The name is one part of the path, percent-encoded, so it is cut from the path as the client sent it: a router that
//! decodes first would take `a%2Fb` for two parts.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, HttpBody as _};
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use serde::Serialize;
use utoipa::ToSchema;
use weft_access::{Grant, Right};
use weft_hub::{DocumentSummary, HubError, Position, Submission, Submitted};
use weft_ids::{AppName, DocId, PageId};
use weft_wiki::audit::Deed;
use weft_wire::{StateVector, Update};

use super::asked::Asked;
use super::error::{ApiError, ErrorBody};
use super::{etag, history, name};
use crate::app::AppState;
use crate::peer;

/// The largest update a request may carry.
pub(crate) const UPDATE_BODY_BYTES_MAX: usize = 32 << 20;
/// How long a request's body may pause.
const BODY_IDLE_MAX: Duration = Duration::from_secs(30);
/// How long a request may take in all. Beyond it the client learns that the outcome is open.
const REQUEST_MAX: Duration = Duration::from_secs(60);

/// Where in the document's log the answer stands.
const WEFT_SEQ: HeaderName = HeaderName::from_static("weft-seq");
pub(crate) const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
pub(crate) const PLAIN_TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The documents of this server, the last changed first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DocumentList {
    documents: Vec<DocumentEntry>,
}

/// One document in the list.
#[derive(Debug, Serialize, ToSchema)]
struct DocumentEntry {
    /// The name, as it was given; percent-encode it in addresses.
    name: String,
    /// What the document calls itself, if it does.
    title: Option<String>,
    /// When it was last changed, in milliseconds since 1970.
    updated: u64,
    /// How many changes its log holds.
    seq: u64,
}

/// Where an update ended up.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Stored {
    /// The place of the update in the document's log. It is durable up to here.
    seq: u64,
}

impl From<DocumentSummary> for DocumentEntry {
    fn from(summary: DocumentSummary) -> Self {
        Self {
            name: summary.doc.as_str().to_owned(),
            title: summary.title,
            updated: summary.updated.0,
            seq: summary.head.0,
        }
    }
}

/// What may be asked of one document: the part of the path after its name.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ask {
    State,
    Text,
    Update,
    Past(history::Ask),
}

impl Ask {
    fn read(rest: &str) -> Option<Self> {
        Some(match rest {
            "state" => Self::State,
            "text" => Self::Text,
            "update" => Self::Update,
            rest => Self::Past(history::Ask::read(rest)?),
        })
    }

    fn methods(&self) -> &'static [Method] {
        match self {
            Self::State | Self::Text => &[Method::GET, Method::HEAD],
            Self::Update => &[Method::POST],
            Self::Past(ask) => ask.methods(),
        }
    }
}

/// Every route below `/api/docs/`.
pub(crate) async fn document(State(app): State<AppState>, request: Request) -> Response {
    let answer = tokio::time::timeout(REQUEST_MAX, dispatch(&app, request));
    match answer.await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => error.into_response(),
        Err(_) => too_slow().into_response(),
    }
}

async fn dispatch(app: &AppState, request: Request) -> Result<Response, ApiError> {
    let (doc, ask) = route(request.uri().path())?;
    let (mut parts, body) = request.into_parts();
    if !ask.methods().contains(&parts.method) {
        return Err(ApiError::method(ask.methods()));
    }
    let asked = Asked::from_request_parts(&mut parts, app).await?;
    let granted = |doc: DocId, right| {
        app.wiki.grant(&asked.subject, doc, right).map_err(|refused| asked.credentials.refusal(refused))
    };
    match ask {
        Ask::State => {
            let since = since(parts.uri.query())?;
            state(app, granted(doc, Right::Read)?, since, &parts.headers).await
        }
        Ask::Text => text(app, granted(doc, Right::Read)?, &parts.headers).await,
        Ask::Update => update(app, granted(doc, Right::Write)?, &parts.headers, body).await,
        Ask::Past(ask) => {
            let write = !matches!(parts.method, Method::GET | Method::HEAD);
            let right = if write { Right::Write } else { Right::Read };
            let grant = granted(doc.clone(), right)?;
            let restores = ask == history::Ask::Restore;
            let answer = history::answer(app, grant, ask, &parts, body).await?;
            if restores && app.wiki.is_set_up() {
                app.note(&asked, Deed::HistoryRestored, Some(app.called_doc(&doc)), None).await;
            }
            Ok(answer)
        }
    }
}

/// Cuts `/api/docs/{name}/{ask}`, the name still percent-encoded.
fn route(path: &str) -> Result<(DocId, Ask), ApiError> {
    let nothing = || ApiError::no_such_route(path);
    let rest = path.strip_prefix("/api/docs/").ok_or_else(nothing)?;
    let (encoded, ask) = rest.split_once('/').ok_or_else(nothing)?;
    let ask = Ask::read(ask).ok_or_else(nothing)?;
    Ok((name::decode(encoded)?, ask))
}

/// The state vector of `?sv=`, base64url with or without padding.
fn since(query: Option<&str>) -> Result<Option<StateVector>, ApiError> {
    let Some(value) = query.unwrap_or_default().split('&').find_map(|pair| pair.strip_prefix("sv=")) else {
        return Ok(None);
    };
    let bad = |why: String| {
        ApiError::new(
            StatusCode::BAD_REQUEST,
            "bad_state_vector",
            format!("the state vector in ?sv= cannot be read: {why}"),
            "Send Y.encodeStateVector(doc) in base64url, or leave ?sv= out.",
        )
    };
    // Padding arrives percent-encoded from careful clients.
    let value = value.replace("%3D", "=").replace("%3d", "=");
    let engine = if value.ends_with('=') { &URL_SAFE } else { &URL_SAFE_NO_PAD };
    let bytes = engine.decode(value).map_err(|error| bad(error.to_string()))?;
    StateVector::scan(&bytes).map(Some).map_err(|error| bad(error.to_string()))
}

/// All documents.
#[utoipa::path(
    get, path = "/api/docs", tag = "documents",
    responses(
        (status = 200, description = "The documents, the last changed first.", body = DocumentList),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 503, description = "The store fails.", body = ErrorBody),
    )
)]
pub(crate) async fn list(State(app): State<AppState>, request: Request) -> Result<Response, ApiError> {
    // Which documents there are is as much a secret as what stands in them.
    if !app.settings.open && !peer::is_local(request.extensions(), request.headers()) {
        return Err(ApiError::not_open());
    }
    let documents = app.hub.documents().await?;
    // Which pages there are is for those who may see them: see the wiki's own lists. An app's rooms are its own affair.
    let alike = !app.wiki.is_set_up();
    let free = documents.into_iter().filter(|summary| {
        (alike || PageId::of(&summary.doc).is_none())
            && !AppName::of(&summary.doc).is_some_and(|name| app.wiki.is_app(&name))
    });
    let documents = free.map(DocumentEntry::from).collect();
    let fields = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((fields, Json(DocumentList { documents })).into_response())
}

/// The document's state as a Yjs v1 update.
#[utoipa::path(
    get, path = "/api/docs/{name}/state", tag = "documents",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("sv" = Option<String>, Query, description = "A state vector in base64url: the answer holds only what it lacks."),
        ("if-none-match" = Option<String>, Header, description = "An ETag of an earlier answer."),
    ),
    responses(
        (status = 200, description = "The state.", body = Vec<u8>, content_type = "application/octet-stream",
            headers(("weft-seq" = u64, description = "The place in the document's log."), ("etag" = String, description = "Names this state."))),
        (status = 304, description = "Not changed since the answer with that ETag."),
        (status = 400, description = "Not a name, or not a state vector.", body = ErrorBody),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
async fn state(
    app: &AppState,
    grant: Grant,
    since: Option<StateVector>,
    headers: &HeaderMap,
) -> Result<Response, ApiError> {
    let (state, position) = app.hub.state(&grant, since).await?;
    Ok(content(headers, &position, OCTETS, state))
}

/// The document's text without its formatting.
#[utoipa::path(
    get, path = "/api/docs/{name}/text", tag = "documents",
    params(
        ("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb."),
        ("if-none-match" = Option<String>, Header, description = "An ETag of an earlier answer."),
    ),
    responses(
        (status = 200, description = "The text.", body = String, content_type = "text/plain",
            headers(("weft-seq" = u64, description = "The place in the document's log."), ("etag" = String, description = "Names this state."))),
        (status = 304, description = "Not changed since the answer with that ETag."),
        (status = 400, description = "Not a name.", body = ErrorBody),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 404, description = "Nobody ever wrote this document.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
async fn text(app: &AppState, grant: Grant, headers: &HeaderMap) -> Result<Response, ApiError> {
    let (text, position) = app.hub.text(&grant).await?;
    Ok(content(headers, &position, PLAIN_TEXT, text.into()))
}

/// Merges a Yjs v1 update into the document and answers when it is durable.
#[utoipa::path(
    post, path = "/api/docs/{name}/update", tag = "documents",
    params(("name" = String, Path, description = "The document's name, percent-encoded as one part: a/b is a%2Fb.")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "A Yjs v1 update, at most 32 MiB."),
    responses(
        (status = 200, description = "Stored; the document existed.", body = Stored,
            headers(("weft-seq" = u64, description = "The place in the document's log."), ("etag" = String, description = "Names this state."))),
        (status = 201, description = "Stored; the document is new.", body = Stored),
        (status = 400, description = "Not a name, or the body ended early.", body = ErrorBody),
        (status = 403, description = "From another machine, and the server is not open.", body = ErrorBody),
        (status = 409, description = "The update builds on changes that are missing here; nothing of it was kept.", body = ErrorBody),
        (status = 413, description = "Larger than the limit.", body = ErrorBody),
        (status = 422, description = "Not a v1 update, or one that is refused.", body = ErrorBody),
        (status = 503, description = "The store fails, or the server is stopping.", body = ErrorBody),
    )
)]
async fn update(app: &AppState, grant: Grant, headers: &HeaderMap, body: Body) -> Result<Response, ApiError> {
    let bytes = read_body(headers, body, UPDATE_BODY_BYTES_MAX).await?;
    let update = Update::scan_with_holes(bytes).map_err(|error| {
        ApiError::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "bad_update",
            format!("the body is not a v1 update: {error}"),
            "Send Y.encodeStateAsUpdate(doc), as bytes; updates in the v2 format are not taken.",
        )
    })?;
    let submitted = app.hub.submit(&grant, Submission::edit(update)).await?;
    let Submitted { position, created, .. } = submitted;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    let mut response = (status, Json(Stored { seq: position.seq.0 })).into_response();
    stand_at(&position, response.headers_mut());
    Ok(response)
}

/// The whole body, if it has at most `bytes_max` bytes.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    mut body: Body,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    let announced =
        headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > bytes_max as u64) {
        return Err(body_too_large(bytes_max));
    }
    let mut bytes = BytesMut::with_capacity(body.size_hint().exact().unwrap_or(0).min(1 << 20) as usize);
    loop {
        let frame = match tokio::time::timeout(BODY_IDLE_MAX, body.frame()).await {
            Ok(Some(Ok(frame))) => frame,
            Ok(None) => return Ok(bytes.freeze()),
            Ok(Some(Err(_))) | Err(_) => {
                let help = "Nothing was stored. Send the request again.";
                let what = "the body did not arrive whole";
                return Err(ApiError::new(StatusCode::BAD_REQUEST, "body_ended", what, help));
            }
        };
        if let Ok(data) = frame.into_data() {
            if bytes.len() + data.len() > bytes_max {
                return Err(body_too_large(bytes_max));
            }
            bytes.extend_from_slice(&data);
        }
    }
}

fn body_too_large(bytes_max: usize) -> ApiError {
    ApiError::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        "too_large",
        format!("the body of this request may have at most {bytes_max} bytes"),
        "Nothing was stored. Send it in several requests.",
    )
    // What is left of the body would be read as the next request.
    .with(header::CONNECTION, HeaderValue::from_static("close"))
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "timeout",
        format!("there was no result within {} seconds", REQUEST_MAX.as_secs()),
        "Ask again. An update may have been stored; sending it again does no harm.",
    )
}

/// An answer with content, or 304 if the client has it.
pub(crate) fn content(
    headers: &HeaderMap,
    position: &Position,
    kind: HeaderValue,
    content: Bytes,
) -> Response {
    let mut response = if etag::matches(headers, &etag::quoted(&position.etag)) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], content).into_response()
    };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    stand_at(position, response.headers_mut());
    response
}

fn stand_at(position: &Position, fields: &mut HeaderMap) {
    fields.insert(WEFT_SEQ, HeaderValue::from(position.seq.0));
    if let Ok(tag) = HeaderValue::from_str(&etag::quoted(&position.etag)) {
        fields.insert(header::ETAG, tag);
    }
}

/// The one place where the hub's errors become statuses.
impl From<HubError> for ApiError {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Unknown => Self::new(
                StatusCode::NOT_FOUND,
                "unknown_document",
                "nobody ever wrote this document",
                "POST an update to create it, or check the name: upper and lower case are different.",
            ),
            HubError::NotAllowed(why) => Self::new(
                StatusCode::FORBIDDEN,
                "read_only",
                why,
                "Nothing was stored. The document can still be read.",
            ),
            HubError::Foreign => Self::new(
                StatusCode::CONFLICT,
                "foreign_client",
                "the update writes under the client id of someone who is editing now",
                "Nothing was stored. Make the change in a document of your own, with a client id of its own.",
            ),
            HubError::Damaged => Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "damaged",
                "what is stored of this document is damaged",
                "Stop the server and run `weft check`; `weft restore` brings a backup back.",
            ),
            HubError::Gap { have } => Self::new(
                StatusCode::CONFLICT,
                "gap",
                "the update builds on changes that this document does not have; nothing of it was kept",
                "Send what is missing: Y.encodeStateAsUpdate(doc, have), with the state vector in \"have\" (base64url).",
            )
            .having(URL_SAFE_NO_PAD.encode(have)),
            HubError::TooLarge => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "the update, or the document with it, would be larger than the limit",
                "Nothing was stored.",
            ),
            HubError::Refused(why) => Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "refused",
                why,
                "Nothing was stored. Sending the same bytes again is refused again.",
            ),
            HubError::Draining => Self::later("draining", "the server is stopping"),
            HubError::Unavailable => Self::later("unavailable", "the store does not answer or cannot write now"),
        }
    }
}

impl ApiError {
    fn later(code: &'static str, message: &'static str) -> Self {
        let help = "Try again in a moment. An update may have been stored; sending it again does no harm.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, message, help)
            .with(header::RETRY_AFTER, HeaderValue::from_static("2"))
    }
}
