use proptest::prelude::*;
use weft_ids::{SessionId, UserId};

use super::*;
use crate::contract::edit;
use crate::record::{Author, NewRecord};

/// What version 1 wrote. Never regenerate this: it stands for what lies on people's disks.
const SEGMENT_1: &[u8] = include_bytes!("../../fixtures/segment-1.bin");

/// Records with these updates, by several authors, in batches of up to three.
fn chain(first: u64, updates: Vec<Vec<u8>>) -> Vec<Record> {
    let (mut seq, mut prev) = (Seq(first), RecordHash([0xab; 16]));
    let mut records = Vec::new();
    for (at, update) in (0_u64..).zip(updates) {
        let batch = BatchId { writer: 7 + at / 50 % 2, number: at / 3 };
        let record = Record::place(edit(at / 20, update), seq, prev, batch);
        (seq, prev) = (record.seq.next(), record.hash());
        records.push(record);
    }
    records
}

fn varint(number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, number);
    out
}

/// One letter by `client` at `clock`, right of `left` and left of `right`.
fn letter(client: u64, clock: u64, left: Option<u64>, right: Option<u64>, letter: u8) -> Vec<u8> {
    let mut out = [vec![1, 1], varint(client), varint(clock)].concat();
    out.push(4 | if left.is_some() { 0x80 } else { 0 } | if right.is_some() { 0x40 } else { 0 });
    for neighbour in [left, right].into_iter().flatten() {
        out.extend([varint(client), varint(neighbour)].concat());
    }
    if left.is_none() && right.is_none() {
        out.extend([1, 4, b't', b'e', b'x', b't']);
    }
    out.extend([1, letter, 0]);
    out
}

fn deletion(client: u64, clock: u64) -> Vec<u8> {
    [vec![0, 1], varint(client), vec![1], varint(clock), vec![1]].concat()
}

/// Somebody who types, takes letters back now and then, and at times goes elsewhere.
fn typed(count: u64) -> Vec<Vec<u8>> {
    let (client, mut clock, mut left, mut right) = (2_875_432_107, 0, None, None);
    let mut updates = Vec::new();
    for at in 0..count {
        if let (5, Some(of)) = (at % 13, left) {
            updates.push(deletion(client, of));
            (left, right) = (of.checked_sub(1), Some(of));
            continue;
        }
        if at % 97 == 96 {
            left = Some(at * 31 % clock);
            right = left.map(|left| left + 1);
        }
        updates.push(letter(client, clock, left, right, b"the weft goes over and under "[at as usize % 29]));
        left = Some(clock);
        clock += 1;
    }
    updates
}

/// Updates with every kind of content, and with what is none.
fn odd() -> Vec<Vec<u8>> {
    let block = |info: u8, content: &[u8]| {
        let root: &[u8] = if info & 0xc0 == 0 { &[1, 1, b'r'] } else { &[9, 3] };
        [&[1, 1, 9, 4, info][..], root, content, &[0]].concat()
    };
    vec![
        vec![0, 0],
        block(4, &[5, b'h', 0xc3, 0xa9, b'l', b'o']),
        block(4, &[4, 0xf0, 0x9f, 0x98, 0x80]),
        block(4, &[2, 0xff, 0xfe]),
        block(0x84, &[1, b'x']),
        block(0x41, &[3]),
        block(3, &[3, 0, 1, 2]),
        block(5, &[2, b'{', b'}']),
        block(6, &[4, b'b', b'o', b'l', b'd', 4, b't', b'r', b'u', b'e']),
        block(7, &[1]),
        block(7, &[3, 9, b'p', b'a', b'r', b'a', b'g', b'r', b'a', b'p', b'h']),
        block(0x28, &[1, b'k', 3, 119, 1, b'v', 125, 0x81, 0x05, 120]),
        block(8, &[1, 117, 1, 120]),
        block(2, &[1, 1, b'1']),
        block(9, &[1, b'd', 118, 0]),
        vec![1, 2, 9, 0, 0, 7, 10, 5, 0],
        // Two clients, and deletions of two.
        vec![2, 1, 9, 20, 0, 1, 1, 200, 1, 0, 0, 1, 2, 9, 2, 1, 1, 5, 2, 200, 1, 1, 0, 1],
        // A number longer than need be, one too long, something behind the end, an end too early, none at all.
        vec![1, 1, 0x89, 0, 4, 0, 7, 0],
        vec![0xff; 12],
        vec![0, 0, 0],
        vec![1, 1, 9],
        vec![255],
        vec![200, 200, 3],
    ]
}

fn round_trip(records: &[Record]) {
    let bytes = encode_segment(records).unwrap();
    let read = decode_segment(records[0].seq, &bytes).unwrap();
    assert!(read == records);
    let head = peek_segment(&bytes[..bytes.len().min(SEGMENT_HEAD_BYTES_MAX)]).unwrap();
    let last = records.last().unwrap();
    assert_eq!((head.prev, head.last), (records[0].prev, last.hash()));
    assert_eq!((head.count, head.time), (records.len() as u64, last.time));
}

#[test]
fn what_is_typed_comes_back_bit_for_bit() {
    round_trip(&chain(1, typed(5000)));
    round_trip(&chain(u64::MAX - 9, typed(8)));
}

#[test]
fn updates_of_every_kind_and_what_is_none_come_back_bit_for_bit() {
    round_trip(&chain(42, odd()));
    for update in odd() {
        round_trip(&chain(1, vec![update.clone(), update]));
    }
    round_trip(&chain(1, vec![vec![7; 300_000], vec![1]]));
}

#[test]
fn more_clients_than_are_told_apart_come_back_bit_for_bit() {
    let updates = (0..1000).map(|at| letter(at * at, at, Some(at), None, b'x')).collect();
    round_trip(&chain(1, updates));
}

#[test]
fn a_typed_record_takes_a_few_bytes() {
    let records = chain(1, typed(SEGMENT_RECORDS_MAX as u64));
    let raw: usize = records.iter().map(|record| record.update.len()).sum();
    let bytes = encode_segment(&records).unwrap().len();
    assert!(raw > 20 * records.len() && bytes < records.len(), "{bytes} bytes of {raw}");
}

#[test]
fn a_segment_of_format_1_is_read() {
    let mut updates = typed(120);
    updates.extend(odd());
    assert!(decode_segment(Seq(42), SEGMENT_1).unwrap() == chain(42, updates));
}

#[test]
fn a_segment_of_a_newer_format_is_refused_by_its_number() {
    let mut bytes = encode_segment(&chain(1, odd())).unwrap();
    bytes[0] += 1;
    bytes.truncate(bytes.len() - 4);
    seal(SEAL_KEY, &mut bytes);
    assert_eq!(decode_segment(Seq(1), &bytes), Err(CodecError::NewerSegment(SEGMENT_FORMAT + 1)));
}

#[test]
fn a_segment_cut_or_altered_anywhere_is_refused() {
    let bytes = encode_segment(&chain(1, odd())).unwrap();
    for cut in 0..bytes.len() {
        assert!(decode_segment(Seq(1), &bytes[..cut]).is_err());
    }
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(decode_segment(Seq(1), &flipped), Err(CodecError::Checksum));
    }
}

#[test]
fn a_forged_record_is_found_by_the_hash_of_the_last_one() {
    let mut records = chain(1, typed(100));
    let honest = encode_segment(&records).unwrap();
    records[50].update = letter(1, 1, None, None, b'!').into();
    assert!(encode_segment(&records).is_err(), "it breaks the chain");
    for at in 51..100 {
        records[at].prev = records[at - 1].hash();
    }
    let mut forged = encode_segment(&records).unwrap();
    forged[17..33].copy_from_slice(&honest[17..33]);
    forged.truncate(forged.len() - 4);
    seal(SEAL_KEY, &mut forged);
    assert!(matches!(decode_segment(Seq(1), &forged), Err(CodecError::Malformed(_))));
    assert!(decode_segment(Seq(2), &honest).is_err(), "nor does it open at another place");
}

#[test]
fn nothing_is_packed_that_does_not_follow() {
    let records = chain(1, typed(4));
    assert!(encode_segment(&[]).is_err());
    assert!(encode_segment(&[records[0].clone(), records[2].clone()]).is_err());
}

fn any_record() -> impl Strategy<Value = NewRecord> {
    let time = prop_oneof![1_700_000_000_000..1_700_000_100_000_u64, any::<u64>()];
    let update = prop_oneof![
        proptest::collection::vec(any::<u8>(), 1..60),
        (0..3_u64, 0..300_u64, 0..300_u64).prop_map(|(c, k, l)| letter(c, k, Some(l), Some(l + 1), b'x')),
        (0..3_u64, 0..300_u64).prop_map(|(client, clock)| deletion(client, clock)),
    ];
    let author = (proptest::option::of("\\PC{1,20}"), proptest::option::of("\\PC{0,15}"), 0..3_u128);
    (time, author, 0..4_u64, update).prop_map(|(time, (user, name, session), kind, update)| NewRecord {
        time: UnixMillis(time),
        author: Author {
            user: user.and_then(|user| UserId::new(&user)),
            name: name.map(Into::into),
            session: SessionId(session),
        },
        kind: edit(kind, "x").kind,
        update: update.into(),
    })
}

proptest! {
    #[test]
    fn whatever_is_packed_is_unpacked(
        records in proptest::collection::vec((any_record(), 0..3_u64, any::<u64>()), 1..60),
        head in 0..u64::MAX / 2, prev: [u8; 16],
    ) {
        let (mut seq, mut prev) = (Seq(head), RecordHash(prev));
        let mut placed = Vec::new();
        for (record, writer, number) in records {
            seq = seq.next();
            let record = Record::place(record, seq, prev, BatchId { writer, number });
            prev = record.hash();
            placed.push(record);
        }
        round_trip(&placed);
    }

    #[test]
    fn any_bytes_are_unpacked_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0..400_usize) {
        let _ = decode_segment(Seq(u64::MAX - 1), &bytes);
        // Behind a whole head and under a fitting checksum as well.
        let mut whole = encode_segment(&chain(1, odd())).unwrap();
        whole.truncate(whole.len() - 4);
        let at = at.min(whole.len());
        whole.truncate(at);
        whole.append(&mut bytes);
        seal(SEAL_KEY, &mut whole);
        let _ = decode_segment(Seq(1), &whole);
    }

    #[test]
    fn any_columns_are_unpacked_or_refused(
        columns in proptest::collection::vec(proptest::collection::vec(0..9_u8, 0..80), updates::COLUMNS),
        len in 0..2000_usize,
    ) {
        if let Ok(mut unpacker) = Unpacker::new(&columns, len) {
            while unpacker.unpack().is_ok() {}
        }
    }
}
