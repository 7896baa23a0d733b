//! Stores of every format ever released are opened.

use std::io::Read;
use std::path::Path;

use weft_ids::Seq;
use weft_store::codec::Cursor;
use weft_store::{CheckpointKind, Checkpoints};
use weft_store_sled::{Settings, SledStore, check};

use crate::world::{content, fill, open, update};

/// A store of format 1 as it lay on disk. Never regenerate this.
const STORE_1: &[u8] = include_bytes!("../fixtures/store-1.zst");

/// A store of format 3 as a process that was killed left it, its newest commits in the journal. Never regenerate this.
const STORE_3: &[u8] = include_bytes!("../fixtures/store-3.zst");

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
    for info in weft_store::Log::documents(store, None, 100).await.unwrap() {
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
    assert_eq!(format, "weft-store 3\n", "an older program is not to meet what it does not know");
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
