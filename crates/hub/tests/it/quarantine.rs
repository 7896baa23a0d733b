//! A document that failed to merge twice is read-only until its room closes.

use weft_hub::{HubError, Submission};
use weft_ids::{DocId, Seq};
use weft_store::Log;
use weft_wire::{ClientMessage, Envelope};

use crate::world::{Client, closed, grant, hub, nonsense, store, typed};

#[tokio::test]
async fn a_document_that_failed_to_merge_twice_is_readable_and_writable_by_nobody_until_its_room_closes() {
    let store = store();
    let hub = hub(&store);
    let ann = Client::join(&hub, "d");
    let bob = Client::join_as(&hub, "d", Envelope::YWebsocket);
    ann.hears(|frame| frame.ends_with(b"read-write")).await;
    ann.type_letter(7, 0, b'a').await;
    ann.is_saved().await;

    // Once may be an accident.
    let eve = Client::join(&hub, "d");
    eve.say(ClientMessage::Update(nonsense())).await;
    eve.is_hung_up_on().await;
    drop(eve);
    ann.type_letter(7, 1, b'b').await;
    ann.is_saved().await;
    assert_eq!(hub.status().read_only, 0);

    let refused = hub.submit(&grant("d"), Submission::edit(nonsense())).await.unwrap_err();
    assert!(matches!(refused, HubError::Refused(_)), "{refused:?}");
    assert_eq!(hub.status().read_only, 1);

    // Everyone who is here is told, and nothing they type is called saved.
    ann.hears(|frame| frame.ends_with(b"readonly")).await;
    bob.hears(|frame| frame.starts_with(&[2, 0])).await;
    ann.type_letter(7, 2, b'c').await;
    ann.hears(|frame| frame.ends_with(&[8, 0])).await;
    // So is everyone who comes, by whatever way.
    let zoe = Client::join(&hub, "d");
    zoe.hears(|frame| frame.ends_with(b"readonly")).await;
    let refused = hub.submit(&grant("d"), Submission::edit(typed(8, 0, b'x'))).await.unwrap_err();
    assert!(matches!(refused, HubError::NotAllowed(_)), "{refused:?}");
    // It is shown as it was before.
    zoe.say(ClientMessage::SyncStep1(weft_wire::StateVector::scan(&[0]).unwrap())).await;
    zoe.hears(|frame| frame.starts_with(&[1, b'd', 0, 1])).await;
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "ab");
    assert_eq!(store.head(&DocId::new("d").unwrap()).await.unwrap(), Some(Seq(2)));

    // The next opening starts from the log, with a clean slate.
    drop((ann, bob, zoe));
    closed(&hub).await;
    assert_eq!(hub.status().read_only, 0);
    let ann = Client::join(&hub, "d");
    ann.type_letter(7, 2, b'c').await;
    ann.is_saved().await;
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "abc");
}
