//! Where everything lies in the one tree: a prefix, then big-endian numbers, so that order is the order of places.
//!
//! ```text
//! 00                               the state of the store: commits, revisions, document numbers
//! b doc                            what stands for the records that are not kept; written after its pieces
//! k kind doc seq                   a checkpoint's manifest; written after its pieces
//! l doc seq                        a row of records, the first of which has place seq
//! n name                           a document's number and when it was created
//! o doc number                     an origin (author and writer) that the document's rows name by number
//! v key                            a meta row
//! w rev piece                      a large meta value, in pieces
//! x doc generation piece           what stands for records that are not kept, in pieces
//! y doc seq piece                  a large row of records, in pieces
//! z kind doc seq piece             a checkpoint, in pieces
//! ```
//! A document's name stands in one key only; all others hold its number, which is never used again. So no two names
//! share a key, whatever characters they are made of. Large pieces have prefixes of their own at the end: sled
//! rewrites neighbours together, and small rows should not lie beside large ones.

use weft_ids::{DocId, Seq};
use weft_store::CheckpointKind;

/// A document's number.
pub(crate) type Number = u64;

pub(crate) const STATE: &[u8] = b"\0";
pub(crate) const NAMES: u8 = b'n';
pub(crate) const META: u8 = b'v';

/// The size of a piece: sled never gives the space of large values back.
pub(crate) const PIECE_BYTES: usize = 4000;

pub(crate) fn name(doc: &DocId) -> Vec<u8> {
    let mut key = vec![NAMES];
    key.extend_from_slice(doc.as_str().as_bytes());
    key
}

pub(crate) fn row(number: Number, seq: Seq) -> Vec<u8> {
    join(b"l", &[number, seq.0])
}

pub(crate) fn row_piece(number: Number, seq: Seq, piece: u32) -> Vec<u8> {
    with_piece(join(b"y", &[number, seq.0]), piece)
}

pub(crate) fn origin(number: Number, origin: u32) -> Vec<u8> {
    with_piece(join(b"o", &[number]), origin)
}

pub(crate) fn checkpoint(kind: CheckpointKind, number: Number, seq: Seq) -> Vec<u8> {
    join(&[b'k', kind_code(kind)], &[number, seq.0])
}

pub(crate) fn checkpoint_piece(kind: CheckpointKind, number: Number, seq: Seq, piece: u32) -> Vec<u8> {
    with_piece(join(&[b'z', kind_code(kind)], &[number, seq.0]), piece)
}

pub(crate) fn base(number: Number) -> Vec<u8> {
    join(b"b", &[number])
}

pub(crate) fn base_piece(number: Number, generation: u64, piece: u32) -> Vec<u8> {
    with_piece(join(b"x", &[number, generation]), piece)
}

pub(crate) fn meta(key: &str) -> Vec<u8> {
    let mut bytes = vec![META];
    bytes.extend_from_slice(key.as_bytes());
    bytes
}

pub(crate) fn meta_piece(rev: u64, piece: u32) -> Vec<u8> {
    with_piece(join(b"w", &[rev]), piece)
}

/// From where to where the rows of a document lie whose keys begin with `prefix`.
pub(crate) fn all_of(prefix: &[u8], number: Number) -> (Vec<u8>, Vec<u8>) {
    let from = join(prefix, &[number]);
    let mut to = from.clone();
    // Longer than what any key has behind a document's number.
    to.extend([u8::MAX; 32]);
    (from, to)
}

/// The document of a row, by its number, if it is a row of one.
pub(crate) fn number_of(key: &[u8]) -> Option<Number> {
    match key.first()? {
        b'b' | b'l' | b'o' | b'x' | b'y' => number_at(key, 1),
        b'k' | b'z' => number_at(key, 2),
        _ => None,
    }
}

/// The number at byte `at` of a key.
pub(crate) fn number_at(key: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*key.get(at..)?.first_chunk()?))
}

pub(crate) fn kind_code(kind: CheckpointKind) -> u8 {
    match kind {
        CheckpointKind::Live => 0,
        CheckpointKind::History => 1,
    }
}

fn join(prefix: &[u8], numbers: &[u64]) -> Vec<u8> {
    let mut key = Vec::with_capacity(prefix.len() + 8 * numbers.len() + 4);
    key.extend_from_slice(prefix);
    for number in numbers {
        key.extend_from_slice(&number.to_be_bytes());
    }
    key
}

fn with_piece(mut key: Vec<u8>, piece: u32) -> Vec<u8> {
    key.extend_from_slice(&piece.to_be_bytes());
    key
}
