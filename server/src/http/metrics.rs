//! `GET /metrics`: Prometheus' text format.

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use crate::app::AppState;
use crate::peer;

const PROMETHEUS_TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// For this machine, and for others if `metrics_open` says so.
#[utoipa::path(
    get, path = "/metrics", tag = "health",
    responses(
        (status = 200, description = "All metrics.", content_type = "text/plain"),
        (status = 403, description = "From another machine, and metrics_open is false.", body = super::error::ErrorBody),
    )
)]
pub(crate) async fn metrics(State(app): State<AppState>, request: Request) -> Response {
    if !app.settings.metrics_open && !peer::is_local(request.extensions(), request.headers()) {
        return ApiError::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "metrics are for this machine only",
            "Start with --metrics-open to let other machines read them.",
        )
        .into_response();
    }
    // Sizes are looked up when somebody asks for them, not kept on every keystroke.
    app.hub.status();
    ([(header::CONTENT_TYPE, PROMETHEUS_TEXT)], app.metrics.render()).into_response()
}
