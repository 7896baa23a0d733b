//! The cookies of Weft: the one of a browser that is signed in, and one for each shared page whose password it gave.
//!
//! Over https their names begin with `__Host-`, which browsers keep for cookies that this very host set over https: no
//! neighbouring site can plant one. Plain http has no such names, so there the cookie is called otherwise and never counts
//! over https.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};
use cookie::{Cookie, SameSite};

use super::secret::{Kind, Secret};

/// How the browser reached Weft (or the proxy in front of it).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Scheme {
    #[default]
    Http,
    Https,
}

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose<'a> {
    /// A browser that is signed in.
    SignIn,
    /// A browser whose person is at their provider to sign in.
    Pending,
    /// The shared page of this id, whose password was given.
    Unlock(&'a str),
}

impl Purpose<'_> {
    fn name(self, scheme: Scheme) -> String {
        let prefix = match scheme {
            Scheme::Http => "",
            Scheme::Https => "__Host-",
        };
        match self {
            Self::SignIn => format!("{prefix}weft"),
            Self::Pending => format!("{prefix}weft-pending"),
            Self::Unlock(share) => format!("{prefix}weft-share-{share}"),
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::SignIn => Kind::SignIn,
            Self::Pending => Kind::Pending,
            Self::Unlock(_) => Kind::Unlock,
        }
    }
}

/// The `Set-Cookie` that hands `secret` to the browser for `lasts`; `None` is until the browser closes.
/// There is none for a share whose id is not made of letters and digits.
pub(crate) fn set(
    purpose: Purpose<'_>,
    scheme: Scheme,
    secret: &Secret,
    lasts: Option<Duration>,
) -> Option<HeaderValue> {
    let mut cookie = blank(purpose, scheme);
    cookie.set_value(secret.reveal().to_string());
    cookie.set_max_age(
        lasts.and_then(|lasts| i64::try_from(lasts.as_secs()).ok()).map(cookie::time::Duration::seconds),
    );
    header(purpose, &cookie)
}

/// The `Set-Cookie` that makes the browser forget the cookie.
pub(crate) fn clear(purpose: Purpose<'_>, scheme: Scheme) -> Option<HeaderValue> {
    let mut cookie = blank(purpose, scheme);
    cookie.make_removal();
    header(purpose, &cookie)
}

/// The secret that the browser sent, if it sent one. Everything else in its cookies is somebody else's and passed over.
pub(crate) fn read(purpose: Purpose<'_>, scheme: Scheme, headers: &HeaderMap) -> Option<Secret> {
    let name = purpose.name(scheme);
    headers
        .get_all(header::COOKIE)
        .iter()
        // One cookie that is no ASCII must not hide ours beside it.
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| std::str::from_utf8(pair).ok())
        .filter_map(|pair| Cookie::parse(pair).ok())
        .filter(|cookie| cookie.name() == name)
        .find_map(|cookie| Secret::parse(purpose.kind(), cookie.value()))
}

fn blank(purpose: Purpose<'_>, scheme: Scheme) -> Cookie<'static> {
    Cookie::build((purpose.name(scheme), ""))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(scheme == Scheme::Https)
        .build()
}

fn header(purpose: Purpose<'_>, cookie: &Cookie<'_>) -> Option<HeaderValue> {
    if let Purpose::Unlock(share) = purpose
        && (share.is_empty() || !share.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    {
        return None;
    }
    let mut value = HeaderValue::from_str(&cookie.to_string()).ok()?;
    // Sensitive values are left out when headers are logged.
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: [Scheme; 2] = [Scheme::Http, Scheme::Https];

    fn sent(cookies: &[&[u8]]) -> HeaderMap {
        cookies.iter().map(|value| (header::COOKIE, HeaderValue::from_bytes(value).unwrap())).collect()
    }

    /// The `name=value` that a browser keeps of a `Set-Cookie`.
    fn kept(set: &HeaderValue) -> &str {
        set.to_str().unwrap().split(';').next().unwrap()
    }

    #[test]
    fn a_browser_sends_back_what_it_was_given() {
        for scheme in SCHEMES {
            for purpose in [Purpose::SignIn, Purpose::Unlock("abc234")] {
                let secret = Secret::random(purpose.kind());
                let header = set(purpose, scheme, &secret, None).unwrap();
                assert!(header.is_sensitive());
                let headers = sent(&[b"theme=dark", format!("lang=en; {}; b=c", kept(&header)).as_bytes()]);
                assert!(read(purpose, scheme, &headers).unwrap().is(&secret));
            }
        }
    }

    #[test]
    fn the_attributes_stand_in_full() {
        let secret = Secret::from_bits(Kind::SignIn, [0; 32]);
        let month = Some(Duration::from_secs(30 * 86_400));
        let value = "A".repeat(43);
        assert_eq!(
            set(Purpose::SignIn, Scheme::Https, &secret, month).unwrap(),
            format!("__Host-weft={value}; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=2592000")
        );
        assert_eq!(
            set(Purpose::SignIn, Scheme::Http, &secret, None).unwrap(),
            format!("weft={value}; HttpOnly; SameSite=Lax; Path=/")
        );
        let gone = clear(Purpose::SignIn, Scheme::Https).unwrap();
        let gone = gone.to_str().unwrap();
        assert!(
            gone.starts_with("__Host-weft=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0; Expires="),
            "{gone}"
        );
    }

    #[test]
    fn the_cookie_of_plain_http_is_nothing_over_https_nor_the_other_way() {
        for (scheme, other) in [(Scheme::Http, Scheme::Https), (Scheme::Https, Scheme::Http)] {
            let header = set(Purpose::SignIn, scheme, &Secret::random(Kind::SignIn), None).unwrap();
            assert!(read(Purpose::SignIn, other, &sent(&[kept(&header).as_bytes()])).is_none());
        }
    }

    #[test]
    fn one_share_opens_no_other_and_no_account() {
        let header = set(Purpose::Unlock("aaa"), Scheme::Http, &Secret::random(Kind::Unlock), None).unwrap();
        let headers = sent(&[kept(&header).as_bytes()]);
        assert!(read(Purpose::Unlock("aa"), Scheme::Http, &headers).is_none());
        assert!(read(Purpose::SignIn, Scheme::Http, &headers).is_none());
        for bad in ["", "a b", "a;b", "a=b", "a\r\nb", "ä", "../a"] {
            assert!(
                set(Purpose::Unlock(bad), Scheme::Http, &Secret::random(Kind::Unlock), None).is_none(),
                "{bad:?}"
            );
            assert!(clear(Purpose::Unlock(bad), Scheme::Http).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn hostile_cookies_are_passed_over_and_do_not_hide_ours() {
        let secret = Secret::random(Kind::SignIn);
        let ours = format!("weft={}", *secret.reveal());
        let many = "a=b; ".repeat(10_000);
        for junk in [
            &b""[..],
            b";;;;",
            b"=",
            b"==;=a",
            b"weft",
            b"weft=",
            b"weft=short",
            b"weft=\"",
            b"a=\"b",
            b"\xff\xfe=\x80",
            b"weft=\xff\xff",
            b" \t ; \t",
            b"WEFT=AAAA",
            b"__Host-weft=AAAA",
            b"expires=Thu, 99 Foo 9999; max-age=-9999999999999999999999",
            many.as_bytes(),
        ] {
            assert!(read(Purpose::SignIn, Scheme::Http, &sent(&[junk])).is_none(), "{junk:?}");
            let same_line = [junk, b"; ", ours.as_bytes()].concat();
            for headers in [sent(&[junk, ours.as_bytes()]), sent(&[&same_line])] {
                let read = read(Purpose::SignIn, Scheme::Http, &headers);
                assert!(read.is_some_and(|read| read.is(&secret)), "{junk:?}");
            }
        }
    }
}
