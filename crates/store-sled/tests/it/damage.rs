//! Damaged files are noticed and contained, and never served as truth.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use weft_store::StoreError;
use weft_store_sled::{Settings, SledStore};

use crate::world::{Content, content, copy, fill, open, soak};

const COPIES: u64 = 80;

/// Does something bad to a copy, and says what.
fn hurt(dir: &Path, case: u64) -> String {
    let mut random = StdRng::seed_from_u64(case);
    let db = dir.join("store-1/db");
    let file = OpenOptions::new().read(true).write(true).open(&db).unwrap();
    let len = file.metadata().unwrap().len();
    let at = random.random_range(0..len);
    match case % 8 {
        0 => {
            let cut = random.random_range(1..600_000.min(len));
            file.set_len(len - cut).unwrap();
            format!("the last {cut} bytes cut")
        }
        1 => {
            file.write_all_at(&[0; 4096], at.min(len - 4096)).unwrap();
            format!("a page zeroed at {at}")
        }
        2 => {
            let noise: [u8; 64] = random.random();
            file.write_all_at(&noise, at.min(len - 64)).unwrap();
            format!("64 bytes garbled at {at}")
        }
        3 => {
            let files = files(dir);
            let file = &files[random.random_range(0..files.len())];
            std::fs::remove_file(file).unwrap();
            format!("{} deleted", file.display())
        }
        4 => {
            let files: Vec<_> = files(dir).into_iter().filter(|file| *file != db).collect();
            let path = &files[random.random_range(0..files.len())];
            flip(&OpenOptions::new().read(true).write(true).open(path).unwrap(), &mut random);
            format!("a bit flipped in {}", path.display())
        }
        _ => format!("a bit flipped at {}", flip(&file, &mut random)),
    }
}

/// Flips a bit, of a byte that is not zero if there is one nearby: most of a young database is empty.
pub(crate) fn flip(file: &File, random: &mut StdRng) -> u64 {
    let len = file.metadata().unwrap().len().max(1);
    let mut at = random.random_range(0..len);
    let mut byte = [0];
    for _ in 0..10_000 {
        if file.read_at(&mut byte, at).unwrap() == 1 && byte[0] != 0 {
            break;
        }
        at = (at + 97) % len;
    }
    file.write_all_at(&[byte[0] ^ (1 << random.random_range(0..8))], at).unwrap();
    at
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found.sort();
    found
}

#[derive(Debug, PartialEq, Eq, Hash, Clone, Copy)]
pub(crate) enum Outcome {
    Right,
    Flagged,
    Refused,
}

/// Opens a hurt copy: it is right, or it says what is wrong. Anything else fails here.
pub(crate) async fn outcome(dir: &Path, truth: &Content, how: &str) -> Outcome {
    let store = match SledStore::open(dir, Settings::default()) {
        Ok(store) => store,
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(dir.to_str().unwrap()), "{how}: a refusal names a file: {text}");
            return Outcome::Refused;
        }
    };
    let found = match content(&store).await {
        Ok(found) => found,
        Err(error) => {
            assert!(matches!(error, StoreError::Damaged { .. }), "{how}: {error}");
            return Outcome::Flagged;
        }
    };
    let mut right = found.meta.is_some();
    assert!(found.meta.is_none() || found.meta == truth.meta, "{how}: other meta rows, silently");
    assert_eq!(found.documents.len(), truth.documents.len(), "{how}: documents gone, silently");
    for (doc, records) in &found.documents {
        match records {
            Ok(records) => {
                assert!(truth.documents[doc].as_ref() == Ok(records), "{how}: {doc} differs, silently")
            }
            Err(StoreError::Damaged { .. }) => right = false,
            Err(other) => panic!("{how}: {other}"),
        }
    }
    if right { Outcome::Right } else { Outcome::Flagged }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_copy_opens_right_or_says_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path())).await;
    let truth = content(&open(dir.path())).await.unwrap();
    let mut counts = std::collections::HashMap::new();
    for case in 0..COPIES * soak() {
        let hurt_dir = tempfile::tempdir().unwrap();
        copy(dir.path(), hurt_dir.path());
        let how = hurt(hurt_dir.path(), case);
        let outcome = outcome(hurt_dir.path(), &truth, &format!("case {case}, {how}")).await;
        *counts.entry(outcome).or_insert(0_u64) += 1;
    }
    assert!(counts.len() >= 2, "the damage did something: {counts:?}");
}
