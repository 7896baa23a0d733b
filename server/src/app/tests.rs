//! The routes over the in-memory store, without a socket.

mod apps;
mod cut_short;
mod fuzz;
mod history;
mod matrix;
mod people;
mod retention;
mod wiki;

use std::net::SocketAddr;

use axum::body::{Body, Bytes};
use axum::http::{Method, Request, header};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use weft_store::MemoryStore;

use super::*;
use crate::http::docs::UPDATE_BODY_BYTES_MAX;
use crate::peer::Peer;

/// A v1 update: client 1 writes "hi" into the root type "t", from `clock` on.
fn update(clock: u8) -> Vec<u8> {
    vec![1, 1, 1, clock, 4, 1, 1, b't', 2, b'h', b'i', 0]
}

struct World {
    app: AppState,
    peer: SocketAddr,
}

impl World {
    async fn new(settings: Settings) -> Self {
        Self::on(Arc::new(MemoryStore::new()), settings).await
    }

    async fn on(store: Arc<dyn Store>, settings: Settings) -> Self {
        let app =
            App::open(Arc::new(settings), store, Key::random(), Metrics::start(false), 4545).await.unwrap();
        Self { app, peer: "127.0.0.1:9".parse().unwrap() }
    }

    async fn local() -> Self {
        Self::new(Settings::default()).await
    }

    fn seen_from(self, peer: &str) -> Self {
        Self { peer: peer.parse().unwrap(), ..self }
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        fields: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:4545");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body.into()).unwrap();
        request.extensions_mut().insert(Peer::from(self.peer));
        let response = router(self.app.clone()).oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: body.collect().await.unwrap().to_bytes(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &[], Body::empty()).await
    }

    async fn post(&self, path: &str, body: impl Into<Body>) -> Answer {
        self.ask(Method::POST, path, &[], body).await
    }
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: axum::http::HeaderMap,
    body: Bytes,
}

impl Answer {
    fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{self:?} is not JSON"))
    }

    fn code(&self) -> String {
        let error = &self.json()["error"];
        for part in ["message", "help"] {
            assert!(error[part].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        }
        error["code"].as_str().unwrap().to_owned()
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name} in {:?}", self.headers)).to_str().unwrap()
    }
}

#[tokio::test]
async fn an_update_posted_is_in_the_state_the_text_and_the_list() {
    let world = World::local().await;
    let first = world.post("/api/docs/d/update", update(0)).await;
    assert_eq!((first.status, first.json()["seq"].as_u64()), (StatusCode::CREATED, Some(1)), "{first:?}");
    assert_eq!(first.header("weft-seq"), "1");
    let second = world.post("/api/docs/d/update", update(2)).await;
    assert_eq!((second.status, second.json()["seq"].as_u64()), (StatusCode::OK, Some(2)), "{second:?}");

    let state = world.get("/api/docs/d/state").await;
    assert_eq!(state.status, StatusCode::OK);
    assert_eq!(state.header("content-type"), "application/octet-stream");
    let copied = world.post("/api/docs/copy/update", state.body.clone()).await;
    assert_eq!(copied.status, StatusCode::CREATED);
    let text = world.get("/api/docs/d/text").await;
    assert_eq!(text.header("content-type"), "text/plain; charset=utf-8");
    assert_eq!(text.body, world.get("/api/docs/copy/text").await.body);

    let list = world.get("/api/docs").await.json();
    let names: Vec<_> = list["documents"].as_array().unwrap().iter().map(|d| d["name"].clone()).collect();
    assert_eq!(names.len(), 2);
    assert!(names.contains(&"d".into()) && names.contains(&"copy".into()));
    assert!(list["documents"][0]["updated"].as_u64().unwrap() > 1_600_000_000_000);
}

#[tokio::test]
async fn a_state_vector_narrows_the_state_to_what_it_lacks() {
    let world = World::local().await;
    world.post("/api/docs/d/update", update(0)).await;
    let whole = world.get("/api/docs/d/state").await.body;
    // One client, id 1, clock 2: everything there is.
    let nothing = world.get("/api/docs/d/state?sv=AQEC").await;
    assert_eq!((nothing.status, nothing.body.as_ref()), (StatusCode::OK, &[0, 0][..]));
    assert_eq!(world.get("/api/docs/d/state?sv=AA").await.body, whole);
    assert_eq!(world.get("/api/docs/d/state?sv=AA%3D%3D").await.body, whole);
    for bad in ["sv=%%", "sv=AQ", "sv=_____w", "sv=A+A/"] {
        let answer = world.get(&format!("/api/docs/d/state?{bad}")).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::BAD_REQUEST, "bad_state_vector"),
            "{bad}"
        );
    }
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let world = World::local().await;
    world.post("/api/docs/d/update", update(0)).await;
    for path in ["/api/docs/d/state", "/api/docs/d/text"] {
        let tag = world.get(path).await.header("etag").to_owned();
        let again = world.ask(Method::GET, path, &[("if-none-match", &tag)], Body::empty()).await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        assert_eq!((again.header("etag"), again.header("weft-seq")), (tag.as_str(), "1"));
        assert!(again.body.is_empty());
    }
    let tag = world.get("/api/docs/d/state").await.header("etag").to_owned();
    world.post("/api/docs/d/update", update(2)).await;
    let changed =
        world.ask(Method::GET, "/api/docs/d/state", &[("if-none-match", &tag)], Body::empty()).await;
    assert_eq!((changed.status, changed.header("weft-seq")), (StatusCode::OK, "2"));
}

#[tokio::test]
async fn what_nobody_wrote_is_unknown_and_reading_creates_nothing() {
    let world = World::local().await;
    for path in ["/api/docs/d/state", "/api/docs/d/text", "/api/docs/d/state?sv=AA"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "unknown_document"));
    }
    assert_eq!(world.get("/api/docs").await.json()["documents"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn every_name_is_its_own_document_and_comes_back_exactly() {
    let world = World::local().await;
    let long = "%F0%9F%98%80".repeat(63);
    let encoded = [
        "a%2Fb",
        "a%252Fb",
        "%2e%2e",
        "%2E",
        "a%20b",
        "a+b",
        "*",
        "a:b",
        "A:B",
        "%E6%97%A5",
        "e%CC%81",
        "%C3%A9",
        "state",
        "..%2Fx",
        "%25",
        "a%3Fb",
        "a%23b",
        "a%5Cb",
        &long,
    ];
    for (number, name) in encoded.iter().enumerate() {
        let answer = world.post(&format!("/api/docs/{name}/update"), update(0)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{name} is document {number}: {answer:?}");
    }
    let list = world.get("/api/docs").await.json();
    let mut names: Vec<&str> =
        list["documents"].as_array().unwrap().iter().map(|d| d["name"].as_str().unwrap()).collect();
    let long = "\u{1F600}".repeat(63);
    let mut plain = vec![
        "a/b", "a%2Fb", "..", ".", "a b", "a+b", "*", "a:b", "A:B", "日", "e\u{301}", "é", "state", "../x",
        "%", "a?b", "a#b", "a\\b", &long,
    ];
    names.sort_unstable();
    plain.sort_unstable();
    assert_eq!(names, plain);
}

#[tokio::test]
async fn names_that_are_none_are_refused_with_the_reason() {
    let world = World::local().await;
    let long = "%61".repeat(256);
    for name in ["", "%00", "a%00b", "%FF", &long] {
        for ask in ["state", "text"] {
            let answer = world.get(&format!("/api/docs/{name}/{ask}")).await;
            assert_eq!(
                (answer.status, answer.code().as_str()),
                (StatusCode::BAD_REQUEST, "bad_name"),
                "{name}"
            );
        }
        let answer = world.post(&format!("/api/docs/{name}/update"), update(0)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    }
    for path in
        ["/api/docs/a/b/state", "/api/docs/a", "/api/docs/a/other", "/api/docs/", "/api/docs/../a/state"]
    {
        assert_eq!(world.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
}

#[tokio::test]
async fn the_wrong_method_is_told_the_right_one() {
    let world = World::local().await;
    let answer = world.post("/api/docs/d/state", "").await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "GET, HEAD"));
    let answer = world.get("/api/docs/d/update").await;
    assert_eq!((answer.status, answer.header("allow")), (StatusCode::METHOD_NOT_ALLOWED, "POST"));
    assert_eq!(world.post("/live", "").await.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(world.post("/api/docs", "").await.code(), "method");
}

#[tokio::test]
async fn bytes_that_are_no_update_are_refused_and_leave_nothing() {
    let world = World::local().await;
    for bad in [&b""[..], b"hello", &[1, 1, 1], &[255, 255, 255, 255, 15, 0]] {
        let answer = world.post("/api/docs/d/update", bad.to_vec()).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "bad_update"));
    }
    assert_eq!(world.get("/api/docs/d/state").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_update_with_a_gap_is_refused_with_the_state_vector_that_mends_it() {
    let world = World::local().await;
    world.post("/api/docs/d/update", update(0)).await;
    let answer = world.post("/api/docs/d/update", update(5)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "gap"));
    assert_eq!(answer.json()["error"]["have"], "AQEC");
    assert_eq!(world.post("/api/docs/d/update", update(2)).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_body_one_byte_past_the_limit_is_refused_announced_or_not() {
    let world = World::local().await;
    let length = (UPDATE_BODY_BYTES_MAX + 1).to_string();
    let announced = [("content-length", length.as_str())];
    let answer = world.ask(Method::POST, "/api/docs/d/update", &announced, Body::empty()).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too_large"));
    let answer = world.post("/api/docs/d/update", vec![0; UPDATE_BODY_BYTES_MAX + 1]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let answer = world.post("/api/docs/d/update", vec![0; UPDATE_BODY_BYTES_MAX]).await;
    assert_eq!(answer.code(), "bad_update");
}

#[tokio::test]
async fn other_machines_and_proxies_get_nothing_unless_the_server_is_open() {
    let remote = World::local().await.seen_from("192.0.2.1:9");
    let local = World::local().await;
    for path in ["/api/docs", "/api/docs/d/state", "/api/docs/d/text", "/metrics"] {
        let answer = remote.get(path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::FORBIDDEN, "not_allowed"), "{path}");
        let forwarded = [("x-forwarded-for", "192.0.2.1")];
        let answer = local.ask(Method::GET, path, &forwarded, Body::empty()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
    let answer = remote.post("/api/docs/d/update", update(0)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.json()["error"]["help"].as_str().unwrap().contains("start with --open"));
    let open = World::new(Settings { open: true, ..Settings::default() }).await.seen_from("192.0.2.1:9");
    assert_eq!(open.post("/api/docs/d/update", update(0)).await.status, StatusCode::CREATED);
    assert_eq!(open.get("/metrics").await.status, StatusCode::FORBIDDEN);
    let shown =
        World::new(Settings { metrics_open: true, ..Settings::default() }).await.seen_from("192.0.2.1:9");
    assert_eq!(shown.get("/metrics").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_foreign_page_reads_and_writes_nothing_and_a_local_one_may_read_answers() {
    let world = World::local().await;
    let foreign = [("origin", "https://evil.example")];
    for path in ["/api/docs", "/api/docs/d/state", "/metrics", "/api/admin/backup"] {
        let answer = world.ask(Method::GET, path, &foreign, Body::empty()).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "foreign_origin"),
            "{path}"
        );
        assert!(!answer.headers.contains_key("access-control-allow-origin"));
    }
    let answer = world.ask(Method::POST, "/api/docs/d/update", &foreign, update(0)).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(world.get("/api/docs/d/state").await.status, StatusCode::NOT_FOUND);

    let local = [("origin", "http://localhost:5173")];
    let answer = world.ask(Method::POST, "/api/docs/d/update", &local, update(0)).await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_eq!(answer.header("access-control-allow-origin"), "http://localhost:5173");
    assert_eq!(answer.header("vary"), "origin");
    let preflight = [("origin", "http://localhost:5173"), ("access-control-request-method", "POST")];
    let answer = world.ask(Method::OPTIONS, "/api/docs/d/update", &preflight, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert!(answer.header("access-control-allow-methods").contains("POST"));
}

#[tokio::test]
async fn a_foreign_host_name_reaches_only_the_probes() {
    let world = World::local().await;
    let rebound = [("host", "evil.example")];
    let ask = async |path: &str| {
        let mut request = Request::get(path).header(rebound[0].0, rebound[0].1).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer::from(world.peer));
        router(world.app.clone()).oneshot(request).await.unwrap().status()
    };
    for path in ["/", "/api/docs", "/ws", "/metrics"] {
        assert_eq!(ask(path).await, StatusCode::MISDIRECTED_REQUEST, "{path}");
    }
    for path in ["/live", "/ready"] {
        assert_eq!(ask(path).await, StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn a_stopping_server_is_alive_but_not_ready() {
    let world = World::local().await;
    assert_eq!(world.get("/ready").await.json(), serde_json::json!({"ready": true}));
    world.app.draining.cancel();
    let answer = world.get("/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.json(), serde_json::json!({"ready": false, "reason": "draining"}));
    assert_eq!(world.get("/live").await.status, StatusCode::OK);
    world.app.hub.drain(tokio::time::Instant::now() + std::time::Duration::from_secs(5)).await;
    let answer = world.post("/api/docs/d/update", update(0)).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "draining"));
    assert_eq!(answer.header("retry-after"), "2");
}

#[tokio::test]
async fn every_answer_tells_browsers_what_a_page_may_do() {
    let world = World::local().await;
    for path in ["/", "/api/docs", "/api/docs/d/state", "/nothing", "/live", "/metrics"] {
        let answer = world.get(path).await;
        let policy = answer.header("content-security-policy");
        for rule in ["script-src 'self'", "worker-src 'self'", "manifest-src 'self'"] {
            assert!(policy.contains(rule), "{path}: {rule}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
    }
}

#[tokio::test]
async fn where_we_speak_https_browsers_ask_the_host_for_nothing_else() {
    let world = World::local().await;
    let asks = async |host: &str, tls: bool| {
        let mut request = Request::get("/live").header(header::HOST, host).body(Body::empty()).unwrap();
        request.extensions_mut().insert(Peer { tls, ..Peer::from(world.peer) });
        let response = router(world.app.clone()).oneshot(request).await.unwrap();
        response.headers().get(header::STRICT_TRANSPORT_SECURITY).cloned()
    };
    assert_eq!(asks("wiki.example.com", true).await.unwrap(), ONLY_HTTPS);
    assert_eq!(asks("wiki.example.com", false).await, None);
    // Browsers would take it for whatever else listens on this machine.
    for host in ["localhost:4545", "127.0.0.1:4545", "a.localhost"] {
        assert_eq!(asks(host, true).await, None, "{host}");
    }
}

#[tokio::test]
async fn an_address_one_byte_past_the_limit_is_refused() {
    let world = World::local().await;
    let path = |length: usize| format!("/live?{}", "x".repeat(length - "/live?".len()));
    assert_eq!(world.get(&path(URL_BYTES_MAX)).await.status, StatusCode::OK);
    assert_eq!(world.get(&path(URL_BYTES_MAX + 1)).await.status, StatusCode::URI_TOO_LONG);
}

#[tokio::test]
async fn admin_errands_need_the_token() {
    let world = World::local().await;
    assert_eq!(world.get("/api/admin/backup").await.code(), "no_token");
    let wrong = [("authorization", "Bearer 00")];
    let answer = world.ask(Method::GET, "/api/admin/backup", &wrong, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}
