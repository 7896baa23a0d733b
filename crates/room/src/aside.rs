//! Updates that write new content under a client id which belongs to someone else who is here.
//!
//! A forger looks just like an honest client that passes on what a crashed server had forgotten. So such an update
//! waits: the owner is asked what it has, and then the update is looked at again.

use std::collections::VecDeque;

use weft_ids::SessionId;
use weft_wire::Update;

use crate::limits::{ASIDE_BYTES_MAX, ASIDE_FRAMES_MAX};

/// How an update came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// As it happened.
    Live,
    /// As the answer to a SyncStep1, which its client may count as one thing to be acknowledged.
    AsAnswer {
        /// It does.
        counted: bool,
    },
}

impl Came {
    /// Whether one acknowledgement is owed for it.
    pub(crate) fn is_counted(self) -> bool {
        self != Self::AsAnswer { counted: false }
    }
}

#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) from: SessionId,
    pub(crate) update: Update,
    pub(crate) came: Came,
    /// Whose answer it waits for; `None` if it only waits behind another update of its own session.
    pub(crate) owner: Option<SessionId>,
}

#[derive(Debug, Default)]
pub(crate) struct Aside {
    waiting: VecDeque<Waiting>,
    bytes: usize,
}

impl Aside {
    /// Whether updates of `session` wait here, so that its later ones have to wait behind them.
    pub(crate) fn holds(&self, session: SessionId) -> bool {
        self.waiting.iter().any(|waiting| waiting.from == session)
    }

    /// Keeps it; `false` if there is no room for more.
    pub(crate) fn push(&mut self, waiting: Waiting) -> bool {
        let bytes = self.bytes + waiting.update.bytes().len();
        if bytes > ASIDE_BYTES_MAX || self.waiting.len() >= ASIDE_FRAMES_MAX {
            return false;
        }
        self.bytes = bytes;
        self.waiting.push_back(waiting);
        true
    }

    pub(crate) fn waits_for(&self, owner: SessionId) -> bool {
        self.waiting.iter().any(|waiting| waiting.owner == Some(owner))
    }

    pub(crate) fn forget(&mut self, session: SessionId) {
        self.waiting.retain(|waiting| waiting.from != session);
        self.bytes = self.waiting.iter().map(|waiting| waiting.update.bytes().len()).sum();
    }

    pub(crate) fn take(&mut self) -> VecDeque<Waiting> {
        self.bytes = 0;
        std::mem::take(&mut self.waiting)
    }
}
