//! A session, as its socket holds it.

use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedSender;
use weft_access::{Grant, Whose};
use weft_ids::{DocId, SessionId};
use weft_room::{Acks, Identity, Standing};
use weft_wire::{ClientMessage, Dialect, Envelope};

use crate::bell::Bell;
use crate::limits::{ROOM_QUEUE_BYTES_MAX, ROOM_QUEUE_BYTES_MIN};
use crate::outbox::{Mail, Outbox};
use crate::task::Command;

/// The colour of somebody whose app gave them none.
const COLORLESS: &str = "#6b7280";

/// Why nobody can join.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinError {
    /// The server is stopping.
    #[error("the server is stopping; reconnect in a moment")]
    Draining,
    /// The room holds as many sessions as it may.
    #[error("this document has as many connections as it may have")]
    Full,
    /// The document was removed.
    #[error("this document was deleted for good")]
    Removed,
}

/// How a session joins.
#[derive(Debug, Clone)]
pub struct Joining {
    /// How its frames are wrapped.
    pub envelope: Envelope,
    /// Rings when there is mail: one for all sessions of a socket.
    pub mail: Arc<Bell>,
    /// The document schema its client knows, if it said so.
    pub schema: Option<u32>,
}

impl Joining {
    pub(crate) fn acks(&self) -> Acks {
        match self.envelope.dialect() {
            Dialect::YWebsocket => Acks::Echo,
            Dialect::Hocuspocus => Acks::Status,
        }
    }
}

/// A room, as those who send to it see it: its queue.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(crate) commands: UnboundedSender<Command>,
    pub(crate) space: Arc<Semaphore>,
}

/// A room's queue, counted in shortest messages.
const SPACE: usize = ROOM_QUEUE_BYTES_MAX / ROOM_QUEUE_BYTES_MIN;

impl Room {
    pub(crate) fn new(commands: UnboundedSender<Command>) -> Self {
        Self { commands, space: Arc::new(Semaphore::new(SPACE)) }
    }

    /// About how many bytes of messages wait.
    pub(crate) fn queued_bytes(&self) -> usize {
        (SPACE - self.space.available_permits().min(SPACE)) * ROOM_QUEUE_BYTES_MIN
    }
}

/// One client in one room. Dropping it leaves the room, behind everything it sent.
#[derive(Debug)]
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) doc: DocId,
    pub(crate) room: Room,
    pub(crate) outbox: Arc<Outbox>,
}

impl Session {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The document it is in.
    #[must_use]
    pub fn doc(&self) -> &DocId {
        &self.doc
    }

    /// Says something of `bytes` bytes to the room. If the room's queue is full the message comes back: do not read the
    /// socket until [`has_room`](Self::has_room), so that its sender waits too.
    #[must_use = "what comes back was not said"]
    pub fn say(&self, message: ClientMessage, bytes: usize) -> Option<ClientMessage> {
        let Ok(space) = self.room.space.clone().try_acquire_many_owned(units(bytes)) else {
            return Some(message);
        };
        let _ = self.room.commands.send(Command::Message { session: self.id, message, space });
        None
    }

    /// Resolves when the room's queue can take a message of `bytes` bytes.
    pub async fn has_room(&self, bytes: usize) {
        let _ = self.room.space.acquire_many(units(bytes)).await;
    }

    /// From now on it may what `grant` allows, and is shown as whom that was given to. What was said before counts as
    /// before.
    pub fn regrant(&self, grant: &Grant) {
        let _ = self.room.commands.send(Command::Regrant { session: self.id, standing: standing(grant) });
    }

    /// Takes all that waits for the session.
    pub fn take(&self, mail: &mut Mail) {
        self.outbox.take(mail);
    }

    /// To be called when everything taken has been written to the socket: a session that had fallen behind is then
    /// brought up to date.
    pub fn sent(&self) {
        if let Some(missed) = self.outbox.sent() {
            let _ = self.room.commands.send(Command::Drained { session: self.id, missed });
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.room.commands.send(Command::Leave { session: self.id });
    }
}

/// What a message takes up in a room's queue.
fn units(bytes: usize) -> u32 {
    let units = bytes.clamp(1, ROOM_QUEUE_BYTES_MAX).div_ceil(ROOM_QUEUE_BYTES_MIN);
    u32::try_from(units).unwrap_or(u32::MAX)
}

/// What whoever has `grant` may in a room, and who they are there. In a document that is nobody's, presence is its
/// clients' own affair.
pub(crate) fn standing(grant: &Grant) -> Standing {
    let subject = grant.subject();
    let identity = match (grant.whose(), &subject.person, &subject.app) {
        (Whose::Pages, Some(person), _) => {
            Identity::Known { name: person.name.clone(), color: person.color.clone() }
        }
        (Whose::Pages, None, _) => Identity::Guest,
        (Whose::Apps, _, Some(app)) => app.name.clone().map_or(Identity::Free, |name| Identity::Known {
            name,
            color: app.color.clone().unwrap_or_else(|| COLORLESS.into()),
        }),
        (Whose::Apps, _, None) | (Whose::Nobodys, ..) => Identity::Free,
    };
    Standing { may_write: grant.may_write(), user: subject.user().cloned(), identity }
}

#[cfg(test)]
mod tests {
    use weft_access::{
        AppClaim, DocRules, PageFacts, Person, Right, Role, Rooms, Scope, SpaceRules, Subject, decide,
    };
    use weft_ids::{AppName, PageId, UserId};

    use super::*;

    fn ann() -> Subject {
        let person = Person {
            user: UserId::new("u-ann").unwrap(),
            name: "Ann".into(),
            color: "#123456".into(),
            role: Role::Owner,
            groups: Arc::new([]),
            scope: Scope::Full,
        };
        Subject { person: Some(Arc::new(person)), ..Subject::local() }
    }

    fn shown(rules: &DocRules<'_>, subject: &Subject, doc: &DocId) -> Identity {
        standing(&decide(rules, subject, doc.clone(), Right::Most).unwrap()).identity
    }

    #[test]
    fn who_is_shown_follows_from_whose_the_document_is_and_not_from_its_name() {
        let page = PageId::random([1; 24]);
        let space = SpaceRules { members: Some(weft_access::Level::Edit), granted: Vec::new() };
        let rules = weft_access::PageRules::default();
        let facts = PageFacts { space: &space, chain: vec![(&page, &rules)], state: Default::default() };
        let known = |name: &str, color: &str| Identity::Known { name: name.into(), color: color.into() };
        assert_eq!(shown(&DocRules::Page(facts.clone()), &ann(), &page.doc()), known("Ann", "#123456"));
        let link =
            weft_access::LinkClaim { page: page.clone(), subtree: false, level: weft_access::Level::View };
        let guest = Subject { link: Some(link), ..Subject::default() };
        assert_eq!(shown(&DocRules::Page(facts), &guest, &page.doc()), Identity::Guest);
        // Before there is a wiki, a document named like a page's is one like any other.
        assert_eq!(shown(&DocRules::Free { open: false }, &ann(), &page.doc()), Identity::Free);

        let app = AppName::new("board").unwrap();
        let claim = |name: Option<&str>| AppClaim {
            app: app.clone(),
            rooms: Rooms::Below("".into()),
            write: true,
            user: None,
            name: name.map(Into::into),
            color: None,
        };
        let doc = DocId::new("board/1").unwrap();
        let of = |name| Subject { app: Some(Arc::new(claim(name))), ..ann() };
        assert_eq!(shown(&DocRules::App { app: &app }, &of(Some("Bo")), &doc), known("Bo", COLORLESS));
        assert_eq!(shown(&DocRules::App { app: &app }, &of(None), &doc), Identity::Free);
    }
}
