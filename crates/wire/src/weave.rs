//! Several updates become one without decoding a block.
//!
//! A block's bytes hold no clock: it follows from where the section starts and what stands before. So runs of one client
//! that follow each other exactly may stand in one section as they are. Readers sort out what hangs on what between the
//! clients of one update, and delete after inserting, so one woven frame means what its parts meant one after the other.

use std::cmp::Reverse;

use bytes::Bytes;
use smallvec::SmallVec;

use crate::scan::{Summary, TYPE_DEPTH_MAX, UPDATE_BYTES_MAX};
use crate::update::{DeleteSpan, Place, Section, Update};
use crate::varint::{uint_len, write_uint};

/// A section, the number of the update it stands in, and that update's bytes.
pub(crate) type Run<'a> = (Section, usize, &'a [u8]);

impl Update {
    /// One update that holds what all of `updates` hold when taken one after the other: for each client the runs are
    /// put behind each other, the deletions are sorted and merged. One allocation for the bytes; the work is linear in
    /// them, but for a sort of sections and deletions.
    ///
    /// `None` if some client's run does not start exactly where the one before ended (an update is missing in between,
    /// or comes twice), if something was cut off, if one hangs on what only a later one brings, or if all of it together would not pass the
    /// scanner. Then send them one by one.
    #[must_use]
    pub fn weave(updates: &[Self]) -> Option<Self> {
        match updates {
            [] => return Some(Self::empty()),
            [only] => return Some(only.clone()),
            _ => {}
        }
        if updates.iter().any(|update| !update.beyond().is_empty()) {
            return None;
        }
        let mut runs: SmallVec<[Run<'_>; 8]> = SmallVec::new();
        let mut deletes: SmallVec<[DeleteSpan; 1]> = SmallVec::new();
        for (number, update) in updates.iter().enumerate() {
            runs.extend(update.sections().iter().map(|section| (*section, number, &update.bytes()[..])));
            deletes.extend_from_slice(update.deletes());
        }
        // Stable, so that runs of one client stay in the order of the updates. Yjs writes higher clients first.
        runs.sort_by_key(|(run, ..)| Reverse(run.client));
        let sections = chain(&runs)?;
        if hangs_on_later(updates, &runs) {
            return None;
        }
        merge(&mut deletes);

        let length = blocks_len(&sections, &runs) + deletes_len(&deletes);
        if length > UPDATE_BYTES_MAX {
            return None;
        }
        let mut out = Vec::with_capacity(length);
        let sections = write_blocks(&mut out, sections, &runs);
        write_deletes(&mut out, &deletes);
        debug_assert_eq!(out.len(), length, "the length was foretold");
        finish(out.into(), updates, Summary { sections, deletes, ..Summary::default() })
    }
}

/// Joins the runs of each client; `None` if two of them do not meet.
fn chain(runs: &[Run<'_>]) -> Option<SmallVec<[Section; 1]>> {
    let mut sections: SmallVec<[Section; 1]> = SmallVec::new();
    for (run, ..) in runs {
        match sections.last_mut() {
            Some(section) if section.client == run.client => {
                if section.end != run.start {
                    return None;
                }
                section.end = run.end;
                section.blocks = section.blocks.checked_add(run.blocks)?;
            }
            _ => sections.push(*run),
        }
    }
    Some(sections)
}

/// Whether some update needs what only a later one brings. Then it did not fit when it was taken, and all of it together
/// may even wait for itself in a circle.
fn hangs_on_later(updates: &[Update], runs: &[Run<'_>]) -> bool {
    updates.iter().enumerate().any(|(number, update)| {
        update.needs().iter().any(|need| {
            let after =
                |(run, ..): &Run<'_>| (Reverse(run.client), run.end) <= (Reverse(need.client), need.clock);
            let run = runs.get(runs.partition_point(after));
            run.is_some_and(|(run, brings, _)| {
                run.client == need.client && run.start <= need.clock && *brings > number
            })
        })
    })
}

/// Sorts spans by client (descending) and start, and joins those that overlap or touch.
fn merge(deletes: &mut SmallVec<[DeleteSpan; 1]>) {
    deletes.sort_unstable_by(|a, b| b.client.cmp(&a.client).then(a.start.cmp(&b.start)));
    deletes.dedup_by(|next, kept| {
        let joins = next.client == kept.client && next.start <= kept.end;
        if joins {
            kept.end = kept.end.max(next.end);
        }
        joins
    });
}

fn blocks_len(sections: &[Section], runs: &[Run<'_>]) -> usize {
    let heads: usize = sections
        .iter()
        .map(|s| uint_len(u64::from(s.blocks)) + uint_len(s.client.get()) + uint_len(u64::from(s.start)))
        .sum();
    let bodies: usize = runs.iter().map(|(run, ..)| (run.body_end - run.body_start) as usize).sum();
    uint_len(sections.len() as u64) + heads + bodies
}

pub(crate) fn write_blocks(
    out: &mut Vec<u8>,
    mut sections: SmallVec<[Section; 1]>,
    runs: &[Run<'_>],
) -> SmallVec<[Section; 1]> {
    write_uint(out, sections.len() as u64);
    let mut runs = runs.iter().peekable();
    for section in &mut sections {
        write_uint(out, u64::from(section.blocks));
        write_uint(out, section.client.get());
        write_uint(out, u64::from(section.start));
        section.body_start = out.len() as u32;
        while let Some((run, _, bytes)) = runs.next_if(|run| run.0.client == section.client) {
            out.extend_from_slice(run.body(bytes));
        }
        section.body_end = out.len() as u32;
    }
    sections
}

/// The spans of one client each.
fn by_client(deletes: &[DeleteSpan]) -> impl Iterator<Item = &[DeleteSpan]> {
    deletes.chunk_by(|a, b| a.client == b.client)
}

fn deletes_len(deletes: &[DeleteSpan]) -> usize {
    let spans: usize =
        deletes.iter().map(|s| uint_len(u64::from(s.start)) + uint_len(u64::from(s.end - s.start))).sum();
    let heads: usize =
        by_client(deletes).map(|spans| uint_len(spans[0].client.get()) + uint_len(spans.len() as u64)).sum();
    uint_len(by_client(deletes).count() as u64) + heads + spans
}

pub(crate) fn write_deletes(out: &mut Vec<u8>, deletes: &[DeleteSpan]) {
    write_uint(out, by_client(deletes).count() as u64);
    for spans in by_client(deletes) {
        write_uint(out, spans[0].client.get());
        write_uint(out, spans.len() as u64);
        for span in spans {
            write_uint(out, u64::from(span.start));
            write_uint(out, u64::from(span.end - span.start));
        }
    }
}

/// Adds to the summary what the parts knew beside sections and deletions.
fn finish(bytes: Bytes, updates: &[Update], mut summary: Summary) -> Option<Update> {
    let levels = updates.iter().map(|update| update.summary().levels_max).fold(0_u32, u32::saturating_add);
    if levels > TYPE_DEPTH_MAX {
        // Rare (a page pasted among other edits): look at the nesting of the whole.
        return Update::scan(bytes).ok();
    }
    summary.levels_max = levels;
    summary.types = updates.iter().flat_map(|update| update.types().iter().copied()).collect();
    let mut needs: SmallVec<[Place; 1]> = SmallVec::new();
    for need in updates.iter().flat_map(|update| update.needs()) {
        if summary.end_of(need.client).is_none_or(|end| need.clock >= end) {
            needs.push(*need);
        }
    }
    needs.sort_unstable_by(|a, b| (a.client, b.clock).cmp(&(b.client, a.clock)));
    needs.dedup_by_key(|need| need.client);
    summary.needs = needs;
    Some(Update::assemble(bytes, summary))
}
