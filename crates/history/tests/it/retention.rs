//! What is left once older records are not kept: everything after the edge, and every version before it, as it was.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use weft_history::past::Wish;
use weft_history::{EARLIER, Past};
use weft_ids::{ClientId, Seq, UnixMillis};
use weft_store::{Base, RecordHash};
use weft_wire::Place;
use yrs::{Doc, ReadTxn, Transact};

use crate::world::{World, apply, plan, replica, shown, without_ids};

const HASH: RecordHash = RecordHash([3; 16]);

/// Which places are named, as random numbers of them.
fn places(world: &World, indices: &[Index]) -> BTreeSet<u64> {
    indices.iter().map(|index| index.index(world.log.len()) as u64 + 1).collect()
}

fn base_of(past: &Past, edge: u64, named: &BTreeSet<u64>) -> Base {
    let kept: Vec<Seq> = named.iter().copied().map(Seq).collect();
    let base = past.to_base(Seq(edge), HASH, UnixMillis(7), &kept).unwrap();
    let expected: Vec<u64> = named.iter().copied().filter(|seq| *seq < edge).chain([edge]).collect();
    assert_eq!(base.moments.iter().map(|moment| moment.seq.0).collect::<Vec<_>>(), expected);
    Base::decode(&base.encode().into()).unwrap()
}

fn grown(world: &World, base: &Base) -> Past {
    let mut past = Past::begin(base).unwrap();
    let after = world.log.iter().filter(|record| record.seq > base.seq);
    after.for_each(|record| past.add(record).unwrap());
    past
}

/// A server that opens what is kept.
fn reopened(world: &World, base: &Base) -> Doc {
    let server = replica(1);
    base.moments.iter().for_each(|moment| apply(&server, &moment.update));
    world.log.iter().filter(|record| record.seq > base.seq).for_each(|record| apply(&server, &record.update));
    server
}

/// Who wrote the element, and with which record, if it is there to be seen.
fn written_by(past: &Past, place: Place) -> Option<(String, u64)> {
    let blame = past.blame_of(&[(place, 1)]).unwrap();
    // A mark of formatting is not told of.
    let run = serde_json::to_value(blame.runs.first()?).unwrap();
    if run.get("deleted").is_some_and(|deleted| !deleted.is_null()) || run["root"].is_null() {
        return None;
    }
    Some((run["by"].as_str()?.to_owned(), run["seq"].as_u64()?))
}

fn exchange(one: &Doc, other: &Doc) {
    let missing = one.transact().encode_diff_v1(&other.transact().state_vector());
    apply(other, &missing);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn every_moment_after_the_edge_and_every_version_is_what_it_was(
        plan in plan(60), edge in any::<Index>(), named in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut world = World::run(&plan);
        world.settle();
        prop_assume!(!world.log.is_empty());
        let (full, named) = (world.past(), places(&world, &named));
        let edge = edge.index(world.log.len()) as u64 + 1;
        let base = base_of(&full, edge, &named);
        let kept = grown(&world, &base);
        prop_assert_eq!((kept.edge(), kept.head()), (Seq(edge), full.head()));
        for seq in 0..=full.head().0 {
            let was = full.moment(Seq(seq)).unwrap();
            let is_kept = seq == 0 || seq >= edge || named.contains(&seq);
            let Some(is) = kept.moment(Seq(seq)) else {
                prop_assert!(!is_kept, "{} is there", seq);
                continue;
            };
            prop_assert!(is_kept, "{} is gone", seq);
            prop_assert_eq!(is.content(), was.content(), "the hash of {}", seq);
            prop_assert_eq!(is.tree(), was.tree(), "the elements of {}", seq);
            prop_assert_eq!(is.text(), was.text());
            let again = replica(3);
            apply(&again, &is.state().unwrap());
            prop_assert_eq!(without_ids(&was.tree()), shown(&again), "the state of {}", seq);
            if seq >= edge {
                let told = |past: &Past| serde_json::to_value(past.difference(Seq(edge), Seq(seq)).unwrap()).unwrap();
                prop_assert_eq!(told(&kept), told(&full), "what is different from the edge to {}", seq);
            }
        }
    }

    #[test]
    fn who_wrote_what_is_there_is_known_after_the_edge_and_unknown_before(
        plan in plan(60), edge in any::<Index>(), named in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut world = World::run(&plan);
        world.settle();
        prop_assume!(!world.log.is_empty());
        let (full, named) = (world.past(), places(&world, &named));
        let edge = edge.index(world.log.len()) as u64 + 1;
        let kept = grown(&world, &base_of(&full, edge, &named));
        let state = world.server.transact().state_vector();
        for (client, clocks) in state.iter() {
            for clock in 0..*clocks {
                let place = Place { client: ClientId::new(client.get()).unwrap(), clock };
                let Some((by, seq)) = written_by(&full, place) else { continue };
                let expected = if seq > edge {
                    (by, seq)
                } else {
                    let next = named.iter().copied().find(|it| *it >= seq && *it < edge).unwrap_or(edge);
                    (EARLIER.to_owned(), next)
                };
                prop_assert_eq!(written_by(&kept, place), Some(expected), "{:?} of {}", place, seq);
            }
        }
        let ends = |past: &Past| -> Vec<_> {
            let sessions = past.sessions(past.head()).filter(|session| session.from.seq.0 > edge);
            sessions.map(|session| (session.from.seq, session.to.seq, session.added)).collect()
        };
        let oldest = kept.sessions(kept.head()).last().unwrap();
        prop_assert_eq!((oldest.from.seq, oldest.to.seq), (Seq(edge), Seq(edge)));
        // A session that the edge cuts begins there.
        let (is, was) = (ends(&kept), ends(&full));
        prop_assert!(is.len() == was.len() || is.len() == was.len() + 1);
        prop_assert_eq!(&is[..was.len()], &was[..]);
    }

    #[test]
    fn clients_that_were_away_for_long_still_come_together(
        plan in plan(60), edge in any::<Index>(), named in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        // Nobody settles: some have not sent, some have not heard for long.
        let world = World::run(&plan);
        prop_assume!(!world.log.is_empty());
        let edge = edge.index(world.log.len()) as u64 + 1;
        let base = base_of(&world.past(), edge, &places(&world, &named));
        let server = reopened(&world, &base);
        prop_assert_eq!(shown(&server), shown(&world.server));
        for _ in 0..2 {
            for client in &world.clients {
                exchange(&client.doc, &server);
                exchange(&server, &client.doc);
                // The same with a server that kept everything.
                exchange(&client.doc, &world.server);
            }
        }
        for client in &world.clients {
            prop_assert_eq!(shown(&client.doc), shown(&server));
        }
        prop_assert_eq!(shown(&world.server), shown(&server));
    }

    #[test]
    fn dropping_once_more_is_as_dropping_at_once(
        plan in plan(60), edges in any::<(Index, Index)>(), named in prop::collection::vec(any::<Index>(), 0..4),
    ) {
        let mut world = World::run(&plan);
        world.settle();
        prop_assume!(!world.log.is_empty());
        let named = places(&world, &named);
        let (one, other) = (edges.0.index(world.log.len()) as u64 + 1, edges.1.index(world.log.len()) as u64 + 1);
        let (first, second) = (one.min(other), one.max(other));
        let once = grown(&world, &base_of(&world.past(), first, &named));
        // The moment of the first edge had no name of its own.
        let again = base_of(&once, second, &named);
        let at_once = base_of(&world.past(), second, &named);
        let (again, at_once) = (grown(&world, &again), grown(&world, &at_once));
        for seq in 0..=world.log.len() as u64 {
            let content = |past: &Past| past.moment(Seq(seq)).map(|moment| (moment.content(), moment.tree()));
            prop_assert_eq!(content(&again), content(&at_once), "{}", seq);
        }
    }

    #[test]
    fn a_version_from_before_the_edge_is_brought_back(
        plan in plan(60), edge in any::<Index>(), named in any::<Index>(),
    ) {
        let mut world = World::run(&plan);
        world.settle();
        prop_assume!(!world.log.is_empty());
        let edge = edge.index(world.log.len()) as u64 + 1;
        let named = named.index(edge as usize) as u64 + 1;
        let base = base_of(&world.past(), edge, &BTreeSet::from([named]));
        let kept = grown(&world, &base);
        let server = reopened(&world, &base);
        let way = kept.way_back(&Wish::Whole { to: Seq(named) }, ClientId::new(99).unwrap()).unwrap();
        if let Some(way) = way {
            apply(&server, way.update.bytes());
        }
        prop_assert_eq!(shown(&server), without_ids(&world.past().moment(Seq(named)).unwrap().tree()));
        // And a client that knew everything takes it as well.
        exchange(&server, &world.clients[0].doc);
        prop_assert_eq!(shown(&world.clients[0].doc), shown(&server));
    }
}
