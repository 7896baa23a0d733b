//! Updates that come without a session: by a request, or from the server itself.

use tokio::time::timeout;
use weft_hub::{HubError, Kind, Submission};
use weft_ids::{DocId, Seq};
use weft_store::fault::{Fault, Op};
use weft_store::{Log, Record, RecordKind};

use crate::world::{Client, grant, hub, store, typed};

async fn log(store: &impl Log, name: &str) -> Vec<Record> {
    store.read(&DocId::new(name).unwrap(), Seq::ZERO, usize::MAX).await.unwrap().records
}

#[tokio::test]
async fn a_restore_reaches_everyone_and_is_a_record_of_its_own_with_its_kind_and_author() {
    let store = store();
    let hub = hub(&store);
    let (ann, bob) = (Client::join(&hub, "d"), Client::join(&hub, "d"));
    ann.type_letter(1, 0, b'a').await;
    ann.is_saved().await;
    let restore = Submission { update: typed(9, 0, b'!'), kind: Kind::Restore, name: Some("Ann".into()) };
    let submitted = hub.submit(&grant("d"), restore).await.unwrap();
    assert_eq!((submitted.position.seq, submitted.changed, submitted.created), (Seq(2), true, false));
    ann.hears_text(b'!').await;
    bob.hears_text(b'!').await;
    let records = log(&*store, "d").await;
    assert_eq!(records[1].kind, RecordKind::Restore);
    assert_eq!(records[1].author.name.as_deref(), Some("Ann"));
    assert_eq!(records[1].update, *typed(9, 0, b'!').bytes());
}

#[tokio::test]
async fn every_request_is_answered_with_the_place_of_its_own_record_although_many_are_stored_at_once() {
    let store = store();
    let hub = hub(&store);
    let ann = Client::join(&hub, "d");
    // One batch is on its way; everything after it goes into the next one together.
    store.faults().set(Op::Append, Fault::Hold);
    ann.type_letter(1, 0, b'a').await;
    store.faults().reached(Op::Append, 1).await;
    let kinds = [Kind::Restore, Kind::Restore, Kind::Import, Kind::Server, Kind::Edit];
    let asking: Vec<_> = (0..20u8)
        .map(|n| {
            let (hub, kind) = (hub.clone(), kinds[usize::from(n) % kinds.len()]);
            tokio::spawn(async move {
                let update = typed(100 + n, 0, b'x');
                let submitted = hub.submit(&grant("d"), Submission { update, kind, name: None }).await;
                (submitted.unwrap(), typed(100 + n, 0, b'x'), kind)
            })
        })
        .collect();
    while hub.status().unsaved_bytes < typed(1, 0, b'a').bytes().len() * 21 {
        tokio::task::yield_now().await;
    }
    store.faults().heal(Op::Append);
    let mut answers = Vec::new();
    for asked in asking {
        answers.push(asked.await.unwrap());
    }
    assert_eq!(store.faults().calls(Op::Append), 2, "they were stored together");
    let records = log(&*store, "d").await;
    assert_eq!(records.len(), 21);
    for (submitted, update, kind) in answers {
        let record = &records[usize::try_from(submitted.position.seq.0).unwrap() - 1];
        assert_eq!(record.update, *update.bytes());
        assert_eq!(format!("{:?}", record.kind), format!("{kind:?}"));
    }
}

#[tokio::test]
async fn what_a_session_types_around_a_restore_is_not_woven_into_it() {
    let store = store();
    let hub = hub(&store);
    let ann = Client::join(&hub, "d");
    store.faults().set(Op::Append, Fault::Hold);
    ann.type_letter(1, 0, b'a').await;
    let restore = Submission { update: typed(1, 1, b'b'), kind: Kind::Restore, name: None };
    let refused = hub.submit(&grant("d"), restore.clone()).await.unwrap_err();
    assert_eq!(refused, HubError::Foreign, "a live session owns its client id");
    drop(ann);
    // The same client id goes on in it, so that nothing but the rule keeps the two apart.
    let asked = tokio::spawn({
        let hub = hub.clone();
        async move { hub.submit(&grant("d"), restore).await.unwrap() }
    });
    let bob = Client::join(&hub, "d");
    while hub.status().unsaved_bytes < typed(1, 1, b'a').bytes().len() * 2 - 1 {
        tokio::task::yield_now().await;
    }
    bob.type_letter(1, 2, b'c').await;
    store.faults().heal(Op::Append);
    bob.is_saved().await;
    assert_eq!(asked.await.unwrap().position.seq, Seq(2));
    let kinds: Vec<RecordKind> = log(&*store, "d").await.iter().map(|record| record.kind).collect();
    assert_eq!(kinds, [RecordKind::Edit, RecordKind::Restore, RecordKind::Edit]);
    assert_eq!(hub.text(&grant("d")).await.unwrap().0, "abc");
}

#[tokio::test]
async fn an_update_that_changes_nothing_is_no_record_and_is_answered_once_the_original_is_stored() {
    let store = store();
    let hub = hub(&store);
    let ann = Client::join(&hub, "d");
    store.faults().set(Op::Append, Fault::Hold);
    ann.type_letter(1, 0, b'a').await;
    ann.hears(|frame| frame.starts_with(&[1, b'd', 2])).await;
    let again = Submission { update: typed(1, 0, b'a'), kind: Kind::Restore, name: None };
    let mut asked = tokio::spawn({
        let hub = hub.clone();
        async move { hub.submit(&grant("d"), again).await.unwrap() }
    });
    assert!(timeout(std::time::Duration::from_millis(100), &mut asked).await.is_err());
    store.faults().heal(Op::Append);
    let submitted = asked.await.unwrap();
    assert_eq!((submitted.position.seq, submitted.changed), (Seq(1), false));
    assert_eq!(log(&*store, "d").await.len(), 1);
}

#[tokio::test]
async fn the_head_is_what_is_on_disk_and_a_document_nobody_wrote_has_none() {
    let store = store();
    let hub = hub(&store);
    assert_eq!(hub.head(&grant("d")).await.unwrap(), None);
    let ann = Client::join(&hub, "d");
    ann.type_letter(1, 0, b'a').await;
    ann.is_saved().await;
    store.faults().set(Op::Append, Fault::Hold);
    ann.type_letter(1, 1, b'b').await;
    store.faults().reached(Op::Append, 2).await;
    assert_eq!(hub.head(&grant("d")).await.unwrap(), Some(Seq(1)));
    store.faults().heal(Op::Append);
}

#[tokio::test]
async fn a_name_that_is_too_long_for_the_log_is_cut_and_stored() {
    let store = store();
    let hub = hub(&store);
    let name = "ö".repeat(40);
    let update = Submission { update: typed(9, 0, b'!'), kind: Kind::Import, name: Some(name.into()) };
    hub.submit(&grant("d"), update).await.unwrap();
    assert_eq!(log(&*store, "d").await[0].author.name.as_deref(), Some("ö".repeat(32).as_str()));
}
