//! Over HTTP, of what is older than the operator keeps: the edge is named, versions are there, all else goes on.

use serde_json::{Value, json};
use weft_ids::{DocId, Seq, SessionId, UnixMillis};
use weft_store::{Author, Batch, BatchId, NewRecord, RecordHash, RecordKind};

use super::*;
use crate::packing;

pub(super) const DAY: u64 = 86_400_000;

/// The document `d`: a word a day for ten days, by Ann and Ben in turn; every word but the last is deleted by the next.
pub(super) async fn ten_days(world: &World) -> DocId {
    let doc = DocId::new("d").unwrap();
    let record = |day: u64| {
        let clock = 2 * day as u8;
        let mut update = self::update(clock);
        let word = update.len() - 3..update.len() - 1;
        update[word].fill(b'a' + day as u8);
        if day > 0 {
            update.truncate(update.len() - 1);
            update.extend([1, 1, 1, clock - 2, 2]);
        }
        let name = if day.is_multiple_of(2) { "Ann" } else { "Ben" };
        let author = Author { user: None, name: Some(name.into()), session: SessionId(1) };
        NewRecord { time: UnixMillis(day * DAY), author, kind: RecordKind::Edit, update: update.into() }
    };
    let batch = Batch { id: BatchId { writer: 1, number: 1 }, records: (0..10).map(record).collect() };
    let records = batch.place(Seq::ZERO, RecordHash::FIRST);
    world.app.store.import(&doc, records).await.unwrap();
    doc
}

async fn told(world: &World, path: &str) -> Value {
    let answer = world.get(&format!("/api/docs/d/{path}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

#[tokio::test]
async fn before_the_edge_only_named_versions_are_kept_and_everything_says_so() {
    let world = World::local().await;
    let doc = ten_days(&world).await;
    let named = world.post("/api/docs/d/versions", r#"{"name":"Draft","seq":3}"#).await;
    assert_eq!(named.status, StatusCode::CREATED, "{named:?}");
    let version = named.json()["id"].as_str().unwrap().to_owned();
    let (before, after) = (told(&world, "at/3").await, told(&world, "at/8").await);
    let hash = told(&world, &format!("versions/{version}")).await["hash"].clone();
    let difference = told(&world, "diff?from=7&to=9").await;

    assert_eq!(world.app.history.retain(&doc, UnixMillis(0)).await.unwrap(), None, "nothing is older");
    let dropped = world.app.history.retain(&doc, UnixMillis(6 * DAY)).await.unwrap().unwrap();
    assert_eq!((dropped.records, dropped.edge, dropped.versions), (6, Seq(6), 1));
    assert_eq!(
        world.app.history.retain(&doc, UnixMillis(6 * DAY)).await.unwrap(),
        None,
        "and once is enough"
    );

    for gone in ["at/1", "at/5", "diff?from=2&to=9", "blame?at=4", "history/density?from=1", "at?time=100"] {
        let answer = world.get(&format!("/api/docs/d/{gone}")).await;
        assert_eq!((answer.status, answer.code()), (StatusCode::NOT_FOUND, "gone".into()), "{gone}");
        let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("before 7"), "it names the edge: {message}");
    }
    assert_eq!(world.get("/api/docs/d/at/11").await.code(), "unknown_seq");
    let copied = world.post("/api/docs/d/copy", r#"{"at":2}"#).await;
    assert_eq!(copied.code(), "gone");
    let refused = world.post("/api/docs/d/versions", r#"{"name":"Lost","seq":4}"#).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::NOT_FOUND, "gone".into()));
    for wish in [json!({"to": 5}), json!({"from": 1, "to": 9, "author": "name:Ann"})] {
        let refused = world.post("/api/docs/d/restore", wish.to_string()).await;
        assert_eq!(refused.code(), "gone", "{wish}");
    }

    assert_eq!(told(&world, "at/8").await, after);
    let is = told(&world, "at/3").await;
    assert_eq!((&is["tree"], &is["author"]), (&before["tree"], &Value::Null), "who wrote it is forgotten");
    assert_eq!(told(&world, &format!("versions/{version}")).await["hash"], hash);
    assert_eq!(told(&world, "diff?from=7&to=9").await, difference);
    let across = told(&world, "diff?from=3&to=10").await;
    assert_eq!(across["authors"][0]["key"], "earlier");
    assert_eq!(across["summary"]["added"], 2);

    let timeline = told(&world, "history").await;
    assert_eq!(
        (&timeline["trimmed"], &timeline["first"]["seq"], &timeline["next"]),
        (&json!(true), &json!(6), &Value::Null)
    );
    let oldest = timeline["sessions"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(
        (&oldest["kind"], &oldest["authors"], &oldest["to"]["seq"]),
        (&json!("earlier"), &json!([]), &json!(6))
    );
    let density = told(&world, "history/density?by=seq").await;
    let records: u64 = density["buckets"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|bucket| {
            bucket["changes"]
                .as_object()
                .unwrap()
                .values()
                .map(|count| count["records"].as_u64().unwrap())
                .collect::<Vec<_>>()
        })
        .sum();
    assert_eq!(
        (&density["from"]["seq"], records),
        (&json!(6), 4),
        "what stands for the older ones is no change"
    );
    let versions = told(&world, "versions").await;
    let seqs: Vec<u64> =
        versions["versions"].as_array().unwrap().iter().map(|it| it["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [10, 9, 8, 7, 6, 3], "of the versions that nobody named, those after the edge are left");
}

#[tokio::test]
async fn a_kept_version_is_brought_back_and_one_that_lost_its_name_goes_the_next_time() {
    let world = World::local().await;
    let doc = ten_days(&world).await;
    let mut ids = Vec::new();
    for seq in [2, 4] {
        let named = world.post("/api/docs/d/versions", format!(r#"{{"name":"v{seq}","seq":{seq}}}"#)).await;
        ids.push(named.json()["id"].as_str().unwrap().to_owned());
    }
    // Also one that is open, all of whose records go.
    assert_eq!(&world.get("/api/docs/d/text").await.body[..], b"jj");
    world.app.history.retain(&doc, UnixMillis(11 * DAY)).await.unwrap().unwrap();
    assert_eq!(told(&world, "history").await["first"], told(&world, "history").await["head"]);

    let restored = world.post("/api/docs/d/restore", r#"{"to":2}"#).await;
    assert_eq!((restored.status, &restored.json()["seq"]), (StatusCode::OK, &json!(11)), "{restored:?}");
    let hash = |of: Value| of["hash"].clone();
    let (then, now) = (told(&world, &format!("versions/{}", ids[0])).await, told(&world, "at/11").await);
    assert_eq!(now["tree"]["roots"]["t"]["delta"], told(&world, "at/2").await["tree"]["roots"]["t"]["delta"]);
    assert!(hash(then).is_string());

    let removed =
        world.ask(Method::DELETE, &format!("/api/docs/d/versions/{}", ids[1]), &[], Body::empty()).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    let dropped = world.app.history.retain(&doc, UnixMillis(11 * DAY)).await.unwrap().unwrap();
    assert_eq!((dropped.records, dropped.versions), (0, 1), "nothing but what lost its name");
    assert_eq!(world.get("/api/docs/d/at/4").await.code(), "gone");
    told(&world, "at/2").await;
}

#[tokio::test]
async fn notes_of_restores_go_with_their_records_and_the_others_stay() {
    let world = World::local().await;
    let doc = ten_days(&world).await;
    for to in [3, 6] {
        let restored = world.post("/api/docs/d/restore", format!(r#"{{"to":{to},"by":"Ann"}}"#)).await;
        assert_eq!(restored.status, StatusCode::OK, "{restored:?}");
    }
    let notes = async || world.app.store.list("restore/", None, 99).await.unwrap().len();
    assert_eq!(notes().await, 4);
    // As erasing leaves them, before the edge and at the head.
    for seq in [3, 12] {
        let key = format!("erasure/d\0{seq:020}");
        world.app.store.put(&key, Bytes::from_static(b"{}"), weft_store::Expect::Any).await.unwrap();
    }
    let erasures = async || world.app.store.list("erasure/", None, 99).await.unwrap().len();
    world.app.history.retain(&doc, UnixMillis(6 * DAY)).await.unwrap().unwrap();
    assert_eq!((notes().await, erasures().await), (4, 1), "the restores are of today");
    world.app.history.retain(&doc, UnixMillis(u64::MAX)).await.unwrap().unwrap();
    assert_eq!((notes().await, erasures().await), (0, 0));
}

#[tokio::test]
async fn every_document_that_is_old_enough_is_seen_to_and_no_other() {
    let world = World::local().await;
    ten_days(&world).await;
    for name in ["new", "other"] {
        assert_eq!(
            world.post(&format!("/api/docs/{name}/update"), update(0)).await.status,
            StatusCode::CREATED
        );
    }
    packing::drop_older(&world.app, None).await.unwrap();
    assert_eq!(told(&world, "history").await["trimmed"], false, "nothing goes that nobody asked for");
    packing::drop_older(&world.app, Some(4 * DAY)).await.unwrap();
    assert_eq!(told(&world, "history").await["first"]["seq"], 4);
    let new = world.get("/api/docs/new/history").await.json();
    assert_eq!((&new["trimmed"], &new["first"]["seq"]), (&json!(false), &json!(1)));
}
