//! Trap 23: whatever a document is called, its name comes back exactly or is refused; no two names share a document.

use hyper::Method;
use weft_ids::ClientId;
use weft_tests::http;
use weft_tests::replica::Replica;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

use crate::hostile::frame;

fn names() -> Vec<String> {
    let mut names: Vec<String> = [
        "a",
        "A",
        "a/b",
        "a//b",
        "a:b/c",
        "a b",
        "a+b",
        "a%2Fb",
        "%2f",
        "%2F",
        "%252f",
        "%",
        "%zz",
        "*",
        ">",
        ".",
        "..",
        "../..",
        "/",
        "//",
        "a/",
        "/a",
        "?",
        "a?b=c",
        "#",
        "&",
        "é",
        "e\u{301}",
        "\u{1F600}",
        "日本",
        "\u{1}",
        "\u{7f}",
        "\u{feff}",
        "\u{202e}abc",
        "null",
        "undefined",
        "__proto__",
        "con",
        "\\",
        "'",
        "\"",
        "<b>",
        "$a.b",
        "a\tb",
        "a\nb",
        "page/1",
        "title/a",
        "log/a",
        "ß",
        "SS",
        "ı",
        "I",
    ]
    .map(str::to_owned)
    .into();
    names.push("n".repeat(255));
    names.push("n".repeat(254));
    names.push("\u{1F600}".repeat(63));
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_23_every_name_is_its_own_document() {
    let mut server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    for (number, name) in names().iter().enumerate() {
        let text = format!("document {number}");
        match number % 3 {
            0 => {
                let mut author = Replica::new(ClientId::new(7).unwrap());
                let answer = http::update(&at, name, author.write(&text).into_bytes()).await.unwrap();
                assert_eq!(answer.status, 201, "{name:?}: {}", answer.text());
            }
            which => {
                let dialect = if which == 1 { Dialect::Hocuspocus } else { Dialect::YWebsocket };
                let mut client = Connected::join(&at, dialect, name, 7).await.unwrap();
                client.write(&text).await.unwrap();
                client.is_saved().await.unwrap();
            }
        }
    }
    everything_is_where_it_was_written(&at).await;
    server.kill().unwrap();
    server.start_again().unwrap();
    everything_is_where_it_was_written(server.authority()).await;
}

async fn everything_is_where_it_was_written(at: &str) {
    let list = http::ask(at, Method::GET, "/api/docs", Default::default()).await.unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list.body).unwrap();
    let listed: Vec<&str> =
        list["documents"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(listed.len(), names().len());
    for (number, name) in names().iter().enumerate() {
        let text = format!("document {number}");
        assert!(listed.contains(&name.as_str()), "{name:?}");
        assert_eq!(http::read(at, name, "text").await.unwrap().text(), text, "{name:?}");
        for dialect in [Dialect::Hocuspocus, Dialect::YWebsocket] {
            let reader = Connected::join(at, dialect, name, 9).await.unwrap();
            assert_eq!(reader.client.replica.text(), text, "{name:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_23_what_is_no_name_is_refused() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for name in ["n".repeat(256), "n".repeat(300), "\u{1F600}".repeat(64)] {
        let refused = Raw::open_for(at, Dialect::YWebsocket, &name).await.unwrap_err();
        let tokio_tungstenite::tungstenite::Error::Http(answer) = refused else { panic!("{refused:?}") };
        assert_eq!(answer.status(), 400);
        assert_eq!(http::read(at, &name, "text").await.unwrap().status, 400);
        let mut raw = Raw::open(at, "/ws").await.unwrap();
        raw.send(frame(Dialect::Hocuspocus, &name, &[2, 0, 0])).await.unwrap();
        let denied = frame(Dialect::Hocuspocus, &name, &[2, 1]);
        raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
    }
    // Longer than any address: no answer could carry it.
    let mut raw = Raw::open(at, "/ws").await.unwrap();
    raw.send(frame(Dialect::Hocuspocus, &"n".repeat(64 << 10), &[2, 0, 0])).await.unwrap();
    assert_eq!(raw.closed().await.unwrap(), 1008);
    let mut raw = Raw::open(at, "/ws").await.unwrap();
    raw.send(frame(Dialect::Hocuspocus, "", &[2, 0, 0])).await.unwrap();
    raw.hears(|heard| heard.starts_with(&[0, 2, 1])).await.unwrap();
    assert!(http::read(at, &"n".repeat(16 << 10), "text").await.unwrap().status.is_client_error());
    assert_eq!(http::read(at, "a\0b", "text").await.unwrap().status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_23_what_follows_nul_is_the_clients_session_and_not_the_name() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    let mut ann = Connected::join(at, Dialect::Hocuspocus, "d\0first", 1).await.unwrap();
    let mut bob = Connected::join(at, Dialect::Hocuspocus, "d\0second", 2).await.unwrap();
    ann.write("hello").await.unwrap();
    bob.until(|bob| bob.replica.text() == "hello").await.unwrap();
    ann.is_saved().await.unwrap();
    assert_eq!(http::read(at, "d", "text").await.unwrap().text(), "hello");
}
