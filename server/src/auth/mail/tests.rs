use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use super::*;

/// Far beyond what any of these tests takes: reaching it is the failure.
const HANG: Duration = Duration::from_secs(20);

const RESET: Mail<'static> =
    Mail::Reset { wiki: "Rivertown", link: "https://wiki.example.com/reset/abc", minutes: 60 };

/// A mail that the stub took.
struct Taken {
    envelope: Vec<String>,
    data: String,
}

/// A mail server on loopback. Its first answers to RCPT are those given; afterwards it takes everything.
struct Stub {
    port: u16,
    taken: mpsc::UnboundedReceiver<Taken>,
    refused: mpsc::UnboundedReceiver<&'static str>,
}

impl Stub {
    async fn start(answers: &[&'static str]) -> Self {
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

    fn settings(&self) -> MailSettings {
        MailSettings {
            host: "127.0.0.1".to_owned(),
            port: self.port,
            security: Security::None,
            account: Some(("weft".to_owned(), MailPassword::new("hush".to_owned()))),
            from: "Rivertown <wiki@example.com>".to_owned(),
        }
    }

    fn mailer(&self) -> Mailer {
        Mailer::with_pauses(&self.settings(), vec![Duration::from_millis(1); 3]).unwrap()
    }

    async fn taken(&mut self) -> Taken {
        tokio::time::timeout(HANG, self.taken.recv()).await.expect("a mail arrives").unwrap()
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

#[tokio::test]
async fn a_mail_arrives_as_text_and_as_html() {
    let mut stub = Stub::start(&[]).await;
    stub.mailer().send("mei@example.org", &RESET, Language::English).unwrap();
    let Taken { envelope, data } = stub.taken().await;
    assert!(envelope[0].starts_with("MAIL FROM:<wiki@example.com>"), "{envelope:?}");
    assert!(envelope[1].starts_with("RCPT TO:<mei@example.org>"), "{envelope:?}");
    for header in [
        "From: Rivertown <wiki@example.com>\r\n",
        "To: mei@example.org\r\n",
        "Subject: Set a new password for Rivertown\r\n",
        "Auto-Submitted: auto-generated\r\n",
        "@example.com>\r\n",
        "Content-Type: text/plain; charset=utf-8\r\n",
        "Content-Type: text/html; charset=utf-8\r\n",
        "Date: ",
    ] {
        assert!(data.contains(header), "{header}: {data}");
    }
    assert!(data.contains("https://wiki.example.com/reset/abc"), "{data}");
}

#[tokio::test]
async fn a_mail_server_that_is_unwell_is_tried_again() {
    let mut stub = Stub::start(&["451 later", "421 much later"]).await;
    stub.mailer().send("mei@example.org", &RESET, Language::English).unwrap();
    stub.taken().await;
    assert_eq!(stub.refused.recv().await, Some("451 later"));
    assert_eq!(stub.refused.recv().await, Some("421 much later"));
}

#[tokio::test]
async fn what_it_refuses_for_good_is_not_tried_again_and_holds_up_nobody() {
    let mut stub = Stub::start(&["550 no such person"]).await;
    let mailer = stub.mailer();
    mailer.send("gone@example.org", &RESET, Language::English).unwrap();
    assert_eq!(stub.refused.recv().await, Some("550 no such person"));
    mailer.send("mei@example.org", &RESET, Language::English).unwrap();
    assert!(stub.taken().await.data.contains("mei@example.org"));
    mailer.stop().await;
    assert!(stub.taken.try_recv().is_err() && stub.refused.try_recv().is_err());
}

#[tokio::test]
async fn after_the_last_pause_a_mail_is_given_up() {
    let mut stub = Stub::start(&["451 later"; 5]).await;
    let mailer = stub.mailer();
    mailer.send("mei@example.org", &RESET, Language::English).unwrap();
    for _ in 0..4 {
        assert_eq!(stub.refused.recv().await, Some("451 later"));
    }
    mailer.stop().await;
    assert!(stub.refused.try_recv().is_err());
    assert_eq!(mailer.0.waiting.available_permits(), MAILS_WAITING_MAX);
}

#[tokio::test]
async fn one_more_than_may_wait_is_refused_and_a_stop_waits_for_none() {
    let stub = Stub::start(&[]).await;
    let settings = MailSettings { port: 1, ..stub.settings() };
    let mailer = Mailer::with_pauses(&settings, vec![Duration::from_secs(3600)]).unwrap();
    for _ in 0..MAILS_WAITING_MAX {
        mailer.send("mei@example.org", &RESET, Language::English).unwrap();
    }
    assert!(matches!(mailer.send("mei@example.org", &RESET, Language::English), Err(MailError::Full)));
    tokio::time::timeout(HANG, mailer.stop()).await.expect("what waits is given up");
    assert!(matches!(mailer.send("mei@example.org", &RESET, Language::English), Err(MailError::Stopping)));
}

#[tokio::test]
async fn a_name_cannot_add_a_header() {
    let mut stub = Stub::start(&[]).await;
    let mailer = stub.mailer();
    let by = "Eve\r\nBcc: all@example.org\r\n\r\nBuy\u{2028}this\u{0}";
    let wiki = "Wiki\nX-Evil: 1";
    let link = "https://wiki.example.com/invite/abc";
    mailer.send("mei@example.org", &Mail::Invitation { wiki, by, link, days: 7 }, Language::English).unwrap();
    let Taken { envelope, data } = stub.taken().await;
    assert_eq!(envelope.len(), 2, "{envelope:?}");
    let (head, _) = data.split_once("\r\n\r\n").unwrap();
    let names: Vec<&str> = head
        .lines()
        .filter(|line| !line.starts_with(' '))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(
        sorted,
        ["Auto-Submitted", "Content-Type", "Date", "From", "MIME-Version", "Message-ID", "Subject", "To"]
    );
    for to in [
        "mei@example.org\r\nRCPT TO:<x@example.org>",
        "mei@example.org\n",
        "a@b\r\n.\r\n",
        "",
        "mei",
        "<mei@example.org>",
    ] {
        assert!(matches!(mailer.send(to, &RESET, Language::English), Err(MailError::To(_))), "{to:?}");
    }
}

#[test]
fn every_mail_is_written_in_both_languages_and_names_its_link() {
    let link = "https://wiki.example.com/x?a=1&b=2";
    let notices = [Notice { text: "Lin mentioned you".to_owned(), link: link.to_owned() }];
    for mail in [
        Mail::Invitation { wiki: "Rivertown", by: "Lin", link, days: 7 },
        Mail::Reset { wiki: "Rivertown", link, minutes: 60 },
        Mail::NewBrowser { wiki: "Rivertown", at: "now", address: "192.0.2.1", agent: "Firefox", link },
        Mail::Digest { wiki: "Rivertown", notices: &notices, link },
    ] {
        let [english, chinese] =
            [Language::English, Language::Chinese].map(|language| Text::new(&mail, language));
        assert!(english.subject.is_ascii() && !chinese.subject.is_ascii());
        for text in [english, chinese] {
            assert!(text.subject.contains("Rivertown"), "{}", text.subject);
            assert!(text.plain().contains(link));
            let html = text.html();
            assert!(html.contains("href=\"https://wiki.example.com/x?a=1&amp;b=2\""), "{html}");
            assert!(!html.contains("<img") && !html.contains("<script"));
        }
    }
    assert_eq!([None, Some("en"), Some("zh-CN"), Some("xx")].map(Language::of)[2], Language::Chinese);
    assert_eq!([None, Some("en"), Some("xx")].map(Language::of), [Language::English; 3]);
}

#[test]
fn a_name_is_text_in_html_and_never_a_letter_of_its_own() {
    let by = format!("<img src=x onerror=\"alert('1')\">&{}", "x".repeat(1_000));
    let mail = Mail::Invitation { wiki: "W", by: &by, link: "https://w.example/\"><script>", days: 1 };
    let text = Text::new(&mail, Language::English);
    assert!(text.subject.chars().count() < 120, "{}", text.subject);
    let html = text.html();
    assert!(html.contains("&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;&amp;x"), "{html}");
    assert!(!html.contains("<img") && !html.contains("<script"), "{html}");
}

#[test]
fn a_digest_tells_so_many_and_counts_the_rest() {
    let notice = Notice { text: "Lin\nmentioned you".to_owned(), link: "https://w.example/p".to_owned() };
    let digest = |count: usize, language| {
        let notices = vec![notice.clone(); count];
        let text =
            Text::new(&Mail::Digest { wiki: "W", notices: &notices, link: "https://w.example" }, language);
        (text.subject.clone(), text.plain())
    };
    assert_eq!(digest(1, Language::English).0, "1 notice from W");
    let (subject, plain) = digest(DIGEST_NOTICES_MAX, Language::English);
    assert_eq!(subject, "50 notices from W");
    assert!(!plain.contains("more."), "{plain}");
    let (_, plain) = digest(DIGEST_NOTICES_MAX + 1, Language::English);
    assert_eq!(plain.matches("- Lin mentioned you").count(), DIGEST_NOTICES_MAX);
    assert!(plain.contains("And 1 more."), "{plain}");
    assert!(digest(DIGEST_NOTICES_MAX + 2, Language::Chinese).1.contains("还有 2 条。"));
}

#[test]
fn settings_that_cannot_work_are_refused_at_once() {
    let good = MailSettings {
        host: "mail.example.com".to_owned(),
        port: 587,
        security: Security::StartTls,
        account: Some(("weft".to_owned(), MailPassword::new("hush".to_owned()))),
        from: "wiki@example.com".to_owned(),
    };
    for security in [Security::StartTls, Security::Tls] {
        Mailer::new(&MailSettings { security, ..good.clone() }).unwrap();
    }
    let plain = MailSettings { security: Security::None, ..good.clone() };
    assert!(matches!(Mailer::new(&plain), Err(MailError::Exposed(_))));
    Mailer::new(&MailSettings { account: None, ..plain.clone() }).unwrap();
    Mailer::new(&MailSettings { host: "localhost".to_owned(), ..plain }).unwrap();
    for from in ["", "wiki", "Wiki <wiki>", "a@example.com\r\nBcc: b@example.com"] {
        let error = Mailer::new(&MailSettings { from: from.to_owned(), ..good.clone() });
        assert!(matches!(error, Err(MailError::From(_))), "{from:?}");
    }
    let shown = format!("{good:?} {:?}", Mailer::new(&good).unwrap());
    assert!(!shown.contains("hush"), "{shown}");
}
