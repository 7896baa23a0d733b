//! `server/example.toml`, made from the settings' own docs.

use std::fmt::Write as _;

use super::SETTINGS;

/// Every setting with its doc and its default, commented out: a file that changes nothing until edited.
pub(crate) fn example() -> String {
    let mut text = String::from(
        "# Weft's settings. Copy this file to weft.toml where you start Weft (or name it with --config) and take the\n\
         # \"#\" from the lines you want to change. A flag wins over a variable, a variable over this file.\n\
         # This example is generated from the settings themselves; every value in it is the default.\n",
    );
    for setting in SETTINGS {
        text.push('\n');
        for line in setting.doc {
            let _ = writeln!(text, "#{}", line.trim_end());
        }
        let _ = writeln!(text, "# Flag: --{}  Variable: {}", setting.flag(), setting.variable());
        let _ = writeln!(text, "#{} = {}", setting.key, (setting.toml)(setting.default));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, load};

    #[test]
    fn the_committed_example_is_what_the_settings_say() {
        crate::generated::check("example.toml", &example());
    }

    #[test]
    fn the_example_with_its_lines_uncommented_gives_the_defaults() {
        let is_setting = |line: &&str| line.starts_with('#') && !line.starts_with("# ");
        let all: String =
            example().lines().filter(is_setting).map(|line| format!("{}\n", &line[1..])).collect();
        assert_eq!(all.lines().count(), SETTINGS.len());
        let read = load(&[], &[], Some(("weft.toml".as_ref(), &all))).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Settings::default()));
    }
}
