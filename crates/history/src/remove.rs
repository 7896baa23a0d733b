//! Removing a document for good, with everything that it was.

use weft_ids::DocId;
use weft_store::{Expect, StoreError};

use crate::history::History;
use crate::row;

/// Rows asked of the store at a time.
const LIST_PAGE: usize = 1_000;

impl History {
    /// Removes a document with its log, its versions and what is noted of its restores and erasures. Whoever has it open
    /// is sent off.
    ///
    /// # Errors
    /// What the store says; doing it again goes on.
    pub async fn remove(&self, doc: &DocId) -> Result<(), StoreError> {
        // Whoever restores in it ends first.
        let _turn = self.0.turns.take(doc).await;
        self.0.hub.remove(doc).await?;
        self.forget(doc);
        for prefix in row::prefixes(doc) {
            loop {
                let page = self.0.store.list(&prefix, None, LIST_PAGE).await?;
                for entry in &page {
                    self.0.store.delete(&entry.key, Expect::Any).await?;
                }
                if page.len() < LIST_PAGE {
                    break;
                }
            }
        }
        Ok(())
    }
}
