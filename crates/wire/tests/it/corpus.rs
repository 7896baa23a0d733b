//! The bytes that once hurt, or might: every file under `tests/corpus/<target>/`, put to the same questions as the fuzz
//! targets put to theirs.

use std::path::{Path, PathBuf};

#[path = "../../../../tests/fuzz/src/checks.rs"]
#[expect(unreachable_pub, reason = "the file is public in the crate of the fuzz targets")]
mod checks;

fn files(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(target);
    let files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), std::fs::read(path).unwrap()))
        .collect();
    assert!(!files.is_empty(), "{} holds something", folder.display());
    files
}

#[test]
fn every_update_of_the_corpus_is_refused_or_taken_by_the_engine() {
    for (_, bytes) in files("update_scan") {
        checks::update_scan(&bytes);
        let Ok(update) = weft_wire::Update::scan(bytes.into()) else { continue };
        if update.fits(|_| 0) {
            crate::mutations::the_engine_takes(&update);
        }
    }
}

#[test]
fn every_state_vector_of_the_corpus_is_refused_or_comes_back() {
    files("state_vector_scan").iter().for_each(|(_, bytes)| checks::state_vector_scan(bytes));
}

#[test]
fn all_presence_of_the_corpus_is_refused_or_comes_back() {
    files("awareness_decode").iter().for_each(|(_, bytes)| checks::awareness_decode(bytes));
}

#[test]
fn every_frame_of_the_corpus_is_refused_or_understood() {
    files("dialect_decode").iter().for_each(|(_, bytes)| checks::dialect_decode(bytes));
}

#[test]
fn all_parts_of_the_corpus_weave_or_do_not() {
    files("weave").iter().for_each(|(_, bytes)| checks::weave(bytes));
}
