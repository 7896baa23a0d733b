//! Trap 21: a server that is asked to stop stores every update it received, refuses newcomers, sends everyone off with
//! 1012 and ends with code 0 within ten seconds.

use std::time::Duration;

use weft_tests::http;
use weft_tests::server::Server;
use weft_tests::socket::{Connected, Raw};
use weft_wire::Dialect;

const DOCUMENTS: u64 = 200;
const DRAIN_MAX: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread")]
async fn trap_21_a_stop_loses_nothing_and_tells_everyone() {
    let mut server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    let mut clients = Vec::new();
    for number in 0..DOCUMENTS {
        let dialect = if number % 2 == 0 { Dialect::Hocuspocus } else { Dialect::YWebsocket };
        clients.push(Connected::join(&at, dialect, &format!("doc {number}"), 1).await.unwrap());
    }
    let mut idle = Raw::open(&at, "/ws").await.unwrap();
    for (number, client) in clients.iter_mut().enumerate() {
        client.write(&format!("edit {number}")).await.unwrap();
    }
    // The server has them all once every client's own words are on their way back, saved or not.
    for client in &mut clients {
        client.is_saved().await.unwrap();
        client.write("!").await.unwrap();
    }
    server.terminate().unwrap();
    let mut saved = 0;
    let mut leaving = Vec::new();
    for mut client in clients {
        let closed = loop {
            match client.read().await {
                Ok(_) => {}
                Err(why) => break why.to_string(),
            }
        };
        assert_eq!(closed, "the socket was closed with 1012");
        saved += usize::from(client.client.is_saved());
        leaving.push(client.cut());
    }
    assert_eq!(idle.closed().await.unwrap(), 1012);
    assert!(Raw::open(&at, "/ws").await.is_err());
    let status = server.ended(DRAIN_MAX).unwrap();
    assert_eq!(status.code(), Some(0));
    println!("{saved} of {DOCUMENTS} heard that their last edit is saved");

    server.start_again().unwrap();
    for (number, client) in leaving.into_iter().enumerate() {
        let doc = format!("doc {number}");
        let text = http::read(server.authority(), &doc, "text").await.unwrap().text();
        let all = format!("edit {number}!");
        // What a client saw as saved is there; what was still in its socket comes back with it.
        assert!(text == all || (!client.is_saved() && all.starts_with(&text)), "{doc}: {text}");
        if number % 20 == 0 {
            let mut client = Connected::open(server.authority(), client).await.unwrap();
            client.is_synchronised().await.unwrap();
            assert_eq!(client.client.replica.text(), all);
        }
    }
}
