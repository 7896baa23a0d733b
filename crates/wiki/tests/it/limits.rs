//! One past every limit is refused, nothing is changed by it, and what was removed makes room again.

use weft_access::action::{DestroyPage, EditPage, ManagePage, RestPage};
use weft_access::{Granted, Level, Role, Scope, Who};
use weft_ids::{AppName, UserId};
use weft_wiki::app::{
    APP_KEYS_MAX, APP_ORIGIN_BYTES_MAX, APP_ORIGINS_MAX, APP_TITLE_CHARACTERS_MAX, APPS_MAX, Signs,
};
use weft_wiki::desk::{FAVOURITES_MAX, Shelf, VIEWED_MAX, WATCHED_MAX};
use weft_wiki::member::{
    AGENT_CHARACTERS_MAX, EMAIL_BYTES_MAX, GROUP_NAME_CHARACTERS_MAX, GROUPS_MAX, INVITATIONS_MAX,
    INVITED_SPACES_MAX, LANGUAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX, NewPasskey, NewPerson, NewToken, Offer,
    PASSKEY_NAME_CHARACTERS_MAX, PASSKEY_STATE_BYTES, Profile, SIGN_INS_PER_PERSON_MAX,
    TIME_ZONE_CHARACTERS_MAX, TOKEN_NAME_CHARACTERS_MAX, TOKENS_PER_PERSON_MAX, email_cleaned,
};
use weft_wiki::page::{At, PAGE_DEPTH_MAX, Page, PageChange, Place};
use weft_wiki::share::{SHARES_PER_PAGE_MAX, Wish};
use weft_wiki::space::{
    DESCRIPTION_CHARACTERS_MAX, GRANTED_MAX, ICON_CHARACTERS_MAX, NewSpace, SLUG_CHARACTERS_MAX,
    SPACE_NAME_CHARACTERS_MAX, SPACES_MAX, SpaceChange,
};
use weft_wiki::{Field, SecretHash, WikiError};

use crate::{House, named};

/// Characters that cannot be seen, or turn what stands beside them.
const UNSEEN: [char; 11] = [
    '\u{0}',
    '\u{7}',
    '\u{1b}',
    '\u{7f}',
    '\u{ad}',
    '\u{200b}',
    '\u{200e}',
    '\u{202e}',
    '\u{2066}',
    '\u{feff}',
    '\u{e0041}',
];

fn too_many<T: std::fmt::Debug>(done: Result<T, WikiError>, expected: usize) {
    assert!(matches!(&done, Err(WikiError::TooMany { max, .. }) if *max == expected), "{done:?}");
}

fn invalid<T: std::fmt::Debug>(done: Result<T, WikiError>, expected: Field) {
    assert!(matches!(&done, Err(WikiError::Invalid { field, .. }) if *field == expected), "{done:?}");
}

fn hash(number: usize) -> SecretHash {
    let mut bytes = [0xff; 32];
    bytes[..8].copy_from_slice(&number.to_le_bytes());
    SecretHash(bytes)
}

#[tokio::test]
async fn what_is_kept_at_hand_has_its_limits_and_what_is_gone_makes_room() {
    for (shelf, max) in [(Shelf::Favourites, FAVOURITES_MAX), (Shelf::Watched, WATCHED_MAX)] {
        let house = House::new().await;
        let team = house.team().await;
        let keep = async |page: &Page, wanted| {
            house.wiki.keep_at_hand(&house.note(), &house.sees(page), shelf, wanted).await
        };
        let mut pages = Vec::new();
        for _ in 0..max {
            let page = house.makes_at_top(&team).await;
            keep(&page, true).await.unwrap();
            pages.push(page);
        }
        let one_more = house.makes_at_top(&team).await;
        too_many(keep(&one_more, true).await, max);
        // What is there already is no more.
        keep(&pages[3], true).await.unwrap();
        keep(&pages[3], false).await.unwrap();
        keep(&one_more, true).await.unwrap();
        too_many(keep(&pages[3], true).await, max);
        // What is gone cannot be taken off the list by anybody.
        house.wiki.trash_page(&house.page::<RestPage>(&pages[5].id)).await.unwrap();
        house.wiki.destroy_page(&house.page::<DestroyPage>(&pages[5].id)).await.unwrap();
        keep(&pages[3], true).await.unwrap();
        too_many(keep(&house.makes_at_top(&team).await, true).await, max);
    }
}

#[tokio::test]
async fn a_page_has_so_many_links_and_so_many_who_are_named() {
    let house = House::new().await;
    let page = house.makes_at_top(&house.team().await).await;
    let proof = house.page::<ManagePage>(&page.id);
    let wish = || Wish { level: Level::View, subtree: false, password: None, expires: None, indexed: false };
    for number in 0..SHARES_PER_PAGE_MAX {
        house.wiki.make_share(&proof, hash(number), wish()).await.unwrap();
    }
    too_many(house.wiki.make_share(&proof, hash(9_999), wish()).await, SHARES_PER_PAGE_MAX);
    let one = house.wiki.shares(&proof)[0].id.clone();
    house.wiki.end_share(&proof, &one).await.unwrap();
    house.wiki.make_share(&proof, hash(9_999), wish()).await.unwrap();

    let olga = Who::Person(house.owner.user().unwrap().clone());
    let of = |count| vec![Granted { who: olga.clone(), level: Level::View }; count];
    too_many(house.wiki.set_page_rules(&proof, false, of(GRANTED_MAX + 1)).await, GRANTED_MAX);
    let unknown = Who::Person(UserId::new(&"a".repeat(24)).unwrap());
    let unknown = vec![Granted { who: unknown, level: Level::View }];
    invalid(house.wiki.set_page_rules(&proof, true, unknown).await, Field::Who);
    assert!(!house.wiki.page(&page.id).unwrap().rules.restricted);
}

#[tokio::test]
async fn pages_lie_so_deep_and_no_deeper_however_they_come_there() {
    let house = House::new().await;
    let team = house.team().await;
    let mut path = vec![house.makes_at_top(&team).await];
    while path.len() < PAGE_DEPTH_MAX {
        path.push(house.makes_below(path.last().unwrap()).await.unwrap());
    }
    let deepest = path.last().unwrap();
    let too_deep = |done: Result<Page, WikiError>| {
        assert!(matches!(done, Err(WikiError::TooDeep { max: PAGE_DEPTH_MAX })), "{done:?}");
    };
    too_deep(house.makes_below(deepest).await);
    let tree = house.makes_at_top(&team).await;
    let leaf = house.makes_below(&tree).await.unwrap();
    let to = async |page: &Page, below: &Page| {
        let place = Place::Below(house.page::<EditPage>(&below.id));
        house.wiki.move_page(&house.page::<EditPage>(&page.id), &place, &At::Last).await
    };
    too_deep(to(&tree, &path[PAGE_DEPTH_MAX - 2]).await);
    too_deep(to(&leaf, deepest).await);
    to(&tree, &path[PAGE_DEPTH_MAX - 3]).await.unwrap();
    for below in &path[1..] {
        assert!(matches!(to(&path[0], below).await, Err(WikiError::Circle)));
    }
    assert!(matches!(to(&path[7], &path[7]).await, Err(WikiError::Circle)));
}

#[tokio::test]
async fn names_have_their_lengths_and_nothing_that_cannot_be_seen() {
    let house = House::new().await;
    let team = house.team().await;
    let page = house.makes_at_top(&team).await;
    let (wiki, administer, account) = (&house.wiki, house.administer(), house.account());
    let rename = async |name: String| {
        let profile = Profile { name: Some(name), ..Profile::default() };
        wiki.change_profile(&account, profile).await.map(drop)
    };
    let space = async |change: SpaceChange| wiki.change_space(&house.manages(&team), change).await.map(drop);
    let say = async |field: Field, limit: usize, text: String| match (field, limit) {
        (Field::Name, NAME_CHARACTERS_MAX) => rename(text).await,
        (Field::Name, _) => space(SpaceChange { name: Some(text), ..Default::default() }).await,
        (Field::Slug, _) => space(SpaceChange { slug: Some(text), ..Default::default() }).await,
        (Field::Description, _) => space(SpaceChange { description: Some(text), ..Default::default() }).await,
        _ => {
            let change = PageChange { icon: Some(Some(text)), template: None };
            wiki.change_page(&house.page::<EditPage>(&page.id), change).await.map(drop)
        }
    };
    for (field, limit) in [
        (Field::Name, NAME_CHARACTERS_MAX),
        (Field::Name, SPACE_NAME_CHARACTERS_MAX),
        (Field::Slug, SLUG_CHARACTERS_MAX),
        (Field::Description, DESCRIPTION_CHARACTERS_MAX),
        (Field::Icon, ICON_CHARACTERS_MAX),
    ] {
        say(field, limit, "训".repeat(limit)).await.unwrap();
        invalid(say(field, limit, "训".repeat(limit + 1)).await, field);
        for unseen in UNSEEN {
            invalid(say(field, limit, format!("a{unseen}b")).await, field);
        }
        if field != Field::Description {
            for nothing in ["", " ", "\n\t"] {
                invalid(say(field, limit, nothing.to_owned()).await, field);
            }
        }
    }
    assert_eq!(wiki.space(&team.id).unwrap().name, "训".repeat(SPACE_NAME_CHARACTERS_MAX));

    let group = async |name: &str| wiki.make_group(&administer, name).await;
    group(&"é".repeat(GROUP_NAME_CHARACTERS_MAX)).await.unwrap();
    invalid(group(&"é".repeat(GROUP_NAME_CHARACTERS_MAX + 1)).await, Field::Name);
    let key = async |name: String| {
        wiki.make_token(&account, hash(name.len()), NewToken { name, scope: Scope::Read, expires: None })
            .await
    };
    key("é".repeat(TOKEN_NAME_CHARACTERS_MAX)).await.unwrap();
    invalid(key("é".repeat(TOKEN_NAME_CHARACTERS_MAX + 1)).await, Field::Name);
    for unseen in UNSEEN {
        invalid(group(&format!("a{unseen}b")).await, Field::Name);
        invalid(key(format!("a{unseen}b")).await, Field::Name);
    }
}

#[tokio::test]
async fn nobody_and_nothing_passes_for_another() {
    let house = House::new().await;
    let administer = house.administer();
    let comes = async |name: &str, email: &str| {
        let new =
            NewPerson { email: email.to_owned(), name: name.to_owned(), role: Role::Member, password: None };
        house.wiki.add_by_hand(&administer, new, "Home").await
    };
    let taken = |done: Result<(), WikiError>, field: Field| {
        assert!(matches!(&done, Err(WikiError::Taken(known)) if *known == field), "{done:?}");
    };
    comes("Anna", "anna@example.com").await.unwrap();
    // A namesake is none who passes for her; one in letters of another script is.
    comes("Anna", "another@example.com").await.unwrap();
    for name in ["Аnna", "Оlga", "Annа", "ΟLGA"] {
        taken(comes(name, "third@example.com").await.map(drop), Field::Name);
    }
    for email in ["ANNA@example.com", " anna@EXAMPLE.com "] {
        taken(comes("Other", email).await.map(drop), Field::Email);
    }
    house.wiki.make_group(&administer, "Design").await.unwrap();
    for name in ["design", " DESIGN ", "Dеsign"] {
        taken(house.wiki.make_group(&administer, name).await.map(drop), Field::Name);
    }
    let slug = async |slug: &str| {
        house.makes_space(NewSpace { slug: Some(slug.to_owned()), ..named("Any") }).await.map(drop)
    };
    slug("ops").await.unwrap();
    for like in ["ops", "OPS", "оps", "0ps", "settings", "аdmin", "s", "api", "page"] {
        taken(slug(like).await, Field::Slug);
    }
    for bad in ["a b", "-a", "a-", "a--b", "a/b", "a.b", "🦊", "%61"] {
        invalid(slug(bad).await, Field::Slug);
    }
}

#[test]
fn an_address_is_one_that_mail_could_reach() {
    for good in [
        "a@example.com",
        "first.last+tag@sub.example.co.uk",
        "o'brien_1=x@example.org",
        "用户@例子.公司",
        "a@localhost",
    ] {
        assert_eq!(email_cleaned(good).unwrap(), good);
    }
    for bad in [
        "",
        "a",
        "@",
        "a@",
        "@example.com",
        "a@b@example.com",
        "a b@example.com",
        "a@exa mple.com",
        ".a@example.com",
        "a.@example.com",
        "a..b@example.com",
        "\"a b\"@example.com",
        "a@-example.com",
        "a@example..com",
        "a@.example.com",
        "Ann <a@example.com>",
        "a@example.com,b@example.com",
        "a@example.com\r\nBcc: b@example.com",
        "a\u{0}@example.com",
        "a\u{200b}@example.com",
    ] {
        let done = email_cleaned(bad);
        assert!(matches!(done, Err(WikiError::Invalid { field: Field::Email, .. })), "{bad:?}: {done:?}");
    }
    let labels = format!("{}.{}.{}", "b".repeat(60), "c".repeat(60), "d".repeat(60));
    let of = |bytes: usize| format!("{}@{labels}", "a".repeat(bytes - labels.len() - 1));
    assert!(
        of(EMAIL_BYTES_MAX + 1).len() == EMAIL_BYTES_MAX + 1
            && email_cleaned(&of(EMAIL_BYTES_MAX + 1)).is_err()
    );
}

#[tokio::test]
async fn a_person_has_so_many_keys_and_browsers() {
    let house = House::new().await;
    let key = async |number: usize| {
        let new = NewToken { name: format!("Key {number}"), scope: Scope::Read, expires: None };
        house.wiki.make_token(&house.account(), hash(number), new).await
    };
    for number in 0..TOKENS_PER_PERSON_MAX {
        key(number).await.unwrap();
    }
    too_many(key(9_999).await, TOKENS_PER_PERSON_MAX);
    let one = house.wiki.tokens(&house.account())[0].id.clone();
    house.wiki.revoke_token(&house.account(), &one).await.unwrap();
    key(9_999).await.unwrap();

    let user = house.owner.user().unwrap().clone();
    for number in 0..SIGN_INS_PER_PERSON_MAX {
        house.wiki.sign_in(&user, hash(number), "127.0.0.1", "a test").await.unwrap();
    }
    assert_eq!(house.wiki.sign_ins(&house.account()).len(), SIGN_INS_PER_PERSON_MAX);
    assert!(house.wiki.signed_in(&hash(SIGN_INS_PER_PERSON_MAX - 1)).is_some());
}

#[tokio::test]
async fn so_many_groups_spaces_and_invitations_and_one_more_is_refused() {
    let house = House::new().await;
    let administer = house.administer();
    let mut last = None;
    for number in 0..GROUPS_MAX {
        last = Some(house.wiki.make_group(&administer, &format!("Group {number}")).await.unwrap());
    }
    too_many(house.wiki.make_group(&administer, "One more").await, GROUPS_MAX);
    house.wiki.remove_group(&administer, &last.unwrap().id).await.unwrap();
    house.wiki.make_group(&administer, "One more").await.unwrap();

    let team = house.team().await;
    let offer = |spaces: usize| Offer {
        email: None,
        role: Role::Guest,
        spaces: vec![(house.manages(&team), Level::View); spaces],
    };
    too_many(
        house.wiki.invite(&administer, hash(9_999), offer(INVITED_SPACES_MAX + 1)).await,
        INVITED_SPACES_MAX,
    );
    house.wiki.invite(&administer, hash(0), offer(INVITED_SPACES_MAX)).await.unwrap();
    for number in 1..INVITATIONS_MAX {
        house.wiki.invite(&administer, hash(number), offer(0)).await.unwrap();
    }
    too_many(house.wiki.invite(&administer, hash(9_999), offer(0)).await, INVITATIONS_MAX);
    let one = house.wiki.invitations(&administer)[0].id.clone();
    house.wiki.revoke_invitation(&administer, &one).await.unwrap();
    house.wiki.invite(&administer, hash(9_999), offer(0)).await.unwrap();

    // Home and the team's are there.
    for number in 2..SPACES_MAX {
        house.makes_space(named(&format!("Space {number}"))).await.unwrap();
    }
    too_many(house.makes_space(named("One more")).await, SPACES_MAX);
    house.wiki.remove_space(&house.manages(&team), "Team").await.unwrap();
    house.makes_space(named("One more")).await.unwrap();
}

#[tokio::test]
async fn apps_have_their_limits() {
    let house = House::new().await;
    let administer = house.administer();
    let key = |number: usize| Signs::Public(hash(number).0);
    let make = async |number: usize, title: &str, origins: Vec<String>| {
        let name = AppName::new(&format!("app-{number}")).unwrap();
        house.wiki.make_app(&administer, name, title, key(number), origins).await
    };
    let origins = |count: usize| (0..count).map(|n| format!("https://{n}.example.com")).collect::<Vec<_>>();
    let origin_of = |bytes: usize| format!("https://{}", "a".repeat(bytes - 8));

    invalid(make(0, &"é".repeat(APP_TITLE_CHARACTERS_MAX + 1), Vec::new()).await, Field::Name);
    too_many(make(0, "One", origins(APP_ORIGINS_MAX + 1)).await, APP_ORIGINS_MAX);
    invalid(make(0, "One", vec![origin_of(APP_ORIGIN_BYTES_MAX + 1)]).await, Field::Origins);
    assert!(house.wiki.apps(&administer).is_empty());

    make(0, &"é".repeat(APP_TITLE_CHARACTERS_MAX), origins(APP_ORIGINS_MAX)).await.unwrap();
    let app = make(1, "One", vec![origin_of(APP_ORIGIN_BYTES_MAX)]).await.unwrap();
    for number in 1..APP_KEYS_MAX {
        house.wiki.add_app_key(&administer, &app.name, key(1_000 + number)).await.unwrap();
    }
    too_many(house.wiki.add_app_key(&administer, &app.name, key(9_999)).await, APP_KEYS_MAX);
    house.wiki.remove_app_key(&administer, &app.name, &app.keys[0].id).await.unwrap();
    house.wiki.add_app_key(&administer, &app.name, key(9_999)).await.unwrap();

    for number in 2..APPS_MAX {
        make(number, "One", Vec::new()).await.unwrap();
    }
    too_many(make(9_999, "One", Vec::new()).await, APPS_MAX);
    house.wiki.remove_app(&administer, &app.name).await.unwrap();
    make(9_999, "One", Vec::new()).await.unwrap();
}

#[tokio::test]
async fn of_the_pages_looked_at_the_one_longest_ago_goes() {
    let house = House::new().await;
    let team = house.team().await;
    let mut pages = Vec::new();
    for _ in 0..=VIEWED_MAX {
        let page = house.makes_at_top(&team).await;
        house.wiki.note_view(&house.note(), &house.sees(&page)).await.unwrap();
        pages.push(page.id);
    }
    pages.reverse();
    let viewed = house.wiki.desk(house.owner.user().unwrap()).viewed;
    assert_eq!(viewed.into_iter().map(|(page, _)| page).collect::<Vec<_>>(), pages[..VIEWED_MAX]);
}

#[tokio::test]
async fn what_people_say_of_themselves_and_their_devices_has_its_lengths() {
    let house = House::new().await;
    let account = house.account();
    let says = async |profile: Profile| house.wiki.change_profile(&account, profile).await;
    let zone = async |zone: String| says(Profile { time_zone: Some(Some(zone)), ..Profile::default() }).await;
    let language =
        async |tag: String| says(Profile { language: Some(Some(tag)), ..Profile::default() }).await;
    zone("z".repeat(TIME_ZONE_CHARACTERS_MAX)).await.unwrap();
    invalid(zone("z".repeat(TIME_ZONE_CHARACTERS_MAX + 1)).await, Field::TimeZone);
    language("e".repeat(LANGUAGE_CHARACTERS_MAX)).await.unwrap();
    invalid(language("e".repeat(LANGUAGE_CHARACTERS_MAX + 1)).await, Field::Language);
    let passkey = async |number: u8, name: String| {
        let state = [0; PASSKEY_STATE_BYTES];
        let new = NewPasskey { credential: vec![number], transports: 0, key: vec![1], state };
        house.wiki.add_passkey(&account, &name, new).await
    };
    passkey(0, "é".repeat(PASSKEY_NAME_CHARACTERS_MAX)).await.unwrap();
    invalid(passkey(1, "é".repeat(PASSKEY_NAME_CHARACTERS_MAX + 1)).await, Field::Name);

    let agent = "é".repeat(AGENT_CHARACTERS_MAX + 1);
    let id = house.wiki.sign_in(house.owner.user().unwrap(), hash(0), "127.0.0.1", &agent).await.unwrap();
    let kept = house.wiki.sign_ins(&account).into_iter().find(|sign_in| sign_in.id == id).unwrap();
    assert_eq!(kept.agent, "é".repeat(AGENT_CHARACTERS_MAX), "no browser is refused for its name");
}
