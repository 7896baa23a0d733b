//! Errors as clients of the HTTP interface see them: a status, and JSON that says what to do.

use std::borrow::Cow;

use axum::Json;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::name::NameError;

/// A refusal. Internals are logged where they happen and never stand in here.
#[derive(Debug)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// For programs: stable.
    pub(crate) code: &'static str,
    /// What happened.
    pub(crate) message: Cow<'static, str>,
    /// What to do.
    pub(crate) help: Cow<'static, str>,
    /// What helps to mend the request. Rare, and an error travels in every answer's stead: so it is small.
    mends: Option<Box<Mends>>,
    fields: Vec<(header::HeaderName, HeaderValue)>,
}

#[derive(Debug, Default)]
struct Mends {
    /// The document's state vector in base64url.
    have: Option<String>,
    /// Which part of the request is meant.
    field: Option<Cow<'static, str>>,
}

/// The body of every answer that is an error.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ErrorBody {
    error: ErrorDetail,
}

#[derive(Debug, Serialize, ToSchema)]
struct ErrorDetail {
    /// For programs: one of a fixed set of words.
    #[schema(example = "gap")]
    code: &'static str,
    /// What happened.
    message: Cow<'static, str>,
    /// What to do.
    help: Cow<'static, str>,
    /// With `gap`: the document's state vector, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    have: Option<String>,
    /// With `invalid` and what is taken: the field of the request that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<Cow<'static, str>>,
}

impl ApiError {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<Cow<'static, str>>,
        help: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code, message: message.into(), help: help.into(), mends: None, fields: Vec::new() }
    }

    pub(crate) fn with(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.fields.push((name, value));
        self
    }

    pub(crate) fn having(mut self, state_vector: String) -> Self {
        self.mends.get_or_insert_default().have = Some(state_vector);
        self
    }

    /// Says what happened in other words.
    pub(crate) fn saying(self, message: impl Into<Cow<'static, str>>) -> Self {
        Self { message: message.into(), ..self }
    }

    /// Says which field of the request is meant.
    pub(crate) fn about(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.mends.get_or_insert_default().field = Some(field.into());
        self
    }

    /// Something in the request cannot be as it is.
    pub(crate) fn invalid(field: impl Into<Cow<'static, str>>, why: impl Into<Cow<'static, str>>) -> Self {
        let help = "Nothing was changed. Correct it and send it again.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", why, help).about(field)
    }

    #[cfg(test)]
    pub(crate) fn field(&self) -> Option<&str> {
        self.mends.as_ref()?.field.as_deref()
    }

    #[cfg(test)]
    pub(crate) fn header(&self, name: &header::HeaderName) -> Option<&HeaderValue> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Something that no request should have led to; the log has it.
    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "the server made a mistake",
            "Try again; if it stays, look into the server's log.",
        )
    }

    pub(crate) fn no_such_route(path: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            format!("there is nothing at {}", path.escape_debug()),
            "The routes stand in openapi.json. A document's name is one part of the path: write a slash in it as %2F.",
        )
    }

    /// For an address that takes other methods, which the router names in the header `allow`.
    pub(crate) fn other_method() -> Self {
        Self::refused_method("Use one of the methods that the header allow names.")
    }

    fn refused_method(help: impl Into<Cow<'static, str>>) -> Self {
        let message = "this address does not take that method";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method", message, help)
    }

    pub(crate) fn method(allowed: &[Method]) -> Self {
        let allowed = allowed.iter().map(Method::as_str).collect::<Vec<_>>().join(", ");
        let error = Self::refused_method(format!("Use {allowed}."));
        match HeaderValue::from_str(&allowed) {
            Ok(value) => error.with(header::ALLOW, value),
            Err(_) => error,
        }
    }

    /// For whoever comes without the token to the door that is for the command line.
    pub(crate) fn only_errands() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "this port is for the commands of weft on this machine",
            "Use the address that the server printed when it started.",
        )
    }

    pub(crate) fn not_open() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_allowed",
            "documents on this server are open only from this machine",
            "Open only from this machine; start with --open to let everyone who reaches the server open every document.",
        )
    }
}

impl From<NameError> for ApiError {
    fn from(error: NameError) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_name",
            error.to_string(),
            "A name is 1 to 255 bytes of UTF-8 without NUL, percent-encoded as one part of the path (a/b is a%2Fb).",
        )
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let Self { code, message, help, .. } = self;
        let Mends { have, field } = self.mends.map(|mends| *mends).unwrap_or_default();
        let body = ErrorBody { error: ErrorDetail { code, message, help, have, field } };
        let mut response = (self.status, Json(body)).into_response();
        response.headers_mut().extend(self.fields.into_iter().map(|(name, value)| (Some(name), value)));
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}
