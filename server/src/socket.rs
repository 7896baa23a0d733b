//! WebSocket sessions: the y-websocket dialect at `/ws/{room}`, the Hocuspocus dialect at `/ws`.

use axum::extract::State;
use axum::http::StatusCode;

use crate::app::AppState;

/// Answers every request at `/ws`, `/ws/` and `/ws/{room}`.
pub(crate) async fn upgrade(State(_app): State<AppState>) -> StatusCode {
    StatusCode::NOT_IMPLEMENTED
}
