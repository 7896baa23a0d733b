//! The document: merge, state, difference.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use bytes::Bytes;
use weft_ids::ClientId;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, TransactionMut, Update, WriteTxn};

use crate::text;

/// What came of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// The document changed: the update is to be logged and relayed.
    New,
    /// The document held all of it already.
    Known,
}

/// Why an update was not merged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MergeError {
    /// It builds on content the document does not have. The document is unchanged.
    #[error("the update builds on content that is missing here")]
    Missing,
    /// Merging it failed half way (an update is not applied atomically): the document must be thrown away and rebuilt
    /// from its log, without this update.
    #[error("the update could not be merged: {0}")]
    Broken(String),
}

/// Why bytes are not a document's state, or a state vector is not one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The bytes do not decode, or what they decode to cannot be merged.
    #[error("not a document's state: {0}")]
    State(String),
    /// The bytes are not a v1 state vector.
    #[error("not a state vector: {0}")]
    StateVector(String),
}

/// One document in memory. Owned by exactly one task: every call is a plain function call on the calling thread.
pub struct Document {
    doc: Doc,
    /// The encoded state of exactly this moment, if someone has asked for it since the last change.
    state: Option<Bytes>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document").field("clients", &self.clocks().len()).finish_non_exhaustive()
    }
}

impl Default for Document {
    fn default() -> Self {
        Self::new()
    }
}

impl Document {
    /// An empty document.
    #[must_use]
    pub fn new() -> Self {
        // Client id: this replica never writes, so any constant does. UTF-16 offsets are what JavaScript counts in.
        // Formatting is not cleaned up here, since that would make deletions that no client sent and no log holds.
        let options = Options {
            offset_kind: OffsetKind::Utf16,
            skip_gc: false,
            cleanup_formatting: false,
            ..Options::with_client_id(yrs::block::ClientID::new(1))
        };
        Self { doc: Doc::with_options(options), state: None }
    }

    /// A document from its whole state and the updates that came after, oldest first.
    ///
    /// # Errors
    /// As [`Self::restore_more`].
    pub fn restore<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, DocumentError> {
        let mut document = Self::new();
        document.restore_more(updates)?;
        Ok(document)
    }

    /// Puts stored updates behind those it was restored from, oldest first.
    ///
    /// # Errors
    /// [`DocumentError::State`] if any of them does not decode or leaves a hole: it must not be used any more then.
    pub fn restore_more<'a>(
        &mut self,
        updates: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), DocumentError> {
        let failed = |what: String| DocumentError::State(what);
        self.state = None;
        let doc = &self.doc;
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            for bytes in updates {
                let update = Update::decode_v1(bytes).map_err(|error| failed(error.to_string()))?;
                // A transaction each: only its end joins neighbouring blocks, and a long tail of single keystrokes
                // would be shifted about whole with every next one.
                doc.transact_mut().apply_update(update).map_err(|error| failed(error.to_string()))?;
            }
            if doc.transact().has_missing_updates() {
                return Err(failed("content that it builds on is missing".into()));
            }
            Ok(())
        }));
        outcome.unwrap_or_else(|panic| Err(failed(what_panicked(&*panic))))
    }

    /// Merges one scanned v1 update.
    ///
    /// # Errors
    /// [`MergeError`]: after `Missing` the document is as it was; after `Broken` it must not be used again.
    pub fn merge(&mut self, update: &[u8]) -> Result<Merged, MergeError> {
        let update = Update::decode_v1(update).map_err(|error| MergeError::Broken(error.to_string()))?;
        let doc = &self.doc;
        // Nobody else has a transaction, so there is nothing to wait for, and preparing to wait has its price.
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let txn = doc.try_transact_mut();
            merge_into(&mut txn.map_err(|error| MergeError::Broken(error.to_string()))?, update)
        }));
        let merged = match outcome {
            Ok(merged) => merged,
            Err(panic) => Err(MergeError::Broken(what_panicked(&*panic))),
        };
        if merged == Ok(Merged::New) {
            self.state = None;
        }
        merged
    }

    /// The next clock of every client that wrote here: the state vector, as pairs.
    #[must_use]
    pub fn clocks(&self) -> HashMap<ClientId, u32> {
        let sv = self.doc.transact().state_vector();
        sv.iter().filter_map(|(client, clock)| Some((ClientId::new(client.get())?, *clock))).collect()
    }

    /// The whole state as one v1 update. Encoded once per change; asking again is free.
    pub fn state(&mut self) -> Bytes {
        let doc = &self.doc;
        self.state
            .get_or_insert_with(|| Bytes::from(doc.transact().encode_diff_v1(&StateVector::default())))
            .clone()
    }

    /// What a replica with state vector `since` (v1 bytes, scanned) lacks, as one v1 update. Always carries the whole
    /// delete set, since a state vector says nothing of deletions.
    ///
    /// # Errors
    /// [`DocumentError::StateVector`].
    pub fn diff(&self, since: &[u8]) -> Result<Bytes, DocumentError> {
        let since =
            StateVector::decode_v1(since).map_err(|error| DocumentError::StateVector(error.to_string()))?;
        Ok(self.doc.transact().encode_diff_v1(&since).into())
    }

    /// The state vector as v1 bytes.
    #[must_use]
    pub fn state_vector(&self) -> Bytes {
        self.doc.transact().state_vector().encode_v1().into()
    }

    /// Whether everything in these spans of clocks is deleted here.
    #[must_use]
    pub fn has_deleted(&self, spans: impl IntoIterator<Item = (ClientId, Range<u32>)>) -> bool {
        let deleted = self.doc.transact().snapshot().delete_set;
        spans.into_iter().all(|(client, span)| {
            let ranges = deleted.get(&yrs::block::ClientID::new(client.get()));
            // The ranges are sorted and merged, so a span that is deleted lies within one of them.
            ranges.is_some_and(|ranges| {
                let ranges = ranges.as_slice();
                let first = ranges.partition_point(|(range, ())| range.end <= span.start);
                ranges
                    .get(first)
                    .is_some_and(|(range, ())| range.start <= span.start && span.end <= range.end)
            })
        })
    }

    /// The plain text: every root that holds text or blocks, in the order of their names, a line per block.
    #[must_use]
    pub fn text(&self) -> String {
        text::document(&self.doc.transact())
    }

    /// The plain text of one root; empty if there is no such root or it holds no text.
    #[must_use]
    pub fn root_text(&self, root: &str) -> String {
        text::root(&self.doc.transact(), root)
    }

    /// The whole number under `key` of the root map `root`, if there is one.
    #[must_use]
    pub fn integer(&self, root: &str, key: &str) -> Option<i64> {
        text::integer(&self.doc.transact(), root, key)
    }
}

fn merge_into(txn: &mut TransactionMut<'_>, update: Update) -> Result<Merged, MergeError> {
    txn.apply_update(update).map_err(|error| MergeError::Broken(error.to_string()))?;
    let changed = txn.has_changes();
    if txn.has_missing_updates() {
        txn.prune_pending();
        // Part of it is in and part is not: what memory holds now is in nobody's log.
        return Err(if changed {
            MergeError::Broken("part of the update builds on content that is missing here".into())
        } else {
            MergeError::Missing
        });
    }
    Ok(if changed { Merged::New } else { Merged::Known })
}

fn what_panicked(panic: &(dyn std::any::Any + Send)) -> String {
    let what = panic.downcast_ref::<&str>().copied().map(str::to_owned);
    what.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".into())
}

#[cfg(test)]
mod tests {
    use yrs::{Map, Text, XmlElementPrelim, XmlFragment, XmlTextPrelim};

    use super::*;

    fn writer(id: u64) -> Doc {
        Doc::with_options(Options {
            offset_kind: OffsetKind::Utf16,
            ..Options::with_client_id(yrs::block::ClientID::new(id))
        })
    }

    fn edit(doc: &Doc, change: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = doc.transact_mut();
        change(&mut txn);
        txn.encode_update_v1()
    }

    fn typed(doc: &Doc, at: u32, text: &str) -> Vec<u8> {
        edit(doc, |txn| txn.get_or_insert_text("t").insert(txn, at, text))
    }

    #[test]
    fn an_update_is_new_once_and_known_ever_after() {
        let (author, mut document) = (writer(7), Document::new());
        let update = typed(&author, 0, "hello");
        assert_eq!(document.merge(&update), Ok(Merged::New));
        assert_eq!(document.merge(&update), Ok(Merged::Known));
        assert_eq!(document.text(), "hello");
        assert_eq!(document.clocks(), HashMap::from([(ClientId::new(7).unwrap(), 5)]));
    }

    #[test]
    fn a_deletion_alone_is_a_change_and_its_echo_is_not() {
        let (author, mut document) = (writer(7), Document::new());
        document.merge(&typed(&author, 0, "hello")).unwrap();
        let deletion = edit(&author, |txn| txn.get_or_insert_text("t").remove_range(txn, 1, 3));
        assert_eq!(document.merge(&deletion), Ok(Merged::New));
        assert_eq!(document.merge(&deletion), Ok(Merged::Known));
        let everything = author.transact().encode_diff_v1(&StateVector::default());
        assert_eq!(document.merge(&everything), Ok(Merged::Known));
        assert_eq!(document.text(), "ho");
        let client = ClientId::new(7).unwrap();
        assert!(document.has_deleted([(client, 1..4), (client, 2..3)]));
        assert!(!document.has_deleted([(client, 1..5)]));
        assert!(!document.has_deleted([(client, 0..2)]));
        assert!(!document.has_deleted([(ClientId::new(8).unwrap(), 0..1)]));
    }

    #[test]
    fn what_builds_on_missing_content_changes_nothing() {
        let (ann, bob, mut document) = (writer(1), writer(2), Document::new());
        let first = typed(&ann, 0, "ab");
        bob.transact_mut().apply_update(Update::decode_v1(&first).unwrap()).unwrap();
        let second = typed(&bob, 1, "x");
        assert_eq!(document.merge(&second), Err(MergeError::Missing));
        assert_eq!(document.text(), "");
        assert!(document.clocks().is_empty());
        assert_eq!(document.merge(&first), Ok(Merged::New));
        assert_eq!(document.merge(&second), Ok(Merged::New));
        assert_eq!(document.text(), "axb");
    }

    #[test]
    fn a_state_and_its_tail_restore_the_document() {
        let (author, mut document) = (writer(7), Document::new());
        document.merge(&typed(&author, 0, "hello")).unwrap();
        let state = document.state();
        let tail = typed(&author, 5, " world");
        document.merge(&tail).unwrap();
        let mut again = Document::restore([&state[..], &tail[..]]).unwrap();
        assert_eq!(again.text(), "hello world");
        assert_eq!(again.state(), document.state());
        assert!(matches!(Document::restore([&tail[..]]), Err(DocumentError::State(_))));
        assert!(matches!(Document::restore([&b"\xff\xff"[..]]), Err(DocumentError::State(_))));
    }

    #[test]
    fn a_difference_holds_what_the_other_lacks() {
        let (author, mut document) = (writer(7), Document::new());
        let first = typed(&author, 0, "hello");
        document.merge(&first).unwrap();
        let mut other = Document::restore([&first[..]]).unwrap();
        document.merge(&typed(&author, 5, " world")).unwrap();
        other.merge(&document.diff(&other.state_vector()).unwrap()).unwrap();
        assert_eq!(other.text(), "hello world");
        assert!(document.diff(b"\x05").is_err());
    }

    #[test]
    fn text_is_read_from_roots_of_any_kind() {
        let author = writer(7);
        let update = edit(&author, |txn| {
            let body = txn.get_or_insert_xml_fragment("default");
            let heading = body.push_back(txn, XmlElementPrelim::empty("heading"));
            heading.push_back(txn, XmlTextPrelim::new("Title"));
            let list = body.push_back(txn, XmlElementPrelim::empty("bulletList"));
            for word in ["one", "two"] {
                let item = list.push_back(txn, XmlElementPrelim::empty("listItem"));
                let paragraph = item.push_back(txn, XmlElementPrelim::empty("paragraph"));
                paragraph.push_back(txn, XmlTextPrelim::new(word));
            }
            txn.get_or_insert_text("code").insert(txn, 0, "fn main() {}\n");
            txn.get_or_insert_map("weft").insert(txn, "schema", 3);
        });
        let mut document = Document::new();
        document.merge(&update).unwrap();
        assert_eq!(document.text(), "fn main() {}\n\nTitle\none\ntwo");
        assert_eq!(document.root_text("default"), "Title\none\ntwo");
        assert_eq!(document.root_text("nothing"), "");
        assert_eq!(document.integer("weft", "schema"), Some(3));
        assert_eq!(document.integer("weft", "other"), None);
    }
}
