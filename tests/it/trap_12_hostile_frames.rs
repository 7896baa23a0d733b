//! Trap 12: hostile frames over both dialects. The connection is answered or closed; the process lives, its memory stays
//! flat, and the others go on.

use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

use crate::hostile::{attacks, frame, mutants, step1};

const MUTANTS: usize = 400;
/// What all attacks together may leave behind.
const MEMORY_MARGIN: u64 = 64 << 20;

/// Attacks a document; returns once the server has answered what came after, or hung up.
async fn attack(at: &str, dialect: Dialect, doc: &str, messages: &[Vec<u8>]) {
    let mut raw = Raw::open_for(at, dialect, doc).await.unwrap();
    if dialect == Dialect::Hocuspocus {
        raw.send(frame(dialect, doc, &[2, 0, 0])).await.unwrap();
    }
    for message in messages {
        // A server that has hung up does not read any more.
        if raw.send(frame(dialect, doc, message)).await.is_err() {
            return;
        }
    }
    let question = frame(dialect, doc, &step1(&[0]));
    let answer = frame(dialect, doc, &[0, 1]);
    if raw.send(question).await.is_ok() {
        // Either is fine; neither would fail here, since both wait with a limit.
        let heard = raw.hears(|heard| heard.starts_with(&answer)).await;
        assert!(heard.is_ok() || !heard.unwrap_err().to_string().contains("did not come"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_12_hostile_frames_harm_nobody() {
    let mut server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    let mut ann = Connected::join(&at, Dialect::Hocuspocus, "honest", 1).await.unwrap();
    let mut bob = Connected::join(&at, Dialect::YWebsocket, "honest", 2).await.unwrap();
    let before = server.usage().unwrap().memory;
    let mut written = String::new();
    for dialect in [Dialect::Hocuspocus, Dialect::YWebsocket] {
        for attack_ in attacks() {
            attack(&at, dialect, "attacked", &attack_.messages).await;
            assert!(server.is_alive().unwrap(), "{} over {dialect:?}", attack_.name);
            ann.write(".").await.unwrap();
            written.push('.');
            bob.until(|bob| bob.replica.text() == written).await.unwrap();
        }
        for mutant in mutants(dialect as u64, MUTANTS).chunks(8) {
            attack(&at, dialect, "mutants", mutant).await;
        }
    }
    assert!(server.is_alive().unwrap());
    let after = server.usage().unwrap().memory;
    assert!(after < before + MEMORY_MARGIN, "{before} bytes became {after}");
    ann.is_saved().await.unwrap();
    for doc in ["attacked", "mutants", "honest"] {
        let mut late = Connected::join(&at, Dialect::Hocuspocus, doc, 5).await.unwrap();
        late.write("still here").await.unwrap();
        late.is_saved().await.unwrap();
    }
    assert!(!server.log().contains("panicked"), "something panicked");
}
