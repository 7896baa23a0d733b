//! Removing a document.
//!
//! ```text
//! 1  one commit: its name, and every row that counts as damage without one    from here on it does not exist for anybody
//! 2  the pieces that belonged to those rows
//! ```
//! After a crash in 2 the rest goes with the next compaction.

use weft_ids::DocId;
use weft_store::StoreError;

use crate::SledStore;
use crate::keys::{self, Number};
use crate::rows::{Row, RowError};
use crate::view::View;
use crate::writer::Job;

/// What a document's rows begin with that are read without others leading to them.
const LEADING: [&[u8]; 5] = [b"b", &[b'k', 0], &[b'k', 1], b"l", b"o"];
/// What their pieces begin with.
const PIECES: [&[u8]; 4] = [b"x", b"y", &[b'z', 0], &[b'z', 1]];

impl SledStore {
    pub(crate) async fn remove_all(&self, doc: &DocId) -> Result<(), StoreError> {
        // Nobody puts segments or checkpoints into its place meanwhile.
        let _alone = self.reshaping.lock().await;
        let _saving = self.saving.lock().await;
        let of = doc.clone();
        let removed = self.writer.ask(0, |answer| Job::Remove { doc: of, answer }).await?;
        let Some(number) = removed else { return Ok(()) };
        let pieces = self.blocking(move |shared| shared.with(|view| rows_of(view, number, &PIECES)));
        self.put_parts(pieces.await?).await
    }
}

/// The rows without which there is no such document.
pub(crate) fn leading_rows(view: &View<'_>, number: Number) -> Result<Vec<Row>, StoreError> {
    rows_of(view, number, &LEADING)
}

fn rows_of(view: &View<'_>, number: Number, prefixes: &[&[u8]]) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::new();
    for prefix in prefixes {
        let (from, to) = keys::all_of(prefix, number);
        for key in view.range(from..=to).keys() {
            rows.push((key.map_err(|error| RowError::from(error).of(None))?.to_vec(), None));
        }
    }
    Ok(rows)
}
