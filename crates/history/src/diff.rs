//! What is different between two moments: both merged into one tree, each part with who changed it and when.

mod came;
mod merge;
mod text;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use weft_ids::Seq;

use crate::past::{Node, Past};

pub use merge::ANEW_MAX;

/// There is no such moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no record {0}")]
pub struct NoMoment(pub Seq);

impl Past {
    /// What is different between two moments, `from` not after `to`; the other way round they change places.
    ///
    /// # Errors
    /// [`NoMoment`].
    pub fn difference(&self, from: Seq, to: Seq) -> Result<Difference, NoMoment> {
        let (from, to) = (from.min(to), from.max(to));
        let then = self.moment(from).ok_or(NoMoment(from))?;
        let now = self.moment(to).ok_or(NoMoment(to))?;
        let mut merge = merge::Merge::new(self, &then, &now);
        let mut roots = BTreeMap::new();
        for (name, node) in self.roots() {
            let told = merge.node(node, 0);
            if !told.what.is_empty() {
                roots.insert(name.to_owned(), told);
            }
        }
        let (summary, writers) = merge.finish();
        Ok(Difference { from, to, writers, summary, roots })
    }
}

/// Two moments merged: what is gone stays in its place.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Difference {
    /// The earlier moment.
    #[serde(skip)]
    pub from: Seq,
    /// The later moment.
    #[serde(skip)]
    pub to: Seq,
    /// Which authors are named in it: indices into [`Past::writers`], ascending.
    #[serde(skip)]
    pub writers: Vec<u32>,
    /// How much.
    pub summary: Summary,
    /// Every root that holds something at either moment.
    pub roots: BTreeMap<String, DiffNode>,
}

/// How much is different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Summary {
    /// UTF-16 units of the text told as added.
    pub added: u64,
    /// UTF-16 units of the text told as removed.
    pub removed: u64,
    /// XML elements; those within an added or removed one are not counted again.
    pub blocks: Blocks,
}

/// How many XML elements are different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Blocks {
    /// New.
    pub added: u64,
    /// Gone.
    pub removed: u64,
    /// With other attributes or other text.
    pub changed: u64,
    /// Elsewhere.
    pub moved: u64,
}

/// What became of something, by whom and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What.
    pub kind: ChangeKind,
    /// Who: [`crate::past::Writer::key`].
    pub by: Arc<str>,
    /// The time of the last record that had part in it, in milliseconds since 1970.
    pub at: u64,
    /// That record.
    pub seq: u64,
}

/// What became of something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It is another, or there is something else in it.
    Changed,
    /// It stands elsewhere.
    Moved,
    /// It is text with other formats.
    Formatted,
}

/// A part of two moments merged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DiffNode {
    /// What it is; as it is at the later moment, if it is there.
    #[serde(flatten)]
    pub what: DiffWhat,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
    /// What it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
}

/// What something was.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Before {
    /// An element's attributes, all of them.
    Element {
        /// The attributes.
        attrs: BTreeMap<String, Value>,
    },
    /// A text's formats, all of them.
    Text {
        /// The formats.
        attributes: BTreeMap<String, Value>,
    },
    /// What stood under a key.
    Node(Box<Node>),
}

/// As [`Node`], of two moments. `id`s name shared types as `client:clock`; roots have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
#[expect(missing_docs, reason = "the fields are those of Node")]
pub enum DiffWhat {
    /// Blocks, one after the other.
    Fragment {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        children: Vec<DiffNode>,
    },
    /// A block.
    Element { id: String, name: String, attrs: BTreeMap<String, Value>, children: Vec<DiffNode> },
    /// Text.
    Text {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        parts: Vec<Part>,
    },
    /// Values by key.
    Map {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        entries: BTreeMap<String, DiffNode>,
    },
    /// Values in a list.
    Array {
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        items: Vec<DiffNode>,
    },
    /// A plain value.
    Value { value: Value },
    /// Bytes.
    Binary { base64: String },
    /// A document in the document.
    Document { guid: String },
    /// Something below [`crate::past::TREE_DEPTH_MAX`].
    Deep { content: String },
}

impl DiffWhat {
    fn is_empty(&self) -> bool {
        match self {
            Self::Fragment { children: parts, .. } | Self::Array { items: parts, .. } => parts.is_empty(),
            Self::Text { parts, .. } => parts.is_empty(),
            Self::Map { entries, .. } => entries.is_empty(),
            _ => false,
        }
    }
}

/// A stretch of text of one format and one fate.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// Characters, or one thing that stands in the text.
    pub insert: PartInsert,
    /// Its formats.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
    /// The formats it had, if they are others now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Before>,
    /// What became of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// What stands in a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum PartInsert {
    /// Characters.
    Text(String),
    /// A value.
    Embed(Value),
    /// A shared type.
    Node(Box<Node>),
}
