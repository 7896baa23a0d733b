//! Trap 17: opening and closing documents adds not one byte to the store, and neither does presence.

use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

use crate::hostile::{awareness, frame, step1};

const VISITS: u64 = 1_000;

/// Looks at a document, shows itself, and goes.
async fn visit(at: &str, dialect: Dialect, doc: &str) {
    let mut raw = Raw::open_for(at, dialect, doc).await.unwrap();
    let presence = awareness(&[&[1, 5, 1, 2], &b"{}"[..]].concat());
    if dialect == Dialect::Hocuspocus {
        raw.send(frame(dialect, doc, &[2, 0, 0])).await.unwrap();
    }
    for message in [step1(&[0]), presence, crate::hostile::step2(&[0, 0])] {
        raw.send(frame(dialect, doc, &message)).await.unwrap();
    }
    // Its own presence comes back: everything before was dealt with.
    let shown = frame(dialect, doc, &[1]);
    raw.hears(|heard| heard.starts_with(&shown) && heard.ends_with(b"{}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_17_visits_without_edits_add_no_byte() {
    // Everyone who leaves closes the document; the next visit opens it again.
    let mut server = Server::start(&["--open", "--idle-after", "0s", "--backup-every", "0s"]).unwrap();
    let at = server.authority().to_owned();
    let mut author = Connected::join(&at, Dialect::Hocuspocus, "written", 1).await.unwrap();
    author.write("something").await.unwrap();
    author.is_saved().await.unwrap();
    drop(author);
    let head = |answer: &http::Answer| answer.headers.get("weft-seq").cloned();
    let before = http::read(&at, "written", "state").await.unwrap();
    // A first stop writes what the engine keeps besides the records.
    server.terminate().unwrap();
    assert!(server.ended(std::time::Duration::from_secs(15)).unwrap().success());
    server.start_again().unwrap();
    let at = server.authority().to_owned();
    let stored = server.stored_bytes().unwrap();
    for number in 0..VISITS {
        let dialect = if number % 2 == 0 { Dialect::Hocuspocus } else { Dialect::YWebsocket };
        let doc = if number % 3 == 0 { "written".to_owned() } else { format!("never written {number}") };
        visit(&at, dialect, &doc).await;
    }
    let after = http::read(&at, "written", "state").await.unwrap();
    assert_eq!(head(&before), head(&after));
    assert_eq!(before.body, after.body);
    assert_eq!(server.stored_bytes().unwrap(), stored);
    let list = http::ask(&at, hyper::Method::GET, "/api/docs", bytes::Bytes::new()).await.unwrap().text();
    assert!(list.contains("written") && !list.contains("never"), "{list}");
    assert_eq!(http::read(&at, "never written 1", "text").await.unwrap().status, 404);
}
