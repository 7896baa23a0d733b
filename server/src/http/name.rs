//! Document names in addresses.

use percent_encoding::percent_decode_str;
use weft_ids::{DocId, DocIdError};

/// Why a part of an address names no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NameError {
    #[error(transparent)]
    Rule(#[from] DocIdError),
    #[error("a document name must be UTF-8 when its percent escapes are decoded")]
    Utf8,
}

/// The document that a percent-encoded part of an address names.
///
/// Decodes once and only percent escapes: `+` is a plus, `%2F` a slash within the name, `%252F` the three characters
/// `%2F`. A `%` that begins no escape stands for itself, as it does in addresses that browsers make.
pub(crate) fn decode(encoded: &str) -> Result<DocId, NameError> {
    let name = percent_decode_str(encoded).decode_utf8().map_err(|_| NameError::Utf8)?;
    Ok(DocId::new(&name)?)
}

#[cfg(test)]
mod tests {
    use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

    use super::*;

    #[test]
    fn every_legal_name_comes_back_from_its_encoding() {
        let long = "\u{1F600}".repeat(63);
        for name in
            ["a/b", "..", ".", "%2f", "%", "a b", "a+b", "*", "a:b/c", "日本", "e\u{301}", "\u{1}", &long]
        {
            let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC).to_string();
            assert_eq!(decode(&encoded).unwrap().as_str(), name);
        }
    }

    #[test]
    fn escapes_are_decoded_once_and_plus_is_a_plus() {
        for (encoded, name) in [
            ("a%2Fb", "a/b"),
            ("a%2fb", "a/b"),
            ("%252f", "%2f"),
            ("a+b", "a+b"),
            ("100%", "100%"),
            ("%zz", "%zz"),
        ] {
            assert_eq!(decode(encoded).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_no_name_is_refused_with_the_rule_it_breaks() {
        assert_eq!(decode(""), Err(NameError::Rule(DocIdError::Empty)));
        assert_eq!(decode("a%00b"), Err(NameError::Rule(DocIdError::Nul)));
        assert_eq!(decode(&"%61".repeat(256)), Err(NameError::Rule(DocIdError::TooLong(256))));
        assert_eq!(decode("%ff%fe"), Err(NameError::Utf8));
        assert_eq!(decode("%ed%a0%80"), Err(NameError::Utf8));
    }
}
