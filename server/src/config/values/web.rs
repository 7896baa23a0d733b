//! Under which addresses and names Weft is reached, and by which web pages.

use super::SettingValue;

/// Origins of web pages, each as browsers send it: lower case, without a path. `null` is one too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Origins(pub(crate) Vec<String>);

impl SettingValue for Origins {
    const SHAPE: &'static str = "ORIGIN,..";

    fn parse(text: &str) -> Result<Self, String> {
        items(text)
            .map(|item| {
                let origin = item.to_lowercase();
                let authority = origin.split_once("://").map(|(_, authority)| authority);
                match authority {
                    Some(authority)
                        if !authority.is_empty() && !authority.contains(['/', '?', '#', '@', '*']) =>
                    {
                        Ok(origin)
                    }
                    None if origin == "null" => Ok(origin),
                    _ => Err(format!(
                        "{item:?} is not an origin; one looks like https://app.example.com, with no path"
                    )),
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn toml(text: &str) -> String {
        toml_list(text)
    }
}

/// The address under which people reach Weft: a scheme and a host, perhaps a port, without a path. Empty if not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PublicUrl(String);

impl PublicUrl {
    /// The address, without a slash at its end.
    pub(crate) fn get(&self) -> Option<&str> {
        (!self.0.is_empty()).then_some(&*self.0)
    }

    /// Its host's name, without a port.
    pub(crate) fn host(&self) -> Option<&str> {
        let authority = self.0.split_once("://")?.1;
        if authority.starts_with('[') {
            return authority.find(']').map(|end| &authority[..=end]);
        }
        Some(authority.rsplit_once(':').map_or(authority, |(host, _)| host))
    }

    /// Whether who asked for `authority` (as the header `Host` has it) reaches Weft over https.
    pub(crate) fn is_https_for(&self, authority: &str) -> bool {
        let own = self.0.strip_prefix("https://");
        let bare = |text: &str| text.strip_suffix(":443").unwrap_or(text).to_ascii_lowercase();
        own.is_some_and(|own| bare(own) == bare(authority))
    }
}

impl SettingValue for PublicUrl {
    const SHAPE: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        let url = text.trim().trim_end_matches('/').to_lowercase();
        if url.is_empty() {
            return Ok(Self::default());
        }
        let authority = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        match authority.filter(|authority| authority.parse::<axum::http::uri::Authority>().is_ok()) {
            Some(authority) if !authority.contains('@') => Ok(Self(url)),
            _ => Err(format!(
                "{text:?} is not an address; one looks like https://wiki.example.com, with no path"
            )),
        }
    }
}

/// Host names, lower case, without ports.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl SettingValue for Names {
    const SHAPE: &'static str = "NAME,..";

    fn parse(text: &str) -> Result<Self, String> {
        items(text)
            .map(|item| {
                let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
                if item.chars().all(legal) {
                    Ok(item.to_lowercase())
                } else {
                    Err(format!(
                        "{item:?} is not a host name; one looks like wiki.example.com, with no scheme or port"
                    ))
                }
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    fn toml(text: &str) -> String {
        toml_list(text)
    }
}

pub(super) fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}

pub(super) fn toml_list(text: &str) -> String {
    let items: Vec<String> = items(text).map(|item| format!("{item:?}")).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_have_a_scheme_and_no_path_and_host_names_have_neither() {
        assert_eq!(
            Origins::parse("https://A.example, http://b:81").unwrap().0,
            ["https://a.example", "http://b:81"]
        );
        assert_eq!(Origins::parse("").unwrap().0, [""; 0]);
        for bad in ["a.example", "https://a.example/", "https://", "*", "https://*.example"] {
            assert!(Origins::parse(bad).is_err(), "{bad}");
        }
        let public = PublicUrl::parse("https://Wiki.example.com/").unwrap();
        assert_eq!(
            (public.get(), public.host()),
            (Some("https://wiki.example.com"), Some("wiki.example.com"))
        );
        for own in ["wiki.example.com", "WIKI.example.com:443"] {
            assert!(public.is_https_for(own), "{own}");
        }
        for other in ["", "example.com", "wiki.example.com:4545"] {
            assert!(!public.is_https_for(other), "{other}");
        }
        assert!(!PublicUrl::parse("http://wiki:80").unwrap().is_https_for("wiki:80"));
        assert_eq!(PublicUrl::parse("http://[::1]:80").unwrap().host(), Some("[::1]"));
        for bad in ["wiki.example.com", "ftp://a", "https://", "https://a/b", "https://a?b", "https://me@a"] {
            assert!(PublicUrl::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Names::parse("Wiki.example.com").unwrap().0, ["wiki.example.com"]);
        for bad in ["https://a", "a:80", "a/b", "*"] {
            assert!(Names::parse(bad).is_err(), "{bad}");
        }
    }
}
