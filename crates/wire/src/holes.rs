//! Updates with holes, as honest clients send them.
//!
//! What comes to a client too early waits there for something that is missing. When such a client answers a SyncStep1, it
//! tells what waits too, and puts a block of its own kind, a skip, where the hole is. No document takes that in. So the
//! blocks before each hole are kept, and those behind it are only told of: whoever fills the hole asks for them again.

use bytes::Bytes;

use crate::scan::{self, ScanError};
use crate::update::Update;
use crate::weave::{Run, write_blocks};

impl Update {
    /// Scans `bytes` as [`Self::scan`] does, but cuts off what stands behind a hole and tells of it
    /// ([`Self::beyond`]). What is left has no hole and passes [`Self::scan`].
    ///
    /// # Errors
    /// [`ScanError`] says which rule the bytes break; the sender is at fault.
    pub fn scan_with_holes(bytes: Bytes) -> Result<Self, ScanError> {
        match Self::scan(bytes.clone()) {
            Err(ScanError::Skip) => cut(&bytes),
            scanned => scanned,
        }
    }
}

fn cut(bytes: &[u8]) -> Result<Update, ScanError> {
    let parts = scan::parts(bytes)?;
    let runs: Vec<Run<'_>> = parts.sections.iter().map(|section| (*section, 0, bytes)).collect();
    let mut out = Vec::with_capacity(bytes.len());
    write_blocks(&mut out, parts.sections.clone(), &runs);
    out.extend_from_slice(&bytes[parts.deletes_at..]);
    Ok(Update::scan(out.into())?.with_beyond(parts.beyond))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sections of `(client, start, blocks)`, and no deletions.
    fn update(sections: &[(u8, u8, &[&[u8]])]) -> Bytes {
        let mut bytes = vec![u8::try_from(sections.len()).unwrap()];
        for (client, start, blocks) in sections {
            bytes.extend([u8::try_from(blocks.len()).unwrap(), *client, *start]);
            bytes.extend(blocks.concat());
        }
        bytes.push(0);
        bytes.into()
    }

    const AB: &[u8] = &[4, 1, 1, b't', 2, b'a', b'b'];
    const HOLE: &[u8] = &[10, 3];

    /// A letter behind an element.
    fn behind(client: u8, clock: u8) -> [u8; 5] {
        [0x84, client, clock, 1, b'x']
    }

    #[test]
    fn what_stands_behind_a_hole_is_cut_off_and_told_of() {
        let bytes =
            update(&[(9, 0, &[&behind(7, 1)]), (7, 0, &[AB, HOLE, &behind(7, 4), HOLE, &behind(7, 5)])]);
        assert_eq!(Update::scan(bytes.clone()), Err(ScanError::Skip));
        let cut = Update::scan_with_holes(bytes).unwrap();
        assert_eq!(*cut.bytes(), update(&[(9, 0, &[&behind(7, 1)]), (7, 0, &[AB])]));
        let [beyond] = cut.beyond() else { panic!("{:?}", cut.beyond()) };
        assert_eq!((beyond.client.get(), beyond.start, beyond.end), (7, 5, 10));
        assert!(!cut.fits(|_| 0), "not all of it can be taken");
        assert!(cut.fitting(|_| 0).fits(|_| 0));
        assert!(Update::weave(&[cut.clone(), cut]).is_none());
    }

    #[test]
    fn what_hangs_on_something_behind_a_hole_does_not_fit_either() {
        let bytes = update(&[(9, 0, &[&behind(7, 5)]), (7, 0, &[AB, HOLE, &behind(7, 1)])]);
        let cut = Update::scan_with_holes(bytes).unwrap();
        assert_eq!((cut.needs()[0].client.get(), cut.needs()[0].clock), (7, 5));
        assert_eq!(cut.fitting(|_| 0).sections().len(), 1);
    }

    #[test]
    fn a_hole_before_everything_moves_the_start_and_one_behind_everything_is_nothing() {
        let cut = Update::scan_with_holes(update(&[(7, 0, &[HOLE, &behind(7, 2), HOLE])])).unwrap();
        assert_eq!(*cut.bytes(), update(&[(7, 3, &[&behind(7, 2)])]));
        assert!(cut.beyond().is_empty());
        let nothing = Update::scan_with_holes(update(&[(7, 0, &[HOLE])])).unwrap();
        assert!(nothing.is_empty());
    }

    #[test]
    fn nothing_else_that_is_refused_gets_through_behind_a_hole() {
        let scan = |bytes| Update::scan_with_holes(bytes).unwrap_err();
        assert_eq!(scan(update(&[(7, 0, &[AB, HOLE, &[0x8a, 7, 0, 1]])])), ScanError::Skip);
        assert_eq!(scan(update(&[(7, 0, &[AB, HOLE, &[31, 1, 1, b't']])])), ScanError::UnknownContent(31));
        assert_eq!(scan(update(&[(7, 0, &[HOLE, AB]), (7, 0, &[AB])])), twice());
        assert_eq!(scan(update(&[(7, 0, &[&[10, 0xff, 0xff, 0xff, 0xff, 7], AB])])), ScanError::ClockTooBig);
        let mut trailing = update(&[(7, 0, &[AB, HOLE, &behind(7, 1)])]).to_vec();
        trailing.push(1);
        assert_eq!(scan(trailing.into()), ScanError::TrailingBytes(1));
    }

    fn twice() -> ScanError {
        ScanError::ClientTwice(weft_ids::ClientId::new(7).unwrap())
    }
}
