//! Who may do what, decided purely: no clock, no store, no socket.
//!
//! Every operation on a document takes a [`Grant`], and only [`decide`] makes one: what was not decided does not
//! compile. Until members exist the one rule is whether the server is open.

use weft_ids::{DocId, UserId};

/// What the operator decided for everyone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rules {
    /// Anyone who reaches the server may read and write every document. Otherwise only this machine may.
    pub open: bool,
}

/// Who is asking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Subject {
    /// The connection comes from this machine itself, not through a proxy.
    pub local: bool,
    /// Who they proved to be, if they did.
    pub user: Option<UserId>,
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// See the document and be seen in it.
    Read(DocId),
    /// Change the document too.
    Write(DocId),
}

/// Proof that someone may do something with one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    doc: DocId,
    write: bool,
    subject: Subject,
}

impl Grant {
    /// The document it is for.
    #[must_use]
    pub fn doc(&self) -> &DocId {
        &self.doc
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

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The server is not open, and the request came from another machine.
    #[error(
        "this server only answers the machine it runs on; start it with --open to let anyone in who can reach it"
    )]
    NotLocal,
}

/// Whether somebody may connect at all, before they name a document. Each document is decided on its own all the same.
///
/// # Errors
/// [`Refused`]: nothing they could name would be granted.
pub fn may_knock(rules: &Rules, subject: &Subject) -> Result<(), Refused> {
    if rules.open || subject.local { Ok(()) } else { Err(Refused::NotLocal) }
}

/// Decides.
///
/// # Errors
/// [`Refused`] says which rule stands against it.
pub fn decide(rules: &Rules, subject: &Subject, action: Action) -> Result<Grant, Refused> {
    may_knock(rules, subject)?;
    let (doc, write) = match action {
        Action::Read(doc) => (doc, false),
        Action::Write(doc) => (doc, true),
    };
    Ok(Grant { doc, write, subject: subject.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc() -> DocId {
        DocId::new("d").unwrap()
    }

    #[test]
    fn a_closed_server_answers_its_own_machine_only() {
        let (near, far) = (Subject { local: true, user: None }, Subject::default());
        for action in [Action::Read(doc()), Action::Write(doc())] {
            assert!(decide(&Rules { open: false }, &near, action.clone()).is_ok());
            assert_eq!(decide(&Rules { open: false }, &far, action.clone()), Err(Refused::NotLocal));
            assert!(decide(&Rules { open: true }, &far, action).is_ok());
        }
    }

    #[test]
    fn a_grant_allows_what_was_asked_and_no_more() {
        let rules = Rules { open: true };
        assert!(!decide(&rules, &Subject::default(), Action::Read(doc())).unwrap().may_write());
        let write = decide(&rules, &Subject::default(), Action::Write(doc())).unwrap();
        assert!(write.may_write());
        assert!(!write.read_only().may_write());
    }
}
