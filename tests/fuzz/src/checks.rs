//! What is asked of any bytes at all: no panic, and what is accepted comes back the same. Shared by the fuzz targets and
//! by the plain tests over the committed corpus.

use bytes::Bytes;
use weft_wire::{Dialect, StateVector, Update, awareness};

/// An update is refused, or its sections and deletions stay inside what was promised.
pub fn update_scan(bytes: &[u8]) {
    let Ok(update) = Update::scan(Bytes::copy_from_slice(bytes)) else { return };
    assert!(update.sections().iter().all(|section| section.start < section.end && section.blocks() > 0));
    assert!(update.deletes().iter().all(|span| span.start < span.end));
    assert_eq!(update.is_empty(), update.sections().is_empty() && update.deletes().is_empty());
    let woven = Update::weave(&[Update::empty(), update.clone()]).expect("nothing and an update chain");
    let again = Update::scan(woven.bytes().clone()).expect("a woven update scans clean");
    assert_eq!(again.sections().len(), update.sections().len());
    assert_eq!(again.needs(), update.needs());
}

/// A state vector is refused, or comes back.
pub fn state_vector_scan(bytes: &[u8]) {
    let Ok(vector) = StateVector::scan(bytes) else { return };
    assert_eq!(StateVector::scan(&vector.encode()), Ok(vector));
}

/// Presence is refused, or comes back.
pub fn awareness_decode(bytes: &[u8]) {
    let Ok(entries) = awareness::decode(bytes) else { return };
    assert_eq!(awareness::decode(&awareness::encode(&entries)), Ok(entries));
}

/// A frame is refused or understood, in both dialects.
pub fn dialect_decode(bytes: &[u8]) {
    let frame = Bytes::copy_from_slice(bytes);
    for dialect in [Dialect::YWebsocket, Dialect::Hocuspocus] {
        if let Ok(incoming) = dialect.decode(&frame) {
            assert!(incoming.address.is_none_or(|address| !address.is_empty()));
        }
    }
}

/// Several updates, each behind its length in one byte: they weave into what scans clean, or they do not.
pub fn weave(mut bytes: &[u8]) {
    let mut updates = Vec::new();
    while let [length, rest @ ..] = bytes {
        let (update, after) = rest.split_at(usize::from(*length).min(rest.len()));
        if let Ok(update) = Update::scan(Bytes::copy_from_slice(update)) {
            updates.push(update);
        }
        bytes = after;
    }
    let Some(woven) = Update::weave(&updates) else { return };
    let again = Update::scan(woven.bytes().clone()).expect("a woven update scans clean");
    assert_eq!(again.sections(), woven.sections());
    assert_eq!(again.deletes(), woven.deletes());
}
