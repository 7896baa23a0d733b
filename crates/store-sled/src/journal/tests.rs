use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::disk::RealDisk;

/// The rows of a commit, told apart by its number.
fn rows(commit: u64) -> Vec<Write> {
    let mut random = StdRng::seed_from_u64(commit);
    let row = |at: u64| {
        let len = random.random_range(0..90);
        let value = random
            .random_bool(0.8)
            .then(|| IVec::from((0..len).map(|byte| byte ^ at as u8).collect::<Vec<_>>()));
        (IVec::from(format!("{commit} {at}").as_bytes()), value)
    };
    (0..commit % 4 + 1).map(row).collect()
}

fn write(journal: &mut Journal, commits: std::ops::RangeInclusive<u64>) {
    for commit in commits {
        journal.write(commit, &rows(commit), &RealDisk).unwrap();
    }
}

fn bytes(dir: &Path) -> Vec<u8> {
    std::fs::read(dir.join(JOURNAL)).unwrap()
}

/// What is found in a journal of these bytes, and where it goes on.
fn found(bytes: &[u8], settled: u64) -> Result<(u64, Vec<Write>, usize), JournalError> {
    let key = key_of(bytes)?;
    let (Unsettled { commits, writes }, at) = Reader { bytes, key: &key }.read(settled)?;
    Ok((commits, writes, at))
}

fn all(commits: std::ops::RangeInclusive<u64>) -> Vec<Write> {
    commits.flat_map(rows).collect()
}

/// A journal that was full once and goes on from commit 1001 at its front: its bytes before the last of three commits,
/// and after.
fn used(dir: &Path) -> (Vec<u8>, Vec<u8>, usize) {
    let (mut journal, _) = Journal::open(dir, 0).unwrap();
    write(&mut journal, 1..=1000);
    journal.begin_anew();
    write(&mut journal, 1001..=1002);
    let (before, at) = (bytes(dir), journal.at as usize);
    write(&mut journal, 1003..=1003);
    (before, bytes(dir), at)
}

#[test]
fn what_was_written_is_found_and_gone_on_from() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, unsettled) = Journal::open(dir.path(), 0).unwrap();
    assert_eq!((unsettled.commits, unsettled.writes.len()), (0, 0));
    write(&mut journal, 1..=20);
    drop(journal);
    let (mut journal, unsettled) = Journal::open(dir.path(), 0).unwrap();
    assert_eq!((unsettled.commits, unsettled.writes), (20, all(1..=20)));
    write(&mut journal, 21..=30);
    let (_, unsettled) = Journal::open(dir.path(), 0).unwrap();
    assert_eq!((unsettled.commits, unsettled.writes), (30, all(1..=30)));
    let (_, unsettled) = Journal::open(dir.path(), 25).unwrap();
    assert_eq!((unsettled.commits, unsettled.writes), (30, all(26..=30)), "the database has the others");
    let (journal, unsettled) = Journal::open(dir.path(), 30).unwrap();
    assert_eq!((unsettled.commits, unsettled.writes.len()), (0, 0));
    assert_eq!(journal.at, FIRST as u64, "nothing is needed any more");
}

#[test]
fn commits_of_before_are_not_taken_for_commits_of_now() {
    let dir = tempfile::tempdir().unwrap();
    let (_, after, _) = used(dir.path());
    let (commits, writes, _) = found(&after, 1000).unwrap();
    assert_eq!((commits, writes), (1003, all(1001..=1003)));
    let (commits, writes, at) = found(&after, 1003).unwrap();
    assert_eq!((commits, writes.len(), at), (0, 0, FIRST));
}

#[test]
fn a_commit_torn_at_any_byte_is_none() {
    let dir = tempfile::tempdir().unwrap();
    let (before, after, at) = used(dir.path());
    let end = at + (HEAD_BYTES + all(1003..=1003).len() + 400).min(after.len());
    for cut in at..end {
        let torn = [&after[..cut], &before[cut..]].concat();
        let (commits, writes, goes_on) = found(&torn, 1000).unwrap();
        if torn == after {
            assert_eq!((commits, writes), (1003, all(1001..=1003)));
        } else {
            assert_eq!((commits, writes, goes_on), (1002, all(1001..=1002), at), "cut at {cut}");
        }
        // The other way round: its end came to the disk first.
        let torn = [&before[..cut], &after[cut..]].concat();
        let (commits, writes, _) = found(&torn, 1000).unwrap();
        assert!(writes == all(1001..=commits) && (commits == 1002 || torn == after), "cut at {cut}");
    }
}

#[test]
fn the_first_commit_of_a_round_may_be_torn_too() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0).unwrap();
    write(&mut journal, 1..=1000);
    let before = bytes(dir.path());
    journal.begin_anew();
    write(&mut journal, 1001..=1001);
    let after = bytes(dir.path());
    for cut in FIRST..journal.at as usize {
        let torn = [&after[..cut], &before[cut..]].concat();
        let (commits, writes, at) = found(&torn, 1000).unwrap();
        let whole = torn == after;
        assert_eq!(commits, if whole { 1001 } else { 0 }, "cut at {cut}");
        assert_eq!((writes, at == FIRST), (if whole { rows(1001) } else { vec![] }, !whole));
    }
}

#[test]
fn a_bit_flipped_anywhere_is_noticed_or_means_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (_, after, last) = used(dir.path());
    let end = last + 600;
    let (mut damaged, mut torn, mut harmless) = (0, 0, 0);
    for at in 0..end {
        let mut bytes = after.clone();
        bytes[at] ^= 1 << (at % 8);
        match found(&bytes, 1000) {
            Err(JournalError::Damaged(_)) => {
                assert!(at < last, "only what a later commit follows is known to be damage: {at}");
                damaged += 1;
            }
            Err(error) => panic!("{error}"),
            Ok((1003, writes, _)) => {
                assert!(writes == all(1001..=1003), "flipped at {at}");
                harmless += 1;
            }
            // How many commits were confirmed is written down elsewhere.
            Ok((1002, writes, _)) => {
                assert!(at >= last && writes == all(1001..=1002), "flipped at {at}");
                torn += 1;
            }
            Ok((commits, ..)) => panic!("{commits} commits, flipped at {at}"),
        }
    }
    assert!(damaged > last / 2 && torn > HEAD_BYTES && harmless > 0, "{damaged}, {torn}, {harmless}");
}

#[test]
fn a_commit_that_failed_is_written_over_by_the_next_one() {
    #[derive(Debug)]
    struct Broken;
    impl Disk for Broken {
        fn sync(&self, _: &File, _: &Path) -> io::Result<()> {
            Err(io::Error::other("no"))
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0).unwrap();
    write(&mut journal, 1..=2);
    let long: Vec<Write> = (3..60).flat_map(rows).collect();
    assert!(journal.write(3, &long, &Broken).is_err());
    let (commits, _, _) = found(&bytes(dir.path()), 0).unwrap();
    assert_eq!(commits, 3, "it may be there: whoever was told of the failure asks again");
    write(&mut journal, 3..=4);
    let (commits, writes, _) = found(&bytes(dir.path()), 0).unwrap();
    assert_eq!((commits, writes), (4, all(1..=4)));
}

#[test]
fn commits_between_database_and_journal_that_are_missing_are_damage() {
    let dir = tempfile::tempdir().unwrap();
    let (_, after, _) = used(dir.path());
    let Err(JournalError::Damaged(what)) = found(&after, 999) else { panic!("a gap was not noticed") };
    assert!(what.contains("1001") && what.contains("999"), "{what}");
}

#[test]
fn bytes_that_look_like_a_commit_are_none_where_a_client_put_them() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0).unwrap();
    write(&mut journal, 1..=9);
    let stolen = bytes(dir.path())[FIRST..journal.at as usize].to_vec();
    journal.begin_anew();
    // The key and its length take ten bytes: so the stolen ones stand where an entry may start.
    let value = [vec![0; 8], stolen].concat();
    let planted = vec![(IVec::from(b"12345"), Some(IVec::from(value)))];
    journal.write(1, &planted, &RealDisk).unwrap();
    let whole = bytes(dir.path());
    assert_eq!(found(&whole, 0).unwrap().1, planted);
    let mut torn = whole;
    torn[FIRST] ^= 1;
    assert_eq!(found(&torn, 0).unwrap().0, 0, "torn, and nothing in it is taken for a later commit");
}

#[test]
fn it_grows_for_a_large_commit_and_shrinks_again() {
    let dir = tempfile::tempdir().unwrap();
    let (mut journal, _) = Journal::open(dir.path(), 0).unwrap();
    assert_eq!(bytes(dir.path()).len() as u64, JOURNAL_BYTES);
    let large = vec![(IVec::from(b"large"), Some(IVec::from(vec![7; 2 << 20])))];
    journal.write(1, &large, &RealDisk).unwrap();
    assert!(journal.is_full() && journal.buffer.capacity() == 0);
    assert_eq!(found(&bytes(dir.path()), 0).unwrap().1, large);
    journal.begin_anew();
    assert_eq!(bytes(dir.path()).len() as u64, JOURNAL_BYTES);
    assert!(!journal.is_full());
    write(&mut journal, 2..=2);
    assert_eq!(found(&bytes(dir.path()), 1).unwrap().1, rows(2));
}

#[test]
fn one_of_another_version_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    Journal::open(dir.path(), 0).unwrap();
    let mut bytes = bytes(dir.path());
    let end = MAGIC.len() + 1 + KEY_BYTES;
    bytes[MAGIC.len()] = VERSION + 1;
    let mut header = bytes[..end].to_vec();
    codec::seal(MAGIC, &mut header);
    bytes[..header.len()].copy_from_slice(&header);
    let Err(JournalError::Damaged(what)) = found(&bytes, 0) else { panic!("it was read") };
    assert!(what.contains("version 2"), "{what}");
}
