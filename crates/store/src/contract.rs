//! One story, every engine: what a store promises, as cases that each engine's tests run.
//!
//! `contract::run(async || Arc::new(MyStore::open_empty()))` from a test of the engine's crate.

use std::sync::Arc;

use bytes::Bytes;
use weft_ids::{DocId, Seq, SessionId, UnixMillis, UserId};

use crate::checkpoint::{Checkpoint, CheckpointKind};
use crate::error::StoreError;
use crate::log::BATCHES_REMEMBERED;
use crate::meta::{Expect, META_KEY_BYTES_MAX, META_VALUE_BYTES_MAX};
use crate::record::{
    AUTHOR_NAME_BYTES_MAX, Author, BATCH_RECORDS_MAX, Batch, BatchId, NewRecord, RECORD_BYTES_MAX, Record,
    RecordHash, RecordKind,
};
use crate::upkeep::Packed;
use crate::{Log, Store};

mod removing;
mod trimming;
pub use trimming::base;

/// Runs every case, each on a store that `open` gives, which must be empty.
///
/// # Panics
/// When the engine breaks a promise; the message is the sentence it breaks.
pub async fn run<S: Store + 'static>(open: impl AsyncFn() -> Arc<S>) {
    what_is_appended_is_read_back_exactly(&*open().await).await;
    places_count_from_one_in_each_document(&*open().await).await;
    every_record_carries_the_hash_of_the_one_before_it(&*open().await).await;
    a_batch_appended_again_is_stored_once(&*open().await).await;
    appending_at_once_leaves_no_hole_and_mixes_no_batches(open().await).await;
    reading_comes_in_pages_of_about_the_bytes_asked_for(&*open().await).await;
    a_document_nobody_wrote_is_unknown_and_asking_creates_nothing(&*open().await).await;
    no_two_names_share_a_document(&*open().await).await;
    documents_are_listed_by_name_in_pages(&*open().await).await;
    what_breaks_a_limit_is_refused_and_leaves_nothing(&*open().await).await;
    large_records_come_back_whole(&*open().await).await;
    what_is_packed_is_read_as_before(&*open().await).await;
    an_import_keeps_places_times_and_hashes(&*open().await, &*open().await).await;
    an_import_with_a_gap_is_refused(&*open().await).await;
    trimming::run(&open).await;
    removing::run(&open).await;
    checkpoints_are_found_at_or_before_a_place(&*open().await).await;
    old_checkpoints_go_and_the_newest_stay(&*open().await).await;
    meta_rows_change_by_compare_and_swap(&*open().await).await;
    meta_rows_are_listed_by_prefix_in_pages(&*open().await).await;
    of_many_who_swap_at_once_one_wins(open().await).await;
}

/// A document's name. Panics when it is none.
#[must_use]
pub fn doc(name: &str) -> DocId {
    DocId::new(name).expect("a test's document name is one")
}

/// An edit by one of a few authors, at a time that `seed` decides.
#[must_use]
pub fn edit(seed: u64, update: impl Into<Bytes>) -> NewRecord {
    let author = match seed % 3 {
        0 => Author { user: None, name: None, session: SessionId(7) },
        1 => {
            Author { user: UserId::new("anna@example.org"), name: Some("Anna".into()), session: SessionId(8) }
        }
        _ => Author { user: None, name: Some("".into()), session: SessionId(u128::MAX) },
    };
    let kinds = [RecordKind::Edit, RecordKind::Restore, RecordKind::Import, RecordKind::Server];
    let kind = kinds[(seed % 4) as usize];
    NewRecord { time: UnixMillis(1_700_000_000_000 + seed * 37 % 1000), author, kind, update: update.into() }
}

/// Batch `number` of writer 1, with an edit for each of `updates`.
#[must_use]
pub fn batch(number: u64, updates: &[&str]) -> Batch {
    let edit = |(index, update): (usize, &&str)| edit(number + index as u64, update.to_string());
    let records = updates.iter().enumerate().map(edit).collect();
    Batch { id: BatchId { writer: 1, number }, records }
}

/// Every record of a document, read in pages. Panics when it cannot be read.
pub async fn all(store: &(impl Log + ?Sized), doc: &DocId) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    loop {
        let after = records.last().map_or(Seq::ZERO, |record| record.seq);
        let page = store.read(doc, after, 1 << 20).await.expect("the log is readable");
        if page.records.is_empty() {
            assert_eq!(after, page.head, "a log is read up to its head");
            return records;
        }
        records.extend(page.records);
    }
}

async fn append(store: &(impl Log + ?Sized), doc: &DocId, batch: Batch) -> Seq {
    store.append(doc, batch).await.expect("an append works")
}

fn unchained(record: Record) -> NewRecord {
    let Record { time, author, kind, update, .. } = record;
    NewRecord { time, author, kind, update }
}

async fn what_is_appended_is_read_back_exactly(store: &dyn Store) {
    let doc = doc("exact");
    let mut expected = Vec::new();
    for number in 0..40 {
        let batch = batch(number, &["one", "two and more", "3"]);
        expected.extend(batch.records.iter().cloned().map(|record| (record, batch.id)));
        let seq = append(store, &doc, batch).await;
        assert_eq!(seq, Seq(3 * number + 3), "append answers with the place of the batch's last record");
    }
    let found = all(store, &doc).await.into_iter();
    let found: Vec<_> = found.map(|record| (record.batch, unchained(record))).map(|(b, r)| (r, b)).collect();
    assert_eq!(found, expected, "what is appended is read back exactly");
    assert_eq!(store.head(&doc).await, Ok(Some(Seq(120))));
}

async fn places_count_from_one_in_each_document(store: &dyn Store) {
    for name in ["p", "q"] {
        for number in 1..=3 {
            assert_eq!(append(store, &doc(name), batch(number, &["x"])).await, Seq(number));
        }
        let seqs: Vec<_> = all(store, &doc(name)).await.iter().map(|record| record.seq.0).collect();
        assert_eq!(seqs, [1, 2, 3], "places count from one in each document");
    }
}

async fn every_record_carries_the_hash_of_the_one_before_it(store: &dyn Store) {
    let doc = doc("chain");
    for number in 0..10 {
        append(store, &doc, batch(number, &["a", "b"])).await;
    }
    let mut prev = RecordHash::FIRST;
    for record in all(store, &doc).await {
        assert_eq!(record.prev, prev, "every record carries the hash of the one before it");
        prev = record.hash();
    }
}

async fn a_batch_appended_again_is_stored_once(store: &dyn Store) {
    let doc = doc("twice");
    assert_eq!(append(store, &doc, batch(1, &["a", "b"])).await, Seq(2));
    assert_eq!(append(store, &doc, batch(1, &["a", "b"])).await, Seq(2), "and answered with its place");
    for number in 2..=BATCHES_REMEMBERED as u64 {
        append(store, &doc, batch(number, &["x"])).await;
    }
    assert_eq!(append(store, &doc, batch(1, &["a", "b"])).await, Seq(2), "later ones may come between");
    let mut other = batch(1, &["c"]);
    other.id.writer = 2;
    let head = append(store, &doc, other).await;
    assert_eq!(
        head,
        Seq(BATCHES_REMEMBERED as u64 + 2),
        "another writer's batch of that number is another batch"
    );
    assert_eq!(all(store, &doc).await.len() as u64, head.0, "a batch appended again is stored once");
}

async fn appending_at_once_leaves_no_hole_and_mixes_no_batches<S: Store + 'static>(store: Arc<S>) {
    let names = ["one", "two", "three"];
    let mut tasks = Vec::new();
    for writer in 0..30_u64 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            for number in 0..10 {
                let mut batch = batch(number, &["a", "b", "c"]);
                batch.id.writer = writer;
                append(&*store, &doc(names[writer as usize % 3]), batch).await;
            }
        }));
    }
    for task in tasks {
        task.await.expect("no writer fails");
    }
    for name in names {
        let records = all(&*store, &doc(name)).await;
        assert_eq!(records.len(), 300);
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record.seq, Seq(index as u64 + 1), "appending at once leaves no hole");
        }
        for three in records.chunks(3) {
            assert!(three.iter().all(|record| record.batch == three[0].batch), "and mixes no batches");
        }
    }
}

async fn reading_comes_in_pages_of_about_the_bytes_asked_for(store: &dyn Store) {
    let doc = doc("pages");
    let long = "x".repeat(1000);
    for number in 0..20 {
        append(store, &doc, batch(number, &[&long])).await;
    }
    let page = store.read(&doc, Seq(3), 5000).await.expect("readable");
    assert_eq!(page.head, Seq(20));
    assert_eq!(page.records.first().map(|record| record.seq), Some(Seq(4)), "a page starts after its place");
    assert!((4..=6).contains(&page.records.len()), "about the bytes asked for, not {}", page.records.len());
    let one = store.read(&doc, Seq(19), 1).await.expect("readable");
    assert_eq!(one.records.len(), 1, "one record at least, however large");
    for after in [Seq(20), Seq(21), Seq(u64::MAX)] {
        let none = store.read(&doc, after, 5000).await.expect("readable");
        assert_eq!((none.records, none.head), (vec![], Seq(20)), "behind the head is nothing");
    }
    append(store, &doc, batch(20, &["a", "b", "c"])).await;
    let rest = store.read(&doc, Seq(21), 5000).await.expect("readable");
    assert_eq!(
        rest.records.first().map(|record| record.seq),
        Some(Seq(22)),
        "a page may start inside a batch"
    );
}

async fn a_document_nobody_wrote_is_unknown_and_asking_creates_nothing(store: &dyn Store) {
    let doc = doc("unknown");
    assert_eq!(store.head(&doc).await, Ok(None));
    let page = store.read(&doc, Seq::ZERO, 1000).await.expect("readable");
    assert_eq!((page.records, page.head), (vec![], Seq::ZERO));
    assert_eq!(store.newest(&doc, CheckpointKind::Live, Seq(9)).await, Ok(None));
    assert_eq!(store.keep_newest(&doc, CheckpointKind::Live, 1).await, Ok(()));
    assert_eq!(store.get("unknown").await, Ok(None));
    assert_eq!(store.import(&doc, Vec::new()).await, Ok(()));
    assert_eq!(store.documents(None, 10).await, Ok(vec![]), "asking creates nothing");
    assert_eq!(store.head(&doc).await, Ok(None));
}

/// Names that mean something to a path, a pattern, an address, a database or Unicode, each once.
#[must_use]
pub fn hostile_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "a",
        "a:b/c",
        "a/b:c",
        "a:b",
        "a/b",
        "*",
        "**",
        ">",
        ".",
        "..",
        "../..",
        "/",
        "//",
        "%2f",
        "%2F",
        "%",
        "%00",
        " ",
        "  ",
        "a ",
        " a",
        "\t",
        "\n",
        "\u{1}",
        "\u{7f}",
        "A",
        "ä",
        "a\u{308}",
        "Ä",
        "ß",
        "ss",
        "K",
        "\u{212a}",
        "\u{200b}",
        "a\u{200b}",
        "\u{feff}a",
        "\u{202e}a",
        "\u{10ffff}",
        "\u{fffd}",
        "l",
        "n",
        "w",
        "null",
        "0",
        "1",
        "\u{1}a",
        "a'b",
        "a\"b",
        "a\\b",
        "a;b",
        "a?b",
        "a#b",
        "日本語",
        "日本",
    ]
    .map(String::from)
    .to_vec();
    let long = "\u{1F600}".repeat(63) + "abc";
    names.push("x".repeat(254));
    names.push("x".repeat(255));
    names.push(long[..long.len() - 1].to_owned() + "d");
    names.push(long);
    names
}

async fn no_two_names_share_a_document(store: &dyn Store) {
    let names = hostile_names();
    for (index, name) in names.iter().enumerate() {
        for number in 0..3 {
            append(store, &doc(name), batch(number, &[&format!("{index} {name}")])).await;
        }
        let state = Bytes::from(format!("{index}"));
        store.save(&doc(name), CheckpointKind::Live, Seq(2), state).await.expect("a checkpoint is saved");
    }
    for (index, name) in names.iter().enumerate() {
        let records = all(store, &doc(name)).await;
        assert_eq!(records.len(), 3, "{name:?} has its own records");
        let own = format!("{index} {name}");
        assert!(records.iter().all(|record| record.update == own), "no two names share a document");
        let checkpoint = store.newest(&doc(name), CheckpointKind::Live, Seq(3)).await.expect("readable");
        assert_eq!(checkpoint.map(|it| it.state), Some(Bytes::from(format!("{index}"))));
    }
    let listed = store.documents(None, 1000).await.expect("readable");
    assert_eq!(listed.len(), names.len(), "names round-trip");
    assert!(listed.iter().all(|info| names.iter().any(|name| name == info.doc.as_str())));
}

async fn documents_are_listed_by_name_in_pages(store: &dyn Store) {
    for number in [3, 0, 2, 1, 4] {
        let doc = doc(&format!("d{number}"));
        append(store, &doc, batch(number, &["a"])).await;
        append(store, &doc, batch(number + 10, &["b", "c"])).await;
    }
    let first = store.documents(None, 3).await.expect("readable");
    let rest = store.documents(Some(&first[2].doc), 3).await.expect("readable");
    let names: Vec<_> = first.iter().chain(&rest).map(|info| info.doc.as_str().to_owned()).collect();
    assert_eq!(names, ["d0", "d1", "d2", "d3", "d4"], "documents are listed by name in pages");
    for (number, info) in first.iter().chain(&rest).enumerate() {
        let number = number as u64;
        assert_eq!(info.head, Seq(3));
        assert_eq!(info.created, edit(number, "a").time, "created when its first record was");
        assert_eq!(info.updated, edit(number + 11, "c").time, "updated when its newest record was");
    }
    assert_eq!(store.documents(Some(&doc("d4")), 3).await, Ok(vec![]));
}

async fn what_breaks_a_limit_is_refused_and_leaves_nothing(store: &dyn Store) {
    let doc = doc("limits");
    let refused = |result: Result<Seq, StoreError>| matches!(result, Err(StoreError::Refused { .. }));
    let too_large = |result: Result<Seq, StoreError>| matches!(result, Err(StoreError::TooLarge { .. }));
    let one = |record: NewRecord| Batch { id: BatchId { writer: 1, number: 1 }, records: vec![record] };

    assert!(refused(store.append(&doc, batch(1, &[])).await), "a batch without records");
    assert!(refused(store.append(&doc, batch(1, &["a", ""])).await), "a record without an update");
    let large = one(edit(0, vec![1; RECORD_BYTES_MAX + 1]));
    assert!(too_large(store.append(&doc, large).await), "a record one byte past the limit");
    let many =
        Batch { id: BatchId { writer: 1, number: 1 }, records: vec![edit(0, "a"); BATCH_RECORDS_MAX + 1] };
    assert!(too_large(store.append(&doc, many).await), "a batch one record past the limit");
    let largest = edit(0, vec![1; RECORD_BYTES_MAX]);
    let heavy =
        Batch { id: BatchId { writer: 1, number: 1 }, records: vec![largest.clone(), largest, edit(0, "a")] };
    assert!(too_large(store.append(&doc, heavy).await), "a batch one byte past the limit");
    let mut named = edit(0, "a");
    named.author.name = Some("n".repeat(AUTHOR_NAME_BYTES_MAX + 1).into());
    assert!(too_large(store.append(&doc, one(named)).await), "an author's name one byte past the limit");
    assert_eq!(store.head(&doc).await, Ok(None), "what is refused leaves nothing");

    let key = "k".repeat(META_KEY_BYTES_MAX + 1);
    let value = Bytes::from(vec![1; META_VALUE_BYTES_MAX + 1]);
    assert!(matches!(store.put("", Bytes::new(), Expect::Any).await, Err(StoreError::Refused { .. })));
    assert!(matches!(store.put(&key, Bytes::new(), Expect::Any).await, Err(StoreError::TooLarge { .. })));
    assert!(matches!(store.put("k", value, Expect::Any).await, Err(StoreError::TooLarge { .. })));
    assert_eq!(store.list("", None, 10).await, Ok(vec![]));
}

async fn large_records_come_back_whole(store: &dyn Store) {
    let doc = doc("large");
    let sizes = [3900, 4000, 4095, 4096, 4097, 8192, 100_000, 3_000_001];
    for (number, size) in (1..).zip(sizes) {
        let update: Vec<u8> = (0..size).map(|i: usize| (i * 31 + size) as u8).collect();
        let records = vec![edit(1, "before"), edit(2, update), edit(3, "behind")];
        append(store, &doc, Batch { id: BatchId { writer: 9, number }, records }).await;
    }
    let records = all(store, &doc).await;
    assert_eq!(records.len(), sizes.len() * 3);
    for (three, size) in records.chunks(3).zip(sizes) {
        assert_eq!(three[0].update, "before");
        assert!(three[1].update.iter().enumerate().all(|(i, byte)| *byte == (i * 31 + size) as u8));
        assert_eq!(three[1].update.len(), size, "large records come back whole");
        assert_eq!(three[2].update, "behind");
    }
}

/// Makes `count` batches of typed records, some of them large, and appends them.
async fn fill(store: &dyn Store, doc: &DocId, from: u64, count: u64) {
    for number in from..from + count {
        let text = if number % 500 == 499 { "large ".repeat(3000) } else { format!("typed {number}") };
        append(store, doc, batch(number, &[&text])).await;
    }
}

async fn what_is_packed_is_read_as_before(store: &dyn Store) {
    let (doc, other) = (doc("packed"), doc("other"));
    fill(store, &doc, 0, 700).await;
    append(store, &other, batch(1, &["x"])).await;
    let before = all(store, &doc).await;
    for upto in [Seq(1), Seq(300), Seq(300), Seq(650), Seq(u64::MAX), Seq(u64::MAX)] {
        store.pack(&doc, upto).await.expect("packed");
        assert_eq!(all(store, &doc).await, before, "what is packed is read as before");
    }
    for after in [0, 1, 37, 298, 299, 300, 301, 511, 699] {
        let page = store.read(&doc, Seq(after), 200).await.expect("readable");
        let first = page.records.first().expect("there are more");
        assert_eq!((first, page.head), (&before[after as usize], Seq(700)), "a page starts anywhere");
    }
    let last = BATCHES_REMEMBERED as u64;
    for number in 700 - last..700 {
        assert_eq!(
            append(store, &doc, batch(number, &["again"])).await,
            Seq(number + 1),
            "batches are known"
        );
    }
    fill(store, &doc, 700, 400).await;
    store.pack(&doc, Seq(1000)).await.expect("packed");
    let after = all(store, &doc).await;
    assert_eq!((&after[..700], after.len()), (&before[..], 1100), "and the document goes on");
    assert_eq!(store.pack(&doc, Seq(1000)).await, Ok(Packed::default()), "done again, it does nothing");
    assert_eq!(store.pack(&self::doc("unknown"), Seq(9)).await, Ok(Packed::default()));
    assert_eq!(store.head(&self::doc("unknown")).await, Ok(None));
    let names: Vec<_> = store.documents(None, 9).await.expect("readable");
    assert_eq!(names.iter().map(|info| info.head.0).collect::<Vec<_>>(), [1, 1100]);
    assert_eq!((names[1].created, names[1].updated), (after[0].time, after[1099].time));
}

async fn an_import_keeps_places_times_and_hashes(from: &dyn Store, into: &dyn Store) {
    let doc = doc("moved");
    for number in 0..30 {
        append(from, &doc, batch(number, &["a", "b"])).await;
    }
    let records = all(from, &doc).await;
    // The second part starts in the middle of a batch.
    into.import(&doc, records[..31].to_vec()).await.expect("an unknown document is imported");
    into.import(&doc, records[31..].to_vec()).await.expect("a shorter document is continued");
    assert_eq!(all(into, &doc).await, records, "an import keeps places, times and hashes");
    assert_eq!(into.documents(None, 2).await, from.documents(None, 2).await);
    assert_eq!(append(into, &doc, batch(29, &["a", "b"])).await, Seq(60), "an imported batch is known");
    assert_eq!(append(into, &doc, batch(30, &["c"])).await, Seq(61), "and the document goes on");
    let last = all(into, &doc).await;
    assert_eq!(last[60].prev, last[59].hash());
}

async fn an_import_with_a_gap_is_refused(store: &dyn Store) {
    let doc = doc("gap");
    let records = batch(1, &["a", "b", "c", "d"]).place(Seq::ZERO, RecordHash::FIRST);
    let refused = async |records: Vec<Record>| {
        matches!(store.import(&doc, records).await, Err(StoreError::Refused { .. }))
    };
    assert!(refused(records[1..].to_vec()).await, "a first record missing");
    assert!(refused(vec![records[0].clone(), records[2].clone()]).await, "a middle record missing");
    let mut altered = records.clone();
    altered[1].update = Bytes::from_static(b"B");
    assert!(refused(altered).await, "an altered record");
    assert_eq!(store.head(&doc).await, Ok(None), "a refused import leaves nothing");
    store.import(&doc, records[..3].to_vec()).await.expect("a whole one is taken");
    assert!(refused(records[1..].to_vec()).await, "records the document has already");
    assert_eq!(store.import(&doc, records[3..].to_vec()).await, Ok(()));
    assert_eq!(all(store, &doc).await, records);
}

async fn checkpoints_are_found_at_or_before_a_place(store: &dyn Store) {
    use CheckpointKind::{History, Live};
    let doc = doc("checkpoints");
    for number in 0..10 {
        append(store, &doc, batch(number, &["x"])).await;
    }
    let noise: Vec<u8> =
        (0..300_000_u32).flat_map(|i| (i.wrapping_mul(2_654_435_761)).to_be_bytes()).collect();
    let noise = Bytes::from(noise);
    store.save(&doc, Live, Seq(3), Bytes::from_static(b"three")).await.expect("saved");
    store.save(&doc, Live, Seq(7), noise.clone()).await.expect("saved");
    store.save(&doc, History, Seq(5), Bytes::new()).await.expect("saved, though empty");
    store.save(&doc, Live, Seq(3), Bytes::from_static(b"other")).await.expect("a second one changes nothing");
    let newest = async |kind, at| store.newest(&doc, kind, Seq(at)).await.expect("readable");
    let checkpoint = |seq, state: &Bytes| Some(Checkpoint { seq: Seq(seq), state: state.clone() });
    assert_eq!(newest(Live, 2).await, None);
    assert_eq!(newest(Live, 3).await, checkpoint(3, &Bytes::from_static(b"three")), "immutable");
    assert_eq!(newest(Live, 6).await, checkpoint(3, &Bytes::from_static(b"three")));
    assert!(newest(Live, u64::MAX).await == checkpoint(7, &noise), "large ones come back whole");
    assert_eq!(newest(History, 7).await, checkpoint(5, &Bytes::new()), "kinds do not mix");
    for at in [0, 11] {
        let refused = store.save(&doc, Live, Seq(at), Bytes::new()).await;
        assert!(matches!(refused, Err(StoreError::Refused { .. })), "there is no record {at}");
    }
}

async fn old_checkpoints_go_and_the_newest_stay(store: &dyn Store) {
    use CheckpointKind::{History, Live};
    let doc = doc("checkpoints");
    for number in 0..10 {
        append(store, &doc, batch(number, &["x"])).await;
    }
    for seq in 1..=9 {
        let state = Bytes::from(vec![seq as u8; 20_000]);
        store.save(&doc, Live, Seq(seq), state.clone()).await.expect("saved");
        store.save(&doc, History, Seq(seq), state).await.expect("saved");
    }
    store.keep_newest(&doc, Live, 2).await.expect("pruned");
    assert_eq!(store.newest(&doc, Live, Seq(7)).await, Ok(None), "old checkpoints go");
    for seq in [8, 9] {
        let found = store.newest(&doc, Live, Seq(seq)).await.expect("readable").expect("the newest stay");
        assert_eq!((found.seq, found.state.len()), (Seq(seq), 20_000));
    }
    let history = store.newest(&doc, History, Seq(1)).await.expect("readable");
    assert_eq!(history.map(|it| it.seq), Some(Seq(1)), "of the other kind all stay");
    store.keep_newest(&doc, Live, 0).await.expect("pruned");
    assert_eq!(store.newest(&doc, Live, Seq(10)).await, Ok(None));
    assert_eq!(all(store, &doc).await.len(), 10, "and the log is untouched");
}

async fn meta_rows_change_by_compare_and_swap(store: &dyn Store) {
    let conflict = |result: Result<_, StoreError>, rev| result == Err(StoreError::Conflict { current: rev });
    let first = store.put("k", Bytes::from_static(b"1"), Expect::Absent).await.expect("absent");
    assert!(conflict(store.put("k", Bytes::new(), Expect::Absent).await, Some(first)));
    let second = store.put("k", Bytes::from_static(b"2"), Expect::Rev(first)).await.expect("as expected");
    assert!(second > first, "revisions grow");
    assert!(conflict(store.put("k", Bytes::new(), Expect::Rev(first)).await, Some(second)));
    assert!(conflict(store.delete("k", Expect::Rev(first)).await.map(|()| first), Some(second)));
    let value = store.get("k").await.expect("readable").expect("there");
    assert_eq!((value.bytes, value.rev), (Bytes::from_static(b"2"), second));
    store.delete("k", Expect::Rev(second)).await.expect("as expected");
    assert_eq!(store.get("k").await, Ok(None));
    assert!(conflict(store.put("k", Bytes::new(), Expect::Rev(second)).await, None));
    assert_eq!(store.delete("k", Expect::Any).await, Ok(()), "deleting what is not there is no fault");
    let third = store.put("k", Bytes::new(), Expect::Absent).await.expect("absent again");
    assert!(third > second, "a revision is never used twice");
    let large = Bytes::from(vec![7; META_VALUE_BYTES_MAX]);
    let long = "k".repeat(META_KEY_BYTES_MAX);
    for value in [large, Bytes::from_static(b"small again")] {
        store.put(&long, value.clone(), Expect::Any).await.expect("at the limits");
        assert!(store.get(&long).await.expect("readable").expect("there").bytes == value);
    }
}

async fn meta_rows_are_listed_by_prefix_in_pages(store: &dyn Store) {
    for key in ["a", "b/", "b/1", "b/2", "b/3", "b0", "c", "b/\u{10ffff}", "\u{10ffff}"] {
        store.put(key, Bytes::copy_from_slice(key.as_bytes()), Expect::Any).await.expect("put");
    }
    let large = Bytes::from(vec![3; 50_000]);
    store.put("b/2", large.clone(), Expect::Any).await.expect("put");
    let list = async |prefix, after, max| {
        let rows = store.list(prefix, after, max).await.expect("readable");
        rows.into_iter().map(|row| row.key).collect::<Vec<_>>()
    };
    assert_eq!(list("b/", None, 9).await, ["b/", "b/1", "b/2", "b/3", "b/\u{10ffff}"]);
    assert_eq!(list("b/", Some("b/1"), 2).await, ["b/2", "b/3"], "in pages");
    assert_eq!(list("b/", Some("a"), 1).await, ["b/"], "a page may start before the prefix");
    assert_eq!(list("b/", Some("c"), 1).await, [""; 0], "or behind it");
    assert_eq!(list("", None, 99).await.len(), 9);
    assert_eq!(list("\u{10ffff}", None, 99).await, ["\u{10ffff}"]);
    let rows = store.list("b/2", None, 1).await.expect("readable");
    assert!(rows[0].value.bytes == large, "values come along");
    assert_eq!(store.documents(None, 9).await, Ok(vec![]), "rows are not documents");
}

async fn of_many_who_swap_at_once_one_wins<S: Store + 'static>(store: Arc<S>) {
    let mut rev = store.put("n", Bytes::from_static(b"0"), Expect::Absent).await.expect("absent");
    for round in 0..10 {
        let tasks: Vec<_> = (0..8)
            .map(|who| {
                let store = store.clone();
                let value = Bytes::from(format!("{round} {who}"));
                tokio::spawn(async move { store.put("n", value, Expect::Rev(rev)).await })
            })
            .collect();
        let mut won = Vec::new();
        for task in tasks {
            match task.await.expect("no task fails") {
                Ok(rev) => won.push(rev),
                Err(StoreError::Conflict { .. }) => {}
                Err(error) => panic!("a swap fails by conflict only: {error}"),
            }
        }
        assert_eq!(won.len(), 1, "of many who swap at once one wins");
        rev = won[0];
    }
}
