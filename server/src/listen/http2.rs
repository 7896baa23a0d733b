//! HTTP/2, for browsers that come by TLS: what one connection may take.
//!
//! One connection carries many requests, so what limits connections does not limit it. WebSockets stay with HTTP/1.1: the
//! extended CONNECT of RFC 8441 is not offered, and browsers then open a connection of its own for each.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::server::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::HEAD_BYTES_MAX;

/// The most requests under way on one connection.
pub(super) const STREAMS_MAX: u32 = 128;
/// The most requests that a client has taken back and that nobody has looked at yet. One more ends the connection
/// (CVE-2023-44487, rapid reset).
const RESETS_WAITING_MAX: usize = 20;
/// The most requests that ended by a client's fault and that its connection still remembers. One more ends the connection
/// (CVE-2025-8671, resets that the client makes us send).
const RESETS_OF_OURS_MAX: usize = 256;
/// What a client may send of one body before it was read.
const STREAM_WINDOW_BYTES: u32 = 256 << 10;
/// What a client may send of all bodies of a connection before it was read.
const CONNECTION_WINDOW_BYTES: u32 = 1 << 20;
/// What is kept of one answer before the client takes it.
const SEND_BUFFER_BYTES_MAX: usize = 256 << 10;
/// The largest frame that is taken, in bytes: the least that the protocol allows.
const FRAME_BYTES_MAX: u32 = 16 << 10;
/// How often a client is asked whether it is there.
const PING_EVERY: Duration = Duration::from_secs(20);
/// How long its answer may take.
const PONG_MAX: Duration = Duration::from_secs(20);

/// How HTTP/2 is spoken.
pub(super) fn builder() -> http2::Builder<TokioExecutor> {
    let mut http = http2::Builder::new(TokioExecutor::new());
    http.timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX as u32)
        .max_pending_accept_reset_streams(RESETS_WAITING_MAX)
        .max_local_error_reset_streams(RESETS_OF_OURS_MAX)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
        .max_frame_size(FRAME_BYTES_MAX)
        .max_send_buf_size(SEND_BUFFER_BYTES_MAX)
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PONG_MAX);
    http
}

/// Returns when nothing was asked on a connection for `patience`, and nothing is under way: also for one whose client
/// never came to ask whole, for which HTTP/2 itself has no deadline.
///
/// `under_way` is held by every request that is, `begun` counts them.
pub(super) async fn idle(under_way: &Arc<()>, begun: &AtomicU64, patience: Duration) {
    loop {
        let before = begun.load(Ordering::Relaxed);
        tokio::time::sleep(patience).await;
        if Arc::strong_count(under_way) == 1 && begun.load(Ordering::Relaxed) == before {
            return;
        }
    }
}
