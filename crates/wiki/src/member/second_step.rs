//! The second step of signing in by a password: codes of an app, or one of the codes for whoever lost it.
//!
//! What is a right code is found out by whoever calls; here stands what was agreed on with a person, and what of it was
//! used.

use std::fmt;

use serde::{Deserialize, Serialize};
use weft_access::action::{KeepAccount, Own};
use weft_access::{Allowed, Refused};
use weft_ids::{UnixMillis, UserId};

use super::Person;
use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::{SecretHash, Turn, Wiki, now};

/// A person's second step.
#[derive(Clone, PartialEq, Eq)]
pub struct SecondStep {
    /// Whose.
    pub user: UserId,
    /// The secret that the app shares, sealed.
    pub secret: Vec<u8>,
    /// Since when it is asked for; `None`: not before a first code has proved that the app has the secret.
    pub since: Option<UnixMillis>,
    /// The step of the last code that was taken: none up to it counts again.
    pub used: Option<u64>,
    /// The hashes of the recovery codes that were not used yet.
    pub recovery: Vec<SecretHash>,
}

impl fmt::Debug for SecondStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecondStep")
            .field("user", &self.user)
            .field("since", &self.since)
            .finish_non_exhaustive()
    }
}

/// What somebody showed as their second step, and was found to be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// The code of a step.
    Code {
        /// The secret that it was compared by, sealed.
        secret: Vec<u8>,
        /// Which step.
        step: u64,
    },
    /// A recovery code, by its hash.
    Recovery(SecretHash),
}

impl SecondStep {
    /// The same after what was shown is used up; `None` when it does not count (any more).
    fn after(mut self, shown: &Shown) -> Option<Self> {
        match shown {
            Shown::Code { secret, step } => {
                let counts = self.secret == *secret && self.used.is_none_or(|used| *step > used);
                self.used = Some(*step);
                counts.then_some(self)
            }
            Shown::Recovery(hash) => {
                let place = self.recovery.iter().position(|known| known == hash)?;
                self.recovery.remove(place);
                Some(self)
            }
        }
    }
}

impl Wiki {
    /// Somebody's second step, also one that is offered only.
    #[must_use]
    pub fn second_step(&self, user: &UserId) -> Option<SecondStep> {
        self.model().second_steps.get(user).cloned()
    }

    /// Every second step that is asked for.
    #[must_use]
    pub fn second_steps(&self) -> Vec<SecondStep> {
        self.model().second_steps.iter().filter(|step| step.since.is_some()).cloned().collect()
    }

    /// Whether somebody who signs in by their password is asked for a second step.
    #[must_use]
    pub fn has_second_step(&self, user: &UserId) -> bool {
        self.model().second_steps.get(user).is_some_and(|step| step.since.is_some())
    }

    /// Offers whoever asks a second step by a secret (sealed); what was offered before ends. It is asked for once it is
    /// confirmed.
    ///
    /// # Errors
    /// [`WikiError::Invalid`] when they have one, and those of the store.
    pub async fn offer_second_step(
        &self,
        proof: &Allowed<KeepAccount>,
        secret: Vec<u8>,
    ) -> Result<(), WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        if self.has_second_step(&person.id) {
            return Err(WikiError::invalid(Field::Totp, "you have a second step already: turn it off first"));
        }
        let offered = SecondStep { user: person.id, secret, since: None, used: None, recovery: Vec::new() };
        self.put(&turn, offered).await
    }

    /// Begins to ask for what was offered: a first code (of the step `used`) was right.
    ///
    /// # Errors
    /// [`WikiError::Conflict`] when something else was offered meanwhile, or it was confirmed already; and those of the
    /// store.
    pub async fn confirm_second_step(
        &self,
        proof: &Allowed<KeepAccount>,
        secret: &[u8],
        used: u64,
        recovery: Vec<SecretHash>,
    ) -> Result<(), WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        let offered = self.second_step(&person.id);
        let offered = offered.filter(|step| step.since.is_none() && step.secret == secret);
        let offered = offered.ok_or(WikiError::Conflict)?;
        self.put(&turn, SecondStep { since: Some(now()), used: Some(used), recovery, ..offered }).await
    }

    /// Whoever asks is not asked for a second step any more. Answers whether they were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_own_second_step(&self, proof: &Allowed<KeepAccount>) -> Result<bool, WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        self.end_second_step(&turn, &person.id).await
    }

    /// Takes somebody's second step away, who lost what they need for it. Answers who it is, and whether they had one.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn take_second_step(
        &self,
        _proof: &Allowed<Own>,
        id: &UserId,
    ) -> Result<(Person, bool), WikiError> {
        let turn = self.turn().await;
        let person = self.person(id).ok_or(Refused::Hidden)?;
        let had = self.end_second_step(&turn, id).await?;
        Ok((person, had))
    }

    pub(super) async fn end_second_step(&self, turn: &Turn<'_>, user: &UserId) -> Result<bool, WikiError> {
        let had = self.has_second_step(user);
        self.remove::<SecondStep>(turn, user.clone()).await?;
        Ok(had)
    }

    /// Takes what somebody showed, if a second step is asked of them. It is used up before they are in.
    pub(super) async fn pass_second_step(
        &self,
        turn: &Turn<'_>,
        user: &UserId,
        shown: Option<&Shown>,
    ) -> Result<(), WikiError> {
        let Some(step) = self.second_step(user).filter(|step| step.since.is_some()) else { return Ok(()) };
        let after = shown.and_then(|shown| step.after(shown)).ok_or(Refused::SignIn)?;
        self.put(turn, after).await
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: String,
    secret: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<u64>,
    recovery: Vec<[u8; 32]>,
}

impl Row for SecondStep {
    type Id = UserId;
    const NOUN: &'static str = "second-step";

    fn id(&self) -> UserId {
        self.user.clone()
    }

    fn word(id: &UserId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            user: self.user.as_str().to_owned(),
            secret: self.secret.clone(),
            since: self.since.map(|since| since.0),
            used: self.used,
            recovery: self.recovery.iter().map(|hash| hash.0).collect(),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            user: UserId::new(&stored.user)?,
            secret: stored.secret,
            since: stored.since.map(UnixMillis),
            used: stored.used,
            recovery: stored.recovery.into_iter().map(SecretHash).collect(),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.second_steps
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> SecondStep {
        SecondStep {
            user: UserId::random([1; weft_ids::RANDOM_ID_CHARACTERS]),
            secret: vec![1, 2, 3],
            since: Some(UnixMillis(5)),
            used: Some(7),
            recovery: vec![SecretHash([1; 32]), SecretHash([2; 32])],
        }
    }

    #[test]
    fn it_is_read_back_as_it_was_written() {
        for step in [step(), SecondStep { since: None, used: None, recovery: Vec::new(), ..step() }] {
            assert_eq!(SecondStep::decode(&step.encode()), Some(step));
        }
        let text = String::from_utf8(step().encode()).unwrap();
        assert!(text.starts_with(r#"{"v":1,"row":{"user":"#), "{text}");
        assert!(!format!("{:?}", step()).contains("secret"));
    }

    #[test]
    fn what_was_shown_counts_once() {
        let code = |secret: &[u8], step| Shown::Code { secret: secret.to_vec(), step };
        for (shown, counts) in [
            (code(&[1, 2, 3], 8), true),
            (code(&[1, 2, 3], 7), false),
            (code(&[1, 2, 3], 6), false),
            (code(&[9], 8), false),
            (Shown::Recovery(SecretHash([2; 32])), true),
            (Shown::Recovery(SecretHash([3; 32])), false),
        ] {
            let after = step().after(&shown);
            assert_eq!(after.is_some(), counts, "{shown:?}");
            assert!(after.is_none_or(|after| after.after(&shown).is_none()), "{shown:?} counts twice");
        }
    }
}
