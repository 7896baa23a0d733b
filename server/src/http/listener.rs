//! Sockets of our own pages that only listen: how they begin and how they end.

use axum::extract::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket};
use axum::http::HeaderMap;

use super::error::ApiError;
use super::guard::{foreign_origin, is_own_page};
use crate::config::Settings;
use crate::socket::not_a_socket;

/// The most a listener may send: nothing is expected.
const MESSAGE_BYTES_MAX: usize = 1_024;

/// A socket for a page of our own, which is let go when more than `waiting_bytes_max` wait to be written to it: whoever is
/// let go looks at everything anew.
///
/// # Errors
/// It is no socket that is asked for, or the page is somebody else's.
pub(super) fn accept(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    headers: &HeaderMap,
    settings: &Settings,
    waiting_bytes_max: usize,
) -> Result<WebSocketUpgrade, ApiError> {
    let upgrade = upgrade.map_err(|rejection| not_a_socket(&rejection))?;
    if !is_own_page(headers, settings) {
        return Err(foreign_origin());
    }
    Ok(upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .max_frame_size(MESSAGE_BYTES_MAX)
        // Each message is written at once.
        .write_buffer_size(0)
        .max_write_buffer_size(waiting_bytes_max))
}

/// Ends a socket. Whoever is gone already needs no goodbye.
pub(super) async fn close(socket: &mut WebSocket, code: u16, reason: &'static str) {
    let frame = CloseFrame { code, reason: reason.into() };
    let _ = socket.send(Message::Close(Some(frame))).await;
}
