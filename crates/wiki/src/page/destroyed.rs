//! Pages that were deleted for good: what they said leaves the disk, and their ids are never given again.

use serde::{Deserialize, Serialize};
use weft_ids::PageId;

use crate::change::Change;
use crate::error::WikiError;
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::Wiki;

/// A page that was deleted for good. Noted before the page goes, so that no document is left behind without one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destroyed {
    pub(crate) page: PageId,
    /// Its document is removed too.
    pub(crate) removed: bool,
}

impl Wiki {
    /// Removes the documents of pages that were deleted for good. Answers how many there were.
    ///
    /// # Errors
    /// Those of the store; doing it again goes on.
    pub async fn remove_destroyed(&self) -> Result<usize, WikiError> {
        let due: Vec<PageId> = {
            let model = self.model();
            let due = model.destroyed.iter().filter(|row| !row.removed).map(|row| row.page.clone());
            // Deleting one may have been cut short: then it is still there.
            due.filter(|page| model.pages.get(page).is_none()).collect()
        };
        for page in &due {
            self.0.history.remove(&page.doc()).await?;
            let turn = self.turn().await;
            self.put(&turn, Destroyed { page: page.clone(), removed: true }).await?;
        }
        Ok(due.len())
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    page: String,
    removed: bool,
}

impl Row for Destroyed {
    type Id = PageId;
    const NOUN: &'static str = "destroyed";

    fn id(&self) -> PageId {
        self.page.clone()
    }

    fn word(id: &PageId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        pack(Self::VERSION, &Stored { page: self.page.as_str().to_owned(), removed: self.removed })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self { page: PageId::new(&stored.page)?, removed: stored.removed })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.destroyed
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}
