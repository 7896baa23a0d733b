//! Which elements a text, or a stretch of the log, consists of.

use std::ops::Range;

use weft_ids::{ClientId, Seq};
use weft_wire::blocks::values_len;

use super::Elements;
use crate::past::{Held, Past, Run};

/// Characters are passed over so many at a time where none of them was to be seen at the moments in question.
const STRIDE: usize = 256;

/// From which record on something was to be seen, and from which on no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Life {
    from: u32,
    until: u32,
}

impl Life {
    fn with(self, other: Self) -> Option<Self> {
        let (from, until) = (self.from.max(other.from), self.until.min(other.until));
        (from < until).then_some(Self { from, until })
    }
}

/// One UTF-16 unit that ever stood in a list, or, with `unit` 0, something else that parts what stands beside it.
#[derive(Debug, Clone, Copy)]
struct Unit {
    unit: u16,
    client: u32,
    clock: u32,
    life: Life,
}

impl Past {
    /// Everything that these records wrote but shared types.
    pub(super) fn elements_of_records(&self, from: Seq, to: Seq) -> Elements {
        let mut found = Elements::default();
        for client in &self.clients {
            for run in client.runs.iter() {
                let run = &self.runs[run as usize];
                if matches!(run.held, Held::Collected | Held::Deleted | Held::Type(_)) {
                    continue;
                }
                for (part, record) in self.births_of(run) {
                    if (from.0..=to.0).contains(&u64::from(record)) {
                        found.add(client.id, run.clock + part.start..run.clock + part.end);
                    }
                }
            }
        }
        found.settle();
        found
    }

    /// The characters of `text` wherever it could be read at any moment, whoever wrote them in whatever order, and the
    /// values, marks and embeds that hold it.
    pub(super) fn elements_of_text(&self, text: &str) -> Elements {
        let mut found = Elements::default();
        let wanted: Vec<u16> = text.encode_utf16().collect();
        if wanted.is_empty() {
            return found;
        }
        for node in &self.nodes {
            let units = self.units(node.start);
            for at in occurrences(&units, &wanted) {
                let Unit { client, clock, .. } = units[at];
                found.add(self.clients[client as usize].id, clock..clock + 1);
            }
        }
        let quoted = serde_json::to_string(text).unwrap_or_default();
        let needles = [text.as_bytes(), quoted.trim_matches('"').as_bytes()];
        let holds = |bytes: &[u8]| needles.iter().any(|it| super::holds(bytes, it));
        for client in &self.clients {
            for run in client.runs.iter() {
                let run = &self.runs[run as usize];
                self.values_with(run, client.id, holds, &mut found);
            }
        }
        found.settle();
        found
    }

    fn values_with(&self, run: &Run, client: ClientId, holds: impl Fn(&[u8]) -> bool, found: &mut Elements) {
        match run.held {
            Held::Other { .. } if holds(self.bytes_of(run)) => found.add(client, run.clock..run.end()),
            Held::Values { .. } if holds(self.bytes_of(run)) => {
                let values = self.bytes_of(run);
                for at in 0..run.len {
                    if holds(&values[values_len(values, at)..values_len(values, at + 1)]) {
                        found.add(client, run.clock + at..run.clock + at + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// All that ever stood in a list, in its order.
    fn units(&self, start: u32) -> Vec<Unit> {
        let mut units = Vec::new();
        for run in self.chain(start) {
            let run = &self.runs[run as usize];
            let until = if run.death == 0 { u32::MAX } else { run.death };
            let client = run.client;
            let births = |parts: &mut dyn FnMut(Range<u32>, u32)| {
                self.births_of(run).for_each(|(part, record)| parts(part, record));
            };
            match run.held {
                Held::Text { .. } => {
                    let text: Vec<u16> = self.text_of(run).encode_utf16().collect();
                    births(&mut |part, from| {
                        for at in part {
                            let unit = text.get(at as usize).copied().unwrap_or(0);
                            units.push(Unit {
                                unit,
                                client,
                                clock: run.clock + at,
                                life: Life { from, until },
                            });
                        }
                    });
                }
                // A mark takes no room between two characters.
                Held::Other { what: weft_wire::blocks::Other::Format, .. }
                | Held::Collected
                | Held::Deleted => {}
                Held::Values { .. } | Held::Type(_) | Held::Other { .. } => births(&mut |part, from| {
                    let clock = run.clock + part.start;
                    units.push(Unit { unit: 0, client, clock, life: Life { from, until } });
                }),
            }
        }
        units
    }
}

/// The units that were ever part of `wanted`, read one after the other at some moment.
fn occurrences(units: &[Unit], wanted: &[u16]) -> Vec<usize> {
    let strides: Vec<Life> = units
        .chunks(STRIDE)
        .map(|chunk| Life {
            from: chunk.iter().map(|unit| unit.life.from).min().unwrap_or(0),
            until: chunk.iter().map(|unit| unit.life.until).max().unwrap_or(0),
        })
        .collect();
    let mut found = Vec::new();
    for (start, first) in units.iter().enumerate() {
        if Some(&first.unit) != wanted.first() {
            continue;
        }
        // What has been read, and at which moments it could be: what is not read on at one moment may be at another.
        let mut todo = vec![(vec![start], vec![first.life])];
        while let Some((read, mut moments)) = todo.pop() {
            if read.len() == wanted.len() {
                found.extend(read);
                continue;
            }
            let mut at = read.last().map_or(units.len(), |last| last + 1);
            while at < units.len() && !moments.is_empty() {
                let stride = strides[at / STRIDE];
                if at.is_multiple_of(STRIDE) && moments.iter().all(|life| life.with(stride).is_none()) {
                    at += STRIDE;
                    continue;
                }
                let unit = units[at];
                let there: Vec<Life> = moments.iter().filter_map(|life| life.with(unit.life)).collect();
                if !there.is_empty() {
                    moments = moments.iter().flat_map(|life| without(*life, unit.life)).collect();
                    if unit.unit == wanted[read.len()] {
                        todo.push(([&read[..], &[at]].concat(), there));
                    }
                }
                at += 1;
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What is left of a life outside another.
fn without(life: Life, other: Life) -> impl Iterator<Item = Life> {
    let before = Life { until: life.until.min(other.from), ..life };
    let after = Life { from: life.from.max(other.until), ..life };
    [before, after].into_iter().filter(|life| life.from < life.until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(unit: char, clock: u32, from: u32, until: u32) -> Unit {
        Unit { unit: unit as u16, client: 0, clock, life: Life { from, until } }
    }

    fn found(units: &[Unit], text: &str) -> Vec<usize> {
        occurrences(units, &text.encode_utf16().collect::<Vec<_>>())
    }

    #[test]
    fn a_text_is_found_where_it_could_be_read_at_one_moment() {
        // "axb": the x was written last and deleted again.
        let units = [unit('a', 0, 1, 9), unit('x', 2, 3, 5), unit('b', 1, 2, 9)];
        assert_eq!(found(&units, "ab"), [0, 2], "before, and after");
        assert_eq!(found(&units, "axb"), [0, 1, 2], "and in between");
        assert_eq!(found(&units, "bb"), [0; 0]);
        // The a was gone before the b came.
        assert_eq!(found(&[unit('a', 0, 1, 2), unit('b', 1, 2, 9)], "ab"), [0; 0]);
        // Something stands between them while both are there.
        assert_eq!(found(&[unit('a', 0, 3, 9), unit('\0', 1, 1, 9), unit('b', 2, 3, 9)], "ab"), [0; 0]);
    }

    #[test]
    fn it_is_found_behind_much_that_was_gone() {
        let mut units = vec![unit('a', 0, 100, 900)];
        units.extend((0..2000).map(|at| unit('z', at + 1, 1, 50)));
        units.push(unit('b', 3000, 100, 900));
        assert_eq!(found(&units, "ab"), [0, 2001]);
    }
}
