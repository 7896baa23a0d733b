//! Trap 1: fifty clients of both dialects and HTTP type, the server is killed at random, and everything that anybody saw
//! as saved is in the reopened store.

use std::sync::Arc;
use std::time::Duration;

use weft_ids::ClientId;
use weft_tests::client::{Client, Role};
use weft_tests::dice::Dice;
use weft_tests::replica::Replica;
use weft_tests::server::Server;
use weft_tests::socket::Connected;
use weft_tests::{http, socket};
use weft_wire::Dialect;

const CLIENTS: u64 = 50;
const DOCUMENTS: u64 = 7;
const ROUNDS: u64 = 3;

fn name(number: u64) -> String {
    format!("doc {}", number % DOCUMENTS)
}

/// What a client came away with.
struct Typist {
    client: Client,
    /// Everything it saw as saved.
    saved: Vec<String>,
}

/// Types until the server is gone; every other word is waited for, so that some come in bursts.
async fn types(authority: Arc<str>, mut typist: Typist, round: u64) -> Typist {
    let id = typist.client.replica.id().get();
    let Ok(mut connected) = Connected::open(&authority, typist.client).await else {
        panic!("client {id} cannot connect in round {round}")
    };
    let mut unsaved = Vec::new();
    for number in 0.. {
        let word = format!("<{id}.{round}.{number}>");
        unsaved.push(word.clone());
        if connected.write(&word).await.is_err() {
            break;
        }
        if number % 3 == 2 {
            continue;
        }
        if connected.is_saved().await.is_err() {
            break;
        }
        typist.saved.append(&mut unsaved);
    }
    typist.client = connected.cut();
    typist
}

/// Posts one document after the other until the server is gone.
async fn posts(authority: Arc<str>, round: u64) -> Vec<(String, String)> {
    let mut saved = Vec::new();
    for number in 0.. {
        let mut author = Replica::new(ClientId::new(100_000 + round * 10_000 + number).unwrap());
        let word = format!("<http.{round}.{number}>");
        let update = author.write(&word).into_bytes();
        let doc = name(number);
        match http::update(&authority, &doc, update).await {
            Ok(answer) if answer.status.is_success() => saved.push((doc, word)),
            Ok(answer) => panic!("{}: {}", answer.status, answer.text()),
            Err(_) => break,
        }
    }
    saved
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_1_whatever_was_acknowledged_survives_a_kill_at_any_moment() {
    let mut server = Server::start(&["--open"]).unwrap();
    let mut dice = Dice::new(1);
    let mut typists: Vec<Typist> = (0..CLIENTS)
        .map(|number| {
            let dialect = if number % 2 == 0 { Dialect::Hocuspocus } else { Dialect::YWebsocket };
            let role = Role { dialect, writes: true };
            let client = Client::new(role, &name(number), ClientId::new(1_000 + number).unwrap());
            Typist { client, saved: Vec::new() }
        })
        .collect();
    let mut posted: Vec<(String, String)> = Vec::new();
    for round in 0..ROUNDS {
        let authority: Arc<str> = server.authority().into();
        let working: Vec<_> =
            typists.drain(..).map(|typist| tokio::spawn(types(authority.clone(), typist, round))).collect();
        let posting = tokio::spawn(posts(authority, round));
        // The moment of death is what is random here; nothing is waited for.
        tokio::time::sleep(Duration::from_millis(700 + u64::from(dice.below(900)))).await;
        server.kill().unwrap();
        for typist in working {
            typists.push(typist.await.unwrap());
        }
        posted.extend(posting.await.unwrap());
        let check = server.command(&["check"]).unwrap();
        assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
        server.start_again().unwrap();
        for number in 0..DOCUMENTS {
            let name = name(number);
            let text = http::read(server.authority(), &name, "text").await.unwrap().text();
            let sockets = typists
                .iter()
                .filter(|typist| *typist.client.address == name)
                .flat_map(|typist| &typist.saved);
            let requests = posted.iter().filter(|(doc, _)| *doc == name).map(|(_, word)| word);
            for word in sockets.chain(requests) {
                assert_eq!(text.matches(word.as_str()).count(), 1, "{word} in {name}, round {round}");
            }
        }
    }
    let acknowledged: usize = typists.iter().map(|typist| typist.saved.len()).sum();
    println!("{acknowledged} words and {} requests were acknowledged", posted.len());
    assert!(acknowledged > 200 && posted.len() > 5);
    everyone_agrees(&server, typists).await;
}

async fn everyone_agrees(server: &Server, typists: Vec<Typist>) {
    let mut connected = Vec::new();
    for typist in typists {
        let mut client = Connected::open(server.authority(), typist.client).await.unwrap();
        client.is_synchronised().await.unwrap();
        connected.push(client);
    }
    for client in &mut connected {
        let text = http::read(server.authority(), &client.client.address, "text").await.unwrap().text();
        client.until(|client| client.replica.text() == text).await.unwrap_or_else(|error| {
            panic!("{error}, {:?}", socket::PATIENCE);
        });
    }
}
