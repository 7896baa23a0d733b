//! A mail server on loopback, for tests.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;

/// Far beyond what any of these tests takes: reaching it is the failure.
pub(super) const HANG: Duration = Duration::from_secs(20);

/// A mail that the stub took.
pub(crate) struct Taken {
    /// The lines that named sender and receiver.
    pub(super) envelope: Vec<String>,
    /// The mail itself, as it came.
    pub(crate) data: String,
}

/// A mail server on loopback. Its first answers to RCPT are those given; afterwards it takes everything.
pub(crate) struct Stub {
    pub(crate) port: u16,
    pub(super) taken: mpsc::UnboundedReceiver<Taken>,
    pub(super) refused: mpsc::UnboundedReceiver<&'static str>,
}

impl Stub {
    pub(crate) async fn start(answers: &[&'static str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answers = Arc::new(Mutex::new(VecDeque::from(answers.to_vec())));
        let (take, taken) = mpsc::unbounded_channel();
        let (refuse, refused) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, answers.clone(), take.clone(), refuse.clone()));
            }
        });
        Self { port, taken, refused }
    }

    pub(super) fn settings(&self) -> MailSettings {
        MailSettings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: Security::None,
            account: Some(("weft".to_owned(), MailPassword::new("hush".to_owned()))),
            from: "Rivertown <wiki@example.com>".to_owned(),
        }
    }

    pub(super) fn mailer(&self) -> Mailer {
        Mailer::with_pauses(&self.settings(), vec![Duration::from_millis(1); 3]).unwrap()
    }

    pub(crate) async fn taken(&mut self) -> Taken {
        tokio::time::timeout(HANG, self.taken.recv()).await.expect("a mail arrives").unwrap()
    }

    /// Whether there is no mail that was not looked at.
    pub(crate) fn is_empty(&mut self) -> bool {
        self.taken.try_recv().is_err()
    }
}

async fn talk(
    stream: TcpStream,
    answers: Arc<Mutex<VecDeque<&'static str>>>,
    take: mpsc::UnboundedSender<Taken>,
    refuse: mpsc::UnboundedSender<&'static str>,
) {
    let mut lines = BufReader::new(stream);
    let mut envelope = Vec::new();
    lines.write_all(b"220 stub\r\n").await.unwrap();
    let mut line = String::new();
    while lines.read_line(&mut line).await.is_ok_and(|read| read > 0) {
        let said = std::mem::take(&mut line).trim_end().to_owned();
        let mut answer = "250 ok";
        match said.split(' ').next().unwrap() {
            "EHLO" => answer = "250-stub\r\n250-8BITMIME\r\n250 AUTH PLAIN",
            "AUTH" => {
                answer = if said == "AUTH PLAIN AHdlZnQAaHVzaA==" { "235 ok" } else { "535 who are you" };
            }
            "RCPT" => {
                if let Some(refusal) = answers.lock().unwrap().pop_front() {
                    refuse.send(refusal).unwrap();
                    answer = refusal;
                }
            }
            "DATA" => {
                lines.write_all(b"354 go on\r\n").await.unwrap();
                let mut data = String::new();
                while !data.ends_with("\r\n.\r\n") {
                    if lines.read_line(&mut data).await.unwrap() == 0 {
                        return;
                    }
                }
                take.send(Taken { envelope: std::mem::take(&mut envelope), data }).unwrap();
            }
            "QUIT" => answer = "221 bye",
            _ => {}
        }
        if said.starts_with("MAIL") || said.starts_with("RCPT") {
            envelope.push(said);
        }
        if lines.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
    }
}
