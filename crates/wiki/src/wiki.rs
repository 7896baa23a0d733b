//! The wiki as a whole: opened from the store, changed row by row, asked by everybody.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::{Mutex, MutexGuard, broadcast, watch};
use tracing::warn;
use weft_access::{
    Action, Allowed, DocRules, Grant, PageFacts, Refused, Right, SpaceRules, Subject, allow, decide,
};
use weft_history::History;
use weft_hub::Hub;
use weft_ids::{AppName, DocId, PageId, SpaceId, UnixMillis, UserId};
use weft_store::{Expect, Store, StoreError};

use crate::app::ForeignApp;
use crate::change::Change;
use crate::desk::Desk;
use crate::digest::Digested;
use crate::error::WikiError;
use crate::member::{Group, Identity, Invitation, Passkey, Person, Reset, SecondStep, SignIn, Token};
use crate::model::Model;
use crate::notice::Notice;
use crate::page::{Destroyed, Edited, Page};
use crate::row::Row;
use crate::share::Share;
use crate::space::Space;

/// Rows asked of the store at a time.
const LIST_PAGE: usize = 1_000;
/// Changes that a listener may be behind before it is told to look at everything anew.
const CHANGES_KEPT: usize = 1_024;

/// The hash of a secret that somebody holds; the secret itself is kept nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretHash(pub [u8; 32]);

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretHash(..)")
    }
}

/// When something was done, and by whom if that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// When.
    pub at: UnixMillis,
    /// By whom.
    pub by: Option<UserId>,
}

/// The wiki. Cloning shares it.
#[derive(Clone)]
pub struct Wiki(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) hub: Hub,
    pub(crate) history: History,
    /// Whether documents that are nobody's are open to everyone.
    open: bool,
    model: RwLock<Model>,
    writing: Mutex<()>,
    changes: broadcast::Sender<Change>,
    rights: watch::Sender<u64>,
    /// The place of the last entry of the audit log, in microseconds since 1970.
    pub(crate) noted: AtomicU64,
}

/// Held by whoever changes something: what was looked at stays true until it is changed.
pub(crate) type Turn<'a> = MutexGuard<'a, ()>;

impl fmt::Debug for Wiki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wiki").field("pages", &self.model().pages.len()).finish_non_exhaustive()
    }
}

impl Wiki {
    /// Reads everything from the store. `open`: documents that are nobody's are open to everyone.
    ///
    /// # Errors
    /// What the store says; [`StoreError::Damaged`] also when a row cannot be understood.
    pub async fn open(
        store: Arc<dyn Store>,
        hub: Hub,
        history: History,
        open: bool,
    ) -> Result<Self, StoreError> {
        let mut model = Model::default();
        load::<Person>(&*store, &mut model).await?;
        load::<Group>(&*store, &mut model).await?;
        load::<SignIn>(&*store, &mut model).await?;
        load::<SecondStep>(&*store, &mut model).await?;
        load::<Identity>(&*store, &mut model).await?;
        load::<Passkey>(&*store, &mut model).await?;
        load::<Token>(&*store, &mut model).await?;
        load::<Invitation>(&*store, &mut model).await?;
        load::<Reset>(&*store, &mut model).await?;
        load::<Space>(&*store, &mut model).await?;
        load::<Page>(&*store, &mut model).await?;
        load::<Share>(&*store, &mut model).await?;
        load::<Destroyed>(&*store, &mut model).await?;
        load::<Edited>(&*store, &mut model).await?;
        load::<Desk>(&*store, &mut model).await?;
        load::<Notice>(&*store, &mut model).await?;
        load::<Digested>(&*store, &mut model).await?;
        load::<ForeignApp>(&*store, &mut model).await?;
        for (doc, title) in hub.titles().await? {
            if let Some(page) = PageId::of(&doc).filter(|page| model.pages.get(page).is_some()) {
                model.titles.insert(page, title);
            }
        }
        let wiki = Self(Arc::new(Inner {
            store,
            hub,
            history,
            open,
            model: RwLock::new(model),
            writing: Mutex::new(()),
            changes: broadcast::Sender::new(CHANGES_KEPT),
            rights: watch::Sender::new(0),
            noted: AtomicU64::new(0),
        }));
        tokio::spawn(wiki.clone().note_edits());
        Ok(wiki)
    }

    /// Everything that changes from now on. A listener that lags is told so, and looks at everything anew.
    #[must_use]
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.changes.subscribe()
    }

    /// Moves whenever somebody may have fewer rights than before: open sockets then ask again.
    #[must_use]
    pub fn rights(&self) -> watch::Receiver<u64> {
        self.0.rights.subscribe()
    }

    /// Decides what `subject` may do with a document, by what holds now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn grant(&self, subject: &Subject, doc: DocId, right: Right) -> Result<Grant, Refused> {
        // Until somebody sets the server up there is nobody to own a page, and all documents are alike.
        let page = PageId::of(&doc).filter(|_| self.is_set_up());
        let model = self.model();
        let Some(page) = page else {
            let app = AppName::of(&doc).filter(|app| model.apps.get(app).is_some());
            let free = DocRules::Free { open: self.0.open };
            return decide(&app.as_ref().map_or(free, |app| DocRules::App { app }), subject, doc, right);
        };
        let rules = model.facts(&page).map_or(DocRules::NoPage, DocRules::Page);
        decide(&rules, subject, doc, right)
    }

    /// Proof that `subject` may do `A` to a page.
    ///
    /// # Errors
    /// [`Refused`]; a page that does not exist is [`Refused::Hidden`].
    pub fn allow_page<A>(&self, subject: &Subject, page: &PageId) -> Result<Allowed<A>, Refused>
    where
        A: for<'a> Action<Object = PageId, Facts<'a> = PageFacts<'a>>,
    {
        let model = self.model();
        let facts = model.facts(page).ok_or_else(|| Refused::unseen(subject))?;
        allow::<A>(subject, page.clone(), &facts)
    }

    /// Proof that `subject` may do `A` to a space.
    ///
    /// # Errors
    /// [`Refused`]; a space that does not exist is [`Refused::Hidden`].
    pub fn allow_space<A>(&self, subject: &Subject, space: &SpaceId) -> Result<Allowed<A>, Refused>
    where
        A: for<'a> Action<Object = SpaceId, Facts<'a> = SpaceRules>,
    {
        let model = self.model();
        let space = model.spaces.get(space).ok_or_else(|| Refused::unseen(subject))?;
        allow::<A>(subject, space.id.clone(), &space.rules)
    }

    /// Proof that `subject` may do `A` on this server.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn allow<A>(&self, subject: &Subject) -> Result<Allowed<A>, Refused>
    where
        A: for<'a> Action<Object = (), Facts<'a> = ()>,
    {
        allow::<A>(subject, (), &())
    }

    pub(crate) fn model(&self) -> RwLockReadGuard<'_, Model> {
        self.0.model.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn turn(&self) -> Turn<'_> {
        self.0.writing.lock().await
    }

    /// Stores a row, then shows it. Once begun it is done, also when nobody waits any more.
    pub(crate) async fn put<R: Row>(&self, _turn: &Turn<'_>, row: R) -> Result<(), WikiError> {
        let wiki = self.clone();
        finish(async move {
            let id = row.id();
            let known = R::table(&mut wiki.write()).rev(&id);
            let expect = known.map_or(Expect::Absent, Expect::Rev);
            match wiki.0.store.put(&R::key(&id), row.encode().into(), expect).await {
                Ok(rev) => {
                    let before = {
                        let mut model = wiki.write();
                        let before = R::table(&mut model).put(row.clone(), rev);
                        R::reindex(&mut model, before.as_ref(), Some(&row));
                        before
                    };
                    wiki.tell(before.as_ref(), Some(&row));
                    Ok(())
                }
                Err(error) => wiki.look_again::<R>(&id, error).await,
            }
        })
        .await
    }

    /// Removes a row, then shows that it is gone. One that is not there is no error.
    pub(crate) async fn remove<R: Row>(&self, _turn: &Turn<'_>, id: R::Id) -> Result<(), WikiError> {
        let wiki = self.clone();
        finish(async move {
            let Some(rev) = R::table(&mut wiki.write()).rev(&id) else { return Ok(()) };
            match wiki.0.store.delete(&R::key(&id), Expect::Rev(rev)).await {
                Ok(()) => {
                    wiki.forget::<R>(&id);
                    Ok(())
                }
                Err(error) => wiki.look_again::<R>(&id, error).await,
            }
        })
        .await
    }

    pub(crate) fn announce(&self, change: Change) {
        // Nobody listening is no error.
        let _ = self.0.changes.send(change);
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Model> {
        self.0.model.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_title(&self, page: &PageId, title: Arc<str>) {
        self.write().titles.insert(page.clone(), title);
    }

    fn forget<R: Row>(&self, id: &R::Id) {
        let gone = {
            let mut model = self.write();
            let gone = R::table(&mut model).take(id);
            R::reindex(&mut model, gone.as_ref(), None);
            gone
        };
        self.tell(gone.as_ref(), None);
    }

    fn tell<R: Row>(&self, before: Option<&R>, after: Option<&R>) {
        if R::touches_rights(before, after) {
            self.0.rights.send_modify(|turn| *turn += 1);
            self.announce(Change::Rights);
        }
        for change in R::told(before, after) {
            self.announce(change);
        }
    }

    /// After a failure the row may or may not be what it was to become: reads it, so that memory is what is stored.
    async fn look_again<R: Row>(&self, id: &R::Id, error: StoreError) -> Result<(), WikiError> {
        match self.0.store.get(&R::key(id)).await {
            Ok(Some(value)) => {
                if let Some(row) = R::decode(&value.bytes) {
                    let mut model = self.write();
                    let before = R::table(&mut model).put(row.clone(), value.rev);
                    R::reindex(&mut model, before.as_ref(), Some(&row));
                }
            }
            Ok(None) => self.forget::<R>(id),
            Err(second) => warn!(key = R::key(id), %second, "what is stored is not known for now"),
        }
        Err(error.into())
    }
}

/// Runs to the end, whether or not its caller waits.
async fn finish<T: Send + 'static>(
    work: impl Future<Output = Result<T, WikiError>> + Send + 'static,
) -> Result<T, WikiError> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(_) => Err(WikiError::Store(StoreError::Unavailable { what: "the server is stopping".into() })),
    }
}

async fn load<R: Row>(store: &dyn Store, model: &mut Model) -> Result<(), StoreError> {
    let prefix = R::prefix();
    let mut after: Option<String> = None;
    loop {
        let entries = store.list(&prefix, after.as_deref(), LIST_PAGE).await?;
        for entry in &entries {
            let row = R::decode(&entry.value.bytes).ok_or_else(|| StoreError::Damaged {
                doc: None,
                seq: None,
                what: format!("the row {} cannot be understood", entry.key),
            })?;
            R::table(model).put(row.clone(), entry.value.rev);
            R::reindex(model, None, Some(&row));
        }
        if entries.len() < LIST_PAGE {
            return Ok(());
        }
        after = entries.last().map(|entry| entry.key.clone());
    }
}

#[cfg(test)]
thread_local! {
    /// What the clock shows on this thread, if a test stopped it.
    pub(crate) static STOPPED: std::cell::Cell<Option<UnixMillis>> = const { std::cell::Cell::new(None) };
}

pub(crate) fn now() -> UnixMillis {
    #[cfg(test)]
    if let Some(stopped) = STOPPED.get() {
        return stopped;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Random bytes for an id.
pub(crate) fn dice() -> [u8; weft_ids::RANDOM_ID_CHARACTERS] {
    rand::random()
}

#[cfg(test)]
mod ends;
