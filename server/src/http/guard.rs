//! What stands between a web page and the documents: which host names Weft answers to, and which origins may talk to it.
//!
//! Documents that are nobody's are open to the machine that Weft runs on, and a browser sends its cookies whichever page asks:
//! a page of any site could otherwise read and write what its reader may. `server/docs/configure.md` has the reasoning.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use weft_wiki::Wiki;

use super::error::ApiError;
use crate::app::AppState;
use crate::config::Settings;

/// How long a browser may remember that an origin is allowed, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// Refuses requests whose `Host` is a foreign name, and requests of foreign pages for anything but the client's files.
pub(crate) async fn guard(State(app): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // Probes come by whatever name the orchestrator likes, and these two answers hold nothing.
    if matches!(path, "/live" | "/ready") {
        return next.run(request).await;
    }
    if let Err(error) = host_allowed(request.uri(), request.headers(), request.version(), &app.settings) {
        return error.into_response();
    }
    // Sockets ask for themselves: a page's own files are for everyone who may know the server.
    if !(path == "/metrics" || path == "/api" || path.starts_with("/api/")) {
        return next.run(request).await;
    }
    let for_apps = path.starts_with("/api/docs/") && is_app_page(request.headers(), &app.wiki);
    if !origin_allowed(request.headers(), &app.settings) && !for_apps && !is_return(request.method(), path) {
        return foreign_origin().into_response();
    }
    let origin = request.headers().get(header::ORIGIN).cloned();
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response =
        if preflight { StatusCode::NO_CONTENT.into_response() } else { next.run(request).await };
    share_with(origin, preflight, response.headers_mut());
    response
}

/// Whether a browser comes back from the provider where its person signed in: a foreign page sends it, and what it brings
/// counts for the browser alone that was sent there.
fn is_return(method: &Method, path: &str) -> bool {
    let provider = path.strip_prefix("/api/sign-in/").and_then(|rest| rest.strip_suffix("/callback"));
    *method == Method::GET && provider.is_some_and(|provider| !provider.is_empty() && !provider.contains('/'))
}

/// The refusal for a page that may not talk to this server.
pub(crate) fn foreign_origin() -> ApiError {
    ApiError::new(
        StatusCode::FORBIDDEN,
        "foreign_origin",
        "this web page's origin may not talk to this server",
        "Add the page's origin to the setting allowed_origins, or to the app whose page it is.",
    )
}

/// Lets the (already allowed) page of another origin read the answer.
fn share_with(origin: Option<HeaderValue>, preflight: bool, fields: &mut HeaderMap) {
    fields.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else { return };
    fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    fields.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("etag, weft-seq"));
    if preflight {
        fields.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"),
        );
        let allowed = HeaderValue::from_static("content-type, if-none-match, authorization, weft-share");
        fields.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
        fields.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
    }
}

/// Whether the page that made this request (if a page did) may read and write documents.
///
/// Programs send neither `Origin` nor `Sec-Fetch-Site` and pass. A page passes when it is Weft's own (its origin is the
/// host it asked for, which [`host_allowed`] vouches for), when it comes from this machine, when its origin stands
/// in `allowed_origins`, and always with `open`.
pub(crate) fn origin_allowed(headers: &HeaderMap, settings: &Settings) -> bool {
    if settings.open {
        return true;
    }
    let Some(origin) = headers.get(header::ORIGIN) else {
        // Browsers leave the origin out of plain GETs. `same-site` then is another port or a sibling name.
        return match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
            None | Some(b"same-origin" | b"none") => true,
            Some(b"same-site") => host(headers).is_some_and(|host| is_loopback(host_name(host))),
            Some(_) => false,
        };
    };
    let Some(origin) = origin.to_str().ok().map(str::to_ascii_lowercase) else { return false };
    if settings.allowed_origins.0.contains(&origin) {
        return true;
    }
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    if !matches!(scheme, "http" | "https") {
        return false;
    }
    is_own(&origin, headers) || is_loopback(host_name(authority))
}

/// Whether a page of a foreign app's site made the request. What it may is what its token says, wherever it runs.
pub(crate) fn is_app_page(headers: &HeaderMap, wiki: &Wiki) -> bool {
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    origin.is_some_and(|origin| wiki.is_app_origin(&origin.to_ascii_lowercase()))
}

/// Whether a page of this very server made the request, or one that may act for its people (`allowed_origins`), or no
/// page at all. Only then do the browser's cookies count: a page elsewhere on this machine, or of a neighbouring name,
/// gets them sent along too.
pub(crate) fn is_own_page(headers: &HeaderMap, settings: &Settings) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
        return matches!(site, None | Some(b"same-origin" | b"none"));
    };
    let Some(origin) = origin.to_str().ok().map(str::to_ascii_lowercase) else { return false };
    // Every sandboxed page of the world has the origin `null`.
    (origin != "null" && settings.allowed_origins.0.contains(&origin)) || is_own(&origin, headers)
}

/// Whether an origin is the host that was asked for, which [`host_allowed`] vouches for.
fn is_own(origin: &str, headers: &HeaderMap) -> bool {
    let Some((scheme, authority)) = origin.split_once("://") else { return false };
    let port = match scheme {
        "https" => ":443",
        "http" => ":80",
        _ => return false,
    };
    let bare = |text: &str| text.strip_suffix(port).unwrap_or(text).to_ascii_lowercase();
    host(headers).is_some_and(|host| bare(host) == bare(authority))
}

/// Whether the request is meant for this server. A foreign name that resolves to this machine (DNS rebinding) would make
/// the attacker's page Weft's "own": so names must be known. An IP address cannot be rebound and always passes.
///
/// # Errors
/// The refusal to send.
pub(crate) fn host_allowed(
    uri: &Uri,
    headers: &HeaderMap,
    version: Version,
    settings: &Settings,
) -> Result<(), ApiError> {
    let authority = match uri.authority().map(axum::http::uri::Authority::as_str).or_else(|| host(headers)) {
        Some(authority) => authority,
        // Nothing that a page could make a browser send.
        None if version < Version::HTTP_11 || settings.open => return Ok(()),
        None => {
            let help = "Send the Host header that HTTP/1.1 asks for.";
            return Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "no_host",
                "the Host header is missing",
                help,
            ));
        }
    };
    let name = host_name(authority);
    let known = settings.open
        || is_loopback(name)
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        || settings.public_url.host().is_some_and(|own| own.eq_ignore_ascii_case(name))
        || settings.allowed_hosts.0.iter().any(|allowed| allowed.eq_ignore_ascii_case(name));
    if known {
        return Ok(());
    }
    Err(ApiError::new(
        StatusCode::MISDIRECTED_REQUEST,
        "unknown_host",
        format!("this server does not know itself as {}", name.escape_debug()),
        "Use localhost or an IP address, or add the name to the setting allowed_hosts.",
    ))
}

/// Whether a request was made for a name or an address of the machine it comes from.
pub(crate) fn is_for_this_machine(headers: &HeaderMap) -> bool {
    host(headers).is_some_and(|host| is_loopback(host_name(host)))
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).and_then(|value| value.to_str().ok())
}

/// `localhost:80` -> `localhost`, `[::1]:80` -> `[::1]`.
fn host_name(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.find(']').map_or(authority, |end| &authority[..=end]);
    }
    authority.rsplit_once(':').map_or(authority, |(name, _)| name)
}

/// Names under `localhost` never leave the machine: browsers resolve them themselves.
fn is_loopback(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let below = name.len() > 10 && name.as_bytes()[name.len() - 10..].eq_ignore_ascii_case(b".localhost");
    name.eq_ignore_ascii_case("localhost")
        || below
        || name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Names, Origins, SettingValue as _};

    fn settings() -> Settings {
        Settings {
            allowed_origins: Origins::parse("https://app.example.com").unwrap(),
            allowed_hosts: Names::parse("wiki.example.com").unwrap(),
            ..Settings::default()
        }
    }

    fn allowed(host: &'static str, fields: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
        for (name, value) in fields {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        origin_allowed(&headers, &settings())
    }

    #[test]
    fn programs_own_pages_local_pages_and_listed_origins_may_talk() {
        assert!(allowed("localhost:4545", &[]));
        for origin in [
            "http://localhost:4545",
            "http://localhost:5173",
            "https://localhost",
            "http://127.0.0.1:3000",
            "http://[::1]:3000",
            "http://app.localhost:3000",
            "https://app.example.com",
            "https://APP.example.com",
        ] {
            assert!(allowed("localhost:4545", &[("origin", origin)]), "{origin}");
        }
        assert!(allowed("wiki.example.com", &[("origin", "https://wiki.example.com")]));
        assert!(allowed("192.168.1.5:4545", &[("origin", "http://192.168.1.5:4545")]));
    }

    #[test]
    fn cookies_count_for_pages_of_this_server_and_for_those_that_were_named_only() {
        let own = |host: &'static str, fields: &[(&'static str, &'static str)]| {
            let mut headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            headers.extend(fields.iter().map(|(name, value)| {
                (header::HeaderName::from_static(name), HeaderValue::from_static(value))
            }));
            is_own_page(&headers, &settings())
        };
        for fields in [
            &[][..],
            &[("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "none")],
            &[("origin", "http://localhost:4545")],
            &[("origin", "https://app.example.com")],
        ] {
            assert!(own("localhost:4545", fields), "{fields:?}");
        }
        for fields in [
            &[("origin", "http://localhost:5173")][..],
            &[("origin", "http://127.0.0.1:4545")],
            &[("origin", "null")],
            &[("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            &[("sec-fetch-site", "same-site")],
            &[("sec-fetch-site", "cross-site")],
        ] {
            assert!(!own("localhost:4545", fields), "{fields:?}");
        }
    }

    #[test]
    fn foreign_pages_may_not() {
        for origin in [
            "https://evil.example",
            "null",
            "http://localhost.evil.example",
            "http://evil.example:4545",
            "https://app.example.com.evil.example",
            "https://app.example.com:444",
            "file://",
            "chrome-extension://localhost",
            "http://127.0.0.1.evil.example",
            "http://xlocalhost",
            "",
        ] {
            assert!(!allowed("localhost:4545", &[("origin", origin)]), "{origin}");
        }
        assert!(!allowed("wiki.example.com", &[("origin", "https://wiki.example.com:8443")]));
    }

    #[test]
    fn a_plain_get_of_a_foreign_page_has_no_origin_and_is_refused_all_the_same() {
        assert!(!allowed("localhost:4545", &[("sec-fetch-site", "cross-site")]));
        assert!(!allowed("wiki.example.com", &[("sec-fetch-site", "same-site")]));
        assert!(allowed("localhost:4545", &[("sec-fetch-site", "same-site")]));
        assert!(allowed("wiki.example.com", &[("sec-fetch-site", "same-origin")]));
        assert!(allowed("wiki.example.com", &[("sec-fetch-site", "none")]));
    }

    #[test]
    fn a_provider_sends_browsers_back_and_nowhere_else() {
        assert!(is_return(&Method::GET, "/api/sign-in/oidc/callback"));
        for (method, path) in [
            (Method::POST, "/api/sign-in/oidc/callback"),
            (Method::GET, "/api/sign-in/oidc"),
            (Method::GET, "/api/sign-in//callback"),
            (Method::GET, "/api/sign-in/a/b/callback"),
            (Method::GET, "/api/me/callback"),
            (Method::GET, "/api/sign-in/oidc/callback/"),
        ] {
            assert!(!is_return(&method, path), "{method} {path}");
        }
    }

    #[test]
    fn open_lets_every_origin_and_name_in() {
        let open = Settings { open: true, ..Settings::default() };
        let headers = HeaderMap::from_iter([
            (header::ORIGIN, HeaderValue::from_static("https://evil.example")),
            (header::HOST, HeaderValue::from_static("any.example")),
        ]);
        assert!(origin_allowed(&headers, &open));
        assert!(host_allowed(&Uri::from_static("/"), &headers, Version::HTTP_11, &open).is_ok());
    }

    #[test]
    fn a_foreign_name_for_this_machine_opens_nothing() {
        let check = |host: &'static str| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            host_allowed(&Uri::from_static("/"), &headers, Version::HTTP_11, &settings())
                .map_err(|e| e.status)
        };
        for host in [
            "localhost:4545",
            "127.0.0.1",
            "[::1]:4545",
            "192.168.1.5:4545",
            "WIKI.example.com",
            "a.localhost",
        ] {
            assert_eq!(check(host), Ok(()), "{host}");
        }
        for host in
            ["evil.example", "evil.example:4545", "localhost.evil.example", "127.0.0.1.evil.example", ""]
        {
            assert_eq!(check(host), Err(StatusCode::MISDIRECTED_REQUEST), "{host}");
        }
        let none = HeaderMap::new();
        let version = |version| host_allowed(&Uri::from_static("/"), &none, version, &settings());
        assert!(version(Version::HTTP_10).is_ok());
        assert_eq!(version(Version::HTTP_11).unwrap_err().status, StatusCode::BAD_REQUEST);
        let absolute = Uri::from_static("http://evil.example/");
        assert!(host_allowed(&absolute, &none, Version::HTTP_11, &settings()).is_err());
    }
}
