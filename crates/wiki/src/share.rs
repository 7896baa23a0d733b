//! Shares: public links to pages.

use serde::{Deserialize, Serialize};
use weft_access::action::ManagePage;
use weft_access::{Allowed, Level, LinkClaim, Refused, Subject, page_level};
use weft_ids::{PageId, ShareId, UnixMillis};

use crate::change::Change;
use crate::error::{Field, WikiError};
use crate::model::Model;
use crate::row::{Row, StoredStamp, Table, pack, unpack};
use crate::wiki::{SecretHash, Stamp, Wiki, dice, now};

/// The most shares of one page.
pub const SHARES_PER_PAGE_MAX: usize = 50;

/// A public link to a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Its id.
    pub id: ShareId,
    /// What it opens.
    pub page: PageId,
    /// The hash of what stands in the link.
    pub secret: SecretHash,
    /// [`Level::View`] or [`Level::Edit`].
    pub level: Level,
    /// Whether it opens what lies below, too.
    pub subtree: bool,
    /// The hash of its password (PHC string), if it has one.
    pub password: Option<String>,
    /// When it ends.
    pub expires: Option<UnixMillis>,
    /// Whether search engines may list it.
    pub indexed: bool,
    /// When and by whom it was made.
    pub created: Stamp,
}

/// What a share is to be.
#[derive(Debug, Clone)]
pub struct Wish {
    /// [`Level::View`] or [`Level::Edit`].
    pub level: Level,
    /// Whether it opens what lies below, too.
    pub subtree: bool,
    /// The hash of its password (PHC string), if it has one.
    pub password: Option<String>,
    /// When it ends.
    pub expires: Option<UnixMillis>,
    /// Whether search engines may list it.
    pub indexed: bool,
}

impl Share {
    /// Whether it still opens something at `at`.
    #[must_use]
    pub fn holds(&self, at: UnixMillis) -> bool {
        self.expires.is_none_or(|expires| at < expires)
    }

    /// What it lets its holder do, once its password was given.
    #[must_use]
    pub fn claim(&self) -> LinkClaim {
        LinkClaim { page: self.page.clone(), subtree: self.subtree, level: self.level }
    }
}

impl Wiki {
    /// The share whose link holds the secret with this hash, if it holds still.
    #[must_use]
    pub fn share_by_secret(&self, secret: &SecretHash) -> Option<Share> {
        let model = self.model();
        model.shares.get(model.by_share.get(secret)?).filter(|share| share.holds(now())).cloned()
    }

    /// A share, if there is one with that id.
    #[must_use]
    pub fn share(&self, id: &ShareId) -> Option<Share> {
        self.model().shares.get(id).cloned()
    }

    /// Whether some public link opens a page, its own or one above it.
    #[must_use]
    pub fn is_shared(&self, page: &PageId) -> bool {
        let model = self.model();
        let at = now();
        let Some(facts) = model.facts(page) else { return false };
        let opens = |share: &Share| {
            let link = Subject { link: Some(share.claim()), ..Subject::default() };
            share.holds(at) && page_level(&link, &facts).is_some()
        };
        model.shares.iter().any(opens)
    }

    /// The shares of a page, the oldest first.
    #[must_use]
    pub fn shares(&self, proof: &Allowed<ManagePage>) -> Vec<Share> {
        let model = self.model();
        let mut shares: Vec<Share> =
            model.shares.iter().filter(|share| share.page == *proof.object()).cloned().collect();
        shares.sort_by(|a, b| a.created.at.cmp(&b.created.at).then_with(|| a.id.cmp(&b.id)));
        shares
    }

    /// Makes a public link to a page.
    ///
    /// # Errors
    /// [`WikiError::Invalid`], [`WikiError::TooMany`] and those of the store.
    pub async fn make_share(
        &self,
        proof: &Allowed<ManagePage>,
        secret: SecretHash,
        wish: Wish,
    ) -> Result<Share, WikiError> {
        check(&wish)?;
        let turn = self.turn().await;
        if self.shares(proof).len() >= SHARES_PER_PAGE_MAX {
            return Err(WikiError::TooMany { what: "links to one page", max: SHARES_PER_PAGE_MAX });
        }
        let share = Share {
            id: ShareId::random(dice()),
            page: proof.object().clone(),
            secret,
            level: wish.level,
            subtree: wish.subtree,
            password: wish.password,
            expires: wish.expires,
            indexed: wish.indexed,
            created: Stamp { at: now(), by: proof.by().cloned() },
        };
        self.put(&turn, share.clone()).await?;
        Ok(share)
    }

    /// Changes what a link of a page opens; with `secret` the link itself, so that the old one ends.
    ///
    /// # Errors
    /// As [`Wiki::make_share`]; a share of another page does not exist for this proof.
    pub async fn change_share(
        &self,
        proof: &Allowed<ManagePage>,
        id: &ShareId,
        wish: Wish,
        secret: Option<SecretHash>,
    ) -> Result<Share, WikiError> {
        check(&wish)?;
        let turn = self.turn().await;
        let share = self.share(id).filter(|share| share.page == *proof.object()).ok_or(Refused::Hidden)?;
        let share = Share {
            secret: secret.unwrap_or(share.secret),
            level: wish.level,
            subtree: wish.subtree,
            password: wish.password,
            expires: wish.expires,
            indexed: wish.indexed,
            ..share
        };
        self.put(&turn, share.clone()).await?;
        Ok(share)
    }

    /// Ends a link to a page at once.
    ///
    /// # Errors
    /// Those of the store; a share of another page does not exist for this proof.
    pub async fn end_share(&self, proof: &Allowed<ManagePage>, id: &ShareId) -> Result<(), WikiError> {
        let turn = self.turn().await;
        self.share(id).filter(|share| share.page == *proof.object()).ok_or(Refused::Hidden)?;
        self.remove::<Share>(&turn, id.clone()).await
    }
}

fn check(wish: &Wish) -> Result<(), WikiError> {
    if !matches!(wish.level, Level::View | Level::Edit) {
        return Err(WikiError::invalid(Field::Level, "a public link lets people view or edit"));
    }
    if wish.expires.is_some_and(|expires| expires <= now()) {
        return Err(WikiError::invalid(Field::Expires, "a link ends in the future"));
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    page: String,
    secret: [u8; 32],
    level: String,
    subtree: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<u64>,
    indexed: bool,
    created: StoredStamp,
}

impl Row for Share {
    type Id = ShareId;
    const NOUN: &'static str = "share";

    fn id(&self) -> ShareId {
        self.id.clone()
    }

    fn word(id: &ShareId) -> String {
        id.as_str().to_owned()
    }

    fn encode(&self) -> Vec<u8> {
        let stored = Stored {
            id: self.id.as_str().to_owned(),
            page: self.page.as_str().to_owned(),
            secret: self.secret.0,
            level: self.level.as_str().to_owned(),
            subtree: self.subtree,
            password: self.password.clone(),
            expires: self.expires.map(|expires| expires.0),
            indexed: self.indexed,
            created: StoredStamp::from(&self.created),
        };
        pack(Self::VERSION, &stored)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = unpack(Self::VERSION, bytes)?;
        Some(Self {
            id: ShareId::new(&stored.id)?,
            page: PageId::new(&stored.page)?,
            secret: SecretHash(stored.secret),
            level: Level::read(&stored.level)?,
            subtree: stored.subtree,
            password: stored.password,
            expires: stored.expires.map(UnixMillis),
            indexed: stored.indexed,
            created: stored.created.into(),
        })
    }

    fn table(model: &mut Model) -> &mut Table<Self> {
        &mut model.shares
    }

    fn reindex(model: &mut Model, before: Option<&Self>, after: Option<&Self>) {
        if let Some(before) = before {
            model.by_share.remove(&before.secret);
        }
        if let Some(after) = after {
            model.by_share.insert(after.secret, after.id.clone());
        }
    }

    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change> {
        let page = before.or(after).map(|share| share.page.clone());
        page.map(Change::Page).into_iter().collect()
    }

    fn touches_rights(before: Option<&Self>, after: Option<&Self>) -> bool {
        before.is_some() && before != after
    }
}
