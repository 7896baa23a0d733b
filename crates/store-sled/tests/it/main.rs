//! What the store promises on a disk, and under what a disk does to it.

#![expect(clippy::unwrap_used, reason = "what the tests share is test code too")]

mod compacting;
mod crash;
mod damage;
mod durable;
mod full;
mod golden;
mod journal;
mod opening;
mod packing;
mod quiet;
mod removing;
mod rewriting;
mod rows;
mod trimming;
mod world;

use std::sync::{Arc, Mutex};

use weft_store::contract;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sled_keeps_the_contract() {
    let dirs = Mutex::new(Vec::new());
    contract::run(async || {
        let dir = tempfile::tempdir().unwrap();
        let store = world::open(dir.path());
        dirs.lock().unwrap().push(dir);
        Arc::new(store)
    })
    .await;
    for dir in dirs.into_inner().unwrap() {
        let report = weft_store_sled::check::run(&world::open(dir.path()), |_| {}).unwrap();
        assert_eq!(report.named, [], "and what it leaves is whole");
    }
}
