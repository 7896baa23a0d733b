//! Groups of people.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use weft_access::action::{Administer, BeHere};
use weft_access::{Allowed, Who};
use weft_ids::{GroupId, UserId};

use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::text::{cleaned, look};
use crate::wiki::{Wiki, dice};

/// The longest name of a group, in characters.
pub const GROUP_NAME_CHARACTERS_MAX: usize = 64;
/// The most groups of one server.
pub const GROUPS_MAX: usize = 1_000;

/// People together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// What it is called.
    pub name: String,
    /// Who is in it.
    pub people: BTreeSet<UserId>,
}

impl Wiki {
    /// All groups, by name.
    #[must_use]
    pub fn groups(&self, _proof: &Allowed<BeHere>) -> Vec<Group> {
        let mut groups: Vec<Group> = self.model().groups.iter().cloned().collect();
        groups.sort_by_cached_key(|group| (group.name.to_lowercase(), group.id.clone()));
        groups
    }

    /// What a group is called.
    #[must_use]
    pub fn group_name(&self, id: &GroupId) -> Option<String> {
        self.model().groups.get(id).map(|group| group.name.clone())
    }

    /// Makes an empty group.
    ///
    /// # Errors
    /// [`WikiError::Invalid`], [`WikiError::Taken`], [`WikiError::TooMany`] and those of the store.
    pub async fn make_group(&self, _proof: &Allowed<Administer>, name: &str) -> Result<Group, WikiError> {
        let turn = self.turn().await;
        if self.model().groups.len() >= GROUPS_MAX {
            return Err(WikiError::TooMany { what: "groups", max: GROUPS_MAX });
        }
        let name = self.free_group_name(name, None)?;
        let group = Group { id: GroupId::random(dice()), name, people: BTreeSet::new() };
        self.put(&turn, group.clone()).await?;
        Ok(group)
    }

    /// Names a group otherwise, lets people in and out of it.
    ///
    /// # Errors
    /// As [`Wiki::make_group`]; a person or group that does not exist is refused.
    pub async fn change_group(
        &self,
        _proof: &Allowed<Administer>,
        id: &GroupId,
        name: Option<&str>,
        add: &[UserId],
        remove: &[UserId],
    ) -> Result<Group, WikiError> {
        let turn = self.turn().await;
        let mut group = self.model().groups.get(id).cloned().ok_or(weft_access::Refused::Hidden)?;
        if let Some(name) = name {
            group.name = self.free_group_name(name, Some(id))?;
        }
        for person in add {
            self.person(person).ok_or(weft_access::Refused::Hidden)?;
            group.people.insert(person.clone());
        }
        for person in remove {
            group.people.remove(person);
        }
        self.put(&turn, group.clone()).await?;
        Ok(group)
    }

    /// Removes a group, and with it what was granted to it. Answers what it was.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn remove_group(&self, _proof: &Allowed<Administer>, id: &GroupId) -> Result<Group, WikiError> {
        let turn = self.turn().await;
        let group = self.model().groups.get(id).cloned().ok_or(weft_access::Refused::Hidden)?;
        self.take_grants(&turn, &Who::Group(id.clone())).await?;
        self.remove::<Group>(&turn, id.clone()).await?;
        Ok(group)
    }

    fn free_group_name(&self, name: &str, own: Option<&GroupId>) -> Result<String, WikiError> {
        let name = cleaned(Field::Name, name, GROUP_NAME_CHARACTERS_MAX)?;
        let model = self.model();
        let taken = |group: &Group| Some(&group.id) != own && look(&group.name) == look(&name);
        if model.groups.iter().any(taken) { Err(WikiError::Taken(Field::Name)) } else { Ok(name) }
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    name: String,
    people: Vec<String>,
}

impl Row for Group {
    type Id = GroupId;
    const NOUN: &'static str = "group";

    fn id(&self) -> GroupId {
        self.id.clone()
    }

    fn word(id: &GroupId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let people = self.people.iter().map(|person| person.as_str().to_owned()).collect();
        pack(Self::VERSION, &Stored { id: self.id.as_str().to_owned(), name: self.name.clone(), people })
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        let people = stored.people.iter().map(|person| UserId::new(person)).collect::<Option<_>>()?;
        Some(Self { id: GroupId::new(&stored.id)?, name: stored.name, people })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.groups
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        let people = |group: &Self| group.people.clone();
        // Who came in sees more than before.
        let same = before.map(people) == after.map(people);
        if same || before.is_none() { Vec::new() } else { vec![Change::Rights] }
    }

    fn touches_rights(before: Option<&Self>, after: Option<&Self>) -> bool {
        before.is_some_and(|before| {
            after.is_none_or(|after| before.people.iter().any(|person| !after.people.contains(person)))
        })
    }
}
