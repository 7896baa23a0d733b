//! Who is asking.

use std::sync::Arc;

use weft_ids::{AppName, DocId, GroupId, PageId, UserId};

use crate::role::{Level, Role, Scope};

/// Who is asking, by everything they showed. The default showed nothing and came from another machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The connection comes from this machine itself, not through a proxy.
    pub local: bool,
    /// Whoever runs the server, at its command line: may with it what an owner may, and has no account.
    pub operator: bool,
    /// Who they proved to be.
    pub person: Option<Arc<Person>>,
    /// The public link they came by.
    pub link: Option<LinkClaim>,
    /// What a foreign app vouches for.
    pub app: Option<Arc<AppClaim>>,
}

/// Somebody with an account that is not suspended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their id.
    pub user: UserId,
    /// What they are called, as everybody sees it.
    pub name: Arc<str>,
    /// Their colour, `#rrggbb`.
    pub color: Arc<str>,
    /// What they are on this server.
    pub role: Role,
    /// The groups they are in.
    pub groups: Arc<[GroupId]>,
    /// How far what they showed reaches.
    pub scope: Scope,
}

/// A public link that holds: not revoked, not expired, its password given where it has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkClaim {
    /// The page it is to.
    pub page: PageId,
    /// Whether it reaches the pages below too.
    pub subtree: bool,
    /// [`Level::View`] or [`Level::Edit`].
    pub level: Level,
}

/// What a foreign app's backend signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppClaim {
    /// Which app.
    pub app: AppName,
    /// Which rooms of it.
    pub rooms: Rooms,
    /// Whether changes are allowed.
    pub write: bool,
    /// Who the app says it is, within the app: `<app>:<id>`.
    pub user: Option<UserId>,
    /// What the app says they are called.
    pub name: Option<Arc<str>>,
    /// Their colour, `#rrggbb`.
    pub color: Option<Arc<str>>,
}

/// Some rooms of an app, by their names below the app's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rooms {
    /// This one.
    One(Arc<str>),
    /// All whose names begin so; an empty beginning is all rooms of the app.
    Below(Arc<str>),
}

impl AppClaim {
    /// Whether it is for `doc`.
    #[must_use]
    pub fn covers(&self, doc: &DocId) -> bool {
        let Some((app, room)) = doc.as_str().split_once('/') else { return false };
        app == self.app.as_str()
            && match &self.rooms {
                Rooms::One(name) => room == &**name,
                Rooms::Below(beginning) => room.starts_with(&**beginning),
            }
    }
}

impl Subject {
    /// Somebody on this machine.
    #[must_use]
    pub fn local() -> Self {
        Self { local: true, ..Self::default() }
    }

    /// Whoever runs the server.
    #[must_use]
    pub fn operator() -> Self {
        Self { operator: true, ..Self::default() }
    }

    /// What they are on this server; `None`: nobody who is known.
    #[must_use]
    pub fn role(&self) -> Option<Role> {
        if self.operator { Some(Role::Owner) } else { self.person.as_ref().map(|person| person.role) }
    }

    /// The person's id, or the one an app gave them.
    #[must_use]
    pub fn user(&self) -> Option<&UserId> {
        let person = self.person.as_ref().map(|person| &person.user);
        person.or_else(|| self.app.as_ref().and_then(|app| app.user.as_ref()))
    }

    /// What they are called, where that is known for sure.
    #[must_use]
    pub fn name(&self) -> Option<&Arc<str>> {
        let person = self.person.as_ref().map(|person| &person.name);
        person.or_else(|| self.app.as_ref().and_then(|app| app.name.as_ref()))
    }

    /// The person, where what they showed reaches at least as far as `scope`.
    pub(crate) fn within(&self, scope: Scope) -> Option<&Person> {
        self.person.as_deref().filter(|person| person.scope >= scope)
    }
}
