//! What survives: the log and its checkpoint.

use std::collections::HashMap;

use bytes::Bytes;
use weft_doc::Document;
use weft_ids::{ClientId, Seq};
use weft_room::Loaded;
use weft_wire::{DeleteSpan, Update};

/// The durable part of the world.
#[derive(Debug, Default)]
pub(super) struct Disk {
    records: Vec<Update>,
    checkpoint: Option<(usize, Bytes)>,
    clocks: HashMap<ClientId, u32>,
    /// All of it together: some deletions stand in no record, for they follow from what was written at the same time.
    whole: Document,
}

impl Disk {
    /// Makes records durable.
    ///
    /// # Errors
    /// Says which record does not fit behind what is there: the log would have a hole.
    pub(super) fn append(&mut self, updates: &[Bytes]) -> Result<Seq, String> {
        for bytes in updates {
            let update = Update::scan(bytes.clone()).map_err(|error| format!("a bad record: {error}"))?;
            if !update.fits(|client| self.clock(client)) {
                return Err(format!("record {} leaves a hole: {update:?}", self.records.len() + 1));
            }
            for section in update.sections() {
                let clock = self.clocks.entry(section.client).or_default();
                *clock = section.end.max(*clock);
            }
            self.whole.merge(&update.bytes()[..]).map_err(|error| format!("a bad record: {error}"))?;
            self.records.push(update);
        }
        Ok(self.head())
    }

    /// The place of the last record.
    #[must_use]
    pub(super) fn head(&self) -> Seq {
        Seq(self.records.len() as u64)
    }

    /// The record at a place, counted from 1.
    #[must_use]
    pub(super) fn record(&self, seq: Seq) -> Option<&Update> {
        self.records.get(usize::try_from(seq.0.checked_sub(1)?).ok()?)
    }

    /// How many elements of `client` are durable.
    #[must_use]
    pub(super) fn clock(&self, client: ClientId) -> u32 {
        self.clocks.get(&client).copied().unwrap_or(0)
    }

    /// How many elements of every client are durable.
    pub(super) fn clocks(&self) -> HashMap<ClientId, u32> {
        self.clocks.clone()
    }

    /// Whether these deletions are durable.
    #[must_use]
    pub(super) fn has_deleted(&self, spans: &[DeleteSpan]) -> bool {
        // Encoding the delete set is the costly part of the question.
        spans.is_empty()
            || self.whole.has_deleted(spans.iter().map(|span| (span.client, span.start..span.end)))
    }

    /// Whether all that `update` brings is durable.
    #[must_use]
    pub(super) fn holds(&self, update: &Update) -> bool {
        update.sections().iter().all(|section| section.end <= self.clock(section.client))
            && self.has_deleted(update.deletes())
    }

    /// Cuts a checkpoint.
    ///
    /// # Errors
    /// If the log cannot be read back.
    pub(super) fn checkpoint(&mut self) -> Result<(), String> {
        let state = self.load()?.document.state();
        self.checkpoint = Some((self.records.len(), state));
        Ok(())
    }

    /// The document as a server that starts finds it.
    ///
    /// # Errors
    /// If the log cannot be read back.
    pub(super) fn load(&self) -> Result<Loaded, String> {
        let (from, base) = match &self.checkpoint {
            Some((from, state)) => (*from, Some(state.clone())),
            None => (0, None),
        };
        let tail = self.records[from..].to_vec();
        let parts = base.iter().map(|base| &base[..]).chain(tail.iter().map(|update| &update.bytes()[..]));
        let document = Document::restore(parts).map_err(|error| error.to_string())?;
        Ok(Loaded { document, base, tail, head: self.head(), types: 0 })
    }

    /// The whole document from the log alone, as if there had never been a checkpoint.
    ///
    /// # Errors
    /// If the log cannot be read back.
    pub(super) fn replay(&self) -> Result<Document, String> {
        Document::restore(self.records.iter().map(|update| &update.bytes()[..]))
            .map_err(|error| error.to_string())
    }
}
