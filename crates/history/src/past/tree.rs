//! A moment as people and programs read it: a tree of shared types, and plain text.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use weft_wire::blocks::Other;
use weft_wire::varint::Reader;

use super::moment::Moment;
use super::{Held, Kind, NONE, Past, Run, byte_at};

/// How deep a tree is told; of what lies deeper only the hash, which tells whether two moments differ there.
pub const TREE_DEPTH_MAX: u32 = 256;

/// The roots of a document by name.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Tree {
    /// What lies in each.
    pub roots: BTreeMap<String, Node>,
}

impl Tree {
    /// The content alone: the same for documents that show the same, however they came to it.
    #[must_use]
    pub fn without_ids(mut self) -> Self {
        self.roots.values_mut().for_each(Node::forget_ids);
        self
    }
}

/// A part of a document. `id`s name shared types as `client:clock`; roots have none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Node {
    /// Blocks, one after the other.
    Fragment {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The blocks.
        children: Vec<Node>,
    },
    /// A block of a rich page.
    Element {
        /// Which.
        id: String,
        /// Its kind: paragraph, heading, …
        name: String,
        /// Its attributes.
        attrs: BTreeMap<String, Value>,
        /// What is in it.
        children: Vec<Node>,
    },
    /// Text with its formats.
    Text {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// Stretches of one format.
        delta: Vec<Piece>,
    },
    /// Values by key.
    Map {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The values.
        entries: BTreeMap<String, Node>,
    },
    /// Values in a list.
    Array {
        /// Which.
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        /// The values.
        items: Vec<Node>,
    },
    /// A plain value.
    Value {
        /// As JSON.
        value: Value,
    },
    /// Bytes.
    Binary {
        /// In base64.
        base64: String,
    },
    /// A document in the document.
    Document {
        /// Its name.
        guid: String,
    },
    /// Something below [`TREE_DEPTH_MAX`].
    Deep {
        /// Its [`crate::ContentHash`].
        content: String,
    },
}

/// A stretch of text of one format, or one thing that stands in the text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Piece {
    /// What.
    pub insert: Insert,
    /// Its formats: bold, link, …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Value>,
}

/// What stands in a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Insert {
    /// Characters.
    Text(String),
    /// A value: an image, a mention.
    Embed(Value),
    /// A shared type.
    Node(Box<Node>),
}

impl Moment<'_> {
    /// All roots that hold something.
    #[must_use]
    pub fn tree(&self) -> Tree {
        let mut roots = BTreeMap::new();
        for (name, node) in self.past.roots() {
            let told = self.node(node, 0);
            if !told.is_empty() {
                roots.insert(name.to_owned(), told);
            }
        }
        Tree { roots }
    }

    /// The plain text: every root that holds text or blocks, in the order of their names, a line per block.
    #[must_use]
    pub fn text(&self) -> String {
        let mut all = String::new();
        for (_, node) in self.past.roots() {
            let mut text = String::new();
            let told = self.node(node, 0);
            told.write_lines(&mut text);
            if matches!(told, Node::Fragment { .. }) {
                text.truncate(text.trim_end_matches('\n').len());
            }
            if !text.is_empty() {
                if !all.is_empty() {
                    all.push('\n');
                }
                all.push_str(&text);
            }
        }
        all
    }

    pub(crate) fn node(&self, node: u32, depth: u32) -> Node {
        if depth > TREE_DEPTH_MAX {
            return Node::Deep { content: self.deep(node).to_string() };
        }
        let shared = &self.past.nodes[node as usize];
        let id = self.past.id_of(node);
        match self.past.kind(node) {
            Shape::Element(name) => {
                let attrs = shared.keys.iter().filter_map(|key| {
                    let run = self.entry(node, *key)?;
                    Some((self.past.keys[*key as usize].clone(), self.attribute(run, depth)))
                });
                Node::Element {
                    id: id.unwrap_or_default(),
                    name: name.to_owned(),
                    attrs: attrs.collect(),
                    children: self.list(node, depth),
                }
            }
            Shape::Fragment => Node::Fragment { id, children: self.list(node, depth) },
            Shape::Array => Node::Array { id, items: self.list(node, depth) },
            Shape::Text => Node::Text { id, delta: self.delta(shared.start, depth) },
            Shape::Map => {
                let entries = shared.keys.iter().filter_map(|key| {
                    let run = self.entry(node, *key)?;
                    Some((self.past.keys[*key as usize].clone(), self.value(run, depth)))
                });
                Node::Map { id, entries: entries.collect() }
            }
        }
    }

    /// What stands in a list, text straight in it as a text of its own.
    fn list(&self, node: u32, depth: u32) -> Vec<Node> {
        let mut children = Vec::new();
        let mut text: Option<u32> = None;
        for run in self.past.chain(self.past.nodes[node as usize].start) {
            let held = &self.past.runs[run as usize];
            if self.shown(held) == 0 {
                continue;
            }
            match held.held {
                Held::Text { .. } | Held::Other { what: Other::Format | Other::Embed, .. } => {
                    // The first of a stretch: `delta` reads on from here.
                    if text.is_none() {
                        text = Some(run);
                        let delta = self.delta_until(run, depth);
                        children.extend((!delta.is_empty()).then_some(Node::Text { id: None, delta }));
                    }
                    continue;
                }
                _ => text = None,
            }
            self.push_values(run, depth, &mut children);
        }
        children
    }

    fn push_values(&self, run: u32, depth: u32, out: &mut Vec<Node>) {
        let run = &self.past.runs[run as usize];
        match run.held {
            Held::Type(node) => out.push(self.node(node, depth + 1)),
            Held::Values { .. } => {
                let values = weft_doc::values(self.past.bytes_of(run));
                let shown = values.into_iter().take(self.shown(run) as usize);
                out.extend(shown.map(|value| Node::Value { value }));
            }
            Held::Other { what, .. } => out.push(self.past.other(what, run)),
            Held::Text { .. } => {
                out.push(Node::Value { value: Value::String(self.past.text_of(run).to_owned()) })
            }
            Held::Collected | Held::Deleted => {}
        }
    }

    /// What a run holds that was to be seen.
    pub(crate) fn values(&self, run: u32, depth: u32) -> Vec<Node> {
        let mut values = Vec::new();
        self.push_values(run, depth, &mut values);
        values
    }

    /// What stands under a key.
    pub(crate) fn value(&self, run: u32, depth: u32) -> Node {
        let mut values = Vec::new();
        self.push_values(run, depth, &mut values);
        values.pop().unwrap_or(Node::Value { value: Value::Null })
    }

    pub(crate) fn attribute(&self, run: u32, depth: u32) -> Value {
        match self.value(run, depth) {
            Node::Value { value } => value,
            other => serde_json::to_value(&other).unwrap_or_default(),
        }
    }

    pub(crate) fn delta(&self, start: u32, depth: u32) -> Vec<Piece> {
        self.pieces(start, depth, false)
    }

    /// The text from `start` up to the next shared type that stands beside it.
    fn delta_until(&self, start: u32, depth: u32) -> Vec<Piece> {
        self.pieces(start, depth, true)
    }

    fn pieces(&self, start: u32, depth: u32, stop_at_types: bool) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        let mut formats: BTreeMap<String, Value> = BTreeMap::new();
        for run in self.past.chain(start) {
            let run = &self.past.runs[run as usize];
            let shown = self.shown(run);
            if shown == 0 {
                continue;
            }
            let insert = match run.held {
                Held::Text { .. } => {
                    let text = self.past.text_of(run);
                    Insert::Text(text[..byte_at(text, shown).0].to_owned())
                }
                Held::Other { what: Other::Format, .. } => {
                    self.past.format(run, &mut formats);
                    continue;
                }
                Held::Other { what: Other::Embed, .. } => Insert::Embed(self.past.embed(run)),
                Held::Type(_) | Held::Values { .. } | Held::Other { .. } if stop_at_types => break,
                Held::Type(node) => Insert::Node(Box::new(self.node(node, depth + 1))),
                Held::Values { .. } => {
                    for value in weft_doc::values(self.past.bytes_of(run)).into_iter().take(shown as usize) {
                        pieces.push(Piece { insert: Insert::Embed(value), attributes: formats.clone() });
                    }
                    continue;
                }
                Held::Other { what, .. } => Insert::Node(Box::new(self.past.other(what, run))),
                Held::Collected | Held::Deleted => continue,
            };
            match (pieces.last_mut(), insert) {
                (Some(Piece { insert: Insert::Text(text), attributes }), Insert::Text(more))
                    if *attributes == formats =>
                {
                    text.push_str(&more);
                }
                (_, insert) => pieces.push(Piece { insert, attributes: formats.clone() }),
            }
        }
        pieces
    }
}

/// What a shared type is to its reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape<'a> {
    Array,
    Map,
    Text,
    Element(&'a str),
    Fragment,
}

impl Past {
    /// The shape of a shared type. A root's shows in everything that ever lay in it, so it stays the same all along.
    pub(crate) fn kind(&self, node: u32) -> Shape<'_> {
        let shared = &self.nodes[node as usize];
        match &shared.kind {
            Kind::Array => Shape::Array,
            Kind::Map => Shape::Map,
            Kind::Text | Kind::XmlText => Shape::Text,
            Kind::Element(name) => Shape::Element(name),
            Kind::Fragment => Shape::Fragment,
            Kind::Root(_) => {
                let shape = |run: u32| match self.runs[run as usize].held {
                    Held::Text { .. } | Held::Other { what: Other::Format | Other::Embed, .. } => {
                        Some(Shape::Text)
                    }
                    Held::Values { .. } | Held::Other { .. } => Some(Shape::Array),
                    Held::Type(inner) => Some(match self.nodes[inner as usize].kind {
                        Kind::Element(_) | Kind::XmlText => Shape::Fragment,
                        _ => Shape::Array,
                    }),
                    Held::Collected | Held::Deleted => None,
                };
                let without = if shared.keys.is_empty() { Shape::Fragment } else { Shape::Map };
                self.chain(shared.start).find_map(shape).unwrap_or(without)
            }
        }
    }

    /// A shared type's `client:clock`; roots have none.
    pub(crate) fn id_of(&self, node: u32) -> Option<String> {
        let item = self.nodes[node as usize].item;
        (item != NONE).then(|| {
            let place = self.place(&self.runs[item as usize]);
            format!("{}:{}", place.client.get(), place.clock)
        })
    }

    /// Applies a format mark.
    pub(crate) fn format(&self, run: &Run, formats: &mut BTreeMap<String, Value>) {
        let mut reader = Reader::new(self.bytes_of(run));
        let (Ok(key), Ok(json)) = (reader.string(), reader.string()) else { return };
        match read_json(json) {
            Value::Null => drop(formats.remove(key)),
            value => drop(formats.insert(key.to_owned(), value)),
        }
    }

    pub(crate) fn embed(&self, run: &Run) -> Value {
        Reader::new(self.bytes_of(run)).string().map(read_json).unwrap_or_default()
    }

    pub(crate) fn other(&self, what: Other, run: &Run) -> Node {
        let mut reader = Reader::new(self.bytes_of(run));
        match what {
            Other::Binary => Node::Binary { base64: STANDARD.encode(reader.buf().unwrap_or_default()) },
            Other::Document => Node::Document { guid: reader.string().unwrap_or_default().to_owned() },
            Other::Embed | Other::Format => Node::Value { value: self.embed(run) },
        }
    }
}

/// JSON as every reader would read it; a text that is none is told as it is.
fn read_json(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}

impl Node {
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Fragment { children, .. } => children.is_empty(),
            Self::Text { delta, .. } => delta.is_empty(),
            Self::Map { entries, .. } => entries.is_empty(),
            Self::Array { items, .. } => items.is_empty(),
            Self::Element { .. }
            | Self::Value { .. }
            | Self::Binary { .. }
            | Self::Document { .. }
            | Self::Deep { .. } => false,
        }
    }

    pub(crate) fn forget_ids(&mut self) {
        match self {
            Self::Fragment { id, children } | Self::Array { id, items: children } => {
                *id = None;
                children.iter_mut().for_each(Self::forget_ids);
            }
            Self::Element { id, children, .. } => {
                id.clear();
                children.iter_mut().for_each(Self::forget_ids);
            }
            Self::Map { id, entries } => {
                *id = None;
                entries.values_mut().for_each(Self::forget_ids);
            }
            Self::Text { id, delta } => {
                *id = None;
                for piece in delta {
                    if let Insert::Node(node) = &mut piece.insert {
                        node.forget_ids();
                    }
                }
            }
            Self::Value { .. } | Self::Binary { .. } | Self::Document { .. } | Self::Deep { .. } => {}
        }
    }

    /// Its characters, a line per block.
    pub fn write_lines(&self, out: &mut String) {
        match self {
            Self::Fragment { children, .. } => children.iter().for_each(|child| child.write_lines(out)),
            Self::Element { name, .. } if name == "hardBreak" => out.push('\n'),
            Self::Element { children, .. } => {
                end_line(out);
                children.iter().for_each(|child| child.write_lines(out));
                end_line(out);
            }
            Self::Text { delta, .. } => {
                for piece in delta {
                    match &piece.insert {
                        Insert::Text(text) => out.push_str(text),
                        Insert::Node(node) => {
                            if matches!(&**node, Self::Element { name, .. } if name == "hardBreak") {
                                out.push('\n');
                            }
                        }
                        Insert::Embed(_) => {}
                    }
                }
            }
            Self::Map { .. }
            | Self::Array { .. }
            | Self::Value { .. }
            | Self::Binary { .. }
            | Self::Document { .. }
            | Self::Deep { .. } => {}
        }
    }
}

fn end_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}
