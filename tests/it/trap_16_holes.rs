//! Trap 16: the first and the third of three edits arrive, the server restarts, then the second comes. It is asked for,
//! nothing half is ever shown, and everyone ends with all three.

use bytes::Bytes;
use weft_ids::ClientId;
use weft_tests::client::{Client, Role};
use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::{ClientMessage, Dialect};

use crate::hostile::{frame, update};

async fn text(server: &Server) -> String {
    http::read(server.authority(), "d", "text").await.unwrap().text()
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_16_an_edit_behind_a_hole_waits_for_what_is_missing() {
    for dialect in [Dialect::Hocuspocus, Dialect::YWebsocket] {
        let mut server = Server::start(&["--open"]).unwrap();
        let role = Role { dialect, writes: true };
        let mut author = Client::new(role, "d", ClientId::new(7).unwrap());
        let edits: Vec<Bytes> =
            ["one ", "two ", "three"].map(|word| author.replica.write(word).into_bytes()).into();
        let mut raw = Raw::open_for(server.authority(), dialect, "d").await.unwrap();
        if dialect == Dialect::Hocuspocus {
            raw.send(frame(dialect, "d", &[2, 0, 0])).await.unwrap();
        }
        raw.send(frame(dialect, "d", &update(&edits[0]))).await.unwrap();
        raw.send(frame(dialect, "d", &[0, 1, 2, 0, 0])).await.unwrap();
        raw.send(frame(dialect, "d", &update(&edits[2]))).await.unwrap();
        // The second question is about the hole: it names what the server has of this client.
        let have = raw
            .hears(|heard| {
                let heard = Bytes::copy_from_slice(heard);
                let message = dialect.decode(&heard).map(|incoming| incoming.message);
                matches!(message, Ok(ClientMessage::SyncStep1(vector)) if vector.iter().map(|(_, clock)| clock).eq([4]))
            })
            .await;
        assert!(have.is_ok(), "{dialect:?}: {have:?}");
        while text(&server).await != "one " {}
        server.kill().unwrap();
        server.start_again().unwrap();
        if text(&server).await == "one " {
            let refused = http::update(server.authority(), "d", edits[2].clone()).await.unwrap();
            assert_eq!(refused.status, 409);
            assert_eq!(text(&server).await, "one ");
        }
        let mut author = Connected::open(server.authority(), author).await.unwrap();
        author.is_synchronised().await.unwrap();
        author.is_saved().await.unwrap();
        assert_eq!(text(&server).await, "one two three");
        let late = Connected::join(server.authority(), Dialect::YWebsocket, "d", 8).await.unwrap();
        assert_eq!(late.client.replica.text(), "one two three");
    }
}
