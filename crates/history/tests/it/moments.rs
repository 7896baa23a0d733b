//! Every moment of a past is what the document engine would have shown.

use proptest::prelude::*;
use weft_ids::Seq;
use yrs::Transact;
use yrs::updates::decoder::Decode;

use crate::world::{World, apply, plan, replica, shown, without_ids};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn every_moment_is_what_a_replay_up_to_there_shows(plan in plan(60)) {
        let mut world = World::run(&plan);
        world.settle();
        let past = world.past();
        let replay = replica(2);
        for record in &world.log {
            apply(&replay, &record.update);
            let moment = past.moment(record.seq).unwrap();
            prop_assert_eq!(without_ids(&moment.tree()), shown(&replay), "at record {}", record.seq);
            let again = replica(3);
            again.transact_mut().apply_update(yrs::Update::decode_v1(&moment.state().unwrap()).unwrap()).unwrap();
            prop_assert_eq!(shown(&again), shown(&replay), "the state of record {}", record.seq);
        }
        prop_assert!(past.moment(Seq(world.log.len() as u64 + 1)).is_none());
        prop_assert!(without_ids(&past.moment(Seq::ZERO).unwrap().tree())["roots"].as_object().unwrap().is_empty());
    }

    #[test]
    fn a_moments_state_takes_the_updates_that_came_after(plan in plan(40), at in any::<prop::sample::Index>()) {
        let mut world = World::run(&plan);
        world.settle();
        let past = world.past();
        let at = at.index(world.log.len() + 1);
        let early = replica(2);
        apply(&early, &past.moment(Seq(at as u64)).unwrap().state().unwrap());
        world.log[at..].iter().for_each(|record| apply(&early, &record.update));
        prop_assert_eq!(shown(&early), shown(&world.server));
    }

    #[test]
    fn the_plain_text_is_the_one_the_live_document_tells(plan in plan(40)) {
        let mut world = World::run(&plan);
        world.settle();
        let past = world.past();
        let updates: Vec<&[u8]> = world.log.iter().map(|record| &record.update[..]).collect();
        let live = weft_doc::Document::restore(updates).unwrap();
        prop_assert_eq!(past.now().text(), live.text());
    }
}
