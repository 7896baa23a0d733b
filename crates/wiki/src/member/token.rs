//! Keys with which programs act for a person.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use weft_access::action::KeepAccount;
use weft_access::{Allowed, Person as Persona, Refused, Role, Scope};
use weft_ids::{TokenId, UnixMillis, UserId};

use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, Table, pack, unpack};
use crate::text::cleaned;
use crate::wiki::{SecretHash, Turn, Wiki, dice, now};

/// The most keys of one person.
pub const TOKENS_PER_PERSON_MAX: usize = 50;
/// The longest name of a key, in characters.
pub const TOKEN_NAME_CHARACTERS_MAX: usize = 64;
/// When a key is used is noted no finer than this.
const USED_EVERY: Duration = Duration::from_mins(5);

/// A person's key for programs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Whose.
    pub user: UserId,
    /// The hash of the key.
    pub secret: SecretHash,
    /// What it is for, in its person's words.
    pub name: String,
    /// How far it reaches; never [`Scope::Full`].
    pub scope: Scope,
    /// When it was made.
    pub created: UnixMillis,
    /// When it was last used, to some minutes.
    pub used: Option<UnixMillis>,
    /// When it ends.
    pub expires: Option<UnixMillis>,
}

impl Token {
    fn holds(&self, at: UnixMillis) -> bool {
        self.expires.is_none_or(|expires| at < expires)
    }
}

/// Whoever shows a key.
#[derive(Debug, Clone)]
pub struct Keyed {
    /// Which key.
    pub id: TokenId,
    /// Whose, reaching as far as the key does.
    pub person: Arc<Persona>,
}

/// What a key is to be.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// How far it reaches.
    pub scope: Scope,
    /// When it ends.
    pub expires: Option<UnixMillis>,
}

impl Wiki {
    /// Who shows the key with this hash, if it holds.
    #[must_use]
    pub fn keyed(&self, secret: &SecretHash) -> Option<Keyed> {
        let model = self.model();
        let token = model.tokens.get(model.by_token.get(secret)?).filter(|token| token.holds(now()))?;
        Some(Keyed { id: token.id.clone(), person: model.persona(&token.user, token.scope)? })
    }

    /// Notes that a key was used now. Costs nothing if it was noted some minutes ago.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note_used(&self, id: &TokenId) -> Result<(), WikiError> {
        let is_due = |token: &Token| {
            token.used.is_none_or(|used| Duration::from_millis(now().0.saturating_sub(used.0)) >= USED_EVERY)
        };
        if !self.model().tokens.get(id).is_some_and(is_due) {
            return Ok(());
        }
        let turn = self.turn().await;
        let Some(mut token) = self.model().tokens.get(id).cloned().filter(is_due) else { return Ok(()) };
        token.used = Some(now());
        self.put(&turn, token).await
    }

    /// Makes a key of whoever asks.
    ///
    /// # Errors
    /// [`WikiError::Invalid`], [`WikiError::MoreThanOwn`] when it would reach farther than they do,
    /// [`WikiError::TooMany`] and those of the store.
    pub async fn make_token(
        &self,
        proof: &Allowed<KeepAccount>,
        secret: SecretHash,
        new: NewToken,
    ) -> Result<Token, WikiError> {
        let turn = self.turn().await;
        let person = self.oneself(proof)?;
        let name = cleaned(Field::Name, &new.name, TOKEN_NAME_CHARACTERS_MAX)?;
        match new.scope {
            Scope::Full => return Err(WikiError::invalid(Field::Scope, "a key is for read, write or admin")),
            Scope::Admin if person.role < Role::Admin => return Err(WikiError::MoreThanOwn),
            Scope::Read | Scope::Write | Scope::Admin => {}
        }
        if new.expires.is_some_and(|expires| expires <= now()) {
            return Err(WikiError::invalid(Field::Expires, "this is over already"));
        }
        let known = self.tokens_of(&person.id);
        // Keys that have ended make room.
        for ended in known.iter().filter(|token| !token.holds(now())) {
            self.remove::<Token>(&turn, ended.id.clone()).await?;
        }
        if known.iter().filter(|token| token.holds(now())).count() >= TOKENS_PER_PERSON_MAX {
            return Err(WikiError::TooMany { what: "keys of one person", max: TOKENS_PER_PERSON_MAX });
        }
        let token = Token {
            id: TokenId::random(dice()),
            user: person.id,
            secret,
            name,
            scope: new.scope,
            created: now(),
            used: None,
            expires: new.expires,
        };
        self.put(&turn, token.clone()).await?;
        Ok(token)
    }

    /// The keys of whoever asks, the newest first; those that have ended too.
    #[must_use]
    pub fn tokens(&self, proof: &Allowed<KeepAccount>) -> Vec<Token> {
        proof.by().map(|user| self.tokens_of(user)).unwrap_or_default()
    }

    /// Ends a key of whoever asks. Answers what it was.
    ///
    /// # Errors
    /// Those of the store; one that is not theirs does not exist for them.
    pub async fn revoke_token(&self, proof: &Allowed<KeepAccount>, id: &TokenId) -> Result<Token, WikiError> {
        let turn = self.turn().await;
        let own = |token: &&Token| Some(&token.user) == proof.by();
        let token = self.model().tokens.get(id).filter(own).cloned().ok_or(Refused::Hidden)?;
        self.remove::<Token>(&turn, id.clone()).await?;
        Ok(token)
    }

    pub(crate) async fn end_tokens(&self, turn: &Turn<'_>, user: &UserId) -> Result<(), WikiError> {
        for token in self.tokens_of(user) {
            self.remove::<Token>(turn, token.id).await?;
        }
        Ok(())
    }

    fn tokens_of(&self, user: &UserId) -> Vec<Token> {
        let model = self.model();
        let mut own: Vec<Token> = model.tokens.iter().filter(|token| token.user == *user).cloned().collect();
        own.sort_by(|a, b| b.created.cmp(&a.created).then_with(|| a.id.cmp(&b.id)));
        own
    }
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    user: String,
    secret: [u8; 32],
    name: String,
    scope: String,
    created: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    used: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
}

impl Row for Token {
    type Id = TokenId;
    const NOUN: &'static str = "token";

    fn id(&self) -> TokenId {
        self.id.clone()
    }

    fn word(id: &TokenId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            user: self.user.as_str().to_owned(),
            secret: self.secret.0,
            name: self.name.clone(),
            scope: self.scope.as_str().to_owned(),
            created: self.created.0,
            used: self.used.map(|used| used.0),
            expires: self.expires.map(|expires| expires.0),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            id: TokenId::new(&stored.id)?,
            user: UserId::new(&stored.user)?,
            secret: SecretHash(stored.secret),
            name: stored.name,
            scope: Scope::read(&stored.scope).filter(|scope| *scope != Scope::Full)?,
            created: UnixMillis(stored.created),
            used: stored.used.map(UnixMillis),
            expires: stored.expires.map(UnixMillis),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.tokens
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_token.remove(&before.secret);
        }
        if let Some(after) = after {
            model.by_token.insert(after.secret, after.id.clone());
        }
    }

    fn told(_before: Option<&Self>, _after: Option<&Self>) -> Vec<Change> {
        Vec::new()
    }

    fn touches_rights(_before: Option<&Self>, after: Option<&Self>) -> bool {
        after.is_none()
    }
}
