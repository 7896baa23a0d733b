//! Entity tags: has the client this answer already?

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` names `tag` (with its quotes), compared weakly as RFC 9110 asks for.
pub(crate) fn matches(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

/// `tag` in the quotes a header needs.
pub(crate) fn quoted(tag: &str) -> String {
    if tag.starts_with('"') { tag.to_owned() } else { format!("\"{tag}\"") }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_tag_matches_itself_its_weak_form_a_list_with_it_and_the_star() {
        let known = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))]);
            matches(&headers, "\"7\"")
        };
        for yes in ["\"7\"", "W/\"7\"", "\"6\", \"7\"", "*"] {
            assert!(known(yes), "{yes}");
        }
        for no in ["\"70\"", "7", "", "\"6\""] {
            assert!(!known(no), "{no}");
        }
        assert!(!matches(&HeaderMap::new(), "\"7\""));
    }
}
