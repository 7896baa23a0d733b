//! How deep shared types nest inside one update.
//!
//! Readers recurse over nested types when they delete or print them, so a chain of some thousands overflows their stack.
//! A chain of n types needs n blocks that name their parent; only an update that has more of those than
//! [`TYPE_DEPTH_MAX`] is looked at a second time, here.

use weft_ids::ClientId;

use super::block::{Link, block};
use super::{ScanError, TYPE_DEPTH_MAX};
use crate::update::{Place, Section};
use crate::varint::Reader;

/// A block of the update, and how many types of the update enclose it once that is known.
struct Node {
    clock: u32,
    link: Link,
    depth: u32,
}

const UNKNOWN: u32 = u32::MAX;
const BEING_FOUND: u32 = u32::MAX - 1;

/// Refuses an update in which types nest deeper than [`TYPE_DEPTH_MAX`], or hang on each other in a circle.
pub(crate) fn check(bytes: &[u8], sections: &[Section]) -> Result<(), ScanError> {
    let mut nodes: Vec<Node> = Vec::new();
    // Per client: where its nodes start, sorted by client for the lookups.
    let mut runs: Vec<(ClientId, u32, usize, usize)> = Vec::with_capacity(sections.len());
    for section in sections {
        let first = nodes.len();
        let mut reader = Reader::new(section.body(bytes));
        let mut clock = section.start;
        for _ in 0..section.blocks {
            let block = block(&mut reader)?;
            nodes.push(Node { clock, link: block.link, depth: UNKNOWN });
            clock += block.length;
        }
        runs.push((section.client, section.end, first, nodes.len()));
    }
    runs.sort_unstable_by_key(|run| run.0);

    let find = |nodes: &[Node], place: Place| -> Option<usize> {
        let run = &runs[runs.binary_search_by_key(&place.client, |run| run.0).ok()?];
        if place.clock >= run.1 {
            return None;
        }
        let after = nodes[run.2..run.3].partition_point(|node| node.clock <= place.clock);
        // Nothing at or before it: the place lies before this update.
        (after > 0).then(|| run.2 + after - 1)
    };
    let mut path = Vec::new();
    for start in 0..nodes.len() {
        let mut at = start;
        let mut depth = loop {
            match nodes[at].depth {
                UNKNOWN => {}
                BEING_FOUND => return Err(ScanError::DependsOnLater),
                known => break known,
            }
            nodes[at].depth = BEING_FOUND;
            path.push(at);
            let next = match nodes[at].link {
                Link::Nothing | Link::Root => None,
                Link::Inside(place) => find(&nodes, place),
                Link::Beside(Some(left), _) => find(&nodes, left),
                Link::Beside(None, Some(right)) => find(&nodes, right),
                Link::Beside(None, None) => None,
            };
            match next {
                Some(next) => at = next,
                // What lies outside the update counts as the ground; whoever knows the document adds its height.
                None => break 0,
            }
        };
        while let Some(at) = path.pop() {
            depth += u32::from(matches!(nodes[at].link, Link::Inside(_)));
            if depth > TYPE_DEPTH_MAX {
                return Err(ScanError::TypesTooDeep);
            }
            nodes[at].depth = depth;
        }
    }
    Ok(())
}
