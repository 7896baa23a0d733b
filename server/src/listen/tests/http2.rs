//! HTTP/2 over TLS, with a real client of it.

use std::convert::Infallible;
use std::sync::Mutex;

use axum::body::Body;
use axum::extract::Request as Asked;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::{Method, Request, StatusCode, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::timeout;
use weft_store::MemoryStore;

use super::tls::Files;
use super::*;
use crate::app::{App, router};
use crate::auth::seal::Key;
use crate::listen::http2::STREAMS_MAX;
use crate::telemetry::Metrics;

const H2: &[&[u8]] = &[b"h2", b"http/1.1"];

type Client = SendRequest<Empty<Bytes>>;

/// A client of HTTP/2, and what ends when its connection does.
async fn client(served: &Served, trusted: &Trusted) -> (Client, tokio::task::JoinHandle<()>) {
    let stream = served.greets(trusted, H2).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    let ended = tokio::spawn(async move {
        let _however_it_ends = connection.await;
    });
    (client, ended)
}

type Trusted = tokio_rustls::rustls::pki_types::CertificateDer<'static>;

fn get(path: &str) -> Request<Empty<Bytes>> {
    Request::get(format!("https://localhost{path}")).body(Empty::new()).unwrap()
}

async fn text(client: &mut Client, request: Request<Empty<Bytes>>) -> (StatusCode, String) {
    client.ready().await.unwrap();
    let response = timeout(HANG, client.send_request(request)).await.unwrap().unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    let status = response.status();
    let body = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Answers with what the request says of its host and its protocol.
async fn echo(request: Asked) -> String {
    let host = request.headers().get("host").map_or("none", |host| host.to_str().unwrap());
    format!("{host} {:?}", request.version())
}

fn echoing(files: &Files, header_timeout: Duration) -> Served {
    let router = Router::new().route("/", axum::routing::get(echo));
    served_with(router, header_timeout, 10, Some(files.tls()))
}

#[tokio::test]
async fn a_client_that_likes_http2_is_answered_so_and_its_host_is_known() {
    let (files, certificate) = Files::new();
    let served = echoing(&files, HANG);
    let (mut client, _) = client(&served, &certificate).await;
    assert_eq!(text(&mut client, get("/")).await, (StatusCode::OK, "localhost HTTP/2.0".to_owned()));
    // Many at once on the one connection.
    let asked: Vec<_> = (0..STREAMS_MAX).map(|_| client.send_request(get("/"))).collect();
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(served.connections.count(), 1);
}

#[tokio::test]
async fn a_head_past_its_limits_is_refused_and_the_connection_goes_on() {
    let (files, certificate) = Files::new();
    let served = echoing(&files, HANG);
    let (mut client, _) = client(&served, &certificate).await;
    // A client that reads our settings refuses to send more than the whole, so only the lines can be tried.
    let with = |lines: usize| {
        let mut request = get("/");
        for line in 0..lines {
            let name = hyper::header::HeaderName::try_from(format!("x-{line}")).unwrap();
            request.headers_mut().insert(name, "1".parse().unwrap());
        }
        request
    };
    // The host is one that we add.
    assert_eq!(text(&mut client, with(HEADERS_MAX - 1)).await.0, StatusCode::OK);
    let (status, why) = text(&mut client, with(HEADERS_MAX)).await;
    assert_eq!(status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert!(why.contains("at most 64"), "{why}");
    assert_eq!(text(&mut client, get("/")).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_connection_that_asks_nothing_is_closed_and_so_is_one_that_never_begins() {
    let (files, certificate) = Files::new();
    let served = echoing(&files, HEADER_TIMEOUT);
    let (mut asking, ended) = client(&served, &certificate).await;
    assert_eq!(text(&mut asking, get("/")).await.0, StatusCode::OK);
    let mut silent = served.greets(&certificate, H2).await.unwrap();
    timeout(HANG, ended).await.expect("the idle one is closed").unwrap();
    let _closed = timeout(HANG, silent.read_to_end(&mut Vec::new())).await.expect("the silent one is closed");
    timeout(HANG, served.connections.closed()).await.expect("both are counted off");
}

#[tokio::test]
async fn stopping_lets_an_answer_end_and_closes_the_rest() {
    let (files, certificate) = Files::new();
    let (send, body) = tokio::sync::mpsc::channel::<Result<Bytes, Infallible>>(1);
    let body = Arc::new(Mutex::new(Some(body)));
    let slow = move || {
        let mut body = body.lock().unwrap().take().unwrap();
        let parts = futures_util::stream::poll_fn(move |cx| body.poll_recv(cx));
        async move { Body::from_stream(parts) }
    };
    let router = Router::new().route("/", axum::routing::get(slow));
    let served = served_with(router, HANG, 10, Some(files.tls()));
    let (mut under_way, ended) = client(&served, &certificate).await;
    let (_idle, idle_ended) = client(&served, &certificate).await;
    let answer = under_way.send_request(get("/")).await.unwrap();
    served.stop.cancel();
    timeout(HANG, idle_ended).await.expect("the idle one is closed").unwrap();
    send.send(Ok(Bytes::from_static(b"late"))).await.unwrap();
    drop(send);
    assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "late");
    timeout(HANG, ended).await.expect("then it is closed").unwrap();
    timeout(HANG, served.connections.closed()).await.expect("both are counted off");
}

#[tokio::test]
async fn websockets_are_not_offered_over_http2_and_whoever_tries_is_told() {
    let (files, certificate) = Files::new();
    let store = Arc::new(MemoryStore::new());
    let settings = Arc::new(files.settings());
    let app = App::open(settings, store, Key::random(), Metrics::start(false), 4545).await.unwrap();
    let served = served_with(router(app), HANG, 10, Some(files.tls()));
    // The server's first frame says what it offers: pairs of a number of two bytes and a value of four.
    let mut stream = served.greets(&certificate, H2).await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "a frame of settings comes first");
    let mut offered = vec![0; usize::from(u16::from_be_bytes([head[1], head[2]]))];
    stream.read_exact(&mut offered).await.unwrap();
    let offered: Vec<_> = offered
        .chunks(6)
        .map(|pair| (pair[1], u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]])))
        .collect();
    assert!(offered.contains(&(3, STREAMS_MAX)), "{offered:?}");
    assert!(offered.contains(&(6, HEAD_BYTES_MAX as u32)), "{offered:?}");
    assert!(!offered.iter().any(|(number, _)| *number == 8), "extended CONNECT: {offered:?}");

    let (mut client, _) = client(&served, &certificate).await;
    let (status, why) = text(&mut client, get("/ws/d")).await;
    assert!(status == StatusCode::BAD_REQUEST && why.contains("over HTTP/1.1"), "{why}");
    let mut page = get("/");
    page.headers_mut().insert("accept", "text/html".parse().unwrap());
    let (status, page) = text(&mut client, page).await;
    assert!(status == StatusCode::OK && page.contains("<!doctype html>"), "{page}");
    // Another host than the one it came by is as unknown as with HTTP/1.1.
    let foreign = Request::builder().method(Method::GET).uri("https://evil.example/api/server");
    let (status, _) = text(&mut client, foreign.body(Empty::new()).unwrap()).await;
    assert_eq!(status, StatusCode::MISDIRECTED_REQUEST);
}

/// A frame: its kind, its flags, its stream, what it holds.
fn frame(kind: u8, flags: u8, stream: u32, held: &[u8]) -> Vec<u8> {
    let length = u32::try_from(held.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), held].concat()
}

#[tokio::test]
async fn a_client_that_takes_back_all_it_asks_is_hung_up_on() {
    const HEADERS: u8 = 1;
    const RESET: u8 = 3;
    const GO_AWAY: u8 = 7;
    const ENHANCE_YOUR_CALM: u8 = 11;
    let (files, certificate) = Files::new();
    let served = echoing(&files, HANG);
    let mut stream = served.greets(&certificate, H2).await.unwrap();
    // Three fields of the static table (GET, https, /), and the host in full.
    let head = [&[0x82, 0x87, 0x84, 0x41, 9][..], b"localhost"].concat();
    let mut asked = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec();
    for number in 0..1_000 {
        let id = 2 * number + 1;
        asked.extend(frame(HEADERS, 0x5, id, &head));
        asked.extend(frame(RESET, 0, id, &[0, 0, 0, 8]));
    }
    // It may be hung up on before it has said all.
    let _ = stream.write_all(&asked).await;
    let mut told = Vec::new();
    let _ = timeout(HANG, stream.read_to_end(&mut told)).await.expect("it is hung up on");
    let mut rest = &told[..];
    let mut kinds = Vec::new();
    while rest.len() >= 9 {
        let end = 9 + usize::from(u16::from_be_bytes([rest[1], rest[2]]));
        kinds.push((rest[3], rest.get(16).copied()));
        rest = rest.get(end..).unwrap_or_default();
    }
    assert!(kinds.contains(&(GO_AWAY, Some(ENHANCE_YOUR_CALM))), "{kinds:?}");
    timeout(HANG, served.connections.closed()).await.expect("it is counted off");
}
