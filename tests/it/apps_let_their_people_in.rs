//! From elsewhere a socket says inside who opens it: an app's token opens that app's rooms, in both dialects, until its key
//! is gone. Whoever says nothing in time, or too much, is sent off.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use weft_tests::server::Server;
use weft_tests::socket::Raw;
use weft_tests::team::Person;
use weft_wire::Dialect;
use weft_wire::varint::write_string;

use crate::hostile::{frame, step1};

/// How long an open socket may go on once its key is gone: what Weft promises.
const OBEYS_WITHIN: Duration = Duration::from_secs(1);
/// The most bytes of a message of whoever has not said yet who they are.
const STRANGERS_BYTES_MAX: usize = 16 << 10;

/// Opens a socket as from another machine.
async fn from_elsewhere(at: &str, path: &str) -> Option<Raw> {
    Raw::open_with(at, path, "x-forwarded-for", "192.0.2.7").await.ok()
}

fn shows(token: &str) -> Vec<u8> {
    let mut message = vec![2, 0];
    write_string(&mut message, token);
    message
}

async fn with_owner() -> (Server, Person) {
    let server = Server::start(&[]).unwrap();
    assert!(
        from_elsewhere(server.authority(), "/ws").await.is_none(),
        "nobody could say anything that counts"
    );
    let owner = Person::set_up(&server).await.unwrap();
    (server, owner)
}

/// Registers an app; answers a token for all its rooms, and where its key is.
async fn app(owner: &Person, name: &str) -> (String, String) {
    let body = json!({ "app": name, "name": "An app" });
    let made = owner.does(Method::POST, "/api/apps", &body).await.unwrap();
    let wish = json!({ "prefix": "", "write": true });
    let token = owner.does(Method::POST, &format!("/api/apps/{name}/tokens"), &wish).await.unwrap();
    let key = format!("/api/apps/{name}/keys/{}", made["keys"][0]["id"].as_str().unwrap());
    (token["token"].as_str().unwrap().to_owned(), key)
}

#[tokio::test]
async fn hocuspocus_clients_show_their_token_inside() {
    let (server, owner) = with_owner().await;
    let (token, key) = app(&owner, "draw").await;
    let (hocuspocus, doc) = (Dialect::Hocuspocus, "draw/one");
    let denied = frame(hocuspocus, doc, &[2, 1]);
    let mut raw = from_elsewhere(server.authority(), "/ws").await.unwrap();
    for guess in ["", "a guess", &token[1..]] {
        raw.send(frame(hocuspocus, doc, &shows(guess))).await.unwrap();
        raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
    }
    for other in ["drawing", "page/aaaaaaaaaaaaaaaaaaaaaaaa", "nobodys"] {
        raw.send(frame(hocuspocus, other, &shows(&token))).await.unwrap();
        raw.hears(|heard| heard.starts_with(&frame(hocuspocus, other, &[2, 1]))).await.unwrap();
    }
    raw.send(frame(hocuspocus, doc, &shows(&token))).await.unwrap();
    raw.hears(|heard| heard.starts_with(&frame(hocuspocus, doc, &[2, 2]))).await.unwrap();
    raw.send(frame(hocuspocus, doc, &step1(&[0]))).await.unwrap();
    raw.hears(|heard| heard.starts_with(&frame(hocuspocus, doc, &[0, 1]))).await.unwrap();

    owner.does(Method::DELETE, &key, &Value::Null).await.unwrap();
    let since = Instant::now();
    raw.hears(|heard| heard.starts_with(&denied)).await.unwrap();
    assert!(since.elapsed() < OBEYS_WITHIN, "it took {:?}", since.elapsed());
}

#[tokio::test]
async fn y_websocket_clients_show_their_token_in_the_address() {
    let (server, owner) = with_owner().await;
    let at = server.authority();
    let (token, _) = app(&owner, "draw").await;
    assert!(from_elsewhere(at, "/ws/draw/one").await.is_none());
    assert!(from_elsewhere(at, &format!("/ws/drawing/one?token={token}")).await.is_none());
    let mut raw = from_elsewhere(at, &format!("/ws/draw/one?token={token}")).await.unwrap();
    raw.send(step1(&[0])).await.unwrap();
    raw.hears(|heard| heard.starts_with(&[0, 1])).await.unwrap();

    owner.does(Method::DELETE, "/api/apps/draw", &Value::Null).await.unwrap();
    let since = Instant::now();
    assert_eq!(raw.closed().await.unwrap(), 4403);
    assert!(since.elapsed() < OBEYS_WITHIN, "it took {:?}", since.elapsed());
}

#[tokio::test]
async fn strangers_who_say_too_much_or_nothing_are_sent_off() {
    let (server, owner) = with_owner().await;
    let (token, _) = app(&owner, "draw").await;
    let (hocuspocus, doc) = (Dialect::Hocuspocus, "draw/one");
    let mut idle = from_elsewhere(server.authority(), "/ws").await.unwrap();
    let mut raw = from_elsewhere(server.authority(), "/ws").await.unwrap();
    raw.send(frame(hocuspocus, doc, &shows(&token))).await.unwrap();
    raw.send(vec![0; STRANGERS_BYTES_MAX + 1]).await.unwrap();
    // Known by then, whoever it is: what they say is looked at, and is of a document without a name.
    raw.hears(|heard| heard.starts_with(&frame(hocuspocus, "", &[2, 1]))).await.unwrap();
    let mut raw = from_elsewhere(server.authority(), "/ws").await.unwrap();
    raw.send(vec![0; STRANGERS_BYTES_MAX + 1]).await.unwrap();
    assert_eq!(raw.closed().await.unwrap(), 1009);
    assert_eq!(idle.closed().await.unwrap(), 4408);
}
