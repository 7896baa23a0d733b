//! Why history cannot answer.

use weft_hub::HubError;
use weft_ids::{DocId, Seq};
use weft_store::StoreError;

use crate::past::{PastError, WishError};

/// Why a question about a document's past has no answer. Shared by everybody who waited for the same one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// Nobody ever wrote to it.
    #[error("there is no such document")]
    Unknown,
    /// There is no such record yet.
    #[error("there is no record {asked}; the newest is {head}")]
    NoMoment {
        /// What was asked for.
        asked: Seq,
        /// The newest there is.
        head: Seq,
    },
    /// It lies before what the operator keeps.
    #[error("changes before {first} are not kept any more, but for versions that people named")]
    Gone {
        /// The first record that is kept.
        first: Seq,
    },
    /// Nobody with that key ever wrote to the document.
    #[error("nobody called {0} ever wrote here")]
    NoAuthor(String),
    /// There is no such version.
    #[error("there is no version {0}")]
    NoVersion(String),
    /// A version that comes from the timeline has no name to change.
    #[error("version {0} is automatic")]
    Automatic(String),
    /// The document has as many named versions as one may have.
    #[error("the document has {0} named versions, as many as one may have")]
    TooManyVersions(usize),
    /// The name of a version breaks a rule.
    #[error("{0}")]
    VersionName(&'static str),
    /// There is no way to what was asked to be brought back.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// A copy may only make a new document.
    #[error("there is a document {0} already")]
    Exists(DocId),
    /// The moment is empty.
    #[error("the document was empty then")]
    NothingToCopy,
    /// A restore was computed and did not give what it promised; nothing was stored.
    #[error("the restore did not pass its own check")]
    Unverified,
    /// The log cannot be folded.
    #[error(transparent)]
    Past(#[from] PastError),
    /// The hub refused.
    #[error(transparent)]
    Hub(#[from] HubError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The work was broken off: the program ends, or it met an error of its own, which is in the log.
    #[error("the work was broken off")]
    BrokenOff,
}
