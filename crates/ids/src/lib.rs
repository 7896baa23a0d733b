//! What things are called, as types.
//!
//! Nothing here knows a clock, a socket or a random number: whoever creates an id passes its bits in.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

/// The longest document name, in bytes of UTF-8.
pub const DOC_ID_BYTES_MAX: usize = 255;
/// The longest user id, in bytes of UTF-8.
pub const USER_ID_BYTES_MAX: usize = 128;
/// Client ids are integers that JavaScript can hold exactly: below 2^53.
pub const CLIENT_ID_MAX: u64 = (1 << 53) - 1;

/// The name of a document: 1 to [`DOC_ID_BYTES_MAX`] bytes of UTF-8 without NUL, kept exactly as given
/// (no case folding, no Unicode normalisation). Two names that differ in any byte are two documents.
///
/// NUL is refused because the Hocuspocus dialect separates a name from a session id with it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocId(Arc<str>);

/// Why a string is not a document's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocIdError {
    /// The name has no characters.
    #[error("a document name must not be empty")]
    Empty,
    /// The name has more than [`DOC_ID_BYTES_MAX`] bytes.
    #[error("a document name may have at most {DOC_ID_BYTES_MAX} bytes; this one has {0}")]
    TooLong(usize),
    /// The name contains a NUL character.
    #[error("a document name must not contain a NUL character")]
    Nul,
}

impl DocId {
    /// Checks `name` and keeps it.
    ///
    /// # Errors
    /// [`DocIdError`] says which rule it breaks.
    pub fn new(name: &str) -> Result<Self, DocIdError> {
        if name.is_empty() {
            return Err(DocIdError::Empty);
        }
        if name.len() > DOC_ID_BYTES_MAX {
            return Err(DocIdError::TooLong(name.len()));
        }
        if name.contains('\0') {
            return Err(DocIdError::Nul);
        }
        Ok(Self(name.into()))
    }

    /// The name as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for DocId {
    /// Quoted and escaped: a hostile name cannot break a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

impl fmt::Display for DocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

impl Borrow<str> for DocId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A person (or a program acting as one), as the log records it: 1 to [`USER_ID_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct UserId(Arc<str>);

impl UserId {
    /// Keeps `id` if it is 1 to [`USER_ID_BYTES_MAX`] bytes long.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        (!id.is_empty() && id.len() <= USER_ID_BYTES_MAX).then(|| Self(id.into()))
    }

    /// A new one, out of random bytes.
    #[must_use]
    pub fn random(bytes: [u8; RANDOM_ID_CHARACTERS]) -> Self {
        Self(random_id(bytes).into())
    }

    /// The id as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.escape_debug())
    }
}

impl Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// How many characters a random id has: of 32 letters each, so 120 bits. Nobody guesses one, and two never meet.
pub const RANDOM_ID_CHARACTERS: usize = 24;
/// No letters that look like others.
const RANDOM_ID_ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// The fewest characters of a page's id. Pages may name themselves, so that one can be made without the server.
pub const PAGE_ID_CHARACTERS_MIN: usize = 22;
/// The most characters of a page's id.
pub const PAGE_ID_CHARACTERS_MAX: usize = 64;
/// What the names of the wiki's documents begin with; the rest is the page's id.
const PAGE_DOC: &str = "page/";

/// [`RANDOM_ID_CHARACTERS`] characters out of that many random bytes.
#[must_use]
pub fn random_id(bytes: [u8; RANDOM_ID_CHARACTERS]) -> String {
    bytes.iter().map(|byte| char::from(RANDOM_ID_ALPHABET[usize::from(byte % 32)])).collect()
}

fn is_random_id(text: &str) -> bool {
    text.len() == RANDOM_ID_CHARACTERS && text.bytes().all(|byte| RANDOM_ID_ALPHABET.contains(&byte))
}

macro_rules! random_ids {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
            pub struct $name(Arc<str>);

            impl $name {
                /// A new one, out of random bytes.
                #[must_use]
                pub fn random(bytes: [u8; RANDOM_ID_CHARACTERS]) -> Self {
                    Self(random_id(bytes).into())
                }

                /// Keeps `text` if it looks like one.
                #[must_use]
                pub fn new(text: &str) -> Option<Self> {
                    is_random_id(text).then(|| Self(text.into()))
                }

                /// The id as given.
                #[must_use]
                pub fn as_str(&self) -> &str {
                    &self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(&self.0)
                }
            }

            impl Borrow<str> for $name {
                fn borrow(&self) -> &str {
                    &self.0
                }
            }
        )+
    };
}

random_ids! {
    /// A tree of pages with members.
    SpaceId;
    /// People together.
    GroupId;
    /// A public link to a page.
    ShareId;
    /// One browser in which a person is signed in.
    SignInId;
    /// A person's key for programs.
    TokenId;
    /// A key that a person's device holds, to sign in with.
    PasskeyId;
    /// A key with which a foreign app signs its tokens.
    AppKeyId;
    /// A place offered to somebody who is not a member yet.
    InvitationId;
    /// What happened, for those who keep watch over the server.
    AuditId;
    /// What somebody is told of.
    NoticeId;
}

/// A page of the wiki: [`PAGE_ID_CHARACTERS_MIN`] to [`PAGE_ID_CHARACTERS_MAX`] of `a-z`, `0-9`, `_` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PageId(Arc<str>);

impl PageId {
    /// A new one, out of random bytes.
    #[must_use]
    pub fn random(bytes: [u8; RANDOM_ID_CHARACTERS]) -> Self {
        Self(random_id(bytes).into())
    }

    /// Keeps `text` if it is a page's id.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = (PAGE_ID_CHARACTERS_MIN..=PAGE_ID_CHARACTERS_MAX).contains(&text.len());
        let legal =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        (fits && text.bytes().all(legal)).then(|| Self(text.into()))
    }

    /// The page that shows `doc`, if it is a page's document.
    #[must_use]
    pub fn of(doc: &DocId) -> Option<Self> {
        doc.as_str().strip_prefix(PAGE_DOC).and_then(Self::new)
    }

    /// The document that the page shows.
    #[must_use]
    pub fn doc(&self) -> DocId {
        DocId(format!("{PAGE_DOC}{}", self.0).into())
    }

    /// The id as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for PageId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// The namespace of a foreign app's rooms: 1 to [`APP_NAME_CHARACTERS_MAX`] of `a-z`, `0-9` and `-`, beginning with a
/// letter, and not `page`, which is the wiki's own.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AppName(Arc<str>);

/// The longest name of an app.
pub const APP_NAME_CHARACTERS_MAX: usize = 40;

impl AppName {
    /// Keeps `text` if it is an app's name.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let fits = text.len() <= APP_NAME_CHARACTERS_MAX
            && text.starts_with(|first: char| first.is_ascii_lowercase());
        let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        (fits && text.bytes().all(legal) && text != "page").then(|| Self(text.into()))
    }

    /// The part of a document's name that would name an app, if it is one's name: what stands before the first slash.
    #[must_use]
    pub fn of(doc: &DocId) -> Option<Self> {
        doc.as_str().split_once('/').and_then(|(app, _)| Self::new(app))
    }

    /// The name as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One client in one room. Unique within a process and, by its random upper half, between processes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u128);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", self.0)
    }
}

/// A CRDT client id: who wrote a block of content, as the clients number themselves. Below 2^53.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ClientId(u64);

impl ClientId {
    /// Keeps `id` if JavaScript can hold it exactly ([`CLIENT_ID_MAX`]).
    #[must_use]
    pub fn new(id: u64) -> Option<Self> {
        (id <= CLIENT_ID_MAX).then_some(Self(id))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }
}

/// A place in a document's log: the number of the last record up to it. The first record is 1; 0 is before all.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first record.
    pub const ZERO: Self = Self(0);

    /// The place one record later.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Debug for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z, as the server's wall clock had them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct UnixMillis(pub u64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_name_is_kept_exactly_or_refused() {
        for name in ["a", " ", "..", "%2f", "a:b/c", "*", "日本語", "é", "e\u{301}", "\u{1F600}"] {
            assert_eq!(DocId::new(name).unwrap().as_str(), name);
        }
        assert_eq!(DocId::new(""), Err(DocIdError::Empty));
        assert_eq!(DocId::new("a\0b"), Err(DocIdError::Nul));
        assert!(DocId::new(&"x".repeat(DOC_ID_BYTES_MAX)).is_ok());
        assert_eq!(DocId::new(&"x".repeat(DOC_ID_BYTES_MAX + 1)), Err(DocIdError::TooLong(256)));
    }

    #[test]
    fn client_ids_end_where_javascript_integers_do() {
        assert!(ClientId::new(CLIENT_ID_MAX).is_some());
        assert!(ClientId::new(CLIENT_ID_MAX + 1).is_none());
    }

    #[test]
    fn a_page_is_known_by_its_document_and_a_document_by_its_page() {
        let page = PageId::random([7; RANDOM_ID_CHARACTERS]);
        assert_eq!(PageId::of(&page.doc()), Some(page.clone()));
        assert_eq!(PageId::new(page.as_str()), Some(page));
        for name in
            ["page/", "page/short", "room/aaaaaaaaaaaaaaaaaaaaaaaa", "page/AAAAAAAAAAAAAAAAAAAAAAAA", "page"]
        {
            assert_eq!(PageId::of(&DocId::new(name).unwrap()), None, "{name}");
        }
        assert!(PageId::new(&"a".repeat(PAGE_ID_CHARACTERS_MIN)).is_some());
        assert!(PageId::new(&"a".repeat(PAGE_ID_CHARACTERS_MIN - 1)).is_none());
        assert!(PageId::new(&"a".repeat(PAGE_ID_CHARACTERS_MAX)).is_some());
        assert!(PageId::new(&"a".repeat(PAGE_ID_CHARACTERS_MAX + 1)).is_none());
    }

    #[test]
    fn random_ids_have_one_shape_and_nothing_else_passes_for_one() {
        let space = SpaceId::random([255; RANDOM_ID_CHARACTERS]);
        assert_eq!(SpaceId::new(space.as_str()), Some(space));
        for text in
            ["", "a", "aaaaaaaaaaaaaaaaaaaaaaa0", "aaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaA"]
        {
            assert_eq!(SpaceId::new(text), None, "{text}");
        }
    }

    #[test]
    fn an_app_owns_what_stands_below_its_name_and_the_wiki_is_no_app() {
        let app = |name: &str| AppName::of(&DocId::new(name).unwrap()).map(|app| app.as_str().to_owned());
        assert_eq!(app("board/room 1").as_deref(), Some("board"));
        for name in ["page/x", "board", "/x", "Board/x", "1/x", "-a/x", "ä/x"] {
            assert_eq!(app(name), None, "{name}");
        }
        assert!(AppName::new(&"a".repeat(APP_NAME_CHARACTERS_MAX)).is_some());
        assert!(AppName::new(&"a".repeat(APP_NAME_CHARACTERS_MAX + 1)).is_none());
    }

    #[test]
    fn a_name_cannot_break_a_log_line() {
        let name = DocId::new("a\n\u{1b}[31m").unwrap();
        assert!(!format!("{name} {name:?}").contains(['\n', '\u{1b}']));
    }
}
