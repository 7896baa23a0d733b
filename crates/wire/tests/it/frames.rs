//! Frames, byte for byte as the published clients write and read them.

use std::sync::Arc;

use bytes::Bytes;
use weft_wire::awareness::{self, AwarenessError};
use weft_wire::varint::{ReadError, write_string, write_uint};
use weft_wire::{
    ADDRESS_BYTES_MAX, ClientMessage, DecodeError, Dialect, Envelope, Incoming, ScanError, ServerMessage,
    StateVector, TOKEN_BYTES_MAX, Update, VERSION_BYTES_MAX,
};

/// Bytes from hexadecimal digits; words in quotes stand for themselves.
fn hex(text: &str) -> Bytes {
    let mut out = Vec::new();
    for (n, part) in text.split('"').enumerate() {
        if n % 2 == 1 {
            out.extend_from_slice(part.as_bytes());
            continue;
        }
        let digits: String = part.split_whitespace().collect();
        out.extend(
            (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()),
        );
    }
    out.into()
}

fn hears(dialect: Dialect, frame: &str) -> Result<ClientMessage, DecodeError> {
    dialect.decode(&hex(frame)).map(|incoming| incoming.message)
}

fn hears_at_d1(frame: &str) -> Result<ClientMessage, DecodeError> {
    let incoming = Dialect::Hocuspocus.decode(&hex(&format!("026431 {frame}")))?;
    assert_eq!(incoming.address.as_deref(), Some("d1"));
    Ok(incoming.message)
}

fn says(message: &ServerMessage) -> (Option<Bytes>, Bytes) {
    let at_d1 = Envelope::Hocuspocus { address: Arc::from("d1") };
    (Envelope::YWebsocket.encode(message), at_d1.encode(message).unwrap())
}

fn entry(client: u64, clock: u32, state: Option<&'static str>) -> awareness::Entry {
    let state = state.map(|text| Bytes::from_static(text.as_bytes()));
    awareness::Entry { client: weft_ids::ClientId::new(client).unwrap(), clock, state }
}

use Dialect::{Hocuspocus, YWebsocket};

#[test]
fn a_y_websocket_client_opens_with_step_1_and_its_presence() {
    assert_eq!(hears(YWebsocket, "00 00 01 00"), Ok(ClientMessage::SyncStep1(StateVector::default())));
    let presence = ClientMessage::Awareness(vec![entry(5, 0, Some("{}"))]);
    assert_eq!(hears(YWebsocket, "01 06 01 05 00 02 7b 7d"), Ok(presence));
    let leaves = ClientMessage::Awareness(vec![entry(5, 0, None)]);
    assert_eq!(hears(YWebsocket, "01 08 01 05 00 04 \"null\""), Ok(leaves));
    assert_eq!(hears(YWebsocket, "00 01 02 00 00"), Ok(ClientMessage::SyncStep2(Update::empty())));
    assert_eq!(hears(YWebsocket, "00 02 02 00 00"), Ok(ClientMessage::Update(Update::empty())));
    assert_eq!(hears(YWebsocket, "03"), Ok(ClientMessage::QueryAwareness));
}

#[test]
fn a_hocuspocus_client_shakes_hands_as_captured() {
    let token =
        |version: Option<&str>| ClientMessage::Auth { token: "tok".into(), version: version.map(Into::into) };
    assert_eq!(hears_at_d1("02 00 03 746f6b"), Ok(token(None)));
    assert_eq!(hears_at_d1("02 00 03 746f6b 05 342e352e30"), Ok(token(Some("4.5.0"))));
    assert_eq!(hears_at_d1("00 00 01 00"), Ok(ClientMessage::SyncStep1(StateVector::default())));
    assert_eq!(
        hears_at_d1("01 06 01 01 00 02 7b7d"),
        Ok(ClientMessage::Awareness(vec![entry(1, 0, Some("{}"))]))
    );
    assert_eq!(
        says(&ServerMessage::Authenticated { read_only: false }).1,
        hex("026431 02 02 0a \"read-write\"")
    );
    assert_eq!(says(&ServerMessage::SyncStep1(hex("00"))).1, hex("026431 00 00 01 00"));
    assert_eq!(hears_at_d1("00 01 02 0000"), Ok(ClientMessage::SyncStep2(Update::empty())));
    assert_eq!(says(&ServerMessage::SyncStep2(hex("0000"))).1, hex("026431 00 01 02 0000"));
    assert_eq!(says(&ServerMessage::SyncStatus(true)).1, hex("026431 08 01"));
}

#[test]
fn an_edit_is_acknowledged_and_echoed_as_captured() {
    // Client 1 writes "x" at the start of the text "t".
    let update = "01 01 01 00 04 01 01 74 01 78 00";
    let Ok(ClientMessage::Update(heard)) = hears_at_d1(&format!("00 02 0b {update}")) else {
        panic!("an update")
    };
    assert_eq!(heard.bytes(), &hex(update));
    let (plain, addressed) = says(&ServerMessage::Update(heard.bytes().clone()));
    assert_eq!(plain.unwrap(), hex(&format!("00 02 0b {update}")));
    assert_eq!(addressed, hex(&format!("026431 00 02 0b {update}")));
    assert_eq!(says(&ServerMessage::SyncStatus(false)).1, hex("026431 08 00"));
}

#[test]
fn every_message_of_the_server_has_its_bytes_or_no_word_for_it() {
    let check = |message: ServerMessage, plain: Option<&str>, addressed: &str| {
        assert_eq!(says(&message), (plain.map(hex), hex(addressed)), "{message:?}");
    };
    check(ServerMessage::keep_alive(), Some("01 01 00"), "026431 01 01 00");
    check(ServerMessage::SyncStep1(hex("00")), Some("00 00 01 00"), "026431 00 00 01 00");
    check(ServerMessage::SyncStep2(hex("0000")), Some("00 01 02 0000"), "026431 00 01 02 0000");
    let denied = ServerMessage::PermissionDenied("my-reason".into());
    check(denied, Some("02 00 09 \"my-reason\""), "026431 02 01 09 \"my-reason\"");
    check(ServerMessage::Authenticated { read_only: true }, None, "026431 02 02 08 \"readonly\"");
    check(ServerMessage::SyncStatus(true), None, "026431 08 01");
    check(ServerMessage::Stateless("hi".into()), None, "026431 05 02 \"hi\"");
    check(ServerMessage::Close("bye".into()), None, "026431 07 03 \"bye\"");
    check(ServerMessage::AuthAgain, None, "026431 02 00");
    check(ServerMessage::Ping, None, "09");
    check(ServerMessage::Pong, None, "0a");
}

#[test]
fn a_single_byte_is_a_ping_or_pong_and_an_address_of_that_length_is_not() {
    let ping = Hocuspocus.decode(&hex("09")).unwrap();
    assert_eq!(ping, Incoming { address: None, message: ClientMessage::Ping });
    assert_eq!(hears(Hocuspocus, "0a"), Ok(ClientMessage::Pong));
    let nine = Hocuspocus.decode(&hex("09 \"ninechars\" 07")).unwrap();
    assert_eq!((nine.address.as_deref(), nine.message), (Some("ninechars"), ClientMessage::Close));
    let ten = Hocuspocus.decode(&hex("0a \"tencharact\" 03")).unwrap();
    assert_eq!((ten.address.as_deref(), ten.message), (Some("tencharact"), ClientMessage::QueryAwareness));
}

#[test]
fn an_address_with_a_session_is_kept_whole_and_names_its_document() {
    let incoming = Hocuspocus.decode(&hex("05 \"d1\" 00 \"s1\" 07")).unwrap();
    let address = incoming.address.unwrap();
    assert_eq!(&*address, "d1\0s1");
    let envelope = Envelope::Hocuspocus { address };
    assert_eq!(envelope.document(), Some("d1"));
    assert_eq!(envelope.encode(&ServerMessage::SyncStatus(true)), Some(hex("05 \"d1\" 00 \"s1\" 08 01")));
    assert_eq!(envelope.dialect(), Hocuspocus);
    assert_eq!(Envelope::YWebsocket.document(), None);
}

#[test]
fn an_empty_or_blank_or_endless_address_is_refused() {
    for frame in ["00 00 00 01 00", "01 20 07", "03 00 7331 07", "02 20 00 07"] {
        assert_eq!(hears(Hocuspocus, frame), Err(DecodeError::NoAddress), "{frame}");
    }
    let of = |length: usize| {
        let mut frame = Vec::new();
        write_string(&mut frame, &"n".repeat(length));
        frame.push(7);
        Hocuspocus.decode(&frame.into()).map(|incoming| incoming.message)
    };
    assert_eq!(of(ADDRESS_BYTES_MAX), Ok(ClientMessage::Close));
    assert_eq!(of(ADDRESS_BYTES_MAX + 1), Err(DecodeError::AddressTooLong(ADDRESS_BYTES_MAX + 1)));
    assert_eq!(hears(Hocuspocus, "01 ff 07"), Err(DecodeError::Read(ReadError::NotUtf8)));
}

#[test]
fn what_is_odd_but_legal_is_let_be() {
    for frame in ["", "00 00", "00 03", "02 00 03 746f6b", "04", "66 01 00", "0a", "09"] {
        assert!(matches!(hears(YWebsocket, frame), Ok(ClientMessage::Ignored(_))), "{frame}");
    }
    for frame in ["00 00", "00 09 01", "02 01 00", "02 02 00", "08 01", "09", "0a", "63 ffff"] {
        assert!(matches!(hears_at_d1(frame), Ok(ClientMessage::Ignored(_))), "{frame}");
    }
    assert!(matches!(hears(Hocuspocus, ""), Ok(ClientMessage::Ignored(_))));
    assert_eq!(hears(YWebsocket, "03 02 00 00"), Ok(ClientMessage::QueryAwareness), "a query with a body");
    assert_eq!(hears_at_d1("03 ff"), Ok(ClientMessage::QueryAwareness));
    assert_eq!(
        hears(YWebsocket, "01 01 00 ffff"),
        Ok(ClientMessage::Awareness(vec![])),
        "bytes after presence"
    );
    assert_eq!(hears(YWebsocket, "00 01 02 0000 01 01 00"), Ok(ClientMessage::SyncStep2(Update::empty())));
    let token = ClientMessage::Auth { token: "tok".into(), version: None };
    assert_eq!(hears_at_d1("02 00 03 746f6b ffff"), Ok(token), "bytes after a token");
    assert_eq!(hears_at_d1("02 00 00"), Ok(ClientMessage::Auth { token: String::new(), version: None }));
    assert_eq!(hears_at_d1("05 02 \"hi\""), Ok(ClientMessage::Stateless("hi".into())));
    assert_eq!(hears_at_d1("07"), Ok(ClientMessage::Close));
}

#[test]
fn what_only_servers_say_to_each_other_is_refused() {
    assert_eq!(hears_at_d1("04 00 01 00"), Err(DecodeError::ServerOnly(4)));
    assert_eq!(hears_at_d1("06 02 \"hi\""), Err(DecodeError::ServerOnly(6)));
}

#[test]
fn malformed_frames_are_refused_and_say_why() {
    let end = Err(DecodeError::Read(ReadError::End));
    for frame in ["00", "01", "00 01", "00 02 05 00", "01 05 01", "80"] {
        assert_eq!(hears(YWebsocket, frame), end, "{frame}");
        assert_eq!(hears_at_d1(frame), end, "{frame}");
    }
    for frame in ["05 6431", "02 6431", "026431 02", "026431 02 00 05 61", "026431 05"] {
        assert_eq!(hears(Hocuspocus, frame), end, "{frame}");
    }
    assert_eq!(hears(YWebsocket, "00 02 01 00"), Err(DecodeError::Update(ScanError::Read(ReadError::End))));
    assert_eq!(hears(YWebsocket, "00 01 03 000000"), Err(DecodeError::Update(ScanError::TrailingBytes(1))));
    assert_eq!(
        hears(YWebsocket, "00 00 02 0000"),
        Err(DecodeError::StateVector(ScanError::TrailingBytes(1)))
    );
    let not_json = Err(DecodeError::Awareness(AwarenessError::NotAnObject));
    assert_eq!(hears(YWebsocket, "01 05 01 01 01 01 \"x\""), not_json);
}

#[test]
fn a_token_may_be_as_long_as_the_limit_and_a_version_too_long_is_not_believed() {
    let auth = |token: usize, version: usize| {
        let mut frame = hex("026431 02 00").to_vec();
        write_string(&mut frame, &"t".repeat(token));
        write_string(&mut frame, &"4".repeat(version));
        Hocuspocus.decode(&frame.into()).map(|incoming| incoming.message)
    };
    let heard = |token: usize, version: Option<usize>| {
        Ok(ClientMessage::Auth {
            token: "t".repeat(token),
            version: version.map(|length| "4".repeat(length)),
        })
    };
    assert_eq!(auth(TOKEN_BYTES_MAX, 3), heard(TOKEN_BYTES_MAX, Some(3)));
    assert_eq!(auth(TOKEN_BYTES_MAX + 1, 3), Err(DecodeError::TokenTooLong(TOKEN_BYTES_MAX + 1)));
    assert_eq!(auth(3, VERSION_BYTES_MAX), heard(3, Some(VERSION_BYTES_MAX)));
    assert_eq!(auth(3, VERSION_BYTES_MAX + 1), heard(3, None));
}

#[test]
fn a_token_does_not_reach_a_log() {
    let heard = hears_at_d1("02 00 06 \"secret\" 05 342e352e30").unwrap();
    let shown = format!("{heard:?}");
    assert!(shown.contains("4.5.0") && !shown.contains("secret"), "{shown}");
}

#[test]
fn a_frame_cut_short_anywhere_does_not_panic() {
    let mut frame = hex("026431 00 02").to_vec();
    let update = crate::world::full_state(&crate::world::replayed(&crate::world::play(2, 2, 30)));
    write_uint(&mut frame, update.len() as u64);
    frame.extend(update);
    let whole = Bytes::from(frame);
    assert!(Hocuspocus.decode(&whole).is_ok());
    for end in 0..whole.len() {
        let cut = whole.slice(..end);
        assert!(Hocuspocus.decode(&cut).is_err() || end == 0);
        let _ = YWebsocket.decode(&cut);
    }
}
