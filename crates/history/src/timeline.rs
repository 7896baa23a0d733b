//! Who was at work when: records grouped into editing sessions.

use weft_ids::{Seq, UnixMillis};
use weft_store::RecordKind;

use crate::past::{Deed, Past};

/// A longer pause between two edits begins a new session.
pub const SESSION_GAP_MILLIS: u64 = 10 * 60 * 1000;

/// A record and its time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Its place in the log; 0 is before the first.
    pub seq: Seq,
    /// When it reached the server. For place 0: the time of record 1, until which the document was empty.
    pub time: UnixMillis,
}

/// Neighbouring edits without a long pause between them, whoever made them; or one restore, import or change of the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EditSession {
    /// Its first record.
    pub from: Stamp,
    /// Its last record.
    pub to: Stamp,
    /// Who took part, in the order of their first record in it; indexes into [`Past::writers`].
    pub writers: Vec<u32>,
    /// How it came about.
    pub kind: RecordKind,
    /// UTF-16 units of text written.
    pub added: u64,
    /// UTF-16 units of text deleted.
    pub removed: u64,
}

impl EditSession {
    /// How many records it has; the one that stands for those that are not kept counts as one.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.to.seq.0 - self.from.seq.0 + 1
    }

    /// Whether more may be added to it by an edit at `now`.
    #[must_use]
    pub fn goes_on(&self, now: UnixMillis) -> bool {
        self.kind == RecordKind::Edit && self.to.time.0.abs_diff(now.0) <= SESSION_GAP_MILLIS
    }
}

/// A document's sessions, newest first. Takes time for the records it walks over only.
#[derive(Debug, Clone)]
pub struct Sessions<'a> {
    past: &'a Past,
    /// How many records are not walked over yet.
    left: usize,
    /// By writer, in which session (counted from 1) they were seen last.
    seen: Vec<usize>,
    given: usize,
}

impl Past {
    /// A record with its time.
    #[must_use]
    pub fn stamp(&self, seq: Seq) -> Option<Stamp> {
        let deed = if seq == Seq::ZERO { self.deeds().first() } else { self.deed(seq) }?;
        Some(Stamp { seq, time: deed.time })
    }

    /// The sessions up to record `last`, newest first. A session that goes on after `last` is cut there. If older records
    /// are not kept, the last of them, [`Past::edge`], stands for all in a session of its own.
    #[must_use]
    pub fn sessions(&self, last: Seq) -> Sessions<'_> {
        let left = self.index_of(last.min(self.head())).map_or(0, |at| at + 1);
        Sessions { past: self, left, seen: vec![0; self.writers().len()], given: 0 }
    }

    /// The session that ends with record `seq`, if one does.
    #[must_use]
    pub fn session_ending_with(&self, seq: Seq) -> Option<EditSession> {
        let last = self.deed(seq)?;
        if self.deed(seq.next()).is_some_and(|next| belong_together(last, next)) {
            return None;
        }
        self.sessions(seq).next()
    }
}

fn belong_together(one: &Deed, other: &Deed) -> bool {
    one.kind == RecordKind::Edit
        && other.kind == RecordKind::Edit
        // Either way: a clock that was set back has no order to go by.
        && one.time.0.abs_diff(other.time.0) <= SESSION_GAP_MILLIS
}

impl Iterator for Sessions<'_> {
    type Item = EditSession;

    fn next(&mut self) -> Option<EditSession> {
        let begin = self.past.unbroken();
        let deeds = self.past.deeds().get(begin..self.left)?;
        let last = deeds.last()?;
        let apart = deeds.windows(2).rposition(|pair| !belong_together(&pair[0], &pair[1]));
        let first = apart.map_or(0, |before| before + 1);
        self.given += 1;
        let mut session = EditSession {
            from: Stamp { seq: self.past.seq_of(begin + first), time: deeds[first].time },
            to: Stamp { seq: self.past.seq_of(self.left - 1), time: last.time },
            writers: Vec::new(),
            kind: last.kind,
            added: 0,
            removed: 0,
        };
        for deed in &deeds[first..] {
            session.added += u64::from(deed.added);
            session.removed += u64::from(deed.removed);
            let seen = &mut self.seen[deed.writer as usize];
            if *seen != self.given {
                *seen = self.given;
                session.writers.push(deed.writer);
            }
        }
        self.left = begin + first;
        Some(session)
    }
}

#[cfg(test)]
mod tests;
