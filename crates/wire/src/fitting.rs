//! The part of an update that a document can take at once.
//!
//! A client's answer holds all it has, and with it what came to it too early and still waits there for something that
//! was lost. Its own edits must not wait for that.

use std::cmp::Reverse;

use smallvec::SmallVec;
use weft_ids::ClientId;

use crate::update::{DeleteSpan, Section, Update};
use crate::weave::{Run, write_blocks, write_deletes};

impl Update {
    /// What of it fits (see [`Self::fits`]) a document that knows `known(client)` elements of each client: whole
    /// sections, and the deletions of what is then there. May be empty.
    #[must_use]
    pub fn fitting(&self, mut known: impl FnMut(ClientId) -> u32) -> Self {
        let mut kept: Vec<(Section, Self)> = self
            .sections()
            .iter()
            .filter(|section| section.start <= known(section.client))
            .filter_map(|section| Some((*section, self.only(&[*section], &[])?)))
            .collect();
        // Each round leaves out what hangs on something left out before.
        loop {
            let needs_met: Vec<bool> = kept
                .iter()
                .map(|(_, alone)| {
                    alone.needs().iter().all(|need| need.clock < reach(&kept, need.client, &mut known))
                })
                .collect();
            if needs_met.iter().all(|met| *met) {
                break;
            }
            let mut met = needs_met.into_iter();
            kept.retain(|_| met.next().unwrap_or(false));
        }
        let deletes: Vec<DeleteSpan> = self
            .deletes()
            .iter()
            .map(|span| DeleteSpan { end: span.end.min(reach(&kept, span.client, &mut known)), ..*span })
            .filter(|span| span.start < span.end)
            .collect();
        let sections: Vec<Section> = kept.into_iter().map(|(section, _)| section).collect();
        self.only(&sections, &deletes).unwrap_or_else(Self::empty)
    }

    /// These sections and deletions of it alone.
    fn only(&self, sections: &[Section], deletes: &[DeleteSpan]) -> Option<Self> {
        let mut runs: SmallVec<[Run<'_>; 8]> =
            sections.iter().map(|section| (*section, 0, &self.bytes()[..])).collect();
        runs.sort_by_key(|(run, ..)| Reverse(run.client));
        let sections: SmallVec<[Section; 1]> = runs.iter().map(|(section, ..)| *section).collect();
        let mut out = Vec::with_capacity(self.bytes().len());
        write_blocks(&mut out, sections, &runs);
        write_deletes(&mut out, deletes);
        // The scan learns what the part hangs on.
        Self::scan(out.into()).ok()
    }
}

/// How many elements of a client are there once these sections are.
fn reach(kept: &[(Section, Update)], client: ClientId, known: &mut impl FnMut(ClientId) -> u32) -> u32 {
    let section = kept.iter().find(|(section, _)| section.client == client);
    known(client).max(section.map_or(0, |(section, _)| section.end))
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
