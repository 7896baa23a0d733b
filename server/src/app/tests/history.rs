//! The routes below `/api/docs/{name}` that tell of the past.

use super::*;
use crate::http::history::RESTORE_PARTS_MAX;

/// Three changes: client 1 writes "hi" twice, then deletes the first letter.
async fn told() -> World {
    let world = World::local().await;
    world.post("/api/docs/d/update", update(0)).await;
    world.post("/api/docs/d/update", update(2)).await;
    world.post("/api/docs/d/update", vec![0, 1, 1, 1, 0, 1]).await;
    world
}

#[tokio::test]
async fn the_timeline_tells_the_sessions_with_their_people() {
    let world = told().await;
    let answer = world.get("/api/docs/d/history").await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    let told = answer.json();
    assert_eq!((&told["first"]["seq"], &told["head"]["seq"]), (&1.into(), &3.into()));
    let sessions = told["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 1);
    assert_eq!(sessions[0]["kind"], "edit");
    assert_eq!(sessions[0]["records"], 3);
    assert_eq!((&sessions[0]["added"], &sessions[0]["removed"]), (&4.into(), &1.into()));
    assert_eq!(told["next"], serde_json::Value::Null);
    let keys: Vec<_> = told["authors"].as_array().unwrap().iter().map(|author| &author["key"]).collect();
    let named: Vec<_> = sessions[0]["authors"].as_array().unwrap().iter().collect();
    assert_eq!(keys, named);

    let earlier = world.get("/api/docs/d/history?before=3&limit=1").await.json();
    assert_eq!(earlier["sessions"][0]["to"]["seq"], 2);
    let none = world.get("/api/docs/d/history?before=1").await.json();
    assert_eq!(none["sessions"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn the_density_counts_every_change_once() {
    let world = told().await;
    for by in ["time", "seq"] {
        let told = world.get(&format!("/api/docs/d/history/density?buckets=2&by={by}")).await.json();
        assert_eq!(told["by"], by);
        let buckets = told["buckets"].as_array().unwrap();
        let changes = buckets.iter().flat_map(|bucket| bucket["changes"].as_object().unwrap().values());
        assert_eq!(changes.map(|count| count["records"].as_u64().unwrap()).sum::<u64>(), 3, "{told}");
    }
    let part = world.get("/api/docs/d/history/density?from=2&to=2").await.json();
    assert_eq!((&part["from"]["seq"], &part["to"]["seq"]), (&2.into(), &2.into()));
}

#[tokio::test]
async fn a_moment_is_told_in_three_forms_by_change_and_by_time() {
    let world = told().await;
    for (seq, text) in [(0, ""), (1, "hi"), (2, "hihi"), (3, "hii")] {
        let path = format!("/api/docs/d/at/{seq}");
        let tree = world.get(&path).await;
        assert_eq!(
            (tree.header("content-type"), tree.header("weft-seq")),
            ("application/json", &*seq.to_string())
        );
        assert_eq!(tree.header("vary"), "accept");
        let json = tree.json();
        assert_eq!(json["seq"], seq);
        assert_eq!(json["author"].is_null(), seq == 0);
        assert_eq!(json["tree"]["roots"]["t"]["delta"][0]["insert"].as_str().unwrap_or_default(), text);

        let plain = world.ask(Method::GET, &path, &[("accept", "text/plain")], Body::empty()).await;
        assert_eq!(
            (plain.header("content-type"), plain.body.as_ref()),
            ("text/plain; charset=utf-8", text.as_bytes())
        );
        let state =
            world.ask(Method::GET, &path, &[("accept", "application/octet-stream")], Body::empty()).await;
        if seq > 0 {
            world.post(&format!("/api/docs/copy{seq}/update"), state.body.clone()).await;
            assert_eq!(world.get(&format!("/api/docs/copy{seq}/text")).await.body, text);
        }
        let tag = state.header("etag").to_owned();
        assert_ne!(tag, plain.header("etag"));
        let again = [("accept", "application/octet-stream"), ("if-none-match", &*tag)];
        let again = world.ask(Method::GET, &path, &again, Body::empty()).await;
        assert_eq!((again.status, again.body.len()), (StatusCode::NOT_MODIFIED, 0));
    }
    let time = world.get("/api/docs/d/at/3").await.json()["time"].as_u64().unwrap();
    assert_eq!(world.get(&format!("/api/docs/d/at?time={time}")).await.header("weft-seq"), "3");
    assert_eq!(world.get("/api/docs/d/at?time=1").await.header("weft-seq"), "0");
}

#[tokio::test]
async fn questions_that_make_no_sense_are_answered_with_what_is_wrong() {
    let world = told().await;
    for (path, status, code) in [
        ("/api/docs/nobody/history", 404, "unknown_document"),
        ("/api/docs/nobody/at/0", 404, "unknown_document"),
        ("/api/docs/d/history?limit=0", 422, "malformed"),
        ("/api/docs/d/history?before=9007199254740991", 422, "malformed"),
        ("/api/docs/d/history?limit=201", 422, "malformed"),
        ("/api/docs/d/history?limit=x", 422, "malformed"),
        ("/api/docs/d/history?before=0", 422, "malformed"),
        ("/api/docs/d/history?before=-1", 422, "malformed"),
        ("/api/docs/d/history/density?buckets=0", 422, "malformed"),
        ("/api/docs/d/history/density?buckets=1001", 422, "malformed"),
        ("/api/docs/d/history/density?by=colour", 422, "malformed"),
        ("/api/docs/d/history/density?from=3&to=2", 422, "malformed"),
        ("/api/docs/d/history/density?to=4", 404, "unknown_seq"),
        ("/api/docs/d/history/density?from=4", 404, "unknown_seq"),
        ("/api/docs/d/at/4", 404, "unknown_seq"),
        ("/api/docs/d/at/x", 422, "malformed"),
        ("/api/docs/d/at/-1", 422, "malformed"),
        ("/api/docs/d/at/", 422, "malformed"),
        ("/api/docs/d/at/99999999999999999999", 422, "malformed"),
        ("/api/docs/d/at", 422, "malformed"),
        ("/api/docs/d/at/1?time=1", 422, "malformed"),
        ("/api/docs/d/at?time=soon", 422, "malformed"),
        ("/api/docs/d/history/else", 404, "not_found"),
    ] {
        let answer = world.get(path).await;
        assert_eq!((answer.status.as_u16(), &*answer.code()), (status, code), "{path}");
    }
    let picture = world.ask(Method::GET, "/api/docs/d/at/1", &[("accept", "image/png")], Body::empty()).await;
    assert_eq!((picture.status.as_u16(), &*picture.code()), (406, "not_acceptable"));
    let posted = world.post("/api/docs/d/history", Vec::new()).await;
    assert_eq!((posted.status.as_u16(), &*posted.code()), (405, "method"));

    let parts = |count: usize| serde_json::json!({ "to": 1, "blocks": vec!["1:0"; count] }).to_string();
    for (count, code) in
        [(0, "malformed"), (RESTORE_PARTS_MAX, "unknown_block"), (RESTORE_PARTS_MAX + 1, "malformed")]
    {
        assert_eq!(world.post("/api/docs/d/restore", parts(count)).await.code(), code, "{count} blocks");
    }

    let far = told().await.seen_from("192.0.2.1:9");
    for path in ["/api/docs/d/history", "/api/docs/d/history/density", "/api/docs/d/at/1"] {
        assert_eq!(far.get(path).await.code(), "not_allowed");
    }
}
