//! The accept loop over real sockets.

mod http2;
mod tls;

use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::*;
use crate::config::{Proxies, SettingValue as _};

const HEADER_TIMEOUT: Duration = Duration::from_millis(200);
/// Far beyond what any of these tests takes: reaching it is the failure.
const HANG: Duration = Duration::from_secs(20);

struct Served {
    port: u16,
    connections: Arc<Connections>,
    stop: CancellationToken,
    serving: tokio::task::JoinHandle<()>,
}

fn served(header_timeout: Duration, connections_max: u32) -> Served {
    let router = Router::new().route("/", get(async || "here"));
    served_with(router, header_timeout, connections_max, None)
}

fn served_with(
    router: Router,
    header_timeout: Duration,
    connections_max: u32,
    tls: Option<Arc<Tls>>,
) -> Served {
    let listeners = bind(&Listen::parse("127.0.0.1:0").unwrap()).unwrap();
    let port = listeners.port;
    let connections = Connections::new(connections_max, 1, Proxies::default());
    let stop = CancellationToken::new();
    let serving =
        Serving { router, connections: connections.clone(), header_timeout, tls, stop: stop.clone() };
    let serving = tokio::spawn(serve(listeners, serving));
    Served { port, connections, stop, serving }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).await.unwrap()
    }

    /// Sends `request` and reads until the server closes.
    async fn say(&self, request: &str) -> String {
        let mut stream = self.connect().await;
        // The server may answer and close before it has read all.
        let _ = stream.write_all(request.as_bytes()).await;
        until_closed(&mut stream).await
    }
}

async fn until_closed(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = tokio::time::timeout(HANG, stream.read_to_end(&mut answer)).await;
    // A reset also closes.
    let _ = read.unwrap_or_else(|_| panic!("not closed after {answer:?}"));
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn half_a_request_is_given_up_at_the_header_deadline() {
    let served = served(HEADER_TIMEOUT, 10);
    for half in ["", "GET / HTTP/1.1\r\nhost: a"] {
        let mut stream = served.connect().await;
        stream.write_all(half.as_bytes()).await.unwrap();
        until_closed(&mut stream).await;
    }
    tokio::time::timeout(HANG, served.connections.closed()).await.expect("both connections are counted off");
}

#[tokio::test]
async fn a_head_past_either_limit_is_refused() {
    let served = served(HANG, 10);
    let with = |lines: usize| {
        let lines: String = (0..lines).map(|n| format!("x-{n}: 1\r\n")).collect();
        format!("GET / HTTP/1.1\r\nconnection: close\r\n{lines}\r\n")
    };
    assert!(served.say(&with(HEADERS_MAX - 1)).await.starts_with("HTTP/1.1 200"));
    assert!(served.say(&with(HEADERS_MAX)).await.starts_with("HTTP/1.1 431"));
    let long = |length: usize| {
        let rest = "GET / HTTP/1.1\r\nconnection: close\r\nx: \r\n\r\n".len();
        format!("GET / HTTP/1.1\r\nconnection: close\r\nx: {}\r\n\r\n", "x".repeat(length - rest))
    };
    assert!(served.say(&long(HEAD_BYTES_MAX)).await.starts_with("HTTP/1.1 200"));
    assert!(served.say(&long(HEAD_BYTES_MAX + 1)).await.starts_with("HTTP/1.1 431"));
}

#[tokio::test]
async fn one_connection_too_many_is_told_so_and_closed() {
    let served = served(HANG, 1);
    let mut first = served.connect().await;
    first.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut byte = [0];
    first.read_exact(&mut byte).await.unwrap();
    let mut second = served.connect().await;
    assert!(until_closed(&mut second).await.starts_with("HTTP/1.1 503"));
    drop(first);
    served.connections.closed().await;
    let answer = served.say("GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn stopping_closes_idle_connections_and_the_port() {
    let served = served(HANG, 10);
    let mut idle = served.connect().await;
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut byte = [0];
    idle.read_exact(&mut byte).await.unwrap();
    let mut half = served.connect().await;
    half.write_all(b"GET / HT").await.unwrap();
    let mut silent = served.connect().await;
    while served.connections.count() < 3 {
        tokio::task::yield_now().await;
    }
    served.stop.cancel();
    served.serving.await.unwrap();
    for stream in [&mut idle, &mut half, &mut silent] {
        until_closed(stream).await;
    }
    tokio::time::timeout(HANG, served.connections.closed()).await.expect("all are counted off");
    assert!(TcpStream::connect(("127.0.0.1", served.port)).await.is_err());
}

#[tokio::test]
async fn a_port_in_use_is_named_with_what_to_do() {
    let taken = served(HANG, 1);
    let listen = Listen::parse(&format!("127.0.0.1:{}", taken.port)).unwrap();
    let text = bind(&listen).unwrap_err().to_string();
    assert!(text.contains(&format!("port {} is in use", taken.port)) && text.contains("--listen"), "{text}");
}

#[tokio::test]
async fn localhost_is_both_loopback_addresses_with_one_port() {
    let listeners = bind(&Listen::parse("localhost:0").unwrap()).unwrap();
    for socket in &listeners.sockets {
        let address = socket.local_addr().unwrap();
        assert!(address.ip().is_loopback());
        assert_eq!(address.port(), listeners.port);
    }
}
