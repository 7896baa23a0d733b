//! A small town: people of every kind, and spaces and pages in every state.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Value, json};
use weft_access::Role;

use super::super::*;
use super::actor::{ACTORS, Actor};
use super::rules::{May, Rank};
use crate::auth::secret::{Kind, Secret};

/// A space.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Plot {
    /// Every member edits.
    Open,
    /// Every member reads.
    Readable,
    /// The owner's alone.
    Owners,
    /// Private, with people of every level.
    Team,
    /// The stranger's alone.
    Strangers,
    /// The id of none.
    Gone,
    /// No id at all.
    NoId,
}

pub(super) const PLOTS: [Plot; 7] =
    [Plot::Gone, Plot::NoId, Plot::Open, Plot::Readable, Plot::Owners, Plot::Team, Plot::Strangers];

impl Plot {
    /// Who made it.
    fn maker(self) -> Actor {
        match self {
            Self::Team => Actor::Manager,
            Self::Strangers => Actor::Stranger,
            _ => Actor::Owner,
        }
    }

    fn members(self) -> Option<&'static str> {
        match self {
            Self::Open => Some("edit"),
            Self::Readable => Some("view"),
            _ => None,
        }
    }
}

/// What became of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spot {
    InUse,
    Archived,
    Trashed,
}

/// A page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Page {
    pub(super) name: &'static str,
    pub(super) plot: Plot,
    below: Option<&'static str>,
    pub(super) restricted: bool,
    pub(super) named: &'static [(Actor, May)],
    pub(super) spot: Spot,
}

const fn page(name: &'static str, plot: Plot) -> Page {
    Page { name, plot, below: None, restricted: false, named: &[], spot: Spot::InUse }
}

impl Page {
    const fn below(self, above: &'static str) -> Self {
        Self { below: Some(above), ..self }
    }

    const fn for_few(self, named: &'static [(Actor, May)]) -> Self {
        Self { restricted: true, named, ..self }
    }

    const fn also_for(self, named: &'static [(Actor, May)]) -> Self {
        Self { named, ..self }
    }

    const fn is_now(self, spot: Spot) -> Self {
        Self { spot, ..self }
    }

    pub(super) fn above(&self) -> Option<&'static Self> {
        self.below.and_then(|name| PAGES.iter().find(|page| page.name == name))
    }

    /// From the top down to it.
    pub(super) fn path(&self) -> Vec<Self> {
        let mut path = self.above().map(Self::path).unwrap_or_default();
        path.push(*self);
        path
    }

    /// Whether it, or one above it, is so.
    pub(super) fn is(&self, spot: Spot) -> bool {
        self.path().iter().any(|one| one.spot == spot)
    }

    pub(super) fn exists(&self) -> bool {
        !matches!(self.plot, Plot::Gone | Plot::NoId)
    }
}

pub(super) const PAGES: [Page; 27] = [
    page("gone", Plot::Gone),
    page("x", Plot::NoId),
    page("open", Plot::Open),
    page("below", Plot::Open).below("open"),
    page("few", Plot::Open).for_few(&[(Actor::Invited, May::Edit), (Actor::Editor, May::See)]),
    page("below few", Plot::Open).below("few"),
    page("few below few", Plot::Open).below("few").for_few(&[(Actor::Member, May::Comment)]),
    page("archived", Plot::Open).is_now(Spot::Archived),
    page("below archived", Plot::Open).below("archived"),
    page("trashed", Plot::Open).is_now(Spot::Trashed),
    page("below trashed", Plot::Open).below("trashed"),
    page("read", Plot::Readable),
    page("read by some, written by one", Plot::Readable).also_for(&[(Actor::Invited, May::Edit)]),
    page("read, trashed", Plot::Readable).is_now(Spot::Trashed),
    page("owners", Plot::Owners),
    page("owners, trashed", Plot::Owners).is_now(Spot::Trashed),
    page("shared", Plot::Owners),
    page("below shared", Plot::Owners).below("shared"),
    page("few below shared", Plot::Owners).below("shared").for_few(&[(Actor::Guest, May::See)]),
    page("archived below shared", Plot::Owners).below("shared").is_now(Spot::Archived),
    page("team", Plot::Team),
    page("few of the team", Plot::Team).for_few(&[(Actor::Commenter, May::Edit)]),
    page("opened", Plot::Team).also_for(&[(Actor::Member, May::See), (Actor::Admin, May::Manage)]),
    page("team, archived", Plot::Team).is_now(Spot::Archived),
    page("team, trashed", Plot::Team).is_now(Spot::Trashed),
    page("strangers", Plot::Strangers),
    page("strangers, trashed", Plot::Strangers).is_now(Spot::Trashed),
];

/// Everything, made anew for a test.
pub(in super::super) struct Town {
    routes: axum::Router,
    app: AppState,
    /// What each shows.
    shown: HashMap<Actor, (&'static str, String)>,
    pub(super) people: HashMap<Actor, String>,
    pub(super) spaces: HashMap<Plot, String>,
    pub(super) pages: HashMap<&'static str, String>,
    /// What else is in the town, by what it is.
    pub(super) things: BTreeMap<&'static str, String>,
    count: std::cell::Cell<u32>,
}

fn word(level: May) -> &'static str {
    match level {
        May::Nothing | May::See => "view",
        May::Comment => "comment",
        May::Edit => "edit",
        May::Manage => "manage",
    }
}

impl Town {
    pub(in super::super) async fn new() -> Self {
        let world = World::local().await;
        let routes = router(world.app.clone());
        let (shown, people, spaces, pages, things) = Default::default();
        let mut town = Self { routes, app: world.app, shown, people, spaces, pages, things, count: 0.into() };
        town.settle().await;
        town.build().await;
        town.open_up().await;
        town
    }

    /// Another number every time.
    pub(super) fn number(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    pub(in super::super) async fn ask(&self, actor: Actor, method: Method, path: &str, body: Sent) -> Answer {
        let mut request = Request::builder().method(method).uri(path).header(header::HOST, "localhost:4545");
        if let Some((name, value)) = self.shown.get(&actor) {
            request = request.header(*name, value);
        }
        let request = match body {
            Sent::Nothing => request.body(Body::empty()),
            Sent::Json(json) => {
                request.header("content-type", "application/json").body(Body::from(json.to_string()))
            }
            Sent::Bytes(bytes) => request.body(Body::from(bytes)),
        };
        let mut request = request.unwrap();
        request.extensions_mut().insert(Peer::from(SocketAddr::from(([127, 0, 0, 1], 9))));
        let response = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn does(&self, actor: Actor, method: Method, path: &str, body: Value) -> Value {
        let sent = if body.is_null() { Sent::Nothing } else { Sent::Json(body) };
        let answer = self.ask(actor, method, path, sent).await;
        assert!(answer.status.is_success(), "{actor:?} {path}: {answer:?}");
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    async fn makes(&self, actor: Actor, path: &str, body: Value) -> String {
        text(&self.does(actor, Method::POST, path, body).await, "id")
    }

    /// People come.
    async fn settle(&mut self) {
        self.shown.insert(Actor::Operator, ("authorization", self.app.token.bearer()));
        let forged = Secret::random(Kind::Token).reveal().to_string();
        self.shown.insert(Actor::Forger, ("authorization", format!("Bearer {forged}")));
        let signed_in = ACTORS.iter().filter(|actor| actor.person() == Some(**actor));
        for actor in signed_in.copied().chain([Actor::Suspended]) {
            let role = match actor.rank() {
                Rank::Owner => Role::Owner,
                Rank::Admin => Role::Admin,
                Rank::Member => Role::Member,
                Rank::Guest => Role::Guest,
            };
            let name = format!("{actor:?}");
            let email = format!("{}@example.com", name.to_lowercase());
            let body = json!({ "name": name, "email": email, "role": role.as_str() });
            let id = self.makes(Actor::Operator, "/api/people", body).await;
            let user = weft_ids::UserId::new(&id).unwrap();
            for _ in 0..2 {
                let secret = Secret::random(Kind::SignIn);
                let hash = crate::asking::hash(&secret);
                let sign_in = self.app.wiki.sign_in(&user, hash, "127.0.0.1", "a test").await;
                self.things.insert(sign_in_of(actor), sign_in.unwrap().as_str().to_owned());
                // The first one is the one that asks.
                self.shown.entry(actor).or_insert_with(|| ("cookie", format!("weft={}", *secret.reveal())));
            }
            self.people.insert(actor, id);
        }
        let body = json!({ "name": "Zoe", "email": "zoe@example.com", "role": "member" });
        let zoe = self.makes(Actor::Operator, "/api/people", body).await;
        self.things.insert("zoe", zoe);
    }

    /// Spaces and pages are made, and written.
    async fn build(&mut self) {
        let home = self.does(Actor::Owner, Method::GET, "/api/spaces", Value::Null).await;
        self.things.insert("home", text(&home["spaces"][0], "id"));
        self.spaces.extend([(Plot::Gone, "a".repeat(24)), (Plot::NoId, "x".to_owned())]);
        self.pages.extend([("gone", "a".repeat(24)), ("x", "x".to_owned())]);
        for plot in PLOTS.into_iter().filter(|plot| !self.spaces.contains_key(plot)).collect::<Vec<_>>() {
            let body = json!({ "name": format!("{plot:?}"), "members": plot.members() });
            let id = self.makes(plot.maker(), "/api/spaces", body).await;
            self.spaces.insert(plot, id);
        }
        for page in PAGES.iter().filter(|page| page.exists()) {
            let parent = page.below.map(|above| self.pages[above].clone());
            let body = json!({ "space": self.spaces[&page.plot], "parent": parent });
            let id = self.makes(page.plot.maker(), "/api/pages", body).await;
            let doc = format!("/api/docs/page%2F{id}");
            let by = page.plot.maker();
            let written = self.ask(by, Method::POST, &format!("{doc}/update"), Sent::Bytes(update(0))).await;
            assert_eq!(written.status, StatusCode::CREATED, "{written:?}");
            let version =
                self.makes(by, &format!("{doc}/versions"), json!({ "name": "first", "seq": 1 })).await;
            self.things.insert(page.name, version);
            self.pages.insert(page.name, id);
        }
    }

    /// Rights are given, and some pages put away.
    async fn open_up(&mut self) {
        let group = self.makes(Actor::Owner, "/api/groups", json!({ "name": "Some" })).await;
        let add = json!({ "add": [self.people[&Actor::Grouped]] });
        self.does(Actor::Owner, Method::PATCH, &format!("/api/groups/{group}"), add).await;
        let grants = format!("/api/spaces/{}/grants", self.spaces[&Plot::Team]);
        let who = |actor: Actor| json!({ "person": self.people[&actor] });
        for (who, level) in [
            (who(Actor::Viewer), "view"),
            (who(Actor::Commenter), "comment"),
            (who(Actor::Editor), "edit"),
            (json!({ "group": group }), "edit"),
        ] {
            let body = json!({ "who": who, "level": level });
            self.does(Actor::Manager, Method::PUT, &grants, body).await;
        }
        self.things.insert("group", group);
        let wish = json!({ "level": "view" });
        self.share(Actor::ViewLink, Actor::Owner, "view share", "shared", wish).await;
        let wish = json!({ "level": "edit", "subtree": true });
        self.share(Actor::EditLink, Actor::Owner, "edit share", "shared", wish).await;
        self.share(Actor::Nobody, Actor::Manager, "team share", "team", json!({ "level": "view" })).await;
        self.shown.remove(&Actor::Nobody);
        for page in PAGES.iter().filter(|page| page.exists()) {
            let (path, by) = (format!("/api/pages/{}", self.pages[page.name]), page.plot.maker());
            if page.restricted || !page.named.is_empty() {
                self.does(by, Method::PUT, &format!("{path}/access"), self.access(page)).await;
            }
            match page.spot {
                Spot::InUse => {}
                Spot::Archived => {
                    self.does(by, Method::PATCH, &path, json!({ "archived": true })).await;
                }
                Spot::Trashed => {
                    self.does(by, Method::DELETE, &path, Value::Null).await;
                }
            }
        }
        for (actor, by, scope) in [
            (Actor::OwnersReadKey, Actor::Owner, "read"),
            (Actor::OwnersWriteKey, Actor::Owner, "write"),
            (Actor::OwnersAdminKey, Actor::Owner, "admin"),
            (Actor::MembersWriteKey, Actor::Member, "write"),
        ] {
            let body = json!({ "name": "a program", "scope": scope });
            let made = self.does(by, Method::POST, "/api/me/tokens", body).await;
            self.shown.insert(actor, ("authorization", format!("Bearer {}", text(&made, "secret"))));
            self.things
                .insert(if by == Actor::Owner { "owner's key" } else { "member's key" }, text(&made, "id"));
        }
        self.register_apps().await;
        let invited = json!({ "role": "member" });
        let made = self.does(Actor::Owner, Method::POST, "/api/invitations", invited).await;
        self.things.insert("invitation", text(&made, "id"));
        self.things.insert("invitation secret", last_part(&made));
        let reset = format!("/api/people/{}/reset", self.things["zoe"]);
        let made = self.does(Actor::Owner, Method::POST, &reset, Value::Null).await;
        self.things.insert("reset secret", last_part(&made));
        let picture = self.ask(Actor::Owner, Method::PUT, "/api/me/picture", Sent::Bytes(PNG.to_vec())).await;
        assert_eq!(picture.status, StatusCode::OK, "{picture:?}");
        let path = format!("/api/people/{}", self.people[&Actor::Suspended]);
        self.does(Actor::Owner, Method::PATCH, &path, json!({ "suspended": true })).await;
    }

    /// Two foreign apps, and who comes by the first.
    async fn register_apps(&mut self) {
        let made =
            self.does(Actor::Owner, Method::POST, "/api/apps", json!({ "app": "board", "name": "B" })).await;
        let other = json!({ "app": "sheets", "name": "S" });
        self.does(Actor::Owner, Method::POST, "/api/apps", other).await;
        self.things.extend([("app", "board".to_owned()), ("other app", "sheets".to_owned())]);
        self.things.insert("app key", text(&made["keys"][0], "id"));
        self.shown.insert(Actor::Backend, ("authorization", format!("Bearer {}", text(&made, "secret"))));
        for (actor, wish) in [
            (Actor::AppsReader, json!({ "prefix": "", "write": false })),
            (Actor::AppsWriter, json!({ "room": "one", "write": true })),
        ] {
            let made = self.does(Actor::Backend, Method::POST, "/api/apps/board/tokens", wish).await;
            self.shown.insert(actor, ("authorization", format!("Bearer {}", text(&made, "token"))));
        }
        let update = Sent::Bytes(update(0));
        let written = self.ask(Actor::AppsWriter, Method::POST, "/api/docs/board%2Fone/update", update).await;
        assert_eq!(written.status, StatusCode::CREATED, "{written:?}");
    }

    async fn share(&mut self, link: Actor, by: Actor, name: &'static str, page: &str, wish: Value) {
        let path = format!("/api/pages/{}/shares", self.pages[page]);
        let made = self.does(by, Method::POST, &path, wish).await;
        self.things.insert(name, text(&made, "id"));
        self.shown.insert(link, ("weft-share", last_part(&made)));
        if link == Actor::ViewLink {
            self.things.insert("share secret", last_part(&made));
        }
    }

    /// The ids and secrets of all that there is, in an order that is always the same.
    pub(in super::super) fn names(&self) -> Vec<String> {
        let people = ACTORS.iter().filter_map(|actor| self.people.get(actor));
        let spaces = PLOTS.iter().filter_map(|plot| self.spaces.get(plot));
        let pages = PAGES.iter().filter_map(|page| self.pages.get(page.name));
        people.chain(spaces).chain(pages).chain(self.things.values()).cloned().collect()
    }

    /// A page's rules, as they are.
    pub(super) fn access(&self, page: &Page) -> Value {
        let named = page
            .named
            .iter()
            .map(|(who, level)| json!({ "who": { "person": self.people[who] }, "level": word(*level) }));
        json!({ "restricted": page.restricted, "grants": named.collect::<Vec<_>>() })
    }
}

/// A body.
#[derive(Debug, Clone)]
pub(in super::super) enum Sent {
    Nothing,
    Json(Value),
    Bytes(Vec<u8>),
}

/// A picture of one pixel.
pub(in super::super) const PNG: &[u8] = &[
    0x89, b'P', b'N', b'G', 13, 10, 26, 10, 0, 0, 0, 13, b'I', b'H', b'D', b'R', 0, 0, 0, 1, 0, 0, 0, 1, 8,
    6, 0, 0, 0, 0x1f, 0x15, 0xc4, 0x89,
];

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}")).to_owned()
}

fn last_part(made: &Value) -> String {
    text(made, "link").rsplit('/').next().unwrap().to_owned()
}

/// What another browser of somebody is called among the town's things.
fn sign_in_of(actor: Actor) -> &'static str {
    match actor {
        Actor::Owner => "owner's sign-in",
        Actor::Member => "member's sign-in",
        _ => "somebody's sign-in",
    }
}
