//! The way back, over random worlds: exact when nobody else types, and losing nothing of theirs when they do.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;
use weft_history::past::{Wish, WishError};
use weft_ids::{ClientId, Seq};
use weft_store::RecordKind;
use weft_wire::Place;
use yrs::{GetString, ReadTxn, Text, Transact};

use crate::world::{CLIENTS, Step, World, plan, shown, state_of, without_ids};

/// Grants a wish as the server does: on what it has, as a record of its own. Whether there was anything to do.
fn grant(world: &mut World, wish: &Wish, number: u64) -> Result<bool, WishError> {
    let past = world.past();
    let way = past.way_back(wish, ClientId::new(1_000 + number).unwrap())?;
    if let Some(way) = &way {
        world.append("restorer", RecordKind::Restore, way.update.bytes());
    }
    Ok(way.is_some())
}

fn shown_at(world: &World, seq: u64) -> Value {
    without_ids(&world.past().moment(Seq(seq)).unwrap().tree())
}

fn somewhere(world: &World, index: &Index) -> u64 {
    index.index(world.log.len() + 1) as u64
}

/// Everybody has everything: all show the same, and so does what the log gives.
fn all_agree(world: &World) {
    let server = shown(&world.server);
    for client in &world.clients {
        assert_eq!(shown(&client.doc), server);
        assert_eq!(client.doc.transact().state_vector(), world.server.transact().state_vector());
    }
    assert_eq!(without_ids(&world.past().now().tree()), server);
    let updates = world.log.iter().map(|record| &record.update[..]);
    let rebuilt = weft_doc::Document::restore(updates).unwrap();
    assert_eq!(rebuilt.text(), weft_doc::Document::restore([&state_of(&world.server)[..]]).unwrap().text());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 700, ..ProptestConfig::default() })]

    #[test]
    fn the_whole_document_is_what_it_was_and_back_again(
        plan in plan(50), to in any::<Index>(), again in any::<Index>(),
    ) {
        let mut world = World::run(&plan);
        let (to, before) = (somewhere(&world, &to), world.log.len() as u64);
        let then = shown_at(&world, to);
        let done = grant(&mut world, &Wish::Whole { to: Seq(to) }, 0).unwrap();
        prop_assert_eq!(shown(&world.server), then.clone());
        prop_assert!(!grant(&mut world, &Wish::Whole { to: Seq(to) }, 1).unwrap(), "nothing is left to do");

        if done {
            // Undo, which is to take back the one record.
            let undo = Wish::TakeBack { from: Seq(before), to: Seq(before + 1), writer: None };
            grant(&mut world, &undo, 2).unwrap();
            prop_assert_eq!(shown(&world.server), shown_at(&world, before));
        }
        let again = somewhere(&world, &again);
        let then = shown_at(&world, again);
        grant(&mut world, &Wish::Whole { to: Seq(again) }, 3).unwrap();
        prop_assert_eq!(shown(&world.server), then);
        world.settle();
        all_agree(&world);
    }

    #[test]
    fn who_types_on_or_comes_back_loses_nothing(
        before in plan(40), after in plan(25), to in any::<Index>(), undone in any::<bool>(),
    ) {
        let mut world = World::run(&before);
        let to = somewhere(&world, &to);
        // What each writes without knowing of the restore, and says later.
        for (number, client) in world.clients.iter_mut().enumerate() {
            let text = client.doc.get_or_insert_text("t");
            let mut txn = client.doc.transact_mut();
            let end = text.len(&txn);
            text.insert(&mut txn, end / 2, &format!("<offline {number}>"));
            client.unsent.push(txn.encode_update_v1());
        }
        let restored = grant(&mut world, &Wish::Whole { to: Seq(to) }, 0).unwrap();
        let at = world.log.len() as u64;
        after.iter().for_each(|step| {
            // Only those that cannot delete what was just written.
            let calm = !matches!(step, Step::Edit { what, .. } if matches!(what % 24, 4 | 5));
            if calm { world.step(step) }
        });
        (0..CLIENTS as u8).for_each(|client| world.step(&Step::Return { client }));
        world.settle();
        all_agree(&world);
        if undone && restored {
            grant(&mut world, &Wish::TakeBack { from: Seq(at - 1), to: Seq(at), writer: None }, 1).unwrap();
            world.settle();
            all_agree(&world);
        }
        let text = world.server.get_or_insert_text("t").get_string(&world.server.transact());
        // Others may have typed into it: its letters are there in their order.
        for number in 0..CLIENTS {
            let mut left = text.chars();
            let whole = format!("<offline {number}>").chars().all(|wanted| left.any(|char| char == wanted));
            prop_assert!(whole, "{number} is missing in {text:?}");
        }
    }

    #[test]
    fn a_block_comes_back_and_its_neighbours_stay(plan in plan(60), to in any::<Index>(), which in any::<Index>()) {
        let mut world = World::run(&plan);
        let to = somewhere(&world, &to);
        let past = world.past();
        let blocks = |seq: u64| -> Vec<Value> {
            let tree = serde_json::to_value(past.moment(Seq(seq)).unwrap().tree()).unwrap();
            tree["roots"]["x"]["children"].as_array().cloned().unwrap_or_default()
        };
        let (then, now) = (blocks(to), blocks(world.log.len() as u64));
        if then.is_empty() { return Ok(()) }
        let block = which.get(&then);
        let place = place(block["id"].as_str().unwrap());
        let others = shown(&world.server);
        grant(&mut world, &Wish::Blocks { to: Seq(to), blocks: vec![place] }, 0).unwrap();

        let tree = serde_json::to_value(world.past().now().tree()).unwrap();
        let after = tree["roots"]["x"]["children"].as_array().cloned().unwrap_or_default();
        let bare = |block: &Value| { let mut block = block.clone(); strip(&mut block); block };
        let is_there = after.iter().any(|node| bare(node) == bare(block));
        prop_assert!(is_there, "the block is there as it was");
        // All else is as it was, in its order.
        let was_there = now.iter().any(|node| node["id"] == block["id"]);
        let expected: Vec<Value> = now.iter().filter(|node| node["id"] != block["id"]).map(bare).collect();
        let rest: Vec<Value> = after
            .iter()
            .filter(|node| if was_there { node["id"] != block["id"] } else { now.iter().any(|old| old["id"] == node["id"]) })
            .map(bare)
            .collect();
        prop_assert_eq!(rest, expected);
        for root in ["t", "m", "a"] {
            prop_assert_eq!(&shown(&world.server)["roots"][root], &others["roots"][root]);
        }
        world.settle();
        all_agree(&world);
    }

    #[test]
    fn a_key_or_a_root_comes_back_and_the_others_stay(plan in plan(60), to in any::<Index>(), key in 0..4_usize) {
        let mut world = World::run(&plan);
        let to = somewhere(&world, &to);
        let (then, before) = (shown_at(&world, to), shown(&world.server));
        let key = ["k0", "k1", "k2"].get(key).map(|key| (*key).to_owned());
        let wish = Wish::Keys { to: Seq(to), keys: vec![("m".into(), key.clone())] };
        match grant(&mut world, &wish, 0) {
            Err(WishError::NoSuch(_)) => return Ok(()),
            other => drop(other.unwrap()),
        }
        let after = shown(&world.server);
        let entry = |tree: &Value, name: &str| tree["roots"]["m"]["entries"].get(name).cloned();
        for name in ["k0", "k1", "k2"] {
            let source = if key.as_deref().is_none_or(|key| key == name) { &then } else { &before };
            prop_assert_eq!(entry(&after, name), entry(source, name), "{}", name);
        }
        for root in ["t", "x", "a"] {
            prop_assert_eq!(&after["roots"][root], &before["roots"][root]);
        }
        world.settle();
        all_agree(&world);
    }

    #[test]
    fn what_one_person_did_is_taken_back_and_nobody_elses(plan in plan(60), who in 0..CLIENTS, from in any::<Index>()) {
        let mut world = World::run(&plan);
        let (from, head) = (somewhere(&world, &from), world.log.len() as u64);
        let past = world.past();
        let alone = past.deeds()[from as usize..].iter().all(|deed| past.writers()[deed.writer as usize].key == format!("name:c{who}"));
        let writer = past.writer(&format!("name:c{who}"));
        if writer.is_none() { return Ok(()) }
        grant(&mut world, &Wish::TakeBack { from: Seq(from), to: Seq(head), writer }, 0).unwrap();
        if alone {
            prop_assert_eq!(shown(&world.server), shown_at(&world, from));
        }
        world.settle();
        all_agree(&world);
    }
}

fn place(id: &str) -> Place {
    let (client, clock) = id.split_once(':').unwrap();
    Place { client: ClientId::new(client.parse().unwrap()).unwrap(), clock: clock.parse().unwrap() }
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(entries) => {
            entries.remove("id");
            entries.values_mut().for_each(strip);
        }
        Value::Array(values) => values.iter_mut().for_each(strip),
        _ => {}
    }
}

/// A world in which each client writes letters of its own into one text, so that one can tell whose they are.
mod letters {
    use super::*;
    use yrs::WriteTxn;

    #[derive(Debug, Clone)]
    enum Letter {
        Write { client: usize, at: u16 },
        Delete { client: usize, at: u16 },
        Meet,
    }

    fn letters() -> impl Strategy<Value = Vec<Letter>> {
        let letter = prop_oneof![
            4 => (0..CLIENTS, any::<u16>()).prop_map(|(client, at)| Letter::Write { client, at }),
            2 => (0..CLIENTS, any::<u16>()).prop_map(|(client, at)| Letter::Delete { client, at }),
            2 => Just(Letter::Meet),
        ];
        prop::collection::vec(letter, 1..60)
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

        #[test]
        fn taking_back_removes_the_ones_letters_and_returns_those_they_deleted(plan in letters(), who in 0..CLIENTS) {
            let mut world = World::new();
            let mut next = 0_u32;
            // Each letter is its own: who wrote it, and who deleted it first as the server heard it.
            let (mut written, mut deleted) = (Vec::<(char, usize)>::new(), Vec::<(char, usize)>::new());
            for letter in &plan {
                match *letter {
                    Letter::Meet => world.settle(),
                    Letter::Write { client, at } => {
                        let letter = char::from_u32(0x4e00 + next).unwrap();
                        next += 1;
                        written.push((letter, client));
                        let doc = &world.clients[client].doc;
                        let update = {
                            let mut txn = doc.transact_mut();
                            let text = txn.get_or_insert_text("t");
                            let start = u32::from(at) % (text.len(&txn) + 1);
                            text.insert(&mut txn, start, &letter.to_string());
                            txn.encode_update_v1()
                        };
                        world.append(&format!("c{client}"), RecordKind::Edit, &update);
                    }
                    Letter::Delete { client, at } => {
                        let doc = &world.clients[client].doc;
                        let update = {
                            let mut txn = doc.transact_mut();
                            let text = txn.get_or_insert_text("t");
                            let len = text.len(&txn);
                            if len == 0 { continue }
                            let start = u32::from(at) % len;
                            deleted.push((text.get_string(&txn).chars().nth(start as usize).unwrap(), client));
                            text.remove_range(&mut txn, start, 1);
                            txn.encode_update_v1()
                        };
                        world.append(&format!("c{client}"), RecordKind::Edit, &update);
                    }
                }
            }
            let Some(writer) = world.past().writer(&format!("name:c{who}")) else { return Ok(()) };
            let head = world.log.len() as u64;
            grant(&mut world, &Wish::TakeBack { from: Seq::ZERO, to: Seq(head), writer: Some(writer) }, 0).unwrap();
            let text = world.server.get_or_insert_text("t").get_string(&world.server.transact());
            let mut is: Vec<char> = text.chars().collect();
            is.sort_unstable();
            let first_deleter = |letter: char| deleted.iter().find(|(gone, _)| *gone == letter).map(|(_, by)| *by);
            let mut expected: Vec<char> = written
                .iter()
                .filter(|(letter, by)| *by != who && first_deleter(*letter).is_none_or(|by| by == who))
                .map(|(letter, _)| *letter)
                .collect();
            expected.sort_unstable();
            prop_assert_eq!(is, expected);
            world.settle();
            all_agree(&world);
        }
    }
}
