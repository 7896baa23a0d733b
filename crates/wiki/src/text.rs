//! Texts that people type into forms.

use unicode_normalization::UnicodeNormalization as _;
use unicode_security::mixed_script::AugmentedScriptSet;

use crate::error::{Field, WikiError};

/// Invisible, and good only for passing as something else: control, format and direction characters.
fn is_invisible(c: char) -> bool {
    // ZERO WIDTH JOINER and the variation selectors hold emoji together.
    if matches!(c, '\u{200d}' | '\u{fe0e}' | '\u{fe0f}') {
        return false;
    }
    c.is_control()
        || matches!(c,
            '\u{00ad}' | '\u{061c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A text of one line as it is kept: composed (NFC), white space folded, 1 to `characters_max` characters.
///
/// # Errors
/// [`WikiError::Invalid`]: nothing is left, it is too long, or something invisible stands in it.
pub fn cleaned(field: Field, text: &str, characters_max: usize) -> Result<String, WikiError> {
    let text = text.nfc().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        return Err(WikiError::invalid(field, "this may not be empty"));
    }
    check(field, &text, characters_max)?;
    Ok(text)
}

/// A text of several lines as it is kept, or empty.
///
/// # Errors
/// As [`cleaned`], but it may be empty.
pub fn lines_cleaned(field: Field, text: &str, characters_max: usize) -> Result<String, WikiError> {
    let lines = text.lines().map(|line| line.trim_end().nfc().collect::<String>());
    let text = lines.collect::<Vec<_>>().join("\n").trim().to_owned();
    check(field, &text.replace('\n', " "), characters_max)?;
    Ok(text)
}

fn check(field: Field, text: &str, characters_max: usize) -> Result<(), WikiError> {
    let characters = text.chars().count();
    if characters > characters_max {
        let why = format!("this may have at most {characters_max} characters; it has {characters}");
        return Err(WikiError::invalid(field, why));
    }
    match text.chars().find(|c| is_invisible(*c)) {
        Some(c) => {
            let why = format!("this has a character that cannot be seen (U+{:04X}); remove it", u32::from(c));
            Err(WikiError::invalid(field, why))
        }
        None => Ok(()),
    }
}

/// How a text looks: two that look alike give the same (Unicode Technical Standard 39, skeletons).
pub(crate) fn look(text: &str) -> String {
    let lower = text.to_lowercase();
    let skeleton = unicode_security::confusable_detection::skeleton(&lower);
    skeleton.collect::<String>().to_lowercase()
}

/// Whether two texts that look alike are written in letters of different scripts: then one passes for the other.
pub(crate) fn is_disguise(one: &str, other: &str) -> bool {
    let mut both = AugmentedScriptSet::for_str(one);
    both.intersect_with(AugmentedScriptSet::for_str(other));
    both.is_empty() && one.to_lowercase() != other.to_lowercase() && look(one) == look(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_composed_folded_and_within_their_limits() {
        let clean = |text| cleaned(Field::Name, text, 5);
        assert_eq!(clean(" a \t b ").unwrap(), "a b");
        assert_eq!(clean("e\u{301}").unwrap(), "é");
        assert_eq!(clean("训练训练训").unwrap(), "训练训练训");
        for bad in ["", " \n ", "abcdef", "a\u{202e}b", "a\u{0}b", "\u{200b}", "a\u{7}b", "\u{3164}"] {
            assert!(matches!(clean(bad), Err(WikiError::Invalid { field: Field::Name, .. })), "{bad:?}");
        }
        assert_eq!(lines_cleaned(Field::Description, " a \n\nb  \n", 10).unwrap(), "a\n\nb");
        assert_eq!(lines_cleaned(Field::Description, "", 10).unwrap(), "");
    }

    #[test]
    fn an_emoji_of_several_characters_is_no_trick() {
        assert_eq!(cleaned(Field::Icon, "👩‍🚀", 8).unwrap(), "👩‍🚀");
    }

    #[test]
    fn what_looks_alike_is_alike() {
        assert_eq!(look("Admin"), look("аdmin"));
        assert_eq!(look("team"), look("TEAM"));
        assert_ne!(look("team"), look("teams"));
    }

    #[test]
    fn a_name_in_foreign_letters_is_a_disguise_and_a_namesake_is_none() {
        for (one, other) in [("Anna", "Аnna"), ("cope", "соре")] {
            assert!(is_disguise(one, other), "{one} {other}: {} {}", look(one), look(other));
        }
        for (one, other) in
            [("Anna", "anna"), ("Kern", "Kem"), ("Анна", "Анна"), ("Ann", "Ben"), ("王", "王")]
        {
            assert!(!is_disguise(one, other), "{one} {other}");
        }
    }
}
