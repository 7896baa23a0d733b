//! Trap 9: who loses the connection without a word is gone for everyone, with every id it spoke for; who returns with the
//! same clock is seen; the server itself is nobody.

use weft_ids::ClientId;
use weft_tests::server::Server;
use weft_tests::socket::Raw;
use weft_wire::awareness::{self, Entry};
use weft_wire::{ClientMessage, Dialect};

use crate::hostile::{awareness as presence, frame, step1};

/// The dialect and the document.
type Speech<'a> = (Dialect, &'a str);

async fn open(at: &str, dialect: Dialect, doc: &str) -> Raw {
    let mut raw = Raw::open_for(at, dialect, doc).await.unwrap();
    if dialect == Dialect::Hocuspocus {
        raw.send(frame(dialect, doc, &[2, 0, 0])).await.unwrap();
    }
    raw.send(frame(dialect, doc, &step1(&[0]))).await.unwrap();
    raw
}

async fn says(
    raw: &mut Raw,
    (dialect, doc): Speech<'_>,
    client: u64,
    clock: u32,
    state: Option<&'static str>,
) {
    let state = state.map(|text| text.as_bytes().into());
    let entry = Entry { client: ClientId::new(client).unwrap(), clock, state };
    raw.send(frame(dialect, doc, &presence(&awareness::encode(&[entry])))).await.unwrap();
}

/// Waits until everyone in `clients` was last told to be here, or gone.
async fn sees(raw: &mut Raw, (dialect, doc): Speech<'_>, clients: &[u64], here: bool) {
    let mut open: Vec<u64> = clients.to_vec();
    while !open.is_empty() {
        let head = frame(dialect, doc, &[1]);
        let heard = raw.hears(|heard| heard.starts_with(&head)).await.unwrap();
        let ClientMessage::Awareness(entries) = dialect.decode(&heard).unwrap().message else { panic!() };
        for entry in entries {
            assert!([1, 5, 6, 7].contains(&entry.client.get()), "a stranger: {entry:?}");
            if entry.state.is_some() == here {
                open.retain(|client| *client != entry.client.get());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_9_who_is_lost_is_gone_and_who_returns_is_seen() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for (dialect, other) in
        [(Dialect::YWebsocket, Dialect::Hocuspocus), (Dialect::Hocuspocus, Dialect::YWebsocket)]
    {
        let doc = &format!("{dialect:?}");
        let (near, far) = ((dialect, &doc[..]), (other, &doc[..]));
        let mut witness = open(at, other, doc).await;
        says(&mut witness, far, 1, 1, Some("{}")).await;
        sees(&mut witness, far, &[1], true).await;
        let mut lost = open(at, dialect, doc).await;
        for client in [5, 6, 7] {
            says(&mut lost, near, client, 3, Some("{}")).await;
        }
        sees(&mut witness, far, &[5, 6, 7], true).await;
        // No close frame: the connection just ends.
        drop(lost);
        sees(&mut witness, far, &[5, 6, 7], false).await;

        let mut returned = open(at, dialect, doc).await;
        says(&mut returned, near, 5, 3, Some("{}")).await;
        sees(&mut witness, far, &[5], true).await;
        says(&mut returned, near, 5, 9, None).await;
        sees(&mut witness, far, &[5], false).await;
    }
}
