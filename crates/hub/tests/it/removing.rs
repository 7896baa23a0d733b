//! A document that is removed is gone for everybody, whatever they are in the midst of.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use weft_hub::{Bell, HubError, JoinError, Joining, Mail, Submission, title_key};
use weft_ids::DocId;
use weft_store::{Expect, Log as _, Meta as _};
use weft_wire::{Envelope, close};

use crate::world::{Client, grant, hub, store, typed};

#[tokio::test]
async fn a_removed_document_sends_everyone_off_and_leaves_nothing() {
    let store = store();
    let hub = hub(&store);
    let doc = DocId::new("d").unwrap();
    store.put(&title_key(&doc), "What it was".into(), Expect::Any).await.unwrap();
    let client = Client::join(&hub, "d");
    // Not waited for: it is on its way to the disk while the document is removed.
    for (clock, letter) in (0..).zip("all that it said".bytes()) {
        client.type_letter(1, clock, letter).await;
    }
    hub.remove(&doc).await.unwrap();

    let closing = timeout(Duration::from_secs(20), async {
        loop {
            let mut mail = Mail::default();
            client.session.take(&mut mail);
            client.session.sent();
            if let Some(closing) = mail.closing {
                return closing;
            }
            client.mail.rung().await;
        }
    });
    assert_eq!(closing.await.unwrap().code, close::FORBIDDEN);
    assert_eq!(store.head(&doc).await, Ok(None));
    assert_eq!(store.get(&title_key(&doc)).await, Ok(None));
    assert!(hub.documents().await.unwrap().is_empty());

    assert_eq!(hub.text(&grant("d")).await.unwrap_err(), HubError::Unknown);
    let again = hub.submit(&grant("d"), Submission::edit(typed(2, 0, b'x'))).await;
    assert_eq!(again.unwrap_err(), HubError::Unknown);
    let joining = Joining {
        envelope: Envelope::Hocuspocus { address: "d".into() },
        mail: Arc::<Bell>::default(),
        schema: None,
    };
    assert_eq!(hub.join(&grant("d"), joining).unwrap_err(), JoinError::Removed);
    hub.remove(&doc).await.unwrap();
    assert_eq!(store.head(&doc).await, Ok(None), "nobody wrote it anew");
}
