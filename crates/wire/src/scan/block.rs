//! One block of an update: a piece of content and what it hangs on.

use weft_ids::ClientId;

use super::any::any;
use super::json::{Json, JsonError};
use super::{ANY_DEPTH_MAX, CLOCK_MAX, ROOT_NAME_BYTES_MAX, ScanError, client, clock, count};
use crate::update::Place;
use crate::varint::Reader;

/// What a block hangs on, as written. Blocks with a neighbour inherit its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// Collected: hangs on nothing.
    Nothing,
    /// The first of a root type.
    Root,
    /// The first inside the shared type at this place.
    Inside(Place),
    /// Beside the block at one of these places.
    Beside(Option<Place>, Option<Place>),
}

/// What the walk learns of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub(super) link: Link,
    pub(super) length: u32,
    /// Whether its content is a shared type.
    pub(super) is_type: bool,
}

const COLLECTED: u8 = 0;
const SKIP: u8 = 10;
const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
/// Readers take four or five bits for the content; with the fifth clear they agree.
const CONTENT_BITS: u8 = 0x1f;

const JSON: Json = Json { depth_max: ANY_DEPTH_MAX, portable: true };

/// Whether a block that begins so is a hole: a clock's length follows, and that is all.
pub(super) fn is_hole(info: Option<u8>) -> bool {
    info == Some(SKIP)
}

/// Walks one block.
pub(super) fn block(reader: &mut Reader<'_>) -> Result<Block, ScanError> {
    let info = reader.byte()?;
    let content = info & CONTENT_BITS;
    match (info, content) {
        (COLLECTED, _) => {
            return Ok(Block { link: Link::Nothing, length: length(reader)?, is_type: false });
        }
        (_, COLLECTED) => return Err(ScanError::CollectedWithFlags),
        (_, SKIP) => return Err(ScanError::Skip),
        _ => {}
    }
    let link = if info & (HAS_LEFT | HAS_RIGHT) == 0 {
        let parent = parent(reader)?;
        if info & HAS_KEY != 0 {
            reader.string()?;
        }
        parent
    } else {
        let left = if info & HAS_LEFT == 0 { None } else { Some(place(reader)?) };
        let right = if info & HAS_RIGHT == 0 { None } else { Some(place(reader)?) };
        Link::Beside(left, right)
    };
    Ok(Block { link, length: self::content(reader, content)?, is_type: content == 7 })
}

fn parent(reader: &mut Reader<'_>) -> Result<Link, ScanError> {
    match reader.uint()? {
        0 => Ok(Link::Inside(place(reader)?)),
        1 => {
            let name = reader.string()?;
            if name.len() > ROOT_NAME_BYTES_MAX {
                return Err(ScanError::RootNameTooLong(name.len()));
            }
            Ok(Link::Root)
        }
        other => Err(ScanError::UnknownParent(other)),
    }
}

fn place(reader: &mut Reader<'_>) -> Result<Place, ScanError> {
    let client: ClientId = client(reader)?;
    Ok(Place { client, clock: clock(reader)? })
}

/// Walks the content and returns its length in elements: UTF-16 units of a string, values of a list, else 1.
fn content(reader: &mut Reader<'_>, content: u8) -> Result<u32, ScanError> {
    match content {
        1 => return length(reader),
        2 => return Err(ScanError::JsonContent),
        3 => {
            reader.buf()?;
        }
        4 => return utf16_length(reader.string()?),
        5 => json(reader)?,
        6 => {
            reader.string()?;
            json(reader)?;
        }
        7 => shared_type(reader)?,
        8 => {
            let values = count(reader)?;
            if values == 0 {
                return Err(ScanError::EmptyBlock);
            }
            for _ in 0..values {
                any(reader)?;
            }
            return within_clock(values);
        }
        9 => {
            // A document inside the document: its id and its options.
            reader.string()?;
            any(reader)?;
        }
        other => return Err(ScanError::UnknownContent(other)),
    }
    Ok(1)
}

fn shared_type(reader: &mut Reader<'_>) -> Result<(), ScanError> {
    match reader.byte()? {
        // Array, map, text, XML fragment, XML text.
        0 | 1 | 2 | 4 | 6 => {}
        // An XML element has a name.
        3 => {
            reader.string()?;
        }
        other => return Err(ScanError::UnknownType(other)),
    }
    Ok(())
}

fn json(reader: &mut Reader<'_>) -> Result<(), ScanError> {
    match JSON.check(reader.string()?) {
        Ok(_) => Ok(()),
        Err(JsonError::TooDeep) => Err(ScanError::ValueTooDeep),
        Err(JsonError::Malformed) => Err(ScanError::NotJson),
    }
}

fn length(reader: &mut Reader<'_>) -> Result<u32, ScanError> {
    match clock(reader)? {
        0 => Err(ScanError::EmptyBlock),
        length => Ok(length),
    }
}

fn within_clock(length: u64) -> Result<u32, ScanError> {
    if length > u64::from(CLOCK_MAX) { Err(ScanError::ClockTooBig) } else { Ok(length as u32) }
}

/// The length as JavaScript counts: every character is one unit, those outside the first plane are two.
fn utf16_length(text: &str) -> Result<u32, ScanError> {
    if text.is_empty() {
        return Err(ScanError::EmptyBlock);
    }
    let units =
        text.bytes().map(|byte| usize::from(byte & 0xc0 != 0x80) + usize::from(byte >= 0xf0)).sum::<usize>();
    within_clock(units as u64)
}
