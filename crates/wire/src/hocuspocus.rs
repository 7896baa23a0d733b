//! The Hocuspocus dialect, as providers 2, 3 and 4 speak it: the address, `type`, then the body. Many documents a socket.
//!
//! An address is a document's name, or in version 4 perhaps the name, NUL, and a session id. It is answered as received.

use std::sync::Arc;

use bytes::Bytes;

use crate::message::{
    AUTH, AWARENESS, ClientMessage, DecodeError, Incoming, QUERY_AWARENESS, STEP_1, STEP_2, SYNC,
    ServerMessage, UPDATE, framed, presence, sync,
};
use crate::varint::{ReadError, Reader, buf_len, write_string};

/// The longest address, in bytes: a document's name of 255, NUL, and room for any session id.
pub const ADDRESS_BYTES_MAX: usize = 512;
/// The longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest provider version that is believed, in bytes; a longer one counts as none.
pub const VERSION_BYTES_MAX: usize = 64;

const SYNC_REPLY: u64 = 4;
const STATELESS: u64 = 5;
const BROADCAST_STATELESS: u64 = 6;
const CLOSE: u64 = 7;
const SYNC_STATUS: u64 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

const AUTH_TOKEN: u8 = 0;
const AUTH_DENIED: u8 = 1;
const AUTH_GRANTED: u8 = 2;

/// Reads what a client says.
pub(crate) fn decode(frame: &Bytes) -> Result<Incoming, DecodeError> {
    // A ping is one byte without an address. An address of nine bytes starts with the same byte, but goes on.
    match frame[..] {
        [] => return Ok(Incoming { address: None, message: ClientMessage::Ignored("an empty frame") }),
        [PING] => return Ok(Incoming { address: None, message: ClientMessage::Ping }),
        [PONG] => return Ok(Incoming { address: None, message: ClientMessage::Pong }),
        _ => {}
    }
    let mut reader = Reader::new(frame);
    let address = reader.buf()?;
    if address.len() > ADDRESS_BYTES_MAX {
        return Err(DecodeError::AddressTooLong(address.len()));
    }
    let address = std::str::from_utf8(address).map_err(|_| ReadError::NotUtf8)?;
    if name(address).trim().is_empty() {
        return Err(DecodeError::NoAddress);
    }
    Ok(Incoming { address: Some(Arc::from(address)), message: message(frame, &mut reader)? })
}

fn message(frame: &Bytes, reader: &mut Reader<'_>) -> Result<ClientMessage, DecodeError> {
    match reader.uint()? {
        SYNC => sync(frame, reader),
        AWARENESS => presence(reader),
        AUTH => auth(reader),
        QUERY_AWARENESS => Ok(ClientMessage::QueryAwareness),
        kind @ (SYNC_REPLY | BROADCAST_STATELESS) => Err(DecodeError::ServerOnly(kind as u8)),
        STATELESS => Ok(ClientMessage::Stateless(reader.string()?.to_owned())),
        CLOSE => Ok(ClientMessage::Close),
        SYNC_STATUS => Ok(ClientMessage::Ignored("a sync status, which is the server's to send")),
        _ => Ok(ClientMessage::Ignored("an unknown message")),
    }
}

fn auth(reader: &mut Reader<'_>) -> Result<ClientMessage, DecodeError> {
    if reader.uint()? != u64::from(AUTH_TOKEN) {
        return Ok(ClientMessage::Ignored("an auth message, which is the server's to send"));
    }
    let token = reader.buf()?;
    if token.len() > TOKEN_BYTES_MAX {
        return Err(DecodeError::TokenTooLong(token.len()));
    }
    let token = std::str::from_utf8(token).map_err(|_| ReadError::NotUtf8)?.to_owned();
    // Only version 4 says its version; other bytes after the token are let be.
    let version =
        reader.string().ok().filter(|version| !version.is_empty() && version.len() <= VERSION_BYTES_MAX);
    Ok(ClientMessage::Auth { token, version: version.map(str::to_owned) })
}

/// The document's name in an address.
pub(crate) fn name(address: &str) -> &str {
    address.split_once('\0').map_or(address, |(name, _session)| name)
}

/// Writes what the server says.
pub(crate) fn encode(address: &str, message: &ServerMessage) -> Bytes {
    let (head, body): (&[u8], &[u8]) = match message {
        ServerMessage::SyncStep1(body) => (&[SYNC as u8, STEP_1], body),
        ServerMessage::SyncStep2(body) => (&[SYNC as u8, STEP_2], body),
        ServerMessage::Update(body) => (&[SYNC as u8, UPDATE], body),
        ServerMessage::Awareness(body) => (&[AWARENESS as u8], body),
        ServerMessage::PermissionDenied(reason) => (&[AUTH as u8, AUTH_DENIED], reason.as_bytes()),
        ServerMessage::Authenticated { read_only: true } => (&[AUTH as u8, AUTH_GRANTED], b"readonly"),
        ServerMessage::Authenticated { read_only: false } => (&[AUTH as u8, AUTH_GRANTED], b"read-write"),
        ServerMessage::Stateless(text) => (&[STATELESS as u8], text.as_bytes()),
        ServerMessage::Close(reason) => (&[CLOSE as u8], reason.as_bytes()),
        ServerMessage::SyncStatus(saved) => return bodiless(address, &[SYNC_STATUS as u8, u8::from(*saved)]),
        ServerMessage::AuthAgain => return bodiless(address, &[AUTH as u8, AUTH_TOKEN]),
        ServerMessage::Ping => return Bytes::from_static(&[PING]),
        ServerMessage::Pong => return Bytes::from_static(&[PONG]),
    };
    let mut prefix = Vec::with_capacity(buf_len(address.len()));
    write_string(&mut prefix, address);
    framed(&prefix, head, body)
}

/// The address and the few bytes of a message without a body.
fn bodiless(address: &str, head: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(buf_len(address.len()) + head.len());
    write_string(&mut out, address);
    out.extend_from_slice(head);
    out.into()
}
