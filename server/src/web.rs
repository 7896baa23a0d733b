//! The web client, embedded in the binary by `build.rs`.

use std::borrow::Cow;
use std::io::Read as _;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::AppState;
use crate::http::error::ApiError;
use crate::http::etag;

/// One file of the client. `plain` is left out where `gzip` is there to be unpacked.
#[derive(Debug)]
struct File {
    /// Relative to the root, without a leading slash.
    path: &'static str,
    /// Of the plain content.
    hash: &'static str,
    /// The content type.
    kind: &'static str,
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
    plain: Option<&'static [u8]>,
}

/// Sorted by path.
static FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/web_files.rs"));

/// The bundler puts a hash into the names of what it places here, so such a file never changes.
const HASHED_FOLDER: &str = "assets/";
/// Says to a browser how the wiki looks as an app.
const MANIFEST: &str = "manifest.webmanifest";
const FOREVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers whatever is no route of the server: a file of the client, or its page for an address inside the client.
pub(crate) async fn serve(
    State(app): State<AppState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    reply(&app.settings.wiki_name.0, &method, &uri, &headers)
}

fn reply(wiki: &str, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let path = uri.path();
    if is_below(path, "/api") || is_below(path, "/ws") {
        return ApiError::no_such_route(path).into_response();
    }
    if method != Method::GET && method != Method::HEAD {
        return ApiError::method(&[Method::GET, Method::HEAD]).into_response();
    }
    let name = path.strip_prefix('/').unwrap_or(path);
    let head = *method == Method::HEAD;
    if let Some(file) = find(name).filter(|_| name == MANIFEST) {
        return manifest(file, wiki, headers, head);
    }
    let found = find(if name.is_empty() { "index.html" } else { name });
    // An address such as /page/x belongs to the client's own router; a missing asset is just missing.
    let page =
        || (!name.starts_with(HASHED_FOLDER) && wants_html(headers)).then(|| find("index.html")).flatten();
    match found.or_else(page) {
        Some(file) => answer(file, headers, head),
        None => ApiError::no_such_route(path).into_response(),
    }
}

fn is_below(path: &str, root: &str) -> bool {
    path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn find(path: &str) -> Option<&'static File> {
    FILES.binary_search_by(|file| file.path.cmp(path)).ok().map(|at| &FILES[at])
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|accept| accept.as_bytes().windows(9).any(|w| w == b"text/html"))
}

fn answer(file: &'static File, headers: &HeaderMap, head: bool) -> Response {
    let (encoding, content) = choose(file, headers);
    let tag = match encoding {
        Some(encoding) => format!("\"{}-{encoding}\"", file.hash),
        None => format!("\"{}\"", file.hash),
    };
    let mut response = Response::new(Body::empty());
    let fresh = etag::matches(headers, &tag);
    if fresh {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        let content = match content {
            Cow::Borrowed(content) => Bytes::from_static(content),
            Cow::Owned(content) => Bytes::from(content),
        };
        response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(content.len()));
        if !head {
            *response.body_mut() = Body::from(content);
        }
    }
    let fields = response.headers_mut();
    if !fresh {
        fields.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.kind));
        if let Some(encoding) = encoding {
            fields.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, tag);
    }
    fields.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let forever = file.path.starts_with(HASHED_FOLDER);
    fields.insert(header::CACHE_CONTROL, if forever { FOREVER } else { ASK_EACH_TIME });
    response
}

/// What a browser asks for to put the wiki among a machine's apps: the client's, with the name of this wiki.
fn manifest(file: &'static File, wiki: &str, headers: &HeaderMap, head: bool) -> Response {
    let (_, plain) = choose(file, &HeaderMap::new());
    let Ok(mut fields) = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(&plain) else {
        return answer(file, headers, head);
    };
    for name in ["name", "short_name"] {
        fields.insert(name.to_owned(), wiki.into());
    }
    let content = serde_json::Value::Object(fields).to_string();
    let tag = format!("\"{}\"", &blake3::hash(content.as_bytes()).to_hex()[..24]);
    let fresh = etag::matches(headers, &tag);
    let mut response = if fresh {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let length = HeaderValue::from(content.len());
        let body = if head { Body::empty() } else { Body::from(content) };
        (
            [(header::CONTENT_TYPE, HeaderValue::from_static(file.kind)), (header::CONTENT_LENGTH, length)],
            body,
        )
            .into_response()
    };
    let fields = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        fields.insert(header::ETAG, tag);
    }
    fields.insert(header::CACHE_CONTROL, ASK_EACH_TIME);
    response
}

/// The smallest form the client takes.
fn choose(file: &'static File, headers: &HeaderMap) -> (Option<&'static str>, Cow<'static, [u8]>) {
    if let Some(content) = file.brotli.filter(|_| accepts(headers, "br")) {
        return (Some("br"), content.into());
    }
    if let Some(content) = file.gzip.filter(|_| accepts(headers, "gzip")) {
        return (Some("gzip"), content.into());
    }
    let content = match (file.plain, file.gzip) {
        (Some(plain), _) => Cow::Borrowed(plain),
        (None, Some(packed)) => Cow::Owned(unpack(packed)),
        (None, None) => Cow::Borrowed(&[][..]),
    };
    (None, content)
}

fn unpack(packed: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(packed.len() * 4);
    // The build script packed it: it unpacks.
    let read = flate2::read::GzDecoder::new(packed).read_to_end(&mut plain);
    debug_assert!(read.is_ok());
    plain
}

/// Whether `Accept-Encoding` names `encoding` (or `*`) with a weight above zero.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let items = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let mut any = false;
    for item in items.flat_map(|value| value.split(',')) {
        let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
        let weight = parameters.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f32>().ok());
        let wanted = weight.is_none_or(|weight| weight > 0.0);
        if name.trim().eq_ignore_ascii_case(encoding) {
            return wanted;
        }
        any |= wanted && name.trim() == "*";
    }
    any
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;

    static SAMPLE: File = File {
        path: "assets/a-1.js",
        hash: "abc",
        kind: "text/javascript",
        brotli: Some(b"B"),
        gzip: None,
        plain: Some(b"plain"),
    };

    fn headers(pairs: &[(header::HeaderName, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    async fn get(
        method: Method,
        path: &'static str,
        fields: &[(header::HeaderName, &'static str)],
    ) -> Response {
        reply("Rivertown", &method, &Uri::from_static(path), &headers(fields))
    }

    async fn body(response: Response) -> Bytes {
        response.into_body().collect().await.unwrap().to_bytes()
    }

    #[tokio::test]
    async fn the_start_page_and_addresses_inside_the_client_get_the_page() {
        let html = [(header::ACCEPT, "text/html,application/xhtml+xml")];
        for path in ["/", "/page/abc", "/index.html"] {
            let response = get(Method::GET, path, &html).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache");
            let text = body(response).await;
            assert!(text.to_ascii_lowercase().starts_with(b"<!doctype html"), "{path}");
        }
    }

    #[tokio::test]
    async fn what_is_neither_file_nor_page_is_not_found() {
        let html = [(header::ACCEPT, "text/html")];
        for (path, fields) in [
            ("/page/abc", &[][..]),
            ("/assets/missing.js", &html[..]),
            ("/api/nothing", &html[..]),
            ("/api", &html[..]),
            ("/ws/", &html[..]),
        ] {
            assert_eq!(get(Method::GET, path, fields).await.status(), StatusCode::NOT_FOUND, "{path}");
        }
        let response = get(Method::POST, "/", &[]).await;
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(response.headers()[header::ALLOW], "GET, HEAD");
    }

    #[tokio::test]
    async fn a_browser_asks_each_time_whether_there_is_a_newer_client() {
        // Built without the client there is no worker, and nothing that it would keep.
        if find("sw.js").is_none() {
            return;
        }
        for (path, kind) in [
            ("/sw.js", "text/javascript; charset=utf-8"),
            ("/manifest.webmanifest", "application/manifest+json"),
            ("/boot.js", "text/javascript; charset=utf-8"),
        ] {
            let response = get(Method::GET, path, &[]).await;
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[header::CACHE_CONTROL], "no-cache", "{path}");
            assert_eq!(response.headers()[header::CONTENT_TYPE], kind, "{path}");
        }
    }

    #[tokio::test]
    async fn the_app_on_a_home_screen_is_called_as_the_wiki_is() {
        if find(MANIFEST).is_none() {
            return;
        }
        let response = get(Method::GET, "/manifest.webmanifest", &[]).await;
        let tag: &'static str = response.headers()[header::ETAG].to_str().unwrap().to_owned().leak();
        let manifest: serde_json::Value = serde_json::from_slice(&body(response).await).unwrap();
        assert_eq!(manifest["name"], "Rivertown");
        assert_eq!(manifest["short_name"], "Rivertown");
        assert_eq!(manifest["display"], "standalone");
        let again = get(Method::GET, "/manifest.webmanifest", &[(header::IF_NONE_MATCH, tag)]).await;
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        assert!(body(get(Method::HEAD, "/manifest.webmanifest", &[]).await).await.is_empty());
    }

    #[tokio::test]
    async fn an_answer_that_the_browser_has_already_is_not_sent_again() {
        let first = get(Method::GET, "/", &[]).await;
        let tag: &'static str = first.headers()[header::ETAG].to_str().unwrap().to_owned().leak();
        let second = get(Method::GET, "/", &[(header::IF_NONE_MATCH, tag)]).await;
        assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(second.headers()[header::ETAG], tag);
        assert!(body(second).await.is_empty());
    }

    #[tokio::test]
    async fn head_says_what_get_would_and_sends_nothing() {
        let got = get(Method::GET, "/", &[]).await;
        let head = get(Method::HEAD, "/", &[]).await;
        let length = head.headers()[header::CONTENT_LENGTH].to_str().unwrap().parse::<usize>().unwrap();
        assert!(body(head).await.is_empty());
        assert_eq!(length, body(got).await.len());
    }

    #[test]
    fn the_form_sent_is_one_the_client_takes() {
        let chosen = |accept: &'static str| choose(&SAMPLE, &headers(&[(header::ACCEPT_ENCODING, accept)])).0;
        assert_eq!(chosen("gzip, deflate, br"), Some("br"));
        assert_eq!(chosen("gzip"), None);
        assert_eq!(chosen("br;q=0, *"), None);
        assert_eq!(chosen("*;q=0.1"), Some("br"));
        assert_eq!(chosen("identity"), None);
        assert_eq!(choose(&SAMPLE, &HeaderMap::new()).1.as_ref(), b"plain");
        let response = answer(&SAMPLE, &headers(&[(header::ACCEPT_ENCODING, "br")]), false);
        assert_eq!(response.headers()[header::ETAG], "\"abc-br\"");
        assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
        assert_eq!(response.headers()[header::VARY], "accept-encoding");
    }

    #[test]
    fn every_embedded_file_unpacks_to_what_its_hash_says() {
        assert!(FILES.is_sorted_by_key(|file| file.path));
        for file in FILES {
            let plain = match (file.plain, file.gzip) {
                (Some(plain), _) => plain.to_vec(),
                (None, Some(packed)) => unpack(packed),
                (None, None) => panic!("{} has no content", file.path),
            };
            assert_eq!(&blake3::hash(&plain).to_hex()[..24], file.hash, "{}", file.path);
        }
    }
}
