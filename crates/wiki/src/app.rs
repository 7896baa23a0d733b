//! Foreign apps: namespaces of rooms, each with the key by which its backend vouches for people.

use std::fmt;

use serde::{Deserialize, Serialize};
use weft_access::action::Administer;
use weft_access::{Allowed, Refused};
use weft_ids::AppName;

use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, StoredStamp, Table, pack, unpack};
use crate::text::cleaned;
use crate::wiki::{Stamp, Wiki, now};

/// The most apps of one server.
pub const APPS_MAX: usize = 200;
/// The longest title of an app, in characters.
pub const APP_TITLE_CHARACTERS_MAX: usize = 64;
/// The most origins of one app.
pub const APP_ORIGINS_MAX: usize = 20;

/// With what an app's tokens are checked.
#[derive(Clone, PartialEq, Eq)]
pub enum AppKey {
    /// A secret that the app shares with the server, sealed.
    Shared(Vec<u8>),
    /// The app's public key (Ed25519).
    Public([u8; 32]),
}

impl fmt::Debug for AppKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shared(_) => "AppKey::Shared(..)",
            Self::Public(_) => "AppKey::Public(..)",
        })
    }
}

/// A foreign app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignApp {
    /// What its rooms' names begin with.
    pub name: AppName,
    /// What people call it.
    pub title: String,
    /// With what its tokens are checked.
    pub key: AppKey,
    /// The web pages, by origin, from which its rooms may be opened.
    pub origins: Vec<String>,
    /// When and by whom it was registered.
    pub made: Stamp,
}

/// What is to be different about an app; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct AppChange {
    /// What people call it.
    pub title: Option<String>,
    /// With what its tokens are checked. What was signed with the key before opens nothing any more.
    pub key: Option<AppKey>,
    /// The web pages from which its rooms may be opened.
    pub origins: Option<Vec<String>>,
}

impl Wiki {
    /// An app, if one has that name.
    #[must_use]
    pub fn app(&self, name: &AppName) -> Option<ForeignApp> {
        self.model().apps.get(name).cloned()
    }

    /// Whether some app's rooms may be opened from web pages of this origin (lower case).
    #[must_use]
    pub fn is_app_origin(&self, origin: &str) -> bool {
        self.model().apps.iter().any(|app| app.origins.iter().any(|known| known == origin))
    }

    /// All apps, by name.
    #[must_use]
    pub fn apps(&self, _proof: &Allowed<Administer>) -> Vec<ForeignApp> {
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
        key: AppKey,
        origins: Vec<String>,
    ) -> Result<ForeignApp, WikiError> {
        let turn = self.turn().await;
        if self.app(&name).is_some() {
            return Err(WikiError::Taken(Field::App));
        }
        if self.model().apps.len() >= APPS_MAX {
            return Err(WikiError::TooMany { what: "apps", max: APPS_MAX });
        }
        let app = ForeignApp {
            name,
            title: cleaned(Field::Name, title, APP_TITLE_CHARACTERS_MAX)?,
            key,
            origins: few(origins)?,
            made: Stamp { at: now(), by: proof.by().cloned() },
        };
        self.put(&turn, app.clone()).await?;
        Ok(app)
    }

    /// Changes an app.
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
        if let Some(key) = change.key {
            app.key = key;
        }
        if let Some(origins) = change.origins {
            app.origins = few(origins)?;
        }
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
    Ok(origins)
}

#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shared: Option<Vec<u8>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    public: Option<[u8; 32]>,
    #[serde(default)]
    origins: Vec<String>,
    made: StoredStamp,
}

impl Row for ForeignApp {
    type Id = AppName;
    const NOUN: &'static str = "app";

    fn id(&self) -> AppName {
        self.name.clone()
    }

    fn word(id: &AppName) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let (shared, public) = match &self.key {
            AppKey::Shared(sealed) => (Some(sealed.clone()), None),
            AppKey::Public(key) => (None, Some(*key)),
        };
        let stored = Stored {
            name: self.name.as_str().to_owned(),
            title: self.title.clone(),
            shared,
            public,
            origins: self.origins.clone(),
            made: StoredStamp::from(&self.made),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let key = match (stored.shared, stored.public) {
            (Some(sealed), None) => AppKey::Shared(sealed),
            (None, Some(key)) => AppKey::Public(key),
            _ => return None,
        };
        Some(Self {
            name: AppName::new(&stored.name)?,
            title: stored.title,
            key,
            origins: stored.origins,
            made: stored.made.into(),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.apps
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }

    /// A new app takes rooms that were nobody's into its own.
    fn touches_rights(_before: Option<&Self>, _after: Option<&Self>) -> bool {
        true
    }
}
