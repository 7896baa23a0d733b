//! A file that is there to be deleted: opening a database writes a little, and on a full disk it could not.

use std::io;
use std::path::Path;

const BALLAST: &str = "BALLAST";
/// More than an opening writes, and as much as must be free before commits are tried again.
const BALLAST_BYTES: usize = 4 << 20;

/// Takes the room, unless it is taken. An error says that the disk takes no bytes.
pub(crate) fn take(dir: &Path) -> io::Result<()> {
    let path = dir.join(BALLAST);
    if path.metadata().is_ok_and(|meta| meta.len() == BALLAST_BYTES as u64) {
        return probe(dir);
    }
    let written = write(&path, BALLAST_BYTES);
    if written.is_err() {
        drop(dir);
    }
    written
}

/// Gives the room back.
pub(crate) fn drop(dir: &Path) {
    // When it cannot be deleted, whoever needs the room will find out.
    let _ = std::fs::remove_file(dir.join(BALLAST));
}

/// Whether as much could be written once more.
fn probe(dir: &Path) -> io::Result<()> {
    let path = dir.join("PROBE");
    let written = write(&path, BALLAST_BYTES);
    let _ = std::fs::remove_file(&path);
    written
}

/// Not zeros, which some file systems do not store.
fn write(path: &Path, len: usize) -> io::Result<()> {
    let bytes: Vec<u8> = (0..len as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    std::fs::write(path, bytes)?;
    std::fs::File::open(path)?.sync_all()
}
