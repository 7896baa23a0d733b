//! When somebody may less than before, their open sockets obey at once, in every dialect: they are ended, or go
//! read-only, within a second, and nothing that they send afterwards is kept.

mod scene;

use std::time::{Duration, Instant};

use anyhow::Result;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Value, json};
use weft_tests::server::Server;
use weft_tests::socket::Raw;
use weft_tests::team::Person;
use weft_wire::Dialect;

use self::scene::{LOSSES, Loss, Scene, Then};
use crate::hostile::{frame, step1, update};

/// How long an open socket may go on with rights that are gone: what Weft promises.
const OBEYS_WITHIN: Duration = Duration::from_secs(1);
/// How often each way of losing rights is tried in each dialect: more than a hundred times together.
const ROUNDS: usize = 4;

const DIALECTS: [Dialect; 2] = [Dialect::YWebsocket, Dialect::Hocuspocus];

/// How a refusal begins.
fn denied(dialect: Dialect, doc: &str) -> Bytes {
    match dialect {
        Dialect::YWebsocket => frame(dialect, doc, &[2, 0]),
        Dialect::Hocuspocus => frame(dialect, doc, &[2, 1]),
    }
}

/// Waits until the socket is told.
async fn obeys(raw: &mut Raw, dialect: Dialect, doc: &str, then: Then) -> Result<()> {
    let denied = denied(dialect, doc);
    match (dialect, then) {
        (Dialect::YWebsocket, Then::Ends) => assert_eq!(raw.closed().await?, 4403),
        (Dialect::YWebsocket, Then::ReadsOnly) | (Dialect::Hocuspocus, Then::Ends) => {
            raw.hears(|heard| heard.starts_with(&denied)).await?;
        }
        (Dialect::Hocuspocus, Then::ReadsOnly) => {
            let mut told = frame(dialect, doc, &[2, 2]).to_vec();
            weft_wire::varint::write_string(&mut told, "readonly");
            raw.hears(|heard| heard == told).await?;
        }
    }
    Ok(())
}

/// Writes all the same, and waits until the server has seen it.
async fn writes_all_the_same(raw: &mut Raw, dialect: Dialect, doc: &str, then: Then) -> Result<()> {
    if (dialect, then) == (Dialect::YWebsocket, Then::Ends) {
        return Ok(());
    }
    raw.send(frame(dialect, doc, &update(&typed(1)))).await?;
    match then {
        Then::Ends => raw.hears(|heard| heard.starts_with(&denied(dialect, doc))).await?,
        Then::ReadsOnly => {
            raw.send(frame(dialect, doc, &step1(&[0]))).await?;
            raw.hears(|heard| heard.starts_with(&frame(dialect, doc, &[0, 1]))).await?
        }
    };
    Ok(())
}

/// One more `x` by client 7 in the root text `default`.
fn typed(clock: u8) -> Vec<u8> {
    let mut bytes = vec![1, 1, 7, clock];
    match clock {
        0 => bytes.extend([4, 1, 7, b'd', b'e', b'f', b'a', b'u', b'l', b't']),
        _ => bytes.extend([0x84, 7, clock - 1]),
    }
    bytes.extend([1, b'x', 0]);
    bytes
}

async fn every_loss_is_obeyed(dialect: Dialect) {
    let server = Server::start(&[]).unwrap();
    let at = server.authority();
    let owner = Person::set_up(&server).await.unwrap();
    let steady = owner.adds("Steady", "member").await.unwrap();
    let mut took = Vec::new();
    for round in 0..ROUNDS {
        for (loss, then) in LOSSES {
            let name = format!("{loss:?}{round}");
            let editor = if loss.costs_the_editor() {
                owner.adds(&name, "member").await.unwrap()
            } else {
                steady.clone()
            };
            let scene = Scene::new(&owner, editor, &name, loss).await.unwrap();
            let doc = scene.doc();
            let mut raw = scene.open(at, dialect).await.unwrap();
            raw.send(frame(dialect, &doc, &update(&typed(0)))).await.unwrap();
            let saved = match dialect {
                Dialect::YWebsocket => frame(dialect, &doc, &[0, 2]),
                Dialect::Hocuspocus => frame(dialect, &doc, &[8, 1]),
            };
            raw.hears(|heard| heard.starts_with(&saved)).await.unwrap();

            scene.lose(loss).await.unwrap();
            // Answered: from now on it holds.
            let since = Instant::now();
            obeys(&mut raw, dialect, &doc, then).await.unwrap_or_else(|why| panic!("{name}: {why:#}"));
            took.push((since.elapsed(), loss));

            writes_all_the_same(&mut raw, dialect, &doc, then)
                .await
                .unwrap_or_else(|why| panic!("{name}: {why:#}"));
            if loss.leaves_the_page() {
                let path = format!("/api/docs/page%2F{}/text", scene.page);
                let text = owner.asks(Method::GET, &path, &Value::Null).await.unwrap().text();
                assert_eq!(text.trim(), "x", "{name}");
            }
        }
    }
    took.sort_unstable_by_key(|(took, _)| *took);
    assert!(took.len() >= 100);
    let late: Vec<_> = took.iter().filter(|(took, _)| *took > OBEYS_WITHIN).collect();
    assert!(late.is_empty(), "of {} losses these were obeyed late: {late:?}", took.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_rights_loses_them_on_open_y_websocket_sockets_within_a_second() {
    every_loss_is_obeyed(Dialect::YWebsocket).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_rights_loses_them_on_open_hocuspocus_sockets_within_a_second() {
    every_loss_is_obeyed(Dialect::Hocuspocus).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_is_seen_and_reads_and_nothing_they_write_is_kept() {
    let server = Server::start(&[]).unwrap();
    let owner = Person::set_up(&server).await.unwrap();
    let viewer = owner.adds("Vera", "member").await.unwrap();
    for dialect in DIALECTS {
        let name = format!("Viewers {dialect:?}");
        let scene = Scene::new(&owner, viewer.clone(), &name, Loss::MembersMadeViewers).await.unwrap();
        scene.lose(Loss::MembersMadeViewers).await.unwrap();
        let scene = scene.seen_by(&owner);
        let mut watcher = scene.open(server.authority(), dialect).await.unwrap();
        let scene = scene.seen_by(&viewer);
        let doc = scene.doc();
        let mut raw = scene.open(server.authority(), dialect).await.unwrap();
        raw.send(frame(dialect, &doc, &update(&typed(0)))).await.unwrap();
        let state = br#"{"user":{"name":"Olga","id":"somebody"},"cursor":1}"#;
        let entry = weft_wire::awareness::Entry {
            client: weft_ids::ClientId::new(9).unwrap(),
            clock: 1,
            state: Some(state.as_slice().into()),
        };
        let presence = crate::hostile::awareness(&weft_wire::awareness::encode(&[entry]));
        raw.send(frame(dialect, &doc, &presence)).await.unwrap();
        let head = frame(dialect, &doc, &[1]);
        let holds = |heard: &[u8], word: &str| heard.windows(word.len()).any(|part| part == word.as_bytes());
        let who = format!("\"id\":\"{}\"", viewer.id);
        let seen = watcher.hears(|heard| heard.starts_with(&head) && holds(heard, &who)).await.unwrap();
        assert!(holds(&seen, "Vera"), "their own name is not shown");
        assert!(!holds(&seen, "Olga"), "a forged name is shown");
        // Their presence was sent behind their update: so that has been seen.
        let path = format!("/api/docs/page%2F{}/text", scene.page);
        let text = owner.asks(Method::GET, &path, &Value::Null).await.unwrap();
        assert!(text.text().contains("unknown_document"), "{dialect:?}: {}", text.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_opened_by_right_only() {
    let server = Server::start(&["--open"]).unwrap();
    let owner = Person::set_up(&server).await.unwrap();
    let other = owner.adds("Mia", "member").await.unwrap();
    let scene = Scene::new(&owner, other.clone(), "Doors", Loss::SpaceMadePrivate).await.unwrap();
    scene.lose(Loss::SpaceMadePrivate).await.unwrap();
    let at = server.authority();
    // Neither by an open server, nor by another's cookie or key, nor by a link or key that is none.
    let wish = json!({ "name": "a program", "scope": "write" });
    let key = other.does(Method::POST, "/api/me/tokens", &wish).await.unwrap();
    let key = key["secret"].as_str().unwrap();
    let path = format!("/ws/page%2F{}", scene.page);
    assert!(Raw::open(at, &path).await.is_err());
    assert!(Raw::open_as(at, &path, &other.cookie).await.is_err());
    for shown in [
        format!("token={key}"),
        format!("token=weft_{}", "a".repeat(43)),
        format!("share={}", "a".repeat(43)),
    ] {
        assert!(Raw::open(at, &format!("{path}?{shown}")).await.is_err(), "{shown}");
    }
    assert!(Raw::open_as(at, &path, &owner.cookie).await.is_ok());
    let doc = scene.doc();
    let mut raw = Raw::open_as(at, "/ws", &other.cookie).await.unwrap();
    raw.send(frame(Dialect::Hocuspocus, &doc, &[2, 0, 0])).await.unwrap();
    let denied = denied(Dialect::Hocuspocus, &doc);
    raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
}
