//! The JSON that the wiki's routes take.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use weft_ids::UnixMillis;

use super::docs::read_body;
use super::error::ApiError;

/// The most bytes of a request's JSON.
pub(crate) const JSON_BYTES_MAX: usize = 1 << 20;

/// A request's body as `T`, which is to refuse fields that it does not know (`#[serde(deny_unknown_fields)]`): what
/// cannot be read is answered with 422 and the field that is meant.
///
/// The content type has to be JSON's. A page of another site can send a form or plain text without asking first, but
/// not that.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _state: &S) -> Result<Self, ApiError> {
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(ApiError::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                "this address takes JSON only",
                "Send the body as JSON, with the header content-type: application/json.",
            ));
        }
        let bytes = read_body(&parts.headers, body, JSON_BYTES_MAX).await?;
        read(&bytes).map(Self)
    }
}

/// The largest number in a request: every reader of JSON counts up to there exactly.
pub(crate) const NUMBER_MAX: u64 = (1 << 53) - 1;

/// A moment in a request: milliseconds since 1970, at most [`NUMBER_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u64")]
pub(crate) struct Moment(pub(crate) UnixMillis);

impl TryFrom<u64> for Moment {
    type Error = String;

    fn try_from(moment: u64) -> Result<Self, String> {
        match moment {
            0..=NUMBER_MAX => Ok(Self(UnixMillis(moment))),
            _ => Err(format!("a moment is at most {NUMBER_MAX}, in milliseconds since 1970")),
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// Whether a body's JSON is an object, if it is JSON. A list would be taken for the fields in their order.
pub(crate) fn is_object(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first().is_none_or(|first| *first == b'{')
}

/// Reads a body's JSON.
fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, ApiError> {
    if !is_object(bytes) {
        return Err(ApiError::invalid(".", "the body is no JSON object"));
    }
    let json = &mut serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut *json).map_err(|error| {
        let path = error.path().to_string();
        let why = error.into_inner();
        if !why.is_data() {
            return no_json(&why);
        }
        let why = why.to_string();
        // The path of what is missing ends at what it is missing from.
        let field = match why.strip_prefix("missing field `").and_then(|rest| rest.split_once('`')) {
            Some((name, _)) if path == "." => name.to_owned(),
            Some((name, _)) => format!("{path}.{name}"),
            None => path,
        };
        let why = why.rsplit_once(" at line ").map_or(why.as_str(), |(why, _)| why).to_owned();
        ApiError::invalid(field, why)
    })?;
    json.end().map_err(|why| no_json(&why))?;
    Ok(value)
}

fn no_json(why: &serde_json::Error) -> ApiError {
    ApiError::invalid(".", format!("the body is no JSON: {why}"))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Wish {
        name: String,
        #[serde(default)]
        parts: Vec<Part>,
        #[serde(default)]
        at: Option<Moment>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Part {
        level: u8,
    }

    async fn take(kind: Option<&str>, body: impl Into<Body>) -> Result<Wish, (u16, &'static str, String)> {
        let request = kind.into_iter().fold(Request::builder(), |r, kind| r.header("content-type", kind));
        let request = request.body(body.into()).unwrap();
        let taken = JsonBody::<Wish>::from_request(request, &()).await;
        taken.map(|JsonBody(wish)| wish).map_err(|error| {
            let field = serde_json::to_value(error.field()).unwrap();
            (error.status.as_u16(), error.code, field.as_str().unwrap_or_default().to_owned())
        })
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_refused_with_the_field_that_is_meant() {
        for (body, field) in [
            (r#"{"name":"a","nmae":1}"#, "nmae"),
            (r#"{"name":7}"#, "name"),
            ("{}", "name"),
            (r#"{"name":"a","parts":[{"level":1},{"level":"x"}]}"#, "parts[1].level"),
            (r#"{"name":"a","parts":[{"level":1,"more":2}]}"#, "parts[0].more"),
            (r#"{"name":"a","parts":[{}]}"#, "parts[0].level"),
            (r#"{"name":"a","at":9007199254740992}"#, "at"),
            (r#"{"name":"a","at":-1}"#, "at"),
            ("[]", "."),
            (r#" ["a"]"#, "."),
            ("7", "."),
            ("", "."),
            (r#"{"name":"a""#, "."),
            (r#"{"name":"a"} {}"#, "."),
            (r#"{"name":"a","name":"b"}"#, "."),
        ] {
            let refused = take(Some("application/json"), body).await.unwrap_err();
            assert_eq!(refused, (422, "invalid", field.to_owned()), "{body}");
        }
        let taken =
            take(Some("Application/JSON; charset=utf-8"), r#" {"name":"a","at":9007199254740991} "#).await;
        let at = Some(Moment(UnixMillis(NUMBER_MAX)));
        assert_eq!(taken, Ok(Wish { name: "a".to_owned(), parts: Vec::new(), at }));
    }

    #[tokio::test]
    async fn only_json_of_at_most_the_limit_is_taken() {
        for kind in [None, Some("text/plain"), Some("application/x-www-form-urlencoded"), Some("")] {
            assert_eq!(take(kind, r#"{"name":"a"}"#).await.unwrap_err().0, 415, "{kind:?}");
        }
        let of = |bytes: usize| format!("{{\"name\":\"{}\"}}", "x".repeat(bytes - 11));
        assert!(take(Some("application/json"), of(JSON_BYTES_MAX)).await.is_ok());
        let refused = take(Some("application/json"), of(JSON_BYTES_MAX + 1)).await.unwrap_err();
        assert_eq!((refused.0, refused.1), (413, "too_large"));
    }
}
