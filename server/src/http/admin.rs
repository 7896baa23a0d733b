//! `/api/admin`: errands of the command line, for whoever can read `<data>/server.json`.

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::error::ApiError;
use crate::app::AppState;

/// A backup of everything, streamed.
pub(crate) async fn backup(State(app): State<AppState>, request: Request) -> Response {
    if !app.token.opens(request.headers()) {
        return ApiError::new(
            StatusCode::UNAUTHORIZED,
            "no_token",
            "this address needs the token that stands in <data>/server.json",
            "Use `weft backup FILE` on the server's machine.",
        )
        .into_response();
    }
    StatusCode::NOT_IMPLEMENTED.into_response()
}
