//! Updates in columns: the v1 format is walked, every number in it is guessed from the updates before, and only what
//! was guessed wrong is kept.
//!
//! One function, [`walk`], knows the format. Packing, it reads an update and notes; unpacking, it reads the notes and
//! writes the update: so the two cannot disagree. What an update is made of without its numbers (its *shape*) is one
//! of few things; a shape is kept once, and each update names its own. An update that is not understood is kept as it
//! is: nothing here needs to be right about the format, only the same in both directions.

use std::collections::HashMap;

use super::{unzigzag, zigzag};
use crate::codec::{CodecError, Cursor, put_varint};

/// How many columns there are.
pub(super) const COLUMNS: usize = 9;
const SHAPES: usize = 0;
const SHAPE_OF: usize = 1;
const NUMBERS: usize = 2;
const CLOCKS: usize = 3;
const LEFTS: usize = 4;
const RIGHTS: usize = 5;
const DELETED: usize = 6;
const TEXTS: usize = 7;
const RAW: usize = 8;

/// In a shape: the number stands in its column, as it is not a small one.
const ELSEWHERE: u8 = 255;
/// The first byte of a shape: an update that was understood, or one kept as it is.
const UNDERSTOOD: u8 = 0;
const AS_IT_IS: u8 = 1;
/// More clients than that in one segment are not told apart: searching among them would take too long.
const CLIENTS_MAX: usize = 200;

const KIND: u8 = 0x1f;
const HAS_LEFT: u8 = 0x80;
const HAS_RIGHT: u8 = 0x40;
const HAS_KEY: u8 = 0x20;
const CONTENT_GC: u8 = 0;
const CONTENT_DELETED: u8 = 1;
const CONTENT_BINARY: u8 = 3;
const CONTENT_STRING: u8 = 4;
const CONTENT_EMBED: u8 = 5;
const CONTENT_FORMAT: u8 = 6;
const CONTENT_TYPE: u8 = 7;
const CONTENT_ANY: u8 = 8;
const CONTENT_SKIP: u8 = 10;
/// The shared types whose reference carries a name: an XML element and an XML hook.
const NAMED_TYPES: [u64; 2] = [3, 5];

const MALFORMED: CodecError = CodecError::Malformed("packed updates that make no sense");

/// What the next update is guessed from. The same when packing and unpacking.
#[derive(Default, Clone)]
struct Guess {
    /// The clients met, the last one first, each with its next clock.
    clients: Vec<(u64, u64)>,
    /// The clocks on both sides of the caret.
    left: u64,
    right: u64,
}

/// One direction of [`walk`]. Every call passes on one part of an update and answers with it.
trait Pass {
    /// A byte, part of the shape.
    fn byte(&mut self) -> Result<u8, CodecError>;
    /// A number, part of the shape when small.
    fn number(&mut self) -> Result<u64, CodecError>;
    /// A number that is likely `guess`.
    fn guessed(&mut self, column: usize, guess: u64) -> Result<u64, CodecError>;
    /// A client, likely one of those met, which comes to the front.
    fn client(&mut self, guess: &mut Guess) -> Result<u64, CodecError>;
    /// A length and as many bytes. Answers with how many UTF-16 units they are, if they are UTF-8.
    fn buffer(&mut self) -> Result<u64, CodecError>;
    /// Content of another kind than strings. Answers with how many clocks it takes.
    fn content(&mut self, kind: u8) -> Result<u64, CodecError>;
}

/// Passes one update on.
fn walk(pass: &mut impl Pass, guess: &mut Guess) -> Result<(), CodecError> {
    for _ in 0..pass.number()? {
        let blocks = pass.number()?;
        let client = pass.client(guess)?;
        let next = guess.clients.first().map_or(0, |(_, next)| *next);
        let mut clock = pass.guessed(CLOCKS, next)?;
        for _ in 0..blocks {
            clock = clock.wrapping_add(block(pass, guess)?);
            guess.left = clock.wrapping_sub(1);
        }
        if let Some(of) = guess.clients.iter_mut().find(|(id, _)| *id == client) {
            of.1 = clock;
        }
    }
    for _ in 0..pass.number()? {
        pass.client(guess)?;
        for _ in 0..pass.number()? {
            // Who deletes goes backwards mostly, and writes on before what is gone.
            guess.right = pass.guessed(DELETED, guess.left)?;
            guess.left = guess.right.wrapping_sub(1);
            pass.number()?;
        }
    }
    Ok(())
}

/// Passes one block on and answers with how many clocks it takes.
fn block(pass: &mut impl Pass, guess: &mut Guess) -> Result<u64, CodecError> {
    let info = pass.byte()?;
    if let CONTENT_GC | CONTENT_SKIP = info & KIND {
        return pass.number();
    }
    let mut jumped = false;
    if info & HAS_LEFT != 0 {
        pass.client(guess)?;
        let left = pass.guessed(LEFTS, guess.left)?;
        jumped = left != guess.left;
        guess.left = left;
    }
    if info & HAS_RIGHT != 0 {
        pass.client(guess)?;
        let likely = if jumped { guess.left.wrapping_add(1) } else { guess.right };
        guess.right = pass.guessed(RIGHTS, likely)?;
    }
    if info & (HAS_LEFT | HAS_RIGHT) == 0 {
        if pass.number()? == 1 {
            pass.buffer()?;
        } else {
            pass.client(guess)?;
            pass.guessed(RIGHTS, guess.left)?;
        }
        if info & HAS_KEY != 0 {
            pass.buffer()?;
        }
    }
    match info & KIND {
        CONTENT_DELETED => pass.number(),
        CONTENT_STRING => pass.buffer(),
        kind => pass.content(kind),
    }
}

/// How many UTF-16 units UTF-8 bytes are. Of other bytes, some number.
fn utf16_units(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(byte & 0xc0 != 0x80) + u64::from(*byte >= 0xf0)).sum()
}

/// Updates on their way into columns.
#[derive(Default)]
pub(super) struct Packer {
    guess: Guess,
    shapes: HashMap<Vec<u8>, u64>,
    columns: [Vec<u8>; COLUMNS],
    shape: Vec<u8>,
}

impl Packer {
    pub(super) fn push(&mut self, update: &[u8]) {
        let before = self.columns.each_ref().map(Vec::len);
        let mut guess = self.guess.clone();
        self.shape.clear();
        self.shape.push(UNDERSTOOD);
        let mut pack =
            Pack { input: Cursor::new(update), shape: &mut self.shape, columns: &mut self.columns };
        if walk(&mut pack, &mut guess).is_ok() && pack.input.left() == 0 {
            self.guess = guess;
        } else {
            for (column, len) in self.columns.iter_mut().zip(before) {
                column.truncate(len);
            }
            self.shape.clear();
            self.shape.push(AS_IT_IS);
            put_small(&mut self.shape, &mut self.columns[NUMBERS], update.len() as u64);
            self.columns[RAW].extend_from_slice(update);
        }
        let next = self.shapes.len() as u64;
        let shape = *self.shapes.entry(self.shape.clone()).or_insert_with_key(|shape| {
            let column = &mut self.columns[SHAPES];
            put_varint(column, shape.len() as u64);
            column.extend_from_slice(shape);
            next
        });
        put_varint(&mut self.columns[SHAPE_OF], shape);
    }

    pub(super) fn into_columns(self) -> [Vec<u8>; COLUMNS] {
        self.columns
    }
}

fn put_small(shape: &mut Vec<u8>, numbers: &mut Vec<u8>, number: u64) {
    match u8::try_from(number) {
        Ok(small) if small < ELSEWHERE => shape.push(small),
        _ => {
            shape.push(ELSEWHERE);
            put_varint(numbers, number);
        }
    }
}

struct Pack<'a> {
    input: Cursor<'a>,
    shape: &'a mut Vec<u8>,
    columns: &'a mut [Vec<u8>; COLUMNS],
}

impl Pack<'_> {
    /// A number as the update has it. One written longer than needed would not come back so.
    fn varint(&mut self) -> Result<u64, CodecError> {
        let left = self.input.left();
        let number = self.input.varint()?;
        let shortest = (64 - number.leading_zeros()).div_ceil(7).max(1) as usize;
        if left - self.input.left() == shortest { Ok(number) } else { Err(MALFORMED) }
    }

    fn put(&mut self, number: u64) {
        put_small(self.shape, &mut self.columns[NUMBERS], number);
    }

    fn skip_buffer(cursor: &mut Cursor<'_>) -> Result<(), CodecError> {
        cursor.bytes().map(|_| ())
    }

    /// Passes over one value of the JSON-like kind, unless it holds others.
    fn skip_any(cursor: &mut Cursor<'_>) -> Result<(), CodecError> {
        match cursor.byte()? {
            127 | 126 | 121 | 120 => Ok(()),
            125 => {
                while cursor.byte()? >= 0x80 {}
                Ok(())
            }
            124 => cursor.take(4).map(|_| ()),
            123 | 122 => cursor.take(8).map(|_| ()),
            119 | 116 => Self::skip_buffer(cursor),
            _ => Err(MALFORMED),
        }
    }
}

impl Pass for Pack<'_> {
    fn byte(&mut self) -> Result<u8, CodecError> {
        let byte = self.input.byte()?;
        self.shape.push(byte);
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, CodecError> {
        let number = self.varint()?;
        self.put(number);
        Ok(number)
    }

    fn guessed(&mut self, column: usize, guess: u64) -> Result<u64, CodecError> {
        let number = self.varint()?;
        self.shape.push(u8::from(number != guess));
        if number != guess {
            put_varint(&mut self.columns[column], zigzag(number.wrapping_sub(guess)));
        }
        Ok(number)
    }

    fn client(&mut self, guess: &mut Guess) -> Result<u64, CodecError> {
        let client = self.varint()?;
        let known = guess.clients.iter().position(|(id, _)| *id == client);
        let at = known.unwrap_or(guess.clients.len());
        if at > CLIENTS_MAX {
            return Err(MALFORMED);
        }
        self.shape.push(at as u8);
        if known.is_none() {
            put_varint(&mut self.columns[NUMBERS], client);
            guess.clients.push((client, 0));
        }
        guess.clients[..=at].rotate_right(1);
        Ok(client)
    }

    fn buffer(&mut self) -> Result<u64, CodecError> {
        let len = self.varint()?;
        let bytes = self.input.take(len)?;
        put_small(self.shape, &mut self.columns[NUMBERS], len);
        self.columns[TEXTS].extend_from_slice(bytes);
        Ok(utf16_units(bytes))
    }

    fn content(&mut self, kind: u8) -> Result<u64, CodecError> {
        let mut ahead = self.input.clone();
        let mut clocks = 1;
        match kind {
            CONTENT_BINARY | CONTENT_EMBED => Self::skip_buffer(&mut ahead)?,
            CONTENT_FORMAT => {
                Self::skip_buffer(&mut ahead)?;
                Self::skip_buffer(&mut ahead)?;
            }
            CONTENT_TYPE => {
                if NAMED_TYPES.contains(&ahead.varint()?) {
                    Self::skip_buffer(&mut ahead)?;
                }
            }
            CONTENT_ANY => {
                clocks = ahead.varint()?;
                for _ in 0..clocks {
                    Self::skip_any(&mut ahead)?;
                }
            }
            _ => return Err(MALFORMED),
        }
        let len = (self.input.left() - ahead.left()) as u64;
        self.put(len);
        self.put(clocks);
        let bytes = self.input.take(len)?;
        self.columns[TEXTS].extend_from_slice(bytes);
        Ok(clocks)
    }
}

/// Updates on their way out of columns.
pub(super) struct Unpacker<'a> {
    guess: Guess,
    shapes: Vec<&'a [u8]>,
    columns: Vec<Cursor<'a>>,
    out: Vec<u8>,
    len: usize,
}

impl<'a> Unpacker<'a> {
    /// For updates of together `len` bytes.
    pub(super) fn new(columns: &'a [Vec<u8>], len: usize) -> Result<Self, CodecError> {
        let columns: Vec<_> = columns.iter().map(|column| Cursor::new(column)).collect();
        let mut kept = columns.get(SHAPES).cloned().ok_or(MALFORMED)?;
        let mut shapes = Vec::new();
        while kept.left() > 0 {
            shapes.push(kept.bytes()?);
        }
        // What a damaged segment says of its length is not reserved blindly.
        Ok(Self { guess: Guess::default(), shapes, columns, out: Vec::with_capacity(len.min(1 << 20)), len })
    }

    /// Unpacks the next update and answers with where it ends.
    pub(super) fn unpack(&mut self) -> Result<usize, CodecError> {
        let shape = usize::try_from(self.columns[SHAPE_OF].varint()?).ok();
        let shape = shape.and_then(|at| self.shapes.get(at)).ok_or(MALFORMED)?;
        let mut unpack = Unpack {
            shape: Cursor::new(shape),
            columns: &mut self.columns,
            out: &mut self.out,
            len: self.len,
        };
        match unpack.shape.byte()? {
            UNDERSTOOD => walk(&mut unpack, &mut self.guess)?,
            AS_IT_IS => {
                let len = unpack.small()?;
                let bytes = unpack.columns[RAW].take(len)?;
                unpack.put(bytes)?;
            }
            _ => return Err(MALFORMED),
        }
        unpack.shape.end()?;
        Ok(self.out.len())
    }

    /// All updates, one behind the other.
    pub(super) fn finish(self) -> Result<Vec<u8>, CodecError> {
        self.columns[SHAPE_OF..].iter().try_for_each(Cursor::end)?;
        if self.out.len() == self.len { Ok(self.out) } else { Err(MALFORMED) }
    }
}

struct Unpack<'u, 'a> {
    shape: Cursor<'a>,
    columns: &'u mut Vec<Cursor<'a>>,
    out: &'u mut Vec<u8>,
    /// The length that `out` must not grow beyond.
    len: usize,
}

impl Unpack<'_, '_> {
    fn small(&mut self) -> Result<u64, CodecError> {
        match self.shape.byte()? {
            ELSEWHERE => self.columns[NUMBERS].varint(),
            small => Ok(u64::from(small)),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), CodecError> {
        if self.out.len() + bytes.len() > self.len {
            return Err(MALFORMED);
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn put_varint(&mut self, number: u64) -> Result<u64, CodecError> {
        put_varint(self.out, number);
        if self.out.len() > self.len { Err(MALFORMED) } else { Ok(number) }
    }
}

impl Pass for Unpack<'_, '_> {
    fn byte(&mut self) -> Result<u8, CodecError> {
        let byte = self.shape.byte()?;
        self.put(&[byte])?;
        Ok(byte)
    }

    fn number(&mut self) -> Result<u64, CodecError> {
        let number = self.small()?;
        self.put_varint(number)
    }

    fn guessed(&mut self, column: usize, guess: u64) -> Result<u64, CodecError> {
        let number = match self.shape.byte()? {
            0 => guess,
            _ => guess.wrapping_add(unzigzag(self.columns[column].varint()?)),
        };
        self.put_varint(number)
    }

    fn client(&mut self, guess: &mut Guess) -> Result<u64, CodecError> {
        let at = usize::from(self.shape.byte()?);
        if at > CLIENTS_MAX || at > guess.clients.len() {
            return Err(MALFORMED);
        }
        if at == guess.clients.len() {
            guess.clients.push((self.columns[NUMBERS].varint()?, 0));
        }
        guess.clients[..=at].rotate_right(1);
        self.put_varint(guess.clients[0].0)
    }

    fn buffer(&mut self) -> Result<u64, CodecError> {
        let len = self.small()?;
        self.put_varint(len)?;
        let bytes = self.columns[TEXTS].take(len)?;
        self.put(bytes)?;
        Ok(utf16_units(bytes))
    }

    fn content(&mut self, _: u8) -> Result<u64, CodecError> {
        let (len, clocks) = (self.small()?, self.small()?);
        let bytes = self.columns[TEXTS].take(len)?;
        self.put(bytes)?;
        Ok(clocks)
    }
}
