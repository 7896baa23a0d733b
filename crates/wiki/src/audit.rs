//! What was done that may matter later: who signed in, was invited, got rights, shared, restored, erased.
//!
//! Entries stay in the store and are read from there, the newest first: nobody needs them in memory.

use std::sync::atomic::Ordering::Relaxed;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use weft_access::Allowed;
use weft_access::action::Administer;
use weft_ids::{UnixMillis, UserId, random_id};
use weft_store::Expect;

use crate::error::WikiError;
use crate::row::{pack, unpack};
use crate::wiki::{Wiki, dice, now};

/// The most entries that are read at once.
pub const ENTRIES_PER_PAGE_MAX: usize = 500;
/// How much is told of what something is called, in characters.
pub const DETAIL_CHARACTERS_MAX: usize = 300;
/// What the entries' keys begin with. The rest sorts the newest first.
const PREFIX: &str = "wiki/audit/";
/// The version that is written.
const VERSION: u32 = 1;
/// How many are looked at at a time while one kind is sought.
const LOOKED_AT: usize = 1_000;

macro_rules! deeds {
    ($($(#[doc = $doc:literal])+ $name:ident = $word:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Deed {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Deed {
            /// Every one.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The word for it in the API and in storage.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }

            /// Reads the word.
            #[must_use]
            pub fn read(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|deed| deed.as_str() == word)
            }
        }
    };
}

deeds! {
    /// The server got its owner.
    SetUp = "set-up";
    /// Somebody signed in.
    SignedIn = "signed-in";
    /// Somebody tried to sign in and could not.
    SignInRefused = "sign-in-refused";
    /// Somebody signed out, or ended another browser's sign-in.
    SignedOut = "signed-out";
    /// Somebody chose another password.
    PasswordChanged = "password-changed";
    /// A link to a new password was made for somebody.
    ResetMade = "reset-made";
    /// Somebody chose a new password by a link.
    PasswordReset = "password-reset";
    /// Somebody is asked for a second step from then on.
    SecondStepAdded = "second-step-added";
    /// Somebody is not asked for a second step any more.
    SecondStepRemoved = "second-step-removed";
    /// Somebody used one of their recovery codes as the second step.
    RecoveryCodeUsed = "recovery-code-used";
    /// Somebody is known by an account elsewhere from then on.
    AccountLinked = "account-linked";
    /// Somebody made a passkey.
    PasskeyAdded = "passkey-added";
    /// Somebody removed a passkey of theirs.
    PasskeyRemoved = "passkey-removed";
    /// A key for programs was made.
    TokenMade = "token-made";
    /// A key for programs was ended.
    TokenRevoked = "token-revoked";
    /// Somebody was invited.
    Invited = "invited";
    /// An invitation was taken back.
    InvitationRevoked = "invitation-revoked";
    /// Somebody accepted an invitation.
    Joined = "joined";
    /// Somebody was added without an invitation.
    PersonAdded = "person-added";
    /// Somebody's role, name or address was changed.
    PersonChanged = "person-changed";
    /// Somebody was kept out.
    Suspended = "suspended";
    /// Somebody was let in again.
    Readmitted = "readmitted";
    /// Somebody was removed.
    PersonRemoved = "person-removed";
    /// A group was made.
    GroupMade = "group-made";
    /// A group's name or people were changed.
    GroupChanged = "group-changed";
    /// A group was removed.
    GroupRemoved = "group-removed";
    /// A space was made.
    SpaceMade = "space-made";
    /// A space was changed.
    SpaceChanged = "space-changed";
    /// A space was removed.
    SpaceRemoved = "space-removed";
    /// Somebody's rights in a space were changed.
    SpaceGranted = "space-granted";
    /// An admin became manager of a space.
    SpaceTakenOver = "space-taken-over";
    /// Who may see a page was changed.
    PageAccess = "page-access";
    /// A public link was made.
    Shared = "shared";
    /// A public link was changed.
    ShareChanged = "share-changed";
    /// A public link was ended.
    ShareEnded = "share-ended";
    /// A page was put into the trash.
    PageTrashed = "page-trashed";
    /// A page was taken out of the trash.
    PageRestored = "page-restored";
    /// A page was deleted for good.
    PageDestroyed = "page-destroyed";
    /// A document was brought back to an earlier moment.
    HistoryRestored = "history-restored";
    /// A document's history was erased in part.
    HistoryErased = "history-erased";
    /// A foreign app was registered.
    AppMade = "app-made";
    /// A foreign app's name or pages were changed.
    AppChanged = "app-changed";
    /// A foreign app got one more key.
    AppKeyAdded = "app-key-added";
    /// A foreign app's key was removed.
    AppKeyRemoved = "app-key-removed";
    /// A foreign app was removed.
    AppRemoved = "app-removed";
    /// Everything was written into a backup.
    Exported = "exported";
}

/// Something or somebody, as they were called then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Called {
    /// Its id.
    pub id: String,
    /// What it was called.
    pub name: String,
}

/// What is to be noted.
#[derive(Debug, Clone)]
pub struct Note {
    /// What was done.
    pub deed: Deed,
    /// By whom; `None`: by nobody known, or at the command line.
    pub by: Option<UserId>,
    /// To what.
    pub object: Option<Called>,
    /// What else there is to say, in a few words.
    pub detail: Option<String>,
    /// From which address.
    pub address: Option<String>,
}

/// What was noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its place: those that come after it in this order are older.
    pub id: String,
    /// When.
    pub at: UnixMillis,
    /// What was done. A word that a newer Weft wrote stays what it is.
    pub deed: String,
    /// By whom.
    pub by: Option<Called>,
    /// To what.
    pub object: Option<Called>,
    /// What else there is to say.
    pub detail: Option<String>,
    /// From which address.
    pub address: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    at: u64,
    deed: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Called>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    object: Option<Called>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

fn short(text: String) -> String {
    if text.chars().nth(DETAIL_CHARACTERS_MAX).is_none() {
        return text;
    }
    text.chars().take(DETAIL_CHARACTERS_MAX).chain(['…']).collect()
}

/// The row of the store in which it stands what was done at the command line, for who changes the store without a wiki:
/// its key, and what it holds.
#[must_use]
pub fn row_of_the_operator(deed: Deed, object: Called, detail: String, at: UnixMillis) -> (String, Bytes) {
    let note = Note { deed, by: None, object: Some(object), detail: Some(detail), address: None };
    row(note, None, at, at.0.saturating_mul(1_000))
}

fn row(note: Note, by: Option<Called>, at: UnixMillis, place: u64) -> (String, Bytes) {
    let stored = Stored {
        at: at.0,
        deed: note.deed.as_str().to_owned(),
        by,
        object: note.object.map(|object| Called { name: short(object.name), ..object }),
        detail: note.detail.map(short),
        address: note.address,
    };
    let key = format!("{PREFIX}{:020}{}", u64::MAX - place, random_id(dice()));
    (key, pack(VERSION, &stored).into())
}

impl Wiki {
    /// Notes what was done.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn note_down(&self, note: Note) -> Result<(), WikiError> {
        let at = now();
        let by = note.by.as_ref().map(|id| {
            let name = self.person(id).map_or_else(String::new, |person| person.name);
            Called { id: id.as_str().to_owned(), name }
        });
        // No two entries have one place: what was done later is told as later, within a millisecond too.
        let place = at.0.saturating_mul(1_000);
        let before = self.0.noted.fetch_update(Relaxed, Relaxed, |last| Some(place.max(last + 1)));
        let place = place.max(before.unwrap_or_default() + 1);
        let (key, row) = row(note, by, at, place);
        self.0.store.put(&key, row, Expect::Absent).await?;
        Ok(())
    }

    /// Entries, the newest first: those older than `before`, and of one deed only if it is named.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn entries(
        &self,
        _proof: &Allowed<Administer>,
        before: Option<&str>,
        deed: Option<Deed>,
        limit: usize,
    ) -> Result<Vec<Entry>, WikiError> {
        let limit = limit.min(ENTRIES_PER_PAGE_MAX);
        let look_at = if deed.is_some() { LOOKED_AT } else { limit };
        let mut after = before.map(|id| format!("{PREFIX}{id}"));
        let mut entries = Vec::new();
        while entries.len() < limit {
            let rows = self.0.store.list(PREFIX, after.as_deref(), look_at).await?;
            after = rows.last().map(|row| row.key.clone());
            let read = rows.iter().filter_map(|row| {
                let stored: Stored = unpack(VERSION, &row.value.bytes)?;
                let id = row.key.strip_prefix(PREFIX)?.to_owned();
                let Stored { at, deed, by, object, detail, address } = stored;
                Some(Entry { id, at: UnixMillis(at), deed, by, object, detail, address })
            });
            let wanted = |entry: &Entry| deed.is_none_or(|deed| entry.deed == deed.as_str());
            entries.extend(read.filter(wanted).take(limit - entries.len()));
            if rows.len() < look_at {
                break;
            }
        }
        Ok(entries)
    }
}
