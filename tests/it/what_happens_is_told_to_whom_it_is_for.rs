//! The sockets on which the server tells of what happens: who may listen, what they hear, and that they hear no more.

use std::time::{Duration, Instant};

use hyper::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;
use weft_tests::server::Server;
use weft_tests::socket::Raw;
use weft_tests::team::Person;

/// How long an open socket may go on with rights that are gone: what Weft promises.
const OBEYS_WITHIN: Duration = Duration::from_secs(1);
const EVENTS: &str = "/api/events";
const FIGURES: &str = "/api/admin/live";

/// The status of an answer; 101 is an open socket.
async fn answered(opened: Result<Raw, tungstenite::Error>) -> u16 {
    match opened {
        Ok(_) => 101,
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_listen_is_who_is_here_and_figures_are_for_those_who_look_after_the_server() {
    let server = Server::start(&[]).unwrap();
    let at = server.authority();
    let owner = Person::set_up(&server).await.unwrap();
    for path in [EVENTS, FIGURES] {
        assert_eq!(answered(Raw::open(at, path).await).await, 401, "{path}");
        assert_eq!(answered(Raw::open_as(at, path, "weft=nobodys").await).await, 401, "{path}");
        assert_eq!(answered(Raw::open_as(at, path, &owner.cookie).await).await, 101, "{path}");
    }
    for (name, role, figures) in [("Ada", "admin", 101), ("Mia", "member", 403), ("Gus", "guest", 403)] {
        let person = owner.adds(name, role).await.unwrap();
        assert_eq!(answered(Raw::open_as(at, EVENTS, &person.cookie).await).await, 101, "{role}");
        assert_eq!(answered(Raw::open_as(at, FIGURES, &person.cookie).await).await, figures, "{role}");
        let wish = json!({ "name": "a program", "scope": "read" });
        let key = person.does(Method::POST, "/api/me/tokens", &wish).await.unwrap();
        let shown = format!("?token={}", key["secret"].as_str().unwrap());
        assert_eq!(answered(Raw::open(at, &format!("{EVENTS}{shown}")).await).await, 101, "{role}");
        assert_eq!(answered(Raw::open(at, &format!("{FIGURES}{shown}")).await).await, 403, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_somebody_may_not_see_nothing_is_told() {
    let server = Server::start(&[]).unwrap();
    let owner = Person::set_up(&server).await.unwrap();
    let mia = owner.adds("Mia", "member").await.unwrap();
    let open = owner.makes("/api/spaces", &json!({ "name": "Open", "members": "view" })).await.unwrap();
    let mut raw = Raw::open_as(server.authority(), EVENTS, &mia.cookie).await.unwrap();
    raw.hears_text(|text| text.contains("hello")).await.unwrap();

    let secret = owner.makes("/api/spaces", &json!({ "name": "Secret" })).await.unwrap();
    let hidden = owner.makes("/api/pages", &json!({ "space": secret })).await.unwrap();
    let few = owner.makes("/api/pages", &json!({ "space": open })).await.unwrap();
    raw.hears_text(|text| text.contains(&few)).await.unwrap();
    let body = json!({ "restricted": true, "grants": [] });
    owner.does(Method::PUT, &format!("/api/pages/{few}/access"), &body).await.unwrap();
    owner.does(Method::PATCH, &format!("/api/pages/{few}"), &json!({ "icon": "🦊" })).await.unwrap();
    owner.does(Method::DELETE, &format!("/api/pages/{hidden}"), &Value::Null).await.unwrap();
    let seen = owner.makes("/api/pages", &json!({ "space": open })).await.unwrap();
    let heard = raw.hears_text(|text| text.contains(&seen)).await.unwrap();
    for text in &heard {
        let told = [&secret, &hidden, &few].into_iter().find(|id| text.contains(id.as_str()));
        assert!(told.is_none(), "{text}");
    }
    assert!(heard.iter().any(|text| text.contains("rights")), "{heard:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_kept_out_or_made_less_hears_nothing_more_within_a_second() {
    let server = Server::start(&[]).unwrap();
    let at = server.authority();
    let owner = Person::set_up(&server).await.unwrap();
    for (number, (path, change)) in [
        (EVENTS, json!({ "suspended": true })),
        (FIGURES, json!({ "suspended": true })),
        (FIGURES, json!({ "role": "member" })),
    ]
    .into_iter()
    .cycle()
    .take(12)
    .enumerate()
    {
        let person = owner.adds(&format!("Ada {number}").replace(' ', ""), "admin").await.unwrap();
        let mut raw = Raw::open_as(at, path, &person.cookie).await.unwrap();
        raw.hears_text(|_| true).await.unwrap();
        owner.does(Method::PATCH, &format!("/api/people/{}", person.id), &change).await.unwrap();
        // Answered: from now on it holds.
        let since = Instant::now();
        assert_eq!(raw.closed().await.unwrap(), 4401, "{path} {change}");
        let took = since.elapsed();
        assert!(took <= OBEYS_WITHIN, "{path} {change}: {took:?}");
    }
}
