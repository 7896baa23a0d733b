//! What the mails say, in each language: written once as parts, of which plain text and simple HTML are made.

/// The most characters of a name in a mail: it is somebody's own text, and no place for a letter.
const NAME_CHARACTERS_MAX: usize = 80;
/// The most notices that one digest tells; the rest it counts.
pub(crate) const DIGEST_NOTICES_MAX: usize = 50;

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

/// A notice as a digest tells it, in the reader's language already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) text: String,
    pub(crate) link: String,
}

/// A mail that Weft sends. Links are whole addresses; names may be any text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mail<'a> {
    /// `by` invites the reader into `wiki`.
    Invitation { wiki: &'a str, by: &'a str, link: &'a str, days: u32 },
    /// Somebody, probably the reader, wants a new password.
    Reset { wiki: &'a str, link: &'a str, minutes: u32 },
    /// The reader's account was signed in to from a browser that was not seen before. `at` is a time as text.
    NewBrowser { wiki: &'a str, at: &'a str, address: &'a str, agent: &'a str, link: &'a str },
    /// What happened while the reader was away. `link` leads to the settings of notices.
    Digest { wiki: &'a str, notices: &'a [Notice], link: &'a str },
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
    Item { text: String, link: String },
}

impl Text {
    pub(super) fn new(mail: &Mail<'_>, language: Language) -> Self {
        let (subject, parts) = match *mail {
            Mail::Invitation { wiki, by, link, days } => {
                invitation(language, &name(wiki), &name(by), link, days)
            }
            Mail::Reset { wiki, link, minutes } => reset(language, &name(wiki), link, minutes),
            Mail::NewBrowser { wiki, at, address, agent, link } => {
                new_browser(language, &name(wiki), [&name(at), &name(address), &name(agent)], link)
            }
            Mail::Digest { wiki, notices, link } => digest(language, &name(wiki), notices, link),
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
                Part::Item { text: item, link } => text.extend(["- ", item, "\r\n  ", link]),
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
                Part::Item { text, link } => {
                    format!("<p><a href=\"{}\">{}</a></p>\n", escaped(link), escaped(text))
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

fn invitation(language: Language, wiki: &str, by: &str, link: &str, days: u32) -> (String, Vec<Part>) {
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

fn reset(language: Language, wiki: &str, link: &str, minutes: u32) -> (String, Vec<Part>) {
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

fn new_browser(
    language: Language,
    wiki: &str,
    [at, address, agent]: [&str; 3],
    link: &str,
) -> (String, Vec<Part>) {
    match language {
        Language::English => (
            format!("A new browser signed in to {wiki}"),
            vec![
                words("Hello,"),
                words(format!("a browser that was not seen before signed in to your account at {wiki}.")),
                words(format!("When: {at}")),
                words(format!("From: {address}")),
                words(format!("Browser: {agent}")),
                words(
                    "If it was you, there is nothing to do. If not, end that sign-in and change your password.",
                ),
                button("See your sign-ins", link),
            ],
        ),
        Language::Chinese => (
            format!("有新的浏览器登录了 {wiki}"),
            vec![
                words("您好！"),
                words(format!("一个此前未见过的浏览器登录了您在 {wiki} 的账户。")),
                words(format!("时间：{at}")),
                words(format!("来源：{address}")),
                words(format!("浏览器：{agent}")),
                words("如果是您本人，无需任何操作。如果不是，请结束该登录并更改密码。"),
                button("查看您的登录", link),
            ],
        ),
    }
}

fn digest(language: Language, wiki: &str, notices: &[Notice], link: &str) -> (String, Vec<Part>) {
    let (count, more) = (notices.len(), notices.len().saturating_sub(DIGEST_NOTICES_MAX));
    let (subject, first, rest, label) = match (language, count) {
        (Language::English, 1) => (
            format!("1 notice from {wiki}"),
            "While you were away:",
            String::new(),
            "Choose what you are told",
        ),
        (Language::English, _) => (
            format!("{count} notices from {wiki}"),
            "While you were away:",
            format!("And {more} more."),
            "Choose what you are told",
        ),
        (Language::Chinese, _) => (
            format!("{wiki} 有 {count} 条通知"),
            "您不在的时候：",
            format!("还有 {more} 条。"),
            "选择要接收的通知",
        ),
    };
    let mut parts = vec![words(first)];
    parts.extend(
        notices
            .iter()
            .take(DIGEST_NOTICES_MAX)
            .map(|notice| Part::Item { text: name(&notice.text), link: notice.link.clone() }),
    );
    if more > 0 {
        parts.push(words(rest));
    }
    parts.push(button(label, link));
    (subject, parts)
}

fn words(text: impl Into<String>) -> Part {
    Part::Words(text.into())
}

fn button(label: &'static str, link: &str) -> Part {
    Part::Button { label, link: link.to_owned() }
}
