//! `GET /ready`: should requests be sent here?

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;

/// Whether this server takes work.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Readiness {
    ready: bool,
    /// Why not: `draining` (it is stopping) or `store` (what is written cannot be made durable now).
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// 503 while the server stops, and while the store fails.
#[utoipa::path(
    get, path = "/ready", tag = "health",
    responses(
        (status = 200, description = "Ready.", body = Readiness),
        (status = 503, description = "Stopping, or the store fails.", body = Readiness),
    )
)]
pub(crate) async fn ready(State(app): State<AppState>) -> Response {
    let reason = if app.draining.is_cancelled() {
        Some("draining")
    } else if app.hub.status().store_failing {
        Some("store")
    } else {
        None
    };
    let status = if reason.is_none() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let fields = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (status, fields, Json(Readiness { ready: reason.is_none(), reason })).into_response()
}
