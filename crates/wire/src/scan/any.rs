//! Values in lib0's binary form ("Any").

use smallvec::SmallVec;

use super::{ANY_DEPTH_MAX, ScanError, count};
use crate::varint::Reader;

/// An array or a map whose elements are being walked.
struct Open {
    left: u64,
    keyed: bool,
}

/// Walks one value.
pub(crate) fn any(reader: &mut Reader<'_>) -> Result<(), ScanError> {
    let Some(open) = scalar_or_open(reader)? else { return Ok(()) };
    let mut stack: SmallVec<[Open; 8]> = SmallVec::new();
    stack.push(open);
    while let Some(top) = stack.last_mut() {
        if top.left == 0 {
            stack.pop();
            continue;
        }
        top.left -= 1;
        if top.keyed {
            reader.string()?;
        }
        if let Some(open) = scalar_or_open(reader)? {
            if stack.len() == ANY_DEPTH_MAX {
                return Err(ScanError::ValueTooDeep);
            }
            stack.push(open);
        }
    }
    Ok(())
}

/// Walks a whole scalar, or the head of an array or a map.
fn scalar_or_open(reader: &mut Reader<'_>) -> Result<Option<Open>, ScanError> {
    match reader.byte()? {
        // Undefined, null, false, true.
        127 | 126 | 121 | 120 => {}
        125 => {
            reader.int()?;
        }
        // A float of 32 bits.
        124 => {
            reader.take(4)?;
        }
        // A float of 64 bits, a big integer.
        123 | 122 => {
            reader.take(8)?;
        }
        119 => {
            reader.string()?;
        }
        118 => return Ok(Some(Open { left: count(reader)?, keyed: true })),
        117 => return Ok(Some(Open { left: count(reader)?, keyed: false })),
        116 => {
            reader.buf()?;
        }
        other => return Err(ScanError::UnknownValue(other)),
    }
    Ok(None)
}
