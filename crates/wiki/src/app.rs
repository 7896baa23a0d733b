//! Foreign apps: namespaces of rooms, each with the keys by which its backend vouches for people.

use std::fmt;

use weft_access::action::Administer;
use weft_access::{Allowed, Refused};
use weft_ids::{AppKeyId, AppName};

use crate::error::{Field, WikiError};
use crate::text::cleaned;
use crate::wiki::{SecretHash, Stamp, Wiki, dice, now};

mod stored;

/// The most apps of one server.
pub const APPS_MAX: usize = 200;
/// The longest title of an app, in characters.
pub const APP_TITLE_CHARACTERS_MAX: usize = 64;
/// The most origins of one app.
pub const APP_ORIGINS_MAX: usize = 20;
/// The longest origin, in bytes: a scheme, a host name (253) and a port.
pub const APP_ORIGIN_BYTES_MAX: usize = 270;
/// The most keys of one app: every one of them is tried on every token.
pub const APP_KEYS_MAX: usize = 4;

/// With what an app's tokens are checked.
#[derive(Clone, PartialEq, Eq)]
pub enum Signs {
    /// A secret that the app shares with the server.
    Secret {
        /// The secret, sealed.
        sealed: Vec<u8>,
        /// Its hash, by which the app's backend is known when it shows it.
        hash: SecretHash,
    },
    /// The app's public key (Ed25519).
    Public([u8; 32]),
}

impl fmt::Debug for Signs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret { .. } => "Secret(..)",
            Self::Public(_) => "Public(..)",
        })
    }
}

/// One key of an app. What was signed with it holds as long as the app has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppKey {
    /// Its id.
    pub id: AppKeyId,
    /// The key.
    pub signs: Signs,
    /// When and by whom it was added.
    pub made: Stamp,
}

/// A foreign app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignApp {
    /// What its rooms' names begin with.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// With what its tokens are checked, the oldest first. Without one nothing opens its rooms.
    pub keys: Vec<AppKey>,
    /// The web pages, by origin, from which its rooms may be opened.
    pub origins: Vec<String>,
    /// When and by whom it was registered.
    pub made: Stamp,
}

impl ForeignApp {
    fn add_key(&mut self, proof: &Allowed<Administer>, signs: Signs) -> Result<(), WikiError> {
        if self.keys.len() >= APP_KEYS_MAX {
            return Err(WikiError::TooMany { what: "keys of one app", max: APP_KEYS_MAX });
        }
        if self.keys.iter().any(|known| known.signs == signs) {
            return Err(WikiError::Taken(Field::Key));
        }
        let made = Stamp { at: now(), by: proof.by().cloned() };
        self.keys.push(AppKey { id: AppKeyId::random(dice()), signs, made });
        Ok(())
    }
}

/// What is to be different about an app; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AppChange {
    /// What people call it.
    pub title: Option<String>,
    /// The web pages from which its rooms may be opened.
    pub origins: Option<Vec<String>>,
}

impl Wiki {
    /// An app, if one has that name.
    #[must_use]
    pub fn app(&self, name: &AppName) -> Option<ForeignApp> {
        self.model().apps.get(name).cloned()
    }

    /// Whether an app has that name.
    #[must_use]
    pub fn is_app(&self, name: &AppName) -> bool {
        self.model().apps.get(name).is_some()
    }

    /// Whether there is any app.
    #[must_use]
    pub fn has_apps(&self) -> bool {
        self.model().apps.len() > 0
    }

    /// The app whose backend shows the secret with this hash.
    #[must_use]
    pub fn app_by_secret(&self, secret: &SecretHash) -> Option<AppName> {
        self.model().by_app_secret.get(secret).cloned()
    }

    /// Whether an app has that key, and `page` (an origin, lower case) may open its rooms, if a page is meant.
    #[must_use]
    pub fn app_vouches(&self, name: &AppName, key: &AppKeyId, page: Option<&str>) -> bool {
        let model = self.model();
        model.apps.get(name).is_some_and(|app| {
            app.keys.iter().any(|known| known.id == *key)
                && page.is_none_or(|page| app.origins.iter().any(|known| known == page))
        })
    }

    /// Whether some app's rooms may be opened from web pages of this origin (lower case).
    #[must_use]
    pub fn is_app_origin(&self, origin: &str) -> bool {
        self.model().apps.iter().any(|app| app.origins.iter().any(|known| known == origin))
    }

    /// All apps, by name.
    #[must_use]
    pub fn apps(&self, _proof: &Allowed<Administer>) -> Vec<ForeignApp> {
        self.all_apps()
    }

    /// All apps, by name, for the server itself.
    #[must_use]
    pub fn all_apps(&self) -> Vec<ForeignApp> {
        let mut apps: Vec<ForeignApp> = self.model().apps.iter().cloned().collect();
        apps.sort_by(|a, b| a.name.cmp(&b.name));
        apps
    }

    /// Registers an app. From then on rooms with its name need a token of it, also those that are there already.
    ///
    /// # Errors
    /// [`WikiError::Taken`], [`WikiError::Invalid`], [`WikiError::TooMany`] and those of the store.
    pub async fn make_app(
        &self,
        proof: &Allowed<Administer>,
        name: AppName,
        title: &str,
        signs: Signs,
        origins: Vec<String>,
    ) -> Result<ForeignApp, WikiError> {
        let turn = self.turn().await;
        if self.is_app(&name) {
            return Err(WikiError::Taken(Field::App));
        }
        if self.model().apps.len() >= APPS_MAX {
            return Err(WikiError::TooMany { what: "apps", max: APPS_MAX });
        }
        let mut app = ForeignApp {
            name,
            title: cleaned(Field::Name, title, APP_TITLE_CHARACTERS_MAX)?,
            keys: Vec::new(),
            origins: few(origins)?,
            made: Stamp { at: now(), by: proof.by().cloned() },
        };
        app.add_key(proof, signs)?;
        self.put(&turn, app.clone()).await?;
        Ok(app)
    }

    /// Names an app otherwise, or says anew from which pages its rooms may be opened.
    ///
    /// # Errors
    /// [`WikiError::Invalid`], [`WikiError::TooMany`] and those of the store.
    pub async fn change_app(
        &self,
        _proof: &Allowed<Administer>,
        name: &AppName,
        change: AppChange,
    ) -> Result<ForeignApp, WikiError> {
        let turn = self.turn().await;
        let mut app = self.app(name).ok_or(Refused::Hidden)?;
        if let Some(title) = change.title {
            app.title = cleaned(Field::Name, &title, APP_TITLE_CHARACTERS_MAX)?;
        }
        if let Some(origins) = change.origins {
            app.origins = few(origins)?;
        }
        self.put(&turn, app.clone()).await?;
        Ok(app)
    }

    /// Gives an app one more key. Those that it has go on to hold.
    ///
    /// # Errors
    /// [`WikiError::Taken`] if it has this very key, [`WikiError::TooMany`] and those of the store.
    pub async fn add_app_key(
        &self,
        proof: &Allowed<Administer>,
        name: &AppName,
        signs: Signs,
    ) -> Result<ForeignApp, WikiError> {
        let turn = self.turn().await;
        let mut app = self.app(name).ok_or(Refused::Hidden)?;
        app.add_key(proof, signs)?;
        self.put(&turn, app.clone()).await?;
        Ok(app)
    }

    /// Takes a key away from an app: what was signed with it opens nothing any more, and what it opened is closed.
    ///
    /// # Errors
    /// [`Refused::Hidden`] if there is no such app or key, and those of the store.
    pub async fn remove_app_key(
        &self,
        _proof: &Allowed<Administer>,
        name: &AppName,
        key: &AppKeyId,
    ) -> Result<ForeignApp, WikiError> {
        let turn = self.turn().await;
        let mut app = self.app(name).ok_or(Refused::Hidden)?;
        let at = app.keys.iter().position(|known| known.id == *key).ok_or(Refused::Hidden)?;
        app.keys.remove(at);
        self.put(&turn, app.clone()).await?;
        Ok(app)
    }

    /// Ends an app: its tokens open nothing any more. Its rooms stay, as rooms that are nobody's. Answers what it was.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove_app(
        &self,
        _proof: &Allowed<Administer>,
        name: &AppName,
    ) -> Result<ForeignApp, WikiError> {
        let turn = self.turn().await;
        let app = self.app(name).ok_or(Refused::Hidden)?;
        self.remove::<ForeignApp>(&turn, name.clone()).await?;
        Ok(app)
    }
}

fn few(mut origins: Vec<String>) -> Result<Vec<String>, WikiError> {
    origins.sort_unstable();
    origins.dedup();
    if origins.len() > APP_ORIGINS_MAX {
        return Err(WikiError::TooMany { what: "origins of one app", max: APP_ORIGINS_MAX });
    }
    if origins.iter().any(|origin| origin.len() > APP_ORIGIN_BYTES_MAX) {
        let why = format!("an origin has at most {APP_ORIGIN_BYTES_MAX} bytes");
        return Err(WikiError::invalid(Field::Origins, why));
    }
    Ok(origins)
}
