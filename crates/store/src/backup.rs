//! Everything of a store as one file, which any engine can read back.
//!
//! ```text
//! "weft backup 2\n"      the version in words, so that anybody who looks knows what it is
//! a zstd stream of frames: every meta row, then every document with its base, if it has one, and its
//!                        records, then an end that counts them
//! 32 bytes               BLAKE3 of all that stands before
//! ```
//! Of each record it holds: place, time, author, kind, batch, update. Its hashes follow from these; the hash of each
//! document's last record stands at its end and is compared. Checkpoints are derived and not in it. There is no time
//! and no machine in the file: two stores that hold the same give the same bytes.

use std::io::{self, Read, Seek, SeekFrom, Write};

use weft_ids::{DocId, Seq};

use crate::Store;
use crate::error::StoreError;
use crate::meta::Expect;
use crate::record::{Record, RecordHash};

mod frame;
use frame::{Frame, FrameReader, FrameWriter};

/// The newest version of the file that is written and read.
///
/// - 1: every document with all of its records.
/// - 2: a document may begin with a [`crate::Base`].
pub const BACKUP_FORMAT: u32 = 2;
const FIRST_WORDS: &str = "weft backup ";
const HASH_BYTES: u64 = 32;
/// Text repeats itself much; higher levels take longer than the disk does.
const ZSTD_LEVEL: i32 = 3;
/// Records are read and put in pages of about so many bytes.
const PAGE_BYTES: usize = 256 << 10;
/// And of so many records.
const PAGE_RECORDS: usize = 4096;
/// Documents are listed so many at a time.
const LIST_MAX: usize = 1000;

/// Why a backup was not made or not restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file could not be read or written.
    #[error("the backup file: {0}")]
    Io(#[from] io::Error),
    /// It is some other file.
    #[error("this is not a backup of Weft: it does not start with \"weft backup\"")]
    NotABackup,
    /// A newer Weft wrote it.
    #[error("this backup has format {found}; this version of Weft reads up to {known}. Use a newer Weft.")]
    NewerFormat {
        /// The format it names.
        found: u32,
        /// The newest one known here.
        known: u32,
    },
    /// It is not what was written. Nothing of it was restored.
    #[error("the backup is damaged, and nothing of it was restored: {0}")]
    Damaged(String),
    /// Backups are restored into empty stores only.
    #[error("there is something in the store already; a backup is restored into an empty one")]
    NotEmpty,
}

/// What a backup holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Documents.
    pub documents: u64,
    /// Their records.
    pub records: u64,
    /// Meta rows.
    pub meta: u64,
    /// When writing: documents that are damaged in the store, with what is wrong. Of these the backup holds only
    /// the records before the damage. Empty when reading.
    pub damaged: Vec<(DocId, String)>,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Whether the file is being verified, or else copied.
    pub verifying: bool,
    /// Documents done.
    pub documents: u64,
    /// Documents there are; 0 while that is not known.
    pub of: u64,
    /// Records done.
    pub records: u64,
}

/// Writes everything in `store` to `out`, while others go on writing to it.
///
/// It holds one consistent point: every meta row at one moment, and every document up to its newest record at a
/// moment after that, so no row names a record that is not there. Everything acknowledged before the call is in it.
/// Does not sync `out`. Nobody may drop records meanwhile ([`crate::Upkeep::trim`]).
///
/// # Errors
/// [`BackupError::Store`] or [`BackupError::Io`]; what was written until then is no backup. A damaged document is
/// no error, but named in the [`Summary`].
pub async fn write<W: Write + Send>(
    store: &dyn Store,
    out: W,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Summary, BackupError> {
    let mut out = Hashing { inner: out, hasher: blake3::Hasher::new() };
    out.write_all(format!("{FIRST_WORDS}{BACKUP_FORMAT}\n").as_bytes())?;
    let mut frames = FrameWriter::new(zstd::Encoder::new(out, ZSTD_LEVEL)?);
    let mut summary = Summary::default();

    for row in store.list("", None, usize::MAX).await? {
        frames.meta(&row.key, &row.value.bytes)?;
        summary.meta += 1;
    }
    let documents = heads(store).await?;
    for (doc, head) in &documents {
        frames.document(doc)?;
        write_document(store, doc, *head, &mut frames, &mut summary).await?;
        summary.documents += 1;
        progress(Progress {
            verifying: false,
            documents: summary.documents,
            of: documents.len() as u64,
            records: summary.records,
        });
    }
    frames.end(&summary)?;
    let mut out = frames.into_inner().finish()?;
    let hash = out.hasher.finalize();
    out.inner.write_all(hash.as_bytes())?;
    out.inner.flush()?;
    Ok(summary)
}

/// Writes what there is of a document up to `head`, and its end.
async fn write_document<W: Write>(
    store: &dyn Store,
    doc: &DocId,
    head: Seq,
    frames: &mut FrameWriter<W>,
    summary: &mut Summary,
) -> Result<(), BackupError> {
    let (mut last, mut hash) = (Seq::ZERO, RecordHash::FIRST);
    let mut damaged = |what| summary.damaged.push((doc.clone(), what));
    match store.base(doc).await {
        Ok(None) => {}
        Ok(Some(base)) => {
            frames.base(&base)?;
            (last, hash) = (base.seq, base.hash);
        }
        Err(error @ StoreError::Damaged { .. }) => {
            damaged(error.to_string());
            return Ok(frames.document_ends(last, hash)?);
        }
        Err(error) => return Err(error.into()),
    }
    while last < head {
        let page = match store.read(doc, last, PAGE_BYTES).await {
            Ok(page) if page.records.is_empty() => {
                damaged(format!("record {} is missing", last.next()));
                break;
            }
            Ok(page) => page,
            Err(error @ StoreError::Damaged { .. }) => {
                damaged(error.to_string());
                break;
            }
            Err(error) => return Err(error.into()),
        };
        for record in page.records.into_iter().take_while(|record| record.seq <= head) {
            frames.record(&record)?;
            summary.records += 1;
            (last, hash) = (record.seq, record.hash());
        }
    }
    Ok(frames.document_ends(last, hash)?)
}

async fn heads(store: &dyn Store) -> Result<Vec<(DocId, Seq)>, StoreError> {
    let mut found: Vec<(DocId, Seq)> = Vec::new();
    loop {
        let page = store.documents(found.last().map(|(doc, _)| doc), LIST_MAX).await?;
        if page.is_empty() {
            return Ok(found);
        }
        found.extend(page.into_iter().map(|info| (info.doc, info.head)));
    }
}

/// Verifies all of `input` and says what it holds. Blocks while it reads.
///
/// # Errors
/// [`BackupError`] when it is damaged or no backup.
pub fn verify<R: Read + Seek>(
    input: &mut R,
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, BackupError> {
    let body = check_hash(input)?;
    let mut tell = |summary: &Summary| {
        let Summary { documents, records, .. } = *summary;
        progress(Progress { verifying: true, documents, of: 0, records });
    };
    let mut frames = open_frames(input, body)?;
    while let Some(frame) = frames.next()? {
        if matches!(frame, Frame::DocumentEnds) {
            tell(&frames.summary);
        }
    }
    Ok(frames.summary)
}

/// Restores a backup into an empty `store`. The whole of `input` is verified before anything is put. Blocks the
/// thread while it reads; meant for a program that does nothing else meanwhile.
///
/// A crash or a full disk on the way leaves a part restored: restore into a new directory, and move it into its
/// place when this returns.
///
/// # Errors
/// [`BackupError`]; damaged backups, those of newer formats, and stores that are not empty are refused whole.
pub async fn read<R: Read + Seek + Send>(
    store: &dyn Store,
    mut input: R,
    mut progress: impl FnMut(Progress) + Send,
) -> Result<Summary, BackupError> {
    let known = verify(&mut input, &mut progress)?;
    let empty = store.documents(None, 1).await?.is_empty() && store.list("", None, 1).await?.is_empty();
    if !empty {
        return Err(BackupError::NotEmpty);
    }
    let body = body_of(&mut input)?;
    let mut frames = open_frames(&mut input, body)?;
    let mut waiting = Waiting::default();
    while let Some(frame) = frames.next()? {
        match frame {
            Frame::Meta { key, value } => {
                store.put(&key, value, Expect::Absent).await?;
            }
            Frame::Document(doc) => waiting.doc = Some(doc),
            Frame::Base(base) => {
                if let Some(doc) = &waiting.doc {
                    store.import_base(doc, base).await?;
                }
            }
            Frame::Record(record) => {
                waiting.bytes += record.update.len();
                waiting.records.push(record);
                if waiting.bytes >= PAGE_BYTES || waiting.records.len() >= PAGE_RECORDS {
                    waiting.import(store).await?;
                }
            }
            Frame::DocumentEnds => {
                waiting.import(store).await?;
                let Summary { documents, records, .. } = frames.summary;
                progress(Progress { verifying: false, documents, of: known.documents, records });
            }
        }
    }
    Ok(known)
}

/// Records read and not yet put.
#[derive(Default)]
struct Waiting {
    doc: Option<DocId>,
    records: Vec<Record>,
    bytes: usize,
}

impl Waiting {
    async fn import(&mut self, store: &dyn Store) -> Result<(), StoreError> {
        let records = std::mem::take(&mut self.records);
        self.bytes = 0;
        match &self.doc {
            Some(doc) => store.import(doc, records).await,
            None => Ok(()),
        }
    }
}

/// Where the zstd stream lies.
#[derive(Clone, Copy)]
struct Body {
    start: u64,
    len: u64,
}

/// Reads the first line; the stream starts behind it.
fn body_of(input: &mut (impl Read + Seek)) -> Result<Body, BackupError> {
    let end = input.seek(SeekFrom::End(0))?;
    input.seek(SeekFrom::Start(0))?;
    let mut line = Vec::new();
    let mut byte = [0];
    while line.len() < 32 && line.last() != Some(&b'\n') {
        if input.read(&mut byte)? == 0 {
            break;
        }
        line.push(byte[0]);
    }
    let start = line.len() as u64;
    let words = std::str::from_utf8(&line).ok().and_then(|line| line.strip_prefix(FIRST_WORDS));
    let Some(number) = words else { return Err(BackupError::NotABackup) };
    match number.strip_suffix('\n').and_then(|number| number.parse().ok()) {
        Some(1..=BACKUP_FORMAT) => {}
        Some(found) if found > BACKUP_FORMAT => {
            return Err(BackupError::NewerFormat { found, known: BACKUP_FORMAT });
        }
        _ => return Err(BackupError::Damaged("its first line names no format".into())),
    }
    let len = end.checked_sub(start + HASH_BYTES);
    let len = len.ok_or_else(|| BackupError::Damaged("it ends too early".into()))?;
    Ok(Body { start, len })
}

fn check_hash(input: &mut (impl Read + Seek)) -> Result<Body, BackupError> {
    let body = body_of(input)?;
    input.seek(SeekFrom::Start(0))?;
    let mut hasher = blake3::Hasher::new();
    let mut left = body.start + body.len;
    let mut buffer = vec![0; 64 << 10];
    while left > 0 {
        let want = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let len = input.read(&mut buffer[..want])?;
        if len == 0 {
            return Err(BackupError::Damaged("it ends too early".into()));
        }
        hasher.update(&buffer[..len]);
        left -= len as u64;
    }
    let mut hash = [0; HASH_BYTES as usize];
    input.read_exact(&mut hash)?;
    if *hasher.finalize().as_bytes() != hash {
        return Err(BackupError::Damaged(
            "its checksum does not fit: it was altered, or is not whole".into(),
        ));
    }
    Ok(body)
}

fn open_frames<R: Read + Seek>(
    input: &mut R,
    body: Body,
) -> Result<FrameReader<impl Read + use<'_, R>>, BackupError> {
    input.seek(SeekFrom::Start(body.start))?;
    Ok(FrameReader::new(zstd::Decoder::new(input.take(body.len))?))
}

/// Hashes what it passes on.
struct Hashing<W> {
    inner: W,
    hasher: blake3::Hasher,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests;
