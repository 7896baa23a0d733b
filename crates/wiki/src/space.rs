//! Spaces: trees of pages with members.

use serde::{Deserialize, Serialize};
use weft_access::action::{Administer, MakeSpaces, ManageSpace};
use weft_access::{Allowed, Granted, Level, SpaceRules, Subject, Who, space_level};
use weft_ids::{GroupId, PageId, SpaceId, UserId};

use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::notice::{About, Kind};
use crate::page::Spot;
use crate::row::{Row, StoredStamp, Table, pack, unpack};
use crate::text::{cleaned, lines_cleaned, look};
use crate::wiki::{Stamp, Turn, Wiki, dice, now};

/// The longest name of a space, in characters.
pub const SPACE_NAME_CHARACTERS_MAX: usize = 80;
/// The longest slug, in characters.
pub const SLUG_CHARACTERS_MAX: usize = 40;
/// The longest description, in characters.
pub const DESCRIPTION_CHARACTERS_MAX: usize = 1_000;
/// The longest icon, in characters: an emoji may be a family of many.
pub const ICON_CHARACTERS_MAX: usize = 12;
/// The most spaces of one server.
pub const SPACES_MAX: usize = 2_000;
/// The most people and groups to whom something is granted in one space, or on one page.
pub const GRANTED_MAX: usize = 500;
/// First words of addresses that mean something else.
pub const SLUGS_RESERVED: &[&str] = &[
    "admin", "api", "app", "assets", "invite", "live", "metrics", "page", "ready", "reset", "room", "s",
    "settings", "setup", "sign-in", "ws",
];

/// A tree of pages with members.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Space {
    /// Its id.
    pub id: SpaceId,
    /// Its word in addresses.
    pub slug: String,
    /// What it is called.
    pub name: String,
    /// An emoji.
    pub icon: Option<String>,
    /// What it is for.
    pub description: String,
    /// Who may what in it.
    pub rules: SpaceRules,
    /// When and by whom it was made.
    pub created: Stamp,
}

/// What a new space is to be.
#[derive(Debug, Clone, Default)]
pub struct NewSpace {
    /// What it is called.
    pub name: String,
    /// Its word in addresses; `None`: made from the name.
    pub slug: Option<String>,
    /// An emoji.
    pub icon: Option<String>,
    /// What it is for.
    pub description: String,
    /// What every member of the server may in it; `None`: it is private.
    pub members: Option<Level>,
}

/// What is to be different about a space; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct SpaceChange {
    /// What it is called.
    pub name: Option<String>,
    /// Its word in addresses.
    pub slug: Option<String>,
    /// An emoji; `Some(None)`: none.
    pub icon: Option<Option<String>>,
    /// What it is for.
    pub description: Option<String>,
    /// What every member of the server may in it; `Some(None)`: it is private.
    pub members: Option<Option<Level>>,
}

impl Wiki {
    /// A space, if there is one with that id.
    #[must_use]
    pub fn space(&self, id: &SpaceId) -> Option<Space> {
        self.model().spaces.get(id).cloned()
    }

    /// The space with that word in its addresses.
    #[must_use]
    pub fn space_by_slug(&self, slug: &str) -> Option<Space> {
        let model = self.model();
        model.spaces.get(model.by_slug.get(slug)?).cloned()
    }

    /// The spaces that somebody may see, each with what they may in it, by name.
    #[must_use]
    pub fn spaces_of(&self, subject: &Subject) -> Vec<(Space, Level)> {
        let model = self.model();
        let seen = |space: &Space| Some((space.clone(), space_level(subject, &space.rules)?));
        let mut spaces: Vec<(Space, Level)> = model.spaces.iter().filter_map(seen).collect();
        spaces.sort_by_cached_key(|(space, _)| (space.name.to_lowercase(), space.id.clone()));
        spaces
    }

    /// Every space, for those who look after the server; what stands in it stays hidden.
    #[must_use]
    pub fn spaces(&self, _proof: &Allowed<Administer>) -> Vec<Space> {
        let mut spaces: Vec<Space> = self.model().spaces.iter().cloned().collect();
        spaces.sort_by_cached_key(|space| (space.name.to_lowercase(), space.id.clone()));
        spaces
    }

    /// Makes a space; whoever makes it manages it.
    ///
    /// # Errors
    /// [`WikiError::Invalid`], [`WikiError::Taken`], [`WikiError::TooMany`] and those of the store.
    pub async fn make_space(&self, proof: &Allowed<MakeSpaces>, new: NewSpace) -> Result<Space, WikiError> {
        let turn = self.turn().await;
        let by = proof.by().cloned().ok_or(weft_access::Refused::SignIn)?;
        let granted = vec![Granted { who: Who::Person(by.clone()), level: Level::Manage }];
        let rules = SpaceRules { members: new.members, granted };
        self.add_space(&turn, new, rules, Some(by)).await
    }

    pub(crate) async fn add_space(
        &self,
        turn: &Turn<'_>,
        new: NewSpace,
        rules: SpaceRules,
        by: Option<UserId>,
    ) -> Result<Space, WikiError> {
        if self.model().spaces.len() >= SPACES_MAX {
            return Err(WikiError::TooMany { what: "spaces", max: SPACES_MAX });
        }
        let name = cleaned(Field::Name, &new.name, SPACE_NAME_CHARACTERS_MAX)?;
        let slug = match new.slug {
            Some(slug) => self.free_slug(&slug, None)?,
            None => self.slug_for(&name),
        };
        let space = Space {
            id: SpaceId::random(dice()),
            slug,
            name,
            icon: new.icon.map(|icon| icon_cleaned(&icon)).transpose()?,
            description: lines_cleaned(Field::Description, &new.description, DESCRIPTION_CHARACTERS_MAX)?,
            rules,
            created: Stamp { at: now(), by },
        };
        self.put(turn, space.clone()).await?;
        Ok(space)
    }

    /// Changes what a space is called, and whom it is open to.
    ///
    /// # Errors
    /// As [`Wiki::make_space`].
    pub async fn change_space(
        &self,
        proof: &Allowed<ManageSpace>,
        change: SpaceChange,
    ) -> Result<Space, WikiError> {
        let turn = self.turn().await;
        let mut space = self.space(proof.object()).ok_or(weft_access::Refused::Hidden)?;
        if let Some(name) = change.name {
            space.name = cleaned(Field::Name, &name, SPACE_NAME_CHARACTERS_MAX)?;
        }
        if let Some(slug) = change.slug {
            space.slug = self.free_slug(&slug, Some(&space.id))?;
        }
        if let Some(icon) = change.icon {
            space.icon = icon.map(|icon| icon_cleaned(&icon)).transpose()?;
        }
        if let Some(description) = change.description {
            space.description = lines_cleaned(Field::Description, &description, DESCRIPTION_CHARACTERS_MAX)?;
        }
        if let Some(members) = change.members {
            space.rules.members = members;
        }
        self.keep_a_manager(&space)?;
        self.put(&turn, space.clone()).await?;
        Ok(space)
    }

    /// Grants somebody a level in a space, or with `None` takes what was granted.
    ///
    /// # Errors
    /// [`WikiError::LastManager`], [`WikiError::TooMany`], [`weft_access::Refused::Hidden`] when there is no such person
    /// or group, and those of the store.
    pub async fn grant_in_space(
        &self,
        proof: &Allowed<ManageSpace>,
        who: &Who,
        level: Option<Level>,
    ) -> Result<Space, WikiError> {
        let turn = self.turn().await;
        let mut space = self.space(proof.object()).ok_or(weft_access::Refused::Hidden)?;
        if level.is_some() {
            self.check_who(who)?;
        }
        let is_new = level.is_some() && space.rules.granted.iter().all(|known| known.who != *who);
        set_granted(&mut space.rules.granted, who, level)?;
        self.keep_a_manager(&space)?;
        self.put(&turn, space.clone()).await?;
        if is_new {
            let (new, about) = (self.people_behind(who), About::Space(space.id.clone()));
            self.tell_people(&turn, &new, Kind::SpaceGranted, &about, proof.by()).await?;
        }
        Ok(space)
    }

    /// Makes whoever looks after the server a manager of a space whose managers are gone, or do not answer.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take_space_over(
        &self,
        proof: &Allowed<Administer>,
        id: &SpaceId,
    ) -> Result<Space, WikiError> {
        let turn = self.turn().await;
        let by = proof.by().cloned().ok_or(weft_access::Refused::SignIn)?;
        let mut space = self.space(id).ok_or(weft_access::Refused::Hidden)?;
        set_granted(&mut space.rules.granted, &Who::Person(by), Some(Level::Manage))?;
        self.put(&turn, space.clone()).await?;
        Ok(space)
    }

    /// Removes a space with all its pages. `name` is what it is called, as whoever does it typed it.
    ///
    /// # Errors
    /// [`WikiError::Invalid`] when the name is another, and those of the store: what is gone by then stays gone, and
    /// doing it again goes on.
    pub async fn remove_space(&self, proof: &Allowed<ManageSpace>, name: &str) -> Result<Space, WikiError> {
        let turn = self.turn().await;
        let space = self.space(proof.object()).ok_or(weft_access::Refused::Hidden)?;
        if cleaned(Field::Name, name, SPACE_NAME_CHARACTERS_MAX)? != space.name {
            return Err(WikiError::invalid(Field::Name, "this is not what the space is called"));
        }
        let pages: Vec<PageId> = {
            let model = self.model();
            model.lying(&Spot::Top(space.id.clone())).flat_map(|page| model.subtree(page)).collect()
        };
        // What lies deepest goes first, so that nothing is left without a way to the top.
        for page in pages.iter().rev() {
            self.destroy(&turn, page).await?;
        }
        self.remove::<Space>(&turn, space.id.clone()).await?;
        Ok(space)
    }

    /// That somebody can still manage a space: a person who can come in, or those who look after the server.
    fn keep_a_manager(&self, space: &Space) -> Result<(), WikiError> {
        let model = self.model();
        let comes_in =
            |user: &UserId| model.people.get(user).is_some_and(|person| person.suspended.is_none());
        let managed =
            space.rules.granted.iter().filter(|one| one.level == Level::Manage).any(|one| match &one.who {
                Who::Person(user) => comes_in(user),
                Who::Group(group) => {
                    model.groups.get(group).is_some_and(|group| group.people.iter().any(comes_in))
                }
            });
        if managed || space.rules.members.is_some() { Ok(()) } else { Err(WikiError::LastManager) }
    }

    pub(crate) fn check_who(&self, who: &Who) -> Result<(), WikiError> {
        let model = self.model();
        let known = match who {
            Who::Person(user) => model.people.get(user).is_some(),
            Who::Group(group) => model.groups.get(group).is_some(),
        };
        if known { Ok(()) } else { Err(WikiError::invalid(Field::Who, "there is no such person or group")) }
    }

    fn free_slug(&self, slug: &str, own: Option<&SpaceId>) -> Result<String, WikiError> {
        let slug = cleaned(Field::Slug, slug, SLUG_CHARACTERS_MAX)?.to_lowercase();
        if slug != slug_of(&slug) {
            let why = "a space's address has letters, digits and single dashes between them";
            return Err(WikiError::invalid(Field::Slug, why));
        }
        if self.is_taken(&slug, own) { Err(WikiError::Taken(Field::Slug)) } else { Ok(slug) }
    }

    fn is_taken(&self, slug: &str, own: Option<&SpaceId>) -> bool {
        let look_of = look(slug);
        let model = self.model();
        let other = |space: &Space| Some(&space.id) != own && look(&space.slug) == look_of;
        SLUGS_RESERVED.iter().any(|reserved| look(reserved) == look_of) || model.spaces.iter().any(other)
    }

    /// A word for a space of that name that no other has.
    fn slug_for(&self, name: &str) -> String {
        let plain = slug_of(name);
        let plain = if plain.is_empty() { "space".to_owned() } else { plain };
        let numbered = |number: usize| if number == 1 { plain.clone() } else { with_number(&plain, number) };
        // One more than there are spaces and reserved words is free.
        let free =
            (1..=SPACES_MAX + SLUGS_RESERVED.len() + 1).map(numbered).find(|slug| !self.is_taken(slug, None));
        free.unwrap_or(plain)
    }
}

fn with_number(slug: &str, number: usize) -> String {
    let ending = format!("-{number}");
    let kept: String = slug.chars().take(SLUG_CHARACTERS_MAX - ending.len()).collect();
    format!("{}{ending}", kept.trim_end_matches('-'))
}

/// The letters and digits of a text, with single dashes for what stands between them: at most [`SLUG_CHARACTERS_MAX`]
/// characters, none if there is nothing of the kind in it.
#[must_use]
pub fn slug_of(text: &str) -> String {
    let mut slug = String::new();
    for c in text.to_lowercase().chars().take(4 * SLUG_CHARACTERS_MAX) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let cut: String = slug.chars().take(SLUG_CHARACTERS_MAX).collect();
    cut.trim_end_matches('-').to_owned()
}

/// An icon as it is kept.
pub(crate) fn icon_cleaned(icon: &str) -> Result<String, WikiError> {
    cleaned(Field::Icon, icon, ICON_CHARACTERS_MAX)
}

/// Sets or takes what is granted to one.
pub(crate) fn set_granted(
    granted: &mut Vec<Granted>,
    who: &Who,
    level: Option<Level>,
) -> Result<(), WikiError> {
    granted.retain(|one| one.who != *who);
    if let Some(level) = level {
        granted.push(Granted { who: who.clone(), level });
    }
    if granted.len() > GRANTED_MAX {
        return Err(WikiError::TooMany { what: "people and groups here", max: GRANTED_MAX });
    }
    Ok(())
}

/// A [`Granted`] as rows hold it.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredGranted {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    level: String,
}

impl From<&Granted> for StoredGranted {
    fn from(granted: &Granted) -> Self {
        let (person, group) = match &granted.who {
            Who::Person(user) => (Some(user.as_str().to_owned()), None),
            Who::Group(group) => (None, Some(group.as_str().to_owned())),
        };
        Self { person, group, level: granted.level.as_str().to_owned() }
    }
}

impl StoredGranted {
    pub(crate) fn read(&self) -> Option<Granted> {
        let who = match (&self.person, &self.group) {
            (Some(user), None) => Who::Person(UserId::new(user)?),
            (None, Some(group)) => Who::Group(GroupId::new(group)?),
            _ => return None,
        };
        Some(Granted { who, level: Level::read(&self.level)? })
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    slug: String,
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    description: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    members: Option<String>,
    granted: Vec<StoredGranted>,
    created: StoredStamp,
}

impl Row for Space {
    type Id = SpaceId;
    const NOUN: &'static str = "space";

    fn id(&self) -> SpaceId {
        self.id.clone()
    }

    fn word(id: &SpaceId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            slug: self.slug.clone(),
            name: self.name.clone(),
            icon: self.icon.clone(),
            description: self.description.clone(),
            members: self.rules.members.map(|level| level.as_str().to_owned()),
            granted: self.rules.granted.iter().map(StoredGranted::from).collect(),
            created: StoredStamp::from(&self.created),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let members = match &stored.members {
            Some(level) => Some(Level::read(level)?),
            None => None,
        };
        let granted = stored.granted.iter().map(StoredGranted::read).collect::<Option<_>>()?;
        Some(Self {
            id: SpaceId::new(&stored.id)?,
            slug: stored.slug,
            name: stored.name,
            icon: stored.icon,
            description: stored.description,
            rules: SpaceRules { members, granted },
            created: stored.created.into(),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.spaces
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_slug.remove(&before.slug);
        }
        if let Some(after) = after {
            model.by_slug.insert(after.slug.clone(), after.id.clone());
        }
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        match (before, after) {
            (_, Some(after)) => vec![Change::Space(after.id.clone())],
            (Some(before), None) => vec![Change::SpaceGone(before.id.clone())],
            (None, None) => Vec::new(),
        }
    }

    fn touches_rights(before: Option<&Self>, after: Option<&Self>) -> bool {
        before.is_some() && before.map(|space| &space.rules) != after.map(|space| &space.rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_keeps_letters_of_every_script_and_nothing_else() {
        for (name, slug) in [
            ("Team Handbook", "team-handbook"),
            ("  What?! Now… ", "what-now"),
            ("产品 设计", "产品-设计"),
            ("a--b", "a-b"),
            ("🙂", ""),
            ("ÜBER", "über"),
        ] {
            assert_eq!(slug_of(name), slug, "{name}");
        }
        assert_eq!(slug_of(&"x".repeat(500)).chars().count(), SLUG_CHARACTERS_MAX);
        assert_eq!(with_number(&"x".repeat(SLUG_CHARACTERS_MAX), 12).chars().count(), SLUG_CHARACTERS_MAX);
    }
}
