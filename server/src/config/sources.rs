//! Where settings come from: flags before variables before the file before the defaults.

use std::path::{Path, PathBuf};

use super::{SETTINGS, Settings};

/// Variables that begin with `WEFT_` and are no settings: the file's place, and what the build reads.
const OTHER_VARIABLES: &[&str] = &["WEFT_CONFIG", "WEFT_WEB_DIST"];

/// A setting somebody gave, as text: the key (or variable) and its value.
pub(crate) type Given = (String, String);

/// Why the settings cannot be used. Each names the key and the reason.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{place}: there is no setting {key:?}{hint}")]
    Unknown { place: String, key: String, hint: String },
    #[error("{place}: {value:?} cannot be used, because {reason}")]
    Bad { place: String, value: String, reason: String },
    #[error("{}: {reason}", file.display())]
    File { file: PathBuf, reason: String },
}

/// Puts the settings together. `flags` have keys, `variables` are the whole environment's (name, value) pairs,
/// `file` is the path and text of `weft.toml` if there is one.
pub(crate) fn load(
    flags: &[Given],
    variables: &[Given],
    file: Option<(&Path, &str)>,
) -> Result<Settings, ConfigError> {
    let mut settings = Settings::default();
    // The weakest source first: a stronger one overwrites it. A bad value stops the start even where it would be
    // overwritten, because it waits to be used on the next start without the flag.
    if let Some((path, text)) = file {
        from_file(&mut settings, path, text)?;
    }
    from_variables(&mut settings, variables)?;
    for (key, value) in flags {
        let place = || format!("--{}", key.replace('_', "-"));
        settings.set(key, value).map_err(|reason| bad(place(), value, reason))?;
    }
    Ok(settings)
}

fn bad(place: String, value: &str, reason: String) -> ConfigError {
    ConfigError::Bad { place, value: value.to_owned(), reason }
}

fn from_variables(settings: &mut Settings, variables: &[Given]) -> Result<(), ConfigError> {
    for (name, value) in variables {
        let Some(upper) = name.strip_prefix("WEFT_") else { continue };
        if OTHER_VARIABLES.contains(&name.as_str()) || belongs_to_an_orchestrator(upper) {
            continue;
        }
        let key = upper.to_lowercase();
        if !is_setting(&key) || upper != key.to_uppercase() {
            let hint = nearest(&key).map(|near| format!("; did you mean WEFT_{}?", near.to_uppercase()));
            return Err(ConfigError::Unknown {
                place: "environment".to_owned(),
                key: name.clone(),
                hint: hint.unwrap_or_default(),
            });
        }
        settings.set(&key, value).map_err(|reason| bad(name.clone(), value, reason))?;
    }
    Ok(())
}

/// Kubernetes gives every container variables named after each service, so a service called `weft` makes
/// `WEFT_SERVICE_HOST`, `WEFT_PORT` and `WEFT_PORT_4545_TCP_ADDR` appear. Nobody misspelt those.
fn belongs_to_an_orchestrator(upper: &str) -> bool {
    upper == "PORT" || upper.starts_with("PORT_") || upper.starts_with("SERVICE_")
}

fn from_file(settings: &mut Settings, path: &Path, text: &str) -> Result<(), ConfigError> {
    let file = |reason: String| ConfigError::File { file: path.to_owned(), reason };
    let table: toml::Table = toml::from_str(text).map_err(|error| file(error.to_string()))?;
    for (key, value) in &table {
        if !is_setting(key) {
            let hint = nearest(key).map(|near| format!("; did you mean {near:?}?")).unwrap_or_default();
            return Err(ConfigError::Unknown { place: path.display().to_string(), key: key.clone(), hint });
        }
        let place = || format!("{}: {key}", path.display());
        let text = plain(value).map_err(|reason| bad(place(), &value.to_string(), reason))?;
        let example = example_of(key);
        if !same_type(&example, value) {
            return Err(bad(place(), &value.to_string(), format!("it is written like {example}")));
        }
        settings.set(key, &text).map_err(|reason| bad(place(), &text, reason))?;
    }
    Ok(())
}

/// The setting's default as it stands in the file.
fn example_of(key: &str) -> String {
    SETTINGS.iter().find(|s| s.key == key).map(|s| (s.toml)(s.default)).unwrap_or_default()
}

/// Whether `value` has the TOML type of `example`.
fn same_type(example: &str, value: &toml::Value) -> bool {
    match example.as_bytes().first() {
        Some(b'"') => value.is_str(),
        Some(b'[') => value.is_array(),
        Some(b't' | b'f') => value.is_bool(),
        _ => value.is_integer(),
    }
}

/// The notation of flags and variables for a TOML value.
fn plain(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Boolean(yes) => Ok(yes.to_string()),
        toml::Value::Array(items) => items
            .iter()
            .map(|item| match item {
                toml::Value::String(text) if !text.contains(',') => Ok(text.clone()),
                _ => Err("every item of the list must be a string without a comma".to_owned()),
            })
            .collect::<Result<Vec<_>, _>>()
            .map(|items| items.join(",")),
        _ => Err("no setting has a value of this type".to_owned()),
    }
}

fn is_setting(key: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.key == key)
}

/// The setting a misspelt key most probably means, if one is near.
fn nearest(key: &str) -> Option<&'static str> {
    let key = key.to_lowercase().replace('-', "_");
    SETTINGS
        .iter()
        .map(|setting| (strsim::damerau_levenshtein(&key, setting.key), setting.key))
        .min()
        .filter(|(distance, near)| *distance <= near.len().div_ceil(2).min(4))
        .map(|(_, near)| near)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Listen, SettingValue as _};

    fn given(pairs: &[(&str, &str)]) -> Vec<Given> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn error(flags: &[(&str, &str)], variables: &[(&str, &str)], file: Option<&str>) -> String {
        let file = file.map(|text| (Path::new("weft.toml"), text));
        load(&given(flags), &given(variables), file).expect_err("must be refused").to_string()
    }

    #[test]
    fn flags_win_over_variables_and_variables_over_the_file() {
        let file = Some((Path::new("weft.toml"), "listen = \"127.0.0.1:1\"\nopen = true\nlog = \"debug\""));
        let variables = given(&[("WEFT_LISTEN", "127.0.0.1:2"), ("WEFT_LOG", "warn"), ("HOME", "/")]);
        let settings = load(&given(&[("listen", "127.0.0.1:3")]), &variables, file).unwrap();
        assert_eq!(settings.listen, Listen::parse("127.0.0.1:3").unwrap());
        assert_eq!(settings.log.0, "warn");
        assert!(settings.open);
    }

    #[test]
    fn an_unknown_key_in_the_file_stops_the_start_and_names_the_nearest() {
        let text = error(&[], &[], Some("listne = \"localhost:1\""));
        assert_eq!(text, "weft.toml: there is no setting \"listne\"; did you mean \"listen\"?");
        assert!(!error(&[], &[], Some("colour = 1")).contains("did you mean"));
        assert!(error(&[], &[], Some("[server]\nlisten = 1")).contains("\"server\""));
    }

    #[test]
    fn an_unknown_variable_stops_the_start_and_names_the_nearest() {
        let text = error(&[], &[("WEFT_IDEL_AFTER", "1s")], None);
        assert_eq!(
            text,
            "environment: there is no setting \"WEFT_IDEL_AFTER\"; did you mean WEFT_IDLE_AFTER?"
        );
        assert!(error(&[], &[("WEFT_listen", "localhost:1")], None).contains("WEFT_LISTEN"));
    }

    #[test]
    fn variables_that_kubernetes_makes_for_a_service_called_weft_are_no_settings() {
        let variables = given(&[
            ("WEFT_PORT", "tcp://10.0.0.1:4545"),
            ("WEFT_SERVICE_HOST", "10.0.0.1"),
            ("WEFT_PORT_4545_TCP_ADDR", "10.0.0.1"),
            ("WEFT_CONFIG", "x"),
        ]);
        assert!(load(&[], &variables, None).is_ok());
    }

    #[test]
    fn a_bad_value_stops_the_start_whichever_source_it_came_from() {
        let from_flag = error(&[("idle_after", "soon")], &[], None);
        assert!(from_flag.starts_with("--idle-after: \"soon\" cannot be used, because"), "{from_flag}");
        let from_variable = error(&[], &[("WEFT_OPEN", "yes")], None);
        assert!(from_variable.starts_with("WEFT_OPEN: \"yes\" cannot be used"), "{from_variable}");
        let from_file = error(&[], &[], Some("connections_max = 0"));
        assert!(from_file.starts_with("weft.toml: connections_max: \"0\" cannot be used"), "{from_file}");
    }

    #[test]
    fn a_value_of_the_wrong_type_in_the_file_is_refused_with_an_example() {
        assert!(error(&[], &[], Some("open = \"true\"")).contains("written like false"));
        assert!(error(&[], &[], Some("idle_after = 60")).contains("written like \"60s\""));
        assert!(error(&[], &[], Some("allowed_origins = \"https://a\"")).contains("written like []"));
        assert!(
            error(&[], &[], Some("listen = { port = 1 }")).contains("no setting has a value of this type")
        );
        assert!(error(&[], &[], Some("allowed_hosts = [1]")).contains("must be a string"));
    }

    #[test]
    fn a_file_that_is_not_toml_is_refused_with_the_line() {
        let text = error(&[], &[], Some("open = true\nlisten = "));
        assert!(text.starts_with("weft.toml: ") && text.contains("line 2"), "{text}");
    }

    #[test]
    fn a_bad_value_is_refused_even_where_a_flag_overrides_it() {
        assert!(error(&[("open", "true")], &[("WEFT_OPEN", "maybe")], None).contains("WEFT_OPEN"));
    }
}
