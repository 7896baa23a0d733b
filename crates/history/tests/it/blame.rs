//! Who wrote and who deleted each character, as a replay record by record finds it.

use std::collections::HashMap;

use proptest::prelude::*;
use weft_history::Past;
use weft_history::blame::{BLAME_BURST_MS, BLAME_ELEMENTS_MAX, Blame, BlameError, BlameRun, Hand, Written};
use weft_ids::{ClientId, Seq, UnixMillis};
use weft_store::RecordKind;
use weft_wire::Place;
use yrs::types::text::YChange;
use yrs::{
    Doc, OffsetKind, Options, Out, Snapshot, Text, Transact, TransactionMut, WriteTxn, XmlFragment, XmlOut,
};

use crate::world::{World, apply, plan, record, replica};

/// A character, by its element.
type Letter = (u64, u32, char);
/// An element.
type Id = (u64, u32);

/// A replica that can tell which element a character is.
pub(crate) fn remembering(id: u64) -> Doc {
    let options = Options {
        offset_kind: OffsetKind::Utf16,
        skip_gc: true,
        ..Options::with_client_id(yrs::ClientID::new(id))
    };
    Doc::with_options(options)
}

/// All characters of the roots `t` and `x`, in the order of the document.
pub(crate) fn letters(doc: &Doc) -> Vec<Letter> {
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("t");
    let xml = txn.get_or_insert_xml_fragment("x");
    let now = yrs::ReadTxn::snapshot(&txn);
    let mut found = Vec::new();
    letters_of(&mut txn, &text, &now, &mut found);
    let blocks: Vec<XmlOut> = xml.children(&txn).collect();
    blocks.into_iter().for_each(|block| letters_in(&mut txn, block, &now, &mut found));
    found
}

fn letters_in(txn: &mut TransactionMut<'_>, node: XmlOut, now: &Snapshot, found: &mut Vec<Letter>) {
    match node {
        XmlOut::Text(text) => letters_of(txn, &text, now, found),
        XmlOut::Element(element) => {
            let inner: Vec<XmlOut> = element.children(txn).collect();
            inner.into_iter().for_each(|child| letters_in(txn, child, now, found));
        }
        XmlOut::Fragment(_) => {}
    }
}

fn letters_of<X: Text>(txn: &mut TransactionMut<'_>, text: &X, now: &Snapshot, found: &mut Vec<Letter>) {
    let nothing = Snapshot::default();
    // Seen from an empty document everything is new, and comes with the element it is.
    for run in text.diff_range(txn, Some(now), Some(&nothing), |change: YChange| change) {
        let (Out::Any(yrs::Any::String(run_text)), Some(change)) = (run.insert, run.ychange) else {
            continue;
        };
        let letter = |(at, char)| (change.id.client.get(), change.id.clock + at as u32, char);
        found.extend(run_text.chars().enumerate().map(letter));
    }
}

/// What a replay finds: after each record the letters to be seen, and when each came and went.
pub(crate) struct Replay {
    pub(crate) shown: Vec<Vec<Letter>>,
    pub(crate) born: HashMap<Id, u64>,
    pub(crate) died: HashMap<Id, u64>,
}

pub(crate) fn replay(world: &World) -> Replay {
    let doc = remembering(2);
    let mut found = Replay { shown: vec![Vec::new()], born: HashMap::new(), died: HashMap::new() };
    for record in &world.log {
        apply(&doc, &record.update);
        let shown = letters(&doc);
        for (client, clock, _) in &shown {
            found.born.entry((*client, *clock)).or_insert(record.seq.0);
        }
        let there: std::collections::HashSet<Id> = shown.iter().map(|letter| (letter.0, letter.1)).collect();
        for (client, clock, _) in found.shown.last().unwrap() {
            if !there.contains(&(*client, *clock)) {
                found.died.insert((*client, *clock), record.seq.0);
            }
        }
        found.shown.push(shown);
    }
    found
}

/// The same log with more than a burst between records, so that each record is told for itself.
fn slow(world: &World) -> Past {
    let mut past = Past::new();
    for record in &world.log {
        let mut record = record.clone();
        record.time = UnixMillis(record.seq.0 * (BLAME_BURST_MS + 1));
        past.add(&record).unwrap();
    }
    past
}

fn first(run: &BlameRun) -> Id {
    let (client, clock) = run.id.split_once(':').unwrap();
    (client.parse().unwrap(), clock.parse().unwrap())
}

/// The letters of the roots `t` and `x`, each with its run.
fn told(blame: &Blame) -> Vec<(Letter, BlameRun)> {
    let texts = |run: &&BlameRun| {
        run.what == Written::Text && matches!(run.root.as_deref(), Some("t" | "x")) && run.key.is_none()
    };
    let mut all = Vec::new();
    for run in blame.runs.iter().filter(texts) {
        let (client, clock) = first(run);
        assert_eq!(run.text.chars().count(), run.len as usize);
        let letter = |(at, char)| ((client, clock + at as u32, char), run.clone());
        all.extend(run.text.chars().enumerate().map(letter));
    }
    all
}

fn author(world: &World, seq: u64) -> String {
    format!("name:{}", world.log[seq as usize - 1].author.name.as_deref().unwrap())
}

fn check(world: &World, hand: &Hand, seq: u64) -> Result<(), TestCaseError> {
    prop_assert_eq!(&*hand.by, author(world, seq));
    prop_assert_eq!(hand.seq, seq);
    prop_assert_eq!(hand.at, seq * (BLAME_BURST_MS + 1));
    prop_assert_eq!(hand.since, None);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn each_character_is_told_with_who_wrote_it_and_when(plan in plan(60), at in any::<prop::sample::Index>()) {
        let mut world = World::run(&plan);
        world.settle();
        let (past, replay) = (slow(&world), replay(&world));
        let at = at.index(world.log.len() + 1);
        let blame = past.blame(Seq(at as u64), false).unwrap();
        let told = told(&blame);
        let expected: Vec<Letter> = replay.shown[at].clone();
        prop_assert_eq!(told.iter().map(|(letter, _)| *letter).collect::<Vec<_>>(), expected);
        for ((client, clock, _), run) in &told {
            check(&world, &run.written, replay.born[&(*client, *clock)])?;
            prop_assert!(run.deleted.is_none());
        }
    }

    #[test]
    fn each_deleted_character_is_told_with_who_deleted_it(plan in plan(60), at in any::<prop::sample::Index>()) {
        let mut world = World::run(&plan);
        world.settle();
        let (past, replay) = (slow(&world), replay(&world));
        let at = at.index(world.log.len() + 1);
        let blame = past.blame(Seq(at as u64), true).unwrap();
        let told: HashMap<Id, BlameRun> = told(&blame).into_iter().map(|((client, clock, _), run)| ((client, clock), run)).collect();
        for (id, born) in replay.born.iter().filter(|(_, born)| **born <= at as u64) {
            let run = &told[id];
            check(&world, &run.written, *born)?;
            match replay.died.get(id).filter(|died| **died <= at as u64) {
                Some(died) => check(&world, run.deleted.as_ref().unwrap(), *died)?,
                None => prop_assert!(run.deleted.is_none()),
            }
        }
    }

    #[test]
    fn any_character_ever_typed_can_be_asked_for(plan in plan(60)) {
        let mut world = World::run(&plan);
        world.settle();
        let (past, replay) = (slow(&world), replay(&world));
        let mut ids: Vec<Id> = replay.born.keys().copied().collect();
        ids.sort_unstable();
        let place = |id: &Id| Place { client: ClientId::new(id.0).unwrap(), clock: id.1 };
        let blame = past.blame_of(&ids.iter().map(|id| (place(id), 1)).collect::<Vec<_>>()).unwrap();
        prop_assert_eq!(blame.runs.len(), ids.len());
        for (id, run) in ids.iter().zip(&blame.runs) {
            prop_assert_eq!(first(run), *id);
            check(&world, &run.written, replay.born[id])?;
            match replay.died.get(id) {
                Some(died) => check(&world, run.deleted.as_ref().unwrap(), *died)?,
                None => prop_assert!(run.deleted.is_none()),
            }
        }
    }

    #[test]
    fn bursts_are_told_as_one_but_never_those_of_two(plan in plan(60)) {
        let mut world = World::run(&plan);
        world.settle();
        let (past, replay) = (world.past(), replay(&world));
        let told = told(&past.blame(past.head(), false).unwrap());
        prop_assert_eq!(told.iter().map(|(letter, _)| *letter).collect::<Vec<_>>(), replay.shown.last().unwrap().clone());
        for ((client, clock, _), run) in &told {
            let born = replay.born[&(*client, *clock)];
            prop_assert_eq!(&*run.written.by, author(&world, born));
            let since = run.written.since.map_or(run.written.seq, |since| since.seq);
            prop_assert!(since <= born && born <= run.written.seq);
        }
    }
}

/// A log of one client who types each word at the end, at these times.
fn typed(words: &[(&str, &str, u64)]) -> Past {
    let doc = replica(5);
    let mut past = Past::new();
    for (seq, (who, word, time)) in words.iter().enumerate() {
        let mut txn = doc.transact_mut();
        let text = txn.get_or_insert_text("t");
        let end = text.len(&txn);
        text.insert(&mut txn, end, word);
        let update = txn.encode_update_v1();
        let mut record = record(seq as u64 + 1, who, RecordKind::Edit, &update);
        record.time = UnixMillis(*time);
        past.add(&record).unwrap();
    }
    past
}

fn texts(blame: &Blame) -> Vec<(&str, &str)> {
    blame.runs.iter().map(|run| (&*run.written.by, run.text.as_str())).collect()
}

#[test]
fn a_burst_ends_after_a_minute_and_with_its_author() {
    let past = typed(&[
        ("ann", "one ", 1_000),
        ("ann", "two ", 1_000 + BLAME_BURST_MS),
        ("ann", "three ", 1_001 + BLAME_BURST_MS),
        ("bob", "four", 1_002 + BLAME_BURST_MS),
    ]);
    let blame = past.blame(past.head(), false).unwrap();
    assert_eq!(texts(&blame), [("name:ann", "one two "), ("name:ann", "three "), ("name:bob", "four")]);
    assert_eq!((blame.runs[0].written.seq, blame.runs[0].written.since.map(|since| since.seq)), (2, Some(1)));
    assert_eq!(blame.writers, [0, 1]);
    let early = past.blame(Seq(1), false).unwrap();
    assert_eq!(texts(&early), [("name:ann", "one ")]);
    assert_eq!(early.writers, [0]);
}

#[test]
fn the_answer_has_the_shape_that_was_promised() {
    let past = typed(&[("ann", "one", 1_000)]);
    let json = serde_json::to_value(past.blame(Seq(1), false).unwrap()).unwrap();
    let run = serde_json::json!({
        "root": "t", "block": null, "id": "5:0", "len": 3, "text": "one", "by": "name:ann", "at": 1_000, "seq": 1,
    });
    assert_eq!(json, serde_json::json!({"seq": 1, "runs": [run]}));
}

#[test]
fn what_was_never_written_has_no_author() {
    let past = typed(&[("ann", "one", 1_000)]);
    let place = |client, clock| Place { client: ClientId::new(client).unwrap(), clock };
    assert_eq!(past.blame(Seq(2), true), Err(BlameError::NoMoment(Seq(2))));
    assert_eq!(past.blame_of(&[(place(5, 1), 3)]), Err(BlameError::NoElement(ClientId::new(5).unwrap(), 3)));
    assert_eq!(past.blame_of(&[(place(6, 0), 1)]), Err(BlameError::NoElement(ClientId::new(6).unwrap(), 0)));
    assert_eq!(texts(&past.blame_of(&[(place(5, 1), 2)]).unwrap()), [("name:ann", "ne")]);
    let most = BLAME_ELEMENTS_MAX as u32;
    assert_eq!(past.blame_of(&[(place(5, 0), most + 1)]), Err(BlameError::TooMany(BLAME_ELEMENTS_MAX + 1)));
    assert_eq!(
        past.blame_of(&[(place(5, 0), most)]),
        Err(BlameError::NoElement(ClientId::new(5).unwrap(), 3))
    );
}
