//! Bringing back what was: computed, proven, noted, and only then stored, as one more update.

mod proof;

use std::sync::Arc;

use tracing::{error, warn};
use weft_access::Grant;
use weft_hub::{Kind, Submission};
use weft_ids::{ClientId, DocId, Seq};
use weft_store::{Expect, StoreError};
use weft_wire::Place;

use crate::error::HistoryError;
use crate::history::{History, blocking};
use crate::past::{Past, Wish, WishError};
use crate::row::{self, RestoreRow};
use crate::version::may_write;

/// What somebody wants back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// The whole document as it was at a moment.
    Whole {
        /// The moment.
        to: Seq,
    },
    /// Some blocks as they were, with all that was in them.
    Blocks {
        /// The moment.
        to: Seq,
        /// Their ids.
        blocks: Vec<Place>,
    },
    /// Some roots, or what stood under some keys of roots.
    Keys {
        /// The moment.
        to: Seq,
        /// A root's name, with a key of it or as a whole.
        keys: Vec<(String, Option<String>)>,
    },
    /// That what was done in the records `from + 1` to `to` had not been done.
    TakeBack {
        /// The last record that stays.
        from: Seq,
        /// The last record that is taken back.
        to: Seq,
        /// The key of whose work it is; of everybody's unless said.
        author: Option<String>,
    },
}

/// What a restore did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// Its record; the newest one if nothing was to be done.
    pub seq: Seq,
    /// Whether anything was to be done.
    pub changed: bool,
    /// UTF-16 units of text it brought back.
    pub added: u64,
    /// UTF-16 units of text it deleted.
    pub removed: u64,
}

/// What a restore in the timeline was to bring back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestoreNote {
    /// With work taken back: the last record that stayed.
    pub from: Option<Seq>,
    /// The moment; with work taken back, the last record of it.
    pub to: Seq,
    /// The key of whose work was taken back.
    pub author: Option<String>,
    /// The whole document.
    pub whole: bool,
}

impl Wanted {
    fn wish(&self, past: &Past) -> Result<Wish, HistoryError> {
        Ok(match self.clone() {
            Self::Whole { to } => Wish::Whole { to },
            Self::Blocks { to, blocks } => Wish::Blocks { to, blocks },
            Self::Keys { to, keys } => Wish::Keys { to, keys },
            Self::TakeBack { from, to, author } => {
                let writer = match author {
                    // Whose work it was, is not known before the edge.
                    Some(_) if from < past.edge() => return Err(past.no_moment(from)),
                    Some(key) => Some(past.writer(&key).ok_or(HistoryError::NoAuthor(key))?),
                    None => None,
                };
                Wish::TakeBack { from, to, writer }
            }
        })
    }

    fn row(&self) -> RestoreRow {
        let (from, to, author, whole) = match self {
            Self::Whole { to } => (None, to, None, true),
            Self::Blocks { to, .. } | Self::Keys { to, .. } => (None, to, None, false),
            Self::TakeBack { from, to, author } => (Some(from.0), to, author.clone(), false),
        };
        RestoreRow { from, to: to.0, author, whole }
    }
}

impl History {
    /// Brings back what is wanted, on top of what is there now; resolves when that is durable. `name` is what the one who
    /// asks calls themselves.
    ///
    /// # Errors
    /// [`HistoryError`]; nothing was stored then.
    pub async fn restore(
        &self,
        grant: &Grant,
        wanted: &Wanted,
        name: Option<Arc<str>>,
    ) -> Result<Restored, HistoryError> {
        may_write(grant)?;
        let doc = grant.doc();
        // One after the other: two at once would each bring back the same again. Whoever comes second finds it done.
        let _turn = self.0.turns.take(doc).await;
        let past = self.open(grant).await?;
        let wish = wanted.wish(&past)?;
        let (computed, known) = (past.clone(), doc.clone());
        let way = blocking(move || {
            let client = new_client(&computed);
            let way = computed.way_back(&wish, client).map_err(|error| match error {
                WishError::NoMoment(seq) => computed.no_moment(seq),
                other => other.into(),
            })?;
            let Some(way) = way else { return Ok(None) };
            proof::check(&computed, &wish, &way, client).map_err(|why| {
                error!(doc = %known, ?wish, why, "a restore did not pass its own check and was not stored");
                HistoryError::Unverified
            })?;
            Ok(Some(way))
        })
        .await?;
        let Some(way) = way else {
            return Ok(Restored { seq: past.head(), changed: false, added: 0, removed: 0 });
        };
        let row = row::write(&wanted.row());
        let noted = row::restore_by_update(doc, way.update.bytes());
        self.0.store.put(&noted, row.clone(), Expect::Any).await?;
        let submission = Submission { update: way.update, kind: Kind::Restore, name };
        let submitted = self.0.hub.submit(grant, submission).await?;
        let seq = submitted.position.seq;
        if submitted.changed
            && let Err(error) = self.0.store.put(&row::restore_by_place(doc, seq), row, Expect::Any).await
        {
            warn!(%doc, %seq, %error, "a restore will be found by its content only");
        }
        Ok(Restored { seq, changed: submitted.changed, added: way.added.into(), removed: way.removed.into() })
    }

    /// What the restore stored as record `seq` was to bring back, if that is known.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn restored(&self, grant: &Grant, seq: Seq) -> Result<Option<RestoreNote>, HistoryError> {
        let doc = grant.doc();
        let bytes = match self.0.store.get(&row::restore_by_place(doc, seq)).await? {
            Some(value) => Some(value.bytes),
            // The server stopped between the restore and its second note.
            None => self.noted_before(doc, seq).await?,
        };
        let Some(bytes) = bytes else { return Ok(None) };
        let RestoreRow { from, to, author, whole } = row::read(doc, &bytes)?;
        Ok(Some(RestoreNote { from: from.map(Seq), to: Seq(to), author, whole }))
    }

    async fn noted_before(&self, doc: &DocId, seq: Seq) -> Result<Option<bytes::Bytes>, HistoryError> {
        let Some(before) = seq.0.checked_sub(1) else { return Ok(None) };
        let page = match self.0.store.read(doc, Seq(before), 1).await {
            Err(StoreError::Gone { .. }) => return Ok(None),
            page => page?,
        };
        let Some(record) = page.records.first() else { return Ok(None) };
        let noted = self.0.store.get(&row::restore_by_update(doc, &record.update)).await?;
        Ok(noted.map(|value| value.bytes))
    }
}

/// A client id that nobody used here, of 32 bits as clients make them.
fn new_client(past: &Past) -> ClientId {
    loop {
        if let Some(client) = ClientId::new(rand::random::<u32>().into())
            && !past.has_client(client)
        {
            return client;
        }
    }
}

#[cfg(test)]
mod tests;
