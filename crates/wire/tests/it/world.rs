//! Seeded worlds: some replicas edit every kind of content and exchange what they wrote through one ordered log.

use yrs::types::text::YChange;
use yrs::updates::decoder::Decode;
use yrs::{
    Any, Array, ArrayPrelim, ClientID, Doc, GetString, Map, MapPrelim, OffsetKind, Options, Out, ReadTxn,
    Text, TextPrelim, TextRef, Transact, TransactionMut, Update, WriteTxn, Xml, XmlElementPrelim,
    XmlFragment, XmlOut, XmlTextPrelim,
};

/// A small generator of its own, so that a seed means the same for ever.
#[derive(Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

/// A document as the server holds one.
pub(crate) fn doc(client: u64) -> Doc {
    let mut options = Options::with_client_id(ClientID::new(client));
    options.offset_kind = OffsetKind::Utf16;
    options.skip_gc = false;
    options.cleanup_formatting = false;
    Doc::with_options(options)
}

/// Applies `update` and panics if that fails.
pub(crate) fn apply(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("the engine decodes it");
    doc.transact_mut().apply_update(update).expect("the engine applies it");
}

/// Everything that can be seen of a document, to compare.
pub(crate) fn seen(doc: &Doc) -> (String, yrs::Snapshot) {
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("text").get_string(&txn);
    let rich = txn.get_or_insert_text("rich");
    let rich: Vec<_> = yrs::Text::diff(&rich, &txn, YChange::identity)
        .into_iter()
        .map(|run| {
            (
                shown(&run.insert, &txn),
                run.attributes.map(|a| a.into_iter().collect::<std::collections::BTreeMap<_, _>>()),
            )
        })
        .collect();
    let page = txn.get_or_insert_xml_fragment("page").get_string(&txn);
    let map = txn.get_or_insert_map("map");
    let mut entries: Vec<(String, String)> =
        map.iter(&txn).map(|(key, value)| (key.to_owned(), shown(&value, &txn))).collect();
    entries.sort();
    let list = txn.get_or_insert_array("list");
    let list: Vec<String> = list.iter(&txn).map(|value| shown(&value, &txn)).collect();
    assert!(txn.store().pending_update().is_none() && txn.store().pending_ds().is_none(), "nothing waits");
    (format!("{text:?} {rich:?} {page} {entries:?} {list:?}"), txn.snapshot())
}

fn shown(value: &Out, txn: &TransactionMut<'_>) -> String {
    match value {
        Out::YDoc(doc) => format!("document {}", doc.guid()),
        other => sorted(&other.to_json_any(txn)),
    }
}

trait ToJsonAny {
    fn to_json_any(&self, txn: &TransactionMut<'_>) -> Any;
}

impl ToJsonAny for Out {
    fn to_json_any(&self, txn: &TransactionMut<'_>) -> Any {
        yrs::types::ToJson::to_json(self, txn)
    }
}

/// JSON with sorted keys: the engine's own order is random.
fn sorted(any: &Any) -> String {
    match any {
        Any::Map(map) => {
            let mut entries: Vec<_> =
                map.iter().map(|(key, value)| format!("{key:?}:{}", sorted(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        Any::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        other => format!("{other:?}"),
    }
}

const WORDS: [&str; 8] = ["a", "weft", "é", "日本", "😀", "a😀b", "\u{1F468}\u{200D}\u{1F469}", "line\nline"];

struct Replica {
    doc: Doc,
    /// How much of the log it has taken.
    taken: usize,
    /// What it wrote and has not sent.
    unsent: Vec<Vec<u8>>,
}

/// Plays `steps` steps of `clients` replicas and returns the log: what the server would have received, in order.
pub(crate) fn play(seed: u64, clients: usize, steps: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(seed);
    let mut log: Vec<(usize, Vec<u8>)> = Vec::new();
    let mut replicas: Vec<Replica> = (0..clients)
        .map(|n| {
            let id = if n == 0 { 1 } else { dice.next() >> (11 + dice.below(24)) };
            Replica { doc: doc(id), taken: 0, unsent: Vec::new() }
        })
        .collect();
    for _ in 0..steps {
        let n = dice.below(clients);
        let replica = &mut replicas[n];
        match dice.below(4) {
            0 | 1 => {
                let mut txn = replica.doc.transact_mut();
                for _ in 0..=dice.below(3) {
                    edit(&mut txn, &mut dice);
                }
                let update = txn.encode_update_v1();
                drop(txn);
                if update != [0, 0] {
                    replica.unsent.push(update);
                }
            }
            2 => log.extend(replica.unsent.drain(..).map(|update| (n, update))),
            _ => {
                let until = log.len();
                for (author, update) in &log[replica.taken..until] {
                    if *author != n {
                        apply(&replica.doc, update);
                    }
                }
                replica.taken = until;
            }
        }
    }
    for (n, replica) in replicas.iter_mut().enumerate() {
        log.extend(replica.unsent.drain(..).map(|update| (n, update)));
    }
    log.into_iter().map(|(_, update)| update).collect()
}

/// A document that took `updates` one by one.
pub(crate) fn replayed(updates: &[Vec<u8>]) -> Doc {
    let doc = doc(7);
    for update in updates {
        apply(&doc, update);
    }
    doc
}

/// The whole state as one update.
pub(crate) fn full_state(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&yrs::StateVector::default())
}

/// An index at which a character of `text` begins, in UTF-16 units: edits inside a surrogate pair are a known limit of
/// the format and none of ours.
fn boundary(text: &str, dice: &mut Dice) -> u32 {
    let chars = dice.below(text.chars().count() + 1);
    text.chars().take(chars).map(char::len_utf16).sum::<usize>() as u32
}

fn edit_text(txn: &mut TransactionMut<'_>, text: &TextRef, dice: &mut Dice, rich: bool) {
    // With one character in the place of each embed.
    let now: String = Text::diff(text, txn, YChange::identity)
        .into_iter()
        .map(|run| match run.insert {
            Out::Any(Any::String(words)) => words.to_string(),
            _ => "\u{fffc}".to_owned(),
        })
        .collect();
    let (a, b) = (boundary(&now, dice), boundary(&now, dice));
    match dice.below(if rich { 5 } else { 2 }) {
        0 if a != b && !rich => text.remove_range(txn, a.min(b), a.abs_diff(b)),
        2 => text.insert_with_attributes(txn, a, WORDS[dice.below(8)], [("b".into(), true.into())].into()),
        3 if a != b => {
            let value =
                [Any::Null, true.into(), "#fa0".into(), Any::from_json(r#"{"a":[1,null,2.5]}"#).unwrap()];
            text.format(txn, a.min(b), a.abs_diff(b), [("em".into(), value[dice.below(4)].clone())].into());
        }
        4 => {
            text.insert_embed(txn, a, Any::from_json(r#"{"image":"x.png","w":[1,{"k":-2}]}"#).unwrap());
        }
        _ => text.insert(txn, a, WORDS[dice.below(8)]),
    }
}

fn edit_map(txn: &mut TransactionMut<'_>, dice: &mut Dice) {
    let map = txn.get_or_insert_map("map");
    let key = ["k", "key two", "ключ", ""][dice.below(4)];
    match dice.below(9) {
        0 => _ = map.remove(txn, key),
        1 => _ = map.insert(txn, key, MapPrelim::from([("in", 1)])),
        2 => _ = map.insert(txn, key, TextPrelim::new("inner")),
        3 => _ = map.insert(txn, key, ArrayPrelim::from([1, 2, 3])),
        4 => _ = map.insert(txn, key, Any::Buffer(vec![0, 255, dice.next() as u8].into())),
        5 => {
            let mut options = Options::with_guid_and_client_id(
                format!("guid-{}", dice.below(100)).into(),
                ClientID::new(5),
            );
            options.auto_load = dice.below(2) == 0;
            map.insert(txn, key, Doc::with_options(options));
        }
        6 => {
            if let Some(Out::YText(text)) = map.get(txn, key) {
                edit_text(txn, &text, dice, false);
            }
        }
        7 => _ = map.insert(txn, key, f64::from_bits(dice.next())),
        _ => _ = map.insert(txn, key, dice.next() as i64 >> dice.below(60)),
    }
}

fn edit_list(txn: &mut TransactionMut<'_>, dice: &mut Dice) {
    let list = txn.get_or_insert_array("list");
    let length = list.len(txn);
    let at = dice.below(length as usize + 1) as u32;
    match dice.below(6) {
        0 if at < length => list.remove_range(txn, at, 1 + dice.below((length - at) as usize) as u32),
        1 => {
            _ = list.insert(
                txn,
                at,
                MapPrelim::from([("deep", Any::from_json(r#"[[[[{"x":[true]}]]]]"#).unwrap())]),
            )
        }
        2 => _ = list.insert(txn, at, TextPrelim::new("in a list")),
        3 => list.insert_range(
            txn,
            at,
            [Any::Null, Any::Undefined, "s".into(), (-5).into(), 1e300.into(), (1_i64 << 62).into()],
        ),
        _ => _ = list.insert(txn, at, dice.next() as i32),
    }
}

fn edit_page(txn: &mut TransactionMut<'_>, dice: &mut Dice) {
    let page = txn.get_or_insert_xml_fragment("page");
    let length = page.len(txn);
    if length == 0 || dice.below(3) == 0 {
        let at = dice.below(length as usize + 1) as u32;
        let paragraph = page.insert(txn, at, XmlElementPrelim::empty("paragraph"));
        paragraph.insert(txn, 0, XmlTextPrelim::new("words"));
        return;
    }
    let at = dice.below(length as usize) as u32;
    let Some(XmlOut::Element(mut element)) = page.get(txn, at) else { return };
    for _ in 0..dice.below(4) {
        match element.get(txn, 0) {
            Some(XmlOut::Element(inner)) => element = inner,
            _ => break,
        }
    }
    match dice.below(6) {
        0 => page.remove_range(txn, at, 1),
        1 => _ = element.insert_attribute(txn, "level", dice.below(6).to_string()),
        2 => element.remove_attribute(txn, &"level"),
        3 => _ = element.insert(txn, 0, XmlElementPrelim::empty("nested")),
        _ => {
            for child in 0..element.len(txn) {
                if let Some(XmlOut::Text(text)) = element.get(txn, child) {
                    text.insert(txn, 0, WORDS[dice.below(8)]);
                    text.format(txn, 0, 1, [("strong".into(), Any::from_json("{}").unwrap())].into());
                    return;
                }
            }
        }
    }
}

fn edit(txn: &mut TransactionMut<'_>, dice: &mut Dice) {
    match dice.below(6) {
        0 | 1 => {
            let text = txn.get_or_insert_text("text");
            edit_text(txn, &text, dice, false);
        }
        2 => {
            let text = txn.get_or_insert_text("rich");
            edit_text(txn, &text, dice, true);
        }
        3 => edit_map(txn, dice),
        4 => edit_list(txn, dice),
        _ => edit_page(txn, dice),
    }
}
