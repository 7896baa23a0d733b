//! A client's copy of the document: what it writes, and what it makes of what comes.

use std::collections::HashMap;

use bytes::Bytes;
use weft_ids::ClientId;
use weft_wire::{DeleteSpan, Update};
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Array, ArrayRef, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, Snapshot,
    StateVector, Text, TextRef, Transact, TransactionMut, XmlElementPrelim, XmlFragment, XmlFragmentRef,
    XmlOut, XmlTextPrelim,
};

use crate::dice::Dice;

/// What everyone must agree on.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// The text root.
    pub text: String,
    /// The other roots, as JSON or XML.
    pub rest: Vec<String>,
    /// The state vector and the delete set.
    pub snapshot: Snapshot,
}

/// A document and what came too early for it.
pub struct Replica {
    id: ClientId,
    doc: Doc,
    text: TextRef,
    map: MapRef,
    array: ArrayRef,
    xml: XmlFragmentRef,
    /// As in Yjs: updates that build on what is not here wait until it is.
    early: Vec<Update>,
    /// What this client itself deleted.
    deleted: Vec<DeleteSpan>,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Replica {
    /// An empty one.
    #[must_use]
    pub fn new(id: ClientId) -> Self {
        let doc = Doc::with_options(Options {
            offset_kind: OffsetKind::Utf16,
            cleanup_formatting: false,
            ..Options::with_client_id(yrs::block::ClientID::new(id.get()))
        });
        let text = doc.get_or_insert_text("t");
        let map = doc.get_or_insert_map("m");
        let array = doc.get_or_insert_array("a");
        let xml = doc.get_or_insert_xml_fragment("x");
        Self { id, doc, text, map, array, xml, early: Vec::new(), deleted: Vec::new() }
    }

    /// Whose it is.
    #[must_use]
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Changes something, by the number given; `None` if that changed nothing.
    pub fn edit(&mut self, number: u32) -> Option<Update> {
        let mut dice = Dice::new((self.id.get() << 32) | u64::from(number));
        let update = {
            let mut txn = self.doc.transact_mut();
            for _ in 0..=dice.below(2) {
                self.change(&mut txn, &mut dice);
            }
            txn.encode_update_v1()
        };
        let update = Update::scan(update.into()).ok().filter(|update| !update.is_empty())?;
        self.deleted.extend_from_slice(update.deletes());
        Some(update)
    }

    /// Writes `text` at the end of the text.
    ///
    /// # Panics
    /// If that is empty.
    pub fn write(&mut self, text: &str) -> Update {
        let mut txn = self.doc.transact_mut();
        let end = self.text.len(&txn);
        self.text.insert(&mut txn, end, text);
        Update::scan(txn.encode_update_v1().into()).expect("an update of ours passes the scanner")
    }

    /// Puts `text` in the place of all text there is.
    ///
    /// # Panics
    /// If both are empty.
    pub fn replace(&mut self, text: &str) -> Update {
        let mut txn = self.doc.transact_mut();
        let end = self.text.len(&txn);
        self.text.remove_range(&mut txn, 0, end);
        self.text.insert(&mut txn, 0, text);
        Update::scan(txn.encode_update_v1().into()).expect("an update of ours passes the scanner")
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> String {
        self.text.get_string(&self.doc.transact())
    }

    fn change(&self, txn: &mut TransactionMut<'_>, dice: &mut Dice) {
        let letter = char::from(b'a' + dice.below(26) as u8);
        let word: String = std::iter::repeat_n(letter, 1 + dice.below(4) as usize).collect();
        match dice.below(20) {
            0..7 => {
                let at = dice.below(self.text.len(txn) + 1);
                self.text.insert(txn, at, &word);
            }
            7..12 => {
                let length = self.text.len(txn);
                if length > 0 {
                    let at = dice.below(length);
                    let count = (1 + dice.below(4)).min(length - at);
                    self.text.remove_range(txn, at, count);
                }
            }
            12..14 => {
                self.map.insert(txn, format!("k{}", dice.below(3)), word);
            }
            14 => {
                self.map.remove(txn, &format!("k{}", dice.below(3)));
            }
            15 => {
                let inner = MapPrelim::from([(word.clone(), word)]);
                self.map.insert(txn, format!("k{}", dice.below(3)), inner);
            }
            16 => {
                let at = dice.below(self.array.len(txn) + 1);
                self.array.insert(txn, at, word);
            }
            17 => {
                let length = self.array.len(txn);
                if length > 0 {
                    self.array.remove(txn, dice.below(length));
                }
            }
            18 => {
                let at = dice.below(self.xml.len(txn) + 1);
                let element = self.xml.insert(txn, at, XmlElementPrelim::empty("paragraph"));
                element.push_back(txn, XmlTextPrelim::new(word));
            }
            _ => self.change_block(txn, dice, &word),
        }
    }

    fn change_block(&self, txn: &mut TransactionMut<'_>, dice: &mut Dice, word: &str) {
        let length = self.xml.len(txn);
        if length == 0 {
            return;
        }
        let at = dice.below(length);
        if dice.chance(30) {
            self.xml.remove_range(txn, at, 1);
        } else if let Some(XmlOut::Element(element)) = self.xml.get(txn, at)
            && let Some(XmlOut::Text(text)) = element.get(txn, 0)
        {
            let place = dice.below(text.len(txn) + 1);
            text.insert(txn, place, word);
        }
    }

    /// Takes in what came, or keeps it until what it builds on has come.
    pub fn take(&mut self, update: Update) {
        self.early.push(update);
        loop {
            if let Some(at) = self.early.iter().position(|update| self.fits(update)) {
                let update = self.early.remove(at);
                self.apply(&update);
            } else if let Some(whole) = self.early_as_one() {
                self.early.clear();
                self.apply(&whole);
            } else {
                return;
            }
        }
    }

    /// Two that came too early may each hold what the other waits for. Yjs takes in what it can of each; here they are
    /// taken in together.
    fn early_as_one(&self) -> Option<Update> {
        if self.early.len() < 2 {
            return None;
        }
        let whole = yrs::merge_updates_v1(self.early.iter().map(Update::bytes)).ok()?;
        Update::scan(whole.into()).ok().filter(|whole| self.fits(whole))
    }

    fn fits(&self, update: &Update) -> bool {
        let known = self.doc.transact().state_vector();
        update.fits(|client| known.get(&yrs::block::ClientID::new(client.get())))
    }

    fn apply(&self, update: &Update) {
        let decoded = yrs::Update::decode_v1(update.bytes()).expect("a scanned update decodes");
        self.doc.transact_mut().apply_update(decoded).expect("a scanned update applies");
    }

    /// Whether nothing waits for what it builds on.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.early.is_empty()
    }

    /// Whether it holds so much of each client.
    #[must_use]
    pub fn knows(&self, clocks: &HashMap<ClientId, u32>) -> bool {
        let known = self.doc.transact().state_vector();
        clocks.iter().all(|(client, clock)| known.get(&yrs::block::ClientID::new(client.get())) >= *clock)
    }

    /// How much of its own writing there is.
    #[must_use]
    pub fn written(&self) -> u32 {
        self.doc.transact().state_vector().get(&yrs::block::ClientID::new(self.id.get()))
    }

    /// What this client itself deleted, ever.
    #[must_use]
    pub fn deleted(&self) -> &[DeleteSpan] {
        &self.deleted
    }

    /// The state vector, v1 bytes.
    #[must_use]
    pub fn state_vector(&self) -> Bytes {
        self.doc.transact().state_vector().encode_v1().into()
    }

    /// What a replica with the state vector `since` lacks; with all that waits here, as Yjs answers too.
    #[must_use]
    pub fn diff(&self, since: &[u8]) -> Bytes {
        let vector = StateVector::decode_v1(since).expect("the server's state vector decodes");
        let own = self.doc.transact().encode_diff_v1(&vector);
        if self.early.is_empty() {
            return own.into();
        }
        let early = self.early.iter().filter_map(|update| yrs::diff_updates_v1(update.bytes(), since).ok());
        let parts: Vec<Vec<u8>> = std::iter::once(own.clone()).chain(early).collect();
        yrs::merge_updates_v1(&parts).unwrap_or(own).into()
    }

    /// What it holds.
    #[must_use]
    pub fn content(&self) -> Content {
        let txn = self.doc.transact();
        let rest = vec![
            sorted(&self.map.to_json(&txn)),
            sorted(&self.array.to_json(&txn)),
            self.xml.get_string(&txn),
        ];
        Content { text: self.text.get_string(&txn), rest, snapshot: txn.snapshot() }
    }

    /// What someone else would send who writes `text` under this client's id, behind what the client wrote.
    #[must_use]
    pub fn forged(&self, text: &str, ahead: u32) -> Update {
        let mut bytes = vec![1, 1];
        weft_wire::varint::write_uint(&mut bytes, self.id.get());
        weft_wire::varint::write_uint(&mut bytes, u64::from(self.written() + ahead));
        bytes.extend([4, 1, 1, b't']);
        weft_wire::varint::write_string(&mut bytes, text);
        bytes.push(0);
        Update::scan(bytes.into()).expect("a forged update is well made")
    }
}

/// JSON text with its keys in order.
fn sorted(any: &yrs::Any) -> String {
    serde_json::to_value(any).map(|value| value.to_string()).unwrap_or_default()
}
