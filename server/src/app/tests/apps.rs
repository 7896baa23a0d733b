//! Foreign apps: their names, their keys, their tokens, and what those open.

use serde_json::{Value, json};

use super::people::with_olga;
use super::wiki::Browser;
use super::*;

impl World {
    /// Registers an app; answers its secret.
    async fn app_named(&self, by: &Browser, name: &str) -> String {
        let body = json!({ "app": name, "name": "Drawings", "origins": ["https://draw.example.com"] });
        let answer = self.does(by, Method::POST, "/api/apps", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["secret"].as_str().unwrap().to_owned()
    }

    async fn with_bearer(&self, method: Method, path: &str, bearer: &str, body: impl Into<Body>) -> Answer {
        let bearer = format!("Bearer {bearer}");
        let fields = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.ask(method, path, &fields, body).await
    }

    /// A token that the app's backend asks for.
    async fn token(&self, app: &str, secret: &str, wish: Value) -> String {
        let path = format!("/api/apps/{app}/tokens");
        let answer = self.with_bearer(Method::POST, &path, secret, wish.to_string()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }
}

fn update_of(doc: &str) -> String {
    format!("/api/docs/{doc}/update")
}

#[tokio::test]
async fn an_apps_rooms_open_to_its_tokens_and_to_nothing_else() {
    let (world, olga) = with_olga().await;
    // It was nobody's, and this machine could write in it.
    assert_eq!(world.post(&update_of("draw%2Fone"), update(0)).await.status, StatusCode::CREATED);
    let secret = world.app_named(&olga, "draw").await;
    for path in ["draw%2Fone", "draw%2Fnew"] {
        assert_eq!(world.post(&update_of(path), update(2)).await.status, StatusCode::UNAUTHORIZED, "{path}");
        let answer = world.does(&olga, Method::GET, &format!("/api/docs/{path}/text"), Value::Null).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "people of the wiki are strangers to apps");
    }
    assert_eq!(world.post(&update_of("drawing%2Fone"), update(0)).await.status, StatusCode::CREATED);

    let writes = world.token("draw", &secret, json!({ "room": "one", "write": true })).await;
    let reads = world.token("draw", &secret, json!({ "prefix": "", "write": false })).await;
    let ask = async |token: &str, method: Method, path: &str| {
        let body = if method == Method::POST { Body::from(update(2)) } else { Body::empty() };
        world.with_bearer(method, path, token, body).await.status.as_u16()
    };
    assert_eq!(ask(&writes, Method::POST, &update_of("draw%2Fone")).await, 200);
    assert_eq!(ask(&writes, Method::POST, &update_of("draw%2Ftwo")).await, 401, "another room");
    assert_eq!(ask(&reads, Method::GET, "/api/docs/draw%2Fone/text").await, 200);
    assert_eq!(ask(&reads, Method::POST, &update_of("draw%2Fone")).await, 403);

    // Another key ends what was signed before, at once.
    let change = json!({ "newSecret": true });
    let answer = world.does(&olga, Method::PATCH, "/api/apps/draw", change).await;
    let another = answer.json()["secret"].as_str().unwrap().to_owned();
    assert_ne!(another, secret);
    assert_eq!(ask(&reads, Method::GET, "/api/docs/draw%2Fone/text").await, 401);
    let path = "/api/apps/draw/tokens";
    let wish = json!({ "room": "one", "write": true });
    assert_eq!(
        world.with_bearer(Method::POST, path, &secret, wish.to_string()).await.status,
        StatusCode::UNAUTHORIZED
    );

    // Removed, its rooms are nobody's again and what is in them stays.
    assert_eq!(
        world.does(&olga, Method::DELETE, "/api/apps/draw", Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.get("/api/docs/draw%2Fone/text").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_token_of_one_app_opens_nothing_of_another_nor_of_the_wiki() {
    let (world, olga) = with_olga().await;
    let secret = world.app_named(&olga, "draw").await;
    let other = world.app_named(&olga, "sheets").await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let token = world.token("draw", &secret, json!({ "prefix": "", "write": true })).await;
    let status = async |method: Method, path: &str| {
        world.with_bearer(method, path, &token, Body::from(update(0))).await.status
    };
    for path in [update_of("sheets%2Fone"), update_of(&format!("page%2F{page}"))] {
        assert_eq!(status(Method::POST, &path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    for path in ["/api/spaces", "/api/people", "/api/apps", "/api/me"] {
        assert_eq!(status(Method::GET, path).await, StatusCode::UNAUTHORIZED, "{path}");
    }
    let wish = json!({ "prefix": "", "write": true }).to_string();
    for bearer in [&other, "", "x", &token] {
        let answer = world.with_bearer(Method::POST, "/api/apps/draw/tokens", bearer, wish.clone()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bearer}");
    }
}

#[tokio::test]
async fn pages_of_an_apps_site_reach_its_rooms_and_nothing_of_this_machine() {
    let (world, olga) = with_olga().await;
    let secret = world.app_named(&olga, "draw").await;
    let token = world.token("draw", &secret, json!({ "prefix": "", "write": true })).await;
    let bearer = format!("Bearer {token}");
    let ask = async |origin: &str, path: &str, bearer: Option<&str>| {
        let mut fields = vec![("origin", origin)];
        fields.extend(bearer.map(|bearer| ("authorization", bearer)));
        world.ask(Method::POST, path, &fields, update(0)).await.status.as_u16()
    };
    let (site, evil) = ("https://draw.example.com", "https://evil.example.com");
    assert_eq!(ask(site, &update_of("draw%2Fone"), Some(&bearer)).await, 201);
    assert_eq!(ask(evil, &update_of("draw%2Ftwo"), Some(&bearer)).await, 403);
    assert_eq!(ask(site, &update_of("nobodys"), None).await, 403, "this machine's documents are not for it");
    assert_eq!(ask(site, "/api/spaces", Some(&bearer)).await, 403);
}

#[tokio::test]
async fn what_no_app_can_be_is_refused_with_the_field_that_is_meant() {
    let (world, olga) = with_olga().await;
    let mia = world.invited(&olga, "Mia", "member").await;
    assert_eq!(world.reads(&mia, "/api/apps").await.status, StatusCode::FORBIDDEN);
    let secret = world.app_named(&olga, "draw").await;
    for (body, status, field) in [
        (json!({ "app": "page", "name": "x" }), 422, "app"),
        (json!({ "app": "Draw", "name": "x" }), 422, "app"),
        (json!({ "app": "", "name": "x" }), 422, "app"),
        (json!({ "app": "a".repeat(41), "name": "x" }), 422, "app"),
        (json!({ "app": "draw", "name": "x" }), 409, "app"),
        (json!({ "app": "new", "name": "" }), 422, "name"),
        (json!({ "app": "new", "name": "x", "origins": ["example.com"] }), 422, "origins"),
        (json!({ "app": "new", "name": "x", "publicKey": "short" }), 422, "publicKey"),
    ] {
        let answer = world.does(&olga, Method::POST, "/api/apps", body.clone()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["field"]),
            (status, &json!(field)),
            "{body}"
        );
    }
    for (wish, field) in [
        (json!({ "write": true }), "room"),
        (json!({ "room": "a", "prefix": "b", "write": true }), "room"),
        (json!({ "room": "", "write": true }), "room"),
        (json!({ "room": "a", "write": true, "seconds": 0 }), "seconds"),
        (json!({ "room": "a", "write": true, "seconds": 86_401 }), "seconds"),
        (json!({ "room": "a", "write": true, "user": { "name": "" } }), "user"),
    ] {
        let answer =
            world.with_bearer(Method::POST, "/api/apps/draw/tokens", &secret, wish.to_string()).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["error"]["field"]),
            (422, &json!(field)),
            "{wish}"
        );
    }
    let apps = world.reads(&olga, "/api/apps").await.json();
    assert_eq!(
        (&apps["apps"][0]["app"], &apps["apps"][0]["key"], apps["apps"][0].get("secret")),
        (&json!("draw"), &json!("secret"), None)
    );
}
