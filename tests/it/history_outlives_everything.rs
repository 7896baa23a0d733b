//! What a document was stays what it was: after `kill -9`, after packing and compacting, and after a backup was restored;
//! the hash of a version says so. And every wrong question about it gets a clear answer.

use bytes::Bytes;
use hyper::{Method, StatusCode};
use serde_json::{Value, json};
use weft_tests::http::{ask, encoded, read, update};
use weft_tests::server::Server;
use yrs::{Doc, Map, Text, Transact, WriteTxn};

const NAME: &str = "a/história";
const WORDS: [&str; 4] = ["one ", "two ", "three ", "four "];

async fn send(at: &str, method: Method, what: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/docs/{}/{what}", encoded(NAME));
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let answer = ask(at, method, &path, body).await.unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// Types long enough that there is something to pack, word by word, each a change of its own.
async fn type_words(at: &str) {
    let doc = Doc::with_client_id(77);
    for number in 0..1_200_i64 {
        let bytes = {
            let mut txn = doc.transact_mut();
            let text = txn.get_or_insert_text("t");
            text.insert(&mut txn, 0, WORDS[number as usize % WORDS.len()]);
            if number % 100 == 0 {
                txn.get_or_insert_map("m").insert(&mut txn, "n", number);
            }
            txn.encode_update_v1()
        };
        assert!(update(at, NAME, bytes.into()).await.unwrap().status.is_success());
    }
}

/// What can be asked of some moments, and the versions with their hashes.
async fn told(at: &str) -> Value {
    let mut moments = Vec::new();
    for seq in [0, 1, 7, 600, 1_199, 1_200] {
        moments.push(send(at, Method::GET, &format!("at/{seq}"), Value::Null).await);
    }
    let (_, list) = send(at, Method::GET, "versions", Value::Null).await;
    let mut versions = Vec::new();
    for version in list["versions"].as_array().unwrap() {
        let id = version["id"].as_str().unwrap();
        versions.push(send(at, Method::GET, &format!("versions/{id}"), Value::Null).await.1);
    }
    let (_, blame) = send(at, Method::GET, "blame?at=600&deleted=true", Value::Null).await;
    let (_, diff) = send(at, Method::GET, "diff?from=590&to=600", Value::Null).await;
    let moments: Vec<Value> =
        moments.into_iter().map(|(status, tree)| json!([status.as_u16(), tree])).collect();
    json!({"moments": moments, "versions": versions, "blame": blame, "diff": diff})
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_moments_outlive_a_crash_compaction_and_a_backup() {
    let mut server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    type_words(&at).await;
    for (name, seq) in [("half", Some(600)), ("all", None)] {
        let body = seq.map_or(json!({"name": name}), |seq| json!({"name": name, "seq": seq, "by": "Ann"}));
        assert_eq!(send(&at, Method::POST, "versions", body).await.0, StatusCode::CREATED);
    }
    let (status, done) = send(&at, Method::POST, "restore", json!({"to": 600, "by": "Ann"})).await;
    assert_eq!((status, &done["seq"], &done["changed"]), (StatusCode::OK, &json!(1_201), &json!(true)));
    let before = told(&at).await;
    assert_eq!(before["versions"].as_array().unwrap().len(), 3, "two named ones, and the restore");
    let text = read(&at, NAME, "text").await.unwrap().text();
    assert_eq!(text.len(), WORDS.concat().len() * 150, "600 words are back");

    server.kill().unwrap();
    server.start_again().unwrap();
    assert_eq!(told(server.authority()).await, before, "after kill -9");

    server.kill().unwrap();
    let compacted = server.command(&["compact"]).unwrap();
    assert!(compacted.status.success(), "{}", String::from_utf8_lossy(&compacted.stderr));
    server.start_again().unwrap();
    assert_eq!(told(server.authority()).await, before, "after weft compact");

    server.kill().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    let file = file.to_str().unwrap();
    for command in [&["backup", file][..], &["restore", file, "--replace"], &["check"]] {
        let output = server.command(command).unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    server.start_again().unwrap();
    let at = server.authority().to_owned();
    assert_eq!(told(&at).await, before, "after a backup was restored");
    assert_eq!(read(&at, NAME, "text").await.unwrap().text(), text);

    // What was named can be brought back, and has the hash that its name noted.
    let (_, version) = send(&at, Method::GET, "versions", Value::Null).await;
    let all = version["versions"]
        .as_array()
        .unwrap()
        .iter()
        .find(|version| version["name"] == "all")
        .unwrap()
        .clone();
    let (_, done) = send(&at, Method::POST, "restore", json!({"to": all["seq"]})).await;
    let body = json!({"name": "again", "seq": done["seq"]});
    let (_, again) = send(&at, Method::POST, "versions", body).await;
    assert_eq!(again["hash"], all["hash"], "the same content");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_questions_about_the_past_are_answered_clearly_and_change_nothing() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    type_words(&at).await;
    let get = Method::GET;
    let post = Method::POST;
    let none = Value::Null;
    for (method, what, body, status, code) in [
        (&get, "at/1201", none.clone(), 404, "unknown_seq"),
        (&get, "at/x", none.clone(), 422, "malformed"),
        (&get, "at", none.clone(), 422, "malformed"),
        (&get, "at/1?time=3", none.clone(), 422, "malformed"),
        (&get, "diff?from=7&to=3", none.clone(), 422, "malformed"),
        (&get, "diff?from=7", none.clone(), 422, "malformed"),
        (&get, "diff?from=7&to=9999", none.clone(), 404, "unknown_seq"),
        (&get, "history?limit=0", none.clone(), 422, "malformed"),
        (&get, "history/density?buckets=1001", none.clone(), 422, "malformed"),
        (&get, "blame?ids=7", none.clone(), 422, "malformed"),
        (&get, "blame?ids=5:0+1", none.clone(), 404, "unknown_element"),
        (&get, "blame?at=9999", none.clone(), 404, "unknown_seq"),
        (&get, "versions/nothing", none.clone(), 404, "unknown_version"),
        (&post, "versions", json!({"name": ""}), 422, "bad_version_name"),
        (&post, "versions", json!({"name": "x".repeat(101)}), 422, "bad_version_name"),
        (&post, "versions", json!({"name": "x", "seq": 9999}), 404, "unknown_seq"),
        (&post, "restore", json!({}), 422, "malformed"),
        (&post, "restore", json!({"to": 1, "block": ["77:0"]}), 422, "malformed"),
        (&post, "restore", json!({"to": 1, "blocks": []}), 422, "malformed"),
        (&post, "restore", json!({"to": 1, "blocks": ["x"]}), 422, "malformed"),
        (&post, "restore", json!({"to": 1, "blocks": ["5:0"]}), 404, "unknown_block"),
        (&post, "restore", json!({"to": 1, "keys": ["nothing"]}), 404, "unknown_block"),
        (&post, "restore", json!({"to": 1, "blocks": ["77:0"], "keys": ["t"]}), 422, "malformed"),
        (&post, "restore", json!({"to": 9999}), 404, "unknown_seq"),
        (&post, "restore", json!({"from": 7, "to": 3}), 422, "malformed"),
        (&post, "restore", json!({"from": 3, "to": 7, "author": "name:Nobody"}), 404, "unknown_author"),
        (&post, "copy", json!({"at": 0}), 422, "nothing_to_copy"),
        (&post, "copy", json!({"at": 9999}), 404, "unknown_seq"),
        (&post, "copy", json!({"at": 1, "name": NAME}), 409, "exists"),
        (&post, "copy", json!({"at": 1, "name": ""}), 422, "malformed"),
    ] {
        let (answered, said) = send(&at, method.clone(), what, body.clone()).await;
        assert_eq!(
            (answered.as_u16(), said["error"]["code"].as_str()),
            (status, Some(code)),
            "{what} {body}: {said}"
        );
        assert!(said["error"]["message"].as_str().is_some_and(|message| !message.is_empty()), "{said}");
    }
    let unknown = ask(&at, get, "/api/docs/nobody/history", Bytes::new()).await.unwrap();
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
    let (_, timeline) = send(&at, Method::GET, "history", Value::Null).await;
    assert_eq!(timeline["head"]["seq"], json!(1_200), "nothing was stored");
}
