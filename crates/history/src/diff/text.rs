//! The text of two moments merged, word by word, each part with who changed it.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;
use weft_wire::blocks::{Other, utf16_len};
use weft_wire::varint::Reader;

use super::merge::Merge;
use super::words::{Op, Token, compare, tokens};
use super::{Before, Change, ChangeKind, Part, PartInsert};
use crate::past::{Held, Insert, Moment, Node, Past, Piece};

/// Stands for a thing in a text while words are compared.
const THING: char = '\u{fffc}';

/// Neighbouring characters of one origin, fate and format.
struct Stretch {
    bytes: Range<usize>,
    formats: Formats,
    /// The record that wrote them since, or deleted them; 0 if they are there at both moments.
    record: u32,
    /// What a [`THING`] stands for.
    thing: Option<PartInsert>,
}

/// Formats by key, each with the mark that set it.
type Formats = BTreeMap<String, (Value, u32)>;

/// The text of one moment.
#[derive(Default)]
struct Side {
    text: String,
    stretches: Vec<Stretch>,
    /// For each byte, its number among the bytes that are there at both moments.
    shared: Vec<Option<usize>>,
}

impl Side {
    fn push(&mut self, text: &str, shared: Option<usize>, stretch: Stretch) {
        self.text.push_str(text);
        self.shared.extend((0..text.len()).map(|at| shared.map(|first| first + at)));
        self.stretches.push(Stretch { bytes: self.text.len() - text.len()..self.text.len(), ..stretch });
    }

    fn tokens(&self) -> Vec<Token> {
        let token = |bytes: Range<usize>| {
            let shared = self.shared[bytes.start].filter(|first| {
                bytes.clone().zip(*first..).all(|(at, number)| self.shared[at] == Some(number))
            });
            Token { bytes, shared }
        };
        tokens(&self.text).into_iter().map(token).collect()
    }

    /// The stretches of some bytes, cut to them.
    fn within(&self, bytes: Range<usize>) -> impl Iterator<Item = (Range<usize>, &Stretch)> {
        let first = self.stretches.partition_point(|stretch| stretch.bytes.end <= bytes.start);
        self.stretches[first..].iter().take_while(move |stretch| stretch.bytes.start < bytes.end).map(
            move |stretch| (stretch.bytes.start.max(bytes.start)..stretch.bytes.end.min(bytes.end), stretch),
        )
    }
}

/// The parts of a shared text.
pub(super) fn parts(merge: &mut Merge<'_>, node: u32, depth: u32) -> Vec<Part> {
    let (old, new) = sides(merge, node, depth);
    told(merge, &old, &new)
}

/// The parts of a block that was replaced by another one like it: what differs was done by whoever replaced it.
pub(super) fn rewritten(
    merge: &mut Merge<'_>,
    before: &Node,
    after: &Node,
    gone: u32,
    come: u32,
) -> Vec<Part> {
    let side = |node: &Node, record: u32| {
        let mut side = Side::default();
        let Node::Element { children, .. } = node else { return side };
        for Piece { insert, attributes } in children.iter().flat_map(|child| match child {
            Node::Text { delta, .. } => delta.as_slice(),
            _ => &[],
        }) {
            let formats = attributes.iter().map(|(key, value)| (key.clone(), (value.clone(), 0))).collect();
            if let Insert::Text(text) = insert {
                side.push(text, None, Stretch { bytes: 0..0, formats, record, thing: None });
            }
        }
        side
    };
    told(merge, &side(before, gone), &side(after, come))
}

/// How much two texts have in common: 1 if all their words are the same.
pub(super) fn alike(one: &str, other: &str) -> f64 {
    let words = |text: &str| -> Vec<String> {
        let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        words.sort_unstable();
        words
    };
    let (one, other) = (words(one), words(other));
    let all = one.len() + other.len();
    if all == 0 {
        return 1.0;
    }
    let (mut left, mut right, mut same) = (one.iter().peekable(), other.iter().peekable(), 0_usize);
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        match a.cmp(b) {
            std::cmp::Ordering::Less => drop(left.next()),
            std::cmp::Ordering::Greater => drop(right.next()),
            std::cmp::Ordering::Equal => {
                same += 2;
                left.next();
                right.next();
            }
        }
    }
    same as f64 / all as f64
}

fn sides(merge: &Merge<'_>, node: u32, depth: u32) -> (Side, Side) {
    let past = merge.past;
    let (mut old, mut new) = (Side::default(), Side::default());
    let (mut old_formats, mut new_formats) = (Formats::new(), Formats::new());
    let mut shared = 0;
    for number in past.chain(past.nodes[node as usize].start) {
        let run = &past.runs[number as usize];
        let (was, is) = (merge.then.shown(run), merge.now.shown(run));
        if was == 0 && is == 0 {
            continue;
        }
        if let Held::Other { what: Other::Format, .. } = run.held {
            if was > 0 {
                set_format(past, number, &mut old_formats);
            }
            if is > 0 {
                set_format(past, number, &mut new_formats);
            }
            continue;
        }
        if let Held::Text { .. } = run.held {
            let text = past.text_of(run);
            let byte = |units: u32| crate::past::byte_at(text, units).0;
            if was > 0 {
                let record = if is > 0 { 0 } else { run.death };
                let kept = (is > 0).then_some(shared);
                let stretch = Stretch { bytes: 0..0, formats: old_formats.clone(), record, thing: None };
                old.push(&text[..byte(was)], kept, stretch);
            }
            if is > 0 {
                if was > 0 {
                    let stretch =
                        Stretch { bytes: 0..0, formats: new_formats.clone(), record: 0, thing: None };
                    new.push(&text[..byte(was)], Some(shared), stretch);
                    shared += byte(was);
                }
                for (part, record) in past.births_of(run) {
                    let (from, to) = (part.start.max(was), part.end.min(is));
                    if from < to {
                        let stretch =
                            Stretch { bytes: 0..0, formats: new_formats.clone(), record, thing: None };
                        new.push(&text[byte(from)..byte(to)], None, stretch);
                    }
                }
            }
            continue;
        }
        // Whatever else stands in a text is one thing, or a few, that came and went as they are.
        let things = |moment: &Moment<'_>| moment.values(number, depth).into_iter().map(thing);
        let mut thing_text = [0; 4];
        let sign = &*THING.encode_utf8(&mut thing_text);
        if was > 0 {
            for thing in things(merge.then) {
                let record = if is > 0 { 0 } else { run.death };
                let stretch =
                    Stretch { bytes: 0..0, formats: old_formats.clone(), record, thing: Some(thing) };
                old.push(sign, (is > 0).then_some(shared), stretch);
            }
        }
        if is > 0 {
            for thing in things(merge.now) {
                let record = if was > 0 { 0 } else { past.birth_of(run) };
                let stretch =
                    Stretch { bytes: 0..0, formats: new_formats.clone(), record, thing: Some(thing) };
                new.push(sign, (was > 0).then_some(shared), stretch);
            }
            shared += if was > 0 { sign.len() } else { 0 };
        }
    }
    (old, new)
}

fn thing(node: Node) -> PartInsert {
    match node {
        Node::Value { value } => PartInsert::Embed(value),
        node => PartInsert::Node(Box::new(node)),
    }
}

fn set_format(past: &Past, number: u32, formats: &mut Formats) {
    let run = &past.runs[number as usize];
    let mut plain = BTreeMap::new();
    past.format(run, &mut plain);
    let mut reader = Reader::new(past.bytes_of(run));
    let Ok(key) = reader.string() else { return };
    // A mark that ends a format is kept in mind too: whoever wrote it took the format away.
    formats.insert(key.to_owned(), (plain.remove(key).unwrap_or_default(), number));
}

/// What stayed and what did not, in order.
fn told(merge: &mut Merge<'_>, old: &Side, new: &Side) -> Vec<Part> {
    let mut parts = Vec::new();
    for Op { old: in_old, new: in_new, equal } in
        compare((&old.text, &old.tokens()), (&new.text, &new.tokens()))
    {
        if equal {
            stayed(merge, old, new, in_old, in_new, &mut parts);
        } else {
            replaced(merge, old, in_old, ChangeKind::Removed, &mut parts);
            replaced(merge, new, in_new, ChangeKind::Added, &mut parts);
        }
    }
    parts
}

/// Text that is there at both moments, perhaps with other formats.
fn stayed(
    merge: &mut Merge<'_>,
    old: &Side,
    new: &Side,
    in_old: Range<usize>,
    in_new: Range<usize>,
    parts: &mut Vec<Part>,
) {
    // Both are the same bytes.
    let before: Vec<(Range<usize>, &Stretch)> = old.within(in_old.clone()).collect();
    let mut at = 0;
    for (bytes, stretch) in new.within(in_new.clone()) {
        let mut from = bytes.start;
        while from < bytes.end {
            let place = from - in_new.start + in_old.start;
            while before.get(at).is_some_and(|(range, _)| range.end <= place) {
                at += 1;
            }
            let Some((range, was)) = before.get(at) else { break };
            let to = bytes.end.min(range.end - in_old.start + in_new.start);
            let changed = values(&was.formats) != values(&stretch.formats);
            let change = changed.then(|| format_change(merge, &was.formats, &stretch.formats)).flatten();
            let before = change.is_some().then(|| Before::Text { attributes: values(&was.formats) });
            push(parts, &new.text[from..to], stretch, change, before);
            from = to;
        }
    }
}

/// Text that went or came. What stayed of a word that is told whole goes with its neighbour.
fn replaced(
    merge: &mut Merge<'_>,
    side: &Side,
    bytes: Range<usize>,
    kind: ChangeKind,
    parts: &mut Vec<Part>,
) {
    let stretches: Vec<(Range<usize>, &Stretch)> = side.within(bytes).collect();
    let mut record = stretches.iter().map(|(_, stretch)| stretch.record).find(|record| *record != 0);
    for (bytes, stretch) in stretches {
        if stretch.record != 0 {
            record = Some(stretch.record);
        }
        let text = &side.text[bytes];
        // A word of which nothing went is told as gone only beside one that came: then who wrote that did it.
        let change = record.map(|record| merge.change(kind, record));
        if stretch.thing.is_none() {
            merge.count_text(kind == ChangeKind::Added, u64::from(utf16_len(text)));
        }
        let change = change.or_else(|| Some(merge.change(kind, merge.now.seq().0 as u32)));
        push(parts, text, stretch, change, None);
    }
}

fn values(formats: &Formats) -> BTreeMap<String, Value> {
    let there = formats.iter().filter(|(_, (value, _))| !value.is_null());
    there.map(|(key, (value, _))| (key.clone(), value.clone())).collect()
}

/// Who gave a text its other formats: who wrote the new mark, or deleted the old one.
fn format_change(merge: &mut Merge<'_>, was: &Formats, is: &Formats) -> Option<Change> {
    let past = merge.past;
    let (then, now) = (merge.then.seq().0 as u32, merge.now.seq().0 as u32);
    let value = |formats: &Formats, key: &str| {
        formats.get(key).map(|(value, _)| value.clone()).filter(|value| !value.is_null())
    };
    let run = |formats: &Formats, key: &str| formats.get(key).map(|(_, run)| &past.runs[*run as usize]);
    let between = |record: &u32| then < *record && *record <= now;
    let record = was
        .keys()
        .chain(is.keys())
        .filter(|key| value(was, key) != value(is, key))
        .filter_map(|key| {
            let birth = run(is, key).map(|run| past.birth_of(run)).filter(between);
            birth.or_else(|| run(was, key).map(|run| run.death).filter(between))
        })
        .max();
    Some(merge.change(ChangeKind::Formatted, record.unwrap_or(now)))
}

fn push(
    parts: &mut Vec<Part>,
    text: &str,
    stretch: &Stretch,
    change: Option<Change>,
    before: Option<Before>,
) {
    let attributes = values(&stretch.formats);
    if let Some(thing) = &stretch.thing {
        parts.push(Part { insert: thing.clone(), attributes, before, change });
        return;
    }
    let same = |one: &Option<Change>, other: &Option<Change>| match (one, other) {
        (Some(one), Some(other)) => one.kind == other.kind && one.by == other.by,
        (None, None) => true,
        _ => false,
    };
    if let Some(last) = parts.last_mut()
        && let PartInsert::Text(so_far) = &mut last.insert
        && last.attributes == attributes
        && last.before == before
        && same(&last.change, &change)
    {
        so_far.push_str(text);
        // The last of several that one author made.
        if let (Some(last), Some(change)) = (&mut last.change, change)
            && change.seq > last.seq
        {
            *last = change;
        }
        return;
    }
    parts.push(Part { insert: PartInsert::Text(text.to_owned()), attributes, before, change });
}
