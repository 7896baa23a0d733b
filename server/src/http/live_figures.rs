//! `/api/admin/live`: what the server does right now, once a second, to those who look after it.

use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{State, WebSocketUpgrade};
use axum::http::HeaderMap;
use axum::response::Response;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use weft_access::action::Administer;
use weft_wire::close;

use super::asked::Asked;
use super::error::ApiError;
use super::listener;
use crate::app::AppState;
use crate::asking::Credentials;
use crate::telemetry::Reading;

/// How often figures are told.
const EVERY: Duration = Duration::from_secs(1);
/// What may wait to be written to a listener. Who does not take so much is let go.
const WRITE_BUFFER_BYTES_MAX: usize = 64 << 10;

/// Answers every request at `/api/admin/live`.
pub(crate) async fn live_figures(
    State(app): State<AppState>,
    asked: Asked,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, ApiError> {
    let upgrade = listener::accept(upgrade, &headers, &app.settings, WRITE_BUFFER_BYTES_MAX)?;
    // Before it is decided: what moves from here on is noticed.
    let rights = app.wiki.rights();
    asked.may::<Administer>(&app.wiki)?;
    Ok(upgrade.on_upgrade(move |socket| tell(app, asked.credentials, rights, socket)))
}

async fn tell(
    app: AppState,
    credentials: Credentials,
    mut rights: watch::Receiver<u64>,
    mut socket: WebSocket,
) {
    let mut tick = interval(EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Reading::take(&app.metrics);
    // The first tick comes at once.
    tick.tick().await;
    loop {
        let due = tokio::select! {
            _ = tick.tick() => true,
            Ok(()) = rights.changed() => false,
            message = socket.recv() => match message {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => continue,
            },
            () = app.draining.cancelled() => {
                listener::close(&mut socket, close::RESTART, "the server restarts").await;
                return;
            }
        };
        if app.wiki.allow::<Administer>(&credentials.subject(&app.wiki)).is_err() {
            listener::close(&mut socket, close::UNAUTHORIZED, "not for you any more").await;
            return;
        }
        if !due {
            continue;
        }
        let status = app.hub.status();
        let now = Reading::take(&app.metrics);
        let Ok(text) = serde_json::to_string(&now.since(&before, status.sessions, status.rooms)) else {
            return;
        };
        if socket.send(Message::Text(text.into())).await.is_err() {
            return;
        }
        before = now;
    }
}
