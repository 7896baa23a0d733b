//! What the operator sees of documents that fail to merge, and of memory that is short.

use std::time::{Duration, Instant};

use bytes::Bytes;
use hyper::Method;
use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::{Dialect, varint};

use crate::hostile::{frame, update};

/// A document whose first client, 7, wrote `length` letters.
fn page(length: usize) -> Bytes {
    let mut bytes = vec![1, 1, 7, 0, 4, 1, 1, b't'];
    varint::write_string(&mut bytes, &"x".repeat(length));
    bytes.push(0);
    bytes.into()
}

/// Waits until the metrics hold such a line, and gives it.
async fn metric(at: &str, wanted: impl Fn(&str) -> bool) -> String {
    let began = Instant::now();
    loop {
        let metrics = http::ask(at, Method::GET, "/metrics", Bytes::new()).await.unwrap().text();
        if let Some(line) = metrics.lines().find(|line| wanted(line)) {
            return line.to_owned();
        }
        assert!(began.elapsed() < Duration::from_secs(30), "no such metric:\n{metrics}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_fails_to_merge_is_read_only_and_its_operator_sees_that() {
    let server = Server::start(&["--open", "--idle-after", "0s"]).unwrap();
    let at = server.authority();
    assert_eq!(http::update(at, "d", page(2)).await.unwrap().status, 201);
    let reader = Connected::join(at, Dialect::Hocuspocus, "d", 1).await.unwrap();
    for _ in 0..2 {
        let mut raw = Raw::open_for(at, Dialect::YWebsocket, "d").await.unwrap();
        // A letter whose parent is another letter.
        let nonsense = [1, 1, 9, 0, 4, 0, 7, 0, 1, b'x', 0];
        raw.send(frame(Dialect::YWebsocket, "d", &update(&nonsense))).await.unwrap();
        assert_eq!(raw.closed().await.unwrap(), 1008);
    }
    metric(at, |line| line == "weft_documents_read_only 1").await;
    let refused = http::update(at, "d", page(3)).await.unwrap();
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("failed to merge"), "{}", refused.text());
    assert_eq!(http::read(at, "d", "text").await.unwrap().text(), "xx");
    // One such document is no reason to send nobody here any more.
    assert_eq!(http::ask(at, Method::GET, "/ready", Bytes::new()).await.unwrap().status, 200);

    drop(reader);
    metric(at, |line| line == "weft_documents_read_only 0").await;
    assert_eq!(http::update(at, "d", page(3)).await.unwrap().status, 200);
    assert_eq!(http::read(at, "d", "text").await.unwrap().text(), "xxx");
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_documents_beyond_the_memory_there_is_are_closed_and_counted_and_whole() {
    let server = Server::start(&["--open", "--memory-max", "4MiB", "--idle-after", "1h"]).unwrap();
    let at = server.authority();
    let mut ann = Connected::join(at, Dialect::Hocuspocus, "busy", 1).await.unwrap();
    // Ten times its text in memory: three fit.
    for n in 0..12 {
        assert_eq!(http::update(at, &format!("idle {n}"), page(100_000)).await.unwrap().status, 201);
    }
    let fits = |line: &str| {
        let bytes = line.strip_prefix("weft_documents_memory_bytes ").and_then(|bytes| bytes.parse().ok());
        bytes.is_some_and(|bytes: f64| bytes <= f64::from(4 << 20))
    };
    metric(at, fits).await;
    let closed = metric(at, |line| line.starts_with("weft_rooms_closed_total{reason=\"memory\"}")).await;
    let closed: u32 = closed.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((8..=12).contains(&closed), "{closed}");
    ann.write("hello").await.unwrap();
    ann.is_saved().await.unwrap();
    for n in 0..12 {
        assert_eq!(http::read(at, &format!("idle {n}"), "text").await.unwrap().text().len(), 100_000);
    }
}
