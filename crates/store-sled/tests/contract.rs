//! The engine-neutral suite on this engine.
use std::sync::Arc;
use std::sync::Mutex;

use weft_store::contract;
use weft_store_sled::{Settings, SledStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sled_keeps_the_contract() {
    let dirs = Mutex::new(Vec::new());
    contract::run(async || {
        let dir = tempfile::tempdir().unwrap();
        let store = SledStore::open(dir.path(), Settings::default()).unwrap();
        dirs.lock().unwrap().push(dir);
        Arc::new(store)
    })
    .await;
}
