//! What honest clients write scans clean, and the scan says of it what the engine says.

use std::collections::BTreeMap;

use bytes::Bytes;
use weft_wire::{StateVector, Update};
use yrs::ReadTxn;
use yrs::Transact;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;

use crate::world::{full_state, play, replayed};

type Ranges = BTreeMap<u64, Vec<(u32, u32)>>;

fn ranges(set: &yrs::IdSet) -> Ranges {
    set.iter()
        .map(|(client, ranges)| (client.get(), ranges.iter().map(|range| (range.start, range.end)).collect()))
        .collect()
}

/// Scans `bytes` and compares with what the engine reads in them.
fn agrees_with_the_engine(bytes: &[u8]) -> Update {
    let update = Update::scan(Bytes::copy_from_slice(bytes)).expect("an honest update scans clean");
    let theirs = yrs::Update::decode_v1(bytes).expect("the engine decodes it");
    let sections: Ranges =
        update.sections().iter().map(|s| (s.client.get(), vec![(s.start, s.end)])).collect();
    assert_eq!(sections, ranges(&theirs.insertions(true)));
    let mut deletes = Ranges::new();
    for span in update.deletes() {
        deletes.entry(span.client.get()).or_default().push((span.start, span.end));
    }
    assert_eq!(deletes, ranges(theirs.delete_set()));
    assert_eq!(update.is_empty(), theirs.is_empty());
    update
}

#[test]
fn everything_that_honest_clients_write_scans_clean_and_means_what_the_engine_says() {
    let (mut types, mut deletes, mut needs) = (0, 0, 0);
    for seed in 0..60 {
        let log = play(seed, 1 + seed as usize % 5, 150);
        let mut known = StateVector::default();
        for bytes in &log {
            let update = agrees_with_the_engine(bytes);
            assert!(update.fits(|client| known.get(client)), "each update fits what came before");
            known = known.iter().chain(update.sections().iter().map(|s| (s.client, s.end))).collect();
            types += update.types().len();
            deletes += update.deletes().len();
            needs += update.needs().len();
        }
        let doc = replayed(&log);
        let full = agrees_with_the_engine(&full_state(&doc));
        assert!(full.fits(|_| 0), "a full state needs nothing");
        let theirs = doc.transact().state_vector().encode_v1();
        assert_eq!(StateVector::scan(&theirs).unwrap(), known);
    }
    assert!(types > 500 && deletes > 500 && needs > 500, "the worlds are rich: {types} {deletes} {needs}");
}

#[test]
fn a_state_vector_is_read_by_the_engine_as_we_wrote_it() {
    for seed in 0..20 {
        let doc = replayed(&play(seed, 5, 80));
        let theirs = doc.transact().state_vector();
        let ours = StateVector::scan(&theirs.encode_v1()).unwrap();
        assert_eq!(yrs::StateVector::decode_v1(&ours.encode()).unwrap(), theirs);
        for (client, clock) in theirs.iter() {
            assert_eq!(ours.get(weft_ids::ClientId::new(client.get()).unwrap()), *clock);
        }
    }
}

#[test]
fn an_update_that_misses_something_does_not_fit() {
    let log = play(3, 3, 120);
    let updates: Vec<Update> = log.iter().map(|u| Update::scan(Bytes::copy_from_slice(u)).unwrap()).collect();
    let mut refused = 0;
    for (at, update) in updates.iter().enumerate() {
        // The engine is the judge: it leaves nothing pending exactly when the update fits.
        for without in 0..at {
            let doc = crate::world::doc(7);
            let mut known = StateVector::default();
            let mut whole = true;
            for (n, earlier) in updates[..at].iter().enumerate() {
                if n != without && earlier.fits(|client| known.get(client)) {
                    crate::world::apply(&doc, earlier.bytes());
                    known =
                        known.iter().chain(earlier.sections().iter().map(|s| (s.client, s.end))).collect();
                } else {
                    whole = false;
                }
            }
            assert!(!whole);
            if !update.fits(|client| known.get(client)) {
                refused += 1;
                continue;
            }
            crate::world::apply(&doc, update.bytes());
            let txn = doc.transact();
            assert!(txn.store().pending_update().is_none() && txn.store().pending_ds().is_none());
        }
    }
    assert!(refused > 20, "{refused}");
}
