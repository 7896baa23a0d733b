//! Trap 11: a thousand messages of one client are applied in the order in which it sent them, however many wait.

use bytes::Bytes;
use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::{ClientMessage, Dialect};

const MESSAGES: u32 = 1_000;

#[tokio::test(flavor = "multi_thread")]
async fn trap_11_a_thousand_messages_in_a_burst_are_applied_in_order() {
    let server = Server::start(&["--open"]).unwrap();
    for dialect in [Dialect::Hocuspocus, Dialect::YWebsocket] {
        let name = format!("{dialect:?}");
        let mut watcher = Raw::open_for(server.authority(), Dialect::YWebsocket, &name).await.unwrap();
        watcher.send(&[0, 0, 1, 0][..]).await.unwrap();
        let mut writer = Connected::join(server.authority(), dialect, &name, 7).await.unwrap();
        let mut expected = String::new();
        for number in 0..MESSAGES {
            let word = format!("{number},");
            writer.client.write(&word);
            expected.push_str(&word);
        }
        writer.flush().await.unwrap();
        writer.is_saved().await.unwrap();
        // Nothing was ever out of order: the server had nothing to ask about, and each message built on the last.
        assert_eq!(writer.client.questions, 1);
        let text = http::read(server.authority(), &name, "text").await.unwrap().text();
        assert_eq!(text, expected);
        arrives_in_order(&mut watcher, expected.len() as u32).await;
    }
}

async fn arrives_in_order(watcher: &mut Raw, length: u32) {
    let mut clock = 0;
    while clock < length {
        let frame: Bytes = watcher.hears(|frame| frame.starts_with(&[0, 2])).await.unwrap();
        let ClientMessage::Update(update) = Dialect::YWebsocket.decode(&frame).unwrap().message else {
            panic!("an update frame holds an update")
        };
        for section in update.sections() {
            assert_eq!(section.start, clock);
            clock = section.end;
        }
    }
}
