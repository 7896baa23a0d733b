//! Everything the wiki knows, in memory.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use weft_access::{PageFacts, PageState, Person as Persona, Scope};
use weft_ids::{
    AppName, GroupId, InvitationId, PageId, PasskeyId, ShareId, SignInId, SpaceId, TokenId, UserId,
};

use crate::app::ForeignApp;
use crate::desk::Desk;
use crate::digest::Digested;
use crate::member::{Group, Identity, Invitation, Passkey, Person, Reset, SecondStep, SignIn, Token};
use crate::notice::Notice;
use crate::order::Order;
use crate::page::{Destroyed, Edited, Page, Spot};
use crate::row::Table;
use crate::share::Share;
use crate::space::Space;
use crate::wiki::SecretHash;

/// Siblings in their order.
pub(crate) type Siblings = BTreeSet<(Order, PageId)>;

/// Everything the wiki knows. Tables hold what is stored; the rest follows from them.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub(crate) people: Table<Person>,
    pub(crate) groups: Table<Group>,
    pub(crate) sign_ins: Table<SignIn>,
    pub(crate) second_steps: Table<SecondStep>,
    pub(crate) passkeys: Table<Passkey>,
    pub(crate) identities: Table<Identity>,
    pub(crate) tokens: Table<Token>,
    pub(crate) invitations: Table<Invitation>,
    pub(crate) resets: Table<Reset>,
    pub(crate) spaces: Table<Space>,
    pub(crate) pages: Table<Page>,
    pub(crate) shares: Table<Share>,
    pub(crate) destroyed: Table<Destroyed>,
    pub(crate) edited: Table<Edited>,
    pub(crate) desks: Table<Desk>,
    pub(crate) notices: Table<Notice>,
    pub(crate) digests: Table<Digested>,
    pub(crate) apps: Table<ForeignApp>,

    /// Somebody owns the server. There is always an owner from then on.
    pub(crate) is_set_up: bool,
    pub(crate) by_email: HashMap<String, UserId>,
    pub(crate) by_look: HashMap<String, BTreeSet<UserId>>,
    pub(crate) by_sign_in: HashMap<SecretHash, SignInId>,
    pub(crate) by_credential: HashMap<Vec<u8>, PasskeyId>,
    pub(crate) by_token: HashMap<SecretHash, TokenId>,
    pub(crate) by_app_secret: HashMap<SecretHash, AppName>,
    pub(crate) by_invitation: HashMap<SecretHash, InvitationId>,
    pub(crate) by_reset: HashMap<SecretHash, UserId>,
    pub(crate) by_slug: HashMap<String, SpaceId>,
    pub(crate) by_share: HashMap<SecretHash, ShareId>,
    pub(crate) children: HashMap<Spot, Siblings>,
    pub(crate) titles: HashMap<PageId, Arc<str>>,
}

impl Model {
    /// What is known of a page: the chain above it, and whether it is at rest. A page whose space is gone is none, and
    /// nor is one that (by two servers' doing) has no way to the top.
    pub(crate) fn facts(&self, page: &PageId) -> Option<PageFacts<'_>> {
        let chain = self.chain(page)?;
        let Spot::Top(space) = &chain.first()?.spot else { return None };
        let space = self.spaces.get(space)?;
        let state = if chain.iter().any(|page| page.trashed.is_some()) {
            PageState::Trashed
        } else if chain.iter().any(|page| page.archived.is_some()) {
            PageState::Archived
        } else {
            PageState::Open
        };
        let chain = chain.into_iter().map(|page| (&page.id, &page.rules)).collect();
        Some(PageFacts { space: &space.rules, chain, state })
    }

    /// The pages from the top of the space down to `page`, itself last.
    pub(crate) fn chain(&self, page: &PageId) -> Option<Vec<&Page>> {
        let mut chain = vec![self.pages.get(page)?];
        while let Some(parent) = chain.last().and_then(|page| page.spot.parent()) {
            if chain.len() > self.pages.len() {
                return None;
            }
            chain.push(self.pages.get(parent)?);
        }
        chain.reverse();
        Some(chain)
    }

    /// The space a page lies in.
    pub(crate) fn space_of(&self, page: &PageId) -> Option<&Space> {
        match &self.chain(page)?.first()?.spot {
            Spot::Top(space) => self.spaces.get(space),
            Spot::Below(_) => None,
        }
    }

    /// What lies at a spot, in order.
    pub(crate) fn lying(&self, spot: &Spot) -> impl DoubleEndedIterator<Item = &Page> {
        let siblings = self.children.get(spot);
        siblings.into_iter().flatten().filter_map(|(_, id)| self.pages.get(id))
    }

    /// `page` and everything below it, each before what lies below it.
    pub(crate) fn subtree(&self, page: &Page) -> Vec<PageId> {
        let mut found = vec![page.id.clone()];
        let mut at = 0;
        while let Some(parent) = found.get(at).cloned() {
            found.extend(self.lying(&Spot::Below(parent)).map(|child| child.id.clone()));
            at += 1;
        }
        found
    }

    /// Who somebody is to those who decide, unless they are suspended.
    pub(crate) fn persona(&self, user: &UserId, scope: Scope) -> Option<Arc<Persona>> {
        let person = self.people.get(user).filter(|person| person.suspended.is_none())?;
        let groups = self.groups.iter().filter(|group| group.people.contains(user));
        let mut groups: Vec<GroupId> = groups.map(|group| group.id.clone()).collect();
        // Two who compare what somebody may must not differ by the order of a map.
        groups.sort_unstable();
        Some(Arc::new(Persona {
            user: person.id.clone(),
            name: person.name.as_str().into(),
            color: person.color.as_str().into(),
            role: person.role,
            groups: groups.into(),
            scope,
        }))
    }

    pub(crate) fn title(&self, page: &PageId) -> Arc<str> {
        self.titles.get(page).cloned().unwrap_or_default()
    }
}
