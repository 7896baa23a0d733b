//! Killed at any step of what changes a history, a server comes back to it as it was or as it was to be.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde_json::{Value, json};
use tempfile::TempDir;
use weft_ids::{Seq, UnixMillis};
use weft_store_sled::{Disk, Settings as StoreSettings, SledStore, check};

use super::retention::{DAY, ten_days};
use super::*;

/// A disk that copies the store before and after it makes something durable: a copy holds what a server that is killed at
/// that moment leaves.
#[derive(Debug)]
struct Cuts {
    store: PathBuf,
    folder: TempDir,
    /// How many there are, once they are wanted.
    taken: Mutex<Option<usize>>,
}

impl Cuts {
    fn take(&self) {
        if let Some(taken) = &mut *self.taken.lock().unwrap() {
            copy(&self.store, &self.folder.path().join(taken.to_string()));
            *taken += 1;
        }
    }
}

impl Disk for Cuts {
    fn sync(&self, database: &File, _: &Path) -> io::Result<()> {
        self.take();
        database.sync_data()?;
        self.take();
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().flatten() {
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap() {
            kind if kind.is_dir() => copy(&entry.path(), &to),
            _ => drop(std::fs::copy(entry.path(), to).unwrap()),
        }
    }
}

async fn server(store: &Path, disk: Option<Arc<Cuts>>) -> World {
    let mut settings = StoreSettings::default();
    if let Some(disk) = disk {
        settings.disk = disk;
    }
    let store = SledStore::open(store, settings).unwrap();
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
    World::on(Arc::new(store), Settings::default()).await
}

/// Does something with a document of ten days, and gives what a server finds at each step of it.
async fn at_each_step(work: impl AsyncFnOnce(&World)) -> (Arc<Cuts>, usize) {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    let disk = Arc::new(Cuts { store: store.clone(), folder, taken: Mutex::new(None) });
    let world = server(&store, Some(disk.clone())).await;
    ten_days(&world).await;
    let named = world.post("/api/docs/d/versions", r#"{"name":"Draft","seq":3}"#).await;
    assert_eq!(named.status, StatusCode::CREATED, "{named:?}");
    *disk.taken.lock().unwrap() = Some(0);
    work(&world).await;
    let taken = disk.taken.lock().unwrap().take().unwrap();
    (disk, taken)
}

async fn told(world: &World, path: &str) -> Value {
    let answer = world.get(&format!("/api/docs/d/{path}")).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    answer.json()
}

async fn text(world: &World, path: &str) -> String {
    let fields = [("accept", "text/plain")];
    let answer = world.ask(Method::GET, &format!("/api/docs/d/{path}"), &fields, Body::empty()).await;
    assert_eq!(answer.status, StatusCode::OK, "{path}: {answer:?}");
    String::from_utf8(answer.body.to_vec()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_is_there_whole_or_not_at_all() {
    let restore = async |world: &World| {
        let restored = world.post("/api/docs/d/restore", r#"{"to":3}"#).await;
        assert_eq!((restored.status, &restored.json()["seq"]), (StatusCode::OK, &json!(11)), "{restored:?}");
    };
    let (cuts, taken) = at_each_step(restore).await;
    let mut outcomes = Vec::new();
    for at in 0..taken {
        let world = server(&cuts.folder.path().join(at.to_string()), None).await;
        let timeline = told(&world, "history").await;
        let is_there = timeline["head"]["seq"] == 11;
        assert_eq!(text(&world, "text").await, if is_there { "cc" } else { "jj" }, "step {at}");
        if is_there {
            let newest = &timeline["sessions"][0];
            assert_eq!(
                (&newest["kind"], &newest["restored"]["to"]),
                (&json!("restore"), &json!(3)),
                "step {at}"
            );
        } else {
            assert_eq!(timeline["head"]["seq"], 10, "step {at}");
        }
        // Whoever got no answer asks again.
        let again = world.post("/api/docs/d/restore", r#"{"to":3}"#).await;
        assert_eq!(
            (again.status, &again.json()["changed"]),
            (StatusCode::OK, &json!(!is_there)),
            "{again:?}"
        );
        assert_eq!(text(&world, "text").await, "cc");
        outcomes.push(is_there);
    }
    assert!(!outcomes[0] && outcomes[taken - 1] && outcomes.is_sorted(), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn older_changes_are_all_there_or_all_gone() {
    let edge = UnixMillis(6 * DAY);
    let doc = weft_ids::DocId::new("d").unwrap();
    let (cuts, taken) = at_each_step(async |world: &World| {
        let dropped = world.app.history.retain(&doc, edge).await.unwrap().unwrap();
        assert_eq!((dropped.records, dropped.edge), (6, Seq(6)));
    })
    .await;
    let mut outcomes = Vec::new();
    for at in 0..taken {
        let world = server(&cuts.folder.path().join(at.to_string()), None).await;
        let timeline = told(&world, "history").await;
        let is_done = timeline["trimmed"] == true;
        let (first, gone) = if is_done { (6, StatusCode::NOT_FOUND) } else { (1, StatusCode::OK) };
        assert_eq!((&timeline["first"]["seq"], &timeline["head"]["seq"]), (&json!(first), &json!(10)));
        for seq in [1, 2, 4, 5] {
            assert_eq!(
                world.get(&format!("/api/docs/d/at/{seq}")).await.status,
                gone,
                "step {at}, change {seq}"
            );
        }
        for (seq, letter) in [(3, "c"), (6, "f"), (7, "g"), (10, "j")] {
            let then = text(&world, &format!("at/{seq}")).await;
            assert_eq!(then, letter.repeat(2), "step {at}, change {seq}");
        }
        // What was begun is finished the next time.
        let dropped = world.app.history.retain(&doc, edge).await.unwrap();
        assert_eq!(dropped.is_some(), !is_done, "step {at}");
        assert_eq!(told(&world, "history").await["first"]["seq"], 6);
        outcomes.push(is_done);
    }
    assert!(!outcomes[0] && outcomes[taken - 1] && outcomes.is_sorted(), "{outcomes:?}");
}
