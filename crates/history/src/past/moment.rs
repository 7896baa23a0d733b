//! One moment of a document.

use std::cell::RefCell;
use std::collections::HashMap;

use weft_ids::Seq;

use super::{Held, NONE, Past, Run, TREE_DEPTH_MAX};
use crate::content::ContentHash;

/// The document as it was once a record was in.
#[derive(Debug, Clone)]
pub struct Moment<'a> {
    pub(crate) past: &'a Past,
    pub(crate) record: u32,
    /// How many elements each client had written.
    pub(crate) clocks: Vec<u32>,
    /// What shared types below [`TREE_DEPTH_MAX`] hold, once somebody asked.
    deep: RefCell<HashMap<u32, ContentHash>>,
}

impl<'a> Moment<'a> {
    pub(crate) fn new(past: &'a Past, record: u32) -> Self {
        let clock = |client: &super::Client| {
            let known = client.births.partition_point(|birth| birth.1 <= record);
            client.births.get(known).map_or(client.next, |birth| birth.0)
        };
        let clocks = past.clients.iter().map(clock).collect();
        Self { past, record, clocks, deep: RefCell::default() }
    }

    /// Which moment it is.
    #[must_use]
    pub fn seq(&self) -> Seq {
        Seq(u64::from(self.record))
    }

    /// The past it is a moment of.
    #[must_use]
    pub fn past(&self) -> &'a Past {
        self.past
    }

    /// How many of a run's elements, from its first, had been written.
    pub(crate) fn written(&self, run: &Run) -> u32 {
        self.clocks[run.client as usize].saturating_sub(run.clock).min(run.len)
    }

    /// Whether what had been written of a run was deleted.
    pub(crate) fn deleted(&self, run: &Run) -> bool {
        run.death != 0 && run.death <= self.record
    }

    /// How many of a run's elements, from its first, were there to be seen.
    pub(crate) fn shown(&self, run: &Run) -> u32 {
        if self.deleted(run) || matches!(run.held, Held::Collected | Held::Deleted) {
            0
        } else {
            self.written(run)
        }
    }

    /// What stood under a key of a shared type.
    pub(crate) fn entry(&self, node: u32, key: u32) -> Option<u32> {
        let mut run = self.past.entries.get(&(node, key)).copied().unwrap_or(NONE);
        while run != NONE {
            let candidate = &self.past.runs[run as usize];
            if self.shown(candidate) > 0 {
                return Some(run);
            }
            run = candidate.left;
        }
        None
    }

    /// The content of a shared type that lies deeper than a tree tells. From the inside to the outside, each told with what
    /// is in it known already, instead of by recursion: a stranger decides how deep a document is.
    pub(crate) fn deep(&self, node: u32) -> ContentHash {
        if let Some(content) = self.deep.borrow().get(&node) {
            return *content;
        }
        let told = |node: u32| ContentHash::of(&self.node(node, TREE_DEPTH_MAX));
        for inner in self.past.inside(node).into_iter().rev() {
            let content = told(inner);
            self.deep.borrow_mut().insert(inner, content);
        }
        let content = told(node);
        self.deep.borrow_mut().insert(node, content);
        content
    }

    /// For every shared type, whether nothing in it was to be seen: it, or one around it, was not there.
    pub(crate) fn buried(&self) -> Vec<bool> {
        let mut buried: Vec<bool> = Vec::with_capacity(self.past.nodes.len());
        for node in &self.past.nodes {
            // What is around a shared type came up before it.
            let around = node.item != NONE && {
                let item = &self.past.runs[node.item as usize];
                self.shown(item) == 0 || item.node == NONE || buried[item.node as usize]
            };
            buried.push(around);
        }
        buried
    }
}
