//! The wiki over the store in memory: what is one past every limit, and what happens at once.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

mod at_once;
mod digests;
mod limits;
mod removing;

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use weft_access::action::{
    Action, Administer, EditPage, EditSpace, KeepAccount, MakeSpaces, ManageSpace, NoteForOneself, ViewPage,
    ViewSpace,
};
use weft_access::{Allowed, Level, PageFacts, Role, SpaceRules, Subject};
use weft_history::{History, HistorySettings};
use weft_hub::{Hub, HubSettings};
use weft_ids::{PageId, SpaceId};
use weft_store::{MemoryStore, Store};
use weft_wiki::member::{NewOwner, NewPerson};
use weft_wiki::page::{At, NewPage, Page, Place};
use weft_wiki::space::{NewSpace, Space};
use weft_wiki::{SecretHash, Wiki, WikiError};

/// A wiki with an owner.
struct House {
    store: Arc<dyn Store>,
    wiki: Wiki,
    owner: Subject,
    secrets: AtomicU8,
}

async fn opened(store: &Arc<dyn Store>) -> Wiki {
    let hub = Hub::new(store.clone(), HubSettings::default());
    let history = History::new(store.clone(), hub.clone(), &HistorySettings::default());
    Wiki::open(store.clone(), hub, history, false).await.unwrap()
}

impl House {
    async fn new() -> Self {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let wiki = opened(&store).await;
        let owner = NewOwner { name: "Olga".into(), email: "olga@example.com".into(), password: None };
        let owner = wiki.set_up(owner, "Home").await.unwrap();
        let mut house = Self { store, wiki, owner: Subject::default(), secrets: AtomicU8::new(0) };
        house.owner = house.signs_in(&owner.id).await;
        house
    }

    fn secret(&self) -> SecretHash {
        SecretHash([self.secrets.fetch_add(1, Ordering::Relaxed); 32])
    }

    async fn signs_in(&self, user: &weft_ids::UserId) -> Subject {
        let secret = self.secret();
        self.wiki.sign_in(user, secret, "127.0.0.1", "a test").await.unwrap();
        Subject { person: Some(self.wiki.signed_in(&secret).unwrap().person), ..Subject::default() }
    }

    /// Somebody comes.
    async fn comes(&self, name: &str, role: Role) -> Subject {
        let new = NewPerson {
            email: format!("{}@example.com", name.to_lowercase()),
            name: name.to_owned(),
            role,
            password: None,
        };
        let person = self.wiki.add_by_hand(&self.administer(), new, "Home").await.unwrap();
        self.signs_in(&person.id).await
    }

    fn administer(&self) -> Allowed<Administer> {
        self.wiki.allow(&self.owner).unwrap()
    }

    fn account(&self) -> Allowed<KeepAccount> {
        self.wiki.allow(&self.owner).unwrap()
    }

    fn note(&self) -> Allowed<NoteForOneself> {
        self.wiki.allow(&self.owner).unwrap()
    }

    fn page<A>(&self, id: &PageId) -> Allowed<A>
    where
        A: for<'a> Action<Object = PageId, Facts<'a> = PageFacts<'a>>,
    {
        self.wiki.allow_page(&self.owner, id).unwrap()
    }

    fn space<A>(&self, id: &SpaceId) -> Allowed<A>
    where
        A: for<'a> Action<Object = SpaceId, Facts<'a> = SpaceRules>,
    {
        self.wiki.allow_space(&self.owner, id).unwrap()
    }

    async fn makes_space(&self, new: NewSpace) -> Result<Space, WikiError> {
        let proof: Allowed<MakeSpaces> = self.wiki.allow(&self.owner).unwrap();
        self.wiki.make_space(&proof, new).await
    }

    async fn team(&self) -> Space {
        self.makes_space(NewSpace { members: Some(Level::Edit), ..named("Team") }).await.unwrap()
    }

    async fn makes(&self, place: Place) -> Result<Page, WikiError> {
        self.wiki.make_page(NewPage { id: None, place, at: At::Last, icon: None, from: None }).await
    }

    async fn makes_at_top(&self, space: &Space) -> Page {
        self.makes(Place::Top(self.space::<EditSpace>(&space.id))).await.unwrap()
    }

    async fn makes_below(&self, page: &Page) -> Result<Page, WikiError> {
        self.makes(Place::Below(self.page::<EditPage>(&page.id))).await
    }

    fn sees(&self, page: &Page) -> Allowed<ViewPage> {
        self.page(&page.id)
    }

    fn manages(&self, space: &Space) -> Allowed<ManageSpace> {
        self.space(&space.id)
    }

    fn looks_into(&self, space: &Space) -> Allowed<ViewSpace> {
        self.space(&space.id)
    }
}

fn named(name: &str) -> NewSpace {
    NewSpace { name: name.to_owned(), slug: None, icon: None, description: String::new(), members: None }
}
