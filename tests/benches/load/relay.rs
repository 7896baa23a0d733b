//! The yardstick: a bare relay that forwards frames and knows no document.
//!
//! It does for a socket what every server must do (upgrade, read, fan out, write) and nothing else, with the one
//! trick that is worth a factor of 25: all frames that wait for a socket go out in one write. What a server costs
//! above it is the price of its promises.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use anyhow::{Context, Result};
use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{Request, Response};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// How many frames are taken from a socket's queue before they are written.
const WAITING_MAX: usize = 4096;

/// How many frames are read from one socket before its own queue gets a turn.
const READ_AHEAD_MAX: usize = 256;

/// The read buffer of one socket, in bytes: small, because the library touches all of it even for a socket that idles.
const READ_BUFFER_BYTES: usize = 4 * 1024;

/// The message type byte of the sync protocol.
const SYNC: u8 = 0;
/// A client asks what it lacks.
const STEP1: u8 = 0;
/// A client answers what it was asked.
const STEP2: u8 = 1;
/// Sync message, Step2, a body of two bytes: the empty update.
const EMPTY_STEP2: &[u8] = &[0, 1, 2, 0, 0];
/// Sync message, Step1, a body of one byte: the empty state vector.
const EMPTY_STEP1: &[u8] = &[0, 0, 1, 0];

/// One socket of a room: its number in the process and the queue its task drains.
struct Member {
    number: u64,
    queue: UnboundedSender<Message>,
}

/// Who is in which room. One thread owns it all, so nothing is locked.
type Rooms = Rc<RefCell<HashMap<String, Vec<Member>>>>;

/// Serves until the process is killed.
pub(crate) async fn serve(listen: &str) -> Result<()> {
    let listener = TcpListener::bind(listen).await.with_context(|| format!("cannot listen on {listen}"))?;
    let rooms = Rooms::default();
    let mut number = 0;
    loop {
        let (stream, _) = listener.accept().await?;
        number += 1;
        let rooms = Rc::clone(&rooms);
        // A socket that breaks is its own affair: the relay has nothing to say about it.
        tokio::task::spawn_local(async move { attend(stream, number, rooms).await.ok() });
    }
}

/// Everything that happens to one socket, from the upgrade to its end.
async fn attend(stream: TcpStream, number: u64, rooms: Rooms) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut path = String::new();
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER_BYTES);
    #[expect(clippy::result_large_err, reason = "the library's callback has this shape")]
    let note_path = |request: &Request, response: Response| {
        path = request.uri().path().to_owned();
        Ok(response)
    };
    let mut socket = tokio_tungstenite::accept_hdr_async_with_config(stream, note_path, Some(config)).await?;
    let (queue, waiting) = mpsc::unbounded_channel();
    rooms.borrow_mut().entry(path.clone()).or_default().push(Member { number, queue });
    let result = match socket.send(Message::Binary(Bytes::from_static(EMPTY_STEP1))).await {
        Ok(()) => pump(&mut socket, waiting, number, &rooms, &path).await,
        Err(error) => Err(error.into()),
    };
    let mut rooms = rooms.borrow_mut();
    if let Some(members) = rooms.get_mut(&path) {
        members.retain(|member| member.number != number);
        if members.is_empty() {
            rooms.remove(&path);
        }
    }
    result
}

/// Reads what the client says and writes what waits for it, until either ends.
async fn pump(
    socket: &mut WebSocketStream<TcpStream>,
    mut waiting: UnboundedReceiver<Message>,
    number: u64,
    rooms: &Rooms,
    path: &str,
) -> Result<()> {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            frame = socket.next() => {
                let Some(message) = frame else { return Ok(()) };
                hear(message?, number, rooms, path);
                // What has been read along with it, before this socket's own queue gets its turn.
                for _ in 0..READ_AHEAD_MAX {
                    match socket.next().now_or_never() {
                        Some(Some(message)) => hear(message?, number, rooms, path),
                        Some(None) => return Ok(()),
                        None => break,
                    }
                }
            }
            _ = waiting.recv_many(&mut batch, WAITING_MAX) => {
                for message in batch.drain(..) {
                    socket.feed(message).await?;
                }
                socket.flush().await?;
            }
        }
    }
}

/// Answers a Step1 with nothing, so that the client is in sync, and forwards edits and presence to the others of the
/// room. The client's own Step2 answers the relay, which has no use for it.
fn hear(message: Message, number: u64, rooms: &Rooms, path: &str) {
    let Message::Binary(frame) = message else { return };
    let rooms = rooms.borrow();
    let Some(members) = rooms.get(path) else { return };
    if frame.starts_with(&[SYNC, STEP1]) {
        if let Some(me) = members.iter().find(|member| member.number == number) {
            me.queue.send(Message::Binary(Bytes::from_static(EMPTY_STEP2))).ok();
        }
        return;
    }
    if frame.starts_with(&[SYNC, STEP2]) {
        return;
    }
    for member in members.iter().filter(|member| member.number != number) {
        member.queue.send(Message::Binary(frame.clone())).ok();
    }
}
