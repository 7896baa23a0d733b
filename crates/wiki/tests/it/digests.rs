//! What a digest takes: what is unread, once, by what somebody may see at that moment.

use std::time::{SystemTime, UNIX_EPOCH};

use weft_access::action::{BeHere, RestPage, ViewPage};
use weft_access::{Level, Role, Subject, Who};
use weft_ids::UnixMillis;
use weft_wiki::desk::Shelf;
use weft_wiki::digest::{DIGEST_REACH_MS, Rhythm};
use weft_wiki::member::{PersonChange, Profile};
use weft_wiki::notice::Notice;
use weft_wiki::space::Space;

use crate::{House, named, opened};

fn now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    UnixMillis(since.as_millis().try_into().unwrap())
}

/// A private space of Olga's.
async fn board(house: &House) -> Space {
    house.makes_space(named("Board")).await.unwrap()
}

impl House {
    /// Lets somebody into a space, or out of it.
    async fn lets(&self, space: &Space, whom: &Subject, level: Option<Level>) {
        let who = Who::Person(whom.user().unwrap().clone());
        self.wiki.grant_in_space(&self.manages(space), &who, level).await.unwrap();
    }

    fn told(&self, whom: &Subject) -> Vec<Notice> {
        self.wiki.notices(&self.wiki.allow::<BeHere>(whom).unwrap())
    }

    /// What the digest of somebody says of what happened until `until`.
    async fn digest(&self, whom: &Subject, until: UnixMillis) -> Vec<String> {
        let news = self.wiki.take_digest(whom.user().unwrap(), until).await.unwrap();
        let told = news.into_iter().flat_map(|news| news.told);
        told.map(|(notice, name)| format!("{} {name}", notice.kind.as_str())).collect()
    }
}

#[tokio::test]
async fn what_happened_is_told_once_and_after_a_restart_no_second_time() {
    let house = House::new().await;
    let ann = house.comes("Ann", Role::Member).await;
    let board = board(&house).await;
    house.lets(&board, &ann, Some(Level::View)).await;
    let at = house.told(&ann)[0].at;
    assert_eq!(house.wiki.awaiting_digest(at), [(ann.user().unwrap().clone(), at)]);
    assert!(house.digest(&ann, UnixMillis(at.0 - 1)).await.is_empty(), "it is for the next one");
    assert_eq!(house.digest(&ann, at).await, ["spaceGranted Board"]);
    assert!(house.digest(&ann, at).await.is_empty());
    assert!(house.wiki.awaiting_digest(at).is_empty());
    let again = opened(&house.store).await;
    assert!(again.awaiting_digest(at).is_empty());
    assert!(again.take_digest(ann.user().unwrap(), UnixMillis(at.0 + 1)).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_read_or_long_ago_is_in_no_digest() {
    let house = House::new().await;
    let ann = house.comes("Ann", Role::Member).await;
    let board = board(&house).await;
    house.lets(&board, &ann, Some(Level::View)).await;
    let at = house.told(&ann)[0].at;
    let late = UnixMillis(at.0 + DIGEST_REACH_MS);
    assert!(house.wiki.awaiting_digest(late).is_empty());
    assert!(house.digest(&ann, late).await.is_empty());
    assert_eq!(house.wiki.awaiting_digest(UnixMillis(late.0 - 1)).len(), 1);
    house.wiki.read_notices(&house.wiki.allow(&ann).unwrap(), at).await.unwrap();
    assert!(house.wiki.awaiting_digest(at).is_empty());
    assert!(house.digest(&ann, at).await.is_empty());
}

#[tokio::test]
async fn what_happens_again_after_a_digest_is_in_the_next_one() {
    let house = House::new().await;
    let ann = house.comes("Ann", Role::Member).await;
    let board = board(&house).await;
    house.lets(&board, &ann, Some(Level::View)).await;
    let first = house.told(&ann)[0].clone();
    // Not yet in a digest: it stays what it is.
    house.lets(&board, &ann, None).await;
    house.lets(&board, &ann, Some(Level::View)).await;
    assert_eq!(house.told(&ann), std::slice::from_ref(&first));
    assert_eq!(house.digest(&ann, first.at).await, ["spaceGranted Board"]);
    while now() == first.at {
        tokio::task::yield_now().await;
    }
    house.lets(&board, &ann, None).await;
    house.lets(&board, &ann, Some(Level::View)).await;
    let told = house.told(&ann);
    assert_eq!(told.len(), 1, "in the list it stands once");
    assert_eq!(told[0].id, first.id);
    assert_eq!(house.digest(&ann, told[0].at).await, ["spaceGranted Board"]);
}

#[tokio::test]
async fn what_somebody_may_not_see_any_more_is_not_named_and_does_not_come_later() {
    let house = House::new().await;
    let ann = house.comes("Ann", Role::Member).await;
    let board = board(&house).await;
    house.lets(&board, &ann, Some(Level::View)).await;
    let page = house.makes_at_top(&board).await;
    let seen = house.wiki.allow_page::<ViewPage>(&ann, &page.id).unwrap();
    let note = house.wiki.allow(&ann).unwrap();
    house.wiki.keep_at_hand(&note, &seen, Shelf::Watched, true).await.unwrap();
    house.wiki.trash_page(&house.page::<RestPage>(&page.id)).await.unwrap();
    let at = house.told(&ann)[0].at;
    assert_eq!(house.told(&ann).len(), 2);
    assert_eq!(house.digest(&ann, at).await, ["spaceGranted Board"], "viewers do not see into the trash");
    let ben = house.comes("Ben", Role::Member).await;
    house.lets(&board, &ben, Some(Level::View)).await;
    let at = house.told(&ben)[0].at;
    house.lets(&board, &ben, None).await;
    assert!(house.digest(&ben, at).await.is_empty());
    assert!(house.wiki.awaiting_digest(at).is_empty());
}

#[tokio::test]
async fn who_is_suspended_or_wants_none_gets_none() {
    let house = House::new().await;
    let board = board(&house).await;
    let (ann, ben) = (house.comes("Ann", Role::Member).await, house.comes("Ben", Role::Member).await);
    for one in [&ann, &ben] {
        house.lets(&board, one, Some(Level::View)).await;
    }
    let suspend = async |suspended| {
        let change = PersonChange { suspended: Some(suspended), ..PersonChange::default() };
        house.wiki.change_person(&house.administer(), ann.user().unwrap(), change).await.unwrap();
    };
    let wants = async |digest| {
        let profile = Profile { digest: Some(digest), ..Profile::default() };
        house.wiki.change_profile(&house.wiki.allow(&ben).unwrap(), profile).await.unwrap();
    };
    suspend(true).await;
    wants(Rhythm::Off).await;
    let at = now();
    assert!(house.wiki.awaiting_digest(at).is_empty());
    for one in [&ann, &ben] {
        assert!(house.digest(one, at).await.is_empty());
    }
    suspend(false).await;
    wants(Rhythm::Weekly).await;
    assert_eq!(house.wiki.awaiting_digest(at).len(), 2);
}
