//! The blocks of a scanned update, one by one, and writing an update out of blocks.
//!
//! For those who look into the past: what an element hangs on and what it holds. The journey of an update has no use for
//! it; there the bytes travel as they came.

use bytes::Bytes;
use weft_ids::ClientId;

use crate::scan::{ScanError, skip_any};
use crate::update::{DeleteSpan, Place, Section, Update};
use crate::varint::{ReadError, Reader, write_string, write_uint};

const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
const CONTENT_BITS: u8 = 0x1f;

/// One block: neighbouring elements of one client that were written at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block<'a> {
    /// Its first element.
    pub place: Place,
    /// How many elements it has; at least 1.
    pub len: u32,
    /// Where it stands.
    pub link: Link<'a>,
    /// What it holds.
    pub content: Content<'a>,
}

/// Where a block stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link<'a> {
    /// Nowhere: it was collected.
    Nowhere,
    /// Beside these elements (it had the one on its left, the other on its right when it was written), with their
    /// parent and key.
    Beside(Option<Place>, Option<Place>),
    /// With neither neighbour, in this shared type, under this key if it is an entry of a map or an attribute.
    In(Parent<'a>, Option<&'a str>),
}

/// A shared type that holds elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parent<'a> {
    /// The root type of that name.
    Root(&'a str),
    /// The one that is the content of this element.
    Type(Place),
}

/// What a block holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content<'a> {
    /// Nothing any more, not even a place among the others.
    Collected,
    /// Nothing any more; it keeps its place.
    Deleted,
    /// Characters; an element is a UTF-16 unit.
    Text(&'a str),
    /// Values in the binary form, one behind the other; an element each.
    Values(&'a [u8]),
    /// A shared type.
    Type(TypeKind<'a>),
    /// One element whose bytes mean something only to who reads them.
    Other(Other, &'a [u8]),
}

/// The kinds of shared types (the numbers are those of the v1 layout).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeKind<'a> {
    /// 0: a list.
    Array,
    /// 1: a map.
    Map,
    /// 2: text.
    Text,
    /// 3: an XML element of that name.
    Element(&'a str),
    /// 4: an XML fragment.
    Fragment,
    /// 6: text in XML.
    XmlText,
}

/// Content of one element that is kept as it came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// 3: bytes.
    Binary,
    /// 5: JSON in a text.
    Embed,
    /// 6: a key and a JSON value from which on the text is formatted, or no longer.
    Format,
    /// 9: a document in the document.
    Document,
}

impl Other {
    const fn number(self) -> u8 {
        match self {
            Self::Binary => 3,
            Self::Embed => 5,
            Self::Format => 6,
            Self::Document => 9,
        }
    }
}

impl Update {
    /// The blocks of one of its sections, in the order of their clocks.
    #[must_use]
    pub fn blocks<'a>(&'a self, section: &Section) -> Blocks<'a> {
        let reader = Reader::new(section.body(self.bytes()));
        Blocks { reader, left: section.blocks, next: Place { client: section.client, clock: section.start } }
    }

    /// An update of these blocks of one client, which follow each other without a hole, and these deletions (any order,
    /// overlaps allowed).
    ///
    /// # Errors
    /// [`ScanError`] if that would break a rule of the scanner.
    pub fn compose<'a>(
        sections: impl IntoIterator<Item = (Place, Vec<Block<'a>>)>,
        mut deletes: Vec<DeleteSpan>,
    ) -> Result<Self, ScanError> {
        let mut out = Vec::new();
        let mut sections: Vec<_> = sections.into_iter().filter(|(_, blocks)| !blocks.is_empty()).collect();
        sections.sort_by_key(|(start, _)| std::cmp::Reverse(start.client));
        write_uint(&mut out, sections.len() as u64);
        for (start, blocks) in &sections {
            write_uint(&mut out, blocks.len() as u64);
            write_uint(&mut out, start.client.get());
            write_uint(&mut out, u64::from(start.clock));
            blocks.iter().for_each(|block| write_block(&mut out, block));
        }
        deletes.sort_unstable();
        write_deletes(&mut out, deletes);
        Self::scan(Bytes::from(out))
    }
}

/// Goes over the blocks of a section.
#[derive(Debug, Clone)]
pub struct Blocks<'a> {
    reader: Reader<'a>,
    left: u32,
    next: Place,
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Block<'a>;

    fn next(&mut self) -> Option<Block<'a>> {
        self.left = self.left.checked_sub(1)?;
        // It was scanned, so it reads.
        let block = read_block(&mut self.reader, self.next).ok()?;
        self.next.clock += block.len;
        Some(block)
    }
}

fn read_block<'a>(reader: &mut Reader<'a>, place: Place) -> Result<Block<'a>, ReadError> {
    let info = reader.byte()?;
    if info == 0 {
        let len = reader.uint()? as u32;
        return Ok(Block { place, len, link: Link::Nowhere, content: Content::Collected });
    }
    let link = if info & (HAS_LEFT | HAS_RIGHT) == 0 {
        let parent = if reader.uint()? == 1 {
            Parent::Root(reader.string()?)
        } else {
            Parent::Type(read_place(reader)?)
        };
        Link::In(parent, if info & HAS_KEY == 0 { None } else { Some(reader.string()?) })
    } else {
        let left = if info & HAS_LEFT == 0 { None } else { Some(read_place(reader)?) };
        let right = if info & HAS_RIGHT == 0 { None } else { Some(read_place(reader)?) };
        Link::Beside(left, right)
    };
    let (len, content) = read_content(reader, info & CONTENT_BITS)?;
    Ok(Block { place, len, link, content })
}

fn read_place(reader: &mut Reader<'_>) -> Result<Place, ReadError> {
    let client = ClientId::new(reader.uint()?).ok_or(ReadError::NumberTooBig)?;
    Ok(Place { client, clock: reader.uint()? as u32 })
}

fn read_content<'a>(reader: &mut Reader<'a>, number: u8) -> Result<(u32, Content<'a>), ReadError> {
    let other = match number {
        1 => return Ok((reader.uint()? as u32, Content::Deleted)),
        4 => {
            let text = reader.string()?;
            return Ok((utf16_len(text), Content::Text(text)));
        }
        7 => return Ok((1, Content::Type(read_type(reader)?))),
        8 => {
            let count = reader.uint()?;
            let values = reader.rest();
            for _ in 0..count {
                skip_any(reader).map_err(|_| ReadError::End)?;
            }
            return Ok((count as u32, Content::Values(&values[..values.len() - reader.left()])));
        }
        3 => Other::Binary,
        5 => Other::Embed,
        6 => Other::Format,
        _ => Other::Document,
    };
    let from = reader.rest();
    reader.buf()?;
    match other {
        Other::Format => drop(reader.buf()?),
        Other::Document => skip_any(reader).map_err(|_| ReadError::End)?,
        Other::Binary | Other::Embed => {}
    }
    Ok((1, Content::Other(other, &from[..from.len() - reader.left()])))
}

fn read_type<'a>(reader: &mut Reader<'a>) -> Result<TypeKind<'a>, ReadError> {
    Ok(match reader.byte()? {
        0 => TypeKind::Array,
        1 => TypeKind::Map,
        2 => TypeKind::Text,
        3 => TypeKind::Element(reader.string()?),
        4 => TypeKind::Fragment,
        _ => TypeKind::XmlText,
    })
}

/// How many elements a text has: every character is one UTF-16 unit, those outside the first plane are two.
#[must_use]
pub fn utf16_len(text: &str) -> u32 {
    text.bytes().map(|byte| u32::from(byte & 0xc0 != 0x80) + u32::from(byte >= 0xf0)).sum()
}

/// How many bytes the first `count` of these values take, which are in the binary form and were scanned.
#[must_use]
pub fn values_len(values: &[u8], count: u32) -> usize {
    let mut reader = Reader::new(values);
    (0..count).take_while(|_| skip_any(&mut reader).is_ok()).count();
    reader.position()
}

fn write_block(out: &mut Vec<u8>, block: &Block<'_>) {
    let number = match block.content {
        Content::Collected => {
            out.push(0);
            write_uint(out, u64::from(block.len));
            return;
        }
        Content::Deleted => 1,
        Content::Text(_) => 4,
        Content::Type(_) => 7,
        Content::Values(_) => 8,
        Content::Other(other, _) => other.number(),
    };
    match block.link {
        Link::Beside(left, right) => {
            let left_bit = if left.is_some() { HAS_LEFT } else { 0 };
            let right_bit = if right.is_some() { HAS_RIGHT } else { 0 };
            out.push(number | left_bit | right_bit);
            left.into_iter().chain(right).for_each(|place| write_place(out, place));
        }
        Link::In(parent, key) => {
            out.push(number | if key.is_some() { HAS_KEY } else { 0 });
            match parent {
                Parent::Root(name) => {
                    out.push(1);
                    write_string(out, name);
                }
                Parent::Type(place) => {
                    out.push(0);
                    write_place(out, place);
                }
            }
            if let Some(key) = key {
                write_string(out, key);
            }
        }
        // Only what was collected stands nowhere, and that has been written.
        Link::Nowhere => out.push(number),
    }
    write_content(out, block);
}

fn write_place(out: &mut Vec<u8>, place: Place) {
    write_uint(out, place.client.get());
    write_uint(out, u64::from(place.clock));
}

fn write_content(out: &mut Vec<u8>, block: &Block<'_>) {
    match block.content {
        Content::Collected => {}
        Content::Deleted => write_uint(out, u64::from(block.len)),
        Content::Text(text) => write_string(out, text),
        Content::Values(values) => {
            write_uint(out, u64::from(block.len));
            out.extend_from_slice(values);
        }
        Content::Other(_, bytes) => out.extend_from_slice(bytes),
        Content::Type(kind) => match kind {
            TypeKind::Array => out.push(0),
            TypeKind::Map => out.push(1),
            TypeKind::Text => out.push(2),
            TypeKind::Element(name) => {
                out.push(3);
                write_string(out, name);
            }
            TypeKind::Fragment => out.push(4),
            TypeKind::XmlText => out.push(6),
        },
    }
}

/// Writes sorted spans, joined where they touch or overlap, grouped by client.
fn write_deletes(out: &mut Vec<u8>, sorted: Vec<DeleteSpan>) {
    let mut joined: Vec<DeleteSpan> = Vec::with_capacity(sorted.len());
    for span in sorted {
        match joined.last_mut() {
            Some(last) if last.client == span.client && span.start <= last.end => {
                last.end = last.end.max(span.end);
            }
            _ => joined.push(span),
        }
    }
    let groups: Vec<&[DeleteSpan]> = joined.chunk_by(|a, b| a.client == b.client).collect();
    write_uint(out, groups.len() as u64);
    for group in groups.into_iter().rev() {
        write_uint(out, group[0].client.get());
        write_uint(out, group.len() as u64);
        for span in group {
            write_uint(out, u64::from(span.start));
            write_uint(out, u64::from(span.end - span.start));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(client: u64, clock: u32) -> Place {
        Place { client: ClientId::new(client).unwrap(), clock }
    }

    #[test]
    fn what_is_composed_reads_back_block_by_block() {
        let root = Link::In(Parent::Root("default"), None);
        let blocks = vec![
            Block {
                place: place(7, 3),
                len: 1,
                link: root,
                content: Content::Type(TypeKind::Element("paragraph")),
            },
            Block {
                place: place(7, 4),
                len: 3,
                link: Link::In(Parent::Type(place(7, 3)), None),
                content: Content::Text("a😀"),
            },
            Block {
                place: place(7, 7),
                len: 2,
                link: Link::Beside(Some(place(7, 6)), Some(place(9, 0))),
                content: Content::Values(&[126, 119, 1, b'x']),
            },
            Block {
                place: place(7, 9),
                len: 1,
                link: Link::In(Parent::Type(place(7, 3)), Some("level")),
                content: Content::Other(Other::Format, b"\x04bold\x04true"),
            },
            Block {
                place: place(7, 10),
                len: 1,
                link: Link::Beside(None, Some(place(7, 9))),
                content: Content::Other(Other::Document, b"\x01g\x76\x00"),
            },
            Block { place: place(7, 11), len: 5, link: Link::Nowhere, content: Content::Collected },
            Block {
                place: place(7, 16),
                len: 2,
                link: Link::Beside(Some(place(7, 4)), None),
                content: Content::Deleted,
            },
        ];
        let span = |client, start, end| DeleteSpan { client: ClientId::new(client).unwrap(), start, end };
        let deletes = vec![span(9, 4, 6), span(7, 16, 18), span(9, 0, 1), span(9, 1, 2)];
        let update = Update::compose([(place(7, 3), blocks.clone())], deletes).unwrap();
        let section = update.sections()[0];
        assert_eq!((section.start, section.end), (3, 18));
        assert_eq!(update.blocks(&section).collect::<Vec<_>>(), blocks);
        assert_eq!(update.deletes(), [span(9, 0, 2), span(9, 4, 6), span(7, 16, 18)]);
    }

    #[test]
    fn nothing_composed_is_the_empty_update() {
        assert_eq!(Update::compose([], Vec::new()).unwrap(), Update::empty());
    }
}
