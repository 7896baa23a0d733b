//! Settings: one list, from which the flags, the `WEFT_*` variables, `weft.toml`, its example and the defaults come.
//!
//! To add a setting, add one entry to the [`settings!`] call below: its first doc line becomes the flag's help, the
//! whole doc its paragraph in `server/example.toml` (`cargo xtask codegen` writes that file anew).

mod example;
mod sources;
mod values;

use std::path::PathBuf;
use std::time::Duration;

pub(crate) use example::example;
pub(crate) use sources::{ConfigError, Given, load};
pub(crate) use values::{
    Bytes, Host, KeepDays, Listen, LogFilter, LogFormat, Names, OptionalPath, Origins, Proxies, PublicUrl,
    Sender, SettingValue, Smtp, Text, WikiName,
};

impl Settings {
    /// Whether Weft itself speaks TLS on the port where it listens.
    pub(crate) fn speaks_tls(&self) -> bool {
        self.tls_certificate.0.is_some()
    }

    /// What a person on this machine types into a browser, once the port is known.
    pub(crate) fn own_url(&self, port: u16) -> String {
        let scheme = if self.speaks_tls() { "https" } else { "http" };
        format!("{scheme}://{}", self.listen.authority(port))
    }
}

/// One setting, as the flags, the environment, the file and the example see it.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Its name in `weft.toml`. `WEFT_` + upper case in the environment, `--` + dashes as a flag.
    pub(crate) key: &'static str,
    /// The doc lines, each with the blank that follows `///`.
    pub(crate) doc: &'static [&'static str],
    /// The default, in the notation of flags and variables.
    pub(crate) default: &'static str,
    /// What a value looks like: `ADDR:PORT`, `DURATION`.
    pub(crate) shape: &'static str,
    /// The default in TOML's notation.
    pub(crate) toml: fn(&str) -> String,
    /// Whether the flag may stand without a value.
    pub(crate) switch: bool,
}

impl Setting {
    /// `WEFT_IDLE_AFTER` of `idle_after`.
    pub(crate) fn variable(&self) -> String {
        format!("WEFT_{}", self.key.to_uppercase())
    }

    /// `idle-after` of `idle_after`.
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }
}

macro_rules! settings {
    ($($(#[doc = $doc:literal])+ $key:ident : $type:ty = $default:literal;)+) => {
        /// What the server was told, complete: every setting has a value.
        #[derive(Debug, Clone)]
        pub(crate) struct Settings {
            $($(#[doc = $doc])+ pub(crate) $key: $type,)+
        }

        /// Every setting there is, in the order of the example.
        pub(crate) const SETTINGS: &[Setting] = &[
            $(Setting {
                key: stringify!($key),
                doc: &[$($doc),+],
                default: $default,
                shape: <$type as SettingValue>::SHAPE,
                toml: <$type as SettingValue>::toml,
                switch: <$type as SettingValue>::SWITCH,
            },)+
        ];

        impl Settings {
            /// Sets one setting from its text, whatever source that came from.
            fn set(&mut self, key: &str, text: &str) -> Result<(), String> {
                match key {
                    $(stringify!($key) => self.$key = <$type as SettingValue>::parse(text)?,)+
                    _ => return Err("there is no such setting".to_owned()),
                }
                Ok(())
            }
        }

        impl Default for Settings {
            fn default() -> Self {
                Self {
                    $($key: <$type as SettingValue>::parse($default).expect(concat!("the default of ", stringify!($key))),)+
                }
            }
        }
    };
}

settings! {
    /// Where Weft listens: an IP address or `localhost`, and a port.
    /// `localhost` is both 127.0.0.1 and ::1. `0.0.0.0:4545` is every network this machine is in; port 0 takes a free one.
    listen: Listen = "localhost:4545";

    /// The certificate with which Weft itself speaks https: a file in the PEM format, the certificates that vouch for it behind it. Needs `tls_key`.
    /// Without it Weft speaks plain http, to this machine or to a proxy. A file that changes is read again, and no connection ends by it.
    tls_certificate: OptionalPath = "";

    /// The private key of `tls_certificate`: a file in the PEM format, without a passphrase.
    tls_key: OptionalPath = "";

    /// The folder that holds the documents, the automatic backups and nothing of anybody else's.
    data: PathBuf = "./weft-data";

    /// What the wiki is called, where people sign in and in the mails it sends.
    wiki_name: WikiName = "Weft";

    /// Whether anyone who reaches Weft may open and change every document.
    /// When false, only programs on this machine may (connections over loopback that no proxy passed on).
    open: bool = "false";

    /// Web pages, by origin, that may talk to Weft besides its own pages and pages of this machine.
    /// Origins look like `https://app.example.com`. With `open`, all may.
    allowed_origins: Origins = "";

    /// Host names under which Weft is reached besides `localhost` and IP addresses, for example behind a proxy.
    /// Requests for other names are refused, so that a foreign name pointed at this machine opens nothing. With `open`, all names pass.
    allowed_hosts: Names = "";

    /// The address under which people reach Weft, for example `https://wiki.example.com`. Links that Weft makes begin with it.
    /// With `https`, the cookies of browsers that are signed in are for https only. Its host need not stand in `allowed_hosts`.
    /// Without it, links begin with the address in `listen`.
    public_url: PublicUrl = "";

    /// The proxies that bring requests to Weft, by address or network: `10.0.0.2`, `10.1.0.0/16`, `fd00::/8`.
    /// What they say counts: the client's address is the last one in `X-Forwarded-For` that is none of these proxies, and it came by https if
    /// `X-Forwarded-Proto` says so. From everybody else these headers count for nothing.
    trusted_proxies: Proxies = "";

    /// The mail server that takes the mails Weft sends: invitations, links to new passwords, digests. Without it, people hand links on themselves.
    /// `smtps://weft@mail.example.com` is encrypted from the start (port 465), `smtp://weft@mail.example.com` at once after the greeting (port 587).
    /// `smtp+plain://localhost` is not encrypted (port 25). Before the `@` stands the account, if the mail server asks for one.
    smtp_url: Smtp = "";

    /// A file whose first line is the password of the account in `smtp_url`.
    smtp_password_file: OptionalPath = "";

    /// The sender of the mails: `Weft <weft@example.com>`, or the address alone.
    smtp_from: Sender = "";

    /// An OpenID provider that people can sign in with: its address exactly as it calls itself, for example `https://accounts.example.com`.
    /// Register Weft there with the redirect address `<public_url>/api/sign-in/oidc/callback`.
    oidc_issuer: Text = "";

    /// What the provider calls Weft.
    oidc_client_id: Text = "";

    /// A file whose first line is the secret that the provider gave Weft, if it gave one.
    oidc_client_secret_file: OptionalPath = "";

    /// What stands on the provider's button.
    oidc_label: Text = "Single sign-on";

    /// Only people whose verified e-mail address is of one of these domains may sign in with the provider. Empty: all.
    oidc_domains: Names = "";

    /// Whether everybody whom the provider knows becomes a member when they first sign in.
    /// When false, only people who have an account or an invitation with the same verified e-mail address come in.
    oidc_everybody: bool = "false";

    /// Whether other machines may read `/metrics`. This machine always may.
    metrics_open: bool = "false";

    /// How long a document stays in memory after the last person left it.
    idle_after: Duration = "60s";

    /// How much memory the open documents may take together before idle ones are closed early.
    memory_max: Bytes = "512MiB";

    /// How much memory the histories of documents that people look at may take together before those asked least recently go.
    /// One that is larger on its own is read again for every question.
    history_memory_max: Bytes = "128MiB";

    /// For how many days every change is kept; of what is older, only the versions that people named. `forever` drops nothing.
    /// Dropped is dropped for good, once a day (days are counted in UTC) and by `weft compact`: who wrote what, and what came and went
    /// between two named versions. The documents themselves lose nothing. Older backups still hold it.
    history_keep_days: KeepDays = "forever";

    /// The most connections at once, of all kinds and addresses.
    connections_max: u32 = "10000";

    /// The most connections at once from one address (from one /64 network with IPv6). Loopback is not counted: a proxy on this machine is one address.
    /// Nor is a proxy of `trusted_proxies`: instead each address that it brings is counted, by its sockets and its requests under way.
    connections_per_address_max: u32 = "500";

    /// How long a connection may take to send the head of a request.
    header_timeout: Duration = "10s";

    /// How long a stop may take: what is unsaved is stored, then connections are closed.
    drain_deadline: Duration = "10s";

    /// How often Weft writes a backup of everything into `<data>/backups`. `0s` turns automatic backups off.
    backup_every: Duration = "24h";

    /// How many automatic backups are kept; the oldest go first.
    backup_keep: u32 = "7";

    /// How log lines look: `pretty` for people, `json` for machines.
    log_format: LogFormat = "pretty";

    /// What is logged: `error`, `warn`, `info`, `debug` or `trace`, or a list such as `info,weft_hub=debug`.
    log: LogFilter = "info";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_legal_value_and_its_own_toml_is_read_back_as_it_is() {
        let defaults = format!("{:?}", Settings::default());
        let text: String =
            SETTINGS.iter().map(|s| format!("{} = {}\n", s.key, (s.toml)(s.default))).collect();
        let read = sources::load(&[], &[], Some(("weft.toml".as_ref(), &text))).expect("the defaults load");
        assert_eq!(format!("{read:?}"), defaults);
    }

    #[test]
    fn every_setting_is_documented_in_whole_sentences() {
        for setting in SETTINGS {
            let first = setting.doc[0].trim();
            assert!(first.ends_with('.'), "{}: {first}", setting.key);
        }
    }
}
