//! Takes connections: its own accept loop, because a limit needs a place to stand.
//!
//! One connection passes: caps, TCP options, a handshake where TLS is ours to speak, then hyper with a deadline for the
//! head of each request. A WebSocket upgrade takes the [`connections::Connection`] out of hyper, buffers and all are
//! freed, and the caps go on counting it.

mod connections;
pub(crate) mod forwarded;
mod http2;
mod speak;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

pub(crate) use connections::Connections;
use connections::Refused;
pub(crate) use tls::Tls;

use crate::config::{Host, Listen};

/// The most header lines in a request.
const HEADERS_MAX: usize = 64;
/// The most bytes of a request's head, and what hyper buffers of a body at once.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Connections the system keeps waiting for us. After a restart everybody comes back at once.
const BACKLOG: i32 = 4096;
/// How long a peer may be silent before the system asks whether it is there.
const KEEPALIVE_AFTER: Duration = Duration::from_secs(45);
/// How often it asks then.
const KEEPALIVE_EVERY: Duration = Duration::from_secs(15);
/// How long a connection without a request under way has to close when the server stops.
const STOP_GRACE: Duration = Duration::from_millis(250);
/// How long accepting rests when the process has no descriptors left: taking one more would fail again at once.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Why Weft cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {reason}")]
pub(crate) struct BindError {
    address: SocketAddr,
    reason: String,
}

/// Bound sockets, not served yet.
#[derive(Debug)]
pub(crate) struct Listeners {
    sockets: Vec<TcpListener>,
    /// The port they share.
    pub(crate) port: u16,
}

/// Binds every address `listen` stands for. Must be called inside a tokio runtime.
///
/// # Errors
/// If an address is taken or not ours. A machine without IPv6 still has `localhost`.
pub(crate) fn bind(listen: &Listen) -> Result<Listeners, BindError> {
    let mut sockets: Vec<TcpListener> = Vec::new();
    let mut port = listen.port;
    for mut address in listen.addresses() {
        // The first address may have chosen the port.
        address.set_port(port);
        match bind_one(address) {
            Ok(socket) => {
                port = socket.local_addr().map_or(port, |bound| bound.port());
                sockets.push(socket);
            }
            Err(error) if !sockets.is_empty() && is_absent(&error) => {
                tracing::debug!(%address, %error, "this loopback address is not there");
            }
            Err(error) => return Err(BindError { address, reason: advice(&error, listen, port) }),
        }
    }
    Ok(Listeners { sockets, port })
}

fn bind_one(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() && !address.ip().is_unspecified() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

/// A machine without IPv6 has no such address, or not even the family.
fn is_absent(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable
        || error.raw_os_error() == Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error())
}

fn advice(error: &io::Error, listen: &Listen, port: u16) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            let host = match listen.host {
                Host::Localhost => "localhost".to_owned(),
                Host::Ip(ip) if ip.is_ipv6() => format!("[{ip}]"),
                Host::Ip(ip) => ip.to_string(),
            };
            let other = if port == u16::MAX { port - 1 } else { port + 1 };
            format!(
                "port {port} is in use. Stop the program that uses it, or start with --listen {host}:{other}"
            )
        }
        io::ErrorKind::PermissionDenied => format!(
            "this user may not use port {port}. Take a port above 1023, or allow it \
             (setcap cap_net_bind_service=+ep on the program)"
        ),
        io::ErrorKind::AddrNotAvailable => "this machine has no such address".to_owned(),
        _ => error.to_string(),
    }
}

/// How connections are served.
#[derive(Debug, Clone)]
pub(crate) struct Serving {
    pub(crate) router: Router,
    pub(crate) connections: Arc<Connections>,
    /// How long a handshake may take, and the head of a request.
    pub(crate) header_timeout: Duration,
    /// The certificate, where we speak TLS ourselves.
    pub(crate) tls: Option<Arc<Tls>>,
    /// Cancelled when the server stops.
    pub(crate) stop: CancellationToken,
}

/// Serves until told to stop, then takes no more connections and lets requests that are under way finish.
/// Returns when the listening sockets are closed; [`Connections::closed`] tells when the last connection is gone.
pub(crate) async fn serve(listeners: Listeners, serving: Serving) {
    let loops = listeners.sockets.into_iter().map(|socket| accept_loop(socket, serving.clone()));
    futures_util::future::join_all(loops).await;
}

async fn accept_loop(socket: TcpListener, serving: Serving) {
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = serving.stop.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => match serving.connections.admit(peer.ip()) {
                Ok(seat) => {
                    set_options(&stream);
                    tokio::spawn(speak::serve_one(serving.clone(), stream, seat, peer));
                }
                Err(refused) => refuse(&stream, refused, serving.tls.is_some()),
            },
            Err(error) => {
                // A connection that broke before it was taken is nobody's fault; all else is want of resources.
                if !matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
                {
                    tracing::warn!(%error, "a connection could not be taken");
                    tokio::time::sleep(ACCEPT_REST).await;
                }
            }
        }
    }
}

fn set_options(stream: &TcpStream) {
    // Small frames must not wait for the acknowledgement of the ones before.
    let nodelay = stream.set_nodelay(true);
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_EVERY);
    let alive = SockRef::from(stream).set_tcp_keepalive(&keepalive);
    if let Err(error) = nodelay.and(alive) {
        tracing::debug!(%error, "a connection's options could not be set");
    }
}

/// Says why, as far as one write goes, and closes. A client that waits for a handshake understands only the end.
fn refuse(stream: &TcpStream, refused: Refused, tls: bool) {
    refused.note();
    if tls {
        return;
    }
    let answer = format!(
        "HTTP/1.1 {}\r\nretry-after: {}\r\nconnection: close\r\ncontent-type: text/plain\r\ncontent-length: {}\r\n\r\n{}",
        refused.status(),
        Refused::RETRY_AFTER_SECONDS,
        refused.text().len(),
        refused.text()
    );
    let _ = stream.try_write(answer.as_bytes());
}

#[cfg(test)]
mod tests;
