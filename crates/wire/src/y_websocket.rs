//! The y-websocket dialect: `type`, then the body. One document a socket, named by the URL.

use bytes::Bytes;

use crate::message::{
    AUTH, AWARENESS, ClientMessage, DecodeError, QUERY_AWARENESS, STEP_1, STEP_2, SYNC, ServerMessage,
    UPDATE, framed, presence, sync,
};
use crate::varint::Reader;

/// Reads what a client says.
pub(crate) fn decode(frame: &Bytes) -> Result<ClientMessage, DecodeError> {
    let mut reader = Reader::new(frame);
    if frame.is_empty() {
        return Ok(ClientMessage::Ignored("an empty frame"));
    }
    match reader.uint()? {
        SYNC => sync(frame, &mut reader),
        AWARENESS => presence(&mut reader),
        AUTH => Ok(ClientMessage::Ignored("an auth message, which is the server's to send")),
        // Some send a body along.
        QUERY_AWARENESS => Ok(ClientMessage::QueryAwareness),
        _ => Ok(ClientMessage::Ignored("an unknown message")),
    }
}

/// Writes what the server says; `None` if the dialect has no word for it.
pub(crate) fn encode(message: &ServerMessage) -> Option<Bytes> {
    let (head, body): (&[u8], &[u8]) = match message {
        ServerMessage::SyncStep1(body) => (&[SYNC as u8, STEP_1], body),
        ServerMessage::SyncStep2(body) => (&[SYNC as u8, STEP_2], body),
        ServerMessage::Update(body) => (&[SYNC as u8, UPDATE], body),
        ServerMessage::Awareness(body) => (&[AWARENESS as u8], body),
        ServerMessage::PermissionDenied(reason) => (&[AUTH as u8, 0], reason.as_bytes()),
        ServerMessage::Authenticated { .. }
        | ServerMessage::SyncStatus(_)
        | ServerMessage::Stateless(_)
        | ServerMessage::Close(_)
        | ServerMessage::AuthAgain
        | ServerMessage::Ping
        | ServerMessage::Pong => return None,
    };
    Some(framed(&[], head, body))
}
