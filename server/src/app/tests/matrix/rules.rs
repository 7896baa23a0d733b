//! Who may what, said once more and otherwise than the server says it: the matrix expects what stands here.

use super::actor::{Actor, Link};
use super::town::{Page, Plot, Spot};

/// How much somebody may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum May {
    Nothing,
    See,
    Comment,
    Edit,
    Manage,
}

/// What somebody is on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rank {
    Guest,
    Member,
    Admin,
    Owner,
}

/// How far what they showed reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reach {
    Read,
    Write,
    Admin,
    Full,
}

/// What is answered.
pub(super) const SIGN_IN: u16 = 401;
pub(super) const FORBIDDEN: u16 = 403;
pub(super) const NOT_FOUND: u16 = 404;
pub(super) const CONFLICT: u16 = 409;
pub(super) const INVALID: u16 = 422;

impl Reach {
    fn most(self) -> May {
        match self {
            Self::Read => May::See,
            Self::Write => May::Edit,
            Self::Admin | Self::Full => May::Manage,
        }
    }
}

/// What is answered to whoever may not even know of a thing.
pub(super) fn unseen(actor: Actor) -> u16 {
    if actor.person().is_some() { NOT_FOUND } else { SIGN_IN }
}

/// Something that only asks what somebody is: refused with this, if it is.
pub(super) fn on_server(actor: Actor, rank: Rank, reach: Reach) -> Result<(), u16> {
    match actor {
        Actor::Operator if reach < Reach::Full => Ok(()),
        _ => {
            let person = actor.person().ok_or(SIGN_IN)?;
            if actor.reach() < reach || person.rank() < rank { Err(FORBIDDEN) } else { Ok(()) }
        }
    }
}

/// What whoever stands behind `actor` may in a space, had they signed in.
fn themselves_in(plot: Plot, person: Actor) -> May {
    let by_rank = |members: May| match person.rank() {
        Rank::Owner | Rank::Admin => May::Manage,
        Rank::Member => members,
        Rank::Guest => May::Nothing,
    };
    match plot {
        Plot::Open => by_rank(May::Edit),
        Plot::Readable => by_rank(May::See),
        Plot::Owners if person == Actor::Owner => May::Manage,
        Plot::Strangers if person == Actor::Stranger => May::Manage,
        Plot::Team => match person {
            Actor::Manager => May::Manage,
            Actor::Editor | Actor::Grouped => May::Edit,
            Actor::Commenter => May::Comment,
            Actor::Viewer => May::See,
            _ => May::Nothing,
        },
        Plot::Owners | Plot::Strangers | Plot::Gone | Plot::NoId => May::Nothing,
    }
}

/// What somebody may in a space.
pub(super) fn in_space(actor: Actor, plot: Plot) -> May {
    let Some(person) = actor.person() else { return May::Nothing };
    themselves_in(plot, person).min(actor.reach().most())
}

fn themselves_on(page: &Page, person: Actor) -> May {
    let in_space = themselves_in(page.plot, person);
    if in_space == May::Manage {
        return May::Manage;
    }
    let mut may = in_space;
    for one in page.path() {
        if one.restricted {
            may = May::Nothing;
        }
        let named = one.named.iter().filter(|(who, _)| *who == person).map(|(_, level)| *level);
        may = named.fold(may, May::max);
    }
    // The trash is for those who put things there.
    if page.is(Spot::Trashed) && may < May::Edit { May::Nothing } else { may }
}

fn by_link(page: &Page, link: Link) -> May {
    let path = page.path();
    let at_rest = page.is(Spot::Trashed) || page.is(Spot::Archived);
    let Some(at) = path.iter().position(|one| one.name == link.page()) else { return May::Nothing };
    let below = &path[at + 1..];
    let reaches = match link {
        Link::View => below.is_empty(),
        Link::Edit => below.iter().all(|one| !one.restricted),
    };
    match link {
        _ if at_rest || !reaches => May::Nothing,
        Link::View => May::See,
        Link::Edit => May::Edit,
    }
}

/// What somebody may on a page.
pub(super) fn on_page(actor: Actor, page: &Page) -> May {
    match (actor.person(), actor.link()) {
        (Some(person), _) => themselves_on(page, person).min(actor.reach().most()),
        (None, Some(link)) => by_link(page, link),
        (None, None) => May::Nothing,
    }
}

/// That somebody may so much on a page; what lies in the trash or the archive nobody changes.
pub(super) fn needs(actor: Actor, page: &Page, need: May, at_rest: bool) -> Result<(), u16> {
    let may = on_page(actor, page);
    let rests = page.is(Spot::Trashed) || page.is(Spot::Archived);
    match may {
        May::Nothing => Err(unseen(actor)),
        may if may < need => Err(FORBIDDEN),
        _ if rests && !at_rest => Err(FORBIDDEN),
        _ => Ok(()),
    }
}

/// That somebody may so much in a space.
pub(super) fn needs_in(actor: Actor, plot: Plot, need: May) -> Result<(), u16> {
    match in_space(actor, plot) {
        May::Nothing => Err(unseen(actor)),
        may if may < need => Err(FORBIDDEN),
        _ => Ok(()),
    }
}

/// That somebody may put a page beside another.
pub(super) fn beside(actor: Actor, page: &Page) -> Result<(), u16> {
    match page.above() {
        Some(above) => needs(actor, above, May::Edit, false),
        None => needs_in(actor, page.plot, May::Edit),
    }
}
