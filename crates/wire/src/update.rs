//! A scanned update: a client's bytes and what we know of them without decoding.

use std::sync::Arc;

use bytes::Bytes;
use weft_ids::ClientId;

use crate::scan::{self, ScanError, Summary};

/// A CRDT update in the Yjs v1 layout that passed the scanner. It holds the bytes as they came; they are what is logged
/// and relayed. It is small and cloning shares everything, since an update is handed on many times on its way.
#[derive(Clone)]
pub struct Update {
    bytes: Bytes,
    summary: Arc<Summary>,
}

/// The blocks of one client in an update: its elements `[start, end)`, without a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Who wrote them.
    pub client: ClientId,
    /// The clock of the first element.
    pub start: u32,
    /// One past the clock of the last; above `start`.
    pub end: u32,
    pub(crate) blocks: u32,
    pub(crate) body_start: u32,
    pub(crate) body_end: u32,
}

impl Section {
    /// In how many blocks they are written.
    #[must_use]
    pub fn blocks(&self) -> u32 {
        self.blocks
    }

    /// The blocks' bytes inside the update's. They hold no clock of their own.
    pub(crate) fn body<'a>(&self, update: &'a [u8]) -> &'a [u8] {
        &update[self.body_start as usize..self.body_end as usize]
    }
}

/// Elements `[start, end)` of a client that an update deletes; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeleteSpan {
    /// Who wrote them (not who deletes them: the format does not say).
    pub client: ClientId,
    /// The clock of the first.
    pub start: u32,
    /// One past the clock of the last.
    pub end: u32,
}

/// Elements of a client behind a hole: they were sent, but what comes before them was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beyond {
    /// Who wrote them.
    pub client: ClientId,
    /// The clock of the first.
    pub start: u32,
    /// One past the clock of the last. There may be more holes in between.
    pub end: u32,
}

/// One element: the `clock`-th that `client` wrote, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// Who wrote it.
    pub client: ClientId,
    /// Its number.
    pub clock: u32,
}

impl Update {
    /// Scans `bytes`. Linear, without recursion, and without believing a count.
    ///
    /// # Errors
    /// [`ScanError`] says which rule the bytes break; the sender is at fault.
    pub fn scan(bytes: Bytes) -> Result<Self, ScanError> {
        let summary = scan::update(&bytes)?;
        Ok(Self::assemble(bytes, summary))
    }

    /// Puts together what is known to belong together.
    pub(crate) fn assemble(bytes: Bytes, summary: Summary) -> Self {
        Self { bytes, summary: Arc::new(summary) }
    }

    pub(crate) fn summary(&self) -> &Summary {
        &self.summary
    }

    /// The update that changes nothing: `00 00`.
    #[must_use]
    pub fn empty() -> Self {
        Self::assemble(Bytes::from_static(&[0, 0]), Summary::default())
    }

    /// The bytes, as they came.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Gives the bytes away.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// What it adds: one section a client, in the order written.
    #[must_use]
    pub fn sections(&self) -> &[Section] {
        &self.summary.sections
    }

    /// One past the last element of `client` in it; 0 if it has none.
    #[must_use]
    pub fn end_of(&self, client: ClientId) -> u32 {
        self.summary.end_of(client).unwrap_or(0)
    }

    /// What it deletes: per client ascending and without overlap, the clients in the order written.
    #[must_use]
    pub fn deletes(&self) -> &[DeleteSpan] {
        &self.summary.deletes
    }

    /// The elements of *other* clients that its blocks hang on and that are neither in it nor before a section of it:
    /// the highest of each such client. Whoever lacks one of them cannot use the update yet.
    #[must_use]
    pub fn needs(&self) -> &[Place] {
        &self.summary.needs
    }

    /// What its sender has behind holes and was cut off ([`Self::scan_with_holes`]), at most once a client. Whoever fills
    /// a hole can have it by asking again.
    #[must_use]
    pub fn beyond(&self) -> &[Beyond] {
        &self.summary.beyond
    }

    pub(crate) fn with_beyond(mut self, beyond: Vec<Beyond>) -> Self {
        Arc::make_mut(&mut self.summary).beyond = beyond;
        self
    }

    /// The shared types (paragraphs, maps, lists) it creates, in the order written.
    #[must_use]
    pub fn types(&self) -> &[Place] {
        &self.summary.types
    }

    /// Whether it holds no block and no deletion, nor was any cut off.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Summary { sections, deletes, beyond, .. } = &*self.summary;
        sections.is_empty() && deletes.is_empty() && beyond.is_empty()
    }

    /// Whether a document that knows `known(client)` elements of each client can take all of it at once: no section
    /// starts later, no block hangs on something unknown, nothing unknown is deleted, nothing was cut off. When it does not fit, the sender
    /// (or we) have missed something, and must synchronise first.
    pub fn fits(&self, mut known: impl FnMut(ClientId) -> u32) -> bool {
        let summary = &self.summary;
        summary.beyond.is_empty()
            && summary.sections.iter().all(|section| section.start <= known(section.client))
            && summary.needs.iter().all(|need| need.clock < known(need.client))
            && summary.deletes.iter().all(|span| {
                span.end <= known(span.client)
                    || summary.end_of(span.client).is_some_and(|end| span.end <= end)
            })
    }
}

/// As if only the bytes counted, for they determine the rest.
impl PartialEq for Update {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Update {}

impl std::fmt::Debug for Update {
    /// Its outline; content stays out of logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Update")
            .field("bytes", &self.bytes.len())
            .field("sections", &self.summary.sections)
            .field("deletes", &self.summary.deletes)
            .finish_non_exhaustive()
    }
}
