//! What ends by itself holds in its last millisecond, not in the next, and is then as good as never made.

use std::sync::Arc;
use std::time::Duration;

use weft_access::action::{Administer, EditSpace, KeepAccount, ManagePage};
use weft_access::{Allowed, Level, Role, Scope, Subject, Who};
use weft_history::{History, HistorySettings};
use weft_hub::{Hub, HubSettings};
use weft_ids::{PageId, UnixMillis, UserId};
use weft_store::{MemoryStore, Rev, Store};

use crate::member::{
    INVITATION_MAX, INVITATIONS_MAX, NewOwner, NewPerson, NewToken, Newcomer, Offer, PEOPLE_MAX, Person,
    RESET_MAX, SIGN_IN_IDLE_MAX, SIGN_IN_MAX,
};
use crate::notice::{About, NOTICES_PER_PERSON_MAX};
use crate::page::{At, NewPage, PAGES_MAX, Page, Place};
use crate::share::Wish;
use crate::space::NewSpace;
use crate::wiki::{STOPPED, dice};
use crate::{Field, SecretHash, Wiki, WikiError};

const BEGINNING: u64 = 1_780_000_000_000;
const FIRST: SecretHash = SecretHash([1; 32]);
const OTHER: SecretHash = SecretHash([2; 32]);

/// Sets the clock of this thread, and with it that of the wiki.
fn wait(until: Duration) {
    STOPPED.set(Some(UnixMillis(BEGINNING + u64::try_from(until.as_millis()).unwrap())));
}

const MOMENT: Duration = Duration::from_millis(1);

/// A wiki at the beginning of time, and its owner, who is signed in with [`FIRST`].
async fn house() -> (Wiki, Person, Subject) {
    wait(Duration::ZERO);
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let hub = Hub::new(store.clone(), HubSettings::default());
    let history = History::new(store.clone(), hub.clone(), &HistorySettings::default());
    let wiki = Wiki::open(store, hub, history, false).await.unwrap();
    let owner = NewOwner { name: "Olga".into(), email: "olga@example.com".into(), password: None };
    let owner = wiki.set_up(owner, "Home").await.unwrap();
    wiki.sign_in(&owner.id, FIRST, "127.0.0.1", "a test").await.unwrap();
    let subject = Subject { person: Some(wiki.signed_in(&FIRST).unwrap().person), ..Subject::default() };
    (wiki, owner, subject)
}

#[tokio::test]
async fn a_sign_in_ends_when_it_is_not_used_and_in_any_case_after_its_longest_life() {
    let (wiki, owner, olga) = house().await;
    wait(SIGN_IN_IDLE_MAX);
    let id = wiki.signed_in(&FIRST).unwrap().id;
    wait(SIGN_IN_IDLE_MAX + MOMENT);
    assert!(wiki.signed_in(&FIRST).is_none());
    let account: Allowed<KeepAccount> = wiki.allow(&olga).unwrap();
    assert!(wiki.sign_ins(&account).is_empty());

    // One that is used every day.
    wait(Duration::ZERO);
    let mut at = Duration::ZERO;
    while at + Duration::from_hours(24) < SIGN_IN_MAX {
        at += Duration::from_hours(24);
        wait(at);
        assert!(wiki.signed_in(&FIRST).is_some(), "after {at:?}");
        wiki.note_seen(&id, "127.0.0.1").await.unwrap();
    }
    wait(SIGN_IN_MAX);
    assert!(wiki.signed_in(&FIRST).is_some());
    wait(SIGN_IN_MAX + MOMENT);
    assert!(wiki.signed_in(&FIRST).is_none());
    // The next sign-in clears it away.
    wiki.sign_in(&owner.id, OTHER, "127.0.0.1", "a test").await.unwrap();
    wait(Duration::ZERO);
    assert!(wiki.signed_in(&FIRST).is_none());
}

#[tokio::test]
async fn an_invitation_ends_and_makes_room_for_another() {
    let (wiki, _, olga) = house().await;
    let administer: Allowed<Administer> = wiki.allow(&olga).unwrap();
    let offer = || Offer { email: None, role: Role::Member, spaces: Vec::new() };
    let newcomer = || Newcomer { name: "Ann".into(), email: "ann@example.com".into(), password: None };
    for number in 0..INVITATIONS_MAX {
        let mut secret = [0xff; 32];
        secret[..8].copy_from_slice(&number.to_le_bytes());
        wiki.invite(&administer, SecretHash(secret), offer()).await.unwrap();
    }
    let mut first = SecretHash([0xff; 32]);
    first.0[..8].fill(0);
    wait(INVITATION_MAX.checked_sub(MOMENT).unwrap());
    assert!(wiki.invitation_by_secret(&first).is_some());
    let full = wiki.invite(&administer, OTHER, offer()).await;
    assert!(matches!(full, Err(WikiError::TooMany { max: INVITATIONS_MAX, .. })), "{full:?}");
    wait(INVITATION_MAX);
    assert!(wiki.invitation_by_secret(&first).is_none());
    assert!(wiki.invitations(&administer).is_empty());
    let late = wiki.accept_invitation(&first, newcomer()).await;
    assert!(matches!(late, Err(WikiError::Gone)), "{late:?}");
    assert!(wiki.person_by_email("ann@example.com").is_none());

    wiki.invite(&administer, OTHER, offer()).await.unwrap();
    wiki.accept_invitation(&OTHER, newcomer()).await.unwrap();
    let again = wiki.accept_invitation(&OTHER, newcomer()).await;
    assert!(matches!(again, Err(WikiError::Gone)), "{again:?}");
}

#[tokio::test]
async fn a_link_for_a_new_password_ends_and_works_once() {
    let (wiki, ..) = house().await;
    let reset = async || wiki.reset_password(&OTHER, "a hash".to_owned()).await;
    wiki.ask_for_reset("olga@example.com", OTHER).await.unwrap().unwrap();
    wait(RESET_MAX);
    assert!(wiki.reset_by_secret(&OTHER).is_none());
    let late = reset().await;
    assert!(matches!(late, Err(WikiError::Gone)), "{late:?}");
    assert!(wiki.signed_in(&FIRST).is_some(), "nobody was signed out by it");

    wait(RESET_MAX.checked_sub(MOMENT).unwrap());
    reset().await.unwrap();
    assert!(wiki.signed_in(&FIRST).is_none());
    let again = reset().await;
    assert!(matches!(again, Err(WikiError::Gone)), "{again:?}");
}

#[tokio::test]
async fn a_key_and_a_public_link_end_when_they_were_said_to() {
    let (wiki, _, olga) = house().await;
    let ends = Duration::from_hours(1);
    let expires = Some(UnixMillis(BEGINNING + 3_600_000));
    let account: Allowed<KeepAccount> = wiki.allow(&olga).unwrap();
    let key = NewToken { name: "Backup".into(), scope: Scope::Read, expires };
    wiki.make_token(&account, OTHER, key.clone()).await.unwrap();

    let (space, _) = wiki.spaces_of(&olga).remove(0);
    let place = Place::Top(wiki.allow_space::<EditSpace>(&olga, &space.id).unwrap());
    let page = NewPage { id: None, place, at: At::Last, icon: None, from: None };
    let page = wiki.make_page(page).await.unwrap();
    let manages: Allowed<ManagePage> = wiki.allow_page(&olga, &page.id).unwrap();
    let wish = Wish { level: Level::View, subtree: false, password: None, expires, indexed: false };
    wiki.make_share(&manages, OTHER, wish.clone()).await.unwrap();

    wait(ends.checked_sub(MOMENT).unwrap());
    assert!(wiki.keyed(&OTHER).is_some());
    assert!(wiki.share_by_secret(&OTHER).is_some());
    wait(ends);
    assert!(wiki.keyed(&OTHER).is_none());
    assert!(wiki.share_by_secret(&OTHER).is_none());
    let past = |done: WikiError| {
        assert!(matches!(done, WikiError::Invalid { field: Field::Expires, .. }), "{done:?}")
    };
    past(wiki.make_share(&manages, FIRST, wish).await.unwrap_err());
    past(wiki.make_token(&account, FIRST, key).await.unwrap_err());
}

#[tokio::test]
async fn of_what_somebody_was_told_the_oldest_goes() {
    let (wiki, _, olga) = house().await;
    let new =
        NewPerson { email: "ann@example.com".into(), name: "Ann".into(), role: Role::Member, password: None };
    let ann = wiki.add_by_hand(&wiki.allow(&olga).unwrap(), new, "Home").await.unwrap().id;
    wiki.sign_in(&ann, OTHER, "127.0.0.1", "a test").await.unwrap();
    let subject = Subject { person: Some(wiki.signed_in(&OTHER).unwrap().person), ..Subject::default() };
    let mut spaces = Vec::new();
    for number in 0..=NOTICES_PER_PERSON_MAX {
        wait(MOMENT * u32::try_from(number).unwrap());
        let new = NewSpace { name: format!("Space {number}"), ..NewSpace::default() };
        let space = wiki.make_space(&wiki.allow(&olga).unwrap(), new).await.unwrap();
        let manages = wiki.allow_space(&olga, &space.id).unwrap();
        wiki.grant_in_space(&manages, &Who::Person(ann.clone()), Some(Level::View)).await.unwrap();
        spaces.push(About::Space(space.id));
    }
    spaces.reverse();
    let told = wiki.notices(&wiki.allow(&subject).unwrap());
    let told: Vec<About> = told.into_iter().map(|notice| notice.about).collect();
    assert_eq!(told, spaces[..NOTICES_PER_PERSON_MAX]);
}

#[tokio::test]
async fn so_many_people_and_pages_and_one_more_is_refused() {
    let (wiki, olga, subject) = house().await;
    let place = || {
        let (space, _) = wiki.spaces_of(&subject).remove(0);
        Place::Top(wiki.allow_space::<EditSpace>(&subject, &space.id).unwrap())
    };
    let page = || NewPage { id: None, place: place(), at: At::Last, icon: None, from: None };
    let first = wiki.make_page(page()).await.unwrap();
    // Put there at once: one by one would take long.
    {
        let mut model = wiki.0.model.write().unwrap();
        for _ in 1..PEOPLE_MAX {
            model.people.put(Person { id: UserId::random(dice()), ..olga.clone() }, Rev(1));
        }
        for _ in 1..PAGES_MAX {
            model.pages.put(Page { id: PageId::random(dice()), ..first.clone() }, Rev(1));
        }
    }
    let new =
        NewPerson { email: "ann@example.com".into(), name: "Ann".into(), role: Role::Member, password: None };
    let full = wiki.add_by_hand(&wiki.allow(&subject).unwrap(), new, "Home").await;
    assert!(matches!(full, Err(WikiError::TooMany { max: PEOPLE_MAX, .. })), "{full:?}");
    let full = wiki.make_page(page()).await;
    assert!(matches!(full, Err(WikiError::TooMany { max: PAGES_MAX, .. })), "{full:?}");
}
