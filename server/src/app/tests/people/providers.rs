//! Signing in with a provider on loopback.

use std::sync::Arc;

use super::*;
use crate::auth::oidc::issuer::{CLIENT, Issuer, SECRET};
use crate::config::SettingValue as _;
use crate::http::sign_in::seconds_now;

const CALLBACK: &str = "http://localhost:4545/api/sign-in/oidc/callback";

/// A wiki with a provider, and its owner.
async fn with_provider(everybody: bool, domains: &str) -> (World, Browser, Arc<Issuer>) {
    let issuer = Issuer::start(seconds_now(), CALLBACK).await;
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(secret.path(), SECRET).unwrap();
    let settings = Settings {
        oidc_issuer: crate::config::Text::parse(&issuer.url).unwrap(),
        oidc_client_id: crate::config::Text::parse(CLIENT).unwrap(),
        oidc_client_secret_file: crate::config::OptionalPath::parse(secret.path().to_str().unwrap()).unwrap(),
        oidc_everybody: everybody,
        oidc_domains: crate::config::Names::parse(domains).unwrap(),
        ..Settings::default()
    };
    let world = World::new(settings).await;
    let olga = world.set_up().await;
    (world, olga, issuer)
}

fn pending(answer: &Answer) -> String {
    cookie(answer)
}

impl World {
    /// Goes to the provider: the answer, and the address there.
    async fn leaves(&self, next: &str) -> (Answer, url::Url) {
        let answer = self.get(&format!("/api/sign-in/oidc?next={next}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
        let to = answer.header("location").parse().unwrap();
        (answer, to)
    }

    /// Comes back from it as browsers do: sent by a foreign page.
    async fn returns(&self, cookie: &str, issuer: &Issuer, to: &url::Url) -> Answer {
        let back = issuer.say_yes(to);
        let path = format!(
            "/api/sign-in/oidc/callback?code={}&state={}",
            back.code.as_deref().unwrap(),
            back.state.as_deref().unwrap()
        );
        let fields = [("cookie", cookie), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
        self.ask(Method::GET, &path, &fields, Body::empty()).await
    }

    async fn comes_by(&self, issuer: &Issuer) -> Answer {
        let (answer, to) = self.leaves("/home").await;
        self.returns(&pending(&answer), issuer, &to).await
    }
}

/// The browser that is signed in by an answer, and where it is sent.
async fn arrived(world: &World, answer: &Answer) -> (Value, Browser) {
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/home"), "{answer:?}");
    let set = answer.headers.get_all("set-cookie").iter().map(|set| set.to_str().unwrap());
    let mut cookie = set.filter(|set| set.starts_with("weft=")).map(|set| set.split(';').next().unwrap());
    let cookie = cookie.next_back().expect("a cookie").to_owned();
    let me = world.ask(Method::GET, "/api/me", &[("cookie", cookie.as_str())], Body::empty()).await.json();
    let browser = Browser::of(&me, cookie);
    (me, browser)
}

fn failed(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{answer:?}");
    let signed_in = |set: &axum::http::HeaderValue| set.to_str().unwrap().starts_with("weft=");
    assert!(!answer.headers.get_all("set-cookie").iter().any(signed_in), "{answer:?}");
    let to = answer.header("location");
    let rest = to.strip_prefix("/sign-in?failed=").unwrap_or_else(|| panic!("{to}"));
    rest.split('&').next().unwrap().to_owned()
}

#[tokio::test]
async fn whoever_was_invited_comes_by_their_provider_and_is_known_from_then_on() {
    let (world, olga, issuer) = with_provider(false, "").await;
    let ways = world.get("/api/server").await.json();
    assert_eq!(ways["signIn"]["providers"], json!([{ "id": "oidc", "label": "Single sign-on" }]));
    // Nobody here has that address.
    assert_eq!(failed(&world.comes_by(&issuer).await), "no_account");

    let space = world.space(&olga, "Team", None).await;
    let body = json!({ "email": "mei@example.com", "role": "guest", "spaces": [{ "space": space, "level": "edit" }] });
    world.does(&olga, Method::POST, "/api/invitations", body).await;
    // Not by an address that nobody verified.
    issuer.script().claims = json!({ "email_verified": false });
    assert_eq!(failed(&world.comes_by(&issuer).await), "no_account");
    issuer.script().claims = Value::Null;
    let (me, mei) = arrived(&world, &world.comes_by(&issuer).await).await;
    assert_eq!(
        (&me["name"], &me["role"], &me["hasPassword"]),
        (&json!("Mei Chen"), &json!("guest"), &json!(false))
    );
    assert_eq!(world.reads(&mei, &format!("/api/spaces/{space}")).await.json()["level"], json!("edit"));
    assert_eq!(world.reads(&olga, "/api/invitations").await.json()["invitations"], json!([]));

    // The account counts, not its address.
    issuer.script().claims = json!({ "email": "olga@example.com" });
    let (me, _) = arrived(&world, &world.comes_by(&issuer).await).await;
    assert_eq!(me["email"], json!("mei@example.com"));
    let people = world.reads(&olga, "/api/people").await.json();
    let ways: Vec<_> = people["people"].as_array().unwrap().iter().map(|one| one["signIn"].clone()).collect();
    assert_eq!(ways, [json!("provider"), json!("password")]);
}

#[tokio::test]
async fn an_account_is_linked_by_its_verified_address_and_is_nobody_elses_after_that() {
    let (world, olga, issuer) = with_provider(false, "").await;
    issuer.script().claims = json!({ "email": "OLGA@example.com", "sub": "o-1" });
    let (me, _) = arrived(&world, &world.comes_by(&issuer).await).await;
    assert_eq!(me["id"], json!(olga.user.as_str()));
    let kinds = world.kinds(&olga).await;
    assert!(kinds.starts_with(&["signed-in".to_owned(), "account-linked".to_owned()]), "{kinds:?}");
    let again = world.comes_by(&issuer).await;
    arrived(&world, &again).await;
    assert_eq!(world.kinds(&olga).await.iter().filter(|kind| *kind == "account-linked").count(), 1);
}

#[tokio::test]
async fn with_everybody_others_become_members_of_allowed_domains() {
    let (world, olga, issuer) = with_provider(true, "example.com").await;
    issuer.script().claims = json!({ "email": "eve@evil.example", "sub": "e-1" });
    assert_eq!(failed(&world.comes_by(&issuer).await), "no_account");
    // A name that passes for another's is not taken over.
    issuer.script().claims = json!({ "name": "Οlga", "sub": "m-1" });
    let (me, _) = arrived(&world, &world.comes_by(&issuer).await).await;
    assert_eq!((&me["name"], &me["role"]), (&json!("mei"), &json!("member")));

    let person = format!("/api/people/{}", me["id"].as_str().unwrap());
    world.does(&olga, Method::PATCH, &person, json!({ "suspended": true })).await;
    assert_eq!(failed(&world.comes_by(&issuer).await), "suspended");
    // Removed, they are a stranger again.
    world.does(&olga, Method::DELETE, &person, Value::Null).await;
    let (again, _) = arrived(&world, &world.comes_by(&issuer).await).await;
    assert_ne!(again["id"], me["id"]);
}

#[tokio::test]
async fn a_sign_in_that_was_not_begun_here_or_does_not_hold_signs_nobody_in() {
    let (world, _, issuer) = with_provider(true, "").await;
    let (first, to) = world.leaves("/home").await;
    let (second, _) = world.leaves("/home").await;
    // Another browser, or none.
    assert_eq!(failed(&world.returns("", &issuer, &to).await), "stray");
    assert_eq!(failed(&world.returns(&pending(&second), &issuer, &to).await), "stray");
    // Finished once.
    let back = world.returns(&pending(&first), &issuer, &to).await;
    arrived(&world, &back).await;
    assert_eq!(failed(&world.returns(&pending(&first), &issuer, &to).await), "stray");
    // What the provider says does not hold, or it says no.
    issuer.script().damaged = true;
    assert_eq!(failed(&world.comes_by(&issuer).await), "provider");
    issuer.script().damaged = false;
    let (answer, to) = world.leaves("/home").await;
    let state = to.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let path = format!("/api/sign-in/oidc/callback?error=access_denied&state={state}");
    let answer = world.ask(Method::GET, &path, &[("cookie", pending(&answer).as_str())], Body::empty()).await;
    assert_eq!(failed(&answer), "refused");
    assert!(answer.header("location").ends_with("&next=%2Fhome"));
    // It leads nowhere else, and there is no other provider.
    let (answer, to) = world.leaves("//evil.example").await;
    let back = world.returns(&pending(&answer), &issuer, &to).await;
    assert_eq!(back.header("location"), "/");
    for path in ["/api/sign-in/other", "/api/sign-in/other/callback"] {
        let status = world.get(path).await.status;
        assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::NOT_FOUND), "{path}: {status}");
    }
}

#[tokio::test]
async fn a_provider_that_is_down_is_told_and_one_that_is_set_by_half_stops_the_start() {
    let text = |text: &str| crate::config::Text::parse(text).unwrap();
    let settings = Settings {
        oidc_issuer: text("http://127.0.0.1:1"),
        oidc_client_id: text(CLIENT),
        ..Settings::default()
    };
    let world = World::new(settings).await;
    assert_eq!(failed(&world.get("/api/sign-in/oidc").await), "provider");
    for (settings, said) in [
        (
            Settings { oidc_client_id: text(CLIENT), ..Settings::default() },
            "oidc_client_id is set, but not oidc_issuer",
        ),
        (
            Settings {
                oidc_issuer: text("http://id.example.com"),
                oidc_client_id: text(CLIENT),
                ..Settings::default()
            },
            "https",
        ),
        (Settings { oidc_issuer: text("https://id.example.com"), ..Settings::default() }, "client id"),
    ] {
        let store: Arc<dyn Store> = Arc::new(weft_store::MemoryStore::new());
        let opened = App::open(Arc::new(settings), store, Key::random(), Metrics::start(false), 4545).await;
        let error = opened.unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}
