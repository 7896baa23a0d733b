//! Bytes that would make the document engine abort, hang or lie, each refused by name; and each limit, one past it.

use std::time::Instant;

use bytes::Bytes;
use weft_ids::{CLIENT_ID_MAX, ClientId};
use weft_wire::scan::{ANY_DEPTH_MAX, CLOCK_MAX, ROOT_NAME_BYTES_MAX, TYPE_DEPTH_MAX, WAITING_MAX};
use weft_wire::varint::{ReadError, write_buf, write_string, write_uint};
use weft_wire::{ScanError, StateVector, Update};

use crate::world::apply;

fn scan(bytes: impl Into<Vec<u8>>) -> Result<Update, ScanError> {
    Update::scan(Bytes::from(bytes.into()))
}

/// An update of one section of client 1 from clock 0, and no deletions.
fn blocks(blocks: &[Vec<u8>]) -> Vec<u8> {
    section_from(1, 0, blocks)
}

fn section_from(client: u64, clock: u64, blocks: &[Vec<u8>]) -> Vec<u8> {
    let mut out = vec![1];
    write_uint(&mut out, blocks.len() as u64);
    write_uint(&mut out, client);
    write_uint(&mut out, clock);
    out.extend(blocks.concat());
    out.push(0);
    out
}

/// A block of `content` at the start of the root `t`.
fn rooted(content: u8, body: &[u8]) -> Vec<u8> {
    [&[content, 1, 1, b't'][..], body].concat()
}

/// A block of `content` as the first inside the type `clock` of client 1.
fn inside(clock: u64, content: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![content, 0, 1];
    write_uint(&mut out, clock);
    out.extend_from_slice(body);
    out
}

fn uint(number: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write_uint(&mut out, number);
    out
}

fn text(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    write_string(&mut out, text);
    out
}

const STRING: u8 = 4;
const TYPE: u8 = 7;
const ANY: u8 = 8;
const COLLECTED: u8 = 0;

#[test]
fn the_empty_update_is_legal_and_empty() {
    let update = scan([0, 0]).unwrap();
    assert!(update.is_empty());
    assert!(update.fits(|_| 0));
    assert_eq!(update, Update::empty());
}

#[test]
fn a_claim_of_many_clients_is_refused() {
    let mut bytes = uint(1 << 28);
    bytes.push(0);
    assert_eq!(scan(bytes), Err(ScanError::CountTooBig { count: 1 << 28, left: 1 }));
    assert_eq!(scan([0, 2, 1]), Err(ScanError::CountTooBig { count: 2, left: 1 }));
}

#[test]
fn a_claim_of_many_blocks_values_or_deletions_is_refused() {
    let four_billion = uint(4_000_000_000);
    let bytes = [&[1][..], &four_billion, &[1, 0, 0]].concat();
    assert!(matches!(scan(bytes), Err(ScanError::CountTooBig { count: 4_000_000_000, .. })));
    let bytes = blocks(&[rooted(ANY, &four_billion)]);
    assert!(matches!(scan(bytes), Err(ScanError::CountTooBig { .. })));
    for container in [117, 118] {
        let bytes = blocks(&[rooted(ANY, &[&[1, container][..], &uint(100_000_000)].concat())]);
        assert!(matches!(scan(bytes), Err(ScanError::CountTooBig { .. })));
    }
    let bytes = [&[0, 1, 1][..], &four_billion].concat();
    assert!(matches!(scan(bytes), Err(ScanError::CountTooBig { .. })));
}

#[test]
fn a_claim_of_many_entries_in_a_state_vector_is_refused() {
    for count in [1 << 28, 100_000_000, 400_000_000, 1_800_000_000] {
        let refused = StateVector::scan(&uint(count));
        assert_eq!(refused, Err(ScanError::CountTooBig { count, left: 0 }));
    }
    assert_eq!(StateVector::scan(&[2, 1, 1, 2]), Err(ScanError::CountTooBig { count: 2, left: 3 }));
    assert_eq!(StateVector::scan(&[1, 1, 0x80]), Err(ScanError::Read(ReadError::End)));
}

#[test]
fn values_may_nest_up_to_the_limit_and_no_further() {
    let nested = |depth: usize| {
        let mut value = vec![1];
        value.extend([117, 1].repeat(depth - 1));
        value.extend([117, 0]);
        blocks(&[rooted(ANY, &value)])
    };
    apply(&crate::world::doc(7), scan(nested(ANY_DEPTH_MAX)).unwrap().bytes());
    assert_eq!(scan(nested(ANY_DEPTH_MAX + 1)), Err(ScanError::ValueTooDeep));
    assert_eq!(scan(nested(8_000)), Err(ScanError::ValueTooDeep));
    let mut maps = vec![1];
    maps.extend([118, 1, 1, b'k'].repeat(ANY_DEPTH_MAX));
    maps.extend([118, 0]);
    assert_eq!(scan(blocks(&[rooted(ANY, &maps)])), Err(ScanError::ValueTooDeep));
}

#[test]
fn json_may_nest_up_to_the_limit_and_no_further() {
    let nested = |depth: usize| text(&format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    apply(&crate::world::doc(7), scan(blocks(&[rooted(5, &nested(ANY_DEPTH_MAX))])).unwrap().bytes());
    assert_eq!(scan(blocks(&[rooted(5, &nested(ANY_DEPTH_MAX + 1))])), Err(ScanError::ValueTooDeep));
    let format = [text("bold"), nested(10_000)].concat();
    assert_eq!(scan(blocks(&[rooted(6, &format)])), Err(ScanError::ValueTooDeep));
}

#[test]
fn json_that_the_engine_does_not_read_is_refused() {
    for json in
        ["", "{", "tru", "[1,]", "01", "1e999", "\"\\ud800\"", "{1:2}", "1 1", "10000000000000000000", "nul"]
    {
        assert_eq!(scan(blocks(&[rooted(5, &text(json))])), Err(ScanError::NotJson), "{json}");
        assert_eq!(
            scan(blocks(&[rooted(6, &[text("b"), text(json)].concat())])),
            Err(ScanError::NotJson),
            "{json}"
        );
    }
}

#[test]
fn a_client_without_blocks_is_refused_and_so_are_a_hundred_thousand() {
    assert_eq!(scan([1, 0, 1, 0, 0]), Err(ScanError::EmptySection));
    let mut many = uint(100_000);
    for client in 0..100_000 {
        many.push(0);
        write_uint(&mut many, client);
        many.push(0);
    }
    many.push(0);
    assert_eq!(scan(many), Err(ScanError::EmptySection));
}

/// Types inside each other, `depth` deep.
fn nested_types(depth: u64) -> Vec<Vec<u8>> {
    let mut nested = vec![rooted(TYPE, &[0])];
    nested.extend((0..depth - 1).map(|outer| inside(outer, TYPE, &[0])));
    nested
}

#[test]
fn shared_types_may_nest_up_to_the_limit_and_no_further() {
    // The root's own first type counts as the ground on which the others stand.
    let deepest = u64::from(TYPE_DEPTH_MAX) + 1;
    apply(&crate::world::doc(7), scan(blocks(&nested_types(deepest))).unwrap().bytes());
    assert_eq!(scan(blocks(&nested_types(deepest + 1))), Err(ScanError::TypesTooDeep));
    assert_eq!(scan(blocks(&nested_types(100_000))), Err(ScanError::TypesTooDeep));
}

#[test]
fn types_nested_through_siblings_or_other_clients_are_counted_too() {
    // Each level: a string first in the type, then a type beside the string.
    let mut zigzag = vec![rooted(TYPE, &[0])];
    let mut clock = 0;
    for _ in 0..=TYPE_DEPTH_MAX {
        zigzag.push(inside(clock, STRING, &[1, b'x']));
        let mut beside = vec![0x80 | TYPE, 1];
        write_uint(&mut beside, clock + 1);
        beside.push(1);
        zigzag.push(beside);
        clock += 2;
    }
    assert_eq!(scan(blocks(&zigzag)), Err(ScanError::TypesTooDeep));

    // Two clients in turn: 2 inside 1 inside 2 ...
    let levels = u64::from(TYPE_DEPTH_MAX) + 2;
    let of = |client: u8, other: u8, first: Vec<u8>, shift: u64| {
        let mut out = uint(levels / 2);
        out.extend([client, 0]);
        out.extend(first);
        for n in 1..levels / 2 {
            out.extend([TYPE, 0, other]);
            write_uint(&mut out, n - shift);
            out.push(0);
        }
        out
    };
    let second = of(2, 1, vec![TYPE, 0, 1, 0, 0], 0);
    let first = of(1, 2, rooted(TYPE, &[0]), 1);
    let bytes = [vec![2], second, first, vec![0]].concat();
    assert_eq!(scan(bytes), Err(ScanError::TypesTooDeep));
}

#[test]
fn many_types_side_by_side_are_not_deep() {
    let mut page = vec![rooted(TYPE, &[4])];
    let mut clock = 0;
    for n in 0..2_000 {
        let paragraph = if n == 0 {
            inside(0, TYPE, &[3, 1, b'p'])
        } else {
            [&[0x80 | TYPE, 1][..], &uint(clock - 1), &[3, 1, b'p']].concat()
        };
        page.push(paragraph);
        clock += 1;
        page.push(inside(clock, STRING, &[1, b'x']));
        clock += 1;
    }
    let update = scan(blocks(&page)).unwrap();
    assert_eq!(update.types().len(), 2_001);
    apply(&crate::world::doc(7), update.bytes());
}

#[test]
fn clocks_near_the_top_are_refused() {
    let max = u64::from(CLOCK_MAX);
    let one = rooted(STRING, &[1, b'x']);
    assert!(scan(section_from(1, max - 1, std::slice::from_ref(&one))).is_ok());
    assert_eq!(scan(section_from(1, max, std::slice::from_ref(&one))), Err(ScanError::ClockTooBig));
    assert_eq!(
        scan(section_from(1, u64::from(u32::MAX) - 8, &vec![one.clone(); 9])),
        Err(ScanError::ClockTooBig)
    );
    assert_eq!(scan(section_from(1, max + 1, &[one])), Err(ScanError::ClockTooBig));
}

#[test]
fn two_collected_blocks_of_two_to_the_31_are_refused() {
    let half = [vec![COLLECTED], uint(1 << 31)].concat();
    assert_eq!(scan(blocks(&[half.clone(), half])), Err(ScanError::ClockTooBig));
    let most = [vec![COLLECTED], uint(u64::from(CLOCK_MAX))].concat();
    assert!(scan(blocks(std::slice::from_ref(&most))).is_ok());
    assert_eq!(scan(blocks(&[most, vec![COLLECTED, 1]])), Err(ScanError::ClockTooBig));
}

#[test]
fn a_clock_that_only_wraps_to_something_sane_is_refused() {
    let mut bytes = vec![1, 1, 1];
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    bytes.extend(rooted(STRING, &[1, b'x']));
    bytes.push(0);
    assert_eq!(scan(bytes), Err(ScanError::Read(ReadError::NumberTooBig)));
}

#[test]
fn client_ids_beyond_53_bits_are_refused() {
    let one = rooted(STRING, &[1, b'x']);
    assert!(scan(section_from(CLIENT_ID_MAX, 0, std::slice::from_ref(&one))).is_ok());
    let refused = Err(ScanError::Read(ReadError::NumberTooBig));
    assert_eq!(scan(section_from(CLIENT_ID_MAX + 1, 0, std::slice::from_ref(&one))), refused);
    assert_eq!(scan(section_from(u64::MAX, 0, &[one])), refused);
    let vector = [vec![1], uint(CLIENT_ID_MAX + 1), vec![1]].concat();
    assert_eq!(StateVector::scan(&vector), Err(ScanError::Read(ReadError::NumberTooBig)));
}

#[test]
fn a_client_listed_twice_is_refused_in_whatever_order() {
    let one = |client: u8| [vec![1, client, 0], rooted(STRING, &[1, b'x'])].concat();
    let twice = ScanError::ClientTwice(ClientId::new(5).unwrap());
    assert_eq!(scan([vec![2], one(5), one(5), vec![0]].concat()), Err(twice));
    assert_eq!(scan([vec![3], one(5), one(9), one(5), vec![0]].concat()), Err(twice));
    assert!(scan([vec![3], one(5), one(9), one(2), vec![0]].concat()).is_ok());
    assert_eq!(scan([0, 2, 5, 1, 0, 1, 5, 1, 4, 1]), Err(twice), "among the deletions");
    assert_eq!(StateVector::scan(&[3, 5, 1, 6, 1, 5, 2]), Err(twice), "in a state vector");
}

#[test]
fn a_hundred_thousand_clients_in_the_worst_order_are_scanned_quickly() {
    let mut many = uint(100_000);
    for n in 0..100_000_u64 {
        many.push(1);
        write_uint(&mut many, (n * 48_271) % 100_003);
        many.push(0);
        // Half of them hang on a client of the other half, so that each of those is looked up.
        let on = (n * 48_271) % 100_003;
        if on < 50_000 {
            many.extend([STRING, 1, 1, b't', 1, b'x']);
            continue;
        }
        many.extend([0x80 | STRING]);
        write_uint(&mut many, on - 50_000);
        many.extend([0, 1, b'x']);
    }
    many.push(0);
    let start = Instant::now();
    assert!(scan(many).is_ok());
    assert!(start.elapsed().as_secs() < 3, "linear, or nearly: {:?}", start.elapsed());
}

#[test]
fn skips_unknown_content_and_flags_on_collected_blocks_are_refused() {
    assert_eq!(scan(blocks(&[vec![10, 1]])), Err(ScanError::Skip));
    assert_eq!(scan(blocks(&[vec![0x8a, 1, 0, 1]])), Err(ScanError::Skip));
    for content in 11..32_u8 {
        let refused = scan(blocks(&[rooted(content, &[1, b'x'])]));
        assert_eq!(
            refused,
            if content == 16 {
                Err(ScanError::UnknownContent(16))
            } else {
                Err(ScanError::UnknownContent(content))
            }
        );
    }
    for flags in [0x80, 0x40, 0x20] {
        assert_eq!(scan(blocks(&[vec![flags, 1, 0, 1]])), Err(ScanError::CollectedWithFlags));
    }
}

#[test]
fn the_old_json_content_is_refused_because_readers_differ() {
    assert_eq!(scan(blocks(&[rooted(2, &[1, 1, b'1'])])), Err(ScanError::JsonContent));
}

#[test]
fn unknown_types_parents_and_values_are_refused() {
    for kind in [5, 7, 8, 9, 15, 0x80, 0xff] {
        assert_eq!(scan(blocks(&[rooted(TYPE, &[kind])])), Err(ScanError::UnknownType(kind)));
    }
    assert_eq!(scan(blocks(&[vec![STRING, 2, 1, b't', 1, b'x']])), Err(ScanError::UnknownParent(2)));
    for kind in [0, 31, 115, 128, 255] {
        assert_eq!(scan(blocks(&[rooted(ANY, &[1, kind])])), Err(ScanError::UnknownValue(kind)));
    }
}

#[test]
fn blocks_without_content_are_refused() {
    for block in [vec![COLLECTED, 0], rooted(1, &[0]), rooted(STRING, &[0]), rooted(ANY, &[0])] {
        assert_eq!(scan(blocks(&[block])), Err(ScanError::EmptyBlock));
    }
}

#[test]
fn text_that_is_not_utf8_is_refused_wherever_it_stands() {
    let bad = [1, 0xff];
    let cases = [
        rooted(STRING, &bad),
        vec![STRING, 1, 1, 0xff, 1, b'x'],
        vec![0x20 | ANY, 1, 1, b't', 1, 0xff, 1, 126],
        rooted(5, &bad),
        rooted(6, &[1, 0xff, 1, b'1']),
        rooted(TYPE, &[3, 1, 0xff]),
        rooted(ANY, &[1, 119, 1, 0xff]),
        rooted(ANY, &[1, 118, 1, 1, 0xff, 126]),
        rooted(9, &[1, 0xff, 126]),
        // Half a surrogate pair, in the form some encoders give it.
        rooted(STRING, &[3, 0xed, 0xa0, 0x80]),
    ];
    for block in cases {
        assert_eq!(scan(blocks(&[block])), Err(ScanError::Read(ReadError::NotUtf8)));
    }
}

#[test]
fn a_block_that_hangs_on_itself_or_on_the_future_is_refused() {
    let on = |clock: u8| vec![vec![0x80 | STRING, 1, clock, 1, b'x']];
    assert_eq!(scan(blocks(&on(0))), Err(ScanError::DependsOnLater), "its own origin");
    assert_eq!(scan(blocks(&on(9))), Err(ScanError::DependsOnLater), "a later origin");
    assert_eq!(scan(blocks(&[vec![TYPE, 0, 1, 0, 0]])), Err(ScanError::DependsOnLater), "its own parent");
    assert_eq!(
        scan(blocks(&[vec![0x40 | STRING, 1, 0, 1, b'x']])),
        Err(ScanError::DependsOnLater),
        "its own right"
    );
}

#[test]
fn clients_that_wait_for_each_other_in_a_circle_are_refused() {
    let beside = |client: u8, clock: u8| vec![0x80 | STRING, client, clock, 1, b'x'];
    let of = |client: u8, blocks: &[Vec<u8>]| [vec![blocks.len() as u8, client, 0], blocks.concat()].concat();
    let root = rooted(STRING, &[1, b'x']);
    let circle = [vec![2], of(2, &[beside(1, 0)]), of(1, &[beside(2, 0)]), vec![0]].concat();
    assert_eq!(scan(circle), Err(ScanError::DependsOnLater));
    let of_three = [vec![3], of(3, &[beside(2, 0)]), of(2, &[beside(1, 0)]), of(1, &[beside(3, 0)]), vec![0]];
    assert_eq!(scan(of_three.concat()), Err(ScanError::DependsOnLater));
    // In turns, but never in a circle: 1:0, 2:0, 1:1, 2:1.
    let turns =
        [vec![2], of(2, &[beside(1, 0), beside(1, 1)]), of(1, &[root, beside(2, 0)]), vec![0]].concat();
    assert!(scan(turns.clone()).unwrap().fits(|_| 0));
    crate::mutations::the_engine_takes(&scan(turns).unwrap());
}

/// As many clients as given, each beside the next lower one's only element.
fn queue(clients: u64) -> Vec<u8> {
    let mut out = uint(clients);
    for client in (1..=clients).rev() {
        out.push(1);
        write_uint(&mut out, client);
        out.push(0);
        if client == 1 {
            out.extend(rooted(STRING, &[1, b'x']));
        } else {
            out.push(0x80 | STRING);
            write_uint(&mut out, client - 1);
            out.extend([0, 1, b'x']);
        }
    }
    out.push(0);
    out
}

#[test]
fn clients_that_wait_for_each_other_in_a_long_queue_are_refused() {
    // The price of n clients is n * (n - 1) / 2: below the limit up to 23,170 of them.
    let price = |clients: u64| clients * (clients - 1) / 2;
    assert!(price(23_170) <= WAITING_MAX && price(23_171) > WAITING_MAX);
    assert!(scan(queue(23_170)).is_ok());
    assert_eq!(scan(queue(23_171)), Err(ScanError::TooTangled));
    crate::mutations::the_engine_takes(&scan(queue(2_000)).unwrap());
}

#[test]
fn names_of_roots_may_be_as_long_as_the_limit_and_no_longer() {
    let named =
        |length: usize| blocks(&[[vec![STRING, 1], text(&"r".repeat(length)), vec![1, b'x']].concat()]);
    assert!(scan(named(ROOT_NAME_BYTES_MAX)).is_ok());
    assert!(scan(named(0)).is_ok(), "an empty name is a name");
    assert_eq!(
        scan(named(ROOT_NAME_BYTES_MAX + 1)),
        Err(ScanError::RootNameTooLong(ROOT_NAME_BYTES_MAX + 1))
    );
}

#[test]
fn deletions_must_be_of_something_in_order_and_below_the_top() {
    assert_eq!(scan([0, 1, 1, 1, 0, 0]), Err(ScanError::EmptyDelete));
    assert_eq!(scan([0, 1, 1, 2, 4, 2, 5, 1]), Err(ScanError::DeletesOutOfOrder), "they overlap");
    assert_eq!(scan([0, 1, 1, 2, 4, 2, 0, 1]), Err(ScanError::DeletesOutOfOrder), "they go back");
    assert!(scan([0, 1, 1, 2, 4, 2, 6, 1]).is_ok(), "they may touch");
    let top = |length: u64| [vec![0, 1, 1, 1], uint(u64::from(CLOCK_MAX) - 1), uint(length)].concat();
    assert!(scan(top(1)).is_ok());
    assert_eq!(scan(top(2)), Err(ScanError::ClockTooBig));
}

#[test]
fn bytes_after_the_end_are_refused() {
    assert_eq!(scan([0, 0, 0]), Err(ScanError::TrailingBytes(1)));
    assert_eq!(StateVector::scan(&[0, 0]), Err(ScanError::TrailingBytes(1)));
}

#[test]
fn an_update_cut_short_anywhere_is_refused() {
    let whole = crate::world::full_state(&crate::world::replayed(&crate::world::play(4, 3, 60)));
    assert!(scan(whole.clone()).is_ok());
    for cut in 0..whole.len() {
        assert!(scan(&whole[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn a_gap_does_not_fit() {
    let update = scan(section_from(1, 5, &[rooted(STRING, &[1, b'x'])])).unwrap();
    assert!(!update.fits(|_| 4));
    assert!(update.fits(|_| 5));
    let pending_delete = scan([0, 1, 1, 1, 3, 2]).unwrap();
    assert!(!pending_delete.fits(|_| 4));
    assert!(pending_delete.fits(|_| 5));
    let stranger = scan(section_from(1, 0, &[vec![0x80 | STRING, 2, 3, 1, b'x']])).unwrap();
    assert!(!stranger.fits(|_| 3));
    assert!(stranger.fits(|_| 4));
}

#[test]
fn lengths_are_counted_as_javascript_counts() {
    let update = scan(blocks(&[rooted(STRING, &text("aé日😀"))])).unwrap();
    assert_eq!(update.sections()[0].end, 5);
}

#[test]
fn integers_beyond_53_bits_are_refused_in_values() {
    let mut body = vec![1, 125];
    body.extend([0xff; 10]);
    body.push(1);
    assert_eq!(scan(blocks(&[rooted(ANY, &body)])), Err(ScanError::Read(ReadError::NumberTooBig)));
}

#[test]
fn a_buffer_that_claims_more_than_there_is_is_refused() {
    let mut body = Vec::new();
    write_buf(&mut body, b"abc");
    assert!(scan(blocks(&[rooted(3, &body)])).is_ok());
    assert_eq!(scan(blocks(&[rooted(3, &uint(1 << 40))])), Err(ScanError::Read(ReadError::End)));
}
