//! The large document that is opened: a recorded writing session, or one made up of the same size.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use flate2::read::GzDecoder;
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use serde::Deserialize;
use yrs::block::ClientID;
use yrs::updates::decoder::Decode;
use yrs::{Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, Transact, Update, WriteTxn};

use crate::typist::ROOT;

/// The made-up document's edits and length: those of the recorded automerge-paper session.
const MADE_UP_EDITS: usize = 259_778;
const MADE_UP_CHARS: usize = 104_852;

/// Characters removed, then inserted, at a place counted in characters.
#[derive(Debug, Deserialize)]
struct Patch(u32, u32, String);

/// A recorded session as it stands in its file.
#[derive(Debug, Deserialize)]
struct Trace {
    #[serde(rename = "endContent")]
    end_content: String,
    txns: Vec<Transaction>,
}

#[derive(Debug, Deserialize)]
struct Transaction {
    patches: Vec<Patch>,
}

/// A document as the updates that wrote it.
#[derive(Debug)]
pub(crate) struct Document {
    /// One v1 update for each edit, in order.
    pub(crate) updates: Vec<Vec<u8>>,
    /// The text at the end.
    pub(crate) text: String,
    /// All of it as one v1 update, as a replica without a past holds it.
    pub(crate) state: Vec<u8>,
    /// What it is, for the report.
    pub(crate) origin: String,
    /// What a replica that holds everything has seen.
    state_vector: StateVector,
}

impl Document {
    /// The session recorded in `trace`, or a made-up one when there is no such file.
    pub(crate) fn load(trace: &Path) -> Result<Document> {
        match File::open(trace) {
            Ok(file) => {
                let mut json = String::new();
                GzDecoder::new(file).read_to_string(&mut json).context("the trace is damaged")?;
                let trace: Trace = serde_json::from_str(&json).context("the trace is not as expected")?;
                ensure!(
                    trace.end_content.is_ascii(),
                    "places in the trace count characters, not UTF-16 units"
                );
                let patches = trace.txns.into_iter().flat_map(|txn| txn.patches);
                let document = Document::write(patches, "the recorded session automerge-paper".into());
                ensure!(
                    document.text == trace.end_content,
                    "the replayed text differs from the recorded one"
                );
                Ok(document)
            }
            Err(_) => {
                let origin = format!("made up, as {} is not there", trace.display());
                Ok(Document::write(made_up(MADE_UP_EDITS), origin))
            }
        }
    }

    fn write(patches: impl Iterator<Item = Patch>, origin: String) -> Document {
        let mut options = Options::with_client_id(ClientID::new(1_234_567_890));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        let text = doc.get_or_insert_text(ROOT);
        let mut updates = Vec::new();
        for Patch(place, removed, inserted) in patches {
            let mut txn = doc.transact_mut();
            if removed > 0 {
                text.remove_range(&mut txn, place, removed);
            }
            if !inserted.is_empty() {
                text.insert(&mut txn, place, &inserted);
            }
            updates.push(txn.encode_update_v1());
        }
        let txn = doc.transact();
        let state = txn.encode_state_as_update_v1(&StateVector::default());
        Document { updates, text: text.get_string(&txn), state, origin, state_vector: txn.state_vector() }
    }

    /// True when `given`, v1 updates, cover every clock of the document together. It does not look at deletions.
    pub(crate) fn covered_by(&self, given: &[Vec<u8>]) -> bool {
        let Some(update) = whole(given) else { return false };
        let have = update.state_vector();
        self.state_vector.iter().all(|(client, clock)| have.get(client) >= *clock)
    }

    /// True when a replica that applies `given`, v1 updates, shows the document's text: nothing is missing, deletions
    /// included.
    pub(crate) fn equals(&self, given: &[Vec<u8>]) -> bool {
        let doc = Doc::new();
        let Some(update) = whole(given) else { return false };
        let mut txn = doc.transact_mut();
        txn.apply_update(update).is_ok() && txn.get_or_insert_text(ROOT).get_string(&txn) == self.text
    }
}

/// What v1 updates hold together; `None` if one of them is none.
fn whole(given: &[Vec<u8>]) -> Option<Update> {
    let updates = given.iter().map(|update| Update::decode_v1(update)).collect::<Result<Vec<_>, _>>();
    Some(Update::merge_updates(updates.ok()?))
}

/// How the made-up author writes: so many characters, then some of them taken back, one by one; and now and then the
/// caret goes elsewhere. The counts make the recorded session's length of its edits.
const BURST_EDITS: usize = 60;
const BURST_KEPT: usize = BURST_EDITS * MADE_UP_CHARS / MADE_UP_EDITS;
const BURST_TYPED: usize = (BURST_EDITS + BURST_KEPT) / 2;
const BURSTS_A_PLACE: u32 = 5;

/// The same author each time: `edits` edits.
fn made_up(edits: usize) -> impl Iterator<Item = Patch> {
    let mut rng = SmallRng::seed_from_u64(2);
    let (mut length, mut caret) = (0_u32, 0_u32);
    (0..edits).map(move |edit| {
        if edit.is_multiple_of(BURST_EDITS) && rng.random_ratio(1, BURSTS_A_PLACE) {
            caret = rng.random_range(0..=length);
        }
        if edit % BURST_EDITS < BURST_TYPED {
            (length, caret) = (length + 1, caret + 1);
            let letter = char::from(b'a' + rng.random_range(0..26_u8));
            return Patch(caret - 1, 0, letter.to_string());
        }
        (length, caret) = (length - 1, caret - 1);
        Patch(caret, 1, String::new())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yrs::{ReadTxn, merge_updates_v1};

    #[test]
    fn a_made_up_document_is_whole_only_with_all_of_its_updates() {
        let document = Document::write(made_up(2_000), "a test".into());
        assert_eq!(document.updates.len(), 2_000);
        let mut next = 0;
        for update in &document.updates {
            crate::update::spans(update, |_, start, end| {
                assert_eq!(start, next, "every update begins where the one before ended");
                next = end;
            })
            .unwrap();
        }
        let length = document.text.len();
        assert!(length.abs_diff(2_000 * MADE_UP_CHARS / MADE_UP_EDITS) < BURST_EDITS, "{length} characters");
        let doc = Doc::new();
        for update in &document.updates {
            doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
        }
        let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
        let is_whole = |given: &[Vec<u8>]| {
            assert_eq!(document.covered_by(given), document.equals(given));
            document.equals(given)
        };
        assert!(is_whole(&[state]));
        // As a server sends it that keeps an encoded state and what came after.
        let (first, rest) = document.updates.split_at(1_900);
        let [first, rest] = [first, rest].map(|updates| merge_updates_v1(updates).unwrap());
        assert!(is_whole(&[first.clone(), rest.clone()]));
        assert!(!is_whole(&[first]) && !is_whole(&[rest]) && !is_whole(&[]));
        assert!(!is_whole(&[vec![0, 0]]) && !is_whole(&[b"nonsense".to_vec()]));
    }
}
