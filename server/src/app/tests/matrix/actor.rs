//! Whoever asks, by everything that somebody can show.

use super::rules::{Rank, Reach};

/// Whoever asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in super::super) enum Actor {
    Nobody,
    /// Their browser still has its cookie.
    Suspended,
    /// A cookie, a key and a link that nobody gave.
    Forger,
    /// Whoever runs the server, by the token in its data directory.
    Operator,
    Owner,
    Admin,
    Member,
    /// Manages a private space that nobody else knows of.
    Stranger,
    Guest,
    /// A guest who is named on single pages.
    Invited,
    /// A guest with a level in the team's space.
    Viewer,
    Commenter,
    Editor,
    /// Edits by a group.
    Grouped,
    Manager,
    OwnersReadKey,
    OwnersWriteKey,
    OwnersAdminKey,
    MembersWriteKey,
    /// Came by the link to one page, to be read.
    ViewLink,
    /// Came by the link to a page and what lies below, to be edited.
    EditLink,
    /// A foreign app's backend, by the app's secret.
    Backend,
    /// By a token of that app: may read all its rooms.
    AppsReader,
    /// By a token of that app: may write one of its rooms.
    AppsWriter,
}

pub(super) const ACTORS: [Actor; 24] = [
    Actor::Nobody,
    Actor::Suspended,
    Actor::Forger,
    Actor::Operator,
    Actor::Owner,
    Actor::Admin,
    Actor::Member,
    Actor::Stranger,
    Actor::Guest,
    Actor::Invited,
    Actor::Viewer,
    Actor::Commenter,
    Actor::Editor,
    Actor::Grouped,
    Actor::Manager,
    Actor::OwnersReadKey,
    Actor::OwnersWriteKey,
    Actor::OwnersAdminKey,
    Actor::MembersWriteKey,
    Actor::ViewLink,
    Actor::EditLink,
    Actor::Backend,
    Actor::AppsReader,
    Actor::AppsWriter,
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    View,
    Edit,
}

impl Link {
    /// The page it is to.
    pub(super) fn page(self) -> &'static str {
        "shared"
    }
}

impl Actor {
    /// Who that is, if it is somebody with an account who may come in.
    pub(super) fn person(self) -> Option<Self> {
        match self {
            Self::Nobody
            | Self::Suspended
            | Self::Forger
            | Self::Operator
            | Self::ViewLink
            | Self::EditLink
            | Self::Backend
            | Self::AppsReader
            | Self::AppsWriter => None,
            Self::OwnersReadKey | Self::OwnersWriteKey | Self::OwnersAdminKey => Some(Self::Owner),
            Self::MembersWriteKey => Some(Self::Member),
            person => Some(person),
        }
    }

    pub(super) fn rank(self) -> Rank {
        match self {
            Self::Owner => Rank::Owner,
            Self::Admin => Rank::Admin,
            Self::Guest | Self::Invited | Self::Viewer => Rank::Guest,
            _ => Rank::Member,
        }
    }

    pub(super) fn reach(self) -> Reach {
        match self {
            Self::OwnersReadKey => Reach::Read,
            Self::OwnersWriteKey | Self::MembersWriteKey => Reach::Write,
            Self::OwnersAdminKey => Reach::Admin,
            _ => Reach::Full,
        }
    }

    pub(super) fn link(self) -> Option<Link> {
        match self {
            Self::ViewLink => Some(Link::View),
            Self::EditLink => Some(Link::Edit),
            _ => None,
        }
    }
}
