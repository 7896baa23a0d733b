//! Passkeys: keys that people's devices hold for this very site, with which they sign in without a password.
//!
//! What a passkey proves is found out by whoever calls; here stands whose it is.

use std::fmt;

use serde::{Deserialize, Serialize};
use weft_access::action::KeepAccount;
use weft_access::{Allowed, Refused};
use weft_ids::{PasskeyId, SignInId, UnixMillis, UserId};

use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::text::cleaned;
use crate::wiki::{SecretHash, Turn, Wiki, dice, now};

/// The most passkeys of one person.
pub const PASSKEYS_PER_PERSON_MAX: usize = 20;
/// The longest name of a passkey, in characters.
pub const PASSKEY_NAME_CHARACTERS_MAX: usize = 64;

/// How many bytes hold what changes of a passkey.
pub const PASSKEY_STATE_BYTES: usize = 7;

/// What a device told of a new passkey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPasskey {
    /// What the device calls it by.
    pub credential: Vec<u8>,
    /// By which ways it is reached.
    pub transports: u8,
    /// Its public key, and what else never changes.
    pub key: Vec<u8>,
    /// How often it was used, and whether it is backed up.
    pub state: [u8; PASSKEY_STATE_BYTES],
}

/// A person's passkey. Nothing of it is secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose.
    pub user: UserId,
    /// What it is called, in its person's words.
    pub name: String,
    /// What the device calls it by; no two are the same.
    pub credential: Vec<u8>,
    /// By which ways it is reached.
    pub transports: u8,
    /// Its public key, and what else never changes.
    pub key: Vec<u8>,
    /// How often it was used, and whether it is backed up.
    pub state: [u8; PASSKEY_STATE_BYTES],
    /// When it was made.
    pub created: UnixMillis,
    /// When somebody last signed in with it.
    pub used: Option<UnixMillis>,
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passkey").field("id", &self.id).field("user", &self.user).finish_non_exhaustive()
    }
}

impl Wiki {
    /// The passkey that a device calls by this.
    #[must_use]
    pub fn passkey_by_credential(&self, credential: &[u8]) -> Option<Passkey> {
        let model = self.model();
        model.passkeys.get(model.by_credential.get(credential)?).cloned()
    }

    /// Somebody's passkeys, the newest first.
    #[must_use]
    pub fn passkeys(&self, user: &UserId) -> Vec<Passkey> {
        let model = self.model();
        let mut own: Vec<Passkey> =
            model.passkeys.iter().filter(|passkey| passkey.user == *user).cloned().collect();
        own.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        own
    }

    /// Keeps a passkey that whoever asks made.
    ///
    /// # Errors
    /// [`WikiError::Invalid`], [`WikiError::TooMany`], [`WikiError::Conflict`] when it is kept already, and those of the
    /// store.
    pub async fn add_passkey(
        &self,
        proof: &Allowed<KeepAccount>,
        name: &str,
        new: NewPasskey,
    ) -> Result<Passkey, WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        let name = cleaned(Field::Name, name, PASSKEY_NAME_CHARACTERS_MAX)?;
        if self.passkeys(&person.id).len() >= PASSKEYS_PER_PERSON_MAX {
            return Err(WikiError::TooMany { what: "passkeys of one person", max: PASSKEYS_PER_PERSON_MAX });
        }
        if self.passkey_by_credential(&new.credential).is_some() {
            return Err(WikiError::Conflict);
        }
        let NewPasskey { credential, transports, key, state } = new;
        let passkey = Passkey {
            id: PasskeyId::random(dice()),
            user: person.id,
            name,
            credential,
            transports,
            key,
            state,
            created: now(),
            used: None,
        };
        self.put(&turn, passkey.clone()).await?;
        Ok(passkey)
    }

    /// Removes a passkey of whoever asks. Answers what it was.
    ///
    /// # Errors
    /// Those of the store; one that is not theirs does not exist for them.
    pub async fn remove_passkey(
        &self,
        proof: &Allowed<KeepAccount>,
        id: &PasskeyId,
    ) -> Result<Passkey, WikiError> {
        let turn = self.turn().await;
        let own = |passkey: &&Passkey| Some(&passkey.user) == proof.by();
        let passkey = self.model().passkeys.get(id).filter(own).cloned().ok_or(Refused::Hidden)?;
        self.remove::<Passkey>(&turn, id.clone()).await?;
        Ok(passkey)
    }

    /// Signs the person of a passkey in, whose answer was found to be right. `state` is what it is in now: it counts how
    /// often it was used. One that was removed or used otherwise meanwhile lets nobody in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_in_by_passkey(
        &self,
        verified: &Passkey,
        state: [u8; PASSKEY_STATE_BYTES],
        secret: SecretHash,
        address: &str,
        agent: &str,
    ) -> Result<SignInId, WikiError> {
        let turn = self.turn().await;
        let same = |known: &&Passkey| known.state == verified.state;
        let known = self.model().passkeys.get(&verified.id).filter(same).cloned().ok_or(Refused::SignIn)?;
        let user = known.user.clone();
        self.put(&turn, Passkey { state, used: Some(now()), ..known }).await?;
        self.begin_sign_in(&turn, &user, secret, address, agent).await
    }

    pub(super) async fn end_passkeys(&self, turn: &Turn<'_>, user: &UserId) -> Result<(), WikiError> {
        for passkey in self.passkeys(user) {
            self.remove::<Passkey>(turn, passkey.id).await?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    user: String,
    name: String,
    credential: Vec<u8>,
    transports: u8,
    key: Vec<u8>,
    state: [u8; PASSKEY_STATE_BYTES],
    created: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<u64>,
}

impl Row for Passkey {
    type Id = PasskeyId;
    const NOUN: &'static str = "passkey";

    fn id(&self) -> PasskeyId {
        self.id.clone()
    }

    fn word(id: &PasskeyId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            user: self.user.as_str().to_owned(),
            name: self.name.clone(),
            credential: self.credential.clone(),
            transports: self.transports,
            key: self.key.clone(),
            state: self.state,
            created: self.created.0,
            used: self.used.map(|used| used.0),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            id: PasskeyId::new(&stored.id)?,
            user: UserId::new(&stored.user)?,
            name: stored.name,
            credential: stored.credential,
            transports: stored.transports,
            key: stored.key,
            state: stored.state,
            created: UnixMillis(stored.created),
            used: stored.used.map(UnixMillis),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.passkeys
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_credential.remove(&before.credential);
        }
        if let Some(after) = after {
            model.by_credential.insert(after.credential.clone(), after.id.clone());
        }
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let passkey = Passkey {
            id: PasskeyId::random([1; weft_ids::RANDOM_ID_CHARACTERS]),
            user: UserId::random([2; weft_ids::RANDOM_ID_CHARACTERS]),
            name: "The telephone".to_owned(),
            credential: vec![0, 255],
            transports: 3,
            key: vec![1, 2, 3],
            state: [7; PASSKEY_STATE_BYTES],
            created: UnixMillis(5),
            used: None,
        };
        for passkey in [Passkey { used: Some(UnixMillis(6)), ..passkey.clone() }, passkey] {
            assert_eq!(Passkey::decode(&passkey.encode()), Some(passkey));
        }
    }
}
