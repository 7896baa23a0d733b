//! One woven update means what its parts meant, one after the other.

use bytes::Bytes;
use weft_ids::ClientId;
use weft_wire::Update;
use yrs::{ReadTxn, StateVector, Transact};

use crate::world::{Dice, apply, full_state, play, replayed, seen};

fn scanned(log: &[Vec<u8>]) -> Vec<Update> {
    log.iter().map(|bytes| Update::scan(Bytes::copy_from_slice(bytes)).unwrap()).collect()
}

/// What we know of a woven update must be what a scan of its bytes finds.
fn rescans_clean(woven: &Update) {
    let again = Update::scan(woven.bytes().clone()).expect("a woven update scans clean");
    assert_eq!(again.sections(), woven.sections());
    assert_eq!(again.deletes(), woven.deletes());
    assert_eq!(again.needs(), woven.needs());
    let sorted = |update: &Update| {
        let mut types = update.types().to_vec();
        types.sort_unstable();
        types
    };
    assert_eq!(sorted(&again), sorted(woven));
    assert!(woven.sections().is_sorted_by(|a, b| a.client > b.client), "higher clients first");
}

#[test]
fn a_woven_world_is_the_world_applied_one_by_one() {
    for seed in 0..80 {
        let log = play(1_000 + seed, 1 + seed as usize % 6, 120);
        let updates = scanned(&log);
        let whole = Update::weave(&updates).expect("a whole log chains");
        rescans_clean(&whole);
        let one_by_one = replayed(&log);
        let woven = replayed(&[whole.bytes().to_vec()]);
        assert_eq!(seen(&one_by_one), seen(&woven), "seed {seed}");

        // In windows of any size, as a slow session or a busy turn sees them.
        let mut dice = Dice::new(seed);
        let windows = crate::world::doc(8);
        let mut at = 0;
        while at < updates.len() {
            let end = (at + 1 + dice.below(9)).min(updates.len());
            let window = Update::weave(&updates[at..end]).expect("a window of a log chains");
            rescans_clean(&window);
            apply(&windows, window.bytes());
            at = end;
        }
        assert_eq!(seen(&one_by_one), seen(&windows), "seed {seed}");
    }
}

#[test]
fn a_woven_tail_brings_a_lagging_session_up_to_date() {
    for seed in 0..40 {
        let log = play(2_000 + seed, 4, 100);
        let updates = scanned(&log);
        let cut = Dice::new(seed).below(log.len());
        let behind = replayed(&log[..cut]);
        apply(&behind, Update::weave(&updates[cut..]).unwrap().bytes());
        assert_eq!(seen(&behind), seen(&replayed(&log)), "seed {seed}");
    }
}

#[test]
fn woven_updates_can_be_woven_again() {
    let log = play(77, 4, 200);
    let updates = scanned(&log);
    let halves: Vec<Update> =
        updates.chunks(updates.len().div_ceil(2)).map(|half| Update::weave(half).unwrap()).collect();
    let twice = Update::weave(&halves).unwrap();
    rescans_clean(&twice);
    assert_eq!(twice, Update::weave(&updates).unwrap());
}

#[test]
fn a_diff_and_what_follows_it_weave() {
    let log = play(78, 3, 150);
    let cut = log.len() / 2;
    let state = Update::scan(full_state(&replayed(&log[..cut])).into()).unwrap();
    let mut all = vec![state];
    all.extend(scanned(&log[cut..]));
    let woven = Update::weave(&all).expect("a state and its successors chain");
    assert_eq!(seen(&replayed(&[woven.bytes().to_vec()])), seen(&replayed(&log)));
}

#[test]
fn what_does_not_chain_is_not_woven() {
    let log: Vec<Vec<u8>> = play(5, 1, 60);
    let updates: Vec<Update> =
        scanned(&log).into_iter().filter(|update| !update.sections().is_empty()).collect();
    assert!(updates.len() > 3);
    assert_eq!(Update::weave(&[updates[0].clone(), updates[2].clone()]), None, "one is missing");
    assert_eq!(Update::weave(&[updates[0].clone(), updates[0].clone()]), None, "one comes twice");
    assert_eq!(Update::weave(&[updates[1].clone(), updates[0].clone()]), None, "the order is wrong");
    let doc = replayed(&log[..2]);
    let overlapping = Update::scan(full_state(&doc).into()).unwrap();
    assert_eq!(Update::weave(&[updates[0].clone(), overlapping]), None, "one starts inside the other");
}

#[test]
fn what_hangs_on_a_later_part_is_not_woven() {
    // Client 1 beside an element of client 2, which stands beside an element of client 1.
    let first = Update::scan(Bytes::from_static(&[1, 1, 1, 0, 0x84, 2, 0, 1, b'x', 0])).unwrap();
    let second = Update::scan(Bytes::from_static(&[1, 1, 2, 0, 0x84, 1, 0, 1, b'x', 0])).unwrap();
    assert_eq!(Update::weave(&[first.clone(), second.clone()]), None);
    assert_eq!(Update::weave(&[second, first]), None);
}

#[test]
fn nothing_woven_is_the_empty_update_and_one_update_is_itself() {
    assert_eq!(&Update::weave(&[]).unwrap().bytes()[..], &[0, 0]);
    assert!(Update::weave(&[Update::empty(), Update::empty()]).unwrap().is_empty());
    let log = play(9, 1, 20);
    let update = &scanned(&log)[0];
    assert_eq!(Update::weave(std::slice::from_ref(update)).as_ref(), Some(update));
    assert_eq!(Update::weave(&[Update::empty(), update.clone()]).unwrap().sections().len(), 1);
}

#[test]
fn deletions_of_all_parts_are_sorted_and_merged() {
    // Deletions of client 1: 5..7 and 0..2, then 1..5; of client 9: 3..4.
    let first = Update::scan(Bytes::from_static(&[0, 1, 1, 2, 0, 2, 5, 2])).unwrap();
    let second = Update::scan(Bytes::from_static(&[0, 2, 1, 1, 1, 4, 9, 1, 3, 1])).unwrap();
    let woven = Update::weave(&[first, second]).unwrap();
    assert_eq!(&woven.bytes()[..], &[0, 2, 9, 1, 3, 1, 1, 1, 0, 7]);
    rescans_clean(&woven);
}

#[test]
fn what_one_part_needs_and_another_holds_is_no_longer_needed() {
    let log = play(31, 2, 200);
    let updates = scanned(&log);
    assert!(updates.iter().any(|update| !update.needs().is_empty()));
    assert!(Update::weave(&updates).unwrap().needs().is_empty());
}

#[test]
fn ten_thousand_keystrokes_weave_into_one_section() {
    let doc = crate::world::doc(42);
    let text = doc.get_or_insert_text("text");
    let mut updates = Vec::new();
    for n in 0..10_000_u32 {
        let mut txn = doc.transact_mut();
        yrs::Text::push(&text, &mut txn, if n % 7 == 0 { "😀" } else { "k" });
        updates.push(Update::scan(txn.encode_update_v1().into()).unwrap());
    }
    let woven = Update::weave(&updates).unwrap();
    assert_eq!(woven.sections().len(), 1);
    assert_eq!(woven.sections()[0].client, ClientId::new(42).unwrap());
    assert_eq!(woven.sections()[0].blocks(), 10_000);
    let copy = replayed(&[woven.bytes().to_vec()]);
    assert_eq!(seen(&copy), seen(&doc));
    assert_eq!(copy.transact().encode_state_as_update_v1(&StateVector::default()), full_state(&doc));
}
