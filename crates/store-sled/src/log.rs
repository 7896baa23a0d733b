use std::ops::Bound;

use async_trait::async_trait;
use sled::IVec;
use weft_ids::{DocId, Seq, UnixMillis};
use weft_store::{Base, Batch, DocumentInfo, Log, Page, Record, RecordHash, StoreError, check_batch};

use crate::SledStore;
use crate::engine::{Shared, name_row};
use crate::keys::{self, Number};
use crate::rows::{LogRow, NameRow, OriginReader, RowError, RowKind, open};
use crate::trim::{self, BaseRow, base_row};
use crate::view::{Found, View};
use crate::writer::{Answer, Job};

#[async_trait]
impl Log for SledStore {
    async fn append(&self, doc: &DocId, batch: Batch) -> Result<Seq, StoreError> {
        check_batch(&batch)?;
        let bytes = batch.records.iter().map(|record| record.update.len() + 64).sum();
        self.writer.ask(bytes, |answer| Job::Append { doc: doc.clone(), batch, answer }).await
    }

    async fn read(&self, doc: &DocId, after: Seq, bytes_max: usize) -> Result<Page, StoreError> {
        let doc = doc.clone();
        self.blocking(move |shared| read(shared, &doc, after, bytes_max)).await
    }

    async fn head(&self, doc: &DocId) -> Result<Option<Seq>, StoreError> {
        let doc = doc.clone();
        self.blocking(move |shared| head(shared, &doc)).await
    }

    async fn base(&self, doc: &DocId) -> Result<Option<Base>, StoreError> {
        let doc = doc.clone();
        self.blocking(move |shared| trim::base(shared, &doc)).await
    }

    async fn documents(&self, after: Option<&DocId>, max: usize) -> Result<Vec<DocumentInfo>, StoreError> {
        let after = after.cloned();
        self.blocking(move |shared| documents(shared, after.as_ref(), max)).await
    }

    async fn import(&self, doc: &DocId, records: Vec<Record>) -> Result<(), StoreError> {
        let bytes = records.iter().map(|record| record.update.len() + 64).sum();
        let job = |answer: Answer<()>| Job::Import { doc: doc.clone(), records, answer };
        self.writer.ask(bytes, job).await
    }

    async fn import_base(&self, doc: &DocId, base: Base) -> Result<(), StoreError> {
        base.check()?;
        let bytes = base.moments.iter().map(|moment| moment.update.len() + 64).sum();
        let job = |answer: Answer<()>| Job::ImportBase { doc: doc.clone(), base, answer };
        self.writer.ask(bytes, job).await
    }
}

/// The newest row of a document whose records begin behind `edge`, with its key.
pub(crate) fn newest_row(
    view: &View<'_>,
    number: Number,
    edge: Seq,
) -> Result<Option<(IVec, IVec)>, RowError> {
    let rows = keys::row(number, edge.next())..=keys::row(number, Seq(u64::MAX));
    Ok(view.range(rows).next_back().transpose()?)
}

/// The newest place; of a document whose newest row is damaged, the place of that row's first record.
fn head_of(view: &View<'_>, doc: &DocId, number: Number) -> Result<Option<Seq>, StoreError> {
    let edge = base_row(view, doc, number)?.map(|base| base.seq);
    let newest = newest_row(view, number, edge.unwrap_or(Seq::ZERO)).map_err(|error| error.of(Some(doc)))?;
    let Some((key, value)) = newest else { return Ok(edge) };
    Ok(Some(match LogRow::open(&key, value) {
        Ok(row) => row.last(),
        Err(_) => Seq(keys::number_at(&key, 9).unwrap_or(0)),
    }))
}

pub(crate) fn head(shared: &Shared, doc: &DocId) -> Result<Option<Seq>, StoreError> {
    shared.with(|view| {
        let Some(name) = name_row(view, doc)? else { return Ok(None) };
        let head = head_of(view, doc, name.number)?;
        head.ok_or_else(|| StoreError::damaged(doc, Seq(1), "all of its records are missing")).map(Some)
    })
}

/// Rows may be replaced by others while they are read (when they are packed). So whatever seems damaged is read once
/// more while nothing is committed, and only then believed.
pub(crate) fn read(shared: &Shared, doc: &DocId, after: Seq, bytes_max: usize) -> Result<Page, StoreError> {
    match read_page(shared, doc, after, bytes_max) {
        Err(StoreError::Damaged { .. }) => {
            let _moment = shared.one_moment();
            read_page(shared, doc, after, bytes_max)
        }
        result => result,
    }
}

fn read_page(shared: &Shared, doc: &DocId, after: Seq, bytes_max: usize) -> Result<Page, StoreError> {
    let Some(head) = head(shared, doc)? else { return Ok(Page::default()) };
    let mut page = Page { records: Vec::new(), head };
    if after >= head {
        return Ok(page);
    }
    let wanted = after.next();
    shared.with(|view| {
        let Some(NameRow { number, .. }) = name_row(view, doc)? else { return Ok(page) };
        let base = base_row(view, doc, number)?;
        if let Some(base) = base
            && after < base.seq
        {
            return Err(StoreError::Gone { first: base.seq.next() });
        }
        let lost = |seq| StoreError::damaged(doc, seq, "the record is missing");
        let start = row_of(view, number, wanted).map_err(|error| error.at(doc, wanted))?;
        let Some(start) = start else { return Err(lost(wanted)) };

        let mut origins = OriginReader::new(view, number);
        let mut bytes = 0;
        let mut expected = end_before(&mut origins, view, number, base, &start, wanted);
        if expected.is_some_and(|(seq, _)| seq != wanted) {
            // The rows were replaced between the two looks.
            return Err(lost(wanted));
        }
        for row in view.range(&*start..=&*keys::row(number, Seq(u64::MAX))) {
            let next = expected.map_or(wanted, |(seq, _)| seq);
            match next_row(&mut origins, row, expected) {
                Ok(records) => {
                    let first = records.first().map_or(Seq::ZERO, |record| record.seq);
                    let last = records.last().map_or(Seq::ZERO, |record| record.seq);
                    if first > next || last < next {
                        return if page.records.is_empty() { Err(lost(wanted)) } else { Ok(page) };
                    }
                    expected = records.last().map(|record| (record.seq.next(), record.hash()));
                    let records = records.into_iter().filter(|it| it.seq > after && it.seq <= head);
                    for record in records {
                        bytes += record.update.len();
                        if bytes > bytes_max && !page.records.is_empty() {
                            return Ok(page);
                        }
                        page.records.push(record);
                    }
                    if last >= head {
                        return Ok(page);
                    }
                }
                // What is whole is given; asking for what follows it gives the error.
                Err(_) if !page.records.is_empty() => return Ok(page),
                Err(error) => return Err(error.at(doc, next)),
            }
        }
        if page.records.is_empty() { Err(lost(wanted)) } else { Ok(page) }
    })
}

/// The key of the row that holds record `seq`, or of the nearest one before it: a row may start before the record.
fn row_of(view: &View<'_>, number: Number, seq: Seq) -> Result<Option<IVec>, RowError> {
    let before = keys::row(number, Seq::ZERO)..=keys::row(number, seq);
    Ok(view.range(before).next_back().transpose()?.map(|(key, _)| key))
}

/// The place before a document's first record, and the hash that this one carries.
pub(crate) fn beginning(base: Option<BaseRow>) -> (Seq, RecordHash) {
    base.map_or((Seq::ZERO, RecordHash::FIRST), |base| (base.seq, base.hash))
}

/// Where the row before `start` ends, if a page starts with that row: its hash must be carried on. One that cannot be
/// read is found by whoever reads it.
fn end_before(
    origins: &mut OriginReader<'_>,
    view: &View<'_>,
    number: Number,
    base: Option<BaseRow>,
    start: &IVec,
    wanted: Seq,
) -> Option<(Seq, RecordHash)> {
    let (edge, hash) = beginning(base);
    if wanted == edge.next() {
        return Some((wanted, hash));
    }
    if keys::number_at(start, 9) != Some(wanted.0) {
        return None;
    }
    let before = view.range(keys::row(number, Seq::ZERO).as_slice()..start.as_ref()).next_back()?;
    let (key, value) = before.ok()?;
    let row = LogRow::open(&key, value).ok()?;
    if let RowKind::Segment { last, .. } = row.kind {
        return Some((row.last().next(), last));
    }
    let records = origins.records(&row).ok()?;
    records.last().map(|record| (record.seq.next(), record.hash()))
}

/// The records of a row that must follow, by place and hash, those before it.
pub(crate) fn next_row(
    origins: &mut OriginReader<'_>,
    row: Found,
    expected: Option<(Seq, RecordHash)>,
) -> Result<Vec<Record>, RowError> {
    let (key, value) = row?;
    let row = LogRow::open(&key, value)?;
    if let Some((seq, hash)) = expected {
        if row.first != seq {
            return Err(RowError::Bad("the record is missing".into()));
        }
        if row.prev != hash {
            return Err(RowError::Bad("it does not carry the hash of the record before it".into()));
        }
    }
    origins.records(&row)
}

fn documents(shared: &Shared, after: Option<&DocId>, max: usize) -> Result<Vec<DocumentInfo>, StoreError> {
    shared.with(|view| {
        let start = after.map_or(Bound::Included(vec![keys::NAMES]), |doc| Bound::Excluded(keys::name(doc)));
        let mut found = Vec::new();
        for row in view.range((start, Bound::Excluded(vec![keys::NAMES + 1]))) {
            if found.len() == max {
                break;
            }
            let (key, value) = row.map_err(|error| RowError::from(error).of(None))?;
            let doc = std::str::from_utf8(&key[1..]).ok().and_then(|name| DocId::new(name).ok());
            let doc = doc.ok_or_else(|| RowError::Bad("a name that is none".into()).of(None))?;
            let name = open(&key, value).and_then(|body| NameRow::decode(&body));
            let NameRow { number, created } = name.map_err(|error| error.of(Some(&doc)))?;
            found.push(info(view, doc, number, created)?);
        }
        Ok(found)
    })
}

/// What a list says of a document; one whose newest record is damaged is still listed.
fn info(
    view: &View<'_>,
    doc: DocId,
    number: Number,
    created: UnixMillis,
) -> Result<DocumentInfo, StoreError> {
    let failed = |error: RowError| error.of(Some(&doc));
    // A damaged base is told of by whoever reads it; the document is still listed.
    let base = BaseRow::read(view, number).or_else(|error| match error {
        RowError::Bad(_) => Ok(None),
        other => Err(failed(other)),
    })?;
    let newest = newest_row(view, number, beginning(base).0).map_err(failed)?;
    let (head, updated) = match newest {
        Some((key, value)) => match LogRow::open(&key, value) {
            Ok(row) => (row.last(), row.time),
            Err(_) => (Seq(keys::number_at(&key, 9).unwrap_or(0)), created),
        },
        None => base.map_or((Seq::ZERO, created), |base| (base.seq, base.time)),
    };
    Ok(DocumentInfo { doc, head, created, updated })
}
