//! The kinds of values settings have, and how each is written.

mod mail;
mod proxies;
mod web;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

pub(crate) use self::mail::{Sender, Smtp};
pub(crate) use self::proxies::Proxies;
pub(crate) use self::web::{Names, Origins, PublicUrl};

/// A kind of value a setting can have.
pub(crate) trait SettingValue: Sized {
    /// What help shows for a value.
    const SHAPE: &'static str;
    /// Whether the flag may stand without a value.
    const SWITCH: bool = false;

    /// Reads the notation of flags and variables. The error is a clause that follows "because".
    fn parse(text: &str) -> Result<Self, String>;

    /// The same value in TOML's notation.
    fn toml(text: &str) -> String {
        format!("{text:?}")
    }
}

/// A listen address: `localhost:4545`, `0.0.0.0:80`, `[::]:4545`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listen {
    pub(crate) host: Host,
    pub(crate) port: u16,
}

/// Whom a listen address names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    /// Both loopback addresses, as far as the machine has them.
    Localhost,
    Ip(IpAddr),
}

impl Listen {
    /// The addresses to bind, the one that must work first.
    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        match self.host {
            Host::Localhost => vec![
                SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
                SocketAddr::from((Ipv6Addr::LOCALHOST, self.port)),
            ],
            Host::Ip(ip) => vec![SocketAddr::from((ip, self.port))],
        }
    }

    /// Where somebody on this machine reaches it, once the port is known.
    pub(crate) fn authority(&self, port: u16) -> String {
        match self.host {
            Host::Localhost => format!("localhost:{port}"),
            Host::Ip(ip) if ip.is_unspecified() => format!("localhost:{port}"),
            Host::Ip(ip) => SocketAddr::from((ip, port)).to_string(),
        }
    }

    /// Whether only this machine can connect.
    pub(crate) fn is_local(&self) -> bool {
        match self.host {
            Host::Localhost => true,
            Host::Ip(ip) => ip.is_loopback(),
        }
    }
}

impl SettingValue for Listen {
    const SHAPE: &'static str = "ADDR:PORT";

    fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = text.rsplit_once(':').ok_or_else(|| {
            format!("it needs an address and a port, such as localhost:{}", default_port(text))
        })?;
        let port = port.parse().map_err(|_| format!("{port:?} is not a port (0 to 65535)"))?;
        if host.eq_ignore_ascii_case("localhost") {
            return Ok(Self { host: Host::Localhost, port });
        }
        let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
        match IpAddr::from_str(bare) {
            Ok(ip) if ip.is_ipv4() || host.starts_with('[') => Ok(Self { host: Host::Ip(ip), port }),
            Ok(_) => Err(format!("an IPv6 address stands in brackets, such as [{bare}]:{port}")),
            Err(_) => Err(format!("{host:?} is neither an IP address nor localhost")),
        }
    }
}

/// A bare number was probably meant as the port.
fn default_port(text: &str) -> u16 {
    text.parse().unwrap_or(4545)
}

/// What a wiki is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WikiName(pub(crate) String);

/// The longest name of a wiki, in characters.
const WIKI_NAME_CHARACTERS_MAX: usize = 64;

impl SettingValue for WikiName {
    const SHAPE: &'static str = "NAME";

    fn parse(text: &str) -> Result<Self, String> {
        let name = text.trim();
        match name.chars().count() {
            0 => Err("a name has at least one character".to_owned()),
            _ if name.chars().any(char::is_control) => Err("a name has no control characters".to_owned()),
            1..=WIKI_NAME_CHARACTERS_MAX => Ok(Self(name.to_owned())),
            _ => Err(format!("a name has at most {WIKI_NAME_CHARACTERS_MAX} characters")),
        }
    }
}

impl SettingValue for PathBuf {
    const SHAPE: &'static str = "DIR";

    fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() { Err("a path must not be empty".to_owned()) } else { Ok(Self::from(text)) }
    }
}

impl SettingValue for bool {
    const SHAPE: &'static str = "true|false";
    const SWITCH: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err("it must be true or false".to_owned()),
        }
    }

    fn toml(text: &str) -> String {
        text.to_owned()
    }
}

impl SettingValue for u32 {
    const SHAPE: &'static str = "NUMBER";

    fn parse(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(0) => Err("it must be at least 1".to_owned()),
            Ok(number) => Ok(number),
            Err(_) => Err(format!("it must be a whole number from 1 to {}", Self::MAX)),
        }
    }

    fn toml(text: &str) -> String {
        text.to_owned()
    }
}

/// The longest duration a setting takes: a year. More is a slip of the unit.
const DURATION_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

impl SettingValue for Duration {
    const SHAPE: &'static str = "DURATION";

    fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            "" => return Err("it needs a unit: ms, s, min, h or d, such as 60s".to_owned()),
            other => return Err(format!("{other:?} is not a unit of time; these are: ms, s, min, h, d")),
        };
        let number: u64 = number.parse().map_err(|_| "it must be a whole number with a unit, such as 60s")?;
        let duration =
            number.checked_mul(millis).map(Self::from_millis).filter(|duration| *duration <= DURATION_MAX);
        duration.ok_or_else(|| "it is longer than a year".to_owned())
    }
}

/// For how many days something is kept; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct KeepDays(pub(crate) Option<u32>);

/// The most days a setting takes: a hundred years. More is for ever.
const KEEP_DAYS_MAX: u32 = 36_525;
const FOREVER: &str = "forever";

impl KeepDays {
    /// What is older than this, in milliseconds since 1970, is not kept; `now` is the wall clock's. Whole days in UTC,
    /// so that it changes once a day.
    pub(crate) fn until(self, now: u64) -> Option<u64> {
        const DAY_MILLIS: u64 = 24 * 60 * 60 * 1000;
        let today = now / DAY_MILLIS;
        self.0.map(|days| today.saturating_sub(u64::from(days)) * DAY_MILLIS)
    }
}

impl SettingValue for KeepDays {
    const SHAPE: &'static str = "DAYS|forever";

    fn parse(text: &str) -> Result<Self, String> {
        if text == FOREVER {
            return Ok(Self(None));
        }
        match text.parse() {
            Ok(days @ 1..=KEEP_DAYS_MAX) => Ok(Self(Some(days))),
            _ => Err(format!("it must be {FOREVER}, or a whole number of days from 1 to {KEEP_DAYS_MAX}")),
        }
    }

    fn toml(text: &str) -> String {
        if text == FOREVER { format!("{text:?}") } else { text.to_owned() }
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) u64);

/// The least memory a setting takes: below it no document could be open.
const BYTES_MIN: u64 = 1 << 20;

impl SettingValue for Bytes {
    const SHAPE: &'static str = "SIZE";

    fn parse(text: &str) -> Result<Self, String> {
        let (number, unit) = number_and_unit(text);
        let factor: u64 = match unit {
            "B" => 1,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            "KB" | "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "" => return Err("it needs a unit: KiB, MiB or GiB, such as 512MiB".to_owned()),
            other => return Err(format!("{other:?} is not a unit of size; these are: KiB, MiB, GiB")),
        };
        let number: u64 =
            number.parse().map_err(|_| "it must be a whole number with a unit, such as 512MiB")?;
        match number.checked_mul(factor) {
            Some(bytes) if bytes >= BYTES_MIN => Ok(Self(bytes)),
            Some(_) => Err("it must be at least 1MiB".to_owned()),
            None => Err("it is too large".to_owned()),
        }
    }
}

fn number_and_unit(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    (number, unit.trim())
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}

impl SettingValue for LogFormat {
    const SHAPE: &'static str = "pretty|json";

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("it must be pretty or json".to_owned()),
        }
    }
}

/// A filter for log lines that is known to parse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogFilter(pub(crate) String);

impl SettingValue for LogFilter {
    const SHAPE: &'static str = "LEVELS";

    fn parse(text: &str) -> Result<Self, String> {
        let bad = |why: String| {
            format!("{why}; it must be error, warn, info, debug, trace or a list of module=level")
        };
        if text.is_empty() {
            return Err(bad("it is empty".to_owned()));
        }
        // The filter's own parser takes a misspelt level for a module's name, which would silence the log.
        for part in text.split(',') {
            let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
            if !["error", "warn", "info", "debug", "trace", "off"].contains(&level.to_lowercase().as_str()) {
                return Err(bad(format!("{level:?} is not a level")));
            }
        }
        match tracing_subscriber::EnvFilter::try_new(text) {
            Ok(_) => Ok(Self(text.to_owned())),
            Err(error) => Err(bad(error.to_string())),
        }
    }
}

/// A line of text. Empty if not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Text(pub(crate) String);

/// The longest line of text, in characters.
const TEXT_CHARACTERS_MAX: usize = 1_024;

impl SettingValue for Text {
    const SHAPE: &'static str = "TEXT";

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().any(char::is_control) {
            return Err("it has no control characters".to_owned());
        }
        if text.chars().count() > TEXT_CHARACTERS_MAX {
            return Err(format!("it has at most {TEXT_CHARACTERS_MAX} characters"));
        }
        Ok(Self(text.to_owned()))
    }
}

/// A file. Empty if not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct OptionalPath(pub(crate) Option<PathBuf>);

impl SettingValue for OptionalPath {
    const SHAPE: &'static str = "FILE";

    fn parse(text: &str) -> Result<Self, String> {
        Ok(Self((!text.is_empty()).then(|| PathBuf::from(text))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listen_address_is_an_ip_or_localhost_with_a_port() {
        let listen = Listen::parse("localhost:4545").unwrap();
        assert_eq!(listen.addresses().len(), 2);
        assert!(listen.is_local());
        assert_eq!(listen.authority(4545), "localhost:4545");
        let all = Listen::parse("0.0.0.0:80").unwrap();
        assert!(!all.is_local());
        assert_eq!(all.authority(80), "localhost:80");
        assert_eq!(Listen::parse("[::1]:0").unwrap().authority(9), "[::1]:9");
        for bad in ["4545", "localhost", "localhost:", "localhost:99999", "::1:80", "example.com:80", ""] {
            assert!(Listen::parse(bad).is_err(), "{bad}");
        }
        assert!(Listen::parse("8080").unwrap_err().contains("localhost:8080"));
    }

    #[test]
    fn durations_and_sizes_need_a_unit() {
        assert_eq!(Duration::parse("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(Duration::parse("2 min"), Ok(Duration::from_secs(120)));
        assert_eq!(Duration::parse("366d"), Ok(DURATION_MAX));
        for bad in ["", "60", "s", "-1s", "1.5s", "1y", "367d", "99999999999999999999s"] {
            assert!(Duration::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Bytes::parse("1MiB"), Ok(Bytes(BYTES_MIN)));
        for bad in ["512", "1023KiB", "1XB", "99999999999GiB"] {
            assert!(Bytes::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn days_are_whole_and_for_ever_is_a_word() {
        assert_eq!(KeepDays::parse("forever"), Ok(KeepDays(None)));
        assert_eq!(KeepDays::parse("36525"), Ok(KeepDays(Some(KEEP_DAYS_MAX))));
        for bad in ["", "0", "-1", "36526", "90d", "1.5", "Forever"] {
            assert!(KeepDays::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(KeepDays(None).until(u64::MAX), None);
        let day = 86_400_000;
        for now in [100 * day, 101 * day - 1] {
            assert_eq!(KeepDays(Some(90)).until(now), Some(10 * day), "it changes once a day");
        }
        assert_eq!(KeepDays(Some(200)).until(100 * day), Some(0));
    }

    #[test]
    fn a_misspelt_log_level_is_refused_and_a_list_of_levels_is_not() {
        for good in ["info", "WARN", "info,weft_hub=debug", "off"] {
            assert!(LogFilter::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "inof", "info,weft_hub=loud", ","] {
            assert!(LogFilter::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_text_is_one_line_of_so_many_characters() {
        assert_eq!(Text::parse(" a b ").unwrap().0, "a b");
        assert!(Text::parse(&"训".repeat(TEXT_CHARACTERS_MAX)).is_ok());
        assert!(Text::parse(&"训".repeat(TEXT_CHARACTERS_MAX + 1)).is_err());
        assert!(Text::parse("a\nb").is_err());
    }
}
