//! Rows: how things are kept in the store, one small named value each.

use std::collections::HashMap;
use std::collections::hash_map;
use std::hash::Hash;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use weft_ids::{UnixMillis, UserId};
use weft_store::Rev;

use crate::change::Change;
use crate::model::Model;
use crate::wiki::Stamp;

/// What every key begins with.
const PREFIX: &str = "wiki/";

/// Something that is kept in a row of its own.
pub(crate) trait Row: Clone + Send + Sync + 'static {
    type Id: Clone + Eq + Hash + Send + Sync + 'static;

    /// What its keys begin with, behind [`PREFIX`].
    const NOUN: &'static str;
    /// The version that is written. Older ones are read.
    const VERSION: u32 = 1;

    fn id(&self) -> Self::Id;

    /// The id as it stands in the key.
    fn word(id: &Self::Id) -> String;

    /// The row as bytes, see [`pack`].
    fn encode(&self) -> Vec<u8>;

    /// The row of these bytes, see [`unpack`]; `None` if they are none.
    fn decode(bytes: &[u8]) -> Option<Self>;

    fn table(model: &mut Model) -> &mut Table<Self>;

    /// Keeps what is found by other ways than the id in step.
    fn reindex(_model: &mut Model, _before: Option<&Self>, _after: Option<&Self>) {}

    /// What is to be told of a change.
    fn told(before: Option<&Self>, after: Option<&Self>) -> Vec<Change>;

    /// Whether somebody's rights may be different after it. A new row gives nobody less, and who has more may ask again.
    fn touches_rights(_before: Option<&Self>, _after: Option<&Self>) -> bool {
        false
    }

    fn key(id: &Self::Id) -> String {
        format!("{}{}", Self::prefix(), Self::word(id))
    }

    fn prefix() -> String {
        format!("{PREFIX}{}/", Self::NOUN)
    }
}

/// Rows of one kind, each with the revision that the store has of it.
#[derive(Debug)]
pub(crate) struct Table<R: Row> {
    rows: HashMap<R::Id, (R, Rev)>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: HashMap::new() }
    }
}

impl<R: Row> Table<R> {
    pub(crate) fn get(&self, id: &R::Id) -> Option<&R> {
        self.rows.get(id).map(|(row, _)| row)
    }

    pub(crate) fn rev(&self, id: &R::Id) -> Option<Rev> {
        self.rows.get(id).map(|(_, rev)| *rev)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.rows.values().map(|(row, _)| row)
    }

    pub(super) fn put(&mut self, row: R, rev: Rev) -> Option<R> {
        match self.rows.entry(row.id()) {
            hash_map::Entry::Occupied(mut known) => Some(known.insert((row, rev)).0),
            hash_map::Entry::Vacant(place) => {
                place.insert((row, rev));
                None
            }
        }
    }

    pub(super) fn take(&mut self, id: &R::Id) -> Option<R> {
        self.rows.remove(id).map(|(row, _)| row)
    }
}

/// Every row's bytes: JSON that begins with its version.
#[derive(Serialize, Deserialize)]
struct Versioned<T> {
    v: u32,
    row: T,
}

/// The bytes of a row.
pub(crate) fn pack<T: Serialize>(version: u32, row: &T) -> Vec<u8> {
    // Maps with keys that are no strings are what JSON cannot hold, and no row has one.
    serde_json::to_vec(&Versioned { v: version, row }).unwrap_or_default()
}

/// The row of these bytes, if they are of this version.
pub(crate) fn unpack<T: DeserializeOwned>(version: u32, bytes: &[u8]) -> Option<T> {
    let versioned: Versioned<T> = serde_json::from_slice(bytes).ok()?;
    (versioned.v == version).then_some(versioned.row)
}

/// A [`Stamp`] as rows hold it.
#[derive(Serialize, Deserialize)]
pub(crate) struct StoredStamp {
    at: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

impl From<&Stamp> for StoredStamp {
    fn from(stamp: &Stamp) -> Self {
        Self { at: stamp.at.0, by: stamp.by.as_ref().map(|by| by.as_str().to_owned()) }
    }
}

impl From<StoredStamp> for Stamp {
    fn from(stored: StoredStamp) -> Self {
        Self { at: UnixMillis(stored.at), by: stored.by.and_then(|by| UserId::new(&by)) }
    }
}
