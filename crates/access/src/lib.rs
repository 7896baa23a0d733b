//! Who may do what, decided purely: no clock, no store, no socket.
//!
//! Every operation takes proof that it is allowed, and only this crate makes one: what was not decided does not
//! compile. [`decide`] makes a [`Grant`] for a document (the hub and the history ask for those), [`allow`] makes an
//! [`Allowed`] for anything else ([`action`] lists what there is). Both look at a [`Subject`], who asks, and at
//! facts, what is known of the thing asked for.

pub mod action;
mod audience;
mod document;
mod level;
mod role;
mod rule;
mod subject;

pub use action::{Action, Allowed, allow};
pub use audience::Audience;
pub use document::{DocRules, Grant, Right, Whose, decide, may_knock};
pub use level::{Link, page_level, space_level};
pub use role::{Level, Role, Scope};
pub use rule::{Granted, PageFacts, PageRules, PageState, SpaceRules, Who};
pub use subject::{AppClaim, LinkClaim, Person, Rooms, Subject};

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// The server is not open, and the request came from another machine.
    #[error(
        "this server only answers the machine it runs on; start it with --open to let anyone in who can reach it"
    )]
    NotLocal,
    /// Nobody is signed in, and somebody who is might be allowed to.
    #[error("sign in first")]
    SignIn,
    /// Whoever asks may not even know whether there is such a thing.
    #[error("there is no such thing, or you may not see it")]
    Hidden,
    /// They see it, but this they may not do.
    #[error("you may not do that here")]
    Forbidden,
    /// Nobody may: the page is archived or in the trash.
    #[error("the page is archived or in the trash, so it cannot be changed")]
    AtRest,
}

impl Refused {
    /// For what `subject` may not even know of, whether or not there is such a thing: to somebody unknown everything
    /// that is not public looks alike.
    #[must_use]
    pub fn unseen(subject: &Subject) -> Self {
        if subject.person.is_none() { Self::SignIn } else { Self::Hidden }
    }
}
