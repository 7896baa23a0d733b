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
    let why = world.with_bearer(Method::GET, "/api/docs/draw%2Ftwo/text", &writes, Body::empty()).await;
    assert!(why.json()["error"]["message"].as_str().unwrap().contains("other rooms"), "{why:?}");
    assert_eq!(ask(&reads, Method::GET, "/api/docs/draw%2Fone/text").await, 200);
    assert_eq!(ask(&reads, Method::POST, &update_of("draw%2Fone")).await, 403);

    // One more key, so that the backend can change over; then the old one ends, and what was signed with it.
    let answer = world.does(&olga, Method::POST, "/api/apps/draw/keys", json!({})).await.json();
    let another = answer["secret"].as_str().unwrap().to_owned();
    assert_ne!(another, secret);
    let reads_too = world.token("draw", &another, json!({ "prefix": "", "write": false })).await;
    for token in [&reads, &reads_too] {
        assert_eq!(ask(token, Method::GET, "/api/docs/draw%2Fone/text").await, 200);
    }
    let old = format!("/api/apps/draw/keys/{}", answer["keys"][0]["id"].as_str().unwrap());
    assert_eq!(world.does(&olga, Method::DELETE, &old, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.does(&olga, Method::DELETE, &old, Value::Null).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(&reads, Method::GET, "/api/docs/draw%2Fone/text").await, 401);
    assert_eq!(ask(&reads_too, Method::GET, "/api/docs/draw%2Fone/text").await, 200);
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
    let deeds = world.reads(&olga, "/api/audit").await.json();
    let kinds: Vec<&str> =
        deeds["entries"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds[..4], ["app-removed", "app-key-removed", "app-key-added", "app-made"]);
    assert_eq!(deeds["entries"][0]["object"], json!({ "id": "draw", "name": "Drawings" }));
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
async fn a_page_of_one_app_opens_nothing_of_another() {
    let (world, olga) = with_olga().await;
    let secret = world.app_named(&olga, "draw").await;
    let body = json!({ "app": "sheets", "name": "S", "origins": ["https://Sheets.example.com"] });
    let sheets = world.does(&olga, Method::POST, "/api/apps", body).await.json();
    assert_eq!(sheets["origins"], json!(["https://sheets.example.com"]));
    let token = world.token("draw", &secret, json!({ "prefix": "", "write": true })).await;
    let bearer = format!("Bearer {token}");
    let status = async |origin: &str| {
        let fields = [("origin", origin), ("authorization", bearer.as_str())];
        world.ask(Method::POST, "/api/docs/draw%2Fone/update", &fields, update(0)).await.status.as_u16()
    };
    assert_eq!(status("https://sheets.example.com").await, 401, "the token of one app, on a page of another");
    assert_eq!(status("HTTPS://draw.example.com").await, 201);
    // A page less: its token opens nothing there, and everything elsewhere.
    let change = json!({ "origins": ["https://elsewhere.example.com"] });
    assert_eq!(world.does(&olga, Method::PATCH, "/api/apps/draw", change).await.status, StatusCode::OK);
    assert_eq!(status("https://draw.example.com").await, 403);
    assert_eq!(status("https://elsewhere.example.com").await, 200);
    let preflight = [("origin", "https://elsewhere.example.com"), ("access-control-request-method", "POST")];
    let answer = world.ask(Method::OPTIONS, "/api/docs/draw%2Fone/update", &preflight, Body::empty()).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://elsewhere.example.com");
    assert!(answer.header("access-control-allow-headers").contains("authorization"));
    let answer = world.ask(Method::OPTIONS, "/api/apps", &preflight, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn which_rooms_an_app_has_is_listed_for_nobody_and_counted_for_admins() {
    let (world, olga) = with_olga().await;
    let secret = world.app_named(&olga, "draw").await;
    let token = world.token("draw", &secret, json!({ "prefix": "", "write": true })).await;
    for room in ["one", "two", "three/four"] {
        let path = update_of(&format!("draw%2F{}", room.replace('/', "%2F")));
        assert_eq!(world.with_bearer(Method::POST, &path, &token, update(0)).await.status.as_u16(), 201);
    }
    assert_eq!(world.post(&update_of("drawing"), update(0)).await.status, StatusCode::CREATED);
    let names = world.get("/api/docs").await.json();
    assert_eq!(names["documents"].as_array().unwrap().len(), 1, "{names}");
    let app = world.reads(&olga, "/api/apps").await.json()["apps"][0].clone();
    assert_eq!((&app["documents"], &app["rooms"], &app["sessions"]), (&json!(3), &json!(3), &json!(0)));
    assert!(app["memoryBytes"].as_u64().is_some());
}

#[tokio::test]
async fn an_app_that_alone_signs_is_believed_by_its_public_key() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::{Signer as _, SigningKey};

    let (world, olga) = with_olga().await;
    let key = SigningKey::from_bytes(&[5; 32]);
    let public = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
    let body = json!({ "app": "draw", "name": "D", "publicKey": public });
    let made = world.does(&olga, Method::POST, "/api/apps", body).await;
    assert_eq!((made.status, made.json().get("secret")), (StatusCode::CREATED, None));
    assert_eq!(made.json()["keys"][0]["publicKey"], json!(public));
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let sign = |seconds: i64| {
        let exp = i64::try_from(crate::asking::now_seconds()).unwrap() + seconds;
        let claims = json!({ "aud": "weft", "exp": exp, "app": "draw", "room": "one", "access": "write" });
        let message = format!("{}.{}", part(json!({ "alg": "EdDSA" })), part(claims));
        let signature = URL_SAFE_NO_PAD.encode(key.sign(message.as_bytes()).to_bytes());
        format!("{message}.{signature}")
    };
    let status = async |token: &str| {
        world.with_bearer(Method::POST, &update_of("draw%2Fone"), token, update(0)).await.status.as_u16()
    };
    assert_eq!(status(&sign(-3_600)).await, 401);
    assert_eq!(status(&sign(2 * 86_400)).await, 401);
    assert_eq!(status(&sign(600)).await, 201);
    let wish = json!({ "room": "one", "write": true });
    let asked = world.does(&olga, Method::POST, "/api/apps/draw/tokens", wish).await;
    assert_eq!((asked.status, asked.code().as_str()), (StatusCode::CONFLICT, "no_secret"));
    let again = world.does(&olga, Method::POST, "/api/apps/draw/keys", json!({ "publicKey": public })).await;
    assert_eq!((again.status, again.code().as_str()), (StatusCode::CONFLICT, "taken"));

    // Of two keys the one that a token is meant for says what is wrong with it.
    let more = world.does(&olga, Method::POST, "/api/apps/draw/keys", json!({})).await.json();
    let wish = json!({ "room": "one", "write": true });
    let token = world.token("draw", more["secret"].as_str().unwrap(), wish).await;
    let forged = format!("{}.{}", token.rsplit_once('.').unwrap().0, "A".repeat(43));
    let refused = world.with_bearer(Method::POST, &update_of("draw%2Fone"), &forged, update(0)).await;
    assert!(
        refused.json()["error"]["message"].as_str().unwrap().contains("signature is wrong"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn an_app_has_so_many_keys_and_origins_and_no_more() {
    let (world, olga) = with_olga().await;
    world.app_named(&olga, "draw").await;
    let add = async || world.does(&olga, Method::POST, "/api/apps/draw/keys", json!({})).await;
    for _ in 1..weft_wiki::app::APP_KEYS_MAX {
        assert_eq!(add().await.status, StatusCode::CREATED);
    }
    let one_more = add().await;
    assert_eq!((one_more.status, one_more.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "too_many"));
    let origins = |count: usize| (0..count).map(|i| format!("https://a{i}.example.com")).collect::<Vec<_>>();
    for (origins, status) in [
        (origins(weft_wiki::app::APP_ORIGINS_MAX), StatusCode::OK),
        (origins(weft_wiki::app::APP_ORIGINS_MAX + 1), StatusCode::UNPROCESSABLE_ENTITY),
        (vec![format!("https://{}", "a".repeat(300))], StatusCode::UNPROCESSABLE_ENTITY),
        (vec!["null".to_owned()], StatusCode::UNPROCESSABLE_ENTITY),
        (vec!["https://a.example.com, https://b.example.com".to_owned()], StatusCode::UNPROCESSABLE_ENTITY),
        (vec![], StatusCode::OK),
    ] {
        let body = json!({ "origins": origins });
        assert_eq!(world.does(&olga, Method::PATCH, "/api/apps/draw", body).await.status, status);
    }
}

#[tokio::test]
async fn an_app_is_the_same_after_the_wiki_was_opened_again() {
    let (world, olga) = with_olga().await;
    let secret = world.app_named(&olga, "draw").await;
    let app = &world.app;
    let again = Wiki::open(app.store.clone(), app.hub.clone(), app.history.clone(), false).await.unwrap();
    let name = weft_ids::AppName::new("draw").unwrap();
    assert_eq!(again.app(&name), app.wiki.app(&name));
    let hash = crate::asking::hash(&Secret::parse(Kind::App, &secret).unwrap());
    assert_eq!(again.app_by_secret(&hash), Some(name));
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
        (&apps["apps"][0]["app"], &apps["apps"][0]["keys"][0]["kind"], apps["apps"][0].get("secret")),
        (&json!("draw"), &json!("secret"), None)
    );
}
