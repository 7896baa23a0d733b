//! What a room wants done.

use std::sync::Arc;

use bytes::Bytes;
use smallvec::SmallVec;
use weft_ids::{Seq, SessionId, UnixMillis, UserId};
use weft_wire::{ServerMessage, Update, awareness};

use crate::event::{Kind, RequestId, Ticket};

/// A record as the room drafts it; the store gives it a place and makes it durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// When the room took it in.
    pub time: UnixMillis,
    /// The session that sent it.
    pub session: SessionId,
    /// Who that proved to be, if they did.
    pub user: Option<UserId>,
    /// What they call themselves.
    pub name: Option<Arc<str>>,
    /// How it came about.
    pub kind: Kind,
    /// The v1 update as sent; several of one session in one turn are woven into one.
    pub update: Bytes,
}

/// Why a session is hung up on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    /// Its updates keep building on content nobody has.
    Gaps,
    /// What it sent could not be merged.
    Broken,
    /// More of its updates wait for others than a room keeps.
    TooMuchWaiting,
    /// It wrote under the client id of someone who is connected and did not write that.
    Foreign,
}

/// How a request ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// On disk: it is the record at this place.
    Stored(Seq),
    /// All of it was here already, and is on disk; this is the place of the newest record known to be.
    Known(Seq),
    /// It builds on content that is missing here; this is our state vector (v1 bytes).
    Gap(Bytes),
    /// It writes under the client id of someone who is connected and did not write it.
    Foreign,
    /// The document is as large as documents may get.
    TooLarge,
    /// The document is read-only now, for the reason given.
    ReadOnly(&'static str),
    /// It could not be merged.
    Broken,
}

/// Out of the room.
#[derive(Debug, Clone)]
pub enum Effect {
    /// Say this to one session.
    Send {
        /// Whom to.
        to: SessionId,
        /// What.
        message: ServerMessage,
    },
    /// Relay an update to every session but a few.
    Broadcast {
        /// The change.
        update: Update,
        /// Who is not to get it (now).
        except: SmallVec<[SessionId; 2]>,
    },
    /// Relay an update to one session.
    Relay {
        /// Whom to.
        to: SessionId,
        /// The change.
        update: Update,
    },
    /// Tell one session that `count` of its updates are on disk.
    Ack {
        /// Whom.
        to: SessionId,
        /// How many.
        count: u32,
    },
    /// Tell presence to one session, or to everyone.
    Whisper {
        /// Whom to; nobody named means everyone.
        to: Option<SessionId>,
        /// Who is where.
        entries: Arc<[awareness::Entry]>,
    },
    /// Store these, in order, after all before; answer with [`Event::Durable`](crate::Event::Durable).
    Append {
        /// The batch's number.
        ticket: Ticket,
        /// What.
        drafts: Vec<Draft>,
    },
    /// Answer a request.
    Reply {
        /// Which.
        request: RequestId,
        /// How it ended.
        outcome: Outcome,
    },
    /// Close a session, then report it gone.
    HangUp {
        /// Which.
        session: SessionId,
        /// Why.
        why: HangUp,
    },
    /// The document in memory is no longer what the log says: once everything is stored, load it anew and give it to
    /// [`Room::rebuilt`](crate::Room::rebuilt). No event may come in between.
    Rebuild,
}
