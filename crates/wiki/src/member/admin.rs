//! What those who look after people do with them.

use weft_access::action::{Administer, Own};
use weft_access::{Allowed, Granted, Refused, Role, Who};
use weft_ids::{PageId, SpaceId, UserId};

use super::reset::Reset;
use super::{Group, NewOwner, Person, email_cleaned};
use crate::digest::Digested;
use crate::error::{Field, WikiError};
use crate::page::Page;
use crate::space::Space;
use crate::wiki::{Stamp, Turn, Wiki, now};

/// Somebody who is to have an account.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Their e-mail address.
    pub email: String,
    /// What they are called.
    pub name: String,
    /// What they are on this server.
    pub role: Role,
    /// The hash of their password (PHC string); `None`: they choose one by a link.
    pub password: Option<String>,
}

/// What is to be different about a person; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct PersonChange {
    /// What they are on this server.
    pub role: Option<Role>,
    /// Whether they are kept out.
    pub suspended: Option<bool>,
    /// What they are called.
    pub name: Option<String>,
    /// Their e-mail address.
    pub email: Option<String>,
}

impl Wiki {
    /// Adds somebody without an invitation. The first one is the owner, and finds the space that everybody shares under
    /// `space_name` (see [`Wiki::set_up`]).
    ///
    /// # Errors
    /// [`WikiError::MoreThanOwn`], [`WikiError::Invalid`], [`WikiError::Taken`], [`WikiError::TooMany`] and those of the
    /// store.
    pub async fn add_by_hand(
        &self,
        proof: &Allowed<Administer>,
        new: NewPerson,
        space_name: &str,
    ) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        if !self.is_set_up() {
            if new.role != Role::Owner {
                return Err(WikiError::invalid(Field::Role, "the first person of a server is its owner"));
            }
            let owner = NewOwner { name: new.name, email: new.email, password: new.password };
            return self.make_owner(&turn, owner, space_name).await;
        }
        if Some(new.role) > proof.subject().role() {
            return Err(WikiError::MoreThanOwn);
        }
        let person = self.newcomer(UserId::random(crate::wiki::dice()), new)?;
        self.put(&turn, person.clone()).await?;
        Ok(person)
    }

    /// Changes somebody's role, name or address, keeps them out or lets them in again. It happens all or not at all, and
    /// at once: who is kept out is signed out everywhere, and their keys and links have ended.
    ///
    /// # Errors
    /// [`WikiError::MoreThanOwn`], [`WikiError::LastOwner`], [`WikiError::Invalid`], [`WikiError::Taken`] and those of the
    /// store.
    pub async fn change_person(
        &self,
        proof: &Allowed<Administer>,
        id: &UserId,
        change: PersonChange,
    ) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let before = self.below(proof, id)?;
        let mut person = before.clone();
        if let Some(role) = change.role {
            if Some(role) > proof.subject().role() {
                return Err(WikiError::MoreThanOwn);
            }
            person.role = role;
        }
        match change.suspended {
            Some(true) if person.suspended.is_none() => {
                person.suspended = Some(Stamp { at: now(), by: proof.by().cloned() });
            }
            Some(false) => person.suspended = None,
            Some(true) | None => {}
        }
        if before.role == Role::Owner && (person.role != Role::Owner || person.suspended.is_some()) {
            self.keep_an_owner(id)?;
        }
        if let Some(name) = change.name {
            person.name = self.person_name(&name, Some(id))?;
        }
        if let Some(email) = change.email {
            person.email = email_cleaned(&email)?;
            if self.person_by_email(&person.email).is_some_and(|other| other.id != *id) {
                return Err(WikiError::Taken(Field::Email));
            }
        }
        // What a suspension could not end, because it was cut short, must not come back with its person.
        if before.suspended.is_some() && person.suspended.is_none() {
            self.end_ways_in(&turn, id).await?;
        } else if before.email != person.email {
            // It was sent to the old address.
            self.remove::<Reset>(&turn, id.clone()).await?;
        }
        self.put(&turn, person.clone()).await?;
        if person.suspended.is_some() {
            self.end_ways_in(&turn, id).await?;
        }
        Ok(person)
    }

    /// Removes somebody for good. What they wrote stays, under their id; everything that is theirs alone goes. Cut short,
    /// they are kept out, and doing it again goes on. Answers who it was.
    ///
    /// # Errors
    /// [`WikiError::LastOwner`] and those of the store.
    pub async fn remove_person(&self, proof: &Allowed<Own>, id: &UserId) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let mut person = self.person(id).ok_or(Refused::Hidden)?;
        if person.role == Role::Owner {
            self.keep_an_owner(id)?;
        }
        if person.suspended.is_none() {
            person.suspended = Some(Stamp { at: now(), by: proof.by().cloned() });
            self.put(&turn, person.clone()).await?;
        }
        self.end_ways_in(&turn, id).await?;
        self.take_grants(&turn, &Who::Person(id.clone())).await?;
        let groups: Vec<Group> = {
            let model = self.model();
            model.groups.iter().filter(|group| group.people.contains(id)).cloned().collect()
        };
        for mut group in groups {
            group.people.remove(id);
            self.put(&turn, group).await?;
        }
        self.forget_pictures(id, None).await?;
        self.end_second_step(&turn, id).await?;
        self.end_passkeys(&turn, id).await?;
        self.end_identities(&turn, id).await?;
        self.remove::<Digested>(&turn, id.clone()).await?;
        self.remove::<Person>(&turn, id.clone()).await?;
        Ok(person)
    }

    /// Ends every way by which somebody comes in without a password.
    async fn end_ways_in(&self, turn: &Turn<'_>, id: &UserId) -> Result<(), WikiError> {
        self.end_sign_ins(turn, id, None).await?;
        self.end_tokens(turn, id).await?;
        self.remove::<Reset>(turn, id.clone()).await
    }

    /// Takes everything that was granted to somebody, in spaces and on pages.
    pub(crate) async fn take_grants(&self, turn: &Turn<'_>, who: &Who) -> Result<(), WikiError> {
        let named = |granted: &[Granted]| granted.iter().any(|one| one.who == *who);
        let (spaces, pages): (Vec<SpaceId>, Vec<PageId>) = {
            let model = self.model();
            let spaces = model.spaces.iter().filter(|space| named(&space.rules.granted));
            let pages = model.pages.iter().filter(|page| named(&page.rules.granted));
            (spaces.map(|space| space.id.clone()).collect(), pages.map(|page| page.id.clone()).collect())
        };
        for id in spaces {
            let Some(mut space): Option<Space> = self.space(&id) else { continue };
            space.rules.granted.retain(|one| one.who != *who);
            self.put(turn, space).await?;
        }
        for id in pages {
            let Some(mut page): Option<Page> = self.page(&id) else { continue };
            page.rules.granted.retain(|one| one.who != *who);
            self.put(turn, page).await?;
        }
        Ok(())
    }
}
