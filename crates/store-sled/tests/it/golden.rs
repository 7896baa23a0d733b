//! Stores of every format ever released are opened.

use std::io::Read;
use std::path::Path;

use weft_ids::Seq;
use weft_store::codec::Cursor;
use weft_store::contract::{base, batch, doc};
use weft_store::{CheckpointKind, Checkpoints, Log, Upkeep};
use weft_store_sled::{Settings, SledStore, check};

use crate::world::{content, fill, open, update};

/// A store of format 1 as it lay on disk. Never regenerate this.
const STORE_1: &[u8] = include_bytes!("../fixtures/store-1.zst");

/// A store of format 3 as a process that was killed left it, its newest commits in the journal. Never regenerate this.
const STORE_3: &[u8] = include_bytes!("../fixtures/store-3.zst");

/// A store of format 4, two of whose documents begin with a base. Never regenerate this.
const STORE_4: &[u8] = include_bytes!("../fixtures/store-4.zst");

/// Unpacks what a packer made: names and contents, each with its length.
fn unpack(packed: &[u8], dir: &Path) {
    let mut bytes = Vec::new();
    zstd::Decoder::new(packed).unwrap().read_to_end(&mut bytes).unwrap();
    let mut cursor = Cursor::new(&bytes);
    while cursor.left() > 0 {
        let path = dir.join(std::str::from_utf8(cursor.bytes().unwrap()).unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, cursor.bytes().unwrap()).unwrap();
    }
}

async fn is_as_filled(store: &SledStore) {
    assert_eq!(check::run(store, |_| {}).unwrap().named, []);
    let dir = tempfile::tempdir().unwrap();
    let expected = open(dir.path());
    fill(&expected).await;
    assert!(content(store).await.unwrap() == content(&expected).await.unwrap());
    for info in store.documents(None, 100).await.unwrap() {
        let index = info.doc.as_str().strip_prefix("document ").unwrap().parse().unwrap();
        let checkpoint = store.newest(&info.doc, CheckpointKind::Live, Seq(41)).await.unwrap().unwrap();
        assert!(checkpoint.state == update(index, 3000) && checkpoint.seq == Seq(30));
    }
}

#[tokio::test]
async fn a_store_of_format_1_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    unpack(STORE_1, dir.path());
    is_as_filled(&open(dir.path())).await;
    let format = std::fs::read_to_string(dir.path().join("FORMAT")).unwrap();
    assert_eq!(format, "weft-store 4\n", "an older program is not to meet what it does not know");
}

#[tokio::test]
async fn a_store_of_format_3_is_opened_with_its_journal() {
    let (dir, without) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    unpack(STORE_3, dir.path());
    is_as_filled(&open(dir.path())).await;
    unpack(STORE_3, without.path());
    std::fs::remove_file(without.path().join("store-1/JOURNAL")).unwrap();
    assert!(SledStore::open(without.path(), Settings::default()).is_err(), "the journal holds some of it");
}

/// The documents of [`STORE_4`], as its maker left them.
async fn trimmed(store: &SledStore) {
    for (name, edge) in [("long", 31), ("quiet", 60), ("whole", 0)] {
        for number in 0..20 {
            store.append(&doc(name), batch(number, &["one", "two", "three"])).await.unwrap();
        }
        if edge > 0 {
            let records = crate::world::records(store, &doc(name)).await.unwrap();
            store.trim(&doc(name), base(&records, &[3, 11], edge)).await.unwrap();
        }
    }
    store.pack(&doc("long"), Seq(50)).await.unwrap();
}

#[tokio::test]
async fn a_store_of_format_4_is_opened() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    unpack(STORE_4, dir.path());
    let (store, expected) = (open(dir.path()), open(other.path()));
    assert_eq!(check::run(&store, |_| {}).unwrap().named, []);
    trimmed(&expected).await;
    for name in ["long", "quiet", "whole"] {
        let base = store.base(&doc(name)).await.unwrap();
        assert_eq!(base, expected.base(&doc(name)).await.unwrap());
        let after = base.map_or(Seq::ZERO, |base| base.seq);
        let records = store.read(&doc(name), after, usize::MAX).await;
        assert_eq!(records, expected.read(&doc(name), after, usize::MAX).await);
    }
    assert_eq!(store.documents(None, 9).await, expected.documents(None, 9).await);
    assert_eq!(store.append(&doc("quiet"), batch(20, &["more"])).await, Ok(Seq(61)));
}
