//! Presence: what is read, what is refused, and each limit one past it.

use bytes::Bytes;
use weft_ids::{CLIENT_ID_MAX, ClientId};
use weft_wire::awareness::{
    AwarenessError, EMPTY, ENTRIES_MAX, Entry, STATE_BYTES_MAX, STATE_DEPTH_MAX, decode, encode,
};
use weft_wire::scan::CLOCK_MAX;
use weft_wire::varint::{ReadError, write_string, write_uint};

fn one(client: u64, clock: u64, state: &str) -> Vec<u8> {
    let mut out = vec![1];
    write_uint(&mut out, client);
    write_uint(&mut out, clock);
    write_string(&mut out, state);
    out
}

#[test]
fn entries_come_back_as_they_were_sent() {
    let entries = vec![
        Entry { client: ClientId::new(1).unwrap(), clock: 0, state: Some(Bytes::from_static(b"{}")) },
        Entry { client: ClientId::new(CLIENT_ID_MAX).unwrap(), clock: CLOCK_MAX, state: None },
        Entry {
            client: ClientId::new(9).unwrap(),
            clock: 300,
            state: Some(Bytes::from_static(br#"{ "u":"\ud800" }"#)),
        },
    ];
    assert_eq!(decode(&encode(&entries)), Ok(entries));
    assert_eq!(decode(EMPTY), Ok(vec![]));
    assert_eq!(&encode(&[])[..], EMPTY);
}

#[test]
fn a_null_state_means_that_the_client_left() {
    assert_eq!(decode(&one(1, 1, "null")).unwrap()[0].state, None);
    assert_eq!(decode(&one(1, 1, " null\n")).unwrap()[0].state, None);
}

#[test]
fn a_state_that_is_not_a_json_object_is_refused() {
    for state in
        ["", "{bad json", "1", "\"x\"", "[]", "true", "{}{}", "nulll", "{\"a\":}", "{\"a\":1,}", "{'a':1}"]
    {
        assert_eq!(decode(&one(1, 1, state)), Err(AwarenessError::NotAnObject), "{state}");
    }
}

#[test]
fn a_state_may_be_as_big_as_the_limit_and_no_bigger() {
    let state = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert_eq!(state(STATE_BYTES_MAX).len(), STATE_BYTES_MAX);
    assert!(decode(&one(1, 1, &state(STATE_BYTES_MAX))).is_ok());
    assert_eq!(
        decode(&one(1, 1, &state(STATE_BYTES_MAX + 1))),
        Err(AwarenessError::StateTooBig(STATE_BYTES_MAX + 1))
    );
}

#[test]
fn a_state_may_be_as_deep_as_the_limit_and_no_deeper() {
    let state = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    assert!(decode(&one(1, 1, &state(STATE_DEPTH_MAX))).is_ok());
    assert_eq!(decode(&one(1, 1, &state(STATE_DEPTH_MAX + 1))), Err(AwarenessError::NotAnObject));
    assert_eq!(decode(&one(1, 1, &"[".repeat(9_000))), Err(AwarenessError::NotAnObject));
}

#[test]
fn a_message_may_have_as_many_entries_as_the_limit_and_no_more() {
    let many = |count: usize| {
        let entry = Entry { client: ClientId::new(1).unwrap(), clock: 1, state: None };
        encode(&vec![entry; count])
    };
    assert_eq!(decode(&many(ENTRIES_MAX)).unwrap().len(), ENTRIES_MAX);
    assert_eq!(decode(&many(ENTRIES_MAX + 1)), Err(AwarenessError::TooManyEntries(ENTRIES_MAX as u64 + 1)));
}

#[test]
fn a_claim_of_many_entries_is_refused() {
    let mut bytes = Vec::new();
    write_uint(&mut bytes, 400_000_000);
    assert_eq!(decode(&bytes), Err(AwarenessError::TooManyEntries(400_000_000)));
    assert_eq!(decode(&[2, 1, 1, 2, b'{']), Err(AwarenessError::TooManyEntries(2)));
}

#[test]
fn clocks_and_ids_past_their_limits_are_refused() {
    assert!(decode(&one(1, u64::from(CLOCK_MAX), "{}")).is_ok());
    assert_eq!(decode(&one(1, u64::from(CLOCK_MAX) + 1, "{}")), Err(AwarenessError::ClockTooBig));
    assert_eq!(decode(&one(1, u64::from(u32::MAX), "{}")), Err(AwarenessError::ClockTooBig));
    assert_eq!(decode(&one(CLIENT_ID_MAX + 1, 1, "{}")), Err(AwarenessError::Read(ReadError::NumberTooBig)));
}

#[test]
fn bytes_after_the_last_entry_are_refused() {
    let mut bytes = one(1, 1, "{}");
    bytes.push(0);
    assert_eq!(decode(&bytes), Err(AwarenessError::TrailingBytes(1)));
}
