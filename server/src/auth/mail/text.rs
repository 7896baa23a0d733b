//! What the mails say, in each language: written once as parts, of which plain text and simple HTML are made.

use weft_wiki::notice::Kind;

/// The most characters of a name in a mail: it is somebody's own text, and no place for a letter.
const NAME_CHARACTERS_MAX: usize = 80;

/// A language mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    English,
    Chinese,
}

impl Language {
    /// The language of a person's setting, `en` or `zh-CN`; English for one who chose none.
    pub(crate) fn of(tag: Option<&str>) -> Self {
        match tag {
            Some("zh-CN") => Self::Chinese,
            _ => Self::English,
        }
    }

    fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Chinese => "zh-CN",
        }
    }
}

/// A mail that Weft sends. Links are whole addresses; names may be any text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mail<'a> {
    /// `by` invites the reader into `wiki`.
    Invitation { wiki: &'a str, by: &'a str, link: &'a str, days: u64 },
    /// Somebody, probably the reader, wants a new password.
    Reset { wiki: &'a str, link: &'a str, minutes: u64 },
    /// What the reader has not looked at, and how much more there is at `link`. They can end such mails at `settings`.
    Digest { wiki: &'a str, happened: &'a [Happened], more: usize, link: &'a str, settings: &'a str },
}

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Happened {
    pub(crate) kind: Kind,
    /// Whose doing it was, if that is known.
    pub(crate) by: Option<String>,
    /// What the page or space is called; empty if nobody named it yet.
    pub(crate) name: String,
    /// To the page or space.
    pub(crate) link: String,
}

/// A mail's words.
pub(super) struct Text {
    pub(super) subject: String,
    parts: Vec<Part>,
    language: Language,
}

enum Part {
    Words(String),
    Button { label: &'static str, link: String },
    Linked { words: String, link: String },
}

impl Text {
    pub(super) fn new(mail: &Mail<'_>, language: Language) -> Self {
        let (subject, parts) = match *mail {
            Mail::Invitation { wiki, by, link, days } => {
                invitation(language, &name(wiki), &name(by), link, days)
            }
            Mail::Reset { wiki, link, minutes } => reset(language, &name(wiki), link, minutes),
            Mail::Digest { wiki, happened, more, link, settings } => {
                digest(language, &name(wiki), happened, more, [link, settings])
            }
        };
        Self { subject, parts, language }
    }

    /// For readers of text alone.
    pub(super) fn plain(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Words(words) => text.push_str(words),
                Part::Button { label, link } => text.extend([label, ":\r\n", link]),
                Part::Linked { words, link } => text.extend([words.as_str(), "\r\n", link.as_str()]),
            }
            text.push_str("\r\n\r\n");
        }
        text
    }

    /// Simple HTML: no pictures, no scripts, nothing that is fetched.
    pub(super) fn html(&self) -> String {
        let mut body = String::new();
        for part in &self.parts {
            body.push_str(&match part {
                Part::Words(words) => format!("<p>{}</p>\n", escaped(words)),
                Part::Button { label, link } => format!(
                    "<p><a href=\"{0}\" style=\"{BUTTON}\">{1}</a></p>\n<p style=\"{SMALL}\">{0}</p>\n",
                    escaped(link),
                    escaped(label)
                ),
                Part::Linked { words, link } => {
                    format!("<p><a href=\"{}\">{}</a></p>\n", escaped(link), escaped(words))
                }
            });
        }
        format!(
            "<!doctype html>\n<html lang=\"{}\"><head><meta charset=\"utf-8\"><title>{}</title></head>\n\
             <body style=\"{PAGE}\">\n{body}</body></html>\n",
            self.language.tag(),
            escaped(&self.subject)
        )
    }
}

const PAGE: &str = "font-family:sans-serif;font-size:16px;line-height:1.5;max-width:36em";
const BUTTON: &str = "display:inline-block;padding:10px 18px;border-radius:6px;background:#1c5fc4;color:#ffffff;text-decoration:none";
const SMALL: &str = "font-size:13px;color:#555555;word-break:break-all";

/// Somebody's text as part of a line: without line ends (which in a subject would be headers of their own), and short.
fn name(text: &str) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() || is_line_end(c) { ' ' } else { c }).collect();
    let words: Vec<&str> = flat.split_whitespace().collect();
    let flat = words.join(" ");
    match flat.char_indices().nth(NAME_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &flat[..end]),
        None => flat,
    }
}

fn is_line_end(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
}

/// As text or a quoted attribute of HTML.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

fn invitation(language: Language, wiki: &str, by: &str, link: &str, days: u64) -> (String, Vec<Part>) {
    match language {
        Language::English => (
            format!("{by} invites you to {wiki}"),
            vec![
                words("Hello,"),
                words(format!("{by} invites you to write together in {wiki}.")),
                button("Accept the invitation", link),
                words(format!("The link works once, for {days} days.")),
                words(
                    "If you expected no invitation, do nothing: no account is made unless you use the link.",
                ),
            ],
        ),
        Language::Chinese => (
            format!("{by} 邀请您加入 {wiki}"),
            vec![
                words("您好！"),
                words(format!("{by} 邀请您加入 {wiki}，一起书写。")),
                button("接受邀请", link),
                words(format!("此链接只能使用一次，{days} 天内有效。")),
                words("如果您没有预料到这份邀请，请忽略本邮件：不使用该链接就不会创建账户。"),
            ],
        ),
    }
}

fn reset(language: Language, wiki: &str, link: &str, minutes: u64) -> (String, Vec<Part>) {
    match language {
        Language::English => (
            format!("Set a new password for {wiki}"),
            vec![
                words("Hello,"),
                words(format!(
                    "somebody, probably you, asked to set a new password for your account at {wiki}."
                )),
                button("Set a new password", link),
                words(format!("The link works once, for {minutes} minutes.")),
                words("If it was not you, do nothing: your password stays as it is."),
            ],
        ),
        Language::Chinese => (
            format!("为 {wiki} 设置新密码"),
            vec![
                words("您好！"),
                words(format!("有人（可能是您本人）请求为您在 {wiki} 的账户设置新密码。")),
                button("设置新密码", link),
                words(format!("此链接只能使用一次，{minutes} 分钟内有效。")),
                words("如果不是您本人的操作，请忽略本邮件：您的密码不会改变。"),
            ],
        ),
    }
}

/// `to`: where all of it is, and where these mails end.
fn digest(
    language: Language,
    wiki: &str,
    happened: &[Happened],
    more: usize,
    to: [&str; 2],
) -> (String, Vec<Part>) {
    let count = happened.len() + more;
    let (subject, greeting, rest, all, end) = match language {
        Language::English => (
            format!("{wiki}: {count} {}", if count == 1 { "notice" } else { "notices" }),
            ["Hello,".to_owned(), format!("this is what you have not seen yet in {wiki}:")],
            format!("And {more} more."),
            "See all notices",
            "Get these mails once a week, or not at all",
        ),
        Language::Chinese => (
            format!("{wiki}：{count} 条通知"),
            ["您好！".to_owned(), format!("{wiki} 中有您尚未查看的动态：")],
            format!("还有 {more} 条。"),
            "查看所有通知",
            "改为每周接收，或不再接收此类邮件",
        ),
    };
    let mut parts: Vec<Part> = greeting.map(words).into();
    parts.extend(happened.iter().map(|one| linked(sentence(language, one), &one.link)));
    if more > 0 {
        parts.push(words(rest));
    }
    let [link, settings] = to;
    parts.extend([button(all, link), linked(end.to_owned(), settings)]);
    (subject, parts)
}

/// What happened, as the list of notices in the web client says it.
fn sentence(language: Language, happened: &Happened) -> String {
    let known = |text: &str, unnamed: &str| match name(text) {
        text if text.is_empty() => unnamed.to_owned(),
        text => text,
    };
    let by = happened.by.as_deref().unwrap_or_default();
    match language {
        Language::English => {
            let (by, what) = (known(by, "Somebody"), known(&happened.name, "Untitled"));
            match happened.kind {
                Kind::SpaceGranted => format!("{by} added you to the space “{what}”"),
                Kind::PageGranted => format!("{by} shared “{what}” with you"),
                Kind::PageEdited => format!("{by} edited “{what}”"),
                Kind::PageTrashed => format!("{by} moved “{what}” to trash"),
            }
        }
        Language::Chinese => {
            let (by, what) = (known(by, "有人"), known(&happened.name, "无标题"));
            match happened.kind {
                Kind::SpaceGranted => format!("{by} 将您加入了空间“{what}”"),
                Kind::PageGranted => format!("{by} 与您共享了“{what}”"),
                Kind::PageEdited => format!("{by} 编辑了“{what}”"),
                Kind::PageTrashed => format!("{by} 将“{what}”移到了回收站"),
            }
        }
    }
}

fn words(text: impl Into<String>) -> Part {
    Part::Words(text.into())
}

fn linked(words: String, link: &str) -> Part {
    Part::Linked { words, link: link.to_owned() }
}

fn button(label: &'static str, link: &str) -> Part {
    Part::Button { label, link: link.to_owned() }
}
