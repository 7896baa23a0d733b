//! What happens to a room.

use std::collections::HashMap;
use std::sync::Arc;

use weft_ids::{ClientId, Seq, SessionId, UnixMillis, UserId};
use weft_wire::{ClientMessage, Update};

/// The time an event comes with: a room has no clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Milliseconds of a clock that never jumps; deadlines are counted in it.
    pub mono: u64,
    /// The wall clock, for people to read in the history.
    pub wall: UnixMillis,
}

/// How a session's dialect tells a client that an update is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acks {
    /// A SyncStatus message for each update (Hocuspocus, type 8).
    Status,
    /// Its own content coming back (`y-websocket` 4): the echo is held until the content is durable.
    Echo,
}

/// What may stand in somebody's presence under `user`, where every editor binding shows who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Identity {
    /// Whatever they say: the document is not the wiki's.
    #[default]
    Free,
    /// A name and a colour of their own choice, but no id, since nobody vouches for them.
    Guest,
    /// This name and colour, and the id of [`Standing::user`], whatever they say.
    Known {
        /// What they are called.
        name: Arc<str>,
        /// `#rrggbb`.
        color: Arc<str>,
    },
}

/// What somebody may, and who they are: it may change while they are here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// May change the document.
    pub may_write: bool,
    /// Who they proved to be, if they did.
    pub user: Option<UserId>,
    /// What others are shown of them.
    pub identity: Identity,
}

/// Who joins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// What they may, and who they are.
    pub standing: Standing,
    /// How they are told that an update is on disk.
    pub acks: Acks,
    /// The document schema their client knows, if it said so: a page with a newer one is read-only for them.
    pub schema: Option<u32>,
}

/// A request that came by another way than a session, and waits for its [`Effect::Reply`](crate::Effect::Reply).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestId(pub u64);

/// How a change comes about, as the log will say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Somebody edits.
    Edit,
    /// Somebody brings an earlier state back.
    Restore,
    /// It is brought in from elsewhere.
    Import,
    /// The server itself changes the document.
    Server,
}

/// Numbers the batches a room asks to have stored, in order, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// For each client id, the lowest clock a session has missed.
pub type Missed = HashMap<ClientId, u32>;

/// Into the room.
#[derive(Debug, Clone)]
pub enum Event {
    /// A session is here.
    Join {
        /// Which.
        session: SessionId,
        /// Who.
        member: Member,
    },
    /// What a session may, or who it is shown as, is not what it was. Its dialect and its schema stay.
    Regrant {
        /// Which.
        session: SessionId,
        /// What holds from now on.
        standing: Standing,
    },
    /// A session is gone, however it went.
    Leave {
        /// Which.
        session: SessionId,
    },
    /// A session said something.
    Message {
        /// Who.
        session: SessionId,
        /// What.
        message: ClientMessage,
    },
    /// An update came without a session; becomes a record of its own and is answered with a reply.
    Submit {
        /// What to answer to.
        request: RequestId,
        /// Who sends it, as the log will say.
        author: SessionId,
        /// Who they proved to be, if they did.
        user: Option<UserId>,
        /// What they call themselves.
        name: Option<Arc<str>>,
        /// How it comes about.
        kind: Kind,
        /// The change.
        update: Update,
    },
    /// Everything up to `ticket` is on disk.
    Durable {
        /// The batch.
        ticket: Ticket,
        /// The place of its last record.
        seq: Seq,
    },
    /// A session that had fallen behind has taken all that waited for it.
    Drained {
        /// Which.
        session: SessionId,
        /// What it was not sent.
        missed: Missed,
    },
    /// The time [`Room::wakes_at`](crate::Room::wakes_at) asked for has come.
    Wake,
}
