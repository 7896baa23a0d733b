use super::CodecError;

/// Reads bytes from the front, and never past their end.
#[derive(Debug, Clone)]
pub struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    /// At the start of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many bytes are left.
    #[must_use]
    pub fn left(&self) -> usize {
        self.0.len()
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] when there are fewer.
    pub fn take(&mut self, len: u64) -> Result<&'a [u8], CodecError> {
        let len = usize::try_from(len).map_err(|_| CodecError::Malformed("an impossible length"))?;
        let (head, tail) = self.0.split_at_checked(len).ok_or(CodecError::Malformed("it ends too early"))?;
        self.0 = tail;
        Ok(head)
    }

    /// The next byte.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] at the end.
    pub fn byte(&mut self) -> Result<u8, CodecError> {
        self.array::<1>().map(|[byte]| byte)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] when there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], CodecError> {
        let (head, tail) = self.0.split_first_chunk().ok_or(CodecError::Malformed("it ends too early"))?;
        self.0 = tail;
        Ok(*head)
    }

    /// An unsigned number of 7 bits a byte, lowest first.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] when it does not end or does not fit 64 bits.
    pub fn varint(&mut self) -> Result<u64, CodecError> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(CodecError::Malformed("a number above 64 bits"))
    }

    /// A length and as many bytes.
    ///
    /// # Errors
    /// [`CodecError::Malformed`].
    pub fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let len = self.varint()?;
        self.take(len)
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// [`CodecError::Malformed`] when something is.
    pub fn end(&self) -> Result<(), CodecError> {
        if self.0.is_empty() { Ok(()) } else { Err(CodecError::Malformed("something follows its end")) }
    }
}

/// Writes what [`Cursor::varint`] reads.
pub fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Writes what [`Cursor::bytes`] reads.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
