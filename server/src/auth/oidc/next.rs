//! Where somebody goes after signing in: to a page of Weft's own and nowhere else.

use url::Url;

/// The longest address that is gone back to.
pub(crate) const NEXT_BYTES_MAX: usize = 2_048;

/// `next` when it is a path on this server (with query and fragment), else the home page.
///
/// Browsers read addresses generously: they drop tabs and line ends, take `\` for `/`, and `//host` leaves the server. So
/// anything unusual is refused, and what is left must still lie on the same server when it is resolved as browsers do.
pub(crate) fn own_path(next: &str) -> &str {
    const HOME: &str = "/";
    let usual = next.len() <= NEXT_BYTES_MAX
        && next.starts_with('/')
        && !next.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\');
    let own = |url: Url| {
        url.scheme() == "https"
            && url.host_str() == Some("weft.invalid")
            && url.port().is_none()
            && !url.path().starts_with("//")
    };
    match Url::parse("https://weft.invalid/").and_then(|base| base.join(next)) {
        Ok(url) if usual && own(url.clone()) => next,
        _ => HOME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_paths_stay_as_they_are() {
        for own in [
            "/",
            "/home/first-abc?view=1#top",
            "/河镇/页面-abc",
            "/s/%2F%2Fevil.example",
            "/a//b",
            "/sign-in?next=https://evil.example",
            "/@evil.example",
            "/:80",
        ] {
            assert_eq!(own_path(own), own);
        }
        let longest = format!("/{}", "a".repeat(NEXT_BYTES_MAX - 1));
        assert_eq!(own_path(&longest), longest);
        assert_eq!(own_path(&format!("{longest}a")), "/");
    }

    #[test]
    fn everything_else_is_the_home_page() {
        for foreign in [
            "",
            "home",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "\\\\evil.example",
            "/a\\b",
            "https:",
            "https://evil.example",
            "https:evil.example",
            "HTTPS://evil.example",
            "javascript:alert(1)",
            "data:text/html,x",
            "/\t/evil.example",
            "/\n/evil.example",
            "/\r\nLocation: https://evil.example",
            "\t//evil.example",
            " //evil.example",
            "/ /evil.example",
            "/\u{0}/evil.example",
            "/\u{7f}",
            "/\u{a0}/evil.example",
            "/\u{2028}/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/a/..//evil.example",
            "/%2e%2e//evil.example",
            "?next=//evil.example",
            "#//evil.example",
        ] {
            assert_eq!(own_path(foreign), "/", "{foreign:?}");
        }
    }
}
