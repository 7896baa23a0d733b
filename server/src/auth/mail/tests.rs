use futures_util::FutureExt as _;
use weft_wiki::notice::Kind;

use super::stub::{HANG, Stub, Taken};
use super::*;
use crate::config::SettingValue;

const RESET: Mail<'static> =
    Mail::Reset { wiki: "Rivertown", link: "https://wiki.example.com/reset/abc", minutes: 60 };

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
async fn of_mails_that_can_wait_few_are_under_way_at_once() {
    let stub = Stub::start(&[]).await;
    let settings = MailSettings { port: 1, ..stub.settings() };
    let mailer = Mailer::with_pauses(&settings, vec![Duration::from_secs(3600)]).unwrap();
    for _ in 0..UNHURRIED_MAX {
        let place = mailer.place().now_or_never().unwrap().unwrap();
        mailer.send_in(place, "mei@example.org", &RESET, Language::English).unwrap();
    }
    assert!(mailer.place().now_or_never().is_none());
    mailer.send("mei@example.org", &RESET, Language::English).unwrap();
    let waits = tokio::spawn({
        let mailer = mailer.clone();
        async move { mailer.place().await.map(drop) }
    });
    tokio::time::timeout(HANG, mailer.stop()).await.unwrap();
    assert!(matches!(waits.await.unwrap(), Err(MailError::Stopping)));
}

#[tokio::test]
async fn a_mail_that_comes_again_says_where_it_ends() {
    let mut stub = Stub::start(&[]).await;
    let mailer = stub.mailer();
    let place = mailer.place().await.unwrap();
    mailer.send_in(place, "mei@example.org", &digest(&[], 1), Language::English).unwrap();
    let data = stub.taken().await.data;
    let header = "List-Unsubscribe: <https://wiki.example.com/settings/preferences>\r\n";
    assert!(data.contains(header), "{data}");
}

fn happened(kind: Kind, by: Option<&str>, name: &str) -> Happened {
    let link = "https://wiki.example.com/page/abc".to_owned();
    Happened { kind, by: by.map(str::to_owned), name: name.to_owned(), link }
}

fn digest(happened: &[Happened], more: usize) -> Mail<'_> {
    let settings = "https://wiki.example.com/settings/preferences";
    Mail::Digest { wiki: "Rivertown", happened, more, link: "https://wiki.example.com/x?a=1&b=2", settings }
}

#[test]
fn a_digest_says_who_did_what_and_how_much_more_there_is() {
    let told = [
        happened(Kind::PageEdited, Some("Lin"), "Plan"),
        happened(Kind::PageGranted, None, ""),
        happened(Kind::SpaceGranted, Some("<b>"), "Board\r\nhttps://evil.example"),
        happened(Kind::PageTrashed, Some("Lin"), "Old"),
    ];
    let english = Text::new(&digest(&told, 3), Language::English);
    assert_eq!(english.subject, "Rivertown: 7 notices");
    let plain = english.plain();
    for line in [
        "Lin edited “Plan”\r\nhttps://wiki.example.com/page/abc\r\n",
        "Somebody shared “Untitled” with you\r\n",
        "<b> added you to the space “Board https://evil.example”\r\n",
        "Lin moved “Old” to trash\r\n",
        "And 3 more.\r\n",
        "https://wiki.example.com/settings/preferences\r\n",
    ] {
        assert!(plain.contains(line), "{line}: {plain}");
    }
    let html = english.html();
    assert!(html.contains("<a href=\"https://wiki.example.com/page/abc\">Lin edited “Plan”</a>"), "{html}");
    assert!(html.contains("&lt;b&gt; added you") && !html.contains("<b>"), "{html}");
    let one = Text::new(&digest(&told[..1], 0), Language::English);
    assert_eq!(one.subject, "Rivertown: 1 notice");
    assert!(!one.plain().contains("more"), "{}", one.plain());
    let chinese = Text::new(&digest(&told[..2], 3), Language::Chinese);
    assert_eq!(chinese.subject, "Rivertown：5 条通知");
    for line in ["Lin 编辑了“Plan”", "有人 与您共享了“无标题”", "还有 3 条"] {
        assert!(chinese.plain().contains(line), "{line}: {}", chinese.plain());
    }
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
    for mail in [
        Mail::Invitation { wiki: "Rivertown", by: "Lin", link, days: 7 },
        Mail::Reset { wiki: "Rivertown", link, minutes: 60 },
        digest(&[], 2),
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
fn what_is_set_by_half_is_told() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hush\nmore\n").unwrap();
    let path = file.path().to_str().unwrap();
    let read = |url: &str, password: &str, from: &str| {
        let settings = Settings {
            smtp_url: SettingValue::parse(url).unwrap(),
            smtp_password_file: SettingValue::parse(password).unwrap(),
            smtp_from: SettingValue::parse(from).unwrap(),
            ..Settings::default()
        };
        MailSettings::of(&settings)
    };
    let (url, from) = ("smtps://weft@mail.example.com", "wiki@example.com");
    assert_eq!(read("", "", "").unwrap(), None);
    let settings = read(url, path, from).unwrap().unwrap();
    assert_eq!(settings.account, Some(("weft".to_owned(), MailPassword::new("hush".to_owned()))));
    assert!(read("smtps://mail.example.com", "", from).unwrap().is_some());
    for (url, password, from, missing) in [
        ("", "", from, "not smtp_url"),
        ("", path, "", "not smtp_url"),
        (url, path, "", "not smtp_from"),
        (url, "", from, "not smtp_password_file"),
        ("smtps://mail.example.com", path, from, "not an account"),
        (url, "/nowhere/at/all", from, "/nowhere/at/all"),
    ] {
        let error = read(url, password, from).unwrap_err().to_string();
        assert!(error.contains(missing), "{error}");
    }
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
