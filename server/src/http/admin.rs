//! `/api/admin`: errands of the command line, for whoever can read `<data>/server.json`.

use std::io;
use std::pin::Pin;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Frame;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use weft_store::backup;

use super::error::ApiError;
use crate::app::AppState;

/// The trailer that names what is damaged: `name: what` lines, percent-encoded.
pub(crate) const DAMAGED: &str = "weft-damaged";
/// The most damaged documents that the trailer names.
const DAMAGED_NAMED_MAX: usize = 20;
/// Bytes sent at once.
const CHUNK_BYTES: usize = 64 << 10;
/// Chunks on their way between the store and the socket.
const CHUNKS_WAITING_MAX: usize = 8;

/// A backup of everything, as a stream. Ends with the trailer [`DAMAGED`]; without it the backup is not whole.
pub(crate) async fn backup(State(app): State<AppState>, request: Request) -> Response {
    if !app.token.opens(request.headers()) {
        return ApiError::new(
            StatusCode::UNAUTHORIZED,
            "no_token",
            "this address needs the token that stands in <data>/server.json",
            "Use `weft backup FILE` on the server's machine.",
        )
        .into_response();
    }
    let fields = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::TRAILER, HeaderValue::from_static(DAMAGED)),
    ];
    (fields, Body::new(stream(app))).into_response()
}

/// The store's side writes and blocks, so it has a thread; a second one carries its chunks to the socket, because a thread
/// that drives a future may not wait for an async channel.
fn stream(app: AppState) -> BackupBody {
    let (chunks, waiting) = sync_channel(CHUNKS_WAITING_MAX);
    let (frames, body) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        while let Ok(frame) = waiting.recv() {
            if frames.blocking_send(frame).is_err() {
                return;
            }
        }
    });
    let handle = Handle::current();
    tokio::task::spawn_blocking(move || {
        let out = io::BufWriter::with_capacity(CHUNK_BYTES, Chunks(chunks.clone()));
        let _whole = handle.block_on(app.dropping.read());
        let frame = match handle.block_on(backup::write(&*app.store, out, |_| {})) {
            Ok(summary) => Ok(Frame::trailers(damaged(&summary.damaged))),
            Err(error) => {
                tracing::error!(%error, "a backup failed");
                Err(io::Error::other(error))
            }
        };
        // If the socket is gone, so is whoever asked.
        let _ = chunks.send(frame);
    });
    BackupBody(body)
}

fn damaged(documents: &[(weft_ids::DocId, String)]) -> HeaderMap {
    let mut lines: Vec<String> =
        documents.iter().take(DAMAGED_NAMED_MAX).map(|(doc, what)| format!("{doc}: {what}")).collect();
    if documents.len() > DAMAGED_NAMED_MAX {
        lines.push(format!("and {} more", documents.len() - DAMAGED_NAMED_MAX));
    }
    let text = utf8_percent_encode(&lines.join("\n"), NON_ALPHANUMERIC).to_string();
    HeaderMap::from_iter([(
        header::HeaderName::from_static(DAMAGED),
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("")),
    )])
}

struct Chunks(SyncSender<io::Result<Frame<Bytes>>>);

impl io::Write for Chunks {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let frame = Frame::data(Bytes::copy_from_slice(bytes));
        self.0.send(Ok(frame)).map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct BackupBody(mpsc::Receiver<io::Result<Frame<Bytes>>>);

impl hyper::body::Body for BackupBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx)
    }
}
