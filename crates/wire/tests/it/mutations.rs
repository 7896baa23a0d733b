//! Damaged updates: the scan never panics, and what it lets through the engine takes without harm.

use std::time::{Duration, Instant};

use bytes::Bytes;
use weft_wire::{StateVector, Update, awareness};
use yrs::updates::decoder::Decode;
use yrs::{ReadTxn, Transact};

use crate::world::{Dice, full_state, play, replayed};

const CASES: usize = 400_000;

/// Small real updates and states, to damage; most of them need nothing else, so that they can be applied alone.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for seed in 0..60 {
        let log = play(9_000 + seed, 1 + seed as usize % 4, 40);
        for end in [1, 2, 3, 4, 6, log.len()] {
            seeds.push(full_state(&replayed(&log[..end.min(log.len())])));
        }
        seeds.push(log[0].clone());
        seeds.push(log[log.len() / 2].clone());
    }
    seeds
}

/// Changes `bytes` in one to three ways.
pub(crate) fn damage(bytes: &[u8], others: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    const TELLING: [u8; 16] = [0, 1, 2, 3, 4, 7, 8, 10, 0x40, 0x7f, 0x80, 0x84, 0xc4, 116, 117, 0xff];
    let mut out = bytes.to_vec();
    for _ in 0..=dice.below(3) {
        if out.is_empty() {
            out.push(0);
        }
        let at = dice.below(out.len());
        match dice.below(8) {
            0 => out[at] ^= 1 << dice.below(8),
            1 => out[at] = TELLING[dice.below(16)],
            2 => out[at] = out[at].wrapping_add(1),
            3 => out[at] = out[at].wrapping_sub(1),
            4 => out.insert(at, TELLING[dice.below(16)]),
            5 => _ = out.remove(at),
            6 => {
                let end = (at + 1 + dice.below(12)).min(out.len());
                let again = out[at..end].to_vec();
                out.splice(at..at, again);
            }
            _ => {
                let other = &others[dice.below(others.len())];
                let from = dice.below(other.len());
                out.truncate(at);
                out.extend_from_slice(&other[from..]);
            }
        }
    }
    out
}

/// What the scanner lets through and an empty document can take, the engine decodes, applies, encodes and reads again.
pub(crate) fn the_engine_takes(update: &Update) {
    the_engine_takes_after(&crate::world::doc(7), update);
}

/// The same on a document that holds something already. Says whether all of it went in.
fn the_engine_takes_after(doc: &yrs::Doc, update: &Update) -> bool {
    let theirs = yrs::Update::decode_v1(update.bytes()).expect("what scans clean decodes");
    if doc.transact_mut().apply_update(theirs).is_err() {
        // Something hangs inside what is no shared type. The engine says so in time; the room starts over.
        return false;
    }
    let txn = doc.transact();
    assert!(txn.store().pending_update().is_none(), "what fits does not wait");
    assert!(txn.store().pending_ds().is_none(), "nor do deletions of what is known");
    for section in update.sections() {
        let known = txn.state_vector().get(&yrs::ClientID::new(section.client.get()));
        assert!(known >= section.end, "the engine counts as the scan does");
    }
    let state = txn.encode_state_as_update_v1(&yrs::StateVector::default());
    yrs::Update::decode_v1(&state).expect("what was applied encodes to what decodes");
    true
}

#[test]
fn damaged_updates_never_panic_and_what_scans_clean_the_engine_takes() {
    let seeds = seeds();
    let mut dice = Dice::new(20_261_123);
    let (mut clean, mut fitting) = (0, 0);
    for case in 0..CASES {
        let bytes = damage(&seeds[case % seeds.len()], &seeds, &mut dice);
        let Ok(update) = Update::scan(Bytes::from(bytes)) else { continue };
        clean += 1;
        if update.fits(|_| 0) {
            fitting += 1;
            the_engine_takes(&update);
        }
    }
    assert!(clean > CASES / 10 && fitting > CASES / 20, "the damage is subtle: {clean} {fitting}");
}

#[test]
fn damaged_updates_that_fit_a_document_with_content_do_not_harm_it() {
    let mut dice = Dice::new(99);
    let (mut fitting, mut taken) = (0, 0);
    for seed in 0..24 {
        let log = play(12_000 + seed, 1 + seed as usize % 3, 60);
        for at in 1..log.len() {
            let before = full_state(&replayed(&log[..at]));
            let known: StateVector = Update::scan(before.clone().into())
                .unwrap()
                .sections()
                .iter()
                .map(|section| (section.client, section.end))
                .collect();
            for _ in 0..120 {
                let bytes = damage(&log[at], &log, &mut dice);
                let Ok(update) = Update::scan(Bytes::from(bytes)) else { continue };
                if update.fits(|client| known.get(client)) {
                    fitting += 1;
                    taken += usize::from(the_engine_takes_after(
                        &replayed(std::slice::from_ref(&before)),
                        &update,
                    ));
                }
            }
        }
    }
    assert!(fitting > 4_000 && taken > fitting / 2, "the damage is subtle: {fitting} {taken}");
}

#[test]
fn damaged_state_vectors_and_presence_never_panic() {
    let vectors: Vec<Vec<u8>> = (0..20)
        .map(|seed| {
            let doc = replayed(&play(seed, 5, 50));
            yrs::updates::encoder::Encode::encode_v1(&doc.transact().state_vector())
        })
        .collect();
    let presence: Vec<Vec<u8>> = vec![
        vec![1, 1, 0, 2, b'{', b'}'],
        [&[2, 0xff, 0x01, 3, 10][..], br#"{"a":[1.5]}"#, &[9, 1, 4], b"null"].concat(),
    ];
    let mut dice = Dice::new(5);
    for case in 0..CASES / 4 {
        let bytes = damage(&vectors[case % vectors.len()], &vectors, &mut dice);
        if let Ok(vector) = StateVector::scan(&bytes) {
            let theirs = yrs::StateVector::decode_v1(&bytes).expect("what scans clean decodes");
            for (client, clock) in theirs.iter() {
                assert_eq!(vector.get(weft_ids::ClientId::new(client.get()).unwrap()), *clock);
            }
            assert_eq!(StateVector::scan(&vector.encode()), Ok(vector));
        }
        let bytes = damage(&presence[case % 2], &presence, &mut dice);
        if let Ok(entries) = awareness::decode(&bytes) {
            assert_eq!(awareness::decode(&awareness::encode(&entries)), Ok(entries));
        }
    }
}

#[test]
fn no_bytes_at_all_make_the_scan_slow() {
    // Every one-byte repetition, at the size of the largest frame a client may send.
    let mut worst = Duration::ZERO;
    for byte in 0..=255 {
        let bytes = Bytes::from(vec![byte; 1 << 20]);
        let start = Instant::now();
        let _ = Update::scan(bytes.clone());
        let _ = StateVector::scan(&bytes);
        let _ = awareness::decode(&bytes);
        worst = worst.max(start.elapsed());
    }
    assert!(worst < Duration::from_secs(1), "{worst:?}");
}
