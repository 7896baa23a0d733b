//! Who takes Weft's mails, and who sends them.

use percent_encoding::percent_decode_str;
use url::Url;

use super::SettingValue;
use crate::auth::mail::Security;

/// The mail server: its address, and the account there. Empty if not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Smtp(pub(crate) Option<SmtpServer>);

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SmtpServer {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    pub(crate) user: Option<String>,
}

impl SettingValue for Smtp {
    const SHAPE: &'static str = "URL";

    fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let none =
            || "it is no address of a mail server; one looks like smtps://weft@mail.example.com".to_owned();
        let url = Url::parse(text.trim()).map_err(|_| none())?;
        let (security, port) = match url.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" => (Security::StartTls, 587),
            "smtp+plain" => (Security::None, 25),
            _ => return Err(none()),
        };
        if url.password().is_some() {
            return Err("a password stands in a file of its own, which smtp_password_file names".to_owned());
        }
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(none)?;
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(none());
        }
        let user = percent_decode_str(url.username()).decode_utf8().map_err(|_| none())?;
        Ok(Self(Some(SmtpServer {
            host: host.to_owned(),
            port: url.port().unwrap_or(port),
            security,
            user: (!user.is_empty()).then(|| user.into_owned()),
        })))
    }
}

/// Who sends Weft's mails. Empty if not given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sender(pub(crate) String);

impl SettingValue for Sender {
    const SHAPE: &'static str = "ADDRESS";

    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        match text.parse::<lettre::message::Mailbox>() {
            _ if text.is_empty() => Ok(Self::default()),
            Ok(_) => Ok(Self(text.to_owned())),
            Err(_) => Err("it is no sender; one looks like Weft <weft@example.com>".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_has_an_address_whose_scheme_says_how_it_is_protected() {
        let read = |text: &str| {
            let server = Smtp::parse(text).unwrap().0.unwrap();
            (server.host, server.port, server.security, server.user)
        };
        let weft = Some("weft@example.com".to_owned());
        for (text, host, port, security, user) in [
            ("smtps://mail.example.com", "mail.example.com", 465, Security::Tls, None),
            (
                "smtp://weft%40example.com@mail.example.com/",
                "mail.example.com",
                587,
                Security::StartTls,
                weft,
            ),
            ("smtp+plain://localhost:2525", "localhost", 2525, Security::None, None),
            ("smtp+plain://[::1]", "[::1]", 25, Security::None, None),
        ] {
            assert_eq!(read(text), (host.to_owned(), port, security, user), "{text}");
        }
        assert_eq!(Smtp::parse(" "), Ok(Smtp(None)));
        for bad in ["mail.example.com", "https://a", "smtp://", "smtp://a/b", "smtp://a?b", "smtp://a:99999"]
        {
            assert!(Smtp::parse(bad).unwrap_err().contains("smtps://"), "{bad}");
        }
        let error = Smtp::parse("smtp://weft:hush@mail.example.com").unwrap_err();
        assert!(error.contains("smtp_password_file") && !error.contains("hush"), "{error}");
        assert!(Sender::parse("Weft <weft@example.com>").is_ok() && Sender::parse("").is_ok());
        assert!(Sender::parse("Weft").is_err());
    }
}
