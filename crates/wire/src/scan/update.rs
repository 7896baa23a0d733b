//! The walk over a whole update: sections of blocks per client, then the deletions.

use smallvec::SmallVec;
use weft_ids::ClientId;

use super::block::{Link, block};
use super::order::Ties;
use super::{
    CLOCK_MAX, Once, ScanError, TYPE_DEPTH_MAX, UPDATE_BYTES_MAX, check_nesting, client, clock, count,
};
use crate::update::{Beyond, DeleteSpan, Place, Section};
use crate::varint::Reader;

/// What a scan learns of an update.
#[derive(Debug, Clone, Default)]
pub(crate) struct Summary {
    pub(crate) sections: SmallVec<[Section; 1]>,
    pub(crate) deletes: SmallVec<[DeleteSpan; 1]>,
    /// What must be known beforehand, beside what the sections start at: per client the highest place.
    pub(crate) needs: SmallVec<[Place; 1]>,
    /// The places of the shared types.
    pub(crate) types: Vec<Place>,
    /// What stood behind holes and was cut off.
    pub(crate) beyond: Vec<Beyond>,
    /// At most how many levels of types the update adds. Exact counting is dear and rarely needed.
    pub(crate) levels_max: u32,
    /// Client and index of every section by client, for updates whose sections do not come in descending order.
    pub(crate) sorted: Vec<(ClientId, u32)>,
}

impl Summary {
    /// Which section is the one of `client`, if there is one.
    pub(crate) fn section_of(&self, client: ClientId) -> Option<usize> {
        if self.sorted.is_empty() {
            return self.sections.binary_search_by(|section| client.cmp(&section.client)).ok();
        }
        let at = self.sorted.binary_search_by_key(&client, |entry| entry.0).ok()?;
        Some(self.sorted[at].1 as usize)
    }

    /// The end of the section of `client`, if there is one.
    pub(crate) fn end_of(&self, client: ClientId) -> Option<u32> {
        self.section_of(client).map(|at| self.sections[at].end)
    }
}

/// Walks `bytes` as an update in v1.
pub(crate) fn update(bytes: &[u8]) -> Result<Summary, ScanError> {
    if bytes.len() > UPDATE_BYTES_MAX {
        return Err(ScanError::TooLong(bytes.len()));
    }
    let mut reader = Reader::new(bytes);
    let mut summary = Summary::default();
    let mut needs = Needs::default();
    let mut parents = Parents::default();
    let mut once = Once::default();
    let sections = count(&mut reader)?;
    // A single client cannot wait for others in a circle.
    needs.ties = (sections > 1).then(Ties::default);
    for at in 0..sections as u32 {
        needs.section = at;
        let section = section(&mut reader, &mut needs, &mut parents, &mut summary.types)?;
        once.note(section.client);
        summary.sections.push(section);
    }
    once.check(summary.sections.iter().map(|section| section.client))?;
    if !once.descending() {
        summary.sorted = (0_u32..).zip(&summary.sections).map(|(at, section)| (section.client, at)).collect();
        summary.sorted.sort_unstable();
    }
    deletes(&mut reader, &mut summary.deletes)?;
    if reader.left() > 0 {
        return Err(ScanError::TrailingBytes(reader.left()));
    }
    if let Some(ties) = needs.ties.take() {
        ties.check(&summary)?;
    }
    summary.needs = needs.beyond(&summary);
    summary.levels_max = parents.distinct_max;
    if summary.levels_max > TYPE_DEPTH_MAX {
        check_nesting(bytes, &summary.sections)?;
    }
    Ok(summary)
}

fn section(
    reader: &mut Reader<'_>,
    needs: &mut Needs,
    parents: &mut Parents,
    types: &mut Vec<Place>,
) -> Result<Section, ScanError> {
    let blocks = count(reader)?;
    if blocks == 0 {
        return Err(ScanError::EmptySection);
    }
    let client = client(reader)?;
    let start = clock(reader)?;
    let body_start = reader.position();
    let mut end = start;
    for number in 0..blocks as u32 {
        let block = block(reader)?;
        needs.block = number;
        let here = Place { client, clock: end };
        match block.link {
            Link::Nothing | Link::Root => {}
            Link::Inside(parent) => {
                needs.note(here, parent)?;
                parents.note(parent);
            }
            Link::Beside(left, right) => {
                if let Some(left) = left {
                    needs.note(here, left)?;
                }
                if let Some(right) = right {
                    needs.note(here, right)?;
                }
            }
        }
        if block.is_type {
            types.push(here);
        }
        end = end.checked_add(block.length).filter(|end| *end <= CLOCK_MAX).ok_or(ScanError::ClockTooBig)?;
    }
    // Both fit: the input is at most UPDATE_BYTES_MAX long.
    let (body_start, body_end) = (body_start as u32, reader.position() as u32);
    Ok(Section { client, start, end, blocks: blocks as u32, body_start, body_end })
}

fn deletes(reader: &mut Reader<'_>, spans: &mut SmallVec<[DeleteSpan; 1]>) -> Result<(), ScanError> {
    let mut once = Once::default();
    let mut clients: SmallVec<[ClientId; 2]> = SmallVec::new();
    for _ in 0..count(reader)? {
        let client = client(reader)?;
        once.note(client);
        clients.push(client);
        let mut last_end = 0;
        for _ in 0..count(reader)? {
            let start = clock(reader)?;
            let length = clock(reader)?;
            if length == 0 {
                return Err(ScanError::EmptyDelete);
            }
            if start < last_end {
                return Err(ScanError::DeletesOutOfOrder);
            }
            let end =
                start.checked_add(length).filter(|end| *end <= CLOCK_MAX).ok_or(ScanError::ClockTooBig)?;
            spans.push(DeleteSpan { client, start, end });
            last_end = end;
        }
    }
    once.check(clients.into_iter())
}

/// Counts the parents named, never too few: one that comes up again after another counts again.
#[derive(Default)]
struct Parents {
    last: Option<Place>,
    distinct_max: u32,
}

impl Parents {
    fn note(&mut self, parent: Place) {
        if self.last != Some(parent) {
            self.last = Some(parent);
            self.distinct_max = self.distinct_max.saturating_add(1);
        }
    }
}

/// Below this many clients a list is searched from the front.
const FEW: usize = 16;

/// The highest place of each client that some block of the update hangs on.
#[derive(Default)]
struct Needs {
    places: SmallVec<[Place; 2]>,
    /// Grow to this many before sorting doubles away.
    compact_at: usize,
    /// The section being walked, and the block in it.
    section: u32,
    block: u32,
    /// What hangs on what between sections, if there are several.
    ties: Option<Ties>,
}

impl Needs {
    /// Notes that the block `here` hangs on the one at `on`.
    #[inline]
    fn note(&mut self, here: Place, on: Place) -> Result<(), ScanError> {
        if on.client == here.client {
            // Its own earlier content is in this section or before it, and whoever takes the update knows what is before.
            return if on.clock < here.clock { Ok(()) } else { Err(ScanError::DependsOnLater) };
        }
        if let Some(ties) = &mut self.ties {
            ties.note(self.section, self.block, here.clock, on);
        }
        if let Some(last) = self.places.last_mut()
            && last.client == on.client
        {
            last.clock = last.clock.max(on.clock);
            return Ok(());
        }
        self.note_other(on);
        Ok(())
    }

    fn note_other(&mut self, on: Place) {
        if self.places.len() <= FEW {
            if let Some(known) = self.places.iter_mut().find(|place| place.client == on.client) {
                known.clock = known.clock.max(on.clock);
                return;
            }
        } else if self.places.len() >= self.compact_at.max(4 * FEW) {
            // Each compaction pays for as many notes as it leaves places: linear altogether, but for the sort.
            self.compact();
            self.compact_at = 2 * self.places.len();
        }
        self.places.push(on);
    }

    fn compact(&mut self) {
        self.places.sort_unstable_by(|a, b| (a.client, b.clock).cmp(&(b.client, a.clock)));
        self.places.dedup_by_key(|place| place.client);
    }

    /// The places that are neither in a section of the update nor before it.
    fn beyond(mut self, update: &Summary) -> SmallVec<[Place; 1]> {
        if self.places.is_empty() {
            return SmallVec::new();
        }
        self.compact();
        let beyond = |place: &Place| update.end_of(place.client).is_none_or(|end| place.clock >= end);
        self.places.into_iter().filter(beyond).collect()
    }
}
