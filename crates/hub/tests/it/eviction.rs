//! Open documents take no more memory than they may, as far as those nobody uses can help it.

use std::time::Duration;

use tokio::time::timeout;
use weft_hub::{Hub, HubSettings, Status, Submission};
use weft_wire::{ClientMessage, Update, varint};

use crate::world::{Client, grant, store, typed};

/// Every document takes at least 4 KiB, and about ten times its text.
const MEMORY: u64 = 100_000;
const FOR_EVER: Duration = Duration::from_secs(100_000);

fn small_hub(store: &std::sync::Arc<weft_store::fault::FaultyStore>) -> Hub {
    let settings = HubSettings { idle_after: FOR_EVER, memory_bytes_max: MEMORY, ..HubSettings::default() };
    Hub::new(store.clone(), settings)
}

async fn until(hub: &Hub, wanted: impl Fn(Status) -> bool) -> Status {
    timeout(Duration::from_secs(20), async {
        while !wanted(hub.status()) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        hub.status()
    })
    .await
    .unwrap_or_else(|_| panic!("it stays so: {:?}", hub.status()))
}

/// A first text of `length` letters.
fn page(length: usize) -> Update {
    let mut bytes = vec![1, 1, 9, 0, 4, 1, 1, b't'];
    varint::write_string(&mut bytes, &"x".repeat(length));
    bytes.push(0);
    Update::scan(bytes.into()).unwrap()
}

#[tokio::test]
async fn idle_documents_are_closed_when_memory_is_short_busy_ones_stay_and_nothing_is_lost() {
    let store = store();
    let hub = small_hub(&store);
    let busy: Vec<Client> = (0..5).map(|n| Client::join(&hub, &format!("busy {n}"))).collect();
    for client in &busy {
        client.type_letter(1, 0, b'a').await;
        client.is_saved().await;
    }
    for n in 0..60 {
        let name = format!("idle {n}");
        let client = Client::join(&hub, &name);
        client.type_letter(1, 0, b'a').await;
        // Some leave before they are told that it is saved.
        if n % 2 == 0 {
            client.is_saved().await;
        }
    }
    let status = until(&hub, |status| status.memory_bytes <= MEMORY && status.sessions == 5).await;
    assert!(status.rooms > 5, "those that fit stay open: {status:?}");
    for client in &busy {
        client.type_letter(1, 1, b'b').await;
        client.is_saved().await;
    }
    for n in 0..60 {
        assert_eq!(hub.text(&grant(&format!("idle {n}"))).await.unwrap().0, "a");
    }
    for n in 0..5 {
        assert_eq!(hub.text(&grant(&format!("busy {n}"))).await.unwrap().0, "ab");
    }
    until(&hub, |status| status.memory_bytes <= MEMORY).await;
}

#[tokio::test]
async fn a_document_that_grows_closes_idle_ones_too_those_idle_longest_first() {
    let store = store();
    let hub = small_hub(&store);
    for n in 0..10 {
        hub.submit(&grant(&format!("idle {n}")), Submission::edit(typed(1, 0, b'a'))).await.unwrap();
    }
    let busy = Client::join(&hub, "busy");
    assert_eq!(until(&hub, |status| status.rooms == 11).await.rooms, 11);
    busy.say(ClientMessage::Update(page(7_000))).await;
    busy.is_saved().await;
    let status = until(&hub, |status| status.memory_bytes <= MEMORY).await;
    assert!((2..11).contains(&status.rooms), "{status:?}");
    // Those that were closed are the ones nobody needed for longest.
    let reads = store.faults().calls(weft_store::fault::Op::Read);
    assert_eq!(hub.text(&grant("idle 9")).await.unwrap().0, "a");
    assert_eq!(store.faults().calls(weft_store::fault::Op::Read), reads, "it was open");
    assert_eq!(hub.text(&grant("idle 0")).await.unwrap().0, "a");
    assert!(store.faults().calls(weft_store::fault::Op::Read) > reads, "it was closed");
}

#[tokio::test]
async fn busy_documents_alone_may_take_more_memory_than_there_is_and_one_that_falls_idle_goes_at_once() {
    let store = store();
    let hub = small_hub(&store);
    let (one, other) = (Client::join(&hub, "one"), Client::join(&hub, "other"));
    for client in [&one, &other] {
        client.say(ClientMessage::Update(page(9_000))).await;
        client.is_saved().await;
    }
    assert!(hub.status().memory_bytes > MEMORY);
    assert_eq!(hub.status().rooms, 2);
    drop(one);
    let status = until(&hub, |status| status.rooms == 1).await;
    assert!(status.memory_bytes <= MEMORY, "{status:?}");
    other.type_letter(1, 0, b'b').await;
    other.is_saved().await;
    assert_eq!(hub.text(&grant("one")).await.unwrap().0.len(), 9_000);
}
