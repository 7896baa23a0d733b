//! Trap 24: a document of twenty megabytes is joined while others type, in it and beside it. Everyone converges. The
//! times are printed; what they should be is the benchmark's business.

use std::time::{Duration, Instant};

use weft_ids::ClientId;
use weft_tests::dice::Dice;
use weft_tests::http;
use weft_tests::replica::Replica;
use weft_tests::server::Server;
use weft_tests::socket::Connected;
use weft_wire::Dialect;

const PARTS: usize = 2_000;
const PART_BYTES: usize = 10 << 10;
const TYPISTS: u64 = 50;
const LETTERS: usize = 20;
const JOINERS: u64 = 4;

async fn types(at: String, number: u64) -> (Vec<Duration>, Connected) {
    let dialect = if number.is_multiple_of(2) { Dialect::Hocuspocus } else { Dialect::YWebsocket };
    let mut client =
        Connected::join(&at, dialect, &format!("light {}", number % 10), 1_000 + number).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..LETTERS {
        let began = Instant::now();
        client.write("x").await.unwrap();
        client.is_saved().await.unwrap();
        times.push(began.elapsed());
        client.listen(Duration::from_millis(30)).await.unwrap();
    }
    (times, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_24_everyone_converges_around_one_heavy_document() {
    let server = Server::start(&["--open"]).unwrap();
    let at = server.authority().to_owned();
    let mut author = Replica::new(ClientId::new(1).unwrap());
    let mut dice = Dice::new(24);
    for _ in 0..PARTS {
        let letter = char::from(b'a' + dice.below(26) as u8);
        author.write(&letter.to_string().repeat(PART_BYTES));
    }
    let whole = author.diff(&[0]);
    assert_eq!(http::update(&at, "heavy", whole).await.unwrap().status, 201);
    let typists: Vec<_> = (0..TYPISTS).map(|number| tokio::spawn(types(at.clone(), number))).collect();
    let joiners: Vec<_> = (0..JOINERS)
        .map(|number| {
            let at = at.clone();
            tokio::spawn(async move {
                let dialect = if number % 2 == 0 { Dialect::Hocuspocus } else { Dialect::YWebsocket };
                let mut joiner = Connected::join(&at, dialect, "heavy", 10 + number).await.unwrap();
                joiner.write("!").await.unwrap();
                joiner.is_saved().await.unwrap();
                joiner
            })
        })
        .collect();
    for joiner in joiners {
        let mut joiner = joiner.await.unwrap();
        joiner.until(|joiner| joiner.replica.text().matches('!').count() == JOINERS as usize).await.unwrap();
        assert_eq!(joiner.client.replica.text().len(), PARTS * PART_BYTES + JOINERS as usize);
    }
    let mut times = Vec::new();
    for typist in typists {
        let (took, mut client) = typist.await.unwrap();
        times.extend(took);
        let letters = LETTERS * TYPISTS as usize / 10;
        client.until(|client| client.replica.text().len() == letters).await.unwrap();
    }
    times.sort_unstable();
    let place = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!("saved after: p50 {:?}, p99 {:?}, longest {:?}", place(50), place(99), place(100));
}
