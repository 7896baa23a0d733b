//! What a moment holds as one number: the same for the same content, however it came about and wherever it is stored.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;
use weft_wire::Place;

use crate::past::{Insert, Moment, NONE, Node, Piece};

/// What is hashed first, so that another encoding can never give the same hashes.
const ENCODING: &[u8] = b"weft content 1";

/// The hash of content: 16 bytes of BLAKE3 over a canonical encoding, without the ids of elements.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(pub [u8; 16]);

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl ContentHash {
    pub(crate) fn of(node: &Node) -> Self {
        let mut canon = Canon::new();
        canon.node(node);
        canon.end()
    }
}

impl Moment<'_> {
    /// The hash of all that was to be seen. It stays the same whatever is written later, and differs where
    /// [`Moment::tree`] without its ids differs.
    #[must_use]
    pub fn content(&self) -> ContentHash {
        self.content_of_roots(|_| true)
    }

    /// The hash of some roots.
    pub(crate) fn content_of_roots(&self, which: impl Fn(&str) -> bool) -> ContentHash {
        let mut canon = Canon::new();
        for (name, node) in self.past.roots() {
            if which(name) {
                canon.root(self, name, node);
            }
        }
        canon.end()
    }

    /// The hash of one shared type, if it was there.
    pub(crate) fn content_of_block(&self, place: Place) -> Option<ContentHash> {
        let (run, node) = (self.past.find(place)?, self.past.node_at(place)?);
        if self.shown(&self.past.runs[run as usize]) == 0 || self.buried()[node as usize] {
            return None;
        }
        Some(self.content_of_node(node))
    }

    /// The hash of one shared type, as if it was there.
    pub(crate) fn content_of_node(&self, node: u32) -> ContentHash {
        ContentHash::of(&self.node(node, 0))
    }

    /// The hash of what stood under a key of a root, if something did.
    pub(crate) fn content_of_entry(&self, root: &str, key: &str) -> Option<ContentHash> {
        let node = self.past.root(root)?;
        let keys = &self.past.nodes[node as usize].keys;
        let key = keys.iter().find(|known| self.past.keys[**known as usize] == key)?;
        let run = self.entry(node, *key)?;
        Some(ContentHash::of(&self.value(run, 0)))
    }
}

/// Feeds content to a hash: a letter for each thing, a length before everything that varies.
struct Canon(blake3::Hasher);

impl Canon {
    fn new() -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(ENCODING);
        Self(hasher)
    }

    fn end(self) -> ContentHash {
        let mut hash = [0; 16];
        self.0.finalize_xof().fill(&mut hash);
        ContentHash(hash)
    }

    /// A root that holds something. Of which kind it is shows only in what ever lay in it, which may change later: so it
    /// is told by its entries and its list.
    fn root(&mut self, moment: &Moment<'_>, name: &str, node: u32) {
        let shared = &moment.past.nodes[node as usize];
        let entries: BTreeMap<&str, Node> = shared
            .keys
            .iter()
            .filter_map(|key| {
                let value = moment.value(moment.entry(node, *key)?, 0);
                Some((moment.past.keys[*key as usize].as_str(), value))
            })
            .collect();
        let list = if shared.start == NONE { Vec::new() } else { moment.delta(shared.start, 0) };
        if entries.is_empty() && list.is_empty() {
            return;
        }
        self.tag(b'r');
        self.text(name);
        self.count(entries.len());
        for (key, value) in &entries {
            self.text(key);
            self.node(value);
        }
        self.delta(&list);
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Fragment { id: _, children } => self.nodes(b'f', children),
            Node::Element { id: _, name, attrs, children } => {
                self.tag(b'e');
                self.text(name);
                self.attributes(attrs);
                self.nodes(b'c', children);
            }
            Node::Text { id: _, delta } => {
                self.tag(b't');
                self.delta(delta);
            }
            Node::Map { id: _, entries } => {
                self.tag(b'm');
                self.count(entries.len());
                for (key, value) in entries {
                    self.text(key);
                    self.node(value);
                }
            }
            Node::Array { id: _, items } => self.nodes(b'a', items),
            Node::Value { value } => {
                self.tag(b'v');
                self.value(value);
            }
            Node::Binary { base64 } => {
                self.tag(b'b');
                self.text(base64);
            }
            Node::Document { guid } => {
                self.tag(b'd');
                self.text(guid);
            }
            Node::Deep { content } => {
                self.tag(b'.');
                self.text(content);
            }
        }
    }

    fn nodes(&mut self, tag: u8, nodes: &[Node]) {
        self.tag(tag);
        self.count(nodes.len());
        nodes.iter().for_each(|node| self.node(node));
    }

    fn delta(&mut self, delta: &[Piece]) {
        self.count(delta.len());
        for piece in delta {
            match &piece.insert {
                Insert::Text(text) => {
                    self.tag(b'T');
                    self.text(text);
                }
                Insert::Embed(value) => {
                    self.tag(b'E');
                    self.value(value);
                }
                Insert::Node(node) => {
                    self.tag(b'N');
                    self.node(node);
                }
            }
            self.attributes(&piece.attributes);
        }
    }

    fn attributes(&mut self, attributes: &BTreeMap<String, Value>) {
        self.count(attributes.len());
        for (key, value) in attributes {
            self.text(key);
            self.value(value);
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(b'0'),
            Value::Bool(false) => self.tag(b'-'),
            Value::Bool(true) => self.tag(b'+'),
            Value::Number(number) => {
                self.tag(b'#');
                self.text(&number.to_string());
            }
            Value::String(text) => {
                self.tag(b'"');
                self.text(text);
            }
            Value::Array(items) => {
                self.tag(b'[');
                self.count(items.len());
                items.iter().for_each(|item| self.value(item));
            }
            Value::Object(fields) => {
                self.tag(b'{');
                self.count(fields.len());
                // Whether a map of the library keeps an order is a choice of whoever builds it.
                let fields: BTreeMap<_, _> = fields.iter().collect();
                for (key, value) in fields {
                    self.text(key);
                    self.value(value);
                }
            }
        }
    }

    fn tag(&mut self, tag: u8) {
        self.0.update(&[tag]);
    }

    fn count(&mut self, count: usize) {
        self.0.update(&(count as u64).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }
}
