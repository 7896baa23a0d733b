//! Who is asking: what a request or a socket shows, and who that makes them at this moment.
//!
//! What is shown stays the same while a socket is open; who it makes them does not. So a socket keeps the
//! [`Credentials`] and asks again for the [`Subject`] when rights have moved.

use axum::http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use percent_encoding::percent_decode_str;
use weft_access::Subject;
use weft_ids::{SignInId, TokenId};
use weft_wiki::member::{Keyed, SignedIn};
use weft_wiki::{SecretHash, Wiki};

use crate::auth::cookie::{self, Purpose};
use crate::auth::secret::{Kind, Secret};
use crate::config::Settings;
use crate::http::guard::is_own_page;
use crate::peer;

/// The header by which a page shows the public link that it was opened with.
const SHARE: &str = "weft-share";

/// What the names of cookies have in them that prove that a share's password was given.
const UNLOCK: &[u8] = b"weft-share-";

/// What somebody shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    local: bool,
    /// The key of whoever runs the server, from its data directory.
    operator: bool,
    sign_in: Option<SecretHash>,
    /// A person's key for programs.
    key: Option<SecretHash>,
    share: Option<Secret>,
    /// What proves that a share's password was given, as the browser's cookies hold it.
    unlocks: HeaderMap,
    scheme: cookie::Scheme,
}

/// By what somebody is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum By {
    /// The cookie of a browser that is signed in.
    SignIn(SignInId),
    /// A key for programs.
    Key(TokenId),
}

impl Credentials {
    /// What a request with these parts shows.
    pub(crate) fn of(settings: &Settings, extensions: &Extensions, headers: &HeaderMap, uri: &Uri) -> Self {
        let scheme = peer::scheme(settings, extensions, headers);
        // A browser adds its cookies to what any page asks for: they count for pages of our own only.
        let own = is_own_page(headers, settings);
        let sign_in = own.then(|| cookie::read(Purpose::SignIn, scheme, headers)).flatten();
        let shown = headers.get(SHARE).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let shown = shown.or_else(|| parameter(uri, "share"));
        let mut unlocks = HeaderMap::new();
        if own {
            let holds =
                |value: &&HeaderValue| value.as_bytes().windows(UNLOCK.len()).any(|part| part == UNLOCK);
            let cookies = headers.get_all(header::COOKIE).iter().filter(holds);
            unlocks.extend(cookies.map(|value| (Some(header::COOKIE), value.clone())));
        }
        let credentials = Self {
            local: peer::is_local(extensions, headers),
            operator: false,
            sign_in: sign_in.map(|secret| hash(&secret)),
            key: None,
            share: shown.and_then(|text| Secret::parse(Kind::Share, &text)),
            unlocks,
            scheme,
        };
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        match bearer.or_else(|| parameter(uri, "token")) {
            Some(token) => credentials.with_token(&token),
            None => credentials,
        }
    }

    /// What else a document's own authentication shows: the secret of a public link, or a person's key.
    pub(crate) fn with_token(&self, text: &str) -> Self {
        let mut credentials = self.clone();
        if let Some(key) = Secret::parse(Kind::Token, text) {
            credentials.key = Some(hash(&key));
        } else if let Some(share) = Secret::parse(Kind::Share, text) {
            credentials.share = Some(share);
        }
        credentials
    }

    /// The same, shown by whoever runs the server.
    pub(crate) fn of_operator(self) -> Self {
        Self { operator: true, ..self }
    }

    /// Who that makes them now.
    pub(crate) fn subject(&self, wiki: &Wiki) -> Subject {
        self.look(wiki).0
    }

    /// Who that makes them now, and by what, if they are somebody. A key that is shown counts instead of the browser's
    /// cookie: whoever sends one wants what it may, no more.
    pub(crate) fn look(&self, wiki: &Wiki) -> (Subject, Option<By>) {
        let known = match (&self.key, &self.sign_in) {
            (Some(key), _) => wiki.keyed(key).map(|Keyed { id, person }| (person, By::Key(id))),
            (None, Some(sign_in)) => {
                wiki.signed_in(sign_in).map(|SignedIn { id, person }| (person, By::SignIn(id)))
            }
            (None, None) => None,
        };
        let (person, by) = known.unzip();
        let link = self.link(wiki);
        (Subject { local: self.local, operator: self.operator, person, link, app: None }, by)
    }

    /// The public link they came by, where its password was given or it has none.
    fn link(&self, wiki: &Wiki) -> Option<weft_access::LinkClaim> {
        let secret = self.share.as_ref()?;
        let share = wiki.share_by_secret(&hash(secret))?;
        let open = share.password.as_ref().is_none_or(|password| {
            let shown = cookie::read(Purpose::Unlock(share.id.as_str()), self.scheme, &self.unlocks);
            shown.is_some_and(|shown| shown.is(&secret.unlocking(password)))
        });
        open.then(|| share.claim())
    }
}

/// The hash of a secret, as the wiki knows it.
pub(crate) fn hash(secret: &Secret) -> SecretHash {
    SecretHash(*secret.hash().as_bytes())
}

/// A parameter of an address' query, decoded.
fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()?;
    percent_decode_str(value).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}
