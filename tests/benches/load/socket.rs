//! A WebSocket client that costs little: frames are parsed where they were read, and written many at a time.
//!
//! A thousand sockets share one core with nothing else to do but count, so each frame may cost some ten nanoseconds.
//! That rules out a general library for reading and leaves just what servers of this kind send: whole, unmasked frames.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Poll, ready};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::Notify;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// The longest answer to an upgrade, in bytes.
const UPGRADE_BYTES_MAX: usize = 16 * 1024;

/// The longest frame that is read, in bytes.
const FRAME_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How much is read at once, in bytes: one buffer for all sockets of the process.
const SCRATCH_BYTES: usize = 256 * 1024;

thread_local! {
    /// Where all sockets read into. It is borrowed only between two waits, so one is enough for a thread.
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// WebSocket opcodes.
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// Opens a socket and upgrades it. `authority` is `host:port`, `path` begins with a slash.
pub(crate) async fn connect(authority: &str, path: &str) -> Result<(Reader, Rc<Writer>)> {
    let mut stream =
        TcpStream::connect(authority).await.with_context(|| format!("cannot reach {authority}"))?;
    stream.set_nodelay(true)?;
    let key = generate_key();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::with_capacity(512);
    let head = loop {
        ensure!(stream.read_buf(&mut answer).await? > 0, "the upgrade of {path} ended without an answer");
        ensure!(answer.len() <= UPGRADE_BYTES_MAX, "the answer to the upgrade of {path} is too long");
        if let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
    };
    let text = String::from_utf8_lossy(&answer[..head]).into_owned();
    ensure!(text.starts_with("HTTP/1.1 101"), "the upgrade of {path} was refused: {text}");
    ensure!(text.contains(&derive_accept_key(key.as_bytes())), "the upgrade of {path} was not accepted");
    answer.drain(..head);
    let (read, write) = stream.into_split();
    let writer = Writer { half: write, outbox: RefCell::default(), drained: Notify::new() };
    let unread = !answer.is_empty();
    Ok((Reader { half: read, partial: answer, unread }, Rc::new(writer)))
}

/// The reading half of a socket.
#[derive(Debug)]
pub(crate) struct Reader {
    half: OwnedReadHalf,
    /// The beginning of a frame whose end has not been read yet; mostly empty.
    partial: Vec<u8>,
    /// `partial` came with the upgrade's answer and has not been looked at.
    unread: bool,
}

/// A frame as the client sees it, in place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Frame<'a> {
    /// A protocol message.
    Binary(&'a [u8]),
    /// To be answered with the same bytes.
    Ping(&'a [u8]),
    /// The server ends the socket, with a close code when it gave one, and its reason.
    Close(Option<u16>, &'a [u8]),
    /// Pongs and text, which no dialect uses.
    Other,
}

impl Reader {
    /// Reads once and hands every whole frame to `each`. False when the peer has ended the stream.
    pub(crate) async fn read(&mut self, mut each: impl FnMut(Frame<'_>) -> Result<()>) -> Result<bool> {
        // Frames that came along with the upgrade's answer wait for no readiness.
        if std::mem::take(&mut self.unread) {
            let bytes = std::mem::take(&mut self.partial);
            let used = frames(&bytes, &mut each)?;
            self.partial = bytes[used..].to_vec();
            if used > 0 {
                return Ok(true);
            }
        }
        poll_fn(|context| {
            SCRATCH.with_borrow_mut(|scratch| {
                let kept = self.partial.len();
                if scratch.len() < kept * 2 {
                    scratch.resize(kept * 2, 0);
                }
                let mut buffer = ReadBuf::new(&mut scratch[kept..]);
                let outcome = ready!(Pin::new(&mut self.half).poll_read(context, &mut buffer));
                let count = buffer.filled().len();
                Poll::Ready(outcome.map_err(Into::into).and_then(|()| {
                    scratch[..kept].copy_from_slice(&self.partial);
                    let bytes = &scratch[..kept + count];
                    let used = frames(bytes, &mut each)?;
                    self.partial.clear();
                    self.partial.extend_from_slice(&bytes[used..]);
                    Ok(count > 0)
                }))
            })
        })
        .await
    }
}

/// Hands every whole frame in `bytes` to `each`; returns how many bytes they were.
fn frames(bytes: &[u8], each: &mut impl FnMut(Frame<'_>) -> Result<()>) -> Result<usize> {
    let mut used = 0;
    while let Some((frame, length)) = frame(&bytes[used..])? {
        each(frame)?;
        used += length;
    }
    Ok(used)
}

/// The frame at the beginning of `bytes` and its length; `None` when it is not whole yet.
fn frame(bytes: &[u8]) -> Result<Option<(Frame<'_>, usize)>> {
    let [first, second, rest @ ..] = bytes else { return Ok(None) };
    ensure!(second & 0x80 == 0, "a server must not mask its frames");
    let (length, extra) = match second & 0x7f {
        126 => {
            let Some(size) = rest.first_chunk::<2>() else { return Ok(None) };
            (usize::from(u16::from_be_bytes(*size)), 2)
        }
        127 => {
            let Some(size) = rest.first_chunk::<8>() else { return Ok(None) };
            (usize::try_from(u64::from_be_bytes(*size))?, 8)
        }
        short => (usize::from(short), 0),
    };
    ensure!(length <= FRAME_BYTES_MAX, "a frame of {length} bytes");
    ensure!(first & 0xf0 == 0x80, "a fragmented or compressed frame");
    let Some(payload) = rest.get(extra..extra + length) else { return Ok(None) };
    let frame = match first & 0x0f {
        BINARY => Frame::Binary(payload),
        PING => Frame::Ping(payload),
        CLOSE => match payload.split_first_chunk() {
            Some((code, reason)) => Frame::Close(Some(u16::from_be_bytes(*code)), reason),
            None => Frame::Close(None, &[]),
        },
        _ => Frame::Other,
    };
    Ok(Some((frame, 2 + extra + length)))
}

/// The writing half of a socket: an outbox that is written as far as the peer takes it.
#[derive(Debug)]
pub(crate) struct Writer {
    half: OwnedWriteHalf,
    outbox: RefCell<Outbox>,
    drained: Notify,
}

/// Bytes that wait to be written.
#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    written: usize,
    /// A task waits for the socket to take more.
    waiting: bool,
    broken: bool,
}

impl Writer {
    /// Queues what `fill` appends and writes as much as the socket takes now; the rest follows by itself.
    pub(crate) fn push(self: &Rc<Self>, fill: impl FnOnce(&mut Vec<u8>)) {
        fill(&mut self.outbox.borrow_mut().bytes);
        if self.outbox.borrow().waiting || self.write_now() {
            return;
        }
        self.outbox.borrow_mut().waiting = true;
        let writer = Rc::clone(self);
        tokio::task::spawn_local(async move {
            while writer.half.writable().await.is_ok() && !writer.write_now() {}
            writer.outbox.borrow_mut().waiting = false;
            writer.drained.notify_waiters();
        });
    }

    /// Queues one frame of the given parts.
    pub(crate) fn push_binary(self: &Rc<Self>, parts: &[&[u8]]) {
        self.push(|out| append_frame(out, BINARY, parts));
    }

    /// Answers a ping.
    pub(crate) fn push_pong(self: &Rc<Self>, payload: &[u8]) {
        self.push(|out| append_frame(out, PONG, &[payload]));
    }

    /// Resolves when everything queued has been handed to the kernel. False when the socket is broken.
    pub(crate) async fn drained(&self) -> bool {
        loop {
            let drained = self.drained.notified();
            let (waiting, broken) = {
                let outbox = self.outbox.borrow();
                (outbox.waiting, outbox.broken)
            };
            if !waiting {
                return !broken;
            }
            drained.await;
        }
    }

    /// Writes until all is written or the socket is full; true when nothing is left to write.
    fn write_now(&self) -> bool {
        let mut outbox = self.outbox.borrow_mut();
        while outbox.written < outbox.bytes.len() {
            match self.half.try_write(&outbox.bytes[outbox.written..]) {
                Ok(count) => outbox.written += count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => {
                    // The reader sees the same and reports it.
                    outbox.broken = true;
                    break;
                }
            }
        }
        outbox.bytes.clear();
        outbox.written = 0;
        true
    }
}

/// Appends one client frame. The mask is zero, which is a mask like any other and leaves the payload as it is.
pub(crate) fn append_binary(out: &mut Vec<u8>, parts: &[&[u8]]) {
    append_frame(out, BINARY, parts);
}

fn append_frame(out: &mut Vec<u8>, opcode: u8, parts: &[&[u8]]) {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    out.push(0x80 | opcode);
    match length {
        0..126 => out.push(0x80 | length as u8),
        126..65_536 => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
        _ => {
            out.push(0x80 | 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    for part in parts {
        out.extend_from_slice(part);
    }
}

/// Splits `ws://host:port/path` into its authority and its path without a trailing slash.
pub(crate) fn split_url(url: &str) -> Result<(String, String)> {
    let Some(rest) = url.strip_prefix("ws://") else { bail!("{url} is not a ws:// address") };
    let (authority, path) = rest.split_once('/').map_or((rest, ""), |(authority, path)| (authority, path));
    ensure!(!authority.is_empty(), "{url} names no host");
    let authority = if authority.contains(':') { authority.to_owned() } else { format!("{authority}:80") };
    let path = path.trim_end_matches('/');
    Ok((authority, if path.is_empty() { String::new() } else { format!("/{path}") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same frame as a server would send it: without the mask.
    fn from_server(payload: &[u8]) -> Vec<u8> {
        let mut masked = Vec::new();
        append_binary(&mut masked, &[payload]);
        let header = masked.len() - payload.len() - 4;
        let mut bytes = masked[..header].to_vec();
        bytes[1] &= 0x7f;
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn frames_of_every_length_form_are_read_where_they_stand() {
        for length in [0, 1, 125, 126, 65_535, 65_536, 300_000] {
            let payload = vec![7; length];
            let bytes = from_server(&payload);
            assert_eq!(frame(&bytes).unwrap(), Some((Frame::Binary(&payload), bytes.len())), "{length}");
            for cut in [1, 2, 3, 9, bytes.len() - 1] {
                if cut < bytes.len() {
                    assert_eq!(frame(&bytes[..cut]).unwrap(), None, "{length} cut at {cut}");
                }
            }
        }
    }

    #[test]
    fn a_masked_a_fragmented_and_an_endless_frame_are_refused() {
        for bytes in [&[0x82, 0x80][..], &[0x02, 0x01, 0x00], &[0x82, 127, 1, 0, 0, 0, 0, 0, 0, 0]] {
            assert!(frame(bytes).is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn a_url_is_split_into_where_and_what() {
        assert_eq!(split_url("ws://h:1/a/b/").unwrap(), ("h:1".into(), "/a/b".into()));
        assert_eq!(split_url("ws://h").unwrap(), ("h:80".into(), String::new()));
        assert!(split_url("http://h").is_err());
        assert!(split_url("ws:///a").is_err());
    }
}
