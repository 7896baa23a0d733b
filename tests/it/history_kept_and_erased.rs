//! What the operator asks of history: to keep less of it, and to erase something for good; and a restore that a power cut
//! meets is there whole or not at all.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::{Method, StatusCode};
use rand::RngExt as _;
use serde_json::{Value, json};
use weft_ids::{DocId, Seq, SessionId, UnixMillis};
use weft_store::{Author, Batch, BatchId, Log as _, NewRecord, RecordHash, RecordKind};
use weft_store_sled::{Settings, SledStore};
use weft_tests::http::{ask, encoded, read, update};
use weft_tests::server::Server;
use weft_tests::team::{PASSWORD, Person};
use yrs::updates::decoder::Decode as _;
use yrs::{Doc, GetString as _, Text as _, Transact as _, Update, WriteTxn as _};

const NAME: &str = "a/notes";
const SECRET: &str = "hunter2-and-more";
const LATER: &str = "what was written afterwards";
const DAY: u64 = 86_400_000;

async fn send(at: &str, method: Method, what: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/docs/{}/{what}", encoded(NAME));
    let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
    let answer = ask(at, method, &path, body).await.unwrap();
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}

/// A change of a document that somebody has open: `with` makes it.
fn edit(doc: &Doc, with: impl FnOnce(&yrs::TextRef, &mut yrs::TransactionMut<'_>)) -> Bytes {
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("t");
    with(&text, &mut txn);
    txn.encode_update_v1().into()
}

/// Whether the bytes stand in any file of a folder but its backups.
fn found(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => entry.file_name() != "backups" && found(&entry.path(), bytes),
        _ => std::fs::read(entry.path()).unwrap().windows(bytes.len()).any(|window| window == bytes),
    })
}

fn run(server: &Server, arguments: &[&str]) -> (Option<i32>, String) {
    let output = server.command(arguments).unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_is_nowhere_on_disk_and_the_history_says_that_it_was_done() {
    let mut server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    let client = Doc::with_client_id(77);
    let changes = [
        edit(&client, |text, txn| text.insert(txn, 0, "one two")),
        edit(&client, |text, txn| text.insert(txn, 4, &format!("{SECRET} "))),
        edit(&client, |text, txn| text.insert(txn, 0, "zero ")),
    ];
    for change in changes {
        assert!(update(&at, NAME, change).await.unwrap().status.is_success());
    }
    // Somebody has it as it is now, and goes offline.
    let away = Doc::with_client_id(78);
    let state = read(&at, NAME, "state").await.unwrap().body;
    away.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let named = send(&at, Method::POST, "versions", json!({"name": "with it", "seq": 3})).await.1;
    let other = send(&at, Method::POST, "versions", json!({"name": "before", "seq": 1})).await.1;
    let removed = edit(&client, |text, txn| {
        let start = text.get_string(txn).find(SECRET).unwrap() as u32;
        text.remove_range(txn, start, SECRET.len() as u32 + 1);
    });
    assert!(update(&at, NAME, removed).await.unwrap().status.is_success());
    assert_eq!(read(&at, NAME, "text").await.unwrap().text(), "zero one two");

    let erase = ["erase", NAME, "--text", SECRET, "--reason", "a password", "--yes"];
    let (code, said) = run(&server, &erase);
    assert_eq!(code, Some(3), "a server runs there: {said}");
    assert!(said.contains("in use"), "{said}");
    server.kill().unwrap();
    assert!(found(&server.data(), SECRET.as_bytes()), "it can be found before");
    let backups = server.data().join("backups");
    std::fs::create_dir_all(&backups).unwrap();
    std::fs::write(backups.join("weft-20260101T000000Z.backup"), SECRET).unwrap();
    let (code, said) = run(&server, &["erase", NAME, "--text", SECRET]);
    assert_eq!(code, Some(1), "nobody is there to be asked: {said}");
    assert!(found(&server.data(), SECRET.as_bytes()));

    let (code, said) = run(&server, &erase);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("16 characters") && said.contains("with it"), "{said}");
    assert!(
        said.contains("weft-20260101T000000Z.backup") && said.contains("browsers"),
        "what is left: {said}"
    );
    assert!(!said.contains(SECRET));
    assert!(!found(&server.data(), SECRET.as_bytes()), "it is nowhere on disk");
    assert_eq!(run(&server, &["check"]).0, Some(0), "and the chain is whole");
    let (code, said) = run(&server, &erase);
    assert_eq!(code, Some(1), "once is enough: {said}");

    server.start_again().unwrap();
    let at = server.authority().to_owned();
    assert_eq!(read(&at, NAME, "text").await.unwrap().text(), "zero one two");
    let then =
        ask(&at, Method::GET, &format!("/api/docs/{}/at/3", encoded(NAME)), Bytes::new()).await.unwrap();
    assert!(!then.text().contains("hunter2") && then.text().contains("zero one"), "{}", then.text());
    let (_, timeline) = send(&at, Method::GET, "history", Value::Null).await;
    let newest = &timeline["sessions"][0];
    assert_eq!((&newest["kind"], &newest["authors"]), (&json!("erase"), &json!([])));
    assert_eq!(newest["erased"], json!({"characters": 16, "others": 0, "reason": "a password"}));
    assert_eq!(
        (&newest["to"]["seq"], &timeline["first"]["seq"]),
        (&json!(5), &json!(1)),
        "every change is there"
    );
    for (version, is_same) in [(&other, true), (&named, false)] {
        let (_, now) =
            send(&at, Method::GET, &format!("versions/{}", version["id"].as_str().unwrap()), Value::Null)
                .await;
        assert_eq!(now["hash"] == version["hash"], is_same, "{now}");
    }
    let state = read(&at, NAME, "state").await.unwrap().body;
    away.transact_mut().apply_update(Update::decode_v1(&state).unwrap()).unwrap();
    let text = away.transact_mut().get_or_insert_text("t");
    assert_eq!(text.get_string(&away.transact_mut()), "zero one two", "it goes where somebody still had it");
    let late = edit(&away, |text, txn| text.insert(txn, 0, "and "));
    assert!(update(&at, NAME, late).await.unwrap().status.is_success());
    assert_eq!(read(&at, NAME, "text").await.unwrap().text(), "and zero one two");
}

/// A hundred days of history, a change a day, up to today.
async fn hundred_days(server: &Server) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as u64;
    let client = Doc::with_client_id(77);
    let record = |day: u64| {
        let change = edit(&client, |text, txn| {
            let len = text.get_string(txn).len() as u32;
            text.remove_range(txn, 0, len);
            text.insert(txn, 0, &format!("day {day}"));
        });
        let author = Author { user: None, name: Some(Arc::from("Ann")), session: SessionId(1) };
        let time = UnixMillis(now - (100 - day) * DAY);
        NewRecord { time, author, kind: RecordKind::Edit, update: change }
    };
    let batch = Batch { id: BatchId { writer: 1, number: 1 }, records: (1..=100).map(record).collect() };
    let store = SledStore::open(&server.data(), Settings::default()).unwrap();
    store.import(&DocId::new(NAME).unwrap(), batch.place(Seq::ZERO, RecordHash::FIRST)).await.unwrap();
    drop(store);
}

#[tokio::test(flavor = "multi_thread")]
async fn compacting_drops_what_is_older_than_is_to_be_kept_and_nothing_else() {
    let mut server = Server::start(&["--open"]).unwrap();
    server.kill().unwrap();
    hundred_days(&server).await;
    server.start_again().unwrap();
    let (status, named) =
        send(server.authority(), Method::POST, "versions", json!({"name": "v", "seq": 20})).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, then) = send(server.authority(), Method::GET, "at/20", Value::Null).await;
    server.kill().unwrap();

    let (code, said) = run(&server, &["compact"]);
    assert!(code == Some(0) && !said.contains("Dropped"), "nothing goes that nobody asked for: {said}");
    let (code, said) = run(&server, &["compact", "--history-keep-days", "30"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains("Dropped 69 changes of 1 document")
            || said.contains("Dropped 70 changes of 1 document"),
        "{said}"
    );
    let (code, said) = run(&server, &["compact", "--history-keep-days", "30"]);
    assert!(code == Some(0) && said.contains("Dropped 0 changes of 0 documents"), "{said}");
    let (code, said) = run(&server, &["check"]);
    assert!(code == Some(0) && said.contains("older records are not kept"), "{said}");
    assert!(!found(&server.data(), b"day 40"), "it is not on the disk");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("backup");
    for command in
        [&["backup", file.to_str().unwrap()][..], &["restore", file.to_str().unwrap(), "--replace"]]
    {
        let (code, said) = run(&server, command);
        assert_eq!(code, Some(0), "{command:?}: {said}");
    }
    server.start_again().unwrap();
    let at = server.authority().to_owned();
    assert_eq!(read(&at, NAME, "text").await.unwrap().text(), "day 100");
    let (status, gone) = send(&at, Method::GET, "at/40", Value::Null).await;
    assert_eq!((status, &gone["error"]["code"]), (StatusCode::NOT_FOUND, &json!("gone")));
    let (_, is) = send(&at, Method::GET, "at/20", Value::Null).await;
    assert_eq!(is["tree"], then["tree"]);
    let (_, version) =
        send(&at, Method::GET, &format!("versions/{}", named["id"].as_str().unwrap()), Value::Null).await;
    assert_eq!(version["hash"], named["hash"], "through dropping, compacting, a backup and restarts");
    let (status, done) = send(&at, Method::POST, "restore", json!({"to": 20})).await;
    assert_eq!((status, &done["seq"]), (StatusCode::OK, &json!(101)));
    assert_eq!(read(&at, NAME, "text").await.unwrap().text(), "day 20");
}

/// A command that is killed again and again, each time a little later, until it is done. What a server finds then is
/// looked at each time by `is_done`.
async fn kill_until_done(
    server: &mut Server,
    arguments: &[&str],
    mut is_done: impl AsyncFnMut(&Server) -> bool,
) {
    for life in 1.. {
        let wait = rand::rng().random_range(0..life * 15);
        server.killed(arguments, Duration::from_millis(wait)).unwrap();
        assert_eq!(run(server, &["check"]).0, Some(0));
        server.start_again().unwrap();
        let done = is_done(server).await;
        server.kill().unwrap();
        if done {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasing_that_kill_9_meets_is_done_or_not_begun() {
    let mut server = Server::start(&["--open"]).unwrap();
    let client = Doc::with_client_id(77);
    for word in ["one ", SECRET] {
        let change = edit(&client, |text, txn| {
            let end = text.get_string(txn).len() as u32;
            text.insert(txn, end, word);
        });
        assert!(update(server.authority(), NAME, change).await.unwrap().status.is_success());
    }
    server.kill().unwrap();
    kill_until_done(&mut server, &["erase", NAME, "--text", SECRET, "--yes"], async |server| {
        let (_, timeline) = send(server.authority(), Method::GET, "history", Value::Null).await;
        let done = timeline["sessions"][0]["kind"] == "erase";
        assert_eq!(timeline["head"]["seq"], if done { 3 } else { 2 });
        let text = read(server.authority(), NAME, "text").await.unwrap().text();
        assert_eq!(text, if done { "one ".to_owned() } else { format!("one {SECRET}") });
        assert_eq!(found(&server.data(), SECRET.as_bytes()), !done);
        done
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropping_that_kill_9_meets_has_dropped_all_or_nothing() {
    let mut server = Server::start(&["--open"]).unwrap();
    server.kill().unwrap();
    hundred_days(&server).await;
    kill_until_done(&mut server, &["compact", "--history-keep-days", "30"], async |server| {
        let (_, timeline) = send(server.authority(), Method::GET, "history", Value::Null).await;
        let (status, _) = send(server.authority(), Method::GET, "at/40", Value::Null).await;
        let done = timeline["trimmed"] == true;
        assert_eq!(status, if done { StatusCode::NOT_FOUND } else { StatusCode::OK });
        assert_eq!(timeline["head"]["seq"], 100);
        assert_eq!(read(server.authority(), NAME, "text").await.unwrap().text(), "day 100");
        done
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_kill_9_meets_is_there_whole_or_not_at_all() {
    let mut server = Server::start(&["--open"]).unwrap();
    let client = Doc::with_client_id(77);
    for word in ["old ", "new "] {
        let change = edit(&client, |text, txn| {
            let len = text.get_string(txn).len() as u32;
            text.remove_range(txn, 0, len);
            text.insert(txn, 0, &word.repeat(5000));
        });
        assert!(update(server.authority(), NAME, change).await.unwrap().status.is_success());
    }
    let mut head = 2;
    for life in 0..12 {
        let at = server.authority().to_owned();
        let to = 1 + life % 2;
        let restoring = tokio::spawn(async move { ask_restore(&at, to).await });
        let wait = Duration::from_millis(rand::rng().random_range(0..40));
        tokio::time::sleep(wait).await;
        server.kill().unwrap();
        let answered = restoring.await.unwrap();
        server.start_again().unwrap();
        let (_, timeline) = send(server.authority(), Method::GET, "history", Value::Null).await;
        let now = timeline["head"]["seq"].as_u64().unwrap();
        let text = read(server.authority(), NAME, "text").await.unwrap().text();
        let whole = ["old ", "new "].map(|word| word.repeat(5000));
        assert!(whole.iter().any(|whole| whole.trim() == text.trim()), "never between");
        assert!(now == head || now == head + 1, "one record or none");
        if answered {
            let wished = if to == 1 { "old" } else { "new" };
            assert!(text.starts_with(wished), "what was answered is there");
        }
        head = now;
    }
}

/// Whether it was answered that it is done.
async fn ask_restore(at: &str, to: u64) -> bool {
    let path = format!("/api/docs/{}/restore", encoded(NAME));
    let answer = ask(at, Method::POST, &path, json!({"to": to}).to_string().into()).await;
    answer.is_ok_and(|answer| answer.status.is_success())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_deleted_for_good_is_nowhere_on_disk_and_what_was_erased_is_in_the_audit_log() {
    let mut server = Server::start(&[]).unwrap();
    let olga = Person::set_up(&server).await.unwrap();
    let spaces = olga.does(Method::GET, "/api/spaces", &Value::Null).await.unwrap();
    let page = olga.makes("/api/pages", &json!({ "space": spaces["spaces"][0]["id"] })).await.unwrap();
    let name = format!("page/{page}");
    let change = edit(&Doc::with_client_id(77), |text, txn| text.insert(txn, 0, &SECRET.repeat(99)));
    olga.sends(&format!("/api/docs/{}/update", encoded(&name)), change).await.unwrap();
    let doc = DocId::new(&name).unwrap();
    let stop = async |server: &mut Server| {
        server.terminate().unwrap();
        assert!(server.ended(Duration::from_secs(20)).unwrap().success());
    };

    let (code, said) = run(&server, &["erase", &name, "--from", "1", "--yes"]);
    assert_eq!(code, Some(3), "it runs: {said}");
    stop(&mut server).await;
    let (code, said) = run(&server, &["erase", &name, "--text", SECRET, "--reason", "a password", "--yes"]);
    assert_eq!(code, Some(0), "{said}");
    server.start_again().unwrap();
    let olga = Person::sign_in(server.authority(), "olga@example.com", PASSWORD).await.unwrap();
    let log = olga.does(Method::GET, "/api/audit?kind=history-erased", &Value::Null).await.unwrap();
    let entry = &log["entries"][0];
    assert_eq!((&entry["by"], &entry["object"]["id"]), (&Value::Null, &json!(page)), "{log}");
    assert!(entry["detail"].as_str().unwrap().ends_with(": a password"), "{log}");

    let change = edit(&Doc::with_client_id(78), |text, txn| text.insert(txn, 0, LATER));
    olga.sends(&format!("/api/docs/{}/update", encoded(&name)), change).await.unwrap();
    assert!(found(&server.data(), LATER.as_bytes()));
    let path = format!("/api/pages/{page}");
    olga.does(Method::DELETE, &path, &Value::Null).await.unwrap();
    olga.does(Method::DELETE, &format!("{path}/forever"), &Value::Null).await.unwrap();
    loop {
        // It leaves the disk a little later, and if the server ends before, once it runs again.
        stop(&mut server).await;
        let store = SledStore::open(&server.data(), Settings::default()).unwrap();
        if store.head(&doc).await.unwrap().is_none() {
            break;
        }
        drop(store);
        server.start_again().unwrap();
    }
    assert_eq!(run(&server, &["check"]).0, Some(0));
    assert_eq!(run(&server, &["compact"]).0, Some(0));
    assert!(!found(&server.data(), LATER.as_bytes()));
}
