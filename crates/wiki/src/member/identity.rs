//! Accounts elsewhere by which people sign in: of an OpenID provider, by what it calls itself and its person.
//!
//! That somebody is who a provider says is found out by whoever calls; here stands whose account that is.

use serde::{Deserialize, Serialize};
use weft_access::{Refused, Role};
use weft_ids::{SignInId, UnixMillis, UserId};

use super::{NewPerson, Newcomer, Person, email_cleaned};
use crate::change::Change;
use crate::error::WikiError;
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::{SecretHash, Turn, Wiki, dice, now};

/// Names this use of the hash, for ever: what is stored depends on it.
const CONTEXT: &str = "weft 2026-11 account at a provider v1";

/// What names an account at a provider for ever; its e-mail address may change hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct IdentityId([u8; 32]);

impl IdentityId {
    fn of(issuer: &str, subject: &str) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key(CONTEXT);
        // The length first, so that no issuer runs into a subject.
        hasher.update(&(issuer.len() as u64).to_le_bytes());
        hasher.update(issuer.as_bytes());
        hasher.update(subject.as_bytes());
        Self(*hasher.finalize().as_bytes())
    }
}

/// Whose an account at a provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    user: UserId,
    issuer: String,
    subject: String,
    linked: UnixMillis,
}

/// Who somebody is, as a provider says and was checked.
#[derive(Debug, Clone)]
pub struct Vouched {
    /// What the provider calls itself.
    pub issuer: String,
    /// What it calls the person.
    pub subject: String,
    /// Their e-mail address, if the provider verified it.
    pub email: Option<String>,
    /// What they are called.
    pub name: Option<String>,
}

/// How somebody came in who was not known by their account before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// They are known by it.
    Known,
    /// They had an account here with the same address, which is known by it from now on.
    Linked,
    /// They were invited, or everybody may come: they are new.
    Joined,
}

impl Wiki {
    /// Signs somebody in whom a provider vouches for. Whoever is not known by that account yet is found by their verified
    /// address: as a person, as somebody invited, or, with `everybody`, as a new member.
    ///
    /// # Errors
    /// [`WikiError::NoAccount`] when nobody is meant; [`Refused::SignIn`] when they are kept out; those of a new person
    /// and of the store.
    pub async fn sign_in_by_provider(
        &self,
        vouched: &Vouched,
        everybody: bool,
        secret: SecretHash,
        address: &str,
        agent: &str,
    ) -> Result<(Person, SignInId, Came), WikiError> {
        let turn = self.turn().await;
        let id = IdentityId::of(&vouched.issuer, &vouched.subject);
        let known = self.model().identities.get(&id).map(|identity| identity.user.clone());
        let (person, came) = match known.and_then(|user| self.person(&user)) {
            Some(person) => (person, Came::Known),
            None => self.meant(&turn, vouched, everybody).await?,
        };
        if person.suspended.is_some() {
            return Err(Refused::SignIn.into());
        }
        if came != Came::Known {
            let (issuer, subject) = (vouched.issuer.clone(), vouched.subject.clone());
            self.put(&turn, Identity { user: person.id.clone(), issuer, subject, linked: now() }).await?;
        }
        let id = self.begin_sign_in(&turn, &person.id, secret, address, agent).await?;
        Ok((person, id, came))
    }

    /// Whom a provider means who is not known by their account there yet.
    async fn meant(
        &self,
        turn: &Turn<'_>,
        vouched: &Vouched,
        everybody: bool,
    ) -> Result<(Person, Came), WikiError> {
        let email = email_cleaned(vouched.email.as_deref().ok_or(WikiError::NoAccount)?)?;
        if let Some(person) = self.person_by_email(&email) {
            return Ok((person, Came::Linked));
        }
        let name = self.vouched_name(vouched, &email);
        let newcomer = Newcomer { name, email, password: None };
        if let Some(invitation) = self.invitation_by_email(&newcomer.email) {
            return Ok((self.accept(turn, invitation, newcomer).await?, Came::Joined));
        }
        if !everybody || !self.is_set_up() {
            return Err(WikiError::NoAccount);
        }
        let Newcomer { name, email, password } = newcomer;
        let new = NewPerson { email, name, role: Role::Member, password };
        let person = self.newcomer(UserId::random(dice()), new)?;
        self.put(turn, person.clone()).await?;
        Ok((person, Came::Joined))
    }

    /// What somebody is called: as the provider says if that may stand here, else as their address begins, else all of it.
    fn vouched_name(&self, vouched: &Vouched, email: &str) -> String {
        let local = email.split('@').next().unwrap_or(email);
        let names = [vouched.name.as_deref(), Some(local)].into_iter().flatten();
        let usable = |name: &&str| self.person_name(name, None).is_ok();
        names.into_iter().find(usable).unwrap_or(email).to_owned()
    }

    /// Whether somebody can sign in by a provider.
    #[must_use]
    pub fn has_identity(&self, user: &UserId) -> bool {
        self.model().identities.iter().any(|identity| identity.user == *user)
    }

    pub(super) async fn end_identities(&self, turn: &Turn<'_>, user: &UserId) -> Result<(), WikiError> {
        let own: Vec<IdentityId> = {
            let model = self.model();
            model.identities.iter().filter(|one| one.user == *user).map(Row::id).collect()
        };
        for id in own {
            self.remove::<Identity>(turn, id).await?;
        }
        Ok(())
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    user: String,
    issuer: String,
    subject: String,
    linked: u64,
}

impl Row for Identity {
    type Id = IdentityId;
    const NOUN: &'static str = "identity";

    fn id(&self) -> IdentityId {
        IdentityId::of(&self.issuer, &self.subject)
    }

    fn word(id: &IdentityId) -> String {
        id.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            user: self.user.as_str().to_owned(),
            issuer: self.issuer.clone(),
            subject: self.subject.clone(),
            linked: self.linked.0,
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            user: UserId::new(&stored.user)?,
            issuer: stored.issuer,
            subject: stored.subject,
            linked: UnixMillis(stored.linked),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.identities
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_back_as_it_was_written_and_no_two_accounts_are_one() {
        let identity = |issuer: &str, subject: &str| Identity {
            user: UserId::random([1; weft_ids::RANDOM_ID_CHARACTERS]),
            issuer: issuer.to_owned(),
            subject: subject.to_owned(),
            linked: UnixMillis(5),
        };
        let one = identity("https://a.example", "1");
        assert_eq!(Identity::decode(&one.encode()), Some(one.clone()));
        for other in [identity("https://a.example1", ""), identity("https://b.example", "1")] {
            assert_ne!(other.id(), one.id());
        }
    }

    #[test]
    fn an_account_stays_under_its_key() {
        // Changing this makes strangers of everybody.
        let word = Identity::word(&IdentityId::of("https://a.example", "1"));
        assert_eq!(word.len(), 64);
        assert_eq!(&word[..16], "29b88a23e8a065f3");
    }
}
