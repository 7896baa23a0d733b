//! Every route: how it is asked, and what it answers to whom.

mod account;

use serde_json::{Value, json};

pub(super) use self::account::ACCOUNT_ROUTES;
use super::actor::Actor;
use super::rules::{
    FORBIDDEN, May, NOT_FOUND, Rank, Reach, SIGN_IN, beside, needs, needs_in, on_page, on_server, unseen,
};
use super::town::{PAGES, Page, Plot, Sent, Spot, Town};

/// A route, asked about things of one kind.
pub(super) struct Route<T: 'static> {
    pub(super) method: &'static str,
    /// As the description of the interface has it, with a query where one is needed.
    pub(super) path: &'static str,
    pub(super) body: fn(&Town, &T) -> Sent,
    pub(super) answer: fn(Actor, &T) -> u16,
    /// Whether the town is another once it is done.
    pub(super) wrecks: bool,
}

const fn route<T>(
    method: &'static str,
    path: &'static str,
    body: fn(&Town, &T) -> Sent,
    answer: fn(Actor, &T) -> u16,
) -> Route<T> {
    Route { method, path, body, answer, wrecks: false }
}

/// One that leaves the town another than it was.
const fn wrecking<T>(
    method: &'static str,
    path: &'static str,
    body: fn(&Town, &T) -> Sent,
    answer: fn(Actor, &T) -> u16,
) -> Route<T> {
    Route { method, path, body, answer, wrecks: true }
}

fn no_body<T>(_: &Town, _: &T) -> Sent {
    Sent::Nothing
}

fn empty<T>(_: &Town, _: &T) -> Sent {
    Sent::Json(json!({}))
}

fn done(refused: Result<(), u16>, status: u16) -> u16 {
    refused.err().unwrap_or(status)
}

fn seen(actor: Actor, page: &Page) -> u16 {
    done(needs(actor, page, May::See, true), 200)
}

/// What people note for themselves, of a page they see.
fn noted(actor: Actor, page: &Page) -> u16 {
    let oneself = on_server(actor, Rank::Guest, Reach::Write);
    done(oneself.and_then(|()| needs(actor, page, May::See, true)), 204)
}

fn above(town: &Town, page: &Page) -> Value {
    page.above().map_or(Value::Null, |above| json!(town.pages[above.name]))
}

/// A space to put something in; that of the page, if there is such a page.
fn space(town: &Town, page: &Page) -> String {
    town.spaces[if page.exists() { &page.plot } else { &Plot::Open }].clone()
}

pub(super) const PAGE_ROUTES: &[Route<Page>] = &[
    route("GET", "/api/pages/{id}", no_body, seen),
    route(
        "PATCH",
        "/api/pages/{id}",
        |_, _| Sent::Json(json!({ "icon": "🦊" })),
        |actor, page| done(needs(actor, page, May::Edit, false), 200),
    ),
    route(
        "PATCH",
        "/api/pages/{id}",
        |_, page| Sent::Json(json!({ "archived": page.spot == Spot::Archived })),
        |actor, page| done(needs(actor, page, May::Edit, true), 200),
    ),
    // Nothing is to be changed: that is for everybody who sees it.
    route("PATCH", "/api/pages/{id}", empty, seen),
    route(
        "POST",
        "/api/pages/{id}/move",
        |town, page| Sent::Json(json!({ "parent": above(town, page) })),
        |actor, page| done(needs(actor, page, May::Edit, false).and_then(|()| beside(actor, page)), 200),
    ),
    wrecking(
        "POST",
        "/api/pages/{id}/move",
        |town, _| Sent::Json(json!({ "space": town.spaces[&Plot::Strangers] })),
        |actor, page| {
            let there = || needs_in(actor, Plot::Strangers, May::Edit);
            done(needs(actor, page, May::Edit, false).and_then(|()| there()), 200)
        },
    ),
    route("POST", "/api/pages/{id}/duplicate", empty, |actor, page| {
        done(needs(actor, page, May::See, true).and_then(|()| beside(actor, page)), 201)
    }),
    route(
        "POST",
        "/api/pages",
        |town, page| Sent::Json(json!({ "space": space(town, page), "parent": town.pages[page.name] })),
        |actor, page| done(needs(actor, page, May::Edit, false), 201),
    ),
    route(
        "POST",
        "/api/pages",
        |town, page| Sent::Json(json!({ "space": town.spaces[&Plot::Open], "from": town.pages[page.name] })),
        |actor, page| {
            done(
                needs(actor, page, May::See, true).and_then(|()| needs_in(actor, Plot::Open, May::Edit)),
                201,
            )
        },
    ),
    route(
        "PUT",
        "/api/pages/{id}/access",
        |town, page| Sent::Json(town.access(page)),
        |actor, page| done(needs(actor, page, May::Manage, false), 200),
    ),
    route("GET", "/api/pages/{id}/shares", no_body, |actor, page| {
        done(needs(actor, page, May::Manage, false), 200)
    }),
    route(
        "POST",
        "/api/pages/{id}/shares",
        |_, _| Sent::Json(json!({ "level": "view" })),
        |actor, page| done(needs(actor, page, May::Manage, false), 201),
    ),
    route("PUT", "/api/pages/{id}/favourite", no_body, noted),
    route("DELETE", "/api/pages/{id}/favourite", no_body, noted),
    route("PUT", "/api/pages/{id}/watch", no_body, noted),
    route("DELETE", "/api/pages/{id}/watch", no_body, noted),
    route("POST", "/api/pages/{id}/visit", no_body, noted),
    wrecking("DELETE", "/api/pages/{id}", no_body, |actor, page| {
        done(needs(actor, page, May::Edit, true), 204)
    }),
    wrecking("POST", "/api/pages/{id}/restore", no_body, |actor, page| {
        done(needs(actor, page, May::Edit, true), 200)
    }),
    wrecking("DELETE", "/api/pages/{id}/forever", no_body, |actor, page| {
        let done_to_it = if page.spot == Spot::Trashed { 204 } else { 409 };
        done(needs(actor, page, May::Manage, true), done_to_it)
    }),
];

fn written(actor: Actor, page: &Page, status: u16) -> u16 {
    done(needs(actor, page, May::Edit, false), status)
}

/// What is asked of the documents of pages. That of no page is a document like any other, which is not asked here.
pub(super) const DOC_ROUTES: &[Route<Page>] = &[
    route("GET", "/api/docs/{name}/state", no_body, seen),
    route("GET", "/api/docs/{name}/text", no_body, seen),
    route("GET", "/api/docs/{name}/at/{seq}", no_body, seen),
    route("GET", "/api/docs/{name}/blame", no_body, seen),
    route("GET", "/api/docs/{name}/diff?from=0&to=1", no_body, seen),
    route("GET", "/api/docs/{name}/history", no_body, seen),
    route("GET", "/api/docs/{name}/history/density", no_body, seen),
    route("GET", "/api/docs/{name}/versions", no_body, seen),
    route("GET", "/api/docs/{name}/versions/{id}", no_body, seen),
    route(
        "POST",
        "/api/docs/{name}/update",
        |_, _| Sent::Bytes(super::super::update(0)),
        |actor, page| written(actor, page, 200),
    ),
    route(
        "POST",
        "/api/docs/{name}/restore",
        |_, _| Sent::Json(json!({ "to": 1 })),
        |actor, page| written(actor, page, 200),
    ),
    // A copy that is not named lies beside the page.
    route("POST", "/api/docs/{name}/copy", empty, |actor, page| {
        done(needs(actor, page, May::Edit, false).and_then(|()| beside(actor, page)), 201)
    }),
    route(
        "POST",
        "/api/docs/{name}/copy",
        |town, _| Sent::Json(json!({ "name": format!("copy {}", town.number()) })),
        |actor, page| written(actor, page, 201),
    ),
    route(
        "POST",
        "/api/docs/{name}/versions",
        |town, _| Sent::Json(json!({ "name": format!("version {}", town.number()) })),
        |actor, page| written(actor, page, 201),
    ),
    route(
        "PATCH",
        "/api/docs/{name}/versions/{id}",
        |_, _| Sent::Json(json!({ "name": "first" })),
        |actor, page| written(actor, page, 200),
    ),
    wrecking("DELETE", "/api/docs/{name}/versions/{id}", no_body, |actor, page| written(actor, page, 204)),
];

pub(super) const SPACE_ROUTES: &[Route<Plot>] = &[
    route("GET", "/api/spaces/{id}", no_body, |actor, plot| done(needs_in(actor, *plot, May::See), 200)),
    route("GET", "/api/spaces/{id}/pages", no_body, |actor, plot| {
        done(needs_in(actor, *plot, May::See), 200)
    }),
    route("GET", "/api/spaces/{id}/trash", no_body, |actor, plot| {
        done(needs_in(actor, *plot, May::See), 200)
    }),
    route("PATCH", "/api/spaces/{id}", empty, |actor, plot| done(needs_in(actor, *plot, May::Manage), 200)),
    route(
        "PUT",
        "/api/spaces/{id}/grants",
        |town, _| granted(town, Some("view")),
        |actor, plot| done(needs_in(actor, *plot, May::Manage), 200),
    ),
    route(
        "DELETE",
        "/api/spaces/{id}/grants",
        |town, _| granted(town, None),
        |actor, plot| done(needs_in(actor, *plot, May::Manage), 200),
    ),
    route(
        "POST",
        "/api/pages",
        |town, plot| Sent::Json(json!({ "space": town.spaces[plot] })),
        |actor, plot| done(needs_in(actor, *plot, May::Edit), 201),
    ),
    wrecking("POST", "/api/spaces/{id}/take-over", no_body, |actor, plot| {
        let asked = on_server(actor, Rank::Admin, Reach::Admin);
        // Whoever runs the server has no account that could manage it.
        let account = || if actor == Actor::Operator { Err(SIGN_IN) } else { Ok(()) };
        let there = || if matches!(plot, Plot::Gone | Plot::NoId) { Err(unseen(actor)) } else { Ok(()) };
        done(asked.and_then(|()| account()).and_then(|()| there()), 200)
    }),
    wrecking(
        "DELETE",
        "/api/spaces/{id}",
        |_, plot| Sent::Json(json!({ "name": format!("{plot:?}") })),
        |actor, plot| done(needs_in(actor, *plot, May::Manage), 204),
    ),
];

fn granted(town: &Town, level: Option<&str>) -> Sent {
    let who = json!({ "person": town.things["zoe"] });
    Sent::Json(match level {
        Some(level) => json!({ "who": who, "level": level }),
        None => json!({ "who": who }),
    })
}

/// A person, as what is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Somebody {
    Gone,
    Of(Actor),
}

pub(super) const SOMEBODIES: [Somebody; 5] = [
    Somebody::Gone,
    Somebody::Of(Actor::Owner),
    Somebody::Of(Actor::Admin),
    Somebody::Of(Actor::Editor),
    Somebody::Of(Actor::Guest),
];

/// Looking after a person: not after one who is more than oneself.
fn cared_for(actor: Actor, somebody: Somebody, status: u16) -> u16 {
    let asked = on_server(actor, Rank::Admin, Reach::Admin);
    let reaches = || match somebody {
        Somebody::Gone => Err(NOT_FOUND),
        Somebody::Of(other) if actor.person().is_some_and(|own| own.rank() < other.rank()) => Err(FORBIDDEN),
        Somebody::Of(_) => Ok(()),
    };
    done(asked.and_then(|()| reaches()), status)
}

pub(super) const PERSON_ROUTES: &[Route<Somebody>] = &[
    route(
        "PATCH",
        "/api/people/{id}",
        |_, _| Sent::Json(json!({ "suspended": false })),
        |actor, somebody| cared_for(actor, *somebody, 200),
    ),
    route("POST", "/api/people/{id}/reset", no_body, |actor, somebody| cared_for(actor, *somebody, 201)),
    route("GET", "/api/people/{id}/picture", no_body, |actor, somebody| {
        let status = if *somebody == Somebody::Of(Actor::Owner) { 200 } else { NOT_FOUND };
        done(on_server(actor, Rank::Guest, Reach::Read), status)
    }),
    wrecking("DELETE", "/api/people/{id}", no_body, |actor, somebody| {
        let status = match somebody {
            Somebody::Gone => NOT_FOUND,
            // The last owner.
            Somebody::Of(Actor::Owner) => 409,
            Somebody::Of(_) => 204,
        };
        done(on_server(actor, Rank::Owner, Reach::Admin), status)
    }),
];

/// A public link, by its page.
pub(super) const SHARES: [&str; 5] = ["gone", "x", "view share", "edit share", "team share"];

fn managed(actor: Actor, share: &str, status: u16) -> u16 {
    let page = match share {
        "team share" => "team",
        "view share" | "edit share" => "shared",
        name => name,
    };
    let page = PAGES.iter().find(|one| one.name == page);
    // Who does not manage the page may not know of its links.
    if page.is_some_and(|page| on_page(actor, page) == May::Manage) { status } else { unseen(actor) }
}

pub(super) const SHARE_ROUTES: &[Route<&'static str>] = &[
    route("PATCH", "/api/shares/{id}", empty, |actor, share| managed(actor, share, 200)),
    wrecking("POST", "/api/shares/{id}/link", no_body, |actor, share| managed(actor, share, 200)),
    wrecking("DELETE", "/api/shares/{id}", no_body, |actor, share| managed(actor, share, 204)),
];

fn here(actor: Actor, status: u16) -> u16 {
    done(on_server(actor, Rank::Guest, Reach::Read), status)
}

fn admin(actor: Actor, status: u16) -> u16 {
    done(on_server(actor, Rank::Admin, Reach::Admin), status)
}

/// A foreign app's room: for whom the app vouches, and for nobody of the wiki.
fn in_app(actor: Actor, status: u16) -> u16 {
    if matches!(actor, Actor::AppsReader | Actor::AppsWriter) { status } else { SIGN_IN }
}

fn app_token(_: &Town, (): &()) -> Sent {
    Sent::Json(json!({ "room": "one", "write": true }))
}

/// What is no thing's: `{…}` in a path is what the town calls so.
pub(super) const OTHER_ROUTES: &[Route<()>] = &[
    route("GET", "/live", no_body, |_, ()| 200),
    route("GET", "/ready", no_body, |_, ()| 200),
    route("GET", "/metrics", no_body, |_, ()| 200),
    route("GET", "/api/server", no_body, |_, ()| 200),
    route("GET", "/api/setup?token=x", no_body, |_, ()| NOT_FOUND),
    route(
        "POST",
        "/api/setup",
        |_, ()| Sent::Json(json!({ "token": "x", "name": "A", "email": "a@example.com", "password": "x" })),
        |_, ()| NOT_FOUND,
    ),
    route("GET", "/api/docs", no_body, |_, ()| 200),
    route(
        "GET",
        "/api/admin/backup",
        no_body,
        |actor, ()| if actor == Actor::Operator { 200 } else { SIGN_IN },
    ),
    route("GET", "/api/admin/spaces", no_body, |actor, ()| admin(actor, 200)),
    route("GET", "/api/audit", no_body, |actor, ()| admin(actor, 200)),
    route("GET", "/api/audit?format=csv", no_body, |actor, ()| admin(actor, 200)),
    route("GET", "/api/home", no_body, |actor, ()| here(actor, 200)),
    route("GET", "/api/find?q=x", no_body, |actor, ()| here(actor, 200)),
    route("GET", "/api/spaces", no_body, |actor, ()| here(actor, 200)),
    route(
        "POST",
        "/api/spaces",
        |town, ()| Sent::Json(json!({ "name": format!("Space {}", town.number()) })),
        |actor, ()| match actor {
            // Whoever makes a space manages it, and whoever runs the server has no account.
            Actor::Operator => SIGN_IN,
            actor => done(on_server(actor, Rank::Member, Reach::Write), 201),
        },
    ),
    route("GET", "/api/people", no_body, |actor, ()| here(actor, 200)),
    route(
        "POST",
        "/api/people",
        |town, ()| {
            let number = town.number();
            let email = format!("new{number}@example.com");
            Sent::Json(json!({ "name": format!("New {number}"), "email": email, "role": "admin" }))
        },
        |actor, ()| admin(actor, 201),
    ),
    route(
        "POST",
        "/api/people",
        |town, ()| {
            let number = town.number();
            let email = format!("new{number}@example.com");
            Sent::Json(json!({ "name": format!("New {number}"), "email": email, "role": "owner" }))
        },
        |actor, ()| done(on_server(actor, Rank::Owner, Reach::Admin), 201),
    ),
    route("GET", "/api/invitations", no_body, |actor, ()| admin(actor, 200)),
    route(
        "POST",
        "/api/invitations",
        |_, ()| Sent::Json(json!({ "role": "guest" })),
        |actor, ()| admin(actor, 201),
    ),
    route("DELETE", "/api/invitations/{gone}", no_body, |actor, ()| admin(actor, NOT_FOUND)),
    wrecking("DELETE", "/api/invitations/{invitation}", no_body, |actor, ()| admin(actor, 204)),
    route("GET", "/api/invitations/{invitation secret}", no_body, |_, ()| 200),
    route("GET", "/api/invitations/{invitation}", no_body, |_, ()| 410),
    route(
        "POST",
        "/api/invitations/{invitation}",
        |_, ()| Sent::Json(json!({ "name": "A", "email": "a@example.com", "password": "x" })),
        |_, ()| 410,
    ),
    wrecking(
        "POST",
        "/api/invitations/{invitation secret}",
        |_, ()| {
            let password = "four words that fit nowhere";
            Sent::Json(json!({ "name": "Ann Other", "email": "another@example.com", "password": password }))
        },
        |_, ()| 201,
    ),
    route("GET", "/api/groups", no_body, |actor, ()| here(actor, 200)),
    route(
        "POST",
        "/api/groups",
        |town, ()| Sent::Json(json!({ "name": format!("Group {}", town.number()) })),
        |actor, ()| admin(actor, 201),
    ),
    route("PATCH", "/api/groups/{group}", empty, |actor, ()| admin(actor, 200)),
    route("PATCH", "/api/groups/{gone}", empty, |actor, ()| admin(actor, NOT_FOUND)),
    route("DELETE", "/api/groups/{gone}", no_body, |actor, ()| admin(actor, NOT_FOUND)),
    wrecking("DELETE", "/api/groups/{group}", no_body, |actor, ()| admin(actor, 204)),
    route("GET", "/api/apps", no_body, |actor, ()| admin(actor, 200)),
    route(
        "POST",
        "/api/apps",
        |town, ()| Sent::Json(json!({ "app": format!("app{}", town.number()), "name": "An app" })),
        |actor, ()| admin(actor, 201),
    ),
    route("PATCH", "/api/apps/{app}", empty, |actor, ()| admin(actor, 200)),
    route("PATCH", "/api/apps/{gone}", empty, |actor, ()| admin(actor, NOT_FOUND)),
    wrecking("POST", "/api/apps/{app}/keys", empty, |actor, ()| admin(actor, 201)),
    route("POST", "/api/apps/{gone}/keys", empty, |actor, ()| admin(actor, NOT_FOUND)),
    wrecking("DELETE", "/api/apps/{app}/keys/{app key}", no_body, |actor, ()| admin(actor, 204)),
    route("DELETE", "/api/apps/{app}/keys/{gone}", no_body, |actor, ()| admin(actor, NOT_FOUND)),
    route("DELETE", "/api/apps/{gone}/keys/{app key}", no_body, |actor, ()| admin(actor, NOT_FOUND)),
    route("POST", "/api/apps/{app}/tokens", app_token, |actor, ()| match actor {
        Actor::Backend => 201,
        actor => admin(actor, 201),
    }),
    route("POST", "/api/apps/{gone}/tokens", app_token, |actor, ()| admin(actor, NOT_FOUND)),
    route("POST", "/api/apps/{other app}/tokens", app_token, |actor, ()| admin(actor, 201)),
    route("DELETE", "/api/apps/{gone}", no_body, |actor, ()| admin(actor, NOT_FOUND)),
    wrecking("DELETE", "/api/apps/{app}", no_body, |actor, ()| admin(actor, 204)),
    route("GET", "/api/docs/{app}%2Fone/text", no_body, |actor, ()| in_app(actor, 200)),
    route(
        "POST",
        "/api/docs/{app}%2Fone/update",
        |_, ()| Sent::Bytes(super::super::update(0)),
        |actor, ()| if actor == Actor::AppsReader { FORBIDDEN } else { in_app(actor, 200) },
    ),
    route("GET", "/api/docs/{app}%2Fother/text", no_body, |actor, ()| match actor {
        // What its token is not for is as closed as to a stranger.
        Actor::AppsWriter => SIGN_IN,
        actor => in_app(actor, NOT_FOUND),
    }),
    route("GET", "/api/docs/{other app}%2Fone/text", no_body, |_, ()| SIGN_IN),
    route("GET", "/api/shared/{share secret}", no_body, |_, ()| 200),
    route("GET", "/api/shared/{gone}", no_body, |_, ()| NOT_FOUND),
    route(
        "POST",
        "/api/shared/{gone}/unlock",
        |_, ()| Sent::Json(json!({ "password": "x" })),
        |_, ()| NOT_FOUND,
    ),
    route(
        "POST",
        "/api/shared/{share secret}/unlock",
        |_, ()| Sent::Json(json!({ "password": "x" })),
        |_, ()| 204,
    ),
];

/// The routes of sockets: what they answer is shown over real ones, with the real program.
pub(super) const SOCKETS: [&str; 5] = ["/api/admin/live", "/api/events", "/ws", "/ws/", "/ws/{*room}"];
