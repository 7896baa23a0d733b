//! An update without the content of some of its elements.

use std::ops::Range;

use weft_wire::blocks::{Block, Content, Link, values_len};
use weft_wire::{Place, ScanError, Update};

use super::Elements;
use crate::past::byte_at;

/// The update with a place that holds nothing for each of `erased`; `None` if it holds none of them.
pub(super) fn blank(update: &Update, erased: &Elements) -> Result<Option<Update>, ScanError> {
    let mut is_touched = false;
    let mut sections = Vec::with_capacity(update.sections().len());
    for section in update.sections() {
        let mut blocks = Vec::new();
        for block in update.blocks(section) {
            let clocks = block.place.clock..block.place.clock + block.len;
            let holds = !matches!(block.content, Content::Collected | Content::Deleted | Content::Type(_));
            if holds && erased.among(block.place.client, clocks.clone()).next().is_some() {
                is_touched = true;
                cut(&block, erased.among(block.place.client, clocks), &mut blocks);
            } else {
                blocks.push(block);
            }
        }
        sections.push((Place { client: section.client, clock: section.start }, blocks));
    }
    if !is_touched {
        return Ok(None);
    }
    Update::compose(sections, update.deletes().to_vec()).map(Some)
}

/// The parts of a block, of which those in `gone` hold nothing.
fn cut<'a>(block: &Block<'a>, gone: impl Iterator<Item = Range<u32>>, into: &mut Vec<Block<'a>>) {
    let (start, end) = (block.place.clock, block.place.clock + block.len);
    let mut at = start;
    for range in gone {
        if at < range.start {
            into.push(part(block, at..range.start, false));
        }
        at = range.end;
        into.push(part(block, range, true));
    }
    if at < end {
        into.push(part(block, at..end, false));
    }
}

fn part<'a>(block: &Block<'a>, clocks: Range<u32>, is_gone: bool) -> Block<'a> {
    let place = Place { clock: clocks.start, ..block.place };
    let (from, to) = (clocks.start - block.place.clock, clocks.end - block.place.clock);
    let link = match (from.checked_sub(1), block.link) {
        (None, link) => link,
        (Some(_), link) => {
            let right = match link {
                Link::Beside(_, right) => right,
                Link::Nowhere | Link::In(..) => None,
            };
            Link::Beside(Some(Place { clock: clocks.start - 1, ..block.place }), right)
        }
    };
    let content = match block.content {
        _ if is_gone => Content::Deleted,
        Content::Text(text) => Content::Text(&text[byte_at(text, from).0..byte_at(text, to).0]),
        Content::Values(values) => Content::Values(&values[values_len(values, from)..values_len(values, to)]),
        other => other,
    };
    Block { place, len: to - from, link, content }
}
