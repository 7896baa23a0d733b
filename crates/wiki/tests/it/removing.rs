//! What a page that is deleted for good leaves behind: nothing but that its id was one.

use weft_access::action::{DestroyPage, EditSpace, RestPage};
use weft_ids::{DocId, PageId};
use weft_store::Expect;
use weft_store::contract::batch;
use weft_wiki::page::{At, NewPage, Place};
use weft_wiki::{Field, WikiError};

use crate::{House, opened};

async fn keys(house: &House, prefix: &str) -> usize {
    house.store.list(prefix, None, 99).await.unwrap().len()
}

/// A page that was written, and named in its history.
async fn written(house: &House) -> (PageId, DocId) {
    let page = house.makes_at_top(&house.team().await).await.id;
    let doc = page.doc();
    house.store.append(&doc, batch(0, &["what it said"])).await.unwrap();
    for key in [format!("version/{}\0v", doc.as_str()), format!("title/{}", doc.as_str())] {
        house.store.put(&key, "a word".into(), Expect::Any).await.unwrap();
    }
    (page, doc)
}

#[tokio::test]
async fn a_page_that_is_deleted_for_good_takes_its_log_and_its_versions_with_it() {
    let house = House::new().await;
    let (page, doc) = written(&house).await;
    house.wiki.trash_page(&house.page::<RestPage>(&page)).await.unwrap();
    assert_eq!(house.wiki.remove_destroyed().await.unwrap(), 0, "what is in the trash can come back");
    house.wiki.destroy_page(&house.page::<DestroyPage>(&page)).await.unwrap();
    // The server ends before it comes to it.
    let wiki = opened(&house.store).await;
    assert!(house.store.head(&doc).await.unwrap().is_some());
    assert_eq!(wiki.remove_destroyed().await.unwrap(), 1);
    assert_eq!(house.store.head(&doc).await, Ok(None));
    assert_eq!((keys(&house, "version/").await, keys(&house, "title/").await), (0, 0));
    assert_eq!(wiki.remove_destroyed().await.unwrap(), 0);
}

#[tokio::test]
async fn the_id_of_a_page_that_is_gone_is_never_given_again() {
    let house = House::new().await;
    let (page, _) = written(&house).await;
    let team = house.wiki.spaces(&house.administer()).into_iter().find(|space| space.name == "Team").unwrap();
    house.wiki.trash_page(&house.page::<RestPage>(&page)).await.unwrap();
    house.wiki.destroy_page(&house.page::<DestroyPage>(&page)).await.unwrap();
    house.wiki.remove_destroyed().await.unwrap();
    let place = Place::Top(house.space::<EditSpace>(&team.id));
    let new = NewPage { id: Some(page), place, at: At::Last, icon: None, from: None };
    let refused = house.wiki.make_page(new).await;
    assert!(matches!(refused, Err(WikiError::Taken(Field::Id))), "{refused:?}");
}

#[tokio::test]
async fn a_deletion_that_was_cut_short_takes_nothing_from_a_page_that_is_still_there() {
    let house = House::new().await;
    let (page, doc) = written(&house).await;
    // All that had been stored of it.
    let row = format!(r#"{{"v":1,"row":{{"page":"{}","removed":false}}}}"#, page.as_str());
    let key = format!("wiki/destroyed/{}", page.as_str());
    house.store.put(&key, row.into(), Expect::Absent).await.unwrap();
    let wiki = opened(&house.store).await;
    assert_eq!(wiki.remove_destroyed().await.unwrap(), 0);
    assert!(house.store.head(&doc).await.unwrap().is_some());
}
