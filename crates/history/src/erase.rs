//! Erasing for good: what was written by mistake leaves the history, and everything else of it stays.
//!
//! Elements are never taken out of a log: others stand beside them, and every replica counts them. So each record keeps
//! its place, author and time, and what is erased in it becomes what every replica makes of deleted content: a place that
//! holds nothing. Replicas that still have the content delete it when they meet the rewritten log, and nothing diverges.
//! The hashes of the records from there on are computed anew; a last record and a note beside it say that it was done.
//!
//! [`prepare`] computes and proves all that and changes nothing: storing it is the engine's business, which has to forget
//! the old bytes as well.

mod blank;
mod find;
mod proof;

use std::collections::{BTreeSet, HashMap};
use std::ops::Range;

use bytes::Bytes;
use weft_ids::{ClientId, DocId, Seq, SessionId, UnixMillis};
use weft_store::{Author, Base, BatchId, NewRecord, Record, RecordKind, Store, StoreError};
use weft_wire::{DeleteSpan, ScanError, Update};

use crate::error::HistoryError;
use crate::history::{History, READ_BYTES};
use crate::past::{Past, WishError};
use crate::row::{self, ErasureRow, VersionRow};
use crate::timeline::Stamp;
use crate::version::VERSIONS_MAX;

/// The longest reason that is noted, in characters.
pub const REASON_CHARACTERS_MAX: usize = 200;

/// What is to be erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chosen {
    /// Every place where this text could ever be read.
    Text(String),
    /// All that these records wrote, but the blocks themselves.
    Records {
        /// The first of them.
        from: Seq,
        /// The last.
        to: Seq,
    },
}

/// Why something is not erased. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum EraseError {
    /// There is nothing of the kind.
    #[error("nothing like that was ever written there, or it is erased already")]
    Nothing,
    /// The text stands where it cannot be taken out without breaking the document.
    #[error("the text is also the name of a key or an element (record {0}), which cannot be erased")]
    Name(Seq),
    /// The reason is too long, or not one line, or holds what is to be erased.
    #[error(
        "a reason has at most {REASON_CHARACTERS_MAX} characters, on one line, without the text that is to be erased"
    )]
    Reason,
    /// The rewritten history is not the old one without what was chosen.
    #[error(
        "the rewritten history did not pass its own check ({0}); nothing was changed, and please report this"
    )]
    Unverified(String),
    /// The history cannot be read.
    #[error(transparent)]
    History(#[from] HistoryError),
}

impl From<StoreError> for EraseError {
    fn from(error: StoreError) -> Self {
        Self::History(error.into())
    }
}

impl From<ScanError> for EraseError {
    fn from(error: ScanError) -> Self {
        Self::History(WishError::TooLarge(error).into())
    }
}

/// The key of a meta row, and what it holds from then on, if it does not go.
pub type MetaRow = (String, Option<Bytes>);

/// A document's history without something.
#[derive(Debug, Clone)]
pub struct Erasure {
    /// What stands for its older records, if they are not kept.
    pub base: Option<Base>,
    /// All of its records, those that are as they were too, and one more that says what was done.
    pub records: Vec<Record>,
    /// Meta rows with what they hold from then on, or that they go.
    pub rows: Vec<MetaRow>,
    /// What it does, for people.
    pub told: Told,
}

/// What an erasing does, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// UTF-16 units of text.
    pub characters: u64,
    /// Of these, how many are to be seen in the document as it is.
    pub visible: u64,
    /// Values, marks, embeds and the like.
    pub others: u64,
    /// The first record that wrote any of it.
    pub first: Stamp,
    /// The last one.
    pub last: Stamp,
    /// Who wrote it: their names, or their keys.
    pub by: Vec<String>,
    /// The names of versions that showed it.
    pub versions: Vec<String>,
    /// Keys of meta rows and names of authors that hold the text too, and stay as they are.
    pub elsewhere: Vec<String>,
}

/// What is known of an erasing in the timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasureNote {
    /// UTF-16 units of text that went.
    pub characters: u64,
    /// Values, marks, embeds and the like that went.
    pub others: u64,
    /// Why, if somebody said.
    pub reason: Option<String>,
}

/// Elements by client: ascending, apart from each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Elements(HashMap<ClientId, Vec<Range<u32>>>);

impl Elements {
    fn add(&mut self, client: ClientId, clocks: Range<u32>) {
        self.0.entry(client).or_default().push(clocks);
    }

    /// Sorts and joins what was added.
    fn settle(&mut self) {
        for ranges in self.0.values_mut() {
            ranges.sort_unstable_by_key(|range| range.start);
            let mut joined: Vec<Range<u32>> = Vec::with_capacity(ranges.len());
            for range in ranges.drain(..) {
                match joined.last_mut() {
                    Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                    _ => joined.push(range),
                }
            }
            *ranges = joined;
        }
    }

    /// Those among some clocks of a client.
    fn among(&self, client: ClientId, clocks: Range<u32>) -> impl Iterator<Item = Range<u32>> {
        let ranges = self.0.get(&client).map_or(&[][..], Vec::as_slice);
        let first = ranges.partition_point(|range| range.end <= clocks.start);
        let end = clocks.end;
        ranges[first..]
            .iter()
            .take_while(move |range| range.start < end)
            .map(move |range| range.start.max(clocks.start)..range.end.min(end))
    }

    fn spans(&self) -> Vec<DeleteSpan> {
        let spans = self.0.iter().flat_map(|(client, ranges)| {
            ranges.iter().map(|range| DeleteSpan { client: *client, start: range.start, end: range.end })
        });
        spans.collect()
    }
}

/// Whether some bytes stand in others.
fn holds(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len().max(1)).any(|window| window == wanted)
}

/// Everything that is kept of a document.
struct Log {
    base: Option<Base>,
    records: Vec<Record>,
}

impl Log {
    async fn read(store: &dyn Store, doc: &DocId) -> Result<Self, StoreError> {
        let base = store.base(doc).await?;
        let mut after = base.as_ref().map_or(Seq::ZERO, |base| base.seq);
        let mut records = Vec::new();
        loop {
            let page = store.read(doc, after, READ_BYTES).await?;
            let Some(last) = page.records.last() else { break };
            after = last.seq;
            records.extend(page.records);
        }
        Ok(Self { base, records })
    }

    fn fold(&self) -> Result<Past, HistoryError> {
        let mut past = match &self.base {
            Some(base) => Past::begin(base)?,
            None => Past::new(),
        };
        self.records.iter().try_for_each(|record| past.add(record))?;
        Ok(past)
    }

    /// The same without some elements.
    fn without(&self, erased: &Elements) -> Result<Self, EraseError> {
        let mut base = self.base.clone();
        for moment in base.iter_mut().flat_map(|base| &mut base.moments) {
            if let Some(update) = blanked(moment.seq, &moment.update, erased)? {
                moment.update = update;
            }
        }
        let mut records = self.records.clone();
        let mut changed = None;
        for record in &mut records {
            if let Some(prev) = changed {
                record.prev = prev;
            }
            if let Some(update) = blanked(record.seq, &record.update, erased)? {
                record.update = update;
                changed = Some(record.hash());
            } else if changed.is_some() {
                changed = Some(record.hash());
            }
        }
        Ok(Self { base, records })
    }

    fn updates(&self) -> impl Iterator<Item = (Seq, &Bytes)> {
        let moments = self.base.iter().flat_map(|base| &base.moments);
        let moments = moments.map(|moment| (moment.seq, &moment.update));
        moments.chain(self.records.iter().map(|record| (record.seq, &record.update)))
    }
}

fn blanked(seq: Seq, update: &Bytes, erased: &Elements) -> Result<Option<Bytes>, EraseError> {
    let scanned = Update::scan(update.clone());
    let scanned = scanned.map_err(|error| HistoryError::from(crate::past::PastError::Update(seq, error)))?;
    Ok(blank::blank(&scanned, erased)?.map(Update::into_bytes))
}

/// Computes the history of `doc` without what is chosen, and proves that nothing else of it changes. Changes nothing.
///
/// # Errors
/// [`EraseError`].
pub async fn prepare(
    store: &dyn Store,
    doc: &DocId,
    chosen: &Chosen,
    reason: Option<&str>,
    now: UnixMillis,
) -> Result<Erasure, EraseError> {
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty());
    if reason.is_some_and(|reason| !is_fit(reason, chosen)) {
        return Err(EraseError::Reason);
    }
    let log = Log::read(store, doc).await?;
    if log.base.is_none() && log.records.is_empty() {
        return Err(HistoryError::Unknown.into());
    }
    let past = log.fold()?;
    let erased = match chosen {
        Chosen::Text(text) => past.elements_of_text(text),
        Chosen::Records { from, to } => {
            past.moment_at(*from)?;
            past.moment_at(*to)?;
            past.elements_of_records(*from, *to)
        }
    };
    let mut told = past.tell(&erased).ok_or(EraseError::Nothing)?;
    let mut rest = log.without(&erased)?;
    if let Chosen::Text(text) = chosen
        && let Some((seq, _)) = rest.updates().find(|(_, update)| holds(update, text.as_bytes()))
    {
        return Err(EraseError::Name(seq));
    }
    let new = rest.fold()?;
    proof::check(&past, &new, &erased).map_err(EraseError::Unverified)?;

    let note = noted(&rest, &past, &erased, now)?;
    let row =
        ErasureRow { characters: told.characters, others: told.others, reason: reason.map(str::to_owned) };
    let mut rows = vec![(row::erasure(doc, note.seq), Some(row::write(&row)))];
    rest.records.push(note);
    proof::check_engine(rest.updates().map(|(_, update)| &update[..]), &new)
        .map_err(EraseError::Unverified)?;
    rows.extend(versions(store, doc, chosen, &new, &mut told).await?);
    if told.visible > 0 {
        // It is noted again when the document is next opened and closed.
        rows.push((weft_hub::title_key(doc), None));
    }
    if let Chosen::Text(text) = chosen {
        let others = store.list("", None, usize::MAX).await?.into_iter();
        let others = others.filter(|entry| rows.iter().all(|(key, _)| *key != entry.key));
        let others = others.filter(|entry| holds(&entry.value.bytes, text.as_bytes()));
        told.elsewhere.extend(others.map(|entry| entry.key));
        let called =
            |record: &Record| record.author.name.as_ref().is_some_and(|name| name.contains(text.as_str()));
        let called = rest.records.iter().find(|record| called(record));
        told.elsewhere
            .extend(called.map(|record| format!("the name of the author of change {}", record.seq)));
    }
    Ok(Erasure { base: rest.base, records: rest.records, rows, told })
}

/// Whether a reason can stand in the history.
fn is_fit(reason: &str, chosen: &Chosen) -> bool {
    let is_line = !reason.chars().any(char::is_control);
    let is_told = matches!(chosen, Chosen::Text(text) if reason.contains(text.as_str()));
    is_line && !is_told && reason.chars().count() <= REASON_CHARACTERS_MAX
}

/// The rows of the named versions that showed what was chosen: with the hash of what is left, and, if the text stands in
/// their names, with other names.
async fn versions(
    store: &dyn Store,
    doc: &DocId,
    chosen: &Chosen,
    new: &Past,
    told: &mut Told,
) -> Result<Vec<MetaRow>, EraseError> {
    let mut rows = Vec::new();
    for entry in store.list(&row::versions(doc), None, VERSIONS_MAX).await? {
        let mut version: VersionRow = row::read(doc, &entry.value.bytes)?;
        let Some(moment) = new.moment(Seq(version.seq)) else { continue };
        let hash = moment.content().to_string();
        let name = match chosen {
            Chosen::Text(text) => version.name.replace(text, "[…]"),
            Chosen::Records { .. } => version.name.clone(),
        };
        if hash != version.hash || name != version.name {
            told.versions.push(name.clone());
            (version.hash, version.name) = (hash, name);
            rows.push((entry.key, Some(row::write(&version))));
        }
    }
    Ok(rows)
}

/// The record that says what was done: it deletes what was erased, which every replica that still has it is to do.
fn noted(log: &Log, past: &Past, erased: &Elements, now: UnixMillis) -> Result<Record, EraseError> {
    let update = Update::compose([], erased.spans())?.into_bytes();
    let author = Author { user: None, name: None, session: SessionId(0) };
    let new = NewRecord { time: now, author, kind: RecordKind::Erase, update };
    let prev = match (log.records.last(), &log.base) {
        (Some(last), _) => last.hash(),
        (None, Some(base)) => base.hash,
        (None, None) => return Err(HistoryError::Unknown.into()),
    };
    let batch = BatchId { writer: rand::random(), number: 1 };
    Ok(Record::place(new, past.head().next(), prev, batch))
}

impl Past {
    /// What erasing some elements does; `None` if there are none.
    fn tell(&self, erased: &Elements) -> Option<Told> {
        let (mut characters, mut visible, mut others) = (0, 0, 0);
        let (now, mut records) = (self.now(), BTreeSet::new());
        let buried = now.buried();
        for client in &self.clients {
            for run in client.runs.iter() {
                let run = &self.runs[run as usize];
                for range in erased.among(client.id, run.clock..run.end()) {
                    let len = u64::from(range.end - range.start);
                    let is_shown =
                        now.shown(run) > 0 && run.node != crate::past::NONE && !buried[run.node as usize];
                    match run.held {
                        crate::past::Held::Text { .. } => characters += len,
                        _ => others += len,
                    }
                    visible += if is_shown { len } else { 0 };
                    let births = self.births_of(run).filter(|(part, _)| {
                        run.clock + part.start < range.end && range.start < run.clock + part.end
                    });
                    records.extend(births.map(|(_, record)| record));
                }
            }
        }
        let stamp = |record: Option<&u32>| self.stamp(Seq(u64::from(*record?)));
        let (first, last) = (stamp(records.first())?, stamp(records.last())?);
        let writers: BTreeSet<u32> =
            records.iter().filter_map(|record| Some(self.deed(Seq(u64::from(*record)))?.writer)).collect();
        let name = |writer: u32| {
            let writer = &self.writers()[writer as usize];
            writer.name.clone().unwrap_or_else(|| writer.key.clone())
        };
        let by = writers.into_iter().map(name).collect();
        Some(Told {
            characters,
            visible,
            others,
            first,
            last,
            by,
            versions: Vec::new(),
            elsewhere: Vec::new(),
        })
    }
}

impl History {
    /// What was erased by the record `seq`, if that is known.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub async fn erased(
        &self,
        grant: &weft_access::Grant,
        seq: Seq,
    ) -> Result<Option<ErasureNote>, HistoryError> {
        let doc = grant.doc();
        let Some(value) = self.0.store.get(&row::erasure(doc, seq)).await? else { return Ok(None) };
        let ErasureRow { characters, others, reason } = row::read(doc, &value.bytes)?;
        Ok(Some(ErasureNote { characters, others, reason }))
    }
}
