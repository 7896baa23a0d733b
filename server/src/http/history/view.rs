//! What several answers have in common.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;
use weft_history::Past;
use weft_history::past::Writer;

/// Somebody who wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Author {
    /// `user:<id>` of somebody signed in, else `name:<what they called themselves>`, else `session:<hex>`.
    #[schema(example = "name:Ann")]
    pub(crate) key: String,
    /// What they called themselves last.
    pub(crate) name: Option<String>,
    /// The id of somebody signed in.
    pub(crate) user: Option<String>,
}

impl From<&Writer> for Author {
    fn from(writer: &Writer) -> Self {
        Self { key: writer.key.clone(), name: writer.name.clone(), user: writer.user.clone() }
    }
}

/// A change in the document's log and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Stamp {
    /// Its place; 0 is before the first.
    pub(crate) seq: u64,
    /// In milliseconds since 1970.
    pub(crate) time: u64,
}

impl From<weft_history::timeline::Stamp> for Stamp {
    fn from(stamp: weft_history::timeline::Stamp) -> Self {
        Self { seq: stamp.seq.0, time: stamp.time.0 }
    }
}

/// Those writers of a past that an answer names.
#[derive(Debug, Default)]
pub(crate) struct Named(BTreeSet<u32>);

impl Named {
    /// The key of a writer, who will be among the authors.
    pub(crate) fn key(&mut self, past: &Past, writer: u32) -> String {
        self.0.insert(writer);
        past.writers()[writer as usize].key.clone()
    }

    /// In the order of their first change.
    pub(crate) fn authors(&self, past: &Past) -> Vec<Author> {
        self.0.iter().map(|writer| Author::from(&past.writers()[*writer as usize])).collect()
    }
}
