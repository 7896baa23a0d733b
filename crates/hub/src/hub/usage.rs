//! How much goes on in the documents of one beginning.

use std::sync::atomic::Ordering;

use weft_ids::DocId;

use super::{Hub, HubError, LIST_PAGE};
use crate::registry::Entry;

/// How much is going on in some of the open documents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many are open.
    pub rooms: usize,
    /// Sessions in them.
    pub sessions: usize,
    /// About how much memory they take, bytes.
    pub memory_bytes: u64,
}

impl Hub {
    /// How much is going on in the documents whose names begin so.
    #[must_use]
    pub fn open_below(&self, beginning: &str) -> Usage {
        let rooms = self.0.registry.lock();
        let below = rooms.open.iter().filter(|(doc, _)| doc.as_str().starts_with(beginning));
        below.fold(Usage::default(), |usage, (_, Entry { vitals, .. })| Usage {
            rooms: usage.rooms + 1,
            sessions: usage.sessions + vitals.sessions.load(Ordering::Relaxed),
            memory_bytes: usage.memory_bytes + vitals.weight.load(Ordering::Relaxed),
        })
    }

    /// How many documents whose names begin so were ever written; counting ends at `most`.
    ///
    /// # Errors
    /// [`HubError`].
    pub async fn documents_below(&self, beginning: &DocId, most: usize) -> Result<usize, HubError> {
        let (mut count, mut after) = (0, beginning.clone());
        loop {
            // They come in the order of their names' bytes.
            let page = self.0.store.documents(Some(&after), LIST_PAGE).await?;
            let below = page.iter().take_while(|info| info.doc.as_str().starts_with(beginning.as_str()));
            let found = below.count();
            count += found;
            match page.last() {
                Some(last) if found == LIST_PAGE && count < most => after = last.doc.clone(),
                _ => return Ok(count.min(most)),
            }
        }
    }
}
