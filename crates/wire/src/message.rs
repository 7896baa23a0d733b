//! What clients and the server say to each other, in whatever dialect.

use std::sync::Arc;

use bytes::Bytes;

use crate::awareness::{self, AwarenessError};
use crate::scan::ScanError;
use crate::state_vector::StateVector;
use crate::update::Update;
use crate::varint::{ReadError, Reader, buf_len, write_buf};

/// A frame of a client, decoded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Hocuspocus: which document, and perhaps which session of the client, as it must be answered. `None` in the other
    /// dialect, and for [`ClientMessage::Ping`] and [`ClientMessage::Pong`], which concern the whole socket.
    pub address: Option<Arc<str>>,
    /// What it says.
    pub message: ClientMessage,
}

/// What a client says.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// "This is what I know": answer with what is missing.
    SyncStep1(StateVector),
    /// The answer to our step 1.
    SyncStep2(Update),
    /// A change, as it happens.
    Update(Update),
    /// Who is here.
    Awareness(Vec<awareness::Entry>),
    /// Asks who is here.
    QueryAwareness,
    /// Who the client claims to be. Hocuspocus only.
    Auth {
        /// Opaque; empty when the client has none.
        token: String,
        /// The provider's version, which only providers 4 tell.
        version: Option<String>,
    },
    /// An application's own text. Hocuspocus only.
    Stateless(String),
    /// The client leaves this document but keeps the socket. Hocuspocus only.
    Close,
    /// Answer with [`ServerMessage::Pong`]. Hocuspocus only.
    Ping,
    /// The answer to our ping. Hocuspocus only.
    Pong,
    /// Odd but legal; there is nothing to do. Says what it was.
    Ignored(&'static str),
}

impl std::fmt::Debug for ClientMessage {
    /// As derived, but for the token, which must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SyncStep1(vector) => f.debug_tuple("SyncStep1").field(vector).finish(),
            Self::SyncStep2(update) => f.debug_tuple("SyncStep2").field(update).finish(),
            Self::Update(update) => f.debug_tuple("Update").field(update).finish(),
            Self::Awareness(entries) => f.debug_tuple("Awareness").field(entries).finish(),
            Self::QueryAwareness => f.write_str("QueryAwareness"),
            Self::Auth { version, .. } => {
                f.debug_struct("Auth").field("version", version).finish_non_exhaustive()
            }
            Self::Stateless(text) => f.debug_tuple("Stateless").field(text).finish(),
            Self::Close => f.write_str("Close"),
            Self::Ping => f.write_str("Ping"),
            Self::Pong => f.write_str("Pong"),
            Self::Ignored(why) => f.debug_tuple("Ignored").field(why).finish(),
        }
    }
}

/// What the server says. The bodies are encoded already, so that one encoding serves a whole room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// "This is what I know": a state vector ([`StateVector::encode`]).
    SyncStep1(Bytes),
    /// An update that answers a step 1.
    SyncStep2(Bytes),
    /// An update as it happens.
    Update(Bytes),
    /// Who is here ([`awareness::encode`]).
    Awareness(Bytes),
    /// No access, and why.
    PermissionDenied(String),
    /// Access. Hocuspocus only.
    Authenticated {
        /// May look, not touch.
        read_only: bool,
    },
    /// Acknowledges one step 2 or update: `true` when it is on disk, `false` when it was refused. Hocuspocus only.
    SyncStatus(bool),
    /// An application's own text. Hocuspocus only.
    Stateless(String),
    /// The document is closed for this client, and why. Providers 2 throw on it. Hocuspocus only.
    Close(String),
    /// Asks for the token again. Providers below 3.3 do not know it. Hocuspocus only.
    AuthAgain,
    /// Asks for a sign of life. Only providers 4 know it. Hocuspocus only.
    Ping,
    /// The answer to a ping. Hocuspocus only.
    Pong,
}

impl ServerMessage {
    /// Presence of nobody: every client family takes it for a sign of life.
    #[must_use]
    pub fn keep_alive() -> Self {
        Self::Awareness(Bytes::from_static(awareness::EMPTY))
    }
}

/// Why a frame cannot be read. All of it is the sender's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The frame ends early, a number has more than 53 bits, or a string is not UTF-8.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The update in it is refused.
    #[error("bad update: {0}")]
    Update(ScanError),
    /// The state vector in it is refused.
    #[error("bad state vector: {0}")]
    StateVector(ScanError),
    /// The presence in it is refused.
    #[error("bad awareness: {0}")]
    Awareness(#[from] AwarenessError),
    /// A Hocuspocus frame for no document.
    #[error("a frame without a document's name")]
    NoAddress,
    /// A Hocuspocus address of more than [`crate::ADDRESS_BYTES_MAX`] bytes.
    #[error("an address of {0} bytes")]
    AddressTooLong(usize),
    /// A token of more than [`crate::TOKEN_BYTES_MAX`] bytes.
    #[error("a token of {0} bytes")]
    TokenTooLong(usize),
    /// A message that only servers send each other, by its number.
    #[error("message {0} is for servers")]
    ServerOnly(u8),
}

/// Top types that all dialects share.
pub(crate) const SYNC: u64 = 0;
pub(crate) const AWARENESS: u64 = 1;
pub(crate) const AUTH: u64 = 2;
pub(crate) const QUERY_AWARENESS: u64 = 3;

/// Sync messages.
pub(crate) const STEP_1: u8 = 0;
pub(crate) const STEP_2: u8 = 1;
pub(crate) const UPDATE: u8 = 2;

/// Reads the sync message that `reader` of `frame` stands before. Trailing bytes are let be: clients that add some exist,
/// and the reference server reads the first message of a frame only.
pub(crate) fn sync(frame: &Bytes, reader: &mut Reader<'_>) -> Result<ClientMessage, DecodeError> {
    let kind = reader.uint()?;
    if kind == u64::from(STEP_1) && reader.left() == 0 {
        return Ok(ClientMessage::Ignored("a step 1 without a state vector"));
    }
    if kind > u64::from(UPDATE) {
        return Ok(ClientMessage::Ignored("an unknown sync message"));
    }
    let body = reader.buf()?;
    if kind == u64::from(STEP_1) {
        return Ok(ClientMessage::SyncStep1(StateVector::scan(body).map_err(DecodeError::StateVector)?));
    }
    let update = Update::scan_with_holes(frame.slice_ref(body)).map_err(DecodeError::Update)?;
    Ok(if kind == u64::from(STEP_2) {
        ClientMessage::SyncStep2(update)
    } else {
        ClientMessage::Update(update)
    })
}

/// Reads presence.
pub(crate) fn presence(reader: &mut Reader<'_>) -> Result<ClientMessage, DecodeError> {
    Ok(ClientMessage::Awareness(awareness::decode(reader.buf()?)?))
}

/// `head` and `body` as a varBuf, in one allocation; `prefix` stands before.
pub(crate) fn framed(prefix: &[u8], head: &[u8], body: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(prefix.len() + head.len() + buf_len(body.len()));
    out.extend_from_slice(prefix);
    out.extend_from_slice(head);
    write_buf(&mut out, body);
    out.into()
}
