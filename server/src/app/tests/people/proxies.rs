//! People who come by a proxy: whom its word makes them, and whose word is none.

use super::*;
use crate::config::{Proxies, SettingValue as _};

async fn behind(proxies: &str, settings: Settings) -> World {
    let trusted_proxies = Proxies::parse(proxies).unwrap();
    World::new(Settings { trusted_proxies, ..settings }).await.seen_from("10.0.0.1:9")
}

impl World {
    async fn signs_in_by(&self, password: &str, fields: &[(&str, &str)]) -> Answer {
        let body = json!({ "email": "olga@example.com", "password": password });
        let fields = [&[("content-type", "application/json")], fields].concat();
        self.ask(Method::POST, "/api/sign-in", &fields, body.to_string()).await
    }

    /// A request whose answer's body is not read yet.
    async fn holds(&self, client: &str) -> Response {
        let mut request =
            Request::get("/live").header("x-forwarded-for", client).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer::from(self.peer));
        router(self.app.clone()).oneshot(request).await.unwrap()
    }
}

#[tokio::test]
async fn guessing_from_one_address_behind_a_proxy_stops_nobody_behind_the_same_proxy() {
    let world = behind("10.0.0.0/8", Settings::default()).await;
    world.set_up().await;
    let guess = async |client: &str| {
        world.signs_in_by("not the password", &[("x-forwarded-for", client)]).await.status
    };
    for number in 0..10 {
        let spoofed = format!("198.51.100.{number}, 192.0.2.1, 10.0.0.2");
        assert_eq!(guess(&spoofed).await, StatusCode::UNAUTHORIZED);
    }
    assert_eq!(guess("198.51.100.99, 192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(guess("192.0.2.2").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_is_one_address_whatever_it_claims() {
    let world = behind("10.0.0.2", Settings::default()).await;
    world.set_up().await;
    let mut last = StatusCode::OK;
    for number in 0..11 {
        let client = format!("192.0.2.{number}");
        let fields = [("x-forwarded-for", client.as_str()), ("x-forwarded-proto", "https")];
        last = world.signs_in_by("not the password", &fields).await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn what_is_noted_of_somebody_is_the_address_they_came_from() {
    let world = behind("10.0.0.0/8, 2001:db8:f::/48", Settings::default()).await;
    world.set_up().await;
    let fields = [("x-forwarded-for", "[2001:db8::7]:40312, 2001:db8:f::1")];
    let answer = world.signs_in_by(PASSWORD, &fields).await;
    let olga = Browser::of(&answer.json(), cookie(&answer));
    let audit = world.reads(&olga, "/api/audit?kind=signed-in").await.json();
    assert_eq!(audit["entries"][0]["address"], json!("2001:db8::7"), "{audit}");
    let sign_ins = world.reads(&olga, "/api/me/sign-ins").await.json();
    let addresses: Vec<_> =
        sign_ins["signIns"].as_array().unwrap().iter().map(|one| one["address"].clone()).collect();
    // The one that reads this came without the header: its proxy stands for it.
    assert!(addresses.contains(&json!("10.0.0.1")), "{addresses:?}");
}

#[tokio::test]
async fn a_trusted_proxy_says_whether_cookies_are_for_https_only() {
    for (proxies, proto, https) in [
        ("10.0.0.0/8", "https", true),
        ("10.0.0.0/8", "http", false),
        ("10.0.0.0/8", "https, http", false),
        ("10.0.0.2", "https", false),
        ("", "https", false),
    ] {
        let world = behind(proxies, Settings::default()).await;
        world.set_up().await;
        let fields = [("x-forwarded-proto", proto)];
        let answer = world.signs_in_by(PASSWORD, &fields).await;
        let set = answer.header("set-cookie");
        assert_eq!(set.starts_with("__Host-weft=") && set.contains("; Secure"), https, "{proto}: {set}");
        let cookie = cookie(&answer);
        let with = [("cookie", cookie.as_str()), ("x-forwarded-proto", proto)];
        let me = world.ask(Method::GET, "/api/me", &with, Body::empty()).await;
        assert_eq!(me.status, StatusCode::OK, "{proto}");
        let without = world.ask(Method::GET, "/api/me", &with[..1], Body::empty()).await;
        assert_eq!(without.status == StatusCode::OK, !https, "{proto}");
    }
}

#[tokio::test]
async fn an_address_behind_a_proxy_has_so_many_requests_under_way_and_no_more() {
    let settings = Settings { connections_per_address_max: 2, ..Settings::default() };
    let world = behind("10.0.0.0/8", settings).await;
    let first = world.holds("192.0.2.1").await;
    let second = world.holds("198.51.100.9, 192.0.2.1").await;
    assert_eq!((first.status(), second.status()), (StatusCode::OK, StatusCode::OK));
    let refused = world.ask(Method::GET, "/live", &[("x-forwarded-for", "192.0.2.1")], Body::empty()).await;
    assert_eq!((refused.status, refused.code().as_str()), (StatusCode::TOO_MANY_REQUESTS, "too_often"));
    assert_eq!(refused.header("retry-after"), "5");
    assert_eq!(world.holds("192.0.2.2").await.status(), StatusCode::OK);
    assert_eq!(world.get("/live").await.status, StatusCode::OK);
    drop(first);
    let third = world.holds("192.0.2.1").await;
    assert_eq!(third.status(), StatusCode::OK);
    // Requests on connections that are there are not limited in how fast they come.
    drop(third);
    for _ in 0..10 {
        assert_eq!(world.holds("192.0.2.1").await.status(), StatusCode::OK);
    }
}
