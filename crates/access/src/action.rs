//! What can be asked for besides documents, each as a type: an operation names the one it needs proof of.

use std::fmt::Debug;

use weft_ids::{PageId, SpaceId, UserId};

use crate::Refused;
use crate::level::{page_level, space_level};
use crate::role::{Level, Role, Scope};
use crate::rule::{PageFacts, PageState, SpaceRules};
use crate::subject::Subject;

mod sealed {
    pub trait Sealed {}
}

/// Something that can be asked for.
pub trait Action: sealed::Sealed + Debug {
    /// What it is done to.
    type Object: Debug + Clone;
    /// What has to be known of that.
    type Facts<'a>;

    /// Whether `subject` may.
    ///
    /// # Errors
    /// [`Refused`].
    fn check(subject: &Subject, facts: &Self::Facts<'_>) -> Result<(), Refused>;
}

/// Proof that someone may do `A` to one object.
#[derive(Debug, Clone)]
pub struct Allowed<A: Action> {
    object: A::Object,
    subject: Subject,
}

impl<A: Action> Allowed<A> {
    /// What it is done to.
    #[must_use]
    pub fn object(&self) -> &A::Object {
        &self.object
    }

    /// Who does it.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The person who does it; `None` when somebody came by a public link.
    #[must_use]
    pub fn by(&self) -> Option<&UserId> {
        self.subject.person.as_ref().map(|person| &person.user)
    }
}

/// Decides about anything but a document.
///
/// # Errors
/// [`Refused`] says which rule stands against it.
pub fn allow<A: Action>(
    subject: &Subject,
    object: A::Object,
    facts: &A::Facts<'_>,
) -> Result<Allowed<A>, Refused> {
    A::check(subject, facts)?;
    Ok(Allowed { object, subject: subject.clone() })
}

macro_rules! page_actions {
    ($($(#[doc = $doc:literal])+ $name:ident = $level:ident, at_rest $at_rest:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl Action for $name {
                type Object = PageId;
                type Facts<'a> = PageFacts<'a>;

                fn check(subject: &Subject, page: &PageFacts<'_>) -> Result<(), Refused> {
                    let (level, _) = page_level(subject, page).ok_or_else(|| Refused::unseen(subject))?;
                    if level < Level::$level {
                        return Err(Refused::Forbidden);
                    }
                    if !$at_rest && page.state != PageState::Open { Err(Refused::AtRest) } else { Ok(()) }
                }
            }
        )+
    };
}

page_actions! {
    /// See a page, and what is told of it.
    ViewPage = View, at_rest true;
    /// Change a page: its icon, its place, what lies below it.
    EditPage = Edit, at_rest false;
    /// Take a page out of the trash or the archive, or put it there.
    RestPage = Edit, at_rest true;
    /// Say who may see a page, and share it.
    ManagePage = Manage, at_rest false;
    /// Delete a page for good.
    DestroyPage = Manage, at_rest true;
}

macro_rules! space_actions {
    ($($(#[doc = $doc:literal])+ $name:ident = $level:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl Action for $name {
                type Object = SpaceId;
                type Facts<'a> = SpaceRules;

                fn check(subject: &Subject, space: &SpaceRules) -> Result<(), Refused> {
                    match space_level(subject, space) {
                        None => Err(Refused::unseen(subject)),
                        Some(level) if level < Level::$level => Err(Refused::Forbidden),
                        Some(_) => Ok(()),
                    }
                }
            }
        )+
    };
}

space_actions! {
    /// See a space, and which pages it has.
    ViewSpace = View;
    /// Make pages in a space.
    EditSpace = Edit;
    /// Name a space, say who may what in it, delete it.
    ManageSpace = Manage;
}

macro_rules! server_actions {
    ($($(#[doc = $doc:literal])+ $name:ident = $role:ident, $scope:ident;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl sealed::Sealed for $name {}

            impl Action for $name {
                type Object = ();
                type Facts<'a> = ();

                fn check(subject: &Subject, (): &()) -> Result<(), Refused> {
                    // An account is kept by nobody but its person.
                    if subject.operator && Scope::$scope < Scope::Full {
                        return Ok(());
                    }
                    if subject.person.is_none() {
                        return Err(Refused::SignIn);
                    }
                    let person = subject.within(Scope::$scope).ok_or(Refused::Forbidden)?;
                    if person.role >= Role::$role { Ok(()) } else { Err(Refused::Forbidden) }
                }
            }
        )+
    };
}

server_actions! {
    /// See who else is here, and what concerns oneself.
    BeHere = Guest, Read;
    /// Note something for oneself: favourites, what was read.
    NoteForOneself = Guest, Write;
    /// Change one's own account: only whoever is signed in themselves, never by a key.
    KeepAccount = Guest, Full;
    /// Make spaces.
    MakeSpaces = Member, Write;
    /// Look after people, invitations, groups, apps; read what happened.
    Administer = Admin, Admin;
    /// Remove people, and take a second step away from whoever lost it.
    Own = Owner, Admin;
}
