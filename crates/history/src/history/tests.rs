use weft_access::{DocRules, Right, Subject, decide};
use weft_hub::{HubSettings, Submission};
use weft_ids::DocId;
use weft_store::MemoryStore;
use weft_wire::Update;

use super::*;

struct World {
    hub: Hub,
    history: History,
}

fn grant() -> Grant {
    let doc = DocId::new("d").unwrap();
    decide(&DocRules::Free { open: true }, &Subject::default(), doc, Right::Write).unwrap()
}

impl World {
    fn new(memory_bytes_max: u64) -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let hub = Hub::new(store.clone(), HubSettings::default());
        let history = History::new(store, hub.clone(), &HistorySettings { memory_bytes_max });
        Self { hub, history }
    }

    /// Client 1 writes "hi", for the `time`th time.
    async fn write(&self, time: u8) {
        let update = vec![1, 1, 1, 2 * time, 4, 1, 1, b't', 2, b'h', b'i', 0];
        let update = Update::scan(update.into()).unwrap();
        self.hub.submit(&grant(), Submission::edit(update)).await.unwrap();
    }
}

#[tokio::test]
async fn a_past_is_built_once_for_all_who_ask_and_grows_with_its_document() {
    let world = World::new(MEMORY_BYTES_DEFAULT);
    assert_eq!(world.history.open(&grant()).await.unwrap_err(), HistoryError::Unknown);
    world.write(0).await;
    let grant = grant();
    let (one, other) = tokio::join!(world.history.open(&grant), world.history.open(&grant));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(Arc::ptr_eq(&one, &other), "who came while it was built got the same");
    assert!(Arc::ptr_eq(&one, &world.history.open(&grant).await.unwrap()));

    world.write(1).await;
    let more = world.history.open(&grant).await.unwrap();
    assert_eq!((one.head(), more.head()), (Seq(1), Seq(2)), "who looks at the old one keeps it");
    assert_eq!(more.moment_at(Seq(2)).unwrap().text(), "hihi");
    assert_eq!(more.moment_at(Seq(3)).unwrap_err(), HistoryError::NoMoment { asked: Seq(3), head: Seq(2) });
}

#[tokio::test]
async fn a_past_larger_than_the_memory_for_pasts_is_used_and_dropped() {
    let world = World::new(1);
    world.write(0).await;
    let one = world.history.open(&grant()).await.unwrap();
    let other = world.history.open(&grant()).await.unwrap();
    assert_eq!(other.now().text(), "hi");
    assert!(!Arc::ptr_eq(&one, &other));
}

#[tokio::test]
async fn who_stops_waiting_does_not_stop_it_for_others() {
    let world = World::new(MEMORY_BYTES_DEFAULT);
    for time in 0..20 {
        world.write(time).await;
    }
    let grant = grant();
    {
        let mut gone = Box::pin(world.history.open(&grant));
        // Once: it has begun then.
        let _ = futures_once(gone.as_mut()).await;
    }
    assert_eq!(world.history.open(&grant).await.unwrap().head(), Seq(20));
}

/// Looks at a future once.
async fn futures_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    std::future::poll_fn(|context| {
        std::task::Poll::Ready(match future.as_mut().poll(context) {
            std::task::Poll::Ready(value) => Some(value),
            std::task::Poll::Pending => None,
        })
    })
    .await
}
