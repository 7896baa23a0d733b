//! Who wrote in a page last, and what it is called since.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::broadcast::error::RecvError;
use tracing::warn;
use weft_hub::Edit;
use weft_ids::{PageId, UnixMillis, UserId};

use crate::change::Change;
use crate::model::Model;
use crate::notice::{About, Kind};
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::Wiki;

/// How old the note of an edit by the same person may be before it is written again, in milliseconds.
const NOTED_EVERY_MS: u64 = 60_000;

/// The last edit of a page. Noted a little later than it happens, and by the minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    /// Which page.
    pub page: PageId,
    /// When.
    pub at: UnixMillis,
    /// By whom, if they were signed in.
    pub by: Option<UserId>,
}

impl Wiki {
    /// Listens to what is edited, for as long as the hub lives.
    pub(crate) async fn note_edits(self) {
        let mut edits = self.0.hub.edits();
        loop {
            match edits.recv().await {
                Ok(edit) => self.note_edit(edit).await,
                // Titles are told with the next edit of each page.
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return,
            }
        }
    }

    async fn note_edit(&self, edit: Edit) {
        let Some(page) = PageId::of(&edit.doc) else { return };
        let (renamed, due) = {
            let model = self.model();
            if model.pages.get(&page).is_none() {
                return;
            }
            let due = model.edited.get(&page).is_none_or(|known| {
                known.by != edit.by || edit.at.0.saturating_sub(known.at.0) >= NOTED_EVERY_MS
            });
            (*model.title(&page) != *edit.title, due)
        };
        if renamed {
            self.set_title(&page, Arc::from(&*edit.title));
            self.announce(Change::Page(page.clone()));
        }
        if due {
            let turn = self.turn().await;
            let watchers = self.watchers(&page);
            let about = About::Page(page.clone());
            let edited = Edited { page, at: edit.at, by: edit.by.clone() };
            let noted = match self.put(&turn, edited).await {
                Ok(()) => {
                    self.tell_people(&turn, &watchers, Kind::PageEdited, &about, edit.by.as_ref()).await
                }
                Err(error) => Err(error),
            };
            if let Err(error) = noted {
                warn!(doc = %edit.doc, %error, "the last edit of a page was not noted");
            }
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    page: String,
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

impl Row for Edited {
    type Id = PageId;
    const NOUN: &'static str = "edited";

    fn id(&self) -> PageId {
        self.page.clone()
    }

    fn word(id: &PageId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let by = self.by.as_ref().map(|by| by.as_str().to_owned());
        pack(Self::VERSION, &Stored { page: self.page.as_str().to_owned(), at: self.at.0, by })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            page: PageId::new(&stored.page)?,
            at: UnixMillis(stored.at),
            by: stored.by.and_then(|by| UserId::new(&by)),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.edited
    }

    fn told(_before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        after.map(|edited| Change::Page(edited.page.clone())).into_iter().collect()
    }
}
