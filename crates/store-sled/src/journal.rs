//! The journal: commits that the database does not hold yet, one behind the other in a file beside it.
//!
//! A commit is durable with one write and one sync here, where the database would take several and wake its threads
//! for each. What the journal holds goes into the database many commits at once; then it starts anew at its front, over
//! what it held before, so that a sync need not tell the file system of a longer file.
//!
//! ```text
//! header   "weft-journal", the version, a random key, a checksum; written once
//! entry    the number of its commit, its length, the hash of its body, a tag
//! body     rows: key, then 0 for one that goes, or 1 and its value as the database gets it
//! entry …  behind the body, at a multiple of eight
//! ```
//! Numbers follow each other. An entry of before has a lower one, so it is never taken for one of now. The tag is a
//! hash of the entry's head and place under the file's key: nothing that a client may write can look like an entry.
//!
//! Only the last entry may be torn, since each is written after the one before it was synced. So when one cannot be
//! read and there is an entry of a later commit behind it, that is damage, and the store is not opened.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use sled::IVec;
use weft_store::codec::{self, Cursor, put_bytes};

use crate::disk::Disk;
use crate::open::sync_folder;

/// The name of the file, in the folder of the database that it belongs to.
pub(crate) const JOURNAL: &str = "JOURNAL";
/// How long the file is. It grows for a commit that needs more, for a while.
const JOURNAL_BYTES: u64 = 256 << 10;
/// The database takes what the journal holds when it holds so much.
const SETTLE_BYTES: u64 = 128 << 10;

const MAGIC: &[u8] = b"weft-journal";
const VERSION: u8 = 1;
const KEY_BYTES: usize = 32;
/// Where the first entry starts.
const FIRST: usize = 64;
const HEAD_BYTES: usize = 8 + 8 + HASH_BYTES + HASH_BYTES;
const HASH_BYTES: usize = 16;
const ALIGNMENT: usize = 8;
const PAGE_BYTES: usize = 4096;

type Hash = [u8; HASH_BYTES];

/// A key, and what it holds from now on: nothing, or these bytes, sealed.
pub(crate) type Write = (IVec, Option<IVec>);

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum JournalError {
    #[error("{0}")]
    Damaged(String),
    #[error("{0}")]
    System(#[from] io::Error),
}

/// Where the next commit is written.
#[derive(Debug)]
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    key: [u8; KEY_BYTES],
    at: u64,
    /// The entry on its way to the file.
    buffer: Vec<u8>,
}

/// What a journal holds that the database does not.
#[derive(Debug, Default)]
pub(crate) struct Unsettled {
    /// The number of the last commit; 0 if there is none.
    pub(crate) commits: u64,
    /// All their rows, in order.
    pub(crate) writes: Vec<Write>,
}

impl Journal {
    /// Opens the journal of a database that holds `settled` commits, or makes one. What it holds is durable then.
    pub(crate) fn open(database: &Path, settled: u64) -> Result<(Self, Unsettled), JournalError> {
        let path = database.join(JOURNAL);
        if !path.exists() {
            create(database, &path)?;
        }
        let file = File::options().read(true).write(true).open(&path)?;
        // What a process that died wrote and did not sync is found here, and answered from here on.
        file.sync_data()?;
        let bytes = std::fs::read(&path)?;
        let key = key_of(&bytes)?;
        let (unsettled, end) = Reader { bytes: &bytes, key: &key }.read(settled)?;
        Ok((Self { file, path, key, at: end as u64, buffer: Vec::new() }, unsettled))
    }

    /// Makes a commit durable.
    pub(crate) fn write(&mut self, commit: u64, writes: &[Write], disk: &dyn Disk) -> io::Result<()> {
        let mut entry = std::mem::take(&mut self.buffer);
        entry.clear();
        entry.resize(HEAD_BYTES, 0);
        for (key, value) in writes {
            put_bytes(&mut entry, key);
            match value {
                None => entry.push(0),
                Some(value) => {
                    entry.push(1);
                    put_bytes(&mut entry, value);
                }
            }
        }
        let (_, body) = entry.split_at(HEAD_BYTES);
        let head = Head { commit, len: body.len() as u64, hash: short(&blake3::hash(body)) };
        entry[..HEAD_BYTES].copy_from_slice(&head.encode(&self.key, self.at));
        let written = self.file.write_all_at(&entry, self.at);
        let len = entry.len().next_multiple_of(ALIGNMENT) as u64;
        if len <= JOURNAL_BYTES {
            self.buffer = entry;
        }
        written.and_then(|()| disk.sync(&self.file, &self.path))?;
        // A commit that failed is written over by the next one.
        self.at += len;
        Ok(())
    }

    /// Whether it holds as much as it should.
    pub(crate) fn is_full(&self) -> bool {
        self.at >= SETTLE_BYTES
    }

    /// The database holds everything, durably: begins anew.
    pub(crate) fn begin_anew(&mut self) {
        let long = self.file.metadata().is_ok_and(|meta| meta.len() > JOURNAL_BYTES);
        if long && let Err(error) = self.file.set_len(JOURNAL_BYTES) {
            tracing::warn!(%error, path = %self.path.display(), "it stays longer than it need be");
        }
        self.at = FIRST as u64;
    }
}

/// Makes an empty journal: whole, or none.
fn create(database: &Path, path: &Path) -> io::Result<()> {
    let key: [u8; KEY_BYTES] = rand::random();
    let mut bytes = MAGIC.to_vec();
    bytes.push(VERSION);
    bytes.extend_from_slice(&key);
    codec::seal(MAGIC, &mut bytes);
    bytes.resize(JOURNAL_BYTES as usize, 0);
    let temporary = path.with_extension("new");
    let mut file = File::create(&temporary)?;
    // Piece by piece: what is written at once the system may keep as one large page, and each sync looks through all of it.
    for page in bytes.chunks(PAGE_BYTES) {
        file.write_all(page)?;
    }
    file.sync_all()?;
    std::fs::rename(&temporary, path)?;
    sync_folder(database)
}

fn key_of(bytes: &[u8]) -> Result<[u8; KEY_BYTES], JournalError> {
    let header = bytes.get(..MAGIC.len() + 1 + KEY_BYTES + codec::SEAL_BYTES);
    let header = header.and_then(|header| codec::open(MAGIC, header).ok());
    let header = header.ok_or_else(|| JournalError::Damaged("its header is not what was written".into()))?;
    match header[MAGIC.len()] {
        VERSION => {}
        other => {
            let what = format!("it has version {other}; this program reads {VERSION}");
            return Err(JournalError::Damaged(what));
        }
    }
    let key = header.last_chunk();
    key.copied().ok_or_else(|| JournalError::Damaged("its header is too short".into()))
}

fn short(hash: &blake3::Hash) -> Hash {
    let mut short = [0; HASH_BYTES];
    short.copy_from_slice(&hash.as_bytes()[..HASH_BYTES]);
    short
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    commit: u64,
    len: u64,
    hash: Hash,
}

impl Head {
    fn encode(&self, key: &[u8; KEY_BYTES], at: u64) -> [u8; HEAD_BYTES] {
        let mut bytes = [0; HEAD_BYTES];
        bytes[..8].copy_from_slice(&self.commit.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.len.to_le_bytes());
        bytes[16..16 + HASH_BYTES].copy_from_slice(&self.hash);
        let tag = tag(&bytes[..16 + HASH_BYTES], key, at);
        bytes[16 + HASH_BYTES..].copy_from_slice(&tag);
        bytes
    }

    fn decode(bytes: &[u8], key: &[u8; KEY_BYTES], at: u64) -> Option<Self> {
        let mut cursor = Cursor::new(bytes);
        let commit = u64::from_le_bytes(cursor.array().ok()?);
        let len = u64::from_le_bytes(cursor.array().ok()?);
        let hash = cursor.array().ok()?;
        let told: Hash = cursor.array().ok()?;
        (told == tag(&bytes[..16 + HASH_BYTES], key, at)).then_some(Self { commit, len, hash })
    }
}

fn tag(head: &[u8], key: &[u8; KEY_BYTES], at: u64) -> Hash {
    let hash = blake3::Hasher::new_keyed(key).update(&at.to_le_bytes()).update(head).finalize();
    short(&hash)
}

/// A journal's bytes.
struct Reader<'a> {
    bytes: &'a [u8],
    key: &'a [u8; KEY_BYTES],
}

impl Reader<'_> {
    /// What it holds behind commit `settled`, and where the next entry goes.
    fn read(&self, settled: u64) -> Result<(Unsettled, usize), JournalError> {
        let mut unsettled = Unsettled::default();
        let (mut at, mut last) = (FIRST, None);
        while let Some((head, body)) = self.entry(at)
            && last.is_none_or(|last| head.commit == last + 1)
        {
            if last.is_none() && head.commit > settled + 1 {
                let first = head.commit;
                let what =
                    format!("it goes on from commit {first}, but the database ends at commit {settled}");
                return Err(JournalError::Damaged(what));
            }
            at = (at + HEAD_BYTES + body.len()).next_multiple_of(ALIGNMENT);
            last = Some(head.commit);
            if head.commit > settled {
                unsettled.commits = head.commit;
                read_body(body, &mut unsettled.writes)
                    .map_err(|error| JournalError::Damaged(format!("commit {}: {error}", head.commit)))?;
            }
        }
        self.ends(at, unsettled.commits.max(settled))?;
        Ok(if unsettled.commits > 0 { (unsettled, at) } else { (unsettled, FIRST) })
    }

    fn head(&self, at: usize) -> Option<Head> {
        Head::decode(self.bytes.get(at..at + HEAD_BYTES)?, self.key, at as u64)
    }

    fn entry(&self, at: usize) -> Option<(Head, &[u8])> {
        let head = self.head(at)?;
        let start = at + HEAD_BYTES;
        let body = self.bytes.get(start..start.checked_add(usize::try_from(head.len).ok()?)?)?;
        (short(&blake3::hash(body)) == head.hash).then_some((head, body))
    }

    /// That nothing behind `at` was written later than the commit after `newest`, which may be torn.
    fn ends(&self, at: usize, newest: u64) -> Result<(), JournalError> {
        let later = (at..self.bytes.len()).step_by(ALIGNMENT).find_map(|at| {
            // Most of it is empty, and hashing takes longer than looking.
            let commit = u64::from_le_bytes(*self.bytes.get(at..)?.first_chunk()?);
            (commit > newest + 1 && self.head(at).is_some()).then_some(commit)
        });
        match later {
            None => Ok(()),
            Some(later) => Err(JournalError::Damaged(format!(
                "commit {} cannot be read, though commit {later} was written after it",
                newest + 1
            ))),
        }
    }
}

fn read_body(body: &[u8], writes: &mut Vec<Write>) -> Result<(), codec::CodecError> {
    let mut cursor = Cursor::new(body);
    while cursor.left() > 0 {
        let key = IVec::from(cursor.bytes()?);
        let value = match cursor.byte()? {
            0 => None,
            1 => Some(IVec::from(cursor.bytes()?)),
            _ => return Err(codec::CodecError::Malformed("an unknown kind of row")),
        };
        writes.push((key, value));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
