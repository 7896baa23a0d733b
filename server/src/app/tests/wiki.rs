//! Spaces, pages and links over HTTP: who may what, and what each is told.

use serde_json::{Value, json};
use weft_access::action::Administer;
use weft_access::{Level, Role, Subject, Who};
use weft_ids::UserId;
use weft_wiki::member::{NewOwner, NewPerson};

use super::*;
use crate::asking::hash;
use crate::auth::cookie::Scheme;
use crate::auth::secret::{Kind, Secret};
use crate::http::shares::LINK_PASSWORD_CHARACTERS_MAX;

/// Somebody who is signed in, by their cookie.
pub(super) struct Browser {
    pub(super) cookie: String,
    pub(super) user: UserId,
}

impl World {
    async fn with_owner() -> (Self, Browser) {
        let world = Self::local().await;
        let owner = NewOwner { name: "Olga".into(), email: "olga@example.com".into(), password: None };
        let person = world.app.wiki.set_up(owner, "Home").await.unwrap();
        let browser = world.sign_in(&person.id).await;
        (world, browser)
    }

    async fn sign_in(&self, user: &UserId) -> Browser {
        let secret = Secret::random(Kind::SignIn);
        self.app.wiki.sign_in(user, hash(&secret), "127.0.0.1", "a test").await.unwrap();
        Browser { cookie: format!("weft={}", *secret.reveal()), user: user.clone() }
    }

    async fn joins(&self, name: &str, role: Role) -> Browser {
        let email = format!("{}@example.com", name.to_lowercase());
        let proof = self.app.wiki.allow::<Administer>(&Subject::operator()).unwrap();
        let new = NewPerson { email, name: name.to_owned(), role, password: None };
        let person = self.app.wiki.add_by_hand(&proof, new, "Home").await.unwrap();
        self.sign_in(&person.id).await
    }

    pub(super) async fn does(&self, who: &Browser, method: Method, path: &str, body: Value) -> Answer {
        let fields = [("cookie", who.cookie.as_str()), ("content-type", "application/json")];
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        self.ask(method, path, &fields, body).await
    }

    pub(super) async fn reads(&self, who: &Browser, path: &str) -> Answer {
        self.does(who, Method::GET, path, Value::Null).await
    }

    /// Makes a space; answers its id.
    pub(super) async fn space(&self, who: &Browser, name: &str, members: Option<&str>) -> String {
        let body = json!({ "name": name, "members": members });
        let answer = self.does(who, Method::POST, "/api/spaces", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Makes a page; answers its id.
    pub(super) async fn page(&self, who: &Browser, space: &str, parent: Option<&str>) -> String {
        let body = json!({ "space": space, "parent": parent });
        let answer = self.does(who, Method::POST, "/api/pages", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The ids of a space's pages, in order.
    async fn tree(&self, who: &Browser, space: &str) -> Vec<String> {
        let answer = self.reads(who, &format!("/api/spaces/{space}/pages")).await.json();
        let pages = answer["pages"].as_array().unwrap();
        pages.iter().map(|page| page["id"].as_str().unwrap().to_owned()).collect()
    }

    pub(super) async fn grant(&self, who: &Browser, space: &str, whom: &Browser, level: &str) -> Answer {
        let body = json!({ "who": { "person": whom.user.as_str() }, "level": level });
        self.does(who, Method::PUT, &format!("/api/spaces/{space}/grants"), body).await
    }
}

#[tokio::test]
async fn without_signing_in_nothing_of_the_wiki_is_told() {
    let (world, olga) = World::with_owner().await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let unknown = "a".repeat(24);
    for path in [
        "/api/spaces".to_owned(),
        format!("/api/spaces/{space}"),
        format!("/api/spaces/{space}/pages"),
        format!("/api/spaces/{unknown}"),
        format!("/api/pages/{page}"),
        format!("/api/pages/{unknown}"),
        format!("/api/docs/page%2F{page}/text"),
        "/api/home".to_owned(),
        "/api/find?q=x".to_owned(),
    ] {
        let answer = world.get(&path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "sign_in"), "{path}");
    }
    assert_eq!(world.get("/api/docs").await.json()["documents"], json!([]));
}

#[tokio::test]
async fn a_cookie_counts_for_pages_of_this_server_only() {
    let (world, olga) = World::with_owner().await;
    for (origin, status) in [
        ("http://localhost:4545", StatusCode::OK),
        ("http://localhost:5173", StatusCode::UNAUTHORIZED),
        ("https://evil.example", StatusCode::FORBIDDEN),
    ] {
        let fields = [("cookie", olga.cookie.as_str()), ("origin", origin)];
        let answer = world.ask(Method::GET, "/api/spaces", &fields, Body::empty()).await;
        assert_eq!(answer.status, status, "{origin}");
    }
    assert_eq!(Scheme::default(), Scheme::Http);
}

#[tokio::test]
async fn pages_are_made_moved_and_stand_in_their_order() {
    let (world, olga) = World::with_owner().await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let a = world.page(&olga, &space, None).await;
    let b = world.page(&olga, &space, None).await;
    let inside = world.page(&olga, &space, Some(&a)).await;
    assert_eq!(world.tree(&olga, &space).await, [&a, &inside, &b].map(Clone::clone));

    let to = |body: Value, page: &str| (format!("/api/pages/{page}/move"), body);
    let (path, body) = to(json!({ "after": null }), &b);
    assert_eq!(world.does(&olga, Method::POST, &path, body).await.status, StatusCode::OK);
    assert_eq!(world.tree(&olga, &space).await, [&b, &a, &inside].map(Clone::clone));

    for below in [&a, &inside] {
        let (path, body) = to(json!({ "parent": below }), &a);
        let answer = world.does(&olga, Method::POST, &path, body).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::CONFLICT, "circle"));
    }
    let other = world.space(&olga, "Other", None).await;
    let (path, body) = to(json!({ "space": other }), &a);
    assert_eq!(world.does(&olga, Method::POST, &path, body).await.json()["space"], json!(other));
    assert_eq!(world.tree(&olga, &other).await, [&a, &inside].map(Clone::clone));
    assert_eq!(world.tree(&olga, &space).await, [b]);
}

#[tokio::test]
async fn what_is_private_stays_private_and_who_is_let_in_sees_it() {
    let (world, olga) = World::with_owner().await;
    let ann = world.joins("Ann", Role::Member).await;
    let space = world.space(&olga, "Board", None).await;
    let page = world.page(&olga, &space, None).await;
    for path in [
        format!("/api/spaces/{space}"),
        format!("/api/pages/{page}"),
        format!("/api/docs/page%2F{page}/text"),
    ] {
        let answer = world.reads(&ann, &path).await;
        assert_eq!((answer.status, answer.code().as_str()), (StatusCode::NOT_FOUND, "not_found"), "{path}");
    }
    assert_eq!(world.grant(&olga, &space, &ann, "view").await.status, StatusCode::OK);
    let seen = world.reads(&ann, &format!("/api/pages/{page}")).await.json();
    assert_eq!((seen["level"].clone(), seen["audience"]["kind"].clone()), (json!("view"), json!("people")));
    assert!(seen.get("grants").is_none());
    for (method, path, body) in [
        (Method::PATCH, format!("/api/pages/{page}"), json!({ "icon": "🦊" })),
        (Method::DELETE, format!("/api/pages/{page}"), Value::Null),
        (Method::POST, "/api/pages".to_owned(), json!({ "space": space })),
        (Method::PUT, format!("/api/pages/{page}/access"), json!({ "restricted": true, "grants": [] })),
        (Method::PATCH, format!("/api/spaces/{space}"), json!({ "name": "Mine" })),
        (Method::POST, format!("/api/docs/page%2F{page}/update"), Value::Null),
    ] {
        let answer = world.does(&ann, method.clone(), &path, body).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (StatusCode::FORBIDDEN, "forbidden"),
            "{method} {path}"
        );
    }
}

#[tokio::test]
async fn a_restricted_page_is_for_those_it_names() {
    let (world, olga) = World::with_owner().await;
    let (ann, ben) = (world.joins("Ann", Role::Member).await, world.joins("Ben", Role::Member).await);
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let inside = world.page(&olga, &space, Some(&page)).await;
    let body = json!({ "restricted": true, "grants": [{ "who": { "person": ann.user.as_str() }, "level": "edit" }] });
    let answer = world.does(&olga, Method::PUT, &format!("/api/pages/{page}/access"), body).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    assert_eq!(world.tree(&ann, &space).await, [&page, &inside].map(Clone::clone));
    assert!(world.tree(&ben, &space).await.is_empty());
    assert_eq!(world.reads(&ben, &format!("/api/pages/{inside}")).await.status, StatusCode::NOT_FOUND);
    let sentence = world.reads(&ann, &format!("/api/pages/{inside}")).await.json()["audience"].clone();
    assert_eq!(sentence["kind"], json!("people"));
    let names: Vec<_> =
        sentence["people"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names.len(), 2, "{sentence}");
}

#[tokio::test]
async fn the_trash_takes_whole_trees_and_gives_them_back() {
    let (world, olga) = World::with_owner().await;
    let ann = world.joins("Ann", Role::Member).await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let inside = world.page(&olga, &space, Some(&page)).await;
    let deeper = world.page(&olga, &space, Some(&inside)).await;
    let path = |page: &str, what: &str| format!("/api/pages/{page}{what}");
    assert_eq!(
        world.does(&ann, Method::DELETE, &path(&inside, ""), Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        world.does(&ann, Method::DELETE, &path(&page, ""), Value::Null).await.status,
        StatusCode::NO_CONTENT
    );
    assert!(world.tree(&ann, &space).await.is_empty());
    let trash = world.reads(&ann, &format!("/api/spaces/{space}/trash")).await.json();
    assert_eq!(trash["pages"].as_array().unwrap().len(), 2);
    // Whose parent lies in the trash comes to the top.
    let back = world.does(&ann, Method::POST, &path(&inside, "/restore"), Value::Null).await;
    assert_eq!((back.status, back.json()["parent"].clone()), (StatusCode::OK, Value::Null));
    assert_eq!(world.tree(&ann, &space).await, [&inside, &deeper].map(Clone::clone));

    let forever = path(&page, "/forever");
    assert_eq!(world.does(&ann, Method::DELETE, &forever, Value::Null).await.code(), "forbidden");
    assert_eq!(
        world.does(&olga, Method::DELETE, &path(&inside, "/forever"), Value::Null).await.code(),
        "conflict"
    );
    assert_eq!(world.does(&olga, Method::DELETE, &forever, Value::Null).await.status, StatusCode::NO_CONTENT);
    assert_eq!(world.reads(&olga, &path(&page, "")).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_public_link_opens_its_page_until_it_is_ended() {
    let (world, olga) = World::with_owner().await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let inside = world.page(&olga, &space, Some(&page)).await;
    let body = json!({ "level": "view", "subtree": true });
    let made = world.does(&olga, Method::POST, &format!("/api/pages/{page}/shares"), body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{made:?}");
    let made = made.json();
    let secret = made["link"].as_str().unwrap().rsplit_once("/s/").unwrap().1.to_owned();
    let shared = world.get(&format!("/api/shared/{secret}")).await;
    assert_eq!(shared.header("x-robots-tag"), "noindex, nofollow");
    let shared = shared.json();
    assert_eq!(
        (shared["page"]["id"].clone(), shared["pages"][0]["id"].clone()),
        (json!(page), json!(inside))
    );
    assert_eq!(shared["page"]["audience"]["people"], json!([]), "names are not for everybody");

    let by_link = [("weft-share", secret.as_str())];
    let path = format!("/api/docs/page%2F{inside}/update");
    let refused = world.ask(Method::POST, &path, &by_link, update(0)).await;
    assert_eq!(refused.code(), "forbidden");
    let share = made["id"].as_str().unwrap();
    let edit =
        world.does(&olga, Method::PATCH, &format!("/api/shares/{share}"), json!({ "level": "edit" })).await;
    assert_eq!(edit.status, StatusCode::OK);
    assert_eq!(world.ask(Method::POST, &path, &by_link, update(0)).await.status, StatusCode::CREATED);

    let ended = world.does(&olga, Method::DELETE, &format!("/api/shares/{share}"), Value::Null).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(world.get(&format!("/api/shared/{secret}")).await.code(), "not_found");
    assert_eq!(world.ask(Method::POST, &path, &by_link, update(2)).await.code(), "sign_in");
}

#[tokio::test]
async fn a_links_password_is_asked_for_once_a_browser() {
    let (world, olga) = World::with_owner().await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let shares = format!("/api/pages/{page}/shares");
    for (characters, status) in
        [(0, 422), (LINK_PASSWORD_CHARACTERS_MAX, 201), (LINK_PASSWORD_CHARACTERS_MAX + 1, 422)]
    {
        let body = json!({ "level": "view", "password": "é".repeat(characters) });
        let made = world.does(&olga, Method::POST, &shares, body).await;
        assert_eq!(made.status.as_u16(), status, "{characters} characters");
    }
    let body = json!({ "level": "view", "password": "open sesame" });
    let made = world.does(&olga, Method::POST, &shares, body).await.json();
    let secret = made["link"].as_str().unwrap().rsplit_once("/s/").unwrap().1.to_owned();
    let path = format!("/api/shared/{secret}");
    let locked = world.get(&path).await.json();
    assert_eq!((locked["needsPassword"].clone(), locked.get("page")), (json!(true), None));
    let json = [("content-type", "application/json")];
    let try_it = |password: &str| json!({ "password": password }).to_string();
    let unlock = format!("{path}/unlock");
    assert_eq!(world.ask(Method::POST, &unlock, &json, try_it("sesame")).await.code(), "wrong");
    let opened = world.ask(Method::POST, &unlock, &json, try_it("open sesame")).await;
    assert_eq!(opened.status, StatusCode::NO_CONTENT);
    let cookie = opened.header("set-cookie").split(';').next().unwrap().to_owned();
    let fields = [("cookie", cookie.as_str())];
    assert_eq!(world.ask(Method::GET, &path, &fields, Body::empty()).await.json()["page"]["id"], json!(page));
}

#[tokio::test]
async fn a_space_always_has_somebody_who_can_manage_it() {
    let (world, olga) = World::with_owner().await;
    let ann = world.joins("Ann", Role::Member).await;
    let space = world.space(&ann, "Private", None).await;
    let body = json!({ "who": { "person": ann.user.as_str() } });
    let path = format!("/api/spaces/{space}/grants");
    assert_eq!(world.does(&ann, Method::DELETE, &path, body).await.code(), "last_manager");
    assert_eq!(world.reads(&olga, &format!("/api/spaces/{space}")).await.code(), "not_found");
    let taken = world.does(&olga, Method::POST, &format!("/api/spaces/{space}/take-over"), Value::Null).await;
    assert_eq!((taken.status, taken.json()["level"].clone()), (StatusCode::OK, json!("manage")));
    assert_eq!(
        world.does(&ann, Method::POST, &format!("/api/spaces/{space}/take-over"), Value::Null).await.code(),
        "forbidden"
    );
    let named = |name: &str| json!({ "name": name });
    let path = format!("/api/spaces/{space}");
    assert_eq!(world.does(&ann, Method::DELETE, &path, named("private")).await.code(), "invalid");
    assert_eq!(
        world.does(&ann, Method::DELETE, &path, named("Private")).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.reads(&ann, &path).await.code(), "not_found");
}

#[tokio::test]
async fn an_address_is_one_spaces_and_looks_like_no_others() {
    let (world, olga) = World::with_owner().await;
    let make = async |body: Value| world.does(&olga, Method::POST, "/api/spaces", body).await;
    assert_eq!(make(json!({ "name": "Ops" })).await.json()["slug"], json!("ops"));
    assert_eq!(make(json!({ "name": "Ops" })).await.json()["slug"], json!("ops-2"));
    assert_eq!(make(json!({ "name": "设计 团队" })).await.json()["slug"], json!("设计-团队"));
    for (slug, code) in
        [("ops", "slug_taken"), ("оps", "slug_taken"), ("admin", "slug_taken"), ("a b", "invalid")]
    {
        assert_eq!(make(json!({ "name": "X", "slug": slug })).await.code(), code, "{slug}");
    }
    for name in ["", "a\u{202e}b", &"x".repeat(81)] {
        assert_eq!(make(json!({ "name": name })).await.code(), "invalid");
    }
    assert_eq!(make(json!({ "name": "x", "colour": 1 })).await.code(), "invalid");
}

#[tokio::test]
async fn the_wiki_is_the_same_after_it_was_opened_again() {
    let (world, olga) = World::with_owner().await;
    let space = world.space(&olga, "Team", Some("edit")).await;
    let page = world.page(&olga, &space, None).await;
    let inside = world.page(&olga, &space, Some(&page)).await;
    let app = &world.app;
    let again = Wiki::open(app.store.clone(), app.hub.clone(), app.history.clone(), false).await.unwrap();
    let subject = crate::asking::Credentials::default();
    assert!(subject.subject(&again).person.is_none());
    let space = again.space_by_slug("team").unwrap();
    assert!(
        space
            .rules
            .granted
            .iter()
            .any(|one| one.who == Who::Person(olga.user.clone()) && one.level == Level::Manage)
    );
    let inside = weft_ids::PageId::new(&inside).unwrap();
    assert_eq!(again.page(&inside).unwrap().spot.parent().unwrap().as_str(), page);
}

#[tokio::test]
async fn the_desk_keeps_favourites_and_what_was_looked_at_and_notices_come_once() {
    let (world, olga) = World::with_owner().await;
    let ann = world.joins("Ann", Role::Member).await;
    let space = world.space(&olga, "Board", None).await;
    let page = world.page(&olga, &space, None).await;
    let path = |what: &str| format!("/api/pages/{page}/{what}");
    assert_eq!(world.does(&ann, Method::PUT, &path("favourite"), Value::Null).await.code(), "not_found");
    for _ in 0..2 {
        assert_eq!(world.grant(&olga, &space, &ann, "view").await.status, StatusCode::OK);
    }
    for (method, what) in [
        (Method::PUT, "favourite"),
        (Method::PUT, "favourite"),
        (Method::POST, "visit"),
        (Method::PUT, "watch"),
    ] {
        assert_eq!(world.does(&ann, method, &path(what), Value::Null).await.status, StatusCode::NO_CONTENT);
    }
    let home = world.reads(&ann, "/api/home").await.json();
    assert_eq!(home["favourites"].as_array().unwrap().len(), 1);
    assert_eq!(home["viewed"][0]["id"], json!(page));
    let seen = world.reads(&ann, &format!("/api/pages/{page}")).await.json();
    assert_eq!((seen["favourite"].clone(), seen["watching"].clone()), (json!(true), json!(true)));

    let trashed = world.does(&olga, Method::DELETE, &format!("/api/pages/{page}"), Value::Null).await;
    assert_eq!(trashed.status, StatusCode::NO_CONTENT);
    let told = world.reads(&ann, "/api/notices").await.json();
    let kinds: Vec<_> = told["notices"].as_array().unwrap().iter().map(|one| one["kind"].clone()).collect();
    assert_eq!(
        (kinds, told["unread"].clone()),
        (vec![json!("pageTrashed"), json!("spaceGranted")], json!(2))
    );
    assert_eq!(told["notices"][0]["page"], Value::Null, "viewers do not see into the trash");
    let up_to = json!({ "upTo": told["notices"][0]["at"] });
    assert_eq!(
        world.does(&ann, Method::POST, "/api/notices/read", up_to).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.reads(&ann, "/api/notices").await.json()["unread"], json!(0));
    assert!(world.reads(&olga, "/api/notices").await.json()["notices"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_copy_of_a_moment_lies_beside_its_page_for_those_who_may_see_it() {
    let (world, olga) = World::with_owner().await;
    let mia = world.joins("Mia", Role::Member).await;
    let space = world.space(&olga, "Team", None).await;
    world.grant(&olga, &space, &mia, "view").await;
    let above = world.page(&olga, &space, None).await;
    let page = world.page(&olga, &space, Some(&above)).await;
    let write = async |clock: u8| {
        let fields = [("cookie", olga.cookie.as_str())];
        let path = format!("/api/docs/page%2F{page}/update");
        world.ask(Method::POST, &path, &fields, update(clock)).await.status
    };
    assert_eq!((write(0).await, write(2).await), (StatusCode::CREATED, StatusCode::OK));
    let path = format!("/api/docs/page%2F{page}/copy");
    assert_eq!(world.does(&mia, Method::POST, &path, json!({ "at": 1 })).await.status, StatusCode::FORBIDDEN);

    let answer = world.does(&olga, Method::POST, &path, json!({ "at": 1 })).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    let name = answer.json()["name"].as_str().unwrap().to_owned();
    let copy = name.strip_prefix("page/").unwrap();
    assert_eq!(world.tree(&olga, &space).await, [&above, &page, copy].map(str::to_owned));
    let text = world.reads(&mia, &format!("/api/docs/page%2F{copy}/text")).await;
    assert_eq!(&text.body[..], b"hi");
    // What was not is no page either.
    for at in [0, 9] {
        let answer = world.does(&olga, Method::POST, &path, json!({ "at": at })).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
    }
    assert_eq!(world.tree(&olga, &space).await.len(), 3);
}
