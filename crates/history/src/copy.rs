//! A moment as a new document.

use std::sync::Arc;

use weft_access::Grant;
use weft_hub::{Kind, Submission};
use weft_ids::{DOC_ID_BYTES_MAX, DocId, Seq};
use weft_wire::Update;

use crate::error::HistoryError;
use crate::history::{History, blocking};
use crate::past::WishError;
use crate::version::{may_write, random_id};

/// What the documents of wiki pages begin with.
const PAGE: &str = "page/";
/// As the web client makes them: 120 bits, so nobody guesses a page and two never meet.
const PAGE_ID_CHARACTERS: usize = 24;
/// How many copies of one document find a name by themselves.
pub const COPIES_MAX: usize = 1_000;

impl History {
    /// A name for a copy of `doc` that no document has: another page for a page, else the name with "copy" and a number.
    ///
    /// # Errors
    /// [`HistoryError::Exists`] when there are [`COPIES_MAX`] already.
    pub async fn name_for_copy(&self, doc: &DocId) -> Result<DocId, HistoryError> {
        let mut last = doc.clone();
        for number in 1..=COPIES_MAX {
            let name = if doc.as_str().starts_with(PAGE) {
                format!("{PAGE}{}", random_id(PAGE_ID_CHARACTERS))
            } else {
                numbered(doc.as_str(), number)
            };
            // It is no longer than names may be, not empty, and has no NUL since `doc` has none.
            last = DocId::new(&name).unwrap_or_else(|_| doc.clone());
            if self.0.store.head(&last).await?.is_none() {
                return Ok(last);
            }
        }
        Err(HistoryError::Exists(last))
    }

    /// Makes the document of `to`, which must not exist, of what that of `from` was at record `at`. Resolves when it is
    /// durable, with its place. `name` is what the one who asks calls themselves.
    ///
    /// # Errors
    /// [`HistoryError`]; nothing was stored then.
    pub async fn copy(
        &self,
        from: &Grant,
        at: Seq,
        to: &Grant,
        name: Option<Arc<str>>,
    ) -> Result<Seq, HistoryError> {
        may_write(to)?;
        let past = self.open(from).await?;
        let (update, empty) = blocking(move || {
            let moment = past.moment_at(at)?;
            let state = moment.state().map_err(WishError::TooLarge)?;
            let update = Update::scan(state).map_err(WishError::TooLarge)?;
            Ok((update, at == Seq::ZERO))
        })
        .await?;
        if empty {
            return Err(HistoryError::NothingToCopy);
        }
        // Two who copy to one name at once would mix two moments.
        let _turn = self.0.turns.take(to.doc()).await;
        if self.0.store.head(to.doc()).await?.is_some() {
            return Err(HistoryError::Exists(to.doc().clone()));
        }
        let submission = Submission { update, kind: Kind::Import, name };
        let submitted = self.0.hub.submit(to, submission).await?;
        if submitted.changed { Ok(submitted.position.seq) } else { Err(HistoryError::NothingToCopy) }
    }
}

/// "name copy", "name copy 2", …, the name cut where it would be too long.
fn numbered(name: &str, number: usize) -> String {
    let ending = if number == 1 { " copy".to_owned() } else { format!(" copy {number}") };
    let mut end = name.len().min(DOC_ID_BYTES_MAX - ending.len());
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}{ending}", &name[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_numbered_and_never_too_long() {
        assert_eq!(numbered("a", 1), "a copy");
        assert_eq!(numbered("a", 2), "a copy 2");
        for name in ["x".repeat(DOC_ID_BYTES_MAX), "字".repeat(DOC_ID_BYTES_MAX / 3)] {
            assert!(DocId::new(&numbered(&name, COPIES_MAX)).is_ok());
        }
    }
}
