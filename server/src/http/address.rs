//! What an address says besides which route it is of.

use std::convert::Infallible;
use std::error::Error as _;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts as HttpParts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The part of an address that names something by its id or its secret. What is no text names nothing, and is answered so.
#[derive(Debug)]
pub(crate) struct Part(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Part {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut HttpParts, state: &S) -> Result<Self, Infallible> {
        let part = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(part.map_or_else(|_| char::REPLACEMENT_CHARACTER.to_string(), |Path(text)| text)))
    }
}

/// Two such parts.
#[derive(Debug)]
pub(crate) struct Parts(pub(crate) [String; 2]);

impl<S: Send + Sync> FromRequestParts<S> for Parts {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut HttpParts, state: &S) -> Result<Self, Infallible> {
        let both = Path::<(String, String)>::from_request_parts(parts, state).await;
        let nothing = || char::REPLACEMENT_CHARACTER.to_string();
        Ok(Self(both.map_or_else(|_| [nothing(), nothing()], |Path((one, other))| [one, other])))
    }
}

/// The query of an address. One that cannot be read is answered like a body that cannot.
#[derive(Debug)]
pub(crate) struct Queried<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Queried<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut HttpParts, _state: &S) -> Result<Self, ApiError> {
        let read = Query::try_from_uri(&parts.uri).map_err(|rejection| {
            let why = rejection.source().map_or_else(|| rejection.body_text(), ToString::to_string);
            let field = why.split('`').nth(1).filter(|_| why.starts_with("missing field")).unwrap_or("?");
            ApiError::invalid(field.to_owned(), format!("the query cannot be read: {why}"))
        });
        read.map(|Query(query)| Self(query))
    }
}
