//! Trap 14: what some clients send and no protocol forbids closes nothing and changes nothing; what only servers say to
//! each other is refused and reaches nobody.

use bytes::Bytes;
use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

use crate::hostile::{frame, step1, update};

/// Client 7 writes `x` at the start of `t`.
const LETTER: &[u8] = &[1, 1, 7, 0, 4, 1, 1, b't', 1, b'x', 0];

fn oddities() -> Vec<&'static [u8]> {
    vec![
        &[0, 0],
        &[0, 1, 2, 0, 0],
        &[0, 9, 1, 0],
        &[1, 1, 0],
        &[1, 1, 0, 5, 5, 5],
        &[2, 1, 2, b'n', b'o'],
        &[3],
        &[3, 1, 0, 7],
        &[8, 1],
        &[99],
        &[99, 1, 2, 3],
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_14_odd_but_legal_frames_close_nothing() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for dialect in [Dialect::YWebsocket, Dialect::Hocuspocus] {
        let doc = format!("{dialect:?}");
        let mut raw = Raw::open_for(at, dialect, &doc).await.unwrap();
        if dialect == Dialect::Hocuspocus {
            let granted = frame(dialect, &doc, b"\x02\x02\x0aread-write");
            raw.send(frame(dialect, &doc, &[2, 0, 0])).await.unwrap();
            for odd in [&[9][..], &[10], &[]] {
                raw.send(Bytes::copy_from_slice(odd)).await.unwrap();
            }
            // One comes from the room and the other from the socket: either may be first.
            let mut awaited = vec![granted.clone(), Bytes::from_static(&[10])];
            while !awaited.is_empty() {
                let heard = raw.hears(|heard| awaited.iter().any(|one| one == heard)).await.unwrap();
                awaited.retain(|one| *one != heard);
            }
            // Once more authenticated: once more told so.
            raw.send(frame(dialect, &doc, &[2, 0, 1, b't', 5, b'4', b'.', b'0', b'.', b'0'])).await.unwrap();
            raw.hears(|heard| heard == granted).await.unwrap();
            raw.send(frame(dialect, &doc, &[5, 2, b'h', b'i'])).await.unwrap();
        } else {
            raw.send(Bytes::new()).await.unwrap();
            raw.send(Bytes::from_static(&[10])).await.unwrap();
        }
        for odd in oddities() {
            raw.send(frame(dialect, &doc, odd)).await.unwrap();
        }
        raw.send_text("hello").await.unwrap();
        raw.send(frame(dialect, &doc, &update(LETTER))).await.unwrap();
        raw.send(frame(dialect, &doc, &step1(&[0]))).await.unwrap();
        raw.hears(|heard| heard.windows(LETTER.len()).any(|bytes| bytes == LETTER)).await.unwrap();
        while http::read(at, &doc, "text").await.unwrap().text() != "x" {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_14_what_only_servers_say_is_refused_and_reaches_nobody() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    let mut witness = Connected::join(at, Dialect::Hocuspocus, "d", 1).await.unwrap();
    for opcode in [4, 6] {
        let mut raw = Raw::open(at, "/ws").await.unwrap();
        raw.send(frame(Dialect::Hocuspocus, "d", &[2, 0, 0])).await.unwrap();
        let body = [&[opcode, 2, LETTER.len() as u8][..], LETTER].concat();
        raw.send(frame(Dialect::Hocuspocus, "d", &body)).await.unwrap();
        assert_eq!(raw.closed().await.unwrap(), 1008);
    }
    // Anything relayed would have come before this is saved; a stateless message would be nonsense to the witness.
    witness.write("only me").await.unwrap();
    witness.is_saved().await.unwrap();
    assert_eq!(http::read(at, "d", "text").await.unwrap().text(), "only me");
}
