//! Files that are generated from the code and committed beside it, so that a change shows in review.

use std::path::{Path, PathBuf};

/// Set (to anything) when the tests below are to write the files instead of comparing them.
const REWRITE_VARIABLE: &str = "WEFT_CODEGEN";

/// Compares `server/<name>` with what the code says now.
///
/// # Panics
/// If they differ, with the command that mends it.
pub(crate) fn check(name: &str, now: &str) {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os(REWRITE_VARIABLE).is_some() {
        std::fs::write(&path, now).expect("the generated file can be written");
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == now,
        "server/{name} is not what the code says any more. `cargo xtask codegen` writes it anew."
    );
}
