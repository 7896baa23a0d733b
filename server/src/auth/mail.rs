//! Mails to people, over the operator's mail server.
//!
//! [`Mailer::send`] never waits: a mail is taken (or refused, when too many wait) and delivered by a task of its own, which
//! tries again while the mail server is unwell. What came of it stands in the log.

mod text;

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lettre::address::Address;
use lettre::message::header::{Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::extension::ClientId;
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use zeroize::Zeroizing;

use crate::config::Settings;
use text::Text;
pub(crate) use text::{Happened, Language, Mail};

/// How many mails may wait or be under way.
pub(crate) const MAILS_WAITING_MAX: usize = 1_000;
/// How many of those may be mails that can wait. So they keep nobody's new password waiting for long, and never take its
/// place.
const UNHURRIED_MAX: usize = 20;
/// How many are handed to the mail server at once.
const CONNECTIONS_MAX: usize = 2;
/// How long the mail server may take for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// How long is waited before each new try. After the last, the mail is given up.
const PAUSES: [Duration; 4] =
    [Duration::from_secs(30), Duration::from_secs(120), Duration::from_secs(600), Duration::from_secs(1_800)];

/// How the connection to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// It begins plainly and must then be encrypted (usually port 587).
    StartTls,
    /// It is encrypted from the start (usually port 465).
    Tls,
    /// It is not: only for a mail server on this machine or in its own network.
    None,
}

/// The password of the mail server. `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct MailPassword(Zeroizing<String>);

impl MailPassword {
    pub(crate) fn new(password: String) -> Self {
        Self(Zeroizing::new(password))
    }
}

impl fmt::Debug for MailPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailPassword(..)")
    }
}

/// The longest password of a mail server, in bytes.
const PASSWORD_BYTES_MAX: u64 = 4_096;

/// The operator's mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MailSettings {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// None where the mail server asks for no account.
    pub(crate) account: Option<(String, MailPassword)>,
    /// The sender, as `Weft <weft@example.com>` or the address alone.
    pub(crate) from: String,
}

impl MailSettings {
    /// What the server was told of its mail server, if it has one.
    ///
    /// # Errors
    /// What is missing, or wrong with the password's file.
    pub(crate) fn of(settings: &Settings) -> Result<Option<Self>, MailError> {
        let from = settings.smtp_from.0.clone();
        let file = settings.smtp_password_file.0.as_deref();
        let Some(server) = settings.smtp_url.0.clone() else {
            return match file.map(|_| "smtp_password_file").or((!from.is_empty()).then_some("smtp_from")) {
                Some(given) => Err(MailError::Missing { given, missing: "smtp_url" }),
                None => Ok(None),
            };
        };
        if from.is_empty() {
            return Err(MailError::Missing { given: "smtp_url", missing: "smtp_from" });
        }
        let password = file.map(password).transpose()?;
        let account = match (server.user, password) {
            (Some(user), Some(password)) => Some((user, password)),
            (None, None) => None,
            (Some(_), None) => {
                let given = "smtp_url with an account";
                return Err(MailError::Missing { given, missing: "smtp_password_file" });
            }
            (None, Some(_)) => {
                let missing = "an account in smtp_url, as in smtps://weft@mail.example.com";
                return Err(MailError::Missing { given: "smtp_password_file", missing });
            }
        };
        let (host, port, security) = (server.host, server.port, server.security);
        Ok(Some(Self { host, port, security, account, from }))
    }
}

/// The first line of a file, as orchestrators hand secrets over.
fn password(file: &Path) -> Result<MailPassword, MailError> {
    let mut text = Zeroizing::new(String::new());
    let read = File::open(file).and_then(|file| file.take(PASSWORD_BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(MailPassword::new(text.lines().next().unwrap_or_default().to_owned())),
        Err(source) => Err(MailError::File { file: file.to_owned(), source }),
    }
}

/// Why mails cannot be sent, or one was not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MailError {
    #[error("{given} is set, but not {missing}")]
    Missing { given: &'static str, missing: &'static str },
    #[error("smtp_password_file: {} cannot be read: {source}", file.display())]
    File { file: PathBuf, source: std::io::Error },
    #[error("{0:?} is no sender; one looks like Weft <weft@example.com>")]
    From(String),
    #[error("the password of the mail server would be sent unencrypted to {0}; use smtp:// or smtps://")]
    Exposed(String),
    #[error("mails cannot be sent through {host}: {reason}")]
    Server { host: String, reason: String },
    #[error("{0:?} is no e-mail address")]
    To(String),
    #[error("the mail cannot be put together: {0}")]
    Message(String),
    #[error("{MAILS_WAITING_MAX} mails wait already; the log says why the mail server does not take them")]
    Full,
    #[error("the server is stopping")]
    Stopping,
}

/// Tells mail programs that nobody wrote this, so that nobody's absence is answered to it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// Where mail programs find how these mails end (RFC 2369).
#[derive(Clone)]
struct ListUnsubscribe(String);

impl Header for ListUnsubscribe {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("List-Unsubscribe")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.trim_matches(['<', '>']).to_owned()))
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), format!("<{}>", self.0))
    }
}

/// A place in the queue for a mail that can wait, see [`Mailer::place`].
#[derive(Debug)]
pub(crate) struct Place(OwnedSemaphorePermit);

/// Sends mails. Clones share one queue.
#[derive(Clone)]
pub(crate) struct Mailer(Arc<Post>);

struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    waiting: Arc<Semaphore>,
    unhurried: Arc<Semaphore>,
    connections: Semaphore,
    pauses: Vec<Duration>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl fmt::Debug for Mailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailer").field("from", &self.0.from).finish_non_exhaustive()
    }
}

impl Mailer {
    /// Nothing is sent yet: a mail server that is down does not keep Weft from starting.
    ///
    /// # Errors
    /// [`MailError`] says what of the settings cannot be used.
    pub(crate) fn new(settings: &MailSettings) -> Result<Self, MailError> {
        Self::with_pauses(settings, PAUSES.to_vec())
    }

    fn with_pauses(settings: &MailSettings, pauses: Vec<Duration>) -> Result<Self, MailError> {
        let from: Mailbox = settings.from.parse().map_err(|_| MailError::From(settings.from.clone()))?;
        let server = |error: lettre::transport::smtp::Error| MailError::Server {
            host: settings.host.clone(),
            reason: error.to_string(),
        };
        type Smtp = AsyncSmtpTransport<Tokio1Executor>;
        let builder = match settings.security {
            Security::StartTls => Smtp::starttls_relay(&settings.host).map_err(server)?,
            Security::Tls => Smtp::relay(&settings.host).map_err(server)?,
            Security::None if settings.account.is_some() && !is_here(&settings.host) => {
                return Err(MailError::Exposed(settings.host.clone()));
            }
            Security::None => Smtp::builder_dangerous(&settings.host),
        };
        let mut builder = builder
            .port(settings.port)
            .timeout(Some(ANSWER_TIMEOUT))
            .hello_name(ClientId::Domain(from.email.domain().to_owned()));
        if let Some((user, password)) = &settings.account {
            builder = builder.credentials(Credentials::new(user.clone(), password.0.to_string()));
        }
        Ok(Self(Arc::new(Post {
            transport: builder.build(),
            from,
            waiting: Arc::new(Semaphore::new(MAILS_WAITING_MAX)),
            unhurried: Arc::new(Semaphore::new(UNHURRIED_MAX)),
            connections: Semaphore::new(CONNECTIONS_MAX),
            pauses,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        })))
    }

    /// Takes a mail for delivery and returns at once. Must be called within the async runtime.
    ///
    /// # Errors
    /// [`MailError`] when it cannot be taken; whether it arrives stands in the log.
    pub(crate) fn send(&self, to: &str, mail: &Mail<'_>, language: Language) -> Result<(), MailError> {
        self.take(None, to, mail, language)
    }

    /// Waits until a mail that can wait may be sent: there are few such mails under way at once.
    ///
    /// # Errors
    /// [`MailError::Stopping`].
    pub(crate) async fn place(&self) -> Result<Place, MailError> {
        let place = self.0.unhurried.clone().acquire_owned().await;
        place.map(Place).map_err(|_| MailError::Stopping)
    }

    /// As [`Mailer::send`], in a place that was waited for.
    ///
    /// # Errors
    /// Those of [`Mailer::send`].
    pub(crate) fn send_in(
        &self,
        place: Place,
        to: &str,
        mail: &Mail<'_>,
        language: Language,
    ) -> Result<(), MailError> {
        self.take(Some(place), to, mail, language)
    }

    fn take(
        &self,
        unhurried: Option<Place>,
        to: &str,
        mail: &Mail<'_>,
        language: Language,
    ) -> Result<(), MailError> {
        let message = self.0.message(to, mail, language)?;
        if self.0.stop.is_cancelled() {
            return Err(MailError::Stopping);
        }
        let place = self.0.waiting.clone().try_acquire_owned().map_err(|_| MailError::Full)?;
        let post = self.0.clone();
        let places = (place, unhurried.map(|Place(place)| place));
        self.0.tasks.spawn(async move {
            post.deliver(&message).await;
            drop(places);
        });
        Ok(())
    }

    /// Gives up what waits for another try, lets what is under way finish, and takes no more.
    pub(crate) async fn stop(&self) {
        self.0.stop.cancel();
        self.0.unhurried.close();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl Post {
    fn message(&self, to: &str, mail: &Mail<'_>, language: Language) -> Result<Message, MailError> {
        let to: Address = to.parse().map_err(|_| MailError::To(to.to_owned()))?;
        let text = Text::new(mail, language);
        let mut message = Message::builder();
        if let Mail::Digest { settings, .. } = mail {
            message = message.header(ListUnsubscribe((*settings).to_owned()));
        }
        message
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(text.subject.clone())
            .message_id(Some(format!(
                "<{}@{}>",
                weft_ids::random_id(rand::random()),
                self.from.email.domain()
            )))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(text.plain(), text.html()))
            .map_err(|error| MailError::Message(error.to_string()))
    }

    async fn deliver(&self, message: &Message) {
        // Who gets mail is theirs: the log names the message alone.
        let id = message.headers().get_raw("Message-ID").unwrap_or_default().to_owned();
        let mut pauses = self.pauses.iter();
        loop {
            let sent = {
                let Ok(_turn) = self.connections.acquire().await else { return };
                self.transport.send(message.clone()).await
            };
            let error = match sent {
                Ok(_) => return tracing::debug!(id, "a mail was handed over"),
                Err(error) => error,
            };
            let reason = causes(&error);
            if error.is_permanent() {
                return tracing::error!(id, reason, "the mail server refuses a mail; it is given up");
            }
            let Some(pause) = pauses.next() else {
                return tracing::error!(id, reason, "a mail cannot be delivered; it is given up");
            };
            tracing::warn!(
                id,
                reason,
                seconds = pause.as_secs(),
                "a mail cannot be delivered now; it is tried again"
            );
            tokio::select! {
                () = tokio::time::sleep(*pause) => {}
                () = self.stop.cancelled() => {
                    return tracing::error!(id, "a mail is given up because the server stops");
                }
            }
        }
    }
}

/// An error with all that lies beneath it: the outermost says only that something failed.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Whether a mail server is on this machine.
fn is_here(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
pub(crate) mod stub;
#[cfg(test)]
mod tests;
