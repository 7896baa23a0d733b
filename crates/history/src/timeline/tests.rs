use proptest::prelude::*;

use super::*;
use crate::deeds::{Made, made, past};

/// The sessions by the words of the definition, oldest first: one record after the other, looking back only.
fn naive(past: &Past) -> Vec<EditSession> {
    let mut sessions: Vec<EditSession> = Vec::new();
    for (at, deed) in past.deeds().iter().enumerate() {
        let stamp = Stamp { seq: Seq(at as u64 + 1), time: deed.time };
        let (added, removed) = (u64::from(deed.added), u64::from(deed.removed));
        if let Some(last) = sessions.last_mut()
            && last.kind == RecordKind::Edit
            && deed.kind == RecordKind::Edit
            && last.to.time.0.abs_diff(deed.time.0) <= SESSION_GAP_MILLIS
        {
            last.to = stamp;
            last.added += added;
            last.removed += removed;
            if !last.writers.contains(&deed.writer) {
                last.writers.push(deed.writer);
            }
            continue;
        }
        let writers = vec![deed.writer];
        sessions.push(EditSession { from: stamp, to: stamp, writers, kind: deed.kind, added, removed });
    }
    sessions
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn sessions_are_what_the_definition_says_also_page_by_page(made in made(), page in 1_usize..5) {
        let past = past(&made);
        let mut expected = naive(&past);
        expected.reverse();
        prop_assert_eq!(past.sessions(past.head()).collect::<Vec<_>>(), expected.clone());

        let (mut paged, mut last) = (Vec::new(), past.head());
        while last > Seq::ZERO {
            paged.extend(past.sessions(last).take(page));
            last = Seq(paged.last().map_or(0, |session: &EditSession| session.from.seq.0 - 1));
        }
        prop_assert_eq!(&paged, &expected);

        for seq in 0..=made.len() as u64 + 1 {
            let ending = expected.iter().find(|session| session.to.seq.0 == seq);
            prop_assert_eq!(past.session_ending_with(Seq(seq)), ending.cloned());
        }
    }
}

fn edit(time: u64, kind: RecordKind) -> Made {
    Made { time, who: 0, kind, writes: 1, deletes: 0 }
}

#[test]
fn ten_minutes_are_a_pause_within_a_session_and_a_millisecond_more_is_not() {
    let all = [0, SESSION_GAP_MILLIS, 2 * SESSION_GAP_MILLIS + 1].map(|time| edit(time, RecordKind::Edit));
    let past = past(&all);
    let ends: Vec<_> = past.sessions(past.head()).map(|session| session.to.seq.0).collect();
    assert_eq!(ends, [3, 2]);
}

#[test]
fn a_restore_stands_alone_and_only_edits_of_now_go_on() {
    let past = past(&[
        edit(0, RecordKind::Edit),
        edit(1, RecordKind::Restore),
        edit(2, RecordKind::Edit),
        edit(3, RecordKind::Edit),
    ]);
    let sessions: Vec<_> = past.sessions(past.head()).collect();
    assert_eq!(sessions.iter().map(EditSession::records).collect::<Vec<_>>(), [2, 1, 1]);
    assert!(sessions[0].goes_on(UnixMillis(3 + SESSION_GAP_MILLIS)));
    assert!(!sessions[0].goes_on(UnixMillis(4 + SESSION_GAP_MILLIS)));
    assert!(!sessions[1].goes_on(UnixMillis(2)));
    assert_eq!(Past::new().sessions(Seq(9)).next(), None);
    assert_eq!(past.stamp(Seq(0)), Some(Stamp { seq: Seq(0), time: UnixMillis(0) }));
    assert_eq!(past.stamp(Seq(5)), None);
}
