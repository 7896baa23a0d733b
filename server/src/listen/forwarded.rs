//! Counts whom a trusted proxy brings: its connections carry requests of everybody, so each request, and each socket, takes
//! a place of the address that it was made from.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::connections::{Coming, Refused, Share};
use crate::app::AppState;
use crate::http::error::ApiError;
use crate::peer;

/// The place of whoever a proxy brought: an extension of the answer. It is free when the answer's body is gone, or the
/// socket that came of it.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    _share: Arc<Share>,
}

/// Refuses what is one too many from one address.
pub(crate) async fn count(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let Some(address) = peer::forwarded(&app.settings, request.extensions(), request.headers()) else {
        return next.run(request).await;
    };
    // The proxy made the connection long ago, or will use it for others: only a socket is as good as a new one.
    let new = request.headers().contains_key(header::UPGRADE);
    match app.connections.share(address, if new { Coming::New } else { Coming::Again }) {
        Ok(None) => next.run(request).await,
        Ok(Some(share)) => {
            let mut response = next.run(request).await;
            // Answers' extensions can be cloned, so a place can, too.
            response.extensions_mut().insert(Place { _share: Arc::new(share) });
            response
        }
        Err(refused) => too_many(refused).into_response(),
    }
}

fn too_many(refused: Refused) -> ApiError {
    refused.note();
    let help = "Try again in a few seconds, with fewer at once.";
    ApiError::new(StatusCode::TOO_MANY_REQUESTS, "too_often", refused.text().trim_end(), help)
        .with(header::RETRY_AFTER, HeaderValue::from_static(Refused::RETRY_AFTER_SECONDS))
}
