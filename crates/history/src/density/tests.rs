use proptest::prelude::*;

use super::*;
use crate::deeds::{made, past};

/// What the records `first..=last` amount to, by author.
fn sum(past: &Past, first: u64, last: u64) -> Vec<(u32, Count)> {
    let mut counts: Vec<(u32, Count)> = Vec::new();
    for seq in first..=last {
        let deed = past.deed(Seq(seq)).unwrap();
        if !counts.iter().any(|(writer, _)| *writer == deed.writer) {
            counts.push((deed.writer, Count::default()));
        }
        let (_, count) = counts.iter_mut().find(|(writer, _)| *writer == deed.writer).unwrap();
        count.records += 1;
        count.added += u64::from(deed.added);
        count.removed += u64::from(deed.removed);
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn every_record_is_in_the_bucket_of_its_time_and_counted_once(
        made in made(), buckets in 1_usize..30, ends in (any::<u16>(), any::<u16>()), by_time: bool,
    ) {
        let past = past(&made);
        let place = |end: u16| 1 + u64::from(end) % made.len() as u64;
        let (first, last) = (place(ends.0).min(place(ends.1)), place(ends.0).max(place(ends.1)));
        let scale = if by_time { Scale::Time } else { Scale::Records };
        let all = past.density(Seq(first), Seq(last), buckets, scale);
        prop_assert!(!all.is_empty() && all.len() <= buckets);

        let mut next = first;
        for bucket in &all {
            prop_assert_eq!(bucket.from.seq.0, next, "no record is left out");
            prop_assert!(bucket.to.seq.0 + 1 >= next);
            next = bucket.to.seq.0 + 1;
            prop_assert_eq!(&bucket.changes, &sum(&past, bucket.from.seq.0, bucket.to.seq.0));
        }
        prop_assert_eq!(next, last + 1);

        if by_time {
            let began = past.deed(Seq(first)).unwrap().time;
            let mut clock = began;
            prop_assert_eq!(all[0].from.time, began);
            prop_assert!(all.windows(2).all(|pair| pair[0].to.time.0 + 1 == pair[1].from.time.0));
            for seq in first..=last {
                clock = clock.max(past.deed(Seq(seq)).unwrap().time);
                let bucket = all.iter().find(|bucket| bucket.from.time <= clock && clock <= bucket.to.time);
                prop_assert!(bucket.is_some_and(|bucket| (bucket.from.seq.0..=bucket.to.seq.0).contains(&seq)));
            }
            prop_assert_eq!(all.last().unwrap().to.time, clock);
            let lengths = all.iter().map(|bucket| bucket.to.time.0 - bucket.from.time.0 + 1);
            prop_assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1);
        } else {
            let lengths = all.iter().map(|bucket| bucket.to.seq.0 + 1 - bucket.from.seq.0);
            prop_assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1);
            prop_assert!(all.iter().all(|bucket| past.stamp(bucket.from.seq) == Some(bucket.from)));
            prop_assert!(all.iter().all(|bucket| past.stamp(bucket.to.seq) == Some(bucket.to)));
        }
    }
}

#[test]
fn there_are_no_more_buckets_than_the_limit_and_none_of_records_that_are_not_there() {
    let all: Vec<_> = (0..1_500)
        .map(|at| crate::deeds::Made {
            time: at,
            who: 0,
            kind: weft_store::RecordKind::Edit,
            writes: 1,
            deletes: 0,
        })
        .collect();
    let past = past(&all);
    let buckets = |first, last, count| past.density(Seq(first), Seq(last), count, Scale::Records).len();
    assert_eq!(buckets(1, 1_500, usize::MAX), BUCKETS_MAX);
    assert_eq!(buckets(1, 1_500, 0), 1);
    assert_eq!(buckets(1, 1_501, 9), 0);
    assert_eq!(buckets(0, 0, 9), 0);
    assert!(Past::new().density(Seq(1), Seq(0), 9, Scale::Time).is_empty());
}
