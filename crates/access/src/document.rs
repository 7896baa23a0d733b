//! Documents: what the hub and the history want proof for.

use weft_ids::{AppName, DocId};

use crate::Refused;
use crate::level::page_level;
use crate::role::Level;
use crate::rule::{PageFacts, PageState};
use crate::subject::Subject;

/// What is known of a document.
#[derive(Debug, Clone)]
pub enum DocRules<'a> {
    /// It is nobody's: any name that is neither a page's nor an app's.
    Free {
        /// Anyone who reaches the server may read and write such documents. Otherwise only this machine may.
        open: bool,
    },
    /// It lies in an app's namespace.
    App {
        /// Which.
        app: &'a AppName,
    },
    /// A page shows it.
    Page(PageFacts<'a>),
    /// It is named like a page's, but there is no such page.
    NoPage,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Right {
    /// See the document and be seen in it.
    Read,
    /// Change the document too.
    Write,
    /// As much of both as there is.
    Most,
}

/// Whose a document is, by the rules that decided about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// Nobody's.
    Nobodys,
    /// A foreign app's.
    Apps,
    /// The wiki's: a page shows it.
    Pages,
}

/// Proof that someone may do something with one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    doc: DocId,
    whose: Whose,
    write: bool,
    subject: Subject,
}

impl Grant {
    /// The document it is for.
    #[must_use]
    pub fn doc(&self) -> &DocId {
        &self.doc
    }

    /// Whose that document is.
    #[must_use]
    pub fn whose(&self) -> Whose {
        self.whose
    }

    /// Whether it allows changes.
    #[must_use]
    pub fn may_write(&self) -> bool {
        self.write
    }

    /// Whom it was given to.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// The same grant without the right to write.
    #[must_use]
    pub fn read_only(self) -> Self {
        Self { write: false, ..self }
    }
}

/// Whether somebody may connect at all, before they name a document. Each document is decided on its own all the same.
///
/// # Errors
/// [`Refused`]: nothing they could name would be granted.
pub fn may_knock(open: bool, subject: &Subject) -> Result<(), Refused> {
    let known = subject.person.is_some() || subject.link.is_some() || subject.app.is_some();
    if open || subject.local || known { Ok(()) } else { Err(Refused::NotLocal) }
}

/// Decides about a document.
///
/// # Errors
/// [`Refused`] says which rule stands against it.
pub fn decide(rules: &DocRules<'_>, subject: &Subject, doc: DocId, right: Right) -> Result<Grant, Refused> {
    let (whose, may_write, why_not) = match rules {
        DocRules::Free { open } if *open || subject.local => (Whose::Nobodys, true, Refused::Forbidden),
        DocRules::Free { .. } => return Err(Refused::NotLocal),
        DocRules::App { app } => {
            let claim = subject.app.as_ref().filter(|claim| claim.app == **app && claim.covers(&doc));
            (Whose::Apps, claim.ok_or(Refused::SignIn)?.write, Refused::Forbidden)
        }
        DocRules::Page(page) => {
            let (level, _) = page_level(subject, page).ok_or_else(|| Refused::unseen(subject))?;
            match page.state {
                PageState::Open => (Whose::Pages, level >= Level::Edit, Refused::Forbidden),
                PageState::Archived | PageState::Trashed => (Whose::Pages, false, Refused::AtRest),
            }
        }
        DocRules::NoPage => return Err(Refused::unseen(subject)),
    };
    let write = match right {
        Right::Read => false,
        Right::Write if !may_write => return Err(why_not),
        Right::Write => true,
        Right::Most => may_write,
    };
    Ok(Grant { doc, whose, write, subject: subject.clone() })
}
