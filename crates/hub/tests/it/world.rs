//! A hub over a store that does what a test says, and clients of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;
use weft_access::{DocRules, Grant, Right, Subject, decide};
use weft_hub::{Bell, Hub, HubSettings, Joining, Mail, Session};
use weft_ids::DocId;
use weft_store::MemoryStore;
use weft_store::fault::FaultyStore;
use weft_wire::{ClientMessage, Envelope, Update};

pub(crate) fn grant(name: &str) -> Grant {
    let doc = DocId::new(name).unwrap();
    decide(&DocRules::Free { open: true }, &Subject::default(), doc, Right::Write).unwrap()
}

pub(crate) fn hub(store: &Arc<FaultyStore>) -> Hub {
    Hub::new(store.clone(), HubSettings { idle_after: Duration::from_millis(50), ..HubSettings::default() })
}

pub(crate) fn store() -> Arc<FaultyStore> {
    Arc::new(FaultyStore::new(Arc::new(MemoryStore::default())))
}

pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) mail: Arc<Bell>,
    /// What came and nobody asked about yet.
    pub(crate) heard: Mutex<Vec<Bytes>>,
}

impl Client {
    pub(crate) fn join(hub: &Hub, name: &str) -> Self {
        Self::join_as(hub, name, Envelope::Hocuspocus { address: name.into() })
    }

    pub(crate) fn join_as(hub: &Hub, name: &str, envelope: Envelope) -> Self {
        let mail = Arc::<Bell>::default();
        let joining = Joining { envelope, mail: mail.clone(), schema: None };
        Self { session: hub.join(&grant(name), joining).unwrap(), mail, heard: Mutex::default() }
    }

    pub(crate) async fn say(&self, message: ClientMessage) {
        let mut message = message;
        while let Some(back) = self.session.say(message, 16) {
            message = back;
            self.session.has_room(16).await;
        }
    }

    pub(crate) async fn type_letter(&self, client: u8, clock: u8, letter: u8) {
        self.say(ClientMessage::Update(typed(client, clock, letter))).await;
    }

    /// Waits for a frame that `right` says yes to.
    pub(crate) async fn hears(&self, right: impl Fn(&[u8]) -> bool) {
        timeout(Duration::from_secs(20), async {
            loop {
                let mut mail = Mail::default();
                self.session.take(&mut mail);
                self.session.sent();
                {
                    let mut heard = self.heard.lock().unwrap();
                    heard.append(&mut mail.frames);
                    if let Some(at) = heard.iter().position(|frame| right(frame)) {
                        heard.remove(at);
                        return;
                    }
                }
                self.mail.rung().await;
            }
        })
        .await
        .expect("the frame did not come");
    }

    /// Waits for the acknowledgement of one update.
    pub(crate) async fn is_saved(&self) {
        self.hears(|frame| frame.ends_with(&[8, 1])).await;
    }

    /// Waits for the end of the session; its close code.
    pub(crate) async fn is_hung_up_on(&self) -> u16 {
        timeout(Duration::from_secs(20), async {
            let mut mail = Mail::default();
            loop {
                self.session.take(&mut mail);
                if let Some(closing) = mail.closing {
                    return closing.code;
                }
                self.mail.rung().await;
            }
        })
        .await
        .expect("the session was not ended")
    }

    pub(crate) async fn hears_text(&self, letter: u8) {
        self.hears(|frame| frame.contains(&letter)).await;
    }
}

pub(crate) fn typed(client: u8, clock: u8, letter: u8) -> Update {
    let mut bytes = vec![1, 1, client, clock];
    if clock == 0 {
        bytes.extend([4, 1, 1, b't', 1, letter]);
    } else {
        bytes.extend([0x84, client, clock - 1, 1, letter]);
    }
    bytes.push(0);
    Update::scan(bytes.into()).unwrap()
}

/// A letter whose parent is another letter, the first of client 7: it scans, builds on nothing missing, and makes no
/// sense.
pub(crate) fn nonsense() -> Update {
    Update::scan(vec![1, 1, 9, 0, 4, 0, 7, 0, 1, b'x', 0].into()).unwrap()
}

pub(crate) async fn closed(hub: &Hub) {
    timeout(Duration::from_secs(20), async {
        while hub.status().rooms > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .expect("the room did not close");
}
