use proptest::prelude::*;

use super::*;
use crate::contract::{batch, edit};
use crate::record::{Batch, NewRecord};

fn row(records: &[Record]) -> (Bytes, Origins) {
    let mut origins = Origins::default();
    let bytes = encode_row(records, |origin| origins.number(origin).0);
    (bytes.into(), origins)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(hex: &str) -> Bytes {
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let byte = |two: &[u8]| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// What version 1 wrote. Never regenerate this: it stands for what lies on people's disks.
const ROW_1: &str = include_str!("../../fixtures/row-1.hex");
const ORIGINS_1: &str = include_str!("../../fixtures/origins-1.hex");
const HASHES_1: &str = include_str!("../../fixtures/hashes-1.hex");

fn golden() -> Vec<Record> {
    batch(300, &["one", "two", "three", "four"]).place(Seq(41), RecordHash([0xab; 16]))
}

#[test]
fn rows_of_format_1_are_read() {
    let mut origins = Origins::default();
    for (number, line) in ORIGINS_1.lines().enumerate() {
        origins.insert(number as u32, Origin::decode(&unhex(line)).unwrap());
    }
    let found = decode_row(Seq(42), &unhex(ROW_1), |number| origins.get(number).cloned()).unwrap();
    assert_eq!(found, golden());
    let hashes: Vec<_> = found.iter().map(|record| hex(&record.hash().0)).collect();
    assert_eq!(hashes, HASHES_1.lines().collect::<Vec<_>>(), "a record's hash never changes");
}

#[test]
fn rows_are_written_in_format_1() {
    let (bytes, origins) = row(&golden());
    assert_eq!(hex(&bytes), ROW_1.trim());
    for (number, line) in ORIGINS_1.lines().enumerate() {
        assert_eq!(hex(&origins.get(number as u32).unwrap().encode()), line);
    }
}

#[test]
fn a_row_of_a_newer_format_is_refused_by_its_number() {
    let (bytes, _) = row(&golden());
    let mut newer = bytes.to_vec();
    newer[0] = ROW_FORMAT + 1;
    assert_eq!(decode_row(Seq(1), &newer.into(), |_| None), Err(CodecError::Newer(ROW_FORMAT + 1)));
}

#[test]
fn every_field_of_a_record_changes_its_hash() {
    let record = golden().remove(1);
    let mut others = vec![record.clone(); 10];
    others[1].seq.0 += 1;
    others[2].prev.0[15] ^= 1;
    others[3].time.0 += 1;
    others[4].author.user = None;
    others[5].author.name = None;
    others[6].author.session.0 += 1;
    others[7].kind = RecordKind::Edit;
    others[8].batch.number += 1;
    others[9].update = Bytes::from_static(b"twp");
    let mut writer = record.clone();
    writer.batch.writer += 1;
    others.push(writer);
    let mut hashes: Vec<_> = others.iter().map(|other| other.hash().0).collect();
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), others.len());
}

#[test]
fn a_typed_update_takes_little_more_than_its_bytes() {
    let typed: Vec<_> = batch(70_000, &["twenty bytes of text"]).place(Seq(5), RecordHash([1; 16]));
    let (bytes, _) = row(&typed);
    assert!(bytes.len() <= 20 + 34, "{} bytes", bytes.len());
}

#[test]
fn a_sealed_row_opens_under_its_key_only_and_whole() {
    let mut row = b"body".to_vec();
    seal(b"key", &mut row);
    assert_eq!(open(b"key", &row), Ok(&b"body"[..]));
    assert_eq!(open(b"kez", &row), Err(CodecError::Checksum));
    assert_eq!(open(b"key", &row[1..]), Err(CodecError::Checksum));
    assert_eq!(open(b"key", b"abc"), Err(CodecError::Checksum));
    for bit in 0..row.len() * 8 {
        let mut flipped = row.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(open(b"key", &flipped), Err(CodecError::Checksum));
    }
}

fn any_author() -> impl Strategy<Value = Author> {
    let user = proptest::option::of("\\PC{1,20}");
    let name = proptest::option::of("\\PC{0,15}");
    (user, name, 0..3_u128).prop_map(|(user, name, session)| Author {
        user: user.and_then(|user| UserId::new(&user)),
        name: name.map(Arc::from),
        session: SessionId(session),
    })
}

fn any_record() -> impl Strategy<Value = NewRecord> {
    let time = prop_oneof![1_700_000_000_000..1_700_000_100_000_u64, any::<u64>()];
    let update = proptest::collection::vec(any::<u8>(), 1..60);
    (time, any_author(), 0..4_u64, update).prop_map(|(time, author, kind, update)| NewRecord {
        time: UnixMillis(time),
        author,
        kind: edit(kind, "x").kind,
        update: update.into(),
    })
}

proptest! {
    #[test]
    fn whatever_is_encoded_is_decoded(
        records in proptest::collection::vec(any_record(), 1..20),
        writer: u64, number: u64, head in 0..u64::MAX / 2, prev: [u8; 16],
    ) {
        let batch = Batch { id: BatchId { writer, number }, records };
        let records = batch.place(Seq(head), RecordHash(prev));
        let (bytes, origins) = row(&records);
        let read = decode_row(Seq(head).next(), &bytes, |number| {
            let origin = origins.get(number)?.encode();
            Origin::decode(&origin).ok()
        });
        prop_assert_eq!(read.as_ref(), Ok(&records));
        let head = peek_row(&bytes[..bytes.len().min(ROW_HEAD_BYTES_MAX)]).unwrap();
        prop_assert_eq!((head.number, head.count), (number, records.len() as u64));
        prop_assert_eq!((head.prev, head.time), (RecordHash(prev), records.last().unwrap().time));
        prop_assert_eq!(origins.get(head.origin), Some(&Origin::of(&records[0])));
        for cut in 0..bytes.len() {
            prop_assert!(decode_row(Seq(1), &bytes.slice(..cut), |n| origins.get(n).cloned()).is_err());
        }
    }

    #[test]
    fn any_bytes_are_decoded_or_refused(mut bytes in proptest::collection::vec(any::<u8>(), 0..80), v1: bool) {
        if let (true, Some(first)) = (v1, bytes.first_mut()) {
            *first = ROW_FORMAT;
        }
        let origin = Origin { author: edit(0, "x").author, writer: 0 };
        let bytes = Bytes::from(bytes);
        let _ = decode_row(Seq(u64::MAX - 1), &bytes, |_| Some(origin.clone()));
        let _ = peek_row(&bytes);
        let _ = Origin::decode(&bytes);
    }
}
