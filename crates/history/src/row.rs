//! What histories keep in the store's meta rows: a type of its own for each, with the number of its format.
//!
//! A document's rows share a prefix that ends with NUL, which no name contains: the rows of `a` are never taken for those
//! of `a/b`.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use weft_ids::{DocId, Seq};
use weft_store::StoreError;

/// The newest format of every row.
pub(crate) const ROW_FORMAT: u32 = 1;

/// A named version: `version/<document> NUL <id>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VersionRow {
    pub(crate) name: String,
    pub(crate) seq: u64,
    /// Of the content; hexadecimal.
    pub(crate) hash: String,
    /// When it was named, in milliseconds since 1970.
    pub(crate) created: u64,
    pub(crate) by: Option<ByRow>,
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ByRow {
    pub(crate) name: Option<String>,
    pub(crate) user: Option<String>,
}

/// What a restore was to bring back: `restore/<document> NUL u<hash of its update>` before it is stored, so that it is
/// never unexplained, and `restore/<document> NUL s<its place>` afterwards, to find it at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RestoreRow {
    pub(crate) from: Option<u64>,
    pub(crate) to: u64,
    /// The key of whose work was taken back.
    pub(crate) author: Option<String>,
    pub(crate) whole: bool,
}

/// What was erased by the record at a place: `erasure/<document> NUL <its place>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ErasureRow {
    /// UTF-16 units of text.
    pub(crate) characters: u64,
    /// Values, marks, embeds and the like.
    pub(crate) others: u64,
    pub(crate) reason: Option<String>,
}

#[derive(Serialize)]
struct Written<'a, T> {
    format: u32,
    row: &'a T,
}

#[derive(Deserialize)]
struct Format {
    format: u32,
}

#[derive(Deserialize)]
struct Read<T> {
    row: T,
}

/// What all keys of a document's rows begin with, one of these.
pub(crate) fn prefixes(doc: &DocId) -> [String; 3] {
    [versions(doc), restores(doc), erasures(doc)]
}

pub(crate) fn versions(doc: &DocId) -> String {
    format!("version/{}\0", doc.as_str())
}

pub(crate) fn version(doc: &DocId, id: &str) -> String {
    versions(doc) + id
}

pub(crate) fn restores(doc: &DocId) -> String {
    format!("restore/{}\0", doc.as_str())
}

pub(crate) fn restore_by_update(doc: &DocId, update: &[u8]) -> String {
    format!("{}u{}", restores(doc), &blake3::hash(update).to_hex()[..32])
}

pub(crate) fn restore_by_place(doc: &DocId, seq: Seq) -> String {
    format!("{}s{:020}", restores(doc), seq.0)
}

pub(crate) fn erasures(doc: &DocId) -> String {
    format!("erasure/{}\0", doc.as_str())
}

pub(crate) fn erasure(doc: &DocId, seq: Seq) -> String {
    format!("{}{:020}", erasures(doc), seq.0)
}

pub(crate) fn write(row: &impl Serialize) -> Bytes {
    // Strings, numbers and options only: nothing in it can fail.
    serde_json::to_vec(&Written { format: ROW_FORMAT, row }).unwrap_or_default().into()
}

/// # Errors
/// [`StoreError::Damaged`] or [`StoreError::NewerFormat`].
pub(crate) fn read<T: DeserializeOwned>(doc: &DocId, bytes: &[u8]) -> Result<T, StoreError> {
    let damaged = |error: serde_json::Error| StoreError::Damaged {
        doc: Some(doc.clone()),
        seq: None,
        what: format!("a row of its history cannot be read: {error}"),
    };
    let Format { format } = serde_json::from_slice(bytes).map_err(damaged)?;
    if format > ROW_FORMAT {
        let what = format!("a row of the history of document {doc:?}");
        return Err(StoreError::NewerFormat { what, found: format, known: ROW_FORMAT });
    }
    serde_json::from_slice::<Read<T>>(bytes).map(|read| read.row).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use weft_ids::DOC_ID_BYTES_MAX;
    use weft_store::META_KEY_BYTES_MAX;

    use super::*;

    fn doc(name: &str) -> DocId {
        DocId::new(name).unwrap()
    }

    #[test]
    fn rows_of_format_1_are_read() {
        let version: VersionRow = read(
            &doc("d"),
            br#"{"format":1,"row":{"name":"Draft","seq":7,"hash":"00ff","created":9,"by":{"name":"Ann","user":null}}}"#,
        )
        .unwrap();
        let by = Some(ByRow { name: Some("Ann".into()), user: None });
        assert_eq!(version, VersionRow { name: "Draft".into(), seq: 7, hash: "00ff".into(), created: 9, by });
        assert_eq!(read::<VersionRow>(&doc("d"), &write(&version)).unwrap(), version);
        let restore: RestoreRow =
            read(&doc("d"), br#"{"format":1,"row":{"from":1,"to":2,"author":"name:Ann","whole":false}}"#)
                .unwrap();
        assert_eq!(read::<RestoreRow>(&doc("d"), &write(&restore)).unwrap(), restore);
        let erasure: ErasureRow =
            read(&doc("d"), br#"{"format":1,"row":{"characters":8,"others":0,"reason":"a password"}}"#)
                .unwrap();
        assert_eq!(erasure, ErasureRow { characters: 8, others: 0, reason: Some("a password".into()) });
    }

    #[test]
    fn a_newer_row_and_a_broken_one_are_told_apart() {
        let newer = read::<RestoreRow>(&doc("d"), br#"{"format":2,"row":[]}"#);
        assert!(matches!(newer, Err(StoreError::NewerFormat { found: 2, .. })), "{newer:?}");
        for broken in [&b""[..], b"{}", br#"{"format":1}"#, br#"{"format":1,"row":{"to":"x"}}"#] {
            assert!(matches!(read::<RestoreRow>(&doc("d"), broken), Err(StoreError::Damaged { .. })));
        }
    }

    #[test]
    fn keys_fit_the_longest_name_and_never_meet() {
        let long = doc(&"x".repeat(DOC_ID_BYTES_MAX));
        for key in [restore_by_update(&long, b"u"), restore_by_place(&long, Seq(u64::MAX))] {
            assert!(key.len() <= META_KEY_BYTES_MAX);
        }
        assert!(!version(&doc("a/b"), "1").starts_with(&versions(&doc("a"))));
    }
}
