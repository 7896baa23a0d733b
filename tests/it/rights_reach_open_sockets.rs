//! When somebody may less than before, their open sockets obey at once, in every dialect: they are ended, or go
//! read-only, within a second, and nothing that they send afterwards is kept.

use std::time::Duration;

use anyhow::Result;
use hyper::Method;
use serde_json::{Value, json};
use tokio::time::timeout;
use weft_tests::server::Server;
use weft_tests::socket::Raw;
use weft_tests::team::Person;
use weft_wire::Dialect;

use crate::hostile::{frame, step1, update};

/// How long an open socket may go on with rights that are gone.
const OBEYS_WITHIN: Duration = Duration::from_secs(1);
/// How often each way of losing rights is tried in each dialect.
const ROUNDS: usize = 5;

const DIALECTS: [Dialect; 2] = [Dialect::YWebsocket, Dialect::Hocuspocus];

/// What a socket is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Ends,
    ReadsOnly,
}

/// One way of losing rights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Suspended,
    SignedOut,
    PasswordChanged,
    TakenFromSpace,
    MadeViewer,
    SpaceMadePrivate,
    PageRestricted,
    PageTrashed,
    PageArchived,
    SpaceRemoved,
    ShareEnded,
    ShareMadeViewOnly,
}

const LOSSES: [(Loss, Then); 12] = [
    (Loss::Suspended, Then::Ends),
    (Loss::SignedOut, Then::Ends),
    (Loss::PasswordChanged, Then::Ends),
    (Loss::TakenFromSpace, Then::Ends),
    (Loss::MadeViewer, Then::ReadsOnly),
    (Loss::SpaceMadePrivate, Then::Ends),
    (Loss::PageRestricted, Then::Ends),
    (Loss::PageTrashed, Then::ReadsOnly),
    (Loss::PageArchived, Then::ReadsOnly),
    (Loss::SpaceRemoved, Then::Ends),
    (Loss::ShareEnded, Then::Ends),
    (Loss::ShareMadeViewOnly, Then::ReadsOnly),
];

/// A page in a space of its own, and somebody who may edit it.
struct Scene {
    space: String,
    page: String,
    editor: Person,
    /// A public link to the page: its id and its secret.
    share: (String, String),
}

impl Scene {
    async fn new(owner: &Person, name: &str) -> Result<Self> {
        let space = owner.makes("/api/spaces", &json!({ "name": name, "members": "edit" })).await?;
        let page = owner.makes("/api/pages", &json!({ "space": space })).await?;
        let share = owner
            .does(Method::POST, &format!("/api/pages/{page}/shares"), &json!({ "level": "edit" }))
            .await?;
        let text = |field: &str| share[field].as_str().unwrap().to_owned();
        let share = (text("id"), text("link").rsplit_once('/').unwrap().1.to_owned());
        Ok(Self { space, page, editor: owner.invites(name, "member").await?, share })
    }

    fn doc(&self) -> String {
        format!("page/{}", self.page)
    }

    /// Opens the page by cookie, or by the link.
    async fn open(&self, at: &str, dialect: Dialect, loss: Loss) -> Result<Raw> {
        let by_link = matches!(loss, Loss::ShareEnded | Loss::ShareMadeViewOnly);
        let path = match dialect {
            Dialect::YWebsocket => format!("/ws/page%2F{}", self.page),
            Dialect::Hocuspocus => "/ws".to_owned(),
        };
        let mut raw = if by_link {
            Raw::open(at, &format!("{path}?share={}", self.share.1)).await?
        } else {
            Raw::open_as(at, &path, &self.editor.cookie).await?
        };
        if dialect == Dialect::Hocuspocus {
            raw.send(frame(dialect, &self.doc(), &[2, 0, 0])).await?;
        }
        raw.send(frame(dialect, &self.doc(), &step1(&[0]))).await?;
        raw.hears(|heard| heard.starts_with(&frame(dialect, &self.doc(), &[0, 1]))).await?;
        Ok(raw)
    }

    async fn lose(&self, owner: &Person, loss: Loss) -> Result<()> {
        let page = format!("/api/pages/{}", self.page);
        let space = format!("/api/spaces/{}", self.space);
        let who = json!({ "person": self.editor.id });
        match loss {
            Loss::Suspended => {
                owner
                    .does(
                        Method::PATCH,
                        &format!("/api/people/{}", self.editor.id),
                        &json!({ "suspended": true }),
                    )
                    .await
            }
            Loss::SignedOut => self.editor.does(Method::POST, "/api/sign-out", &Value::Null).await,
            Loss::PasswordChanged => {
                let elsewhere = self.editor.signs_in_again().await?;
                let body =
                    json!({ "current": "seven blue kettles hum", "password": "eight red kettles sing" });
                elsewhere.does(Method::POST, "/api/me/password", &body).await
            }
            Loss::TakenFromSpace => {
                owner
                    .does(Method::PUT, &format!("{space}/grants"), &json!({ "who": who, "level": "edit" }))
                    .await?;
                owner.does(Method::PATCH, &space, &json!({ "members": null })).await?;
                owner.does(Method::DELETE, &format!("{space}/grants"), &json!({ "who": who })).await
            }
            Loss::MadeViewer => owner.does(Method::PATCH, &space, &json!({ "members": "view" })).await,
            Loss::SpaceMadePrivate => owner.does(Method::PATCH, &space, &json!({ "members": null })).await,
            Loss::PageRestricted => {
                owner
                    .does(
                        Method::PUT,
                        &format!("{page}/access"),
                        &json!({ "restricted": true, "grants": [] }),
                    )
                    .await
            }
            Loss::PageTrashed => owner.does(Method::DELETE, &page, &Value::Null).await,
            Loss::PageArchived => owner.does(Method::PATCH, &page, &json!({ "archived": true })).await,
            Loss::SpaceRemoved => {
                let name = owner.does(Method::GET, &space, &Value::Null).await?["name"].clone();
                owner.does(Method::DELETE, &space, &json!({ "name": name })).await
            }
            Loss::ShareEnded => {
                owner.does(Method::DELETE, &format!("/api/shares/{}", self.share.0), &Value::Null).await
            }
            Loss::ShareMadeViewOnly => {
                owner
                    .does(
                        Method::PATCH,
                        &format!("/api/shares/{}", self.share.0),
                        &json!({ "level": "view" }),
                    )
                    .await
            }
        }?;
        Ok(())
    }
}

/// Waits until the socket is told.
async fn obeys(raw: &mut Raw, dialect: Dialect, doc: &str, then: Then) -> Result<()> {
    let denied = frame(dialect, doc, &[2, 0]);
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

#[tokio::test(flavor = "multi_thread")]
async fn who_loses_rights_loses_them_on_open_sockets_within_a_second() {
    let server = Server::start(&[]).unwrap();
    let at = server.authority();
    let owner = Person::set_up(&server).await.unwrap();
    let mut told = 0;
    for round in 0..ROUNDS {
        for dialect in DIALECTS {
            for (loss, then) in LOSSES {
                let scene = Scene::new(&owner, &format!("{loss:?}{dialect:?}{round}")).await.unwrap();
                let doc = scene.doc();
                let mut raw = scene.open(at, dialect, loss).await.unwrap();
                raw.send(frame(dialect, &doc, &update(&typed(0)))).await.unwrap();
                let echoed = frame(dialect, &doc, &[0, 2]);
                raw.hears(|heard| heard.starts_with(&echoed)).await.unwrap();
                scene.lose(&owner, loss).await.unwrap();
                let obeyed = timeout(OBEYS_WITHIN, obeys(&mut raw, dialect, &doc, then)).await;
                obeyed.unwrap_or_else(|_| panic!("{loss:?} in {dialect:?} was not obeyed")).unwrap();
                told += 1;
                // What they send now is not kept. The socket may be gone.
                let _ = raw.send(frame(dialect, &doc, &update(&typed(1)))).await;
                if loss != Loss::SpaceRemoved {
                    let path = format!("/api/docs/page%2F{}/text", scene.page);
                    let text = owner.asks(Method::GET, &path, &Value::Null).await.unwrap().text();
                    assert_eq!(text.trim(), "x", "{loss:?} in {dialect:?}");
                }
            }
        }
    }
    assert_eq!(told, ROUNDS * DIALECTS.len() * LOSSES.len());
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

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_is_seen_and_reads_and_nothing_they_write_is_kept() {
    let server = Server::start(&[]).unwrap();
    let owner = Person::set_up(&server).await.unwrap();
    let scene = Scene::new(&owner, "Viewers").await.unwrap();
    owner
        .does(Method::PATCH, &format!("/api/spaces/{}", scene.space), &json!({ "members": "view" }))
        .await
        .unwrap();
    let doc = scene.doc();
    for dialect in DIALECTS {
        let mut watcher = scene.open(server.authority(), dialect, Loss::ShareEnded).await.unwrap();
        let mut viewer = scene.open(server.authority(), dialect, Loss::Suspended).await.unwrap();
        viewer.send(frame(dialect, &doc, &update(&typed(0)))).await.unwrap();
        let state = br#"{"user":{"name":"Olga","id":"somebody"},"cursor":1}"#;
        let entry = weft_wire::awareness::Entry {
            client: weft_ids::ClientId::new(9).unwrap(),
            clock: 1,
            state: Some(state.as_slice().into()),
        };
        let presence = crate::hostile::awareness(&weft_wire::awareness::encode(&[entry]));
        viewer.send(frame(dialect, &doc, &presence)).await.unwrap();
        let head = frame(dialect, &doc, &[1]);
        let who = format!("\"id\":\"{}\"", scene.editor.id);
        let seen = watcher.hears(|heard| {
            heard.starts_with(&head) && heard.windows(who.len()).any(|part| part == who.as_bytes())
        });
        let seen = seen.await.unwrap();
        assert!(!seen.windows(4).any(|part| part == b"Olga"), "a forged name is shown");
        drop(viewer);
    }
    let text = owner
        .asks(Method::GET, &format!("/api/docs/page%2F{}/text", scene.page), &Value::Null)
        .await
        .unwrap();
    assert_ne!(text.text().trim(), "x");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_opened_by_right_only() {
    let server = Server::start(&["--open"]).unwrap();
    let owner = Person::set_up(&server).await.unwrap();
    let scene = Scene::new(&owner, "Doors").await.unwrap();
    owner
        .does(Method::PATCH, &format!("/api/spaces/{}", scene.space), &json!({ "members": null }))
        .await
        .unwrap();
    let at = server.authority();
    // Neither by an open server, nor by another's cookie, nor by a link that is none.
    let path = format!("/ws/page%2F{}", scene.page);
    assert!(Raw::open(at, &path).await.is_err());
    assert!(Raw::open_as(at, &path, &scene.editor.cookie).await.is_err());
    assert!(Raw::open(at, &format!("{path}?share={}", "a".repeat(43))).await.is_err());
    assert!(Raw::open_as(at, &path, &owner.cookie).await.is_ok());
    let doc = scene.doc();
    let mut raw = Raw::open_as(at, "/ws", &scene.editor.cookie).await.unwrap();
    raw.send(frame(Dialect::Hocuspocus, &doc, &[2, 0, 0])).await.unwrap();
    let denied = frame(Dialect::Hocuspocus, &doc, &[2, 0]);
    raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
}
