//! Trap 7: one reader stops reading while tens of megabytes flow. The server's memory stays bounded, the others notice
//! nothing, and when it reads again it converges.

use bytes::Bytes;
use hyper::Method;
use weft_ids::ClientId;
use weft_tests::client::{Client, Role};
use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::Connected;
use weft_wire::Dialect;

/// In all more than a document may hold at once, so that what is gone must not count.
const CHUNK_BYTES: usize = 64 << 10;
const CHUNKS: usize = 600;
/// What one session may cost: its outbox, a resynchronisation of the small document, and what allocators keep.
const MEMORY_MARGIN: u64 = 24 << 20;

/// Writes a chunk and takes back the one before, so that much flows and little stays.
async fn flows(writer: &mut Connected, peer: &mut Connected) {
    for number in 0..CHUNKS {
        let letter = char::from(b'a' + (number % 26) as u8);
        writer.client.replace(&letter.to_string().repeat(CHUNK_BYTES));
        writer.flush().await.unwrap();
        writer.is_saved().await.unwrap();
        if number % 20 == 19 {
            let text = writer.client.replica.text();
            peer.until(|peer| peer.replica.text() == text).await.unwrap();
        }
    }
}

/// Whether a checkpoint of any document was cut.
async fn was_checkpointed(at: &str) -> bool {
    let metrics = http::ask(at, Method::GET, "/metrics", Bytes::new()).await.unwrap().text();
    metrics.lines().any(|line| line.starts_with("weft_checkpoints_total ") && !line.ends_with(" 0"))
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_7_a_reader_that_stops_costs_the_server_little_and_the_others_nothing() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority();
    for (dialect, name) in [(Dialect::Hocuspocus, "h"), (Dialect::YWebsocket, "y")] {
        let mut writer = Connected::join(at, Dialect::Hocuspocus, name, 1).await.unwrap();
        let mut peer = Connected::join(at, Dialect::YWebsocket, name, 2).await.unwrap();
        // The store, a checkpoint and the allocator take what they take with everyone reading.
        flows(&mut writer, &mut peer).await;
        while !was_checkpointed(at).await {
            flows(&mut writer, &mut peer).await;
        }
        let before = server.usage().unwrap().memory;

        let role = Role { dialect, writes: true };
        let client = Client::new(role, name, ClientId::new(3).unwrap());
        let mut slow = Connected::open(at, client).await.unwrap();
        flows(&mut writer, &mut peer).await;
        let during = server.usage().unwrap().memory;
        assert!(during < before + MEMORY_MARGIN, "{before} bytes became {during}");

        let text = writer.client.replica.text();
        slow.until(|slow| slow.is_synchronised() && slow.replica.text() == text).await.unwrap();
        slow.write("I am back").await.unwrap();
        slow.is_saved().await.unwrap();
        peer.until(|peer| peer.replica.text().ends_with("I am back")).await.unwrap();
    }
}
