//! Which wire dialect a socket speaks, and how a session's frames are wrapped in it.

use std::sync::Arc;

use bytes::Bytes;

use crate::message::{DecodeError, Incoming, ServerMessage};
use crate::{hocuspocus, y_websocket};

/// What a socket speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The y-websocket family: the URL names the one document.
    YWebsocket,
    /// The Hocuspocus providers: every frame names its document.
    Hocuspocus,
}

impl Dialect {
    /// Reads one binary frame of a client. Only its first message is read: no client sends several. Text frames are not
    /// part of any dialect and must be ignored before.
    ///
    /// # Errors
    /// [`DecodeError`]: the sender is at fault. What is odd but legal is [`crate::ClientMessage::Ignored`].
    pub fn decode(self, frame: &Bytes) -> Result<Incoming, DecodeError> {
        match self {
            Self::YWebsocket => Ok(Incoming { address: None, message: y_websocket::decode(frame)? }),
            Self::Hocuspocus => hocuspocus::decode(frame),
        }
    }
}

/// How a session's frames are wrapped. Sessions with equal envelopes can share encoded frames.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Envelope {
    /// Not at all.
    YWebsocket,
    /// With the address, exactly as the client wrote it.
    Hocuspocus {
        /// The document's name, and perhaps NUL and a session id.
        address: Arc<str>,
    },
}

impl Envelope {
    /// The dialect it belongs to.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::YWebsocket => Dialect::YWebsocket,
            Self::Hocuspocus { .. } => Dialect::Hocuspocus,
        }
    }

    /// Writes one frame; `None` when the dialect has no such message (then there is nothing to send).
    #[must_use]
    pub fn encode(&self, message: &ServerMessage) -> Option<Bytes> {
        match self {
            Self::YWebsocket => y_websocket::encode(message),
            Self::Hocuspocus { address } => Some(hocuspocus::encode(address, message)),
        }
    }

    /// The document's name as the frames carry it: the part of a Hocuspocus address before NUL. `None` for y-websocket,
    /// whose frames carry none.
    #[must_use]
    pub fn document(&self) -> Option<&str> {
        match self {
            Self::YWebsocket => None,
            Self::Hocuspocus { address } => Some(hocuspocus::name(address)),
        }
    }
}
