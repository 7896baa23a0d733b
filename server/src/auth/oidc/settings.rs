//! What the operator says of a provider.

use std::fmt;
use std::path::Path;

use anyhow::{Context as _, anyhow};
use url::Url;
use zeroize::Zeroizing;

use crate::config::Settings;

/// What the provider of the settings is called in addresses.
const PROVIDER_ID: &str = "oidc";

/// The longest secret of a client, in bytes.
const CLIENT_SECRET_BYTES_MAX: u64 = 4_096;

/// What Weft proves itself to the provider with. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ClientSecret(Zeroizing<String>);

impl ClientSecret {
    pub(crate) fn new(secret: &str) -> Self {
        Self(Zeroizing::new(secret.trim().to_owned()))
    }

    /// The first line of a file, as orchestrators hand secrets over.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub(crate) fn from_file(path: &Path) -> std::io::Result<Self> {
        use std::io::Read as _;
        let mut text = Zeroizing::new(String::new());
        std::fs::File::open(path)?.take(CLIENT_SECRET_BYTES_MAX).read_to_string(&mut text)?;
        Ok(Self::new(text.lines().next().unwrap_or_default()))
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// Who becomes a person of this wiki by signing in for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Create {
    /// Everybody the provider knows (and whose domain is allowed) becomes a member.
    Members,
    /// Nobody: only those who have an account already, or an invitation, sign in.
    Nobody,
}

/// A provider that people sign in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ProviderSettings {
    /// What it is called in addresses: lower-case letters, digits and dashes.
    pub(crate) id: String,
    /// What its button says.
    pub(crate) label: String,
    /// Its address, exactly as it calls itself.
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// None for a public client, which PKCE alone protects.
    pub(crate) client_secret: Option<ClientSecret>,
    /// What is asked for beside `openid`: usually `email` and `profile`.
    pub(crate) scopes: Vec<String>,
    pub(crate) create: Create,
    /// Whose verified addresses may sign in; empty allows all.
    pub(crate) domains: Vec<String>,
}

impl ProviderSettings {
    /// What the server was told of a provider, if there is one.
    ///
    /// # Errors
    /// The secret's file cannot be read, or a provider is described but not named.
    pub(crate) fn of(settings: &Settings) -> anyhow::Result<Option<Self>> {
        let secret = settings.oidc_client_secret_file.0.as_deref();
        if settings.oidc_issuer.0.is_empty() {
            let given = [
                ("oidc_client_id", !settings.oidc_client_id.0.is_empty()),
                ("oidc_client_secret_file", secret.is_some()),
                ("oidc_domains", !settings.oidc_domains.0.is_empty()),
                ("oidc_everybody", settings.oidc_everybody),
            ];
            return match given.into_iter().find(|(_, given)| *given) {
                Some((key, _)) => Err(anyhow!("{key} is set, but not oidc_issuer")),
                None => Ok(None),
            };
        }
        let read = |file: &Path| {
            let unread = || format!("oidc_client_secret_file: {} cannot be read", file.display());
            ClientSecret::from_file(file).with_context(unread)
        };
        Ok(Some(Self {
            id: PROVIDER_ID.to_owned(),
            label: settings.oidc_label.0.clone(),
            issuer: settings.oidc_issuer.0.clone(),
            client_id: settings.oidc_client_id.0.clone(),
            client_secret: secret.map(read).transpose()?,
            scopes: ["openid", "email", "profile"].map(str::to_owned).to_vec(),
            create: if settings.oidc_everybody { Create::Members } else { Create::Nobody },
            domains: settings.oidc_domains.0.clone(),
        }))
    }
}

/// What of a provider's settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("the provider's id {0:?} must be 1 to 40 lower-case letters, digits or dashes")]
    Id(String),
    #[error("the issuer {0:?} is not an address; it looks like https://accounts.example.com")]
    Issuer(String),
    #[error(
        "the issuer {0} must be reached over https; plain http is only for one on this machine (http://localhost:8080)"
    )]
    Plain(Url),
    #[error(
        "the provider {0} needs a client id; the provider shows it where Weft is registered as an application"
    )]
    ClientId(String),
    #[error("{0:?} is not a domain; one looks like example.com, without @")]
    Domain(String),
}

/// The most characters of a provider's id.
const ID_CHARACTERS_MAX: usize = 40;

impl ProviderSettings {
    /// Whether they can be used, and the issuer's address.
    ///
    /// # Errors
    /// [`SettingsError`] names what cannot.
    pub(crate) fn check(&self) -> Result<Url, SettingsError> {
        let is_id = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if !(1..=ID_CHARACTERS_MAX).contains(&self.id.len()) || !self.id.bytes().all(is_id) {
            return Err(SettingsError::Id(self.id.clone()));
        }
        if self.client_id.is_empty() {
            return Err(SettingsError::ClientId(self.id.clone()));
        }
        let is_domain = |domain: &&String| {
            !domain.is_empty()
                && domain.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'.'))
        };
        if let Some(domain) = self.domains.iter().find(|domain| !is_domain(domain)) {
            return Err(SettingsError::Domain(domain.clone()));
        }
        let issuer = Url::parse(&self.issuer).map_err(|_| SettingsError::Issuer(self.issuer.clone()))?;
        let here = match issuer.host() {
            Some(url::Host::Domain(name)) => name == "localhost",
            Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
            Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
            None => false,
        };
        match issuer.scheme() {
            "https" => Ok(issuer),
            "http" if here => Ok(issuer),
            "http" => Err(SettingsError::Plain(issuer)),
            _ => Err(SettingsError::Issuer(self.issuer.clone())),
        }
    }

    /// Whether whoever has this address may sign in. A domain's addresses count only when the provider verified them.
    pub(super) fn admits(&self, email: Option<&str>, verified: bool) -> bool {
        let of = |email: &str| email.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
        self.domains.is_empty()
            || (verified
                && email
                    .and_then(of)
                    .is_some_and(|of| self.domains.iter().any(|domain| domain.eq_ignore_ascii_case(&of))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> ProviderSettings {
        ProviderSettings {
            id: "house".to_owned(),
            label: "House".to_owned(),
            issuer: "https://id.example.com/realms/house".to_owned(),
            client_id: "weft".to_owned(),
            client_secret: Some(ClientSecret::new("hush\n")),
            scopes: vec!["email".to_owned()],
            create: Create::Nobody,
            domains: vec!["Example.com".to_owned()],
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_before_the_first_sign_in() {
        assert!(settings().check().is_ok());
        for id in ["", "House", "a b", "a/b", &"a".repeat(ID_CHARACTERS_MAX + 1)] {
            assert!(matches!(
                ProviderSettings { id: id.to_owned(), ..settings() }.check(),
                Err(SettingsError::Id(_))
            ));
        }
        for (issuer, good) in [
            ("http://localhost:8080/realms/x", true),
            ("http://127.0.0.1:9", true),
            ("http://[::1]:9", true),
            ("https://10.0.0.5", true),
            ("http://10.0.0.5", false),
            ("http://localhost.evil.example", false),
            ("http://id.example.com", false),
            ("ftp://id.example.com", false),
            ("id.example.com", false),
            ("", false),
        ] {
            let settings = ProviderSettings { issuer: issuer.to_owned(), ..settings() };
            assert_eq!(settings.check().is_ok(), good, "{issuer}");
        }
        assert!(ProviderSettings { client_id: String::new(), ..settings() }.check().is_err());
        for domain in ["", "@example.com", "*.example.com"] {
            assert!(
                ProviderSettings { domains: vec![domain.to_owned()], ..settings() }.check().is_err(),
                "{domain}"
            );
        }
    }

    #[test]
    fn only_verified_addresses_of_an_allowed_domain_may_sign_in() {
        let settings = settings();
        assert!(settings.admits(Some("mei@EXAMPLE.com"), true));
        for email in
            ["mei@evil.example", "mei@sub.example.com", "mei@example.com@evil.example", "example.com", ""]
        {
            assert!(!settings.admits(Some(email), true), "{email}");
        }
        assert!(!settings.admits(Some("mei@example.com"), false) && !settings.admits(None, true));
        assert!(ProviderSettings { domains: Vec::new(), ..settings }.admits(None, false));
    }

    #[test]
    fn the_client_secret_comes_from_a_file_and_is_never_shown() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "hush\nmore\n").unwrap();
        let secret = ClientSecret::from_file(file.path()).unwrap();
        assert_eq!(secret.expose(), "hush");
        assert!(!format!("{:?}", settings()).contains("hush"));
        assert!(ClientSecret::from_file(Path::new("/nowhere/at/all")).is_err());
    }
}
