//! What the wiki's routes are given: whoever asks, as a subject.

use std::net::{IpAddr, Ipv4Addr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use weft_access::Subject;

use super::error::ApiError;
use crate::app::AppState;
use crate::asking::Credentials;
use crate::peer::Peer;

/// Whoever asks.
#[derive(Debug)]
pub(crate) struct Asked {
    /// Who that is.
    pub(crate) subject: Subject,
    /// Where from.
    pub(crate) address: IpAddr,
    /// What they showed.
    pub(crate) credentials: Credentials,
}

impl FromRequestParts<AppState> for Asked {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &AppState) -> Result<Self, ApiError> {
        let credentials = Credentials::of(app, parts);
        let peer = parts.extensions.get::<Peer>();
        Ok(Self {
            subject: credentials.subject(&app.wiki),
            address: peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip().to_canonical()),
            credentials,
        })
    }
}
