//! A proxy that the operator trusts is not one client: each address that it brings has limits of its own.

use tokio::time::{Instant, timeout_at};
use tokio_tungstenite::tungstenite;
use weft_tests::server::Server;
use weft_tests::socket::{PATIENCE, Raw};

const PER_ADDRESS: &[&str] = &["--open", "--connections-per-address-max", "2"];

async fn from(server: &Server, client: &str) -> Result<Raw, tungstenite::Error> {
    Raw::open_with(server.authority(), "/ws/d", "x-forwarded-for", client).await
}

fn status(refused: Result<Raw, tungstenite::Error>) -> u16 {
    match refused {
        Err(tungstenite::Error::Http(answer)) => answer.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn one_address_behind_a_trusted_proxy_has_no_more_sockets_than_any_other() {
    let flags = [PER_ADDRESS, &["--trusted-proxies", "127.0.0.1,10.0.0.0/8"]].concat();
    let server = Server::start(&flags).unwrap();
    let one = from(&server, "198.51.100.7, 192.0.2.1, 10.0.0.9").await.unwrap();
    let _two = from(&server, "[::ffff:192.0.2.1]:443").await.unwrap();
    for spoofed in ["192.0.2.1", "198.51.100.8, 192.0.2.1", "10.0.0.9, 192.0.2.1"] {
        assert_eq!(status(from(&server, spoofed).await), 429, "{spoofed}");
    }
    let _others = (from(&server, "192.0.2.2").await.unwrap(), from(&server, "192.0.2.3").await.unwrap());
    // What the proxy does for itself is not counted.
    for _ in 0..3 {
        Raw::open(server.authority(), "/ws/d").await.unwrap();
        from(&server, "unknown").await.unwrap();
        from(&server, "10.0.0.9").await.unwrap();
    }
    drop(one);
    let deadline = Instant::now() + PATIENCE;
    while let Err(refused) =
        timeout_at(deadline, from(&server, "192.0.2.1")).await.expect("the place is free")
    {
        assert_eq!(status(Err(refused)), 429);
    }
}

#[tokio::test]
async fn of_a_stranger_the_header_counts_for_nothing() {
    let flags = [PER_ADDRESS, &["--trusted-proxies", "10.0.0.0/8"]].concat();
    let server = Server::start(&flags).unwrap();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(from(&server, "192.0.2.1").await.unwrap());
    }
}
