//! The lib0 primitives under every format here: numbers of variable length, and strings and buffers with their length
//! in front. Reading is bounded by the slice given, allocates nothing and never panics.

/// The largest number lib0 writes: JavaScript's largest exact integer.
pub const UINT_MAX: u64 = (1 << 53) - 1;

/// Eight groups of seven bits hold all of [`UINT_MAX`]; whoever writes more bytes writes a larger number, or nonsense.
const UINT_BYTES_MAX: usize = 8;

/// Why a primitive could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The bytes end before what they announce.
    #[error("the bytes end too early")]
    End,
    /// A number is above [`UINT_MAX`], or written with more than eight bytes.
    #[error("a number does not fit into 53 bits")]
    NumberTooBig,
    /// A string is not UTF-8.
    #[error("a string is not valid UTF-8")]
    NotUtf8,
}

/// Reads primitives from the front of a slice.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the first of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// How many bytes were read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.at
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`ReadError::End`].
    #[inline]
    pub fn byte(&mut self) -> Result<u8, ReadError> {
        let byte = *self.bytes.get(self.at).ok_or(ReadError::End)?;
        self.at += 1;
        Ok(byte)
    }

    /// All bytes that are left, unread.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// [`ReadError::End`] if there are fewer.
    #[inline]
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], ReadError> {
        let end = self.at.checked_add(count).ok_or(ReadError::End)?;
        let taken = self.bytes.get(self.at..end).ok_or(ReadError::End)?;
        self.at = end;
        Ok(taken)
    }

    /// A varUint: seven bits a byte, lowest first, the top bit set on all but the last. Padded forms (`80 00` for 0)
    /// are read as every Yjs reader reads them.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::NumberTooBig`].
    #[inline]
    pub fn uint(&mut self) -> Result<u64, ReadError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for group in 1..UINT_BYTES_MAX {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << (7 * group);
            if byte < 0x80 {
                return if number <= UINT_MAX { Ok(number) } else { Err(ReadError::NumberTooBig) };
            }
        }
        Err(ReadError::NumberTooBig)
    }

    /// A varInt: like a varUint, but bit 6 of the first byte is the sign. The magnitude fits into 53 bits.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::NumberTooBig`].
    pub fn int(&mut self) -> Result<i64, ReadError> {
        let first = self.byte()?;
        let mut number = u64::from(first & 0x3f);
        let mut last = first;
        let mut group = 0;
        while last >= 0x80 {
            if group == UINT_BYTES_MAX - 1 {
                return Err(ReadError::NumberTooBig);
            }
            last = self.byte()?;
            number |= u64::from(last & 0x7f) << (6 + 7 * group);
            group += 1;
        }
        if number > UINT_MAX {
            return Err(ReadError::NumberTooBig);
        }
        let number = number.cast_signed();
        Ok(if first & 0x40 == 0 { number } else { -number })
    }

    /// A varBuf: a varUint length and that many bytes.
    ///
    /// # Errors
    /// [`ReadError::End`], [`ReadError::NumberTooBig`].
    #[inline]
    pub fn buf(&mut self) -> Result<&'a [u8], ReadError> {
        let length = usize::try_from(self.uint()?).map_err(|_| ReadError::End)?;
        self.take(length)
    }

    /// A varString: a varBuf of UTF-8.
    ///
    /// # Errors
    /// [`ReadError`], whichever of the three.
    #[inline]
    pub fn string(&mut self) -> Result<&'a str, ReadError> {
        std::str::from_utf8(self.buf()?).map_err(|_| ReadError::NotUtf8)
    }
}

/// How many bytes [`write_uint`] writes for `number`.
#[must_use]
pub const fn uint_len(number: u64) -> usize {
    let bits = 64 - (number | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Writes `number` as a varUint.
pub fn write_uint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Writes `bytes` as a varBuf.
pub fn write_buf(out: &mut Vec<u8>, bytes: &[u8]) {
    write_uint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

/// Writes `text` as a varString.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    write_buf(out, text.as_bytes());
}

/// How many bytes [`write_buf`] writes for a buffer of `length` bytes.
#[must_use]
pub const fn buf_len(length: usize) -> usize {
    uint_len(length as u64) + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_have_the_length_foretold() {
        for number in [0, 1, 0x7f, 0x80, 0x3fff, 0x4000, (1 << 31) - 1, u64::from(u32::MAX), UINT_MAX] {
            let mut out = Vec::new();
            write_uint(&mut out, number);
            assert_eq!(out.len(), uint_len(number));
            let mut reader = Reader::new(&out);
            assert_eq!(reader.uint(), Ok(number));
            assert_eq!(reader.left(), 0);
        }
    }

    #[test]
    fn a_number_of_54_bits_is_refused() {
        let mut out = Vec::new();
        write_uint(&mut out, UINT_MAX + 1);
        assert_eq!(Reader::new(&out).uint(), Err(ReadError::NumberTooBig));
        assert_eq!(Reader::new(&[0xff; 11]).uint(), Err(ReadError::NumberTooBig));
        assert_eq!(
            Reader::new(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]).uint(),
            Err(ReadError::NumberTooBig)
        );
    }

    #[test]
    fn a_padded_number_is_read_as_its_value() {
        assert_eq!(Reader::new(&[0x81, 0x80, 0x00]).uint(), Ok(1));
    }

    #[test]
    fn signed_numbers_carry_their_sign_in_bit_six() {
        assert_eq!(Reader::new(&[0x41]).int(), Ok(-1));
        assert_eq!(Reader::new(&[0x3f]).int(), Ok(63));
        assert_eq!(Reader::new(&[0x80, 0x01]).int(), Ok(64));
        assert_eq!(Reader::new(&[0xc0, 0x01]).int(), Ok(-64));
        assert_eq!(Reader::new(&[0xff; 12]).int(), Err(ReadError::NumberTooBig));
        assert_eq!(
            Reader::new(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f]).int(),
            Err(ReadError::NumberTooBig)
        );
        assert_eq!(Reader::new(&[0xbf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]).int(), Ok((1 << 53) - 1));
    }

    #[test]
    fn what_ends_too_early_is_refused() {
        assert_eq!(Reader::new(&[]).uint(), Err(ReadError::End));
        assert_eq!(Reader::new(&[0x80]).uint(), Err(ReadError::End));
        assert_eq!(Reader::new(&[0x80]).int(), Err(ReadError::End));
        assert_eq!(Reader::new(&[2, 1]).buf(), Err(ReadError::End));
        assert_eq!(
            Reader::new(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 1]).buf(),
            Err(ReadError::End)
        );
        assert_eq!(Reader::new(&[1, 0xff]).string(), Err(ReadError::NotUtf8));
    }
}
