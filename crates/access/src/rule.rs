//! What is known of a space and of a page: who was granted what.

use weft_ids::{GroupId, PageId, UserId};

use crate::role::Level;

/// Whom something is granted to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// One person.
    Person(UserId),
    /// Everyone in a group.
    Group(GroupId),
}

/// Somebody's level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// Whose.
    pub who: Who,
    /// How much.
    pub level: Level,
}

/// A space's rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpaceRules {
    /// What every member of the server may here; `None`: the space is private.
    pub members: Option<Level>,
    /// What some may besides.
    pub granted: Vec<Granted>,
}

/// A page's own rules, on top of what holds where it lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRules {
    /// What holds above does not hold here, but for the managers of the space.
    pub restricted: bool,
    /// What some may here and below.
    pub granted: Vec<Granted>,
}

/// Whether a page can be worked on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum PageState {
    /// As usual.
    #[default]
    Open,
    /// It, or one above it, is archived: to be read only.
    Archived,
    /// It, or one above it, is in the trash: seen only by those who could change it.
    Trashed,
}

/// What is known of a page.
#[derive(Debug, Clone)]
pub struct PageFacts<'a> {
    /// Where it lies.
    pub space: &'a SpaceRules,
    /// The pages from the top of the space down to it, itself last.
    pub chain: Vec<(&'a PageId, &'a PageRules)>,
    /// Whether it can be worked on.
    pub state: PageState,
}
