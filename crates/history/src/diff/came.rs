//! What came as a whole, told by whom, where not all of it is of the one who brought it.

use super::merge::{Merge, untouched};
use super::{ChangeKind, DiffNode, DiffWhat, text};
use crate::past::{Held, Shape, TREE_DEPTH_MAX};

impl Merge<'_> {
    /// A shared type that `record` brought, and in it what others than its author wrote.
    pub(super) fn come(&mut self, node: u32, record: u32, depth: u32) -> DiffNode {
        let plain = |what| DiffNode { what, change: None, before: None };
        if depth > TREE_DEPTH_MAX {
            return plain(DiffWhat::Deep { content: self.now.deep(node).to_string() });
        }
        let id = self.past.id_of(node);
        match self.past.kind(node) {
            Shape::Fragment => {
                plain(DiffWhat::Fragment { id, children: self.list_that_came(node, record, depth) })
            }
            Shape::Array => plain(DiffWhat::Array { id, items: self.list_that_came(node, record, depth) }),
            Shape::Text => {
                let by = self.change(ChangeKind::Added, record).by;
                let mut parts = text::parts(self, node, depth);
                for part in &mut parts {
                    part.change = part.change.take().filter(|change| change.by != by);
                }
                plain(DiffWhat::Text { id, parts })
            }
            Shape::Map => untouched(self.now.node(node, depth)),
            Shape::Element(name) => {
                let (name, attrs) = (name.to_owned(), self.attributes(node, depth).0);
                let children = self.list_that_came(node, record, depth);
                plain(DiffWhat::Element { id: id.unwrap_or_default(), name, attrs, children })
            }
        }
    }

    fn list_that_came(&mut self, node: u32, record: u32, depth: u32) -> Vec<DiffNode> {
        let past = self.past;
        let by = self.change(ChangeKind::Added, record).by;
        let mut told = Vec::new();
        for run in past.chain(past.nodes[node as usize].start) {
            let held = &past.runs[run as usize];
            if self.now.shown(held) == 0 {
                continue;
            }
            let births = past.births_of(held).flat_map(|(part, record)| part.map(move |_| record));
            let nodes = match held.held {
                Held::Type(inner) => vec![self.come(inner, past.birth_of(held), depth + 1)],
                _ => self.now.values(run, depth).into_iter().map(untouched).collect(),
            };
            for (node, record) in nodes.into_iter().zip(births) {
                let change = Some(self.change(ChangeKind::Added, record)).filter(|change| change.by != by);
                told.push(DiffNode { change, ..node });
            }
        }
        told
    }
}
