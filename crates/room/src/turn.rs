//! What one turn of a room took in: it becomes as few records and as few frames as it can.

use std::sync::Arc;

use smallvec::SmallVec;
use weft_ids::{SessionId, UnixMillis, UserId};
use weft_wire::Update;

use crate::catchup::weave_all;
use crate::effect::{Draft, Effect};
use crate::event::{Kind, RequestId};
use crate::saving::Then;

/// Who sent an accepted update.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) session: SessionId,
    pub(crate) user: Option<UserId>,
    pub(crate) name: Option<Arc<str>>,
    pub(crate) kind: Kind,
    /// It came without a session and is a record of its own.
    pub(crate) request: Option<RequestId>,
    /// Its own content coming back is how it learns that it is on disk.
    pub(crate) echo: bool,
    /// Client ids that nobody has are its own once it writes under them.
    pub(crate) claims: bool,
}

impl Source {
    /// Who sent an update without a session.
    pub(crate) fn submitted(
        request: RequestId,
        author: SessionId,
        user: Option<UserId>,
        name: Option<Arc<str>>,
        kind: Kind,
    ) -> Self {
        Self { session: author, user, name, kind, request: Some(request), echo: false, claims: false }
    }

    /// Whether what both sent next to each other may become one record.
    fn is_one_with(&self, next: &Self) -> bool {
        self.session == next.session && self.request.is_none() && next.request.is_none()
    }
}

#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) source: Source,
    pub(crate) update: Update,
    /// It also holds what was here before, by whomever, and is perhaps not on disk yet.
    pub(crate) repeats: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Turn {
    pub(crate) accepted: Vec<Accepted>,
    /// What to do once all of it is on disk.
    pub(crate) then: Vec<Then>,
    /// Who answered our SyncStep1, so that all they had before is here.
    pub(crate) synchronised: SmallVec<[SessionId; 2]>,
}

impl Turn {
    /// The records of this turn, in the order in which the updates were merged: only neighbours of one session are
    /// woven, since a later update may build on any earlier one. With them, the requests that became a record each:
    /// which one, counted from 1.
    pub(crate) fn drafts(&self, time: UnixMillis) -> (Vec<Draft>, Vec<(RequestId, usize)>) {
        let mut drafts = Vec::new();
        let mut submitted = Vec::new();
        for run in self.accepted.chunk_by(|a, b| a.source.is_one_with(&b.source)) {
            let source = &run[0].source;
            submitted.extend(source.request.map(|request| (request, drafts.len() + 1)));
            let updates = weave_all(run.iter().map(|accepted| accepted.update.clone()).collect());
            drafts.extend(updates.into_iter().map(|update| Draft {
                time,
                session: source.session,
                user: source.user.clone(),
                name: source.name.clone(),
                kind: source.kind,
                update: update.bytes().clone(),
            }));
        }
        (drafts, submitted)
    }

    /// Tells everyone at once, except those who must not see their own content before it is on disk: they get what
    /// the others wrote now, and their own as an echo later. Those who `wait` get everything later.
    pub(crate) fn relay(&mut self, wait: &[SessionId], effects: &mut Vec<Effect>) {
        let mut echoing: SmallVec<[SessionId; 2]> = wait.into();
        for accepted in &self.accepted {
            if accepted.source.echo && !echoing.contains(&accepted.source.session) {
                echoing.push(accepted.source.session);
            }
        }
        let all = weave_all(self.accepted.iter().map(|accepted| accepted.update.clone()).collect());
        effects.extend(all.into_iter().map(|update| Effect::Broadcast { update, except: echoing.clone() }));
        for session in echoing {
            let all_of_it = wait.contains(&session);
            let (own, others): (Vec<_>, Vec<_>) =
                self.accepted.iter().partition(|accepted| all_of_it || accepted.source.session == session);
            let updates = |accepted: Vec<&Accepted>| {
                weave_all(accepted.into_iter().map(|accepted| accepted.update.clone()).collect())
            };
            let relays = updates(others).into_iter();
            effects.extend(relays.map(|update| Effect::Relay { to: session, update }));
            self.then.extend(updates(own).into_iter().map(|update| Then::Echo(session, update)));
        }
    }
}
