//! `weft check`: reads every row and says which cannot be trusted, by document and place.

use std::collections::HashMap;

use sled::IVec;
use weft_ids::{DocId, Seq};
use weft_store::codec::Origin;
use weft_store::{CheckpointKind, RecordHash, StoreError};

use crate::SledStore;
use crate::keys::{self, Number};
use crate::log::{beginning, next_row};
use crate::meta::entry;
use crate::rows::{LogRow, NameRow, OriginReader, RowError, StateRow, open};
use crate::trim::{BaseRow, about_base};
use crate::view::{Range, View};

/// A report names at most so many damages; it counts all.
pub const DAMAGES_NAMED_MAX: usize = 1000;

/// How far a check is. Called about once a thousand rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Rows read.
    pub rows: u64,
    /// Documents whose records are read.
    pub documents: u64,
    /// Documents there are.
    pub of: u64,
}

/// Something that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The document, when it is known.
    pub doc: Option<DocId>,
    /// The first record concerned, when it is a record.
    pub seq: Option<Seq>,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(doc) = &self.doc {
            write!(f, "document {doc:?}, ")?;
        }
        if let Some(seq) = self.seq {
            write!(f, "record {seq}: ")?;
        }
        f.write_str(&self.what)
    }
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Documents there are.
    pub documents: u64,
    /// Records that are whole.
    pub records: u64,
    /// Documents whose older records are not kept, with what stands for them whole.
    pub bases: u64,
    /// Checkpoints that are whole.
    pub checkpoints: u64,
    /// Meta rows that are whole.
    pub meta: u64,
    /// How many damages there are.
    pub damages: u64,
    /// The first [`DAMAGES_NAMED_MAX`] of them.
    pub named: Vec<Damage>,
}

impl Report {
    /// Whether all is as it was written.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.damages == 0
    }
}

/// Verifies every row of an open store: checksums, places without holes, hashes, pieces, checkpoints. Blocks for as
/// long as reading everything takes. Others may write meanwhile.
///
/// # Errors
/// [`StoreError::Unavailable`] when reading fails for another reason than damage.
pub fn run(store: &SledStore, progress: impl FnMut(Progress)) -> Result<Report, StoreError> {
    store.shared.with(|view| {
        let mut check = Check {
            view,
            report: Report::default(),
            progress: Progress::default(),
            tell: progress,
            names: HashMap::new(),
        };
        check.names()?;
        check.logs()?;
        check.origins()?;
        check.checkpoints()?;
        check.meta()?;
        (check.tell)(check.progress);
        Ok(check.report)
    })
}

struct Check<'a, F> {
    view: &'a View<'a>,
    report: Report,
    progress: Progress,
    tell: F,
    /// The documents by number.
    names: HashMap<Number, DocId>,
}

impl<F: FnMut(Progress)> Check<'_, F> {
    fn damage(&mut self, doc: Option<DocId>, seq: Option<Seq>, what: impl Into<String>) {
        self.report.damages += 1;
        if self.report.named.len() < DAMAGES_NAMED_MAX {
            self.report.named.push(Damage { doc, seq, what: what.into() });
        }
    }

    /// Notes damage; passes on what is none.
    fn failed(&mut self, doc: Option<DocId>, seq: Option<Seq>, error: RowError) -> Result<(), StoreError> {
        match error.of(None) {
            StoreError::Damaged { what, .. } => {
                self.damage(doc, seq, what);
                Ok(())
            }
            other => Err(other),
        }
    }

    /// A row, or, when its page cannot be read, that noted: what lies behind it cannot be reached then.
    fn readable<T>(&mut self, row: Result<T, sled::Error>) -> Result<Option<T>, StoreError> {
        match row {
            Ok(row) => Ok(Some(row)),
            Err(error) => self.failed(None, None, error.into()).map(|()| None),
        }
    }

    fn step(&mut self) {
        self.progress.rows += 1;
        if self.progress.rows.is_multiple_of(1000) {
            (self.tell)(self.progress);
        }
    }

    fn names(&mut self) -> Result<(), StoreError> {
        for row in rows(self.view, keys::NAMES) {
            self.step();
            let Some((key, value)) = self.readable(row)? else { break };
            let Some(doc) = std::str::from_utf8(&key[1..]).ok().and_then(|name| DocId::new(name).ok()) else {
                self.damage(None, None, "a document's name is none");
                continue;
            };
            match open(&key, value).and_then(|body| NameRow::decode(&body)) {
                Ok(name) => {
                    if let Some(other) = self.names.insert(name.number, doc.clone()) {
                        self.damage(
                            Some(doc),
                            None,
                            format!("it shares its records with document {other:?}"),
                        );
                    }
                }
                Err(error) => self.failed(Some(doc), None, error)?,
            }
        }
        self.report.documents = self.names.len() as u64;
        self.progress.of = self.report.documents;
        let given = StateRow::read(self.view).map_err(|error| error.of(None))?.documents;
        if self.names.keys().any(|number| *number > given) {
            self.damage(None, None, "the store's own state does not know all documents");
        }
        Ok(())
    }

    fn logs(&mut self) -> Result<(), StoreError> {
        let mut numbers: Vec<Number> = self.names.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            let doc = self.names[&number].clone();
            self.log(number, &doc)?;
            self.progress.documents += 1;
        }
        // Records of documents that have no name.
        let mut from = keys::row(0, Seq::ZERO);
        while let Some(row) = self.view.range(from.as_slice()..b"m".as_slice()).keys().next() {
            let Some(key) = self.readable(row)? else { break };
            let number = keys::number_at(&key, 1).unwrap_or(u64::MAX);
            if !self.names.contains_key(&number) {
                self.damage(
                    None,
                    None,
                    format!("there are records of document number {number}, whose name is lost"),
                );
            }
            let Some(next) = number.checked_add(1) else { break };
            from = keys::row(next, Seq::ZERO);
        }
        Ok(())
    }

    fn log(&mut self, number: Number, doc: &DocId) -> Result<(), StoreError> {
        let view = self.view;
        let mut origins = OriginReader::new(view, number);
        let base = match BaseRow::read(view, number).and_then(|row| match row {
            Some(row) => row.load(view, number).map(|_| Some(row)),
            None => Ok(None),
        }) {
            Ok(base) => base,
            Err(error) => {
                self.failed(Some(doc.clone()), None, about_base(error))?;
                // Where its records begin may still be known.
                BaseRow::read(view, number).unwrap_or_default()
            }
        };
        self.report.bases += u64::from(base.is_some());
        let (edge, hash) = beginning(base);
        let mut expected = Some((edge.next(), hash));
        let mut rows = u64::from(base.is_some());
        for row in view.range(keys::row(number, edge.next())..=keys::row(number, Seq(u64::MAX))) {
            self.step();
            rows += 1;
            let Some(row) = self.readable(row)? else { break };
            let seq = keys::number_at(&row.0, 9).map(Seq);
            match next_row(&mut origins, Ok(row.clone()), expected) {
                Ok(records) => {
                    self.report.records += records.len() as u64;
                    expected = records.last().map(|record| (record.seq.next(), record.hash()));
                }
                Err(error) => {
                    self.failed(Some(doc.clone()), seq, error)?;
                    // What follows is judged on its own: one damage is not to be reported as thousands.
                    expected = resume(&mut origins, row);
                }
            }
        }
        if rows == 0 {
            self.damage(Some(doc.clone()), Some(Seq(1)), "all of its records are missing");
        }
        Ok(())
    }

    /// Those no row names are read here too. Pieces are not: one that no row counts on (of a checkpoint that a crash
    /// cut short) harms nothing, and the others are read with their rows.
    fn origins(&mut self) -> Result<(), StoreError> {
        for row in rows(self.view, b'o') {
            self.step();
            let Some((key, value)) = self.readable(row)? else { break };
            let doc = keys::number_at(&key, 1).and_then(|number| self.names.get(&number)).cloned();
            if let Err(error) = open(&key, value).and_then(|body| Ok(Origin::decode(&body)?)) {
                self.failed(doc, None, error)?;
            }
        }
        Ok(())
    }

    fn checkpoints(&mut self) -> Result<(), StoreError> {
        for row in rows(self.view, b'k') {
            self.step();
            let Some((key, value)) = self.readable(row)? else { break };
            let kind = match key.get(1) {
                Some(0) => CheckpointKind::Live,
                _ => CheckpointKind::History,
            };
            let number = keys::number_at(&key, 2).unwrap_or(0);
            let seq = Seq(keys::number_at(&key, 10).unwrap_or(0));
            let doc = self.names.get(&number).cloned();
            let loaded = open(&key, value)
                .and_then(|body| crate::checkpoint::load(self.view, kind, number, seq, &body));
            match loaded {
                Ok(_) => self.report.checkpoints += 1,
                Err(RowError::Bad(what)) => {
                    self.damage(doc, Some(seq), format!("its {kind:?} checkpoint: {what}"))
                }
                Err(error) => self.failed(doc, Some(seq), error)?,
            }
        }
        Ok(())
    }

    fn meta(&mut self) -> Result<(), StoreError> {
        for row in rows(self.view, keys::META) {
            self.step();
            let Some(row) = self.readable(row)? else { break };
            match entry(self.view, Ok(row)) {
                Ok(_) => self.report.meta += 1,
                Err(StoreError::Damaged { what, .. }) => self.damage(None, None, what),
                Err(other) => return Err(other),
            }
        }
        Ok(())
    }
}

/// The rows of one kind.
fn rows<'a>(view: &'a View<'a>, prefix: u8) -> Range<'a> {
    view.range([prefix].as_slice()..[prefix + 1].as_slice())
}

/// Where a log goes on behind a row that did not follow, if that row itself can be read.
fn resume(origins: &mut OriginReader<'_>, (key, value): (IVec, IVec)) -> Option<(Seq, RecordHash)> {
    let row = LogRow::open(&key, value).ok()?;
    let last = row.last();
    let records = origins.records(&row).ok()?;
    Some((last.next(), records.last()?.hash()))
}
