//! Browsers in which people are signed in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use weft_access::action::KeepAccount;
use weft_access::{Allowed, Person as Persona, Scope};
use weft_ids::{SignInId, UnixMillis, UserId};

use super::Shown;
use crate::change::Change;
use crate::error::WikiError;
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::wiki::{SecretHash, Turn, Wiki, dice, now};

/// A sign-in that nobody used for so long has ended.
pub const SIGN_IN_IDLE_MAX: Duration = Duration::from_hours(14 * 24);
/// A sign-in ends after so long, used or not.
pub const SIGN_IN_MAX: Duration = Duration::from_hours(60 * 24);
/// The most browsers in which one person is signed in; the one used least recently goes.
pub const SIGN_INS_PER_PERSON_MAX: usize = 25;
/// How much of what a browser calls itself is kept, in characters.
pub const AGENT_CHARACTERS_MAX: usize = 200;
/// When a sign-in is used is noted no finer than this.
const SEEN_EVERY: Duration = Duration::from_mins(5);

/// One browser in which a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its id.
    pub id: SignInId,
    /// Whose.
    pub user: UserId,
    /// The hash of what the browser shows.
    pub secret: SecretHash,
    /// When they signed in.
    pub created: UnixMillis,
    /// When it was last used, to some minutes.
    pub seen: UnixMillis,
    /// Where from, when it was last used.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

impl SignIn {
    fn has_ended(&self, at: UnixMillis) -> bool {
        let since = |then: UnixMillis| Duration::from_millis(at.0.saturating_sub(then.0));
        since(self.seen) > SIGN_IN_IDLE_MAX || since(self.created) > SIGN_IN_MAX
    }
}

/// Whoever shows a secret.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// By which sign-in.
    pub id: SignInId,
    /// Who.
    pub person: Arc<Persona>,
}

impl Wiki {
    /// Who shows the secret with this hash, if that is a sign-in that holds.
    #[must_use]
    pub fn signed_in(&self, secret: &SecretHash) -> Option<SignedIn> {
        let model = self.model();
        let sign_in = model.sign_ins.get(model.by_sign_in.get(secret)?)?;
        if sign_in.has_ended(now()) {
            return None;
        }
        Some(SignedIn { id: sign_in.id.clone(), person: model.persona(&sign_in.user, Scope::Full)? })
    }

    /// Notes that a sign-in was used now. Costs nothing if it was noted some minutes ago.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note_seen(&self, id: &SignInId, address: &str) -> Result<(), WikiError> {
        let is_due = |sign_in: &SignIn| {
            let since = now().0.saturating_sub(sign_in.seen.0);
            Duration::from_millis(since) >= SEEN_EVERY || sign_in.address != address
        };
        if !self.model().sign_ins.get(id).is_some_and(is_due) {
            return Ok(());
        }
        let turn = self.turn().await;
        let Some(mut sign_in) = self.model().sign_ins.get(id).cloned().filter(is_due) else { return Ok(()) };
        sign_in.seen = now();
        sign_in.address = address.to_owned();
        self.put(&turn, sign_in).await
    }

    /// Signs somebody in, who has proved who they are. Answers the id of the sign-in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_in(
        &self,
        user: &UserId,
        secret: SecretHash,
        address: &str,
        agent: &str,
    ) -> Result<SignInId, WikiError> {
        let turn = self.turn().await;
        self.begin_sign_in(&turn, user, secret, address, agent).await
    }

    /// Signs somebody in whose password was found to be the one with the hash `verified`, and who showed their second step
    /// if they have one. Comparing takes a while: if they have another password by now, or what they showed was used
    /// meanwhile, they are not signed in.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn sign_in_by_password(
        &self,
        user: &UserId,
        verified: &str,
        shown: Option<&Shown>,
        secret: SecretHash,
        address: &str,
        agent: &str,
    ) -> Result<SignInId, WikiError> {
        let turn = self.turn().await;
        let same = self.person(user).is_some_and(|person| person.password.as_deref() == Some(verified));
        if !same {
            return Err(weft_access::Refused::SignIn.into());
        }
        self.pass_second_step(&turn, user, shown).await?;
        self.begin_sign_in(&turn, user, secret, address, agent).await
    }

    pub(super) async fn begin_sign_in(
        &self,
        turn: &Turn<'_>,
        user: &UserId,
        secret: SecretHash,
        address: &str,
        agent: &str,
    ) -> Result<SignInId, WikiError> {
        let person = self.person(user).filter(|person| person.suspended.is_none());
        person.ok_or(weft_access::Refused::SignIn)?;
        let mut known = self.sign_ins_of(user);
        let at = now();
        while known.len() >= SIGN_INS_PER_PERSON_MAX || known.last().is_some_and(|last| last.has_ended(at)) {
            let Some(last) = known.pop() else { break };
            self.remove::<SignIn>(turn, last.id).await?;
        }
        let sign_in = SignIn {
            id: SignInId::random(dice()),
            user: user.clone(),
            secret,
            created: at,
            seen: at,
            address: address.to_owned(),
            agent: agent.chars().filter(|c| !c.is_control()).take(AGENT_CHARACTERS_MAX).collect(),
        };
        let id = sign_in.id.clone();
        self.put(turn, sign_in).await?;
        Ok(id)
    }

    /// Where somebody is signed in, the one used last first.
    #[must_use]
    pub fn sign_ins(&self, proof: &Allowed<KeepAccount>) -> Vec<SignIn> {
        let at = now();
        let all = proof.by().map(|user| self.sign_ins_of(user)).unwrap_or_default();
        all.into_iter().filter(|sign_in| !sign_in.has_ended(at)).collect()
    }

    /// When people were last here, to some minutes: those who are still signed in somewhere.
    #[must_use]
    pub fn last_seen(&self) -> HashMap<UserId, UnixMillis> {
        let mut last: HashMap<UserId, UnixMillis> = HashMap::new();
        for sign_in in self.model().sign_ins.iter() {
            let seen = last.entry(sign_in.user.clone()).or_insert(sign_in.seen);
            *seen = sign_in.seen.max(*seen);
        }
        last
    }

    /// Ends one sign-in of whoever asks.
    ///
    /// # Errors
    /// Those of the store; one that is not theirs does not exist for them.
    pub async fn end_sign_in(&self, proof: &Allowed<KeepAccount>, id: &SignInId) -> Result<(), WikiError> {
        let turn = self.turn().await;
        let own = |sign_in: &&SignIn| Some(&sign_in.user) == proof.by();
        self.model().sign_ins.get(id).filter(own).ok_or(weft_access::Refused::Hidden)?;
        self.remove::<SignIn>(&turn, id.clone()).await
    }

    /// Signs whoever asks out everywhere but there.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn end_other_sign_ins(
        &self,
        proof: &Allowed<KeepAccount>,
        keep: Option<&SignInId>,
    ) -> Result<(), WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        self.end_sign_ins(&turn, &person.id, keep).await
    }

    pub(crate) async fn end_sign_ins(
        &self,
        turn: &Turn<'_>,
        user: &UserId,
        keep: Option<&SignInId>,
    ) -> Result<(), WikiError> {
        for sign_in in self.sign_ins_of(user).into_iter().filter(|sign_in| Some(&sign_in.id) != keep) {
            self.remove::<SignIn>(turn, sign_in.id).await?;
        }
        Ok(())
    }

    fn sign_ins_of(&self, user: &UserId) -> Vec<SignIn> {
        let model = self.model();
        let mut own: Vec<SignIn> =
            model.sign_ins.iter().filter(|sign_in| sign_in.user == *user).cloned().collect();
        own.sort_by(|a, b| b.seen.cmp(&a.seen).then_with(|| a.id.cmp(&b.id)));
        own
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    user: String,
    secret: [u8; 32],
    created: u64,
    seen: u64,
    address: String,
    agent: String,
}

impl Row for SignIn {
    type Id = SignInId;
    const NOUN: &'static str = "sign-in";

    fn id(&self) -> SignInId {
        self.id.clone()
    }

    fn word(id: &SignInId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            user: self.user.as_str().to_owned(),
            secret: self.secret.0,
            created: self.created.0,
            seen: self.seen.0,
            address: self.address.clone(),
            agent: self.agent.clone(),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            id: SignInId::new(&stored.id)?,
            user: UserId::new(&stored.user)?,
            secret: SecretHash(stored.secret),
            created: UnixMillis(stored.created),
            seen: UnixMillis(stored.seen),
            address: stored.address,
            agent: stored.agent,
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.sign_ins
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_sign_in.remove(&before.secret);
        }
        if let Some(after) = after {
            model.by_sign_in.insert(after.secret, after.id.clone());
        }
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        let gone = before.filter(|_| after.is_none());
        gone.map(|gone| Change::SignedOut(gone.user.clone())).into_iter().collect()
    }

    fn touches_rights(_before: Option<&Self>, after: Option<&Self>) -> bool {
        after.is_none()
    }
}
