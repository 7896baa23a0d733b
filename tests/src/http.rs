//! A small HTTP client: one connection a request.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpSocket;

/// What a document's name keeps as it is in an address.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_');

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A name as one part of an address.
#[must_use]
pub fn encoded(name: &str) -> String {
    utf8_percent_encode(name, PLAIN).to_string()
}

/// Asks `authority` for `path`.
///
/// # Errors
/// If there is no answer.
pub async fn ask(authority: &str, method: Method, path: &str, body: Bytes) -> Result<Answer> {
    ask_from(Ipv4Addr::LOCALHOST, authority, method, path, HeaderMap::new(), body).await
}

/// Asks `authority` for `path` from an address of this machine's own, with more headers.
///
/// # Errors
/// If there is no answer.
pub async fn ask_from(
    from: Ipv4Addr,
    authority: &str,
    method: Method,
    path: &str,
    fields: HeaderMap,
    body: Bytes,
) -> Result<Answer> {
    let mut places = tokio::net::lookup_host(authority).await?;
    let place = places.find(SocketAddr::is_ipv4).context("no address")?;
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(place).await.context("nobody listens")?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", authority);
    let mut request = request.body(Full::new(body))?;
    request.headers_mut().extend(fields);
    let answer = sender.send_request(request).await?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await?.to_bytes();
    connection.abort();
    Ok(Answer { status: parts.status, headers: parts.headers, body })
}

/// `GET /api/docs/{name}/{what}`.
///
/// # Errors
/// If there is no answer.
pub async fn read(authority: &str, name: &str, what: &str) -> Result<Answer> {
    ask(authority, Method::GET, &format!("/api/docs/{}/{what}", encoded(name)), Bytes::new()).await
}

/// `POST /api/docs/{name}/update`.
///
/// # Errors
/// If there is no answer.
pub async fn update(authority: &str, name: &str, update: Bytes) -> Result<Answer> {
    ask(authority, Method::POST, &format!("/api/docs/{}/update", encoded(name)), update).await
}
