//! A client's runs by clock.

use crate::give_way;

/// So many stand in one piece at most: cutting a run moves that many at most.
const PIECE_MAX: usize = 512;

/// A client's runs by clock, without holes, from clock 0 on: the clock each begins with, kept here because it is looked up
/// all the time, and its index in the past. In pieces, because a run is cut in the middle as often as one is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Runs {
    pieces: Vec<Vec<(u32, u32)>>,
}

impl Runs {
    /// The run that holds `clock`, which was written.
    pub(crate) fn holding(&self, clock: u32) -> u32 {
        let piece = &self.pieces[self.piece(clock)];
        piece[before(piece, |run| run.0 <= clock)].1
    }

    /// Adds a run behind all others.
    pub(crate) fn push(&mut self, clock: u32, run: u32) {
        match self.pieces.last_mut() {
            Some(piece) if piece.len() < PIECE_MAX => piece.push((clock, run)),
            _ => self.pieces.push(vec![(clock, run)]),
        }
    }

    /// Adds a run that begins inside another, from which it was cut.
    pub(crate) fn insert(&mut self, clock: u32, run: u32) {
        let at = self.piece(clock);
        let piece = &mut self.pieces[at];
        piece.insert(before(piece, |run| run.0 <= clock) + 1, (clock, run));
        if piece.len() > PIECE_MAX {
            let rest = piece.split_off(PIECE_MAX / 2);
            self.pieces.insert(at + 1, rest);
        }
    }

    /// All runs by clock.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.pieces.iter().flatten().map(|(_, run)| {
            give_way::step();
            *run
        })
    }

    /// About how many bytes of memory they take.
    pub(crate) fn weight(&self) -> usize {
        self.pieces.iter().map(|piece| piece.capacity() * size_of::<(u32, u32)>() + size_of_val(piece)).sum()
    }

    fn piece(&self, clock: u32) -> usize {
        before(&self.pieces, |piece| piece[0].0 <= clock)
    }
}

/// The last of those that hold; whoever types mostly goes on where they were, so the last of all is looked at first.
fn before<T>(all: &[T], holds: impl Fn(&T) -> bool) -> usize {
    match all.split_last() {
        Some((last, rest)) if holds(last) => rest.len(),
        _ => all.partition_point(holds) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_cut_anywhere_are_found_by_any_of_their_clocks() {
        const CLOCKS: u32 = 20_000;
        let mut runs = Runs::default();
        // Begins of runs, in a stride that comes everywhere: some pushed in order, the rest cut out of those.
        for clock in (0..CLOCKS).step_by(10) {
            runs.push(clock, clock);
        }
        for cut in 0..2_000 {
            let clock = cut * 7_919 % CLOCKS;
            if clock % 10 == 3 {
                runs.insert(clock, clock);
            }
        }
        let begins: Vec<u32> = runs.iter().collect();
        assert!(begins.len() > 2_000 && begins.is_sorted(), "{} runs in order", begins.len());
        for clock in 0..CLOCKS {
            let begin = begins[begins.partition_point(|begin| *begin <= clock) - 1];
            assert_eq!(runs.holding(clock), begin);
        }
    }
}
