//! Each bad input gets a clear answer and leaves the process, the other rooms and the stored data untouched.

use bytes::Bytes;
use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

use crate::hostile::{frame, step2, update};

/// The largest WebSocket message that is taken.
const MESSAGE_BYTES_MAX: usize = 8 << 20;
/// Client 7 writes `x` at the start of `t`.
const LETTER: &[u8] = &[1, 1, 7, 0, 4, 1, 1, b't', 1, b'x', 0];

async fn open(at: &str, dialect: Dialect) -> Raw {
    let mut raw = Raw::open_for(at, dialect, "d").await.unwrap();
    if dialect == Dialect::Hocuspocus {
        raw.send(frame(dialect, "d", &[2, 0, 0])).await.unwrap();
    }
    raw
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_cannot_be_read_end_the_connection_with_a_code() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    let mut witness = Connected::join(at, Dialect::Hocuspocus, "d", 1).await.unwrap();
    for dialect in [Dialect::YWebsocket, Dialect::Hocuspocus] {
        for length in 1..LETTER.len() {
            let mut raw = open(at, dialect).await;
            raw.send(frame(dialect, "d", &update(&LETTER[..length]))).await.unwrap();
            assert_eq!(raw.closed().await.unwrap(), 1008, "cut at {length}");
        }
        for nonsense in [&[0xff; 40][..], &[0, 2, 0x80], &[1, 9, 1], &[0, 0, 3, 0xff, 0xff, 0xff]] {
            let mut raw = open(at, dialect).await;
            raw.send(frame(dialect, "d", nonsense)).await.unwrap();
            assert_eq!(raw.closed().await.unwrap(), 1008, "{nonsense:?}");
        }
        let mut raw = open(at, dialect).await;
        // The server may hang up before all of it is sent.
        let _ = raw.send(vec![0; MESSAGE_BYTES_MAX + 1]).await;
        let code = raw.closed().await.unwrap();
        assert!(code == 1009 || code == 0, "{code}");
    }
    witness.write("untouched").await.unwrap();
    witness.is_saved().await.unwrap();
    assert_eq!(http::read(at, "d", "text").await.unwrap().text(), "untouched");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_message_is_taken() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for dialect in [Dialect::YWebsocket, Dialect::Hocuspocus] {
        let doc = format!("{dialect:?}");
        let mut client = Connected::join(at, dialect, &doc, 1).await.unwrap();
        let text = "x".repeat(MESSAGE_BYTES_MAX - 64);
        client.write(&text).await.unwrap();
        client.is_saved().await.unwrap();
        assert_eq!(http::read(at, &doc, "text").await.unwrap().body.len(), text.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_before_authentication_are_denied_and_change_nothing() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for message in [update(LETTER), step2(LETTER)] {
        let mut raw = Raw::open(at, "/ws").await.unwrap();
        raw.send(frame(Dialect::Hocuspocus, "d", &message)).await.unwrap();
        let denied = frame(Dialect::Hocuspocus, "d", &[2, 1]);
        let answer = raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
        assert!(String::from_utf8_lossy(&answer).contains("authenticate"));
        // The connection is as good as before.
        raw.send(frame(Dialect::Hocuspocus, "d", &[2, 0, 0])).await.unwrap();
        let granted = frame(Dialect::Hocuspocus, "d", &[2, 2]);
        raw.hears(|heard| heard.starts_with(&granted)).await.unwrap();
    }
    assert_eq!(http::read(at, "d", "text").await.unwrap().status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_with_a_gap_is_answered_with_a_question_and_not_kept() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for dialect in [Dialect::YWebsocket, Dialect::Hocuspocus] {
        let mut raw = open(at, dialect).await;
        let question = frame(dialect, "d", &[0, 0, 1, 0]);
        raw.hears(|heard| heard == question).await.unwrap();
        raw.send(frame(dialect, "d", &[0, 1, 2, 0, 0])).await.unwrap();
        let gap = [1, 1, 7, 5, 0x84, 7, 4, 1, b'x', 0];
        raw.send(frame(dialect, "d", &update(&gap))).await.unwrap();
        raw.hears(|heard| heard == question).await.unwrap();
        assert_eq!(http::read(at, "d", "text").await.unwrap().status, 404);
        let refused = http::update(at, "d", Bytes::copy_from_slice(&gap)).await.unwrap();
        assert_eq!(refused.status, 409);
        assert!(refused.text().contains("\"have\""));
    }
    let list = http::ask(at, hyper::Method::GET, "/api/docs", Bytes::new()).await.unwrap().text();
    assert!(!list.contains("\"d\""), "{list}");
}

#[tokio::test(flavor = "multi_thread")]
async fn text_frames_and_unknown_messages_are_let_be() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for dialect in [Dialect::YWebsocket, Dialect::Hocuspocus] {
        let mut raw = open(at, dialect).await;
        raw.send_text("{\"type\":\"hello\"}").await.unwrap();
        raw.send(frame(dialect, "d", &[77, 1, 2, 3])).await.unwrap();
        raw.send(frame(dialect, "d", &[0, 0, 1, 0])).await.unwrap();
        let answer = frame(dialect, "d", &[0, 1]);
        raw.hears(|heard| heard.starts_with(&answer)).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_without_a_name_is_not_a_room() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    let long = "n".repeat(300);
    for path in [format!("/ws/{long}"), "/ws/a%00b".into(), "/ws/%ff".into()] {
        assert!(Raw::open(at, &path).await.is_err(), "{path}");
    }
    for name in ["", "a\0b"] {
        let status = http::read(at, name, "text").await.unwrap().status;
        assert!(status.is_client_error(), "{name:?}: {status}");
    }
}
