//! A small world: clients with replicas of their own, and a server that keeps a log of what they send.

use std::sync::Arc;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};
use weft_history::Past;
use weft_ids::{Seq, SessionId, UnixMillis};
use weft_store::{Author, BatchId, Record, RecordHash, RecordKind};
use yrs::types::Attrs;
use yrs::types::text::YChange;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ClientID, Doc, Map, MapPrelim, OffsetKind, Options, Out, ReadTxn, StateVector,
    Text, TextPrelim, Transact, Update, WriteTxn, Xml, XmlElementPrelim, XmlElementRef, XmlFragment,
    XmlFragmentRef, XmlOut, XmlTextPrelim, XmlTextRef,
};

type Json = serde_json::Map<String, Value>;

/// One step of a plan. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// A client edits.
    Edit { client: u8, what: u8, at: u16, len: u8 },
    /// A client sends what it has not sent, update by update.
    Push { client: u8 },
    /// A client comes back from being offline and sends all it has in one.
    Return { client: u8 },
    /// A client takes in what the server has.
    Pull { client: u8 },
}

pub(crate) const CLIENTS: usize = 3;

/// A plan of up to `steps` steps.
pub(crate) fn plan(steps: usize) -> impl Strategy<Value = Vec<Step>> {
    let client = || 0..CLIENTS as u8;
    let step = prop_oneof![
        6 => (client(), any::<u8>(), any::<u16>(), any::<u8>())
            .prop_map(|(client, what, at, len)| Step::Edit { client, what, at, len }),
        2 => client().prop_map(|client| Step::Push { client }),
        1 => client().prop_map(|client| Step::Return { client }),
        3 => client().prop_map(|client| Step::Pull { client }),
    ];
    prop::collection::vec(step, 1..steps)
}

pub(crate) struct Client {
    pub(crate) doc: Doc,
    pub(crate) unsent: Vec<Vec<u8>>,
}

pub(crate) struct World {
    pub(crate) clients: Vec<Client>,
    pub(crate) log: Vec<Record>,
    pub(crate) server: Doc,
}

pub(crate) fn replica(id: u64) -> Doc {
    let options = Options {
        offset_kind: OffsetKind::Utf16,
        skip_gc: false,
        cleanup_formatting: false,
        ..Options::with_client_id(ClientID::new(id))
    };
    let doc = Doc::with_options(options);
    {
        let mut txn = doc.transact_mut();
        txn.get_or_insert_text("t");
        txn.get_or_insert_map("m");
        txn.get_or_insert_array("a");
        txn.get_or_insert_xml_fragment("x");
    }
    doc
}

pub(crate) fn apply(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    assert!(!doc.transact().has_missing_updates());
}

pub(crate) fn record(seq: u64, who: &str, kind: RecordKind, update: &[u8]) -> Record {
    Record {
        seq: Seq(seq),
        prev: RecordHash::FIRST,
        time: UnixMillis(1_000 * seq),
        author: Author { user: None, name: Some(Arc::from(who)), session: SessionId(7) },
        kind,
        batch: BatchId { writer: 1, number: seq },
        update: Bytes::copy_from_slice(update),
    }
}

impl World {
    pub(crate) fn new() -> Self {
        // Ids that are not in the order of the clients, since the order of ids decides between rivals.
        let clients = [71, 13, 42].map(|id| Client { doc: replica(id), unsent: Vec::new() });
        Self { clients: clients.into(), log: Vec::new(), server: replica(1) }
    }

    pub(crate) fn run(plan: &[Step]) -> Self {
        let mut world = Self::new();
        plan.iter().for_each(|step| world.step(step));
        world
    }

    pub(crate) fn step(&mut self, step: &Step) {
        match *step {
            Step::Edit { client, what, at, len } => {
                let client = &mut self.clients[client as usize];
                if let Some(update) = edit(&client.doc, what, at, len) {
                    client.unsent.push(update);
                }
            }
            Step::Push { client } => {
                for update in std::mem::take(&mut self.clients[client as usize].unsent) {
                    self.append(&format!("c{client}"), RecordKind::Edit, &update);
                }
            }
            Step::Return { client } => {
                let state = self.server.transact().state_vector();
                let here = &mut self.clients[client as usize];
                here.unsent.clear();
                let update = here.doc.transact().encode_diff_v1(&state);
                self.append(&format!("c{client}"), RecordKind::Edit, &update);
            }
            Step::Pull { client } => {
                let doc = &self.clients[client as usize].doc;
                let state = doc.transact().state_vector();
                let update = self.server.transact().encode_diff_v1(&state);
                apply(doc, &update);
            }
        }
    }

    /// The server merges an update and keeps it.
    pub(crate) fn append(&mut self, who: &str, kind: RecordKind, update: &[u8]) {
        apply(&self.server, update);
        self.log.push(record(self.log.len() as u64 + 1, who, kind, update));
    }

    /// Everyone sends and takes everything.
    pub(crate) fn settle(&mut self) {
        for client in 0..CLIENTS as u8 {
            self.step(&Step::Push { client });
        }
        for client in 0..CLIENTS as u8 {
            self.step(&Step::Pull { client });
        }
    }

    pub(crate) fn past(&self) -> Past {
        let mut past = Past::new();
        self.log.iter().for_each(|record| past.add(record).unwrap());
        past
    }
}

const WORDS: [&str; 8] = ["a", "bc", "Ünter", "漢字", "hello ", "x y", "\n", "zzzz"];

/// Some edit of a replica; `None` if there was nothing to edit.
fn edit(doc: &Doc, what: u8, at: u16, len: u8) -> Option<Vec<u8>> {
    let at = u32::from(at);
    let word = WORDS[usize::from(len) % WORDS.len()];
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("t");
    let map = txn.get_or_insert_map("m");
    let array = txn.get_or_insert_array("a");
    let xml = txn.get_or_insert_xml_fragment("x");
    let key = ["k0", "k1", "k2"][at as usize % 3];
    let bold = |on: bool| Attrs::from([("bold".into(), if on { Any::Bool(true) } else { Any::Null })]);
    match what % 24 {
        0..=3 => {
            let start = at % (text.len(&txn) + 1);
            text.insert(&mut txn, start, word);
        }
        4 | 5 => {
            let (start, count) = range(text.len(&txn), at, len)?;
            text.remove_range(&mut txn, start, count);
        }
        6 => {
            let (start, count) = range(text.len(&txn), at, len)?;
            text.format(&mut txn, start, count, bold(len.is_multiple_of(2)));
        }
        7 => {
            let start = at % (text.len(&txn) + 1);
            text.insert_with_attributes(&mut txn, start, word, bold(true));
        }
        8 => drop(map.insert(&mut txn, key, i64::from(len))),
        9 => drop(map.insert(&mut txn, key, MapPrelim::from([("in", word)]))),
        10 => drop(map.remove(&mut txn, key)),
        11 => match map.get(&txn, key) {
            Some(Out::YMap(inner)) => drop(inner.insert(&mut txn, "in", i64::from(len))),
            Some(Out::YText(inner)) => inner.insert(&mut txn, 0, word),
            _ => drop(map.insert(&mut txn, key, TextPrelim::new(word))),
        },
        12 => {
            let start = at % (array.len(&txn) + 1);
            array.insert_range(&mut txn, start, [i64::from(len), 1, 2]);
        }
        13 => {
            let start = at % (array.len(&txn) + 1);
            array.insert(&mut txn, start, ArrayPrelim::from([word]));
        }
        14 => {
            let (start, count) = range(array.len(&txn), at, len)?;
            array.remove_range(&mut txn, start, count);
        }
        15 => {
            let start = at % (xml.len(&txn) + 1);
            let name = ["paragraph", "heading", "list"][usize::from(len) % 3];
            let block = xml.insert(&mut txn, start, XmlElementPrelim::empty(name));
            block.push_back(&mut txn, XmlTextPrelim::new(word));
            if name == "heading" {
                block.insert_attribute(&mut txn, "level", i64::from(len % 4));
            }
        }
        16 => {
            let (start, count) = range(xml.len(&txn), at, len % 2)?;
            xml.remove_range(&mut txn, start, count);
        }
        17 => drop(element(&txn, &xml, at)?.insert_attribute(&mut txn, "level", i64::from(len))),
        18 => element(&txn, &xml, at)?.remove_attribute(&mut txn, &"level"),
        19 => {
            let inner = element(&txn, &xml, at)?.push_back(&mut txn, XmlElementPrelim::empty("item"));
            inner.push_back(&mut txn, XmlTextPrelim::new(word));
        }
        20 | 21 => {
            let text = xml_text(&txn, &xml, at)?;
            let start = at % (text.len(&txn) + 1);
            text.insert(&mut txn, start, word);
        }
        22 => {
            let text = xml_text(&txn, &xml, at)?;
            let (start, count) = range(text.len(&txn), at, len)?;
            text.format(&mut txn, start, count, bold(len.is_multiple_of(2)));
        }
        _ => {
            let text = xml_text(&txn, &xml, at)?;
            let (start, count) = range(text.len(&txn), at, len)?;
            text.remove_range(&mut txn, start, count);
        }
    }
    Some(txn.encode_update_v1()).filter(|update| update != &[0, 0])
}

fn range(len: u32, at: u32, count: u8) -> Option<(u32, u32)> {
    let start = at % len.max(1);
    (len > 0).then(|| (start, (u32::from(count) % 5 + 1).min(len - start)))
}

/// Some element of the first two levels.
fn element<T: ReadTxn>(txn: &T, xml: &XmlFragmentRef, at: u32) -> Option<XmlElementRef> {
    let blocks: Vec<XmlElementRef> = xml.children(txn).filter_map(XmlOut::into_xml_element).collect();
    let inner: Vec<XmlElementRef> =
        blocks.iter().flat_map(|block| block.children(txn).filter_map(XmlOut::into_xml_element)).collect();
    let all = [blocks, inner].concat();
    (!all.is_empty()).then(|| all[at as usize % all.len()].clone())
}

fn xml_text<T: ReadTxn>(txn: &T, xml: &XmlFragmentRef, at: u32) -> Option<XmlTextRef> {
    element(txn, xml, at)?.children(txn).find_map(XmlOut::into_xml_text)
}

/// What a replica shows, in the form of a tree without ids.
pub(crate) fn shown(doc: &Doc) -> Value {
    let txn = doc.transact();
    let mut roots = Json::new();
    let mut note = |name: &str, inner: &str, node: Value| {
        let empty = match &node[inner] {
            Value::Array(list) => list.is_empty(),
            Value::Object(entries) => entries.is_empty(),
            _ => false,
        };
        if !empty {
            roots.insert(name.to_owned(), node);
        }
    };
    note("t", "delta", text(&txn, &txn.get_text("t").unwrap()));
    note("m", "entries", out(&txn, Out::YMap(txn.get_map("m").unwrap())));
    note("a", "items", out(&txn, Out::YArray(txn.get_array("a").unwrap())));
    note("x", "children", out(&txn, Out::YXmlFragment(txn.get_xml_fragment("x").unwrap())));
    json!({ "roots": roots })
}

fn text<T: ReadTxn, X: Text>(txn: &T, text: &X) -> Value {
    let mut pieces: Vec<(Value, Json)> = Vec::new();
    for run in text.diff(txn, YChange::identity) {
        let formats: Json = run
            .attributes
            .map(|formats| formats.iter().map(|(key, value)| (key.to_string(), plain(value))).collect())
            .unwrap_or_default();
        let insert = match run.insert {
            Out::Any(value) => plain(&value),
            other => out(txn, other),
        };
        match pieces.last_mut() {
            Some((Value::String(last), same)) if insert.is_string() && *same == formats => {
                last.push_str(insert.as_str().unwrap());
            }
            _ => pieces.push((insert, formats)),
        }
    }
    let piece = |(insert, formats): (Value, Json)| {
        if formats.is_empty() {
            json!({"insert": insert})
        } else {
            json!({"insert": insert, "attributes": formats})
        }
    };
    json!({"type": "text", "delta": pieces.into_iter().map(piece).collect::<Vec<_>>()})
}

fn plain(value: &Any) -> Value {
    let mut bytes = Vec::new();
    value.encode(&mut bytes);
    weft_doc::values(&bytes).pop().unwrap()
}

fn out<T: ReadTxn>(txn: &T, value: Out) -> Value {
    match value {
        Out::Any(value) => json!({"type": "value", "value": plain(&value)}),
        Out::YText(inner) => text(txn, &inner),
        Out::YXmlText(inner) => text(txn, &inner),
        Out::YMap(map) => {
            let entries: Json = map.iter(txn).map(|(key, value)| (key.to_owned(), out(txn, value))).collect();
            json!({"type": "map", "entries": entries})
        }
        Out::YArray(array) => {
            json!({"type": "array", "items": array.iter(txn).map(|value| out(txn, value)).collect::<Vec<_>>()})
        }
        Out::YXmlFragment(fragment) => {
            json!({"type": "fragment", "children": fragment.children(txn).map(|child| xml(txn, child)).collect::<Vec<_>>()})
        }
        Out::YXmlElement(element) => xml(txn, XmlOut::Element(element)),
        other => panic!("no world makes {other:?}"),
    }
}

fn xml<T: ReadTxn>(txn: &T, node: XmlOut) -> Value {
    match node {
        XmlOut::Text(inner) => text(txn, &inner),
        XmlOut::Fragment(inner) => out(txn, Out::YXmlFragment(inner)),
        XmlOut::Element(element) => {
            let attrs: Json = element
                .attributes(txn)
                .map(|(key, value)| {
                    let value = match value {
                        Out::Any(value) => plain(&value),
                        other => Value::String(other.to_string(txn)),
                    };
                    (key.to_owned(), value)
                })
                .collect();
            let children: Vec<Value> = element.children(txn).map(|child| xml(txn, child)).collect();
            json!({"type": "element", "name": element.tag().to_string(), "attrs": attrs, "children": children})
        }
    }
}

/// A tree as JSON without its ids.
pub(crate) fn without_ids(tree: &weft_history::past::Tree) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(entries) => {
                if entries.contains_key("type") {
                    entries.remove("id");
                }
                entries.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(tree).unwrap();
    strip(&mut value);
    value
}

/// Whether two states are the same for every replica.
pub(crate) fn state_of(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_diff_v1(&StateVector::default())
}
