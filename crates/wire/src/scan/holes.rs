//! The walk over an update with holes: what stands before the first hole of each client, and what stands behind it.

use smallvec::SmallVec;

use super::block::{block, is_hole};
use super::{CLOCK_MAX, Once, ScanError, UPDATE_BYTES_MAX, client, clock, count};
use crate::update::{Beyond, Section};
use crate::varint::Reader;

/// An update with holes, taken apart.
pub(crate) struct Parts {
    /// The blocks of each client before its first hole.
    pub(crate) sections: SmallVec<[Section; 1]>,
    /// What stands behind the holes.
    pub(crate) beyond: Vec<Beyond>,
    /// Where the deletions begin.
    pub(crate) deletes_at: usize,
}

/// Walks `bytes` up to the deletions. As linear and as distrustful as the walk without holes; what is kept still has to
/// pass that one.
pub(crate) fn parts(bytes: &[u8]) -> Result<Parts, ScanError> {
    if bytes.len() > UPDATE_BYTES_MAX {
        return Err(ScanError::TooLong(bytes.len()));
    }
    let mut reader = Reader::new(bytes);
    let mut parts = Parts { sections: SmallVec::new(), beyond: Vec::new(), deletes_at: 0 };
    let mut once = Once::default();
    let mut clients = Vec::new();
    for _ in 0..count(&mut reader)? {
        let (kept, beyond) = section(&mut reader, bytes)?;
        once.note(kept.client);
        clients.push(kept.client);
        if kept.blocks > 0 {
            parts.sections.push(kept);
        }
        parts.beyond.extend(beyond);
    }
    once.check(clients.into_iter())?;
    parts.deletes_at = reader.position();
    Ok(parts)
}

fn section(reader: &mut Reader<'_>, bytes: &[u8]) -> Result<(Section, Option<Beyond>), ScanError> {
    let blocks = count(reader)?;
    if blocks == 0 {
        return Err(ScanError::EmptySection);
    }
    let client = client(reader)?;
    let mut end = clock(reader)?;
    let here = reader.position() as u32;
    let mut kept = Section { client, start: end, end, blocks: 0, body_start: here, body_end: here };
    let mut beyond: Option<Beyond> = None;
    let mut hole = false;
    for _ in 0..blocks {
        let before = reader.position();
        let is_hole = is_hole(bytes.get(before).copied());
        let length = if is_hole {
            reader.byte()?;
            clock(reader)?
        } else {
            block(reader)?.length
        };
        let start = end;
        end = end.checked_add(length).filter(|end| *end <= CLOCK_MAX).ok_or(ScanError::ClockTooBig)?;
        if is_hole {
            hole = true;
        } else if kept.blocks == 0 {
            // A hole before everything is no hole: the section begins behind it.
            kept = Section {
                start,
                end,
                blocks: 1,
                body_start: before as u32,
                body_end: reader.position() as u32,
                ..kept
            };
            hole = false;
        } else if hole {
            beyond.get_or_insert(Beyond { client, start, end }).end = end;
        } else {
            kept = Section { end, blocks: kept.blocks + 1, body_end: reader.position() as u32, ..kept };
        }
    }
    Ok((kept, beyond))
}
