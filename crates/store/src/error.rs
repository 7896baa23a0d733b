use weft_ids::{DocId, Seq};

use crate::meta::Rev;

/// Why storage could not do what it was asked. Cloned to everybody who waited for the same commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// What is stored is not what was written. Never answered with a shortened document instead.
    #[error("stored data is damaged{}: {what}", place(doc.as_ref(), *seq))]
    Damaged {
        /// The document it belongs to, when it belongs to one.
        doc: Option<DocId>,
        /// The first record that cannot be trusted, when it is a record.
        seq: Option<Seq>,
        /// What is wrong with it, in words for a log.
        what: String,
    },
    /// It was asked for records that are not kept any more.
    #[error("records before {first} are not kept any more")]
    Gone {
        /// The first record there is, or will be.
        first: Seq,
    },
    /// There is no room left. Reading still works; writing works again once there is room.
    #[error("no space left to store: {what}")]
    Full {
        /// What the system said.
        what: String,
    },
    /// It did not work this time. The same call may be made again (an append with the same batch id).
    #[error("storage is not available: {what}")]
    Unavailable {
        /// What the system said.
        what: String,
    },
    /// A meta row is not as the caller expected it.
    #[error("the value was changed by somebody else{}", current.map(|r| format!(" (now revision {})", r.0)).unwrap_or_default())]
    Conflict {
        /// The revision it has now; `None` when there is no such row.
        current: Option<Rev>,
    },
    /// It was written by a newer Weft.
    #[error("{what} has format {found}; this version reads up to {known}. Use a newer Weft.")]
    NewerFormat {
        /// What was read.
        what: String,
        /// The format it has.
        found: u32,
        /// The newest format this program knows.
        known: u32,
    },
    /// More than the named limit.
    #[error("{what} of {bytes} is above the limit of {max}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// How much was asked for (bytes, or a count of records).
        bytes: u64,
        /// How much is taken.
        max: u64,
    },
    /// The caller asked for something that makes no sense: an empty batch, an import that leaves a gap.
    #[error("refused: {what}")]
    Refused {
        /// Why.
        what: String,
    },
}

fn place(doc: Option<&DocId>, seq: Option<Seq>) -> String {
    match (doc, seq) {
        (Some(doc), Some(seq)) => format!(" (document {doc:?}, record {seq})"),
        (Some(doc), None) => format!(" (document {doc:?})"),
        (None, _) => String::new(),
    }
}

impl StoreError {
    /// Damage in a document.
    #[must_use]
    pub fn damaged(doc: &DocId, seq: Seq, what: impl Into<String>) -> Self {
        Self::Damaged { doc: Some(doc.clone()), seq: Some(seq), what: what.into() }
    }

    /// A refusal.
    #[must_use]
    pub fn refused(what: impl Into<String>) -> Self {
        Self::Refused { what: what.into() }
    }

    /// Whether the same call may succeed later without anybody changing it.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Full { .. } | Self::Unavailable { .. })
    }
}
