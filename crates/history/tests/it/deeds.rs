//! How much each record wrote and deleted, and the timeline and the density made of it, as a replay of random worlds and
//! a count over it find it.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;
use weft_history::Past;
use weft_history::density::Scale;
use weft_history::timeline::SESSION_GAP_MILLIS;
use weft_ids::{Seq, UnixMillis};
use yrs::types::text::YChange;
use yrs::{Any, Doc, Map, Out, Text, Transact, TransactionMut, WriteTxn};

use crate::blame::{letters, remembering};
use crate::world::{Step, World, apply, plan};

/// A character by its element.
type Id = (u64, u32);

/// Every character to be seen, wherever it stands.
fn seen(doc: &Doc) -> HashSet<Id> {
    let mut all: HashSet<Id> = letters(doc).into_iter().map(|(client, clock, _)| (client, clock)).collect();
    let mut txn = doc.transact_mut();
    let map = txn.get_or_insert_map("m");
    let texts: Vec<_> = map
        .iter(&txn)
        .filter_map(|(_, value)| match value {
            Out::YText(text) => Some(text),
            _ => None,
        })
        .collect();
    texts.iter().for_each(|text| note(&mut txn, text, &mut all));
    all
}

fn note(txn: &mut TransactionMut<'_>, text: &impl Text, all: &mut HashSet<Id>) {
    let now = yrs::ReadTxn::snapshot(txn);
    let nothing = yrs::Snapshot::default();
    for run in text.diff_range(txn, Some(&now), Some(&nothing), |change: YChange| change) {
        let (Out::Any(Any::String(letters)), Some(change)) = (run.insert, run.ychange) else { continue };
        let count = letters.encode_utf16().count() as u32;
        all.extend((0..count).map(|at| (change.id.client.get(), change.id.clock + at)));
    }
}

/// What one record did, as far as a replay sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Did {
    came: u64,
    went: u64,
    /// Written, also where it was never seen: into a block that was gone by then. Known of what was sent update by update.
    wrote: Option<u64>,
}

/// Runs a plan and notes what each edit wrote, by the one replica that made it.
fn run(plan: &[Step]) -> (World, HashMap<u64, u64>) {
    let mut world = World::new();
    let mut wrote = HashMap::new();
    let mut waiting: Vec<Vec<u64>> = vec![Vec::new(); world.clients.len()];
    for step in plan {
        match *step {
            Step::Edit { client, .. } => {
                let number = usize::from(client);
                let before = seen(&world.clients[number].doc);
                let unsent = world.clients[number].unsent.len();
                world.step(step);
                if world.clients[number].unsent.len() > unsent {
                    let after = seen(&world.clients[number].doc);
                    waiting[number].push(after.difference(&before).count() as u64);
                }
            }
            Step::Push { client } => push(&mut world, &mut waiting, &mut wrote, client),
            Step::Return { client } => {
                waiting[usize::from(client)].clear();
                world.step(step);
            }
            Step::Pull { .. } => world.step(step),
        }
    }
    for client in 0..world.clients.len() as u8 {
        push(&mut world, &mut waiting, &mut wrote, client);
    }
    (world, wrote)
}

fn push(world: &mut World, waiting: &mut [Vec<u64>], wrote: &mut HashMap<u64, u64>, client: u8) {
    let first = world.log.len() as u64 + 1;
    let counts = std::mem::take(&mut waiting[usize::from(client)]);
    world.step(&Step::Push { client });
    assert_eq!(world.log.len() as u64 + 1 - first, counts.len() as u64, "a record for each edit");
    wrote.extend((first..).zip(counts));
}

fn replay(world: &World, wrote: &HashMap<u64, u64>) -> Vec<Did> {
    let doc = remembering(2);
    let mut before = HashSet::new();
    let mut all = Vec::new();
    for record in &world.log {
        apply(&doc, &record.update);
        let after = seen(&doc);
        all.push(Did {
            came: after.difference(&before).count() as u64,
            went: before.difference(&after).count() as u64,
            wrote: wrote.get(&record.seq.0).copied(),
        });
        before = after;
    }
    all
}

/// The same log with the pauses of people: keys within a minute, and now and then half an hour.
fn paced(world: &World, pauses: &[u16]) -> Past {
    let mut past = Past::new();
    let mut time = 1_000_000;
    for (at, record) in world.log.iter().enumerate() {
        let pause = u64::from(pauses[at % pauses.len()]);
        time += if pause.is_multiple_of(5) { pause * 40 } else { pause };
        let mut record = record.clone();
        record.time = UnixMillis(time);
        past.add(&record).unwrap();
    }
    past
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn each_record_wrote_and_deleted_what_a_replay_sees(plan in plan(60)) {
        let (world, wrote) = run(&plan);
        let past = world.past();
        for (did, record) in replay(&world, &wrote).iter().zip(&world.log) {
            let deed = past.deed(record.seq).unwrap();
            let (added, removed) = (u64::from(deed.added), u64::from(deed.removed));
            // What was written where nobody could see it any more is deleted by the same record.
            prop_assert!(added >= did.came, "{:?} {:?}", deed, did);
            prop_assert_eq!(added - did.came, removed - did.went, "{:?} {:?}", deed, did);
            if let Some(wrote) = did.wrote {
                prop_assert_eq!(added, wrote, "{:?} {:?}", deed, did);
            }
        }
    }

    #[test]
    fn timeline_and_density_add_up_to_it(
        plan in plan(60), pauses in prop::collection::vec(any::<u16>(), 1..20), buckets in 1_usize..12,
    ) {
        let (world, wrote) = run(&plan);
        if world.log.is_empty() { return Ok(()) }
        let past = paced(&world, &pauses);
        let counted = replay(&world, &wrote);
        // Unseen writing counts on both sides; what is left of it is what the page gained.
        let gained = |first: u64, last: u64| -> i64 {
            (first..=last).map(|seq| &counted[seq as usize - 1]).map(|did| did.came as i64 - did.went as i64).sum()
        };
        let who = |seq: u64| format!("name:{}", world.log[seq as usize - 1].author.name.as_deref().unwrap());
        let name = |writer: u32| past.writers()[writer as usize].key.clone();

        let mut next = past.head().0;
        for session in past.sessions(past.head()) {
            let (first, last) = (session.from.seq.0, session.to.seq.0);
            prop_assert_eq!(last, next);
            next = first - 1;
            prop_assert_eq!(session.added as i64 - session.removed as i64, gained(first, last));
            let mut writers: Vec<String> = Vec::new();
            (first..=last).map(who).for_each(|who| if !writers.contains(&who) { writers.push(who) });
            prop_assert_eq!(session.writers.iter().map(|writer| name(*writer)).collect::<Vec<_>>(), writers);
            let time = |seq: u64| past.deed(Seq(seq)).unwrap().time.0;
            prop_assert!((first..last).all(|seq| time(seq + 1) - time(seq) <= SESSION_GAP_MILLIS));
            prop_assert!(first == 1 || time(first) - time(first - 1) > SESSION_GAP_MILLIS);
        }
        prop_assert_eq!(next, 0);

        for scale in [Scale::Time, Scale::Records] {
            let mut next = 1;
            for bucket in past.density(Seq(1), past.head(), buckets, scale) {
                let (first, last) = (bucket.from.seq.0, bucket.to.seq.0);
                prop_assert_eq!(first, next);
                next = last + 1;
                let mut records: HashMap<String, u64> = HashMap::new();
                (first..=last).for_each(|seq| *records.entry(who(seq)).or_default() += 1);
                let told = bucket.changes.iter().map(|(writer, count)| (name(*writer), count.records));
                prop_assert_eq!(told.collect::<HashMap<_, _>>(), records);
                let sum: i64 = bucket.changes.iter().map(|(_, count)| count.added as i64 - count.removed as i64).sum();
                prop_assert_eq!(sum, gained(first, last));
            }
            prop_assert_eq!(next, past.head().0 + 1);
        }
    }
}
