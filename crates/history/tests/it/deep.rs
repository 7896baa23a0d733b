//! What lies deeper than a tree tells is compared, told as changed and brought back all the same.

use bytes::Bytes;
use weft_history::Past;
use weft_history::diff::{ChangeKind, DiffNode, DiffWhat};
use weft_history::past::{TREE_DEPTH_MAX, Wish};
use weft_ids::{ClientId, Seq};
use weft_store::RecordKind;
use weft_wire::blocks::{Block, Content, Link, Parent, TypeKind};
use weft_wire::{DeleteSpan, Place, Update};

use crate::world::record;

/// As many as one update may nest.
const LEVELS_AT_ONCE: u32 = 200;

fn place(client: u64, clock: u32) -> Place {
    Place { client: ClientId::new(client).unwrap(), clock }
}

/// Blocks in blocks, each in the one before, and a text in the innermost: a record for each stretch of levels.
fn nested(levels: u32) -> Past {
    let mut past = Past::new();
    for start in (0..levels).step_by(LEVELS_AT_ONCE as usize) {
        let block = |clock: u32| Block {
            place: place(1, clock),
            len: 1,
            link: Link::In(
                clock.checked_sub(1).map_or(Parent::Root("x"), |outer| Parent::Type(place(1, outer))),
                None,
            ),
            content: Content::Type(if clock + 1 == levels {
                TypeKind::XmlText
            } else {
                TypeKind::Element("list")
            }),
        };
        let blocks: Vec<_> = (start..levels.min(start + LEVELS_AT_ONCE)).map(block).collect();
        add(&mut past, "ann", Update::compose([(place(1, start), blocks)], Vec::new()).unwrap().bytes());
    }
    past
}

fn add(past: &mut Past, who: &str, update: &Bytes) {
    past.add(&record(past.head().0 + 1, who, RecordKind::Edit, update)).unwrap();
}

/// `who` writes into the innermost text of so many levels, under a client id of their own.
fn write(past: &mut Past, who: &str, client: u64, levels: u32, text: &str) {
    let block = Block {
        place: place(client, 0),
        len: text.len() as u32,
        link: Link::In(Parent::Type(place(1, levels - 1)), None),
        content: Content::Text(text),
    };
    add(past, who, Update::compose([(place(client, 0), vec![block])], Vec::new()).unwrap().bytes());
}

/// What is told of the deepest.
fn innermost(node: &DiffNode) -> &DiffNode {
    let mut node = node;
    while let DiffWhat::Fragment { children, .. } | DiffWhat::Element { children, .. } = &node.what {
        node = &children[0];
    }
    node
}

#[test]
fn what_changed_below_the_told_levels_is_a_difference_and_is_brought_back() {
    let levels = TREE_DEPTH_MAX + 50;
    let mut past = nested(levels);
    write(&mut past, "bob", 2, levels, "hidden");
    let written = past.head();
    let before = Seq(written.0 - 1);
    let moment = |past: &Past, seq: Seq| past.moment(seq).unwrap().content();
    assert_ne!(moment(&past, before), moment(&past, written));

    let told = past.difference(before, written).unwrap();
    let deepest = innermost(&told.roots["x"]);
    assert!(matches!(deepest.what, DiffWhat::Deep { .. }));
    let change = deepest.change.as_ref().unwrap();
    assert_eq!((change.kind, &*change.by, change.seq), (ChangeKind::Changed, "name:bob", written.0));
    assert!(innermost(&past.difference(written, written).unwrap().roots["x"]).change.is_none());

    let back = |past: &Past, to: Seq, client: u64| {
        past.way_back(&Wish::Whole { to }, ClientId::new(client).unwrap())
    };
    let way = back(&past, before, 3).unwrap().unwrap();
    assert_eq!((way.added, way.removed), (0, 6));
    add(&mut past, "ann", way.update.bytes());
    assert_eq!(moment(&past, past.head()), moment(&past, before));
    assert_eq!(back(&past, before, 4), Ok(None), "nothing is left to do");

    // In other elements it is still the same.
    let way = back(&past, written, 4).unwrap().unwrap();
    assert_eq!((way.added, way.removed), (6, 0));
    add(&mut past, "ann", way.update.bytes());
    assert_eq!(moment(&past, past.head()), moment(&past, written));
    assert_eq!(back(&past, written, 5), Ok(None));
}

#[test]
fn however_deep_a_stranger_nests_no_stack_ends() {
    let levels = 40_000;
    let mut past = nested(levels);
    write(&mut past, "bob", 2, levels, "deep down");
    let head = past.head();
    let told = past.difference(Seq(head.0 - 1), head).unwrap();
    assert!(innermost(&told.roots["x"]).change.is_some());
    let wish = Wish::Whole { to: Seq(head.0 - 1) };
    let way = past.way_back(&wish, ClientId::new(3).unwrap()).unwrap().unwrap();
    let span = DeleteSpan { client: ClientId::new(2).unwrap(), start: 0, end: 9 };
    assert_eq!(way.update.deletes(), [span]);
}
