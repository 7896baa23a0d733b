//! Speaks HTTP on one connection, from its first byte to the end of its last answer.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use http_body_util::BodyExt as _;
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tower::ServiceExt as _;

use super::connections::{Brought, Connection, Seat, Wire};
use super::forwarded::Place;
use super::tls::Tls;
use super::{HEAD_BYTES_MAX, HEADERS_MAX, STOP_GRACE, Serving, http2};
use crate::http::error::ApiError;
use crate::peer::Peer;

/// With this byte begins whatever a client of TLS says first: a record of the handshake.
const HANDSHAKE_RECORD: u8 = 22;
/// What is read of a client that speaks plain HTTP where TLS is spoken, before it is told so.
const PLAIN_BYTES_READ: usize = 4 << 10;
const PLAIN_ANSWER: &str = "this port speaks https only: write https:// in the address\n";

/// Serves a connection until it ends, or the server stops.
pub(super) async fn serve_one(serving: Serving, stream: TcpStream, seat: Seat, address: SocketAddr) {
    let wire = tokio::select! {
        wire = greet(&serving, stream) => wire,
        () = serving.stop.cancelled() => return,
    };
    let wire = match wire {
        Ok(wire) => wire,
        Err(error) => {
            metrics::counter!("weft_tls_handshakes_failed_total").increment(1);
            tracing::debug!(peer = %address, %error, "a connection did not come to speak TLS");
            return;
        }
    };
    let peer = Peer { address, tls: wire.is_tls() };
    let brought = Brought::default();
    let connection = Connection::new(wire, seat, brought.clone());
    speak(&serving, connection, brought, peer).await;
}

/// What is spoken on a new connection: TLS, where that is ours to speak.
async fn greet(serving: &Serving, stream: TcpStream) -> io::Result<Wire> {
    let Some(tls) = &serving.tls else { return Ok(Wire::Plain(stream)) };
    let greeted = timeout(serving.header_timeout, shake_hands(tls, stream)).await;
    let stream = greeted.map_err(|_elapsed| io::Error::from(io::ErrorKind::TimedOut))??;
    Ok(Wire::Tls(Box::new(stream)))
}

async fn shake_hands(tls: &Tls, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
    let mut first = [HANDSHAKE_RECORD];
    stream.peek(&mut first).await?;
    if first != [HANDSHAKE_RECORD] {
        say_https(stream).await;
        return Err(io::Error::other("the client spoke something else"));
    }
    tls.handshake(stream).await
}

/// Tells whoever speaks plain HTTP to a port for https what is spoken here.
async fn say_https(mut stream: TcpStream) {
    // The system breaks off a connection of which something is unread, and the answer would be lost with it.
    let _ = stream.read(&mut [0; PLAIN_BYTES_READ]).await;
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{PLAIN_ANSWER}",
        PLAIN_ANSWER.len(),
    );
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn speak(serving: &Serving, connection: Connection, brought: Brought, peer: Peer) {
    // Every request under way holds a share, from its head to the end of its answer's body.
    let under_way = Arc::new(());
    let begun = Arc::new(AtomicU64::new(0));
    let (share, count, router) = (Arc::downgrade(&under_way), begun.clone(), serving.router.clone());
    let service = service_fn(move |request: Request<Incoming>| {
        count.fetch_add(1, Ordering::Relaxed);
        let mut request = request.map(Body::new);
        one_host(&mut request);
        request.extensions_mut().insert(peer);
        let too_many = request.headers().keys_len() > HEADERS_MAX;
        let (share, answer) = (share.upgrade(), router.clone().oneshot(request));
        let brought = brought.clone();
        async move {
            // HTTP/1.1 is told so before it comes here.
            let mut response = if too_many { too_many_headers() } else { answer.await? };
            let mut place = response.extensions_mut().remove::<Place>();
            if response.status() == StatusCode::SWITCHING_PROTOCOLS
                && let Some(place) = place.take()
            {
                // Held by the connection, which the socket takes along.
                let _once = brought.set(place);
            }
            Ok::<_, Infallible>(response.map(|body| {
                body.map_frame(move |frame| {
                    let _held_until_the_body_is_dropped = (&share, &place);
                    frame
                })
            }))
        }
    });
    let second = connection.speaks_http2();
    let io = TokioIo::new(connection);
    let result = if second {
        let idle = http2::idle(&under_way, &begun, serving.header_timeout);
        let connection = http2::builder().serve_connection(io, service);
        drive(serving, connection, |connection| connection.graceful_shutdown(), idle, &under_way).await
    } else {
        let connection = first(serving.header_timeout).serve_connection(io, service).with_upgrades();
        let never = std::future::pending();
        drive(serving, connection, |connection| connection.graceful_shutdown(), never, &under_way).await
    };
    if let Err(error) = result {
        // Broken and slow clients are daily bread.
        tracing::debug!(peer = %peer.address, %error, "a connection ended early");
    }
}

/// How HTTP/1.1 is spoken.
fn first(header_timeout: Duration) -> http1::Builder {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(header_timeout)
        .max_headers(HEADERS_MAX)
        .max_header_size(HEAD_BYTES_MAX)
        .max_buf_size(HEAD_BYTES_MAX);
    http
}

fn too_many_headers() -> Response {
    ApiError::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        "headers",
        format!("a request has at most {HEADERS_MAX} different headers"),
        "Send fewer.",
    )
    .into_response()
}

/// Goes on until the connection ends, or until it is idle or the server stops and nothing is under way. `finish` makes the
/// connection take no more requests.
async fn drive<C>(
    serving: &Serving,
    connection: C,
    finish: impl Fn(Pin<&mut C>),
    idle: impl Future<Output = ()>,
    under_way: &Arc<()>,
) -> hyper::Result<()>
where
    C: Future<Output = hyper::Result<()>>,
{
    let mut connection = pin!(connection);
    tokio::select! {
        result = connection.as_mut() => return result,
        () = serving.stop.cancelled() => {}
        () = idle => {}
    }
    finish(connection.as_mut());
    loop {
        match timeout(STOP_GRACE, connection.as_mut()).await {
            Ok(result) => return result,
            // Half a request will not become whole in time, and nobody waits for its answer.
            Err(_) if Arc::strong_count(under_way) == 1 => return Ok(()),
            Err(_) => {}
        }
    }
}

/// A request may say whom it is for in its target too, and then that counts (RFC 9112, section 3.2.2; with HTTP/2 it is
/// the only place). From here on there is one.
fn one_host(request: &mut Request<Body>) {
    let host = request.uri().authority().and_then(|authority| {
        let named = authority.as_str();
        HeaderValue::from_str(named.rsplit_once('@').map_or(named, |(_, host)| host)).ok()
    });
    if let Some(host) = host {
        request.headers_mut().insert(HOST, host);
    }
}
