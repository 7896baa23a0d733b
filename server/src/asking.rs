//! Who is asking: what a request or a socket shows, and who that makes them at this moment.
//!
//! What is shown stays the same while a socket is open; who it makes them does not. So a socket keeps the
//! [`Credentials`] and asks again for the [`Subject`] when rights have moved.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::http::{Extensions, HeaderMap, HeaderValue, Uri, header};
use percent_encoding::percent_decode_str;
use weft_access::{AppClaim, Rooms, Subject};
use weft_ids::{AppName, UserId};
use weft_wiki::app::AppKey;
use weft_wiki::member::{Keyed, SignedIn};
use weft_wiki::{SecretHash, Wiki};

use crate::app::App;
use crate::auth::app_token::{self, Access};
use crate::auth::cookie::{self, Purpose};
use crate::auth::secret::{Kind, Secret};
use crate::http::guard::{is_own_page, origin_allowed};
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
    /// What an app vouches for.
    app: Option<Arc<Vouched>>,
    share: Option<Secret>,
    /// What proves that a share's password was given, as the browser's cookies hold it.
    unlocks: HeaderMap,
    scheme: cookie::Scheme,
}

/// What an app vouches for, by a token whose signature was found to be right.
#[derive(Debug)]
struct Vouched {
    claim: Arc<AppClaim>,
    /// By which key. With another key of the app the token is worth nothing.
    key: AppKey,
    /// When the token ends, in seconds since 1970.
    expires: u64,
}

impl Credentials {
    /// What a request with these parts shows.
    pub(crate) fn of(app: &App, extensions: &Extensions, headers: &HeaderMap, uri: &Uri) -> Self {
        let settings = &*app.settings;
        let scheme = peer::scheme(settings, headers);
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
            // A page of an app's site may be open on this very machine, and is no program of it.
            local: peer::is_local(extensions, headers) && origin_allowed(headers, settings),
            operator: app.token.opens(headers),
            sign_in: sign_in.map(|secret| hash(&secret)),
            key: None,
            app: None,
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
        if let Some(key) = Secret::parse(Kind::Token, text) {
            credentials.key = Some(hash(&key));
        } else if let Some(share) = Secret::parse(Kind::Share, text) {
            credentials.share = Some(share);
        } else if let Some(vouched) = vouched(app, text) {
            credentials.app = Some(Arc::new(vouched));
        }
        credentials
    }

    /// Who that makes them now. A key that is shown counts instead of the browser's cookie: whoever sends one wants what
    /// it may, no more.
    pub(crate) fn subject(&self, wiki: &Wiki) -> Subject {
        let person = match &self.key {
            Some(_) => self.keyed(wiki).map(|keyed| keyed.person),
            None => self.signed_in(wiki).map(|signed_in| signed_in.person),
        };
        let (link, app) = (self.link(wiki), self.claim(wiki));
        Subject { local: self.local, operator: self.operator, person, link, app }
    }

    /// The sign-in by whose cookie they are here.
    pub(crate) fn signed_in(&self, wiki: &Wiki) -> Option<SignedIn> {
        self.sign_in.as_ref().filter(|_| self.key.is_none()).and_then(|secret| wiki.signed_in(secret))
    }

    /// The key by which they are here.
    pub(crate) fn keyed(&self, wiki: &Wiki) -> Option<Keyed> {
        wiki.keyed(self.key.as_ref()?)
    }

    /// What their app vouches for, while the token holds and the app has the key that it was signed with.
    fn claim(&self, wiki: &Wiki) -> Option<Arc<AppClaim>> {
        let vouched = self.app.as_ref().filter(|vouched| now_seconds() < vouched.expires)?;
        let app = wiki.app(&vouched.claim.app).filter(|app| app.key == vouched.key);
        app.map(|_| vouched.claim.clone())
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

/// What a token says, if an app of this server signed it.
fn vouched(app: &App, text: &str) -> Option<Vouched> {
    let name = AppName::new(&app_token::claimed_app(text)?)?;
    let key = app.wiki.app(&name)?.key;
    let token = match app_token::verify(&app.app_key(&name, &key)?, name.as_str(), text, now_seconds()) {
        Ok(token) => token,
        Err(why) => {
            tracing::debug!(app = name.as_str(), %why, "an app's token opens nothing");
            return None;
        }
    };
    let user = token.user.unwrap_or_default();
    let rooms = match token.rooms {
        app_token::Rooms::Room(room) => Rooms::One(room.into()),
        app_token::Rooms::Prefix(prefix) => Rooms::Below(prefix.into()),
    };
    let claim = AppClaim {
        rooms,
        write: token.access == Access::Write,
        // Two apps may call their users alike, and neither of them is anybody of this wiki.
        user: user.id.and_then(|id| UserId::new(&format!("{name}:{id}"))),
        name: user.name.map(Arc::from),
        color: user.color.map(Arc::from),
        app: name,
    };
    Some(Vouched { claim: Arc::new(claim), key, expires: token.expires })
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
