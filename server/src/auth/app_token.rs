//! Tokens of foreign apps: what an app says one of its users may do, signed with the app's key (a JWT).
//!
//! An app either shares a secret with Weft (HS256; then Weft can issue tokens for it) or keeps its own key and gives
//! Weft the public half (EdDSA). The kind of the key decides the algorithm, never the token.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use weft_ids::{APP_NAME_CHARACTERS_MAX, DOC_ID_BYTES_MAX};
use zeroize::Zeroizing;

/// Whom tokens are for: a token made for another service opens nothing here.
const AUDIENCE: &str = "weft";
/// The longest token that is read.
pub(crate) const TOKEN_BYTES_MAX: usize = 8 * 1024;
/// How far ahead a token may end: what is leaked opens nothing for longer.
pub(crate) const LIFE_SECONDS_MAX: u64 = 24 * 3600;
/// How far the clock of the app's server may be off.
const SKEW_SECONDS: u64 = 60;
/// The most bytes of a room's name, or of the beginning of one, with its app's before it.
const ROOM_BYTES_MAX: usize = DOC_ID_BYTES_MAX;
/// The most bytes of a user's id: with the longest app's name before it, the log takes it.
const USER_ID_BYTES_MAX: usize = weft_ids::USER_ID_BYTES_MAX - APP_NAME_CHARACTERS_MAX - 1;
/// The most characters of a user's name.
const USER_NAME_CHARACTERS_MAX: usize = 128;

/// With what an app signs. `Debug` shows the kind alone.
#[derive(Clone)]
pub(crate) enum Key {
    /// HS256: both sides know it, so it is stored sealed. What is signed with is the text, as a backend has it in its
    /// settings.
    Shared(Zeroizing<Vec<u8>>),
    /// EdDSA: the app's public key.
    Public([u8; 32]),
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared(_) => "Key::Shared(..)",
            Self::Public(_) => "Key::Public(..)",
        })
    }
}

/// Why something is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no Ed25519 public key; give the 43 characters of base64url that a JWK has as x")]
pub(crate) struct NoPublicKey;

/// The app's Ed25519 public key, in base64url as a JWK has it.
///
/// # Errors
/// [`NoPublicKey`], also for the few points with which anybody could sign anything.
pub(crate) fn public_key(x: &str) -> Result<[u8; 32], NoPublicKey> {
    let mut key = [0; 32];
    let read = URL_SAFE_NO_PAD.decode_slice(x, &mut key);
    let point = VerifyingKey::from_bytes(&key).ok().filter(|point| !point.is_weak());
    if read == Ok(key.len()) && point.is_some() { Ok(key) } else { Err(NoPublicKey) }
}

/// As a JWK has it.
pub(crate) fn public_key_text(key: &[u8; 32]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

impl Key {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Shared(_) => Algorithm::HS256,
            Self::Public(_) => Algorithm::EdDSA,
        }
    }
}

/// Which rooms of its app a token opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Rooms {
    /// This one. Its document is `<app>/<room>`.
    Room(String),
    /// All whose names begin so; with an empty beginning, all.
    Prefix(String),
}

/// What a token lets its bearer do in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Access {
    Read,
    Write,
}

/// Who the app says its user is, for presence and history.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// `#rrggbb`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) color: Option<String>,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AppToken {
    pub(crate) rooms: Rooms,
    pub(crate) access: Access,
    pub(crate) user: Option<User>,
    /// From when on it opens nothing, in seconds since 1970, by the clock of this server.
    pub(crate) holds_until: u64,
}

/// A token that is to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wish {
    pub(crate) app: String,
    pub(crate) rooms: Rooms,
    pub(crate) access: Access,
    pub(crate) user: Option<User>,
    /// When it is to end, in seconds since 1970.
    pub(crate) expires: u64,
}

/// The claims as they stand in a token. Others may stand beside them.
#[derive(Serialize, Deserialize)]
struct Claims {
    aud: Audience,
    exp: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    nbf: Option<u64>,
    app: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    access: Access,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<User>,
}

/// One name or a list of them; which, is checked by the library.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Why a token opens nothing, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token is longer than {TOKEN_BYTES_MAX} bytes; put less into it")]
    TooLong,
    #[error(
        "the token cannot be read: {0}; it must be a JWT with the claims aud, exp, app, room or prefix, and access"
    )]
    Unreadable(String),
    #[error(
        "the token is signed with another algorithm than the app's key has; sign with HS256 for a shared secret, with EdDSA for a public key"
    )]
    Algorithm,
    #[error("the token's signature is wrong; sign it with the key that is registered for the app")]
    Signature,
    #[error("the token is for somebody else; its claim aud must be \"weft\"")]
    Audience,
    #[error("the token has ended; ask the app for a new one")]
    Expired,
    #[error("the token ends too far ahead; let it end within 24 hours")]
    TooLasting,
    #[error("the token is not valid yet; check the clock of the server that made it")]
    NotYet,
    #[error("the token is of another app")]
    OtherApp,
    #[error("the app has no key; add one where its admins look after it")]
    NoKey,
    #[error(
        "the token must name a room or a prefix, not both, without NUL and with the app's name before it of at most {ROOM_BYTES_MAX} bytes"
    )]
    Rooms,
    #[error(
        "the token's user needs an id of 1 to {USER_ID_BYTES_MAX} bytes, a name of 1 to {USER_NAME_CHARACTERS_MAX} characters and a color such as #3366cc, as far as it has them"
    )]
    User,
    #[error("the app signs its tokens itself; Weft has only its public key")]
    NotOurs,
}

impl TokenError {
    /// How much it says of a token that each of an app's keys was tried on: most where the signature was right.
    pub(crate) fn says(&self) -> u8 {
        match self {
            Self::NoKey => 0,
            Self::Algorithm => 1,
            Self::Signature => 2,
            _ => 3,
        }
    }
}

/// The app that a token says it is of, to find the key that it must be checked with. Not verified.
pub(crate) fn claimed_app(token: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct App {
        app: String,
    }
    if token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    jsonwebtoken::dangerous::insecure_decode::<App>(token).ok().map(|data| data.claims.app)
}

/// Signs a token with the app's shared secret. `now` is in seconds since 1970.
///
/// # Errors
/// [`TokenError`], when what it says could not be verified afterwards.
pub(crate) fn issue(key: &Key, wish: &Wish, now: u64) -> Result<String, TokenError> {
    let Key::Shared(secret) = key else { return Err(TokenError::NotOurs) };
    let (room, prefix) = match wish.rooms.clone() {
        Rooms::Room(room) => (Some(room), None),
        Rooms::Prefix(prefix) => (None, Some(prefix)),
    };
    let claims = Claims {
        aud: Audience::One(AUDIENCE.to_owned()),
        exp: wish.expires,
        nbf: None,
        app: wish.app.clone(),
        room,
        prefix,
        access: wish.access,
        user: wish.user.clone(),
    };
    let signed =
        jsonwebtoken::encode(&Header::new(key.algorithm()), &claims, &EncodingKey::from_secret(secret))
            .map_err(|error| TokenError::Unreadable(error.to_string()))?;
    verify(key, &wish.app, &signed, now)?;
    Ok(signed)
}

/// What a token of `app` says, if it holds. `now` is in seconds since 1970.
///
/// # Errors
/// [`TokenError`] says why it does not.
pub(crate) fn verify(key: &Key, app: &str, token: &str, now: u64) -> Result<AppToken, TokenError> {
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::TooLong);
    }
    let mut validation = Validation::new(key.algorithm());
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "aud"]);
    // The library reads the machine's clock; the times are compared below with the one passed in.
    validation.validate_exp = false;
    let key = match key {
        Key::Shared(secret) => DecodingKey::from_secret(secret),
        Key::Public(key) => DecodingKey::from_ed_der(key),
    };
    let data =
        jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|error| match error.kind() {
            ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
            ErrorKind::InvalidSignature => TokenError::Signature,
            ErrorKind::InvalidAudience => TokenError::Audience,
            _ => TokenError::Unreadable(error.to_string()),
        })?;
    // What a token marks as critical must be understood, and nothing of that kind is.
    if data.header.crit.is_some() {
        return Err(TokenError::Unreadable("it has a critical header".to_owned()));
    }
    data.claims.check(app, now)
}

impl Claims {
    fn check(self, app: &str, now: u64) -> Result<AppToken, TokenError> {
        let holds_until = self.exp.saturating_add(SKEW_SECONDS);
        if holds_until <= now {
            return Err(TokenError::Expired);
        }
        if self.exp > now.saturating_add(LIFE_SECONDS_MAX + SKEW_SECONDS) {
            return Err(TokenError::TooLasting);
        }
        if self.nbf.is_some_and(|nbf| nbf > now.saturating_add(SKEW_SECONDS)) {
            return Err(TokenError::NotYet);
        }
        if self.app != app {
            return Err(TokenError::OtherApp);
        }
        let is_name = |name: &str| app.len() + 1 + name.len() <= ROOM_BYTES_MAX && !name.contains('\0');
        let rooms = match (self.room, self.prefix) {
            (Some(room), None) if is_name(&room) && !room.is_empty() => Rooms::Room(room),
            (None, Some(prefix)) if is_name(&prefix) => Rooms::Prefix(prefix),
            _ => return Err(TokenError::Rooms),
        };
        if self.user.as_ref().is_some_and(|user| !user.is_well_formed()) {
            return Err(TokenError::User);
        }
        Ok(AppToken { rooms, access: self.access, user: self.user, holds_until })
    }
}

impl User {
    fn is_well_formed(&self) -> bool {
        let id = |id: &String| (1..=USER_ID_BYTES_MAX).contains(&id.len()) && !id.contains(char::is_control);
        let name = |name: &String| {
            (1..=USER_NAME_CHARACTERS_MAX).contains(&name.chars().count()) && !name.contains(char::is_control)
        };
        let color = |color: &String| {
            color
                .strip_prefix('#')
                .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|c| c.is_ascii_hexdigit()))
        };
        self.id.as_ref().is_none_or(id)
            && self.name.as_ref().is_none_or(name)
            && self.color.as_ref().is_none_or(color)
    }
}

#[cfg(test)]
mod tests;
