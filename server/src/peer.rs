//! Who is at the other end of a connection, and who sent a request over it: a proxy may stand between the two.
//!
//! A proxy's word counts only if the operator named it (`trusted_proxies`). Of `X-Forwarded-For` the entries are read
//! from the last one on, since each proxy adds at the end where it got the request from: the first that is no trusted
//! proxy is the client, and whatever stands before it was the client's to write.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{Extensions, HeaderMap, HeaderName, header};

use crate::auth::cookie::Scheme;
use crate::config::Settings;

/// The connection that a request came over; an extension of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Where the connection came from.
    pub(crate) address: SocketAddr,
    /// Whether we speak TLS on it ourselves.
    pub(crate) tls: bool,
}

impl From<SocketAddr> for Peer {
    /// A connection without TLS.
    fn from(address: SocketAddr) -> Self {
        Self { address, tls: false }
    }
}

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Headers that proxies add: a request with one was made elsewhere, whatever the connection says.
const FORWARDED: &[&str] =
    &["forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip", "via"];

/// Whether a program on this machine made the request: over loopback, and no proxy passed it on.
pub(crate) fn is_local(extensions: &Extensions, headers: &HeaderMap) -> bool {
    let loopback =
        extensions.get::<Peer>().is_some_and(|peer| peer.address.ip().to_canonical().is_loopback());
    loopback && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// Where a request came from: what the trusted proxy says that brought it, else where its connection came from.
pub(crate) fn address(settings: &Settings, extensions: &Extensions, headers: &HeaderMap) -> IpAddr {
    forwarded(settings, extensions, headers).unwrap_or_else(|| connected(extensions))
}

/// Whom a trusted proxy brings; none if none brought the request. A proxy that names nobody, or whose word cannot be
/// read, stands for whoever it brings.
pub(crate) fn forwarded(settings: &Settings, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = connected(extensions);
    if !settings.trusted_proxies.contain(peer) {
        return None;
    }
    let mut from = peer;
    for entry in entries(headers, &FORWARDED_FOR) {
        let Some(address) = forwarded_address(entry) else {
            tracing::debug!(proxy = %from, entry = %entry.escape_ascii(), "X-Forwarded-For names no address there");
            break;
        };
        from = address;
        if !settings.trusted_proxies.contain(from) {
            break;
        }
    }
    Some(from)
}

/// How whoever made the request reaches Weft: over https when we speak it ourselves, when the address that the operator gave for it
/// (`public_url`) says so and the request was made for that host, or when the trusted proxy that brought it says so.
/// Anybody else's word counts for nothing.
pub(crate) fn scheme(settings: &Settings, extensions: &Extensions, headers: &HeaderMap) -> Scheme {
    let asked = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let told = || {
        let trusted = settings.trusted_proxies.contain(connected(extensions));
        let last = trusted.then(|| entries(headers, &FORWARDED_PROTO).next()).flatten();
        last.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"https"))
    };
    let tls = extensions.get::<Peer>().is_some_and(|peer| peer.tls);
    if tls || settings.public_url.is_https_for(asked) || told() { Scheme::Https } else { Scheme::Http }
}

/// The address of the connection.
fn connected(extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<Peer>();
    peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip().to_canonical())
}

/// What a list of a header says, the last entry first. Its lines are one list (RFC 9110, section 5.3), and entries may be
/// empty.
fn entries<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    let lines = headers.get_all(name).iter().rev();
    let entries = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    entries.map(<[u8]>::trim_ascii).filter(|entry| !entry.is_empty())
}

/// An address as proxies write it: alone or with a port, of IPv6 in brackets or not.
fn forwarded_address(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?;
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse::<SocketAddr>().map(|address| address.ip());
    bare.parse::<IpAddr>().or_else(|_| with_port()).ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::{Proxies, PublicUrl, SettingValue as _};

    fn from(address: &str) -> Extensions {
        let mut extensions = Extensions::new();
        extensions.insert(Peer::from(address.parse::<SocketAddr>().unwrap()));
        extensions
    }

    fn behind(proxies: &str) -> Settings {
        Settings { trusted_proxies: Proxies::parse(proxies).unwrap(), ..Settings::default() }
    }

    fn said(name: &HeaderName, lines: &[&str]) -> HeaderMap {
        let value = |line: &&str| HeaderValue::from_bytes(line.as_bytes()).unwrap();
        lines.iter().map(|line| (name.clone(), value(line))).collect()
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

    #[test]
    fn of_a_trusted_proxy_the_last_address_counts_that_is_no_trusted_proxy() {
        let settings = behind("10.0.0.0/8, 127.0.0.1, 2001:db8:f::/48");
        for (lines, client) in [
            // Nobody is named: the proxy itself.
            (&[][..], "10.0.0.1"),
            (&["", " , "], "10.0.0.1"),
            (&["192.0.2.1"], "192.0.2.1"),
            // The client wrote something itself, which the proxy passed on.
            (&["198.51.100.7, 192.0.2.1"], "192.0.2.1"),
            (&["127.0.0.1, 192.0.2.1"], "192.0.2.1"),
            (&["198.51.100.7", "192.0.2.1"], "192.0.2.1"),
            // Proxies behind proxies.
            (&["198.51.100.7, 192.0.2.1, 10.0.0.2 ,10.0.0.3"], "192.0.2.1"),
            (&["198.51.100.7, 192.0.2.1,", "10.0.0.2", ", 10.0.0.3,"], "192.0.2.1"),
            // Only proxies: the one farthest away.
            (&["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
            // Notations.
            (&["192.0.2.1:51234"], "192.0.2.1"),
            (&["2001:db8::1"], "2001:db8::1"),
            (&["[2001:db8::1]"], "2001:db8::1"),
            (&["[2001:db8::1]:443"], "2001:db8::1"),
            (&["::ffff:192.0.2.1"], "192.0.2.1"),
            (&["192.0.2.1, 2001:db8:f::9, ::ffff:10.0.0.9, [::ffff:10.0.0.9]:80"], "192.0.2.1"),
            // What names nobody ends the reading: what stands before it may be anybody's.
            (&["192.0.2.1, unknown"], "10.0.0.1"),
            (&["192.0.2.1, unknown, 10.0.0.2"], "10.0.0.2"),
            (&["192.0.2.1, 192.0.2.256"], "10.0.0.1"),
            (&["192.0.2.1, 2001:db8::1]:443"], "10.0.0.1"),
            (&["192.0.2.1, fe80::1%eth0"], "10.0.0.1"),
            (&["192.0.2.1, \"192.0.2.2\""], "10.0.0.1"),
            (&["192.0.2.1, 192.0.2.2 192.0.2.3"], "10.0.0.1"),
            (&["192.0.2.1, ä"], "10.0.0.1"),
        ] {
            let headers = said(&FORWARDED_FOR, lines);
            let client: IpAddr = client.parse().unwrap();
            for proxy in ["10.0.0.1:9", "[::ffff:10.0.0.1]:9"] {
                assert_eq!(address(&settings, &from(proxy), &headers), client, "{lines:?}");
                assert_eq!(forwarded(&settings, &from(proxy), &headers), Some(client), "{lines:?}");
            }
            // Whoever is no trusted proxy says nothing by it.
            for (settings, peer) in [(&settings, "203.0.113.5"), (&behind(""), "10.0.0.1")] {
                let extensions = from(&format!("{peer}:9"));
                assert_eq!(forwarded(settings, &extensions, &headers), None, "{lines:?}");
                assert_eq!(address(settings, &extensions, &headers), peer.parse::<IpAddr>().unwrap());
            }
        }
        let long = "10.0.0.2, ".repeat(3_000);
        let headers = said(&FORWARDED_FOR, &[&long]);
        assert_eq!(address(&settings, &from("10.0.0.1:9"), &headers), IpAddr::from([10, 0, 0, 2]));
        let nobody = address(&settings, &Extensions::new(), &HeaderMap::new());
        assert_eq!(nobody, IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    }

    #[test]
    fn https_is_what_the_operator_or_a_trusted_proxy_calls_so() {
        let check = |settings: &Settings, peer: &str, lines: &[&str], host: &'static str| {
            let mut headers = said(&FORWARDED_PROTO, lines);
            headers.insert(header::HOST, HeaderValue::from_static(host));
            scheme(settings, &from(peer), &headers)
        };
        let settings = behind("10.0.0.0/8");
        for (lines, is) in [
            (&["https"][..], Scheme::Https),
            (&["HTTPS"], Scheme::Https),
            (&["http, https"], Scheme::Https),
            (&["http", "https"], Scheme::Https),
            (&["https, http"], Scheme::Http),
            (&["http"], Scheme::Http),
            (&["wss"], Scheme::Http),
            (&[""], Scheme::Http),
            (&[], Scheme::Http),
        ] {
            assert_eq!(check(&settings, "10.0.0.1:9", lines, "wiki"), is, "{lines:?}");
            assert_eq!(check(&settings, "192.0.2.1:9", lines, "wiki"), Scheme::Http, "{lines:?}");
        }
        let mut ours = Extensions::new();
        ours.insert(Peer { tls: true, ..Peer::from(SocketAddr::from(([192, 0, 2, 1], 9))) });
        assert_eq!(scheme(&settings, &ours, &said(&FORWARDED_PROTO, &["http"])), Scheme::Https);
        let public = PublicUrl::parse("https://wiki").unwrap();
        let settings = Settings { public_url: public, ..settings };
        assert_eq!(check(&settings, "192.0.2.1:9", &[], "wiki"), Scheme::Https);
        assert_eq!(check(&settings, "192.0.2.1:9", &["https"], "other"), Scheme::Http);
        // The operator's word stands: a proxy behind another often knows only of its own plain connection.
        assert_eq!(check(&settings, "10.0.0.1:9", &["http"], "wiki"), Scheme::Https);
    }
}
