//! How much somebody may in a space and on a page.

use crate::role::{Level, Role};
use crate::rule::{Granted, PageFacts, PageState, SpaceRules, Who};
use crate::subject::{LinkClaim, Person, Subject};

/// By which way somebody reaches a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Signed in, by what was granted to them.
    Person,
    /// By a public link.
    Public,
}

impl Person {
    /// The most that `granted` gives them.
    fn most_of(&self, granted: &[Granted]) -> Option<Level> {
        let theirs = granted.iter().filter(|one| match &one.who {
            Who::Person(user) => *user == self.user,
            Who::Group(group) => self.groups.contains(group),
        });
        theirs.map(|one| one.level).max()
    }

    /// What they may in a space, were they here themselves.
    fn in_space(&self, space: &SpaceRules) -> Option<Level> {
        let as_member = space.members.filter(|_| self.role >= Role::Member);
        // Somebody has to look after a space whose managers are gone. A private one they must take over first, which
        // its people see.
        let as_admin = (as_member.is_some() && self.role >= Role::Admin).then_some(Level::Manage);
        as_member.max(as_admin).max(self.most_of(&space.granted))
    }

    /// What they may on a page, were they here themselves.
    fn on_page(&self, page: &PageFacts<'_>) -> Option<Level> {
        let in_space = self.in_space(page.space);
        if in_space == Some(Level::Manage) {
            return in_space;
        }
        page.chain.iter().fold(in_space, |level, (_, rules)| {
            level.filter(|_| !rules.restricted).max(self.most_of(&rules.granted))
        })
    }
}

impl LinkClaim {
    fn on_page(&self, page: &PageFacts<'_>) -> Option<Level> {
        if page.state != PageState::Open {
            return None;
        }
        let at = page.chain.iter().position(|(id, _)| **id == self.page)?;
        let below = &page.chain[at + 1..];
        // Whoever shared what lies above did not see that this is for a few.
        let reaches = below.is_empty() || (self.subtree && !below.iter().any(|(_, rules)| rules.restricted));
        reaches.then_some(self.level)
    }
}

/// What somebody may in a space; `None`: not even know of it.
#[must_use]
pub fn space_level(subject: &Subject, space: &SpaceRules) -> Option<Level> {
    let person = subject.person.as_deref()?;
    person.in_space(space).map(|level| level.min(person.scope.most()))
}

/// What somebody may on a page, and by which way; `None`: not even know of it. That nobody may change a page at rest
/// is another matter.
#[must_use]
pub fn page_level(subject: &Subject, page: &PageFacts<'_>) -> Option<(Level, Link)> {
    let person = subject.person.as_deref().and_then(|person| {
        let level = person.on_page(page)?;
        let seen = page.state != PageState::Trashed || level >= Level::Edit;
        seen.then(|| level.min(person.scope.most()))
    });
    let link = subject.link.as_ref().and_then(|link| link.on_page(page));
    if link > person {
        return link.map(|level| (level, Link::Public));
    }
    person.map(|level| (level, Link::Person))
}
