//! The part of an update that a document can take at once.
//!
//! A client's answer holds all it has, and with it what came to it too early and still waits there for something that
//! was lost. Its own edits must not wait for that.

use std::cmp::Reverse;

use smallvec::SmallVec;
use weft_ids::ClientId;

use crate::update::{DeleteSpan, Place, Section, Update};
use crate::weave::{Run, write_blocks, write_deletes};

impl Update {
    /// What of it fits (see [`Self::fits`]) a document that knows `known(client)` elements of each client: whole
    /// sections, and the deletions of what is then there. May be empty.
    #[must_use]
    pub fn fitting(&self, mut known: impl FnMut(ClientId) -> u32) -> Self {
        let sections = self.sections();
        let mut fits: Vec<bool> =
            sections.iter().map(|section| section.start <= known(section.client)).collect();
        // Which sections hang on each.
        let mut hanging: Vec<Vec<usize>> = vec![Vec::new(); sections.len()];
        let mut left_out: Vec<usize> = Vec::new();
        for (at, section) in sections.iter().enumerate() {
            let needs = if fits[at] { self.needs_of(section) } else { None };
            for need in needs.iter().flatten().filter(|need| need.clock >= known(need.client)) {
                match self.summary().section_of(need.client).filter(|on| sections[*on].end > need.clock) {
                    Some(on) => hanging[on].push(at),
                    None => fits[at] = false,
                }
            }
            if needs.is_none() || !fits[at] {
                fits[at] = false;
                left_out.push(at);
            }
        }
        // What hangs on something left out is left out too.
        while let Some(on) = left_out.pop() {
            for at in std::mem::take(&mut hanging[on]) {
                if std::mem::replace(&mut fits[at], false) {
                    left_out.push(at);
                }
            }
        }
        let mut reach = |client| {
            let section = self.summary().section_of(client).filter(|at| fits[*at]);
            known(client).max(section.map_or(0, |at| sections[at].end))
        };
        let deletes: Vec<DeleteSpan> = self
            .deletes()
            .iter()
            .map(|span| DeleteSpan { end: span.end.min(reach(span.client)), ..*span })
            .filter(|span| span.start < span.end)
            .collect();
        let kept = sections.iter().zip(&fits).filter(|(_, fits)| **fits).map(|(section, _)| *section);
        self.only(kept.collect(), &deletes).unwrap_or_else(Self::empty)
    }

    /// What a section of it hangs on; `None` if it cannot stand alone.
    fn needs_of(&self, section: &Section) -> Option<SmallVec<[Place; 1]>> {
        Some(self.only(vec![*section], &[])?.needs().into())
    }

    /// These sections and deletions of it alone.
    fn only(&self, mut sections: Vec<Section>, deletes: &[DeleteSpan]) -> Option<Self> {
        sections.sort_by_key(|section| Reverse(section.client));
        let runs: Vec<Run<'_>> = sections.iter().map(|section| (*section, 0, &self.bytes()[..])).collect();
        let mut out = Vec::new();
        write_blocks(&mut out, sections.into(), &runs);
        write_deletes(&mut out, deletes);
        // The scan learns what the part hangs on.
        Self::scan(out.into()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::varint;

    const ANN: u8 = 7;
    const BOB: u8 = 9;

    /// Ann writes "ab" from nothing; Bob "c" behind Ann's `b`; the last of Ann's and both of an unknown are deleted.
    fn answer(bob_from: u8, ann_from: u8) -> Update {
        let mut bytes = vec![2, 1, BOB, bob_from, 0x84, ANN, ann_from + 1, 1, b'c'];
        bytes.extend([1, ANN, ann_from]);
        if ann_from == 0 {
            bytes.extend([4, 1, 1, b't', 2, b'a', b'b']);
        } else {
            bytes.extend([0x84, ANN, ann_from - 1, 2, b'a', b'b']);
        }
        bytes.extend([2, ANN, 1, ann_from + 1, 1, 3, 1, 0, 2]);
        Update::scan(bytes.into()).unwrap()
    }

    fn outline(update: &Update) -> (Vec<u64>, Vec<u64>) {
        let sections = update.sections().iter().map(|section| section.client.get()).collect();
        (sections, update.deletes().iter().map(|span| span.client.get()).collect())
    }

    #[test]
    fn what_fits_is_kept_with_the_deletions_of_it() {
        let part = answer(0, 0).fitting(|_| 0);
        assert!(part.fits(|_| 0));
        assert_eq!(outline(&part), (vec![9, 7], vec![7]));
    }

    #[test]
    fn what_starts_too_late_is_left_out_and_the_rest_stays() {
        let part = answer(4, 0).fitting(|_| 0);
        assert_eq!(outline(&part), (vec![7], vec![7]));
    }

    #[test]
    fn what_hangs_on_something_left_out_is_left_out_too() {
        let part = answer(0, 5).fitting(|_| 0);
        assert_eq!(outline(&part), (vec![], vec![]));
        assert!(part.is_empty());
        let part = answer(0, 5).fitting(|client| if client.get() == 3 { 1 } else { 0 });
        assert_eq!((part.deletes()[0].start, part.deletes()[0].end), (0, 1));
    }

    #[test]
    fn a_long_chain_of_clients_that_hang_on_each_other_is_left_out_in_one_go() {
        // Each client's letter hangs on the next higher client's, and the highest one on nobody's.
        const CLIENTS: u64 = 50_000;
        let mut bytes = Vec::new();
        varint::write_uint(&mut bytes, CLIENTS);
        for client in (1..=CLIENTS).rev() {
            varint::write_uint(&mut bytes, 1);
            varint::write_uint(&mut bytes, client);
            bytes.extend([0, 0x84]);
            varint::write_uint(&mut bytes, client + 1);
            bytes.extend([0, 1, b'x']);
        }
        bytes.push(0);
        let update = Update::scan(bytes.into()).unwrap();
        assert!(update.fitting(|_| 0).is_empty());
        let all = update.fitting(|client| u32::from(client.get() == CLIENTS + 1));
        assert_eq!(all.sections().len(), usize::try_from(CLIENTS).unwrap());
    }
}
