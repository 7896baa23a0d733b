//! Tests: pasts made of nothing but who did how much when.

use std::sync::Arc;

use proptest::prelude::*;
use weft_ids::{Seq, SessionId, UnixMillis};
use weft_store::{Author, BatchId, Record, RecordHash, RecordKind};
use weft_wire::varint::write_uint;

use crate::past::Past;

/// A record to be.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) time: u64,
    pub(crate) who: u8,
    pub(crate) kind: RecordKind,
    /// UTF-16 units written; with 0, the next so many not yet deleted ones are deleted.
    pub(crate) writes: u8,
    pub(crate) deletes: u8,
}

/// Up to 40 records of three people, whose times mostly grow: by seconds, minutes or days, now and then back.
pub(crate) fn made() -> impl Strategy<Value = Vec<Made>> {
    let kind = prop_oneof![
        8 => Just(RecordKind::Edit),
        1 => Just(RecordKind::Restore),
        1 => Just(RecordKind::Import),
        1 => Just(RecordKind::Server),
    ];
    let step = prop_oneof![
        6 => 0_i64..120_000,
        2 => 590_000_i64..610_000,
        1 => Just(86_400_000_i64),
        1 => -1_000_000_i64..0,
    ];
    let one = (step, 0_u8..3, kind, 0_u8..5, 0_u8..5);
    prop::collection::vec(one, 1..40).prop_map(|all| {
        let mut time = 1_700_000_000_000_i64;
        let make = |(step, who, kind, writes, deletes)| {
            time += step;
            Made { time: time as u64, who, kind, writes, deletes }
        };
        all.into_iter().map(make).collect()
    })
}

/// The records of a log.
pub(crate) fn records(made: &[Made]) -> Vec<Record> {
    let (mut written, mut deleted) = (0_u64, 0_u64);
    let record = |(at, made): (usize, &Made)| {
        let mut update = Vec::new();
        let writes = u64::from(made.writes);
        if writes > 0 {
            // One section of one block: client 1 writes into the root "t".
            [1, 1, 1, written].iter().for_each(|number| write_uint(&mut update, *number));
            update.extend([4, 1, 1, b't', made.writes]);
            update.extend(std::iter::repeat_n(b'x', made.writes.into()));
        } else {
            update.push(0);
        }
        written += writes;
        let deletes = u64::from(made.deletes).min(written - deleted);
        if deletes > 0 {
            [1, 1, 1, deleted, deletes].iter().for_each(|number| write_uint(&mut update, *number));
            deleted += deletes;
        } else {
            update.push(0);
        }
        Record {
            seq: Seq(at as u64 + 1),
            prev: RecordHash::FIRST,
            time: UnixMillis(made.time),
            author: Author {
                user: None,
                name: Some(Arc::from(format!("p{}", made.who))),
                session: SessionId(1),
            },
            kind: made.kind,
            batch: BatchId { writer: 1, number: at as u64 },
            update: update.into(),
        }
    };
    made.iter().enumerate().map(record).collect()
}

pub(crate) fn past(made: &[Made]) -> Past {
    let mut past = Past::new();
    records(made).iter().for_each(|record| past.add(record).unwrap());
    past
}
