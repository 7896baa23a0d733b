//! Which blocks a difference tells as new, gone, changed and moved, as a second implementation finds it out: from the two
//! trees alone, without a look at how the elements came about.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};
use weft_history::diff::ANEW_MAX;
use weft_ids::Seq;
use weft_store::RecordKind;
use yrs::types::Attrs;
use yrs::{
    Any, Array, Doc, GetString, ReadTxn, Text, Transact, TransactionMut, WriteTxn, Xml, XmlElementPrelim,
    XmlElementRef, XmlFragment, XmlFragmentRef, XmlOut, XmlTextPrelim,
};

use crate::world::{CLIENTS, Step, World};

/// What somebody does to a page of blocks. Numbers are taken modulo what there is.
#[derive(Debug, Clone)]
enum Deed {
    Insert {
        at: u8,
        text: u8,
    },
    Delete {
        at: u8,
        count: u8,
    },
    /// As every editor moves a block: it is deleted and written anew elsewhere.
    Move {
        from: u8,
        to: u8,
    },
    /// As an editor makes a heading out of a paragraph, or pastes over a block: another element with text like it.
    Replace {
        at: u8,
        name: u8,
        word: u8,
    },
    /// Some blocks are written anew in the order they had, or in another.
    Renew {
        at: u8,
        count: u8,
        reversed: bool,
    },
    Attr {
        at: u8,
        level: u8,
    },
    Type {
        at: u8,
        place: u8,
        word: u8,
    },
    Erase {
        at: u8,
        place: u8,
        count: u8,
    },
    Bold {
        at: u8,
        place: u8,
        count: u8,
        on: bool,
    },
    Nest {
        at: u8,
        text: u8,
    },
}

#[derive(Debug, Clone)]
enum Turn {
    Do { client: u8, deed: Deed },
    Step(Step),
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let n = any::<u8>;
    let client = || 0..CLIENTS as u8;
    let deed = prop_oneof![
        5 => (n(), n()).prop_map(|(at, text)| Deed::Insert { at, text }),
        2 => (n(), n()).prop_map(|(at, count)| Deed::Delete { at, count }),
        4 => (n(), n()).prop_map(|(from, to)| Deed::Move { from, to }),
        3 => (n(), n(), n()).prop_map(|(at, name, word)| Deed::Replace { at, name, word }),
        2 => (n(), n(), any::<bool>()).prop_map(|(at, count, reversed)| Deed::Renew { at, count, reversed }),
        1 => (n(), n()).prop_map(|(at, level)| Deed::Attr { at, level }),
        3 => (n(), n(), n()).prop_map(|(at, place, word)| Deed::Type { at, place, word }),
        1 => (n(), n(), n()).prop_map(|(at, place, count)| Deed::Erase { at, place, count }),
        1 => (n(), n(), n(), any::<bool>()).prop_map(|(at, place, count, on)| Deed::Bold { at, place, count, on }),
        2 => (n(), n()).prop_map(|(at, text)| Deed::Nest { at, text }),
    ];
    let turn = prop_oneof![
        6 => (client(), deed).prop_map(|(client, deed)| Turn::Do { client, deed }),
        2 => client().prop_map(|client| Turn::Step(Step::Push { client })),
        1 => client().prop_map(|client| Turn::Step(Step::Return { client })),
        2 => client().prop_map(|client| Turn::Step(Step::Pull { client })),
    ];
    prop::collection::vec(turn, 1..50)
}

/// Few, so that blocks are often the same; some alike in half their words.
const TEXTS: [&str; 8] = ["", "one", "one two", "one two three", "four", "four two", "five six seven", "x"];
const WORDS: [&str; 4] = [" two", "one ", "é", " 漢 "];
const NAMES: [&str; 3] = ["paragraph", "heading", "quote"];

fn pick<'a>(of: &[&'a str], which: u8) -> &'a str {
    of[usize::from(which) % of.len()]
}

fn write(
    txn: &mut TransactionMut<'_>,
    page: &XmlFragmentRef,
    at: u32,
    name: &str,
    text: &str,
) -> XmlElementRef {
    let block = page.insert(txn, at, XmlElementPrelim::empty(name));
    // An empty paragraph of a real page holds no text yet.
    if !text.is_empty() {
        block.push_back(txn, XmlTextPrelim::new(text));
    }
    block
}

/// A block written anew with all that is in it.
fn copy(txn: &mut TransactionMut<'_>, from: &XmlElementRef, to: &XmlElementRef) {
    let attrs: Vec<_> = from
        .attributes(txn)
        .filter_map(|(key, value)| match value {
            yrs::Out::Any(value) => Some((key.to_owned(), value)),
            _ => None,
        })
        .collect();
    for (key, value) in attrs {
        to.insert_attribute(txn, key, value);
    }
    let children: Vec<XmlOut> = from.children(txn).collect();
    for child in children {
        match child {
            XmlOut::Element(inner) => {
                let made = to.push_back(txn, XmlElementPrelim::empty(inner.tag().to_string()));
                copy(txn, &inner, &made);
            }
            XmlOut::Text(text) => {
                let delta = text.diff(txn, yrs::types::text::YChange::identity);
                let made = to.push_back(txn, XmlTextPrelim::new(""));
                for run in delta {
                    let yrs::Out::Any(Any::String(piece)) = run.insert else { continue };
                    let end = made.len(txn);
                    let attrs = run.attributes.map(|attrs| *attrs).unwrap_or_default();
                    made.insert_with_attributes(txn, end, &piece, attrs);
                }
            }
            XmlOut::Fragment(_) => {}
        }
    }
}

fn block<T: ReadTxn>(txn: &T, page: &XmlFragmentRef, at: u8) -> Option<(u32, XmlElementRef)> {
    let count = page.len(txn);
    let at = u32::from(at).checked_rem(count)?;
    Some((at, page.get(txn, at)?.into_xml_element()?))
}

/// What a deed brings about; `None` if there was nothing to do it to.
fn act(doc: &Doc, deed: &Deed) -> Option<Vec<u8>> {
    let mut txn = doc.transact_mut();
    let page = txn.get_or_insert_xml_fragment("x");
    match *deed {
        Deed::Insert { at, text } => {
            let at = u32::from(at) % (page.len(&txn) + 1);
            write(&mut txn, &page, at, pick(&NAMES, text / 8), pick(&TEXTS, text));
        }
        Deed::Delete { at, count } => {
            let (at, _) = block(&txn, &page, at)?;
            let count = (1 + u32::from(count) % 3).min(page.len(&txn) - at);
            page.remove_range(&mut txn, at, count);
        }
        Deed::Move { from, to } => {
            let (from, old) = block(&txn, &page, from)?;
            let to = u32::from(to) % (page.len(&txn) + 1);
            let made = page.insert(&mut txn, to, XmlElementPrelim::empty(old.tag().to_string()));
            copy(&mut txn, &old, &made);
            page.remove_range(&mut txn, if to <= from { from + 1 } else { from }, 1);
        }
        Deed::Replace { at, name, word } => {
            let (at, old) = block(&txn, &page, at)?;
            let text = old
                .children(&txn)
                .find_map(XmlOut::into_xml_text)
                .map_or_else(String::new, |text| text.get_string(&txn));
            // What stood in it as text, without its marks.
            let plain: String = text.split(['<', '>']).step_by(2).collect();
            let text = if word % 3 == 0 { plain } else { plain + pick(&WORDS, word) };
            write(&mut txn, &page, at, pick(&NAMES, name), &text);
            page.remove_range(&mut txn, at + 1, 1);
        }
        Deed::Renew { at, count, reversed } => {
            let (at, _) = block(&txn, &page, at)?;
            let count = (1 + u32::from(count) % 4).min(page.len(&txn) - at);
            for number in 0..count {
                // What is written stands before what it is a copy of.
                let from = if reversed { at + count - 1 } else { at + 2 * number };
                let old = page.get(&txn, from)?.into_xml_element()?;
                let made = page.insert(&mut txn, at + number, XmlElementPrelim::empty(old.tag().to_string()));
                copy(&mut txn, &old, &made);
            }
            page.remove_range(&mut txn, at + count, count);
        }
        Deed::Attr { at, level } => {
            block(&txn, &page, at)?.1.insert_attribute(&mut txn, "level", i64::from(level % 4));
        }
        Deed::Type { at, place, word } => {
            let (_, block) = block(&txn, &page, at)?;
            let text = block.children(&txn).find_map(XmlOut::into_xml_text);
            let text = text.unwrap_or_else(|| block.insert(&mut txn, 0, XmlTextPrelim::new("")));
            let place = u32::from(place) % (text.len(&txn) + 1);
            text.insert(&mut txn, place, pick(&WORDS, word));
        }
        Deed::Erase { at, place, count } => {
            let text = block(&txn, &page, at)?.1.children(&txn).find_map(XmlOut::into_xml_text)?;
            let place = u32::from(place).checked_rem(text.len(&txn))?;
            let count = (1 + u32::from(count) % 4).min(text.len(&txn) - place);
            text.remove_range(&mut txn, place, count);
        }
        Deed::Bold { at, place, count, on } => {
            let text = block(&txn, &page, at)?.1.children(&txn).find_map(XmlOut::into_xml_text)?;
            let place = u32::from(place).checked_rem(text.len(&txn))?;
            let count = (1 + u32::from(count) % 4).min(text.len(&txn) - place);
            let bold = if on { Any::Bool(true) } else { Any::Null };
            text.format(&mut txn, place, count, Attrs::from([("bold".into(), bold)]));
        }
        Deed::Nest { at, text } => {
            let inner = block(&txn, &page, at)?.1.push_back(&mut txn, XmlElementPrelim::empty("item"));
            inner.push_back(&mut txn, XmlTextPrelim::new(pick(&TEXTS, text)));
        }
    }
    Some(txn.encode_update_v1()).filter(|update| update != &[0, 0])
}

fn run(turns: &[Turn]) -> World {
    let mut world = World::new();
    for turn in turns {
        match turn {
            Turn::Do { client, deed } => {
                let client = &mut world.clients[usize::from(*client)];
                client.unsent.extend(act(&client.doc, deed));
            }
            Turn::Step(step) => world.step(step),
        }
    }
    world.settle();
    world
}

/// What the second implementation counts, and what it finds wrong with what is told.
#[derive(Debug, Default)]
struct Check {
    added: u64,
    removed: u64,
    changed: u64,
    moved: u64,
}

fn list(node: &Value) -> &[Value] {
    node["children"].as_array().map_or(&[], Vec::as_slice)
}

fn id(node: &Value) -> &str {
    node["id"].as_str().unwrap()
}

fn kind(node: &Value) -> &str {
    node["change"]["kind"].as_str().unwrap_or("")
}

fn is_block(node: &Value) -> bool {
    node["type"] == "element"
}

/// What something shows, whoever made it.
fn bare(node: &Value) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(entries) => {
                entries.remove("id");
                entries.values_mut().for_each(strip);
            }
            Value::Array(values) => values.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut node = node.clone();
    strip(&mut node);
    node.to_string()
}

/// The text of a block that holds nothing but text.
fn text_of(block: &Value) -> Option<String> {
    if !is_block(block) || list(block).iter().any(|child| child["type"] != "text") {
        return None;
    }
    let pieces = list(block).iter().flat_map(|child| child["delta"].as_array().unwrap());
    pieces.map(|piece| piece["insert"].as_str().map(str::to_owned)).collect()
}

/// Half of their words are the same.
fn alike(one: &str, other: &str) -> bool {
    let mut left: Vec<&str> = other.split_whitespace().collect();
    let all = one.split_whitespace().count() + left.len();
    let mut same = 0;
    for word in one.split_whitespace() {
        if let Some(at) = left.iter().position(|other| *other == word) {
            left.swap_remove(at);
            same += 2;
        }
    }
    all == 0 || 2 * same >= all
}

/// The length of the longest row of things that both hold in the same order, by the textbook.
fn longest_common(one: &[&String], other: &[&String]) -> usize {
    let mut best = vec![vec![0; other.len() + 1]; one.len() + 1];
    for (at, left) in one.iter().enumerate() {
        for (to, right) in other.iter().enumerate() {
            best[at + 1][to + 1] =
                if left == right { best[at][to] + 1 } else { best[at][to + 1].max(best[at + 1][to]) };
        }
    }
    best[one.len()][other.len()]
}

/// Something that is in one of two lists only.
struct Loose<'a> {
    node: &'a Value,
    bare: String,
    /// How many of those in both lists stand before it.
    gap: usize,
}

fn loose<'a>(list: &'a [Value], both: &BTreeSet<&str>) -> Vec<Loose<'a>> {
    let mut gap = 0;
    let mut found = Vec::new();
    for node in list {
        if both.contains(id(node)) {
            gap += 1;
        } else {
            found.push(Loose { node, bare: bare(node), gap });
        }
    }
    found
}

impl Check {
    /// A list at both moments, and as the difference tells it.
    fn list(&mut self, then: &[Value], now: &[Value], told: &[Value]) -> Result<(), TestCaseError> {
        let stays: Vec<&Value> = told.iter().filter(|node| kind(node) != "removed").collect();
        prop_assert_eq!(
            stays.iter().map(|node| id(node)).collect::<Vec<_>>(),
            now.iter().map(id).collect::<Vec<_>>()
        );
        let by_id = |list: &'_ [Value], wanted: &str| list.iter().find(|node| id(node) == wanted).cloned();
        let both: BTreeSet<&str> = now.iter().map(id).filter(|id| by_id(then, id).is_some()).collect();

        for node in stays.iter().filter(|node| both.contains(id(node))) {
            let (was, is) = (by_id(then, id(node)).unwrap(), by_id(now, id(node)).unwrap());
            self.kept(&was, &is, node)?;
        }
        let (gone, come) = (loose(then, &both), loose(now, &both));
        self.loose(&gone, &come, told)
    }

    /// Something that is there at both moments.
    fn kept(&mut self, then: &Value, now: &Value, told: &Value) -> Result<(), TestCaseError> {
        if !is_block(now) {
            let marked = told["parts"].as_array().unwrap().iter().any(|part| !part["change"].is_null());
            prop_assert_eq!(marked, then["delta"] != now["delta"], "{} {} {}", then, now, told);
            return Ok(());
        }
        let other = then["attrs"] != now["attrs"];
        prop_assert_eq!(kind(told), if other { "changed" } else { "" });
        prop_assert_eq!(&told["before"], &if other { json!({"attrs": then["attrs"]}) } else { Value::Null });
        let texts = |block: &Value| -> Vec<String> {
            list(block).iter().filter(|child| !is_block(child)).map(bare).collect()
        };
        let text_told = list(told).iter().filter(|child| !is_block(child)).any(|child| {
            !child["change"].is_null()
                || child["parts"].as_array().unwrap().iter().any(|part| !part["change"].is_null())
        });
        if texts(then) != texts(now) {
            prop_assert!(text_told, "its text is another: {} {} {}", then, now, told);
        }
        self.changed += u64::from(other || text_told);
        self.list(list(then), list(now), list(told))
    }

    /// What is in one list only.
    fn loose(&mut self, gone: &[Loose<'_>], come: &[Loose<'_>], told: &[Value]) -> Result<(), TestCaseError> {
        let fate =
            |node: &Value| told.iter().find(|told| id(told) == id(node)).map(|told| kind(told).to_owned());
        let told_as = |of: &[Loose<'_>], kind: &str| {
            of.iter().filter(|one| fate(one.node).as_deref() == Some(kind)).count()
        };
        // Those that were only made anew, and of them those that stand where they stood.
        let mut same = 0;
        let mut counts: BTreeMap<&String, (usize, usize)> = BTreeMap::new();
        gone.iter().for_each(|one| counts.entry(&one.bare).or_default().0 += 1);
        come.iter().for_each(|one| counts.entry(&one.bare).or_default().1 += 1);
        counts.values().for_each(|(gone, come)| same += gone.min(come));
        let gaps: BTreeSet<usize> = come.iter().map(|one| one.gap).collect();
        let here = |of: &'_ [Loose<'_>], gap: usize| -> Vec<String> {
            of.iter().filter(|one| one.gap == gap).map(|one| one.bare.clone()).collect()
        };
        let stood: usize = gaps
            .iter()
            .map(|gap| {
                let (gone, come) = (here(gone, *gap), here(come, *gap));
                longest_common(&gone.iter().collect::<Vec<_>>(), &come.iter().collect::<Vec<_>>())
            })
            .sum();
        let (silent, moved) = (told_as(come, ""), told_as(come, "moved"));
        prop_assert_eq!((silent, moved), (stood, same - stood), "made anew and moved: {}", json!(told));

        // The others: new, gone, or one that took the place of another like it.
        let (added, changed, removed) =
            (told_as(come, "added"), told_as(come, "changed"), told_as(gone, "removed"));
        prop_assert_eq!(added + changed, come.len() - same);
        prop_assert_eq!(removed + changed, gone.len() - same);
        let unlike = |one: &Loose<'_>, other: &Loose<'_>| {
            one.gap != other.gap
                || text_of(one.node).zip(text_of(other.node)).is_none_or(|(one, other)| !alike(&one, &other))
        };
        for one in come {
            match fate(one.node).unwrap().as_str() {
                "changed" => {
                    let was = gone.iter().find(|other| fate(other.node).is_none() && !unlike(one, other));
                    prop_assert!(was.is_some(), "{} took nobody's place: {}", one.node, json!(told));
                }
                "added" => {
                    let left = gone.iter().find(|other| fate(other.node).is_some() && !unlike(one, other));
                    prop_assert!(left.is_none(), "{} is {} changed", one.node, left.unwrap().node);
                }
                "moved" | "" => {
                    let was = gone.iter().find(|other| fate(other.node).is_none() && one.bare == other.bare);
                    prop_assert!(was.is_some(), "{} was nowhere: {}", one.node, json!(told));
                }
                other => prop_assert!(false, "what came is {}", other),
            }
        }
        for (count, list, told_kind) in [
            (&mut self.added, come, "added"),
            (&mut self.changed, come, "changed"),
            (&mut self.moved, come, "moved"),
            (&mut self.removed, gone, "removed"),
        ] {
            let blocks =
                list.iter().filter(|one| is_block(one.node) && fate(one.node).as_deref() == Some(told_kind));
            *count += blocks.count() as u64;
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, ..ProptestConfig::default() })]

    #[test]
    fn blocks_are_new_gone_changed_and_moved_as_a_second_look_finds(
        turns in turns(), one in any::<Index>(), other in any::<Index>(),
    ) {
        let world = run(&turns);
        let past = world.past();
        let (one, other) = (one.index(world.log.len() + 1) as u64, other.index(world.log.len() + 1) as u64);
        let (from, to) = (one.min(other), one.max(other));
        let told = serde_json::to_value(past.difference(Seq(from), Seq(to)).unwrap()).unwrap();
        let tree = |seq: u64| serde_json::to_value(past.moment(Seq(seq)).unwrap().tree()).unwrap();
        let (then, now) = (tree(from), tree(to));
        let root = |of: &Value| of["roots"]["x"].clone();
        let mut check = Check::default();
        check.list(list(&root(&then)), list(&root(&now)), list(&root(&told)))?;
        let blocks = json!({
            "added": check.added, "removed": check.removed, "changed": check.changed, "moved": check.moved,
        });
        prop_assert_eq!(&told["summary"]["blocks"], &blocks);
        // Whoever looks at two moments that are not the same is told of a difference.
        let bare = |of: &Value| bare(&root(of));
        prop_assert!(bare(&then) == bare(&now) || told.to_string().contains("\"change\""));
    }
}

/// Numbers in a list that one record takes away and writes again from behind, and how many are told as moved.
fn moved_of_reversed(count: i64) -> usize {
    let mut world = World::new();
    let doc = &world.clients[0].doc;
    let list = doc.get_or_insert_array("a");
    let mut updates = Vec::new();
    {
        let mut txn = doc.transact_mut();
        list.insert_range(&mut txn, 0, 0..count);
        updates.push(txn.encode_update_v1());
    }
    {
        let mut txn = doc.transact_mut();
        list.remove_range(&mut txn, 0, count as u32);
        list.insert_range(&mut txn, 0, (0..count).rev());
        updates.push(txn.encode_update_v1());
    }
    updates.iter().for_each(|update| world.append("c0", RecordKind::Edit, update));
    let told = serde_json::to_value(world.past().difference(Seq(1), Seq(2)).unwrap()).unwrap();
    let items = told["roots"]["a"]["items"].as_array().unwrap();
    assert_eq!(items.len() as i64, count);
    items.iter().filter(|item| kind(item) == "moved").count()
}

#[test]
fn beyond_the_limit_all_that_was_ordered_anew_is_told_as_moved() {
    assert_eq!(moved_of_reversed(5), 4, "one of them can have stayed");
    let most = ANEW_MAX as i64 / 2;
    assert_eq!(moved_of_reversed(most), most as usize - 1);
    assert_eq!(moved_of_reversed(most + 1), most as usize + 1);
}

#[test]
fn a_new_block_tells_what_others_than_its_author_wrote_in_it() {
    let mut world = World::new();
    let step = |world: &mut World, client: usize, deed: &Deed| {
        let update = act(&world.clients[client].doc, deed).unwrap();
        world.append(["ann", "ben"][client], RecordKind::Edit, &update);
        (0..2).for_each(|client| world.step(&Step::Pull { client }));
    };
    step(&mut world, 0, &Deed::Insert { at: 0, text: 1 });
    step(&mut world, 1, &Deed::Type { at: 0, place: 3, word: 0 });
    step(&mut world, 0, &Deed::Nest { at: 0, text: 4 });
    step(&mut world, 1, &Deed::Nest { at: 0, text: 7 });
    let told = serde_json::to_value(world.past().difference(Seq(0), Seq(4)).unwrap()).unwrap();
    let summary =
        json!({"added": 12, "removed": 0, "blocks": {"added": 1, "removed": 0, "changed": 0, "moved": 0}});
    assert_eq!(told["summary"], summary);
    let block = &list(&told["roots"]["x"])[0];
    let by = |node: &Value| node["change"]["by"].as_str().map(str::to_owned);
    assert_eq!(
        (kind(block), by(block).as_deref(), &block["before"]),
        ("added", Some("name:ann"), &Value::Null)
    );
    let inner: Vec<_> = list(block).iter().map(by).collect();
    assert_eq!(inner, [None, None, Some("name:ben".to_owned())]);
    let parts = list(block)[0]["parts"].as_array().unwrap();
    let parts: Vec<_> = parts.iter().map(|part| (part["insert"].as_str().unwrap(), by(part))).collect();
    assert_eq!(parts, [("one", None), (" two", Some("name:ben".to_owned()))]);
}

/// Every letter of a text that was told, with whose it is: its own change says so, or that of what it came with.
fn letters(node: &Value, by: &Value, into: &mut Vec<(char, Value)>) {
    let own = |node: &Value| if node["change"].is_null() { by.clone() } else { node["change"]["by"].clone() };
    let by = own(node);
    let lists = ["children", "items"].iter().filter_map(|name| node[name].as_array());
    lists.flatten().for_each(|node| letters(node, &by, into));
    for part in node["parts"].as_array().into_iter().flatten() {
        let by = if part["change"].is_null() { &by } else { &part["change"]["by"] };
        into.extend(part["insert"].as_str().unwrap_or_default().chars().map(|letter| (letter, by.clone())));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn of_a_page_that_is_all_new_every_letter_is_told_to_be_its_authors(turns in turns()) {
        let past = run(&turns).past();
        let told = serde_json::to_value(past.difference(Seq(0), past.head()).unwrap()).unwrap();
        let (mut by_difference, mut by_blame) = (Vec::new(), Vec::new());
        letters(&told["roots"]["x"], &Value::Null, &mut by_difference);
        for run in past.blame(past.head(), false).unwrap().runs {
            by_blame.extend(run.text.chars().map(|letter| (letter, json!(*run.written.by))));
        }
        prop_assert_eq!(by_difference, by_blame);
    }
}
