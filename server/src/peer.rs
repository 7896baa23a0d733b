//! Who is at the other end of a connection.

use std::net::SocketAddr;

use axum::http::{Extensions, HeaderMap, header};

use crate::auth::cookie::Scheme;
use crate::config::Settings;

/// The address a request's connection came from; an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Headers that proxies add: a request with one was made elsewhere, whatever the connection says.
const FORWARDED: &[&str] =
    &["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/// Whether a program on this machine made the request: over loopback, and no proxy passed it on.
pub(crate) fn is_local(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let loopback = extensions.get::<Peer>().is_some_and(|peer| peer.0.ip().to_canonical().is_loopback());
    loopback && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// How whoever made the request reaches Weft: over https when the address that the operator gave for it
/// (`public_url`) says so and the request was made for that host. A proxy's word counts for nothing.
pub(crate) fn scheme(settings: &Settings, headers: &HeaderMap) -> Scheme {
    let asked = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if settings.public_url.is_https_for(asked) { Scheme::Https } else { Scheme::Http }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn from(address: &str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Peer(address.parse().unwrap()));
        extensions
    }

    #[test]
    fn only_loopback_is_local_and_only_without_a_proxy() {
        let none = HeaderMap::new();
        for local in ["127.0.0.1:1", "127.8.8.8:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
            assert!(is_local(&from(local), &none), "{local}");
        }
        for remote in ["192.168.0.1:1", "[2001:db8::1]:1", "0.0.0.0:1"] {
            assert!(!is_local(&from(remote), &none), "{remote}");
        }
        assert!(!is_local(&Extensions::new(), &none));
        for name in FORWARDED {
            let mut headers = HeaderMap::new();
            headers.insert(*name, HeaderValue::from_static("192.0.2.1"));
            assert!(!is_local(&from("127.0.0.1:1"), &headers), "{name}");
        }
    }
}
