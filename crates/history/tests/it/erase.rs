//! What is erased is nowhere, everything else is as it was, and all replicas agree.

use proptest::prelude::*;
use proptest::sample::Index;
use weft_history::Past;
use weft_history::erase::{Chosen, EraseError, Erasure, prepare};
use weft_history::past::OPERATOR;
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::{Base, Batch, Log, MemoryStore, NewRecord, Record, RecordKind, Upkeep};
use yrs::{Doc, ReadTxn, Text, Transact, WriteTxn};

use crate::world::{World, apply, plan, replica, shown};

/// Characters that nothing else in these worlds has.
const SECRET: &str = "§¶¤ß";

fn doc() -> DocId {
    DocId::new("d").unwrap()
}

/// The log of a world, chained, with what is before `edge` dropped if that is not 0.
async fn stored(world: &World, edge: u64) -> MemoryStore {
    let store = MemoryStore::new();
    for record in &world.log {
        let Record { time, author, kind, batch: id, update, .. } = record.clone();
        let records = vec![NewRecord { time, author, kind, update }];
        store.append(&doc(), Batch { id, records }).await.unwrap();
    }
    if edge > 0 {
        let page = store.read(&doc(), Seq(edge - 1), 1).await.unwrap();
        let base = world.past().to_base(Seq(edge), page.records[0].hash(), UnixMillis(0), &[]).unwrap();
        store.trim(&doc(), base).await.unwrap();
    }
    store
}

fn folded(base: Option<&Base>, records: &[Record]) -> Past {
    let mut past = base.map_or_else(Past::new, |base| Past::begin(base).unwrap());
    records.iter().for_each(|record| past.add(record).unwrap());
    past
}

/// The rewritten log is whole: its chain carries on, and a store takes it.
async fn check_chain(erasure: &Erasure) {
    let store = MemoryStore::new();
    if let Some(base) = &erasure.base {
        store.import_base(&doc(), base.clone()).await.unwrap();
    }
    store.import(&doc(), erasure.records.clone()).await.unwrap();
    let last = erasure.records.last().unwrap();
    assert_eq!(last.kind, RecordKind::Erase);
}

fn reopened(erasure: &Erasure) -> Doc {
    let server = replica(1);
    erasure.base.iter().flat_map(|base| &base.moments).for_each(|moment| apply(&server, &moment.update));
    erasure.records.iter().for_each(|record| apply(&server, &record.update));
    server
}

fn exchange(one: &Doc, other: &Doc) {
    let missing = one.transact().encode_diff_v1(&other.transact().state_vector());
    apply(other, &missing);
}

/// Everybody comes back, from however long ago, and all show the same.
fn all_come_together(world: &World, server: &Doc) {
    for _ in 0..2 {
        for client in &world.clients {
            exchange(&client.doc, server);
            exchange(server, &client.doc);
        }
    }
    for client in &world.clients {
        assert_eq!(shown(&client.doc), shown(server));
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Somebody pastes the secret, and sends it.
fn paste(world: &mut World, client: usize, at: u16) {
    let here = &world.clients[client].doc;
    let update = {
        let mut txn = here.transact_mut();
        let text = txn.get_or_insert_text("t");
        let at = u32::from(at) % (text.len(&txn) + 1);
        text.insert(&mut txn, at, SECRET);
        txn.encode_update_v1()
    };
    world.clients[client].unsent.push(update);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_text_leaves_every_moment_and_nothing_else_does(
        before in plan(25), after in plan(25), who in 0..3_usize, at in any::<u16>(), edge in any::<Option<Index>>(),
    ) {
        let mut world = World::run(&before);
        paste(&mut world, who, at);
        world.settle();
        after.iter().for_each(|step| world.step(step));
        let edge = edge.map_or(0, |edge| edge.index(world.log.len() + 1) as u64);
        run(async {
            let store = stored(&world, edge).await;
            let old = {
                let base = store.base(&doc()).await.unwrap();
                let records = store.read(&doc(), Seq(edge), usize::MAX).await.unwrap().records;
                folded(base.as_ref(), &records)
            };
            let secret = |text: &str| text.chars().any(|it| SECRET.contains(it));
            let chosen = Chosen::Text(SECRET.into());
            let erasure = match prepare(&store, &doc(), &chosen, Some("a password"), UnixMillis(9)).await {
                Ok(erasure) => erasure,
                Err(EraseError::Nothing) => {
                    // It was never whole at a moment that is kept; that is only so before an edge.
                    prop_assert!(edge > 0);
                    return Ok(());
                }
                Err(error) => panic!("{error}"),
            };
            prop_assert_eq!(erasure.told.characters, 4);
            check_chain(&erasure).await;
            let new = folded(erasure.base.as_ref(), &erasure.records);
            prop_assert_eq!(new.head(), old.head().next());
            let by = new.deed(new.head()).unwrap().writer;
            prop_assert_eq!(&*new.writers()[by as usize].key, OPERATOR);
            for seq in (0..=old.head().0).map(Seq) {
                let (Some(was), Some(is)) = (old.moment(seq), new.moment(seq)) else { continue };
                // A root that holds nothing any more takes no line.
                let rest = |text: String, out: &str| text.chars().filter(|it| !out.contains(*it)).collect::<String>();
                prop_assert!(!secret(&is.text()));
                prop_assert_eq!(rest(is.text(), "\n"), rest(was.text(), "§¶¤ß\n"), "at {}", seq);
            }
            for record in &erasure.records {
                prop_assert!(!secret(&String::from_utf8_lossy(&record.update)));
            }
            all_come_together(&world, &reopened(&erasure));
            Ok(())
        })?;
    }

    #[test]
    fn what_some_records_wrote_goes_and_their_authors_and_times_stay(
        plan in plan(50), from in any::<Index>(), count in 0..5_u64,
    ) {
        let world = World::run(&plan);
        prop_assume!(!world.log.is_empty());
        let from = from.index(world.log.len()) as u64 + 1;
        let to = (from + count).min(world.log.len() as u64);
        run(async {
            let store = stored(&world, 0).await;
            let records = store.read(&doc(), Seq::ZERO, usize::MAX).await.unwrap().records;
            let chosen = Chosen::Records { from: Seq(from), to: Seq(to) };
            let erasure = match prepare(&store, &doc(), &chosen, None, UnixMillis(9)).await {
                Ok(erasure) => erasure,
                Err(EraseError::Nothing) => return Ok(()),
                Err(error) => panic!("{error}"),
            };
            check_chain(&erasure).await;
            for (was, is) in records.iter().zip(&erasure.records) {
                prop_assert_eq!((was.seq, was.time, &was.author, was.kind), (is.seq, is.time, &is.author, is.kind));
                if was.seq.0 < from {
                    prop_assert_eq!(was, is, "before it nothing changes, not even a hash");
                }
            }
            all_come_together(&world, &reopened(&erasure));
            // What is erased already is nothing to erase.
            let again = MemoryStore::new();
            again.import(&doc(), erasure.records.clone()).await.unwrap();
            let again = prepare(&again, &doc(), &chosen, None, UnixMillis(9)).await;
            prop_assert!(matches!(again, Err(EraseError::Nothing)));
            Ok(())
        })?;
    }
}

#[test]
fn a_reason_is_one_line_and_what_is_a_name_cannot_be_erased() {
    let mut world = World::new();
    let update = {
        let doc = &world.clients[0].doc;
        let mut txn = doc.transact_mut();
        let map = txn.get_or_insert_map("m");
        yrs::Map::insert(&map, &mut txn, "hunter2", "and hunter2");
        txn.encode_update_v1()
    };
    world.append("c0", RecordKind::Edit, &update);
    run(async {
        let store = stored(&world, 0).await;
        let chosen = Chosen::Text("hunter2".into());
        let refused = prepare(&store, &doc(), &chosen, None, UnixMillis(9)).await;
        assert!(matches!(refused, Err(EraseError::Name(Seq(1)))), "{refused:?}");
        let chosen = Chosen::Text("and hunter2".into());
        let erasure = prepare(&store, &doc(), &chosen, None, UnixMillis(9)).await.unwrap();
        assert_eq!((erasure.told.characters, erasure.told.others, erasure.told.visible), (0, 1, 1));
        for reason in ["two\nlines", &"x".repeat(201), "it said and hunter2"] {
            let refused = prepare(&store, &doc(), &chosen, Some(reason), UnixMillis(9)).await;
            assert!(matches!(refused, Err(EraseError::Reason)));
        }
        let nobody = prepare(&store, &DocId::new("nobody").unwrap(), &chosen, None, UnixMillis(9)).await;
        assert!(nobody.is_err());
    });
}
