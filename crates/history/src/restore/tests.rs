//! Restore, versions and copies over a hub with an in-memory store.

use weft_access::{DocRules, Right, Subject, decide};
use weft_hub::{Hub, HubSettings};
use weft_store::{MemoryStore, Store};
use weft_wire::Update;

use super::*;
use crate::history::HistorySettings;

fn grant(name: &str) -> Grant {
    let doc = DocId::new(name).unwrap();
    decide(&DocRules::Free { open: true }, &Subject::default(), doc, Right::Write).unwrap()
}

/// The document `d`: "hi" is written and deleted.
async fn world() -> (Arc<dyn Store>, Hub, History) {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let hub = Hub::new(store.clone(), HubSettings::default());
    let history = History::new(store.clone(), hub.clone(), &HistorySettings::default());
    for update in [vec![1, 1, 1, 0, 4, 1, 1, b't', 2, b'h', b'i', 0], vec![0, 1, 1, 1, 0, 2]] {
        let update = Update::scan(update.into()).unwrap();
        hub.submit(&grant("d"), Submission::edit(update)).await.unwrap();
    }
    (store, hub, history)
}

#[tokio::test]
async fn what_was_deleted_comes_back_once_and_the_restore_can_be_taken_back() {
    let (store, hub, history) = world().await;
    let grant = grant("d");
    let wanted = Wanted::Whole { to: Seq(1) };
    let name = || Some(Arc::from("Ann"));
    let (one, other) =
        tokio::join!(history.restore(&grant, &wanted, name()), history.restore(&grant, &wanted, name()));
    assert_eq!(one.unwrap(), Restored { seq: Seq(3), changed: true, added: 2, removed: 0 });
    assert_eq!(other.unwrap(), Restored { seq: Seq(3), changed: false, added: 0, removed: 0 });
    assert_eq!(hub.text(&grant).await.unwrap().0, "hi");

    // Nothing is written anew by this one, so its record holds no client id to know it by.
    let back = Wanted::TakeBack { from: Seq(2), to: Seq(3), author: Some("name:Ann".into()) };
    let back = history.restore(&grant, &back, None).await.unwrap();
    assert_eq!((back.seq, back.changed, back.removed), (Seq(4), true, 2));
    assert_eq!(hub.text(&grant).await.unwrap().0, "");

    let whole = RestoreNote { from: None, to: Seq(1), author: None, whole: true };
    assert_eq!(history.restored(&grant, Seq(3)).await.unwrap(), Some(whole));
    let taken = RestoreNote { from: Some(Seq(2)), to: Seq(3), author: Some("name:Ann".into()), whole: false };
    assert_eq!(history.restored(&grant, Seq(4)).await.unwrap(), Some(taken.clone()));
    store.delete(&row::restore_by_place(grant.doc(), Seq(4)), Expect::Any).await.unwrap();
    assert_eq!(history.restored(&grant, Seq(4)).await.unwrap(), Some(taken), "by the note made before it");
    assert_eq!(history.restored(&grant, Seq(1)).await.unwrap(), None);
}

#[tokio::test]
async fn who_may_only_read_and_who_asks_for_what_never_was_change_nothing() {
    let (_, hub, history) = world().await;
    let grant = grant("d");
    let whole = Wanted::Whole { to: Seq(1) };
    let refused = history.restore(&grant.clone().read_only(), &whole, None).await;
    assert!(matches!(refused, Err(HistoryError::Hub(_))), "{refused:?}");
    let refused = history.restore(&grant, &Wanted::Whole { to: Seq(9) }, None).await;
    assert!(matches!(refused, Err(HistoryError::NoMoment { .. })), "{refused:?}");
    let nobody = Wanted::TakeBack { from: Seq(0), to: Seq(1), author: Some("name:Nobody".into()) };
    let refused = history.restore(&grant, &nobody, None).await.unwrap_err();
    assert_eq!(refused, HistoryError::NoAuthor("name:Nobody".into()));
    assert_eq!(hub.head(&grant).await.unwrap(), Some(Seq(2)));
}

#[tokio::test]
async fn an_update_that_does_not_give_what_it_promises_does_not_pass() {
    let (_, _, history) = world().await;
    let past = history.open(&grant("d")).await.unwrap();
    let client = ClientId::new(9).unwrap();
    let wish = Wish::Whole { to: Seq(1) };
    let way = past.way_back(&wish, client).unwrap().unwrap();
    assert_eq!(proof::check(&past, &wish, &way, client), Ok(()));
    let other = Wish::Whole { to: Seq(2) };
    assert!(proof::check(&past, &other, &way, client).is_err());
}

#[tokio::test]
async fn a_version_is_named_renamed_and_unnamed_and_its_hash_is_of_the_content() {
    let (_, _, history) = world().await;
    let grant = grant("d");
    let named = history.name_version(&grant, "Draft", Some(Seq(1)), Some("Ann")).await.unwrap();
    let hash = named.hash.clone().unwrap();
    assert_eq!(hash.len(), 32);
    assert_eq!(history.version(&grant, &named.id).await.unwrap(), named);
    history.restore(&grant, &Wanted::Whole { to: Seq(1) }, None).await.unwrap();
    let again = history.name_version(&grant, "Again", None, None).await.unwrap();
    assert_eq!((again.seq, again.hash.as_ref()), (Seq(3), Some(&hash)), "the same in other elements");

    let renamed = history.rename_version(&grant, &named.id, "First").await.unwrap();
    assert_eq!(renamed.named.unwrap().name, "First");
    let listed = history.versions(&grant).await.unwrap();
    let told: Vec<_> =
        listed.iter().map(|v| (v.seq.0, v.named.as_ref().map(|named| named.name.as_str()))).collect();
    assert_eq!(told, [(3, Some("Again")), (2, None), (1, Some("First"))]);
    assert_eq!(listed[1].id, "auto-2");
    assert!(history.version(&grant, "auto-2").await.unwrap().hash.is_some_and(|other| other != hash));
    assert!(matches!(history.unname_version(&grant, "auto-2").await, Err(HistoryError::Automatic(_))));
    history.unname_version(&grant, &named.id).await.unwrap();
    for id in [named.id.as_str(), "auto-1", "auto-x", "", "../x"] {
        let gone = history.version(&grant, id).await;
        assert!(matches!(gone, Err(HistoryError::NoVersion(_))), "{id}: {gone:?}");
    }
}

#[tokio::test]
async fn a_copy_is_a_document_of_its_own_and_never_lands_on_another() {
    let (_, hub, history) = world().await;
    let from = grant("d");
    let name = history.name_for_copy(from.doc()).await.unwrap();
    assert_eq!(name.as_str(), "d copy");
    let to = grant(name.as_str());
    assert_eq!(history.copy(&from, Seq(1), &to, None).await.unwrap(), Seq(1));
    assert_eq!(hub.text(&to).await.unwrap().0, "hi");
    assert_eq!(history.copy(&from, Seq(1), &to, None).await, Err(HistoryError::Exists(name)));
    assert_eq!(history.name_for_copy(from.doc()).await.unwrap().as_str(), "d copy 2");
    let page = history.name_for_copy(&DocId::new("page/abc").unwrap()).await.unwrap();
    assert_eq!(page.as_str().len(), "page/".len() + 24);
    let nothing = history.copy(&from, Seq(0), &grant("e"), None).await;
    assert_eq!(nothing, Err(HistoryError::NothingToCopy));
}
