//! Whether the clients of one update can be taken one after the other, and at what price.
//!
//! Readers take the blocks of a client in order. Where one hangs on another client's block that is still to come, they put
//! it on a stack and take that client's blocks first. In a circle the engine would keep the blocks for ever; with many
//! clients waiting on the stack each further block costs a walk over it. So the same is played here with the ties alone.

use super::{ScanError, Summary};
use crate::update::Place;

/// How many steps over waiting clients an update may cost its readers, together: a quarter of a second or so. Ten
/// thousand clients that each wait for the next cost a fifth of it.
pub const WAITING_MAX: u64 = 1 << 28;

/// The block numbered `block` of the section numbered `section` starts at `clock` and hangs on another client's element.
#[derive(Debug, Clone, Copy)]
struct Tie {
    section: u32,
    block: u32,
    clock: u32,
    on: Place,
}

/// The ties between clients, noted during the walk.
#[derive(Debug, Default)]
pub(super) struct Ties {
    ties: Vec<Tie>,
}

impl Ties {
    /// Notes that a block hangs on `on`, which is another client's.
    pub(super) fn note(&mut self, section: u32, block: u32, clock: u32, on: Place) {
        if let Some(last) = self.ties.last()
            && last.section == section
            && last.on.client == on.client
            && last.on.clock >= on.clock
        {
            // Whoever got past the one before gets past this.
            return;
        }
        self.ties.push(Tie { section, block, clock, on });
    }

    /// Refuses a circle, and what costs more than [`WAITING_MAX`].
    pub(super) fn check(self, update: &Summary) -> Result<(), ScanError> {
        let ties: Vec<(Tie, u32)> = self
            .ties
            .into_iter()
            .filter_map(|tie| {
                let on = update.section_of(tie.on.client)?;
                let section = &update.sections[on];
                (section.start..section.end).contains(&tie.on.clock).then_some((tie, on as u32))
            })
            .collect();
        if ties.is_empty() { Ok(()) } else { Play::new(update, &ties).run(update) }
    }
}

/// A reader's progress through the sections.
struct Play<'a> {
    ties: &'a [(Tie, u32)],
    /// For each section its next tie, as an index; the ties come section by section.
    next: Vec<u32>,
    /// For each section one past its last tie.
    ends: Vec<u32>,
    /// For each section how many of its blocks were taken.
    taken: Vec<u32>,
    waits: Vec<bool>,
    cost: u64,
}

impl<'a> Play<'a> {
    fn new(update: &Summary, ties: &'a [(Tie, u32)]) -> Self {
        let sections = update.sections.len();
        let mut next = vec![ties.len() as u32; sections + 1];
        for (at, (tie, _)) in ties.iter().enumerate().rev() {
            next[tie.section as usize] = at as u32;
        }
        for section in (0..sections).rev() {
            next[section] = next[section].min(next[section + 1]);
        }
        let ends = next.split_off(1);
        next.extend_from_slice(&ends[..sections - 1]);
        Self { ties, next, ends, taken: vec![0; sections], waits: vec![false; sections], cost: 0 }
    }

    /// Takes everything, the highest client first.
    fn run(mut self, update: &Summary) -> Result<(), ScanError> {
        if update.sorted.is_empty() {
            (0..update.sections.len()).try_for_each(|first| self.take(first as u32, update))
        } else {
            update.sorted.iter().rev().try_for_each(|(_, first)| self.take(*first, update))
        }
    }

    /// The tie before which a section stands, or `None` when all of it is taken or free to take.
    fn tie(&self, section: u32) -> Option<(Tie, u32)> {
        let next = self.next[section as usize];
        (next < self.ends[section as usize]).then(|| self.ties[next as usize])
    }

    /// Whether what `tie` hangs on is there.
    fn is_loose(&self, (tie, on): (Tie, u32)) -> bool {
        self.tie(on).is_none_or(|(before, _)| before.clock > tie.on.clock)
    }

    /// Takes all of the section `first`, and of others what it waits for.
    fn take(&mut self, first: u32, update: &Summary) -> Result<(), ScanError> {
        let mut stack = vec![first];
        self.waits[first as usize] = true;
        while let Some(&top) = stack.last() {
            let tie = self.tie(top);
            self.charge(top, stack.len() - 1, update);
            if self.cost > WAITING_MAX {
                return Err(ScanError::TooTangled);
            }
            let below = stack.len().checked_sub(2).and_then(|below| self.tie(stack[below]));
            match tie {
                // As soon as the one below can go on, it does.
                _ if below.is_some_and(|below| self.is_loose(below)) => self.leave(&mut stack),
                None => self.leave(&mut stack),
                Some(tie) if self.is_loose(tie) => {
                    self.charge(tie.1, stack.len(), update);
                    self.next[top as usize] += 1;
                }
                Some((_, on)) if self.waits[on as usize] => return Err(ScanError::DependsOnLater),
                Some((_, on)) => {
                    self.waits[on as usize] = true;
                    stack.push(on);
                }
            }
        }
        Ok(())
    }

    /// Takes the blocks of `section` up to its next tie, while `waiting` others wait.
    fn charge(&mut self, section: u32, waiting: usize, update: &Summary) {
        let at = section as usize;
        let taken = self.tie(section).map_or(update.sections[at].blocks, |(tie, _)| tie.block);
        self.cost += u64::from(taken - self.taken[at]) * waiting as u64;
        self.taken[at] = taken;
    }

    fn leave(&mut self, stack: &mut Vec<u32>) {
        if let Some(top) = stack.pop() {
            self.waits[top as usize] = false;
        }
    }
}
