//! Links with which people who forgot their password choose another.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use weft_access::Allowed;
use weft_access::action::Administer;
use weft_ids::{UnixMillis, UserId};

use super::Person;
use super::invitation::after;
use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::{SecretHash, Wiki, now};

/// How long a link to a new password holds.
pub const RESET_MAX: Duration = Duration::from_mins(30);

/// A link to a new password. A person has at most one: making another ends the one before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reset {
    pub(crate) user: UserId,
    pub(crate) secret: SecretHash,
    expires: UnixMillis,
}

impl Wiki {
    /// Makes a link for whoever has this address and says they forgot their password. Answers whom it is to be sent to,
    /// if there is anybody who could use it.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn ask_for_reset(&self, email: &str, secret: SecretHash) -> Result<Option<Person>, WikiError> {
        let turn = self.turn().await;
        let Some(person) = self.person_by_email(email).filter(|person| person.suspended.is_none()) else {
            return Ok(None);
        };
        let reset = Reset { user: person.id.clone(), secret, expires: after(now(), RESET_MAX) };
        self.put(&turn, reset).await?;
        Ok(Some(person))
    }

    /// Makes a link for somebody, to be handed to them.
    ///
    /// # Errors
    /// [`WikiError::MoreThanOwn`], [`WikiError::Invalid`] when they are suspended, and those of the store.
    pub async fn make_reset(
        &self,
        proof: &Allowed<Administer>,
        id: &UserId,
        secret: SecretHash,
    ) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let person = self.below(proof, id)?;
        if person.suspended.is_some() {
            return Err(WikiError::invalid(Field::Who, "they are suspended: let them in again first"));
        }
        let reset = Reset { user: person.id.clone(), secret, expires: after(now(), RESET_MAX) };
        self.put(&turn, reset).await?;
        Ok(person)
    }

    /// Whose password the link with the secret of this hash sets, if it holds.
    #[must_use]
    pub fn reset_by_secret(&self, secret: &SecretHash) -> Option<Person> {
        let model = self.model();
        let reset = model.resets.get(model.by_reset.get(secret)?).filter(|reset| now() < reset.expires)?;
        model.people.get(&reset.user).filter(|person| person.suspended.is_none()).cloned()
    }

    /// Gives somebody the new password (by its hash) that they chose by their link. They are signed out everywhere.
    ///
    /// # Errors
    /// [`WikiError::Gone`] and those of the store: after these a new link may be needed.
    pub async fn reset_password(&self, secret: &SecretHash, hash: String) -> Result<Person, WikiError> {
        let turn = self.turn().await;
        let person = self.reset_by_secret(secret).ok_or(WikiError::Gone)?;
        self.set_password(&turn, person, hash, None).await
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: String,
    secret: [u8; 32],
    expires: u64,
}

impl Row for Reset {
    type Id = UserId;
    const NOUN: &'static str = "reset";

    fn id(&self) -> UserId {
        self.user.clone()
    }

    fn word(id: &UserId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored =
            Stored { user: self.user.as_str().to_owned(), secret: self.secret.0, expires: self.expires.0 };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            user: UserId::new(&stored.user)?,
            secret: SecretHash(stored.secret),
            expires: UnixMillis(stored.expires),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.resets
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_reset.remove(&before.secret);
        }
        if let Some(after) = after {
            model.by_reset.insert(after.secret, after.user.clone());
        }
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}
