//! The first person of a server, and what they find.

use weft_access::{Level, Role, SpaceRules};
use weft_ids::UserId;

use super::{NewPerson, Person};
use crate::error::WikiError;
use crate::page::{At, Spot};
use crate::space::NewSpace;
use crate::wiki::{Turn, Wiki, dice};

/// The first space's word in addresses.
pub const HOME_SLUG: &str = "home";

/// Who sets the server up.
#[derive(Debug, Clone)]
pub struct NewOwner {
    /// What they are called.
    pub name: String,
    /// Their e-mail address.
    pub email: String,
    /// The hash of their password; `None`: they choose one by a link.
    pub password: Option<String>,
}

impl Wiki {
    /// Makes the first owner, the space that everybody shares, and puts into it the pages that were written before
    /// there was anybody. What was cut short before is done by the next call.
    ///
    /// # Errors
    /// [`WikiError::SetUp`] when there is an owner, [`WikiError::Invalid`], and those of the store.
    pub async fn set_up(&self, owner: NewOwner, space_name: &str) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        self.make_owner(&turn, owner, space_name).await
    }

    pub(super) async fn make_owner(
        &self,
        turn: &Turn<'_>,
        owner: NewOwner,
        space_name: &str,
    ) -> Result<Person, WikiError> {
        if self.is_set_up() {
            return Err(WikiError::SetUp);
        }
        let new =
            NewPerson { email: owner.email, name: owner.name, role: Role::Owner, password: owner.password };
        let person = self.newcomer(UserId::random(dice()), new)?;
        let space = match self.space_by_slug(HOME_SLUG) {
            Some(space) => space,
            None => {
                let new = NewSpace {
                    name: space_name.to_owned(),
                    slug: Some(HOME_SLUG.to_owned()),
                    ..NewSpace::default()
                };
                let rules = SpaceRules { members: Some(Level::Edit), granted: Vec::new() };
                self.add_space(turn, new, rules, None).await?
            }
        };
        for page in self.pages_without_a_row().await? {
            self.add_page(turn, page, Spot::Top(space.id.clone()), &At::Last, None, None).await?;
        }
        // Last: as long as there is no owner, all of it can be done again.
        self.put(turn, person.clone()).await?;
        Ok(person)
    }
}
