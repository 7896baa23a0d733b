use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use weft_store::codec;

/// The name of the file.
pub(crate) const WITNESS: &str = "WITNESS";

/// Remembers, outside the database, how many commits were confirmed to anybody.
///
/// sled forgets the end of its file without a word when that end is damaged. The number here is written after each
/// commit is durable (not synced itself: it may lag behind, never run ahead), so a database with fewer commits has
/// lost some.
#[derive(Debug)]
pub(crate) struct Witness(File);

const KEY: &[u8] = b"witness 1";

impl Witness {
    /// Opens the file in `dir`; also answers with the number it holds, 0 when it holds none.
    pub(crate) fn open(dir: &Path) -> io::Result<(Self, u64)> {
        let path = dir.join(WITNESS);
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
        let mut bytes = [0; 12];
        let commits = match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => match codec::open(KEY, &bytes) {
                Ok(body) => body.first_chunk().map_or(0, |commits| u64::from_be_bytes(*commits)),
                Err(_) => {
                    tracing::warn!(path = %path.display(), "unreadable, so not used; it is written anew");
                    0
                }
            },
            Err(_) => 0,
        };
        Ok((Self(file), commits))
    }

    pub(crate) fn write(&self, commits: u64) -> io::Result<()> {
        let mut bytes = commits.to_be_bytes().to_vec();
        codec::seal(KEY, &mut bytes);
        self.0.write_all_at(&bytes, 0)
    }
}
