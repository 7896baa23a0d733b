//! `/api/audit`: what was done that may matter later, for those who look after the server.

use std::time::{Duration, UNIX_EPOCH};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use weft_access::action::Administer;
use weft_access::{Allowed, Who};
use weft_ids::{DocId, PageId, UserId};
use weft_wiki::audit::{Called, Deed, ENTRIES_PER_PAGE_MAX, Entry, Note};
use weft_wiki::member::{Group, Invitation, Passkey, Person, Token};
use weft_wiki::space::Space;

use super::address::Queried;
use super::asked::Asked;
use super::desk::Titled;
use super::error::{ApiError, ErrorBody};
use crate::app::{App, AppState};
use crate::stamp;

/// How many entries are answered unless another number is asked for.
const ENTRIES_PER_PAGE: usize = 50;
/// The most entries of one CSV file; older ones are asked for with `before`.
const CSV_ENTRIES_MAX: usize = 100_000;

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryView {
    id: String,
    /// In milliseconds since 1970.
    at: u64,
    /// Who, as they were called then. Null: nobody known, or the command line.
    by: Option<Titled>,
    /// `signed-in`, `invited`, `shared`, …
    kind: String,
    /// What it was done to, as that was called then.
    object: Option<Titled>,
    detail: Option<String>,
    /// From which address.
    address: Option<String>,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EntryList {
    /// The newest first.
    entries: Vec<EntryView>,
    /// What to ask for with `before` to get older ones; null: there are none.
    next: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Entries older than this one.
    #[serde(default)]
    before: Option<String>,
    /// How many, at most 500.
    #[serde(default)]
    limit: Option<usize>,
    /// Only those of this kind.
    #[serde(default)]
    kind: Option<String>,
    /// `json`, or `csv` for a file of the newest 100,000.
    #[serde(default)]
    format: Option<String>,
}

impl From<Entry> for EntryView {
    fn from(entry: Entry) -> Self {
        let Entry { id, at, deed, by, object, detail, address } = entry;
        let titled = |called: Called| Titled { id: called.id, name: called.name };
        Self { id, at: at.0, by: by.map(titled), kind: deed, object: object.map(titled), detail, address }
    }
}

/// What was done, the newest first.
#[utoipa::path(get, path = "/api/audit", tag = "server", params(AuditQuery), responses(
    (status = 200, description = "The entries.", content((EntryList = "application/json"), (String = "text/csv"))),
    (status = 401, description = "Nobody is signed in.", body = ErrorBody),
    (status = 403, description = "Whoever asks does not look after the server.", body = ErrorBody),
    (status = 422, description = "There is no such kind.", body = ErrorBody),
))]
pub(crate) async fn audit(
    State(app): State<AppState>,
    asked: Asked,
    Queried(query): Queried<AuditQuery>,
) -> Result<Response, ApiError> {
    let proof = asked.may::<Administer>(&app.wiki)?;
    let no_kind = || ApiError::invalid("kind", "there are no entries of such a kind");
    let deed = query.kind.as_deref().map(|kind| Deed::read(kind).ok_or_else(no_kind)).transpose()?;
    match query.format.as_deref() {
        None | Some("json") => {}
        Some("csv") => {
            let file = csv(&app, &proof, query.before, deed).await?;
            app.note(&asked, Deed::Exported, None, Some("the audit log".to_owned())).await;
            return Ok(file);
        }
        Some(_) => return Err(ApiError::invalid("format", "the format is json or csv")),
    }
    let limit = query.limit.unwrap_or(ENTRIES_PER_PAGE).clamp(1, ENTRIES_PER_PAGE_MAX);
    let entries = app.wiki.entries(&proof, query.before.as_deref(), deed, limit).await?;
    let next = entries.last().filter(|_| entries.len() == limit).map(|entry| entry.id.clone());
    let entries = entries.into_iter().map(EntryView::from).collect();
    Ok(Json(EntryList { entries, next }).into_response())
}

async fn csv(
    app: &App,
    proof: &Allowed<Administer>,
    mut before: Option<String>,
    deed: Option<Deed>,
) -> Result<Response, ApiError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut count = 0;
    let failed = |error: csv::Error| {
        tracing::error!(%error, "the audit log could not be written as CSV");
        ApiError::internal()
    };
    writer
        .write_record(["time", "kind", "by", "by id", "object", "object id", "detail", "address"])
        .map_err(failed)?;
    while count < CSV_ENTRIES_MAX {
        let entries = app.wiki.entries(proof, before.as_deref(), deed, ENTRIES_PER_PAGE_MAX).await?;
        count += entries.len();
        before = entries.last().map(|entry| entry.id.clone());
        let whole = entries.len() == ENTRIES_PER_PAGE_MAX;
        for entry in entries {
            let called =
                |called: Option<Called>| called.map_or_else(Default::default, |c| (cell(c.name), c.id));
            let ((by, by_id), (object, object_id)) = (called(entry.by), called(entry.object));
            let at = stamp::iso(UNIX_EPOCH + Duration::from_millis(entry.at.0));
            let detail = cell(entry.detail.unwrap_or_default());
            let address = entry.address.unwrap_or_default();
            writer
                .write_record([at, entry.deed, by, by_id, object, object_id, detail, address])
                .map_err(failed)?;
        }
        if !whole {
            break;
        }
    }
    let file = writer.into_inner().map_err(|error| failed(error.into_error().into()))?;
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"weft-audit.csv\"")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((fields, file).into_response())
}

/// What somebody typed, so that no spreadsheet takes it for a formula.
fn cell(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

/// What somebody or something is called, for an entry.
pub(crate) trait Noted {
    /// Its id and name.
    fn called(&self) -> Called;
}

macro_rules! noted {
    ($($thing:ty),+) => {
        $(impl Noted for $thing {
            fn called(&self) -> Called {
                Called { id: self.id.as_str().to_owned(), name: self.name.clone() }
            }
        })+
    };
}

noted!(Person, Group, Token, Passkey, Space);

impl Noted for Invitation {
    fn called(&self) -> Called {
        let name = self.email.clone().unwrap_or_else(|| "whoever has the link".to_owned());
        Called { id: self.id.as_str().to_owned(), name }
    }
}

impl Noted for weft_access::Person {
    fn called(&self) -> Called {
        Called { id: self.user.as_str().to_owned(), name: self.name.to_string() }
    }
}

impl App {
    /// Notes what whoever asks did. It is done: that it could not be noted is told in the log.
    pub(crate) async fn note(
        &self,
        asked: &Asked,
        deed: Deed,
        object: Option<Called>,
        detail: Option<String>,
    ) {
        let by = asked.subject.person.as_ref().map(|person| person.user.clone());
        self.note_of(by, asked, deed, object, detail).await;
    }

    /// Notes what somebody did who was not signed in when they asked.
    pub(crate) async fn note_of(
        &self,
        by: Option<UserId>,
        asked: &Asked,
        deed: Deed,
        object: Option<Called>,
        detail: Option<String>,
    ) {
        let address = (!asked.subject.operator).then(|| asked.address.to_string());
        let note = Note { deed, by, object, detail, address };
        if let Err(error) = self.wiki.note_down(note).await {
            tracing::error!(%error, deed = deed.as_str(), "what was done could not be noted in the audit log");
        }
    }

    /// What somebody or a group is called, for an entry.
    pub(crate) fn name_of(&self, who: &Who) -> String {
        let name = match who {
            Who::Person(user) => self.wiki.person(user).map(|person| person.name),
            Who::Group(group) => self.wiki.group_name(group),
        };
        name.unwrap_or_default()
    }

    /// A document, for an entry.
    pub(crate) fn called_doc(&self, doc: &DocId) -> Called {
        match PageId::of(doc) {
            Some(page) => self.called(&page),
            None => Called { id: doc.as_str().to_owned(), name: doc.as_str().to_owned() },
        }
    }

    /// A page, for an entry.
    pub(crate) fn called(&self, page: &PageId) -> Called {
        Called { id: page.as_str().to_owned(), name: self.wiki.title(page).to_string() }
    }
}
