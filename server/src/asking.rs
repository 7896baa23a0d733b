//! Who is asking: what a request or a socket shows, and who that makes them at this moment.
//!
//! What is shown stays the same while a socket is open; who it makes them does not. So a socket keeps the
//! [`Credentials`] and asks again for the [`Subject`] when rights have moved.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use percent_encoding::percent_decode_str;
use weft_access::{AppClaim, Refused, Rooms, Subject};
use weft_ids::{AppKeyId, AppName, SignInId, TokenId, UserId};
use weft_wiki::member::{Keyed, SignedIn};
use weft_wiki::{SecretHash, Wiki};

use crate::app::App;
use crate::auth::app_token::{self, Access, AppToken, LIFE_SECONDS_MAX, TokenError};
use crate::auth::cookie::{self, Purpose};
use crate::auth::secret::{Kind, Secret};
use crate::http::error::ApiError;
use crate::http::guard::{is_own_page, origin_allowed};
use crate::peer;

/// The header by which a page shows the public link that it was opened with.
const SHARE: &str = "weft-share";

/// What the names of cookies have in them that prove that a share's password was given.
const UNLOCK: &[u8] = b"weft-share-";

/// Why the token of an app opens nothing, although it holds.
const ELSEWHERE: &str = "the app's token is for other rooms, or the page that shows it is none of the app's";

/// What somebody shows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Credentials {
    local: bool,
    /// The key of whoever runs the server, from its data directory.
    operator: bool,
    sign_in: Option<SecretHash>,
    /// A person's key for programs.
    key: Option<SecretHash>,
    /// The secret of an app, shown by its backend.
    backend: Option<SecretHash>,
    /// What an app vouches for.
    vouched: Option<Arc<Vouched>>,
    /// Why the token of an app opens nothing.
    trouble: Option<TokenError>,
    /// The web page that asks, by its origin, where it is of neither this server nor this machine.
    page: Option<Arc<str>>,
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

/// What an app vouches for, by a token that held when it was shown.
#[derive(Debug)]
struct Vouched {
    claim: Arc<AppClaim>,
    /// The key that it was signed with. When the app has it no more, the token is worth nothing.
    key: AppKeyId,
    /// Until when the token opens something more, in seconds since 1970.
    opens_until: u64,
    /// Until when what it opened may stay open: a client that shows the same token whenever it connects would
    /// otherwise be thrown out in the middle of a word.
    stays_until: u64,
}

impl Credentials {
    /// What a request with these parts shows.
    pub(crate) fn of(app: &App, extensions: &Extensions, headers: &HeaderMap, uri: &Uri) -> Self {
        let settings = &*app.settings;
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
        // A page of an app's site may be open on this very machine, and is no program of it.
        let foreign = !origin_allowed(headers, settings);
        let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
        let credentials = Self {
            local: peer::is_local(extensions, headers) && !foreign,
            operator: app.token.opens(headers),
            sign_in: sign_in.map(|secret| hash(&secret)),
            key: None,
            backend: None,
            vouched: None,
            trouble: None,
            page: foreign.then(|| origin.unwrap_or_default().to_ascii_lowercase().into()),
            share: shown.and_then(|text| Secret::parse(Kind::Share, &text)),
            unlocks,
            scheme,
        };
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
        match bearer.or_else(|| parameter(uri, "token")) {
            Some(token) => credentials.with_token(app, &token),
            None => credentials,
        }
    }

    /// What else a document's own authentication shows: the secret of a public link, a person's key, or what an app
    /// signed.
    pub(crate) fn with_token(&self, app: &App, text: &str) -> Self {
        let mut credentials = self.clone();
        // What ended while the socket was open opens nothing more.
        credentials.vouched = credentials.vouched.filter(|vouched| now_seconds() < vouched.opens_until);
        if let Some(key) = Secret::parse(Kind::Token, text) {
            credentials.key = Some(hash(&key));
        } else if let Some(share) = Secret::parse(Kind::Share, text) {
            credentials.share = Some(share);
        } else if let Some(backend) = Secret::parse(Kind::App, text) {
            credentials.backend = Some(hash(&backend));
        } else {
            match vouched(app, text) {
                Some(Ok(vouched)) => {
                    credentials.vouched = Some(Arc::new(vouched));
                    credentials.trouble = None;
                }
                Some(Err(why)) => credentials.trouble = Some(why),
                None => {}
            }
        }
        credentials
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
        let (link, app) = (self.link(wiki), self.claim(wiki));
        (Subject { local: self.local, operator: self.operator, person, link, app }, by)
    }

    /// The app whose backend asks.
    pub(crate) fn backend(&self, wiki: &Wiki) -> Option<AppName> {
        wiki.app_by_secret(self.backend.as_ref()?)
    }

    /// A refusal in words that whoever shows this can use: of an app's token they say what is wrong with it.
    pub(crate) fn why(&self, refused: Refused) -> String {
        self.wrong_with_token(refused).unwrap_or_else(|| refused.to_string())
    }

    /// The same as an answer.
    pub(crate) fn refusal(&self, refused: Refused) -> ApiError {
        let error = ApiError::from(refused);
        match self.wrong_with_token(refused) {
            Some(why) => error.saying(why),
            None => error,
        }
    }

    fn wrong_with_token(&self, refused: Refused) -> Option<String> {
        match (&self.trouble, &self.vouched) {
            _ if refused != Refused::SignIn => None,
            (Some(trouble), _) => Some(trouble.to_string()),
            (None, Some(_)) => Some(ELSEWHERE.to_owned()),
            (None, None) => None,
        }
    }

    /// What their app vouches for, while the app has the key that was signed with, and takes the page that asks.
    fn claim(&self, wiki: &Wiki) -> Option<Arc<AppClaim>> {
        let vouched = self.vouched.as_ref().filter(|vouched| now_seconds() < vouched.stays_until)?;
        let holds = wiki.app_vouches(&vouched.claim.app, &vouched.key, self.page.as_deref());
        holds.then(|| vouched.claim.clone())
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

/// What a token says that an app of this server signed, or why it holds not; `None`: it is no app's.
fn vouched(app: &App, text: &str) -> Option<Result<Vouched, TokenError>> {
    let name = AppName::new(&app_token::claimed_app(text)?)?;
    let now = now_seconds();
    let mut why = TokenError::NoKey;
    for key in app.wiki.app(&name)?.keys {
        let Some(checks) = app.app_key(&name, &key) else { continue };
        match app_token::verify(&checks, name.as_str(), text, now) {
            Ok(token) => return Some(Ok(Vouched::new(name, key.id, token, now))),
            Err(error) if error.says() > why.says() => why = error,
            Err(_) => {}
        }
    }
    tracing::debug!(app = name.as_str(), %why, "an app's token opens nothing");
    Some(Err(why))
}

impl Vouched {
    fn new(app: AppName, key: AppKeyId, token: AppToken, now: u64) -> Self {
        let user = token.user.unwrap_or_default();
        let rooms = match token.rooms {
            app_token::Rooms::Room(room) => Rooms::One(room.into()),
            app_token::Rooms::Prefix(prefix) => Rooms::Below(prefix.into()),
        };
        let claim = AppClaim {
            rooms,
            write: token.access == Access::Write,
            // Two apps may call their users alike, and neither of them is anybody of this wiki.
            user: user.id.and_then(|id| UserId::new(&format!("{app}:{id}"))),
            name: user.name.map(Arc::from),
            color: user.color.map(Arc::from),
            app,
        };
        Self {
            claim: Arc::new(claim),
            key,
            opens_until: token.holds_until,
            stays_until: now + LIFE_SECONDS_MAX,
        }
    }
}

/// What the clock says, in seconds since 1970.
pub(crate) fn now_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
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
