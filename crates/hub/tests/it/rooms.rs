//! Rooms over a store that is slow or fails: opening, saving, closing.

use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Instant, timeout};
use weft_hub::{Bell, Hub, HubError, HubSettings, Joining, Mail, Submission};
use weft_ids::{DocId, Seq, SessionId, UnixMillis};
use weft_store::fault::{Fault, Op};
use weft_store::{
    Author, Batch, BatchId, CheckpointKind, Checkpoints, Log, NewRecord, RecordKind, StoreError,
};
use weft_wire::{ClientMessage, Dialect, Envelope, StateVector, Update, varint};

use crate::world::{Client, closed, grant, hub, nonsense, store, typed};

#[tokio::test]
async fn trap_2_an_edit_during_a_slow_save_is_saved_too() {
    let store = store();
    let hub = hub(&store);
    let client = Client::join(&hub, "d");
    store.faults().set(Op::Append, Fault::Delay(Duration::from_millis(300)));
    client.type_letter(1, 0, b'a').await;
    client.type_letter(1, 1, b'b').await;
    client.is_saved().await;
    client.type_letter(1, 2, b'c').await;
    drop(client);
    closed(&hub).await;
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "abc");
}

#[tokio::test]
async fn trap_3_a_hundred_sockets_that_open_a_document_at_once_load_it_once_and_see_each_other() {
    let store = store();
    let hub = hub(&store);
    hub.submit(&grant("d"), Submission::edit(typed(9, 0, b'!'))).await.unwrap();
    closed(&hub).await;
    let reads = store.faults().calls(Op::Read);
    store.faults().set(Op::Read, Fault::Delay(Duration::from_millis(200)));
    let clients: Vec<Client> = (0..100).map(|_| Client::join(&hub, "d")).collect();
    for (number, client) in (10u8..).zip(&clients) {
        client.type_letter(number, 0, b'x').await;
        client.say(ClientMessage::SyncStep1(StateVector::scan(&[0]).unwrap())).await;
    }
    for client in &clients {
        client.is_saved().await;
    }
    assert_eq!(store.faults().calls(Op::Read), reads + 1);
    assert_eq!(hub.text(&grant("d")).await.unwrap().0.len(), 101);
    assert_eq!(hub.status().rooms, 1);
}

#[tokio::test]
async fn trap_4_nothing_is_answered_before_the_document_is_loaded_and_nothing_is_lost_meanwhile() {
    let store = store();
    let hub = hub(&store);
    hub.submit(&grant("d"), Submission::edit(typed(9, 0, b'!'))).await.unwrap();
    closed(&hub).await;
    store.faults().set(Op::Read, Fault::Hold);
    let client = Client::join(&hub, "d");
    client.say(ClientMessage::SyncStep1(StateVector::scan(&[0]).unwrap())).await;
    client.type_letter(1, 0, b'a').await;
    assert!(timeout(Duration::from_millis(100), client.hears(|_| true)).await.is_err());
    assert!(client.heard.lock().unwrap().is_empty());
    store.faults().heal(Op::Read);
    // Step 2 is 0, 1; its body holds what was stored.
    client.hears(|frame| frame.starts_with(&[1, b'd', 0, 1]) && frame.contains(&b'!')).await;
    client.is_saved().await;
    assert_eq!(hub.text(&grant("d")).await.unwrap().0.len(), 2);
}

#[tokio::test]
async fn trap_5_leaving_and_returning_around_the_moment_of_closing_loses_nothing() {
    let store = store();
    let settings = HubSettings { idle_after: Duration::from_millis(1), ..HubSettings::default() };
    let hub = Hub::new(store.clone(), settings);
    for clock in 0..120u8 {
        let client = Client::join(&hub, "d");
        client.type_letter(1, clock, b'x').await;
        if clock % 3 == 0 {
            client.is_saved().await;
        }
        drop(client);
        if clock % 2 == 0 {
            tokio::time::sleep(Duration::from_micros(u64::from(clock) * 40)).await;
        }
    }
    assert_eq!(hub.text(&grant("d")).await.unwrap().0.len(), 120);
    closed(&hub).await;
    assert_eq!(store.head(&DocId::new("d").unwrap()).await.unwrap(), Some(Seq(120)));
}

#[tokio::test]
async fn trap_6_while_the_store_fails_nothing_is_acknowledged_and_afterwards_everything_is() {
    let store = store();
    let hub = hub(&store);
    let (ann, bob) = (Client::join(&hub, "d"), Client::join(&hub, "d"));
    store.faults().set(Op::Append, Fault::Fail(StoreError::Unavailable { what: "no".into() }));
    ann.type_letter(1, 0, b'q').await;
    bob.hears_text(b'q').await;
    while !hub.status().store_failing {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    ann.type_letter(1, 1, b'z').await;
    bob.hears_text(b'z').await;
    assert!(timeout(Duration::from_millis(200), ann.is_saved()).await.is_err());
    store.faults().set(Op::Append, Fault::DoneButFail(StoreError::Unavailable { what: "no answer".into() }));
    tokio::time::sleep(Duration::from_millis(200)).await;
    store.faults().heal(Op::Append);
    ann.is_saved().await;
    assert!(!hub.status().store_failing);
    drop((ann, bob));
    closed(&hub).await;
    assert_eq!(store.head(&DocId::new("d").unwrap()).await.unwrap(), Some(Seq(2)));
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "qz");
}

#[tokio::test]
async fn an_update_that_cannot_be_merged_costs_its_sender_the_socket_and_nobody_else_anything() {
    let store = store();
    let hub = hub(&store);
    let (ann, eve) = (Client::join(&hub, "d"), Client::join(&hub, "d"));
    ann.type_letter(7, 0, b'a').await;
    ann.is_saved().await;
    eve.say(ClientMessage::Update(nonsense())).await;
    assert_eq!(eve.is_hung_up_on().await, weft_wire::close::POLICY);
    ann.type_letter(7, 1, b'b').await;
    ann.is_saved().await;
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "ab");
}

#[tokio::test]
async fn a_document_that_cannot_be_loaded_anew_is_shown_to_nobody_as_empty() {
    let store = store();
    let hub = hub(&store);
    let client = Client::join(&hub, "d");
    client.type_letter(7, 0, b'a').await;
    client.is_saved().await;
    let damaged = StoreError::Damaged { doc: None, seq: None, what: "a flipped bit".into() };
    store.faults().set(Op::Read, Fault::Fail(damaged));
    client.say(ClientMessage::Update(nonsense())).await;
    client.say(ClientMessage::SyncStep1(StateVector::scan(&[0]).unwrap())).await;
    closed(&hub).await;
    let mut mail = Mail::default();
    client.session.take(&mut mail);
    assert!(mail.closing.is_some());
    assert!(mail.frames.iter().all(|frame| !frame.starts_with(&[1, b'd', 0, 1])), "no step 2");
    store.faults().heal(Op::Read);
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "a");
}

#[tokio::test]
async fn a_document_nobody_wrote_is_unknown_and_looking_at_it_creates_nothing() {
    let store = store();
    let hub = hub(&store);
    assert_eq!(hub.text(&grant("d")).await, Err(HubError::Unknown));
    let client = Client::join(&hub, "d");
    assert_eq!(hub.state(&grant("d"), None).await, Err(HubError::Unknown));
    drop(client);
    closed(&hub).await;
    assert!(hub.documents().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_update_with_a_gap_is_answered_with_what_the_server_has() {
    let store = store();
    let hub = hub(&store);
    let error = hub.submit(&grant("d"), Submission::edit(typed(1, 3, b'x'))).await.unwrap_err();
    assert_eq!(error, HubError::Gap { have: Bytes::from_static(&[0]) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_long_in_opening_opens_from_a_checkpoint_the_next_time() {
    let store = store();
    let doc = DocId::new("d").unwrap();
    let records: Vec<NewRecord> = (0..2_000u32).map(|clock| record(typed_wide(1, clock))).collect();
    store.append(&doc, Batch { id: BatchId { writer: 1, number: 1 }, records }).await.unwrap();
    let hub = hub(&store);
    let text = hub.text(&grant("d")).await.unwrap().0;
    assert_eq!(text.len(), 40_000);
    timeout(Duration::from_secs(20), async {
        while store.newest(&doc, CheckpointKind::Live, Seq(2_000)).await.unwrap().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("no checkpoint was cut");
    closed(&hub).await;
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, text);
}

/// Twenty characters appended, as the `clock`-th such update of a client.
fn typed_wide(client: u8, clock: u32) -> Update {
    let mut bytes = vec![1, 1, client];
    varint::write_uint(&mut bytes, u64::from(clock) * 20);
    if clock == 0 {
        bytes.extend([4, 1, 1, b't']);
    } else {
        bytes.extend([0x84, client]);
        varint::write_uint(&mut bytes, u64::from(clock) * 20 - 1);
    }
    varint::write_string(&mut bytes, "twenty characters, x");
    bytes.push(0);
    Update::scan(bytes.into()).unwrap()
}

fn record(update: Update) -> NewRecord {
    let author = Author { user: None, name: None, session: SessionId(1) };
    NewRecord { time: UnixMillis(1), author, kind: RecordKind::Edit, update: update.into_bytes() }
}

#[tokio::test]
async fn draining_stores_everything_and_sends_everyone_off() {
    let store = store();
    let hub = hub(&store);
    let clients: Vec<Client> = (0..20).map(|n| Client::join(&hub, &format!("d{n}"))).collect();
    for client in &clients {
        client.type_letter(1, 0, b'x').await;
    }
    let draining = tokio::spawn({
        let hub = hub.clone();
        async move { hub.drain(Instant::now() + Duration::from_secs(10)).await }
    });
    for client in clients {
        let mut mail = Mail::default();
        while mail.closing.is_none() {
            client.mail.rung().await;
            client.session.take(&mut mail);
        }
        assert!(mail.frames.iter().any(|frame| frame.ends_with(&[8, 1])), "saved before the end");
        assert_eq!(mail.closing.unwrap().code, weft_wire::close::RESTART);
        assert!(
            hub.join(
                &grant("late"),
                Joining { envelope: Envelope::YWebsocket, mail: Arc::default(), schema: None }
            )
            .is_err()
        );
    }
    assert!(draining.await.unwrap());
    assert_eq!(store.documents(None, 100).await.unwrap().len(), 20);
}

#[tokio::test]
async fn a_y_websocket_session_gets_its_own_update_back_once_it_is_on_disk() {
    let store = store();
    let hub = hub(&store);
    let mail = Arc::<Bell>::default();
    let joining = Joining { envelope: Envelope::YWebsocket, mail: mail.clone(), schema: None };
    let session = hub.join(&grant("d"), joining).unwrap();
    let client = Client { session, mail, heard: Mutex::default() };
    store.faults().set(Op::Append, Fault::Hold);
    client.type_letter(1, 0, b'q').await;
    assert!(timeout(Duration::from_millis(100), client.hears_text(b'q')).await.is_err());
    store.faults().heal(Op::Append);
    client
        .hears(|frame| {
            let decoded = Dialect::YWebsocket.decode(&Bytes::copy_from_slice(frame)).unwrap();
            matches!(decoded.message, ClientMessage::Update(_))
        })
        .await;
}
