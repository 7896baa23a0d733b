//! Versions: moments that people gave a name, and those where a session ended.

use weft_access::Grant;
use weft_hub::HubError;
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::{Expect, StoreError};

use crate::error::HistoryError;
use crate::history::{History, blocking};
use crate::past::Past;
use crate::row::{self, ByRow, VersionRow};

/// The longest name of a version, in characters.
pub const VERSION_NAME_CHARACTERS_MAX: usize = 100;
/// The most named versions of one document.
pub const VERSIONS_MAX: usize = 1_000;
/// The most automatic versions of one list: the newest ones. The timeline tells of those before.
pub const AUTOMATIC_LISTED_MAX: usize = 1_000;

/// What the id of an automatic version begins with; the rest is its place.
const AUTOMATIC: &str = "auto-";
/// How often a change is tried again when somebody else changed the same version.
const TRIES: usize = 4;
/// No letters that look like others.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// 60 bits: two of a document's versions do not meet.
const ID_CHARACTERS: usize = 12;

/// A moment worth coming back to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Names it within its document.
    pub id: String,
    /// The last record that is in it.
    pub seq: Seq,
    /// The time of that record.
    pub time: UnixMillis,
    /// The hash of its content ([`crate::ContentHash`], in hexadecimal), where it is known.
    pub hash: Option<String>,
    /// What somebody said of it; `None` if it is automatic.
    pub named: Option<Named>,
}

/// What somebody called a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// When it was named.
    pub created: UnixMillis,
    /// By whom, if they said.
    pub by: Option<By>,
}

/// Somebody who changes something without a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// What they call themselves.
    pub name: Option<String>,
    /// Their id if they are signed in.
    pub user: Option<String>,
}

impl By {
    /// Whoever has `grant` and calls themselves `name`; `None` if nothing is known of them.
    pub(crate) fn of(grant: &Grant, name: Option<&str>) -> Option<Self> {
        let user = grant.subject().user().map(|user| user.as_str().to_owned());
        let name = name.map(str::to_owned);
        (user.is_some() || name.is_some()).then_some(Self { name, user })
    }
}

impl History {
    /// All named versions, and the newest automatic ones: newest moment first, and of one moment the one named last.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn versions(&self, grant: &Grant) -> Result<Vec<Version>, HistoryError> {
        let past = self.open(grant).await?;
        let mut versions = self.named(grant.doc(), &past).await?;
        let now = Self::now();
        blocking(move || {
            let taken: std::collections::HashSet<Seq> = versions.iter().map(|version| version.seq).collect();
            let ended = past.sessions(past.head()).filter(|session| {
                let goes_on = session.to.seq == past.head() && session.goes_on(now);
                !goes_on && !taken.contains(&session.to.seq)
            });
            versions.extend(ended.take(AUTOMATIC_LISTED_MAX).map(|session| Version {
                id: format!("{AUTOMATIC}{}", session.to.seq),
                seq: session.to.seq,
                time: session.to.time,
                hash: None,
                named: None,
            }));
            let created = |version: &Version| version.named.as_ref().map(|named| named.created);
            versions.sort_by(|a, b| b.seq.cmp(&a.seq).then_with(|| created(b).cmp(&created(a))));
            Ok(versions)
        })
        .await
    }

    /// One version, with its hash as the log gives it now.
    ///
    /// # Errors
    /// [`HistoryError::NoVersion`] and others.
    pub async fn version(&self, grant: &Grant, id: &str) -> Result<Version, HistoryError> {
        let past = self.open(grant).await?;
        let no_version = || HistoryError::NoVersion(id.to_owned());
        let version = if let Some(seq) = id.strip_prefix(AUTOMATIC) {
            let seq = seq.parse().map(Seq).map_err(|_| no_version())?;
            let session = past.session_ending_with(seq).ok_or_else(no_version)?;
            if session.to.seq == past.head() && session.goes_on(Self::now()) {
                return Err(no_version());
            }
            Version { id: id.to_owned(), seq, time: session.to.time, hash: None, named: None }
        } else {
            let (row, _) = self.row(grant.doc(), id).await?;
            read(&past, id, row).ok_or_else(|| lost(grant.doc(), id))?
        };
        let seq = version.seq;
        let hash = blocking(move || Ok(past.moment_at(seq)?.content().to_string())).await?;
        if version.hash.as_ref().is_some_and(|noted| *noted != hash) {
            tracing::error!(doc = %grant.doc(), id, "the content of a version is not what it was when it was named");
        }
        Ok(Version { hash: Some(hash), ..version })
    }

    /// Gives a moment (the newest unless said) a name.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn name_version(
        &self,
        grant: &Grant,
        name: &str,
        seq: Option<Seq>,
        by: Option<&str>,
    ) -> Result<Version, HistoryError> {
        may_write(grant)?;
        let name = check_name(name)?;
        let doc = grant.doc();
        // One after the other, or two at once would pass the limit; and a moment that is named must be there still.
        let _turn = self.0.turns.take(doc).await;
        let past = self.open(grant).await?;
        let seq = seq.unwrap_or(past.head());
        if self.0.store.list(&row::versions(doc), None, VERSIONS_MAX).await?.len() >= VERSIONS_MAX {
            return Err(HistoryError::TooManyVersions(VERSIONS_MAX));
        }
        let hashed = past.clone();
        let hash = blocking(move || Ok(hashed.moment_at(seq)?.content().to_string())).await?;
        let by = By::of(grant, by).map(|by| ByRow { name: by.name, user: by.user });
        let written = VersionRow { name, seq: seq.0, hash, created: Self::now().0, by };
        let id = random_id(ID_CHARACTERS);
        self.0.store.put(&row::version(doc, &id), row::write(&written), Expect::Absent).await?;
        read(&past, &id, written).ok_or_else(|| lost(doc, &id))
    }

    /// Gives a named version another name.
    ///
    /// # Errors
    /// [`HistoryError::NoVersion`], [`HistoryError::Automatic`] and others.
    pub async fn rename_version(&self, grant: &Grant, id: &str, name: &str) -> Result<Version, HistoryError> {
        may_write(grant)?;
        let name = check_name(name)?;
        let past = self.open(grant).await?;
        let mut tries = TRIES;
        loop {
            let (mut row, rev) = self.row(grant.doc(), id).await?;
            row.name.clone_from(&name);
            let key = row::version(grant.doc(), id);
            match self.0.store.put(&key, row::write(&row), Expect::Rev(rev)).await {
                Ok(_) => return read(&past, id, row).ok_or_else(|| lost(grant.doc(), id)),
                Err(StoreError::Conflict { .. }) if tries > 0 => tries -= 1,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Takes the name off a moment, which stays in the history.
    ///
    /// # Errors
    /// [`HistoryError::NoVersion`], [`HistoryError::Automatic`] and others.
    pub async fn unname_version(&self, grant: &Grant, id: &str) -> Result<(), HistoryError> {
        may_write(grant)?;
        self.row(grant.doc(), id).await?;
        Ok(self.0.store.delete(&row::version(grant.doc(), id), Expect::Any).await?)
    }

    async fn named(&self, doc: &DocId, past: &Past) -> Result<Vec<Version>, HistoryError> {
        let prefix = row::versions(doc);
        let rows = self.0.store.list(&prefix, None, VERSIONS_MAX).await?;
        let mut versions = Vec::with_capacity(rows.len());
        for entry in rows {
            let id = &entry.key[prefix.len()..];
            versions.push(read(past, id, row::read(doc, &entry.value.bytes)?).ok_or_else(|| lost(doc, id))?);
        }
        Ok(versions)
    }

    async fn row(&self, doc: &DocId, id: &str) -> Result<(VersionRow, weft_store::Rev), HistoryError> {
        if id.starts_with(AUTOMATIC) {
            return Err(HistoryError::Automatic(id.to_owned()));
        }
        let no_version = || HistoryError::NoVersion(id.to_owned());
        // Ours have no other characters; a longer key might not even be one.
        if id.is_empty() || id.len() > ID_CHARACTERS || !id.bytes().all(|byte| ALPHABET.contains(&byte)) {
            return Err(no_version());
        }
        let value = self.0.store.get(&row::version(doc, id)).await?.ok_or_else(no_version)?;
        Ok((row::read(doc, &value.bytes)?, value.rev))
    }
}

/// A version as its row tells it; `None` if its moment is not in the log.
fn read(past: &Past, id: &str, row: VersionRow) -> Option<Version> {
    let stamp = past.stamp(Seq(row.seq))?;
    let by = row.by.map(|by| By { name: by.name, user: by.user });
    Some(Version {
        id: id.to_owned(),
        seq: stamp.seq,
        time: stamp.time,
        hash: Some(row.hash),
        named: Some(Named { name: row.name, created: UnixMillis(row.created), by }),
    })
}

fn lost(doc: &DocId, id: &str) -> HistoryError {
    HistoryError::Store(StoreError::Damaged {
        doc: Some(doc.clone()),
        seq: None,
        what: format!("version {id} names a moment that is not in the log"),
    })
}

pub(crate) fn may_write(grant: &Grant) -> Result<(), HistoryError> {
    if grant.may_write() {
        return Ok(());
    }
    Err(HubError::NotAllowed("this grant only allows reading").into())
}

fn check_name(name: &str) -> Result<String, HistoryError> {
    let name = name.trim();
    if name.is_empty() {
        return Err(HistoryError::VersionName("a version's name must not be empty"));
    }
    if name.chars().count() > VERSION_NAME_CHARACTERS_MAX {
        return Err(HistoryError::VersionName("a version's name has at most 100 characters"));
    }
    if name.chars().any(char::is_control) {
        return Err(HistoryError::VersionName("a version's name has no control characters"));
    }
    Ok(name.to_owned())
}

/// Letters and digits that nobody guesses.
pub(crate) fn random_id(characters: usize) -> String {
    (0..characters).map(|_| ALPHABET[usize::from(rand::random::<u8>() % 32)] as char).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_to_a_hundred_characters_on_one_line() {
        assert_eq!(check_name("  Draft 1 ").unwrap(), "Draft 1");
        assert!(check_name(&"字".repeat(VERSION_NAME_CHARACTERS_MAX)).is_ok());
        for bad in ["", "  ", "a\nb", "a\u{7}", &"字".repeat(VERSION_NAME_CHARACTERS_MAX + 1)] {
            assert!(matches!(check_name(bad), Err(HistoryError::VersionName(_))), "{bad:?}");
        }
    }
}
