//! Frames that mean harm: what has hurt document engines, and real updates with broken bytes. Messages as the
//! y-websocket dialect has them; the Hocuspocus dialect puts the document's name before.

use bytes::Bytes;
use weft_tests::dice::Dice;
use weft_tests::replica::Replica;
use weft_wire::Dialect;
use weft_wire::varint::{write_buf, write_string, write_uint};

/// One attack: what it is called, and its messages.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) messages: Vec<Vec<u8>>,
}

/// A message as a frame.
pub(crate) fn frame(dialect: Dialect, doc: &str, message: &[u8]) -> Bytes {
    let mut frame = Vec::with_capacity(message.len() + doc.len() + 2);
    if dialect == Dialect::Hocuspocus {
        write_string(&mut frame, doc);
    }
    frame.extend_from_slice(message);
    frame.into()
}

fn message(head: &[u8], body: &[u8]) -> Vec<u8> {
    let mut message = head.to_vec();
    write_buf(&mut message, body);
    message
}

pub(crate) fn step1(vector: &[u8]) -> Vec<u8> {
    message(&[0, 0], vector)
}

pub(crate) fn step2(update: &[u8]) -> Vec<u8> {
    message(&[0, 1], update)
}

pub(crate) fn update(update: &[u8]) -> Vec<u8> {
    message(&[0, 2], update)
}

pub(crate) fn awareness(entries: &[u8]) -> Vec<u8> {
    message(&[1], entries)
}

/// Numbers as varints, one after the other.
fn uints(numbers: &[u64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    numbers.iter().for_each(|number| write_uint(&mut bytes, *number));
    bytes
}

/// An update with one block of one client: the numbers, then the block's bytes, then no deletions.
fn block(client: u64, clock: u64, body: &[u8]) -> Vec<u8> {
    let mut bytes = uints(&[1, 1, client, clock]);
    bytes.extend_from_slice(body);
    bytes.push(0);
    bytes
}

/// An item that puts one value into the root array `a`.
fn any(value: &[u8]) -> Vec<u8> {
    let mut body = vec![8, 1, 1, b'a', 1];
    body.extend_from_slice(value);
    block(77, 0, &body)
}

fn nested_types(depth: u64) -> Vec<u8> {
    let mut bytes = uints(&[1, depth, 77, 0]);
    bytes.extend([7, 1, 1, b'x', 0]);
    for clock in 1..depth {
        // A list in the list before.
        bytes.extend([7, 0]);
        bytes.extend(uints(&[77, clock - 1]));
        bytes.push(0);
    }
    bytes.push(0);
    bytes
}

fn many_roots(count: u64) -> Vec<u8> {
    let mut bytes = uints(&[1, count, 77, 0]);
    for number in 0..count {
        bytes.extend([4, 1]);
        write_string(&mut bytes, &format!("r{number}"));
        write_string(&mut bytes, "x");
    }
    bytes.push(0);
    bytes
}

fn many_present(count: u64) -> Vec<u8> {
    let mut bytes = uints(&[count]);
    for number in 0..count {
        bytes.extend(uints(&[number, 1]));
        write_string(&mut bytes, "{}");
    }
    bytes
}

fn says(state: &str) -> Vec<u8> {
    let mut bytes = uints(&[1, 77, 1]);
    write_string(&mut bytes, state);
    bytes
}

/// Every attack of one frame or a few.
pub(crate) fn attacks() -> Vec<Attack> {
    let one = |name, message| Attack { name, messages: vec![message] };
    let mut attacks: Vec<Attack> = [100_000_000, 400_000_000, 900_000_000, 1_800_000_000, u64::MAX]
        .into_iter()
        .flat_map(|count| {
            [
                one("a state vector of so many clients", step1(&uints(&[count]))),
                one("an update of so many clients", update(&uints(&[count]))),
                one("an answer of so many clients", step2(&uints(&[count]))),
                one("so many who are here", awareness(&uints(&[count]))),
                one("so many blocks", update(&uints(&[1, count, 1, 0]))),
                one("a list of so many", update(&any(&[&[117], &uints(&[count])[..]].concat()))),
                one("a map of so many", update(&any(&[&[118], &uints(&[count])[..]].concat()))),
                one(
                    "a text of so many bytes",
                    update(&block(77, 0, &[&[4, 1, 1, b't'], &uints(&[count])[..]].concat())),
                ),
                one("a buffer of so many bytes", [&[0, 2], &uints(&[count])[..]].concat()),
                one("so many deletions", update(&uints(&[0, 1, 77, count]))),
                one("a deletion of so much", update(&uints(&[0, 1, 77, 1, 0, count]))),
                one("a clock of so much", update(&block(77, count, &[4, 1, 1, b't', 1, b'x']))),
                one("a collected block of so much", update(&uints(&[1, 2, 77, 0, 0, count, 0, count, 0]))),
                one(
                    "a presence clock of so much",
                    awareness(&[&uints(&[1, 77, count])[..], &[2], b"{}"].concat()),
                ),
            ]
        })
        .collect();
    attacks.extend([
        one("lists in lists", update(&any(&[&[117, 1].repeat(8_000)[..], &[126]].concat()))),
        one("maps in maps", update(&any(&[&[118, 1, 1, b'k'].repeat(8_000)[..], &[126]].concat()))),
        one("types in types", update(&nested_types(3_000))),
        one("types in types, deeper", update(&nested_types(20_000))),
        one("types in types in an answer", step2(&nested_types(8_000))),
        one(
            "a presence of arrays in arrays",
            awareness(&says(&format!("{{\"a\":{}1{}}}", "[".repeat(7_000), "]".repeat(7_000)))),
        ),
        one("a presence that is no JSON", awareness(&says("{bad json"))),
        one("a presence that is a number", awareness(&says("17"))),
        one("300,000 who are here", awareness(&many_present(300_000))),
        one("100,000 roots", update(&many_roots(100_000))),
        one("a client id past 2^53", update(&block((1 << 53) + 1, 0, &[4, 1, 1, b't', 1, b'x']))),
        one("the largest client id", update(&block(u64::MAX, 0, &[4, 1, 1, b't', 1, b'x']))),
        one("an item that is its own origin", update(&block(77, 0, &[0x84, 77, 0, 1, b'x']))),
        one("an item that is its own parent", update(&block(77, 0, &[4, 0, 77, 0, 1, b'x']))),
        one("a hole in the blocks", update(&uints(&[1, 1, 77, 0, 10, 5, 0]))),
        one("the oldest JSON", update(&block(77, 0, &[2, 1, 1, b't', 1, 2, b'1', b'2']))),
        one("unknown content", update(&block(77, 0, &[15, 1, 1, b't', 1]))),
        one(
            "a client twice",
            update(
                &[&[2, 1, 77, 0, 4, 1, 1, b't', 1, b'x'][..], &[1, 77, 1, 4, 1, 1, b't', 1, b'x', 0]]
                    .concat(),
            ),
        ),
        one("bytes after the end", update(&[0, 0, 0, 0])),
        one("text that is not UTF-8", update(&block(77, 0, &[4, 1, 1, b't', 2, 0xff, 0xfe]))),
        Attack {
            name: "gaps without end",
            messages: (0..2_000).map(|n| update(&block(1_000 + n, 5, &[4, 1, 1, b't', 1, b'x']))).collect(),
        },
        Attack {
            name: "deletions of what is not there",
            messages: (0..2_000).map(|n| update(&uints(&[0, 1, 1_000 + n, 1, 5, 3]))).collect(),
        },
        Attack { name: "questions without end", messages: vec![step1(&[0]); 2_000] },
    ]);
    attacks
}

/// Real updates in which some bytes are not what they were.
pub(crate) fn mutants(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut dice = Dice::new(seed);
    let mut author = Replica::new(weft_ids::ClientId::new(99).unwrap());
    let originals: Vec<Bytes> =
        (0..200).filter_map(|number| Some(author.edit(number)?.into_bytes())).collect();
    let mutant = |_| {
        let at = dice.below(originals.len() as u32) as usize;
        let mut bytes = originals[at].to_vec();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len().max(1) as u32) as usize;
            match dice.below(5) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at, dice.roll() as u8),
                2 if !bytes.is_empty() => bytes[at] = 0xff,
                _ if !bytes.is_empty() => bytes[at] ^= 1 << dice.below(8),
                _ => {}
            }
        }
        match dice.below(3) {
            0 => step2(&bytes),
            _ => update(&bytes),
        }
    };
    (0..count).map(mutant).collect()
}
