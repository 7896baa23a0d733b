//! Trap 18: after many documents were opened and closed, and many refused, the server has what it had before.

use std::time::{Duration, Instant};

use hyper::Method;
use weft_tests::http;
use weft_tests::server::{Server, Usage};
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

use crate::hostile::{frame, step1};

const DOCUMENTS: u64 = 1_500;
const REFUSED: u64 = 1_500;
/// What allocators keep after so many documents; a leak of 16 KiB a document would show.
const MEMORY_MARGIN: u64 = 24 << 20;

async fn opens_and_closes(at: &str, documents: std::ops::Range<u64>) {
    for number in documents {
        let doc = format!("doc {number}");
        let dialect = if number % 2 == 0 { Dialect::Hocuspocus } else { Dialect::YWebsocket };
        if number % 10 == 0 {
            let mut client = Connected::join(at, dialect, &doc, 1).await.unwrap();
            client.write("hello").await.unwrap();
            client.is_saved().await.unwrap();
        } else {
            let mut raw = Raw::open_for(at, dialect, &doc).await.unwrap();
            raw.send(frame(dialect, &doc, &step1(&[0]))).await.unwrap();
            let answer = frame(dialect, &doc, &[0, 1]);
            raw.hears(|heard| heard.starts_with(&answer)).await.unwrap();
        }
    }
}

async fn is_refused(at: &str, times: u64) {
    let long = "n".repeat(300);
    for number in 0..times {
        match number % 3 {
            0 => assert!(Raw::open(at, &format!("/ws/{long}")).await.is_err()),
            1 => {
                let mut raw = Raw::open(at, "/ws").await.unwrap();
                raw.send(frame(Dialect::Hocuspocus, &long, &[2, 0, 0])).await.unwrap();
                let denied = frame(Dialect::Hocuspocus, &long, &[2, 1]);
                raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
            }
            _ => {
                let answer = http::read(at, &format!("unknown {number}"), "text").await.unwrap();
                assert_eq!(answer.status, 404);
            }
        }
    }
}

/// Waits until no room is open and no socket is left.
async fn rests(server: &Server) -> Usage {
    let began = Instant::now();
    loop {
        let metrics =
            http::ask(server.authority(), Method::GET, "/metrics", Default::default()).await.unwrap();
        let metrics = metrics.text();
        let quiet = ["weft_rooms 0", "weft_sockets 0", "weft_sessions 0"];
        if quiet.iter().all(|line| metrics.lines().any(|there| there == *line)) {
            return server.usage().unwrap();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "something stays open:\n{metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_18_what_was_opened_is_given_back() {
    let server = Server::start(&["--open", "--idle-after", "0s", "--backup-every", "0s"]).unwrap();
    let at = server.authority();
    opens_and_closes(at, 0..300).await;
    is_refused(at, 300).await;
    let before = rests(&server).await;
    opens_and_closes(at, 1_000..1_000 + DOCUMENTS).await;
    is_refused(at, REFUSED).await;
    let after = rests(&server).await;
    println!("{before:?} became {after:?}");
    assert!(after.memory < before.memory + MEMORY_MARGIN, "{before:?} became {after:?}");
    assert!(after.files <= before.files + 2, "{before:?} became {after:?}");
    assert!(after.threads <= before.threads + 8, "{before:?} became {after:?}");
}
