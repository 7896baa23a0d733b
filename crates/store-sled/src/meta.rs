use std::ops::Bound;

use async_trait::async_trait;
use bytes::Bytes;
use weft_store::codec::put_varint;
use weft_store::{Entry, Expect, META_VALUE_BYTES_MAX, Meta, Rev, StoreError, Value, check_meta};

use crate::SledStore;
use crate::keys::{self, PIECE_BYTES};
use crate::rows::{RowError, Rows, cursor, get, get_pieces, open, versioned};
use crate::view::{Found, View};
use crate::writer::Job;

/// Values up to this many bytes stand in their row.
const INLINE_BYTES_MAX: usize = 1024;

/// A meta row as read.
#[derive(Clone, Debug)]
pub(crate) struct MetaRow {
    pub(crate) rev: Rev,
    /// The length of a value in pieces.
    in_pieces: Option<usize>,
    inline: Bytes,
}

impl MetaRow {
    pub(crate) fn read(view: &View<'_>, key: &str) -> Result<Option<Self>, RowError> {
        get(view, &keys::meta(key))?.map(|body| Self::decode(&body)).transpose()
    }

    pub(crate) fn decode(body: &[u8]) -> Result<Self, RowError> {
        let mut cursor = cursor(body)?;
        let rev = Rev(cursor.varint()?);
        match cursor.byte()? {
            0 => {
                let inline = Bytes::copy_from_slice(cursor.take(cursor.left() as u64)?);
                Ok(Self { rev, in_pieces: None, inline })
            }
            1 => {
                let len = cursor.varint()? as usize;
                if len > META_VALUE_BYTES_MAX {
                    return Err(RowError::Bad("an impossible length".into()));
                }
                Ok(Self { rev, in_pieces: Some(len), inline: Bytes::new() })
            }
            _ => Err(RowError::Bad("a row of unknown shape".into())),
        }
    }

    pub(crate) fn put(key: &str, rev: Rev, bytes: &Bytes, rows: &mut Rows) -> Self {
        let mut body = versioned();
        put_varint(&mut body, rev.0);
        let row = if bytes.len() <= INLINE_BYTES_MAX {
            body.push(0);
            body.extend_from_slice(bytes);
            Self { rev, in_pieces: None, inline: bytes.clone() }
        } else {
            body.push(1);
            put_varint(&mut body, bytes.len() as u64);
            rows.put_pieces(bytes, |piece| keys::meta_piece(rev.0, piece));
            Self { rev, in_pieces: Some(bytes.len()), inline: Bytes::new() }
        };
        rows.put(keys::meta(key), body);
        row
    }

    pub(crate) fn pieces(&self) -> u64 {
        self.in_pieces.map_or(0, |len| len.div_ceil(PIECE_BYTES) as u64)
    }

    pub(crate) fn remove_pieces(&self, rows: &mut Rows) {
        for piece in 0..self.pieces() as u32 {
            rows.remove(keys::meta_piece(self.rev.0, piece));
        }
    }

    pub(crate) fn value(&self, view: &View<'_>) -> Result<Value, RowError> {
        let bytes = match self.in_pieces {
            None => self.inline.clone(),
            Some(len) => {
                let mut bytes = Vec::with_capacity(len);
                get_pieces(view, len, &mut bytes, |piece| keys::meta_piece(self.rev.0, piece))?;
                bytes.into()
            }
        };
        Ok(Value { bytes, rev: self.rev })
    }
}

/// Says which key an error is about.
fn named(error: RowError, key: &str) -> StoreError {
    match error.of(None) {
        StoreError::Damaged { what, .. } => {
            StoreError::Damaged { doc: None, seq: None, what: format!("the value of {key:?}: {what}") }
        }
        other => other,
    }
}

#[async_trait]
impl Meta for SledStore {
    async fn get(&self, key: &str) -> Result<Option<Value>, StoreError> {
        let key = key.to_owned();
        self.blocking(move |shared| {
            let _moment = shared.one_moment();
            shared.with(|view| {
                let row = MetaRow::read(view, &key);
                let value = row.and_then(|row| row.map(|row| row.value(view)).transpose());
                value.map_err(|error| named(error, &key))
            })
        })
        .await
    }

    async fn put(&self, key: &str, bytes: Bytes, expect: Expect) -> Result<Rev, StoreError> {
        check_meta(key, &bytes)?;
        let key = key.to_owned();
        self.writer.ask(bytes.len() + key.len(), |answer| Job::Put { key, bytes, expect, answer }).await
    }

    async fn delete(&self, key: &str, expect: Expect) -> Result<(), StoreError> {
        let key = key.to_owned();
        self.writer.ask(key.len(), |answer| Job::Delete { key, expect, answer }).await
    }

    async fn list(&self, prefix: &str, after: Option<&str>, max: usize) -> Result<Vec<Entry>, StoreError> {
        let first = keys::meta(prefix);
        let from = match after {
            Some(after) if after >= prefix => Bound::Excluded(keys::meta(after)),
            _ => Bound::Included(first.clone()),
        };
        self.blocking(move |shared| {
            let _moment = shared.one_moment();
            shared.with(|view| {
                let rows = view.range((from, Bound::<Vec<u8>>::Unbounded));
                let rows =
                    rows.take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&first)));
                rows.take(max).map(|row| entry(view, row)).collect()
            })
        })
        .await
    }
}

pub(crate) fn entry(view: &View<'_>, row: Found) -> Result<Entry, StoreError> {
    let (bytes, value) = row.map_err(|error| RowError::from(error).of(None))?;
    let key = String::from_utf8_lossy(&bytes[1..]).into_owned();
    let value = open(&bytes, value).and_then(|body| MetaRow::decode(&body)).and_then(|row| row.value(view));
    match value {
        Ok(value) => Ok(Entry { key, value }),
        Err(error) => Err(named(error, &key)),
    }
}
