use std::collections::HashMap;

use bytes::Bytes;
use weft_ids::{DocId, Seq};
use weft_store::{Base, Expect, Record, Rev, StoreError, check_import};

use super::documents::{Document, Documents};
use super::{Answer, Job};
use crate::engine::name_row;
use crate::journal::Write;
use crate::keys::{self, Number};
use crate::meta::MetaRow;
use crate::remove::leading_rows;
use crate::rows::{NameRow, Rows, StateRow};
use crate::trim::base_rows;
use crate::view::View;

/// What becomes durable together, and who waits for it.
#[derive(Default)]
pub(super) struct Commit {
    rows: Rows,
    state: StateRow,
    /// Meta rows as this commit leaves them.
    meta: HashMap<String, Option<MetaRow>>,
    waiting: Vec<Waiting>,
    batches: u64,
    records: u64,
}

enum Waiting {
    Seq(Answer<Seq>, Seq),
    Rev(Answer<Rev>, Rev),
    Removed(Answer<Option<Number>>, Option<Number>),
    Done(Answer<()>),
}

impl Job {
    pub(super) fn doc(&self) -> Option<&DocId> {
        match self {
            Self::Append { doc, .. }
            | Self::Import { doc, .. }
            | Self::ImportBase { doc, .. }
            | Self::Remove { doc, .. } => Some(doc),
            Self::Put { .. } | Self::Delete { .. } | Self::Rows { .. } => None,
        }
    }

    /// Answers with an error at once.
    pub(super) fn refuse(self, error: StoreError) {
        // Whoever asked may have gone; then nobody needs the answer.
        match self {
            Self::Append { answer, .. } => drop(answer.send(Err(error))),
            Self::Put { answer, .. } => drop(answer.send(Err(error))),
            Self::Remove { answer, .. } => drop(answer.send(Err(error))),
            Self::Import { answer, .. }
            | Self::ImportBase { answer, .. }
            | Self::Delete { answer, .. }
            | Self::Rows { answer, .. } => drop(answer.send(Err(error))),
        }
    }
}

impl Commit {
    /// A commit on top of what the database holds.
    pub(super) fn on(view: &View<'_>) -> Result<Self, StoreError> {
        let state = StateRow::read(view).map_err(|error| error.of(None))?;
        Ok(Self { state, ..Self::default() })
    }

    /// Adds a job, or answers it when it cannot be done.
    pub(super) fn take(&mut self, job: Job, view: &View<'_>, documents: &mut Documents) {
        match job {
            Job::Append { doc, batch, answer } => match documents.load(view, &doc) {
                Ok(document) => {
                    // A repeated one still waits for this commit: the one that holds it may be this very one.
                    let seq = document.place_of(batch.id).unwrap_or_else(|| {
                        let records = batch.place(document.head, document.hash);
                        self.push(&doc, document, &records)
                    });
                    self.batches += 1;
                    self.waiting.push(Waiting::Seq(answer, seq));
                }
                Err(error) => drop(answer.send(Err(error))),
            },
            Job::Import { doc, records, answer } => match self.import(&doc, &records, view, documents) {
                Ok(()) => self.waiting.push(Waiting::Done(answer)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Job::ImportBase { doc, base, answer } => match self.import_base(&doc, &base, view, documents) {
                Ok(()) => self.waiting.push(Waiting::Done(answer)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Job::Remove { doc, answer } => match self.remove(&doc, view, documents) {
                Ok(number) => self.waiting.push(Waiting::Removed(answer, number)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Job::Put { key, bytes, expect, answer } => match self.put(key, &bytes, expect, view) {
                Ok(rev) => self.waiting.push(Waiting::Rev(answer, rev)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Job::Delete { key, expect, answer } => match self.delete(key, expect, view) {
                Ok(()) => self.waiting.push(Waiting::Done(answer)),
                Err(error) => drop(answer.send(Err(error))),
            },
            Job::Rows { rows, answer } => {
                for (key, body) in rows {
                    match body {
                        Some(body) => self.rows.put(key, body),
                        None => self.rows.remove(key),
                    }
                }
                self.waiting.push(Waiting::Done(answer));
            }
        }
    }

    fn push(&mut self, doc: &DocId, document: &mut Document, records: &[Record]) -> Seq {
        let number = *document.number.get_or_insert_with(|| {
            self.state.documents += 1;
            let number = self.state.documents;
            let created = records.first().map_or_else(Default::default, |record| record.time);
            self.rows.put(keys::name(doc), NameRow { number, created }.encode());
            number
        });
        document.push(number, records, &mut self.rows);
        self.records += records.len() as u64;
        document.head
    }

    fn import(
        &mut self,
        doc: &DocId,
        records: &[Record],
        view: &View<'_>,
        documents: &mut Documents,
    ) -> Result<(), StoreError> {
        let document = documents.load(view, doc)?;
        check_import(records, document.head, document.hash)?;
        if !records.is_empty() {
            self.push(doc, document, records);
        }
        Ok(())
    }

    fn import_base(
        &mut self,
        doc: &DocId,
        base: &Base,
        view: &View<'_>,
        documents: &mut Documents,
    ) -> Result<(), StoreError> {
        let document = documents.load(view, doc)?;
        if document.number.is_some() {
            return Err(StoreError::refused(format!("there is a document {doc:?} already")));
        }
        let number = self.state.documents + 1;
        let rows = base_rows(number, base, 1)?;
        self.state.documents = number;
        self.rows.put(keys::name(doc), NameRow { number, created: base.created }.encode());
        rows.into_iter().for_each(|(key, body)| self.rows.put(key, body.unwrap_or_default()));
        document.begin(number, base);
        Ok(())
    }

    fn remove(
        &mut self,
        doc: &DocId,
        view: &View<'_>,
        documents: &mut Documents,
    ) -> Result<Option<Number>, StoreError> {
        let number = match documents.forget(doc) {
            Some(number) => Some(number),
            None => name_row(view, doc)?.map(|name| name.number),
        };
        let Some(number) = number else { return Ok(None) };
        // This very commit may hold some of it.
        self.rows.writes.retain(|(key, _)| keys::number_of(key) != Some(number));
        leading_rows(view, number)?.into_iter().for_each(|(key, _)| self.rows.remove(key));
        self.rows.remove(keys::name(doc));
        Ok(Some(number))
    }

    fn current(&self, key: &str, view: &View<'_>) -> Result<Option<MetaRow>, StoreError> {
        match self.meta.get(key) {
            Some(row) => Ok(row.clone()),
            None => MetaRow::read(view, key).map_err(|error| error.of(None)),
        }
    }

    fn put(
        &mut self,
        key: String,
        bytes: &Bytes,
        expect: Expect,
        view: &View<'_>,
    ) -> Result<Rev, StoreError> {
        let current = self.current(&key, view)?;
        expect.check(current.as_ref().map(|row| row.rev))?;
        self.state.rev += 1;
        let rev = Rev(self.state.rev);
        if let Some(row) = current {
            row.remove_pieces(&mut self.rows);
        }
        let row = MetaRow::put(&key, rev, bytes, &mut self.rows);
        self.meta.insert(key, Some(row));
        Ok(rev)
    }

    fn delete(&mut self, key: String, expect: Expect, view: &View<'_>) -> Result<(), StoreError> {
        let current = self.current(&key, view)?;
        expect.check(current.as_ref().map(|row| row.rev))?;
        if let Some(row) = current {
            row.remove_pieces(&mut self.rows);
            self.rows.remove(keys::meta(&key));
            self.meta.insert(key, None);
        }
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.writes.is_empty()
    }

    /// The rows, complete.
    pub(super) fn seal(&mut self) -> Vec<Write> {
        self.state.commits += 1;
        self.rows.put(keys::STATE.to_vec(), self.state.encode());
        std::mem::take(&mut self.rows.writes)
    }

    pub(super) fn commits(&self) -> u64 {
        self.state.commits
    }

    pub(super) fn batches(&self) -> u64 {
        self.batches
    }

    pub(super) fn records(&self) -> u64 {
        self.records
    }

    /// Tells everybody who waits.
    pub(super) fn answer(self, outcome: Result<(), &StoreError>) {
        for waiting in self.waiting {
            match (waiting, outcome) {
                (Waiting::Seq(answer, seq), Ok(())) => drop(answer.send(Ok(seq))),
                (Waiting::Removed(answer, number), Ok(())) => drop(answer.send(Ok(number))),
                (Waiting::Rev(answer, rev), Ok(())) => drop(answer.send(Ok(rev))),
                (Waiting::Done(answer), Ok(())) => drop(answer.send(Ok(()))),
                (Waiting::Seq(answer, _), Err(error)) => drop(answer.send(Err(error.clone()))),
                (Waiting::Removed(answer, _), Err(error)) => drop(answer.send(Err(error.clone()))),
                (Waiting::Rev(answer, _), Err(error)) => drop(answer.send(Err(error.clone()))),
                (Waiting::Done(answer), Err(error)) => drop(answer.send(Err(error.clone()))),
            }
        }
    }
}
